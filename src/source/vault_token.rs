//! The token that Vault or OpenBao is asked with: `GET auth/token/lookup-self`, whose answer holds the token itself, which
//! is not read.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::shell;
use super::vault::{Vault, VaultOptions};
use crate::domain::{CredentialKind, CredentialRecord, DateRead, Evidence, Expiry, Failure, Standing, Text};
use crate::http::secret_origin;

/// By so much two clocks may differ without a word.
const SLACK: SignedDuration = SignedDuration::from_secs(60);

/// What is told of a token. `id`, which is the token, and `accessor` are left where they are.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokenDto {
    /// Seconds that are left.
    ttl: i64,
    expire_time: Option<Box<RawValue>>,
    creation_time: Option<Box<RawValue>>,
    last_renewal_time: Option<Box<RawValue>>,
    /// Seconds that it may live in all.
    explicit_max_ttl: i64,
    num_uses: i64,
    renewable: bool,
    policies: Vec<String>,
    identity_policies: Option<Vec<String>>,
}

/// Asks what the token is worth.
pub(super) async fn read(vault: &Vault, now: Timestamp) -> Result<CredentialRecord, Failure> {
    let dto: TokenDto = vault.calls.own().await?;
    Ok(told(&vault.options, &dto, now))
}

/// Returns the token as it is before anything is told of it.
pub(super) fn unknown(options: &VaultOptions, now: Timestamp) -> CredentialRecord {
    let (id, name) = (format!("own/{}", options.id), format!("token for {}", options.id));
    let mut record = CredentialRecord::new(id, name, CredentialKind::OwnToken, now);
    (record.place, record.evidence) = (secret_origin(&options.token).into(), Evidence::Probe);
    record
}

/// Returns the token after a refusal. One that was to end by now has; of any other nobody says why.
pub(super) fn refused(mut last: CredentialRecord, says: Text, now: Timestamp) -> CredentialRecord {
    let ended = matches!(last.expiry, Expiry::At(at) if at <= now);
    last.standing = if ended { Standing::Ended(says) } else { Standing::Refused(says) };
    // A dead one cannot be renewed any more.
    (last.replace, last.observed_at, last.evidence) = (None, now, Evidence::Probe);
    last
}

fn told(options: &VaultOptions, dto: &TokenDto, now: Timestamp) -> CredentialRecord {
    let raw = |value: &Option<Box<RawValue>>| DateRead::json(value.as_deref().map(RawValue::get));
    let mut record = unknown(options, now);
    (record.evidence, record.standing) = (Evidence::Provider, Standing::Accepted);
    record.created_at = raw(&dto.creation_time).at();
    record.rotated_at = raw(&dto.last_renewal_time).at();
    let left = now.checked_add(SignedDuration::from_secs(dto.ttl)).ok().filter(|_| dto.ttl > 0);
    let mut apart = SignedDuration::ZERO;
    record.expiry = match (raw(&dto.expire_time), left) {
        (DateRead::Absent | DateRead::Never, None) => Expiry::Never,
        (DateRead::Absent | DateRead::Never, Some(left)) => Expiry::At(left),
        // What is left of it is right whatever our clock says; where both differ, the worse counts.
        (DateRead::At(at), Some(left)) => {
            apart = at.duration_since(left);
            Expiry::At(if apart.abs() > SLACK { at.min(left) } else { at })
        }
        (DateRead::At(at), None) => Expiry::At(at),
        (DateRead::Unreadable(words), _) => Expiry::Unreadable(words),
    };
    let limit = SignedDuration::from_secs(dto.explicit_max_ttl);
    let last = record.created_at.and_then(|from| from.checked_add(limit).ok()).filter(|_| limit.is_positive());
    let is_last = |last| matches!(record.expiry, Expiry::At(at) if at.duration_since(last).abs() <= SLACK);
    let is_renewable = dto.renewable && !last.is_some_and(is_last);
    record.replace = renewal(options).filter(|_| is_renewable).map(Text::from);
    record.notes = notes(dto, last, apart).into_iter().map(Text::from).collect();
    record
}

fn notes(dto: &TokenDto, last: Option<Timestamp>, apart: SignedDuration) -> Vec<String> {
    let mut notes = Vec::new();
    let policies: Vec<_> =
        dto.policies.iter().chain(dto.identity_policies.iter().flatten()).map(String::as_str).collect();
    if policies.contains(&"root") {
        notes.push("It is a root token: whoever gets hold of it can read and change everything.".to_owned());
    } else if !policies.is_empty() {
        notes.push(format!("Its policies: {}.", policies.join(", ")));
    }
    if let Some(last) = last {
        notes.push(format!("However often it is renewed, it ends at {last:.0}."));
    } else if dto.renewable {
        notes.push("It can be renewed before it ends, not after.".to_owned());
    }
    if dto.num_uses > 0 {
        notes.push(format!("It can be used {} more times, and each look uses some.", dto.num_uses));
    }
    if apart.abs() > SLACK {
        let seconds = SignedDuration::from_secs(apart.as_secs());
        notes.push(format!("The server's clock and ours are {:#} apart: check the time on both.", seconds.abs()));
    }
    notes
}

/// Returns the command that renews it for whoever has it in `VAULT_TOKEN`.
fn renewal(options: &VaultOptions) -> Option<String> {
    let address = shell::word(options.url.as_str().trim_end_matches('/'))?;
    let namespace = match &options.namespace {
        Some(namespace) => format!(" -namespace={}", shell::word(namespace)?),
        None => String::new(),
    };
    Some(format!("vault token renew -address={address}{namespace}"))
}
