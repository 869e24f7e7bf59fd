//! What an echoed command says about what comes next. An echo is no claim, but it names the destination
//! where the tool itself does not: podman, buildah and skopeo print none.

use super::form::{Reference, reference};

/// What a command is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Intent {
    /// Push with a tool that prints `Writing manifest to image destination`; where to, if it is written out.
    Copy(Option<Reference>),
    /// Push with a tool that names its destination itself.
    Push,
    /// Get or make images, or do anything that talks to other servers.
    Other,
    /// Nothing to do with images.
    Neutral,
}

/// Returns what the command is to do; of several in one line, the last that pushes.
pub(super) fn intent(command: &str) -> Intent {
    let command = command.trim_start_matches(['+', '$', ' ']);
    let parts = command.split(['|', ';', '&', '>']).map(simple);
    parts.fold(Intent::Neutral, |before, now| match now {
        Intent::Neutral => before,
        Intent::Other if before != Intent::Neutral => before,
        Intent::Copy(_) | Intent::Push | Intent::Other => now,
    })
}

/// Returns the file that podman or buildah is told to write the digest to.
pub(super) fn digest_file(command: &str) -> Option<&str> {
    let (_, rest) = command.split_once("--digestfile")?;
    rest.trim_start_matches([' ', '=']).split_whitespace().next().map(unquoted)
}

/// Returns whether the command does nothing but print this file to the log.
pub(super) fn prints(command: &str, file: &str) -> bool {
    command.trim_start_matches(['+', '$', ' ']).split_whitespace().map(unquoted).eq(["cat", file])
}

fn simple(command: &str) -> Intent {
    let words: Vec<&str> = command.split_whitespace().map(unquoted).collect();
    let named = |name: &str| words.iter().any(|word| word.rsplit('/').next() == Some(name));
    let does = |verb: &str| words.contains(&verb);
    if named("podman") || named("buildah") {
        return if does("push") { copy(&words) } else { Intent::Other };
    }
    if named("skopeo") {
        return if does("copy") || does("sync") { copy(&words) } else { Intent::Other };
    }
    let pushes = ["docker", "nerdctl", "crane", "gcrane", "ko", "img", "regctl", "make", "docker-compose"];
    if pushes.iter().any(|tool| named(tool)) && (does("push") || does("copy") || does("publish")) {
        return Intent::Push;
    }
    let elsewhere = ["docker", "kubectl", "helm", "git", "npm", "curl", "ssh", "aws", "gcloud", "az", "terraform"];
    if elsewhere.iter().any(|tool| named(tool)) { Intent::Other } else { Intent::Neutral }
}

/// The destination is the last word; a transport other than `docker://` is no registry.
fn copy(words: &[&str]) -> Intent {
    let Some(&last) = words.iter().rfind(|word| !word.starts_with("2>") && !word.starts_with("--")) else {
        return Intent::Copy(None);
    };
    if let Some(named) = last.strip_prefix("docker://") {
        return Intent::Copy(reference(named));
    }
    let local = ["dir:", "oci:", "oci-archive:", "docker-archive:", "docker-daemon:", "containers-storage:"];
    if local.iter().any(|transport| last.starts_with(transport)) {
        return Intent::Other;
    }
    Intent::Copy(reference(last).filter(|(image, _)| image.registry() != "docker.io" || last.contains('/')))
}

fn unquoted(word: &str) -> &str {
    word.trim_matches(['"', '\''])
}
