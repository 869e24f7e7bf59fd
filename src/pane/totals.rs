//! The two lines above every pane: how much of what there is, and who is in trouble.

use jiff::{SignedDuration, Timestamp};

use super::View;
use super::age::{age, ago};
use super::line::{Align, Line, Tone};
use super::verdict::{glyph, is_looked_at, tone, word};
use crate::analysis::{Report, ServiceReport, SourceReport, Verdict, counted, skewed, slower};
use crate::domain::{Failure, Trouble};

/// How many rows have which verdict, and how far the looking has come. Kept up service by service, so that it costs
/// nothing to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    counts: [usize; Verdict::ALL.len()],
    /// Rows of which nothing is known yet.
    ahead: usize,
    services: usize,
    read: usize,
    /// Services whose runs could never be read.
    unread: usize,
}

impl Tally {
    /// Returns the tally of everything.
    #[must_use]
    pub fn of(report: &Report) -> Self {
        let mut tally = Self::default();
        report.services.iter().for_each(|service| tally.add(service));
        tally
    }

    /// Counts a service.
    pub fn add(&mut self, service: &ServiceReport) {
        self.change(service, |count| *count += 1);
    }

    /// Takes back what `add` counted of the same report.
    pub fn remove(&mut self, service: &ServiceReport) {
        self.change(service, |count| *count = count.saturating_sub(1));
    }

    fn change(&mut self, service: &ServiceReport, by_one: impl Fn(&mut usize)) {
        by_one(&mut self.services);
        if service.seen_at.is_some() {
            by_one(&mut self.read);
        } else if service.failure.is_some() {
            by_one(&mut self.unread);
        }
        for row in &service.rows {
            if is_looked_at(row) {
                by_one(&mut self.ahead);
            } else if let Some(count) = self.counts.get_mut(row.verdict as usize) {
                by_one(count);
            }
        }
    }
}

/// Returns how many rows have which verdict, worst first. Where `width` cells are too few, findings other than the
/// worst become one number, then what is least urgent is left out, and then words are. While not everything was read it
/// says so.
#[must_use]
pub fn totals(tally: &Tally, width: usize) -> Line {
    let counted = Verdict::ALL.into_iter().zip(tally.counts).filter(|(_, count)| *count > 0).collect();
    let mut attempt = Attempt { tally, counted, others: 0, brief: false, bare: Bare::None };
    loop {
        let line = attempt.line();
        if line.width() <= width || !attempt.shorten() {
            return line;
        }
    }
}

/// The totals at some length.
struct Attempt<'a> {
    tally: &'a Tally,
    counted: Vec<(Verdict, usize)>,
    /// Findings that are no longer told apart.
    others: usize,
    /// Whether the looking is said in few letters.
    brief: bool,
    bare: Bare,
}

/// Which words are left out where nothing else can be: a number that is cut tells something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bare {
    None,
    /// Those of the verdicts.
    Verdicts,
    /// And what is being looked at.
    Ahead,
    /// And those of the looking.
    Looking,
}

impl Attempt<'_> {
    fn line(&self) -> Line {
        let (findings, rest): (Vec<_>, Vec<_>) = self.counted.iter().partition(|(verdict, _)| verdict.is_finding());
        let one = |(verdict, count): &(Verdict, usize)| {
            let words = if self.bare == Bare::None { format!(" {}", word(*verdict)) } else { String::new() };
            Line::of(tone(*verdict), format!("{} {count}{words}", glyph(*verdict)))
        };
        let mut parts: Vec<_> = looking(self.tally, self.brief, self.bare).into_iter().collect();
        let looking = !parts.is_empty();
        parts.extend(findings.iter().map(one));
        if self.others > 0 {
            let (others, bare) = (self.others, self.bare > Bare::None);
            let words = if bare { format!("+{others}") } else { counted(others, "other finding") };
            parts.push(Line::of(Tone::Bad, words));
        }
        if !looking {
            parts.extend(unread(self.tally, self.bare));
        }
        if self.tally.ahead > 0 && self.bare < Bare::Ahead {
            parts.push(Line::of(Tone::Info, format!("looking at {}", self.tally.ahead)));
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
        let Some(at) = at else { return self.bare() };
        let (_, count) = self.counted.remove(at);
        self.others += if merged { count } else { 0 };
        true
    }

    /// Leaves more words out; returns whether there were any.
    fn bare(&mut self) -> bool {
        let before = self.bare;
        self.bare = match before {
            Bare::None => Bare::Verdicts,
            Bare::Verdicts => Bare::Ahead,
            Bare::Ahead | Bare::Looking => Bare::Looking,
        };
        self.bare != before
    }
}

