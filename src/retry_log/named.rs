//! The lines by which each tool says that a test was tried again.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What a line says of one test or of all.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// This test failed so often and passed then.
    Flaky(Test, u32),
    /// This try of this test ended so.
    Try(Test, u32, bool),
    /// This test failed and is tried again, as pytest says while it runs or in its summary.
    Again(Test, bool),
    /// This test passed.
    Passed(Test),
    /// This test failed for good.
    Failed(Test),
    /// So many tests failed and then passed; names may follow.
    Flakes(u32, Option<List>),
    /// So many tries were repeats, and whether none of them failed for good.
    Reruns(u32, bool),
    /// The names of tests that failed and then passed follow.
    List(List),
}

/// Whose list of names follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Playwright,
    Surefire,
}

/// A test by the names that its tool's report would give it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Test {
    pub(super) classname: String,
    pub(super) name: String,
}

macro_rules! pattern {
    ($name:ident, $pattern:literal) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).unwrap());
    };
}

pattern!(
    NEXTEST,
    r"^ *(?:TRY (\d+) (PASS|FAIL|ABORT|SIG\w+|TMT|LEAK)|FLAKY (\d+)/\d+) +\[ *[0-9.]+s\] +(?:\( *\d+/ *\d+\) +)?(\S+) +(\S.*)$"
);
pattern!(NEXTEST_SUMMARY, r"^ *Summary \[ *[0-9.]+s\].*\((?:.*, )?(\d+) flaky");
pattern!(FLAKY, r"\bFLAKY (\d+)/\d+\b:? *(?:\[ *[0-9.]+ ?m?s\] *)?(.*)$");
pattern!(BAZEL, r"^(//\S+) +FLAKY, failed in (\d+) out of \d+");
pattern!(FLAKES, r"(?:^|[\s,])Flakes: (\d+)");
pattern!(FLAKES_HEAD, r"^(?:\[\w+\] *)?Flakes: *$");
pattern!(PLAYWRIGHT, r"^ *(\d+) flaky$");
pattern!(PYTEST_SUMMARY, r"^=* ?(?:\d+ \w+, )*(\d+) rerun(?:, \d+ \w+)* in [0-9.]+s");
pattern!(PYTEST, r"^(?:\[gw\d+\] (?:\[ *\d+%\] )?)?(RERUN|PASSED|FAILED|ERROR) (\S+::.*?)(?: - .*)?$");
pattern!(PYTEST_VERBOSE, r"^(\S+::.*?) (RERUN|PASSED|FAILED|ERROR)(?: +\[ *\d+%\])?$");
pattern!(ATTEMPT, r"^ *\(Attempt (\d+) of \d+\) (.+)$");
pattern!(TICK, r"^ *✓ +(.+?)(?: \(\d+m?s\))?$");

/// Returns what the line says.
pub(super) fn read(line: &str) -> Option<Said> {
    nextest(line).or_else(|| pytest(line)).or_else(|| counted(line)).or_else(|| cypress(line)).or_else(|| others(line))
}

fn nextest(line: &str) -> Option<Said> {
    if let Some(found) = NEXTEST.captures(line) {
        let test = Test { classname: part(&found, 4), name: part(&found, 5) };
        return Some(match number(&found, 3) {
            Some(tries) => Said::Flaky(test, tries.saturating_sub(1)),
            None => Said::Try(test, number(&found, 1)?, matches!(&*part(&found, 2), "PASS" | "LEAK")),
        });
    }
    Some(Said::Flakes(number(&NEXTEST_SUMMARY.captures(line)?, 1)?, None))
}

fn counted(line: &str) -> Option<Said> {
    if FLAKES_HEAD.is_match(line) {
        return Some(Said::List(List::Surefire));
    }
    if let Some(found) = PLAYWRIGHT.captures(line) {
        return Some(Said::Flakes(number(&found, 1)?, Some(List::Playwright)));
    }
    Some(Said::Flakes(number(&FLAKES.captures(line)?, 1)?, None))
}

