//! What a row is about, whichever pane shows it.

use crate::analysis::{Report, Row, ServiceReport, SourceReport, Verdict};
use crate::domain::{Run, RunKey, ServiceName, SourceId, Text};

/// What a row is about.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A service.
    Service(&'a ServiceReport),
    /// One run, image and tag of a service.
    Row(&'a ServiceReport, &'a Row),
    /// A CI provider or registry.
    Source(&'a SourceReport),
}

/// What stays the same of a subject while its verdict and its place change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A service.
    Service(ServiceName),
    /// A row: its service, run, and the places of its image and tag in the configuration.
    Row(ServiceName, RunKey, usize, usize),
    /// A source.
    Source(SourceId),
}

impl<'a> Subject<'a> {
    /// Returns what stays the same of it.
    #[must_use]
    pub fn identity(&self) -> Identity {
        match self {
            Self::Service(service) => Identity::Service(service.service.name.clone()),
            Self::Row(service, row) => {
                Identity::Row(service.service.name.clone(), row.run.key.clone(), row.image_index, row.tag_index)
            }
            Self::Source(source) => Identity::Source(source.id.clone()),
        }
    }

    /// Returns whether this is what the identity names.
    #[must_use]
    pub fn is(&self, identity: &Identity) -> bool {
        match (self, identity) {
            (Self::Service(service), Identity::Service(name)) => service.service.name == *name,
            (Self::Row(service, row), Identity::Row(name, run, image, tag)) => {
                row.run.key.id == run.id
                    && (row.image_index, row.tag_index) == (*image, *tag)
                    && row.run.key == *run
                    && service.service.name == *name
            }
            (Self::Source(source), Identity::Source(id)) => source.id == *id,
            (Self::Service(_) | Self::Row(..) | Self::Source(_), _) => false,
        }
    }

    /// Returns the subject with this identity.
    #[must_use]
    pub fn find(report: &'a Report, identity: &Identity) -> Option<Self> {
        let service = |name: &ServiceName| report.services.iter().find(|service| service.service.name == *name);
        match identity {
            Identity::Service(name) => service(name).map(Self::Service),
            Identity::Row(name, ..) => {
                let service = service(name)?;
                let mut rows = service.rows.iter().map(|row| Self::Row(service, row));
                rows.find(|row| row.is(identity))
            }
            Identity::Source(id) => report.sources.iter().find(|source| source.id == *id).map(Self::Source),
        }
    }

    /// Returns the service, where it is one or belongs to one.
    #[must_use]
    pub fn service(&self) -> Option<&'a ServiceReport> {
        match self {
            Self::Service(service) | Self::Row(service, _) => Some(service),
            Self::Source(_) => None,
        }
    }

    /// Returns the run that it is about.
    #[must_use]
    pub fn run(&self) -> Option<&'a Run> {
        match self {
            Self::Service(service) => service.newest_green.as_ref().map(|green| &green.run).or(service.newest.as_ref()),
            Self::Row(_, row) => Some(&row.run),
            Self::Source(_) => return None,
        }
        .map(|run| &**run)
    }

    /// Returns the rows that it is about: its own, or those of the service's newest green run.
    #[must_use]
    pub fn rows(&self) -> Vec<&'a Row> {
        match self {
            Self::Service(service) => match &service.newest_green {
                Some(green) => rows_of(service, &green.run).collect(),
                None => Vec::new(),
            },
            Self::Row(_, row) => vec![row],
            Self::Source(_) => Vec::new(),
        }
    }

    /// Returns whether something is wrong with it.
    #[must_use]
    pub fn is_finding(&self) -> bool {
        match self {
            Self::Service(service) => service.newest_green.as_ref().is_some_and(|green| green.verdict.is_finding()),
            Self::Row(_, row) => row.verdict.is_finding(),
            Self::Source(source) => source.health.failure.is_some(),
        }
    }

    /// Returns its verdict, where it has one.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        match self {
            Self::Service(service) => service.newest_green.as_ref().map(|green| green.verdict),
            Self::Row(_, row) => Some(row.verdict),
            Self::Source(_) => None,
        }
    }

    /// Returns what one wants to paste elsewhere: the image reference, the commit, or the server's words.
    #[must_use]
    pub fn worth_copying(&self) -> Option<String> {
        match self {
            Self::Service(_) => self.run().map(|run| run.sha.to_string()),
            Self::Row(_, row) => Some(reference(row)),
            Self::Source(source) => Some(match &source.health.failure {
                Some((_, failure)) => format!("{}: {failure}", source.id),
                None => source.id.to_string(),
            }),
        }
    }

    /// Returns the page for people, where it is a web address and nothing else.
    #[must_use]
    pub fn page(&self) -> Option<String> {
        let page = url::Url::parse(&self.run()?.url).ok()?;
        let address = Text::new(page.as_str());
        (matches!(page.scheme(), "http" | "https") && address.as_str() == page.as_str()).then(|| page.to_string())
    }
}

/// Returns the rows of one run.
pub(super) fn rows_of<'a>(service: &'a ServiceReport, run: &Run) -> impl Iterator<Item = &'a Row> {
    let key = run.key.clone();
    service.rows.iter().filter(move |row| row.run.key == key)
}

/// Returns the image and tag that a row expects.
pub(super) fn reference(row: &Row) -> String {
    let image = row.image().map(ToString::to_string).unwrap_or_default();
    match (&row.tag, row.service.images.get(row.image_index).and_then(|image| image.tags.get(row.tag_index))) {
        (Some(tag), _) => format!("{image}:{tag}"),
        (None, Some(template)) => format!("{image}:{}", template.as_str()),
        (None, None) => image,
    }
}
