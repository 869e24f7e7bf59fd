//! A CI provider: its token, and whether each service's list of runs can be read.

use jiff::Timestamp;

use super::{About, Check, Grade, Section, failure, token};
use crate::domain::{Failure, Globs, Health, Listing, Service, SourceId, SourceKind, TokenReport};

/// The kinds of CI provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// What was seen of a CI provider.
#[derive(Debug)]
pub struct CiLook<'a> {
    /// Its name in the configuration.
    pub id: &'a SourceId,
    /// Which kind it is.
    pub provider: Provider,
    /// Its address.
    pub url: &'a str,
    /// Where its token comes from; `None` for anonymous.
    pub from: Option<String>,
    /// What is known of the token; `None` where no answer came in time.
    pub token: Option<Result<Option<TokenReport>, Failure>>,
    /// The services that depend on it, each with its list where one was read or failed.
    pub services: Vec<(&'a Service, Option<&'a Listing>)>,
    /// What it was sent.
    pub health: Option<&'a Health>,
}

impl CiLook<'_> {
    /// Returns what that means.
    #[must_use]
    pub fn section(&self, now: Timestamp) -> Section {
        let read =
            |(_, listing): &(&Service, Option<&Listing>)| listing.is_some_and(|listing| listing.seen_at.is_some());
        let lists = self.services.iter().any(read);
        let mut checks = token::checks(self.provider, self.from.as_deref(), self.token.as_ref(), lists, now);
        checks.extend(self.services.iter().map(|(service, listing)| self.runs(service, *listing)));
        let kind = match self.provider {
            Provider::GitHub => "GitHub",
            Provider::GitLab => "GitLab",
        };
        Section {
            about: About::Source(SourceKind::Ci),
            name: self.id.as_str().into(),
            head: format!("CI provider {} ({kind}, {})", self.id, self.url).into(),
            checks,
            health: self.health.cloned(),
        }
    }

    fn runs(&self, service: &Service, listing: Option<&Listing>) -> Check {
        let name = format!("runs of {}", service.name);
        let repo = &service.repo;
        let late = || Check::new(name.clone(), Grade::Unknown, format!("{repo}: no answer in time"));
        let Some(listing) = listing else { return late() };
        if let Some(miss) = &listing.failure {
            return self.unread(failure::check(name, &format!("{repo}: "), &miss.failure), &miss.failure);
        }
        if listing.seen_at.is_none() {
            return late();
        }
        let Some(newest) = listing.runs.first() else {
            let of = within("of workflow", &service.workflow);
            return Check::new(name, Grade::Warn, format!("{repo}: can be read, and no run of it is {of}"))
                .fix("Compare `workflow` with the runs' page.");
        };
        if let Some(run) = listing.runs.iter().find(|run| service.is_to_publish(run)) {
            let says = format!("{repo}: can be read; the newest is run #{}, {}", run.number, run.state);
            return Check::new(name, Grade::Ok, says);
        }
        let filtered = service.why_not(newest).unwrap_or_else(|| "it names no branch".to_owned());
        Check::new(name, Grade::Warn, format!("{repo}: can be read, and no run of it is to publish"))
            .why(format!("Of the newest, #{}: {filtered}.", newest.number))
            .fix("Compare `branch` and `event` with the runs' page.")
    }

    /// Says how to mend a list that cannot be read.
    fn unread(&self, check: Check, failure: &Failure) -> Check {
        match failure {
            Failure::NotFound(_) | Failure::Forbidden(_) => {
                let right = match self.provider {
                    Provider::GitHub => "repo for a private repository, or Actions read",
                    Provider::GitLab => "read_api, and membership as a Reporter",
                };
                check.fix(format!("Compare `repo` and `workflow` with their page, and give the token {right}."))
            }
            Failure::Auth { .. } if self.from.is_some() => check.fix("Mend the token, above."),
            Failure::Auth { .. } => check.fix("Set a token for this [[ci]]."),
            Failure::RateLimited { .. }
            | Failure::Unreachable { .. }
            | Failure::Malformed(_)
            | Failure::TooLarge { .. }
            | Failure::Ambiguous(_)
            | Failure::Withheld(_) => check,
        }
    }
}

fn within(what: &str, globs: &Globs) -> String {
    if globs.patterns().is_empty() {
        "listed yet".to_owned()
    } else {
        format!("{what} {}", globs.patterns().join(", "))
    }
}
