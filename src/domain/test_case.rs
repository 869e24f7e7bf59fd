//! One test case, what makes it unique, and how the reading of a report can end.

use super::Text;

/// How one test case ended in the report. Where several results are written, the gravest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TestResult {
    /// No result element at all.
    Passed,
    /// `skipped`, or a status that says that it was not run.
    Skipped,
    /// `failure`.
    Failed,
    /// `error`.
    Error,
}

/// What makes a test case unique within one kind of job: its class, name and file as they were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestId(u64);

impl TestId {
    /// Returns the id of a test. The raw text counts: two names that look alike once they are clean stay apart.
    #[must_use]
    pub fn of(classname: &str, name: &str, file: Option<&str>) -> Self {
        Self(spread([classname, name, file.unwrap_or("\u{1}")].into_iter().fold(OFFSET, mix)))
    }

    /// Returns the id that was kept as this number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// Returns the number by which it is kept. It stays the same from one version of landfall to the next.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }

    /// Returns the half of it that tells tests of one job apart well enough.
    #[must_use]
    pub fn short(self) -> u32 {
        let [a, b, c, d, ..] = self.0.to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// Returns the id of a test that a report has in several suites, such as one for each browser.
    #[must_use]
    pub fn within(self, suite: &str, host: &str) -> Self {
        Self(spread([suite, host].into_iter().fold(self.0, mix)))
    }
}

/// Where the hash begins, and what it multiplies with (FNV-1a, 64 bits).
const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

/// Takes in one text and its end. What is kept must mean the same to every version: no hasher of a library does.
fn mix(hash: u64, text: &str) -> u64 {
    text.bytes().chain([0xff]).fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// Lets every bit count in every other, as half of it must do.
fn spread(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// One test case of a report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TestCase<'a> {
    /// The name of the suite it stands in.
    pub suite: &'a str,
    /// The machine or browser that the suite names.
    pub host: &'a str,
    /// The class, module or file that groups tests; empty where the report has none.
    pub classname: &'a str,
    /// The name; empty where the report has none.
    pub name: &'a str,
    /// The source file.
    pub file: Option<&'a str>,
    /// How it ended.
    pub result: TestResult,
    /// How often it failed before it passed (`flakyFailure`, `flakyError`).
    pub flaky: u32,
    /// How often it failed again (`rerunFailure`, `rerunError`).
    pub reruns: u32,
    /// How long it took, in seconds, where the report says so believably.
    pub seconds: Option<f32>,
    /// What the gravest result, or else the first failed try, says.
    pub message: Option<&'a str>,
}

impl TestCase<'_> {
    /// Returns whether it has a name to tell it from others.
    #[must_use]
    pub fn is_named(&self) -> bool {
        !self.name.trim().is_empty()
    }
}

/// How many there are of what. Counted from elements; the attributes of suites are not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TestCounts {
    /// Suites.
    pub suites: u32,
    /// Errors of a whole suite, outside of any test case.
    pub suite_errors: u32,
    /// Cases that passed.
    pub passed: u32,
    /// Cases that failed.
    pub failed: u32,
    /// Cases with an error.
    pub errors: u32,
    /// Cases that were skipped.
    pub skipped: u32,
    /// Cases that passed after they had failed.
    pub flaky: u32,
    /// Cases with more than one result.
    pub several_results: u32,
    /// Messages that were too many to be kept.
    pub messages_dropped: u32,
}

impl TestCounts {
    /// Adds the counts of another report.
    pub fn add(&mut self, other: &Self) {
        let Self { suites, suite_errors, passed, failed, errors, skipped, flaky, several_results, messages_dropped } =
            *other;
        let sums = [
            (&mut self.suites, suites),
            (&mut self.suite_errors, suite_errors),
            (&mut self.passed, passed),
            (&mut self.failed, failed),
            (&mut self.errors, errors),
            (&mut self.skipped, skipped),
            (&mut self.flaky, flaky),
            (&mut self.several_results, several_results),
            (&mut self.messages_dropped, messages_dropped),
        ];
        for (sum, more) in sums {
            *sum = sum.saturating_add(more);
        }
    }

    /// Returns how many cases there are.
    #[must_use]
    pub fn tests(&self) -> u32 {
        self.passed + self.failed + self.errors + self.skipped
    }
}

/// Why a report, or its rest, was not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No bytes at all, or only blanks.
    #[error("the file is empty")]
    Empty,
    /// No XML.
    #[error("the file is no XML")]
    NotXml,
    /// XML of another kind.
    #[error("the file is no JUnit report: its root is <{0}>")]
    NotJunit(Text),
    /// A document type, which could name other files and grow without end.
    #[error("the file declares a document type (DTD), which is refused")]
    Dtd,
    /// More bytes than are read.
    #[error("the file has more than {0} MB")]
    TooLarge(usize),
    /// More elements within each other than are read.
    #[error("the elements are nested more than {0} deep")]
    TooDeep(usize),
    /// More test cases than are read.
    #[error("the file has more than {0} test cases")]
    TooMany(usize),
    /// More names than are kept.
    #[error("the names of the test cases take more than {0} MB")]
    TooWordy(usize),
    /// The provider keeps it no more.
    #[error("the provider keeps it no more")]
    Expired,
    /// An archive that is none, or broken.
    #[error("the archive cannot be read: {0}")]
    Archive(Text),
    /// A file of an archive that unpacks to far more than any report does.
    #[error("the file unpacks to more than {0} times its size")]
    Bomb(u64),
    /// More files than are read.
    #[error("there are more than {0} files, and the others were not read")]
    TooManyFiles(usize),
    /// What the provider said instead of giving it.
    #[error("it was not given: {0}")]
    NotGiven(Text),
}

/// How the reading of a report ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// At its end.
    Whole,
    /// Before it: the cases up to there are kept, the one that was being written is not.
    Cut {
        /// Where, in bytes.
        at: u64,
        /// What was amiss.
        why: Text,
        /// The case that was being written.
        open: Option<Text>,
    },
}
