//! The packed form of what the tests of a run left behind.

use std::sync::Arc;

use arcstr::ArcStr;
use jiff::Timestamp;

use super::packed::{Packer, Unpacker};
use super::words::Words;
use crate::domain::{FoundReport, OddCase, Reports, TestCounts, TestId, TestResult, TestSummary, Text, Unreadable};

/// Returns the stored form, behind the moment that the run ended.
pub(super) fn write(ended: Option<Timestamp>, reports: &Reports) -> Vec<u8> {
    let mut body = Packer::default();
    body.at(ended).count(reports.0.len() as u64);
    for FoundReport { job, at, summary, unread } in &reports.0 {
        body.text(job).at(*at).maybe(summary.as_ref(), |body, summary| write_summary(body, summary));
        body.count(unread.len() as u64);
        for (file, why) in unread {
            let (kind, number, words) = reason(why);
            body.text(file).count(kind).count(number).text(&words);
        }
    }
    body.finish()
}

pub(super) fn read(body: &[u8], words: &mut Words) -> Option<(Option<Timestamp>, Reports)> {
    let mut body = Unpacker::new(body);
    let (ended, count) = (body.at().ok()?, body.count()?);
    let found = (0..count).map(|_| read_found(&mut body, words)).collect::<Option<_>>()?;
    Some((ended, Reports(found)))
}

fn read_found(body: &mut Unpacker<'_>, words: &mut Words) -> Option<FoundReport> {
    let (job, at) = (words.text(body.text()?), body.at().ok()?);
    let summary = body.maybe(|body| read_summary(body, words).map(Arc::new)).ok()?;
    let count = body.count()?;
    let unread = (0..count)
        .map(|_| {
            let file = words.text(body.text()?);
            Some((file, read_reason(body.count()?, body.count()?, Text::new(body.text()?))?))
        })
        .collect::<Option<_>>()?;
    Some(FoundReport { job, at, summary, unread })
}

fn write_summary<'a>(body: &'a mut Packer, summary: &TestSummary) -> &'a mut Packer {
    body.count(summary.reports.into()).count(summary.cut.into()).count(summary.left_out.into());
    let TestCounts { suites, suite_errors, passed, failed, errors, skipped, flaky, several_results, messages_dropped } =
        summary.counts;
    for count in [suites, suite_errors, passed, failed, errors, skipped, flaky, several_results, messages_dropped] {
        body.count(count.into());
    }
    body.count(summary.odd.len() as u64);
    for OddCase { id, classname, name, file, result, tries, message } in &summary.odd {
        body.count(id.number()).text(classname).text(name).maybe(file.as_ref(), Packer::text);
        body.count(result_number(*result)).count((*tries).into());
        body.maybe(message.as_ref(), |body, message| body.bytes(message.as_bytes()));
    }
    // In order, each is told by how far it is from the one before.
    body.count(summary.passed.len() as u64);
    let mut before = 0;
    for id in &*summary.passed {
        body.count(id.wrapping_sub(before).into());
        before = *id;
    }
    body
}

fn read_summary(body: &mut Unpacker<'_>, words: &mut Words) -> Option<TestSummary> {
    let (reports, cut, left_out) = (body.small()?, body.small()?, body.small()?);
    let counts = TestCounts {
        suites: body.small()?,
        suite_errors: body.small()?,
        passed: body.small()?,
        failed: body.small()?,
        errors: body.small()?,
        skipped: body.small()?,
        flaky: body.small()?,
        several_results: body.small()?,
        messages_dropped: body.small()?,
    };
    let count = body.count()?;
    let odd = (0..count).map(|_| read_odd(body, words)).collect::<Option<_>>()?;
    let count = body.count()?;
    let mut before = 0_u32;
    let mut next = |_| {
        before = before.wrapping_add(body.small()?);
        Some(before)
    };
    let passed: Vec<u32> = (0..count).map(&mut next).collect::<Option<_>>()?;
    Some(TestSummary { reports, cut, counts, odd, passed: passed.into(), left_out })
}

fn read_odd(body: &mut Unpacker<'_>, words: &mut Words) -> Option<OddCase> {
    Some(OddCase {
        id: TestId::from_number(body.count()?),
        classname: words.text(body.text()?),
        name: words.text(body.text()?),
        file: body.maybe(|body| Some(words.text(body.text()?))).ok()?,
        result: read_result(body.count()?)?,
        tries: body.small()?,
        message: body.maybe(|body| Some(ArcStr::from(body.text()?))).ok()?,
    })
}

fn result_number(result: TestResult) -> u64 {
    match result {
        TestResult::Passed => 0,
        TestResult::Skipped => 1,
        TestResult::Failed => 2,
        TestResult::Error => 3,
    }
}

fn read_result(number: u64) -> Option<TestResult> {
    let all = [TestResult::Passed, TestResult::Skipped, TestResult::Failed, TestResult::Error];
    all.into_iter().find(|result| result_number(*result) == number)
}

/// Returns a reason as its kind, its number and its words.
fn reason(why: &Unreadable) -> (u64, u64, Text) {
    let nothing = Text::default();
    match why {
        Unreadable::Empty => (0, 0, nothing),
        Unreadable::NotXml => (1, 0, nothing),
        Unreadable::NotJunit(root) => (2, 0, root.clone()),
        Unreadable::Dtd => (3, 0, nothing),
        Unreadable::TooLarge(megabytes) => (4, *megabytes as u64, nothing),
        Unreadable::TooDeep(depth) => (5, *depth as u64, nothing),
        Unreadable::TooMany(cases) => (6, *cases as u64, nothing),
        Unreadable::TooWordy(megabytes) => (7, *megabytes as u64, nothing),
        Unreadable::Expired => (8, 0, nothing),
        Unreadable::Archive(words) => (9, 0, words.clone()),
        Unreadable::Bomb(times) => (10, *times, nothing),
        Unreadable::TooManyFiles(files) => (11, *files as u64, nothing),
        Unreadable::NotGiven(words) => (12, 0, words.clone()),
    }
}

fn read_reason(kind: u64, number: u64, words: Text) -> Option<Unreadable> {
    let size = usize::try_from(number).ok()?;
    Some(match kind {
        0 => Unreadable::Empty,
        1 => Unreadable::NotXml,
        2 => Unreadable::NotJunit(words),
        3 => Unreadable::Dtd,
        4 => Unreadable::TooLarge(size),
        5 => Unreadable::TooDeep(size),
        6 => Unreadable::TooMany(size),
        7 => Unreadable::TooWordy(size),
        8 => Unreadable::Expired,
        9 => Unreadable::Archive(words),
        10 => Unreadable::Bomb(number),
        11 => Unreadable::TooManyFiles(size),
        12 => Unreadable::NotGiven(words),
        _ => return None,
    })
}
