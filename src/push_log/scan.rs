//! Goes through the lines of a log and keeps what the lines before say about the next.

use super::command::{Intent, digest_file, intent, prints};
use super::form::{Form, Reference, form};
use super::line::Line;
use super::refusal;
use crate::domain::{Claim, Digest, ImageName, PushLog, Tag, Text};

const CLAIMS: usize = 200;
const DESTINATIONS: usize = 200;
const REFUSALS: usize = 8;
/// How much of each kind is kept in mind between lines; only a hostile log has more.
const OPEN: usize = 64;

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Scan {
    log: PushLog,
    state: State,
    /// Where the log stood when the runner began to print what may be a script.
    step: Option<Mark>,
}

/// What the lines before say about the next.
#[derive(Debug, Default, Clone)]
struct State {
    phase: Phase,
    /// docker: repositories that digests may belong to; more than one while pushes run side by side.
    open: Vec<Option<ImageName>>,
    /// docker: whether one of them ended, so that the next repository starts anew.
    ended: bool,
    /// kaniko: destinations that are not confirmed yet.
    pending: Vec<Reference>,
    /// kaniko: repositories that hold cached layers.
    caches: Vec<ImageName>,
    /// podman, buildah, skopeo: the push that the next written manifest belongs to.
    copying: Copying,
    /// podman, buildah: what is known of the digest that they write to a file.
    digest: Aside,
    /// podman, buildah: whether the next manifest is written to this machine.
    local: bool,
    /// buildx imagetools: claims whose vertex is not done.
    pledges: Vec<(String, Claim)>,
    /// What the script that is about to run is to do.
    script: Vec<Intent>,
}

/// Whether a push began, so that a refusal concerns it and not a base image.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    #[default]
    Before,
    Begun,
    /// crane, ko: blobs went up, so that a bare reference is a claim.
    Blobs,
}

/// podman, buildah, skopeo: where the next manifest is written to, as far as their command told.
#[derive(Debug, Default, Clone)]
enum Copying {
    #[default]
    Elsewhere,
    Registry(Option<Reference>),
}

/// podman, buildah: the digest goes to a file, and into the log only where somebody prints that.
#[derive(Debug, Default, Clone)]
struct Aside {
    file: Option<String>,
    /// Whether it was printed, so that a line of nothing but a digest is it.
    is_printed: bool,
    /// Whose digest it is: what was written last.
    of: Copying,
}

impl Aside {
    /// Takes notice of a command that pushes: what another one wrote to a file is not about this one.
    fn pushes(&mut self, command: &str) {
        *self = Self { file: digest_file(command).map(str::to_owned), ..Self::default() };
    }

    /// Takes notice of any command: what is printed is what stands below it, up to the next.
    fn runs(&mut self, command: &str) {
        self.is_printed = self.file.as_deref().is_some_and(|file| prints(command, file));
    }
}

#[derive(Debug)]
struct Mark {
    claims: usize,
    destinations: usize,
    refusals: usize,
    no_push: usize,
    state: State,
    is_script: bool,
}

impl Scan {
    /// Returns what was read.
    pub(super) fn finish(self) -> PushLog {
        self.log
    }

    /// Forgets what the lines before say: some are missing.
    pub(super) fn gap(&mut self) {
        self.state = State::default();
        self.step = None;
    }

    /// Reads one line.
    pub(super) fn line(&mut self, line: Line<'_>) {
        match line {
            Line::Noise => {}
            Line::StepStart(first) => self.step_start(&first),
            Line::GroupEnd => self.step_end(),
            Line::Script(text) => self.script(&text),
            Line::Command(text) => self.command(&text),
            Line::Said(text) => self.said(&text),
        }
    }

    /// A step prints its script and inputs in a group of its own name; people name their own groups likewise.
    fn step_start(&mut self, first: &str) {
        self.state = State::default();
        self.script(first);
        self.step = Some(Mark {
            claims: self.log.claims.len(),
            destinations: self.log.destinations.len(),
            refusals: self.log.refusals.len(),
            no_push: self.log.no_push.len(),
            state: self.state.clone(),
            is_script: false,
        });
    }

