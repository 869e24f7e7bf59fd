//! A small world for verdict tests: one service, its runs, and what the registry answers.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Explanation, Policy, Row, ServiceReport, Verdict, explain, judge, plan};
use landfall::domain::{
    Absence, AbsenceCode, Batch, Child, Claim, Conclusion, Descriptor, Digest, Event, Failure, Globs, ImageConfig,
    ImageName, ImageSpec, Job, JobId, Look, Manifest, ManifestKind, Observation, Platform, Probe, PushLog, RepoPath,
    RevisionRule, Run, RunKey, RunState, Seen, Service, ServiceName, Sha, Snapshot, SourceId, Tag, TagRef, TagTemplate,
};

/// The moment at which everything is judged.
pub(crate) fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

/// So many minutes before `now`.
pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

/// The commit of run `number`.
pub(crate) fn sha(number: u64) -> Sha {
    Sha::parse(&format!("{number:0>8x}{}", "c".repeat(32))).unwrap()
}

/// A digest told apart by a name.
pub(crate) fn digest(name: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(name.bytes()).for_each(|(slot, byte)| *slot = byte);
    Digest::sha256(bytes)
}

pub(crate) fn platform(text: &str) -> Platform {
    Platform::parse(text).unwrap()
}

pub(crate) fn image() -> ImageName {
    ImageName::parse("registry.test/acme/checkout").unwrap()
}

pub(crate) fn absent() -> Probe<Arc<Manifest>> {
    Probe::Absent(Absence { code: AbsenceCode::ManifestUnknown, says: "manifest unknown".into() })
}

pub(crate) fn unreachable<T>() -> Probe<T> {
    Probe::Unseen(Failure::Unreachable { stage: landfall::domain::Stage::Server(503), says: "try later".into() })
}

/// One service, its runs, and everything that was answered.
pub(crate) struct World {
    pub(crate) service: Arc<Service>,
    pub(crate) policy: Policy,
    pub(crate) snapshot: Snapshot,
    runs: Vec<Arc<Run>>,
}

impl World {
    /// A service whose runs push `sha-{sha:7}`.
    pub(crate) fn new() -> Self {
        Self::expecting(&["sha-{sha:7}"], &[])
    }

    pub(crate) fn expecting(tags: &[&str], platforms: &[&str]) -> Self {
        let service = Service {
            name: ServiceName::parse("checkout").unwrap(),
            ci: SourceId::parse("github").unwrap(),
            repo: RepoPath::parse("acme/checkout").unwrap(),
            workflow: Globs::parse(&[]).unwrap(),
            branch: Globs::parse(&["main".to_owned()]).unwrap(),
            event: Globs::parse(&[]).unwrap(),
            push_job: Globs::parse(&["docker*".to_owned()]).unwrap(),
            images: vec![ImageSpec {
                repository: image(),
                tags: tags.iter().map(|tag| TagTemplate::parse(tag).unwrap()).collect(),
                platforms: platforms.iter().map(|text| platform(text)).collect(),
                revision: RevisionRule::Auto,
            }],
            claimed: Arc::default(),
            trust: landfall::domain::TrustSpec::default(),
        };
        let policy = Policy::default();
        Self { service: Arc::new(service), policy, snapshot: Snapshot::default(), runs: Vec::new() }
    }

    pub(crate) fn change(mut self, change: impl FnOnce(&mut Service)) -> Self {
        change(Arc::make_mut(&mut self.service));
        self
    }

    pub(crate) fn see(&mut self, at: Timestamp, seen: Seen) -> &mut Self {
        let source = SourceId::parse("test").unwrap();
        self.snapshot.absorb(Observation { at, source, seen });
        self
    }

    /// Adds a green run on main that ended so many minutes ago. Runs are added oldest first.
    pub(crate) fn run(&mut self, number: u64, ended: i64) -> RunKey {
        self.run_with(number, ended, |_| {})
    }

    pub(crate) fn run_with(&mut self, number: u64, ended: i64, change: impl FnOnce(&mut Run)) -> RunKey {
        let key =
            RunKey { ci: self.service.ci.clone(), repo: self.service.repo.clone(), id: 1000 + number, attempt: 1 };
        let mut run = Run {
            key: key.clone(),
            number,
            workflow: "release".into(),
            workflow_file: Some("release.yml".into()),
            event: Event("push".into()),
            branch: Some("main".into()),
            git_tag: None,
            pull_request: None,
            sha: sha(number),
            title: "Change something".into(),
            url: "https://ci.test/run".into(),
            state: RunState::Finished(Conclusion::Success),
            created_at: Some(minutes_ago(ended + 6).into()),
            committed_at: None,
            started_at: Some(minutes_ago(ended + 5).into()),
            finished_at: Some(minutes_ago(ended).into()),
        };
        change(&mut run);
        self.runs.insert(0, Arc::new(run));
        let items = self.runs.clone();
        let batch = Batch { items, skipped: 0, complete: true };
        let name = self.service.name.clone();
        self.see(now(), Seen::Runs(name, batch));
        key
    }

    /// Adds run 8 of the commit of run 7, which is not over.
    pub(crate) fn run_beside(&mut self, state: RunState) -> RunKey {
        self.run_with(8, 0, |run| {
            run.sha = sha(7);
            run.state = state;
            run.finished_at = None;
        })
    }

    /// The run went on: it is listed anew with a change.
    pub(crate) fn goes_on(&mut self, key: &RunKey, change: impl FnOnce(&mut Run)) -> &mut Self {
        let run = self.runs.iter_mut().find(|run| run.key == *key).expect("the run is listed");
        change(Arc::make_mut(run));
        self.listed_at(now())
    }

