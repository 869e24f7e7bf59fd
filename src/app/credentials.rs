//! Credentials on the screen: judged anew where one was seen, and each minute, because the end comes nearer by itself.

use jiff::SignedDuration;

use super::Model;
use crate::analysis::{self, CredentialReport};

/// How often they are judged where nothing was seen.
const BEAT: SignedDuration = SignedDuration::from_mins(1);

/// Judges every credential; with the next incidents it is told whose fault they may be.
pub(super) fn judge(model: &mut Model) {
    let judged = analysis::credentials(&model.snapshot, &model.credential_policy, model.now);
    model.credentials_at = model.now;
    let key = |row: &CredentialReport| (row.record.id.clone(), row.urgency.severity, row.stale.is_some());
    let old = std::mem::replace(&mut model.report.credentials, judged);
    let is_same = old.iter().map(key).eq(model.report.credentials.iter().map(key));
    model.edition += u64::from(!is_same);
    model.incidents_are_due = true;
}

/// Judges them where that was long ago, and the screen does not stand still.
pub(super) fn pass(model: &mut Model) {
    let age = model.now.duration_since(model.credentials_at).abs();
    if model.frozen.is_none() && age >= BEAT {
        judge(model);
    }
}
