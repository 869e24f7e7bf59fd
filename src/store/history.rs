//! Every verdict that a row had, oldest first.

use rusqlite::{Connection, OptionalExtension as _};

use super::names::{Kind, Names, place_text};
use super::recall::judgement;
use super::sum;
use crate::domain::{Judgement, RunKey, ServiceName, TagRef};

pub(super) fn history(
    from: &Connection,
    names: &mut Names,
    service: &ServiceName,
    run: &RunKey,
    tag_ref: &TagRef,
) -> rusqlite::Result<Vec<Judgement>> {
    names.load(from)?;
    let service = names.find(from, Kind::Service, service.as_str())?;
    let place = names.find(from, Kind::Place, &place_text(run))?;
    let image = names.find(from, Kind::Image, &tag_ref.image.to_string())?;
    let (Some(service), Some(place), Some(image)) = (service, place, image) else { return Ok(Vec::new()) };
    let tag: Option<i64> = from
        .prepare_cached("SELECT id FROM tag WHERE image = ?1 AND tag = ?2")?
        .query_row((image.id, tag_ref.tag.as_str()), |row| row.get(0))
        .optional()?;
    let Some(tag) = tag else { return Ok(Vec::new()) };
    let name = sum::of_tag_name(image.sum, tag_ref.tag.as_str().as_bytes());
    let mut statement = from.prepare_cached(
        "SELECT tag, place, run, attempt, service, verdict, sum, since FROM verdict
         WHERE tag = ?1 AND place = ?2 AND run = ?3 AND attempt = ?4 AND service = ?5 ORDER BY since",
    )?;
    let mut rows = statement.query((tag, place.id, run.id.cast_signed(), run.attempt, service.id))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Ok(Some(judgement)) = judgement(names, tag_ref, name, row, None) {
            found.push(judgement);
        }
    }
    Ok(found)
}
