//! The tables, one step a version. A step that was released never changes; each file is brought to the newest.

use rusqlite::{Connection, Transaction};
use rusqlite_migration::{Error as MigrationError, HookResult, M, Migrations};

use super::old;

/// The versions. Moments are microseconds since 1970. A row's `sum` guards all of it but
/// `shelf`, `used` and `oldest`, which say no more than what becomes of it.
const STEPS: [&str; NEWEST as usize] = [
    "
    CREATE TABLE landed (
        image TEXT NOT NULL, tag TEXT NOT NULL,
        ci TEXT NOT NULL, repo TEXT NOT NULL, run INTEGER NOT NULL, attempt INTEGER NOT NULL,
        digest TEXT NOT NULL, since INTEGER NOT NULL, last_seen INTEGER NOT NULL,
        PRIMARY KEY (image, tag, ci, repo, run, attempt)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE verdict (
        service TEXT NOT NULL, ci TEXT NOT NULL, repo TEXT NOT NULL, run INTEGER NOT NULL, attempt INTEGER NOT NULL,
        image TEXT NOT NULL, tag TEXT NOT NULL,
        verdict TEXT NOT NULL, since INTEGER NOT NULL, last_seen INTEGER NOT NULL,
        PRIMARY KEY (service, ci, repo, run, attempt, image, tag)
    ) STRICT, WITHOUT ROWID;
",
    "
    ALTER TABLE landed RENAME TO landed_1;
    ALTER TABLE verdict RENAME TO verdict_1;

    -- Of the history itself: what the clients' answers are kept under, when it was last swept.
    CREATE TABLE note (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

    -- Whatever stands in many rows: `kind` says of what it is the name.
    CREATE TABLE name (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, text TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;

    -- Runs change seldom and are long; when they were last read changes at every look.
    CREATE TABLE listing (
        service INTEGER PRIMARY KEY, place INTEGER, oldest INTEGER,
        shelf INTEGER NOT NULL, sum INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE listing_seen (service INTEGER PRIMARY KEY, at INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT;

    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY, place INTEGER NOT NULL, run INTEGER NOT NULL, attempt INTEGER NOT NULL,
        seen INTEGER NOT NULL, looks INTEGER NOT NULL,
        shelf INTEGER NOT NULL, sum INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX jobs_key ON jobs (place, run, attempt);
    CREATE INDEX jobs_open ON jobs (place, run) WHERE shelf = 0;
    CREATE INDEX jobs_age ON jobs (seen);

    CREATE TABLE log (
        id INTEGER PRIMARY KEY, place INTEGER NOT NULL, run INTEGER NOT NULL, attempt INTEGER NOT NULL,
        job INTEGER NOT NULL, used INTEGER NOT NULL,
        shelf INTEGER NOT NULL, sum INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX log_key ON log (place, run, attempt, job);
    CREATE INDEX log_open ON log (place, run) WHERE shelf = 0;
    CREATE INDEX log_age ON log (used);

    -- Manifests, configs and blobs by digest.
    CREATE TABLE content (
        id INTEGER PRIMARY KEY, image INTEGER NOT NULL, kind INTEGER NOT NULL, digest BLOB NOT NULL,
        used INTEGER NOT NULL, shelf INTEGER NOT NULL, sum INTEGER NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX content_key ON content (image, kind, digest);
    CREATE INDEX content_open ON content (shelf) WHERE shelf = 0;
    CREATE INDEX content_age ON content (used);

    -- Where tags point; when each was last seen is in a small row of its own.
    CREATE TABLE tag (
        id INTEGER PRIMARY KEY, image INTEGER NOT NULL, tag TEXT NOT NULL,
        shelf INTEGER NOT NULL, sum INTEGER NOT NULL, body BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX tag_key ON tag (image, tag);
    CREATE INDEX tag_open ON tag (shelf) WHERE shelf = 0;
    CREATE TABLE tag_seen (tag INTEGER PRIMARY KEY, at INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT;

    CREATE TABLE readable (
        image INTEGER PRIMARY KEY, at INTEGER NOT NULL, shelf INTEGER NOT NULL, sum INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE answered (
        source INTEGER PRIMARY KEY, kind INTEGER NOT NULL, at INTEGER NOT NULL, sum INTEGER NOT NULL
    ) STRICT;

    -- What is said of runs lies in their order, so that the newest are read without the others.
    CREATE TABLE landed (
        image INTEGER NOT NULL, place INTEGER NOT NULL, run INTEGER NOT NULL, attempt INTEGER NOT NULL,
        tag TEXT NOT NULL,
        last_seen INTEGER NOT NULL, frame INTEGER, sum INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (image, place, run, attempt, tag)
    ) STRICT, WITHOUT ROWID;

    -- The newest verdict over each row, since when, and the newest moment that anybody told for it.
    CREATE TABLE judged (
        service INTEGER NOT NULL, place INTEGER NOT NULL, run INTEGER NOT NULL, attempt INTEGER NOT NULL,
        image INTEGER NOT NULL, tag TEXT NOT NULL,
        verdict INTEGER NOT NULL, since INTEGER NOT NULL, told INTEGER NOT NULL, sum INTEGER NOT NULL,
        PRIMARY KEY (service, place, run, attempt, image, tag)
    ) STRICT, WITHOUT ROWID;
    -- One row each time when it became another.
    CREATE TABLE verdict (
        service INTEGER NOT NULL, place INTEGER NOT NULL, run INTEGER NOT NULL, attempt INTEGER NOT NULL,
        image INTEGER NOT NULL, tag TEXT NOT NULL, since INTEGER NOT NULL,
        verdict INTEGER NOT NULL, sum INTEGER NOT NULL,
        PRIMARY KEY (service, place, run, attempt, image, tag, since)
    ) STRICT, WITHOUT ROWID;

    -- The clients' answers with their validators; when each was last of use is in a small row of its own.
    CREATE TABLE answer (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL, sum INTEGER NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX answer_key ON answer (key);
    CREATE TABLE answer_used (key BLOB PRIMARY KEY, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX answer_age ON answer_used (used);
",
    "
    -- What is read once of runs that are over; `detail` is the attempt, or the job whose log it is.
    CREATE TABLE sample (
        id INTEGER PRIMARY KEY, place INTEGER NOT NULL, run INTEGER NOT NULL, part INTEGER NOT NULL,
        detail INTEGER NOT NULL, ended INTEGER NOT NULL, seen INTEGER NOT NULL, sum INTEGER NOT NULL, body BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX sample_key ON sample (place, run, part, detail);
    CREATE INDEX sample_age ON sample (seen);

    -- Commits of which everything landed.
    CREATE TABLE arrival (
        service INTEGER NOT NULL, place INTEGER NOT NULL, run INTEGER NOT NULL,
        landed INTEGER NOT NULL, sum INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (service, place, run)
    ) STRICT, WITHOUT ROWID;
",
    "
    -- What sources tell as a whole, and tell again: deployments, lists of credentials.
    CREATE TABLE told (
        what INTEGER NOT NULL, about TEXT NOT NULL, at INTEGER NOT NULL, sum INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (what, about)
    ) STRICT;
    CREATE INDEX told_age ON told (at);
",
];

/// The newest version.
pub(super) const NEWEST: u32 = 4;

/// Brings the file to the newest version, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), MigrationError> {
    let [first, second, third, fourth] = STEPS;
    let carry = |transaction: &Transaction<'_>| -> HookResult {
        old::carry_over(transaction)?;
        Ok(transaction.execute_batch("DROP TABLE landed_1; DROP TABLE verdict_1;")?)
    };
    Migrations::new(vec![M::up(first), M::up_with_hook(second, carry), M::up(third), M::up(fourth)])
        .to_latest(connection)
}
