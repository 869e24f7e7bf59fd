//! One look at the world, from nothing, through a fault: what `check` does.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use landfall::analysis::{Report, Row, Verdict, analyse};
use landfall::config::Config;
use landfall::demo::Kind;
use landfall::poll::{Clock as _, Rhythm};
use landfall::runtime::{Oneshot, build, patient};
use rstest::rstest;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::claims::Truth;
use crate::fault::{Fault, Host, Which};
use crate::proxy::Weather;
use crate::street::{SERVICES, Street, Town};
use crate::table::{Case, FAULTS, OF_TLS};

/// However much goes wrong, a look is over by then. Nothing is waited for longer than a second.
const OVER: Duration = Duration::from_secs(30);

/// Looks that are under way at the same time; many of them only wait.
const AT_ONCE: usize = 12;

/// What is looked at.
#[derive(Clone, Copy)]
struct Ground {
    services: &'static [&'static str],
    runs: usize,
}

impl Ground {
    fn of(self, config: &Config) -> Config {
        let names = self.services.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut config = config.clone().only(&names).unwrap();
        config.policy.runs = self.runs;
        config
    }
}

const EVERYTHING: Ground = Ground { services: &SERVICES, runs: 20 };

/// Looks as `check` does, but with ten times less patience.
pub(crate) async fn look(town: &Town, street: &Street, config: &Config) -> Report {
    let patience = SignedDuration::from_secs(1);
    let rhythm = Rhythm { backoff: SignedDuration::from_millis(25), patience, ..patient(config) };
    let oneshot = Oneshot {
        services: &config.services,
        policy: &config.policy,
        rhythm,
        clock: town.clock.clone(),
        wait: SignedDuration::ZERO,
        depth: None,
    };
    let mut watcher = ();
    let looking = oneshot.look(build(config).unwrap(), street.remembered.clone(), &mut watcher);
    let snapshot = tokio::time::timeout(OVER, looking).await.expect("the look ends");
    analyse(&snapshot, &config.services, &config.policy, town.clock.now())
}

/// Returns the weather in which this goes wrong at these hosts.
pub(crate) fn weather(which: Which, hosts: &'static [Host], fault: Fault) -> Weather {
    Arc::new(move |host, request| (hosts.contains(&host) && which.fits(host, request)).then_some(fault))
}

/// One fault at some hosts.
struct Trial {
    case: &'static Case,
    which: Which,
    hosts: &'static [Host],
    ground: Ground,
}

impl Trial {
    /// Looks through the fault, and returns whatever was wrong.
    async fn run(self, town: Arc<Town>) -> Vec<String> {
        let street = Street::to(&town, self.case.fault.is_of_tls()).await;
        street.change(weather(self.which, self.hosts, self.case.fault));
        let mut truth = Truth::of(&town.servers);
        let report = look(&town, &street, &self.ground.of(&street.config)).await;
        truth.or(&town.servers);
        let mut wrong = truth.wrong(&report, |row| {
            let (service, tag) = named(row);
            let reached = self.hosts.iter().any(|host| host.concerns(row.service.ci.as_str()));
            if reached { truth.allows(service, tag, row.verdict) } else { truth.is(service, tag, row.verdict) }
        });
        wrong.extend(street.leaked());
        if street.tally().faults() == 0 {
            wrong.push("no request met the fault".to_owned());
        }
        let Self { case, which, hosts, .. } = self;
        wrong.into_iter().map(|wrong| format!("{}, {which:?}, {hosts:?}: {wrong}", case.name)).collect()
    }
}

/// Returns the service and the tag of a row.
pub(crate) fn named(row: &Row) -> (&str, &str) {
    (row.service.name.as_str(), row.tag.as_ref().unwrap().as_str())
}

async fn run(trials: impl Iterator<Item = Trial>) {
    let town = Arc::new(Town::start().await);
    let (mut under_way, mut wrong) = (JoinSet::new(), Vec::new());
    for trial in trials {
        if under_way.len() == AT_ONCE {
            wrong.extend(under_way.join_next().await.unwrap().unwrap());
        }
        // As `check` does, each look drives itself on a thread of its own.
        let (here, town) = (Handle::current(), town.clone());
        under_way.spawn_blocking(move || here.block_on(trial.run(town)));
    }
    wrong.extend(under_way.join_all().await.concat());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert_eq!(town.servers.leaks(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_calm_weather_everything_gets_the_verdict_that_it_deserves() {
    let town = Town::start().await;
    for tls in [false, true] {
        let street = Street::to(&town, tls).await;
        let mut truth = Truth::of(&town.servers);
        let report = look(&town, &street, &EVERYTHING.of(&street.config)).await;
        truth.or(&town.servers);
        let wrong = truth.wrong(&report, |row| truth.is(named(row).0, named(row).1, row.verdict));
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
        for verdict in Verdict::ALL {
            assert!(report.count(verdict) > 0, "no row is {verdict}");
        }
    }
}

#[rstest]
#[case::github(&[Host::GitHub], Ground { services: &["checkout", "search", "gateway"], runs: 4 })]
#[case::gitlab(&[Host::GitLab], Ground { services: &["gateway", "reports", "search"], runs: 4 })]
#[case::registry(&[Host::Registry], Ground { services: &["checkout", "search", "notifier", "gateway"], runs: 4 })]
#[case::token(&[Host::Token], Ground { services: &["checkout", "gateway"], runs: 3 })]
#[case::logs(&[Host::Logs], Ground { services: &["checkout"], runs: 4 })]
#[case::everybody(&Host::ALL, Ground { services: &["checkout", "storefront", "notifier", "gateway"], runs: 4 })]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_a_host_makes_a_look_say_what_is_not_so(#[case] hosts: &'static [Host], #[case] ground: Ground) {
    let cases = FAULTS.iter().chain(OF_TLS).filter(|case| hosts.iter().any(|host| case.which.can_fit(*host)));
    run(cases.map(|case| Trial { case, which: case.which, hosts, ground })).await;
}

#[rstest]
#[case::jobs(&[Kind::Jobs], Ground { services: &["checkout", "gateway", "reports"], runs: 3 })]
#[case::logs(&[Kind::Log], Ground { services: &["checkout", "gateway"], runs: 3 })]
#[case::tags(&[Kind::Tags], Ground { services: &["checkout", "gateway"], runs: 3 })]
#[case::manifests(&[Kind::Manifest], Ground { services: &["notifier"], runs: 4 })]
#[case::configs(&[Kind::Config], Ground { services: &["notifier", "search"], runs: 4 })]
#[case::layers(&[Kind::Blob], Ground { services: &["notifier", "search"], runs: 4 })]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_some_requests_makes_a_look_say_what_is_not_so(
    #[case] kinds: &'static [Kind],
    #[case] ground: Ground,
) {
    let which = Which::Only(kinds);
    let cases = FAULTS.iter().filter(|case| matches!(case.which, Which::Every | Which::OneIn(_)));
    // A third of them each, another one for each kind.
    let cases = cases.enumerate().filter(|(number, _)| number % 3 == kinds[0] as usize % 3).map(|(_, case)| case);
    run(cases.map(|case| Trial { case, which, hosts: &Host::ALL, ground })).await;
}
