//! Every verdict that a row had, oldest first.

use rusqlite::Connection;

use super::names::{Kind, Names, place_text};
use super::recall::judgement;
use super::words::Words;
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
    let mut statement = from.prepare_cached(
        "SELECT place, run, attempt, image, tag, service, verdict, sum, since FROM verdict
         WHERE service = ?1 AND place = ?2 AND run = ?3 AND attempt = ?4 AND image = ?5 AND tag = ?6 ORDER BY since",
    )?;
    let tag = tag_ref.tag.as_str();
    let mut rows = statement.query((service.id, place.id, run.id.cast_signed(), run.attempt, image.id, tag))?;
    let mut words = Words::default();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Ok(Some(judgement)) = judgement(names, &mut words, row, None) {
            found.push(judgement);
        }
    }
    Ok(found)
}
