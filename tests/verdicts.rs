//! Each verdict, and each reason not to give it.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

#[path = "support/world.rs"]
mod world;

#[path = "verdicts/absent.rs"]
mod absent;
#[path = "verdicts/days.rs"]
mod days;
#[path = "verdicts/jobs.rs"]
mod jobs;
#[path = "verdicts/lasting.rs"]
mod lasting;
#[path = "verdicts/moving.rs"]
mod moving;
#[path = "verdicts/pace.rs"]
mod pace;
#[path = "verdicts/present.rs"]
mod present;
#[path = "verdicts/races.rs"]
mod races;
#[path = "verdicts/summary.rs"]
mod summary;
#[path = "verdicts/tag_list.rs"]
mod tag_list;
#[path = "verdicts/whole.rs"]
mod whole;
