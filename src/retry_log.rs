//! Reads from a job's log which tests were tried again: a second source beside reports, which often hide retries.

mod line;
mod named;
mod scan;

use crate::domain::RetryLog;
use scan::Scan;

/// Longer lines are no tool's summary.
const LONGEST_LINE: usize = 2_000;

/// Returns what the log says of retries. `tail` is the log's end where a middle was left out.
///
/// At the gap the lines on both sides are cut somewhere inside, so neither is read.
#[must_use]
pub fn parse(head: &[u8], tail: Option<&[u8]>) -> RetryLog {
    let mut scan = Scan::default();
    match tail {
        None => read(&mut scan, head),
        Some(tail) => {
            let whole_lines = head.iter().rposition(|&byte| byte == b'\n').unwrap_or(0);
            read(&mut scan, head.get(..whole_lines).unwrap_or_default());
            scan.gap();
            let first_line = tail.iter().position(|&byte| byte == b'\n').unwrap_or(tail.len());
            read(&mut scan, tail.get(first_line..).unwrap_or_default());
        }
    }
    scan.finish(tail.is_some())
}

fn read(scan: &mut Scan, log: &[u8]) {
    for raw in log.split(|byte| matches!(byte, b'\n' | b'\r')) {
        if raw.len() <= LONGEST_LINE && (scan.is_listing() || line::may_matter(raw)) {
            scan.line(&line::clean(raw));
        }
    }
}