fn pytest(line: &str) -> Option<Said> {
    if let Some(found) = PYTEST_SUMMARY.captures(line) {
        let lost = line.contains(" failed") || line.contains(" error");
        return Some(Said::Reruns(number(&found, 1)?, !lost));
    }
    let in_summary = PYTEST.captures(line);
    let while_running = in_summary.is_none();
    let (id, word) = match in_summary {
        Some(found) => (part(&found, 2), part(&found, 1)),
        None => PYTEST_VERBOSE.captures(line).map(|found| (part(&found, 1), part(&found, 2)))?,
    };
    let test = pytest_name(&id)?;
    Some(match word.as_str() {
        "RERUN" => Said::Again(test, while_running || line.starts_with("[gw")),
        "PASSED" => Said::Passed(test),
        _ => Said::Failed(test),
    })
}

/// `tests/a.py::TestX::test_b` is class `tests.a.TestX` and name `test_b` in pytest's report.
fn pytest_name(id: &str) -> Option<Test> {
    let (place, parameters) = id.split_once('[').map_or((id, None), |(place, rest)| (place, Some(rest)));
    let (path, name) = place.rsplit_once("::")?;
    let classname = path.replace(".py", "").replace(['/', '\\'], ".").replace("::", ".");
    let name = parameters.map_or_else(|| name.to_owned(), |parameters| format!("{name}[{parameters}"));
    Some(Test { classname, name })
}

fn cypress(line: &str) -> Option<Said> {
    if let Some(found) = ATTEMPT.captures(line) {
        let test = Test { classname: String::new(), name: part(&found, 2) };
        return Some(Said::Try(test, number(&found, 1)?, false));
    }
    TICK.captures(line).map(|found| Said::Passed(Test { classname: String::new(), name: part(&found, 1) }))
}

fn others(line: &str) -> Option<Said> {
    if let Some(found) = BAZEL.captures(line) {
        let test = Test { classname: String::new(), name: part(&found, 1) };
        return Some(Said::Flaky(test, number(&found, 2)?));
    }
    let found = FLAKY.captures(line)?;
    let test = Test { classname: String::new(), name: part(&found, 2).trim().to_owned() };
    Some(Said::Flaky(test, number(&found, 1)?.saturating_sub(1)))
}

/// Returns the test of a line below `N flaky`: `[chromium] › a.spec.ts:3:5 › group › title ───`.
pub(super) fn playwright(line: &str) -> Option<Test> {
    let line = line.strip_prefix("  ")?.trim().trim_end_matches('─').trim_end();
    let mut parts: Vec<&str> = line.split(" › ").collect();
    if parts.first().is_some_and(|first| first.starts_with('[')) {
        parts.remove(0);
    }
    let (place, titles) = parts.split_first().filter(|(_, titles)| !titles.is_empty())?;
    let file = place.split(':').next().unwrap_or_default();
    Some(Test { classname: file.to_owned(), name: titles.join(" › ") })
}

/// A line below surefire's `Flakes:`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flake {
    Name(Test),
    Run(bool),
}

/// Returns what a line below surefire's `Flakes:` says.
pub(super) fn surefire(line: &str) -> Option<Flake> {
    let line = line.strip_prefix('[').and_then(|line| line.split_once(']')).map_or(line, |(_, rest)| rest);
    if let Some((number, how)) = line.trim().strip_prefix("Run ").and_then(|run| run.split_once(": ")) {
        return number.parse::<u32>().ok().map(|_| Flake::Run(how.trim() == "PASS"));
    }
    let id = line.trim();
    if id.is_empty() || id.contains(' ') {
        return None;
    }
    let (classname, name) = id.rsplit_once('.')?;
    Some(Flake::Name(Test { classname: classname.to_owned(), name: name.to_owned() }))
}

fn part(found: &Captures<'_>, place: usize) -> String {
    found.get(place).map(|part| part.as_str().to_owned()).unwrap_or_default()
}

fn number(found: &Captures<'_>, place: usize) -> Option<u32> {
    found.get(place)?.as_str().parse().ok()
}
