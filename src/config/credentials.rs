//! `[hours]`, `[credentials]` and `[[credential]]`: when the team is at work, where credentials are looked for, and what
//! is declared of them.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use url::Url;

use super::document::refuse_twin;
use super::problem::Problems;
use super::reader::{Entry, Table, nearest};
use super::{Endpoint, ExpiryPlaces, InventoryCommand, secret};
use crate::analysis::CredentialPolicy;
use crate::domain::{Absent, DateRead, DeclaredCredential, Expiry, Globs, Hours, Renewal, SourceId, Text};

/// The keys of `[hours]`.
const HOURS: [&str; 6] = ["zones", "start", "end", "days", "holidays", "lead"];
/// The keys of `[credentials]`.
const CREDENTIALS: [&str; 6] = ["every", "inventory", "max_age_days", "files", "endpoints", "commands"];
/// The keys of one of `commands`.
const COMMAND: [&str; 4] = ["name", "command", "env", "timeout"];
/// The keys of `[[credential]]`.
const CREDENTIAL: [&str; 12] = [
    "name",
    "kind",
    "copies",
    "upstream",
    "expires_at",
    "rotate_by",
    "created",
    "max_age_days",
    "renewal",
    "owner",
    "runbook",
    "consumers",
];
/// The days of the week, as they are written.
pub(super) const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];
/// How long a command may take where nothing is said.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(30);

/// Reads all three.
pub(super) fn read(root: &Table<'_>, folder: &Path, problems: &mut Problems<'_>) -> (ExpiryPlaces, CredentialPolicy) {
    let (mut places, mut policy) = (ExpiryPlaces::default(), CredentialPolicy::default());
    if let Some(table) = root.get("hours").and_then(|entry| entry.table("[hours]", &HOURS, problems)) {
        hours(&table, &mut policy.hours, problems);
    }
    if let Some(table) = root.get("credentials").and_then(|entry| entry.table("[credentials]", &CREDENTIALS, problems))
    {
        every(&table, &mut policy, problems);
        look(&table, &mut places, folder, problems);
    }
    let mut names: Vec<Text> = Vec::new();
    let tables = root.get("credential").map(|entry| entry.tables("[[credential]]", &CREDENTIAL, problems));
    for table in tables.unwrap_or_default() {
        if let Some(declared) = credential(&table, problems) {
            refuse_twin(&table, "name", names.contains(&declared.name), problems);
            names.push(declared.name.clone());
            policy.declared.push(declared);
        }
    }
    (places, policy)
}

fn hours(table: &Table<'_>, hours: &mut Hours, problems: &mut Problems<'_>) {
    if let Some(entry) = table.get("zones") {
        hours.zones = each(entry, "is no time zone that this machine knows", ZONE_HINT, problems, |name| {
            TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some())
        });
        if hours.zones.is_empty() {
            problems.add(entry.at, "`zones` is empty", Some(ZONE_HINT));
        }
    }
    let start = clock(table, "start", hours.start, problems);
    let end = clock(table, "end", hours.end, problems);
    if let (Some(start), Some(end)) = (start, end) {
        (hours.start, hours.end) = (start, end);
    }
    if hours.start >= hours.end {
        problems.add(table.at, "[hours] ends before it starts", Some("a day's work must not reach over midnight"));
    }
    if let Some(entry) = table.get("days") {
        let hint = "the days are mon, tue, wed, thu, fri, sat and sun";
        hours.days = each(entry, "is no day of the week", hint, problems, |name| {
            DAYS.iter().find(|(word, _)| *word == name).map(|(_, day)| *day)
        });
    }
    if let Some(entry) = table.get("holidays") {
        hours.holidays =
            each(entry, "is no date", "write it as 2026-12-25", problems, |date| date.parse::<Date>().ok());
    }
    if let Some(lead) = table.get("lead").and_then(|entry| entry.duration(&("0s"..="1000h"), problems)) {
        hours.lead = lead;
    }
}

const ZONE_HINT: &str = "write it as \"Europe/Berlin\" or \"UTC\"; the names are those of the system's time zones";

