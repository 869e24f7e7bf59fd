//! The join: lists as they come in, copies with what is declared of them, and what could not be looked at.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{CredentialPolicy, CredentialReport, Severity, credentials};
use landfall::domain::{
    Batch, CredentialRecord, CredentialScan, DeclaredCredential, Evidence, Expiry, Fact, Failure, Globs, Observation,
    Renewal, Seen, Snapshot, SourceId,
};

use super::{NOW, ending, secret, time};

fn now() -> Timestamp {
    time(NOW)
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn whole(items: Vec<CredentialRecord>) -> Batch<CredentialRecord> {
    Batch { items, skipped: 0, complete: true }
}

fn absorb(
    snapshot: &mut Snapshot,
    at: Timestamp,
    scope: &str,
    found: Result<Batch<CredentialRecord>, Failure>,
) -> bool {
    let news = Seen::Credentials(CredentialScan { scope: scope.into(), found });
    snapshot.absorb(Observation { at, source: SourceId::parse("github").unwrap(), seen: news })
}

fn seen(items: Vec<CredentialRecord>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    absorb(&mut snapshot, now(), "acme/web/actions", Ok(whole(items)));
    snapshot
}

fn declared(name: &str, copies: &[&str]) -> DeclaredCredential {
    DeclaredCredential {
        name: name.into(),
        kind: "API key".into(),
        copies: Globs::parse(&copies.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap(),
        upstream: None,
        expiry: Expiry::Untold,
        rotate_by: None,
        created_at: None,
        max_age: None,
        renewal: Renewal::Manual,
        owner: Some("platform".into()),
        runbook: None,
        consumers: vec!["release".into()],
    }
}

fn rows(snapshot: &Snapshot, declared: Vec<DeclaredCredential>) -> Vec<CredentialReport> {
    credentials(snapshot, &CredentialPolicy { declared, ..CredentialPolicy::default() }, now())
}

fn told(rows: &[CredentialReport]) -> Vec<(&str, Severity)> {
    rows.iter().map(|row| (row.record.name.as_str(), row.urgency.severity)).collect()
}

#[test]
fn the_worst_come_first_and_among_equals_what_ends_first() {
    let ends_in =
        |name: &str, days_left| CredentialRecord { expiry: Expiry::At(now() + days(days_left)), ..secret(name) };
    let never = CredentialRecord { expiry: Expiry::Never, ..secret("NEVER") };
    let judged = rows(
        &seen(vec![
            never,
            ends_in("FAR", 300),
            secret("DARK"),
            ends_in("NEAR", 100),
            ends_in("DEAD", -1),
            ends_in("SOON", 6),
        ]),
        vec![],
    );
    let names: Vec<_> = judged.iter().map(|row| row.record.name.as_str()).collect();
    assert_eq!(names, ["DEAD", "SOON", "DARK", "NEAR", "FAR", "NEVER"]);
}

#[test]
fn what_is_declared_gives_its_copies_an_end_and_an_owner() {
    let end = now() + days(3);
    let key = DeclaredCredential { expiry: Expiry::At(end), ..declared("ghcr", &["github/acme/*/actions/GHCR_TOKEN"]) };
    let judged = rows(&seen(vec![secret("GHCR_TOKEN"), secret("OTHER")]), vec![key]);
    assert_eq!(told(&judged), [("GHCR_TOKEN", Severity::Warning), ("OTHER", Severity::Unknown)]);
    let record = &judged[0].record;
    assert_eq!((record.evidence, record.owner.as_ref().unwrap().as_str()), (Evidence::Declared, "platform"));
    assert_eq!(record.consumers, ["release".into()]);
}

#[test]
fn what_a_provider_tells_of_an_end_is_believed_before_what_is_declared() {
    let told = ending(now() + days(300));
    let key = DeclaredCredential { expiry: Expiry::At(now() - days(1)), ..declared("old", &["*TOKEN"]) };
    let judged = rows(&seen(vec![told]), vec![key]);
    assert_eq!((judged[0].urgency.severity, judged[0].record.evidence), (Severity::Ok, Evidence::Provider));
}

#[test]
fn what_is_declared_and_has_no_copy_stands_on_its_own() {
    let pager = DeclaredCredential { rotate_by: Some(now() - days(1)), ..declared("pager", &[]) };
    let judged = rows(&seen(vec![secret("OTHER")]), vec![pager, declared("bare", &["gitlab/*"])]);
    assert_eq!(
        told(&judged),
        [("bare", Severity::Unknown), ("OTHER", Severity::Unknown), ("pager", Severity::Overdue)]
    );
}

#[test]
fn a_copy_from_before_the_credential_was_replaced_holds_the_old_value() {
    let upstream = CredentialRecord {
        created_at: Some(now() - days(2)),
        id: "gitlab/tokens/7".into(),
        name: "push".into(),
        ..ending(now() + days(300))
    };
    let copy = |updated: i64| CredentialRecord { rotated_at: Some(now() - days(updated)), ..secret("PUSH") };
    let key = DeclaredCredential {
        upstream: Some("gitlab/tokens/7".into()),
        max_age: Some(days(365)),
        ..declared("push", &["github/*"])
    };
    let severity = |updated| {
        let judged = rows(&seen(vec![upstream.clone(), copy(updated)]), vec![key.clone()]);
        judged.iter().find(|row| row.record.name.as_str() == "PUSH").unwrap().urgency.clone()
    };
    let old = severity(3);
    assert_eq!(old.severity, Severity::Critical);
    assert!(old.reasons[0].found.contains("from before push was replaced"), "{:?}", old.reasons);
    assert_eq!(severity(2).severity, Severity::Ok, "put there in the same moment");
    assert_eq!(severity(1).severity, Severity::Ok);
}

#[test]
fn a_declared_day_of_making_dates_its_copies_too() {
    let key = DeclaredCredential { created_at: Some(now() - days(2)), ..declared("push", &["github/*"]) };
    let copy = CredentialRecord { rotated_at: Some(now() - days(3)), ..secret("PUSH") };
    assert_eq!(rows(&seen(vec![copy]), vec![key])[0].urgency.severity, Severity::Critical);
}

#[test]
fn the_policy_for_age_holds_where_no_end_is_known_and_an_age_is() {
    let old = CredentialRecord { created_at: Some(now() - days(91)), ..secret("OLD") };
    let young = CredentialRecord { created_at: Some(now() - days(1)), ..secret("YOUNG") };
    let snapshot = seen(vec![old, young, secret("AGELESS")]);
    let policy = CredentialPolicy { max_age: Some(days(90)), ..CredentialPolicy::default() };
    let judged = credentials(&snapshot, &policy, now());
    let wanted = [("AGELESS", Severity::Unknown), ("OLD", Severity::Overdue), ("YOUNG", Severity::Ok)];
    assert_eq!(told(&judged), wanted);
}

#[test]
fn a_list_that_was_read_in_part_or_not_at_all_erases_nothing() {
    let mut snapshot = seen(vec![secret("A"), secret("B")]);
    let later = now() + SignedDuration::from_hours(6);
    let names = |snapshot: &Snapshot| {
        let mut names: Vec<_> = rows(snapshot, vec![]).iter().map(|row| row.record.name.to_string()).collect();
        names.sort();
        names.join(" ")
    };
    let part = Batch { items: vec![secret("C")], skipped: 0, complete: false };
    absorb(&mut snapshot, later, "acme/web/actions", Ok(part));
    assert_eq!(names(&snapshot), "A B C");
    let odd = Batch { items: vec![secret("C")], skipped: 1, complete: true };
    absorb(&mut snapshot, later, "acme/web/actions", Ok(odd));
    assert_eq!(names(&snapshot), "A B C");
    let down = Failure::Unreachable { stage: landfall::domain::Stage::Timeout, says: "".into() };
    assert!(absorb(&mut snapshot, later, "acme/web/actions", Err(down.clone())));
    assert!(!absorb(&mut snapshot, later, "acme/web/actions", Err(down)), "the same failure again is no news");
    assert_eq!(names(&snapshot), "A B C");
    absorb(&mut snapshot, later, "acme/web/actions", Ok(whole(vec![secret("C")])));
    assert_eq!(names(&snapshot), "C");
}

#[test]
fn what_was_not_seen_for_long_is_stale_and_nobody_can_say_that_it_is_well() {
    let snapshot = seen(vec![ending(now() + days(300))]);
    let at = |hours| credentials(&snapshot, &CredentialPolicy::default(), now() + SignedDuration::from_hours(hours));
    assert!(at(12)[0].stale.is_none() && !at(12)[0].is_unsure());
    assert!(at(13)[0].stale.is_some() && at(13)[0].is_unsure());
}

#[test]
fn closed_lists_are_unknown_and_one_row_for_each_reason() {
    let mut snapshot = Snapshot::default();
    let closed = || Err(Failure::NotFound("Not Found".into()));
    absorb(&mut snapshot, now(), "acme/api/actions", closed());
    absorb(&mut snapshot, now(), "acme/web/actions", closed());
    absorb(&mut snapshot, now(), "acme/web/keys", Err(Failure::Forbidden("no".into())));
    let judged = rows(&snapshot, vec![]);
    assert_eq!(
        told(&judged),
        [("acme/web/keys", Severity::Unknown), ("2 lists that could not be read", Severity::Unknown)]
    );
    assert!(judged.iter().all(CredentialReport::is_unsure));
    absorb(&mut snapshot, now(), "acme/web/actions", Ok(whole(vec![])));
    assert_eq!(rows(&snapshot, vec![]).len(), 2, "an empty list was read, and is no row");
}

#[test]
fn a_secret_that_reaches_several_repositories_is_one() {
    let mut snapshot = Snapshot::default();
    for repo in ["acme/api", "acme/web"] {
        let consumers = vec![repo.into()];
        let shared = CredentialRecord { id: "github/acme/organization/NPM".into(), consumers, ..secret("NPM") };
        absorb(&mut snapshot, now(), &format!("{repo}/organization"), Ok(whole(vec![shared])));
    }
    let judged = rows(&snapshot, vec![]);
    assert_eq!(judged.len(), 1);
    assert_eq!(judged[0].record.consumers, ["acme/api".into(), "acme/web".into()]);
}

#[test]
fn what_an_earlier_process_saw_is_known_until_it_turns_out_to_be_of_an_earlier_configuration() {
    let scope = |source: &str, list: &str| (SourceId::parse(source).unwrap(), list.into());
    let list = |name: &str| Batch { items: vec![Arc::new(secret(name))], skipped: 0, complete: true };
    let before = now() - days(1);
    let facts = vec![
        Fact::Scanned(scope("github", "acme/web/actions"), list("KEPT"), before),
        Fact::Scanned(scope("github", "acme/gone/actions"), list("OF_A_REPOSITORY_THAT_LEFT"), before),
        Fact::Scanned(scope("gitlab", "acme/web/tokens"), list("OF_A_PROVIDER_THAT_LEFT"), before),
    ];
    let mut snapshot = Snapshot::default();
    let own = |snapshot: &mut Snapshot, seen| snapshot.absorb(Observation::own(now(), seen));
    own(&mut snapshot, Seen::Remembered(facts.clone()));
    assert_eq!(rows(&snapshot, Vec::new()).len(), 3);
    let github = SourceId::parse("github").unwrap();
    own(&mut snapshot, Seen::CredentialLists(vec![(github.clone(), None)]));
    assert_eq!(rows(&snapshot, Vec::new()).len(), 2, "who has not come to its end may have more");
    absorb(&mut snapshot, now(), "acme/web/actions", Ok(whole(vec![secret("KEPT")])));
    let kept = snapshot.unkept();
    assert!(
        matches!(kept.as_slice(), [Fact::Scanned(_, list, at)] if list.items.len() == 1 && *at == now()),
        "{kept:?}"
    );
    // One provider is asked in several ways; each tells of its own lists.
    let (other, told) = ((github.clone(), Some(vec!["own".into()])), Some(vec!["acme/web/actions".into()]));
    own(&mut snapshot, Seen::CredentialLists(vec![other, (github, told)]));
    let left: Vec<_> = rows(&snapshot, Vec::new()).iter().map(|row| row.record.name.to_string()).collect();
    assert_eq!(left, ["KEPT"]);
    own(&mut snapshot, Seen::Remembered(facts.into_iter().take(1).collect()));
    let seen_at = |snapshot: &Snapshot| snapshot.credentials().next().unwrap().1.seen_at;
    assert_eq!(seen_at(&snapshot), Some(now()), "what is older takes nothing away");
}

#[test]
fn a_list_that_is_closed_keeps_what_lies_beneath_it_and_nothing_beside_it() {
    let mut snapshot = Snapshot::default();
    for list in ["acme/web/environments/prod", "acme/web/environments-of-old", "acme/gone/actions"] {
        absorb(&mut snapshot, now(), list, Ok(whole(vec![secret(list)])));
    }
    absorb(&mut snapshot, now(), "acme/web/environments", Err(Failure::Forbidden("no".into())));
    let github = SourceId::parse("github").unwrap();
    let told = vec![(github, Some(vec!["acme/web/environments".into()]))];
    snapshot.absorb(Observation::own(now(), Seen::CredentialLists(told)));
    let left: Vec<_> = snapshot.credentials().map(|((_, scope), _)| scope.as_str().to_owned()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.contains(&"acme/web/environments/prod".to_owned()), "{left:?}");
}
