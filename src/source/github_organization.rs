//! The tokens and keys by which people reach a GitHub organization, as far as it tells: fine-grained tokens to a GitHub
//! App, and what was authorised for single sign-on to an owner. Names and dates, never a part of a value.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::api::{self, Kind};
use super::ci_credentials::meets_all;
use super::github::GitHub;
use super::memo::Reading;
use super::pages;
use crate::domain::{
    Absent, Batch, CredentialKind, CredentialRecord, CredentialScan, DateRead, Evidence, Expiry, Failure, LastUse,
    Standing, Text, TokenKind,
};
use crate::http::Answer;

/// `GET /orgs/{org}/personal-access-tokens`, for GitHub Apps alone.
#[derive(Deserialize)]
struct FineGrainedDto {
    id: u64,
    token_name: Option<String>,
    owner: Option<OwnerDto>,
    token_expired: Option<bool>,
    access_granted_at: Option<String>,
    #[serde(default, deserialize_with = "told")]
    token_expires_at: Option<Value>,
    token_last_used_at: Option<String>,
    permissions: Option<BTreeMap<String, Option<BTreeMap<String, String>>>>,
}

/// Whoever has an account: the owner of a token, or the organization of `GET /orgs/{org}`.
#[derive(Deserialize)]
struct OwnerDto {
    login: String,
}

/// `GET /orgs/{org}/credential-authorizations`, for owners alone. The last digits of tokens, which it gives as well, are
/// not read.
#[derive(Deserialize)]
struct AuthorisedDto {
    credential_id: u64,
    credential_type: Option<String>,
    login: Option<String>,
    authorized_credential_note: Option<String>,
    authorized_credential_title: Option<String>,
    #[serde(default, deserialize_with = "told")]
    authorized_credential_expires_at: Option<Value>,
    credential_authorized_at: Option<String>,
    credential_accessed_at: Option<String>,
    scopes: Option<Vec<String>>,
}

/// A null is an answer; a key that is not there is none.
fn told<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

/// Reads both lists of an organization, whose name is one part of a path.
pub(super) async fn read(github: &GitHub, name: &str, now: Timestamp) -> Vec<CredentialScan> {
    let list = List { github, name, now };
    let fine_grained = |scope: &str, dto| list.fine_grained(scope, dto);
    let authorised = |scope: &str, dto| list.authorised(scope, dto);
    let tokens = list.of("fine_grained_tokens", "personal-access-tokens", fine_grained).await;
    if meets_all(&tokens) {
        return vec![tokens];
    }
    let authorised = list.of("authorizations", "credential-authorizations", authorised).await;
    let mut scans = [tokens, authorised];
    let is_unheard = |scan: &CredentialScan| matches!(scan.found, Err(Failure::NotFound(_)));
    if scans.iter().any(is_unheard)
        && let Err(failure) = list.organization().await
    {
        // A name that is mistyped is no list that is out of reach.
        return scans.map(|scan| list.nowhere(scan, &failure)).into();
    }
    let [tokens, authorised] = &mut scans;
    // An installation can be shown the tokens, so that it is not is a failure like any other.
    let is_installation = github.api.token_kind().await == Some(TokenKind::Installation);
    if !is_installation && matches!(tokens.found, Err(Failure::Forbidden(_) | Failure::NotFound(_))) {
        list.out_of_reach(tokens, APPS);
    }
    if is_unheard(authorised) {
        list.out_of_reach(authorised, OWNERS);
    }
    scans.into()
}

/// Who is shown an organization's fine-grained tokens, by GitHub's documentation of that list.
const APPS: &str = "a GitHub App with the organization's right to read personal access tokens";
/// Who is shown what was authorised: where there is no single sign-on, the list is not there.
const OWNERS: &str = "an owner of an organization with SAML single sign-on";

struct List<'a> {
    github: &'a GitHub,
    name: &'a str,
    now: Timestamp,
}