fn clock(table: &Table<'_>, key: &'static str, default: Time, problems: &mut Problems<'_>) -> Option<Time> {
    let Some(entry) = table.get(key) else { return Some(default) };
    let time = Time::strptime("%H:%M", entry.string(problems)?).ok();
    if time.is_none() {
        problems.add(entry.at, format!("`{key}` is no time of the day"), Some("write it as 09:00"));
    }
    time
}

/// Reads a list; what cannot be read is named.
fn each<T>(
    entry: Entry<'_>,
    wrong: &str,
    hint: &str,
    problems: &mut Problems<'_>,
    read: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let mut list = Vec::new();
    for (text, at) in entry.strings(problems).unwrap_or_default() {
        match read(text) {
            Some(value) => list.push(value),
            // What stands before an '@' may be a password.
            None if text.contains('@') => problems.add(at, format!("this entry {wrong}"), Some(hint)),
            None => problems.add(at, format!("{text:?} {wrong}"), Some(hint)),
        }
    }
    list
}

fn every(table: &Table<'_>, policy: &mut CredentialPolicy, problems: &mut Problems<'_>) {
    if let Some(every) = table.get("every").and_then(|entry| entry.duration(&("10m"..="168h"), problems)) {
        policy.every = every;
    }
    policy.max_age = days(table, problems);
}

fn days(table: &Table<'_>, problems: &mut Problems<'_>) -> Option<SignedDuration> {
    let days = table.get("max_age_days")?.count(1..=3650, problems)?;
    i64::try_from(days).ok().map(|days| SignedDuration::from_hours(24 * days))
}

fn look(table: &Table<'_>, places: &mut ExpiryPlaces, folder: &Path, problems: &mut Problems<'_>) {
    places.inventory = table.get("inventory").and_then(|entry| entry.boolean(problems)).unwrap_or_default();
    if let Some(entry) = table.get("files") {
        let hint = "write the whole path, or one from the configuration's folder; '~' and '$HOME' are not expanded";
        let path = |text: &str| (!text.is_empty() && !text.starts_with('~')).then(|| folder.join(text));
        places.files = each::<PathBuf>(entry, "is no path", hint, problems, path);
    }
    if let Some(entry) = table.get("endpoints") {
        let hint = "write its host and port, such as registry.example.com:443";
        places.endpoints = each(entry, "is no server", hint, problems, endpoint);
    }
    for table in table.get("commands").map(|entry| entry.tables("commands", &COMMAND, problems)).unwrap_or_default() {
        if let Some(command) = command(&table, problems) {
            refuse_twin(&table, "name", places.commands.iter().any(|it| it.name == command.name), problems);
            places.commands.push(command);
        }
    }
}

fn endpoint(text: &str) -> Option<Endpoint> {
    let (host, port) = text.rsplit_once(':')?;
    let url = Url::parse(&format!("https://{text}/")).ok()?;
    let is_host = url.username().is_empty() && url.path() == "/" && url.query().is_none() && !text.contains(['/', '#']);
    (is_host && url.has_host()).then_some(Endpoint { host: host.to_ascii_lowercase(), port: port.parse().ok()? })
}

fn command(table: &Table<'_>, problems: &mut Problems<'_>) -> Option<InventoryCommand> {
    let name = table.require("name", "\"azure\"", problems).and_then(|entry| {
        SourceId::parse(entry.string(problems)?).map_err(|error| problems.add(entry.at, error.to_string(), None)).ok()
    });
    let words = table.require("command", "[\"PROGRAM\", \"ARGUMENT\"]", problems).and_then(|entry| {
        let words = entry.strings(problems)?;
        if let Some((_, at)) = words.iter().find(|(word, _)| secret::looks_like_one(word)) {
            let hint = "have the command read it from where it is kept, and name the variable under `env`";
            problems.add(*at, "`command` holds what looks like a secret itself", Some(hint));
            return None;
        }
        secret::command(entry, &words, problems)
    });
    let legal = |name: &str| {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        (!name.is_empty() && name.bytes().all(word)).then(|| name.to_owned())
    };
    let hint = "letters, digits and '_' alone, such as HOME; values stay where they are";
    let env = table.get("env").map(|entry| each(entry, "is no name of a variable", hint, problems, legal));
    let timeout = table.get("timeout").and_then(|entry| entry.duration(&("1s"..="10m"), problems));
    Some(InventoryCommand {
        name: name?,
        command: words?,
        env: env.unwrap_or_default(),
        timeout: timeout.unwrap_or(TIMEOUT),
    })
}

