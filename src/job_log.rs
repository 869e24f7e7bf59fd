//! A job's log as CI providers keep it: its lines, a gap where a long one was cut, and the moment before each line.

use std::sync::LazyLock;

use regex::Regex;

/// Longer lines are no tool's word: minified files, encoded archives.
const LONGEST_LINE: usize = 2_000;

/// GitHub's timestamp, or GitLab's with its stream; `+` there goes on with the line before.
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static STAMP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\x{feff}?[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]+)?Z (?:[0-9a-f]{2}[OE]([+ ]))?").unwrap()
});

/// A piece of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line, without its end.
    Line(&'a [u8]),
    /// What stood here was left out.
    Gap,
}

/// Returns the lines of a log, less those of over 2,000 bytes. `tail` is the log's end where a middle was left out.
///
/// At the gap the lines on both sides are cut somewhere inside, so neither is given. Progress bars overwrite their line
/// with `\r`, and GitLab ends its section marks with it: both end a line here.
pub fn pieces<'a>(head: &'a [u8], tail: Option<&'a [u8]>) -> impl Iterator<Item = Piece<'a>> {
    let whole = match tail {
        None => head,
        Some(_) => head.get(..head.iter().rposition(|&byte| byte == b'\n').unwrap_or(0)).unwrap_or_default(),
    };
    let rest = tail.map(|tail| {
        let cut = tail.iter().position(|&byte| byte == b'\n').unwrap_or(tail.len());
        std::iter::once(Piece::Gap).chain(lines(tail.get(cut..).unwrap_or_default()))
    });
    lines(whole).chain(rest.into_iter().flatten())
}

fn lines(log: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let lines = log.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.filter(|line| line.len() <= LONGEST_LINE).map(Piece::Line)
}

/// Returns where a line's own text begins, behind the provider's timestamp, and whether it goes on with the line before.
#[must_use]
pub fn stamp(line: &str) -> (usize, bool) {
    let Some(found) = STAMP.captures(line) else { return (0, false) };
    let goes_on = found.get(1).is_some_and(|mark| mark.as_str() == "+");
    (found.get(0).map_or(0, |stamp| stamp.end()), goes_on)
}
