//! What reports and logs say of each test, gathered commit by commit.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::evidence::{Evidence, Scope};
use crate::domain::{
    Ending, RetriedTest, RetryLog, RunKey, Sha, TestCase, TestCounts, TestEvidence, TestId, TestReport, TestResult,
    TestRun, TestSummary, Text, in_several_suites,
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

/// What one summary says of tests that passed.
#[derive(Debug)]
struct Passes<'a> {
    commit: u32,
    scope: Scope,
    run: u64,
    at: Option<Timestamp>,
    summary: &'a TestSummary,
}

/// What was read of the tests of one job.
#[derive(Debug, Clone, Copy)]
enum Content<'a> {
    Report(&'a TestReport),
    Summary(&'a TestSummary),
}

impl Content<'_> {
    fn counts(&self) -> &TestCounts {
        match self {
            Self::Report(report) => &report.counts,
            Self::Summary(summary) => &summary.counts,
        }
    }
}

/// All that was seen of the tests of a service.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a> {
    pub(super) tests: FxHashMap<(u32, TestId), Test<'a>>,
    pub(super) ignored_as_infrastructure: u32,
    pub(super) unreadable: u32,
    pub(super) cut: u32,
    pub(super) unnamed: BTreeMap<JobOf<'a>, BTreeMap<&'a Sha, u32>>,
    /// What summaries say of tests that passed, by the job.
    passes: FxHashMap<u32, Vec<Passes<'a>>>,
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
            let contents: Vec<_> = files.values().filter_map(|run| gathered.content(run)).collect();
            if is_mass_failure(&contents) {
                gathered.ignored_as_infrastructure += 1;
                continue;
            }
            for (run, content) in contents {
                match content {
                    Content::Report(report) => gathered.cases(run, report),
                    Content::Summary(summary) => gathered.summary(run, summary),
                }
            }
            logs.extend(files.values().filter_map(|run| match &run.evidence {
                TestEvidence::Log(log) => Some((*run, &**log)),
                TestEvidence::Report(_) | TestEvidence::Summary(_) | TestEvidence::Unreadable(_) => None,
            }));
        }
        gathered.logs(&logs);
        gathered.pass();
        gathered
    }

    /// Returns the commits by their short numbers.
    pub(super) fn shas(&self) -> FxHashMap<u32, &'a Sha> {
        self.commits.iter().map(|(sha, number)| (*number, *sha)).collect()
    }

    fn content(&mut self, run: &'a TestRun) -> Option<(&'a TestRun, Content<'a>)> {
        match &run.evidence {
            TestEvidence::Report(report) => {
                self.cut += u32::from(report.ending != Ending::Whole);
                Some((run, Content::Report(report)))
            }
            TestEvidence::Summary(summary) => {
                self.cut += summary.cut;
                Some((run, Content::Summary(summary)))
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

    fn summary(&mut self, run: &'a TestRun, summary: &'a TestSummary) {
        let scope = Scope::of(&run.event, run.run.id);
        let (job, commit) = self.place(run);
        for case in &summary.odd {
            let test = self.tests.entry((job, case.id)).or_insert_with(|| Test {
                job: (&run.workflow, &run.job),
                classname: case.classname.clone(),
                name: case.name.clone(),
                file: case.file.clone(),
                message: None,
                commits: FxHashMap::default(),
            });
            let outcomes = match case.result {
                TestResult::Passed => (1, case.tries),
                TestResult::Failed | TestResult::Error => (0, case.tries.saturating_add(1)),
                TestResult::Skipped => continue,
            };
            if let Some(message) = case.message.as_deref()
                && test.message.as_ref().is_none_or(|(at, known)| (*at, known.as_str()) < (run.at, message))
            {
                test.message = Some((run.at, message.to_owned()));
            }
            test.commits.entry(commit).or_default().add_many(scope, run.run.id, outcomes, run.at);
        }
        let passes = Passes { commit, scope, run: run.run.id, at: run.at, summary };
        self.passes.entry(job).or_default().push(passes);
    }

    /// Adds to each test that did not always pass the times that it did.
    fn pass(&mut self) {
        for ((job, id), test) in &mut self.tests {
            for passes in self.passes.get(job).into_iter().flatten().filter(|passes| passes.summary.passes(*id)) {
                let evidence = test.commits.entry(passes.commit).or_default();
                evidence.add_many(passes.scope, passes.run, (1, 0), passes.at);
            }
        }
    }

    /// Returns how many tests passed in every summary that has them, and are not listed by name.
    pub(super) fn steady(&self) -> usize {
        let of_job = |(job, passes): (&u32, &Vec<Passes<'_>>)| {
            let mut sets: Vec<&[u32]> = passes.iter().map(|passes| &*passes.summary.passed).collect();
            sets.sort_unstable_by_key(|set| set.as_ptr());
            sets.dedup_by_key(|set| set.as_ptr());
            let all = sets.into_iter().fold(Vec::new(), union);
            let is_among = |id: &TestId| all.binary_search(&id.short()).is_ok();
            all.len() - self.tests.keys().filter(|(of, id)| of == job && is_among(id)).count()
        };
        self.passes.iter().map(of_job).sum()
    }

    /// Returns the commits that summaries say something of, and those of which a job has several that may be compared.
    pub(super) fn summarised(&self) -> (FxHashSet<u32>, FxHashSet<u32>) {
        let (mut decided, mut reran) = (FxHashSet::default(), FxHashSet::default());
        for passes in self.passes.values() {
            let mut seen: FxHashSet<(u32, Scope)> = FxHashSet::default();
            for passes in passes.iter().filter(|passes| !passes.summary.passed.is_empty()) {
                decided.insert(passes.commit);
                if !seen.insert((passes.commit, passes.scope)) {
                    reran.insert(passes.commit);
                }
            }
        }
        (decided, reran)
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
        TestEvidence::Summary(summary) => usize::try_from(summary.counts.tests()).unwrap_or(usize::MAX),
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

/// Returns what is in either; both are in order. Mostly nothing is new.
fn union(known: Vec<u32>, more: &[u32]) -> Vec<u32> {
    let mut at = known.iter().copied().peekable();
    let mut missing = Vec::new();
    for id in more {
        while at.next_if(|known| known < id).is_some() {}
        if at.peek() != Some(id) {
            missing.push(*id);
        }
    }
    if missing.is_empty() {
        return known;
    }
    missing.extend(known);
    missing.sort_unstable();
    missing
}

fn is_mass_failure(contents: &[(&TestRun, Content<'_>)]) -> bool {
    let sum = |count: fn(&TestCounts) -> u32| contents.iter().map(|(_, it)| u64::from(count(it.counts()))).sum::<u64>();
    let failed = sum(|counts| counts.failed + counts.errors);
    let decided = failed + sum(|counts| counts.passed);
    decided >= u64::from(MASS) && failed * 100 > MASS_PERCENT * decided
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
