//! Credentials: dates as they are written, how urgent each is, when somebody must act, what a join of copies shows.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "credentials/breaks.rs"]
mod breaks;
#[path = "credentials/dates.rs"]
mod dates;
#[path = "credentials/hours.rs"]
mod hours;
#[path = "credentials/join.rs"]
mod join;
#[path = "credentials/readers.rs"]
mod readers;
#[path = "credentials/severity.rs"]
mod severity;
#[path = "credentials/told.rs"]
mod told;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use landfall::domain::{CredentialKind, CredentialRecord, Expiry};

/// A Friday.
const NOW: &str = "2026-11-27T12:00:00Z";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> TimeZone {
    // As POSIX writes them, so that the rules do not depend on the machine.
    TimeZone::posix(match name {
        "Berlin" => "CET-1CEST,M3.5.0,M10.5.0/3",
        "Los Angeles" => "PST8PDT,M3.2.0,M11.1.0",
        _ => "UTC0",
    })
    .unwrap()
}

fn secret(name: &str) -> CredentialRecord {
    CredentialRecord::new(format!("github/acme/web/actions/{name}"), name, CredentialKind::Secret, time(NOW))
}

fn ending(at: Timestamp) -> CredentialRecord {
    CredentialRecord { expiry: Expiry::At(at), ..secret("TOKEN") }
}
