//! Who reads a credential, how sure that is, and what is said where nobody could tell.

use landfall::analysis::{Confidence, Consumer};
use landfall::domain::{
    Batch, CredentialKind, CredentialRecord, CredentialScan, Failure, JobEnvironment, Level, NamedSecret, Pipeline,
    Reach, SecretUse, Seen, Snapshot,
};

use super::breaks::{absorb, end, exact, first, pipeline, readers, record, repo, row, rows, told, used, world};

#[test]
fn how_sure_it_is_decides_who_is_named() {
    let all = pipeline("all", &["0 13 * * *"], vec![used("hand", NamedSecret::All, JobEnvironment::Unset)]);
    let computed =
        pipeline("computed", &["0 13 * * *"], vec![used("any", NamedSecret::Computed, JobEnvironment::Unset)]);
    let sure = pipeline(
        "sure",
        &["0 2 * * 0"],
        vec![exact("push", "T"), used("push", NamedSecret::All, JobEnvironment::Unset)],
    );
    let broken = Pipeline { unread: Some("line 3: odd".into()), ..pipeline("broken", &["* * * * *"], vec![]) };
    let token = || vec![record("T", Level::Repository, end())];
    let found = row(token(), vec![all.clone(), computed, sure, broken], "/T");
    let wanted = [
        ("acme/web: sure, job push", Confidence::Exact),
        ("acme/web: all, job hand", Confidence::InheritAll),
        ("acme/web: computed, job any", Confidence::Dynamic),
        ("acme/web: broken", Confidence::Unknown),
    ];
    assert_eq!(readers(&found), wanted.map(|(words, confidence)| (words.to_owned(), confidence)));
    assert_eq!(first(&found), "first to break: sure, Sun 02:00 UTC");
    assert_eq!(first(&row(token(), vec![all], "/T")), "may be first to break: all, Sat 13:00 UTC");
}

#[test]
fn the_environment_hides_the_repository_which_hides_the_organization() {
    let production = || JobEnvironment::Named("Production".into());
    let uses = vec![
        used("deploy", NamedSecret::Exactly("T".into()), production()),
        exact("test", "T"),
        used("review", NamedSecret::Exactly("T".into()), JobEnvironment::Computed),
        SecretUse { only_environment: true, ..used("called", NamedSecret::Exactly("T".into()), production()) },
    ];
    let level = |environment: &str| Level::Environment(environment.into());
    let all = || {
        vec![
            record("T", level("production"), end()),
            record("T", Level::Repository, end()),
            record("T", Level::Organization, end()),
        ]
    };
    let jobs = |records, id| {
        let found = row(records, vec![pipeline("p", &[], uses.clone())], id);
        let job = |it: &Consumer| it.job.as_ref().unwrap().to_string();
        found.breaks.consumers.iter().map(job).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(jobs(all(), "environments/production/T"), "called deploy review");
    assert_eq!(jobs(all(), "actions/T"), "review test");
    assert_eq!(jobs(all(), "organization/T"), "");
    assert_eq!(jobs(vec![record("T", Level::Organization, end())], "organization/T"), "deploy review test");
    assert_eq!(
        jobs(vec![record("T", level("staging"), end()), record("T", Level::Repository, end())], "actions/T"),
        "deploy review test"
    );
}

#[test]
fn dependabots_own_copy_is_read_by_runs_that_dependabot_starts() {
    let checks = Pipeline {
        triggers: vec!["pull_request".into()],
        ..pipeline("checks", &["0 2 * * *"], vec![exact("lint", "T")])
    };
    let release = Pipeline { triggers: vec!["release".into()], ..pipeline("release", &[], vec![exact("push", "T")]) };
    let found = row(vec![record("T", Level::Dependabot, end())], vec![checks, release], "/T");
    assert_eq!(readers(&found), [("acme/web: checks, job lint".to_owned(), Confidence::Exact)]);
    assert_eq!(first(&found), "checks breaks with the next pull request", "no schedule starts Dependabot");
}

#[test]
fn variables_of_gitlab_are_told_apart_by_case_and_by_environment() {
    let variable = |level: Level| CredentialRecord { kind: CredentialKind::Variable, ..record("Token", level, end()) };
    let uses = vec![
        exact("wrong", "TOKEN"),
        exact("right", "Token"),
        used("review", NamedSecret::Exactly("Token".into()), JobEnvironment::Named("review/x".into())),
    ];
    let jobs = |level| readers(&row(vec![variable(level)], vec![pipeline("p", &[], uses.clone())], "/Token"));
    assert_eq!(jobs(Level::Repository).len(), 2);
    assert_eq!(
        jobs(Level::Environment("review/*".into())),
        [("acme/web: p, job review".to_owned(), Confidence::Exact)]
    );
    let unnamed = row(vec![variable(Level::Repository)], vec![pipeline("p", &[], vec![])], "/Token");
    assert!(unnamed.breaks.unsure[0].contains("a program may read it unnamed"));
}

#[test]
fn what_was_not_read_is_unknown_and_what_was_known_stays() {
    let mut snapshot =
        world(vec![record("T", Level::Repository, end())], vec![pipeline("p", &[], vec![exact("push", "T")])]);
    assert!(told(&mut snapshot, "acme/web", Err(Failure::Forbidden("no".into()))));
    assert!(
        !told(&mut snapshot, "acme/web", Err(Failure::Forbidden("no".into()))),
        "the same failure again is no news"
    );
    let found = &rows(&snapshot)[0];
    assert_eq!(found.breaks.consumers.len(), 1);
    assert!(found.breaks.unsure[0].contains("as they were last read"));
    let mut dark = Snapshot::default();
    let items = vec![record("T", Level::Repository, end())];
    let found = Ok(Batch { items, skipped: 0, complete: true });
    absorb(&mut dark, Seen::Credentials(CredentialScan { scope: "acme".into(), found }));
    let found = rows(&dark);
    assert!(found[0].breaks.first.is_none());
    assert_eq!(found[0].breaks.unsure, ["who uses it in acme/web is not known, its pipelines were not read"]);
}

#[test]
fn an_organization_secret_is_read_in_every_repository_that_it_reaches() {
    let shared = |name: &str| CredentialRecord {
        reach: Some(Reach { repos: vec![repo(name)], level: Level::Organization }),
        consumers: vec![name.into()],
        ..record("NPM", Level::Organization, end())
    };
    let mut snapshot = Snapshot::default();
    for name in ["acme/api", "acme/web"] {
        let found = Ok(Batch { items: vec![shared(name)], skipped: 0, complete: true });
        absorb(&mut snapshot, Seen::Credentials(CredentialScan { scope: name.into(), found }));
        told(&mut snapshot, name, Ok(vec![pipeline("ci", &[], vec![exact("test", "NPM")])]));
    }
    let judged = rows(&snapshot);
    assert_eq!(judged[0].consumers(), ["acme/api", "acme/web", "acme/api: ci", "acme/web: ci"]);
}
