//! How something that ran counts as evidence: passed, failed, or neither.

use super::{Conclusion, RunState};

/// What one execution says about the code that it ran on.
///
/// The order is the one in which executions of the same try are read: a run that is known to have failed and to have
/// passed under one number failed first, because only failures are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// A failure, an error or a time-out.
    Failed,
    /// It failed for a reason that has nothing to do with the code: the runner was lost, the scheduler gave up.
    Infrastructure,
    /// It passed.
    Passed,
    /// Nothing: cancelled, skipped, still waiting, or ended with a word that is not known.
    Undecided,
}

impl Outcome {
    /// Returns what a state says. `reason` is GitLab's `failure_reason`, or the word of a triage that found one.
    #[must_use]
    pub fn of(state: &RunState, reason: Option<&str>) -> Self {
        match state {
            RunState::Waiting | RunState::Running => Self::Undecided,
            RunState::Finished(conclusion) => match conclusion {
                Conclusion::Success => Self::Passed,
                Conclusion::Failure | Conclusion::TimedOut if reason.is_some_and(is_infrastructure) => {
                    Self::Infrastructure
                }
                Conclusion::Failure | Conclusion::TimedOut => Self::Failed,
                Conclusion::Other(word) if word.raw() == "startup_failure" => Self::Infrastructure,
                Conclusion::Cancelled | Conclusion::Skipped | Conclusion::Other(_) => Self::Undecided,
            },
        }
    }

    /// Returns whether it says that the code is good or that it is bad.
    #[must_use]
    pub fn is_decisive(self) -> bool {
        match self {
            Self::Failed | Self::Passed => true,
            Self::Infrastructure | Self::Undecided => false,
        }
    }
}

/// GitLab's failure reasons that blame the machinery, and the words of a triage that does.
fn is_infrastructure(reason: &str) -> bool {
    matches!(
        reason,
        "runner_system_failure"
            | "stuck_or_timeout_failure"
            | "api_failure"
            | "scheduler_failure"
            | "data_integrity_failure"
            | "stale_schedule"
            | "unmet_prerequisites"
            | "runner_unsupported"
            | "no_matching_runner"
            | "ci_quota_exceeded"
            | "image_pull_failure"
            | "unknown_failure"
            | "runner_lost"
    )
}

/// How sure two outcomes of the same code are of the same code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// Runs for a pull request with the same head: the merge commits that were built may differ.
    Weak,
    /// Separate runs of one workflow for one commit and event.
    Medium,
    /// Tries within one run: attempts, retried jobs, marks of a retry in a report or log.
    Strong,
}

impl Strength {
    /// Returns the word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Medium => "medium",
            Self::Strong => "strong",
        }
    }
}
