//! Text from outside, made harmless in one place: what is shown never carries escapes, controls or hidden marks.

use std::cmp::Ordering;
use std::fmt;

use arcstr::ArcStr;
use serde::{Serialize, Serializer};

use super::Sha;

/// The longest text that is kept, in characters; branch names, titles and error bodies are cut to it.
const LONGEST: usize = 512;

/// Before the two forms of a text that is not shown as it was sent. No text that is begins with it.
const TWO: &str = "\0";
/// The hex digits that say how many bytes the first form has.
const DIGITS: usize = 4;

/// Text that somebody else wrote. Shown, it is always clean; the raw text is for matching only.
///
/// There are very many of them, and nearly all are shown as they were sent: those are held as they are. Of any other
/// both forms are held, what was sent before what is shown.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Text(ArcStr);

impl Text {
    /// Returns the text, cut to 512 characters.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        if raw.len() <= LONGEST && raw.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Self(raw.into());
        }
        let cut = match raw.char_indices().nth(LONGEST) {
            Some((end, _)) => raw.get(..end).unwrap_or_default(),
            None => raw,
        };
        let was_cut = cut.len() != raw.len();
        if was_cut || cut.chars().any(|c| c == '\u{1b}' || is_hostile(c)) {
            return Self(format!("{TWO}{:0DIGITS$x}{cut}{}", cut.len(), clean(cut, was_cut)).into());
        }
        Self(cut.into())
    }

    /// Returns what was sent, for matching against globs and building tags. Never print it.
    #[must_use]
    pub fn raw(&self) -> &str {
        self.forms().0
    }

    /// Returns the text as it may be shown: no escape sequences, controls, bidi or zero-width marks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.forms().1
    }

    /// Returns whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// Returns what was sent, and what is shown.
    #[inline]
    fn forms(&self) -> (&str, &str) {
        let Some(forms) = self.0.strip_prefix(TWO) else { return (&self.0, &self.0) };
        let both = || {
            let (length, forms) = forms.split_at_checked(DIGITS)?;
            forms.split_at_checked(usize::from_str_radix(length, 16).ok()?)
        };
        both().unwrap_or_default()
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.forms().cmp(&other.forms())
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn clean(raw: &str, was_cut: bool) -> String {
    let stripped = strip_ansi_escapes::strip_str(raw.replace(['\n', '\r', '\t'], " "));
    let mut text: String = stripped.chars().filter(|&c| !is_hostile(c)).collect();
    if was_cut {
        text.push('…');
    }
    text
}

/// Returns whether a character could move the cursor, reorder what stands around it, or hide.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// A commit's id is shown as it is.
impl From<&Sha> for Text {
    fn from(sha: &Sha) -> Self {
        Self(sha.as_shared().clone())
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::new(&raw)
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_and_what_is_shown_are_told_apart() {
        let longest = "é".repeat(LONGEST);
        for (raw, shown) in [
            ("", ""),
            ("main", "main"),
            ("\x00000bmain", "000bmain"),
            ("\u{1b}[31mred", "red"),
            ("a\u{202e}b", "ab"),
            ("\u{202e}", ""),
            (longest.as_str(), longest.as_str()),
        ] {
            let text = Text::new(raw);
            assert_eq!((text.raw(), text.as_str(), text.is_empty()), (raw, shown, shown.is_empty()));
        }
        let cut = Text::new(&format!("{longest}x"));
        assert_eq!((cut.raw(), cut.as_str()), (longest.as_str(), format!("{longest}…").as_str()));
        assert_ne!(cut, Text::new(&longest));
    }

    #[test]
    fn texts_are_in_the_order_of_what_was_sent() {
        let mut texts = ["b", "a\u{202e}", "\u{1b}[1mz", "a"].map(Text::new);
        texts.sort();
        assert_eq!(texts.each_ref().map(Text::raw), ["\u{1b}[1mz", "a", "a\u{202e}", "b"]);
    }
}
