//! Forgetting, oldest first, in steps so small that nobody waits for one.

use std::collections::VecDeque;

use rusqlite::{Connection, OptionalExtension as _};

use super::keep::DAY;
use super::names::Names;
use super::sum;

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
    Listings,
    Tags,
    Changes,
    Judged,
    Landed,
    /// Tags that no row speaks of any more.
    Names,
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
        let runs = [What::Logs, What::Jobs, What::Contents, What::Changes];
        let known = [What::Listings, What::Tags, What::Judged, What::Names];
        let spans = [2, 4, 8, 16, 32, 64].map(|share| span / share);
        let mut steps = VecDeque::from([
            Step::Convert,
            Step::Forget { what: What::Answers, before: now - UNUSED.min(span), only_over: false },
        ]);
        steps.extend(runs.map(aged));
        steps.extend(known.map(aged));
        steps.extend([aged(What::Landed), aged(What::Names)]);
        steps.extend(spans.iter().flat_map(|age| runs.map(|what| over(what, *age))));
        steps.extend([7 * DAY, DAY, 0].map(|age| over(What::Answers, age)));
        steps.extend(spans.iter().flat_map(|age| known.map(|what| over(what, *age))));
        steps.extend(spans.iter().flat_map(|age| [over(What::Landed, *age), over(What::Names, *age)]));
        steps.push_back(Step::GiveBack);
        Self { steps, megabytes }
    }

    /// Does one step, and returns whether there are more.
    pub(super) fn advance(&mut self, on: &Connection, names: &mut Names) -> rusqlite::Result<bool> {
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
            Step::Forget { what, before, .. } => forget(on, names, what, before)? > 0,
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
fn forget(on: &Connection, names: &mut Names, what: What, before: i64) -> rusqlite::Result<usize> {
    let transaction = on.unchecked_transaction()?;
    let all = |statements: &[&str], rows: u32| {
        let mut gone = 0;
        for statement in statements {
            gone = transaction.prepare_cached(statement)?.execute((before, rows))?;
        }
        rusqlite::Result::Ok(gone)
    };
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
        What::Listings => all(
            &[
                "DELETE FROM listing WHERE service IN (SELECT service FROM listing_seen WHERE at < ?1 ORDER BY service LIMIT ?2)",
                "DELETE FROM listing_seen WHERE service IN (SELECT service FROM listing_seen WHERE at < ?1 ORDER BY service LIMIT ?2)",
            ],
            ROWS,
        ),
        What::Tags => forget_tags(&transaction, names, before),
        What::Changes => all(
            &["DELETE FROM verdict WHERE (tag, place, run, attempt, service, since) IN
               (SELECT tag, place, run, attempt, service, since FROM verdict WHERE since < ?1 LIMIT ?2)"],
            ROWS,
        ),
        // A verdict over a tag that is still looked at may be as old as it likes.
        What::Judged => all(
            &["DELETE FROM judged WHERE (tag, place, run, attempt, service) IN
               (SELECT tag, place, run, attempt, service FROM judged WHERE told < ?1
                AND NOT EXISTS (SELECT 1 FROM tag_seen WHERE tag_seen.tag = judged.tag AND at >= ?1) LIMIT ?2)"],
            ROWS,
        ),
        What::Landed => all(
            &["DELETE FROM landed WHERE (tag, place, run, attempt) IN
               (SELECT tag, place, run, attempt FROM landed WHERE last_seen < ?1 LIMIT ?2)"],
            ROWS,
        ),
        What::Names => all(
            &["DELETE FROM tag WHERE ?1 NOT NULL AND id IN (SELECT id FROM tag WHERE body IS NULL
               AND NOT EXISTS (SELECT 1 FROM landed WHERE landed.tag = tag.id)
               AND NOT EXISTS (SELECT 1 FROM judged WHERE judged.tag = tag.id)
               AND NOT EXISTS (SELECT 1 FROM verdict WHERE verdict.tag = tag.id) LIMIT ?2)"],
            ROWS,
        ),
    }?;
    transaction.commit()?;
    Ok(gone)
}

/// Forgets where tags pointed; their names stay for as long as other rows need them.
fn forget_tags(on: &Connection, names: &mut Names, before: i64) -> rusqlite::Result<usize> {
    names.load(on)?;
    let mut statement = on.prepare_cached("SELECT tag FROM tag_seen WHERE at < ?1 ORDER BY tag LIMIT ?2")?;
    let old: Vec<i64> = statement.query_map((before, ROWS), |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in &old {
        let mut statement = on.prepare_cached("SELECT image, CAST(tag AS BLOB) FROM tag WHERE id = ?1")?;
        let name: Option<(i64, Vec<u8>)> =
            statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        if let Some((image, tag)) = name
            && let Some((_, image)) = names.image(image)
        {
            let sum = sum::of_tag(*id, sum::of_tag_name(*image, &tag), None);
            on.prepare_cached("UPDATE tag SET body = NULL, sum = ?2 WHERE id = ?1")?.execute((id, sum))?;
        }
        on.prepare_cached("DELETE FROM tag_seen WHERE tag = ?1")?.execute([id])?;
    }
    Ok(old.len())
}
