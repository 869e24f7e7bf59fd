//! What stands around one row: the runs of its service, which of them is newest, and who owns a moving tag.

use std::cell::Cell;
use std::sync::Arc;

use jiff::Timestamp;

use super::push::is_partial;
use super::{Asked, Policy, TagPlace};
use crate::domain::{
    Batch, Digest, ImageRecord, ImageSpec, Job, Moment, Probe, Publishes, Run, RunRecord, RunState, Service, Sha,
    Snapshot, Tag, TagTemplate, TemplateError, Urgency,
};

/// How many green runs below the newest are looked at now and then: one would roll back to them.
const RECENT: usize = 4;

/// One service in the light of everything that was seen.
pub(super) struct Context<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) service: &'a Arc<Service>,
    pub(super) policy: &'a Policy,
    pub(super) now: Timestamp,
    /// The runs that are looked at, newest first.
    pub(super) runs: &'a [Arc<Run>],
    /// What is known of the repository of each image, in the service's order.
    images: Vec<Option<&'a ImageRecord>>,
    /// Whether each run is to publish, as far as its event and its branch say.
    publishing: Vec<Publishes>,
    newest_green: Option<usize>,
    /// The place of the last run that one would roll back to.
    oldest_recent: usize,
    /// The place of the run that one would roll back to, where somebody asked for an answer.
    way_back: Option<usize>,
    /// Room for the tag of the next row, so that not each takes its own.
    room: Cell<String>,
}

/// One run × image × tag.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) position: usize,
    pub(super) run: &'a Arc<Run>,
    pub(super) spec: &'a ImageSpec,
    pub(super) template: &'a TagTemplate,
    /// Where the two stand.
    pub(super) at: TagPlace,
    /// Whether its run is to publish, as far as its event and its branch say.
    pub(super) publishes: Publishes,
    /// Whether it is among those that one would roll back to.
    pub(super) is_recent: bool,
    /// The urgency of looks for its tag and content.
    pub(super) urgency: Urgency,
    /// The urgency of looks for its layers and logs.
    pub(super) depth: Urgency,
}

