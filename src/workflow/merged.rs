//! GitLab's configuration after everything that it includes was merged into it: what each job reads.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::variable;
use super::yaml::{self, Node};
use crate::domain::{JobEnvironment, NamedSecret, SecretUse, Text};

/// No configuration reads more than this many variables, job by job.
const USES: usize = 20_000;

/// What stands beside the jobs and is none. `pages` is one.
const NO_JOBS: [&str; 13] = [
    "after_script",
    "before_script",
    "cache",
    "default",
    "image",
    "include",
    "inputs",
    "services",
    "spec",
    "stages",
    "types",
    "variables",
    "workflow",
];
/// How the names begin that GitLab gives to every job, and that hold no secret of a project.
const GIVEN: [&str; 13] = [
    "CI_COMMIT_",
    "CI_CONCURRENT_",
    "CI_DEFAULT_",
    "CI_ENVIRONMENT_",
    "CI_EXTERNAL_",
    "CI_JOB_",
    "CI_MERGE_REQUEST_",
    "CI_NODE_",
    "CI_PAGES_",
    "CI_PIPELINE_",
    "CI_PROJECT_",
    "CI_RUNNER_",
    "CI_SERVER_",
];

/// What decides in which pipelines a job runs.
const DECIDE: [&str; 3] = ["rules", "only", "except"];

/// Returns what a merged configuration reads: the variables that its jobs name, and what they take with `secrets`.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn uses(merged: &str) -> Result<Vec<SecretUse>, String> {
    let root = yaml::parse(merged.as_bytes())?;
    if !matches!(*root, Node::Mapping(_)) {
        return Err("it is no mapping".to_owned());
    }
    let mut found = Found::default();
    for (name, node) in root.entries() {
        match node.as_ref() {
            // What begins with a dot does not run.
            Node::Mapping(_) if !name.starts_with('.') && !NO_JOBS.contains(&name.as_str()) => found.job(name, node),
            Node::Scalar(_) | Node::Sequence(_) | Node::Mapping(_) if !name.starts_with('.') => {
                node.each_text(|text| found.text(text, None, &JobEnvironment::Unset, false));
            }
            Node::Scalar(_) | Node::Sequence(_) | Node::Mapping(_) => {}
        }
        if found.uses.len() > USES {
            return Err(format!("its jobs read more than {USES} variables"));
        }
    }
    Ok(found.uses.into_iter().collect())
}

#[derive(Default)]
struct Found {
    uses: BTreeSet<SecretUse>,
    /// Each name once: it is shared by all that hold it.
    names: FxHashSet<Text>,
}

impl Found {
    fn job(&mut self, name: &str, job: &Node) {
        let name = Text::from(name);
        let environment = job.environment("$");
        let decided = DECIDE.iter().any(|key| job.get(key).is_some());
        job.each_text(|text| self.text(text, Some(&name), &environment, decided));
        for (secret, _) in job.get("secrets").map(Node::entries).unwrap_or_default() {
            self.note(secret, Some(&name), &environment, decided);
        }
    }

    fn text(&mut self, text: &str, job: Option<&Text>, environment: &JobEnvironment, decided: bool) {
        variable::each(text, |name| {
            if !GIVEN.iter().any(|given| name.starts_with(given)) {
                self.note(name, job, environment, decided);
            }
        });
    }

    fn note(&mut self, name: &str, job: Option<&Text>, environment: &JobEnvironment, decided: bool) {
        let name = Text::from(name);
        let name = self.names.get(&name).cloned().unwrap_or_else(|| {
            self.names.insert(name.clone());
            name
        });
        let secret = NamedSecret::Exactly(name);
        let environment = environment.clone();
        let job = job.cloned();
        self.uses.insert(SecretUse { job, through: None, secret, environment, only_environment: false, decided });
    }
}
