//! How much a terminal can show: colour and width.

use std::fmt::{self, Write as _};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::analysis::Verdict;
use crate::doctor::Grade;

/// What the reader can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Whether the terminal's own sixteen colours may be used. Colour never says what the words do not.
    pub colour: bool,
    /// Columns to stay within; `None` for no limit, as in a file or pipe.
    pub width: Option<usize>,
}

/// Text within one of the sixteen colours.
pub(super) struct Painted<'a> {
    /// The text.
    pub(super) text: &'a str,
    /// The parameter of the SGR sequence; `None` for plain text.
    pub(super) sgr: Option<&'static str>,
}

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sgr {
            Some(sgr) => write!(f, "\u{1b}[{sgr}m{}\u{1b}[0m", self.text),
            None => f.write_str(self.text),
        }
    }
}

impl Style {
    /// Returns the text in the verdict's colour.
    pub(super) fn verdict(self, verdict: Verdict, text: &str) -> Painted<'_> {
        let sgr = match verdict {
            Verdict::Missing
            | Verdict::Stale
            | Verdict::Mismatch
            | Verdict::Incomplete
            | Verdict::Misrouted
            | Verdict::Pruned => "1;31",
            Verdict::Unknown => "33",
            Verdict::Pending => "36",
            Verdict::Landed => "32",
            Verdict::NotExpected => "2",
        };
        Painted { text, sgr: self.colour.then_some(sgr) }
    }

    /// Returns the text in the grade's colour.
    pub(super) fn grade(self, grade: Grade, text: &str) -> Painted<'_> {
        let sgr = match grade {
            Grade::Ok => "32",
            Grade::Warn => "33",
            Grade::Unknown => "36",
            Grade::Fail => "1;31",
        };
        Painted { text, sgr: self.colour.then_some(sgr) }
    }

    /// Returns the text as a heading.
    pub(super) fn heading(self, text: &str) -> Painted<'_> {
        Painted { text, sgr: self.colour.then_some("1") }
    }

    /// Returns the text as something that went wrong.
    pub(super) fn fault(self, text: &str) -> Painted<'_> {
        Painted { text, sgr: self.colour.then_some("33") }
    }

    /// Cuts a line to the width, and shows that it did.
    pub(super) fn cut(self, line: &str) -> String {
        let Some(width) = self.width.filter(|width| line.width() > *width) else { return line.to_owned() };
        let mut room = width.saturating_sub(1);
        let fits = |c: &char| {
            let taken = c.width().unwrap_or_default();
            let fits = taken <= room;
            room = room.saturating_sub(taken);
            fits
        };
        let mut cut: String = line.chars().take_while(fits).collect();
        cut.push('…');
        cut
    }

    /// Breaks a sentence into lines within the width that an indent leaves. Without a width it stays whole.
    pub(super) fn wrap(self, indent: usize, text: &str) -> Vec<String> {
        let Some(room) = self.width.map(|width| width.saturating_sub(indent).max(20)) else {
            return vec![text.to_owned()];
        };
        let mut lines = vec![String::new()];
        for word in text.split(' ') {
            let Some(line) = lines.last_mut() else { continue };
            if line.is_empty() {
                line.push_str(word);
            } else if line.width() + 1 + word.width() <= room {
                line.push(' ');
                line.push_str(word);
            } else {
                lines.push(word.to_owned());
            }
        }
        lines
    }
}

/// Writes a sentence behind its label, the lines that it breaks into below one another.
pub(super) fn paragraph(text: &mut String, label: &str, sentence: &str, style: Style) {
    for (index, line) in style.wrap(label.len(), sentence).iter().enumerate() {
        let before = if index == 0 { label } else { "" };
        let _ = writeln!(text, "{}{line}", padded(before, label.len()));
    }
}

/// Returns the text with blanks up to a width.
pub(super) fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}
