//! What is kept of services that do well: their runs, jobs, tags, images and verdicts.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    Batch, Conclusion, Descriptor, Digest, Event, Fact, ImageConfig, ImageName, Job, JobId, Judgement, Landed, Look,
    Manifest, ManifestKind, Platform, Proof, RepoPath, RevisionRule, Run, RunKey, RunState, ServiceName, Sha, SourceId,
    SourceKind, Tag, TagFact, TagRef, Text,
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
    let tag = Tag::parse(&format!("sha-{:07x}", sha(service, run) >> 100)).unwrap();
    TagRef { image: image(service), tag }
}

fn sha(service: u64, run: u64) -> u128 {
    u128::from(service * 1_000 + run + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
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
            sha: Sha::parse(&format!("{:08x}{:032x}", service, sha(service, number))).unwrap(),
            title: Text::new(&format!("Round the totals of cart {number} half to even (#{service})")),
            url: format!("https://github.com/{}/actions/runs/{}", key.repo, key.id).into(),
            state: RunState::Finished(if number % 9 == 8 { Conclusion::Failure } else { Conclusion::Success }),
            created_at: Some(started),
            committed_at: None,
            started_at: Some(started),
            finished_at: Some(started + SignedDuration::from_mins(9)),
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

/// Of each service: its runs, and of each run its jobs, its tag, what it points to, that it landed, the verdict.
pub(crate) fn service_facts(service: u64, runs: u64, now: Timestamp) -> Vec<Fact> {
    let mut facts = vec![listing(service, runs, now), Fact::Readable(image(service), now)];
    let ci = SourceId::parse("github").unwrap();
    facts.push(Fact::Answered(ci, SourceKind::Ci, now));
    facts.extend((0..runs).flat_map(|run| run_facts(service, run, now)));
    facts
}

fn run_facts(service: u64, run: u64, now: Timestamp) -> Vec<Fact> {
    let platform = || Platform::parse("linux/amd64").unwrap();
    let (image, tag_ref, run_key) = (image(service), tag_ref(service, run), key(service, run));
    let descriptor = |part| Descriptor { digest: digest(service, run, part), size: 30_000_000, foreign: false };
    let job = |number: u64| Job {
        id: JobId(run_key.id * 10 + number),
        name: Text::new(["lint", "test (linux)", "build", "docker"].get(usize::try_from(number).unwrap()).unwrap()),
        stage: None,
        state: RunState::Finished(Conclusion::Success),
        allow_failure: false,
        started_at: Some(now),
        finished_at: Some(now),
        url: format!("https://github.com/{}/actions/runs/{}/job/{number}", run_key.repo, run_key.id).into(),
    };
    let manifest = Manifest {
        digest: digest(service, run, 0),
        kind: ManifestKind::Image { config: descriptor(1), layers: (2..9).map(descriptor).collect() },
        revision: None,
        created: None,
    };
    let revision = Some(Text::new(&format!("{:08x}{:032x}", service, sha(service, run))));
    let proof = Proof {
        wanted: vec![platform()],
        rule: RevisionRule::Auto,
        created: Some(now),
        revision: revision.clone(),
        platforms: Arc::from([platform()]),
        layers: 7,
        claimed: Some(true),
    };
    let landed = Landed {
        tag_ref: tag_ref.clone(),
        run: run_key.clone(),
        digest: digest(service, run, 0),
        since: now,
        last_seen: now,
        proof: Some(Arc::new(proof)),
    };
    let judged =
        Judgement { service: name(service), run: run_key.clone(), tag_ref, verdict: "landed".into(), since: now };
    let config = ImageConfig { created: Some(now), revision, platform: Some(platform()) };
    let jobs = Batch { items: (0..4).map(job).collect(), skipped: 0, complete: true };
    vec![
        Fact::Jobs { run: run_key, batch: jobs.into(), seen_at: now, looks: 2 },
        tag(service, run, now, now),
        Fact::Manifest(image.clone(), manifest.digest.clone(), Ok(Arc::new(manifest))),
        Fact::Config(image.clone(), digest(service, run, 1), Ok(config)),
        Fact::Landed(landed),
        Fact::Judged(judged),
    ]
}

/// What is proven of all but the newest run of each service.
pub(crate) fn shelved(services: u64, runs: u64) -> Vec<Look> {
    let each = (0..services).flat_map(|service| (1..runs).map(move |run| (service, run)));
    each.flat_map(|(service, run)| {
        [
            Look::Jobs(key(service, run)),
            Look::Manifest(image(service), digest(service, run, 0)),
            Look::Config(image(service), digest(service, run, 1)),
        ]
    })
    .collect()
}

pub(crate) fn seen_again(service: u64, runs: u64, now: Timestamp, round: i64) -> [Fact; 2] {
    let seen_at = now + SignedDuration::from_mins(round);
    let again = match listing(service, runs, now) {
        Fact::Runs { service, batch, .. } => Fact::Runs { service, batch, seen_at },
        other => other,
    };
    [again, tag(service, 0, now, seen_at)]
}
