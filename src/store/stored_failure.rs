//! The packed form of what is wrong with a source.

use super::packed::{Packer, Unpacker};
use super::stored_row::{read_source_kind, source_kind};
use super::words::{Str, moment};
use crate::domain::{AuthKind, AuthStage, Failure, SourceKind, Stage, Text};

/// Returns the stored form: what the source is, and its failure, where there is one.
pub(super) fn write(kind: SourceKind, failure: Option<&Failure>) -> Vec<u8> {
    let mut body = Packer::default();
    body.number(source_kind(kind)).maybe(failure, write_failure);
    body.finish()
}

pub(super) fn read(body: &[u8]) -> Option<(SourceKind, Option<Failure>)> {
    let mut body = Unpacker::new(body);
    let kind = read_source_kind(body.number()?)?;
    Some((kind, body.maybe(read_failure).ok()?))
}

/// Writes its number, what it says, and what else there is to it.
fn write_failure<'a>(body: &'a mut Packer, failure: &Failure) -> &'a mut Packer {
    let number = match failure {
        Failure::Auth { .. } => 0,
        Failure::Forbidden(_) => 1,
        Failure::NotFound(_) => 2,
        Failure::RateLimited { .. } => 3,
        Failure::Unreachable { .. } => 4,
        Failure::Malformed(_) => 5,
        Failure::TooLarge { .. } => 6,
        Failure::Ambiguous(_) => 7,
        Failure::Withheld(_) => 8,
    };
    body.count(number).bytes(failure.says().map(Str::raw).unwrap_or_default().0.as_bytes());
    match failure {
        Failure::Auth { stage, kind, .. } => body.count(stage_number(*stage)).count(kind_number(*kind)),
        Failure::RateLimited { until, .. } => body.maybe(*until, |body, until| body.number(until.as_microsecond())),
        Failure::Unreachable { stage, .. } => {
            let (number, status) = reached(*stage);
            body.count(number).count(status)
        }
        Failure::TooLarge { limit } => body.count(*limit),
        Failure::Forbidden(_)
        | Failure::NotFound(_)
        | Failure::Malformed(_)
        | Failure::Ambiguous(_)
        | Failure::Withheld(_) => body,
    }
}

fn read_failure(body: &mut Unpacker<'_>) -> Option<Failure> {
    let (number, says) = (body.count()?, Text::new(body.text()?));
    Some(match number {
        0 => Failure::Auth { stage: read_stage(body.count()?)?, kind: read_kind(body.count()?)?, says },
        1 => Failure::Forbidden(says),
        2 => Failure::NotFound(says),
        3 => Failure::RateLimited { until: body.maybe(|body| moment(body.number()?)).ok()?, says },
        4 => Failure::Unreachable { stage: read_reached(body.count()?, body.count()?)?, says },
        5 => Failure::Malformed(says),
        6 => Failure::TooLarge { limit: body.count()? },
        7 => Failure::Ambiguous(says),
        8 => Failure::Withheld(says),
        _ => return None,
    })
}

fn stage_number(stage: AuthStage) -> u64 {
    match stage {
        AuthStage::Api => 0,
        AuthStage::Token => 1,
        AuthStage::Registry => 2,
        AuthStage::Local => 3,
    }
}

fn read_stage(number: u64) -> Option<AuthStage> {
    let all = [AuthStage::Api, AuthStage::Token, AuthStage::Registry, AuthStage::Local];
    all.into_iter().find(|stage| stage_number(*stage) == number)
}

fn kind_number(kind: AuthKind) -> u64 {
    match kind {
        AuthKind::InvalidToken => 0,
        AuthKind::InsufficientScope => 1,
        AuthKind::BadPassword => 2,
        AuthKind::Expired => 3,
        AuthKind::Absent => 4,
        AuthKind::Unknown => 5,
    }
}

fn read_kind(number: u64) -> Option<AuthKind> {
    let all = [
        AuthKind::InvalidToken,
        AuthKind::InsufficientScope,
        AuthKind::BadPassword,
        AuthKind::Expired,
        AuthKind::Absent,
        AuthKind::Unknown,
    ];
    all.into_iter().find(|kind| kind_number(*kind) == number)
}

/// Returns how far a request came, and the status that it came to.
fn reached(stage: Stage) -> (u64, u64) {
    match stage {
        Stage::Dns => (0, 0),
        Stage::Connect => (1, 0),
        Stage::Tls => (2, 0),
        Stage::Timeout => (3, 0),
        Stage::Cut => (4, 0),
        Stage::Server(status) => (5, status.into()),
    }
}

fn read_reached(number: u64, status: u64) -> Option<Stage> {
    Some(match number {
        0 => Stage::Dns,
        1 => Stage::Connect,
        2 => Stage::Tls,
        3 => Stage::Timeout,
        4 => Stage::Cut,
        5 => Stage::Server(status.try_into().ok()?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn every_failure_comes_back_as_it_was_and_half_of_it_does_not() {
        let says = || Text::new("no \u{1b}[31mway\u{202e}, and a long one: ");
        let stages = [Stage::Dns, Stage::Connect, Stage::Tls, Stage::Timeout, Stage::Cut, Stage::Server(503)];
        let kinds = (0..6).map(|number| read_kind(number).unwrap());
        let auth = kinds.flat_map(|kind| (0..4).map(move |stage| (read_stage(stage).unwrap(), kind)));
        let mut failures: Vec<Failure> =
            auth.map(|(stage, kind)| Failure::Auth { stage, kind, says: says() }).collect();
        failures.extend(stages.map(|stage| Failure::Unreachable { stage, says: Text::new(&"ü".repeat(600)) }));
        failures
            .extend([None, moment(1_772_600_400_000_000)].map(|until| Failure::RateLimited { until, says: says() }));
        let worded = [Failure::Forbidden, Failure::NotFound, Failure::Malformed, Failure::Ambiguous, Failure::Withheld];
        failures.extend(worded.map(|failure| failure(says())));
        failures.push(Failure::TooLarge { limit: u64::MAX });
        failures.push(Failure::Forbidden(Text::default()));
        for failure in failures {
            let body = write(SourceKind::Registry, Some(&failure));
            assert_eq!(read(&body), Some((SourceKind::Registry, Some(failure))));
            assert!((0..body.len()).all(|end| read(&body[..end]).is_none()), "{body:?}");
        }
        assert_eq!(read(&write(SourceKind::Ci, None)), Some((SourceKind::Ci, None)));
        assert_eq!(read(&[0, 1, 77, 0]), None, "what a later version may write is left out");
    }
}
