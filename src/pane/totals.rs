//! The two lines above every pane: how much of what there is, and who is in trouble.

use super::View;
use super::age::age;
use super::line::{Line, Tone};
use super::verdict::{glyph, tone, word};
use crate::analysis::{Report, Verdict};

/// Returns how many rows have which verdict, worst first. Where `width` cells are too few, findings other than the
/// worst become one number, then what is least urgent is left out. While not everything was read it says so.
#[must_use]
pub fn totals(report: &Report, width: usize) -> Line {
    let mut counts = [0_usize; Verdict::ALL.len()];
    for row in report.rows() {
        if let Some(count) = counts.get_mut(row.verdict as usize) {
            *count += 1;
        }
    }
    let counted = Verdict::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect();
    let mut attempt = Attempt { report, counted, others: 0 };
    loop {
        let line = attempt.line();
        if line.width() <= width || !attempt.shorten() {
            return line;
        }
    }
}

/// The totals at some length.
struct Attempt<'a> {
    report: &'a Report,
    counted: Vec<(Verdict, usize)>,
    /// Findings that are no longer told apart.
    others: usize,
}

impl Attempt<'_> {
    fn line(&self) -> Line {
        let (findings, rest): (Vec<_>, Vec<_>) = self.counted.iter().partition(|(verdict, _)| verdict.is_finding());
        let one = |(verdict, count): &(Verdict, usize)| {
            Line::of(tone(*verdict), format!("{} {count} {}", glyph(*verdict), word(*verdict)))
        };
        let mut parts: Vec<_> = looking(self.report).into_iter().collect();
        parts.extend(findings.iter().map(one));
        if self.others > 0 {
            let noun = if self.others == 1 { "other finding" } else { "other findings" };
            parts.push(Line::of(Tone::Bad, format!("{} {noun}", self.others)));
        }
        parts.extend(unread(self.report));
        parts.extend(rest.iter().map(one));
        if parts.is_empty() {
            parts.push(Line::of(Tone::Dim, "no green run was to publish an image yet"));
        }
        let joined = |line: Line, part| line.with(Tone::Dim, " · ").join(part);
        parts.into_iter().reduce(joined).unwrap_or_default()
    }

    /// Makes it shorter; returns whether that was possible.
    fn shorten(&mut self) -> bool {
        let mut findings = self.counted.iter().enumerate().filter(|(_, (verdict, _))| verdict.is_finding());
        let last_finding = findings.by_ref().skip(1).last().map(|(place, _)| place);
        let least = [Verdict::NotExpected, Verdict::Pending, Verdict::Landed];
        let place = |verdict| self.counted.iter().position(|(counted, _)| *counted == verdict);
        let (at, merged) = match (place(Verdict::NotExpected), last_finding) {
            (Some(at), _) => (Some(at), false),
            (None, Some(at)) => (Some(at), true),
            (None, None) => (least.into_iter().find_map(place), false),
        };
        let Some(at) = at else { return false };
        let (_, count) = self.counted.remove(at);
        self.others += if merged { count } else { 0 };
        true
    }
}

/// How far the looking has come, until it has been everywhere.
fn looking(report: &Report) -> Option<Line> {
    let services = report.services.len();
    let asked = report.services.iter().filter(|service| service.seen_at.is_some() || service.failure.is_some()).count();
    (asked < services).then(|| Line::of(Tone::Info, format!("looking… {asked} of {services} services read")))
}

fn unread(report: &Report) -> Option<Line> {
    let unread =
        report.services.iter().filter(|service| service.seen_at.is_none() && service.failure.is_some()).count();
    (unread > 0).then(|| Line::of(Tone::Warn, format!("? {unread} unread")))
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
