//! Sources: every CI host and registry, how it is doing and what it cost.

use jiff::{SignedDuration, Timestamp};

use super::age::{age, ago};
use super::line::{Line, Tone};
use super::table::Column;
use super::{Met, Pane, Place, Scope, Search, Subject, View, sorted, widest};
use crate::analysis::{
    Report, SourceReport, budget_words, clock, is_scarce, percent, resets, second, slower, thousands,
};
use crate::domain::{Budget, Health, SourceKind};

pub(super) struct Sources;

impl Pane for Sources {
    fn name(&self) -> &'static str {
        "Sources"
    }

    fn sorts(&self) -> &'static [&'static str] {
        &["trouble", "name", "requests"]
    }

    fn columns(&self, scope: Scope<'_>) -> Vec<Column> {
        let name = widest(scope.report.sources.iter().map(|source| source.id.as_str()), 12);
        // The server's own words come before numbers, but only while there are any.
        let has_more = |source: &SourceReport| is_troubled(&source.health) || slower(&source.health).is_some();
        let words = if scope.report.sources.iter().any(has_more) { 1 } else { 6 };
        vec![
            Column::words("Source", name.min(20), name.min(40), 0),
            Column::words("Kind", 8, 8, 5),
            Column::words("State", 14, 14, 0),
            Column::number("Answered", 8, 0),
            Column::number("In 1h", 7, 2),
            Column::number("304", 5, 3),
            Column::number("Budget left", 13, 4),
            Column::number("Resets", 6, 5),
            Column::words("Gate", 11, 11, 7),
            Column::number("Next", 8, 8),
            Column::number("Slower", 6, 9),
            Column::number("Clock", 7, 10),
            Column::number("Cache", 8, 11),
            Column::words("Last failure", 20, 200, words),
        ]
    }

    fn order(&self, scope: Scope<'_>, sort: usize) -> Vec<Place> {
        let key = |source: &SourceReport| match sort {
            1 => 0,
            2 => u64::MAX - source.health.traffic.requests_last_hour,
            _ => u64::from(!is_troubled(&source.health)),
        };
        let sources = scope.report.sources.iter().enumerate();
        sorted(sources.map(|(outer, source)| (key(source), Place::new(outer, 0))).collect())
    }

    fn passes(&self, report: &Report, place: Place, search: &mut Search<'_>) -> bool {
        report.sources.get(place.outer()).is_some_and(|source| passes(search, source))
    }

    fn cells(&self, view: &View<'_>, place: Place) -> Vec<Line> {
        let Some(source) = view.report.sources.get(place.outer()) else { return Vec::new() };
        let health = &source.health;
        let (tone, _) = state(source);
        let earlier =
            || health.earlier.as_ref().map(|(at, failure)| format!("{}: {}", ago(*at, view.now), failure.in_brief()));
        let failure = health.trouble().map(|trouble| trouble.in_brief()).or_else(earlier);
        vec![
            Line::of(Tone::Strong, source.id.to_string()),
            Line::of(Tone::Dim, kind(source)),
            state_words(source),
            health.last_ok.map_or_else(|| Line::of(Tone::Dim, "never"), |at| Line::of(Tone::Plain, age(at, view.now))),
            Line::of(Tone::Plain, thousands(health.traffic.requests_last_hour)),
            share(health.traffic.not_modified_last_hour, health.traffic.requests_last_hour),
            health.traffic.budget.as_ref().map_or_else(Line::new, budget),
            resets(health).map_or_else(Line::new, |at| Line::of(Tone::Dim, clock(at))),
            gate(health, view.now),
            health.pace.next.map_or_else(Line::new, |at| Line::of(Tone::Dim, second(at))),
            health.pace.slowed.filter(|tenths| *tenths > 10).map_or_else(Line::new, slowed),
            health.traffic.clock_skew.map_or_else(Line::new, skew),
            cache(health.traffic.cache_bytes),
            Line::of(tone, failure.or_else(|| slower(health)).unwrap_or_default()),
        ]
    }

    fn subject<'a>(&self, report: &'a Report, place: Place) -> Option<Subject<'a>> {
        report.sources.get(place.outer()).map(Subject::Source)
    }

    fn nothing(&self, _report: &Report) -> &'static str {
        "No source is configured."
    }
}

/// Returns whether anything is wrong with it, or was when it was last asked.
fn is_troubled(health: &Health) -> bool {
    health.trouble().is_some() || health.earlier.is_some()
}

fn passes(search: &mut Search<'_>, source: &SourceReport) -> bool {
    let met = search.meet(Met::NONE, &[source.id.as_str(), kind(source), state(source).1]);
    search.passes(met)
}

pub(super) fn kind(source: &SourceReport) -> &'static str {
    match source.health.kind {
        SourceKind::Ci => "CI",
        SourceKind::Registry => "registry",
        SourceKind::Expiry => "secrets",
    }
}

fn state(source: &SourceReport) -> (Tone, &'static str) {
    if source.health.pace.stopped {
        return (Tone::Bad, "stopped");
    }
    match (source.health.trouble(), &source.health.earlier, source.health.last_ok) {
        (Some(trouble), ..) => (Tone::Bad, trouble.failure.label()),
        // It was so, and nobody has asked since.
        (None, Some((_, failure)), _) => (Tone::Warn, failure.label()),
        (None, None, Some(_)) => (Tone::Good, "ok"),
        (None, None, None) => (Tone::Dim, "not asked yet"),
    }
}

pub(super) fn state_words(source: &SourceReport) -> Line {
    let (tone, word) = state(source);
    let glyph = match tone {
        Tone::Bad => "!",
        Tone::Good => "✓",
        Tone::Plain | Tone::Dim | Tone::Strong | Tone::Warn | Tone::Info | Tone::Head | Tone::Selected => "…",
    };
    Line::of(tone, format!("{glyph} {word}"))
}

/// Returns what is left of the budget; below a fifth it is to be looked at.
fn budget(budget: &Budget) -> Line {
    Line::of(if is_scarce(budget) { Tone::Warn } else { Tone::Plain }, budget_words(budget))
}

/// Returns whether it is asked of its own accord, or until when it is not.
fn gate(health: &Health, now: Timestamp) -> Line {
    match &health.pace.closed {
        _ if health.kind == SourceKind::Expiry || health.last_ok.is_none() && health.trouble().is_none() => Line::new(),
        Some((until, _)) if *until <= now => Line::of(Tone::Warn, "being tried"),
        Some((until, _)) => Line::of(Tone::Warn, format!("until {}", clock(*until))),
        None => Line::of(Tone::Dim, "open"),
    }
}

fn slowed(tenths: u32) -> Line {
    Line::of(Tone::Warn, format!("×{}.{}", tenths / 10, tenths % 10))
}

/// Returns by how much a source's clock is ahead; below a minute it does not matter.
fn skew(skew: SignedDuration) -> Line {
    let seconds = skew.as_secs();
    let is_off = skew.abs() > SignedDuration::from_mins(1);
    let words = if seconds.abs() < 10_000 { format!("{seconds:+} s") } else { format!("{:+} h", seconds / 3600) };
    Line::of(if is_off { Tone::Warn } else { Tone::Dim }, words)
}

fn cache(bytes: u64) -> Line {
    if bytes == 0 { Line::new() } else { Line::of(Tone::Dim, format!("{} kB", thousands(bytes.div_ceil(1000)))) }
}

/// Returns a part of a whole in percent.
fn share(part: u64, whole: u64) -> Line {
    percent(part, whole).map_or_else(Line::new, |percent| Line::of(Tone::Dim, format!("{percent}%")))
}
