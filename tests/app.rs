//! The application by its messages: what the user does, what is seen, and what becomes of the screen.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/cast.rs"]
mod cast;

#[path = "app/acting.rs"]
mod acting;
#[path = "app/answering.rs"]
mod answering;
#[path = "app/health.rs"]
mod health;
#[path = "app/moving.rs"]
mod moving;
#[path = "app/passing.rs"]
mod passing;
#[path = "app/recalled.rs"]
mod recalled;
#[path = "app/typing.rs"]
mod typing;

use cast::Stage;

/// The words of the selected row.
fn selected(stage: &Stage) -> String {
    let text = stage.text();
    text.lines().find_map(|line| line.strip_prefix('▸')).unwrap_or_default().to_owned()
}

fn bottom(stage: &Stage) -> String {
    stage.text().lines().last().unwrap_or_default().trim().to_owned()
}
