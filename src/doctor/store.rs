//! What is kept from one process to the next: whether it can be used, how large it is, what was set aside.

use super::{About, Check, Grade, Section};
use crate::domain::Text;
use crate::store::{Contents, Inspection, StoreError};

/// With less than this free nothing can be kept.
const NOTHING: u64 = 1 << 20;

impl Section {
    /// Returns what a look at the history means; `None` where none is kept. It may grow to so many megabytes.
    #[must_use]
    pub fn of_store(inspection: Option<&Result<Inspection, String>>, megabytes: u32) -> Self {
        let checks = match inspection {
            None => {
                vec![Check::new("history", Grade::Ok, "none is kept, as was asked for, or for want of a home folder")]
            }
            Some(Err(why)) => vec![Check::new("history", Grade::Unknown, why.clone())],
            Some(Ok(inspection)) => checks(inspection, megabytes),
        };
        Self { about: About::Store, name: "store".into(), head: "History".into(), checks, health: None }
    }
}

fn checks(inspection: &Inspection, megabytes: u32) -> Vec<Check> {
    let path = Text::new(&inspection.path.to_string_lossy());
    let mut checks = vec![match &inspection.found {
        Ok(None) => Check::new("history", Grade::Ok, format!("{path} is not there yet; the first start makes it")),
        Ok(Some(Contents { version, bytes, log_bytes })) => {
            let says = format!("{path} is sound, {}, and {} in its log", size(*bytes), size(*log_bytes));
            let check = Check::new("history", Grade::Ok, says);
            if *version < Contents::NEWEST {
                check.why(format!("Of version {version}; the next start brings it to version {}.", Contents::NEWEST))
            } else {
                check.why(format!("Of version {version}."))
            }
        }
        Err(error) => failed(error),
    }];
    if !inspection.writable && !matches!(inspection.found, Err(StoreError::ReadOnly { .. })) {
        let check = Check::new("rights", Grade::Fail, format!("{path} cannot be written by this user"));
        checks.push(check.fix("Give its folder to this user, name another with --state, or go without by --no-state."));
    }
    checks.extend(inspection.exposed.iter().map(|warning| {
        let check = Check::new("folder", Grade::Warn, warning.clone());
        check.why("The history names your repositories, runs and images. A folder that landfall makes is yours alone.")
    }));
    checks.extend(inspection.free.map(|free| room(free, inspection, megabytes)));
    checks.extend(inspection.set_aside.iter().map(|aside| {
        let path = Text::new(&aside.path.to_string_lossy());
        Check::new("set aside", Grade::Warn, format!("{path}, {}, was damaged", size(aside.bytes)))
            .why("What could be read of it is in the history of today. Damage comes from disks and power cuts.")
            .fix("Look at the disk's health; delete the file when nobody wants to look into it.")
    }));
    checks
}

fn failed(error: &StoreError) -> Check {
    let grade = match error {
        StoreError::Locked(_) => Grade::Unknown,
        StoreError::Newer(_)
        | StoreError::ReadOnly { .. }
        | StoreError::NoFolder(_)
        | StoreError::Full(_)
        | StoreError::Damaged(_)
        | StoreError::Unusable { .. } => Grade::Fail,
    };
    let check = Check::new("history", grade, error.to_string());
    match error {
        StoreError::Damaged(_) => check
            .fix("Start the dashboard or a check: what can be read goes on in a new file, and the old one is kept."),
        StoreError::Newer(_)
        | StoreError::ReadOnly { .. }
        | StoreError::NoFolder(_)
        | StoreError::Full(_)
        | StoreError::Locked(_)
        | StoreError::Unusable { .. } => check,
    }
}

fn room(free: u64, inspection: &Inspection, megabytes: u32) -> Check {
    let used = match &inspection.found {
        Ok(Some(contents)) => contents.bytes,
        Ok(None) | Err(_) => 0,
    };
    let wanted = (u64::from(megabytes) << 20).saturating_sub(used);
    let says = format!("{} free", size(free));
    let fix = "Make room, name another folder with --state, or set [history] megabytes lower.";
    if free < NOTHING {
        Check::new("room", Grade::Fail, says).fix(fix)
    } else if free < wanted {
        Check::new("room", Grade::Warn, says).why(format!("It may grow by {} more.", size(wanted))).fix(fix)
    } else {
        Check::new("room", Grade::Ok, says)
    }
}

/// Returns a number of bytes in the unit that people read.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1_000),
        10_000_000..10_000_000_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{} GB", bytes / 1_000_000_000),
    }
}