/// How far the looking has come, until it has been everywhere.
fn looking(tally: &Tally, brief: bool, bare: Bare) -> Option<Line> {
    let Tally { services, read, unread, .. } = tally;
    let words = if brief { format!("{read}/{services}") } else { format!("{read} of {services} services read") };
    let words = if bare < Bare::Looking { format!("looking… {words}") } else { words };
    (read + unread < *services).then(|| Line::of(Tone::Info, words))
}

fn unread(tally: &Tally, bare: Bare) -> Option<Line> {
    let count = if bare < Bare::Ahead { counted(tally.unread, "service") } else { tally.unread.to_string() };
    (tally.unread > 0).then(|| Line::of(Tone::Warn, format!("? {count} unread")))
}

/// A source that is asked for nothing but what it refuses may give no other answer for so long.
const QUIET: SignedDuration = SignedDuration::from_mins(10);

/// Returns who is in trouble and in which words, in `width` cells, where anybody is. One answer that failed among
/// others that came is no trouble of the source, and would come and go; the rows that it concerns say so. Who was in
/// trouble before this start, and was not asked since, comes after whoever is. Without any trouble it tells what the user
/// should know about landfall itself.
#[must_use]
pub fn trouble(view: &View<'_>, width: usize) -> Option<Line> {
    let mut troubled = view.report.sources.iter().filter_map(|source| {
        let (source, trouble) = troubled(source, view.now)?;
        let answered = match source.health.last_ok {
            Some(ok) => format!("  last answer {}", age(ok, view.now)),
            None => "  no answer yet".to_owned(),
        };
        Some((source, Tone::Bad, trouble.to_string(), answered))
    });
    let mut before = view.report.sources.iter().filter_map(|source| {
        let (at, failure) = earlier(source)?;
        Some((source, Tone::Warn, failure.to_string(), format!("  {}, not asked since", ago(*at, view.now))))
    });
    let notices = notices(view);
    let Some((source, tone, trouble, answered)) = troubled.next().or_else(|| before.next()) else {
        let (about, words) = notices.first()?;
        let others = if notices.len() > 1 { format!("  +{} more", notices.len() - 1) } else { String::new() };
        let end = Line::of(Tone::Warn, others);
        let words = Line::of(Tone::Warn, format!("! {about}")).with(Tone::Plain, format!("  {words}"));
        let room = width.saturating_sub(end.width()).min(words.width());
        return Some(words.fit(room, Align::Left).join(end));
    };
    let others = match troubled.count() + before.count() + notices.len() {
        0 => String::new(),
        others => format!("  +{others} more"),
    };
    let end = Line::of(Tone::Dim, answered).with(tone, others);
    let words = Line::of(tone, format!("! {}", source.id)).with(Tone::Plain, format!("  {trouble}"));
    let room = width.saturating_sub(end.width()).min(words.width());
    Some(words.fit(room, Align::Left).join(end))
}

/// Returns what is wrong with a source, where that is trouble of its own.
fn troubled(source: &SourceReport, now: Timestamp) -> Option<(&SourceReport, Trouble<'_>)> {
    let trouble = source.health.trouble()?;
    let answered = source.health.last_ok.is_some_and(|ok| {
        (ok <= now && age(ok, now) == "now") || (trouble.topic.is_some() && now.duration_since(ok) < QUIET)
    });
    (!answered).then_some((source, trouble))
}

/// Returns what was wrong with a source before this start, where it was not asked since.
fn earlier(source: &SourceReport) -> Option<&(Timestamp, Failure)> {
    source.health.earlier.as_ref().filter(|_| source.health.trouble().is_none())
}

/// What is no trouble of a source and yet to be known: that it is asked less often, that its clock is off, and what
/// concerns landfall itself.
fn notices(view: &View<'_>) -> Vec<(String, String)> {
    let about = |source: &SourceReport, words: Option<String>| words.map(|words| (source.id.to_string(), words));
    let slowed = view.report.sources.iter().filter_map(|source| about(source, slower(&source.health)));
    let skewed = view.report.sources.iter().filter_map(|source| about(source, skewed(&source.health)));
    let own = view.snapshot.notices().iter().map(|(part, words)| (part.to_string(), words.to_string()));
    slowed.chain(skewed).chain(own).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn every_count_is_whole_however_few_cells_there_are() {
        let counts = std::array::from_fn(|place| 33 + place);
        let tallies = [
            Tally { counts, ahead: 44, services: 20, read: 18, unread: 2 },
            Tally { counts, ahead: 0, services: 20, read: 16, unread: 2 },
        ];
        for tally in tallies {
            for width in 36..200 {
                let line = totals(&tally, width);
                assert!(line.width() <= width, "{width}: {}", line.text());
                assert!(line.text().contains(&format!(
                    "{} {}",
                    glyph(Verdict::Missing),
                    counts[Verdict::Missing as usize]
                )));
                assert!(line.text().contains(&format!(
                    "{} {}",
                    glyph(Verdict::Unknown),
                    counts[Verdict::Unknown as usize]
                )));
            }
        }
    }
}