fn credential(table: &Table<'_>, problems: &mut Problems<'_>) -> Option<DeclaredCredential> {
    let name = table.require("name", "\"ghcr push token\"", problems).and_then(|entry| text(entry, problems));
    let mut words = |key| table.get(key).and_then(|entry| text(entry, problems));
    let (kind, upstream, owner, runbook) = (words("kind"), words("upstream"), words("owner"), words("runbook"));
    let renewal = table.get("renewal").and_then(|entry| renewal(entry, problems)).unwrap_or(Renewal::Manual);
    let copies = table.get("copies").map_or_else(|| Globs::parse(&[]).ok(), |entry| globs(entry, problems));
    let consumers = table.get("consumers").and_then(|entry| entry.strings(problems)).unwrap_or_default();
    let mut date = |key| table.get(key).and_then(|entry| entry.date(problems).map(|read| (entry.at, read)));
    let expiry = date("expires_at").map_or(Expiry::Untold, |(_, read)| read.expiry(Absent::Untold));
    let (rotate_by, created) = (date("rotate_by"), date("created"));
    let max_age = days(table, problems);
    for (at, _) in [&rotate_by, &created].into_iter().flatten().filter(|(_, read)| *read == DateRead::Never) {
        problems.add(*at, "only `expires_at` may be \"never\"", None);
    }
    let at = |read: Option<(usize, DateRead)>| read.and_then(|(_, read)| read.at());
    let (rotate_by, created_at) = (at(rotate_by), at(created));
    let is_dated = ["expires_at", "rotate_by", "max_age_days"].iter().any(|key| table.get(key).is_some());
    let copies = copies?;
    if !is_dated && copies.patterns().is_empty() {
        let hint = "add rotate_by = \"2027-03-31\", expires_at, or created and max_age_days";
        problems.add(table.at, "[[credential]] does not say when it is due", Some(hint));
    }
    if table.get("max_age_days").is_some() && created_at.is_none() && copies.patterns().is_empty() {
        let hint = "add created = \"2026-10-01\"";
        problems.warn(table.at, "[[credential]] has `max_age_days`, but not the day from which it counts", Some(hint));
    }
    Some(DeclaredCredential {
        name: name?,
        kind: kind.unwrap_or_else(|| "declared".into()),
        copies,
        upstream,
        expiry,
        rotate_by,
        created_at,
        max_age,
        renewal,
        owner,
        runbook,
        consumers: consumers.into_iter().map(|(consumer, _)| consumer.into()).collect(),
    })
}

/// Reads words that name something. Somebody may have put the credential itself here; it is not repeated.
fn text(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<Text> {
    let text = entry.string(problems)?;
    if secret::looks_like_one(text) {
        let hint = "the value of a credential has no place in the configuration";
        problems.add(entry.at, format!("`{}` looks like a secret itself", entry.key), Some(hint));
        return None;
    }
    if text.is_empty() {
        problems.add(entry.at, format!("`{}` is empty", entry.key), None);
        return None;
    }
    Some(text.into())
}

fn renewal(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<Renewal> {
    let text = entry.string(problems)?;
    let renewal = Renewal::parse(text);
    if renewal.is_none() {
        let words = Renewal::ALL.map(Renewal::word);
        let hint = nearest(text, &words)
            .map_or_else(|| format!("the ways are {}", words.join(", ")), |meant| format!("did you mean {meant:?}?"));
        problems.add(entry.at, format!("{text:?} is no way to renew"), Some(&hint));
    }
    renewal
}

fn globs(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<Globs> {
    let patterns = entry.strings(problems)?;
    for (pattern, at) in &patterns {
        if pattern.is_empty() || Globs::parse(&[(*pattern).to_owned()]).is_err() {
            let hint = "'*' stands for any text, '?' for one character";
            problems.add(*at, format!("{pattern:?} is no glob"), Some(hint));
        }
    }
    let patterns: Vec<_> = patterns.iter().map(|(pattern, _)| (*pattern).to_owned()).collect();
    Globs::parse(&patterns).ok()
}
