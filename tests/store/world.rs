//! Facts to keep, made from small numbers.

#[path = "trust.rs"]
pub(crate) mod trust;

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::domain::{
    Absence, AbsenceCode, Batch, Child, Claim, Conclusion, CredentialKind, CredentialRecord, Deployed, Deployment,
    Descriptor, Digest, Event, Evidence, Expiry, Fact, Failure, Frame, ImageConfig, ImageName, Job, JobId, Judgement,
    Landed, LandedCommit, LastUse, Level, Manifest, ManifestKind, Platform, Proof, PushLog, Reach, Renewal, RepoPath,
    Revision, RevisionRule, Run, RunKey, RunState, ServiceName, Sha, SourceId, SourceKind, Stage, Standing, Tag,
    TagFact, TagRef, Text,
};
use landfall::store::{Retention, Store};

pub(crate) fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-03-04T05:00:00.123456Z".parse().unwrap();
    start + SignedDuration::from_mins(minutes)
}

pub(crate) fn open(dir: &Path) -> Store {
    Store::open(dir, at(0), Retention::default()).unwrap()
}

pub(crate) fn service(number: u64) -> ServiceName {
    ServiceName::parse(&format!("service-{number}")).unwrap()
}

pub(crate) fn run_key(id: u64) -> RunKey {
    let repo = format!("acme/repo-{}", id % 3);
    RunKey { ci: SourceId::parse("github").unwrap(), repo: RepoPath::parse(&repo).unwrap(), id, attempt: 1 }
}

pub(crate) fn image(number: u64) -> ImageName {
    ImageName::parse(&format!("ghcr.io:443/acme/image-{number}")).unwrap()
}

pub(crate) fn tag_ref(number: u64) -> TagRef {
    TagRef { image: image(number % 3), tag: Tag::parse(&format!("sha-{number:07x}")).unwrap() }
}

pub(crate) fn digest(number: u8) -> Digest {
    if number % 5 == 4 { Digest::from_bytes(&[number; 64]).unwrap() } else { Digest::sha256([number; 32]) }
}

pub(crate) fn absence(number: u8) -> Absence {
    let code = match number % 3 {
        0 => AbsenceCode::ManifestUnknown,
        1 => AbsenceCode::NameUnknown,
        _ => AbsenceCode::BlobUnknown,
    };
    Absence { code, says: text(number) }
}

/// Texts that are hard to keep: escapes, quotes, marks that hide, one that is cut.
pub(crate) fn text(number: u8) -> Text {
    match number % 8 {
        0 => Text::new(""),
        1 => Text::new("main"),
        2 => Text::new("a \"quoted\" \\ line\nand \u{1b}[31mmore\u{202e}"),
        3 => Text::new(&"ü".repeat(600)),
        4 => Text::new(&"x".repeat(512)),
        5 => Text::new("release/☃"),
        6 => Text::new("null"),
        _ => Text::new(&format!("text {number}")),
    }
}

pub(crate) fn state(number: u8) -> RunState {
    match number % 8 {
        0 => RunState::Waiting,
        1 => RunState::Running,
        2 => RunState::Finished(Conclusion::Success),
        3 => RunState::Finished(Conclusion::Failure),
        4 => RunState::Finished(Conclusion::Cancelled),
        5 => RunState::Finished(Conclusion::Skipped),
        6 => RunState::Finished(Conclusion::TimedOut),
        _ => RunState::Finished(Conclusion::Other(text(number))),
    }
}

pub(crate) fn maybe<T>(number: u8, value: T) -> Option<T> {
    (number % 2 == 1).then_some(value)
}

pub(crate) fn run(id: u64, variant: u8) -> Run {
    let moment = at(i64::from(variant));
    Run {
        key: run_key(id),
        number: id % 100,
        workflow: text(variant),
        workflow_file: maybe(variant, Text::new("release.yml")),
        event: Event(Text::new("push")),
        branch: maybe(variant / 2, text(variant / 3)),
        git_tag: maybe(variant / 4, text(variant / 5)),
        pull_request: maybe(variant / 8, std::num::NonZeroU64::MAX),
        sha: Sha::parse(&format!("{:040x}", u128::from(id) + 1)).unwrap(),
        title: text(variant / 2),
        url: format!("https://github.com/acme/repo/{}runs/{id}", "ä".repeat(usize::from(variant % 2))).into(),
        state: state(variant),
        created_at: maybe(variant, moment.into()),
        committed_at: maybe(variant / 3, at(2).into()),
        started_at: maybe(variant / 2, moment.into()),
        finished_at: maybe(variant / 4, moment.into()),
    }
}

pub(crate) fn runs(service_number: u64, first: u64, variant: u8, minutes: i64) -> Fact {
    let items = (first..first + u64::from(variant % 4)).map(|id| Arc::new(run(id, variant))).collect();
    let batch = Batch { items, skipped: u64::from(variant), complete: variant.is_multiple_of(2) };
    Fact::Runs { service: service(service_number), batch, seen_at: at(minutes) }
}

