//! Reads from the log of a push job what it says that it pushed. A claim is evidence, never proof.

mod command;
mod form;
mod line;
mod refusal;
mod scan;

use crate::domain::PushLog;
use crate::job_log::{Piece, pieces};
use scan::Scan;

/// Returns what the log says. `tail` is the log's end where a middle was left out.
#[must_use]
pub fn parse(head: &[u8], tail: Option<&[u8]>) -> PushLog {
    let mut scan = Scan::default();
    for piece in pieces(head, tail) {
        match piece {
            Piece::Line(raw) if line::may_matter(raw) => scan.line(line::read(raw)),
            Piece::Line(_) => {}
            Piece::Gap => scan.gap(),
        }
    }
    PushLog { truncated: tail.is_some(), available: true, ..scan.finish() }
}
