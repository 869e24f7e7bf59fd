//! The one truth that every face of landfall shows.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{CredentialReport, Freshness, Incident, Reliability};
use crate::domain::{
    Digest, Health, ImageName, ImageSpec, Miss, Moment, Platform, Proof, Run, Service, SourceId, Tag, TagTemplate, Text,
};

/// What the verdicts are judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// How long after the push job's end an absent tag is not yet missing.
    pub grace: SignedDuration,
    /// How many of the newest runs of a service are looked at.
    pub runs: usize,
    /// How far apart the two looks stand that a missing tag needs.
    pub second_look: SignedDuration,
    /// How old the proof may be that the credential can read the repository.
    pub canary: SignedDuration,
    /// Between looks at a service with a run in progress.
    pub running: SignedDuration,
    /// Between looks at a service with a run in progress that is on the screen.
    pub on_screen: SignedDuration,
    /// Between looks at a service where nothing happens.
    pub idle: SignedDuration,
    /// Between looks at a service that had no run for a day; three times this after a week.
    pub quiet: SignedDuration,
    /// A pipeline over this is slow.
    pub slow_pipeline: SignedDuration,
    /// A stage or job over this is slow.
    pub slow_stage: SignedDuration,
    /// Above this share of builds failed by flakes: stay on Continuous Delivery. 0 to 1.
    pub flaky_gate: f64,
    /// What must have been looked at just now, where somebody asked for an answer.
    pub asked: Option<Asked>,
}

/// What somebody asked for, once. Lists of runs, the newest green commits, findings and the commit that was named must
/// have been looked at after the question; what landed before, and was proven then, stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// The first digits of the commit that was named.
    pub commit: Option<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            grace: SignedDuration::from_mins(2),
            runs: 20,
            second_look: SignedDuration::from_secs(15),
            canary: SignedDuration::from_mins(5),
            running: SignedDuration::from_secs(10),
            on_screen: SignedDuration::from_secs(5),
            idle: SignedDuration::from_secs(60),
            quiet: SignedDuration::from_mins(5),
            slow_pipeline: SignedDuration::from_mins(10),
            slow_stage: SignedDuration::from_mins(5),
            flaky_gate: 0.05,
            asked: None,
        }
    }
}

/// Did the image land? The ten words of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The registry says no such tag, and it was able to say so.
    Missing,
    /// The tag is there with another commit's older content.
    Stale,
    /// The tag's revision label names another commit.
    Mismatch,
    /// The tag is there but cannot be pulled whole.
    Incomplete,
    /// Absent where expected, present where the log says it went.
    Misrouted,
    /// It landed once and is absent now.
    Pruned,
    /// Could not look.
    Unknown,
    /// Not final: still running, or within grace.
    Pending,
    /// There, this commit's, and whole.
    Landed,
    /// This run was not to publish.
    NotExpected,
}

impl Verdict {
    /// Every verdict, worst first.
    pub const ALL: [Self; 10] = [
        Self::Missing,
        Self::Stale,
        Self::Mismatch,
        Self::Incomplete,
        Self::Misrouted,
        Self::Pruned,
        Self::Unknown,
        Self::Pending,
        Self::Landed,
        Self::NotExpected,
    ];

    /// Returns the word that the report and the screen use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Landed => "landed",
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Mismatch => "mismatch",
            Self::Incomplete => "incomplete",
            Self::Misrouted => "misrouted",
            Self::Pruned => "pruned",
            Self::Pending => "pending",
            Self::NotExpected => "not_expected",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the verdict that the word names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }

    /// Returns whether something is wrong: a finding, exit code 1.
    #[must_use]
    pub fn is_finding(self) -> bool {
        match self {
            Self::Missing | Self::Stale | Self::Mismatch | Self::Incomplete | Self::Misrouted | Self::Pruned => true,
            Self::Unknown | Self::Pending | Self::Landed | Self::NotExpected => false,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Everything that is known and judged at one moment.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// A service each, in the configuration's order.
    pub services: Vec<ServiceReport>,
    /// A source each, by name.
    pub sources: Vec<SourceReport>,
    /// Every credential, the worst first, once `credentials` has judged them.
    pub credentials: Vec<CredentialReport>,
    /// Images of one registry that stopped landing together, the most services first.
    pub incidents: Vec<Incident>,
}

impl Report {
    /// Returns every row of every service.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.services.iter().flat_map(|service| &service.rows)
    }

    /// Returns how many rows have this verdict.
    #[must_use]
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows().filter(|row| row.verdict == verdict).count()
    }
}

