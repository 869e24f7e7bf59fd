//! Within Flaky: the builds of one service, its jobs and its tests, least trusted first.

use jiff::Timestamp;

use super::age::age;
use super::flaky::by_rate;
use super::line::{Line, Tone};
use super::table::Column;
use super::trust::{self, STRIP};
use super::{Identity, Met, Pane, Place, Scope, Search, Subject, View, by_name, newest_first, sorted, widest};
use crate::analysis::{Behaviour, Colour, Glimpse, JobFlakiness, Report, ServiceReport, TestFlakiness, Trust, counted};
use crate::domain::{Moment, Strength};

pub(super) struct FlakyParts;

/// The first tests decide how wide their names are: there may be ten thousand.
const LOOKED_AT: usize = 1_000;

/// One row.
#[derive(Clone, Copy)]
enum Part<'a> {
    Builds,
    Job(&'a JobFlakiness),
    Test(&'a TestFlakiness),
}

impl<'a> Part<'a> {
    /// The builds come first, then the jobs, then the tests.
    fn at(service: &'a ServiceReport, place: usize) -> Option<Self> {
        let flakiness = &service.reliability.flakiness;
        let Some(place) = place.checked_sub(1) else { return Some(Self::Builds) };
        let test = || flakiness.tests.tests.get(place.checked_sub(flakiness.jobs.len())?);
        flakiness.jobs.get(place).map(Self::Job).or_else(|| test().map(Self::Test))
    }

    fn count(service: &ServiceReport) -> usize {
        let flakiness = &service.reliability.flakiness;
        if service.reliability.runs.is_empty() { 0 } else { 1 + flakiness.jobs.len() + flakiness.tests.tests.len() }
    }

    fn behaviour(self) -> Option<&'a Behaviour> {
        match self {
            Self::Builds => None,
            Self::Job(job) => Some(&job.behaviour),
            Self::Test(test) => Some(&test.behaviour),
        }
    }

    fn recent(self) -> &'a [Glimpse] {
        match self {
            Self::Builds => &[],
            Self::Job(job) => &job.recent,
            Self::Test(test) => &test.recent,
        }
    }

    fn name(self) -> &'a str {
        match self {
            Self::Builds => "all builds",
            Self::Job(job) => job.name.as_str(),
            Self::Test(test) => test.name.as_str(),
        }
    }

    /// When it did not pass last: by a flake, or else by its newest commits.
    fn last_seen(self) -> Option<Timestamp> {
        let red = || self.recent().iter().rev().find(|glimpse| glimpse.colour == Colour::Red).and_then(|red| red.at);
        self.behaviour()?.last_flake.max(red().map(Moment::at))
    }

    fn passes(self, search: &mut Search<'_>) -> bool {
        let met = match self {
            Self::Builds => search.meet(Met::NONE, &["builds", "run"]),
            Self::Job(job) => {
                let trust = job.behaviour.trust.word();
                search.meet(Met::NONE, &["job", job.name.as_str(), job.workflow.as_str(), trust])
            }
            Self::Test(test) => {
                let file = test.file.as_ref().map_or("", |file| file.as_str());
                let (job, trust) = (test.job.1.as_str(), test.behaviour.trust.word());
                search.meet(Met::NONE, &["test", test.name.as_str(), test.classname.as_str(), file, job, trust])
            }
        };
        search.passes(met)
    }

    fn key(self, sort: usize) -> u64 {
        let Some(behaviour) = self.behaviour() else { return 0 };
        let state = behaviour.trust as u64;
        let rate = by_rate(behaviour.rate().lower());
        1 + match sort {
            1 => state << 32 | rate,
            2 => newest_first(self.last_seen()),
            3 => 0,
            _ => rate << 8 | state,
        }
    }
}

