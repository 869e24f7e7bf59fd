//! What earlier processes kept, judged for the first frame: on two threads, for nobody else works meanwhile.

use std::sync::Arc;
use std::thread;

use jiff::Timestamp;

use crate::analysis::{Policy, ServiceReport, judge};
use crate::domain::{Service, Snapshot};

/// Fewer services than this are judged sooner than a thread begins.
const FEW: usize = 16;

/// Returns the verdicts over every service, in their order.
pub(super) fn judged(
    snapshot: &Snapshot,
    services: &[Arc<Service>],
    policy: &Policy,
    now: Timestamp,
) -> Vec<ServiceReport> {
    let each = |services: &[Arc<Service>]| -> Vec<ServiceReport> {
        services.iter().map(|service| judge(snapshot, service, policy, now)).collect()
    };
    if services.len() < FEW {
        return each(services);
    }
    let (own, others) = services.split_at(services.len() / 2);
    thread::scope(|scope| {
        let beside = thread::Builder::new().spawn_scoped(scope, || each(others));
        let mut reports = each(own);
        let beside = beside.ok().and_then(|beside| beside.join().ok());
        reports.extend(beside.unwrap_or_else(|| each(others)));
        reports
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::fmt::Write as _;

    use super::*;
    use crate::config;

    #[test]
    fn every_service_is_judged_once_and_in_its_order() {
        for count in [1, FEW - 1, FEW, 2 * FEW + 1] {
            let mut text = String::from("[[ci]]\nname = \"github\"\nkind = \"github\"\ntoken = { env = \"HOME\" }\n");
            for number in 0..count {
                write!(
                    text,
                    "[[service]]\nname = \"s{number}\"\nci = \"github\"\nrepo = \"acme/s{number}\"\n\
                     [[service.image]]\nrepository = \"ghcr.io/acme/s{number}\"\ntags = [\"{{sha}}\"]\n"
                )
                .unwrap();
            }
            let services = config::parse(&text, std::path::Path::new("few.toml")).unwrap().config.services;
            let judged = judged(&Snapshot::default(), &services, &Policy::default(), Timestamp::UNIX_EPOCH);
            let names: Vec<_> = judged.iter().map(|report| report.service.name.clone()).collect();
            assert_eq!(names, services.iter().map(|service| service.name.clone()).collect::<Vec<_>>());
            assert_eq!(names.len(), count);
        }
    }
}
