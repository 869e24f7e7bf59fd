//! How long ago: one number and one unit, the way people say it.

use jiff::Timestamp;

/// Returns the age such as `3m`; what lies ahead of us by a skewed clock is `0s` old.
pub(super) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}
