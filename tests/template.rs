//! Tag templates: what is refused, and what a run makes of them.
#![expect(clippy::unwrap_used, reason = "tests")]

use landfall::domain::{Event, Moment, Run, RunKey, RunState, Sha, SourceId, Tag, TagTemplate, Text};
use proptest::prelude::*;
use rstest::rstest;

fn at(moment: &str) -> Moment {
    moment.parse::<jiff::Timestamp>().unwrap().into()
}

fn run() -> Run {
    Run {
        key: RunKey {
            ci: SourceId::parse("github").unwrap(),
            repo: landfall::domain::RepoPath::parse("acme/checkout").unwrap(),
            id: 9_001,
            attempt: 1,
        },
        number: 42,
        workflow: "release".into(),
        workflow_file: None,
        event: Event("push".into()),
        branch: Some("Feature/Ünïcode_1".into()),
        git_tag: Some("v1.2.3".into()),
        pull_request: std::num::NonZeroU64::new(7),
        sha: Sha::parse("1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d").unwrap(),
        title: Text::default(),
        url: "https://ci.example/9001".into(),
        state: RunState::Running,
        created_at: Some(at("2026-11-01T23:00:00Z")),
        committed_at: None,
        started_at: Some(at("2026-11-02T00:30:00Z")),
        finished_at: None,
    }
}

fn expand(template: &str) -> String {
    TagTemplate::parse(template).unwrap().expand(&run()).unwrap().to_string()
}

#[rstest]
#[case("latest", "latest")]
#[case("sha-{sha:7}", "sha-1a2b3c4")]
#[case("{sha}", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d")]
#[case("{sha:64}", "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d")]
#[case("{branch|slug}", "feature--n-code-1")]
#[case("{branch|tagsafe}", "Feature-n-code_1")]
#[case("{branch|tagsafe|lower}", "feature-n-code_1")]
#[case("{branch|lower|slug}-{sha:8}", "feature--n-code-1-1a2b3c4d")]
#[case("{tag}", "v1.2.3")]
#[case("{run_number}.{run_id}", "42.9001")]
#[case("pr-{pr}", "pr-7")]
#[case("{date:%Y%m%d}", "20261102")]
#[case("nightly-{date:%H:%M|tagsafe}", "nightly-00-30")]
fn a_template_becomes_the_tag_of_its_run(#[case] template: &str, #[case] tag: &str) {
    assert_eq!(expand(template), tag);
}

#[rstest]
#[case("", "is empty")]
#[case("a b", "cannot stand in an image tag")]
#[case("-x", "must start with")]
#[case("sha-{sha", "never closed")]
#[case("sha}", "without its '{'")]
#[case("{{sha}}", "unknown placeholder {{sha}")]
#[case("{commit}", "the known ones are {sha} {sha:7} {branch} {tag} {run_number} {run_id} {pr} {date:%Y%m%d}")]
#[case("{branch|upper}", "the known ones are |slug |tagsafe |lower")]
#[case("{sha:3}", "from 4 to 64")]
#[case("{sha:65}", "from 4 to 64")]
#[case("{sha:x}", "from 4 to 64")]
#[case("{pr:7}", "takes no argument")]
#[case("{date}", "needs a format")]
#[case("{date:}", "needs a format")]
#[case("{date:%é}", "no date format")]
fn a_bad_template_is_refused_with_its_reason(#[case] template: &str, #[case] reason: &str) {
    let error = TagTemplate::parse(template).unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
}

#[rstest]
#[case("{branch}", "no branch")]
#[case("{tag}", "no git tag")]
#[case("{pr}", "no pull or merge request")]
#[case("{date:%Y}", "no starting time")]
fn a_run_that_lacks_what_the_tag_needs_gives_no_tag(#[case] template: &str, #[case] reason: &str) {
    let bare = Run { branch: None, git_tag: None, pull_request: None, created_at: None, started_at: None, ..run() };
    let error = TagTemplate::parse(template).unwrap().expand(&bare).unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
}

#[test]
fn a_branch_that_is_no_tag_is_refused_and_shown_clean() {
    let hostile = Run { branch: Some("a/\u{1b}[31m\u{202e}b".into()), ..run() };
    let error = TagTemplate::parse("{branch}").unwrap().expand(&hostile).unwrap_err().to_string();
    assert!(error.contains("\"a/b\" for this run, which is no image tag"), "{error}");
}

#[test]
fn the_date_falls_back_to_when_the_run_was_created() {
    let waiting = Run { started_at: None, ..run() };
    assert_eq!(TagTemplate::parse("{date:%Y%m%d}").unwrap().expand(&waiting).unwrap().as_str(), "20261101");
}

#[rstest]
#[case("latest", true, false)]
#[case("{branch|slug}", true, false)]
#[case("pr-{pr}", true, false)]
#[case("{date:%Y%m%d}", true, false)]
#[case("sha-{sha:7}", false, true)]
#[case("{branch|slug}-{sha:8}", false, true)]
#[case("{tag}", false, false)]
#[case("{run_number}", false, false)]
#[case("build-{run_id}", false, false)]
fn later_runs_move_only_tags_that_hold_nothing_of_their_own(
    #[case] template: &str,
    #[case] moving: bool,
    #[case] names_commit: bool,
) {
    let template = TagTemplate::parse(template).unwrap();
    assert_eq!((template.is_moving(), template.names_commit()), (moving, names_commit));
}

#[test]
fn a_slug_has_at_most_63_characters_and_no_dash_at_its_ends() {
    let long = Run { branch: Some(format!("-{}/{}", "a".repeat(61), "b".repeat(40)).as_str().into()), ..run() };
    let tag = TagTemplate::parse("{branch|slug}").unwrap().expand(&long).unwrap();
    assert_eq!(tag.as_str(), "a".repeat(61));
}

proptest! {
    #[test]
    fn no_branch_and_no_template_ever_give_an_invalid_tag(template in ".{0,40}", branch in ".{0,200}", tag in ".{0,40}") {
        if let Ok(template) = TagTemplate::parse(&template) {
            let run = Run { branch: Some(branch.as_str().into()), git_tag: Some(tag.as_str().into()), ..run() };
            if let Ok(tag) = template.expand(&run) {
                prop_assert!(Tag::parse(tag.as_str()).is_ok());
            }
        }
    }

    #[test]
    fn the_filters_make_every_named_branch_fit_for_a_tag(branch in "[a-z][^\\x00]{0,300}") {
        let run = Run { branch: Some(branch.as_str().into()), ..run() };
        for template in ["{branch|slug}", "{branch|tagsafe}", "{branch|tagsafe|lower}"] {
            prop_assert!(TagTemplate::parse(template).unwrap().expand(&run).is_ok());
        }
    }
}
