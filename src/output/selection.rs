//! What was asked for of a report, and the exit code that it gives.

use crate::analysis::{CredentialReport, Incident, Report, ServiceReport, Verdict};

/// The part of a report that was asked for.
#[derive(Debug, Clone)]
pub struct Selection {
    report: Report,
    by_commit: bool,
    nothing: Option<String>,
}

impl Selection {
    /// Takes the whole report.
    #[must_use]
    pub fn all(report: Report) -> Self {
        Self { report, by_commit: false, nothing: None }
    }

    /// Takes the rows of the commits that start with these digits, in lower case. `runs` is how many runs of each
    /// service were looked at.
    #[must_use]
    pub fn of_commit(mut report: Report, digits: &str, runs: usize) -> Self {
        for service in &mut report.services {
            service.rows.retain(|row| row.run.sha.as_str().starts_with(digits));
        }
        let nothing = report.rows().next().is_none().then(|| nothing(&report, digits, runs));
        report.services.retain(|service| !service.rows.is_empty() || unlisted(service));
        let is_told = |service: &ServiceReport, incident: &Incident| {
            !service.rows.is_empty() && incident.services.contains(&service.service.name)
        };
        report.incidents.retain(|incident| report.services.iter().any(|service| is_told(service, incident)));
        Self { report, by_commit: true, nothing }
    }

    /// Returns what is left of the report.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// Returns why no row is left, where a commit was asked for that is not there.
    #[must_use]
    pub fn nothing(&self) -> Option<&str> {
        self.nothing.as_deref()
    }

    /// Returns whether looking on can change nothing: every list was read, and every verdict is final.
    #[must_use]
    pub fn is_final(&self) -> bool {
        let settled = self.report.rows().all(|row| row.settled && row.verdict != Verdict::Pending);
        settled && self.nothing.is_none() && !self.report.services.iter().any(|service| self.hides_rows(service))
    }

    /// Returns whether all of it was looked at, by sources that answer, down to the ends of the lists.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let listed = |service: &ServiceReport| service.complete && !unlisted(service);
        self.nothing.is_none()
            && self.report.rows().all(|row| row.settled)
            && self.report.services.iter().all(listed)
            && self.report.sources.iter().all(|source| source.health.trouble().is_none())
            && !self.report.credentials.iter().any(|row| row.stale.is_some() || row.failure.is_some())
    }

    /// Returns the exit code of `check`: 1 for a finding among `fail_on` or a credential that is one; else 3 where something could not be looked
    /// at, or was not final when the wait ran out; else 0.
    #[must_use]
    pub fn exit_code(&self, fail_on: &[Verdict], ran_out: bool) -> u8 {
        let credentials = &self.report.credentials;
        let is_found = credentials.iter().any(|row| row.urgency.severity.is_finding());
        if is_found || self.report.rows().any(|row| fail_on.contains(&row.verdict)) {
            return 1;
        }
        let unsure = self.report.rows().any(|row| match row.verdict {
            Verdict::Unknown => true,
            // Its layers were not looked at: nobody knows whether it can be pulled whole.
            Verdict::Landed => !row.settled,
            Verdict::Pending => ran_out,
            Verdict::NotExpected
            | Verdict::Missing
            | Verdict::Stale
            | Verdict::Mismatch
            | Verdict::Incomplete
            | Verdict::Misrouted
            | Verdict::Pruned => false,
        });
        let hidden = self.report.services.iter().any(|service| self.hides_rows(service));
        let unsure = unsure || credentials.iter().any(CredentialReport::is_unsure);
        if unsure || hidden || self.nothing.is_some() { 3 } else { 0 }
    }

    /// Returns whether there may be rows that nobody saw. Where a commit's rows were found, they are what was asked for.
    fn hides_rows(&self, service: &ServiceReport) -> bool {
        let found = self.by_commit && !service.rows.is_empty();
        !found && unlisted(service)
    }
}

/// Returns whether runs of the service may be there that could not be read.
pub(super) fn unlisted(service: &ServiceReport) -> bool {
    service.failure.is_some() || service.seen_at.is_none() || service.skipped > 0
}

fn nothing(report: &Report, digits: &str, runs: usize) -> String {
    let newest = report.services.iter().find_map(|service| {
        let run = service.newest.as_ref()?;
        run.sha.as_str().starts_with(digits).then_some((service, run))
    });
    if let Some((service, run)) = newest {
        let name = &service.service.name;
        return format!(
            "Run #{} of {name} for commit {digits} is {}: no image is expected of it.",
            run.number, run.state
        );
    }
    if report.services.iter().any(unlisted) {
        return format!("No run of commit {digits} was seen, and not every list of runs could be read.");
    }
    format!("No green run of commit {digits} is among the newest {runs} runs.")
}
