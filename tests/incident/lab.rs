//! Services with runs whose images landed or did not, told in minutes before and after the moment that is judged.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::{Policy, Report, analyse, incidents};
use landfall::domain::{
    Absence, AbsenceCode, Batch, Claim, Digest, Failure, ImageName, JobId, Observation, Probe, PushLog, Run, Seen,
    Service, ServiceName, Snapshot, Stage, TagRef,
};

use crate::cast::{self, minutes_ago, now, seen, tag_of};

pub(crate) const DENIED: &str = "denied: requested access to the resource is denied";

/// What became of a push.
#[derive(Clone)]
pub(crate) enum Fate {
    /// It landed.
    Landed,
    /// It did not, and its log says this.
    Absent(PushLog),
    /// It was absent once, and cannot be looked at now.
    Lost(PushLog),
    /// It could never be looked at.
    Unseen,
    /// Nobody looked yet.
    Unasked,
}

/// A log that says nothing of the push.
pub(crate) fn silent() -> Fate {
    Fate::Absent(PushLog { available: true, ..PushLog::default() })
}

/// A log that names a refusal.
pub(crate) fn refused(line: &str) -> Fate {
    Fate::Absent(refusing(line))
}

pub(crate) fn refusing(line: &str) -> PushLog {
    PushLog { available: true, refusals: vec![line.into()], ..PushLog::default() }
}

/// A log that reports the push as done.
pub(crate) fn claimed(name: &str, number: u64) -> Fate {
    let digest = Some(Digest::sha256([7; 32]));
    let claim = Claim { image: Some(cast::image(name)), tag: Some(tag_of(name, number)), digest };
    Fate::Absent(PushLog { available: true, claims: vec![claim], ..PushLog::default() })
}

/// A log of a push that set out for elsewhere, and was refused there.
pub(crate) fn refused_at(image: &str) -> Fate {
    Fate::Absent(PushLog { destinations: vec![ImageName::parse(image).unwrap()], ..refusing(DENIED) })
}

#[derive(Default)]
pub(crate) struct Lab {
    services: Vec<Arc<Service>>,
    runs: BTreeMap<String, Vec<Arc<Run>>>,
    pub(crate) snapshot: Snapshot,
}

impl Lab {
    /// Services of these names at `ghcr.io/acme`.
    pub(crate) fn of(names: &[&str]) -> Self {
        Self { services: names.iter().map(|name| cast::service(name)).collect(), ..Self::default() }
    }

    /// Moves a service's image elsewhere.
    pub(crate) fn moved(mut self, name: &str, image: &str) -> Self {
        let service = self.services.iter_mut().find(|service| service.name.as_str() == name).unwrap();
        Arc::make_mut(service).images[0].repository = ImageName::parse(image).unwrap();
        self
    }

    pub(crate) fn services(&self) -> Vec<Arc<Service>> {
        self.services.clone()
    }

    fn image(&self, name: &str) -> ImageName {
        let service = self.services.iter().find(|service| service.name.as_str() == name).unwrap();
        service.images[0].repository.clone()
    }

    /// Returns what is seen of a run that ended so many minutes before the moment that is judged, or after it where the
    /// number is negative.
    pub(crate) fn observe(&mut self, name: &str, number: u64, ended: i64, fate: &Fate) -> Vec<Observation> {
        let run = cast::run(name, number, ended, "Change something");
        let runs = self.runs.entry(name.to_owned()).or_default();
        runs.insert(0, run.clone());
        let image = self.image(name);
        let wanted = TagRef { image: image.clone(), tag: tag_of(name, number) };
        let log = match fate {
            Fate::Absent(log) | Fate::Lost(log) => log.clone(),
            Fate::Landed | Fate::Unseen | Fate::Unasked => PushLog { available: true, ..PushLog::default() },
        };
        let mut all = cast::runs(name, &self.runs[name].clone());
        // Only what concerns the new run is new; earlier logs stay as they were.
        all.retain(|it| match &it.seen {
            Seen::Jobs(key, _) => *key == run.key,
            Seen::PushLog(..) => false,
            _ => true,
        });
        all.push(seen(now(), "github", Seen::PushLog(run.key.clone(), JobId(run.key.id), log)));
        let absent = || {
            let absence = Absence { code: AbsenceCode::ManifestUnknown, says: "manifest unknown".into() };
            Seen::Tag(wanted.clone(), Probe::Absent(absence))
        };
        let failing = || {
            let failure = Failure::Unreachable { stage: Stage::Server(503), says: "try later".into() };
            Seen::Tag(wanted.clone(), Probe::Unseen(failure))
        };
        let readable = Probe::Present(Batch { items: vec![], skipped: 0, complete: true });
        let after = minutes_ago(ended.min(0));
        let mut told = vec![Seen::Canary(image.clone(), readable)];
        match fate {
            Fate::Landed => {
                let pushed = cast::pushed(name, &run, &run.sha).into_iter().map(|it| match it.seen {
                    Seen::Tag(_, probe) => Seen::Tag(wanted.clone(), probe),
                    Seen::Config(_, digest, probe) => Seen::Config(image.clone(), digest, probe),
                    Seen::Blob(_, digest, probe) => Seen::Blob(image.clone(), digest, probe),
                    other => other,
                });
                told.extend(pushed);
            }
            Fate::Absent(_) => told.extend([absent(), absent()]),
            Fate::Lost(_) => told.extend([absent(), absent(), failing()]),
            Fate::Unseen => told.push(failing()),
            Fate::Unasked => {}
        }
        // Looks stand a minute apart, the last one at the moment itself or, for what is still to come, after its grace.
        let last = after.max(now()) + SignedDuration::from_mins(if ended < 0 { 5 } else { 0 });
        let count = i64::try_from(told.len()).unwrap();
        for (place, seen) in (1..).zip(told) {
            all.push(cast::seen(last - SignedDuration::from_mins(count - place), "ghcr.io", seen));
        }
        all.iter_mut().filter(|it| matches!(it.seen, Seen::Runs(..))).for_each(|it| it.at = last);
        all
    }

    /// Takes in a run.
    pub(crate) fn run(&mut self, name: &str, number: u64, ended: i64, fate: &Fate) -> &mut Self {
        for observation in self.observe(name, number, ended, fate) {
            self.snapshot.absorb(observation);
        }
        self
    }

    /// Returns everything judged so many minutes after the moment that all tests are told by.
    pub(crate) fn report_in(&self, minutes: i64) -> Report {
        analyse(&self.snapshot, &self.services, &Policy::default(), minutes_ago(-minutes))
    }

    pub(crate) fn report(&self) -> Report {
        self.report_in(0)
    }

    /// Returns the titles of the incidents.
    pub(crate) fn titles(&self) -> Vec<String> {
        self.report().incidents.iter().map(|incident| incident.title(now())).collect()
    }

    /// Judges once more, with what is known of credentials.
    pub(crate) fn with_credentials(&self, policy: &landfall::analysis::CredentialPolicy, at: Timestamp) -> Report {
        let mut report = self.report();
        report.credentials = landfall::analysis::credentials(&self.snapshot, policy, at);
        report.incidents = incidents(&self.snapshot, &report, &Policy::default(), at);
        report
    }
}

/// Returns the service's name as a newtype.
pub(crate) fn named(name: &str) -> ServiceName {
    ServiceName::parse(name).unwrap()
}
