//! What the dashboard is given, at first and once everybody can be asked, and what it gives to be kept.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::analysis::{CredentialPolicy, Policy};
use crate::domain::{Fact, Look, Service};
use crate::poll::{Rhythm, Sources};
use crate::source::ExpirySource;

/// What is shown.
pub struct Shown {
    /// What stands in the corner.
    pub title: &'static str,
    /// The services.
    pub services: Vec<Arc<Service>>,
    /// What they are judged by.
    pub policy: Policy,
    /// What credentials are judged by.
    pub credentials: CredentialPolicy,
}

/// What is there once everybody can be asked.
pub struct Connected {
    /// Who can be asked.
    pub sources: Sources,
    /// Who knows when credentials end.
    pub expiry: Vec<Arc<dyn ExpirySource>>,
    /// How hard to try.
    pub rhythm: Rhythm,
    /// Takes what is to be kept. It must not block.
    pub keep: Keep,
    /// What earlier processes remember of runs that are over, piece by piece. Nothing of those is read anew before all
    /// of it came.
    pub remembered: mpsc::Receiver<Vec<Fact>>,
}

/// What is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// What was seen.
    Facts(Vec<Fact>),
    /// What was seen once more, as it was.
    Again(Vec<Fact>),
    /// What these looks gave need not be at hand any more.
    Shelved(Vec<Look>),
}

/// Takes what is to be kept. It must not block.
pub type Keep = Box<dyn FnMut(Kept) + Send>;
