//! One list of tags instead of a look for each: where several tags of a repository are absent and still awaited.
//!
//! The list only paces. That a tag is absent is the registry's word to a look for the tag itself, and so is what follows
//! from it; a list that lacks a tag spares looking for it again, and one that names it has it looked for at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::Policy;
use crate::domain::{ImageName, ImageRecord, Look, Probe, Snapshot, Tag, TagRecord, Urgency, Wanted};

/// Fewer are looked for one by one.
const FEWEST: usize = 2;

/// A list of more tags than this takes more than a page.
const PAGE: usize = 100;

/// However often a list says the same, each tag is looked for itself after this time.
const SPARED: SignedDuration = SignedDuration::from_hours(1);

/// A list that is read again and again is read once in this time, unless the tags themselves can wait longer.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Registries whose lists are in no order that helps, and have hundreds of pages.
const UNLISTED: [&str; 1] = ["ghcr.io"];

/// Puts one look at a repository's list in the place of several looks for its absent tags.
pub(super) fn pool(wanted: &mut Vec<Wanted>, snapshot: &Snapshot, policy: &Policy) {
    // Who waits for an answer wants each tag's own, and a list would be one request more.
    if policy.asked.is_some() {
        return;
    }
    let mut awaited: BTreeMap<ImageName, (Vec<usize>, BTreeSet<Tag>)> = BTreeMap::new();
    for (place, wish) in wanted.iter().enumerate() {
        if let Some((image, (tag, _))) = absent(snapshot, wish) {
            let (places, tags) = awaited.entry(image.clone()).or_default();
            places.push(place);
            tags.insert(tag.clone());
        }
    }
    for (image, (places, tags)) in awaited {
        let Some(record) = snapshot.image(&image) else { continue };
        if tags.len() < FEWEST || UNLISTED.contains(&image.registry()) || !fits_a_page(record) {
            continue;
        }
        let due = places.iter().filter_map(|place| spare(wanted.get_mut(*place)?, snapshot, record)).min();
        wanted.extend(due.map(|due| Wanted {
            look: Look::Canary(image),
            urgency: Urgency::Again,
            not_before: Some(due),
        }));
    }
}

/// Returns what is known of a tag that was absent when it was last looked for, where it is only to be looked for again.
fn absent<'a>(snapshot: &'a Snapshot, wish: &'a Wanted) -> Option<(&'a ImageName, (&'a Tag, &'a TagRecord))> {
    let Look::Tag(tag_ref) = &wish.look else { return None };
    if !wish.urgency.is_background() || wish.not_before.is_none() {
        return None;
    }
    let known = snapshot.image(&tag_ref.image)?.tags.get(&tag_ref.tag)?;
    matches!(known.probe, Probe::Absent(_)).then_some((&tag_ref.image, (&tag_ref.tag, known)))
}

/// Returns whether the list of a repository is known to fit a page, or likely to where it was not read yet.
fn fits_a_page(record: &ImageRecord) -> bool {
    match &record.canary {
        Some(Probe::Present(batch)) => batch.complete && batch.skipped == 0,
        Some(Probe::Absent(_) | Probe::Unseen(_)) => false,
        None => record.tags.len() < PAGE,
    }
}

/// Puts the look for one tag off, or has it at once. Returns when the list is to be read for it instead.
fn spare(wish: &mut Wanted, snapshot: &Snapshot, record: &ImageRecord) -> Option<Timestamp> {
    let (_, (tag, known)) = absent(snapshot, wish)?;
    let listed_since = record.listed_at.filter(|listed_at| *listed_at > known.seen_at);
    let due = match (listed_since, &record.canary) {
        (Some(listed_at), Some(Probe::Present(batch))) if batch.items.contains(tag) => {
            (wish.urgency, wish.not_before) = (Urgency::Depth, Some(listed_at));
            return None;
        }
        // The list is read as long after the last one as the tag itself would be looked for by then.
        (Some(listed_at), _) => {
            let pause = wish.not_before?.duration_since(known.seen_at);
            let age = listed_at.duration_since(known.absent_since.unwrap_or(known.seen_at));
            listed_at.saturating_add(pause.max(age.min(LONGEST_PAUSE))).ok()?
        }
        (None, _) => wish.not_before?,
    };
    let itself = known.seen_at.saturating_add(SPARED).unwrap_or(due);
    wish.not_before = wish.not_before.max(Some(itself));
    Some(due)
}
