//! What a row is about, whichever pane shows it.

use super::about::rows_of;
use crate::analysis::{
    CredentialReport, Incident, JobDurations, JobFlakiness, Report, Row, ServiceReport, SourceReport, TagPlace,
    TestFlakiness, WorkflowDurations,
};
use crate::domain::{RunKey, ServiceName, SourceId, Text};

/// What a row is about.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A service.
    Service(&'a ServiceReport),
    /// One run, image and tag of a service.
    Row(&'a ServiceReport, &'a Row),
    /// A CI provider or registry.
    Source(&'a SourceReport),
    /// The builds of a service: how much their green and red can be trusted.
    Builds(&'a ServiceReport),
    /// A job, and how much it can be trusted.
    Job(&'a ServiceReport, &'a JobFlakiness),
    /// A test, and how much it can be trusted.
    Test(&'a ServiceReport, &'a TestFlakiness),
    /// How long the runs of a workflow take; nothing where no run of the service is known.
    Workflow(&'a ServiceReport, Option<&'a WorkflowDurations>),
    /// How long a job of a workflow takes.
    JobTime(&'a ServiceReport, &'a WorkflowDurations, &'a JobDurations),
    /// A credential.
    Credential(&'a CredentialReport),
    /// Several images of one registry that stopped landing.
    Incident(&'a Incident),
}

/// What stays the same of a subject while its verdict and its place change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// A service.
    Service(ServiceName),
    /// A row: its service, run, and the places of its image and tag in the configuration.
    Row(ServiceName, RunKey, TagPlace),
    /// A source.
    Source(SourceId),
    /// The builds of a service.
    Builds(ServiceName),
    /// A job, by its workflow and name.
    Job(ServiceName, (Text, Text)),
    /// A test, by its job, class, name and file.
    Test(ServiceName, (Text, Text), (Text, Text, Option<Text>)),
    /// A workflow's durations.
    Workflow(ServiceName, Option<Text>),
    /// A job's durations, by its workflow and name.
    JobTime(ServiceName, (Text, Text)),
    /// A credential, by its source and id.
    Credential(Option<SourceId>, Text),
    /// An incident, by the registry and namespace that it concerns.
    Incident(Text),
}

impl Identity {
    /// Returns the service that it belongs to.
    #[must_use]
    pub fn service(&self) -> Option<&ServiceName> {
        match self {
            Self::Service(name)
            | Self::Row(name, ..)
            | Self::Builds(name)
            | Self::Job(name, _)
            | Self::Test(name, ..)
            | Self::Workflow(name, _)
            | Self::JobTime(name, _) => Some(name),
            Self::Source(_) | Self::Credential(..) | Self::Incident(_) => None,
        }
    }
}

impl<'a> Subject<'a> {
    /// Returns what stays the same of it.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let name = |service: &ServiceReport| service.service.name.clone();
        match self {
            Self::Service(service) => Identity::Service(name(service)),
            Self::Row(service, row) => Identity::Row(name(service), row.run.key.clone(), row.place),
            Self::Source(source) => Identity::Source(source.id.clone()),
            Self::Credential(row) => Identity::Credential(row.source.clone(), row.record.id.clone()),
            Self::Incident(incident) => Identity::Incident(incident.scope.clone()),
            Self::Builds(service) => Identity::Builds(name(service)),
            Self::Job(service, job) => Identity::Job(name(service), (job.workflow.clone(), job.name.clone())),
            Self::Test(service, test) => {
                let names = (test.classname.clone(), test.name.clone(), test.file.clone());
                Identity::Test(name(service), test.job.clone(), names)
            }
            Self::Workflow(service, workflow) => {
                Identity::Workflow(name(service), workflow.map(|workflow| workflow.workflow.clone()))
            }
            Self::JobTime(service, workflow, job) => {
                Identity::JobTime(name(service), (workflow.workflow.clone(), job.name.clone()))
            }
        }
    }

    /// Returns whether this is what the identity names.
    #[must_use]
    pub fn is(&self, identity: &Identity) -> bool {
        let whose = |service: &ServiceReport, name: &ServiceName| service.service.name == *name;
        match (self, identity) {
            (Self::Service(service), Identity::Service(name)) | (Self::Builds(service), Identity::Builds(name)) => {
                whose(service, name)
            }
            (Self::Row(service, row), Identity::Row(name, run, place)) => {
                row.run.key.id == run.id && row.place == *place && row.run.key == *run && whose(service, name)
            }
            (Self::Source(source), Identity::Source(id)) => source.id == *id,
            (Self::Credential(row), Identity::Credential(source, id)) => row.record.id == *id && row.source == *source,
            (Self::Incident(incident), Identity::Incident(scope)) => incident.scope == *scope,
            (Self::Job(service, job), Identity::Job(name, (workflow, known))) => {
                job.name == *known && job.workflow == *workflow && whose(service, name)
            }
            (Self::Test(service, test), Identity::Test(name, job, (classname, known, file))) => {
                let named = test.name == *known && test.classname == *classname && test.file == *file;
                named && test.job == *job && whose(service, name)
            }
            (Self::Workflow(service, workflow), Identity::Workflow(name, known)) => {
                workflow.map(|workflow| &workflow.workflow) == known.as_ref() && whose(service, name)
            }
            (Self::JobTime(service, workflow, job), Identity::JobTime(name, (of, known))) => {
                job.name == *known && workflow.workflow == *of && whose(service, name)
            }
            (
                Self::Service(_)
                | Self::Row(..)
                | Self::Source(_)
                | Self::Builds(_)
                | Self::Job(..)
                | Self::Test(..)
                | Self::Workflow(..)
                | Self::JobTime(..)
                | Self::Credential(_)
                | Self::Incident(_),
                _,
            ) => false,
        }
    }

    /// Returns the subject with this identity.
    #[must_use]
    pub fn find(report: &'a Report, identity: &Identity) -> Option<Self> {
        if let Identity::Source(id) = identity {
            return report.sources.iter().find(|source| source.id == *id).map(Self::Source);
        }
        if let Identity::Credential(..) = identity {
            return report.credentials.iter().map(Self::Credential).find(|subject| subject.is(identity));
        }
        if let Identity::Incident(scope) = identity {
            return report.incidents.iter().find(|incident| incident.scope == *scope).map(Self::Incident);
        }
        let name = identity.service()?;
        let service = report.services.iter().find(|service| service.service.name == *name)?;
        let known = &service.reliability;
        let is_meant = |subject: &Self| subject.is(identity);
        match identity {
            Identity::Service(_) => Some(Self::Service(service)),
            Identity::Row(..) => service.rows.iter().map(|row| Self::Row(service, row)).find(is_meant),
            Identity::Builds(_) => Some(Self::Builds(service)),
            Identity::Job(..) => known.flakiness.jobs.iter().map(|job| Self::Job(service, job)).find(is_meant),
            Identity::Test(..) => {
                known.flakiness.tests.tests.iter().map(|test| Self::Test(service, test)).find(is_meant)
            }
            Identity::Workflow(..) => {
                let workflows = known.durations.iter().map(Some).chain([None]);
                workflows.map(|workflow| Self::Workflow(service, workflow)).find(is_meant)
            }
            Identity::JobTime(..) => {
                let workflows = known.durations.iter();
                let jobs = workflows.flat_map(|workflow| workflow.jobs.iter().map(move |job| (workflow, job)));
                jobs.map(|(workflow, job)| Self::JobTime(service, workflow, job)).find(is_meant)
            }
            Identity::Source(_) | Identity::Credential(..) | Identity::Incident(_) => None,
        }
    }

    /// Returns the service, where it is one or belongs to one.
    #[must_use]
    pub fn service(&self) -> Option<&'a ServiceReport> {
        match self {
            Self::Service(service)
            | Self::Row(service, _)
            | Self::Builds(service)
            | Self::Job(service, _)
            | Self::Test(service, _)
            | Self::Workflow(service, _)
            | Self::JobTime(service, ..) => Some(service),
            Self::Source(_) | Self::Credential(_) | Self::Incident(_) => None,
        }
    }

    /// Returns the rows that it is about: its own, or those of the service's newest green run.
    #[must_use]
    pub fn rows(&self) -> Vec<&'a Row> {
        if let Self::Row(_, row) = self {
            return vec![row];
        }
        let green = self.service().and_then(|service| Some((service, service.newest_green.as_ref()?)));
        green.map(|(service, green)| rows_of(service, &green.run).collect()).unwrap_or_default()
    }
}
