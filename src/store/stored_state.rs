//! The stored form of where a run or job stands: a number, and the provider's own word where it is none of ours.

use crate::domain::{Conclusion, RunState, Text};

pub(super) fn write(state: &RunState) -> (u8, Option<&Text>) {
    match state {
        RunState::Waiting => (0, None),
        RunState::Running => (1, None),
        RunState::Finished(Conclusion::Success) => (2, None),
        RunState::Finished(Conclusion::Failure) => (3, None),
        RunState::Finished(Conclusion::Cancelled) => (4, None),
        RunState::Finished(Conclusion::Skipped) => (5, None),
        RunState::Finished(Conclusion::TimedOut) => (6, None),
        RunState::Finished(Conclusion::Other(word)) => (7, Some(word)),
    }
}

pub(super) fn read(state: u8, other: Option<Text>) -> Option<RunState> {
    Some(match (state, other) {
        (0, _) => RunState::Waiting,
        (1, _) => RunState::Running,
        (2, _) => RunState::Finished(Conclusion::Success),
        (3, _) => RunState::Finished(Conclusion::Failure),
        (4, _) => RunState::Finished(Conclusion::Cancelled),
        (5, _) => RunState::Finished(Conclusion::Skipped),
        (6, _) => RunState::Finished(Conclusion::TimedOut),
        (7, Some(word)) => RunState::Finished(Conclusion::Other(word)),
        _ => return None,
    })
}
