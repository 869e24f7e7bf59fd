//! Repositories that refuse this credential: whoever asks about them again at once gets the same answer.

use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::time::Instant;

use super::gate::{DOUBT, Ended, PROBE, Ruling};
use crate::domain::{Failure, ImageName, Look};

/// How many things of a repository must be forbidden, without an answer between, before it counts as closed.
/// Some registries forbid a tag that is not there, and show the others.
const FORBIDDEN: u32 = 3;

/// How long a closed repository is left alone, where it may only be that there is nothing in it yet.
pub(super) const CLOSED: Duration = Duration::from_mins(1);

/// How long a look waits for another one to find out.
const WHILE_PROBED: Duration = Duration::from_secs(2);

/// Above so many, those that say nothing any more are forgotten, after this time.
const FEW: usize = 64;
const REMEMBERED: Duration = Duration::from_hours(1);

/// The repositories that refuse.
#[derive(Default)]
pub(super) struct Bars(FxHashMap<ImageName, Bar>);

struct Bar {
    forbidden: u32,
    standing: Option<Standing>,
    /// Whether a look is under way that finds out.
    probed: bool,
    touched: Instant,
}

/// Why and until when.
struct Standing {
    why: Failure,
    since: Instant,
    until: Instant,
    /// Refused once; nobody is told yet.
    doubted: bool,
}

/// Whether a look may be asked.
pub(super) enum Pass {
    Go,
    /// Not before then; and why, where that is to be told.
    Wait(Instant, Option<Failure>),
}

impl Bars {
    /// Opens the look's repository: it answered, or somebody insists. Returns whether it was closed.
    pub(super) fn lift(&mut self, look: &Look) -> bool {
        let bar = look.image().and_then(|image| self.0.remove(image));
        bar.is_some_and(|bar| bar.standing.is_some())
    }

    /// Closes a repository until then whose login was refused while another's was not.
    pub(super) fn stop(&mut self, image: &ImageName, why: Failure, now: Instant, until: Instant) {
        let standing = Standing { why, since: now, until, doubted: false };
        self.bar(image, now).standing = Some(standing);
    }

    /// Returns whether the look's repository is closed, or was and is being tried.
    pub(super) fn bars(&self, look: &Look) -> bool {
        look.image().and_then(|image| self.0.get(image)).is_some_and(|bar| bar.standing.is_some())
    }

    /// Notes a repository's refusal where nobody waits for the answer. Returns what it means for the look.
    pub(super) fn refused(&mut self, failure: &Failure, ended: &Ended<'_>) -> Option<Ruling> {
        // Who may not list the tags may still read every one of them.
        let image = ended.look.image().filter(|_| !matches!(ended.look, Look::Canary(_)))?;
        let now = ended.now.at;
        let bar = self.bar(image, now);
        if let Some(standing) = bar.standing.as_ref().filter(|standing| ended.started < standing.since) {
            return Some(Ruling { until: standing.until.max(now), quiet: standing.doubted });
        }
        let (until, doubted) = if matches!(failure, Failure::Auth { .. }) {
            let doubted = bar.standing.is_none();
            (now + if doubted { DOUBT } else { PROBE }, doubted)
        } else {
            bar.forbidden = bar.forbidden.saturating_add(1);
            if bar.forbidden < FORBIDDEN {
                return None;
            }
            (now + CLOSED, false)
        };
        bar.standing = Some(Standing { why: failure.clone(), since: now, until, doubted });
        Some(Ruling { until, quiet: doubted })
    }

    /// Notes a failure where somebody waits, and returns the repository where this closes it until then.
    pub(super) fn closed_by(&mut self, failure: &Failure, ended: &Ended<'_>, until: Instant) -> Option<ImageName> {
        let image = ended.look.image().filter(|_| !matches!(ended.look, Look::Canary(_)))?;
        let bar = self.bar(image, ended.now.at);
        bar.forbidden = bar.forbidden.saturating_add(1);
        if !matches!(failure, Failure::Auth { .. }) && bar.forbidden < FORBIDDEN {
            return None;
        }
        bar.standing = Some(Standing { why: failure.clone(), since: ended.now.at, until, doubted: false });
        Some(image.clone())
    }

    /// Returns until when the repository is closed, and why.
    pub(super) fn standing(&self, image: &ImageName, now: Instant) -> Option<(Instant, Failure)> {
        let standing = self.0.get(image)?.standing.as_ref().filter(|standing| standing.until > now)?;
        Some((standing.until, standing.why.clone()))
    }

    /// Returns whether a look may be asked now. One at a time finds out whether a repository is open again.
    pub(super) fn pass(&mut self, look: &Look, asked: bool, now: Instant) -> Pass {
        let Some(bar) = look.image().and_then(|image| self.0.get_mut(image)) else { return Pass::Go };
        let Some(standing) = &bar.standing else { return Pass::Go };
        if bar.probed {
            return Pass::Wait(standing.until.max(now + WHILE_PROBED), None);
        }
        if standing.until > now && !asked {
            let why = (!standing.doubted).then(|| standing.why.clone());
            return Pass::Wait(standing.until, why);
        }
        bar.probed = true;
        Pass::Go
    }

    /// Notes that a look is over, however it ended.
    pub(super) fn ended(&mut self, look: &Look) {
        if let Some(bar) = look.image().and_then(|image| self.0.get_mut(image)) {
            bar.probed = false;
        }
    }

    /// Returns whether some repository of this registry was refused for its credential.
    pub(super) fn any_refused(&self, registry: &str) -> bool {
        let refused =
            |bar: &Bar| bar.standing.as_ref().is_some_and(|standing| matches!(standing.why, Failure::Auth { .. }));
        self.0.iter().any(|(image, bar)| image.registry() == registry && refused(bar))
    }

    /// A registry's login is another one: one look at each repository tells at once.
    pub(super) fn try_now(&mut self, registry: &str, now: Instant) {
        for (_, bar) in self.0.iter_mut().filter(|(image, _)| image.registry() == registry) {
            if let Some(standing) = &mut bar.standing {
                standing.until = standing.until.min(now);
            }
        }
    }

    fn bar(&mut self, image: &ImageName, now: Instant) -> &mut Bar {
        if self.0.len() > FEW {
            self.0.retain(|_, bar| now < bar.touched + REMEMBERED || bar.probed);
        }
        let new = Bar { forbidden: 0, standing: None, probed: false, touched: now };
        let bar = self.0.entry(image.clone()).or_insert(new);
        bar.touched = now;
        bar
    }
}
