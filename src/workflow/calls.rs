//! All workflows of one repository: each that starts by itself, with what the workflows that it calls read.

use std::collections::{BTreeMap, BTreeSet};

use super::definition::{self, Call, Passes, Workflow};
use crate::domain::{JobEnvironment, NamedSecret, Pipeline, SecretUse, Text};

/// Calls are not followed any deeper; GitHub allows no more either.
const DEPTH: usize = 10;
/// How many calls of one workflow are followed in all.
const CALLS: usize = 256;
/// How many uses are kept of one workflow and all that it calls.
const USES: usize = 4_000;

/// Returns the pipelines that a repository's workflow files make: their paths, and what is in them, or why that could
/// not be read. One that only runs where it is called is told by those that call it.
#[must_use]
pub fn pipelines(files: &[(String, Result<Vec<u8>, String>)]) -> Vec<Pipeline> {
    let read =
        |bytes: &Result<Vec<u8>, String>| bytes.as_ref().map_err(Clone::clone).and_then(|it| definition::read(it));
    let read: BTreeMap<&str, _> = files.iter().map(|(path, bytes)| (path.as_str(), read(bytes))).collect();
    let mut pipelines = Vec::new();
    for (path, outcome) in &read {
        let file = Text::from(*path);
        match outcome {
            Ok(workflow) if workflow.is_only_called() => {}
            Ok(workflow) => {
                let mut walk = Walk { read: &read, uses: workflow.uses.clone(), followed: 0, unread: None };
                walk.follow(workflow, &mut vec![path], None, &Handed { passes: Passes::Inherit, decided: false });
                pipelines.push(Pipeline {
                    name: workflow.name.clone().unwrap_or_else(|| file.clone()),
                    file,
                    triggers: workflow.triggers.clone(),
                    schedules: workflow.schedules.clone(),
                    switched_off: false,
                    uses: walk.uses.into_iter().collect(),
                    unread: walk.unread,
                });
            }
            Err(why) => {
                let unread = Some(why.as_str().into());
                pipelines.push(Pipeline { name: file.clone(), file, unread, ..Pipeline::default() });
            }
        }
    }
    pipelines
}

/// What a called workflow is handed.
struct Handed {
    passes: Passes,
    /// Whether a condition of one that calls decides if it is called at all.
    decided: bool,
}

struct Walk<'a> {
    read: &'a BTreeMap<&'a str, Result<Workflow, String>>,
    uses: BTreeSet<SecretUse>,
    followed: usize,
    unread: Option<Text>,
}

impl<'a> Walk<'a> {
    /// `job` is the one of the workflow that starts by itself, and `has` what that one passes on so far.
    fn follow(&mut self, workflow: &'a Workflow, path: &mut Vec<&'a str>, job: Option<&Text>, has: &Handed) {
        for call in &workflow.calls {
            let job = job.unwrap_or(&call.job);
            let decided = has.decided || call.decided;
            let Some((file, called)) = self.called(call, path) else {
                if (&has.passes, &call.passes) == (&Passes::Inherit, &Passes::Inherit) {
                    self.hand_on(job, &call.target, decided);
                }
                continue;
            };
            // What is passed on by name was counted where its expression stands.
            let passes = match (&has.passes, &call.passes) {
                (Passes::Only(names), Passes::Inherit) => Passes::Only(names.clone()),
                (_, passes) => passes.clone(),
            };
            let handed = Handed { passes, decided };
            for used in &called.uses {
                if let Some(used) = passed(used, &handed, job, file) {
                    definition::keep(&mut self.uses, used);
                }
            }
            path.push(file);
            self.follow(called, path, Some(job), &handed);
            path.pop();
        }
    }

    /// Returns the called workflow, where it is one of this repository's that could be read and that does not call
    /// itself.
    fn called(&mut self, call: &Call, path: &[&str]) -> Option<(&'a str, &'a Workflow)> {
        let name = call.target.strip_prefix("./")?;
        self.followed += 1;
        if self.followed > CALLS || path.len() >= DEPTH || self.uses.len() > USES {
            self.unread = Some("it calls more workflows than are followed".into());
            return None;
        }
        let (file, called) = self.read.get_key_value(name)?;
        let called = called.as_ref().ok()?;
        (!path.contains(file)).then_some((*file, called))
    }

    /// Whoever cannot be looked into may read everything that it gets.
    fn hand_on(&mut self, job: &Text, target: &str, decided: bool) {
        let (job, through) = (Some(job.clone()), Some(target.into()));
        let (secret, environment) = (NamedSecret::All, JobEnvironment::Unset);
        let used = SecretUse { job, through, secret, environment, only_environment: false, decided };
        definition::keep(&mut self.uses, used);
    }
}

/// Returns what a called workflow's use of a secret means for the one that calls it. A name that it is not given, or that
/// is another one outside, can only be a secret of the environment that its job runs in.
fn passed(used: &SecretUse, handed: &Handed, job: &Text, file: &str) -> Option<SecretUse> {
    let only_environment = match (&handed.passes, &used.secret) {
        (Passes::Inherit, _) => used.only_environment,
        (Passes::Only(names), NamedSecret::Exactly(name)) if names.contains(&name.raw().to_ascii_lowercase()) => {
            return None;
        }
        (Passes::Only(_), _) => true,
    };
    let pointless = only_environment && used.environment == JobEnvironment::Unset;
    (!pointless).then(|| SecretUse {
        job: Some(job.clone()),
        through: Some(file.into()),
        only_environment,
        decided: used.decided || handed.decided,
        ..used.clone()
    })
}