pub(crate) fn jobs(id: u64, variant: u8, minutes: i64) -> Fact {
    let job = |number: u8| Job {
        id: JobId(u64::from(number)),
        name: text(number),
        stage: maybe(number, text(variant)),
        state: state(variant.wrapping_add(number)),
        allow_failure: variant.is_multiple_of(3),
        started_at: maybe(variant, at(1).into()),
        finished_at: maybe(variant / 2, at(2).into()),
    };
    let batch = Batch { items: (0..variant % 3).map(job).collect(), skipped: 0, complete: true };
    Fact::Jobs { run: run_key(id), batch: batch.into(), seen_at: at(minutes), looks: u32::from(variant) }
}

pub(crate) fn log(id: u64, variant: u8) -> Fact {
    let claim = |number: u8| Claim {
        image: maybe(number, image(1)),
        tag: maybe(number / 2, tag_ref(2).tag),
        digest: maybe(number / 4, digest(number)),
    };
    let log = PushLog {
        claims: (0..variant % 4).map(claim).collect(),
        destinations: maybe(variant, image(2)).into_iter().collect(),
        refusals: maybe(variant / 2, text(variant)).into_iter().collect(),
        no_push: maybe(variant / 4, text(variant)).into_iter().collect(),
        truncated: variant.is_multiple_of(2),
        available: variant.is_multiple_of(3),
        retries: None,
    };
    Fact::PushLog(run_key(id), JobId(id ^ u64::MAX), log)
}

pub(crate) fn tag(number: u64, variant: u8, minutes: i64) -> Fact {
    let known = if variant.is_multiple_of(2) { Ok(digest(variant)) } else { Err(absence(variant)) };
    Fact::Tag(TagFact {
        tag_ref: tag_ref(number),
        known,
        seen_at: at(minutes),
        changed_at: at(minutes - i64::from(variant)),
        absent_since: maybe(variant, at(minutes - 1)),
        absent_looks: u32::from(variant % 2) * u32::from(variant),
    })
}

pub(crate) fn platform(number: u8) -> Platform {
    Platform::parse(["linux/amd64", "linux/arm64/v8", "windows/amd64"][usize::from(number % 3)]).unwrap()
}

pub(crate) fn manifest(number: u8, variant: u8) -> Fact {
    if variant.is_multiple_of(5) {
        return Fact::Manifest(image(1), digest(number), Err(absence(variant)));
    }
    let descriptor =
        |number: u8| Descriptor { digest: digest(number), size: u64::MAX, foreign: number.is_multiple_of(2) };
    let child = |number: u8| Child {
        digest: digest(number),
        platform: maybe(number, platform(number)),
        attestation: number.is_multiple_of(2),
    };
    let kind = match variant % 3 {
        0 => ManifestKind::Image { config: descriptor(1), layers: (0..variant % 4).map(descriptor).collect() },
        1 => ManifestKind::Index((0..variant % 4).map(child).collect()),
        _ => ManifestKind::Other(text(variant)),
    };
    let manifest = Manifest {
        digest: digest(if variant.is_multiple_of(7) { number.wrapping_add(1) } else { number }),
        kind,
        revision: maybe(variant, text(variant)),
        created: maybe(variant / 2, at(3)),
    };
    Fact::Manifest(image(1), digest(number), Ok(Arc::new(manifest)))
}

pub(crate) fn config(number: u8, variant: u8) -> Fact {
    let known = ImageConfig {
        created: maybe(variant, at(4)),
        revision: maybe(variant / 2, text(variant)),
        platform: maybe(variant / 4, platform(variant)),
    };
    let known = if variant.is_multiple_of(3) { Err(absence(variant)) } else { Ok(known) };
    Fact::Config(image(2), digest(number), known)
}

pub(crate) fn blob(number: u8, variant: u8) -> Fact {
    Fact::Blob(image(2), digest(number), if variant.is_multiple_of(2) { Ok(()) } else { Err(absence(variant)) })
}

pub(crate) fn landed(number: u64, variant: u8, minutes: i64) -> Landed {
    let proof = Proof {
        frame: Arc::new(Frame {
            wanted: (0..variant % 3).map(platform).collect(),
            rule: RevisionRule::ALL[usize::from(variant % 3)],
            platforms: (0..variant % 4).map(platform).collect(),
        }),
        created: maybe(variant, at(5).into()),
        revision: maybe(variant / 2, Revision::from(&text(variant))),
        layers: u32::from(variant),
        claimed: maybe(variant, variant.is_multiple_of(3)),
    };
    Landed {
        tag_ref: tag_ref(number),
        run: run_key(number),
        digest: digest(variant),
        since: at(0),
        last_seen: at(minutes),
        proof: maybe(variant / 2, Arc::new(proof)),
    }
}

