//! One thing to ask a source. What is wanted is said as data; `poll` decides when it is asked.

use std::fmt;

use jiff::Timestamp;

use super::{Digest, Ended, ImageName, JobId, RepoPath, RunKey, ServiceName, TagRef};

/// One thing to ask a source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Look {
    /// The newest runs of a service.
    Runs(ServiceName),
    /// The jobs of a run.
    Jobs(RunKey),
    /// What the log of a finished job says that it pushed.
    PushLog(RunKey, JobId),
    /// A tag, and the manifest that it points to.
    Tag(TagRef),
    /// A manifest by its digest.
    Manifest(ImageName, Digest),
    /// An image's config blob.
    Config(ImageName, Digest),
    /// Whether a blob is there.
    Blob(ImageName, Digest),
    /// Whether this credential may read the repository at all: its list of tags.
    Canary(ImageName),
    /// The jobs of every try of a run that is over.
    Tries(Ended),
    /// What the tests of a run that is over left behind.
    Reports(Ended),
    /// The deployments to the environment of a service; how those up to the one of this id ended is known.
    Deployments(ServiceName, u64),
}

impl Look {
    /// Returns the repository of images that it is about, if any.
    #[must_use]
    pub fn image(&self) -> Option<&ImageName> {
        match self {
            Self::Tag(tag_ref) => Some(&tag_ref.image),
            Self::Manifest(image, _) | Self::Config(image, _) | Self::Blob(image, _) | Self::Canary(image) => {
                Some(image)
            }
            Self::Runs(_)
            | Self::Jobs(_)
            | Self::PushLog(..)
            | Self::Tries(_)
            | Self::Reports(_)
            | Self::Deployments(..) => None,
        }
    }
}

/// What of a source a look is about: a source may answer for one and refuse another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// The list of a service's runs.
    Runs(ServiceName),
    /// The jobs of a repository's runs.
    Jobs(RepoPath),
    /// The logs of those.
    Logs(RepoPath),
    /// Earlier tries of a repository's runs.
    Tries(RepoPath),
    /// What tests of a repository leave behind.
    Reports(RepoPath),
    /// The deployments of a service.
    Deployments(ServiceName),
    /// A repository of images.
    Image(ImageName),
    /// The list of its tags: who may not read that may still read every one of them.
    Tags(ImageName),
}

impl Topic {
    /// Returns the repository of images that it is about.
    #[must_use]
    pub fn image(&self) -> Option<&ImageName> {
        match self {
            Self::Image(image) | Self::Tags(image) => Some(image),
            Self::Runs(_)
            | Self::Jobs(_)
            | Self::Logs(_)
            | Self::Tries(_)
            | Self::Reports(_)
            | Self::Deployments(_) => None,
        }
    }
}

impl Look {
    /// Returns what it is about.
    #[must_use]
    pub fn topic(&self) -> Topic {
        match self {
            Self::Runs(service) => Topic::Runs(service.clone()),
            Self::Jobs(run) => Topic::Jobs(run.repo.clone()),
            Self::PushLog(run, _) => Topic::Logs(run.repo.clone()),
            Self::Tries(ended) => Topic::Tries(ended.run.repo.clone()),
            Self::Reports(ended) => Topic::Reports(ended.run.repo.clone()),
            Self::Deployments(service, _) => Topic::Deployments(service.clone()),
            Self::Tag(TagRef { image, .. })
            | Self::Manifest(image, _)
            | Self::Config(image, _)
            | Self::Blob(image, _) => Topic::Image(image.clone()),
            Self::Canary(image) => Topic::Tags(image.clone()),
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs(service) => write!(f, "runs of {service}"),
            Self::Jobs(repo) => write!(f, "jobs of {repo}"),
            Self::Logs(repo) => write!(f, "logs of {repo}"),
            Self::Tries(repo) => write!(f, "tries of {repo}"),
            Self::Reports(repo) => write!(f, "test reports of {repo}"),
            Self::Deployments(service) => write!(f, "deployments of {service}"),
            Self::Image(image) => f.write_str(image.repository()),
            Self::Tags(image) => write!(f, "tags of {}", image.repository()),
        }
    }
}

/// In which order looks are asked. The first is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Urgency {
    /// The user asked for it.
    Asked,
    /// The user opened what it is about. It goes ahead as well, but not to a source that is closed.
    Opened,
    /// Needed for the newest green commit of a service.
    Newest,
    /// The layers and logs of that commit, whose tag and content are known.
    NewestLayers,
    /// Needed for older commits.
    Depth,
    /// The layers and logs of those.
    Layers,
    /// Looking again at what is known and on the screen.
    Watched,
    /// Looking again at what is known.
    Again,
    /// Reading once what no verdict depends on, when nothing else is to be asked.
    Spare,
}

impl Urgency {
    /// Returns whether nobody waits for it: it keeps fresh what is known, or adds what no verdict depends on.
    #[must_use]
    pub fn is_background(self) -> bool {
        self >= Self::Watched
    }
}

/// A look that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What to ask.
    pub look: Look,
    /// In which order.
    pub urgency: Urgency,
    /// Not before this moment; at once where there is none.
    pub not_before: Option<Timestamp>,
}
