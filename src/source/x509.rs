//! The dates and the name of an X.509 certificate (RFC 5280), and the certificates of a PEM text (RFC 7468). Nothing is
//! verified: an expired certificate is to be read too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::domain::DateRead;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0] EXPLICIT Version`.
const VERSION: u8 = 0xa0;
/// The object id of a common name, 2.5.4.3.
const COMMON_NAME: [u8; 3] = [0x55, 0x04, 0x03];
/// What begins and ends a certificate in a text.
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// Its subject's common name, where it has one.
    pub(super) name: Option<String>,
    /// From when on it is valid.
    pub(super) not_before: Option<Timestamp>,
    /// When it ends.
    pub(super) not_after: DateRead,
}

/// Reads a certificate in DER.
pub(super) fn certificate(der: &[u8]) -> Option<Certificate> {
    let (_, outer, _) = element(der)?;
    let (tag, mut rest, _) = element(outer)?;
    (tag == SEQUENCE).then_some(())?;
    if rest.first() == Some(&VERSION) {
        (_, _, rest) = element(rest)?;
    }
    for _serial_algorithm_issuer in 0..3 {
        (_, _, rest) = element(rest)?;
    }
    let (tag, validity, rest) = element(rest)?;
    (tag == SEQUENCE).then_some(())?;
    let (before, from, after) = element(validity)?;
    let (until, to, _) = element(after)?;
    let (_, subject, _) = element(rest)?;
    Some(Certificate { name: common_name(subject), not_before: time(before, from)?.at(), not_after: time(until, to)? })
}

/// Reads every certificate of a PEM text, and counts those that cannot be read.
pub(super) fn bundle(text: &str) -> (Vec<Certificate>, u64) {
    let (mut read, mut odd) = (Vec::new(), 0);
    for block in text.split(BEGIN).skip(1) {
        let body: Option<String> = block.split_once(END).map(|(body, _)| body.split_whitespace().collect());
        let der = body.and_then(|body| STANDARD.decode(body).ok());
        match der.and_then(|der| certificate(&der)) {
            Some(certificate) => read.push(certificate),
            None => odd += 1,
        }
    }
    (read, odd)
}

/// Returns the first element: its tag, what is in it, and what comes after it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        // No certificate takes more than what three bytes count.
        (digits.len() <= 3).then_some(())?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn common_name(mut subject: &[u8]) -> Option<String> {
    while let Some((tag, set, rest)) = element(subject) {
        subject = rest;
        let (_, pair, _) = element(set).filter(|_| tag == SET)?;
        let (_, id, value) = element(pair)?;
        if id == COMMON_NAME {
            let (_, value, _) = element(value)?;
            return Some(String::from_utf8_lossy(value).into_owned());
        }
    }
    None
}

/// `UTCTime` has two digits for the year, which up to 49 are of this century.
fn time(tag: u8, written: &[u8]) -> Option<DateRead> {
    let written = std::str::from_utf8(written).ok()?;
    let digits = written.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let full = match tag {
        UTC_TIME if digits.len() == 12 => format!("{}{digits}", if digits < "5" { "20" } else { "19" }),
        GENERALIZED_TIME if digits.len() == 14 => digits.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| full.get(from..to);
    let (date, clock) = ((part(0, 4)?, part(4, 6)?, part(6, 8)?), (part(8, 10)?, part(10, 12)?, part(12, 14)?));
    let text = format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2);
    Some(DateRead::text(&text))
}
