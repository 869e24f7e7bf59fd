//! Repositories that refuse this credential: whoever asks about them again at once gets the same answer.

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use crate::domain::{AuthStage, Failure, ImageName, Look};

/// How many things of a repository must be forbidden, without an answer between, before it counts as closed.
/// Some registries forbid a tag that is not there, and show the others.
const FORBIDDEN: u32 = 3;

/// The repositories that refuse.
#[derive(Default)]
pub(super) struct Bars(FxHashMap<ImageName, Bar>);

struct Bar {
    forbidden: u32,
    standing: Option<(Timestamp, Failure)>,
}

impl Bars {
    /// Opens the look's repository: it answered, or somebody insists.
    pub(super) fn lift(&mut self, look: &Look) {
        if let Some(image) = look.image() {
            self.0.remove(image);
        }
    }

    /// Notes a failure, and returns the repository where this closes it until then.
    pub(super) fn failed(&mut self, look: &Look, failure: &Failure, until: Timestamp) -> Option<ImageName> {
        // Who may not list the tags may still read every one of them.
        let image = look.image().filter(|_| !matches!(look, Look::Canary(_)))?;
        let needed = match failure {
            Failure::Auth { stage: AuthStage::Token | AuthStage::Registry, .. } => 1,
            Failure::Forbidden(_) => FORBIDDEN,
            // These say nothing of the repository, or close the whole source.
            Failure::Auth { stage: AuthStage::Api | AuthStage::Local, .. }
            | Failure::RateLimited { .. }
            | Failure::NotFound(_)
            | Failure::Unreachable { .. }
            | Failure::Malformed(_)
            | Failure::TooLarge { .. }
            | Failure::Ambiguous(_)
            | Failure::Withheld(_) => return None,
        };
        let bar = self.0.entry(image.clone()).or_insert(Bar { forbidden: 0, standing: None });
        bar.forbidden = bar.forbidden.saturating_add(1);
        if bar.forbidden < needed {
            return None;
        }
        bar.standing = Some((until, failure.clone()));
        Some(image.clone())
    }

    /// Returns until when the repository is closed, and why.
    pub(super) fn standing(&self, image: &ImageName, now: Timestamp) -> Option<&(Timestamp, Failure)> {
        self.0.get(image)?.standing.as_ref().filter(|(until, _)| *until > now)
    }
}
