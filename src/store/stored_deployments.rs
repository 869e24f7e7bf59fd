//! The packed form of the deployments of a service.

use super::packed::{Packer, Unpacker};
use super::words::moment;
use crate::domain::{Deployed, Deployment, Sha};

/// Returns the stored form.
pub(super) fn write(told: &Deployed) -> Vec<u8> {
    let mut body = Packer::default();
    body.text(&told.place).maybe(told.open, Packer::count).count(told.skipped).count(told.over.len() as u64);
    for Deployment { id, sha, committed_at, finished_at, succeeded } in &told.over {
        body.count(*id).bytes(sha.as_str().as_bytes()).at(*committed_at);
        body.number(finished_at.as_microsecond()).count((*succeeded).into());
    }
    body.finish()
}

/// Returns the deployments, if every one can be read.
pub(super) fn read(body: &[u8]) -> Option<Deployed> {
    let mut from = Unpacker::new(body);
    let place = from.text()?.into();
    let (open, skipped) = (from.maybe(Unpacker::count).ok()?, from.count()?);
    let deployment = |from: &mut Unpacker<'_>| {
        Some(Deployment {
            id: from.count()?,
            sha: Sha::parse(from.text()?).ok()?,
            committed_at: from.at().ok()?,
            finished_at: moment(from.number()?)?,
            succeeded: from.is_so()?,
        })
    };
    let over = (0..from.count()?).map(|_| deployment(&mut from)).collect::<Option<_>>()?;
    Some(Deployed { place, over, open, skipped })
}
