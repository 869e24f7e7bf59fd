//! How far it was read what earlier processes remember of runs that are over.

use std::collections::BTreeSet;

use crate::domain::{Fact, Seen};

/// What is known of the past.
pub(super) enum Past {
    /// Nothing was begun with.
    Unread,
    /// It comes piece by piece: the services of which all came.
    Coming(BTreeSet<usize>),
    /// All of it came.
    Read,
}

impl Past {
    /// Takes in what was seen, and which services that concerns.
    pub(super) fn absorb(&mut self, seen: &Seen, concerned: &[usize]) {
        if *seen == Seen::Recalled {
            *self = Self::Read;
        } else if let (Self::Coming(whole), Seen::Remembered(facts)) = (self, seen)
            && facts.iter().any(|fact| matches!(fact, Fact::Arrived(..)))
        {
            // Which commits landed is read when all is read of how runs ended.
            whole.extend(concerned);
        }
    }

    /// Returns whether runs that are over may be read anew: before all came, nobody knows which were read before.
    pub(super) fn is_read(&self) -> bool {
        matches!(self, Self::Read)
    }

    /// Returns whether what a service is trusted by may be told, and which of its commits are new among those that landed:
    /// nothing of it is on its way that may change it.
    pub(super) fn tells_of(&self, place: usize) -> bool {
        match self {
            Self::Unread | Self::Read => true,
            Self::Coming(whole) => whole.contains(&place),
        }
    }
}
