//! What stays in the file without coming back into memory at the start.

use rusqlite::{Connection, Params};

use super::keep::Content;
use super::names::{Kind, Names, place_text};
use crate::domain::{Digest, ImageName, Look, RunKey};

/// Puts what these looks gave on the shelf, where it is stored.
pub(super) fn shelve(to: &Connection, names: &mut Names, looks: &[Look]) -> rusqlite::Result<()> {
    for look in looks {
        match look {
            Look::Runs(service) => {
                if let Some(service) = names.find(to, Kind::Service, service.as_str())? {
                    set(to, "UPDATE listing SET shelf = 1 WHERE service = ?1 AND shelf = 0", [service.id])?;
                }
            }
            Look::Jobs(run) => {
                if let Some(place) = place(to, names, run)? {
                    set(
                        to,
                        "UPDATE jobs SET shelf = 1 WHERE place = ?1 AND run = ?2 AND attempt = ?3 AND shelf = 0",
                        (place, run.id.cast_signed(), run.attempt),
                    )?;
                }
            }
            Look::PushLog(run, job) => {
                if let Some(place) = place(to, names, run)? {
                    set(
                        to,
                        "UPDATE log SET shelf = 1
                         WHERE place = ?1 AND run = ?2 AND attempt = ?3 AND job = ?4 AND shelf = 0",
                        (place, run.id.cast_signed(), run.attempt, job.0.cast_signed()),
                    )?;
                }
            }
            Look::Tag(tag_ref) => {
                if let Some(image) = names.find(to, Kind::Image, &tag_ref.image.to_string())? {
                    set(
                        to,
                        "UPDATE tag SET shelf = 1 WHERE image = ?1 AND tag = ?2 AND shelf = 0",
                        (image.id, tag_ref.tag.as_str()),
                    )?;
                }
            }
            Look::Manifest(image, digest) => content(to, names, Content::Manifest, image, digest)?,
            Look::Config(image, digest) => content(to, names, Content::Config, image, digest)?,
            Look::Blob(image, digest) => content(to, names, Content::Blob, image, digest)?,
            Look::Canary(image) => {
                if let Some(image) = names.find(to, Kind::Image, &image.to_string())? {
                    set(to, "UPDATE readable SET shelf = 1 WHERE image = ?1 AND shelf = 0", [image.id])?;
                }
            }
            // What is read once is at hand for as long as it is kept.
            Look::Tries(_) | Look::Reports(_) | Look::Deployments(..) => {}
        }
    }
    Ok(())
}

fn content(
    to: &Connection,
    names: &mut Names,
    kind: Content,
    image: &ImageName,
    digest: &Digest,
) -> rusqlite::Result<()> {
    let Some(image) = names.find(to, Kind::Image, &image.to_string())? else { return Ok(()) };
    set(
        to,
        "UPDATE content SET shelf = 1 WHERE image = ?1 AND kind = ?2 AND digest = ?3 AND shelf = 0",
        (image.id, kind as i64, digest.as_bytes()),
    )
}

fn place(to: &Connection, names: &mut Names, run: &RunKey) -> rusqlite::Result<Option<i64>> {
    Ok(names.find(to, Kind::Place, &place_text(run))?.map(|place| place.id))
}

fn set(to: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<()> {
    to.prepare_cached(sql)?.execute(params).map(drop)
}
