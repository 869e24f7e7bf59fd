//! The address of a page for people. Most of one repository differ in nothing but the number at their end.

use std::fmt;
use std::num::NonZeroU64;

use arcstr::ArcStr;

use super::Text;

/// The digits of any number that is surely held.
const DIGITS: usize = 19;

/// The address of a page for people, as it was sent. What it begins with is shared with others that begin alike.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PageUrl {
    start: ArcStr,
    /// What it ends with, as far as it is a number.
    number: Option<NonZeroU64>,
}

impl PageUrl {
    /// Returns the address; one that begins like the `other` shares that with it.
    #[must_use]
    pub fn beside(url: &str, other: Option<&Self>) -> Self {
        let (start, number) = split(url);
        let shared = other.map(|other| &other.start).filter(|known| known.as_str() == start);
        Self { start: shared.map_or_else(|| start.into(), ArcStr::clone), number }
    }

    /// Shares the beginning with the `other`, if both begin alike.
    pub fn share(&mut self, other: &Self) {
        if self.start == other.start {
            self.start = other.start.clone();
        }
    }
}

/// Splits off the longest number at the end that is written again as it stands there.
fn split(url: &str) -> (&str, Option<NonZeroU64>) {
    let digits = url.bytes().rev().take(DIGITS).take_while(u8::is_ascii_digit).count();
    let number = url.get(url.len() - digits..).unwrap_or_default().trim_start_matches('0');
    (url.strip_suffix(number).unwrap_or(url), number.parse().ok())
}

impl From<&str> for PageUrl {
    fn from(url: &str) -> Self {
        Self::beside(url, None)
    }
}

impl From<String> for PageUrl {
    fn from(url: String) -> Self {
        Self::beside(&url, None)
    }
}

impl From<&PageUrl> for Text {
    fn from(url: &PageUrl) -> Self {
        Self::new(&url.to_string())
    }
}

impl fmt::Display for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.start)?;
        self.number.map_or(Ok(()), |number| number.fmt(f))
    }
}

impl fmt::Debug for PageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_string(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_as_it_was_sent() {
        let most = u64::MAX;
        for url in ["", "7", "0", "https://ci.test/runs/12", "https://ci.test/runs/0", "runs/007", "runs/é7", "runs/7/"]
        {
            assert_eq!(PageUrl::from(url).to_string(), url);
        }
        for url in [format!("runs/{most}"), format!("runs/{most}{most}"), format!("runs/{}", "0".repeat(40))] {
            assert_eq!(PageUrl::from(url.as_str()).to_string(), url);
        }
    }

    #[test]
    fn addresses_that_begin_alike_share_that() {
        let one = PageUrl::from("https://ci.test/runs/12");
        let mut other = PageUrl::from("https://ci.test/runs/7");
        assert!(ArcStr::ptr_eq(&PageUrl::beside("https://ci.test/runs/7", Some(&one)).start, &one.start));
        other.share(&one);
        assert!(ArcStr::ptr_eq(&other.start, &one.start));
        assert_eq!(other.to_string(), "https://ci.test/runs/7");
        other.share(&PageUrl::from("https://ci.test/jobs/7"));
        assert_eq!(other.to_string(), "https://ci.test/runs/7");
    }
}
