//! Forgetting, oldest first, in steps so small that nobody waits for one.

use std::collections::VecDeque;

use rusqlite::Connection;

use super::keep::DAY;

/// How much is kept. What was of use for nothing in two weeks goes in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// For how many days.
    pub days: u32,
    /// Up to how many megabytes. What is over goes oldest first, and what landed last of all.
    pub megabytes: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: 90, megabytes: 256 }
    }
}

/// Rows that go in one step.
const ROWS: u32 = 200;
/// Answers are long.
const ANSWERS: u32 = 20;
/// Pages that are given back in one step, and how many may lie free for what comes next.
const PAGES: u32 = 256;
/// How long an answer may lie unused.
const UNUSED: i64 = 14 * DAY;

/// What is forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Answers,
    Logs,
    Jobs,
    Contents,
    Samples,
    Arrivals,
    Told,
    Listings,
    Tags,
    Changes,
    Judged,
    Landed,
}

/// One kind of step. Each is repeated until it finds nothing more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Files of the first version cannot give pages back until they were written anew once.
    Convert,
    Forget {
        what: What,
        before: i64,
        only_over: bool,
    },
    /// What nobody put on the shelf, and nobody looked at for long.
    Shelve {
        before: i64,
    },
    GiveBack,
}

/// A sweep that is under way.
#[derive(Debug)]
pub(super) struct Sweep {
    steps: VecDeque<Step>,
    megabytes: u32,
}

impl Sweep {
    pub(super) fn new(retention: Retention, now: i64) -> Self {
        let Retention { days, megabytes } = retention;
        let span = i64::from(days.max(1)) * DAY;
        let aged = |what| Step::Forget { what, before: now - span, only_over: false };
        let over = |what, age| Step::Forget { what, before: now - age, only_over: true };
        let runs = [What::Logs, What::Jobs, What::Contents, What::Changes, What::Samples];
        let known = [What::Listings, What::Tags, What::Judged, What::Arrivals, What::Told];
        let spans = [2, 4, 8, 16, 32, 64].map(|share| span / share);
        let mut steps = VecDeque::from([
            Step::Convert,
            Step::Forget { what: What::Answers, before: now - UNUSED.min(span), only_over: false },
        ]);
        steps.extend(runs.map(aged));
        steps.extend(known.map(aged));
        steps.push_back(aged(What::Landed));
        steps.extend(spans.iter().flat_map(|age| runs.map(|what| over(what, *age))));
        steps.extend([7 * DAY, DAY, 0].map(|age| over(What::Answers, age)));
        steps.extend(spans.iter().flat_map(|age| known.map(|what| over(what, *age))));
        steps.extend(spans.iter().map(|age| over(What::Landed, *age)));
        steps.extend([Step::Shelve { before: now - UNUSED }, Step::GiveBack]);
        Self { steps, megabytes }
    }

    /// Does one step, and returns whether there are more.
    pub(super) fn advance(&mut self, on: &Connection) -> rusqlite::Result<bool> {
        let Some(step) = self.steps.front().copied() else { return Ok(false) };
        let again = match step {
            Step::Convert => {
                convert(on)?;
                false
            }
            Step::Forget { only_over: true, .. } if !self.over(on)? => {
                self.steps.retain(|step| !matches!(step, Step::Forget { .. }));
                return Ok(true);
            }
            Step::Forget { what, before, .. } => forget(on, what, before)? > 0,
            Step::Shelve { before } => shelve(on, before)? > 0,
            Step::GiveBack => give_back(on)?,
        };
        if !again {
            self.steps.pop_front();
        }
        Ok(!self.steps.is_empty())
    }

    fn over(&self, on: &Connection) -> rusqlite::Result<bool> {
        let used = number(on, "page_count")? - number(on, "freelist_count")?;
        Ok(used * number(on, "page_size")? > i64::from(self.megabytes) << 20)
    }
}

fn convert(on: &Connection) -> rusqlite::Result<()> {
    if number(on, "auto_vacuum")? == 2 {
        return Ok(());
    }
    on.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM;")
}

fn give_back(on: &Connection) -> rusqlite::Result<bool> {
    if number(on, "freelist_count")? <= PAGES.into() {
        return Ok(false);
    }
    // A row comes for each page.
    let mut statement = on.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(true)
}

fn number(on: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    on.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get(0))
}

