//! The scenario files of `assets/demo`, turned into a world.

use jiff::SignedDuration;
use serde::Deserialize;

use super::layer::sha256;
use super::world::{Access, Build, Dialect, Fate, Media, Person, Provider, Run, Service, Workflow, World};

/// Why the embedded scenario cannot be read: a fault of the build, which a test keeps from happening.
#[derive(Debug, thiserror::Error)]
#[error("the demo's scenario is broken: {0}")]
pub struct ScenarioError(#[from] toml::de::Error);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cast {
    people: Vec<Person>,
    titles: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheets {
    service: Vec<Sheet>,
}

/// One service as the scenario tells it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sheet {
    name: String,
    provider: Provider,
    repo: String,
    #[serde(default)]
    gone: bool,
    image: String,
    typo: Option<String>,
    tags: Vec<String>,
    platforms: Vec<String>,
    media: Media,
    build: Build,
    tests: Option<Dialect>,
    #[serde(default)]
    long: bool,
    #[serde(default)]
    contract: bool,
    #[serde(default = "open")]
    access: Access,
    #[serde(default)]
    branches: Vec<String>,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    run: Vec<Line>,
    #[serde(default)]
    older: Option<Older>,
    #[serde(default)]
    later: Option<Later>,
}

/// A run told one by one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: SignedDuration,
    #[serde(default = "four_minutes")]
    took: SignedDuration,
    #[serde(default)]
    late: SignedDuration,
    fate: Fate,
    title: Option<String>,
    branch: Option<String>,
    #[serde(default = "one")]
    attempt: u64,
    #[serde(default)]
    retried: bool,
}

/// Runs of the past, newest first, told by their fates alone.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Older {
    from: SignedDuration,
    fates: Vec<Fate>,
    /// How long each takes at least.
    #[serde(default = "three_minutes")]
    took: SignedDuration,
    /// The newest so many take so much longer.
    slower: Option<(usize, SignedDuration)>,
    /// One in so many misses the build cache, and takes this much longer.
    misses: Option<(usize, SignedDuration)>,
    /// The places of those whose tests failed at first, and passed when they were tried again.
    #[serde(default)]
    again: Vec<usize>,
    /// The places of those one test of which passed at its second try, within the run.
    #[serde(default)]
    retried: Vec<usize>,
    /// So many times further apart than people push otherwise.
    #[serde(default = "as_pushed")]
    apart: i64,
}

/// Runs to come, all of which land.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Later {
    first: SignedDuration,
    every: SignedDuration,
    count: u16,
}

fn as_pushed() -> i64 {
    1
}

fn open() -> Access {
    Access::Open
}

fn one() -> u64 {
    1
}

fn three_minutes() -> SignedDuration {
    SignedDuration::from_secs(170)
}

fn four_minutes() -> SignedDuration {
    SignedDuration::from_mins(4)
}

/// Minutes between pushes as people make them: some in a row, a lunch, a night.
const GAPS: [i64; 11] = [38, 95, 52, 870, 21, 140, 66, 210, 47, 905, 118];

impl World {
    /// Returns the demo's world: an expired push credential, and one of every verdict beside it.
    ///
    /// # Errors
    /// A scenario file that cannot be read.
    pub fn incident() -> Result<Self, ScenarioError> {
        let cast: Cast = toml::from_str(include_str!("../../assets/demo/cast.toml"))?;
        let mut services = Vec::new();
        for file in [include_str!("../../assets/demo/github.toml"), include_str!("../../assets/demo/gitlab.toml")] {
            let sheets: Sheets = toml::from_str(file)?;
            for sheet in sheets.service {
                let seed = services.len();
                services.push(service(sheet, seed, &cast));
            }
        }
        Ok(Self { services, lively: true })
    }
}

fn service(mut sheet: Sheet, seed: usize, cast: &Cast) -> Service {
    let mut lines = std::mem::take(&mut sheet.run);
    lines.extend(older(sheet.older.take(), seed));
    lines.extend(later(sheet.later.as_ref()));
    lines.sort_by_key(|line| line.at);
    let mut runs = Vec::new();
    for (place, line) in lines.into_iter().enumerate() {
        let run = run(&sheet, seed, place, line, cast);
        if sheet.provider == Provider::GitHub && place % 3 == 1 {
            runs.push(checks(&run));
        }
        runs.push(run);
    }
    runs.reverse();
    Service {
        id: number(&sheet.repo) % 900_000_000 + 100_000_000,
        push_job: match sheet.provider {
            Provider::GitHub => "docker".to_owned(),
            Provider::GitLab => "publish-image".to_owned(),
        },
        name: sheet.name,
        provider: sheet.provider,
        repo: sheet.repo,
        gone: sheet.gone,
        image: sheet.image,
        typo: sheet.typo,
        tags: sheet.tags,
        platforms: sheet.platforms,
        media: sheet.media,
        build: sheet.build,
        tests: sheet.tests,
        long: sheet.long,
        contract: sheet.contract,
        access: sheet.access,
        branches: sheet.branches,
        events: sheet.events,
        runs,
    }
}