pub(crate) fn judged(number: u64, verdict: &str, minutes: i64) -> Judgement {
    Judgement {
        service: service(number),
        run: run_key(number),
        tag_ref: tag_ref(number),
        verdict: verdict.into(),
        since: at(minutes),
    }
}

/// A run that ended at this moment.
pub(crate) fn ended(id: u64, variant: u8, minutes: i64) -> Fact {
    Fact::Ended(Arc::new(Run { finished_at: Some(at(minutes).into()), ..run(id, variant) }))
}

pub(crate) fn arrived(number: u64, variant: u8, minutes: i64) -> Fact {
    let commit = LandedCommit {
        sha: run(number, variant).sha,
        title: text(variant),
        committed_at: maybe(variant, at(1).into()),
        run_created_at: maybe(variant / 2, at(2).into()),
        landed_at: at(minutes).into(),
    };
    Fact::Arrived(service(number), run_key(number), commit)
}

pub(crate) fn deployed(number: u64, variant: u8, minutes: i64) -> Fact {
    let deployment = |id: u8| Deployment {
        id: u64::from(id) << 40,
        sha: run(number, id).sha,
        committed_at: maybe(variant, at(1)),
        finished_at: at(i64::from(id)),
        succeeded: id.is_multiple_of(2),
    };
    let over = (0..variant % 4).map(deployment).collect();
    let told = Deployed { place: text(variant), over, open: maybe(variant / 2, u64::MAX), skipped: u64::from(variant) };
    Fact::Deployed(service(number), told, at(minutes))
}

pub(crate) fn scanned(number: u8, variant: u8, minutes: i64) -> Fact {
    let record = |id: u8| {
        let kinds = CredentialKind::NAMED.into_iter().chain([CredentialKind::Other("robot".into())]);
        let kind = kinds.cycle().nth(usize::from(id)).unwrap();
        let moment = at(i64::from(id));
        let mut record = CredentialRecord::new(format!("list/{id}"), text(id), kind, moment);
        record.place = text(variant);
        record.upstream = maybe(variant, text(id));
        record.expiry = [Expiry::At(moment), Expiry::Never, Expiry::Untold, Expiry::Unreadable(text(id))]
            [usize::from(id % 4)]
        .clone();
        record.evidence = Evidence::ALL[usize::from(id % 5)];
        record.standing = match id % 6 {
            0 => Standing::Accepted,
            1 => Standing::Untried,
            2 => Standing::Refused(text(variant)),
            3 => Standing::AboveNeed(text(variant)),
            4 => Standing::OutOfReach(text(variant)),
            _ => Standing::Ended(text(variant)),
        };
        record.renewal = Renewal::ALL[usize::from(id % 3)];
        (record.created_at, record.rotated_at) = (maybe(variant, moment), maybe(variant / 2, moment));
        record.last_use = [LastUse::At(moment), LastUse::Never, LastUse::Untold][usize::from(variant % 3)];
        record.rotate_by = maybe(variant / 4, moment);
        record.max_age = maybe(variant / 8, SignedDuration::from_hours(24));
        record.notes = (0..id % 3).map(text).collect();
        (record.owner, record.runbook) = (maybe(id, text(1)), maybe(id / 2, text(2)));
        (record.replace, record.url) = (maybe(id / 4, text(3)), maybe(variant, text(4)));
        record.consumers = (0..variant % 3).map(text).collect();
        let levels = [Level::Organization, Level::Repository, Level::Environment(text(id)), Level::Dependabot];
        let level = levels[usize::from(id % 4)].clone();
        let repos = (0..id % 3).map(|number| run_key(number.into()).repo).collect();
        record.reach = maybe(variant / 2, Reach { repos, level });
        Arc::new(record)
    };
    let items = (0..variant % 7).map(|id| record(id.wrapping_mul(37).wrapping_add(variant))).collect();
    let list = Batch { items, skipped: u64::from(variant), complete: variant.is_multiple_of(2) };
    Fact::Scanned((SourceId::parse("github").unwrap(), text(number)), list, at(minutes))
}

pub(crate) fn failing(number: u8, variant: u8, minutes: i64) -> Fact {
    let failure = match variant % 4 {
        0 => Failure::RateLimited { until: Some(at(minutes + 5)), says: text(variant) },
        1 => Failure::RateLimited { until: None, says: text(variant) },
        2 => Failure::Malformed(text(variant)),
        _ => Failure::Unreachable { stage: Stage::Server(500 + u16::from(variant)), says: text(variant) },
    };
    let source = SourceId::parse(&format!("source-{number}")).unwrap();
    Fact::Failing(source, SourceKind::Ci, at(minutes), Some(failure))
}
