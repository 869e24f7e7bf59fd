//! What breaks when a credential ends: whose run comes first, and what is told of it.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Confidence, CredentialPolicy, CredentialReport, FirstToBreak, credentials};
use landfall::domain::{
    Batch, CredentialKind, CredentialRecord, CredentialScan, DeclaredCredential, Expiry, Failure, Globs,
    JobEnvironment, Level, NamedSecret, Observation, Pipeline, PipelineScan, Reach, Renewal, RepoPath, Schedule,
    SecretUse, Seen, Snapshot, SourceId, Standing,
};

use super::{NOW, time};

pub(crate) fn repo(name: &str) -> RepoPath {
    RepoPath::parse(name).unwrap()
}

pub(crate) fn end() -> Expiry {
    Expiry::At(time("2026-11-28T12:00:00Z"))
}

pub(crate) fn record(name: &str, level: Level, expiry: Expiry) -> CredentialRecord {
    let id = match &level {
        Level::Organization => format!("github/acme/organization/{name}"),
        Level::Repository => format!("github/acme/web/actions/{name}"),
        Level::Environment(environment) => format!("github/acme/web/environments/{}/{name}", environment.raw()),
        Level::Dependabot => format!("github/acme/web/dependabot/{name}"),
    };
    let reach = Some(Reach { repos: vec![repo("acme/web")], level });
    CredentialRecord { reach, expiry, ..CredentialRecord::new(id, name, CredentialKind::Secret, time(NOW)) }
}

pub(crate) fn used(job: &str, secret: NamedSecret, environment: JobEnvironment) -> SecretUse {
    SecretUse { job: Some(job.into()), through: None, secret, environment, only_environment: false, decided: false }
}

pub(crate) fn exact(job: &str, name: &str) -> SecretUse {
    used(job, NamedSecret::Exactly(name.into()), JobEnvironment::Unset)
}

pub(crate) fn pipeline(name: &str, crons: &[&str], uses: Vec<SecretUse>) -> Pipeline {
    let schedule = |cron: &&str| Schedule { cron: (*cron).into(), ..Schedule::default() };
    Pipeline {
        file: format!(".github/workflows/{name}.yml").as_str().into(),
        name: name.into(),
        triggers: vec!["schedule".into(), "push".into()],
        schedules: crons.iter().map(schedule).collect(),
        uses,
        ..Pipeline::default()
    }
}

pub(crate) fn absorb(snapshot: &mut Snapshot, seen: Seen) -> bool {
    snapshot.absorb(Observation { at: time(NOW), source: SourceId::parse("github").unwrap(), seen })
}

pub(crate) fn told(snapshot: &mut Snapshot, of: &str, found: Result<Vec<Pipeline>, Failure>) -> bool {
    let found = found.map(|items| Arc::new(Batch { items, skipped: 0, complete: true }));
    absorb(snapshot, Seen::Pipelines(PipelineScan { repo: repo(of), found }))
}

pub(crate) fn world(items: Vec<CredentialRecord>, pipelines: Vec<Pipeline>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let found = Ok(Batch { items, skipped: 0, complete: true });
    absorb(&mut snapshot, Seen::Credentials(CredentialScan { scope: "acme".into(), found }));
    told(&mut snapshot, "acme/web", Ok(pipelines));
    snapshot
}

pub(crate) fn rows(snapshot: &Snapshot) -> Vec<CredentialReport> {
    credentials(snapshot, &CredentialPolicy::default(), time(NOW))
}

pub(crate) fn row(items: Vec<CredentialRecord>, pipelines: Vec<Pipeline>, id: &str) -> CredentialReport {
    rows(&world(items, pipelines)).into_iter().find(|row| row.record.id.raw().ends_with(id)).unwrap()
}

pub(crate) fn first(row: &CredentialReport) -> String {
    row.breaks.first.as_ref().map(FirstToBreak::words).unwrap_or_default()
}

pub(crate) fn readers(row: &CredentialReport) -> Vec<(String, Confidence)> {
    row.breaks.consumers.iter().map(|it| (it.words(), it.confidence)).collect()
}

#[test]
fn the_first_scheduled_run_after_the_end_is_named() {
    let token = || vec![record("GHCR_TOKEN", Level::Repository, end())];
    let nightly = pipeline("nightly-release", &["0 2 * * 0"], vec![exact("push", "ghcr_token")]);
    let weekly = pipeline("weekly", &["0 9 * * 1"], vec![exact("push", "GHCR_TOKEN")]);
    let before = pipeline("before", &["0 11 28 11 *"], vec![exact("push", "GHCR_TOKEN")]);
    let other = pipeline("other", &["* * * * *"], vec![exact("push", "OTHER")]);
    let found = row(token(), vec![weekly, other, before, nightly], "GHCR_TOKEN");
    assert_eq!(first(&found), "first to break: nightly-release, Sun 02:00 UTC");
    assert_eq!(found.breaks.first.as_ref().unwrap().at, Some(time("2026-11-29T02:00:00Z")));
    assert_eq!(found.breaks.consumers.len(), 3, "who runs before the end reads it too");
    let far = pipeline("yearly", &["0 2 1 3 *"], vec![exact("push", "GHCR_TOKEN")]);
    assert_eq!(first(&row(token(), vec![far], "GHCR_TOKEN")), "first to break: yearly, Mon 1 Mar 2027 02:00 UTC");
}

