//! What the lines of a log add up to: each test once, however often a tool names it.

use rustc_hash::FxHashMap;

use super::named::{Flake, List, Said, Test, playwright, read, surefire};
use crate::domain::{RetriedTest, RetryLog};

/// Tests that are kept.
const TESTS: usize = 1_000;

#[derive(Debug, Default)]
struct Tries {
    place: usize,
    failed: u32,
    /// How often pytest's summary names it, where it was not named while it ran.
    in_summary: u32,
    passed: bool,
    lost: bool,
}

/// The scan of one log.
#[derive(Debug, Default)]
pub(super) struct Scan {
    tests: FxHashMap<Test, Tries>,
    list: Option<List>,
    /// The test that surefire's runs belong to.
    current: Option<Test>,
    flakes: u32,
    reruns: u32,
    /// Whether summaries counted repeats, and no test failed for good in any of them.
    nothing_lost: Option<bool>,
    crowded: bool,
}

impl Scan {
    /// Returns whether names may follow, so that every line is to be read.
    pub(super) fn is_listing(&self) -> bool {
        self.list.is_some()
    }

    /// Forgets what the lines before began.
    pub(super) fn gap(&mut self) {
        self.list = None;
        self.current = None;
    }

    pub(super) fn line(&mut self, line: &str) {
        if let Some(list) = self.list
            && self.listed(list, line)
        {
            return;
        }
        match read(line) {
            None => {}
            Some(Said::Flaky(test, failed)) => self.note(test, |tries| {
                tries.failed = tries.failed.max(failed);
                tries.passed = true;
            }),
            Some(Said::Try(test, number, passed)) => self.note(test, |tries| {
                tries.failed = tries.failed.max(if passed { number.saturating_sub(1) } else { number });
                tries.passed |= passed;
            }),
            Some(Said::Again(test, while_running)) => self.note(test, |tries| {
                let count = if while_running { &mut tries.failed } else { &mut tries.in_summary };
                *count = count.saturating_add(1);
            }),
            Some(Said::Passed(test)) => self.change(&test, |tries| tries.passed = true),
            Some(Said::Failed(test)) => self.change(&test, |tries| tries.lost = true),
            Some(Said::Flakes(count, list)) => {
                self.flakes = self.flakes.saturating_add(count);
                self.list = list;
            }
            Some(Said::Reruns(count, nothing_lost)) => {
                self.reruns = self.reruns.saturating_add(count);
                self.nothing_lost = Some(nothing_lost && self.nothing_lost.unwrap_or(true));
            }
            Some(Said::List(list)) => self.list = Some(list),
        }
    }

    /// Returns what was read.
    pub(super) fn finish(self, gap: bool) -> RetryLog {
        let nothing_lost = self.nothing_lost.unwrap_or(false);
        let mut tests: Vec<(Test, Tries)> = self.tests.into_iter().collect();
        tests.sort_by_key(|(_, tries)| tries.place);
        let tests: Vec<RetriedTest> = tests
            .into_iter()
            .map(|(test, tries)| RetriedTest {
                classname: test.classname.into(),
                name: test.name.into(),
                failed: tries.failed.max(tries.in_summary),
                passed: !tries.lost && (tries.passed || (tries.in_summary > 0 && nothing_lost)),
            })
            .filter(|test| test.failed > 0)
            .collect();
        let named = tests.iter().filter(|test| test.passed).count();
        RetryLog {
            flaky: self.flakes.max(u32::try_from(named).unwrap_or(u32::MAX)),
            reruns: self.reruns,
            truncated: gap || self.crowded,
            tests: tests.into_iter().filter(|test| !test.name.is_empty()).collect(),
        }
    }

    /// Reads a line as one of a list of names, and returns whether it was.
    fn listed(&mut self, list: List, line: &str) -> bool {
        match list {
            List::Playwright => match playwright(line) {
                Some(test) => self.note(test, |tries| (tries.failed, tries.passed) = (tries.failed.max(1), true)),
                None => self.list = None,
            },
            List::Surefire => match surefire(line) {
                Some(Flake::Name(test)) => {
                    self.current = Some(test.clone());
                    self.note(test, |_| {});
                }
                Some(Flake::Run(passed)) => {
                    if let Some(test) = self.current.clone() {
                        self.change(&test, |tries| {
                            tries.failed += u32::from(!passed);
                            tries.passed |= passed;
                        });
                    }
                }
                // Blank lines part the tests; anything else ends the list.
                None if line.trim_start_matches(['[', ']']).trim_start_matches("INFO]").trim().is_empty() => {}
                None => self.gap(),
            },
        }
        self.list.is_some()
    }

    fn note(&mut self, test: Test, change: impl FnOnce(&mut Tries)) {
        let place = self.tests.len();
        if place >= TESTS && !self.tests.contains_key(&test) {
            self.crowded = true;
            return;
        }
        change(self.tests.entry(test).or_insert_with(|| Tries { place, ..Tries::default() }));
    }

    /// Most tests that pass or fail were never tried again: only those that were are kept.
    fn change(&mut self, test: &Test, change: impl FnOnce(&mut Tries)) {
        if let Some(tries) = self.tests.get_mut(test) {
            change(tries);
        }
    }
}
