//! Which tests pass and fail on the same code, by reports and by marks of retries in logs.

use jiff::Timestamp;
use rustc_hash::FxHashSet;

use super::evidence::{Colour, Evidence};
use super::glimpse::{Glimpse, strip};
use super::test_evidence::{Gathered, Test};
use super::trust::{Behaviour, Observed};
use crate::domain::{TestRun, Text};

/// How far the tests of a service can be trusted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TestsFlakiness {
    /// The tests, least trusted first. Of reports that were reduced, only those that did not always pass at once.
    pub tests: Vec<TestFlakiness>,
    /// How many more tests passed at once whenever they ran.
    pub steady: u32,
    /// How many commits ran a test more than once, of those with a decided test.
    pub observed: Observed,
    /// Tries of jobs in which nearly every test failed: ignored, as the machinery was to blame.
    pub ignored_as_infrastructure: u32,
    /// Reports that could not be read.
    pub unreadable: u32,
    /// Reports that could be read in part only.
    pub cut: u32,
    /// Flakes that logs count without naming the test, by workflow and job.
    pub unnamed: Vec<UnnamedFlakes>,
}

/// One test, and how it behaved.
#[derive(Debug, Clone, PartialEq)]
pub struct TestFlakiness {
    /// The workflow and the job with its matrix suffix.
    pub job: (Text, Text),
    /// The class, module or file that groups tests.
    pub classname: Text,
    /// The name.
    pub name: Text,
    /// The source file.
    pub file: Option<Text>,
    /// What its newest failure says, where a report has it.
    pub message: Option<String>,
    /// How it behaved.
    pub behaviour: Behaviour,
    /// How its newest commits came out, oldest first; none where it never failed.
    pub recent: Vec<Glimpse>,
}

/// Flakes of a job that its log counts without naming the tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnnamedFlakes {
    /// The workflow and the job.
    pub job: (Text, Text),
    /// How many commits had such flakes.
    pub commits: u32,
    /// How many flakes they were.
    pub flakes: u32,
}

/// Judges the tests of one service. Neither the order of what was seen nor what is given twice makes a difference.
pub(super) fn tests(seen: &[TestRun], now: Timestamp) -> TestsFlakiness {
    let gathered = Gathered::of(seen);
    let mut suite = TestsFlakiness {
        ignored_as_infrastructure: gathered.ignored_as_infrastructure,
        unreadable: gathered.unreadable,
        cut: gathered.cut,
        ..TestsFlakiness::default()
    };
    let (mut decided, mut reran) = gathered.summarised();
    suite.steady = u32::try_from(gathered.steady()).unwrap_or(u32::MAX);
    let shas = gathered.shas();
    for test in gathered.tests.into_values() {
        let mut commits = Vec::with_capacity(test.commits.len());
        for (commit, seen) in test.commits.iter().map(|(commit, evidence)| (*commit, Evidence::judge(evidence))) {
            if matches!(seen.colour, Colour::Flaky | Colour::Red | Colour::Green) {
                decided.insert(commit);
            }
            if seen.reran {
                reran.insert(commit);
            }
            commits.push(seen);
        }
        let behaviour = Behaviour::of(commits, now);
        let recent = if behaviour.failures > 0 {
            strip(test.commits.iter().filter_map(|(commit, evidence)| Some((*shas.get(commit)?, evidence))))
        } else {
            Vec::new()
        };
        suite.tests.push(test.judged(behaviour, recent));
    }
    let count = |commits: &FxHashSet<u32>| u32::try_from(commits.len()).unwrap_or(u32::MAX);
    suite.observed = Observed { reran: count(&reran), of: count(&decided) };
    suite.tests.sort_by(|one, two| two.behaviour.rank(&one.behaviour).then_with(|| one.names().cmp(&two.names())));
    suite.unnamed = gathered
        .unnamed
        .into_iter()
        .map(|((workflow, job), commits)| UnnamedFlakes {
            job: (workflow.clone(), job.clone()),
            commits: u32::try_from(commits.len()).unwrap_or(u32::MAX),
            flakes: commits.values().sum(),
        })
        .collect();
    suite
}

impl TestFlakiness {
    fn names(&self) -> (&(Text, Text), &Text, &Text, &Option<Text>) {
        (&self.job, &self.classname, &self.name, &self.file)
    }
}

impl Test<'_> {
    fn judged(self, behaviour: Behaviour, recent: Vec<Glimpse>) -> TestFlakiness {
        TestFlakiness {
            job: (self.job.0.clone(), self.job.1.clone()),
            classname: self.classname,
            name: self.name,
            file: self.file,
            message: self.message.map(|(_, message)| message),
            behaviour,
            recent,
        }
    }
}
