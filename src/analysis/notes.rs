//! What one walk over the evidence leaves behind: a verdict alone, the looks still wanted, or the sentences.

use jiff::Timestamp;

use super::{Explanation, what_helps};
use crate::domain::{Failure, Look, Urgency, Wanted};

/// Takes notes during a walk. Sentences and looks are closures, so that a walk that needs none builds none.
pub(super) trait Notes {
    /// One sentence of evidence, in the order looked at.
    fn say(&mut self, _sentence: impl FnOnce() -> String) {}

    /// A look that could still change or explain the verdict.
    fn want(&mut self, _urgency: Urgency, _not_before: Option<Timestamp>, _look: impl FnOnce() -> Look) {}

    /// What would have to be looked at to be sure.
    fn unsure(&mut self, _sentence: impl FnOnce() -> String) {}

    /// The likely cause; the first one said stays.
    fn cause(&mut self, _sentence: impl FnOnce() -> String) {}

    /// Something that a person may do next.
    fn step(&mut self, _sentence: impl FnOnce() -> String) {}

    /// What a person may do about a look that gave no answer, where that is anything.
    fn mend(&mut self, failure: &Failure) {
        if let Some(helps) = what_helps(failure) {
            self.step(|| helps.to_owned());
        }
    }

    /// Takes back the cause, and what to do about it: perhaps there is nothing to be done.
    fn retract(&mut self) {}
}

/// Notes only whether something is outstanding.
#[derive(Debug, Default)]
pub(super) struct Outstanding(pub(super) bool);

impl Notes for Outstanding {
    fn want(&mut self, urgency: Urgency, _not_before: Option<Timestamp>, _look: impl FnOnce() -> Look) {
        self.0 |= !urgency.is_background();
    }
}

/// Notes which looks are wanted.
#[derive(Debug, Default)]
pub(super) struct Wants(pub(super) Vec<Wanted>);

impl Notes for Wants {
    fn want(&mut self, urgency: Urgency, not_before: Option<Timestamp>, look: impl FnOnce() -> Look) {
        self.0.push(Wanted { look: look(), urgency, not_before });
    }
}

/// Notes nothing.
#[derive(Debug, Default)]
pub(super) struct Silent;

impl Notes for Silent {}

impl Notes for Explanation {
    fn say(&mut self, sentence: impl FnOnce() -> String) {
        said_anew(&mut self.evidence, sentence());
    }

    fn unsure(&mut self, sentence: impl FnOnce() -> String) {
        said_anew(&mut self.to_be_sure, sentence());
    }

    fn cause(&mut self, sentence: impl FnOnce() -> String) {
        self.cause.get_or_insert_with(sentence);
    }

    fn step(&mut self, sentence: impl FnOnce() -> String) {
        let sentence = sentence();
        if !self.next_steps.contains(&sentence) {
            self.next_steps.push(sentence);
        }
    }

    fn retract(&mut self) {
        (self.cause, self.next_steps) = (None, Vec::new());
    }
}

/// An index may name one part a thousand times: what was just said is not said again.
fn said_anew(said: &mut Vec<String>, sentence: String) {
    if said.last() != Some(&sentence) {
        said.push(sentence);
    }
}