#[test]
fn what_has_ended_or_was_refused_breaks_the_next_one() {
    let nightly = || vec![pipeline("nightly", &["0 2 * * *"], vec![exact("push", "T")])];
    let ended = record("T", Level::Repository, Expiry::At(time("2026-11-20T00:00:00Z")));
    assert_eq!(first(&row(vec![ended], nightly(), "/T")), "next scheduled: nightly, Sat 02:00 UTC");
    let refused = CredentialRecord {
        standing: Standing::Refused("revoked".into()),
        ..record("T", Level::Repository, Expiry::Untold)
    };
    assert_eq!(first(&row(vec![refused], nightly(), "/T")), "next scheduled: nightly, Sat 02:00 UTC");
    let untold = row(vec![record("T", Level::Repository, Expiry::Untold)], nightly(), "/T");
    assert_eq!((first(&untold).as_str(), untold.breaks.consumers.len()), ("", 1), "without an end nobody knows when");
}

#[test]
fn the_teams_own_time_is_told() {
    let nightly = pipeline("nightly", &["30 23 * * *"], vec![exact("push", "T")]);
    let mut policy = CredentialPolicy::default();
    policy.hours.zones = vec![super::zone("Berlin")];
    let snapshot = world(vec![record("T", Level::Repository, end())], vec![nightly]);
    let judged = credentials(&snapshot, &policy, time(NOW));
    assert_eq!(first(&judged[0]), "first to break: nightly, Sun 00:30 CET");
}

#[test]
fn without_a_schedule_it_breaks_with_whatever_comes_next() {
    let start = |triggers: &[&str]| {
        let triggers = triggers.iter().map(|it| (*it).into()).collect();
        let release = Pipeline { triggers, ..pipeline("release", &[], vec![exact("push", "T")]) };
        first(&row(vec![record("T", Level::Repository, end())], vec![release], "/T"))
    };
    assert_eq!(start(&["workflow_dispatch", "push"]), "release breaks with the next push");
    assert_eq!(start(&["workflow_dispatch"]), "release breaks with its next start by hand");
    assert_eq!(start(&["issue_comment"]), "release breaks with its next issue_comment");
    assert_eq!(start(&[]), "release breaks with its next run");
}

#[test]
fn a_schedule_that_cannot_be_read_is_said_and_never_guessed() {
    let odd = pipeline("odd", &["every night"], vec![exact("push", "T")]);
    let found = row(vec![record("T", Level::Repository, end())], vec![odd], "/T");
    assert_eq!(first(&found), "odd breaks with the next push");
    assert_eq!(found.breaks.consumers[0].why, Some("its schedule `every night` cannot be read".into()));
}

#[test]
fn what_is_switched_off_does_not_run() {
    let off = Pipeline { switched_off: true, ..pipeline("off", &["0 2 * * *"], vec![exact("push", "T")]) };
    let mut asleep = pipeline("asleep", &["0 2 * * *"], vec![exact("push", "T")]);
    asleep.schedules[0].switched_off = true;
    let found = row(vec![record("T", Level::Repository, end())], vec![off, asleep], "/T");
    assert_eq!((first(&found).as_str(), found.breaks.consumers.len()), ("asleep breaks with the next push", 2));
}

fn declared(copies: &str, upstream: Option<&str>) -> DeclaredCredential {
    DeclaredCredential {
        name: "push token".into(),
        kind: "token".into(),
        copies: Globs::parse(&[copies.to_owned()]).unwrap(),
        upstream: upstream.map(Into::into),
        expiry: if upstream.is_some() { Expiry::Untold } else { end() },
        rotate_by: None,
        created_at: None,
        max_age: None,
        renewal: Renewal::Manual,
        owner: None,
        runbook: None,
        consumers: vec!["nightly.yml".into()],
    }
}

#[test]
fn a_declared_copy_that_nobody_could_list_is_found_where_it_is_read() {
    let policy =
        CredentialPolicy { declared: vec![declared("github/acme/*/actions/T", None)], ..CredentialPolicy::default() };
    let snapshot = world(vec![], vec![pipeline("nightly", &["0 2 * * *"], vec![exact("push", "T")])]);
    let judged = credentials(&snapshot, &policy, time(NOW));
    assert_eq!(first(&judged[0]), "first to break: nightly, Sun 02:00 UTC");
    assert_eq!(judged[0].consumers(), ["nightly.yml"], "who is declared is not told twice");
}