impl Pane for FlakyParts {
    fn name(&self) -> &'static str {
        "Flaky"
    }

    fn sorts(&self) -> &'static [&'static str] {
        &["worst", "state", "newest", "name"]
    }

    fn columns(&self, scope: Scope<'_>) -> Vec<Column> {
        let Some((_, service)) = scope.service() else { return Vec::new() };
        let flakiness = &service.reliability.flakiness;
        let jobs = flakiness.jobs.iter().map(|job| job.name.as_str());
        let tests = || flakiness.tests.tests.iter();
        let job = widest(tests().take(LOOKED_AT).map(|test| test.job.1.as_str()), 14);
        let name = widest(jobs.chain(tests().take(LOOKED_AT).map(|test| test.name.as_str())), 15);
        let any = tests().next().is_some();
        vec![
            Column::words("", 4, 4, 4),
            Column::words("Job or test", 15, name.min(64), 0),
            Column::words("State", 11, 11, 0),
            Column::number("Flaked", 13, 1),
            Column::number("Last", 5, 2),
            Column::words("Recent commits", STRIP, STRIP, 3),
            Column::number("Commits", 8, 7),
            Column::words("In the job", 14, job.min(32), 5).only_if(any),
            Column::words("Evidence", 8, 8, 8),
            Column::words("Class", 30, 48, 6).only_if(any),
        ]
    }

    fn order(&self, scope: Scope<'_>, sort: usize) -> Vec<Place> {
        let Some((outer, service)) = scope.service() else { return Vec::new() };
        let all = (0..Part::count(service)).filter_map(|inner| Some((inner, Part::at(service, inner)?)));
        let keyed: Vec<_> = all.map(|(inner, part)| (part.key(sort), Place::new(outer, inner))).collect();
        if sort == 3 {
            let name = |place: Place| Part::at(service, place.inner()).map_or("", Part::name);
            return by_name(keyed, |place| (place.inner() > 0, name(place), place));
        }
        sorted(keyed)
    }

    fn passes(&self, report: &Report, place: Place, search: &mut Search<'_>) -> bool {
        find(report, place).is_some_and(|(_, part)| part.passes(search))
    }

    fn cells(&self, view: &View<'_>, place: Place) -> Vec<Line> {
        let Some((service, part)) = find(view.report, place) else { return Vec::new() };
        let Some(behaviour) = part.behaviour() else { return builds(service) };
        let last = part.last_seen().map_or_else(Line::new, |at| Line::of(Tone::Plain, age(at, view.now)));
        let decided = behaviour.rate().of;
        let (what, job, class) = match part {
            Part::Builds => ("runs", "", ""),
            Part::Job(job) => ("job", "", job.workflow.as_str()),
            Part::Test(test) => ("test", test.job.1.as_str(), test.classname.as_str()),
        };
        let tone = if behaviour.trust < Trust::Recovered { Tone::Strong } else { Tone::Plain };
        vec![
            Line::of(Tone::Dim, what),
            tail_first(tone, part.name()),
            trust::words(behaviour.trust),
            trust::rate(behaviour.known()),
            last,
            trust::strip(part.recent(), STRIP),
            Line::of(Tone::Dim, format!("{}/{decided}", behaviour.flaky)),
            Line::of(Tone::Dim, job.to_owned()),
            Line::of(Tone::Dim, behaviour.strength.map_or("", Strength::word)),
            Line::of(Tone::Dim, class.to_owned()),
        ]
    }

    fn subject<'a>(&self, report: &'a Report, place: Place) -> Option<Subject<'a>> {
        find(report, place).map(|(service, part)| match part {
            Part::Builds => Subject::Builds(service),
            Part::Job(job) => Subject::Job(service, job),
            Part::Test(test) => Subject::Test(service, test),
        })
    }

    fn nothing(&self, _report: &Report) -> &'static str {
        "No run of it that is over is known yet."
    }

    fn notes(&self, view: &View<'_>, within: &Identity) -> Vec<Line> {
        let scope = Scope { report: view.report, within: Some(within) };
        let Some((_, service)) = scope.service() else { return Vec::new() };
        let known = &service.reliability;
        let builds = &known.flakiness.builds;
        let gate = Line::of(Tone::Strong, service.service.name.to_string()).with(Tone::Plain, "  ");
        let mut observed = vec![builds.observed.words()];
        let unread = known.coverage.unread.len();
        if unread > 0 {
            observed.push(format!("{} could not be read", counted(unread, "test report")));
        }
        match known.flakiness.tests.steady {
            0 => {}
            1 => observed.push("1 more test always passed".to_owned()),
            steady => observed.push(format!("{steady} more tests always passed")),
        }
        vec![gate.join(trust::gate_sentence(&builds.gate)), Line::of(Tone::Dim, observed.join(" · "))]
    }
}

fn find(report: &Report, place: Place) -> Option<(&ServiceReport, Part<'_>)> {
    let service = report.services.get(place.outer())?;
    Some((service, Part::at(service, place.inner())?))
}

/// Returns a name with its last part first: that is what tells tests apart where there is little room.
fn tail_first(tone: Tone, name: &str) -> Line {
    match name.rsplit_once("::") {
        Some((head, tail)) => Line::of(tone, tail.to_owned()).with(Tone::Dim, format!("  {head}")),
        None => Line::of(tone, name.to_owned()),
    }
}

fn builds(service: &ServiceReport) -> Vec<Line> {
    let builds = &service.reliability.flakiness.builds;
    let rate = builds.failed_by_flake;
    vec![
        Line::of(Tone::Dim, "runs"),
        Line::of(Tone::Strong, Part::Builds.name()),
        trust::gate_word(&builds.gate),
        trust::rate(builds.gate.builds.known()),
        Line::new(),
        Line::new(),
        Line::of(Tone::Dim, format!("{}/{}", rate.hits, rate.of)),
        Line::new(),
        Line::of(Tone::Dim, builds.strength.map_or("", Strength::word)),
        Line::new(),
    ]
}
