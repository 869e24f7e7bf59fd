//! Workflows that call others: of the same repository they are followed, of another one they are not.

use super::{read, told};

const CALLED: &str = "
on:
  workflow_call:
    secrets: { token: { required: true } }
jobs:
  push:
    environment: production
    steps:
      - run: ${{ secrets.token }} ${{ secrets.GHCR_TOKEN }}
  tell:
    steps:
      - run: ${{ secrets.CHAT }}
";

fn caller(call: &str) -> String {
    format!("on: {{schedule: [{{cron: '0 2 * * *'}}]}}\njobs:\n  go:\n{call}\n")
}

#[test]
fn whoever_inherits_reads_what_the_called_one_names() {
    let text = caller("    uses: ./.github/workflows/called.yml\n    secrets: inherit");
    let pipelines = read(&[("a.yml", &text), ("called.yml", CALLED)]);
    assert_eq!(pipelines.len(), 1, "one that only runs where it is called is no pipeline of its own");
    let via = " via .github/workflows/called.yml";
    let wanted = ["go CHAT", "go GHCR_TOKEN @production", "go token @production"].map(|it| format!("{it}{via}"));
    assert_eq!(told(&pipelines[0].uses), wanted);
}

#[test]
fn a_renamed_secret_counts_under_its_name_outside() {
    let text = caller("    uses: ./.github/workflows/called.yml\n    secrets:\n      token: ${{ secrets.REGISTRY }}");
    let pipelines = read(&[("a.yml", &text), ("called.yml", CALLED)]);
    let wanted = ["go REGISTRY", "go GHCR_TOKEN @production only via .github/workflows/called.yml"];
    let mut told = told(&pipelines[0].uses);
    told.sort_by_key(|it| it.contains("via"));
    assert_eq!(told, wanted);
}

#[test]
fn what_another_repository_reads_is_not_known_and_may_be_everything() {
    let call =
        |secrets: &str| caller(&format!("    uses: acme/shared/.github/workflows/x.yml@v1\n    secrets: {secrets}"));
    let all = read(&[("a.yml", &call("inherit"))]);
    assert_eq!(told(&all[0].uses), ["go * via acme/shared/.github/workflows/x.yml@v1"]);
    let some = read(&[("a.yml", &call("{ token: '${{ secrets.T }}' }"))]);
    assert_eq!(told(&some[0].uses), ["go T"]);
}

#[test]
fn a_called_one_that_cannot_be_read_may_read_everything() {
    let text = caller("    uses: ./.github/workflows/called.yml\n    secrets: inherit");
    for files in [&[("a.yml", text.as_str())][..], &[("a.yml", &text), ("called.yml", "\t")]] {
        let pipelines = read(files);
        assert_eq!(told(&pipelines[0].uses), ["go * via ./.github/workflows/called.yml"]);
    }
}

#[test]
fn workflows_that_call_each_other_end() {
    let call =
        |job: &str, of: &str| format!("  {job}:\n    uses: ./.github/workflows/{of}.yml\n    secrets: inherit\n");
    let both = |name: &str, of: &str| {
        format!(
            "on: [push, workflow_call]\njobs:\n{}  own: {{env: {{T: '${{{{ secrets.{name} }}}}'}}}}\n",
            call("go", of)
        )
    };
    let pipelines = read(&[("a.yml", &both("A", "b")), ("b.yml", &both("B", "a"))]);
    assert!(told(&pipelines[0].uses).contains(&"go B via .github/workflows/b.yml".to_owned()));
    // Each of twelve calls all that come after it, twice: that is more than anybody follows.
    let name = |place: usize| format!("w{place}.yml");
    let files: Vec<(String, String)> = (0..12)
        .map(|place| {
            let calls = (place + 1..12)
                .map(|of| call(&format!("j{of}"), &format!("w{of}")) + &call(&format!("k{of}"), &format!("w{of}")));
            (name(place), format!("on: workflow_dispatch\njobs:\n  a: {{}}\n{}", calls.collect::<String>()))
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let pipelines = read(&files);
    assert!(pipelines[0].unread.as_ref().unwrap().raw().contains("more workflows than are followed"));
}

#[test]
fn an_if_of_the_event_decides_whether_a_job_runs_and_any_other_does_not() {
    let decided = |condition: &str| {
        let step = "steps: [{run: '${{ secrets.TOKEN }}'}]";
        let text = format!("on: push\njobs:\n  go:\n    if: {condition}\n    {step}\n");
        read(&[("a.yml", &text)])[0].uses[0].decided
    };
    assert!(decided("github.event_name == 'push'"));
    assert!(decided("${{ GitHub.Event.action == 'opened' }}"));
    assert!(!decided("always()"));
}
