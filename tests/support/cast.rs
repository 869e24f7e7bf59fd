//! A small cast of services for screens: one that landed, and others each with its own trouble.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::Policy;
use landfall::app::{Act, Charset, Cmd, Key, Model, Msg, Screen, Settings, update};
use landfall::domain::{
    Absence, AbsenceCode, AuthKind, AuthStage, Batch, Conclusion, Descriptor, Digest, Event, Failure, Globs,
    ImageConfig, ImageName, ImageSpec, Job, JobId, Look, Manifest, ManifestKind, Observation, Platform, Probe, PushLog,
    RepoPath, RevisionRule, Run, RunKey, RunState, Seen, Service, ServiceName, Sha, SourceId, SourceKind, Tag, TagRef,
    TagTemplate, Traffic,
};

/// The moment at which everything is shown.
pub(crate) fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

pub(crate) fn minutes_ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

/// The commit of a service's run `number`.
pub(crate) fn sha(name: &str, number: u64) -> Sha {
    let seed = name.bytes().fold(number * 2_654_435_761, |seed, byte| (seed * 31 + u64::from(byte)) % 0xfff_fffb);
    Sha::parse(&format!("{:07x}{}", seed, "c".repeat(33))).unwrap()
}

pub(crate) fn tag_of(name: &str, number: u64) -> Tag {
    Tag::parse(&format!("sha-{}", sha(name, number).short(7))).unwrap()
}

fn digest(name: &str) -> Digest {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(name.bytes()).for_each(|(slot, byte)| *slot = byte);
    Digest::sha256(bytes)
}

pub(crate) fn image(name: &str) -> ImageName {
    ImageName::parse(&format!("ghcr.io/acme/{name}")).unwrap()
}

pub(crate) fn service(name: &str) -> Arc<Service> {
    Arc::new(Service {
        name: ServiceName::parse(name).unwrap(),
        ci: SourceId::parse("github").unwrap(),
        repo: RepoPath::parse(&format!("acme/{name}")).unwrap(),
        workflow: Globs::parse(&[]).unwrap(),
        branch: Globs::parse(&[]).unwrap(),
        event: Globs::parse(&[]).unwrap(),
        push_job: Globs::parse(&["docker*".to_owned()]).unwrap(),
        images: vec![ImageSpec {
            repository: image(name),
            tags: vec![TagTemplate::parse("sha-{sha:7}").unwrap()],
            platforms: Vec::new(),
            revision: RevisionRule::Auto,
        }],
        claimed: Arc::default(),
        trust: landfall::domain::TrustSpec::default(),
    })
}

pub(crate) fn run(name: &str, number: u64, ended: i64, title: &str) -> Arc<Run> {
    Arc::new(Run {
        key: RunKey {
            ci: SourceId::parse("github").unwrap(),
            repo: RepoPath::parse(&format!("acme/{name}")).unwrap(),
            id: 1000 + number,
            attempt: 1,
        },
        number,
        workflow: "release".into(),
        workflow_file: Some("release.yml".into()),
        event: Event("push".into()),
        branch: Some("main".into()),
        git_tag: None,
        pull_request: None,
        sha: sha(name, number),
        title: title.into(),
        url: format!("https://github.com/acme/{name}/actions/runs/{}", 1000 + number).into(),
        state: RunState::Finished(Conclusion::Success),
        created_at: Some(minutes_ago(ended + 6).into()),
        committed_at: None,
        started_at: Some(minutes_ago(ended + 5).into()),
        finished_at: Some(minutes_ago(ended).into()),
    })
}

pub(crate) fn seen(at: Timestamp, source: &str, seen: Seen) -> Observation {
    Observation { at, source: SourceId::parse(source).unwrap(), seen }
}

/// The list of a service's runs, newest first, and that their push jobs went well.
pub(crate) fn runs(name: &str, runs: &[Arc<Run>]) -> Vec<Observation> {
    let batch = Batch { items: runs.to_vec(), skipped: 0, complete: true };
    let mut observations = vec![seen(now(), "github", Seen::Runs(ServiceName::parse(name).unwrap(), batch))];
    for run in runs {
        let job = Job {
            id: JobId(run.key.id),
            name: "docker".into(),
            stage: None,
            state: RunState::Finished(Conclusion::Success),
            allow_failure: false,
            started_at: run.started_at,
            finished_at: run.finished_at,
        };
        let jobs = Batch { items: vec![job], skipped: 0, complete: true };
        let log = PushLog { available: true, ..PushLog::default() };
        observations.push(seen(now(), "github", Seen::Jobs(run.key.clone(), jobs.into())));
        observations.push(seen(now(), "github", Seen::PushLog(run.key.clone(), JobId(run.key.id), log)));
    }
    observations
}

pub(crate) fn tag(at: Timestamp, name: &str, tag: &Tag, probe: Probe<Arc<Manifest>>) -> Observation {
    seen(at, "ghcr.io", Seen::Tag(TagRef { image: image(name), tag: tag.clone() }, probe))
}

