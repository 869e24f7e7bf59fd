//! The times of test cases, as tools write them.

use std::borrow::Cow;

/// Returns the seconds, or nothing where the text is no time that something can take.
pub(super) fn parse(text: &str) -> Option<f32> {
    let text = text.trim();
    let plain = if text.contains(',') { without_commas(text)? } else { Cow::Borrowed(text) };
    // Only digits: `inf`, `nan` and the like are numbers to the parser.
    let is_number = plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    let seconds: f32 = plain.parse().ok().filter(|_| is_number)?;
    (seconds.is_finite() && seconds >= 0.0).then_some(seconds)
}

/// `1,234.56` has its thousands set apart; `0,012` and `12,5` were written where the comma is the decimal point.
fn without_commas(text: &str) -> Option<Cow<'_, str>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let leads = (1..=3).contains(&first.len()) && first != "0";
    if leads && groups.all(|group| group.len() == 3) && !fraction.contains(',') {
        return Some(text.replace(',', "").into());
    }
    let is_decimal = fraction.is_empty() && whole.matches(',').count() == 1 && !text.contains('.');
    is_decimal.then(|| text.replace(',', ".").into())
}
