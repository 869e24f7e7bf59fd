//! ECR: whether the registry's login can be had now, `GetAuthorizationToken`. The answer holds a living password, which is
//! not read.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::aws::Aws;
use super::aws_call::Service;
use super::aws_login::Keys;
use super::{api, shell};
use crate::domain::{
    Absent, Batch, CredentialKind, CredentialRecord, CredentialScan, DateRead, Evidence, Failure, Renewal, Standing,
};
use crate::http::PostedRead;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerDto<'a> {
    #[serde(borrow)]
    authorization_data: Vec<&'a RawValue>,
}

/// When a login ends, and where; `authorizationToken`, which is the login, is left where it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LoginDto<'a> {
    #[serde(borrow, default)]
    expires_at: Option<&'a RawValue>,
    #[serde(default)]
    proxy_endpoint: Option<String>,
}

/// Asks for the login of a region's registry.
pub(super) async fn scan(aws: &Aws, keys: &Keys, region: &str, now: Timestamp) -> CredentialScan {
    let scope = format!("{}/{region}/ecr", aws.options.id);
    let found = read(aws, keys, region, &scope, now).await;
    CredentialScan { scope: scope.into(), found }
}

async fn read(
    aws: &Aws,
    keys: &Keys,
    region: &str,
    scope: &str,
    now: Timestamp,
) -> Result<Batch<CredentialRecord>, Failure> {
    let answer = aws.calls.read(keys, Service::Ecr, region, PostedRead::GetAuthorizationToken, now).await?;
    let dto: AnswerDto<'_> = api::json(&answer)?;
    let (items, skipped) = api::each(&dto.authorization_data, |login| Some(record(region, scope, &login, now)));
    Ok(Batch { items, skipped, complete: true })
}

fn record(region: &str, scope: &str, dto: &LoginDto<'_>, now: Timestamp) -> CredentialRecord {
    let host = dto.proxy_endpoint.as_deref().map_or(region, |at| at.trim_start_matches("https://"));
    let kind = CredentialKind::Other("registry login".into());
    let mut record = CredentialRecord::new(scope, format!("ECR login for {host}"), kind, now);
    record.place = host.into();
    record.replace = shell::word(host).map(|host| {
        let login = format!("docker login --username AWS --password-stdin {host}");
        format!("aws ecr get-login-password --region {region} | {login}").into()
    });
    record.expiry = DateRead::json(dto.expires_at.map(RawValue::get)).expiry(Absent::Untold);
    // It was made by asking, and is made anew by whoever pushes.
    (record.created_at, record.renewal) = (Some(now), Renewal::Auto);
    (record.evidence, record.standing) = (Evidence::Probe, Standing::Accepted);
    let words = "It shows that these keys may log in to ECR now. Whether they may push to a repository was not tried.";
    record.notes.push(words.into());
    record
}
