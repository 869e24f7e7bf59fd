//! What reports and logs say of each test, gathered commit by commit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::evidence::{Evidence, Scope};
use crate::domain::{
    Ending, RetriedTest, RetryLog, RunKey, Sha, TestCase, TestEvidence, TestId, TestReport, TestResult, TestRun, Text,
};

/// A report of so many decided tests, of which more than so many percent failed, tells of the machinery.
const MASS: u32 = 10;
const MASS_PERCENT: u64 = 80;

/// The workflow and the job of a test.
type JobOf<'a> = (&'a Text, &'a Text);

/// What a job left behind in one try, by the file's name and whether it is a log.
type Files<'a> = BTreeMap<(&'a Text, bool), &'a TestRun>;

/// One test.
#[derive(Debug)]
pub(super) struct Test<'a> {
    pub(super) job: JobOf<'a>,
    pub(super) classname: Text,
    pub(super) name: Text,
    pub(super) file: Option<Text>,
    pub(super) message: Option<(Option<Timestamp>, String)>,
    pub(super) commits: FxHashMap<u32, Evidence>,
}

/// All that was seen of the tests of a service.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    pub(super) tests: FxHashMap<(u32, TestId), Test<'a>>,
    pub(super) ignored_as_infrastructure: u32,
    pub(super) unreadable: u32,
    pub(super) cut: u32,
    pub(super) unnamed: BTreeMap<JobOf<'a>, BTreeMap<&'a Sha, u32>>,
    jobs: FxHashMap<JobOf<'a>, u32>,
    commits: FxHashMap<&'a Sha, u32>,
}

impl<'a> Gathered<'a> {
    pub(super) fn of(seen: &'a [TestRun]) -> Self {
        // The files of one job in one try: the same file counts once, and a mass failure is one of them all.
        let mut places: BTreeMap<(&RunKey, JobOf<'_>), Files<'_>> = BTreeMap::new();
        for run in seen {
            let is_log = matches!(run.evidence, TestEvidence::Log(_));
            let files = places.entry((&run.run, (&run.workflow, &run.job))).or_default();
            let known = files.entry((&run.file, is_log)).or_insert(run);
            if preference(run) > preference(known) {
                *known = run;
            }
        }
        let mut gathered = Self::default();
        let mut logs = Vec::new();
        for files in places.values() {
            let reports: Vec<_> = files.values().filter_map(|run| gathered.report(run)).collect();
            if is_mass_failure(&reports) {
                gathered.ignored_as_infrastructure += 1;
                continue;
            }
            for (run, report) in reports {
                gathered.cases(run, report);
            }
            logs.extend(files.values().filter_map(|run| match &run.evidence {
                TestEvidence::Log(log) => Some((*run, &**log)),
                TestEvidence::Report(_) | TestEvidence::Unreadable(_) => None,
            }));
        }
        gathered.logs(&logs);
        gathered
    }

    /// Returns the commits by their short numbers.
    pub(super) fn shas(&self) -> FxHashMap<u32, &'a Sha> {
        self.commits.iter().map(|(sha, number)| (*number, *sha)).collect()
    }

    fn report(&mut self, run: &'a TestRun) -> Option<(&'a TestRun, &'a TestReport)> {
        match &run.evidence {
            TestEvidence::Report(report) => {
                self.cut += u32::from(report.ending != Ending::Whole);
                Some((run, report))
            }
            TestEvidence::Unreadable(_) => {
                self.unreadable += 1;
                None
            }
            TestEvidence::Log(_) => None,
        }
    }

    fn cases(&mut self, run: &'a TestRun, report: &'a TestReport) {
        let apart = in_several_suites(report);
        let scope = Scope::of(&run.event, run.run.id);
        let (job, commit) = self.place(run);
        for (id, case) in report.cases() {
            let Some((passed, failed)) = outcomes(&case) else { continue };
            let id = if apart.contains(&id) { id.within(case.suite, case.host) } else { id };
            let test = self.tests.entry((job, id)).or_insert_with(|| Test {
                job: (&run.workflow, &run.job),
                classname: case.classname.into(),
                name: case.name.into(),
                file: case.file.map(Text::from),
                message: None,
                commits: FxHashMap::default(),
            });
            if let Some(message) = case.message.filter(|_| failed > 0)
                && test.message.as_ref().is_none_or(|(at, known)| (*at, known.as_str()) < (run.at, message))
            {
                test.message = Some((run.at, message.to_owned()));
            }
            test.commits.entry(commit).or_default().add_many(scope, run.run.id, (passed, failed), run.at);
        }
    }

