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

/// Returns whether a condition decides if the only job, or its only step, runs.
fn decided(job: &str, step: &str) -> bool {
    let step = format!("steps: [{{run: '${{{{ secrets.TOKEN }}}}'{step}}}]");
    let text = format!("on: push\njobs:\n  go:\n    runs-on: x{job}\n    {step}\n");
    read(&[("a.yml", &text)])[0].uses[0].decided
}

#[test]
fn an_if_of_a_job_or_a_step_decides_unless_it_plainly_always_holds() {
    for (condition, wanted) in [
        ("github.event_name == 'push'", true),
        ("${{ GitHub.Event.action == 'opened' }}", true),
        ("startsWith(github.ref,'refs/tags/')", true),
        ("github.repository == 'acme/web'", true),
        ("always() && github.ref == 'refs/heads/main'", true),
        ("failure()", true),
        ("false", true),
        ("always()", false),
        ("${{ success() }}", false),
        ("'!cancelled()'", false),
        ("true", false),
    ] {
        assert_eq!(decided(&format!("\n    if: {condition}"), ""), wanted, "job: {condition}");
        let quoted = condition.trim_matches('\'').replace('"', "'");
        assert_eq!(decided("", &format!(", if: \"{quoted}\"")), wanted, "step: {condition}");
    }
    assert!(!decided("", ""));
}

#[test]
fn one_step_that_surely_runs_is_enough() {
    let step = |more: &str| format!("      - run: ${{{{ secrets.T }}}}\n{more}");
    let gated = step("        if: github.ref == 'x'\n");
    for steps in [format!("{gated}{}", step("")), format!("{}{gated}", step(""))] {
        let uses = &read(&[("a.yml", &format!("on: push\njobs:\n  go:\n    steps:\n{steps}"))])[0].uses;
        assert!(matches!(uses.as_slice(), [only] if !only.decided), "{uses:?}");
    }
}

#[test]
fn a_job_that_needs_a_conditional_one_is_conditional() {
    let job = |more: &str| {
        format!(
            "on: push\njobs:\n  gate: {{if: github.ref == 'x'}}\n  middle: {{needs: [gate]}}\n  go: {{{more}, env: {{T: '${{{{ secrets.T }}}}'}}}}\n"
        )
    };
    for (more, wanted) in [
        ("needs: gate", true),
        ("needs: [other, middle]", true),
        ("needs: middle, if: success()", true),
        ("needs: [go, nothing]", false),
        ("needs: middle, if: always()", false),
        ("needs: middle, if: '!cancelled()'", false),
    ] {
        assert_eq!(read(&[("a.yml", &job(more))])[0].uses[0].decided, wanted, "{more}");
    }
}

#[test]
fn what_stands_above_the_jobs_is_surely_read_where_one_of_them_surely_runs() {
    let above = |jobs: &str| {
        let text = format!("on: push\nenv: {{T: '${{{{ secrets.T }}}}'}}\njobs: {{{jobs}}}\n");
        read(&[("a.yml", &text)])[0].uses.iter().all(|used| used.decided)
    };
    assert!(!above("a: {steps: []}, b: {if: github.ref}"));
    assert!(!above("a: {environment: e}, b: {if: github.ref}"));
    assert!(above("a: {environment: e, if: github.ref}, b: {if: github.ref}"));
}

#[test]
fn a_condition_of_whoever_calls_counts_for_what_is_called() {
    let call = |more: &str, target: &str| caller(&format!("    uses: {target}\n    secrets: inherit{more}"));
    let middle = "on: workflow_call\njobs:\n  on: {uses: ./.github/workflows/called.yml, secrets: inherit}\n";
    let gated =
        "on: workflow_call\njobs:\n  on: {uses: ./.github/workflows/called.yml, secrets: inherit, if: inputs.x}\n";
    let (direct, through, other) =
        ("./.github/workflows/called.yml", "./.github/workflows/middle.yml", "acme/shared/.github/workflows/x.yml@v1");
    for (more, target, middle, wanted) in [
        ("", direct, middle, false),
        ("\n    if: github.ref == 'refs/heads/main'", direct, middle, true),
        ("\n    if: always()", direct, middle, false),
        ("", through, middle, false),
        ("\n    if: github.ref == 'refs/heads/main'", through, middle, true),
        ("", through, gated, true),
        ("", other, middle, false),
        ("\n    if: github.ref == 'refs/heads/main'", other, middle, true),
    ] {
        let files =
            [("a.yml", call(more, target)), ("called.yml", CALLED.to_owned()), ("middle.yml", middle.to_owned())];
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let uses = &read(&files)[0].uses;
        assert!(!uses.is_empty() && uses.iter().all(|used| used.decided == wanted), "{more} {target}: {uses:?}");
    }
}
