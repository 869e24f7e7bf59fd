//! What is said of credentials: counts, next steps, JSON by its schema, the section of the table, exit codes, no names.

use std::path::Path;

use jiff::SignedDuration;
use landfall::analysis::Verdict;
use landfall::analysis::{
    CredentialPolicy, CredentialReport, Explanation, Report, Severity, credential_counts, credentials, next_step,
};
use landfall::domain::{
    Batch, CredentialKind, CredentialRecord, CredentialScan, Expiry, Failure, Observation, Seen, Snapshot, SourceId,
    Standing,
};
use landfall::output::{Sections, Selection, Style, json, sections};
use serde_json::Value;

use super::{NOW, secret, time};

const HOSTILE: &str = "evil\u{1b}[2J\u{202e}\u{200b}\"\\\n$(touch x)";

fn world() -> Snapshot {
    let in_days = |days: i64| Expiry::At(time(NOW) + SignedDuration::from_hours(24 * days));
    let named = |name: &str, expiry| CredentialRecord { expiry, ..secret(name) };
    let refused = Standing::Refused("denied for GHCR_TOKEN of acme/web".into());
    let items = vec![
        named("DEAD", in_days(-1)),
        CredentialRecord { standing: refused, ..named("BROKEN", in_days(300)) },
        named("DARK", Expiry::Untold),
        named(HOSTILE, in_days(300)),
        CredentialRecord {
            owner: Some("platform".into()),
            consumers: vec!["release".into()],
            ..named("NEVER", Expiry::Never)
        },
    ];
    let mut snapshot = Snapshot::default();
    let mut see = |scope: &str, found| {
        let seen = Seen::Credentials(CredentialScan { scope: scope.into(), found });
        snapshot.absorb(Observation { at: time(NOW), source: SourceId::parse("github").unwrap(), seen });
    };
    see("github/acme/web/actions", Ok(Batch { items, skipped: 0, complete: true }));
    see("github/acme/web/keys", Err(Failure::Forbidden("Resource not accessible of acme/web".into())));
    snapshot
}

fn judged(redact: bool) -> Vec<CredentialReport> {
    credentials(&world(), &CredentialPolicy { redact, ..CredentialPolicy::default() }, time(NOW))
}

fn selection(credentials: Vec<CredentialReport>) -> Selection {
    Selection::all(Report { credentials, ..Report::default() })
}

fn printed(credentials: Vec<CredentialReport>) -> String {
    json(&selection(credentials), &|_| Explanation::default(), time(NOW))
}

#[test]
fn the_counts_tell_each_severity_the_worst_first() {
    let counts = |width| credential_counts(&judged(false), width);
    assert_eq!(counts(49), "1 expired · 1 broken · 2 unknown · 1 ok · 1 never");
    assert_eq!(counts(48), "1 expired · 1 broken · 2 unknown · 2 others");
    assert_eq!(credential_counts(&[], 80), "no credential was seen");
}

#[test]
fn the_json_is_what_the_published_schema_says_and_hides_what_is_hostile() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schema/report.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for redact in [false, true] {
        let text = printed(judged(redact));
        let value: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(value["credentials"].as_array().unwrap().len(), 6);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{200b}']));
    }
    let value: Value = serde_json::from_str(&printed(judged(false))).unwrap();
    let mut spoiled = value.clone();
    spoiled["credentials"][0]["severity"] = "bad".into();
    assert!(!validator.is_valid(&spoiled));
    assert_eq!(value["credentials"][0]["severity"], "expired");
    assert_eq!(value["credentials"][0]["expires_at"], "2026-11-26T12:00:00Z");
    assert_eq!(value["credentials"][5]["never_expires"], true);
}

