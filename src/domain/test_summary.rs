//! The reports of one job reduced to what is analysed: what did not simply pass, by name, and what passed, by a number.

use std::sync::Arc;

use arcstr::ArcStr;
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Ending, TestCase, TestCounts, TestId, TestReport, TestResult, Text, Unreadable};

/// Cases that did not simply pass and are kept by name: where more fail, the machinery did.
const ODD: usize = 1_000;

/// Tests that passed and are kept.
const PASSED: usize = 50_000;

/// What the tests of one run left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reports(pub Vec<FoundReport>);

/// What was found under one name: the files of an artifact, or the report of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundReport {
    /// The job with its matrix suffix, or the artifact where that is all that is known.
    pub job: Text,
    /// When it was written.
    pub at: Option<Timestamp>,
    /// What could be read of it; `None` where nothing could.
    pub summary: Option<Arc<TestSummary>>,
    /// The files that could not be read, and why.
    pub unread: Vec<(Text, Unreadable)>,
}

/// The reports of one job, reduced.
#[derive(Debug, Clone, Default)]
pub struct TestSummary {
    /// How many reports they are.
    pub reports: u32,
    /// How many of them broke off: what stood before was read.
    pub cut: u32,
    /// How many cases there are of what.
    pub counts: TestCounts,
    /// Cases that failed or were tried again, each once for each time that a report has it.
    pub odd: Vec<OddCase>,
    /// The tests that passed at once, by the lower half of their id, in order, each once.
    pub passed: Arc<[u32]>,
    /// How many cases were too many to be kept.
    pub left_out: u32,
}

/// A case that failed, or that was tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddCase {
    /// What makes the test unique within its job.
    pub id: TestId,
    /// The class, module or file that groups tests.
    pub classname: Text,
    /// The name.
    pub name: Text,
    /// The source file.
    pub file: Option<Text>,
    /// How it ended.
    pub result: TestResult,
    /// How often it failed before that.
    pub tries: u32,
    /// What its gravest result says.
    pub message: Option<ArcStr>,
}

impl PartialEq for TestSummary {
    fn eq(&self, other: &Self) -> bool {
        (self.reports, self.cut, self.left_out, self.counts) == (other.reports, other.cut, other.left_out, other.counts)
            && self.odd == other.odd
            && (Arc::ptr_eq(&self.passed, &other.passed) || self.passed == other.passed)
    }
}

impl Eq for TestSummary {}

impl TestSummary {
    /// Returns the reports of one job, reduced.
    #[must_use]
    pub fn of(reports: &[TestReport]) -> Self {
        let mut summary = Self::default();
        let mut passed: FxHashSet<u32> = FxHashSet::default();
        for report in reports {
            summary.reports += 1;
            summary.cut += u32::from(report.ending != Ending::Whole);
            summary.counts.add(&report.counts);
            let apart = in_several_suites(report);
            for (id, case) in report.cases().filter(|(_, case)| case.is_named()) {
                let id = if apart.contains(&id) { id.within(case.suite, case.host) } else { id };
                summary.take(id, &case, &mut passed);
            }
        }
        let mut sorted: Vec<u32> = passed.into_iter().collect();
        sorted.sort_unstable();
        summary.passed = sorted.into();
        summary
    }

    fn take(&mut self, id: TestId, case: &TestCase<'_>, passed: &mut FxHashSet<u32>) {
        let tries = case.flaky.saturating_add(case.reruns);
        let is_kept = match case.result {
            TestResult::Skipped => return,
            TestResult::Passed if tries == 0 => {
                let is_kept = passed.len() < PASSED || passed.contains(&id.short());
                if is_kept {
                    passed.insert(id.short());
                }
                is_kept
            }
            TestResult::Passed | TestResult::Failed | TestResult::Error => self.odd.len() < ODD,
        };
        self.left_out += u32::from(!is_kept);
        if is_kept && (tries > 0 || case.result != TestResult::Passed) {
            self.odd.push(OddCase {
                id,
                classname: case.classname.into(),
                name: case.name.into(),
                file: case.file.map(Text::from),
                result: case.result,
                tries,
                message: case.message.map(ArcStr::from),
            });
        }
    }

    /// Returns whether a test passed at once.
    #[must_use]
    pub fn passes(&self, id: TestId) -> bool {
        self.passed.binary_search(&id.short()).is_ok()
    }
}

impl Reports {
    /// Returns these, with what others of them hold as well held once.
    pub(super) fn sharing<'a>(self: Arc<Self>, others: impl Iterator<Item = &'a Self>) -> Arc<Self> {
        let mut wanted: FxHashMap<&[u32], Option<Arc<[u32]>>> = FxHashMap::default();
        for summary in self.summaries().filter(|summary| !summary.passed.is_empty()) {
            wanted.insert(&summary.passed, None);
        }
        let mut missing = wanted.len();
        for summary in others.flat_map(Self::summaries) {
            if missing == 0 {
                break;
            }
            if let Some(slot) = wanted.get_mut(&*summary.passed).filter(|slot| slot.is_none()) {
                *slot = Some(summary.passed.clone());
                missing -= 1;
            }
        }
        if wanted.values().all(Option::is_none) {
            return self;
        }
        let share = |found: &FoundReport| {
            let shared = |summary: &Arc<TestSummary>| match wanted.get(&*summary.passed) {
                Some(Some(passed)) => Arc::new(TestSummary { passed: passed.clone(), ..(**summary).clone() }),
                Some(None) | None => summary.clone(),
            };
            FoundReport { summary: found.summary.as_ref().map(shared), ..found.clone() }
        };
        Arc::new(Self(self.0.iter().map(share).collect()))
    }

    fn summaries(&self) -> impl Iterator<Item = &Arc<TestSummary>> {
        self.0.iter().filter_map(|found| found.summary.as_ref())
    }
}

/// Returns the tests that stand in several suites of one report: one for each browser, say. They are different tests.
#[must_use]
pub fn in_several_suites(report: &TestReport) -> FxHashSet<TestId> {
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
