//! The sum that guards a row: what was changed by anybody but us is left out, not misread.

/// Returns the sum over a row's numbers and texts, in order. Where a row names another, the other's sum is among its
/// numbers, so that a row never speaks of anything but what it was written for.
fn sum(numbers: &[i64], texts: &[&[u8]]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    let mut block = [0_u8; 128];
    let lengths = texts.iter().map(|text| i64::try_from(text.len()).unwrap_or(i64::MAX));
    let mut numbers = numbers.iter().copied().chain(lengths).peekable();
    while numbers.peek().is_some() {
        let mut filled = 0;
        for (place, number) in block.chunks_exact_mut(8).zip(numbers.by_ref()) {
            place.copy_from_slice(&number.to_le_bytes());
            filled += 8;
        }
        hasher.update(block.get(..filled).unwrap_or_default());
    }
    for text in texts {
        hasher.update(text);
    }
    i64::from(hasher.finalize())
}

/// Who a run is, as rows say it: the sum of its place's name, its id, its attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunMark {
    pub(super) place: i64,
    pub(super) id: i64,
    pub(super) attempt: u32,
}

pub(super) fn of_name(id: i64, kind: i64, text: &str) -> i64 {
    sum(&[id, kind], &[text.as_bytes()])
}

pub(super) fn of_listing(service: i64, place: Option<i64>, body: &[u8]) -> i64 {
    sum(&[service, place.unwrap_or(-1)], &[body])
}

/// Of a row that says no more than when something was last so.
pub(super) fn of_moment(name: i64, at: i64) -> i64 {
    sum(&[name, at], &[])
}

pub(super) fn of_answered(source: i64, kind: i64, at: i64) -> i64 {
    sum(&[source, kind, at], &[])
}

pub(super) fn of_jobs(run: RunMark, seen: i64, looks: u32, body: &[u8]) -> i64 {
    sum(&[run.place, run.id, run.attempt.into(), seen, looks.into()], &[body])
}

pub(super) fn of_log(run: RunMark, job: i64, body: &[u8]) -> i64 {
    sum(&[run.place, run.id, run.attempt.into(), job], &[body])
}

pub(super) fn of_content(image: i64, kind: i64, digest: &[u8], body: &[u8]) -> i64 {
    sum(&[image, kind], &[digest, body])
}

/// By which the small row knows the tag that was seen.
pub(super) fn of_tag_name(image: i64, tag: &[u8]) -> i64 {
    sum(&[image], &[tag])
}

pub(super) fn of_tag(id: i64, image: i64, tag: &[u8], body: &[u8]) -> i64 {
    sum(&[id, image], &[tag, body])
}

/// One row of the report: a run, and a tag that it is to leave behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowMark<'a> {
    pub(super) run: RunMark,
    pub(super) image: i64,
    pub(super) tag: &'a [u8],
}

pub(super) fn of_landed(row: RowMark<'_>, last_seen: i64, frame: Option<i64>, body: &[u8]) -> i64 {
    let RowMark { run, image, tag } = row;
    sum(&[run.place, run.id, run.attempt.into(), image, last_seen, frame.unwrap_or(-1)], &[tag, body])
}

/// Of a row's newest verdict, with the newest moment that was told for it; or of an earlier one, without.
pub(super) fn of_verdict(row: RowMark<'_>, service: i64, verdict: i64, since: i64, told: Option<i64>) -> i64 {
    let RowMark { run, image, tag } = row;
    let told = told.unwrap_or(-1);
    sum(&[run.place, run.id, run.attempt.into(), image, service, verdict, since, told], &[tag])
}

/// Of what is kept of a run that is over. The attempt is in `detail`, where it counts.
pub(super) fn of_sample(run: RunMark, part: i64, detail: i64, ended: i64, body: &[u8]) -> i64 {
    sum(&[run.place, run.id, part, detail, ended], &[body])
}

pub(super) fn of_arrival(service: i64, run: RunMark, landed: i64, body: &[u8]) -> i64 {
    sum(&[service, run.place, run.id, landed], &[body])
}

pub(super) fn of_told(what: i64, about: &str, at: i64, body: &[u8]) -> i64 {
    sum(&[what, at], &[about.as_bytes(), body])
}

pub(super) fn of_answer(key: &[u8], head: &[u8], body: &[u8]) -> i64 {
    sum(&[], &[key, head, body])
}

#[cfg(test)]
mod tests {
    #![expect(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn each_number_each_byte_and_each_border_counts() {
        let whole = sum(&[1, 2], &[b"ab", b"c"]);
        assert_eq!(whole, sum(&[1, 2], &[b"ab", b"c"]));
        let others = [
            sum(&[1, 3], &[b"ab", b"c"]),
            sum(&[2, 1], &[b"ab", b"c"]),
            sum(&[1, 2], &[b"a", b"bc"]),
            sum(&[1, 2], &[b"ab", b"d"]),
            sum(&[1, 2], &[b"abc"]),
        ];
        assert!(!others.contains(&whole), "{whole} {others:?}");
        let many: Vec<i64> = (0..40).collect();
        assert_ne!(sum(&many, &[]), sum(&many[..39], &[]));
    }
}
