//! How much was sent in the last hour: one count for each minute, and never more than sixty of them.

use std::time::Duration;

const MINUTES: u64 = 60;

/// The last hour, in minutes since whoever counts began.
#[derive(Debug)]
pub(super) struct Hour([Minute; 60]);

#[derive(Debug, Clone, Copy)]
struct Minute {
    number: u64,
    requests: u64,
    not_modified: u64,
}

impl Default for Hour {
    fn default() -> Self {
        Self([Minute { number: u64::MAX, requests: 0, not_modified: 0 }; 60])
    }
}

impl Hour {
    pub(super) fn request(&mut self, since_start: Duration) {
        if let Some(minute) = self.minute(since_start) {
            minute.requests += 1;
        }
    }

    pub(super) fn not_modified(&mut self, since_start: Duration) {
        if let Some(minute) = self.minute(since_start) {
            minute.not_modified += 1;
        }
    }

    /// Returns the requests of the last sixty minutes, this one among them, and how many were answered by 304.
    pub(super) fn sums(&self, since_start: Duration) -> (u64, u64) {
        let now = since_start.as_secs() / 60;
        let recent = self.0.iter().filter(|minute| now.checked_sub(minute.number).is_some_and(|age| age < MINUTES));
        recent
            .fold((0, 0), |(requests, unchanged), minute| (requests + minute.requests, unchanged + minute.not_modified))
    }

    /// Returns this minute's counts, in the place of those an hour ago.
    fn minute(&mut self, since_start: Duration) -> Option<&mut Minute> {
        let number = since_start.as_secs() / 60;
        let minute = self.0.get_mut(usize::try_from(number % MINUTES).ok()?)?;
        if minute.number != number {
            *minute = Minute { number, requests: 0, not_modified: 0 };
        }
        Some(minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_counts_for_an_hour() {
        let at = |minutes: u64| Duration::from_secs(minutes * 60 + 30);
        let mut hour = Hour::default();
        assert_eq!(hour.sums(at(0)), (0, 0));
        for minute in [0, 0, 1, 59] {
            hour.request(at(minute));
        }
        hour.not_modified(at(1));
        for (minute, sums) in [(59, (4, 1)), (60, (2, 1)), (61, (1, 0)), (118, (1, 0)), (119, (0, 0)), (9_999, (0, 0))]
        {
            assert_eq!(hour.sums(at(minute)), sums, "after {minute} minutes");
        }
        hour.request(at(60));
        assert_eq!(hour.sums(at(60)), (3, 1), "what was counted an hour ago made room");
    }
}
