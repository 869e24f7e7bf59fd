//! Text from outside, made harmless in one place: what is shown never carries escapes, controls or hidden marks.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// The longest text that is kept, in characters; branch names, titles and error bodies are cut to it.
const LONGEST: usize = 512;

/// Text that somebody else wrote. Shown, it is always clean; the raw text is for matching only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Text {
    raw: Arc<str>,
    clean: Option<Arc<str>>,
}

impl Text {
    /// Returns the text, cut to 512 characters.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        let cut = match raw.char_indices().nth(LONGEST) {
            Some((end, _)) => raw.get(..end).unwrap_or_default(),
            None => raw,
        };
        let clean = (cut.len() != raw.len() || cut.chars().any(|c| c == '\u{1b}' || is_hostile(c)))
            .then(|| clean(cut, cut.len() != raw.len()).into());
        Self { raw: cut.into(), clean }
    }

    /// Returns what was sent, for matching against globs and building tags. Never print it.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Returns the text as it may be shown: no escape sequences, controls, bidi or zero-width marks.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.clean.as_deref().unwrap_or(&self.raw)
    }

    /// Returns whether there is nothing to show.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
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
