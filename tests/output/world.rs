//! A small report made by hand.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use landfall::analysis::{Explanation, Green, Report, Row, ServiceReport, SourceReport, TagPlace, Verdict};
use landfall::config;
use landfall::domain::{
    AuthKind, AuthStage, Budget, Conclusion, Digest, Event, Failure, Frame, Health, Miss, Platform, Proof, RepoPath,
    RevisionRule, Run, RunKey, RunState, Service, Sha, SourceId, SourceKind, TagTemplate, Traffic,
};

pub(crate) fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
    start.checked_add(jiff::SignedDuration::from_mins(minute)).unwrap()
}

pub(crate) fn service(name: &str) -> Arc<Service> {
    let text = format!(
        "[[ci]]\nname = 'github'\nkind = 'github'\n[[service]]\nname = '{name}'\nci = 'github'\nrepo = 'acme/{name}'\n\
         [[service.image]]\nrepository = 'ghcr.io/acme/{name}'\ntags = ['sha-{{sha:7}}', '{{pr}}']\n"
    );
    config::parse(&text, Path::new("config.toml")).unwrap().config.services.remove(0)
}

pub(crate) fn run(service: &Service, number: u64) -> Arc<Run> {
    Arc::new(Run {
        key: RunKey {
            ci: service.ci.clone(),
            repo: RepoPath::parse("acme/x").unwrap(),
            id: 9_000 + number,
            attempt: 1,
        },
        number,
        workflow: "release".into(),
        workflow_file: Some("release.yml".into()),
        event: Event("push".into()),
        branch: Some("main".into()),
        git_tag: None,
        pull_request: None,
        sha: Sha::parse(&format!("{number:07x}{}", "a".repeat(33))).unwrap(),
        title: "Round the corners".into(),
        url: format!("https://ci.example/acme/runs/{number}").into(),
        state: RunState::Finished(Conclusion::Success),
        created_at: Some(at(-10).into()),
        committed_at: None,
        started_at: Some(at(-9).into()),
        finished_at: Some(at(-5).into()),
    })
}

pub(crate) fn row(service: &Arc<Service>, number: u64, verdict: Verdict) -> Row {
    let run = run(service, number);
    let tag = TagTemplate::parse("sha-{sha:7}").unwrap().expand(&run).unwrap();
    let there = !matches!(verdict, Verdict::Missing | Verdict::Unknown | Verdict::Pending | Verdict::NotExpected);
    Row {
        service: service.clone(),
        run,
        place: TagPlace { image: 0, tag: 0 },
        tag: Some(tag),
        verdict,
        settled: true,
        last_known: (verdict == Verdict::Unknown).then(|| (Verdict::Landed, at(-60).into())),
        since: Some(at(-3).into()),
        digest: there.then(|| Digest::sha256([7; 32])),
        found: there.then(|| {
            Arc::new(Proof {
                frame: Arc::new(Frame {
                    wanted: Box::new([]),
                    rule: RevisionRule::Auto,
                    platforms: [Platform::parse("linux/arm64/v8").unwrap()].into(),
                }),
                created: Some(at(-6).into()),
                revision: None,
                layers: 1,
                claimed: None,
            })
        }),
        seen_at: None,
    }
}

pub(crate) fn report_of(service: &Arc<Service>, rows: Vec<Row>) -> ServiceReport {
    let newest = rows.first().map(|row| row.run.clone());
    let green = rows.first().map(|row| Green { run: row.run.clone(), verdict: row.verdict, settled: row.settled });
    let landed = rows.iter().position(|row| row.verdict == Verdict::Landed);
    ServiceReport {
        freshness: landfall::analysis::Freshness::Live,
        service: service.clone(),
        newest,
        newest_green: green,
        newest_landed: landed.and_then(|at| rows.get(at)).map(|row| row.run.clone()),
        way_back: landed.and_then(|at| rows.get(at)).map(|row| row.run.clone()),
        behind: landed,
        since: landed.filter(|&behind| behind > 0).map(|_| at(-5)),
        rows,
        seen_at: Some(at(0)),
        failure: None,
        complete: true,
        skipped: 0,
        settled: true,
        reliability: Arc::default(),
    }
}

pub(crate) fn source(id: &str, kind: SourceKind, failure: Option<Failure>) -> SourceReport {
    let budget = Budget { remaining: 4_321, limit: Some(5_000), resets_at: None };
    let traffic = Traffic {
        requests: 12,
        not_modified: 3,
        budget: (kind == SourceKind::Ci).then_some(budget),
        ..Traffic::default()
    };
    let health = Health { last_ok: Some(at(0)), failure: failure.map(|it| (at(0), it)), traffic, ..Health::new(kind) };
    SourceReport { id: SourceId::parse(id).unwrap(), health }
}

/// Every verdict once, in two services, and a third whose runs could not be read.
pub(crate) fn report() -> Report {
    let (checkout, web, search) = (service("checkout"), service("web"), service("search"));
    let [mut newer, mut older] = [Vec::new(), Vec::new()];
    for (number, verdict) in (0_u64..).zip(Verdict::ALL) {
        if number % 2 == 0 {
            newer.push(row(&checkout, 100 - number, verdict));
        } else {
            older.push(row(&web, 100 - number, verdict));
        }
    }
    let says = "token expired on 1 November";
    let refused = Failure::Auth { stage: AuthStage::Api, kind: AuthKind::Expired, says: says.into() };
    let unread = ServiceReport {
        seen_at: None,
        failure: Some(Miss { at: at(0), failure: refused.clone() }),
        complete: false,
        settled: false,
        ..report_of(&search, Vec::new())
    };
    Report {
        services: vec![report_of(&checkout, newer), report_of(&web, older), unread],
        sources: vec![source("ghcr.io", SourceKind::Registry, None), source("github", SourceKind::Ci, Some(refused))],
        ..Report::default()
    }
}

/// One service, with these rows and nothing wrong elsewhere.
pub(crate) fn quiet(rows: &[(u64, Verdict)]) -> Report {
    let service = service("checkout");
    let rows = rows.iter().map(|&(number, verdict)| row(&service, number, verdict)).collect();
    let sources = vec![source("ghcr.io", SourceKind::Registry, None)];
    Report { services: vec![report_of(&service, rows)], sources, ..Report::default() }
}

pub(crate) fn explain(row: &Row) -> Explanation {
    let tag = row.tag.as_ref().map(ToString::to_string).unwrap_or_default();
    let finding = row.verdict.is_finding();
    Explanation {
        evidence: vec![
            format!("Run #{} (attempt 1) of release is success at {}.", row.run.number, at(-5)),
            format!("ghcr.io/acme/{}:{tag} is expected.", row.service.name),
        ],
        to_be_sure: if row.verdict == Verdict::Unknown {
            vec!["The tag must be looked at.".to_owned()]
        } else {
            Vec::new()
        },
        cause: finding.then(|| "The push was refused, and the job went on: denied: expired".to_owned()),
        next_steps: if finding {
            vec!["Renew the push credentials and run the job again.".to_owned()]
        } else {
            Vec::new()
        },
    }
}
