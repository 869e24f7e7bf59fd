//! The configuration with which landfall watches the demo's world, as a user would write it.

use std::fmt::Write as _;
use std::path::Path;

use super::counts::Server;
use super::credentials;
use super::stage::Stage;
use super::token::USER;
use super::world::{Provider, Service, Workflow};

/// Where the secrets' files are.
#[derive(Debug)]
pub(super) struct Files<'a> {
    pub(super) github: &'a Path,
    pub(super) gitlab: &'a Path,
    pub(super) password: &'a Path,
    /// Where all of them lie.
    pub(super) folder: &'a Path,
}

/// Returns the configuration.
pub(super) fn write(stage: &Stage, files: &Files<'_>) -> String {
    let mut text = String::new();
    if stage.world.lively {
        text.push_str("[poll]\nrunning = \"5s\"\nidle = \"20s\"\n\n[policy]\nruns = 30\n\n");
    }
    let origin = |server| quoted(&stage.addresses.origin(server));
    let file = |path: &Path| quoted(&path.to_string_lossy());
    let registry = stage.addresses.of(Server::Registry).to_string();
    for (name, server, token) in [("github", Server::GitHub, files.github), ("gitlab", Server::GitLab, files.gitlab)] {
        let url = origin(server);
        let token = file(token);
        let _ =
            write!(text, "[[ci]]\nname = \"{name}\"\nkind = \"{name}\"\nurl = {url}\ntoken = {{ file = {token} }}\n\n");
    }
    let _ = write!(
        text,
        "[[registry]]\nhost = {}\nplain_http = true\ncredential = {{ username = \"{USER}\", password = {{ file = {} }} }}\n",
        quoted(&registry),
        file(files.password),
    );
    for service in &stage.world.services {
        one(&mut text, service, &registry);
    }
    if stage.world.lively {
        credentials::configuration(&mut text, stage, files.folder);
    }
    text
}

fn one(text: &mut String, service: &Service, registry: &str) {
    let ci = match service.provider {
        Provider::GitHub => "github",
        Provider::GitLab => "gitlab",
    };
    let name = quoted(&service.name);
    let _ = write!(text, "\n[[service]]\nname = {name}\nci = \"{ci}\"\nrepo = {}\n", quoted(&service.repo));
    if service.provider == Provider::GitHub {
        let _ = writeln!(text, "workflow = {}", quoted(Workflow::Release.file()));
    }
    if !service.branches.is_empty() {
        let _ = writeln!(text, "branch = {}", list(&service.branches));
    }
    if !service.events.is_empty() {
        let _ = writeln!(text, "event = {}", list(&service.events));
    }
    let _ = writeln!(text, "push_job = {}", quoted(&format!("{}*", service.push_job)));
    if service.tests.is_some() {
        let names = match service.provider {
            Provider::GitHub => "junit*",
            Provider::GitLab => "test",
        };
        let _ = writeln!(text, "reports = {}", quoted(names));
    }
    let image = quoted(&format!("{registry}/{}", service.image));
    let _ = write!(text, "[[service.image]]\nrepository = {image}\ntags = {}\n", list(&service.tags));
    if service.platforms.len() > 1 {
        let _ = writeln!(text, "platforms = {}", list(&service.platforms));
    }
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
}

fn quoted(value: &str) -> String {
    toml::Value::from(value).to_string()
}
