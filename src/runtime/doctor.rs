//! `landfall doctor`: looks at everything that landfall depends on, at once, and says what that means.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::doctor_here::{config_look, terminal_look};
use super::doctor_stores;
use super::memory::{Memory, Opened, Stay};
use super::{SystemClock, check, sources};
use crate::analysis::plan;
use crate::cli::{DoctorArgs, Format};
use crate::command;
use crate::config::{CiKind, Config, Loaded, Place};
use crate::doctor::{CiLook, Diagnosis, Provider, PushLook, RegistryLook, Section};
use crate::domain::{
    Batch, CredentialRecord, Failure, ImageName, LoginReport, Look, Observation, Snapshot, SourceId, TokenReport,
    Urgency, Wanted,
};
use crate::http::secret_origin;
use crate::output;
use crate::poll::{Clock as _, Poller, Sources};
use crate::source::Registry;
use crate::store::{Contents, Inspection, inspect};
use crate::terminal::Abilities;

/// How many answers may wait to be taken in.
const INBOX: usize = 256;

/// A login is tried for this many repositories of a registry: one may be closed to it, and say nothing of the rest.
const TRIES: usize = 3;

/// Telling how it would go on takes the poller no request, and no longer than this.
const TELLING: Duration = Duration::from_millis(200);

/// What was seen of tokens and logins, by whose they are.
#[derive(Default)]
struct Credentials {
    tokens: BTreeMap<SourceId, Result<Option<TokenReport>, Failure>>,
    logins: BTreeMap<SourceId, Result<LoginReport, Failure>>,
    /// Nothing where no answer came in time.
    pushes: BTreeMap<SourceId, Option<Result<Batch<CredentialRecord>, Failure>>>,
}

/// One of them.
enum Credential {
    Token(SourceId, Result<Option<TokenReport>, Failure>),
    Login(SourceId, Result<LoginReport, Failure>),
    Push(SourceId, Option<Result<Batch<CredentialRecord>, Failure>>),
}

/// Looks, prints what was found to standard output, and returns the exit code.
///
/// # Errors
/// What in the configuration cannot be used, in words for the user.
pub(super) async fn run(
    place: &Place,
    loaded: &Loaded,
    args: &DoctorArgs,
    state: Option<PathBuf>,
) -> Result<ExitCode, String> {
    let config = &loaded.config;
    let deadline = Instant::now() + Duration::try_from(args.within).unwrap_or_default();
    let hint = std::io::stderr().is_terminal();
    if hint {
        let _ = write!(std::io::stderr(), "looking…");
    }
    let inspection = match &state {
        Some(dir) => Some(inspected(dir, deadline).await),
        None => None,
    };
    let memory = remembered(state, config, inspection.as_ref()).await;
    let sources = sources::build_with(config, memory.archive().as_ref())?;
    let credentials = credentials(&sources, config, deadline);
    let stores = sources::stores(config)?;
    let stores = doctor_stores::sections(&stores, config, deadline);
    let (credentials, snapshot, stores) = tokio::join!(credentials, look(&sources, config, deadline), stores);
    if hint {
        let _ = write!(std::io::stderr(), "\r\u{1b}[K");
    }
    let mut sections = vec![config_look(place, loaded).section()];
    sections.extend(of_sources(config, &credentials, &snapshot));
    sections.extend(stores);
    sections.push(Section::of_store(inspection.as_ref(), config.history.megabytes));
    sections.push(terminal_look().section());
    let diagnosis = Diagnosis { sections };
    let text = match args.format {
        Format::Table => output::doctor_table(&diagnosis, check::style(), Abilities::from_environment().unicode),
        Format::Json => output::doctor_json(&diagnosis, SystemClock.now()),
    };
    let printed = command::print(&text);
    // That the next look costs less is nothing to wait for, or to fail by.
    let _ = tokio::task::spawn_blocking(|| memory.finish()).await;
    printed.map(|()| ExitCode::from(diagnosis.exit_code()))
}

async fn inspected(dir: &Path, deadline: Instant) -> Result<Inspection, String> {
    let dir = dir.to_owned();
    let looking = tokio::task::spawn_blocking(move || inspect(&dir));
    match timeout_at(deadline, looking).await {
        Ok(Ok(inspection)) => Ok(inspection),
        Ok(Err(_)) => Err("it could not be looked at".to_owned()),
        Err(_) => Err("it was not read to its end in time".to_owned()),
    }
}

/// Opens the history where that changes nothing in it: lists that are known already cost no more than a 304.
async fn remembered(
    state: Option<PathBuf>,
    config: &Config,
    inspection: Option<&Result<Inspection, String>>,
) -> Memory {
    let usable = |inspection: &Inspection| {
        let current = |contents: &Contents| contents.version == Contents::NEWEST;
        inspection.writable && matches!(&inspection.found, Ok(Some(contents)) if current(contents))
    };
    let known = matches!(inspection, Some(Ok(inspection)) if usable(inspection));
    let state = state.filter(|_| known);
    let opening = Memory::open(state, config.history, config.policy.runs, Stay::Short, Box::new(drop));
    opening.await.map_or_else(|_| Memory::default(), |Opened::<()> { memory, .. }| memory)
}

