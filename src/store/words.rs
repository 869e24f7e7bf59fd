//! Texts as they are stored, and equal ones shared when they come back.

use std::borrow::Cow;

use arcstr::ArcStr;
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};

use crate::domain::{PageUrl, Platform, Tag, Text};

/// A text in a stored form; where nothing in it is escaped it is not copied.
#[derive(Debug, Default, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Str<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

impl<'a> Str<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Returns what a text is made from again, to its last mark.
    pub(super) fn raw(text: &'a Text) -> Self {
        let raw = text.raw();
        // A text that was cut shows that it was, which its raw form does not: with one more character it is cut again.
        let was_cut = raw.len() >= 512 && Text::new(raw) != *text;
        Self(if was_cut { Cow::Owned(format!("{raw}…")) } else { Cow::Borrowed(raw) })
    }

    pub(super) fn text(&self) -> Text {
        Text::new(&self.0)
    }
}

/// A platform as it is stored: its system, its architecture, its variant.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Built<'a>(
    #[serde(borrow)] pub(super) Str<'a>,
    pub(super) Str<'a>,
    #[serde(default)] pub(super) Option<Str<'a>>,
);

impl<'a> Built<'a> {
    pub(super) fn of(platform: &'a Platform) -> Self {
        let Platform { os, architecture, variant } = platform;
        Self(Str::of(os), Str::of(architecture), variant.as_deref().map(Str::of))
    }
}

/// The words that were read so far. Each stands in memory once.
#[derive(Debug, Default)]
pub(super) struct Words {
    texts: FxHashMap<Box<str>, Text>,
    names: FxHashMap<Box<str>, ArcStr>,
    tags: FxHashSet<Tag>,
    page: PageUrl,
}

impl Words {
    pub(super) fn text(&mut self, raw: &str) -> Text {
        if let Some(known) = self.texts.get(raw) {
            return known.clone();
        }
        let text = Text::new(raw);
        self.texts.insert(raw.into(), text.clone());
        text
    }

    pub(super) fn name(&mut self, name: &str) -> ArcStr {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let shared: ArcStr = name.into();
        self.names.insert(name.into(), shared.clone());
        shared
    }

    pub(super) fn tag(&mut self, tag: &str) -> Option<Tag> {
        if let Some(known) = self.tags.get(tag) {
            return Some(known.clone());
        }
        let parsed = Tag::parse(tag).ok()?;
        self.tags.insert(parsed.clone());
        Some(parsed)
    }

    /// Returns the address of a page. Those of one repository come one after the other, and begin alike.
    pub(super) fn page(&mut self, url: &str) -> PageUrl {
        self.page = PageUrl::beside(url, Some(&self.page));
        self.page.clone()
    }

    pub(super) fn platform(&mut self, built: &Built<'_>) -> Platform {
        let Built(os, architecture, variant) = built;
        Platform {
            os: self.name(&os.0),
            architecture: self.name(&architecture.0),
            variant: variant.as_ref().map(|variant| self.name(&variant.0)),
        }
    }
}

/// Moments are stored as microseconds since 1970.
pub(super) fn moment(microseconds: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(microseconds).ok()
}

/// What is stored is not what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// Returns what is read from what is there, or that there is nothing.
pub(super) fn maybe<T, U>(stored: Option<T>, read: impl FnOnce(T) -> Option<U>) -> Result<Option<U>, Unreadable> {
    stored.map(|stored| read(stored).ok_or(Unreadable)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_to_its_last_mark() {
        let longest = "é".repeat(512);
        for raw in ["", "main", "a\u{1b}[31mb\u{202e}", &longest, &format!("{longest}x"), &"x".repeat(2_000)] {
            let text = Text::new(raw);
            assert_eq!(Str::raw(&text).text(), text, "{raw:?}");
        }
    }

    #[test]
    fn equal_words_are_one() {
        let mut words = Words::default();
        assert!(ArcStr::ptr_eq(&words.name("linux"), &words.name("linux")));
        assert_eq!(words.text("main").raw().as_ptr(), words.text("main").raw().as_ptr());
    }
}