    /// The same runs are listed again, at this moment.
    pub(crate) fn listed_at(&mut self, at: Timestamp) -> &mut Self {
        let batch = Batch { items: self.runs.clone(), skipped: 0, complete: true };
        let name = self.service.name.clone();
        self.see(at, Seen::Runs(name, batch))
    }

    /// The same runs are listed again, and one more could not be read.
    pub(crate) fn skip_a_run(&mut self) -> &mut Self {
        let batch = Batch { items: self.runs.clone(), skipped: 1, complete: true };
        let name = self.service.name.clone();
        self.see(now(), Seen::Runs(name, batch))
    }

    /// The run's jobs: one named `docker push` in this state.
    pub(crate) fn job(&mut self, run: &RunKey, conclusion: Conclusion, ended: i64) -> &mut Self {
        let job = Job {
            id: JobId(run.id),
            name: "docker push".into(),
            stage: None,
            state: RunState::Finished(conclusion),
            allow_failure: false,
            started_at: Some(minutes_ago(ended + 3).into()),
            finished_at: Some(minutes_ago(ended).into()),
        };
        self.see(now(), Seen::Jobs(run.clone(), Batch { items: vec![job], skipped: 0, complete: true }.into()))
    }

    /// The push job's log: one claim for each (repository, tag, digest).
    pub(crate) fn log(&mut self, run: &RunKey, claims: &[(&ImageName, &str, &Digest)]) -> &mut Self {
        let claims = claims.iter().map(|(image, tag, digest)| Claim {
            image: Some((*image).clone()),
            tag: Some(Tag::parse(tag).unwrap()),
            digest: Some((*digest).clone()),
        });
        let log = PushLog { claims: claims.collect(), available: true, ..PushLog::default() };
        self.see(now(), Seen::PushLog(run.clone(), JobId(run.id), log))
    }

    pub(crate) fn tag(&mut self, at: Timestamp, tag: &str, probe: Probe<Arc<Manifest>>) -> &mut Self {
        self.see(at, Seen::Tag(TagRef { image: image(), tag: Tag::parse(tag).unwrap() }, probe))
    }

    /// The tag was absent twice, a minute apart, and the repository could be read.
    pub(crate) fn gone(&mut self, tag: &str) -> &mut Self {
        self.canary().tag(minutes_ago(1), tag, absent()).tag(now(), tag, absent())
    }

    pub(crate) fn canary(&mut self) -> &mut Self {
        self.see(now(), Seen::Canary(image(), Probe::Present(Batch { items: vec![], skipped: 0, complete: true })))
    }

    /// A whole single-platform image under the tag, with this revision label.
    pub(crate) fn pushed(&mut self, tag: &str, name: &str, revision: Option<&Sha>) -> &mut Self {
        self.pushed_at(now(), tag, name, revision)
    }

    pub(crate) fn pushed_at(&mut self, at: Timestamp, tag: &str, name: &str, revision: Option<&Sha>) -> &mut Self {
        self.tag(at, tag, Probe::Present(Arc::new(single(name)))).whole(name, "linux/amd64", revision)
    }

    /// The config and the layer of `single(name)`.
    pub(crate) fn whole(&mut self, name: &str, built_for: &str, revision: Option<&Sha>) -> &mut Self {
        let config = ImageConfig {
            created: Some(minutes_ago(1)),
            revision: revision.map(|sha| sha.as_str().into()),
            platform: Some(platform(built_for)),
        };
        self.see(now(), Seen::Config(image(), digest(&format!("{name}-config")), Probe::Present(config)));
        self.see(now(), Seen::Blob(image(), digest(&format!("{name}-layer")), Probe::Present(())))
    }

    pub(crate) fn report(&self) -> ServiceReport {
        judge(&self.snapshot, &self.service, &self.policy, now())
    }

    /// The first row of a run.
    pub(crate) fn row(&self, run: &RunKey) -> Row {
        self.report().rows.into_iter().find(|row| row.run.key == *run).expect("the run has a row")
    }

    pub(crate) fn verdict(&self, run: &RunKey) -> Verdict {
        self.row(run).verdict
    }

    pub(crate) fn why(&self, run: &RunKey) -> Explanation {
        explain(&self.snapshot, &self.row(run), &self.policy, now())
    }

    pub(crate) fn wants(&self, look: impl Fn(&Look) -> bool) -> bool {
        plan(&self.snapshot, &self.service, &self.policy, now(), false).iter().any(|wanted| look(&wanted.look))
    }
}

/// The manifest of a single-platform image with one layer.
pub(crate) fn single(name: &str) -> Manifest {
    let part = |part: &str| Descriptor { digest: digest(&format!("{name}-{part}")), size: 10, foreign: false };
    let kind = ManifestKind::Image { config: part("config"), layers: vec![part("layer")] };
    Manifest { digest: digest(name), kind, revision: None, created: None }
}

/// An index of images, each for a platform, with one attestation.
pub(crate) fn index(name: &str, children: &[(&str, &str)]) -> Manifest {
    let child = |(child, built_for): &(&str, &str)| Child {
        digest: digest(child),
        platform: Some(platform(built_for)),
        attestation: false,
    };
    let attestation =
        Child { digest: digest("attestation"), platform: Some(platform("unknown/unknown")), attestation: true };
    let children = children.iter().map(child).chain([attestation]).collect();
    Manifest { digest: digest(name), kind: ManifestKind::Index(children), revision: None, created: None }
}
