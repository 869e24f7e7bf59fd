//! Words with tones: what a pane says, before anybody knows how it is painted.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What words mean to the eye. The words alone must be enough; a tone only helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// As the terminal writes.
    #[default]
    Plain,
    /// Less important.
    Dim,
    /// More important.
    Strong,
    /// As it should be.
    Good,
    /// To be looked at.
    Warn,
    /// Wrong.
    Bad,
    /// Under way, or a hint.
    Info,
    /// The head of a column.
    Head,
    /// Where the selection stands.
    Selected,
}

/// Words of one tone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The words.
    pub text: Cow<'static, str>,
    /// Their tone.
    pub tone: Tone,
}

/// To which side words stand in their column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Ages and numbers.
    Right,
}

/// One line of words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// The words, from left to right.
    pub spans: Vec<Span>,
}

impl Line {
    /// Returns an empty line.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a line of one tone.
    #[must_use]
    pub fn of(tone: Tone, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new().with(tone, text)
    }

    /// Adds words at the end.
    #[must_use]
    pub fn with(mut self, tone: Tone, text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.spans.push(Span { text, tone });
        }
        self
    }

    /// Adds another line's words at the end.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// Returns how many cells it takes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| span.text.width()).sum()
    }

    /// Returns the words without tones.
    #[must_use]
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| &*span.text).collect()
    }

    /// Gives every word this tone.
    #[must_use]
    pub fn toned(mut self, tone: Tone) -> Self {
        for span in &mut self.spans {
            span.tone = tone;
        }
        self
    }

    /// Makes the line exactly `width` cells wide: cut with an ellipsis, or filled with blanks.
    #[must_use]
    pub fn fit(self, width: usize, align: Align) -> Self {
        let wide = self.width();
        if wide > width {
            return self.cut(width);
        }
        let blanks = " ".repeat(width - wide);
        let tone = self.spans.last().map_or(Tone::Plain, |span| span.tone);
        let tone = if matches!(tone, Tone::Head | Tone::Selected) { tone } else { Tone::Plain };
        match align {
            Align::Left => self.with(tone, blanks),
            Align::Right => Self::of(tone, blanks).join(self),
        }
    }

    fn cut(self, width: usize) -> Self {
        let Some(room) = width.checked_sub(1) else { return Self::new() };
        let mut left = room;
        let mut line = Self::new();
        for Span { text, tone } in self.spans {
            let kept = head(&text, left);
            let whole = kept.len() == text.len();
            left -= kept.width();
            let kept = kept.to_owned();
            line = line.with(tone, if whole { kept } else { kept + "…" });
            if !whole {
                break;
            }
        }
        let short = width.saturating_sub(line.width());
        let tone = line.spans.last().map_or(Tone::Plain, |span| span.tone);
        line.with(tone, " ".repeat(short))
    }

    /// Breaks the line between words so that no part is wider than `width`; all but the first part are indented.
    /// A word that is wider than a line, such as an address, is broken where the line ends.
    #[must_use]
    pub fn wrap(self, width: usize, indent: usize) -> Vec<Self> {
        if self.width() <= width || width <= indent + 1 {
            return vec![self];
        }
        let mut lines = Vec::new();
        let mut line = Self::new();
        let mut used = 0;
        for Span { text, tone } in self.spans {
            for word in text.split_inclusive(' ') {
                let mut word = word;
                if used + word.trim_end().width() > width && used > indent {
                    lines.push(std::mem::replace(&mut line, Self::of(Tone::Plain, " ".repeat(indent))));
                    used = indent;
                }
                while used + word.trim_end().width() > width {
                    let part = head(word, width - used);
                    if part.is_empty() {
                        break;
                    }
                    line = line.with(tone, part.to_owned());
                    lines.push(std::mem::replace(&mut line, Self::of(Tone::Plain, " ".repeat(indent))));
                    used = indent;
                    word = word.get(part.len()..).unwrap_or_default();
                }
                used += word.width();
                line = line.with(tone, word.to_owned());
            }
        }
        lines.push(line);
        lines
    }
}

/// Returns the longest beginning that takes no more than `width` cells and splits no character.
fn head(text: &str, width: usize) -> &str {
    if text.is_ascii() {
        return text.get(..width).unwrap_or(text);
    }
    let mut used = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
        if used > width {
            return text.get(..start).unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(Line::text).collect()
    }

    #[test]
    fn a_line_is_made_exactly_as_wide_as_asked() {
        let line = || Line::of(Tone::Good, "✓ landed");
        assert_eq!(line().fit(10, Align::Left).text(), "✓ landed  ");
        assert_eq!(line().fit(10, Align::Right).text(), "  ✓ landed");
        assert_eq!(line().fit(5, Align::Left).text(), "✓ la…");
        assert_eq!(line().fit(1, Align::Left).text(), "…");
        assert_eq!(line().fit(0, Align::Left).text(), "");
    }

    #[test]
    fn a_wide_character_is_never_split() {
        let line = Line::of(Tone::Plain, "日本語");
        assert_eq!(line.clone().fit(4, Align::Left).text(), "日… ");
        assert_eq!(line.clone().fit(4, Align::Left).width(), 4);
        assert_eq!(line.fit(5, Align::Left).text(), "日本…");
    }

    #[test]
    fn long_words_break_where_the_line_ends_and_short_ones_before() {
        let line = Line::of(Tone::Plain, "see https://ci.example/acme/checkout/1 now");
        assert_eq!(texts(&line.wrap(16, 2)), ["see ", "  https://ci.exa", "  mple/acme/chec", "  kout/1 now"]);
    }
}
