//! The packed forms of small rows: where a tag pointed, what landed, what was proven of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::packed::{Packer, Unpacker};
use super::stored_image::{absence_code, read_absence};
use super::words::{Str, moment};
use crate::domain::{Absence, Digest, Frame, Landed, Moment, Proof, Revision, SourceKind, TagFact, TagRef, Text};

pub(super) fn source_kind(kind: SourceKind) -> i64 {
    match kind {
        SourceKind::Ci => 0,
        SourceKind::Registry => 1,
        SourceKind::Expiry => 2,
    }
}

pub(super) fn read_source_kind(kind: i64) -> Option<SourceKind> {
    match kind {
        0 => Some(SourceKind::Ci),
        1 => Some(SourceKind::Registry),
        2 => Some(SourceKind::Expiry),
        _ => None,
    }
}

/// Returns what is stored of a tag besides its name and when it was seen.
pub(super) fn write_tag(fact: &TagFact) -> Vec<u8> {
    let mut body = Packer::default();
    match &fact.known {
        Ok(digest) => body.bytes(digest.as_bytes()),
        Err(Absence { code, says }) => {
            body.bytes(&[]).count(absence_code(*code).into()).bytes(Str::raw(says).0.as_bytes())
        }
    };
    body.number(fact.changed_at.as_microsecond())
        .maybe(fact.absent_since, |body, at| body.number(at.as_microsecond()))
        .count(fact.absent_looks.into());
    body.finish()
}

pub(super) fn read_tag(tag_ref: TagRef, seen_at: Timestamp, body: &[u8]) -> Option<TagFact> {
    let mut body = Unpacker::new(body);
    let known = match body.bytes()? {
        [] => {
            let code = body.count()?;
            Err(read_absence(code, Text::new(body.text()?))?)
        }
        digest => Ok(Digest::from_bytes(digest)?),
    };
    Some(TagFact {
        tag_ref,
        known,
        seen_at,
        changed_at: moment(body.number()?)?,
        absent_since: body.maybe(|body| moment(body.number()?)).ok()?,
        absent_looks: u32::try_from(body.count()?).ok()?,
    })
}

/// Returns what is stored of what landed behind its first moment: the digest, and what is not in the proof's frame.
pub(super) fn write_landed(landed: &Landed) -> Vec<u8> {
    let mut tail = Packer::default();
    tail.bytes(landed.digest.as_bytes());
    if let Some(proof) = landed.proof.as_deref() {
        tail.maybe(proof.created, |tail, at| tail.number(at.as_microsecond()))
            .maybe(proof.revision.as_ref(), |tail, revision| tail.text(&revision.text()))
            .count(proof.layers.into())
            .count(proof.claimed.map_or(2, u64::from));
    }
    tail.finish()
}

/// Returns the first moment of what landed, and what is stored behind it.
pub(super) fn split_landed(body: &[u8]) -> Option<(i64, &[u8])> {
    let mut body = Unpacker::new(body);
    Some((body.number()?, body.rest()))
}

/// Returns since when, the digest, and the proof.
pub(super) fn read_landed(body: &[u8], frame: Option<&Arc<Frame>>) -> Option<(Timestamp, Digest, Option<Arc<Proof>>)> {
    let mut body = Unpacker::new(body);
    let (since, digest) = (moment(body.number()?)?, Digest::from_bytes(body.bytes()?)?);
    let Some(frame) = frame else { return Some((since, digest, None)) };
    let proof = Proof {
        frame: frame.clone(),
        created: body.maybe(|body| moment(body.number()?)).ok()?.map(Moment::from),
        revision: body.maybe(|body| Some(Revision::from(body.text()?))).ok()?,
        layers: u32::try_from(body.count()?).ok()?,
        claimed: match body.count()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    };
    Some((since, digest, Some(Arc::new(proof))))
}