    /// The runner's own group names a shell or inputs: what it held was never said by a tool.
    fn step_is_script(&mut self) {
        let Some(mark) = &mut self.step else { return };
        mark.is_script = true;
        self.log.claims.truncate(mark.claims);
        self.log.destinations.truncate(mark.destinations);
        self.log.refusals.truncate(mark.refusals);
        self.log.no_push.truncate(mark.no_push);
        let State { digest, script, .. } = std::mem::take(&mut self.state);
        self.state = State { digest, script, ..mark.state.clone() };
    }

    fn step_end(&mut self) {
        self.step = None;
        let pushes = std::mem::take(&mut self.state.script);
        match pushes.as_slice() {
            [] => {}
            [Intent::Copy(named)] => self.state.copying = Copying::Registry(named.clone()),
            _ if pushes.iter().all(|push| matches!(push, Intent::Copy(_))) => {
                self.state.copying = Copying::Registry(None);
            }
            _ => {}
        }
        // Of several pushes nobody knows whose digest is printed.
        if pushes.len() != 1 {
            self.state.digest = Aside::default();
        }
    }

    fn script(&mut self, text: &str) {
        let intent = intent(text);
        if matches!(intent, Intent::Copy(_) | Intent::Push) {
            // Of a whole script nobody knows which of its lines printed what: it prints nothing here.
            self.state.digest.pushes(text);
            remember(&mut self.state.script, intent);
        }
    }

    fn command(&mut self, text: &str) {
        let state = &mut self.state;
        let intent = intent(text);
        if matches!(intent, Intent::Copy(_) | Intent::Push) {
            state.digest.pushes(text);
        }
        state.digest.runs(text);
        match intent {
            Intent::Neutral => {}
            Intent::Other => {
                (state.phase, state.ended, state.copying) = (Phase::Before, true, Copying::Elsewhere);
            }
            Intent::Push => {
                (state.phase, state.ended, state.copying) = (Phase::Begun, true, Copying::Elsewhere);
            }
            Intent::Copy(named) => {
                (state.phase, state.local) = (Phase::Begun, false);
                if let Some((image, _)) = &named {
                    let image = image.clone();
                    self.destination(image);
                }
                self.state.copying = Copying::Registry(named);
            }
        }
    }

    fn said(&mut self, text: &str) {
        if let Some(step) = &self.step {
            let runners_own = text.starts_with("shell: ") || matches!(text, "with:" | "env:");
            if step.is_script {
                return;
            }
            if runners_own {
                return self.step_is_script();
            }
            self.script(text);
        }
        if refusal::no_push(text) {
            self.state.pending.clear();
            keep(&mut self.log.no_push, text);
            return;
        }
        if refusal::refuses(text, self.state.phase != Phase::Before) {
            self.refused(text);
        } else if let Some(form) = form(text) {
            self.form(form);
        }
    }

    fn refused(&mut self, text: &str) {
        self.state.ended = true;
        self.state.local = false;
        if let Some((image, tag)) = refusal::failed(text) {
            let void = |claim: &Claim| claim.image.as_ref() == Some(&image) && claim.tag == tag;
            self.log.claims.retain(|claim| !void(claim));
        }
        keep(&mut self.log.refusals, text);
    }

    fn form(&mut self, form: Form) {
        let proves_nothing = matches!(
            form,
            Form::Local | Form::Build | Form::Done(_) | Form::Bare(..) | Form::Writing | Form::Digest(_)
        );
        if !proves_nothing && self.state.phase == Phase::Before {
            self.state.phase = Phase::Begun;
        }
        match form {
            Form::Refers(image) => self.refers(image),
            Form::TagDigest(tag, digest) => {
                self.state.ended = true;
                let image = self.only_open();
                self.claim(image, tag, Some(digest));
            }
            Form::Claim(named, digest) => self.claim_reference(named, Some(digest)),
            Form::Pledge(vertex, named, digest) => {
                let (image, tag) = named.map_or((None, None), |(image, tag)| (Some(image), tag));
                remember(&mut self.state.pledges, (vertex, Claim { image, tag, digest: Some(digest) }));
            }
            Form::Done(vertex) => {
                let pledges = std::mem::take(&mut self.state.pledges);
                let (done, open) = pledges.into_iter().partition(|(of, _)| *of == vertex);
                self.state.pledges = open;
                let done: Vec<(String, Claim)> = done;
                for (_, claim) in done {
                    self.claim(claim.image, claim.tag, claim.digest);
                }
            }
            Form::Pushing(named) => self.pushing(named),
            Form::Pushed(image, digest) => self.pushed(image.as_ref(), digest),
            Form::PushedAll => {
                for named in std::mem::take(&mut self.state.pending) {
                    self.claim_reference(Some(named), None);
                }
            }
            Form::Cache(Some((image, _))) => remember(&mut self.state.caches, image),
            Form::Writing => self.written(),
            Form::Local => self.state.local = true,
            Form::Named(all) => {
                if let [named] = all.as_slice() {
                    // push-to-registry prints the digest on a line of its own.
                    self.state.digest =
                        Aside { file: None, is_printed: true, of: Copying::Registry(Some(named.clone())) };
                }
                for named in all {
                    self.claim_reference(Some(named), None);
                }
            }
            Form::Digest(digest) => {
                if self.state.digest.is_printed
                    && let Copying::Registry(named) = std::mem::take(&mut self.state.digest.of)
                {
                    self.claim_reference(named, Some(digest));
                }
            }
            Form::Blob => self.state.phase = Phase::Blobs,
            Form::Bare(named, digest) if self.state.phase == Phase::Blobs => self.claim_reference(named, Some(digest)),
            Form::Bare(..) | Form::Began(None) | Form::Cache(None) => {}
            Form::Began(Some((image, _))) => self.destination(image),
            Form::Build => self.state.phase = Phase::Before,
        }
    }

