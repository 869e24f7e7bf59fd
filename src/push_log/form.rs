//! The lines by which each tool says that it pushed, or sets out to push.

use std::sync::LazyLock;

use regex::{Captures, Regex, RegexSet};

use crate::domain::{Digest, ImageName, Tag};

/// A repository, and a tag where one is named.
pub(super) type Reference = (ImageName, Option<Tag>);

/// What one line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// docker: `The push refers to repository [REPO]`; the repository may be masked.
    Refers(Option<ImageName>),
    /// docker: `TAG: digest: sha256:… size: N`.
    TagDigest(Option<Tag>, Digest),
    /// Whole claims: buildx, crane, ko, `docker manifest push`, buildah where it says more than usual.
    Claim(Option<Reference>, Digest),
    /// buildx imagetools, within a vertex that may still fail: `#1 0.2 pushing sha256:… to REF`.
    Pledge(String, Option<Reference>, Digest),
    /// BuildKit: `#1 DONE 0.4s`.
    Done(String),
    /// kaniko: `Pushing image to REF`.
    Pushing(Option<Reference>),
    /// kaniko: `Pushed REPO@sha256:…`, which names no tag.
    Pushed(Option<ImageName>, Digest),
    /// Older kaniko: `Pushed image to 2 destinations`.
    PushedAll,
    /// kaniko: `Pushing layer REPO:… to cache now`.
    Cache(Option<Reference>),
    /// podman, buildah, skopeo: `Writing manifest to image destination`.
    Writing,
    /// podman, buildah: the next manifest is written to this machine.
    Local,
    /// Tools that name references and no digest: jib, push-to-registry.
    Named(Vec<Reference>),
    /// crane, ko: blobs went up.
    Blob,
    /// crane: `REPO@sha256:…` and nothing else.
    Bare(Option<Reference>, Digest),
    /// What podman and buildah wrote to the file that `--digestfile` names, printed by somebody.
    Digest(Digest),
    /// ko: `Publishing REF`; BuildKit: exporting, or a token to push with.
    Began(Option<Reference>),
    /// A new build starts, with its own base images.
    Build,
}

type Build = fn(&Captures<'_>) -> Option<Form>;

const HEX: &str = "(sha256:[0-9a-f]{64})";

/// Patterns of which the first that matches counts; `HEX` stands for a digest.
const FORMS: [(&str, Build); 22] = [
    (r"^The push refers to (?:a )?repository \[([^\]]+)\]", |c| Some(Form::Refers(image(c, 1)))),
    (r"^([^\s:/@]+): digest: HEX size: [0-9]+", |c| Some(Form::TagDigest(Tag::parse(part(c, 1)).ok(), digest(c, 2)?))),
    (r"^([^\s\x22]+): digest: HEX size: [0-9]+", |c| Some(Form::Claim(reference(part(c, 1)), digest(c, 2)?))),
    (r"^(?:\[[^\]]*\] )?pushing manifest for ([^\s\x22]+)@HEX", |c| {
        Some(Form::Claim(reference(part(c, 1)), digest(c, 2)?))
    }),
    (r"^Pushed ref (\S+)@HEX with digest", |c| Some(Form::Claim(reference(part(c, 1)), digest(c, 2)?))),
    (r"^Published (\S+)@HEX", |c| Some(Form::Claim(reference(part(c, 1)), digest(c, 2)?))),
    (r"^Pushing image to ([^\s\x22]+)", |c| Some(Form::Pushing(reference(part(c, 1).trim_end_matches('.'))))),
    (r"^Pushed (\S+)@HEX", |c| Some(Form::Pushed(reference(part(c, 1)).map(|named| named.0), digest(c, 2)?))),
    (r"^Pushed image to [0-9]+ destinations?", |_| Some(Form::PushedAll)),
    (r"^Pushing layer ([^\s\x22]+) to cache", |c| Some(Form::Cache(reference(part(c, 1))))),
    (r"^Writing manifest (?:list )?to image destination", |_| Some(Form::Writing)),
    (r"^(?:COMMIT |Trying to pull )", |_| Some(Form::Local)),
    (r"^Successfully pushed (?:docker:)?//([^\s@]+)(?: with digest |@)HEX", |c| {
        Some(Form::Claim(reference(part(c, 1)), digest(c, 2)?))
    }),
    (r#"^(?:✅ )?Successfully pushed "[^"]+" to "([^"]+)""#, |c| {
        Some(Form::Named(reference(part(c, 1)).into_iter().collect()))
    }),
    (r"^Successfully pushed (?:Docker )?image to ([^\s\x22]+)", |c| {
        Some(Form::Named(reference(part(c, 1)).into_iter().collect()))
    }),
    (r"^Built and pushed image as (.+)", |c| Some(Form::Named(part(c, 1).split(", ").filter_map(reference).collect()))),
    (r"^(?:pushed|existing|mounted) blob:? ?sha256:", |_| Some(Form::Blob)),
    (r"^([^\s@]+/[^\s@]+)@HEX$", |c| Some(Form::Bare(reference(part(c, 1)), digest(c, 2)?))),
    (r"^HEX$", |c| Some(Form::Digest(digest(c, 1)?))),
    (r"^Publishing ([^\s/]+[.:][^\s/]+/\S+)", |c| Some(Form::Began(reference(part(c, 1))))),
    (r"^(?:exporting to image|exporting to oci|\[auth\] \S*:\S*push\S* token)", |_| Some(Form::Began(None))),
    (r"^(?:\[internal\] load build definition|Sending build context to Docker)", |_| Some(Form::Build)),
];

