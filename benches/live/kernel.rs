//! What a process holds and spends, by what the kernel counts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// What each of its threads spent since it started.
pub(crate) struct Cost(BTreeMap<OsString, Spent>);

/// What was spent.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spent {
    /// On a core.
    pub(crate) nanoseconds: u64,
    /// How often it waited and was woken.
    pub(crate) waits: u64,
}

impl Cost {
    pub(crate) fn of(pid: u32) -> Self {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        Self(tasks.map(|task| task.unwrap()).map(|task| (task.file_name(), Spent::of(&task.path()))).collect())
    }

    /// Returns what was spent since then. What a thread spent that ended meanwhile is not known any more.
    pub(crate) fn since(&self, before: &Self) -> Spent {
        self.0.iter().fold(Spent::default(), |sum, (task, now)| {
            let then = before.0.get(task).copied().unwrap_or_default();
            Spent {
                nanoseconds: sum.nanoseconds + now.nanoseconds.saturating_sub(then.nanoseconds),
                waits: sum.waits + now.waits.saturating_sub(then.waits),
            }
        })
    }
}

impl Spent {
    fn of(task: &Path) -> Self {
        let read = |name| fs::read_to_string(task.join(name)).unwrap_or_default();
        let nanoseconds = read("schedstat").split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0);
        Self { nanoseconds, waits: field(&read("status"), "voluntary_ctxt_switches:").unwrap_or(0) }
    }
}

/// Returns how much of it is in memory, in megabytes.
pub(crate) fn resident(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let megabytes = field(&status, "VmRSS:").unwrap() as f64 / 1024.0;
    megabytes
}

fn field(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}
