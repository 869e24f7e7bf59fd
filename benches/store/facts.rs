//! What is kept of services that do well: their runs, jobs, tags, images and verdicts.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    Absence, AbsenceCode, Batch, Conclusion, Descriptor, Digest, Event, Fact, Frame, ImageConfig, ImageName, Job,
    JobId, Judgement, Landed, Look, Manifest, ManifestKind, Platform, Proof, RepoPath, Revision, RevisionRule, Run,
    RunKey, RunState, ServiceName, Sha, SourceId, SourceKind, Tag, TagFact, TagRef, Text,
};

/// Where the images are: nobody answers there.
pub(crate) const REGISTRY: &str = "127.0.0.1:9";

fn key(service: u64, run: u64) -> RunKey {
    let repo = RepoPath::parse(&format!("acme/service-{service}")).unwrap();
    RunKey { ci: SourceId::parse("github").unwrap(), repo, id: 9_000_000_000 + service * 1_000 + run, attempt: 1 }
}

fn image(service: u64) -> ImageName {
    ImageName::parse(&format!("{REGISTRY}/acme/service-{service}")).unwrap()
}

fn tag_ref(service: u64, run: u64) -> TagRef {
    let tag = Tag::parse(&format!("sha-{}", commit(service, run).get(..7).unwrap())).unwrap();
    TagRef { image: image(service), tag }
}