/// What tools put before their lines: BuildKit's vertex and seconds, logrus, logfmt, JSON, Go's log.
#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static PREFIX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:#([0-9]+) (?:[0-9]+\.[0-9]+ )?",
        r"|[A-Z]{4,5}\[[^\]]*\] +",
        r#"|time="[^"]*" level=[a-z]+ msg="#,
        r#"|\{"level":"[a-z]+","msg":""#,
        r"|[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9:]{8} )"
    ))
    .unwrap()
});

#[expect(clippy::unwrap_used, reason = "literal patterns, compiled by every test")]
static SET: LazyLock<RegexSet> = LazyLock::new(|| RegexSet::new(FORMS.iter().map(|form| written_out(form.0))).unwrap());

#[expect(clippy::unwrap_used, reason = "literal patterns, compiled by every test")]
static EACH: LazyLock<Vec<(Regex, Build)>> =
    LazyLock::new(|| FORMS.iter().map(|&(form, build)| (Regex::new(&written_out(form)).unwrap(), build)).collect());

#[expect(clippy::unwrap_used, reason = "a literal pattern, compiled by every test")]
static PLEDGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(&written_out(r"^pushing HEX to (\S+)")).unwrap());

fn written_out(pattern: &str) -> String {
    pattern.replace("HEX", HEX)
}

/// Returns what the line says about a push, if anything.
pub(super) fn form(line: &str) -> Option<Form> {
    let prefix = PREFIX.captures(line);
    let (vertex, text) = match &prefix {
        Some(prefix) => {
            let end = prefix.get(0).map_or(0, |whole| whole.end());
            (prefix.get(1).map(|vertex| vertex.as_str()), line.get(end..)?.trim_start_matches('"'))
        }
        None => (None, line),
    };
    if let Some(vertex) = vertex {
        if let Some(pledge) = PLEDGE.captures(text) {
            return Some(Form::Pledge(vertex.to_owned(), reference(part(&pledge, 2)), digest(&pledge, 1)?));
        }
        if text.starts_with("DONE") {
            return Some(Form::Done(vertex.to_owned()));
        }
    }
    let first = SET.matches(text).into_iter().next()?;
    let (pattern, build) = EACH.get(first)?;
    build(&pattern.captures(text)?)
}

/// Returns the repository and tag of `[host/]path[:tag][@digest]`; masked and malformed ones are none.
pub(super) fn reference(text: &str) -> Option<Reference> {
    let text = text.trim_matches(['"', '\'', ',']);
    let named = text.split_once('@').map_or(text, |(named, _)| named);
    let (repository, tag) = match named.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, Some(Tag::parse(tag).ok()?)),
        Some(_) | None => (named, None),
    };
    Some((ImageName::parse(repository).ok()?, tag))
}

fn part<'a>(captures: &Captures<'a>, index: usize) -> &'a str {
    captures.get(index).map_or("", |part| part.as_str())
}

fn image(captures: &Captures<'_>, index: usize) -> Option<ImageName> {
    ImageName::parse(part(captures, index)).ok()
}

fn digest(captures: &Captures<'_>, index: usize) -> Option<Digest> {
    Digest::parse(part(captures, index)).ok()
}
