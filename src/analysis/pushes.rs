//! What became of the push of each image in each run: it landed, or it did not and nothing but its credential explains
//! that.

use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use rustc_hash::FxHashMap;

use super::context::{Context, left_out};
use super::incident::Group;
use super::push::Logs;
use super::refused::names_a_credential;
use super::{Policy, Report, Row, ServiceReport, Verdict};
use crate::domain::{ImageName, Moment, Run, Service, Snapshot, Text};

/// The pushes of an image that landed. There are many, and only where something is in trouble do they say anything: they
/// are read when they are asked for.
pub(super) struct Landings<'a> {
    pub(super) image: &'a ImageName,
    pub(super) service: &'a Service,
    image_index: u32,
    rows: &'a [Row],
    /// The service's jobs, where it is in trouble. Of the others, and there are many, the end of the run will do.
    jobs: Option<Rc<Context<'a>>>,
}

impl<'a> Landings<'a> {
    /// Returns every run that landed and when its push was over, nearly always the newest first.
    pub(super) fn pushes(&self) -> impl Iterator<Item = (Timestamp, &'a Run)> {
        let ours = self.rows.iter().filter(|row| row.place.image == self.image_index);
        let landed = ours.filter(|row| row.verdict == Verdict::Landed);
        landed.filter_map(|row| {
            let jobs = self.jobs.as_deref();
            let at = jobs.map_or(row.run.finished_at.map(Moment::at), |jobs| jobs.push_ended(&row.run));
            Some((at?, &*row.run))
        })
    }

    /// Returns when the last push was over; `None` where none landed.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.pushes().map(|(at, _)| at).max()
    }

    /// Returns whether a push landed that was over later than this moment. The newest says so nearly always.
    pub(super) fn any_after(&self, moment: Timestamp) -> bool {
        self.pushes().any(|(at, _)| at > moment)
    }

    /// Returns whether a push landed that was over at this moment, or later.
    pub(super) fn any_since(&self, since: Timestamp) -> bool {
        self.pushes().any(|(at, _)| at >= since)
    }
}

/// An image that did not land, although its run was to push it and nothing says that it did.
pub(super) struct Stop {
    pub(super) image: ImageName,
    pub(super) service: Arc<Service>,
    pub(super) run: Arc<Run>,
    /// When its push was over.
    pub(super) at: Timestamp,
    /// The lines of its log in which the credential is refused.
    pub(super) refusals: Vec<Text>,
    /// Whether the registry said so when it was last asked, and not only before.
    pub(super) is_sure: bool,
}

/// Everything that was pushed to registries where at least two images do not land.
#[derive(Default)]
pub(super) struct Pushes<'a> {
    stops: Vec<Stop>,
    landings: Vec<Landings<'a>>,
}

impl<'a> Pushes<'a> {
    /// Reads them out of the rows. Where no two images of a registry are in trouble, which is nearly always, nothing
    /// is read.
    pub(super) fn of(snapshot: &'a Snapshot, report: &'a Report, policy: &'a Policy, now: Timestamp) -> Self {
        let mut pushes = Self::default();
        let troubled = troubled(report);
        let concerns = |image: &ImageName| troubled.get(image.registry()).is_some_and(Option::is_none);
        for report in &report.services {
            let images = (0_u32..).zip(&report.service.images);
            let images = images.map(|(place, spec)| (place, &spec.repository)).filter(|(_, image)| concerns(image));
            let mut jobs = None;
            for (image_index, image) in images {
                let jobs = jobs.get_or_insert_with(|| {
                    let is_troubled = report.rows.iter().any(may_stop);
                    is_troubled.then(|| Rc::new(Context::of_jobs(snapshot, &report.service, policy, now)))
                });
                if let Some(jobs) = jobs {
                    pushes.stop(jobs, report, image_index, image);
                }
                let (service, rows) = (&*report.service, &*report.rows);
                pushes.landings.push(Landings { image, service, image_index, rows, jobs: jobs.clone() });
            }
        }
        pushes
    }