fn sha(service: u64, run: u64) -> u128 {
    u128::from(service * 1_000 + run + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

fn commit(service: u64, run: u64) -> String {
    format!("{:032x}{service:08x}", sha(service, run))
}

fn digest(service: u64, run: u64, part: u8) -> Digest {
    let mut bytes = [part; 32];
    bytes.iter_mut().zip(sha(service, run).to_le_bytes()).for_each(|(byte, fresh)| *byte ^= fresh);
    Digest::sha256(bytes)
}

fn name(service: u64) -> ServiceName {
    ServiceName::parse(&format!("service-{service}")).unwrap()
}

fn listing(service: u64, runs: u64, now: Timestamp) -> Fact {
    let run = |number: u64| {
        let key = key(service, number);
        let started = now - SignedDuration::from_mins(i64::try_from(47 * number).unwrap());
        Arc::new(Run {
            number: 1_000 - number,
            workflow: Text::new("release"),
            workflow_file: Some(Text::new("release.yml")),
            event: Event(Text::new("push")),
            branch: Some(Text::new("main")),
            git_tag: None,
            pull_request: None,
            sha: Sha::parse(&commit(service, number)).unwrap(),
            title: Text::new(&format!("Round the totals of cart {number} half to even (#{service})")),
            url: format!("https://github.com/{}/actions/runs/{}", key.repo, key.id).into(),
            state: RunState::Finished(match fate(service, number) {
                Fate::Failed => Conclusion::Failure,
                Fate::Landed | Fate::Missing => Conclusion::Success,
            }),
            created_at: Some(started.into()),
            committed_at: None,
            started_at: Some(started.into()),
            finished_at: Some((started + SignedDuration::from_mins(9)).into()),
            key,
        })
    };
    let batch = Batch { items: (0..runs).map(run).collect(), skipped: 0, complete: true };
    Fact::Runs { service: name(service), batch, seen_at: now }
}

fn tag(service: u64, run: u64, now: Timestamp, seen_at: Timestamp) -> Fact {
    Fact::Tag(TagFact {
        tag_ref: tag_ref(service, run),
        known: Ok(digest(service, run, 0)),
        seen_at,
        changed_at: now,
        absent_since: None,
        absent_looks: 0,
    })
}

/// How a run of this world ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Landed,
    /// It was red, and left its push out.
    Failed,
    /// It was green, and its tag is not there.
    Missing,
}

/// One run in nine is red; of the green ones but the newest, one in twenty left nothing behind.
fn fate(service: u64, run: u64) -> Fate {
    match (run, (service * 20 + run) % 20) {
        (run, _) if run % 9 == 8 => Fate::Failed,
        (1.., 11) => Fate::Missing,
        _ => Fate::Landed,
    }
}

/// Of each service: its runs, and of each run its jobs, its tag, what it points to, that it landed, the verdict. What is
/// proven goes to the shelf by `shelved`, as landfall does it.
pub(crate) fn service_facts(service: u64, runs: u64, now: Timestamp) -> Vec<Fact> {
    let mut facts = vec![listing(service, runs, now), Fact::Readable(image(service), now)];
    let ci = SourceId::parse("github").unwrap();
    facts.push(Fact::Answered(ci, SourceKind::Ci, now));
    facts.extend((0..runs).flat_map(|run| {
        let mut facts = vec![jobs(service, run, now)];
        match fate(service, run) {
            Fate::Landed => facts.extend(landed(service, run, now)),
            Fate::Failed => {}
            Fate::Missing => facts.extend(missing(service, run, now)),
        }
        facts
    }));
    facts
}

fn jobs(service: u64, run: u64, now: Timestamp) -> Fact {
    let run_key = key(service, run);
    let job = |number: u64| Job {
        id: JobId(run_key.id * 10 + number),
        name: Text::new(["lint", "test (linux)", "build", "docker"].get(usize::try_from(number).unwrap()).unwrap()),
        stage: None,
        state: RunState::Finished(match (fate(service, run), number) {
            (Fate::Failed, 2) => Conclusion::Failure,
            (Fate::Failed, 3) => Conclusion::Skipped,
            _ => Conclusion::Success,
        }),
        allow_failure: false,
        started_at: Some(now.into()),
        finished_at: Some(now.into()),
    };
    let jobs = Batch { items: (0..4).map(job).collect(), skipped: 0, complete: true };
    Fact::Jobs { run: run_key, batch: jobs.into(), seen_at: now, looks: 2 }
}

fn landed(service: u64, run: u64, now: Timestamp) -> [Fact; 4] {
    let platform = || Platform::parse("linux/amd64").unwrap();
    let image = image(service);
    let descriptor = |part| Descriptor { digest: digest(service, run, part), size: 30_000_000, foreign: false };
    let manifest = Manifest {
        digest: digest(service, run, 0),
        kind: ManifestKind::Image { config: descriptor(1), layers: (2..9).map(descriptor).collect() },
        revision: None,
        created: None,
    };
    let revision = Some(Text::new(&commit(service, run)));
    let proof = Proof {
        frame: Arc::new(Frame {
            wanted: Box::from([platform()]),
            rule: RevisionRule::Auto,
            platforms: Box::from([platform()]),
        }),
        created: Some(now.into()),
        revision: revision.as_ref().map(Revision::from),
        layers: 7,
        claimed: Some(true),
    };
    let landed = Landed {
        tag_ref: tag_ref(service, run),
        run: key(service, run),
        digest: digest(service, run, 0),
        since: now,
        last_seen: now,
        proof: Some(Arc::new(proof)),
    };
    let config = ImageConfig { created: Some(now), revision, platform: Some(platform()) };
    [
        tag(service, run, now, now),
        Fact::Manifest(image.clone(), manifest.digest.clone(), Ok(Arc::new(manifest))),
        Fact::Config(image, digest(service, run, 1), Ok(config)),
        Fact::Landed(landed),
    ]
}

fn missing(service: u64, run: u64, now: Timestamp) -> [Fact; 2] {
    let absence = Absence { code: AbsenceCode::ManifestUnknown, says: "manifest unknown".into() };
    let since = now - SignedDuration::from_mins(5);
    let tag = TagFact {
        tag_ref: tag_ref(service, run),
        known: Err(absence),
        seen_at: now,
        changed_at: since,
        absent_since: Some(since),
        absent_looks: 3,
    };
    let (service, run, tag_ref) = (name(service), key(service, run), tag_ref(service, run));
    [Fact::Tag(tag), Fact::Judged(Judgement { service, run, tag_ref, verdict: "missing".into(), since })]
}

/// What is proven of all but the newest run of each service.
pub(crate) fn shelved(services: u64, runs: u64) -> Vec<Look> {
    let each = (0..services).flat_map(|service| (1..runs).map(move |run| (service, run)));
    each.filter(|(service, run)| fate(*service, *run) == Fate::Landed)
        .flat_map(|(service, run)| {
            [
                Look::Jobs(key(service, run)),
                Look::Tag(tag_ref(service, run)),
                Look::Manifest(image(service), digest(service, run, 0)),
                Look::Config(image(service), digest(service, run, 1)),
            ]
        })
        .collect()
}

/// The list and the newest tag of a service, as a later round of looks finds them.
pub(crate) fn seen_again(service: u64, runs: u64, now: Timestamp, round: i64) -> [Fact; 2] {
    let seen_at = now + SignedDuration::from_mins(round);
    let again = match listing(service, runs, now) {
        Fact::Runs { service, batch, .. } => Fact::Runs { service, batch, seen_at },
        other => other,
    };
    [again, tag(service, 0, now, seen_at)]
}
