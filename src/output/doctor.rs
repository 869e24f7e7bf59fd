//! What `doctor` found as text for people: a line a check, then the reason and the fix.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use super::Style;
use super::style::{padded, paragraph};
use crate::analysis::{SourceFigure, pace_figures, percent, traffic_figures};
use crate::doctor::{Check, Diagnosis, Grade, Section};
use crate::domain::{Health, Text};

/// Before a check's name: two blanks, the glyph, a blank, the longest word, two blanks.
const BEFORE: usize = 2 + 1 + 1 + 7 + 2;

/// Writes all of it, with a line break at its end. Without `unicode` only ASCII is written.
pub(super) fn write(diagnosis: &Diagnosis, style: Style, unicode: bool) -> String {
    let mut text = String::new();
    for section in &diagnosis.sections {
        let _ = writeln!(text, "{}", style.heading(section.head.as_str()));
        self::section(&mut text, section, style, unicode);
        text.push('\n');
    }
    let counts = Grade::ALL.map(|grade| (grade, diagnosis.count(grade)));
    let words = counts.iter().filter(|(_, count)| *count > 0);
    let words: Vec<_> =
        words.map(|(grade, count)| style.grade(*grade, &format!("{count} {}", grade.word())).to_string()).collect();
    let _ = writeln!(text, "{}", words.join(", "));
    if unicode { text } else { text.chars().map(to_ascii).collect() }
}

fn section(text: &mut String, section: &Section, style: Style, unicode: bool) {
    let names = section.checks.iter().map(|check| check.name.as_str().width()).max().unwrap_or_default().min(32);
    for Check { name, grade, says, why, fix } in &section.checks {
        let word = padded(&format!("{} {}", glyph(*grade, unicode), grade.word()), BEFORE - 4);
        let before = format!("  {}  {}  ", style.grade(*grade, &word), padded(name.as_str(), names));
        let indent = BEFORE + names.max(name.as_str().width()) + 2;
        for (place, line) in style.wrap(indent, says.as_str()).iter().enumerate() {
            let _ = if place == 0 {
                writeln!(text, "{before}{line}")
            } else {
                writeln!(text, "{}{line}", " ".repeat(indent))
            };
        }
        for (label, sentence) in [("why", why), ("fix", fix)] {
            if let Some(sentence) = sentence {
                paragraph(text, &format!("{}{label}: ", " ".repeat(BEFORE)), sentence.as_str(), style);
            }
        }
    }
    if let Some(health) = &section.health {
        figures(text, health, style);
    }
}

fn figures(text: &mut String, health: &Health, style: Style) {
    let traffic = &health.traffic;
    let mut figures = traffic_figures(health);
    if let Some(percent) = percent(traffic.not_modified_last_hour, traffic.requests_last_hour) {
        figures.push(SourceFigure { name: "unchanged", words: format!("{percent}% were 304"), scarce: false });
    }
    figures.extend(pace_figures(health));
    for SourceFigure { name, words, .. } in figures {
        let label = format!("{}{}  ", " ".repeat(4), padded(name, 13));
        paragraph(text, &label, Text::from(words).as_str(), style);
    }
}

fn glyph(grade: Grade, unicode: bool) -> char {
    match (grade, unicode) {
        (Grade::Ok, true) => '✓',
        (Grade::Ok, false) => '+',
        (Grade::Warn, _) => '!',
        (Grade::Unknown, _) => '?',
        (Grade::Fail, true) => '✗',
        (Grade::Fail, false) => 'x',
    }
}

/// Returns what stands for a character where only ASCII can be shown.
fn to_ascii(c: char) -> char {
    match c {
        _ if c.is_ascii() => c,
        '×' => 'x',
        '…' => '.',
        _ => '?',
    }
}