/// Forgets a few rows that are older, and returns how many.
fn forget(on: &Connection, what: What, before: i64) -> rusqlite::Result<usize> {
    let transaction = on.unchecked_transaction()?;
    let all = |statements: &[&str], rows| run(&transaction, statements, before, rows);
    let gone = match what {
        What::Answers => all(
            &[
                "DELETE FROM answer WHERE key IN (SELECT key FROM answer_used WHERE used < ?1 ORDER BY used, key LIMIT ?2)",
                "DELETE FROM answer_used WHERE key IN (SELECT key FROM answer_used WHERE used < ?1 ORDER BY used, key LIMIT ?2)",
            ],
            ANSWERS,
        ),
        What::Logs => {
            all(&["DELETE FROM log WHERE id IN (SELECT id FROM log WHERE used < ?1 ORDER BY used LIMIT ?2)"], ROWS)
        }
        What::Jobs => {
            all(&["DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE seen < ?1 ORDER BY seen LIMIT ?2)"], ROWS)
        }
        What::Contents => all(
            &["DELETE FROM content WHERE id IN (SELECT id FROM content WHERE used < ?1 ORDER BY used LIMIT ?2)"],
            ROWS,
        ),
        What::Samples => all(
            &["DELETE FROM sample WHERE id IN (SELECT id FROM sample WHERE seen < ?1 ORDER BY seen LIMIT ?2)"],
            ROWS,
        ),
        What::Arrivals => all(
            &["DELETE FROM arrival WHERE (service, place, run) IN
               (SELECT service, place, run FROM arrival WHERE landed < ?1 LIMIT ?2)"],
            ROWS,
        ),
        What::Told => {
            all(&["DELETE FROM told WHERE rowid IN (SELECT rowid FROM told WHERE at < ?1 ORDER BY at LIMIT ?2)"], ROWS)
        }
        What::Listings => all(
            &[
                "DELETE FROM listing WHERE service IN (SELECT service FROM listing_seen WHERE at < ?1 ORDER BY service LIMIT ?2)",
                "DELETE FROM listing_seen WHERE service IN (SELECT service FROM listing_seen WHERE at < ?1 ORDER BY service LIMIT ?2)",
            ],
            ROWS,
        ),
        What::Tags => all(
            &[
                "DELETE FROM tag WHERE id IN (SELECT tag FROM tag_seen WHERE at < ?1 ORDER BY tag LIMIT ?2)",
                "DELETE FROM tag_seen WHERE tag IN (SELECT tag FROM tag_seen WHERE at < ?1 ORDER BY tag LIMIT ?2)",
            ],
            ROWS,
        ),
        What::Changes => all(
            &["DELETE FROM verdict WHERE (service, place, run, attempt, image, tag, since) IN
               (SELECT service, place, run, attempt, image, tag, since FROM verdict WHERE since < ?1 LIMIT ?2)"],
            ROWS,
        ),
        // A verdict over a run that is still listed may be as old as it likes.
        What::Judged => all(
            &["DELETE FROM judged WHERE (service, place, run, attempt, image, tag) IN
               (SELECT service, place, run, attempt, image, tag FROM judged WHERE told < ?1 AND NOT EXISTS
                (SELECT 1 FROM listing WHERE listing.service = judged.service AND oldest <= run) LIMIT ?2)"],
            ROWS,
        ),
        What::Landed => all(
            &["DELETE FROM landed WHERE (image, place, run, attempt, tag) IN
               (SELECT image, place, run, attempt, tag FROM landed WHERE last_seen < ?1 LIMIT ?2)"],
            ROWS,
        ),
    }?;
    transaction.commit()?;
    Ok(gone)
}

/// Puts a few rows on the shelf that were of no use since, and returns how many. Whoever needs one asks its source.
fn shelve(on: &Connection, before: i64) -> rusqlite::Result<usize> {
    let tables = [
        "UPDATE tag SET shelf = 1 WHERE shelf = 0 AND id IN
         (SELECT id FROM tag JOIN tag_seen ON tag_seen.tag = id WHERE shelf = 0 AND at < ?1 LIMIT ?2)",
        "UPDATE content SET shelf = 1 WHERE id IN (SELECT id FROM content WHERE shelf = 0 AND used < ?1 LIMIT ?2)",
        "UPDATE jobs SET shelf = 1 WHERE id IN (SELECT id FROM jobs WHERE shelf = 0 AND seen < ?1 LIMIT ?2)",
        "UPDATE log SET shelf = 1 WHERE id IN (SELECT id FROM log WHERE shelf = 0 AND used < ?1 LIMIT ?2)",
    ];
    for table in tables {
        let shelved = run(on, &[table], before, ROWS)?;
        if shelved > 0 {
            return Ok(shelved);
        }
    }
    Ok(0)
}

/// Runs statements that are about the same few rows, and returns how many the last one changed.
fn run(on: &Connection, statements: &[&str], before: i64, rows: u32) -> rusqlite::Result<usize> {
    let mut changed = 0;
    for statement in statements {
        changed = on.prepare_cached(statement)?.execute((before, rows))?;
    }
    Ok(changed)
}
