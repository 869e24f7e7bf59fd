//! The two lines above every pane: how much of what there is, and who is in trouble.

use super::View;
use super::age::age;
use super::line::{Align, Line, Tone};
use super::verdict::{glyph, is_looked_at, tone, word};
use crate::analysis::{Report, SourceReport, Verdict};

/// Returns how many rows have which verdict, worst first. Where `width` cells are too few, findings other than the
/// worst become one number, then what is least urgent is left out. While not everything was read it says so.
#[must_use]
pub fn totals(report: &Report, width: usize) -> Line {
    let mut counts = [0_usize; Verdict::ALL.len()];
    let mut ahead = 0;
    for row in report.rows() {
        if is_looked_at(row) {
            ahead += 1;
        } else if let Some(count) = counts.get_mut(row.verdict as usize) {
            *count += 1;
        }
    }
    let counted = Verdict::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect();
    let mut attempt = Attempt { report, counted, others: 0, ahead, brief: false };
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
    /// Rows of which nothing is known yet.
    ahead: usize,
    /// Whether the looking is said in few letters.
    brief: bool,
}

impl Attempt<'_> {
    fn line(&self) -> Line {
        let (findings, rest): (Vec<_>, Vec<_>) = self.counted.iter().partition(|(verdict, _)| verdict.is_finding());
        let one = |(verdict, count): &(Verdict, usize)| {
            Line::of(tone(*verdict), format!("{} {count} {}", glyph(*verdict), word(*verdict)))
        };
        let mut parts: Vec<_> = looking(self.report, self.brief).into_iter().collect();
        let looking = !parts.is_empty();
        parts.extend(findings.iter().map(one));
        if self.others > 0 {
            let noun = if self.others == 1 { "other finding" } else { "other findings" };
            parts.push(Line::of(Tone::Bad, format!("{} {noun}", self.others)));
        }
        if !looking {
            parts.extend(unread(self.report));
        }
        if self.ahead > 0 {
            parts.push(Line::of(Tone::Info, format!("looking at {}", self.ahead)));
        }
        parts.extend(rest.iter().map(one));
        if parts.is_empty() {
            parts.push(Line::of(Tone::Dim, "no green run was to publish an image yet"));
        }
        let joined = |line: Line, part| line.with(Tone::Dim, " · ").join(part);
        parts.into_iter().reduce(joined).unwrap_or_default()
    }

    /// Makes it shorter; returns whether that was possible.
    fn shorten(&mut self) -> bool {
        if !self.brief {
            self.brief = true;
            return true;
        }
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
fn looking(report: &Report, brief: bool) -> Option<Line> {
    let services = report.services.len();
    let asked = report.services.iter().filter(|service| service.seen_at.is_some() || service.failure.is_some()).count();
    let read = report.services.iter().filter(|service| service.seen_at.is_some()).count();
    let words = if brief {
        format!("looking… {read}/{services}")
    } else {
        format!("looking… {read} of {services} services read")
    };
    (asked < services).then(|| Line::of(Tone::Info, words))
}

fn unread(report: &Report) -> Option<Line> {
    let unread =
        report.services.iter().filter(|service| service.seen_at.is_none() && service.failure.is_some()).count();
    (unread > 0).then(|| Line::of(Tone::Warn, format!("? {unread} unread")))
}

/// Returns who is in trouble and in which words, in `width` cells, where anybody is. One answer that failed among
/// others that came is no trouble of the source, and would come and go; the rows that it concerns say so.
#[must_use]
pub fn trouble(view: &View<'_>, width: usize) -> Option<Line> {
    let silent = |source: &&SourceReport| source.health.last_ok.is_none_or(|ok| age(ok, view.now) != "now");
    let mut troubled = view.report.sources.iter().filter(silent).filter_map(|source| {
        let (_, failure) = source.health.failure.as_ref()?;
        Some((source, failure))
    });
    let (source, failure) = troubled.next()?;
    let answered = match source.health.last_ok {
        Some(ok) => format!("  last answer {}", age(ok, view.now)),
        None => "  no answer yet".to_owned(),
    };
    let others = match troubled.count() {
        0 => String::new(),
        others => format!("  +{others} more"),
    };
    let end = Line::of(Tone::Dim, answered).with(Tone::Bad, others);
    let words = Line::of(Tone::Bad, format!("! {}", source.id)).with(Tone::Plain, format!("  {failure}"));
    let room = width.saturating_sub(end.width()).min(words.width());
    Some(words.fit(room, Align::Left).join(end))
}
