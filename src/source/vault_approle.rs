//! The secret ids of an AppRole, which log CI in: how many there are and how long each lives; where it is allowed, when
//! each ends. What they are named by cannot be used in their place.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::shell;
use super::vault::Vault;
use super::vault_call::is_of_all;
use crate::domain::{
    Absent, Batch, CredentialKind, CredentialRecord, DateRead, Evidence, Expiry, Failure, Standing, Text,
};

/// Secret ids of one role that are looked up, at most.
const MOST: usize = 100;
/// Where AppRole is mounted, where nothing else is said.
const MOUNT: &str = "approle";

#[derive(Deserialize)]
struct RoleDto {
    /// Seconds; 0 for ever.
    #[serde(default)]
    secret_id_ttl: i64,
}

#[derive(Deserialize)]
struct KeysDto {
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct SecretIdDto {
    #[serde(default)]
    creation_time: Option<Box<RawValue>>,
    #[serde(default)]
    expiration_time: Option<Box<RawValue>>,
    #[serde(default)]
    secret_id_num_uses: i64,
}

/// Returns the beginning of the ids of a role's secret ids.
pub(super) fn scope(vault: &Vault, role: &str) -> String {
    let (mount, role) = parts(role);
    format!("{}/auth/{mount}/{role}", vault.options.id)
}

/// Reads a role and its secret ids.
pub(super) async fn read(vault: &Vault, role: &str, now: Timestamp) -> Result<Batch<CredentialRecord>, Failure> {
    let (mount, name) = parts(role);
    let path: Vec<&str> = std::iter::once("auth").chain(mount.split('/')).chain(["role", name]).collect();
    let dto: RoleDto = vault.calls.get(&path).await?;
    let accessors = match vault.calls.list::<KeysDto>(&[path.as_slice(), &["secret-id"]].concat()).await {
        Ok(listed) => listed.keys,
        Err(Failure::NotFound(_)) => Vec::new(),
        Err(failure) => return Err(failure),
    };
    let mut batch = Batch { items: Vec::new(), skipped: 0, complete: accessors.len() <= MOST };
    if !vault.options.approle_lookup {
        batch.complete = true;
        // Where there is none, none can end.
        batch.items.extend((!accessors.is_empty()).then(|| all(vault, role, &dto, accessors.len(), now)));
        return Ok(batch);
    }
    for accessor in accessors.iter().take(MOST) {
        match vault.calls.lookup::<SecretIdDto>(&path, accessor).await {
            Ok(dto) => batch.items.push(one(vault, role, accessor, &dto, now)),
            Err(failure) if is_of_all(&failure) || matches!(failure, Failure::Forbidden(_)) => return Err(failure),
            // Used up, or ended, meanwhile.
            Err(Failure::NotFound(_)) => {}
            Err(_) => batch.skipped += 1,
        }
    }
    Ok(batch)
}

fn parts(role: &str) -> (&str, &str) {
    role.rsplit_once('/').unwrap_or((MOUNT, role))
}

fn new(vault: &Vault, role: &str, id: String, name: String, now: Timestamp) -> CredentialRecord {
    let mut record = CredentialRecord::new(id, name, CredentialKind::Other("secret id".into()), now);
    let (mount, role) = parts(role);
    record.place = format!("{}, auth/{mount}/role/{role}", vault.options.id).into();
    record.standing = Standing::Untried;
    record.replace = replace(mount, role);
    record
}

/// Returns what is known of the secret ids of a role together.
fn all(vault: &Vault, role: &str, dto: &RoleDto, count: usize, now: Timestamp) -> CredentialRecord {
    let name = format!("secret ids of {}", parts(role).1);
    let mut record = new(vault, role, scope(vault, role), name, now);
    let how_many = match count {
        1 => "It has 1 secret id".to_owned(),
        count => format!("It has {count} secret ids"),
    };
    if dto.secret_id_ttl <= 0 {
        record.expiry = Expiry::Never;
        record.notes.push(format!("{how_many}; none ends by itself.").into());
    } else {
        record.evidence = Evidence::Age;
        let lives = SignedDuration::from_secs(dto.secret_id_ttl);
        let how = "approle_lookup = true asks when each ends";
        record.notes.push(format!("{how_many}; a new one lives {lives:#}. {how}.").into());
    }
    record
}

fn one(vault: &Vault, role: &str, accessor: &str, dto: &SecretIdDto, now: Timestamp) -> CredentialRecord {
    let raw = |value: &Option<Box<RawValue>>| DateRead::json(value.as_deref().map(RawValue::get));
    // The first part of it tells one from another as well.
    let short = accessor.split('-').next().unwrap_or(accessor);
    let name = format!("secret id {short} of {}", parts(role).1);
    let mut record = new(vault, role, format!("{}/{accessor}", scope(vault, role)), name, now);
    record.created_at = raw(&dto.creation_time).at();
    record.expiry = raw(&dto.expiration_time).expiry(Absent::Never);
    if dto.secret_id_num_uses > 0 {
        record.notes.push(format!("It logs in {} more times.", dto.secret_id_num_uses).into());
    }
    record
}

fn replace(mount: &str, role: &str) -> Option<Text> {
    let path = shell::word(&format!("auth/{mount}/role/{role}/secret-id"))?;
    Some(format!("vault write -f {path}").into())
}
