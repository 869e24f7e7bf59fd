//! Narrowing what is shown by words that must occur, or with `!` must not.

use memchr::memchr2_iter;
use regex::{Regex, RegexBuilder};

/// Words of which each must occur somewhere in a row, and words after `!` of which none may.
/// A word without capitals matches both cases.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    words: Vec<Word>,
    /// Whether each of the words, up to the most that are looked for, is among them.
    whole: bool,
}

/// A word that must occur, or must not.
#[derive(Debug, Clone)]
struct Word {
    literal: Regex,
    /// Its letters, where they are ASCII and mean both cases: nearly every field is looked through without `literal`.
    plain: Option<Box<[u8]>>,
    without: bool,
}

impl Word {
    fn occurs(&self, field: &str) -> bool {
        match &self.plain {
            Some(word) if field.is_ascii() => occurs(word, field.as_bytes()),
            Some(_) | None => self.literal.is_match(field),
        }
    }
}

/// Returns whether a word of ASCII letters occurs in ASCII text, in whichever case.
fn occurs(word: &[u8], field: &[u8]) -> bool {
    let Some(first) = word.first() else { return true };
    let mut begins = memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), field);
    begins.any(|at| field.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word)))
}

/// What a filter still asks, once some fields were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met(u64);

impl Filter {
    /// Returns the filter that was typed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let word = |word: &str| {
            let (word, without) = word.strip_prefix('!').map_or((word, false), |word| (word, true));
            let both_cases = !word.chars().any(char::is_uppercase);
            let literal = RegexBuilder::new(&regex::escape(word)).case_insensitive(both_cases).build();
            // Only a word of kilobytes makes too large an expression; it is left out.
            let plain = (both_cases && word.is_ascii()).then(|| word.as_bytes().into());
            literal.ok().map(|literal| Word { literal, plain, without })
        };
        let typed: Vec<_> = text.split_whitespace().filter(|word| *word != "!").take(16).collect();
        let words: Vec<_> = typed.iter().copied().filter_map(word).collect();
        Self { text: text.to_owned(), whole: words.len() == typed.len(), words }
    }

    /// Returns the filter as typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether it lets everything pass.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Returns whether whatever passes this one passes the other too: it was typed on.
    #[must_use]
    pub fn narrows(&self, other: &Self) -> bool {
        self.whole && self.text.starts_with(&other.text) && self.words.iter().all(|word| !word.without)
    }

    /// Returns the words' search, to be used for many rows.
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        Search { filter: self }
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::new("")
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// A filter at work. Fields that many rows share are looked at once and their `Met` carried on.
pub struct Search<'a> {
    filter: &'a Filter,
}

impl Search<'_> {
    /// Returns which words occur in these fields, beside those that occurred before.
    pub fn meet(&mut self, before: Met, fields: &[&str]) -> Met {
        let mut met = before.0;
        for (bit, word) in self.filter.words.iter().enumerate() {
            if met & (1 << bit) == 0 {
                met |= u64::from(fields.iter().any(|field| word.occurs(field))) << bit;
            }
        }
        Met(met)
    }

    /// Returns whether every word occurred already, so that no other field can change anything.
    #[must_use]
    pub fn is_over(&self, met: Met) -> bool {
        met.0 == (1 << self.filter.words.len()) - 1
    }

    /// Returns whether a row with these words passes.
    #[must_use]
    pub fn passes(&self, met: Met) -> bool {
        let mut words = self.filter.words.iter().enumerate();
        words.all(|(bit, word)| (met.0 & (1 << bit) != 0) != word.without)
    }
}

impl Met {
    /// Nothing was looked at yet.
    pub const NONE: Self = Self(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(filter: &str, fields: &[&str]) -> bool {
        let filter = Filter::new(filter);
        let mut search = filter.search();
        let met = search.meet(Met::NONE, fields);
        search.passes(met)
    }

    #[test]
    fn typing_on_narrows_but_for_words_that_leave_out() {
        let narrows = |text: &str, before: &str| Filter::new(text).narrows(&Filter::new(before));
        assert!(narrows("check", "che") && narrows("che main", "che") && narrows("a", ""));
        assert!(!narrows("che", "check") && !narrows("che !lan", "che !la") && !narrows("b", "a"));
    }

    #[test]
    fn every_word_must_occur_and_no_word_after_an_exclamation_mark() {
        let row = ["Checkout", "main", "missing", "Größe der Schaltfläche"];
        for pass in ["", "chec", "check miss", "!landed", "main !stale", "größe", "Größe", "!"] {
            assert!(passes(pass, &row), "{pass}");
        }
        for stop in ["landed", "check landed", "!missing", "main !miss", "checkout2", "CHECK", "m.in", "outmain"] {
            assert!(!passes(stop, &row), "{stop}");
        }
    }
}
