//! The dates and the key id of an SSH certificate (PROTOCOL.certkeys of OpenSSH), read from its blob: `ssh-keygen -L` tells
//! local times without a zone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::domain::DateRead;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SshCertificate {
    /// Its key id.
    pub(super) name: String,
    /// From when on it is valid.
    pub(super) not_before: Option<Timestamp>,
    /// When it ends.
    pub(super) not_after: DateRead,
}

/// Reads the line of a certificate's file.
pub(super) fn certificate(line: &str) -> Option<SshCertificate> {
    let mut words = line.split_whitespace();
    let kind = words.next().filter(|kind| kind.ends_with("-cert-v01@openssh.com"))?;
    let blob = STANDARD.decode(words.next()?).ok()?;
    let mut rest = blob.as_slice();
    (string(&mut rest)? == kind.as_bytes()).then_some(())?;
    let _nonce = string(&mut rest)?;
    // How many fields the public key takes.
    let fields = match kind.trim_end_matches("-cert-v01@openssh.com") {
        "ssh-ed25519" => 1,
        "ssh-rsa" | "sk-ssh-ed25519" => 2,
        kind if kind.starts_with("ecdsa-sha2-") => 2,
        kind if kind.starts_with("sk-ecdsa-sha2-") => 3,
        "ssh-dss" => 4,
        _ => return None,
    };
    for _field in 0..fields {
        string(&mut rest)?;
    }
    let _serial = number(&mut rest)?;
    let (_kind, after) = rest.split_first_chunk::<4>()?;
    rest = after;
    let name = String::from_utf8_lossy(string(&mut rest)?).into_owned();
    let _principals = string(&mut rest)?;
    let (from, to) = (number(&mut rest)?, number(&mut rest)?);
    Some(SshCertificate { name, not_before: DateRead::seconds(from).at(), not_after: DateRead::seconds(to) })
}

fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (text, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = after;
    Some(text)
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (number, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u64::from_be_bytes(*number))
}
