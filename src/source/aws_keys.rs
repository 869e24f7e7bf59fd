//! IAM: the age and use of access keys, `ListAccessKeys` and `GetAccessKeyLastUsed`. A key has no end; policy gives it one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::aws::Aws;
use super::aws_call::{Service, is_of_all};
use super::aws_login::Keys;
use super::{aws_xml, shell};
use crate::domain::{
    Batch, CredentialKind, CredentialRecord, CredentialScan, DateRead, Evidence, Failure, LastUse, Text,
};
use crate::http::PostedRead;

/// No user has more than two; a list of many is of somebody else.
const MOST: usize = 20;

/// Reads the access keys of a user, or of the one who asks.
pub(super) async fn scan(aws: &Aws, keys: &Keys, user: Option<&str>, now: Timestamp) -> CredentialScan {
    let scope = format!("{}/iam/{}", aws.options.id, user.unwrap_or("self"));
    let found = read(aws, keys, user, &scope, now).await;
    CredentialScan { scope: scope.into(), found }
}

async fn read(
    aws: &Aws,
    keys: &Keys,
    user: Option<&str>,
    scope: &str,
    now: Timestamp,
) -> Result<Batch<CredentialRecord>, Failure> {
    let region = aws.options.regions.first().map_or("us-east-1", String::as_str);
    let list = PostedRead::ListAccessKeys { user };
    let answer = aws.calls.read(keys, Service::Iam, region, list, now).await?;
    let result = aws_xml::elements(&answer.body, "ListAccessKeysResult")?;
    let Some(result) = result.first() else {
        return Err(Failure::Malformed("XML without a ListAccessKeysResult".into()));
    };
    let is_cut = result.get("IsTruncated").is_some_and(|cut| cut.trim() == "true");
    let listed = aws_xml::elements(&answer.body, "member")?;
    let mut batch = Batch { items: Vec::new(), skipped: 0, complete: !is_cut && listed.len() <= MOST };
    for key in listed.iter().take(MOST) {
        let Some(id) = key.get("AccessKeyId").filter(|id| is_key(id)) else {
            batch.skipped += 1;
            continue;
        };
        // One that is switched off does no harm by its age.
        if key.get("Status").is_some_and(|status| status == "Inactive") {
            continue;
        }
        let last_use = match last_use(aws, keys, region, id, now).await {
            Ok(last_use) => last_use,
            Err(failure) if is_of_all(&failure) => return Err(failure),
            // The right to ask for that may be missing.
            Err(_) => LastUse::Untold,
        };
        batch.items.push(record(aws, key, id, scope, last_use, now));
    }
    mid_rotation(&mut batch.items);
    Ok(batch)
}

async fn last_use(aws: &Aws, keys: &Keys, region: &str, id: &str, now: Timestamp) -> Result<LastUse, Failure> {
    let ask = PostedRead::GetAccessKeyLastUsed { key: id };
    let answer = aws.calls.read(keys, Service::Iam, region, ask, now).await?;
    let told = aws_xml::elements(&answer.body, "AccessKeyLastUsed")?;
    let Some(told) = told.first() else { return Ok(LastUse::Untold) };
    Ok(match told.get("LastUsedDate") {
        Some(date) => DateRead::text(date).at().map_or(LastUse::Untold, LastUse::At),
        // Without a date, and with "N/A" for the service, it was never used since that is counted.
        None => LastUse::Never,
    })
}

fn record(
    aws: &Aws,
    key: &BTreeMap<String, String>,
    id: &str,
    scope: &str,
    last_use: LastUse,
    now: Timestamp,
) -> CredentialRecord {
    let user = key.get("UserName").map_or("", String::as_str);
    let kind = CredentialKind::Other("access key".into());
    let mut record = CredentialRecord::new(format!("{scope}/{id}"), format!("{id} of {user}"), kind, now);
    record.place = format!("{}, IAM user {user}", aws.options.id).into();
    record.created_at = key.get("CreateDate").and_then(|date| DateRead::text(date).at());
    (record.evidence, record.max_age, record.last_use) = (Evidence::Age, Some(aws.options.key_max_age), last_use);
    record.replace = shell::word(user).map(|user| format!("aws iam create-access-key --user-name {user}").into());
    record.owner = Some(user).filter(|user| !user.is_empty()).map(Text::from);
    record
}

/// Two keys at once are a rotation under way: the older one is to go once nothing uses it.
fn mid_rotation(records: &mut [CredentialRecord]) {
    let newest = records.iter().filter_map(|record| record.created_at).max();
    if records.len() < 2 {
        return;
    }
    for record in records.iter_mut().filter(|record| record.created_at != newest) {
        record.notes.push("A newer key of the same user is active: this one is to go once nothing uses it.".into());
        let user = record.owner.as_ref().and_then(|user| shell::word(user.raw()));
        let key = record.id.raw().rsplit('/').next().unwrap_or_default();
        let off = user.map(|user| {
            format!("aws iam update-access-key --user-name {user} --access-key-id {key} --status Inactive").into()
        });
        record.replace = off;
    }
}

/// Returns whether a text has the form of an access key's id, which is no secret.
fn is_key(id: &str) -> bool {
    (16..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