impl<'a> Context<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, service: &'a Arc<Service>, policy: &'a Policy, now: Timestamp) -> Self {
        let listed = snapshot.listing(&service.name).map_or(&[][..], |listing| listing.runs.as_slice());
        let mut count = 0;
        let publishing = listed.iter().map(|run| service.publishes(run));
        let publishing = publishing.take_while(|publishes| {
            count += usize::from(!publishes.is_no());
            count <= policy.runs
        });
        let publishing: Vec<Publishes> = publishing.collect();
        let runs = listed.get(..publishing.len()).unwrap_or(listed);
        let publishes = runs.iter().zip(&publishing).enumerate();
        let mut green = publishes
            .filter(|(_, (run, publishes))| **publishes == Publishes::Yes && run.state.is_success())
            .map(|(at, _)| at);
        let newest_green = green.next();
        let oldest_recent = green.take(RECENT).last().or(newest_green).unwrap_or_default();
        let way_back = policy
            .asked
            .as_ref()
            .and_then(|_| runs.iter().position(|run| is_green(service, run) && stands(snapshot, service, run)));
        let images = service.images.iter().map(|spec| snapshot.image(&spec.repository)).collect();
        let without = Self::of_jobs(snapshot, service, policy, now);
        Self { runs, images, publishing, newest_green, oldest_recent, way_back, ..without }
    }

    /// Returns the same without its runs: enough for what jobs and logs say.
    pub(super) fn of_jobs(
        snapshot: &'a Snapshot,
        service: &'a Arc<Service>,
        policy: &'a Policy,
        now: Timestamp,
    ) -> Self {
        Self {
            snapshot,
            service,
            policy,
            now,
            runs: &[],
            images: Vec::new(),
            publishing: Vec::new(),
            newest_green: None,
            oldest_recent: 0,
            way_back: None,
            room: Cell::default(),
        }
    }

    /// Returns the newest green run that was to publish.
    pub(super) fn newest_green(&self) -> Option<&'a Arc<Run>> {
        self.newest_green.and_then(|position| self.runs.get(position))
    }

    /// Returns every run × image × tag, newest run first.
    pub(super) fn places(&self) -> impl Iterator<Item = Place<'a>> + '_ {
        self.runs.iter().zip(&self.publishing).enumerate().flat_map(move |(position, (run, publishes))| {
            let (urgency, depth) = if self.newest_green == Some(position) {
                (Urgency::Newest, Urgency::NewestLayers)
            } else {
                (Urgency::Depth, Urgency::Layers)
            };
            (0_u32..).zip(&self.service.images).flat_map(move |(image, spec)| {
                (0_u32..).zip(&spec.tags).map(move |(tag, template)| Place {
                    position,
                    run,
                    spec,
                    template,
                    at: TagPlace { image, tag },
                    publishes: *publishes,
                    is_recent: position <= self.oldest_recent,
                    urgency,
                    depth,
                })
            })
        })
    }

    /// Returns the newer green run that a tag belongs to by now which moves, or was given to another commit anew.
    pub(super) fn newer_owner(&self, place: &Place<'_>, tag: &Tag) -> Option<&'a Arc<Run>> {
        let newer = self.runs.get(..place.position).unwrap_or_default();
        newer
            .iter()
            .filter(|run| place.template.is_moving() || run.sha != place.run.sha)
            .filter(|run| is_green(self.service, run) && !self.pushed_nothing(run))
            .find(|run| place.template.expand(run).is_ok_and(|theirs| theirs == *tag))
    }

    /// Returns the older run of another commit one of whose immutable tags points to this digest, and that tag.
    pub(super) fn older_owner(
        &self,
        place: &Place<'_>,
        image: &ImageRecord,
        tag: &Tag,
        digest: &Digest,
    ) -> Option<(&'a Arc<Run>, Tag)> {
        let older = self.runs.get(place.position.saturating_add(1)..).unwrap_or_default();
        older.iter().filter(|run| run.sha != place.run.sha).find_map(|run| {
            let theirs = place.spec.tags.iter().filter(|template| !template.is_moving());
            let mut theirs = theirs.filter_map(|template| template.expand(run).ok());
            Some((run, theirs.find(|their| their != tag && image.points_to(their, digest))?))
        })
    }

    /// Returns a newer run that is not green, and may have pushed the tag before it failed or before it is over.
    pub(super) fn may_have_moved(&self, place: &Place<'_>, tag: &Tag) -> Option<&'a Arc<Run>> {
        let newer = self.runs.get(..place.position).unwrap_or_default();
        newer.iter().find(|run| {
            let pushed = |jobs: &'a Batch<Job>| self.any_push_job(&jobs.items, |job| job.state.is_success());
            let jobs = self.record(run).and_then(|record| record.jobs.as_deref());
            let went = !run.state.is_success() && (run.state != RunState::Waiting || jobs.is_some_and(pushed));
            went && self.moves(place, run, tag) && !self.pushed_nothing(run)
        })
    }

    /// Returns whether a run is to push this tag too.
    fn moves(&self, place: &Place<'_>, run: &Run, tag: &Tag) -> bool {
        self.service.is_to_publish(run) && place.template.expand(run).is_ok_and(|theirs| theirs == *tag)
    }

    /// Returns whether a run is known to have left its push out.
    fn pushed_nothing(&self, run: &Run) -> bool {
        let Some(jobs) = self.record(run).and_then(|record| record.jobs.as_ref()) else { return false };
        let mut push_jobs = self.push_jobs(&jobs.items).into_iter();
        !self.guesses() && !is_partial(jobs) && run.state.is_finished() && push_jobs.all(|job| left_out(run, job))
    }

    /// Returns whether another run of the same commit may have pushed the tag too.
    pub(super) fn pushed_again(&self, place: &Place<'_>) -> bool {
        self.runs.iter().any(|run| run.sha == place.run.sha && run.key != place.run.key)
    }

    /// Returns the run of the commit that a revision label names, where it is to push this tag too, and whether it is
    /// newer than the place's.
    pub(super) fn run_of_revision(&self, place: &Place<'_>, tag: &Tag, revision: &str) -> Option<(&'a Arc<Run>, bool)> {
        let named = |run: &Arc<Run>| names_commit(revision, &run.sha) == Some(true) && self.moves(place, run, tag);
        let position = self.runs.iter().position(named)?;
        self.runs.get(position).map(|run| (run, position < place.position))
    }

    /// Returns whether an answer of this moment is too old for what somebody asked.
    pub(super) fn is_too_old(&self, seen_at: Timestamp) -> bool {
        self.policy.asked.as_ref().is_some_and(|asked| seen_at < asked.at)
    }

    /// Returns whether the row must be looked at anew whatever it was.
    pub(super) fn is_asked(&self, place: &Place<'_>) -> bool {
        let named =
            |asked: &Asked| asked.commit.as_ref().is_some_and(|commit| place.run.sha.as_str().starts_with(commit));
        place.urgency == Urgency::Newest
            || self.way_back == Some(place.position)
            || self.policy.asked.as_ref().is_some_and(named)
    }

    /// Does something with the tag that the place's run is to push, as its template writes it, which may be no valid tag.
    pub(super) fn written<T>(
        &self,
        place: &Place<'_>,
        read: impl FnOnce(&str) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        let mut written = self.room.take();
        written.clear();
        let done = place.template.write(place.run, &mut written).and_then(|()| read(&written));
        self.room.set(written);
        done
    }

    pub(super) fn image(&self, place: &Place<'_>) -> Option<&'a ImageRecord> {
        self.images.get(usize::try_from(place.at.image).ok()?).copied().flatten()
    }

    pub(super) fn record(&self, run: &Run) -> Option<&'a RunRecord> {
        self.snapshot.run(&run.key)
    }

    /// Returns whether any run of the service is known to have a job that the `push_job` globs match.
    pub(super) fn push_job_is_known(&self) -> bool {
        let jobs = self.runs.iter().filter_map(|run| self.record(run)?.jobs.as_ref()).flat_map(|batch| &batch.items);
        jobs.into_iter().any(|job| self.is_push_job(job))
    }

    /// Returns whether a job that pushed in the last run of the workflow whose jobs are known is not listed here.
    pub(super) fn may_yet_push(&self, place: &Place<'_>, listed: &Batch<Job>) -> bool {
        let others = self.runs.iter().filter(|run| run.key != place.run.key && run.workflow == place.run.workflow);
        let known = |run: &'a Arc<Run>| Some((run, self.record(run)?.jobs.as_ref()?));
        let last = others.into_iter().filter(|run| run.state.is_finished()).find_map(known);
        last.is_some_and(|(run, jobs)| {
            let pushed = self.push_jobs(&jobs.items).into_iter().filter(|job| !left_out(run, job));
            pushed.into_iter().any(|job| !listed.items.iter().any(|here| here.name == job.name))
        })
    }

    /// Returns whether nobody said which job pushes.
    pub(super) fn guesses(&self) -> bool {
        self.service.push_job.patterns().is_empty()
    }

    /// A job of a reusable workflow is named `caller / job`; its own name is as good.
    fn is_push_job(&self, job: &Job) -> bool {
        let (name, globs) = (job.name.raw(), &self.service.push_job);
        let of_caller = || name.contains('/').then(|| name.rsplit_once(" / ")).flatten();
        globs.matches(name) || of_caller().is_some_and(|(_, own)| globs.matches(own))
    }

    /// Returns the jobs that push: those that the globs match, else those whose names say so, else all.
    pub(super) fn push_jobs(&self, jobs: &'a [Job]) -> Vec<&'a Job> {
        if !self.guesses() {
            return jobs.iter().filter(|job| self.is_push_job(job)).collect();
        }
        let likely: Vec<&Job> = jobs.iter().filter(|job| sounds_like_a_push(job.name.raw())).collect();
        if likely.is_empty() { jobs.iter().collect() } else { likely }
    }

    /// Returns whether this holds of any job that pushes. Names are read last: it takes longer.
    pub(super) fn any_push_job(&self, jobs: &'a [Job], holds: impl Fn(&Job) -> bool) -> bool {
        if self.guesses() {
            return self.push_jobs(jobs).into_iter().any(holds);
        }
        jobs.iter().any(|job| holds(job) && self.is_push_job(job))
    }

    /// Returns when the push was over: the latest end of the push jobs, else the run's. Where nobody said which job
    /// pushes any may, and jobs that were not read may end as late as the run. A job of a run in progress that is over,
    /// and whose end nobody names, may have ended just now.
    pub(super) fn push_ended(&self, run: &Run) -> Option<Timestamp> {
        let jobs = self.record(run).and_then(|record| record.jobs.as_deref());
        let pushing =
            jobs.map(|jobs| if self.guesses() { jobs.items.iter().collect() } else { self.push_jobs(&jobs.items) });
        let ran = pushing.into_iter().flatten().filter(|job| !left_out(run, job));
        let just_now = |job: &Job| (job.state.is_finished() && !run.state.is_finished()).then(|| self.now.into());
        let last = ran.filter_map(|job| job.finished_at.or(run.finished_at).or_else(|| just_now(job))).max();
        let unread = jobs.is_some_and(is_partial).then_some(run.finished_at).flatten();
        last.max(unread).or(run.finished_at).or(run.started_at).or(run.created_at).map(Moment::at)
    }

    /// Returns the runs of the same commit that are to push the same tag, the place's own included.
    pub(super) fn same_tag<'t>(
        &'t self,
        place: &'t Place<'_>,
        tag: &'t Tag,
    ) -> impl Iterator<Item = &'a Arc<Run>> + 't {
        let same =
            |run: &&Arc<Run>| run.key == place.run.key || (run.sha == place.run.sha && self.moves(place, run, tag));
        self.runs.iter().filter(same)
    }

    /// Returns another run of the same commit that may still push the same tag.
    pub(super) fn still_to_push(&self, place: &Place<'_>, tag: &Tag) -> Option<&'a Arc<Run>> {
        let push_is_over = |run: &Run| {
            let Some(jobs) = self.record(run).and_then(|record| record.jobs.as_ref()) else { return false };
            let push_jobs = self.push_jobs(&jobs.items);
            !self.guesses() && !push_jobs.is_empty() && push_jobs.iter().all(|job| job.state.is_finished())
        };
        let others = self.same_tag(place, tag).filter(|run| run.key != place.run.key);
        others.into_iter().find(|run| !run.state.is_finished() && !push_is_over(run))
    }

    /// Returns when the grace of a run's push is over, where it is not over yet.
    pub(super) fn within_grace(&self, run: &Run) -> Option<Timestamp> {
        self.grace_ends(run).filter(|over| self.now < *over)
    }

    /// Returns when the grace of a run's push is over, or was.
    pub(super) fn grace_ends(&self, run: &Run) -> Option<Timestamp> {
        Some(self.push_ended(run)?.saturating_add(self.policy.grace).unwrap_or(Timestamp::MAX))
    }
}

/// Returns whether everything that a run was to leave behind landed once, and nothing is known to have gone away since.
fn stands(snapshot: &Snapshot, service: &Service, run: &Run) -> bool {
    let known = |spec: &ImageSpec, template: &TagTemplate| {
        let tag = template.expand(run).ok()?;
        let record = snapshot.image(&spec.repository)?;
        let landed = record.landed_for(tag.as_str(), &run.key)?.1;
        let there = record.tags.get(&tag).is_none_or(|known| known.probe == Probe::Present(landed.digest.clone()));
        Some(there && landed.proof.is_some())
    };
    let mut tags = service.images.iter().flat_map(|spec| spec.tags.iter().map(move |template| (spec, template)));
    tags.all(|(spec, template)| template.is_moving() || known(spec, template) == Some(true))
}

/// Returns whether a run is green and was to publish.
pub(super) fn is_green(service: &Service, run: &Run) -> bool {
    run.state.is_success() && service.is_to_publish(run)
}

/// Returns whether a revision label names this commit; `None` where it names no commit at all.
/// Short ids of seven digits and more count, and so does what stands before a suffix such as `-dirty`.
pub(super) fn names_commit(revision: &str, sha: &Sha) -> Option<bool> {
    if revision == sha.as_str() {
        return Some(true);
    }
    let digits = revision.bytes().take_while(u8::is_ascii_hexdigit).count();
    let (hex, rest) = revision.split_at_checked(digits)?;
    let is_commit = digits >= 7 && (rest.is_empty() || rest.starts_with(['-', '+', '.'])) && !is_uuid(revision);
    is_commit.then(|| sha.as_str().get(..digits).is_some_and(|start| start.eq_ignore_ascii_case(hex)))
}

fn is_uuid(text: &str) -> bool {
    let parts = text.split('-').map(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(part.len()));
    parts.eq([8, 4, 4, 4, 12].map(Some))
}

/// Returns whether a job did not run at all. In a run that is over, a job that waits is a manual one nobody started.
pub(super) fn left_out(run: &Run, job: &Job) -> bool {
    use crate::domain::Conclusion::{Cancelled, Skipped};
    match job.state {
        RunState::Finished(Skipped | Cancelled) => true,
        RunState::Waiting => run.state.is_finished(),
        RunState::Running | RunState::Finished(_) => false,
    }
}

fn sounds_like_a_push(name: &str) -> bool {
    const WORDS: [&str; 9] =
        ["docker", "image", "push", "publish", "container", "kaniko", "buildah", "release", "package"];
    let name = name.to_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}
