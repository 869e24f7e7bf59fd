//! One line of a log without the CI's own marks: timestamps and colours.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::bytes;

use crate::job_log::stamp;

/// Words of which one is in every line that begins something; most lines of a log hold none.
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static MAY_MATTER: LazyLock<bytes::Regex> = LazyLock::new(|| {
    bytes::Regex::new(r"flaky|FLAKY|Flakes:|rerun|RERUN|TRY [0-9]|\(Attempt [0-9]|✓|PASSED|FAILED|ERROR ").unwrap()
});

/// Returns whether the line is worth reading at all. Costs one search for literals.
pub(super) fn may_matter(raw: &[u8]) -> bool {
    MAY_MATTER.is_match(raw)
}

/// Returns the line as the tool printed it, without colours and blanks at its end.
pub(super) fn clean(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let (start, _) = stamp(&text);
    let text = match text {
        Cow::Borrowed(text) if !text.contains('\u{1b}') => text.get(start..).unwrap_or_default().to_owned(),
        text => strip_ansi_escapes::strip_str(text.get(start..).unwrap_or_default()),
    };
    text.trim_end().to_owned()
}