/// One service.
#[derive(Debug, Clone)]
pub struct ServiceReport {
    /// The service as configured.
    pub service: Arc<Service>,
    /// A row per run, image and tag; newest run first.
    pub rows: Vec<Row>,
    /// The newest run, in whatever state.
    pub newest: Option<Arc<Run>>,
    /// The newest green run that was to publish, and its verdict.
    pub newest_green: Option<Green>,
    /// The newest run all of whose tags landed, or are last known to have.
    pub newest_landed: Option<Arc<Run>>,
    /// The newest green one of those: one would roll back to it.
    pub way_back: Option<Arc<Run>>,
    /// How many green commits, that were to publish, stand above the newest landed one; `None` where that is unknown.
    pub behind: Option<usize>,
    /// The end of the first green run after the newest landed one: since then nothing lands.
    pub since: Option<Timestamp>,
    /// When the list of runs was last read.
    pub seen_at: Option<Timestamp>,
    /// How old that is, by how often the list should be read.
    pub freshness: Freshness,
    /// Why the list of runs could not be read the last time.
    pub failure: Option<Miss>,
    /// Whether the list of runs was read as far as was wanted.
    pub complete: bool,
    /// How many runs of the list could not be read.
    pub skipped: u64,
    /// Whether every row is settled: no look that could change a verdict is outstanding.
    pub settled: bool,
    /// How much its green and red can be trusted, once `assess` or `renewed` has judged that.
    pub reliability: Arc<Reliability>,
}

impl ServiceReport {
    /// Returns whether time alone may change its verdicts.
    #[must_use]
    pub fn is_restless(&self) -> bool {
        let passing = |row: &Row| matches!(row.verdict, Verdict::Pending | Verdict::Unknown);
        !self.settled || self.rows.iter().any(passing)
    }
}

/// The newest green run of a service.
#[derive(Debug, Clone)]
pub struct Green {
    /// The run.
    pub run: Arc<Run>,
    /// The worst verdict among its rows.
    pub verdict: Verdict,
    /// Whether nothing that could change it is outstanding.
    pub settled: bool,
}

/// Which tag of a service: where its image stands in the service's list, and its template in the image's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TagPlace {
    /// The place of the image.
    pub image: u32,
    /// The place of the template.
    pub tag: u32,
}

/// One run × image × tag.
#[derive(Debug, Clone)]
pub struct Row {
    /// The service's place in `Report::services`.
    pub service: Arc<Service>,
    /// The run.
    pub run: Arc<Run>,
    /// Which of the service's tags was expected.
    pub place: TagPlace,
    /// The expected tag; `None` where the template cannot be filled in for this run.
    pub tag: Option<Tag>,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether nothing that could change the verdict is outstanding. A `landed` that is not settled
    /// still waits for its layers to be looked at.
    pub settled: bool,
    /// The last verdict that was sure, and when, where this one is `unknown`.
    pub last_known: Option<(Verdict, Moment)>,
    /// Since when the verdict holds, where that is known.
    pub since: Option<Moment>,
    /// What the tag points to.
    pub digest: Option<Digest>,
    /// What was found behind it, as far as it was looked at; a proof where the verdict is `landed` and settled.
    pub found: Option<Arc<Proof>>,
    /// When the registry last said what the verdict rests on.
    pub seen_at: Option<Moment>,
}

impl Row {
    /// Returns the image repository that is expected.
    #[must_use]
    pub fn image(&self) -> Option<&ImageName> {
        self.spec().map(|spec| &spec.repository)
    }

    /// Returns what is expected of the image.
    #[must_use]
    pub fn spec(&self) -> Option<&ImageSpec> {
        self.service.images.get(usize::try_from(self.place.image).ok()?)
    }

    /// Returns what the tag is made from.
    #[must_use]
    pub fn template(&self) -> Option<&TagTemplate> {
        self.spec()?.tags.get(usize::try_from(self.place.tag).ok()?)
    }

    /// Returns the image and the tag that are expected.
    #[must_use]
    pub fn reference(&self) -> String {
        let image = self.image().map(ToString::to_string).unwrap_or_default();
        match (&self.tag, self.template()) {
            (Some(tag), _) => format!("{image}:{tag}"),
            (None, Some(template)) => format!("{image}:{}", template.as_str()),
            (None, None) => image,
        }
    }

    /// Returns when the image was built, by its own word.
    #[must_use]
    pub fn created(&self) -> Option<Timestamp> {
        self.found.as_ref()?.created.map(Moment::at)
    }

    /// Returns the commit that the image names.
    #[must_use]
    pub fn revision(&self) -> Option<Text> {
        Some(self.found.as_ref()?.revision.as_ref()?.text())
    }

    /// Returns the platforms that the tag offers.
    #[must_use]
    pub fn platforms(&self) -> &[Platform] {
        self.found.as_ref().map_or(&[], |found| &found.frame.platforms)
    }
}

/// Why a row's verdict is what it is, in plain sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explanation {
    /// One sentence each, in the order looked at.
    pub evidence: Vec<String>,
    /// What would have to be looked at to be sure; empty where the verdict is sure.
    pub to_be_sure: Vec<String>,
    /// The likely cause, where the evidence names one.
    pub cause: Option<String>,
    /// What to do next; landfall does none of it.
    pub next_steps: Vec<String>,
}

/// One source.
#[derive(Debug, Clone)]
pub struct SourceReport {
    /// Its name.
    pub id: SourceId,
    /// How it is doing.
    pub health: Health,
}
