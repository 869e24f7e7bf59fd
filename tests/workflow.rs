//! What pipelines read of secrets, by their files: GitHub's workflows and GitLab's merged configuration, whole and hostile.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "workflow/calls.rs"]
mod calls;
#[path = "workflow/gitlab.rs"]
mod gitlab;
#[path = "workflow/hostile.rs"]
mod hostile;

use landfall::domain::{JobEnvironment, NamedSecret, Pipeline, SecretUse, Text};
use landfall::workflow::pipelines;

/// Returns the pipelines of files that are given by their names in the folder.
fn read(files: &[(&str, &str)]) -> Vec<Pipeline> {
    let file = |(name, text): &(&str, &str)| (format!(".github/workflows/{name}"), Ok(text.as_bytes().to_vec()));
    pipelines(&files.iter().map(file).collect::<Vec<_>>())
}

/// Returns the only pipeline of one file.
fn one(text: &str) -> Pipeline {
    let mut pipelines = read(&[("x.yml", text)]);
    assert_eq!(pipelines.len(), 1);
    pipelines.remove(0)
}

/// Returns uses in few words: `job secret @environment via file`.
fn told(uses: &[SecretUse]) -> Vec<String> {
    let word = |used: &SecretUse| {
        let job = used.job.as_ref().map_or("-", |job| job.raw());
        let secret = match &used.secret {
            NamedSecret::Exactly(name) => name.raw(),
            NamedSecret::All => "*",
            NamedSecret::Computed => "?",
        };
        let environment = match &used.environment {
            JobEnvironment::Unset => String::new(),
            JobEnvironment::Named(name) => format!(" @{}", name.raw()),
            JobEnvironment::Computed => " @?".to_owned(),
        };
        let through = used.through.as_ref().map(|file| format!(" via {}", file.raw())).unwrap_or_default();
        let only = if used.only_environment { " only" } else { "" };
        format!("{job} {secret}{environment}{only}{through}")
    };
    uses.iter().map(word).collect()
}

const EVERYTHING: &str = r#"
name: "release"
on:
  push: { branches: [main] }
  schedule:
    - cron: '0 2 * * 0'
    - cron: 30 5 * * 1-5
      timezone: "America/New_York"
env:
  ABOVE: ${{ secrets.ABOVE }}
jobs:
  build:
    runs-on: ubuntu-latest
    environment: production
    if: secrets.GATE != ''
    steps:
      - run: echo my-secrets.txt && cat /run/secrets.d/x # secrets.NO
      # ${{ secrets.COMMENT }}
      - if: ${{ secrets.STEP != '' }}
        env:
          TOKEN: ${{ secrets.TOKEN }}
          OWN: ${{ secrets.GITHUB_TOKEN }}
        run: |
          # ${{ secrets['IN_SCRIPT'] }}
      - uses: some/action@v1
        with:
          if: secrets.NO
          all: ${{ toJSON(secrets) }}
  review:
    environment: { name: "review/${{ github.ref }}" }
    steps: [{ run: "${{ secrets[matrix.key] }}" }]
"#;

#[test]
fn a_workflow_tells_its_name_its_start_and_what_its_jobs_read() {
    let pipeline = one(EVERYTHING);
    assert_eq!(pipeline.unread, None);
    assert_eq!((pipeline.name.raw(), pipeline.file.raw()), ("release", ".github/workflows/x.yml"));
    assert_eq!(pipeline.triggers, ["push".into(), "schedule".into()]);
    let schedules: Vec<_> =
        pipeline.schedules.iter().map(|it| (it.cron.raw(), it.zone.as_ref().map(Text::raw))).collect();
    assert_eq!(schedules, [("0 2 * * 0", None), ("30 5 * * 1-5", Some("America/New_York"))]);
    let mut uses = told(&pipeline.uses);
    uses.sort();
    let mut wanted = [
        "- ABOVE",
        "- ABOVE @production",
        "- ABOVE @?",
        "build GATE @production",
        "build STEP @production",
        "build TOKEN @production",
        "build IN_SCRIPT @production",
        "build * @production",
        "review ? @?",
    ];
    wanted.sort_unstable();
    assert_eq!(uses, wanted);
}

#[test]
fn on_may_be_a_word_a_list_or_a_mapping() {
    for (on, wanted) in
        [("push", &["push"][..]), ("[push, pull_request]", &["push", "pull_request"]), ("{release: }", &["release"])]
    {
        let pipeline = one(&format!("on: {on}\njobs: {{a: {{steps: []}}}}\n"));
        assert_eq!(pipeline.triggers.iter().map(Text::raw).collect::<Vec<_>>(), wanted);
        assert_eq!(pipeline.name.raw(), ".github/workflows/x.yml", "it has no name of its own");
    }
}

#[test]
fn aliases_stand_for_what_they_name() {
    let text = "on: push\njobs:\n  a:\n    env: &e\n      T: ${{ secrets.T }}\n  b:\n    env: *e\n";
    assert_eq!(told(&one(text).uses), ["a T", "b T"]);
}
