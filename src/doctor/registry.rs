//! A registry: its login, and whether each repository can be read with it.

use super::{About, Check, Grade, Section, counted, failure};
use crate::domain::{
    AuthKind, AuthStage, Batch, CredentialRecord, Failure, Health, ImageName, LoginReport, LoginScheme, Probe,
    SourceId, SourceKind, Standing, Tag, Text,
};

/// What was seen of a registry.
#[derive(Debug)]
pub struct RegistryLook<'a> {
    /// Its host, as image names write it.
    pub host: &'a SourceId,
    /// How it lets itself be read; `None` where no answer came in time, or nobody needs it.
    pub login: Option<Result<LoginReport, Failure>>,
    /// The repositories that services expect images in, each with the list of its tags.
    pub repositories: Vec<(&'a ImageName, Option<&'a Probe<Batch<Tag>>>)>,
    /// What is known of the login that pipelines push with.
    pub push: PushLook,
    /// What it was sent.
    pub health: Option<&'a Health>,
}

/// What was seen of the login that pipelines push with.
#[derive(Debug)]
pub enum PushLook {
    /// The configuration names none.
    Unnamed,
    /// No answer came in time.
    Late,
    /// It was tried: the registry was asked what it may do, and nothing was written.
    Tried(Result<Batch<CredentialRecord>, Failure>),
}

impl RegistryLook<'_> {
    /// Returns what that means.
    #[must_use]
    pub fn section(&self) -> Section {
        let mut checks = vec![self.login()];
        checks.extend(self.push());
        checks.extend(self.repositories.iter().map(|(image, tags)| self.tags(image, *tags)));
        Section {
            about: About::Source(SourceKind::Registry),
            name: self.host.as_str().into(),
            head: format!("Registry {}", self.host).into(),
            checks,
            health: self.health.cloned(),
        }
    }

    fn login(&self) -> Check {
        if self.repositories.is_empty() {
            return Check::new("login", Grade::Ok, "no service expects an image here, so it was not asked");
        }
        let (scheme, whose) = match &self.login {
            None => return Check::new("login", Grade::Unknown, "no answer in time"),
            Some(Err(failure)) => return self.mend(failure::check("login".to_owned(), "", failure), failure),
            Some(Ok(LoginReport { scheme, whose })) => (scheme, whose.as_ref()),
        };
        let says = match (scheme, whose) {
            (LoginScheme::Open, None) => "anonymous: it wants no login".to_owned(),
            (LoginScheme::Open, Some(whose)) => {
                format!("it wants no login; what it denies is asked again with {whose}")
            }
            (LoginScheme::Basic, Some(whose)) => format!("it wants a password with each request: {whose}"),
            (LoginScheme::Basic, None) => "it wants a password with each request".to_owned(),
            (LoginScheme::Bearer, Some(whose)) => format!("its token service accepts {whose}"),
            (LoginScheme::Bearer, None) => "anonymous: its token service gives tokens to everybody".to_owned(),
        };
        Check::new("login", Grade::Ok, says)
    }

    fn push(&self) -> Option<Check> {
        const NAME: &str = "push login";
        let record = match &self.push {
            PushLook::Unnamed => return None,
            PushLook::Late => return Some(Check::new(NAME, Grade::Unknown, "no answer in time")),
            PushLook::Tried(Err(failure)) => {
                return Some(failure::check(NAME.to_owned(), "", failure));
            }
            PushLook::Tried(Ok(batch)) => batch.items.first()?,
        };
        let fix = format!("Renew what `push_credential` of {} names, with the right to push.", self.host);
        let whose = if record.place.is_empty() { String::new() } else { format!("{}: ", record.place) };
        let notes = record.notes.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
        let is_unverified = record.notes.iter().any(|note| note.raw().starts_with("Push unverified"));
        Some(match &record.standing {
            Standing::Refused(says) | Standing::Ended(says) => {
                Check::new(NAME, Grade::Fail, format!("{whose}{says}")).fix(fix)
            }
            Standing::Accepted | Standing::AboveNeed(_) | Standing::Untried | Standing::OutOfReach(_)
                if is_unverified =>
            {
                Check::new(NAME, Grade::Unknown, format!("{whose}accepted; whether it may push is not told")).why(notes)
            }
            Standing::Accepted | Standing::AboveNeed(_) => {
                Check::new(NAME, Grade::Ok, format!("{whose}accepted, and may push")).why(notes)
            }
            Standing::Untried | Standing::OutOfReach(_) => {
                Check::new(NAME, Grade::Unknown, format!("{whose}was not tried"))
            }
        })
    }

    fn tags(&self, image: &ImageName, tags: Option<&Probe<Batch<Tag>>>) -> Check {
        let name = image.repository().to_owned();
        match tags {
            None => Check::new(name, Grade::Unknown, "no answer in time"),
            Some(Probe::Present(batch)) => {
                let tags = counted(batch.items.len(), "tag", "tags");
                let more = if batch.complete { "" } else { " on the first page of its list" };
                Check::new(name, Grade::Ok, format!("can be read: {tags}{more}"))
            }
            Some(Probe::Absent(absence)) => {
                Check::new(name, Grade::Fail, format!("not found: the registry answers {}", absence.code))
                    .why("Nothing was pushed there yet, its name is another, or it is hidden from this login.")
                    .fix("Compare `repository` with what the push step pushes, and give the login the right to pull.")
            }
            Some(Probe::Unseen(failure)) => self.mend(failure::check(name, "", failure), failure),
        }
    }

    /// Says how to mend a login.
    fn mend(&self, check: Check, failure: &Failure) -> Check {
        let host = self.host;
        match failure {
            Failure::Auth { stage: AuthStage::Local, .. } => {
                check.fix("Mend the file, variable, command or helper that it names, by running it by hand.")
            }
            Failure::Auth { kind: AuthKind::Absent, .. } => {
                check.fix(format!("docker login {host}, or a `credential` for this [[registry]]."))
            }
            Failure::Auth { kind: AuthKind::InsufficientScope, .. } | Failure::Forbidden(_) => {
                check.fix("Give this login the right to pull from the repository; and see whether the name is right.")
            }
            Failure::Auth {
                kind: AuthKind::InvalidToken | AuthKind::BadPassword | AuthKind::Expired | AuthKind::Unknown,
                ..
            } => check.fix(format!("Renew the login: docker login {host}, or whatever gives its password.")),
            Failure::NotFound(_)
            | Failure::RateLimited { .. }
            | Failure::Unreachable { .. }
            | Failure::Malformed(_)
            | Failure::TooLarge { .. }
            | Failure::Ambiguous(_)
            | Failure::Withheld(_) => check,
        }
    }
}
