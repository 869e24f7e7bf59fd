//! What was found behind a digest that was looked at in full. There is one for each image that landed.

use std::fmt;
use std::sync::Arc;

use super::hex::{Hex, unhex};
use super::{ImageSpec, LandedRecord, Moment, Platform, RevisionRule, Text};

/// What was found behind a digest when all of it was looked at: the manifests, the configs, the layers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What was asked, and what the tag offers: mostly the same as for the image before.
    pub frame: Arc<Frame>,
    /// When the image was built, by its own word.
    pub created: Option<Moment>,
    /// The commit that the image names.
    pub revision: Option<Revision>,
    /// How many layers were there.
    pub layers: u32,
    /// Whether the log of the push claims this digest; `None` where it was not read, or claims nothing.
    pub claimed: Option<bool>,
}

/// What many proofs have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The platforms that had to resolve. Where the configuration names others by now, the proof proves nothing.
    pub wanted: Box<[Platform]>,
    /// What was asked of the revision label; where that is something else by now, the proof proves nothing.
    pub rule: RevisionRule,
    /// The platforms that the tag offers.
    pub platforms: Box<[Platform]>,
}

impl Proof {
    /// Returns whether it proves what is asked of an image by now.
    #[must_use]
    pub fn answers(&self, spec: &ImageSpec) -> bool {
        *self.frame.wanted == *spec.platforms && self.frame.rule == spec.revision
    }

    /// What is wanted and offered is mostly what the last one says too, and is held once.
    pub(super) fn share(&mut self, last: Option<&LandedRecord>) {
        if let Some(last) = last.and_then(|last| last.proof.as_ref())
            && self.frame == last.frame
        {
            self.frame = last.frame.clone();
        }
    }
}

/// What an image says that it was built from.
#[derive(Clone, PartialEq, Eq)]
pub struct Revision(Said);

/// Nearly every image names a commit, which is held without a text of its own.
#[derive(Clone, PartialEq, Eq)]
enum Said {
    Commit([u8; 20]),
    Other(Text),
}

impl Revision {
    /// Returns what the image says, to be shown or compared.
    #[must_use]
    pub fn text(&self) -> Text {
        match &self.0 {
            Said::Commit(bytes) => Text::new(&Hex(bytes).to_string()),
            Said::Other(text) => text.clone(),
        }
    }
}

impl From<&str> for Revision {
    fn from(said: &str) -> Self {
        Self(commit(said).map_or_else(|| Said::Other(said.into()), Said::Commit))
    }
}

impl From<&Text> for Revision {
    fn from(said: &Text) -> Self {
        Self(commit(said.raw()).map_or_else(|| Said::Other(said.clone()), Said::Commit))
    }
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text().fmt(f)
    }
}

/// Reads a commit's id, if it is written in full and as it is always written.
fn commit(said: &str) -> Option<[u8; 20]> {
    unhex(said).filter(|_| !said.bytes().any(|byte| byte.is_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_told_as_the_image_says_it() {
        let commit = "9e3779b97f4a7c15f39cc0605cedc83500000000";
        let longest = "é".repeat(600);
        for said in [commit, "", "abc", "v1.2.3", &commit.to_uppercase(), &commit.replace('9', "g"), &longest] {
            let text = Text::new(said);
            assert_eq!(Revision::from(said).text(), text);
            assert_eq!(Revision::from(&text).text(), text);
            assert_eq!(Revision::from(&text), Revision::from(said));
        }
    }
}
