//! The test cases of one report, kept so that a report of 200,000 cases fits into 20 MB.

use super::{Ending, TestCase, TestCounts, TestId, TestResult, Text, Unreadable};

/// Where a text lies in the report's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Span {
    start: u32,
    length: u16,
}

/// What neighbouring cases have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Group {
    suite: Span,
    host: Span,
    classname: Span,
    file: Option<Span>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    id: TestId,
    /// Not a number where it is not known.
    seconds: f32,
    name: u32,
    group: u32,
    message: u32,
    name_length: u16,
    flaky: u16,
    reruns: u16,
    result: TestResult,
}

const NO_MESSAGE: u32 = u32::MAX;

/// Names may take so many bytes.
const WORDS: usize = 16 << 20;

/// Messages may take so many bytes together, and each so many.
const MESSAGES: usize = 2 << 20;
const MESSAGE: usize = 4 << 10;

/// The test cases of one report.
#[derive(Debug, Clone)]
pub struct TestReport {
    text: String,
    groups: Vec<Group>,
    rows: Vec<Row>,
    messages: Vec<Box<str>>,
    message_bytes: usize,
    /// How many there are of what.
    pub counts: TestCounts,
    /// How the reading ended.
    pub ending: Ending,
}

impl Default for TestReport {
    fn default() -> Self {
        Self {
            text: String::new(),
            groups: Vec::new(),
            rows: Vec::new(),
            messages: Vec::new(),
            message_bytes: 0,
            counts: TestCounts::default(),
            ending: Ending::Whole,
        }
    }
}

impl TestReport {
    /// Keeps a case.
    ///
    /// # Errors
    /// Where the names would take more memory than a report may.
    pub fn push(&mut self, case: &TestCase<'_>) -> Result<(), Unreadable> {
        self.count(case);
        let group = self.group(case);
        let name = self.keep(case.name);
        let message = case.message.and_then(|message| self.keep_message(message));
        if self.text.len() > WORDS {
            return Err(Unreadable::TooWordy(WORDS >> 20));
        }
        grow(&mut self.rows);
        self.rows.push(Row {
            id: TestId::of(case.classname, case.name, case.file),
            seconds: case.seconds.unwrap_or(f32::NAN),
            name: name.start,
            group,
            message: message.unwrap_or(NO_MESSAGE),
            name_length: name.length,
            flaky: u16::try_from(case.flaky).unwrap_or(u16::MAX),
            reruns: u16::try_from(case.reruns).unwrap_or(u16::MAX),
            result: case.result,
        });
        Ok(())
    }

    /// Gives back what was reserved and not used.
    pub fn seal(&mut self) {
        self.text.shrink_to_fit();
        self.rows.shrink_to_fit();
        self.groups.shrink_to_fit();
    }

    /// Returns how many cases are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether no case is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns how many bytes are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.capacity()
            + self.rows.capacity() * size_of::<Row>()
            + self.groups.capacity() * size_of::<Group>()
            + self.messages.capacity() * size_of::<Box<str>>()
            + self.message_bytes
    }

    /// Returns every case with what makes it unique, in the order of the report. Every text is clean.
    pub fn cases(&self) -> impl Iterator<Item = (TestId, TestCase<'_>)> {
        self.rows.iter().filter_map(|row| {
            let group = usize::try_from(row.group).ok().and_then(|place| self.groups.get(place))?;
            let case = TestCase {
                suite: self.text(group.suite),
                host: self.text(group.host),
                classname: self.text(group.classname),
                name: self.text(Span { start: row.name, length: row.name_length }),
                file: group.file.map(|file| self.text(file)),
                result: row.result,
                flaky: u32::from(row.flaky),
                reruns: u32::from(row.reruns),
                seconds: Some(row.seconds).filter(|seconds| !seconds.is_nan()),
                message: usize::try_from(row.message)
                    .ok()
                    .and_then(|place| self.messages.get(place))
                    .map(AsRef::as_ref),
            };
            Some((row.id, case))
        })
    }

    fn count(&mut self, case: &TestCase<'_>) {
        let counts = &mut self.counts;
        match case.result {
            TestResult::Passed => counts.passed += 1,
            TestResult::Skipped => counts.skipped += 1,
            TestResult::Failed => counts.failed += 1,
            TestResult::Error => counts.errors += 1,
        }
        counts.flaky += u32::from(case.result == TestResult::Passed && case.flaky > 0);
    }

    /// Neighbours mostly share their suite, class and file, so these are written once.
    fn group(&mut self, case: &TestCase<'_>) -> u32 {
        let last = self.groups.last().copied();
        let suite = self.share(last.map(|last| last.suite), case.suite);
        let host = self.share(last.map(|last| last.host), case.host);
        let classname = self.share(last.map(|last| last.classname), case.classname);
        let file = case.file.map(|file| self.share(last.and_then(|last| last.file), file));
        let group = Group { suite, host, classname, file };
        if last != Some(group) {
            self.groups.push(group);
        }
        u32::try_from(self.groups.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    fn share(&mut self, last: Option<Span>, written: &str) -> Span {
        match last {
            Some(last) if is_clean(written) && self.text(last) == written => last,
            _ => self.keep(written),
        }
    }

    fn keep(&mut self, written: &str) -> Span {
        if is_clean(written) {
            self.append(written)
        } else {
            let text = Text::new(written);
            self.append(text.as_str())
        }
    }

    fn append(&mut self, clean: &str) -> Span {
        let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        if self.text.capacity() - self.text.len() < clean.len() {
            self.text.reserve_exact(clean.len() + (256 << 10));
        }
        self.text.push_str(clean);
        Span { start, length: u16::try_from(clean.len()).unwrap_or(u16::MAX) }
    }

    fn text(&self, span: Span) -> &str {
        let start = usize::try_from(span.start).unwrap_or(usize::MAX);
        self.text.get(start..start.saturating_add(usize::from(span.length))).unwrap_or_default()
    }

    fn keep_message(&mut self, written: &str) -> Option<u32> {
        let message = clean_lines(written);
        if message.is_empty() {
            return None;
        }
        if self.message_bytes + message.len() > MESSAGES {
            self.counts.messages_dropped += 1;
            return None;
        }
        self.message_bytes += message.len();
        self.messages.push(message.into());
        u32::try_from(self.messages.len() - 1).ok()
    }
}

/// What most names are, and what `Text` would leave as it is.
fn is_clean(written: &str) -> bool {
    written.len() <= 512 && written.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Cleans line by line, so that a stack trace stays one.
fn clean_lines(written: &str) -> String {
    let mut message = String::new();
    for line in written.trim().lines() {
        let line = Text::new(line.trim_end());
        if message.len() + line.as_str().len() + 1 > MESSAGE {
            message.push('…');
            break;
        }
        if !message.is_empty() {
            message.push('\n');
        }
        message.push_str(line.as_str());
    }
    message
}

/// Grows by an eighth instead of doubling: the last doubling of a long report would cost more than its content.
fn grow(rows: &mut Vec<Row>) {
    if rows.len() == rows.capacity() {
        rows.reserve_exact((rows.len() / 8).max(1 << 10));
    }
}
