//! One workflow of GitHub: its name, what starts it, what its jobs read, and whom they call.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{self, Named};
use super::yaml::{self, Node};
use crate::domain::{JobEnvironment, NamedSecret, Schedule, SecretUse, Text};

/// No workflow reads more than this many secrets, job by job.
const USES: usize = 2_000;

/// What a workflow file says.
#[derive(Debug)]
pub(super) struct Workflow {
    /// Its name, where it has one.
    pub(super) name: Option<Text>,
    pub(super) triggers: Vec<Text>,
    pub(super) schedules: Vec<Schedule>,
    pub(super) uses: BTreeSet<SecretUse>,
    pub(super) calls: Vec<Call>,
}

/// That a job is another workflow.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) job: Text,
    /// As it is written: `./.github/workflows/x.yml`, or `owner/name/.github/workflows/x.yml@ref`.
    pub(super) target: String,
    pub(super) passes: Passes,
    /// Whether a condition decides if the job runs.
    pub(super) decided: bool,
}

/// Which secrets a called workflow gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Passes {
    /// All.
    Inherit,
    /// Some, under these names, lower case.
    Only(BTreeSet<String>),
}

impl Workflow {
    /// Returns whether it only runs where another one calls it.
    pub(super) fn is_only_called(&self) -> bool {
        !self.triggers.is_empty() && self.triggers.iter().all(|trigger| trigger.raw() == "workflow_call")
    }
}

/// Reads a workflow file.
///
/// # Errors
/// Why it cannot be read, or why GitHub would not run it, in words.
pub(super) fn read(bytes: &[u8]) -> Result<Workflow, String> {
    let root = yaml::parse(bytes)?;
    if !matches!(*root, Node::Mapping(_)) {
        return Err("it is no mapping".to_owned());
    }
    let Some(jobs @ Node::Mapping(_)) = root.get("jobs") else { return Err("it has no jobs".to_owned()) };
    let Some(on) = root.get("on") else { return Err("nothing starts it: it has no `on`".to_owned()) };
    let mut workflow = Workflow {
        name: root.get("name").and_then(Node::text).filter(|name| !name.is_empty()).map(Text::from),
        triggers: triggers(on),
        schedules: on.get("schedule").map(schedules).unwrap_or_default(),
        uses: BTreeSet::new(),
        calls: Vec::new(),
    };
    let conditional = conditional(jobs);
    // Of each environment: whether none of its jobs surely runs.
    let mut environments = BTreeMap::from([(JobEnvironment::Unset, true)]);
    for (id, job) in jobs.entries() {
        if id == "<<" {
            return Err("it merges keys with `<<`, which GitHub does not know".to_owned());
        }
        let environment = job.environment("${{");
        let decided = conditional.contains(id.as_str());
        read_job(&mut workflow, id, job, &environment, decided);
        *environments.entry(environment).or_insert(true) &= decided;
        few(&workflow.uses)?;
    }
    // What stands above the jobs is read in each of them, with its own environment.
    let mut above = Vec::new();
    for (_, node) in root.entries().iter().filter(|(key, _)| key != "jobs" && key != "on") {
        node.each_text(|text| above.extend(expression::embedded(text)));
    }
    for (environment, decided) in &environments {
        for named in &above {
            note(&mut workflow.uses, None, environment, named.clone(), *decided);
        }
        few(&workflow.uses)?;
    }
    Ok(workflow)
}

/// Returns the jobs of which a condition decides whether they run: their own, or that of a job that they need.
fn conditional(jobs: &Node) -> BTreeSet<&str> {
    let condition = |job: &Node, is_so: fn(&str) -> bool| job.get("if").and_then(Node::text).is_some_and(is_so);
    let mut needed_by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for (id, job) in jobs.entries() {
        if is_decided(job) {
            found.insert(id.as_str());
        } else if !condition(job, expression::runs_regardless) {
            let needs = job.get("needs");
            let several = needs.map(Node::items).unwrap_or_default().iter().filter_map(|need| need.text());
            for need in several.chain(needs.and_then(Node::text)) {
                needed_by.entry(need).or_default().push(id);
            }
        }
    }
    let mut skipped: Vec<&str> = found.iter().copied().collect();
    while let Some(job) = skipped.pop() {
        for id in needed_by.remove(job).unwrap_or_default() {
            if found.insert(id) {
                skipped.push(id);
            }
        }
    }
    found
}

