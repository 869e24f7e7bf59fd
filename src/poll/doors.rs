//! Which sources are closed, for whoever asks them something besides the looks: credentials are scanned with the same
//! token, and out of the same budget.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::domain::{Failure, SourceId};
use crate::source::Leave;

/// Until when each source that is closed is, and why.
type Closed = BTreeMap<SourceId, (Instant, Failure)>;

/// Which sources are closed to everything that nobody waits for. Whoever polls them says so.
#[derive(Debug, Clone, Default)]
pub struct Doors(Arc<watch::Sender<Closed>>);

impl Doors {
    /// Notes until when a source is closed, and why; nothing where it is open.
    pub(super) fn note(&self, source: &SourceId, closed: Option<(Instant, Failure)>) {
        self.0.send_if_modified(|known| match closed {
            // Words with a moment of the wall in them differ by a hair each time.
            Some((until, _)) if known.get(source).is_some_and(|(known, _)| *known == until) => false,
            Some(closed) => {
                known.insert(source.clone(), closed);
                true
            }
            None => known.remove(source).is_some(),
        });
    }

    /// Returns what tells of the next source that is closed or opened.
    pub(super) fn news(&self) -> News {
        News(self.0.subscribe())
    }
}

/// Waits for a source to be closed or opened.
pub(super) struct News(watch::Receiver<Closed>);

impl News {
    /// Waits for the first since this was given out.
    pub(super) async fn came(&mut self) {
        if self.0.changed().await.is_err() {
            // Nobody polls any more.
            std::future::pending::<()>().await;
        }
    }
}

impl Leave for Doors {
    fn refusal(&self, source: &SourceId) -> Option<Failure> {
        let known = self.0.borrow();
        let (until, why) = known.get(source)?;
        (Instant::now() < *until).then(|| why.clone())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_door_is_closed_until_its_moment_or_until_it_is_opened() {
        let (doors, source) = (Doors::default(), SourceId::parse("ci").unwrap());
        let leave = doors.clone();
        let why = Failure::Withheld("kept for what you ask".into());
        let minute = Duration::from_mins(1);
        assert_eq!(leave.refusal(&source), None);
        doors.note(&source, Some((Instant::now() + minute, why.clone())));
        assert_eq!(leave.refusal(&source), Some(why.clone()));
        tokio::time::advance(minute).await;
        assert_eq!(leave.refusal(&source), None);
        doors.note(&source, Some((Instant::now() + minute, why)));
        doors.note(&source, None);
        assert_eq!(leave.refusal(&source), None);
    }
}
