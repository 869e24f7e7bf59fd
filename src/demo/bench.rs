//! A plain world of any size, for measuring.

use super::scenario::{number, run_id, sha};
use super::world::{Access, Build, Fate, Media, Person, Provider, Run, Service, Workflow, World};

impl World {
    /// Returns a world of this many GitHub repositories with this many runs each, all in the past. About four runs
    /// in five are to publish; every second image is an index of two platforms; a few pushes went wrong, each in
    /// its own way.
    #[must_use]
    pub fn bench(services: usize, runs: usize) -> Self {
        Self::begun(services, runs, 12)
    }

    /// The same, where nothing has happened for a day.
    #[must_use]
    pub fn bench_of_yesterday(services: usize, runs: usize) -> Self {
        Self::begun(services, runs, 25 * 60)
    }

    /// The newest run of the first service began so many minutes ago.
    fn begun(services: usize, runs: usize, minutes: usize) -> Self {
        Self { services: (0..services).map(|place| service(place, runs, minutes)).collect(), lively: false }
    }
}

fn service(place: usize, runs: usize, minutes: usize) -> Service {
    let name = format!("bench-{place:02}");
    let repo = format!("acme/{name}");
    let two = place % 2 == 1;
    let platforms: &[&str] = if two { &["linux/amd64", "linux/arm64"] } else { &["linux/amd64"] };
    Service {
        id: number(&repo) % 900_000_000 + 100_000_000,
        image: repo.clone(),
        typo: Some(format!("acme/{name}s")),
        name,
        provider: Provider::GitHub,
        gone: false,
        tags: vec!["sha-{sha:7}".to_owned()],
        platforms: platforms.iter().map(|&platform| platform.to_owned()).collect(),
        media: if place % 4 < 2 { Media::Oci } else { Media::Docker },
        build: if two { Build::Buildx } else { Build::Docker },
        tests: None,
        long: false,
        contract: false,
        access: Access::Open,
        push_job: "docker".to_owned(),
        branches: Vec::new(),
        events: Vec::new(),
        runs: (0..runs).map(|age| run(&repo, place, age, age * 47 + place + minutes)).collect(),
        repo,
    }
}

fn run(repo: &str, place: usize, age: usize, minutes: usize) -> Run {
    let minutes = i64::try_from(minutes).unwrap_or(i64::MAX / 60);
    let at = -60 * minutes;
    Run {
        id: run_id(Provider::GitHub, at, place),
        number: 1_000 - age as u64,
        attempt: 1,
        workflow: Workflow::Release,
        branch: "main".to_owned(),
        pull_request: None,
        sha: sha(&format!("{repo}@{age}")),
        title: format!("Change {age} of {repo}"),
        author: Person { login: "ines-k".to_owned(), name: "Ines Kowalski".to_owned() },
        at,
        took: 240,
        late: 0,
        retried: false,
        fate: fate(place, age),
    }
}

/// One in five fails, is stopped or skips its push; of the rest one in twenty goes wrong.
fn fate(place: usize, age: usize) -> Fate {
    match (place * 7 + age * 3) % 14 {
        5 => Fate::Failed,
        9 => Fate::Cancelled,
        12 => Fate::Skipped,
        _ => match (place * 20 + age) % 97 {
            11 => Fate::Denied,
            30 => Fate::Stale,
            47 => Fate::LostLayer,
            61 if place % 2 == 1 => Fate::LostChild,
            83 => Fate::Mismatch,
            _ => Fate::Landed,
        },
    }
}