    /// Reads which pushes of an image did not land.
    fn stop(&mut self, ctx: &Context<'_>, report: &ServiceReport, image_index: u32, image: &ImageName) {
        let is_same = |one: &Row, next: &Row| Arc::ptr_eq(&one.run, &next.run) && one.place.image == next.place.image;
        for rows in report.rows.chunk_by(is_same) {
            let Some(row) = rows.first().filter(|row| row.place.image == image_index) else { continue };
            if !rows.iter().any(may_stop) || rows.iter().any(|row| row.verdict == Verdict::Landed) {
                continue;
            }
            if let Some((at, (refusals, is_sure))) = ctx.push_ended(&row.run).zip(stopped(ctx, rows)) {
                let (image, service, run) = (image.clone(), row.service.clone(), row.run.clone());
                self.stops.push(Stop { image, service, run, at, refusals, is_sure });
            }
        }
    }

    /// Returns the hosts where something does not land.
    pub(super) fn hosts(&self) -> Vec<&str> {
        let mut hosts: Vec<_> = self.stops.iter().map(|stop| stop.image.registry()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }

    /// Returns what happened on a host.
    pub(super) fn on(&self, host: &str) -> Group<'_> {
        Group {
            stops: self.stops.iter().filter(|stop| stop.image.registry() == host).collect(),
            landings: self.landings.iter().filter(|landings| landings.image.registry() == host).collect(),
        }
    }
}

/// Returns the hosts that deny an image, each with the image where it is only one.
fn troubled(report: &Report) -> FxHashMap<&str, Option<&ImageName>> {
    let mut troubled: FxHashMap<&str, Option<&ImageName>> = FxHashMap::default();
    for image in report.rows().filter(|row| may_stop(row)).filter_map(Row::image) {
        let known = troubled.entry(image.registry()).or_insert(Some(image));
        *known = known.filter(|known| *known == image);
    }
    troubled
}

fn may_stop(row: &Row) -> bool {
    is_missing(row).is_some() || row.verdict == Verdict::Stale
}

/// Returns whether the tag of a row that is missing is so by the newest answer; nothing where it is not missing.
fn is_missing(row: &Row) -> Option<bool> {
    match (row.verdict, row.last_known) {
        (Verdict::Missing, _) => Some(true),
        (Verdict::Unknown, Some((Verdict::Missing, _))) => Some(false),
        _ => None,
    }
}

/// Returns the refusals of a push whose image is not there, and whether that is sure; nothing where something else than
/// its credential explains that it did not land.
fn stopped(ctx: &Context<'_>, rows: &[Row]) -> Option<(Vec<Text>, bool)> {
    let suspect: Vec<&Row> = rows.iter().filter(|row| may_stop(row)).collect();
    let row = suspect.first()?;
    let image = row.image()?;
    let logs = logs(ctx, &row.run);
    let mut claims = logs.claims().filter(|claim| claim.image.as_ref().is_none_or(|claimed| claimed == image));
    let claimed = claims.any(|claim| claim.tag.is_none() || rows.iter().any(|row| row.tag == claim.tag));
    // Where the push set out for elsewhere, so did what refused it.
    let mut destinations = logs.read.iter().flat_map(|log| &log.destinations).peekable();
    let elsewhere = destinations.peek().is_some() && !destinations.any(|destination| destination == image);
    let refusals: Vec<Text> = logs.refusals().filter(|line| names_a_credential(line.as_str())).cloned().collect();
    let explained = refusals.is_empty() && (logs.refusals().next().is_some() || logs.no_push().next().is_some());
    if claimed || elsewhere || explained {
        return None;
    }
    let is_sure = suspect.iter().any(|row| row.verdict != Verdict::Unknown);
    let is_gone = suspect.iter().any(|row| is_missing(row).is_some());
    // A tag that did not move may as well be a build that changed nothing, but for the registry's own words.
    (is_gone || !refusals.is_empty()).then_some((refusals, is_sure))
}

/// Returns what was read of the logs of a run's push jobs.
fn logs<'a>(ctx: &Context<'a>, run: &Run) -> Logs<'a> {
    let Some(record) = ctx.record(run) else { return Logs::default() };
    let jobs = record.jobs.as_ref().map(|jobs| ctx.push_jobs(&jobs.items)).unwrap_or_default();
    let ran = jobs.into_iter().filter(|job| job.state.is_finished() && !left_out(run, job));
    Logs { read: ran.filter_map(|job| record.log(job.id)).collect(), ..Logs::default() }
}
