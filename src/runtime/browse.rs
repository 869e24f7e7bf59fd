//! Opens a page where the user sits.

use std::process::Stdio;

use crate::http::hidden_variables;

/// Opens a page in the user's browser and waits for whoever opens it; nothing happens where there is none. No secret of
/// ours is in what it inherits.
pub(super) fn browse(page: &str) {
    for mut command in open::commands(page) {
        for name in hidden_variables() {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if command.status().is_ok_and(|status| status.success()) {
            return;
        }
    }
}
