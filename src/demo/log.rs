//! Job logs in the formats that the providers and the build tools write, filled in from the world.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::counts::Server;
use super::jobs::{Job, Outcome, jobs};
use super::stage::Stage;
use super::world::{Build, Fate, Provider, Run, Service};

const GITHUB_HEAD: &str = include_str!("../../assets/demo/logs/github_head.log");
const GITHUB_TAIL: &str = include_str!("../../assets/demo/logs/github_tail.log");
const GITLAB_HEAD: &str = include_str!("../../assets/demo/logs/gitlab_head.log");
const GITLAB_TAIL: &str = include_str!("../../assets/demo/logs/gitlab_tail.log");
const TEST: &str = include_str!("../../assets/demo/logs/test.log");

/// Returns the log that GitHub keeps for a finished job.
pub(super) fn github(stage: &Stage, job: u64) -> Option<String> {
    let now = stage.clock.now();
    let services = stage.world.services.iter().filter(|service| service.provider == Provider::GitHub);
    let mut found = services.filter_map(|service| {
        let (run, attempt) = stage.run_of_job(service, job, now)?;
        let job = jobs(service, run, attempt).into_iter().find(|one| one.id == job)?;
        Some((service, run, job))
    });
    let (service, run, job) = found.next()?;
    let lines = lines(stage, service, run, &job, [GITHUB_HEAD, GITHUB_TAIL]);
    // GitHub starts every log with a byte order mark, and every line with a moment of seven decimals.
    let mut text = String::from("\u{feff}");
    for (at, line) in timed(&lines, job.starts, job.ends) {
        let moment = stage.clock.moment(at).to_zoned(TimeZone::UTC);
        let _ =
            writeln!(text, "{}.{:07}Z {line}", moment.strftime("%Y-%m-%dT%H:%M:%S"), line.len() * 97_003 % 10_000_000);
    }
    Some(text)
}

/// Returns the log that GitLab shows for a job, as far as it has come.
pub(super) fn gitlab(stage: &Stage, service: &Service, run: &Run, job: &Job, now: i64) -> String {
    let lines = lines(stage, service, run, job, [GITLAB_HEAD, GITLAB_TAIL]);
    let mut text = String::new();
    for (at, line) in timed(&lines, job.starts, job.ends).filter(|(at, _)| *at <= now) {
        let moment = stage.clock.moment(at).to_zoned(TimeZone::UTC);
        // Newer runners set a moment and the stream before every line, older ones do not.
        if service.build != Build::Kaniko {
            let _ =
                write!(text, "{}.{:06}Z 00O ", moment.strftime("%Y-%m-%dT%H:%M:%S"), line.len() * 9_703 % 1_000_000);
        }
        let _ = writeln!(text, "{}", line.replace("{unix}", &moment.timestamp().as_second().to_string()));
    }
    text
}

/// Spreads the lines over the job's time.
fn timed(lines: &[String], starts: i64, ends: i64) -> impl Iterator<Item = (i64, &String)> {
    let count = i64::try_from(lines.len()).unwrap_or(1).max(1);
    let span = (ends - starts - 1).max(0);
    (0..).zip(lines).map(move |(place, line)| (starts + span * place / count, line))
}

fn lines(stage: &Stage, service: &Service, run: &Run, job: &Job, [head, tail]: [&str; 2]) -> Vec<String> {
    let body = match service.build {
        _ if !job.pushes => TEST,
        Build::Docker => include_str!("../../assets/demo/logs/docker.log"),
        Build::Buildx => include_str!("../../assets/demo/logs/buildx.log"),
        Build::Kaniko => include_str!("../../assets/demo/logs/kaniko.log"),
    };
    let failed = job.outcome == Outcome::Failure;
    // A job that failed does not say that it succeeded.
    let tail = tail.lines().filter(|line| !failed || !line.contains("Job succeeded"));
    let blanks = blanks(stage, service, run, job);
    let tags = service.tags_of(run);
    let denied = run.fate == Fate::Denied;
    let mut lines = Vec::new();
    for line in head.lines().chain(body.lines()).chain(tail) {
        let mut letters = line.chars();
        let mark = letters.next().unwrap_or(' ');
        let line = letters.as_str();
        match mark {
            '+' | '*' if denied => {}
            '-' if !denied => {}
            '*' => lines.extend(tags.iter().map(|tag| fill(line, &blanks).replace("{tag}", tag))),
            _ => lines.push(fill(line, &blanks).replace("{tag}", tags.first().map_or("", |tag| tag))),
        }
    }
    lines
}

fn fill(line: &str, blanks: &[(&str, String)]) -> String {
    let line = line.replace('␛', "\u{1b}").replace('␍', "\r");
    blanks.iter().fold(line, |line, (name, value)| line.replace(name, value))
}

fn blanks(stage: &Stage, service: &Service, run: &Run, job: &Job) -> Vec<(&'static str, String)> {
    let host = stage.addresses.of(Server::Registry).to_string();
    let path = service.typo.as_ref().filter(|_| run.fate == Fate::Misrouted).unwrap_or(&service.image);
    let image = stage.shelf.built(&stage.world, service, run);
    let first = image.and_then(|image| image.parts.first());
    let of = |read: fn(&super::image::Image) -> String| image.map(read).unwrap_or_default();
    let layer = |place: usize| {
        let digest = first.and_then(|parts| parts.layers.get(place));
        digest.map(|digest| digest.chars().skip("sha256:".len()).take(12).collect()).unwrap_or_default()
    };
    let [group, endgroup] = match service.provider {
        Provider::GitHub => ["##[group]", "##[endgroup]"],
        Provider::GitLab => ["\u{1b}[32;1m$ \u{1b}[0;m", ""],
    };
    let result = match job.outcome {
        Outcome::Failure => "test result: FAILED. 213 passed; 1 failed",
        Outcome::Success | Outcome::Cancelled | Outcome::Skipped => "test result: ok. 214 passed; 0 failed",
    };
    vec![
        ("{group}", group.to_owned()),
        ("{endgroup}", endgroup.to_owned()),
        ("{result}", result.to_owned()),
        ("{job}", job.name.clone()),
        ("{repo}", service.repo.clone()),
        ("{service}", service.name.clone()),
        ("{platforms}", service.platforms.join(",")),
        ("{image}", format!("{host}/{path}")),
        ("{host}", host),
        ("{path}", path.clone()),
        ("{digest}", of(|image| image.root.digest.clone())),
        ("{size}", of(|image| image.root.bytes.len().to_string())),
        ("{manifest}", of(|image| image.children.first().unwrap_or(&image.root).digest.clone())),
        ("{config}", first.map(|parts| parts.config.clone()).unwrap_or_default()),
        ("{base}", layer(0)),
        ("{runtime}", layer(1)),
        ("{own}", layer(2)),
        ("{short}", run.sha.chars().take(7).collect()),
        ("{short8}", run.sha.chars().take(8).collect()),
        ("{sha}", run.sha.clone()),
        ("{branch}", run.branch.clone()),
        ("{title}", run.title.clone()),
    ]
}
