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

/// With these a job, or what a rule adds, waits for somebody or for something to go wrong.
const WAITS: [&str; 3] = ["manual", "never", "on_failure"];

/// Returns what a merged configuration reads: the variables that its jobs name, and what they take with `secrets`.
///
/// # Errors
/// Why it cannot be read, in words.
pub fn uses(merged: &str) -> Result<Vec<SecretUse>, String> {
    let root = yaml::parse(merged.as_bytes())?;
    if !matches!(*root, Node::Mapping(_)) {
        return Err("it is no mapping".to_owned());
    }
    let is_job = |name: &str, node: &Node| {
        matches!(node, Node::Mapping(_)) && !name.starts_with('.') && !NO_JOBS.contains(&name)
    };
    let whole = root.get("workflow").is_some_and(rules_decide);
    let mut jobs = root.entries().iter().filter(|(name, node)| is_job(name, node));
    let above = whole || jobs.all(|(_, job)| is_decided(job));
    let mut found = Found::default();
    for (name, node) in root.entries() {
        // What begins with a dot does not run.
        if is_job(name, node) {
            found.job(name, node, whole || is_decided(node));
        } else if !name.starts_with('.') {
            node.each_text(|text| found.text(text, None, &JobEnvironment::Unset, above));
        }
        if found.uses.len() > USES {
            return Err(format!("its jobs read more than {USES} variables"));
        }
    }
    Ok(found.uses.into_iter().collect())
}

/// Returns whether what a job says decides in which pipelines it runs by itself.
fn is_decided(job: &Node) -> bool {
    rules_decide(job) || waits(job) || ["only", "except"].iter().any(|key| job.get(key).is_some())
}

fn waits(node: &Node) -> bool {
    node.get("when").and_then(Node::text).is_some_and(|when| WAITS.contains(&when))
}

/// The first rule that is met counts: unless all are met by something that runs, down to one that is always met, they
/// decide.
fn rules_decide(node: &Node) -> bool {
    let Some(rules) = node.get("rules") else { return false };
    for rule in rules.items() {
        if !matches!(**rule, Node::Mapping(_)) || waits(rule) {
            return true;
        }
        if ["if", "changes", "exists"].iter().all(|key| rule.get(key).is_none()) {
            return false;
        }
    }
    true
}

#[derive(Default)]
struct Found {
    uses: BTreeSet<SecretUse>,
    /// Each name once: it is shared by all that hold it.
    names: FxHashSet<Text>,
}

impl Found {
    fn job(&mut self, name: &str, job: &Node, decided: bool) {
        let name = Text::from(name);
        let environment = job.environment("$");
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
