//! The vocabulary: what CI providers and registries say, in the field's own words. Imports nothing of ours.

mod claim;
mod fact;
mod failure;
mod health;
mod image;
mod look;
mod name;
mod observation;
mod recall;
mod record;
mod run;
mod secret;
mod segment;
mod service;
mod shed;
mod snapshot;
mod template;
mod text;

pub use claim::{Claim, PushLog};
pub use fact::{Fact, Judgement, Landed, Proof, TagFact};
pub use failure::{AuthKind, AuthStage, Failure, Remedy, Stage};
pub use health::{Budget, Health, Pace, SourceKind, Traffic};
pub use image::{Absence, AbsenceCode, Child, Descriptor, ImageConfig, Manifest, ManifestKind, Platform, Probe};
pub use look::{Look, Urgency, Wanted};
pub use name::{Digest, ImageName, NameError, RepoPath, ServiceName, Sha, SourceId, Tag, TagRef};
pub use observation::{Batch, Observation, Part, Seen};
pub use record::{ImageRecord, LandedRecord, Listing, Miss, RunRecord, TagRecord};
pub use run::{Conclusion, Event, Job, JobId, Run, RunKey, RunState};
pub use secret::{CredentialSource, SecretSource};
pub use service::{Globs, ImageSpec, RevisionRule, Service};
pub use snapshot::Snapshot;
pub use template::{TagTemplate, TemplateError};
pub use text::Text;
