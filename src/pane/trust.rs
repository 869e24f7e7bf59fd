//! How trust is written: states, gates, rates and strips of outcomes, each by a glyph or number and a word.

use super::line::{Align, Line, Tone};
use crate::analysis::{Colour, Gate, GateVerdict, Glimpse, Rate, Trust};
use crate::domain::Strength;

/// The newest commits of a strip that are shown.
pub(super) const STRIP: usize = 20;

/// Returns the glyph: one cell wide, in common fonts, no emoji.
fn glyph(trust: Trust) -> &'static str {
    match trust {
        Trust::Broken => "✗",
        Trust::Flaky => "≈",
        Trust::Suspect => "~",
        Trust::Failing => "!",
        Trust::Recovered => "↑",
        Trust::Healthy => "✓",
        Trust::Unknown => "?",
    }
}

fn tone(trust: Trust) -> Tone {
    match trust {
        Trust::Broken | Trust::Flaky => Tone::Bad,
        Trust::Suspect | Trust::Failing => Tone::Warn,
        Trust::Recovered | Trust::Healthy => Tone::Good,
        Trust::Unknown => Tone::Dim,
    }
}

/// Returns the state of a job or test.
pub(super) fn words(trust: Trust) -> Line {
    Line::of(tone(trust), format!("{} {}", glyph(trust), trust.word()))
}

/// Returns the glyph of the state, and a name in place of its word.
pub(super) fn named(trust: Trust, name: &str) -> Line {
    Line::of(tone(trust), format!("{} ", glyph(trust))).with(Tone::Plain, name.to_owned())
}

/// Returns whether somebody should do something about it.
pub(super) fn is_finding(trust: Trust) -> bool {
    match trust {
        Trust::Broken | Trust::Flaky => true,
        Trust::Suspect | Trust::Failing | Trust::Recovered | Trust::Healthy | Trust::Unknown => false,
    }
}