/// Asks what each token is worth, and how each registry lets itself be read.
async fn credentials(sources: &Sources, config: &Config, deadline: Instant) -> Credentials {
    let mut asking = JoinSet::new();
    for (id, ci) in sources.ci.clone() {
        asking.spawn(async move { Credential::Token(id, ci.token().await) });
    }
    for (host, registry) in sources.registries.clone() {
        let images = images(config, &host);
        asking.spawn(async move {
            let login = login(registry, images).await;
            Credential::Login(host, login)
        });
    }
    let mut found = Credentials::default();
    for login in sources::push_logins(config) {
        found.pushes.insert(login.id().clone(), None);
        asking.spawn(async move {
            let scans = login.scan(SystemClock.now()).await;
            Credential::Push(login.id().clone(), scans.into_iter().next().map(|scan| scan.found))
        });
    }
    while let Ok(Some(asked)) = timeout_at(deadline, asking.join_next()).await {
        match asked {
            Ok(Credential::Token(id, token)) => drop(found.tokens.insert(id, token)),
            Ok(Credential::Login(host, login)) => drop(found.logins.insert(host, login)),
            Ok(Credential::Push(host, push)) => drop(found.pushes.insert(host, push)),
            // One that fell over has told nothing.
            Err(_) => {}
        }
    }
    found
}

async fn login(registry: Arc<dyn Registry>, images: Vec<ImageName>) -> Result<LoginReport, Failure> {
    let mut outcome = Err(Failure::Withheld("no service expects an image here".into()));
    for image in images.iter().take(TRIES) {
        outcome = registry.login(image).await;
        // A repository may be closed to a login that others accept.
        if !matches!(outcome, Err(Failure::Auth { .. } | Failure::Forbidden(_))) {
            break;
        }
    }
    outcome
}

/// Reads each list of runs, and a page of each repository's tags, as the dashboard would; and asks the poller how it
/// would go on.
async fn look(sources: &Sources, config: &Config, deadline: Instant) -> Snapshot {
    let (sender, mut inbox) = mpsc::channel(INBOX);
    // As long as the dashboard's, so that one which is known costs no more than a 304.
    let rhythm = sources::steady(config);
    let poller = Poller::start(sources.clone(), &config.services, rhythm, Arc::new(SystemClock), sender);
    let lists = config.services.iter().map(|service| Look::Runs(service.name.clone()));
    let images: BTreeSet<&ImageName> =
        config.services.iter().flat_map(|service| &service.images).map(|spec| &spec.repository).collect();
    let looks = lists.chain(images.into_iter().map(|image| Look::Canary(image.clone())));
    poller.want(looks.map(|look| Wanted { look, urgency: Urgency::Newest, not_before: None }).collect());
    let mut snapshot = Snapshot::default();
    take_in(&poller, &mut inbox, &mut snapshot, deadline).await;
    let now = SystemClock.now();
    for service in &config.services {
        let mut wanted = plan(&snapshot, service, &config.policy, now, false);
        wanted.retain(|wanted| matches!(wanted.look, Look::Runs(_)) && wanted.urgency.is_background());
        poller.want(wanted);
    }
    poller.tell();
    take_in(&poller, &mut inbox, &mut snapshot, Instant::now() + TELLING).await;
    snapshot
}

async fn take_in(poller: &Poller, inbox: &mut mpsc::Receiver<Observation>, snapshot: &mut Snapshot, until: Instant) {
    loop {
        tokio::select! {
            biased;
            Some(observation) = inbox.recv() => drop(snapshot.absorb(observation)),
            () = poller.idle() => break,
            () = sleep_until(until) => break,
        }
    }
    while let Ok(observation) = inbox.try_recv() {
        snapshot.absorb(observation);
    }
}

fn of_sources(config: &Config, credentials: &Credentials, snapshot: &Snapshot) -> Vec<Section> {
    let now = SystemClock.now();
    let mut sections = Vec::new();
    for ci in &config.ci {
        let services = config.services.iter().filter(|service| service.ci == ci.name);
        let look = CiLook {
            id: &ci.name,
            provider: match ci.kind {
                CiKind::GitHub => Provider::GitHub,
                CiKind::GitLab => Provider::GitLab,
            },
            url: ci.url.as_str().trim_end_matches('/'),
            from: ci.token.as_ref().map(secret_origin),
            token: credentials.tokens.get(&ci.name).cloned(),
            services: services.map(|service| (&**service, snapshot.listing(&service.name))).collect(),
            health: snapshot.health().get(&ci.name),
        };
        sections.push(look.section(now));
    }
    for registry in &config.registries {
        let images = images(config, &registry.host);
        let tags = |image| snapshot.image(image).and_then(|record| record.canary.as_ref());
        let look = RegistryLook {
            host: &registry.host,
            login: credentials.logins.get(&registry.host).cloned(),
            repositories: images.iter().map(|image| (image, tags(image))).collect(),
            push: match credentials.pushes.get(&registry.host).cloned() {
                None => PushLook::Unnamed,
                Some(None) => PushLook::Late,
                Some(Some(found)) => PushLook::Tried(found),
            },
            health: snapshot.health().get(&registry.host),
        };
        sections.push(look.section());
    }
    sections
}

/// Returns the repositories of a registry that services expect images in.
fn images(config: &Config, host: &SourceId) -> Vec<ImageName> {
    let specs = config.services.iter().flat_map(|service| &service.images);
    let theirs = specs.map(|spec| &spec.repository).filter(|image| image.registry() == host.as_str());
    theirs.collect::<BTreeSet<_>>().into_iter().cloned().collect()
}
