//! The packed form of one list of credentials: names, places and dates. There is no value to write.

use std::sync::Arc;

use jiff::SignedDuration;

use super::packed::{Packer, Unpacker};
use super::words::{Unreadable, Words, moment};
use crate::domain::{
    Batch, CredentialKind, CredentialRecord, Evidence, Expiry, LastUse, Level, Reach, Renewal, RepoPath, Standing, Text,
};

/// Returns the stored form of the credentials of a list.
pub(super) fn write(list: &Batch<Arc<CredentialRecord>>) -> Vec<u8> {
    let mut body = Packer::default();
    body.count(list.skipped).count(list.complete.into()).count(list.items.len() as u64);
    list.items.iter().for_each(|record| record_to(&mut body, record));
    body.finish()
}

fn record_to(body: &mut Packer, record: &CredentialRecord) {
    let CredentialRecord {
        id,
        name,
        kind,
        place,
        upstream,
        expiry,
        evidence,
        observed_at,
        standing,
        renewal,
        created_at,
        rotated_at,
        last_use,
        rotate_by,
        max_age,
        notes,
        owner,
        runbook,
        replace,
        url,
        consumers,
        reach,
    } = record;
    body.text(id).text(name).bytes(kind.word().as_bytes()).text(place).maybe(upstream.as_ref(), Packer::text);
    match expiry {
        Expiry::At(end) => body.count(0).number(end.as_microsecond()),
        Expiry::Never => body.count(1),
        Expiry::Untold => body.count(2),
        Expiry::Unreadable(words) => body.count(3).text(words),
    };
    body.bytes(evidence.word().as_bytes()).number(observed_at.as_microsecond());
    match standing {
        Standing::Accepted => body.count(0),
        Standing::Untried => body.count(1),
        Standing::Refused(words) => body.count(2).text(words),
        Standing::Ended(words) => body.count(3).text(words),
        Standing::AboveNeed(words) => body.count(4).text(words),
        Standing::OutOfReach(words) => body.count(5).text(words),
    };
    body.bytes(renewal.word().as_bytes()).at(*created_at).at(*rotated_at);
    match last_use {
        LastUse::At(at) => body.count(0).number(at.as_microsecond()),
        LastUse::Never => body.count(1),
        LastUse::Untold => body.count(2),
    };
    body.at(*rotate_by).maybe(*max_age, |to, age| to.number(age.as_secs()));
    texts_to(body, notes);
    for text in [owner, runbook, replace, url] {
        body.maybe(text.as_ref(), Packer::text);
    }
    texts_to(body, consumers);
    body.maybe(reach.as_ref(), reach_to);
}

fn reach_to<'a>(body: &'a mut Packer, Reach { repos, level }: &Reach) -> &'a mut Packer {
    match level {
        Level::Organization => body.count(0),
        Level::Repository => body.count(1),
        Level::Environment(name) => body.count(2).text(name),
        Level::Dependabot => body.count(3),
    };
    body.count(repos.len() as u64);
    for repo in repos {
        body.bytes(repo.as_str().as_bytes());
    }
    body
}

fn reach_from(from: &mut Unpacker<'_>, words: &mut Words) -> Option<Reach> {
    let level = match from.count()? {
        0 => Level::Organization,
        1 => Level::Repository,
        2 => Level::Environment(words.text(from.text()?)),
        3 => Level::Dependabot,
        _ => return None,
    };
    let repos = (0..from.count()?).map(|_| RepoPath::parse(from.text()?).ok()).collect::<Option<_>>()?;
    Some(Reach { repos, level })
}

fn texts_to(body: &mut Packer, texts: &[Text]) {
    body.count(texts.len() as u64);
    for text in texts {
        body.text(text);
    }
}

/// Returns the credentials of a list, if every one can be read.
pub(super) fn read(body: &[u8], words: &mut Words) -> Option<Batch<Arc<CredentialRecord>>> {
    let mut from = Unpacker::new(body);
    let (skipped, complete) = (from.count()?, from.is_so()?);
    let records = (0..from.count()?).map(|_| record_from(&mut from, words).map(Arc::new));
    Some(Batch { items: records.collect::<Option<_>>()?, skipped, complete })
}

fn record_from(from: &mut Unpacker<'_>, words: &mut Words) -> Option<CredentialRecord> {
    Some(CredentialRecord {
        id: words.text(from.text()?),
        name: words.text(from.text()?),
        kind: CredentialKind::parse(from.text()?),
        place: words.text(from.text()?),
        upstream: text_from(from, words).ok()?,
        expiry: match from.count()? {
            0 => Expiry::At(moment(from.number()?)?),
            1 => Expiry::Never,
            2 => Expiry::Untold,
            3 => Expiry::Unreadable(words.text(from.text()?)),
            _ => return None,
        },
        evidence: Evidence::parse(from.text()?)?,
        observed_at: moment(from.number()?)?,
        standing: match from.count()? {
            0 => Standing::Accepted,
            1 => Standing::Untried,
            2 => Standing::Refused(words.text(from.text()?)),
            3 => Standing::Ended(words.text(from.text()?)),
            4 => Standing::AboveNeed(words.text(from.text()?)),
            5 => Standing::OutOfReach(words.text(from.text()?)),
            _ => return None,
        },
        renewal: Renewal::parse(from.text()?)?,
        created_at: from.at().ok()?,
        rotated_at: from.at().ok()?,
        last_use: match from.count()? {
            0 => LastUse::At(moment(from.number()?)?),
            1 => LastUse::Never,
            2 => LastUse::Untold,
            _ => return None,
        },
        rotate_by: from.at().ok()?,
        max_age: from.maybe(Unpacker::number).ok()?.map(SignedDuration::from_secs),
        notes: texts_from(from, words)?,
        owner: text_from(from, words).ok()?,
        runbook: text_from(from, words).ok()?,
        replace: text_from(from, words).ok()?,
        url: text_from(from, words).ok()?,
        consumers: texts_from(from, words)?,
        reach: from.maybe(|from| reach_from(from, words)).ok()?,
    })
}

fn text_from(from: &mut Unpacker<'_>, words: &mut Words) -> Result<Option<Text>, Unreadable> {
    from.maybe(|from| Some(words.text(from.text()?)))
}

fn texts_from(from: &mut Unpacker<'_>, words: &mut Words) -> Option<Vec<Text>> {
    (0..from.count()?).map(|_| Some(words.text(from.text()?))).collect()
}
