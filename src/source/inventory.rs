//! A command that tells of credentials as JSON: names, places and dates. One whose output names a value is refused whole.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;

use super::ExpirySource;
use crate::domain::{
    Absent, Batch, CredentialKind, CredentialRecord, CredentialScan, DateRead, Evidence, Expiry, Failure, LastUse,
    Renewal, SourceId, Stage, Standing, Text,
};

/// Of a longer answer nothing is read.
const LARGEST: u64 = 1 << 20;
/// No inventory holds more.
const MOST: usize = 10_000;
/// How long a command that was asked to end may take for it.
const GRACE: Duration = Duration::from_secs(2);
/// The first part stays while the second only ever grows.
const VERSION: &str = "landfall/credentials/v1";
/// What carries a value by its name.
const VALUES: [&str; 4] = ["value", "token", "password", "secret"];

/// A command that tells of credentials.
pub struct Inventory {
    /// Its name in the configuration.
    pub id: SourceId,
    /// Program and arguments; no shell.
    pub command: Vec<String>,
    /// The environment variables that it is given beside `PATH`; no other.
    pub env: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InventoryDto<'a> {
    api_version: String,
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
    #[serde(default)]
    complete: bool,
    #[serde(default)]
    errors: Vec<IgnoredAny>,
    #[serde(borrow, default)]
    observed_at: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryDto<'a> {
    id: String,
    name: Option<String>,
    kind: Option<String>,
    scope: Option<String>,
    #[serde(borrow, default)]
    expires_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    last_rotated_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    last_used_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    rotate_by: Option<&'a RawValue>,
    #[serde(default)]
    never: bool,
    renewal: Option<String>,
    evidence: Option<String>,
    /// `broken`, or nothing.
    state: Option<String>,
    owner: Option<String>,
    url: Option<String>,
    #[serde(default)]
    consumers: Vec<String>,
}

#[async_trait]
impl ExpirySource for Inventory {
    fn id(&self) -> &SourceId {
        &self.id
    }

    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let found = match self.run().await {
            Ok(output) => self.read(&output, now),
            Err(failure) => Err(failure),
        };
        vec![CredentialScan { scope: self.id.as_str().into(), found }]
    }
}

impl Inventory {
    /// Runs the command in a process group of its own, so that what it started ends with it. What it writes to standard
    /// error may hold anything, and is not read.
    async fn run(&self) -> Result<Vec<u8>, Failure> {
        let failed = |why: String| Failure::Ambiguous(format!("the command of {} {why}", self.id).into());
        let (program, arguments) = self.command.split_first().ok_or_else(|| failed("is empty".to_owned()))?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().process_group(0).kill_on_drop(true);
        for name in std::iter::once("PATH").chain(self.env.iter().map(String::as_str)) {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| failed(format!("could not be started: {}", error.kind())))?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
        let stdout = child.stdout.take();
        let talk = async {
            let output = bounded(stdout).await?;
            child.wait().await.map(|status| (status.success(), output))
        };
        let ended = tokio::time::timeout(self.timeout, talk).await;
        let outcome = match ended {
            Ok(Ok((true, output))) if output.len() as u64 <= LARGEST => return Ok(output),
            Ok(Ok((true, _))) => Failure::TooLarge { limit: LARGEST },
            Ok(Ok((false, _))) => failed("failed".to_owned()),
            Ok(Err(error)) => failed(format!("could not be read: {}", error.kind())),
            Err(_) => {
                let says = format!("the command of {} took longer than {} s", self.id, self.timeout.as_secs());
                Failure::Unreachable { stage: Stage::Timeout, says: says.into() }
            }
        };
        if let Some(group) = group {
            // A group that has ended by itself is not there any more.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::TERM);
            let _ = tokio::time::timeout(GRACE, child.wait()).await;
            // What the command started may not want to end.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        Err(outcome)
    }

    fn read(&self, output: &[u8], now: Timestamp) -> Result<Batch<CredentialRecord>, Failure> {
        let malformed = |why: String| Failure::Malformed(format!("the inventory of {}: {why}", self.id).into());
        let inventory: InventoryDto<'_> = serde_json::from_slice(output)
            .map_err(|error| malformed(format!("no JSON of {VERSION}, line {}", error.line())))?;
        if inventory.api_version != VERSION {
            return Err(malformed(format!("apiVersion is not {VERSION}")));
        }
        if inventory.items.len() > MOST {
            return Err(malformed(format!("more than {MOST} items")));
        }
        if inventory.items.iter().any(|raw| holds_value(raw)) {
            return Err(malformed(
                "an item holds a value, token, password or secret; all of it was dropped".to_owned(),
            ));
        }
        let told = DateRead::json(inventory.observed_at.map(RawValue::get)).at();
        let observed_at = told.filter(|told| *told <= now).unwrap_or(now);
        let read = |raw: &&RawValue| serde_json::from_str(raw.get()).ok().map(|entry| self.record(entry, observed_at));
        let items: Vec<_> = inventory.items.iter().filter_map(read).collect();
        let skipped = (inventory.items.len() - items.len()) as u64;
        Ok(Batch { items, skipped, complete: inventory.complete && inventory.errors.is_empty() })
    }

    fn record(&self, entry: EntryDto<'_>, observed_at: Timestamp) -> CredentialRecord {
        let kind = CredentialKind::parse(entry.kind.as_deref().unwrap_or("credential"));
        let name = entry.name.unwrap_or_else(|| entry.id.clone());
        let mut record = CredentialRecord::new(format!("{}/{}", self.id, entry.id), name, kind, observed_at);
        let raw = |value: Option<&RawValue>| DateRead::json(value.map(RawValue::get));
        record.place = entry.scope.map_or_else(|| self.id.as_str().into(), Text::from);
        record.expiry = match raw(entry.expires_at).expiry(Absent::Untold) {
            Expiry::Untold if entry.never => Expiry::Never,
            expiry => expiry,
        };
        record.created_at = raw(entry.created_at).at();
        record.rotated_at = raw(entry.last_rotated_at).at();
        record.last_use = raw(entry.last_used_at).at().map_or(LastUse::Untold, LastUse::At);
        record.rotate_by = raw(entry.rotate_by).at();
        record.renewal = entry.renewal.as_deref().and_then(Renewal::parse).unwrap_or(Renewal::Untold);
        record.evidence = entry.evidence.as_deref().and_then(Evidence::parse).unwrap_or(Evidence::Provider);
        if let Some(state) = entry.state.filter(|state| matches!(state.as_str(), "broken" | "revoked" | "disabled")) {
            record.standing = Standing::Refused(state.into());
        }
        record.owner = entry.owner.map(Text::from);
        record.url = entry.url.map(Text::from);
        record.consumers = entry.consumers.into_iter().map(Text::from).collect();
        record
    }
}

async fn bounded(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(LARGEST + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// Returns whether a key of an item promises a value. What cannot be read has no keys, and is skipped.
#[expect(clippy::zero_sized_map_values, reason = "no set is read from the keys of a JSON table, and no value is kept")]
fn holds_value(raw: &RawValue) -> bool {
    let keys: BTreeMap<String, IgnoredAny> = serde_json::from_str(raw.get()).unwrap_or_default();
    keys.keys().any(|key| VALUES.contains(&key.to_ascii_lowercase().as_str()))
}
