//! Secrets Manager: `ListSecrets`, names and dates of every secret, those that are to be deleted among them. A list may lag
//! five minutes behind.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::aws::Aws;
use super::aws_call::Service;
use super::aws_login::Keys;
use super::{api, shell};
use crate::domain::{
    Absent, Batch, CredentialKind, CredentialRecord, CredentialScan, DateRead, Evidence, Expiry, Failure, LastUse,
    Renewal, Standing, Text,
};
use crate::http::PostedRead;

/// Pages of a hundred secrets that are read, at most.
const PAGES: usize = 50;
/// A rotation takes minutes. One that has not ended after this has failed.
const ROTATING: SignedDuration = SignedDuration::from_hours(1);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PageDto<'a> {
    #[serde(borrow)]
    secret_list: Vec<&'a RawValue>,
    next_token: Option<String>,
}

/// What is told of a secret; its value is not among it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecretDto<'a> {
    name: String,
    #[serde(default)]
    rotation_enabled: Option<bool>,
    #[serde(borrow, default)]
    next_rotation_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    last_rotated_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    last_changed_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    last_accessed_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    deleted_date: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created_date: Option<&'a RawValue>,
    #[serde(default)]
    secret_versions_to_stages: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    owning_service: Option<String>,
}

/// Reads the secrets of a region.
pub(super) async fn scan(aws: &Aws, keys: &Keys, region: &str, now: Timestamp) -> CredentialScan {
    let scope = format!("{}/{region}/secrets", aws.options.id);
    let found = read(aws, keys, region, now).await;
    CredentialScan { scope: scope.into(), found }
}

async fn read(aws: &Aws, keys: &Keys, region: &str, now: Timestamp) -> Result<Batch<CredentialRecord>, Failure> {
    let mut batch = Batch { items: Vec::new(), skipped: 0, complete: false };
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let list = PostedRead::ListSecrets { after: after.as_deref() };
        let answer = aws.calls.read(keys, Service::SecretsManager, region, list, now).await?;
        let page: PageDto<'_> = api::json(&answer)?;
        let (items, skipped) = api::each(&page.secret_list, |dto| Some(record(aws, region, &dto, now)));
        batch.items.extend(items);
        batch.skipped += skipped;
        let next = page.next_token.filter(|token| !token.is_empty());
        // A mark that comes again would lead around for ever.
        if next.is_none() || next == after {
            batch.complete = next.is_none();
            break;
        }
        after = next;
    }
    Ok(batch)
}

fn record(aws: &Aws, region: &str, dto: &SecretDto<'_>, now: Timestamp) -> CredentialRecord {
    let raw = |value: Option<&RawValue>| DateRead::json(value.map(RawValue::get));
    let id = format!("{}/{region}/secrets/{}", aws.options.id, dto.name);
    let mut record = CredentialRecord::new(id, dto.name.as_str(), CredentialKind::Secret, now);
    record.place = format!("{}, Secrets Manager, {region}", aws.options.id).into();
    record.last_use = raw(dto.last_accessed_date).at().map_or(LastUse::Untold, LastUse::At);
    record.expiry = raw(dto.deleted_date).expiry(Absent::Untold);
    record.owner = dto.owning_service.as_deref().map(Text::from);
    let is_rotated = dto.rotation_enabled == Some(true);
    record.evidence = if is_rotated || record.expiry != Expiry::Untold { Evidence::Provider } else { Evidence::Age };
    if record.expiry != Expiry::Untold {
        record.notes.push("It is marked for deletion: until then nobody can read it, and it can be restored.".into());
        record.replace = command("restore-secret", &dto.name, region);
        // How long it lived says nothing of how urgent it is to bring it back.
        return record;
    }
    record.created_at = raw(dto.created_date).at();
    record.rotated_at = raw(dto.last_rotated_date).at();
    if is_rotated {
        record.renewal = Renewal::Auto;
        record.rotate_by = raw(dto.next_rotation_date).at();
        record.replace = command("rotate-secret", &dto.name, region);
        if record.rotate_by.is_some_and(|by| by <= now) {
            record.notes.push("AWS was to rotate it by then and did not: look at its rotation function.".into());
        }
    } else {
        record.replace = command("put-secret-value", &dto.name, region)
            .map(|command| format!("{} --secret-string file://NEW", command.raw()).into());
    }
    let changed = raw(dto.last_changed_date).at();
    rotation(&mut record, dto, changed, now);
    let from = record.age_from();
    if let Some(changed) = changed.filter(|changed| !is_rotated && from.is_some_and(|from| *changed > from)) {
        let words = "It was last changed at {}, which may have been its value, or no more than a tag.";
        record.notes.push(words.replace("{}", &format!("{changed:.0}")).into());
    }
    record
}

/// A version that waits to become the current one is a rotation under way, or one that is stuck.
fn rotation(record: &mut CredentialRecord, dto: &SecretDto<'_>, changed: Option<Timestamp>, now: Timestamp) {
    let stages = dto.secret_versions_to_stages.iter().flat_map(BTreeMap::values);
    let has = |stages: &[String], stage: &str| stages.iter().any(|it| it == stage);
    let mut pending = stages.filter(|stages| has(stages, "AWSPENDING") && !has(stages, "AWSCURRENT"));
    if pending.next().is_none() {
        return;
    }
    if changed.is_some_and(|changed| now.duration_since(changed) < ROTATING) {
        record.notes.push("A rotation of it is under way.".into());
    } else {
        let words = "its rotation is stuck: a version is AWSPENDING and never became AWSCURRENT";
        record.standing = Standing::Refused(words.into());
    }
}

fn command(verb: &str, name: &str, region: &str) -> Option<Text> {
    let name = shell::word(name)?;
    Some(format!("aws secretsmanager {verb} --secret-id {name} --region {region}").into())
}