impl List<'_> {
    async fn of<D>(&self, of: &str, path: &str, convert: impl Fn(&str, D) -> CredentialRecord) -> CredentialScan
    where
        D: for<'d> Deserialize<'d>,
    {
        let scope = format!("{}/{}/{of}", self.github.id, self.name);
        let page = |_: &str, answer: &Answer| {
            let items: Vec<&RawValue> = api::json(answer)?;
            let (items, skipped) = api::each(&items, |dto: D| Some(convert(&scope, dto)));
            Ok(pages::Page { items, skipped, next: self.github.next(answer) })
        };
        let first = self.github.route(&format!("orgs/{}/{path}?per_page=100", self.name));
        let mut reading = Reading::new(self.github);
        let found = pages::read(first, &mut reading, page, pages::everything).await;
        CredentialScan { scope: scope.as_str().into(), found }
    }

    /// Returns why the organization itself is not found: `GET /orgs/{org}` shows it to every token.
    async fn organization(&self) -> Result<(), Failure> {
        let answer = self.github.ask(Kind::List(None), self.github.route(&format!("orgs/{}", self.name))).await?;
        api::json::<OwnerDto>(&answer).map(|_| ())
    }

    /// A list that was refused, of an organization that was not found or could not be asked for.
    fn nowhere(&self, mut scan: CredentialScan, failure: &Failure) -> CredentialScan {
        scan.found = scan.found.map_err(|refused| match (refused, failure) {
            (Failure::Forbidden(_) | Failure::NotFound(_), Failure::NotFound(_)) => {
                Failure::NotFound(format!("the organization {} was not found", self.name).into())
            }
            (Failure::NotFound(says), failure) => Failure::NotFound(
                format!("{}; whether there is an organization {} is not known: {failure}", says.raw(), self.name)
                    .into(),
            ),
            (refused, _) => refused,
        });
        scan
    }

    /// A list that no token of this kind is ever shown says so, once; it is nothing that another look could mend.
    fn out_of_reach(&self, scan: &mut CredentialScan, who: &str) {
        let id = format!("{}/list", scan.scope.raw());
        let kind = CredentialKind::list();
        let mut record = CredentialRecord::new(id, scan.scope.clone(), kind, self.now);
        record.place = format!("{}, organization", self.name).into();
        record.evidence = Evidence::Probe;
        record.standing = Standing::OutOfReach(who.into());
        record.replace = Some(format!("Ask with the token of {who}, or leave it out of `organizations`.").into());
        scan.found = Ok(Batch { items: vec![record], skipped: 0, complete: false });
    }

    fn fine_grained(&self, scope: &str, dto: FineGrainedDto) -> CredentialRecord {
        let name = named(dto.token_name).unwrap_or_else(|| format!("fine-grained token {}", dto.id));
        let mut record =
            CredentialRecord::new(format!("{scope}/{}", dto.id), name, CredentialKind::AccessToken, self.now);
        record.place = format!("{}, fine-grained tokens", self.name).into();
        record.expiry = expiry(dto.token_expires_at.as_ref());
        record.owner = dto.owner.map(|owner| owner.login.into());
        record.created_at = date(dto.access_granted_at);
        record.last_use = date(dto.token_last_used_at).map_or(LastUse::Untold, LastUse::At);
        if dto.token_expired == Some(true) {
            record.standing = Standing::Ended("GitHub says that it has expired".into());
        }
        let rights = dto.permissions.unwrap_or_default().into_values().flatten().flatten();
        let changes: Vec<String> =
            rights.filter(|(_, right)| matches!(right.as_str(), "write" | "admin")).map(|(on, _)| on).collect();
        record.notes.extend(may_change(&changes));
        record.notes.extend(disuse(record.last_use, self.now));
        record
    }

    fn authorised(&self, scope: &str, dto: AuthorisedDto) -> CredentialRecord {
        let kind = dto.credential_type.filter(|kind| !kind.is_empty()).unwrap_or_else(|| "credential".to_owned());
        let name = named(dto.authorized_credential_note).or_else(|| named(dto.authorized_credential_title));
        let name = name.unwrap_or_else(|| format!("{kind} {}", dto.credential_id));
        let is_token = kind.contains("token");
        let kind = if is_token { CredentialKind::AccessToken } else { CredentialKind::Other(kind.into()) };
        let mut record = CredentialRecord::new(format!("{scope}/{}", dto.credential_id), name, kind, self.now);
        record.place = format!("{}, authorised for single sign-on", self.name).into();
        // A null of an SSH key says nothing: GitHub knows no end of keys.
        record.expiry = match expiry(dto.authorized_credential_expires_at.as_ref()) {
            Expiry::Never if !is_token => Expiry::Untold,
            expiry => expiry,
        };
        record.owner = dto.login.map(Into::into);
        record.created_at = date(dto.credential_authorized_at);
        record.last_use = date(dto.credential_accessed_at).map_or(LastUse::Untold, LastUse::At);
        let changes = dto.scopes.unwrap_or_default();
        let changes: Vec<String> = changes.into_iter().filter(|scope| !scope.starts_with("read:")).collect();
        record.notes.extend(may_change(&changes));
        if is_token {
            record.notes.extend(disuse(record.last_use, self.now));
        }
        record
    }
}

/// GitHub revokes a token that nobody used for so long.
const DISUSED: SignedDuration = SignedDuration::from_hours(365 * 24);
/// Unused for so long it is told.
const UNUSED: SignedDuration = SignedDuration::from_hours(300 * 24);

/// Says when a token that nobody uses is going to be revoked for that.
fn disuse(last_use: LastUse, now: Timestamp) -> Option<Text> {
    let LastUse::At(at) = last_use else { return None };
    let revoked = at.checked_add(DISUSED).ok().filter(|_| now.duration_since(at) > UNUSED)?;
    Some(
        format!("GitHub revokes what nobody used for a year: unless it is used, by {}.", revoked.strftime("%F")).into(),
    )
}

fn named(name: Option<String>) -> Option<String> {
    name.filter(|name| !name.trim().is_empty())
}

fn expiry(written: Option<&Value>) -> Expiry {
    written.map_or(Expiry::Untold, |value| DateRead::json(Some(&value.to_string())).expiry(Absent::Never))
}

fn date(written: Option<String>) -> Option<Timestamp> {
    DateRead::text(&written?).at()
}

fn may_change(what: &[String]) -> Option<Text> {
    (!what.is_empty()).then(|| format!("It reaches more than reading: {}.", what.join(", ")).into())
}