/// Returns whether the condition of a job or a step decides if it runs.
fn is_decided(node: &Node) -> bool {
    node.get("if").is_some_and(|condition| !condition.text().is_some_and(expression::holds))
}

fn few(uses: &BTreeSet<SecretUse>) -> Result<(), String> {
    if uses.len() > USES { Err(format!("it reads more than {USES} secrets")) } else { Ok(()) }
}

fn triggers(on: &Node) -> Vec<Text> {
    match on {
        Node::Scalar(event) => vec![event.as_str().into()],
        Node::Sequence(events) => events.iter().filter_map(|event| event.text()).map(Text::from).collect(),
        Node::Mapping(events) => events.iter().map(|(event, _)| event.as_str().into()).collect(),
    }
}

/// What is no schedule is kept as one that cannot be read.
fn schedules(node: &Node) -> Vec<Schedule> {
    let text = |node: &Node, key| node.get(key).and_then(Node::text).map(Text::from);
    let schedule = |node: &Node| Schedule {
        cron: text(node, "cron").unwrap_or_default(),
        zone: text(node, "timezone"),
        ..Schedule::default()
    };
    match node {
        Node::Sequence(items) => items.iter().map(|node| schedule(node)).collect(),
        Node::Scalar(_) | Node::Mapping(_) => vec![schedule(node)],
    }
}

fn read_job(workflow: &mut Workflow, id: &str, job: &Node, environment: &JobEnvironment, decided: bool) {
    let id = Text::from(id);
    let uses = &mut workflow.uses;
    let mut read = |node: &Node, decided: bool| {
        node.each_text(|text| {
            for named in expression::embedded(text) {
                note(uses, Some(&id), environment, named, decided);
            }
        });
    };
    let steps = job.get("steps").map(Node::items).unwrap_or_default();
    for (key, node) in job.entries() {
        if key != "steps" || steps.is_empty() {
            read(node, decided);
        }
    }
    for step in steps {
        read(step, decided || is_decided(step));
    }
    for step in steps.iter().map(|step| &**step).chain([job]) {
        // With `${{` in it, it was read with the rest.
        if let Some(condition) = step.get("if").and_then(Node::text).filter(|text| !text.contains("${{")) {
            for named in expression::condition(condition) {
                note(uses, Some(&id), environment, named, decided);
            }
        }
    }
    if let Some(target) = job.get("uses").and_then(Node::text) {
        let passes = match job.get("secrets") {
            Some(Node::Scalar(word)) if word.eq_ignore_ascii_case("inherit") => Passes::Inherit,
            Some(node) => Passes::Only(node.entries().iter().map(|(name, _)| name.to_ascii_lowercase()).collect()),
            None => Passes::Only(BTreeSet::new()),
        };
        workflow.calls.push(Call { job: id, target: target.to_owned(), passes, decided });
    }
}

fn note(uses: &mut BTreeSet<SecretUse>, job: Option<&Text>, environment: &JobEnvironment, named: Named, decided: bool) {
    let secret = match named {
        // Every job is given this one anew.
        Named::Exactly(name) if name.eq_ignore_ascii_case("GITHUB_TOKEN") => return,
        Named::Exactly(name) => NamedSecret::Exactly(name.as_str().into()),
        Named::All => NamedSecret::All,
        Named::Computed => NamedSecret::Computed,
    };
    let environment = environment.clone();
    let job = job.cloned();
    keep(uses, SecretUse { job, through: None, secret, environment, only_environment: false, decided });
}

/// Adds a use. What is surely read is not also kept as what a condition decides.
pub(super) fn keep(uses: &mut BTreeSet<SecretUse>, new: SecretUse) {
    let other = SecretUse { decided: !new.decided, ..new };
    if !other.decided && uses.contains(&other) {
        return;
    }
    uses.remove(&other);
    uses.insert(SecretUse { decided: !other.decided, ..other });
}
