//! `[[service]]` and `[[service.image]]`: what is watched, and what a green run is to leave behind.

use std::sync::Arc;

use super::problem::Problems;
use super::reader::{Entry, Table, nearest};
use super::{Ci, CiKind, address};
use crate::domain::{
    Globs, ImageName, ImageSpec, Platform, RepoPath, Retries, RevisionRule, Service, ServiceName, SourceId,
    TagTemplate, Text, TrustSpec,
};

/// The keys of `[[service]]`.
pub(super) const SERVICE: [&str; 10] =
    ["name", "ci", "repo", "workflow", "branch", "event", "push_job", "reports", "environment", "image"];
/// The keys of `[[service.image]]`.
pub(super) const IMAGE: [&str; 4] = ["repository", "tags", "platforms", "revision"];

/// Whose deployments are read, unless the configuration names another environment.
pub(super) const ENVIRONMENT: &str = "production";

/// The CI providers that services may name: also those that are wrong elsewhere.
pub(super) struct Known<'a> {
    /// Every name.
    pub(super) names: &'a [SourceId],
    /// Those that are right.
    pub(super) usable: &'a [Ci],
}

/// Reads one `[[service]]`. Its name comes first, because it must be its own although the rest is wrong.
pub(super) fn service(
    table: &Table<'_>,
    known: &Known<'_>,
    problems: &mut Problems<'_>,
) -> (Option<ServiceName>, Option<Service>) {
    let name = table.require("name", "\"checkout\"", problems).and_then(|entry| {
        let parsed = ServiceName::parse(entry.string(problems)?);
        parsed.map_err(|error| problems.add(entry.at, error.to_string(), None)).ok()
    });
    let service = named(name.clone(), table, known, problems);
    (name, service)
}

fn named(
    name: Option<ServiceName>,
    table: &Table<'_>,
    known: &Known<'_>,
    problems: &mut Problems<'_>,
) -> Option<Service> {
    let ci = table.require("ci", "\"github\"", problems).and_then(|entry| ci(entry, known.names, problems));
    let kind = ci.as_ref().and_then(|name| known.usable.iter().find(|it| it.name == *name)).map(|it| it.kind);
    let repo = table.require("repo", "\"owner/name\"", problems).and_then(|entry| repo(entry, kind, problems));
    let mut globs = |key| table.get(key).map_or_else(|| Globs::parse(&[]).ok(), |entry| globs(entry, problems));
    let (workflow, branch) = (globs("workflow"), globs("branch"));
    let (event, push_job, reports) = (globs("event"), globs("push_job"), globs("reports"));
    let environment = match table.get("environment") {
        None => Some(Some(Text::from(ENVIRONMENT))),
        Some(entry) => entry.string(problems).map(|name| Some(Text::from(name)).filter(|name| !name.is_empty())),
    };
    let listed = table.get("image").map(|entry| entry.tables("[[service.image]]", &IMAGE, problems));
    if listed.as_ref().is_none_or(Vec::is_empty) {
        let hint = "add a [[service.image]] with `repository` and `tags`";
        problems.add(table.at, "[[service]] names no image, so nothing can land", Some(hint));
    }
    let images = listed.into_iter().flatten().filter_map(|image_table| image(&image_table, problems));
    let mut images: Vec<_> = images.collect();
    images.shrink_to_fit();
    Some(Service {
        name: name?,
        ci: ci?,
        repo: repo?,
        workflow: workflow?,
        branch: branch?,
        event: event?,
        push_job: push_job?,
        images,
        claimed: Arc::default(),
        trust: TrustSpec {
            retries: match kind {
                Some(CiKind::GitLab) => Retries::Jobs,
                Some(CiKind::GitHub) | None => Retries::Runs,
            },
            reports: Some(reports?).filter(|reports| !reports.patterns().is_empty()),
            environment: environment?,
        },
    })
}

fn ci(entry: Entry<'_>, names: &[SourceId], problems: &mut Problems<'_>) -> Option<SourceId> {
    let text = entry.string(problems)?;
    let found = names.iter().find(|name| name.as_str() == text).cloned();
    if found.is_none() {
        let names: Vec<_> = names.iter().map(SourceId::as_str).collect();
        let hint = match (nearest(text, &names), names.is_empty()) {
            (Some(meant), _) => format!("did you mean {meant:?}?"),
            (None, false) => format!("the CI providers here are {}", names.join(", ")),
            (None, true) => "add a [[ci]] with this name".to_owned(),
        };
        problems.add(entry.at, format!("no [[ci]] is named {text:?}"), Some(&hint));
    }
    found
}

