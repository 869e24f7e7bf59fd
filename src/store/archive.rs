//! Answers that outlive the process: read at once on connections of its own, written by the writer.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

use super::answers::{self, Answer, AnswerKey};
use super::open;
use super::pending::AnswerChange;
use super::writer::Message;

/// Connections that wait for the next to read.
const WAITING: usize = 4;

/// The kept answers. It may be cloned and used from any thread; what was just saved is found once it is written.
#[derive(Clone)]
pub struct Archive {
    inbox: Sender<Message>,
    reading: Arc<Reading>,
}

struct Reading {
    secret: [u8; 32],
    /// `None` where nobody else can read while the writer writes.
    path: Option<PathBuf>,
    /// Held only to take one out or to put it back, never while it reads.
    idle: Mutex<Vec<Connection>>,
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Archive").finish_non_exhaustive()
    }
}

impl Archive {
    pub(super) fn new(inbox: Sender<Message>, secret: [u8; 32], path: Option<PathBuf>) -> Self {
        Self { inbox, reading: Arc::new(Reading { secret, path, idle: Mutex::default() }) }
    }

    /// Returns 32 random bytes that were made with the history, to hash credentials with: whoever reads the file
    /// learns nothing by guessing.
    #[must_use]
    pub fn secret(&self) -> [u8; 32] {
        self.reading.secret
    }

    /// Returns the answer that is kept under this key. Whatever keeps it from being read, there is none.
    #[must_use]
    pub fn load(&self, key: &AnswerKey) -> Option<Answer> {
        let connection = self.reading.take()?;
        let answer = answers::load(&connection, key).ok()?;
        // A connection that failed is not put back: the file may be another by now.
        self.reading.put(connection);
        if answer.is_some() {
            self.change(*key, AnswerChange::Used);
        }
        answer
    }

    /// Keeps an answer in place of the one before. It never blocks.
    pub fn save(&self, key: AnswerKey, answer: Answer) {
        self.change(key, AnswerChange::Saved(answer));
    }

    /// Forgets an answer. It never blocks.
    pub fn forget(&self, key: AnswerKey) {
        self.change(key, AnswerChange::Forgotten);
    }

    fn change(&self, key: AnswerKey, change: AnswerChange) {
        // Where the writer has ended, nothing is kept any more.
        let _ = self.inbox.send(Message::Answer(key, change));
    }
}

impl Reading {
    fn take(&self) -> Option<Connection> {
        let path = self.path.as_ref()?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.or_else(|| open::reader(path).ok())
    }

    fn put(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < WAITING {
            idle.push(connection);
        }
    }
}
