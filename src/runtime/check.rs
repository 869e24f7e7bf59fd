//! `landfall check`: one look, one answer, an exit code.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use rustc_hash::FxHashSet;
use tokio::task::JoinHandle;

use super::memory::Opened;
use super::sources::Registries;
use super::{Oneshot, SystemClock, Watcher, remember, sources};
use crate::analysis::{Asked, Policy, analyse, assess, credentials, explain, incidents, judge, skewed};
use crate::app::{Settled, settle};
use crate::cli::{CheckArgs, Format};
use crate::command;
use crate::config::Config;
use crate::domain::{Fact, Landed, Look, Observation, Seen, Service, Snapshot, SourceId};
use crate::output::{self, Sections, Selection, Style};
use crate::poll::{Clock as _, scan_once};

/// The two looks that `missing` needs stand at most this far apart where somebody waits for the answer.
const SECOND_LOOK: SignedDuration = SignedDuration::from_secs(2);

/// How often the progress is drawn.
const PROGRESS: Duration = Duration::from_millis(100);

/// Looks, prints the answer to standard output, keeps what was seen, and returns the exit code.
pub(super) async fn run(
    config: &Config,
    args: &CheckArgs,
    opening: JoinHandle<Opened<Vec<Fact>>>,
) -> Result<ExitCode, String> {
    let clock = SystemClock;
    // Logins take trips of their own, which go while the history is read.
    let registries = sources::registries(config)?;
    get_ready(config, &registries);
    for warning in sources::exposed_secrets(config) {
        super::say(&format!("warning: {warning}"));
    }
    let mut policy = config.policy.clone();
    policy.second_look = policy.second_look.min(SECOND_LOOK);
    policy.asked = Some(Asked { at: clock.now(), commit: args.sha.clone() });
    let lost = |_| "the history could not be opened; --no-state goes without".to_owned();
    let Opened { kept: facts, mut memory } = opening.await.map_err(lost)?;
    let oneshot = Oneshot {
        services: &config.services,
        policy: &policy,
        rhythm: sources::patient(config),
        clock: Arc::new(clock),
        wait: args.wait.unwrap_or_default(),
        depth: args.depth(),
    };
    let remembered = tokio::spawn(remember::all(memory.remembered()));
    let mut facts = credible(facts, args.sha.as_deref());
    facts.retain(|fact| !matches!(fact, Fact::Failing(source, ..) if !is_named(config, source)));
    // What was read of a run once is not read again, so it must be known before.
    let (before, after) = if oneshot.depth.is_some() { (Some(remembered), None) } else { (None, Some(remembered)) };
    if let Some(remembered) = before {
        facts.extend(remembered.await.unwrap_or_default());
    }
    let mut progress = Progress::new(&config.services, &policy);
    let sources = sources::build_beside(registries, config, memory.archive().as_ref())?;
    let expiry = if args.credentials { sources::expiry(config, &sources)? } else { Vec::new() };
    let look = oneshot.look(sources, facts, &mut progress);
    let (mut snapshot, credentials_seen) = tokio::join!(look, scan_once(&expiry, &clock));
    progress.clear();
    for (source, health) in snapshot.health() {
        if let Some(words) = skewed(health) {
            super::say(&format!("warning: {source}: {words}"));
        }
    }
    if let Some(remembered) = after {
        let seen = Seen::Remembered(remembered.await.unwrap_or_default());
        snapshot.absorb(Observation::own(clock.now(), seen));
    }
    snapshot.absorb(Observation::own(clock.now(), Seen::Recalled));
    for observation in credentials_seen {
        snapshot.absorb(observation);
    }
    let now = clock.now();
    let mut report = analyse(&snapshot, &config.services, &policy, now);
    assess(&mut report, &snapshot, &policy, now);
    if args.credentials {
        report.credentials = credentials(&snapshot, &config.credentials, now);
        report.incidents = incidents(&snapshot, &report, &policy, now);
    }
    let selection = match &args.sha {
        Some(digits) => Selection::of_commit(report.clone(), digits, policy.runs),
        None => Selection::all(report.clone()),
    };
    let explained = |row: &_| explain(&snapshot, row, &policy, now).within(&report.incidents, row);
    let text = match args.format {
        Format::Json => output::json(&selection, &explained, now),
        Format::Table => {
            let asked = Sections { flaky: args.flaky, durations: args.durations, credentials: args.credentials };
            output::table(&selection, &explained, now, style()) + &output::sections(&selection, asked, now, style())
        }
    };
    let printed = command::print(&text);
    let ran_out = args.wait.is_some() && !selection.is_final();
    let code = ExitCode::from(selection.exit_code(&args.fail_on, ran_out));
    memory.keep(snapshot.health().keys().filter_map(|source| snapshot.answered_fact(source)).collect());
    memory.keep(snapshot.health().keys().filter_map(|source| snapshot.failing_fact(source)).collect());
    memory.keep(snapshot.unkept());
    memory.keep(progress.answered.iter().flat_map(|look| snapshot.facts(look)).collect());
    for service in &report.services {
        let Settled { facts, shelved } = settle(&mut snapshot, service, true, now);
        memory.keep(facts);
        memory.shelve(shelved);
    }
    if !tokio::task::spawn_blocking(|| memory.finish()).await.unwrap_or(false) {
        super::say("what was seen could not be kept in time");
    }
    printed.map(|()| code)
}

