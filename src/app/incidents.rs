//! Incidents on the screen: judged anew where a service or a credential was.

use super::Model;
use crate::analysis;

/// Judges what of all findings belongs together.
pub(super) fn judge(model: &mut Model) {
    let judged = analysis::incidents(&model.snapshot, &model.report, &model.policy, model.now);
    if judged != model.report.incidents {
        model.report.incidents = judged;
        model.edition += 1;
    }
}