#[test]
fn the_end_comes_from_upstream_and_the_readers_from_the_copies() {
    let upstream = CredentialRecord {
        expiry: end(),
        ..CredentialRecord::new("gitlab/acme/access_tokens/7", "push", CredentialKind::AccessToken, time(NOW))
    };
    let copy = record("T", Level::Repository, Expiry::Untold);
    let snapshot = world(vec![upstream, copy], vec![pipeline("nightly", &["0 2 * * *"], vec![exact("push", "T")])]);
    let declared = vec![declared("github/acme/web/actions/T", Some("gitlab/acme/access_tokens/7"))];
    let judged = credentials(&snapshot, &CredentialPolicy { declared, ..CredentialPolicy::default() }, time(NOW));
    let ends: Vec<Option<Timestamp>> =
        judged.iter().map(|row| if let Expiry::At(at) = row.record.expiry { Some(at) } else { None }).collect();
    assert_eq!(ends, [Some(time(NOW) + SignedDuration::from_hours(24)); 2]);
    assert!(judged.iter().all(|row| first(row) == "first to break: nightly, Sun 02:00 UTC"));
}

#[test]
fn without_names_nobody_is_told_who_reads_what() {
    let policy = CredentialPolicy { redact: true, ..CredentialPolicy::default() };
    let snapshot = world(
        vec![record("T", Level::Repository, end())],
        vec![pipeline("nightly", &["0 2 * * *"], vec![exact("push", "T")])],
    );
    let judged = credentials(&snapshot, &policy, time(NOW));
    assert!(!format!("{judged:?}").contains("nightly"), "{judged:?}");
    let consumers = judged[0].consumers();
    assert!(matches!(consumers.as_slice(), [one] if one.starts_with("repository ")), "{consumers:?}");
}

#[test]
fn what_rules_decide_may_break_and_no_more() {
    let decided = SecretUse { decided: true, ..exact("push", "T") };
    let nightly = pipeline("nightly", &["0 2 * * 0"], vec![decided]);
    let token = || vec![record("T", Level::Repository, end())];
    let found = row(token(), vec![nightly.clone()], "/T");
    assert_eq!(first(&found), "may be first to break: nightly, Sun 02:00 UTC");
    assert!(!found.breaks.first.as_ref().unwrap().is_sure && found.breaks.consumers[0].decided);
    let sure = pipeline("weekly", &["0 9 * * 1"], vec![exact("push", "T")]);
    assert_eq!(first(&row(token(), vec![nightly, sure], "/T")), "first to break: weekly, Mon 09:00 UTC");
}

#[test]
fn of_what_comes_first_the_one_that_surely_runs_is_told() {
    let decided = || SecretUse { decided: true, ..exact("push", "T") };
    for (crons, wanted) in
        [(&["0 2 * * 0"][..], "first to break: sure, Sun 02:00 UTC"), (&[], "sure breaks with the next push")]
    {
        let pipelines =
            vec![pipeline("gated", crons, vec![decided()]), pipeline("sure", crons, vec![exact("push", "T")])];
        let found = row(vec![record("T", Level::Repository, end())], pipelines, "/T");
        assert_eq!(first(&found), wanted);
        assert!(found.breaks.first.unwrap().is_sure);
    }
    let gated = vec![pipeline("gated", &[], vec![decided()])];
    let found = row(vec![record("T", Level::Repository, end())], gated, "/T");
    assert_eq!(first(&found), "gated may break with the next push");
}

#[test]
fn a_job_that_surely_reads_it_once_surely_reads_it() {
    let production = JobEnvironment::Named("production".into());
    let gated = SecretUse { decided: true, ..exact("push", "T") };
    let surely = used("push", NamedSecret::Exactly("T".into()), production);
    for uses in [vec![gated.clone(), surely.clone()], vec![surely, gated]] {
        let found = row(vec![record("T", Level::Repository, end())], vec![pipeline("web", &[], uses)], "/T");
        assert!(matches!(found.breaks.consumers.as_slice(), [only] if only.is_sure()), "{:?}", found.breaks);
    }
}

#[test]
fn a_declared_consumer_that_was_found_is_told_once() {
    let mut token = record("T", Level::Repository, end());
    token.consumers = ["web.yml", "acme/web: web", "web", "the cluster"].map(Into::into).to_vec();
    let found = row(vec![token], vec![pipeline("web", &[], vec![exact("push", "T")])], "/T");
    assert_eq!(found.only_declared(), [&"the cluster".into()]);
    assert_eq!(found.consumers().len(), 4, "what is declared stands as it was written");
}

#[test]
fn without_names_who_breaks_first_keeps_its_stand_in() {
    let nightly = pipeline("e", &["0 2 * * 0"], vec![exact("push", "T")]);
    let pushed = pipeline("push release", &[], vec![exact("push", "U")]);
    let items = vec![record("T", Level::Repository, end()), record("U", Level::Repository, end())];
    let policy = CredentialPolicy { redact: true, ..CredentialPolicy::default() };
    let words = |pipelines| -> Vec<String> {
        let judged = credentials(&world(items.clone(), pipelines), &policy, time(NOW));
        judged.iter().map(first).collect()
    };
    let told = words(vec![nightly.clone(), pushed.clone()]);
    assert_eq!(told, words(vec![pushed, nightly]), "the same at every look");
    assert!(told[0].starts_with("first to break: pipeline ") && told[0].ends_with(", Sun 02:00 UTC"), "{told:?}");
    assert!(told[1].starts_with("pipeline ") && told[1].ends_with(" breaks with the next push"), "{told:?}");
}