/// Has each registry learn how it wants its requests, and log in for one image of it.
fn get_ready(config: &Config, registries: &Registries) {
    for (host, registry) in registries {
        let images = config.services.iter().flat_map(|service| &service.images).map(|spec| &spec.repository);
        // That of the first name is the first that the poller gets ready, and is waited for there.
        if let Some(image) = images.filter(|image| image.source() == *host).min().cloned() {
            let registry = Arc::clone(registry);
            tokio::spawn(async move { registry.warm(&image).await });
        }
    }
}

/// Returns whether any service depends on this source. What was wrong with one that nobody asks any more is no matter.
fn is_named(config: &Config, source: &SourceId) -> bool {
    config
        .services
        .iter()
        .any(|service| service.ci == *source || service.images.iter().any(|image| image.repository.source() == *source))
}

/// Returns what may be believed of what earlier processes kept. Who names a commit wants to know that it is whole now:
/// all of it is looked at again.
fn credible(facts: Vec<Fact>, commit: Option<&str>) -> Vec<Fact> {
    let Some(commit) = commit else { return facts };
    let mut named = FxHashSet::default();
    for fact in &facts {
        if let Fact::Runs { batch, .. } = fact {
            let runs = batch.items.iter().filter(|run| run.sha.as_str().starts_with(commit));
            named.extend(runs.map(|run| run.key.clone()));
        }
    }
    let is_content = |fact: &Fact| matches!(fact, Fact::Manifest(..) | Fact::Config(..) | Fact::Blob(..));
    let doubted = |fact| match fact {
        Fact::Landed(landed) if named.contains(&landed.run) => Fact::Landed(Landed { proof: None, ..landed }),
        fact => fact,
    };
    facts.into_iter().filter(|fact| !is_content(fact)).map(doubted).collect()
}

/// Returns what standard output can show.
pub(super) fn style() -> Style {
    if !std::io::stdout().is_terminal() {
        return Style::default();
    }
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
    let width = crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns)).filter(|width| *width > 0);
    Style { colour: !no_colour && !dumb, width }
}

/// Says on standard error how far the look has come, where that is a terminal.
struct Progress<'a> {
    services: &'a [Arc<Service>],
    policy: &'a Policy,
    settled: BTreeSet<usize>,
    /// The looks that were answered.
    answered: FxHashSet<Look>,
    drawn: Option<Instant>,
    shown: bool,
}

impl<'a> Progress<'a> {
    fn new(services: &'a [Arc<Service>], policy: &'a Policy) -> Self {
        let shown = std::io::stderr().is_terminal();
        Self { services, policy, settled: BTreeSet::new(), answered: FxHashSet::default(), drawn: None, shown }
    }

    fn clear(&self) {
        if self.shown && self.drawn.is_some() {
            let _ = write!(std::io::stderr(), "\r\u{1b}[K");
        }
    }
}

impl Watcher for Progress<'_> {
    fn answered(&mut self, look: Look) {
        self.answered.insert(look);
    }

    #[expect(clippy::disallowed_methods, reason = "only the progress on a terminal is paced by it")]
    fn touched(&mut self, snapshot: &Snapshot, places: &BTreeSet<usize>) {
        if !self.shown {
            return;
        }
        if self.drawn.is_some_and(|drawn| drawn.elapsed() < PROGRESS) {
            return;
        }
        let now = SystemClock.now();
        for place in places {
            let service = self.services.get(*place);
            let settled = service.is_some_and(|service| judge(snapshot, service, self.policy, now).settled);
            if settled {
                self.settled.insert(*place)
            } else {
                self.settled.remove(place)
            };
        }
        let (settled, all) = (self.settled.len(), self.services.len());
        let _ = write!(std::io::stderr(), "\r\u{1b}[Klooking: {settled} of {all} services settled");
        self.drawn = Some(Instant::now());
    }
}
