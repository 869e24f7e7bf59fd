//! Typed reading of a parsed TOML text: a wrong type or an unknown key is noted with its place, and reading goes on.

use std::ops::{Range, RangeInclusive};

use jiff::SignedDuration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::parse_duration;
use super::problem::Problems;
use crate::domain::DateRead;

/// A table of the text.
pub(super) struct Table<'a> {
    /// As the file writes its header, for messages.
    pub(super) title: &'static str,
    /// Where it starts.
    pub(super) at: usize,
    entries: &'a DeTable<'a>,
}

/// One key of a table and its value.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The key.
    pub(super) key: &'static str,
    /// Where the value starts.
    pub(super) at: usize,
    value: &'a DeValue<'a>,
}

impl<'a> Table<'a> {
    /// Opens a table, and notes every key that is none of `known`.
    pub(super) fn open(
        title: &'static str,
        entries: &'a DeTable<'a>,
        span: &Range<usize>,
        known: &[&'static str],
        problems: &mut Problems<'_>,
    ) -> Self {
        for key in entries.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let hint = match nearest(name, known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the keys here are {}", known.join(", ")),
            };
            let place = if title.is_empty() { String::new() } else { format!(" in {title}") };
            problems.add(key.span().start, format!("unknown key {name:?}{place}"), Some(&hint));
        }
        Self { title, at: span.start, entries }
    }

    /// Returns the key's entry, if it is set.
    pub(super) fn get(&self, key: &'static str) -> Option<Entry<'a>> {
        let (_, value) = self.entries.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(Entry { key, at: value.span().start, value: value.get_ref() })
    }

    /// Returns the key's entry, and notes that it must be set.
    pub(super) fn require(&self, key: &'static str, example: &str, problems: &mut Problems<'_>) -> Option<Entry<'a>> {
        let entry = self.get(key);
        if entry.is_none() {
            let hint = format!("add {key} = {example}");
            problems.add(self.at, format!("{} has no `{key}`", self.title), Some(&hint));
        }
        entry
    }
}

impl<'a> Entry<'a> {
    /// Returns whether it is a list.
    pub(super) fn is_list(self) -> bool {
        self.value.is_array()
    }

    /// Returns the string, if it is one.
    pub(super) fn as_str(self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// Returns the string.
    pub(super) fn string(self, problems: &mut Problems<'_>) -> Option<&'a str> {
        self.wanted(self.value.as_str(), "a string in quotes", problems)
    }

    /// Returns the truth value.
    pub(super) fn boolean(self, problems: &mut Problems<'_>) -> Option<bool> {
        self.wanted(self.value.as_bool(), "true or false", problems)
    }

    /// Returns the number within its bounds.
    pub(super) fn count(self, bounds: RangeInclusive<usize>, problems: &mut Problems<'_>) -> Option<usize> {
        let number = self.value.as_integer().and_then(|it| usize::from_str_radix(it.as_str(), it.radix()).ok());
        let wanted = format!("a whole number from {} to {}", bounds.start(), bounds.end());
        self.wanted(number.filter(|number| bounds.contains(number)), &wanted, problems)
    }

    /// Returns the share, from 0 to 1.
    pub(super) fn share(self, problems: &mut Problems<'_>) -> Option<f64> {
        let written = match self.value {
            DeValue::Float(float) => Some(float.as_str()),
            DeValue::Integer(integer) => Some(integer.as_str()),
            _ => None,
        };
        let share = written.and_then(|it| it.parse().ok()).filter(|it| (0.0..=1.0).contains(it));
        self.wanted(share, "a number from 0 to 1, such as 0.05", problems)
    }

    /// Returns the span of time within its bounds.
    pub(super) fn duration(self, bounds: &RangeInclusive<&str>, problems: &mut Problems<'_>) -> Option<SignedDuration> {
        let limit = |text: &str| parse_duration(text).unwrap_or(SignedDuration::MAX);
        let within = limit(bounds.start())..=limit(bounds.end());
        let duration = self.value.as_str().and_then(|text| parse_duration(text).ok());
        let wanted =
            format!("a span of time from {} to {}, such as \"10s\" or \"1h30m\"", bounds.start(), bounds.end());
        self.wanted(duration.filter(|duration| within.contains(duration)), &wanted, problems)
    }

    /// Returns the moment, written with or without quotes; a date alone is its first moment in UTC.
    pub(super) fn date(self, problems: &mut Problems<'_>) -> Option<DateRead> {
        let read = match self.value {
            DeValue::Datetime(written) => Some(DateRead::text(&written.to_string())),
            _ => self.value.as_str().map(DateRead::text),
        };
        let is_clear = |read: &DateRead| matches!(read, DateRead::At(_) | DateRead::Never);
        let wanted =
            "a moment such as 2026-12-01T09:00:00Z, or a date such as 2026-12-01, which is its first moment in UTC";
        self.wanted(read.filter(is_clear), wanted, problems)
    }

    /// Returns the strings of a list, or the one that stands alone, each with its place.
    pub(super) fn strings(self, problems: &mut Problems<'_>) -> Option<Vec<(&'a str, usize)>> {
        if let Some(text) = self.value.as_str() {
            return Some(vec![(text, self.at)]);
        }
        let items = self.value.as_array().and_then(|items| {
            items.iter().map(|item| Some((item.get_ref().as_str()?, item.span().start))).collect::<Option<Vec<_>>>()
        });
        self.wanted(items, "a list of strings in quotes", problems)
    }

    /// Returns the table, if it is one.
    pub(super) fn as_table(
        self,
        title: &'static str,
        known: &[&'static str],
        problems: &mut Problems<'_>,
    ) -> Option<Table<'a>> {
        let entries = self.value.as_table()?;
        Some(Table::open(title, entries, &(self.at..self.at), known, problems))
    }

    /// Returns the table.
    pub(super) fn table(
        self,
        title: &'static str,
        known: &[&'static str],
        problems: &mut Problems<'_>,
    ) -> Option<Table<'a>> {
        let table = self.as_table(title, known, problems);
        self.wanted(table, &format!("a table; write it under {title}"), problems)
    }

    /// Returns the tables of `[[…]]`.
    pub(super) fn tables(
        self,
        title: &'static str,
        known: &[&'static str],
        problems: &mut Problems<'_>,
    ) -> Vec<Table<'a>> {
        let items: Option<Vec<(&DeTable<'_>, Range<usize>)>> = self.value.as_array().and_then(|items| {
            items.iter().map(|item: &Spanned<DeValue<'_>>| Some((item.get_ref().as_table()?, item.span()))).collect()
        });
        let items = self.wanted(items, &format!("a list of tables; write each under {title}"), problems);
        items
            .unwrap_or_default()
            .into_iter()
            .map(|(entries, span)| Table::open(title, entries, &span, known, problems))
            .collect()
    }

    fn wanted<T>(self, value: Option<T>, wanted: &str, problems: &mut Problems<'_>) -> Option<T> {
        if value.is_none() {
            problems.add(self.at, format!("`{}` must be {wanted}", self.key), None);
        }
        value
    }
}

/// Returns the known word that was probably meant: at most a third of its letters differ.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let folded = word.to_lowercase().replace('-', "_");
    let best = known.iter().map(|it| (distance(&folded, it), *it)).min()?;
    (best.0 <= best.1.len().max(3) / 3).then_some(best.1)
}

/// Returns how many letters must be changed, added or dropped (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (index, a) in from.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(to.chars()) {
            let cost = diagonal + usize::from(a != b);
            diagonal = *cell;
            left = cost.min(left + 1).min(*cell + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}