fn run(sheet: &Sheet, seed: usize, place: usize, line: Line, cast: &Cast) -> Run {
    let pick = seed * 17 + place * 5;
    let title = line.title.or_else(|| cast.titles.iter().cycle().nth(pick % 997).cloned()).unwrap_or_default();
    let nobody = || Person { login: "ghost".to_owned(), name: "Ghost".to_owned() };
    let number = 301 + seed as u64 * 7 + place as u64;
    let at = line.at.as_secs();
    let on_side = (line.fate == Fate::PullRequest).then(|| format!("topic/{}-{place}", sheet.name));
    Run {
        id: run_id(sheet.provider, at, seed),
        number,
        attempt: line.attempt,
        workflow: Workflow::Release,
        branch: line.branch.or(on_side).unwrap_or_else(|| "main".to_owned()),
        pull_request: (line.fate == Fate::PullRequest).then_some(number + 1_200),
        sha: sha(&format!("{}@{place}", sheet.repo)),
        title,
        author: cast.people.iter().cycle().nth(pick / 2 % 89).cloned().unwrap_or_else(nobody),
        at,
        took: line.took.as_secs(),
        late: line.late.as_secs(),
        retried: line.retried,
        fate: line.fate,
    }
}

/// The other workflow that the same push sets off.
fn checks(run: &Run) -> Run {
    let fate = if run.fate == Fate::PullRequest { Fate::PullRequest } else { Fate::Skipped };
    Run {
        id: run.id + 1,
        number: run.number + 2_000,
        workflow: Workflow::Checks,
        attempt: 1,
        took: 75,
        fate,
        ..run.clone()
    }
}

fn older(older: Option<Older>, seed: usize) -> Vec<Line> {
    let Some(Older { from, fates, took: least, slower, misses, again, retried, apart }) = older else {
        return Vec::new();
    };
    let mut at = from;
    let mut lines = Vec::new();
    for (place, (fate, gap)) in fates.into_iter().zip(GAPS.iter().cycle().skip(seed)).enumerate() {
        let by = |more: Option<(usize, SignedDuration)>, holds: fn(usize, usize) -> bool| {
            more.filter(|(count, _)| holds(place, *count)).map_or(SignedDuration::ZERO, |(_, by)| by)
        };
        let more = by(slower, |place, newest| place < newest) + by(misses, |place, one_in| place % one_in == 0);
        let took = least + SignedDuration::from_secs(gap % 97) + more;
        let attempt = if again.contains(&place) { 2 } else { 1 };
        let retried = retried.contains(&place);
        lines.push(Line { at, took, late: SignedDuration::ZERO, fate, title: None, branch: None, attempt, retried });
        at -= SignedDuration::from_secs((gap * 60 + gap % 53) * apart);
    }
    lines
}

fn later(later: Option<&Later>) -> Vec<Line> {
    let Some(&Later { first, every, count }) = later else { return Vec::new() };
    let line = |place: u16| Line {
        at: first + every * i32::from(place),
        took: SignedDuration::from_secs(70),
        late: SignedDuration::from_secs(6),
        fate: Fate::Landed,
        title: None,
        branch: None,
        attempt: 1,
        retried: false,
    };
    (0..count).map(line).collect()
}

/// Returns an id that grows with time, as the providers' ids do, and that no other service's run has.
pub(super) fn run_id(provider: Provider, at: i64, seed: usize) -> u64 {
    let base = match provider {
        Provider::GitHub => 19_482_000_000,
        Provider::GitLab => 2_148_000_000,
    };
    base + (at.saturating_add(3_000_000).unsigned_abs() * 64 + seed as u64) * 2
}

/// Returns a commit id that is always the same for the same text.
pub(super) fn sha(text: &str) -> String {
    sha256(text.as_bytes()).chars().skip("sha256:".len()).take(40).collect()
}

/// Returns a number that is always the same for the same text.
pub(super) fn number(text: &str) -> u64 {
    u64::from_str_radix(&sha(text).chars().take(12).collect::<String>(), 16).unwrap_or_default()
}