    fn refers(&mut self, image: Option<ImageName>) {
        if std::mem::take(&mut self.state.ended) {
            self.state.open.clear();
        }
        if let Some(image) = image.clone() {
            self.destination(image);
        }
        remember(&mut self.state.open, image);
    }

    /// Where pushes run side by side, docker's digest lines do not say which repository they belong to.
    fn only_open(&self) -> Option<ImageName> {
        let (first, others) = self.state.open.split_first()?;
        others.iter().all(|other| other == first).then(|| first.clone()).flatten()
    }

    fn pushing(&mut self, named: Option<Reference>) {
        let Some(named) = named else { return };
        if !self.state.caches.contains(&named.0) {
            self.destination(named.0.clone());
            remember(&mut self.state.pending, named);
        }
    }

    /// kaniko says `Pushed` also where it was told not to push: it counts only after `Pushing image to`.
    fn pushed(&mut self, image: Option<&ImageName>, digest: Digest) {
        let place = self.state.pending.iter().position(|pending| Some(&pending.0) == image);
        if let Some(place) = place {
            let named = self.state.pending.remove(place);
            self.claim_reference(Some(named), Some(digest));
        }
    }

    fn written(&mut self) {
        if std::mem::take(&mut self.state.local) {
            return;
        }
        if let Copying::Registry(named) = self.state.copying.clone() {
            if self.state.digest.file.is_some() && matches!(self.state.digest.of, Copying::Elsewhere) {
                self.state.digest.of = Copying::Registry(named.clone());
            }
            self.claim_reference(named, None);
        }
    }

    fn claim_reference(&mut self, named: Option<Reference>, digest: Option<Digest>) {
        let (image, tag) = named.map_or((None, None), |(image, tag)| (Some(image), tag));
        if let Some(image) = image.clone() {
            self.destination(image);
        }
        self.claim(image, tag, digest);
    }

    fn claim(&mut self, image: Option<ImageName>, tag: Option<Tag>, digest: Option<Digest>) {
        // What was claimed without a digest is claimed with one now.
        if digest.is_some() {
            let same = |claim: &Claim| claim.image == image && claim.tag == tag && claim.digest.is_none();
            self.log.claims.retain(|claim| !same(claim));
        }
        let claim = Claim { image, tag, digest };
        if self.log.claims.len() < CLAIMS && !self.log.claims.contains(&claim) {
            self.log.claims.push(claim);
        }
    }

    fn destination(&mut self, image: ImageName) {
        if self.log.destinations.len() < DESTINATIONS && !self.log.destinations.contains(&image) {
            self.log.destinations.push(image);
        }
    }
}

fn remember<T: PartialEq>(known: &mut Vec<T>, new: T) {
    if known.len() < OPEN && !known.contains(&new) {
        known.push(new);
    }
}

fn keep(lines: &mut Vec<Text>, line: &str) {
    let text = Text::from(refusal::without_login(line));
    if lines.len() < REFUSALS && !lines.contains(&text) {
        lines.push(text);
    }
}
