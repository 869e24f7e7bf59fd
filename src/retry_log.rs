//! Reads from a job's log which tests were tried again: a second source beside reports, which often hide retries.

mod line;
mod named;
mod scan;

use crate::domain::RetryLog;
use crate::job_log::{Piece, pieces};
use scan::Scan;

/// Returns what the log says of retries. `tail` is the log's end where a middle was left out.
#[must_use]
pub fn parse(head: &[u8], tail: Option<&[u8]>) -> RetryLog {
    let mut scan = Scan::default();
    for piece in pieces(head, tail) {
        match piece {
            Piece::Line(raw) if scan.is_listing() || line::may_matter(raw) => scan.line(&line::clean(raw)),
            Piece::Line(_) => {}
            Piece::Gap => scan.gap(),
        }
    }
    scan.finish(tail.is_some())
}
