//! The sections about credentials as they are written, and what is in force put back into that shape.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;

use super::credentials::DAYS;
use super::shape::{Strings, Time};
use super::{Endpoint, ExpiryPlaces, InventoryCommand};
use crate::analysis::CredentialPolicy;
use crate::domain::{self, DeclaredCredential, Expiry, Renewal, Text};

/// When the team is at work: by then somebody has to act.
#[derive(Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub(super) struct Hours {
    /// The team's time zones, such as `Europe/Berlin`; moments are told in the first.
    pub(super) zones: Strings,
    /// When work starts, in each zone, such as `09:00`.
    pub(super) start: String,
    /// When it ends.
    pub(super) end: String,
    /// The days of work: mon, tue, wed, thu, fri, sat, sun.
    pub(super) days: Strings,
    /// Days off, such as `2026-12-25`.
    pub(super) holidays: Strings,
    /// The working time that a replacement takes; 0s to 1000h.
    pub(super) lead: Time,
}

/// Where credentials are looked for, beside landfall's own.
#[derive(Serialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub(super) struct Credentials {
    /// Between looks; 10m to 168h.
    pub(super) every: Time,
    /// Whether the names and ages of the secrets, keys and tokens of the services' repositories are read, and which
    /// pipelines use them.
    pub(super) inventory: bool,
    /// The age at which what has no known end is to be replaced; none by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3650))]
    pub(super) max_age_days: Option<i64>,
    /// Certificates, SSH certificates, and files with a JWT.
    pub(super) files: Strings,
    /// Servers whose certificate is looked at: `host:port`.
    pub(super) endpoints: Strings,
    /// Commands that tell of other credentials, never of their values.
    pub(super) commands: Vec<Inventory>,
}

/// A command that tells of credentials.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Inventory {
    /// Its name.
    name: String,
    /// Program and arguments, no shell.
    command: Vec<String>,
    /// The environment variables that it is given; no other.
    #[serde(default)]
    env: Strings,
    /// How long it may take; 1s to 10m, 30s by default.
    #[serde(default = "timeout")]
    timeout: Time,
}

/// What is declared of a credential.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct Declared {
    /// Its name.
    name: String,
    /// What it is, in your own words.
    #[serde(default = "kind")]
    kind: String,
    /// Globs for the ids of its copies, such as `github/acme/*/actions/GHCR_TOKEN`.
    #[serde(default)]
    copies: Strings,
    /// The id of the credential that its copies were made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<String>,
    /// When it ends: a moment, a date (its first moment in UTC), or `never`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// Until when it is to be replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    rotate_by: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<String>,
    /// At which age it is to be replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3650))]
    max_age_days: Option<i64>,
    /// Who renews it.
    #[serde(default)]
    renewal: RenewedBy,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    /// The page, or the words, that tell how to replace it.
    #[serde(skip_serializing_if = "Option::is_none")]
    runbook: Option<String>,
    /// Who uses it.
    #[serde(default)]
    consumers: Strings,
}

/// Who renews a credential.
#[derive(Serialize, JsonSchema, Default)]
#[serde(rename_all = "lowercase")]
enum RenewedBy {
    /// A person.
    #[default]
    Manual,
    /// A program.
    Auto,
    /// Nobody knows; a person is assumed.
    Unknown,
}

fn timeout() -> Time {
    SignedDuration::from_secs(30).into()
}

fn kind() -> String {
    "declared".to_owned()
}

impl Default for Hours {
    fn default() -> Self {
        Self::from(&domain::Hours::default())
    }
}

impl From<&domain::Hours> for Hours {
    fn from(hours: &domain::Hours) -> Self {
        let day = |day| DAYS.iter().find(|(_, it)| *it == day).map(|(word, _)| (*word).to_owned());
        Self {
            zones: Strings::Many(hours.zones.iter().filter_map(|zone| zone.iana_name().map(str::to_owned)).collect()),
            start: hours.start.strftime("%H:%M").to_string(),
            end: hours.end.strftime("%H:%M").to_string(),
            days: Strings::Many(hours.days.iter().copied().filter_map(day).collect()),
            holidays: Strings::Many(hours.holidays.iter().map(ToString::to_string).collect()),
            lead: hours.lead.into(),
        }
    }
}

impl Default for Credentials {
    fn default() -> Self {
        Self::of(&ExpiryPlaces::default(), &CredentialPolicy::default())
    }
}

impl Credentials {
    /// Returns the section.
    pub(super) fn of(places: &ExpiryPlaces, policy: &CredentialPolicy) -> Self {
        Self {
            every: policy.every.into(),
            inventory: places.inventory,
            max_age_days: policy.max_age.map(days),
            files: Strings::Many(places.files.iter().map(|path| path.to_string_lossy().into_owned()).collect()),
            endpoints: Strings::Many(
                places.endpoints.iter().map(|Endpoint { host, port }| format!("{host}:{port}")).collect(),
            ),
            commands: places.commands.iter().map(Inventory::from).collect(),
        }
    }
}

impl From<&InventoryCommand> for Inventory {
    fn from(command: &InventoryCommand) -> Self {
        Self {
            name: command.name.to_string(),
            command: command.command.clone(),
            env: Strings::Many(command.env.clone()),
            timeout: command.timeout.into(),
        }
    }
}

impl From<&DeclaredCredential> for Declared {
    fn from(declared: &DeclaredCredential) -> Self {
        let owned = |text: &Text| text.raw().to_owned();
        Self {
            name: owned(&declared.name),
            kind: owned(&declared.kind),
            copies: Strings::Many(declared.copies.patterns().to_vec()),
            upstream: declared.upstream.as_ref().map(owned),
            expires_at: match &declared.expiry {
                Expiry::At(at) => Some(at.to_string()),
                Expiry::Never => Some("never".to_owned()),
                Expiry::Untold | Expiry::Unreadable(_) => None,
            },
            rotate_by: declared.rotate_by.map(|at| at.to_string()),
            created: declared.created_at.map(|at| at.to_string()),
            max_age_days: declared.max_age.map(days),
            renewal: match declared.renewal {
                Renewal::Manual => RenewedBy::Manual,
                Renewal::Auto => RenewedBy::Auto,
                Renewal::Untold => RenewedBy::Unknown,
            },
            owner: declared.owner.as_ref().map(owned),
            runbook: declared.runbook.as_ref().map(owned),
            consumers: Strings::Many(declared.consumers.iter().map(owned).collect()),
        }
    }
}

fn days(span: SignedDuration) -> i64 {
    span.as_hours() / 24
}