#[test]
fn without_names_no_name_is_left_and_the_same_one_keeps_its_stand_in() {
    let (text, again) = (printed(judged(true)), printed(judged(true)));
    assert_eq!(text, again);
    for name in ["DEAD", "BROKEN", "DARK", "NEVER", "evil", "acme", "web", "platform", "release", "GHCR_TOKEN"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
    assert!(printed(judged(false)).contains("DEAD"));
    let severities = |rows: &[CredentialReport]| rows.iter().map(|row| row.urgency.severity).collect::<Vec<_>>();
    assert_eq!(severities(&judged(true)), severities(&judged(false)));
}

#[test]
fn what_has_ended_is_a_finding_and_what_nobody_knows_is_unsure() {
    let fail_on = [Verdict::Missing];
    let code = |wanted: &[Severity]| {
        let rows = judged(false).into_iter().filter(|row| wanted.contains(&row.urgency.severity)).collect();
        selection(rows).exit_code(&fail_on, false)
    };
    assert_eq!(code(&Severity::ALL), 1);
    assert_eq!(code(&[Severity::Expired]), 1);
    assert_eq!(code(&[Severity::Broken]), 1);
    assert_eq!(code(&[Severity::Unknown]), 3);
    assert_eq!(code(&[Severity::Ok, Severity::Never]), 0);
    assert!(!selection(judged(false)).is_complete(), "a list could not be read");
}

#[test]
fn the_section_of_the_table_has_what_is_to_be_done() {
    let asked = Sections { credentials: true, ..Sections::default() };
    let text = sections(&selection(judged(false)), asked, time(NOW), Style::default());
    assert!(text.starts_with("\nCREDENTIALS\n1 expired · 1 broken · 2 unknown · 1 ok · 1 never\n"), "{text}");
    assert!(text.contains("expired secret DEAD ()") && !text.contains("NEVER ("), "{text}");
    assert_eq!(sections(&selection(judged(false)), Sections::default(), time(NOW), Style::default()), "");
}

#[test]
fn the_next_step_is_the_runbook_or_the_command_or_at_least_words() {
    let record = secret("TOKEN");
    let step = |record: &CredentialRecord| next_step(record, Severity::Expired).unwrap();
    assert!(step(&record).contains("every copy"));
    let with_command = CredentialRecord { replace: Some("gh secret set TOKEN".into()), ..record.clone() };
    assert_eq!(step(&with_command), "gh secret set TOKEN");
    let with_both = CredentialRecord { runbook: Some("https://wiki/it".into()), ..with_command };
    assert_eq!(step(&with_both), "https://wiki/it");
    assert_eq!(next_step(&with_both, Severity::Ok), None);
    let own = CredentialRecord { kind: CredentialKind::OwnToken, place: "$GITHUB_TOKEN".into(), ..record };
    assert!(step(&own).contains("$GITHUB_TOKEN"));
}

#[test]
fn without_names_a_list_keeps_the_step_of_a_list() {
    let list = CredentialRecord {
        kind: CredentialKind::Other("list".into()),
        standing: Standing::OutOfReach("an owner of acme".into()),
        replace: Some("Ask with the token of an owner of acme.".into()),
        ..secret("authorizations")
    };
    let step = |found: Result<Vec<CredentialRecord>, Failure>, redact: bool| {
        let mut snapshot = Snapshot::default();
        let found = found.map(|items| Batch { items, skipped: 0, complete: false });
        let seen = Seen::Credentials(CredentialScan { scope: "github/acme/authorizations".into(), found });
        snapshot.absorb(Observation { at: time(NOW), source: SourceId::parse("github").unwrap(), seen });
        let rows = credentials(&snapshot, &CredentialPolicy { redact, ..CredentialPolicy::default() }, time(NOW));
        assert_eq!(rows.len(), 1, "{rows:?}");
        let row = &rows[0];
        assert!(!redact || row.record.name.raw().starts_with("list "), "{row:?}");
        next_step(&row.record, row.urgency.severity).unwrap()
    };
    for failure in [Failure::Forbidden("acme".into()), Failure::Ambiguous("acme".into())] {
        let told = step(Err(failure.clone()), true);
        assert!(!told.contains("Replace it"), "{told}");
        assert_eq!(told, step(Err(failure), false));
    }
    assert_eq!(step(Ok(vec![list.clone()]), false), "Ask with the token of an owner of acme.");
    assert!(step(Ok(vec![list]), true).starts_with("Ask with a token that is shown this list"));
}
