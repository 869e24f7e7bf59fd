//! Reading back what was read once of runs that are over, and which commits landed.

use std::sync::Arc;

use rusqlite::Row;

use super::keep_sample::Part;
use super::recall::{Recalling, Said, run_key};
use super::sum::{self, RunMark};
use super::words::moment;
use super::{stored_report, stored_run, stored_sample};
use crate::domain::{Ended, Fact, JobId, RunKey};

impl Recalling<'_> {
    /// Reads what is remembered of the newest runs of each repository, part by part: how a run ended comes first.
    pub(super) fn samples(&mut self) -> rusqlite::Result<()> {
        let places = self.numbers("SELECT place FROM sample WHERE place > ?1 ORDER BY place LIMIT 1")?;
        let sql = "SELECT place, run, part, detail, ended, sum, body FROM sample WHERE place = ?1
                   ORDER BY run DESC, part, detail";
        places.into_iter().try_for_each(|place| self.newest(sql, [place], 1, Self::sample_row))
    }

    /// Reads which commits landed.
    pub(super) fn arrivals(&mut self) -> rusqlite::Result<()> {
        self.each("SELECT place, run, 1, service, landed, sum, body FROM arrival", |this, row| {
            let Some((run, mark)) = run_key(this.names, row, 0)? else { return Ok(None) };
            let Some((service, name)) = this.names.service(row.get(3)?) else { return Ok(None) };
            let (landed, body) = (row.get(4)?, row.get_ref(6)?.as_blob()?);
            if sum::of_arrival(*name, mark, landed, body) != row.get::<_, i64>(5)? {
                return Ok(None);
            }
            let commit = moment(landed).and_then(|landed| stored_sample::read_arrival(body, landed));
            Ok(commit.map(|commit| Fact::Arrived(service.clone(), run, commit)))
        })
    }

    fn sample_row(&mut self, row: &Row<'_>) -> Said {
        let names = self.names;
        let Some(((ci, repo), place)) = names.place_of(row.get(0)?) else { return Ok(None) };
        let (id, part, detail, ended) = (row.get(1)?, row.get(2)?, row.get::<_, i64>(3)?, row.get(4)?);
        let body = row.get_ref(6)?.as_blob()?;
        let (kind, attempt) = (Part::of(part), u32::try_from(detail).unwrap_or(1));
        let mark = RunMark { place: *place, id, attempt: if kind == Some(Part::Retried) { 1 } else { attempt } };
        if sum::of_sample(mark, part, detail, ended, body) != row.get::<_, i64>(5)? {
            return Ok(None);
        }
        let run = RunKey { ci: ci.clone(), repo: repo.clone(), id: id.cast_unsigned(), attempt: mark.attempt };
        let words = &mut self.words;
        Ok(match kind {
            Some(Part::Ended) => {
                let runs = stored_run::read(body, Some((ci, repo)), words);
                runs.and_then(|runs| runs.items.into_iter().next()).map(Fact::Ended)
            }
            Some(Part::Tries) => {
                stored_sample::read_tries(body, words).map(|(at, jobs)| Fact::Tries(Ended { run, at }, Arc::new(jobs)))
            }
            Some(Part::Reports) => stored_report::read(body, words)
                .map(|(at, reports)| Fact::Reports(Ended { run, at }, Arc::new(reports))),
            Some(Part::Retried) => stored_sample::read_retried(body, words)
                .map(|log| Fact::Retried(run, JobId(detail.cast_unsigned()), Arc::new(log))),
            None => None,
        })
    }
}
