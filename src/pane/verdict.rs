//! How verdicts and states are written: a glyph and a word, always both.

use jiff::Timestamp;

use super::age::age;
use super::line::{Align, Line, Tone};
use crate::analysis::{Row, Verdict};
use crate::domain::{Conclusion, RunState};

/// Returns the glyph: one cell wide, in common fonts, no emoji.
#[must_use]
pub(super) fn glyph(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Missing => "✗",
        Verdict::Stale => "↶",
        Verdict::Mismatch => "≠",
        Verdict::Incomplete => "◐",
        Verdict::Misrouted => "⇢",
        Verdict::Pruned => "∅",
        Verdict::Unknown => "?",
        Verdict::Pending => "…",
        Verdict::Landed => "✓",
        Verdict::NotExpected => "-",
    }
}

/// Returns the word for people.
#[must_use]
pub(super) fn word(verdict: Verdict) -> &'static str {
    if verdict == Verdict::NotExpected { "not expected" } else { verdict.word() }
}

/// Returns the tone.
#[must_use]
pub(super) fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Missing
        | Verdict::Stale
        | Verdict::Mismatch
        | Verdict::Incomplete
        | Verdict::Misrouted
        | Verdict::Pruned => Tone::Bad,
        Verdict::Unknown => Tone::Warn,
        Verdict::Pending => Tone::Info,
        Verdict::Landed => Tone::Good,
        Verdict::NotExpected => Tone::Dim,
    }
}

/// Returns what every verdict means, a line each.
#[must_use]
pub fn legend() -> Vec<Line> {
    let line = |verdict| words(verdict, true).fit(16, Align::Left).with(Tone::Plain, meaning(verdict));
    Verdict::ALL.into_iter().map(line).collect()
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Missing => "the registry says no such tag, and was able to say so",
        Verdict::Stale => "the tag is there with an older commit's content",
        Verdict::Mismatch => "the image's revision label names another commit",
        Verdict::Incomplete => "the tag is there but cannot be pulled whole",
        Verdict::Misrouted => "absent where expected, present where the log says",
        Verdict::Pruned => "it landed once and is absent now",
        Verdict::Unknown => "could not look; what was known last is shown",
        Verdict::Pending => "not final: still running, or within grace",
        Verdict::Landed => "there, this commit's, and whole (landed… : layers yet unseen)",
        Verdict::NotExpected => "this run was not to publish",
    }
}

/// Returns the verdict in words. One that looks under way may still change is dim and ends in dots: a `landed` whose
/// layers were not looked at yet, an `unknown` that nobody could look at yet.
pub(super) fn words(verdict: Verdict, settled: bool) -> Line {
    let words = format!("{} {}", glyph(verdict), word(verdict));
    if !settled && matches!(verdict, Verdict::Landed | Verdict::Unknown) {
        return Line::of(Tone::Dim, words + "…");
    }
    Line::of(tone(verdict), words)
}

/// Returns whether nothing is known of the row yet, but will be.
pub(super) fn is_looked_at(row: &Row) -> bool {
    row.verdict == Verdict::Unknown && !row.settled && row.last_known.is_none()
}

/// Returns a row's verdict; an unknown one with what was last known, and how long ago.
pub(super) fn row_words(row: &Row, now: Timestamp) -> Line {
    words(row.verdict, row.settled || row.last_known.is_some() && row.verdict == Verdict::Unknown)
        .join(last_known(row, now))
}

/// Returns what was last known of a row that is unknown, and how long ago.
fn last_known(row: &Row, now: Timestamp) -> Line {
    match row.last_known {
        Some((verdict, when)) if row.verdict == Verdict::Unknown => was(verdict, when.at(), now),
        _ => Line::new(),
    }
}

/// Returns a verdict that was sure once, and how long ago, in few letters.
pub(super) fn was(verdict: Verdict, when: Timestamp, now: Timestamp) -> Line {
    Line::of(Tone::Dim, format!(" ({} {})", glyph(verdict), age(when, now)))
}

/// Returns where a run stands.
#[must_use]
pub(super) fn run_words(state: &RunState) -> Line {
    let (glyph, tone) = run_sign(state);
    Line::of(tone, format!("{glyph} {state}"))
}

/// Returns the glyph alone.
pub(super) fn run_glyph(state: &RunState) -> Line {
    let (glyph, tone) = run_sign(state);
    Line::of(tone, glyph)
}

fn run_sign(state: &RunState) -> (&'static str, Tone) {
    match state {
        RunState::Waiting => ("○", Tone::Info),
        RunState::Running => ("»", Tone::Info),
        RunState::Finished(Conclusion::Success) => ("✓", Tone::Good),
        RunState::Finished(Conclusion::Failure | Conclusion::TimedOut) => ("✗", Tone::Bad),
        RunState::Finished(Conclusion::Cancelled | Conclusion::Skipped) => ("-", Tone::Dim),
        RunState::Finished(Conclusion::Other(_)) => ("?", Tone::Warn),
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn every_glyph_is_one_cell_wide_and_unlike_the_others() {
        let mut glyphs: Vec<_> = Verdict::ALL.into_iter().map(glyph).collect();
        assert!(glyphs.iter().all(|glyph| glyph.width() == 1));
        glyphs.sort_unstable();
        glyphs.dedup();
        assert_eq!(glyphs.len(), Verdict::ALL.len());
    }
}
