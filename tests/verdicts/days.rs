//! Tags that carry a date: a build goes over midnight, is run again a day later, or runs in another zone.

use jiff::Timestamp;
use landfall::analysis::Verdict;
use landfall::domain::{Conclusion, Look, Moment, Probe, RunKey, Tag, TagRef};
use rstest::rstest;

use crate::world::{World, digest, image, now, sha, single};

const TONIGHT: &str = "nightly-20260302";
const BEFORE: &str = "nightly-20260301";

fn at(text: &str) -> Moment {
    text.parse::<Timestamp>().unwrap().into()
}

/// A run of last night that began before midnight; its push was over ten minutes after it.
fn over_midnight(template: &str) -> (World, RunKey) {
    let mut world = World::expecting(&[template], &[]);
    let run = world.run_with(7, 710, |run| {
        run.created_at = Some(at("2026-03-01T23:50:00Z"));
        run.started_at = run.created_at;
    });
    (world, run)
}

#[test]
fn over_midnight_the_log_tells_of_which_day_the_tag_is() {
    let (mut world, run) = over_midnight("nightly-{date:%Y%m%d}");
    assert_eq!(world.verdict(&run), Verdict::Unknown);
    assert!(world.wants(|look| *look == Look::Jobs(run.clone())));
    assert!(!world.wants(|look| matches!(look, Look::Tag(_))), "of which day is not known yet");
    world.job(&run, Conclusion::Success, 710).log(&run, &[(&image(), TONIGHT, &digest("one"))]);
    let tonight = Look::Tag(TagRef { image: image(), tag: Tag::parse(TONIGHT).unwrap() });
    assert!(world.wants(|look| *look == tonight));
    world.pushed(TONIGHT, "one", Some(&sha(7)));
    let row = world.row(&run);
    assert_eq!((row.verdict, row.tag.unwrap().as_str()), (Verdict::Landed, TONIGHT));
    world.gone(TONIGHT);
    let row = world.row(&run);
    assert_eq!((row.verdict, row.tag.unwrap().as_str()), (Verdict::Missing, TONIGHT), "what the log names is missed");
}

#[test]
fn the_day_of_the_start_is_the_tags_where_the_log_says_so() {
    let (mut world, run) = over_midnight("nightly-{date:%Y%m%d}");
    world.job(&run, Conclusion::Success, 710).log(&run, &[(&image(), BEFORE, &digest("one"))]).gone(BEFORE);
    assert_eq!(world.verdict(&run), Verdict::Missing);
}

#[rstest]
#[case::absent(None, None, Verdict::Unknown)]
#[case::of_this_commit(Some("one"), Some(7), Verdict::Landed)]
#[case::of_another(Some("one"), Some(6), Verdict::Unknown)]
#[case::of_nobody(Some("one"), None, Verdict::Unknown)]
fn without_a_word_in_the_log_the_wrong_day_decides_nothing(
    #[case] content: Option<&str>,
    #[case] label: Option<u64>,
    #[case] expected: Verdict,
) {
    let (mut world, run) = over_midnight("nightly-{date:%Y%m%d}");
    world.job(&run, Conclusion::Success, 710).log(&run, &[]);
    match content {
        Some(name) => world.pushed(BEFORE, name, label.map(sha).as_ref()),
        None => world.gone(BEFORE),
    };
    assert_eq!(world.verdict(&run), expected);
    let why = world.why(&run);
    assert_eq!((why.cause, why.next_steps), (None, Vec::new()));
}

#[test]
fn what_is_run_again_the_next_day_may_have_left_its_push_to_the_first_time() {
    let mut world = World::expecting(&["nightly-{date:%Y%m%d}"], &[]);
    let run = world.run_with(7, 30, |run| {
        run.key.attempt = 2;
        run.created_at = Some(at("2026-03-01T10:00:00Z"));
    });
    let again = RunKey { attempt: 2, ..run };
    world.job(&again, Conclusion::Success, 1_500).log(&again, &[(&image(), BEFORE, &digest("one"))]);
    world.gone(TONIGHT).pushed(BEFORE, "one", Some(&sha(7)));
    assert_eq!(world.verdict(&again), Verdict::Landed);
}

#[test]
fn a_runner_may_live_in_another_zone() {
    let mut world = World::expecting(&["nightly-{date:%Y%m%d}"], &[]);
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).gone(TONIGHT);
    world.log(&run, &[(&image(), "nightly-20260303", &digest("one"))]).pushed("nightly-20260303", "one", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
    world.log(&run, &[(&image(), "nightly-20260309", &digest("one"))]);
    assert_eq!(world.verdict(&run), Verdict::Missing, "no zone is a week ahead");
}

#[test]
fn a_time_of_day_is_read_from_the_log() {
    let (mut world, run) = over_midnight("{date:%Y%m%dT%H%M%S}-{sha:7}");
    let tag = "20260302T000712-0000000";
    world.job(&run, Conclusion::Success, 710).log(&run, &[(&image(), tag, &digest("one"))]);
    world.tag(now(), tag, Probe::Present(single("one").into())).whole("one", "linux/amd64", Some(&sha(7)));
    assert_eq!(world.verdict(&run), Verdict::Landed);
}

#[test]
fn within_one_day_what_is_absent_is_missing_without_a_word_in_the_log() {
    let mut world = World::expecting(&["nightly-{date:%Y%m%d}"], &[]);
    let run = world.run(7, 30);
    world.job(&run, Conclusion::Success, 31).log(&run, &[]).gone(TONIGHT);
    assert_eq!(world.verdict(&run), Verdict::Missing);
}
