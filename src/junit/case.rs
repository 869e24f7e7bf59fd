//! One test case while it is read: its attributes, and the results that stand in it.

use std::borrow::Cow;

use quick_xml::events::BytesStart;

use super::entity::{resolve, unescape};
use super::seconds;
use crate::domain::{TestCase, TestReport, TestResult, Text, Unreadable};

/// So many bytes of a message are read.
const MESSAGE: usize = 4 << 10;

/// What stands directly in a test case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `failure`, `error` or `skipped`.
    Result(TestResult),
    /// A try that failed before the case passed.
    Flaky,
    /// A try that failed again.
    Rerun,
}

/// One test case while it is read.
#[derive(Debug)]
pub(super) struct Open<'a> {
    element: BytesStart<'a>,
    result: TestResult,
    results: u32,
    flaky: u32,
    reruns: u32,
    message: String,
    /// Whether the text that comes belongs to the message.
    listening: bool,
}

impl<'a> Open<'a> {
    pub(super) fn new(element: BytesStart<'a>) -> Self {
        let result = TestResult::Passed;
        Self { element, result, results: 0, flaky: 0, reruns: 0, message: String::new(), listening: false }
    }

    /// Takes in a result. The gravest one's message is kept, or the first try's where nothing graver comes.
    pub(super) fn part(&mut self, part: Part, element: &BytesStart<'_>) {
        let tells = match part {
            Part::Result(result) => {
                self.results += 1;
                let graver = result > self.result;
                self.result = self.result.max(result);
                graver && result != TestResult::Skipped
            }
            Part::Flaky => {
                self.flaky += 1;
                self.result <= TestResult::Skipped && self.message.is_empty()
            }
            Part::Rerun => {
                self.reruns += 1;
                false
            }
        };
        self.listening = false;
        if tells {
            self.message.clear();
            if let Some(message) = attribute(element, "message") {
                push_up_to(&mut self.message, &message);
            }
            self.listening = self.message.trim().is_empty();
        }
    }

    /// Takes in text of the result.
    pub(super) fn text(&mut self, text: &str) {
        if self.listening {
            push_up_to(&mut self.message, text);
        }
    }

    /// Takes in `&name;`.
    pub(super) fn reference(&mut self, name: &str) {
        if !self.listening {
            return;
        }
        match resolve(name) {
            Some(letter) => push_up_to(&mut self.message, letter.encode_utf8(&mut [0; 4])),
            None => push_up_to(&mut self.message, &format!("&{name};")),
        }
    }

    /// Hears no more: the result ended.
    pub(super) fn silence(&mut self) {
        self.listening = false;
    }

    /// Returns the name, for the case at which a file was cut off.
    pub(super) fn name(&self) -> Text {
        Text::new(&attribute(&self.element, "name").unwrap_or_default())
    }

    /// Keeps the case in the report.
    pub(super) fn close(self, suite: &str, host: &str, report: &mut TestReport) -> Result<(), Unreadable> {
        let Attributes { name, classname, file, time, status } = Attributes::of(&self.element);
        let said = status.as_deref().map_or(TestResult::Passed, said);
        let message = (!self.message.trim().is_empty()).then_some(&*self.message);
        report.counts.several_results += u32::from(self.results > 1);
        report.push(&TestCase {
            suite,
            host,
            classname: classname.as_deref().unwrap_or_default(),
            name: name.as_deref().unwrap_or_default(),
            file: file.as_deref(),
            result: self.result.max(said),
            flaky: self.flaky,
            reruns: self.reruns,
            seconds: time.as_deref().and_then(seconds::parse),
            message,
        })
    }
}

/// The attributes of a test case that are used. The first of a name counts.
#[derive(Default)]
struct Attributes<'e> {
    name: Option<Cow<'e, str>>,
    classname: Option<Cow<'e, str>>,
    file: Option<Cow<'e, str>>,
    time: Option<Cow<'e, str>>,
    status: Option<Cow<'e, str>>,
}

impl<'e> Attributes<'e> {
    fn of(element: &'e BytesStart<'_>) -> Self {
        let mut found = Self::default();
        for attribute in element.attributes().with_checks(false).flatten() {
            let slot = match attribute.key.as_ref() {
                "name" => &mut found.name,
                "classname" => &mut found.classname,
                "file" => &mut found.file,
                "time" => &mut found.time,
                "status" => &mut found.status,
                _ => continue,
            };
            if slot.is_none() {
                *slot = Some(value(attribute.value));
            }
        }
        found
    }
}

/// Returns an attribute's value with its references resolved.
pub(super) fn attribute<'e>(element: &'e BytesStart<'_>, name: &str) -> Option<Cow<'e, str>> {
    let mut attributes = element.attributes();
    let found = attributes.with_checks(false).flatten().find(|attribute| attribute.key.as_ref() == name)?;
    Some(value(found.value))
}

fn value(raw: Cow<'_, str>) -> Cow<'_, str> {
    match raw {
        Cow::Borrowed(raw) => unescape(raw),
        Cow::Owned(raw) => unescape(&raw).into_owned().into(),
    }
}

/// Some tools, googletest first, say by a status alone that a case was not run.
fn said(status: &str) -> TestResult {
    let is = |words: &[&str]| words.iter().any(|word| status.eq_ignore_ascii_case(word));
    if is(&["notrun", "disabled", "skipped", "ignored"]) {
        TestResult::Skipped
    } else if is(&["failed", "failure", "fail"]) {
        TestResult::Failed
    } else if is(&["error"]) {
        TestResult::Error
    } else {
        TestResult::Passed
    }
}

fn push_up_to(message: &mut String, text: &str) {
    let mut room = MESSAGE.saturating_sub(message.len()).min(text.len());
    while !text.is_char_boundary(room) {
        room -= 1;
    }
    message.push_str(text.get(..room).unwrap_or_default());
}
