//! Incidents on the screen: judged anew where a service or a credential was. That takes in all findings of all services,
//! so of many services that were judged one after the other it is done once, before they are shown.

use super::Model;
use crate::analysis;

/// Judges them where a service or a credential was judged since, unless more services are still to be.
pub(super) fn catch_up(model: &mut Model) {
    if model.incidents_are_due && !model.rounds.are_behind() && model.frozen.is_none() {
        judge(model);
    }
}

/// Judges what of all findings belongs together.
pub(super) fn judge(model: &mut Model) {
    model.incidents_are_due = false;
    let judged = analysis::incidents(&model.snapshot, &model.report, &model.policy, model.now);
    if judged != model.report.incidents {
        model.report.incidents = judged;
        model.edition += 1;
    }
}