/// The run's image is there, whole, and names this commit.
pub(crate) fn pushed(name: &str, run: &Run, revision: &Sha) -> Vec<Observation> {
    let content = format!("{name}-{}", run.number);
    let part = |part: &str| Descriptor { digest: digest(&format!("{part}-{content}")), size: 10, foreign: false };
    let (config, layer) = (part("config"), part("layer"));
    let kind = ManifestKind::Image { config: config.clone(), layers: vec![layer.clone()] };
    let manifest = Manifest { digest: digest(&content), kind, revision: None, created: None };
    let says = ImageConfig {
        created: run.started_at.map(Into::into),
        revision: Some(revision.as_str().into()),
        platform: Platform::parse("linux/amd64"),
    };
    vec![
        tag(now(), name, &tag_of(name, run.number), Probe::Present(Arc::new(manifest))),
        seen(now(), "ghcr.io", Seen::Config(image(name), config.digest, Probe::Present(says))),
        seen(now(), "ghcr.io", Seen::Blob(image(name), layer.digest, Probe::Present(()))),
    ]
}

/// The run's tag was absent twice, in a repository that can be read.
pub(crate) fn absent(name: &str, number: u64) -> Vec<Observation> {
    let no = || Probe::Absent(Absence { code: AbsenceCode::ManifestUnknown, says: "manifest unknown".into() });
    let readable = Probe::Present(Batch { items: vec![], skipped: 0, complete: true });
    let wanted = tag_of(name, number);
    vec![
        seen(now(), "ghcr.io", Seen::Canary(image(name), readable)),
        tag(minutes_ago(1), name, &wanted, no()),
        tag(now(), name, &wanted, no()),
    ]
}

pub(crate) fn refused<T>() -> Probe<T> {
    let says = "denied: permission_denied: read_package".into();
    Probe::Unseen(Failure::Auth { stage: AuthStage::Registry, kind: AuthKind::InsufficientScope, says })
}

/// The whole cast: cart is fine, checkout lost two pushes, search carries another commit, ledger landed and cannot be
/// read now, legacy-crm's repository is gone, and newcomer was not looked at yet.
pub(crate) fn cast() -> (Vec<Arc<Service>>, Vec<Observation>) {
    let names = ["cart", "checkout", "ledger", "legacy-crm", "newcomer", "search"];
    let cart = [run("cart", 12, 44, "Drop sold-out lines with a notice")];
    let checkout = [
        run("checkout", 42, 12, "Show the delivery date before payment"),
        run("checkout", 41, 95, "Fix the rounding of split payments"),
        run("checkout", 40, 180, "Close idle connections after 30 s"),
    ];
    let search = [run("search", 7, 25, "Boost exact matches"), run("search", 6, 300, "Index titles")];
    let ledger = [run("ledger", 3, 240, "Round half to even")];
    let mut all = runs("cart", &cart);
    all.extend(runs("checkout", &checkout));
    all.extend(runs("search", &search));
    all.extend(runs("ledger", &ledger));
    all.extend(pushed("cart", &cart[0], &cart[0].sha));
    all.extend(absent("checkout", 42));
    all.extend(absent("checkout", 41));
    all.extend(pushed("checkout", &checkout[2], &checkout[2].sha));
    all.extend(pushed("search", &search[0], &search[1].sha));
    all.extend(pushed("search", &search[1], &search[1].sha));
    all.extend(pushed("ledger", &ledger[0], &ledger[0].sha));
    all.push(tag(now(), "ledger", &tag_of("ledger", 3), refused()));
    let gone =
        Seen::Failed(Look::Runs(ServiceName::parse("legacy-crm").unwrap()), Failure::NotFound("Not Found".into()));
    all.push(seen(now(), "github", gone));
    let traffic = Traffic {
        requests: 1234,
        not_modified: 56,
        requests_last_hour: 1200,
        not_modified_last_hour: 54,
        billed: 1178,
        ..Traffic::default()
    };
    all.push(seen(now(), "ghcr.io", Seen::Traffic(SourceKind::Registry, traffic)));
    (names.map(service).into(), all)
}

/// A dashboard with the cast in it, driven by hand.
pub(crate) struct Stage {
    pub(crate) model: Model,
}

impl Stage {
    pub(crate) fn new(size: (u16, u16)) -> Self {
        Self::with(size, Settings { title: "landfall", charset: Charset::Unicode, browser: false })
    }

    pub(crate) fn with(size: (u16, u16), settings: Settings) -> Self {
        let (services, observations) = cast();
        let mut stage = Self { model: Model::new(services, Policy::default(), settings, now(), size) };
        stage.see(observations);
        stage
    }

    pub(crate) fn see(&mut self, observations: Vec<Observation>) -> Vec<Cmd> {
        let todo = update(&mut self.model, Msg::Seen(observations));
        self.pass(now());
        todo
    }

    pub(crate) fn pass(&mut self, moment: Timestamp) -> Vec<Cmd> {
        update(&mut self.model, Msg::Passed(moment))
    }

    /// Presses the keys of the text, one after the other.
    pub(crate) fn press(&mut self, keys: &str) -> Vec<Cmd> {
        keys.chars().flat_map(|key| self.key(Key::Char(key))).collect()
    }

    pub(crate) fn key(&mut self, key: Key) -> Vec<Cmd> {
        update(&mut self.model, Msg::Acted(Act::Key(key)))
    }

    pub(crate) fn screen(&self) -> Screen {
        self.model.screen()
    }

    pub(crate) fn text(&self) -> String {
        self.screen().text()
    }
}
