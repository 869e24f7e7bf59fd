//! How much green and red can be trusted: worked examples of builds, jobs, tests, rates and gates.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/executions.rs"]
mod executions;

#[path = "flaky/builds.rs"]
mod builds;
#[path = "flaky/jobs.rs"]
mod jobs;
#[path = "flaky/logs.rs"]
mod logs;
#[path = "flaky/looks.rs"]
mod looks;
#[path = "flaky/order.rs"]
mod order;
#[path = "flaky/rates.rs"]
mod rates;
#[path = "flaky/suggestions.rs"]
mod suggestions;
#[path = "flaky/summaries.rs"]
mod summaries;
#[path = "flaky/tests.rs"]
mod tests;
#[path = "flaky/trust.rs"]
mod trust;