/// Returns what every state and every sign of a strip means, a line each.
#[must_use]
pub fn legend() -> Vec<Line> {
    let states = [
        (Trust::Broken, "red on three commits or more, never green"),
        (Trust::Flaky, "passed and failed on the same code, on two commits in 14 days"),
        (Trust::Suspect, "did so once, or on weak evidence"),
        (Trust::Failing, "red, with no sign of a flake"),
        (Trust::Recovered, "was flaky; clean for 7 days and 20 commits since"),
        (Trust::Healthy, "green, as far as it was decided"),
        (Trust::Unknown, "nothing was decided"),
    ];
    let line = |(trust, meaning): (Trust, &'static str)| words(trust).fit(16, Align::Left).with(Tone::Plain, meaning);
    let strip = signs()
        .fit(16, Align::Left)
        .with(Tone::Plain, "a commit passed, flaked, failed, lost its runner, says nothing");
    states.into_iter().map(line).chain([strip]).collect()
}

fn sign(colour: Colour) -> (Tone, &'static str) {
    match colour {
        Colour::Green => (Tone::Dim, "•"),
        Colour::Flaky => (Tone::Bad, "≈"),
        Colour::Red => (Tone::Bad, "✗"),
        Colour::Infrastructure => (Tone::Warn, "!"),
        Colour::Undecided => (Tone::Dim, "-"),
    }
}

/// In the order in which they are explained.
const ALL: [Colour; 5] = [Colour::Green, Colour::Flaky, Colour::Red, Colour::Infrastructure, Colour::Undecided];

fn signs() -> Line {
    ALL.into_iter().map(sign).fold(Line::new(), |line, (tone, sign)| line.with(tone, sign).with(Tone::Plain, " "))
}

/// Returns what the signs of these mean, each that is there once.
pub(super) fn key(recent: &[Glimpse]) -> Line {
    let is_there = |colour: &Colour| recent.iter().any(|glimpse| glimpse.colour == *colour);
    ALL.into_iter().filter(is_there).map(outcome).fold(Line::new(), |line, outcome| {
        let gap = if line.spans.is_empty() { "" } else { "  " };
        line.with(Tone::Plain, gap).join(outcome)
    })
}

/// Returns how one commit came out.
pub(super) fn outcome(colour: Colour) -> Line {
    let (tone, sign) = sign(colour);
    Line::of(tone, format!("{sign} {}", colour.word()))
}

/// Returns how the newest commits came out, oldest first, to the right end of so many cells.
pub(super) fn strip(recent: &[Glimpse], width: usize) -> Line {
    let newest = recent.get(recent.len().saturating_sub(width)..).unwrap_or(recent);
    let mut line = Line::of(Tone::Plain, " ".repeat(width.saturating_sub(newest.len())));
    for runs in newest.chunk_by(|one, next| one.colour == next.colour) {
        if let Some(first) = runs.first() {
            let (tone, sign) = sign(first.colour);
            line = line.with(tone, sign.repeat(runs.len()));
        }
    }
    line
}

/// Returns a rate; a dash where it is not known, which is not 0 %.
pub(super) fn rate(known: Option<Rate>) -> Line {
    match known {
        Some(rate) if rate.hits > 0 => Line::of(Tone::Plain, rate.to_string()),
        Some(rate) => Line::of(Tone::Dim, rate.to_string()),
        None => Line::of(Tone::Dim, "—"),
    }
}

/// Returns how the gate of a service stands.
pub(super) fn gate(gate: &Gate) -> Line {
    let (tone, mark, _) = standing(gate);
    let words = match gate.verdict {
        GateVerdict::StayOnDelivery => "stay on Continuous Delivery",
        GateVerdict::Unobserved => "unknown: nothing ran again",
        GateVerdict::NotEnoughData => "not enough data",
        GateVerdict::WithinLimit => "within the limit",
    };
    Line::of(tone, format!("{mark} {words}"))
}

/// Returns the same with its reason.
pub(super) fn gate_sentence(gate: &Gate) -> Line {
    let (tone, mark, _) = standing(gate);
    Line::of(tone, format!("{mark} ")).with(Tone::Plain, gate.words())
}

/// Returns the same in one word. Dots say that it is not firm: a few more builds may turn it.
pub(super) fn gate_word(gate: &Gate) -> Line {
    let (tone, mark, word) = standing(gate);
    let judged = matches!(gate.verdict, GateVerdict::StayOnDelivery | GateVerdict::WithinLimit);
    let dots = if judged && !gate.firm { "…" } else { "" };
    Line::of(tone, format!("{mark} {word}{dots}"))
}

/// Returns the gate where nothing beside it says whether it is firm.
pub(super) fn gate_alone(gate: &Gate) -> Line {
    settling(gate).join(self::gate(gate))
}

/// What may turn with a few more builds begins with `~`, as every figure does that rests on few.
fn settling(gate: &Gate) -> Line {
    let judged = matches!(gate.verdict, GateVerdict::StayOnDelivery | GateVerdict::WithinLimit);
    if judged && !gate.firm { Line::of(Tone::Dim, "~") } else { Line::new() }
}

/// Returns the same as the share that it was judged by; where that is not enough for a verdict, how far it has come.
pub(super) fn gate_share(gate: &Gate) -> Line {
    let (tone, mark, _) = standing(gate);
    let words = match gate.verdict {
        GateVerdict::StayOnDelivery | GateVerdict::WithinLimit => gate.builds.failed_by_flake.share_words(),
        GateVerdict::NotEnoughData => format!("{}/{}", gate.builds.failed_by_flake.of, Gate::BUILDS),
        GateVerdict::Unobserved => "—".to_owned(),
    };
    settling(gate).with(tone, format!("{mark} {words}"))
}

fn standing(gate: &Gate) -> (Tone, &'static str, &'static str) {
    match gate.verdict {
        GateVerdict::StayOnDelivery if gate.firm => (Tone::Bad, "✗", "stay"),
        GateVerdict::StayOnDelivery => (Tone::Warn, "✗", "stay"),
        GateVerdict::Unobserved => (Tone::Warn, "?", "unknown"),
        GateVerdict::NotEnoughData => (Tone::Dim, "…", "too few"),
        GateVerdict::WithinLimit if gate.firm => (Tone::Good, "✓", "within"),
        GateVerdict::WithinLimit => (Tone::Dim, "✓", "within"),
    }
}

/// Returns whether the whole interval lies on one side of the limit; nothing where there is no verdict.
pub(super) fn firmness(gate: &Gate) -> Line {
    match gate.verdict {
        GateVerdict::NotEnoughData | GateVerdict::Unobserved => Line::new(),
        GateVerdict::WithinLimit | GateVerdict::StayOnDelivery if gate.firm => Line::of(Tone::Plain, "firm"),
        GateVerdict::WithinLimit | GateVerdict::StayOnDelivery => Line::of(Tone::Dim, "not yet"),
    }
}

/// Returns how sure it is that the same code passed and failed, and by what.
pub(super) fn evidence(strength: Strength) -> &'static str {
    match strength {
        Strength::Strong => "strong: tries within one run",
        Strength::Medium => "medium: separate runs of one commit",
        Strength::Weak => "weak: runs that may have built something else; it counts as suspect at most",
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::analysis::Builds;
    use crate::domain::Sha;

    const STATES: [Trust; 7] =
        [Trust::Broken, Trust::Flaky, Trust::Suspect, Trust::Failing, Trust::Recovered, Trust::Healthy, Trust::Unknown];

    #[test]
    fn every_state_has_a_glyph_of_its_own() {
        let mut glyphs = STATES.map(glyph);
        assert!(glyphs.iter().all(|glyph| glyph.width() == 1));
        glyphs.sort_unstable();
        assert!(glyphs.iter().zip(glyphs.iter().skip(1)).all(|(one, next)| one != next));
    }

    #[test]
    fn only_what_is_broken_or_flaky_is_a_finding() {
        assert_eq!(STATES.map(is_finding), [true, true, false, false, false, false, false]);
    }

    fn glimpses(colours: &[Colour]) -> Vec<Glimpse> {
        let sha = || Sha::parse(&"a".repeat(40)).ok();
        colours.iter().filter_map(|colour| Some(Glimpse { sha: sha()?, run: 1, at: None, colour: *colour })).collect()
    }

    #[test]
    fn a_strip_ends_with_the_newest_commit_and_never_loses_it() {
        use Colour::{Flaky, Green, Infrastructure, Red, Undecided};
        let all = glimpses(&[Green, Green, Flaky, Red, Infrastructure, Undecided]);
        assert_eq!(strip(&all, 8).text(), "  ••≈✗!-");
        assert_eq!(strip(&all, 3).text(), "✗!-");
        assert_eq!(strip(&[], 3).text(), "   ");
    }

    #[test]
    fn a_gate_is_told_in_words_and_dots_say_that_it_may_turn() {
        let gate = |hits, of, red_once, any_reran| {
            let gate = Gate::judge(Builds { failed_by_flake: Rate::new(hits, of), red_once, any_reran }, 0.05);
            let alone = [gate_alone(&gate), gate_share(&gate)].map(|line| line.text().starts_with('~'));
            assert_eq!(alone, [firmness(&gate).text() == "not yet"; 2]);
            let words = [super::gate(&gate), gate_word(&gate), firmness(&gate), rate(gate.builds.known())];
            words.map(|line| line.text())
        };
        let stay = "✗ stay on Continuous Delivery";
        assert_eq!(gate(12, 100, 0, true), [stay, "✗ stay", "firm", "12% (7–20)"]);
        assert_eq!(gate(6, 100, 0, true), [stay, "✗ stay…", "not yet", "6.0% (3–12)"]);
        assert_eq!(gate(1, 2, 0, true), ["… not enough data", "… too few", "", "1 of 2"]);
        assert_eq!(gate(0, 0, 0, false), ["… not enough data", "… too few", "", "—"]);
        assert_eq!(gate(0, 73, 0, true), ["✓ within the limit", "✓ within", "firm", "0.0% (0–5)"]);
        assert_eq!(gate(1, 20, 0, true), ["✓ within the limit", "✓ within…", "not yet", "5.0% (1–24)"]);
        assert_eq!(gate(0, 40, 3, false), ["? unknown: nothing ran again", "? unknown", "", "—"]);
        assert_eq!(gate(0, 5, 1, false)[3], "—", "a red build that ran once may have been a flake");
    }
}
