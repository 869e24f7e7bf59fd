//! The walk through a report's elements, without recursion: where it stands, and what is open.

use quick_xml::events::BytesStart;

use super::case::{Open, Part, attribute};
use crate::domain::{Ending, TestReport, TestResult, Text, Unreadable};

/// Elements within each other.
const DEEPEST: usize = 128;

/// Test cases in one report.
const MOST: usize = 200_000;

/// So many bytes of the names of nested suites are kept.
const PATH: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Suites,
    Suite,
    Case,
    Part(Part),
    Other,
}

/// A suite that is open: its name below those around it, and the machine or browser that it names.
#[derive(Debug, Default)]
struct Suite {
    path: String,
    host: String,
}

/// Where the walk stands.
#[derive(Debug, Default)]
pub(super) struct Walk<'a> {
    report: TestReport,
    open: Vec<Kind>,
    suites: Vec<Suite>,
    cases: Vec<Open<'a>>,
    /// Whether a root was a report's.
    found: bool,
    /// The first root that was not, and whether the walk is in one.
    foreign: Option<Text>,
    in_foreign: bool,
    /// Whether something was written outside of every element.
    stray: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn start(&mut self, element: BytesStart<'a>) -> Result<(), Unreadable> {
        let kind = self.kind(&element);
        self.enter(kind)?;
        match kind {
            Kind::Suite => self.suite(&element),
            Kind::Case => self.cases.push(Open::new(element)),
            Kind::Part(part) => self.part(part, &element),
            Kind::Suites | Kind::Other => {}
        }
        Ok(())
    }

    pub(super) fn empty(&mut self, element: BytesStart<'a>) -> Result<(), Unreadable> {
        self.start(element)?;
        self.leave()
    }

    pub(super) fn end(&mut self, name: &str) -> Result<(), Unreadable> {
        let kind = kind(name);
        // Elements that were never closed end with the one around them; an end without a start ends nothing.
        let depth = self.open.iter().rposition(|open| *open == kind || (self.in_foreign && *open == Kind::Other));
        while depth.is_some_and(|depth| self.open.len() > depth) {
            self.leave()?;
        }
        Ok(())
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.open.is_empty() {
            self.stray |= !text.trim().is_empty();
        } else if let (Some(Kind::Part(_)), Some(case)) = (self.open.last(), self.cases.last_mut()) {
            case.text(text);
        }
    }

    pub(super) fn reference(&mut self, name: &str) {
        if let (Some(Kind::Part(_)), Some(case)) = (self.open.last(), self.cases.last_mut()) {
            case.reference(name);
        }
    }

    /// Returns the report, or why there is none. `why` is what stopped the reading before the end.
    pub(super) fn finish(mut self, at: u64, why: Option<String>) -> Result<TestReport, Unreadable> {
        if !self.found {
            return Err(match self.foreign {
                Some(root) => Unreadable::NotJunit(root),
                None if self.stray || why.is_some() => Unreadable::NotXml,
                None => Unreadable::Empty,
            });
        }
        let unclosed = (!self.open.is_empty()).then(|| "the file ends within an element".to_owned());
        if let Some(why) = why.or(unclosed) {
            let open = self.cases.last().map(Open::name);
            self.report.ending = Ending::Cut { at, why: why.into(), open };
        }
        self.report.seal();
        Ok(self.report)
    }

    fn kind(&mut self, element: &BytesStart<'_>) -> Kind {
        let local = element.local_name();
        let kind = kind(local.as_ref());
        if self.open.is_empty() {
            self.in_foreign = !matches!(kind, Kind::Suites | Kind::Suite);
            self.found |= !self.in_foreign;
            if self.in_foreign {
                self.foreign.get_or_insert_with(|| Text::new(local.as_ref()));
            }
        }
        // Results count where they stand directly in a case; those of a suite are told apart in `part`.
        let misplaced = matches!(kind, Kind::Part(_)) && !matches!(self.open.last(), Some(Kind::Case | Kind::Suite));
        if self.in_foreign || misplaced { Kind::Other } else { kind }
    }

    fn enter(&mut self, kind: Kind) -> Result<(), Unreadable> {
        if self.open.len() >= DEEPEST {
            return Err(Unreadable::TooDeep(DEEPEST));
        }
        self.open.push(kind);
        Ok(())
    }

    fn leave(&mut self) -> Result<(), Unreadable> {
        match self.open.pop() {
            Some(Kind::Suite) => {
                self.suites.pop();
            }
            Some(Kind::Case) => {
                if self.report.len() >= MOST {
                    return Err(Unreadable::TooMany(MOST));
                }
                let outside = Suite::default();
                let suite = self.suites.last().unwrap_or(&outside);
                if let Some(case) = self.cases.pop() {
                    case.close(&suite.path, &suite.host, &mut self.report)?;
                }
            }
            Some(Kind::Part(_)) => {
                if let Some(case) = self.cases.last_mut() {
                    case.silence();
                }
            }
            Some(Kind::Suites | Kind::Other) | None => {}
        }
        Ok(())
    }

    fn suite(&mut self, element: &BytesStart<'_>) {
        self.report.counts.suites += 1;
        let name = attribute(element, "name").unwrap_or_default();
        let outer = self.suites.last().map_or("", |suite| &suite.path);
        let joint = if outer.is_empty() || name.is_empty() { "" } else { " › " };
        let host = attribute(element, "hostname").unwrap_or_default();
        let path = cut(&format!("{outer}{joint}{name}")).to_owned();
        self.suites.push(Suite { path, host: cut(&host).to_owned() });
    }

    fn part(&mut self, part: Part, element: &BytesStart<'_>) {
        let in_case = self.open.iter().rev().nth(1) == Some(&Kind::Case);
        if let Some(case) = self.cases.last_mut().filter(|_| in_case) {
            case.part(part, element);
        } else {
            let broken = matches!(part, Part::Result(TestResult::Failed | TestResult::Error));
            self.report.counts.suite_errors += u32::from(broken);
        }
    }
}

fn kind(name: &str) -> Kind {
    match name {
        "testsuites" | "testrun" => Kind::Suites,
        "testsuite" => Kind::Suite,
        "testcase" => Kind::Case,
        "failure" => Kind::Part(Part::Result(TestResult::Failed)),
        "error" => Kind::Part(Part::Result(TestResult::Error)),
        "skipped" => Kind::Part(Part::Result(TestResult::Skipped)),
        "flakyFailure" | "flakyError" => Kind::Part(Part::Flaky),
        "rerunFailure" | "rerunError" => Kind::Part(Part::Rerun),
        _ => Kind::Other,
    }
}

/// Nested suites must not add up to more than their file.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(PATH);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
