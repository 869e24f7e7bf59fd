//! Where the log says that the image went, if not where it is expected.

use super::Verdict;
use super::context::{Context, Place, names_commit};
use super::notes::Notes;
use super::push::Logs;
use crate::domain::{Claim, ImageName, Look, Probe, Tag, TagRef, Text};

/// Looks where the log says that the image went.
pub(super) fn elsewhere(
    ctx: &Context<'_>,
    place: &Place<'_>,
    tag: &Tag,
    logs: &Logs<'_>,
    notes: &mut impl Notes,
) -> Option<Verdict> {
    let expected = &place.spec.repository;
    let sha = &place.run.sha;
    let other = |claim: &&Claim| {
        let image = claim.image.as_ref().unwrap_or(expected);
        let Some(claimed) = &claim.tag else { return false };
        // One job may push the images of several services; each of them is where it belongs.
        if image != expected && ctx.service.claimed.contains(image) {
            return false;
        }
        if ctx.service.expects(place.run, image, claimed) || (image == expected && is_part(claimed, tag)) {
            return false;
        }
        let commit = claimed
            .as_str()
            .split(['-', '_', '.'])
            .any(|part| part.len() >= 7 && names_commit(part, sha) == Some(true));
        if image == expected { claimed != tag && commit } else { claimed == tag || commit }
    };
    let claim = logs.claims().filter(other).last()?;
    let image: ImageName = claim.image.as_ref().unwrap_or(expected).clone();
    let tag_ref = TagRef { image, tag: claim.tag.clone()? };
    let found = ctx.snapshot.image(&tag_ref.image).and_then(|image| image.tags.get(&tag_ref.tag));
    match found.map(|found| &found.probe) {
        None => {
            notes.want(place.urgency, None, || Look::Tag(tag_ref.clone()));
            Some(Verdict::Unknown)
        }
        Some(Probe::Present(_)) if is_refused(expected, logs) => {
            notes.say(|| format!("It is at {tag_ref} too; here the push was refused."));
            None
        }
        Some(Probe::Present(digest)) if claim.digest.as_ref().is_none_or(|claimed| claimed == digest) => {
            notes.say(|| format!("It is at {tag_ref} instead, as {}.", digest.short()));
            notes.cause(|| format!("The push went to {tag_ref}; {expected}:{tag} is expected."));
            notes.step(|| "Correct the destination in the pipeline, or the image in the configuration.".to_owned());
            Some(Verdict::Misrouted)
        }
        Some(Probe::Present(_) | Probe::Absent(_)) => {
            notes.say(|| format!("The log names {tag_ref}, but it is not there either."));
            None
        }
        Some(Probe::Unseen(failure)) => {
            notes.say(|| format!("The log names {tag_ref}, which could not be looked at: {failure}."));
            None
        }
    }
}

/// Returns whether the push set out for the expected repository and was refused: it went elsewhere besides, and not instead.
fn is_refused(expected: &ImageName, logs: &Logs<'_>) -> bool {
    // A name of one word may stand anywhere.
    let name = Some(expected.repository()).filter(|name| name.contains('/'));
    let names_it = |line: &Text| name.is_some_and(|name| line.raw().contains(name));
    logs.refusals().any(|line| logs.sets_out_for(expected) || names_it(line))
}

/// Returns the tag of a part for one platform that the log claims, where what joins the parts was to have the expected one.
pub(super) fn part<'a>(image: &ImageName, tag: &Tag, logs: &Logs<'a>) -> Option<&'a Tag> {
    logs.tags(image).find(|claimed| is_part(claimed, tag))
}

/// Returns whether a tag is another one with the name of a platform at either end, as in `1.4-arm64` or `amd64-1.4`.
fn is_part(claimed: &Tag, tag: &Tag) -> bool {
    const ARCHITECTURES: [&str; 15] = [
        "amd64", "x86_64", "x86-64", "x64", "386", "i386", "arm64", "aarch64", "armhf", "arm32", "arm", "ppc64le",
        "s390x", "riscv64", "loong64",
    ];
    const SEPARATORS: [char; 3] = ['-', '_', '.'];
    let (claimed, tag) = (claimed.as_str(), tag.as_str());
    let behind = claimed.strip_prefix(tag).and_then(|rest| rest.strip_prefix(SEPARATORS));
    let before = || claimed.strip_suffix(tag).and_then(|rest| rest.strip_suffix(SEPARATORS));
    let Some(platform) = behind.or_else(before) else { return false };
    let system = platform.strip_prefix("linux").and_then(|rest| rest.strip_prefix(SEPARATORS));
    let platform = system.unwrap_or(platform);
    // A variant may follow, as in `arm-v7` or `arm64v8`.
    let is_variant = |rest: &str| {
        let digit = rest.strip_prefix(SEPARATORS).unwrap_or(rest).strip_prefix('v');
        rest.is_empty()
            || digit.is_some_and(|digit| digit.len() == 1 && digit.bytes().all(|byte| byte.is_ascii_digit()))
    };
    ARCHITECTURES.iter().any(|architecture| platform.strip_prefix(architecture).is_some_and(is_variant))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_part_is_the_tag_with_the_name_of_a_platform_at_either_end() {
        let is_part = |claimed: &str| is_part(&Tag::parse(claimed).unwrap(), &Tag::parse("sha-1a2b3c4").unwrap());
        for part in ["amd64", "x86_64", "linux-arm64", "linux_amd64", "arm-v7", "arm64v8", "arm32v7", "aarch64"] {
            assert!(is_part(&format!("sha-1a2b3c4-{part}")), "{part}");
            assert!(is_part(&format!("{part}-sha-1a2b3c4")), "{part}");
        }
        for other in ["sha-1a2b3c4", "sha-1a2b3c4-debug", "sha-1a2b3c4amd64", "sha-1a2b3c4-amd64-debug", "sha-9-amd64"]
        {
            assert!(!is_part(other), "{other}");
        }
    }
}
