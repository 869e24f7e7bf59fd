//! Reads from the log of a push job what it says that it pushed. A claim is evidence, never proof.

mod command;
mod form;
mod line;
mod refusal;
mod scan;

use crate::domain::PushLog;
use scan::Scan;

/// Longer lines are no tool's claim: minified files, encoded archives.
const LONGEST_LINE: usize = 2_000;

/// Returns what the log says. `tail` is the log's end where a middle was left out.
///
/// At the gap the lines on both sides are cut somewhere inside, so neither is read.
#[must_use]
pub fn parse(head: &[u8], tail: Option<&[u8]>) -> PushLog {
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
    PushLog { truncated: tail.is_some(), available: true, ..scan.finish() }
}

/// Progress bars overwrite their line with `\r`, and GitLab ends its section marks with it: both end a line here.
fn read(scan: &mut Scan, log: &[u8]) {
    for raw in log.split(|byte| matches!(byte, b'\n' | b'\r')) {
        if raw.len() <= LONGEST_LINE && line::may_matter(raw) {
            scan.line(line::read(raw));
        }
    }
}