    /// Takes in the marks of logs, after all reports: a flake that a report of the same run shows counts once.
    fn logs(&mut self, logs: &[(&'a TestRun, &'a RetryLog)]) {
        let mut reported: FxHashMap<(u32, String), Vec<(TestId, Text)>> = FxHashMap::default();
        if !logs.is_empty() {
            for ((job, id), test) in &self.tests {
                let alike = reported.entry((*job, test.name.as_str().to_owned())).or_default();
                alike.push((*id, test.classname.clone()));
            }
        }
        for (run, log) in logs {
            let named = u32::try_from(log.tests.iter().filter(|test| test.passed).count()).unwrap_or(u32::MAX);
            let unnamed = log.flaky.saturating_sub(named);
            if unnamed > 0 {
                let commits = self.unnamed.entry((&run.workflow, &run.job)).or_default();
                *commits.entry(&run.sha).or_default() += unnamed;
            }
            for retried in &log.tests {
                let (job, _) = self.place(run);
                let alike = reported.get(&(job, retried.name.as_str().to_owned())).map_or(&[][..], Vec::as_slice);
                self.retried(run, retried, reported_as(retried, alike));
            }
        }
    }

    fn retried(&mut self, run: &'a TestRun, retried: &RetriedTest, id: TestId) {
        let (job, commit) = self.place(run);
        let test = self.tests.entry((job, id)).or_insert_with(|| Test {
            job: (&run.workflow, &run.job),
            classname: retried.classname.clone(),
            name: retried.name.clone(),
            file: None,
            message: None,
            commits: FxHashMap::default(),
        });
        let evidence = test.commits.entry(commit).or_default();
        if !evidence.knows_flake(run.run.id) {
            let outcomes = (u32::from(retried.passed), retried.failed);
            evidence.add_many(Scope::of(&run.event, run.run.id), run.run.id, outcomes, run.at);
        }
    }

    /// Returns short numbers for the job and the commit of a run.
    fn place(&mut self, run: &'a TestRun) -> (u32, u32) {
        let next = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let (jobs, commits) = (next(self.jobs.len()), next(self.commits.len()));
        let job = *self.jobs.entry((&run.workflow, &run.job)).or_insert(jobs);
        (job, *self.commits.entry(&run.sha).or_insert(commits))
    }
}

/// Which of two looks at the same file counts: one that could read it, then the newer, then the one with more in it.
fn preference(run: &TestRun) -> (bool, Option<Timestamp>, usize) {
    let content = match &run.evidence {
        TestEvidence::Report(report) => report.len(),
        TestEvidence::Log(log) => log.tests.len(),
        TestEvidence::Unreadable(_) => 0,
    };
    (!matches!(run.evidence, TestEvidence::Unreadable(_)), run.at, content)
}

/// Returns how often a case passed and failed, where it says so of a test that can be told from others.
fn outcomes(case: &TestCase<'_>) -> Option<(u32, u32)> {
    let tries = case.flaky.saturating_add(case.reruns);
    match case.result {
        TestResult::Passed if case.is_named() => Some((1, tries)),
        TestResult::Failed | TestResult::Error if case.is_named() => Some((0, tries.saturating_add(1))),
        TestResult::Passed | TestResult::Failed | TestResult::Error | TestResult::Skipped => None,
    }
}

fn is_mass_failure(reports: &[(&TestRun, &TestReport)]) -> bool {
    let sum = |count: fn(&TestReport) -> u32| reports.iter().map(|(_, report)| u64::from(count(report))).sum::<u64>();
    let failed = sum(|report| report.counts.failed + report.counts.errors);
    let decided = failed + sum(|report| report.counts.passed);
    decided >= u64::from(MASS) && failed * 100 > MASS_PERCENT * decided
}

/// Returns the tests that stand in several suites of one report: one for each browser, say. They are different tests.
fn in_several_suites(report: &TestReport) -> FxHashSet<TestId> {
    let mut several = FxHashSet::default();
    if report.counts.suites > 1 {
        let mut first: FxHashMap<TestId, (&str, &str)> = FxHashMap::default();
        for (id, case) in report.cases() {
            if *first.entry(id).or_insert((case.suite, case.host)) != (case.suite, case.host) {
                several.insert(id);
            }
        }
    }
    several
}

/// Returns the id that the job's reports give to the test that a log names, where just one can be meant.
fn reported_as(retried: &RetriedTest, alike: &[(TestId, Text)]) -> TestId {
    let plain = TestId::of(retried.classname.raw(), retried.name.raw(), None);
    let same = |(_, classname): &&(TestId, Text)| {
        retried.classname.is_empty() || classname.as_str() == retried.classname.as_str()
    };
    let mut candidates = alike.iter().filter(same);
    match (candidates.next(), candidates.next()) {
        (Some((id, _)), None) => *id,
        _ => plain,
    }
}