fn repo(entry: Entry<'_>, kind: Option<CiKind>, problems: &mut Problems<'_>) -> Option<RepoPath> {
    let text = entry.string(problems)?;
    let parsed = RepoPath::parse(text).map_err(|error| problems.add(entry.at, error.to_string(), None)).ok();
    if kind == Some(CiKind::GitHub) && parsed.is_some() && text.matches('/').count() != 1 {
        problems.add(entry.at, format!("{text:?} is no GitHub repository"), Some("write it as owner/name"));
        return None;
    }
    parsed
}

fn globs(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<Globs> {
    let patterns = entry.strings(problems)?;
    for (pattern, at) in &patterns {
        if let Err((_, why)) = Globs::parse(&[(*pattern).to_owned()]) {
            problems.add(
                *at,
                format!("{pattern:?} is no glob: {why}"),
                Some("'*' stands for any text, '?' for one character"),
            );
        }
        if pattern.is_empty() {
            problems.add(*at, format!("`{}` holds an empty glob, which matches nothing", entry.key), None);
        }
    }
    let patterns: Vec<_> = patterns.iter().map(|(pattern, _)| (*pattern).to_owned()).collect();
    Globs::parse(&patterns).ok()
}

fn image(table: &Table<'_>, problems: &mut Problems<'_>) -> Option<ImageSpec> {
    let repository = table.require("repository", "\"ghcr.io/owner/name\"", problems);
    let repository = repository.and_then(|entry| image_name(entry, problems));
    let tags = table.require("tags", "[\"sha-{sha:7}\"]", problems);
    let tags = tags.map(|entry| templates(entry, problems)).unwrap_or_default();
    let platforms = table.get("platforms").map(|entry| platforms(entry, problems)).unwrap_or_default();
    let revision = table.get("revision").and_then(|entry| revision(entry, problems)).unwrap_or_default();
    Some(ImageSpec { repository: repository?, tags, platforms, revision })
}

fn image_name(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<ImageName> {
    let text = entry.string(problems)?;
    if address::holds_login(text) && text.contains('/') {
        problems.add(
            entry.at,
            "`repository` must not hold a user name or password",
            Some("use [[registry]] for the login"),
        );
        return None;
    }
    let parsed = ImageName::parse(text).map_err(|error| {
        problems.add(entry.at, error.to_string(), Some("write it as host/path, such as ghcr.io/acme/checkout"));
    });
    let name = parsed.ok()?;
    if !address::is_host(name.registry()) {
        problems.add(entry.at, format!("{:?} is no registry host", name.registry()), Some("write host[:port]"));
        return None;
    }
    Some(name)
}

fn templates(entry: Entry<'_>, problems: &mut Problems<'_>) -> Vec<TagTemplate> {
    let Some(written) = entry.strings(problems) else { return Vec::new() };
    if written.is_empty() {
        problems.add(entry.at, "`tags` is empty, so nothing can land", Some("add one, such as \"sha-{sha:7}\""));
    }
    let mut templates: Vec<TagTemplate> = Vec::new();
    for (text, at) in written {
        match TagTemplate::parse(text) {
            Ok(template) if templates.contains(&template) => {
                problems.add(at, format!("{text:?} is listed twice"), None);
            }
            Ok(template) => templates.push(template),
            Err(error) => problems.add(at, format!("{text:?} is no tag template: {error}"), None),
        }
    }
    templates.shrink_to_fit();
    templates
}

fn platforms(entry: Entry<'_>, problems: &mut Problems<'_>) -> Vec<Platform> {
    let mut platforms = Vec::new();
    for (text, at) in entry.strings(problems).unwrap_or_default() {
        match Platform::parse(text) {
            Some(platform) => platforms.push(platform),
            None => problems.add(
                at,
                format!("{text:?} is no platform"),
                Some("write os/architecture[/variant], such as linux/amd64"),
            ),
        }
    }
    platforms.shrink_to_fit();
    platforms
}

fn revision(entry: Entry<'_>, problems: &mut Problems<'_>) -> Option<RevisionRule> {
    let text = entry.string(problems)?;
    let rule = RevisionRule::ALL.into_iter().find(|rule| rule.word() == text);
    if rule.is_none() {
        let words = RevisionRule::ALL.map(RevisionRule::word).join(", ");
        problems.add(entry.at, format!("{text:?} is no rule for `revision`"), Some(&format!("the rules are {words}")));
    }
    rule
}
