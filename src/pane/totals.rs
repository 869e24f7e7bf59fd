//! The two lines above every pane: how much of what there is, and who is in trouble.

use super::View;
use super::age::age;
use super::line::{Line, Tone};
use super::verdict::{glyph, tone, word};
use crate::analysis::{Report, Verdict};

/// Returns how many rows have which verdict, worst first, as far as `width` cells reach. While nothing is known yet
/// it says how far the looking has come.
#[must_use]
pub fn totals(report: &Report, width: usize) -> Line {
    let services = report.services.len();
    let read = report.services.iter().filter(|service| service.seen_at.is_some()).count();
    let failed =
        report.services.iter().filter(|service| service.seen_at.is_none() && service.failure.is_some()).count();
    let mut parts = Vec::new();
    if read + failed < services {
        parts.push(Line::of(Tone::Info, format!("looking… {} of {services} services read", read + failed)));
    }
    if failed > 0 {
        let noun = if failed == 1 { "service" } else { "services" };
        parts.push(Line::of(Tone::Warn, format!("? {failed} {noun} could not be read")));
    }
    let mut counts = [0_usize; Verdict::ALL.len()];
    for row in report.rows() {
        if let Some(count) = counts.get_mut(row.verdict as usize) {
            *count += 1;
        }
    }
    let counted = Verdict::ALL.into_iter().filter_map(|verdict| {
        let count = counts.get(verdict as usize).copied().filter(|count| *count > 0)?;
        Some(Line::of(tone(verdict), format!("{} {count} {}", glyph(verdict), word(verdict))))
    });
    parts.extend(counted);
    if parts.is_empty() {
        parts.push(Line::of(Tone::Dim, "no green run was to publish an image yet"));
    }
    joined(parts, width)
}

fn joined(parts: Vec<Line>, width: usize) -> Line {
    let mut line = Line::new();
    for part in parts {
        let longer = if line.spans.is_empty() { part } else { line.clone().with(Tone::Dim, " · ").join(part) };
        if longer.width() > width {
            return if line.spans.is_empty() { longer } else { line };
        }
        line = longer;
    }
    line
}

/// Returns who is in trouble and in which words, where anybody is.
#[must_use]
pub fn trouble(view: &View<'_>) -> Option<Line> {
    let mut troubled = view.report.sources.iter().filter_map(|source| Some((source, source.health.failure.as_ref()?)));
    let (source, (at, failure)) = troubled.next()?;
    let lost = match source.health.last_ok {
        Some(ok) if age(ok, view.now) == "now" => "answered just now".to_owned(),
        Some(ok) => format!("last answer {} ago", age(ok, view.now)),
        None => format!("no answer since {}", age(*at, view.now)),
    };
    let others = match troubled.count() {
        0 => String::new(),
        others => format!(" (and {others} more: see Sources)"),
    };
    Some(
        Line::of(Tone::Bad, format!("! {}", source.id))
            .with(Tone::Dim, format!(" {lost}{others}: "))
            .with(Tone::Plain, failure.to_string()),
    )
}
