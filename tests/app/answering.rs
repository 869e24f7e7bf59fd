//! What the header says of who answers, for somebody who only glances at it.

use jiff::{SignedDuration, Timestamp};
use landfall::analysis::Policy;
use landfall::app::{Act, Charset, Model, Msg, Settings, update};
use landfall::domain::{
    Fact, Failure, Look, Observation, Pace, Probe, Seen, ServiceName, Snapshot, SourceId, SourceKind, Stage as Reached,
};
use landfall::pane::Tone;

use crate::cast::{Stage, now, pushed, refused, run, runs, seen, service, tag, tag_of};

fn minutes_on(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

fn down() -> Failure {
    Failure::Unreachable { stage: Reached::Connect, says: "connection refused".into() }
}

/// The list of runs of the one service, as it was, at another time.
fn list(at: Timestamp) -> Observation {
    let list = runs("cart", &[run("cart", 12, 44, "Drop sold-out lines with a notice")]).remove(0).seen;
    seen(at, "github", list)
}

fn no_list(at: Timestamp) -> Observation {
    seen(at, "github", Seen::Failed(Look::Runs(ServiceName::parse("cart").unwrap()), down()))
}

fn no_tag(at: Timestamp, probe: Failure) -> Observation {
    tag(at, "cart", &tag_of("cart", 12), Probe::Unseen(probe))
}

fn model(charset: Charset) -> Model {
    let settings = Settings { title: "landfall", charset, browser: false };
    Model::new(vec![service("cart")], Policy::default(), settings, now(), (80, 24))
}

/// One service whose only run landed, and everybody answers.
fn calm(charset: Charset) -> Stage {
    let mut stage = Stage { model: model(charset) };
    let fine = run("cart", 12, 44, "Drop sold-out lines with a notice");
    let mut all = runs("cart", std::slice::from_ref(&fine));
    all.extend(pushed("cart", &fine, &fine.sha));
    stage.see(all);
    stage
}

/// What stands in the corner at this width, and its tone.
fn corner(stage: &mut Stage, width: u16) -> (String, Tone) {
    update(&mut stage.model, Msg::Acted(Act::Resized(width, 24)));
    let line = stage.screen().lines.remove(0);
    let said = line.spans.iter().rev().find(|span| !span.text.trim().is_empty()).unwrap();
    (said.text.trim().to_owned(), said.tone)
}

fn corners(stage: &mut Stage) -> [String; 3] {
    [60, 80, 200].map(|width| corner(stage, width).0)
}

#[test]
fn where_nobody_answers_the_header_says_since_when_at_every_width_and_for_as_long_as_it_lasts() {
    for (charset, ring) in [(Charset::Unicode, '○'), (Charset::Ascii, 'o')] {
        let mut stage = calm(charset);
        stage.see(vec![no_list(minutes_on(1)), no_tag(minutes_on(1), down())]);
        for (minutes, since) in [(1, "1m"), (2, "2m"), (3, "3m"), (45, "45m"), (300, "5h"), (6000, "4d")] {
            stage.pass(minutes_on(minutes));
            let (brief, full) = (format!("{ring} down {since}"), format!("{ring} no answer for {since}"));
            assert_eq!(corners(&mut stage), [brief.clone(), brief, full]);
            assert_eq!(corner(&mut stage, 80).1, Tone::Warn);
        }
        stage.see(vec![list(minutes_on(6000))]);
        stage.pass(minutes_on(6000));
        assert_eq!(corner(&mut stage, 200).0, format!("{ring} 1 of 2 sources live"));
    }
}

#[test]
fn where_nobody_ever_answered_there_is_no_time_to_tell() {
    let mut stage = Stage { model: model(Charset::Unicode) };
    stage.see(vec![no_list(now()), no_tag(now(), down())]);
    assert_eq!(corners(&mut stage), ["○ no reply", "○ no reply", "○ no answer yet"]);
}

#[test]
fn who_refuses_one_thing_answers_however_long_nothing_else_is_asked() {
    let mut stage = calm(Charset::Unicode);
    let Probe::<()>::Unseen(refusal) = refused() else { panic!("no refusal") };
    stage.see(vec![list(minutes_on(30)), no_tag(minutes_on(30), refusal)]);
    stage.pass(minutes_on(30));
    assert_eq!(corners(&mut stage), ["● live"; 3]);
    assert_eq!(corner(&mut stage, 80).1, Tone::Good);
    assert!(stage.text().contains("! ghcr.io"), "and it is told which\n{}", stage.text());
}

#[test]
fn who_is_kept_for_the_user_or_asked_less_often_is_not_down() {
    let mut stage = calm(Charset::Unicode);
    let why = Failure::Withheld("9 of 100 requests are left, kept for what you ask".into());
    let kept = Pace { closed: Some((minutes_on(60), why)), slowed: Some(25), ..Pace::default() };
    stage.see(vec![list(minutes_on(5)), seen(minutes_on(5), "ghcr.io", Seen::Pace(SourceKind::Registry, kept))]);
    stage.pass(minutes_on(5));
    assert_eq!(corners(&mut stage), ["● live"; 3]);
}

#[test]
fn who_was_not_asked_since_the_start_is_neither_live_nor_said_to_be_down() {
    let mut stage = calm(Charset::Unicode);
    let mut known = Snapshot::default();
    known.recall(Fact::Failing(SourceId::parse("ghcr.io").unwrap(), SourceKind::Registry, now(), Some(down())));
    known.recall(Fact::Failing(SourceId::parse("github").unwrap(), SourceKind::Ci, now(), Some(down())));
    stage.model.recall(known, Vec::new());
    assert_eq!(corner(&mut stage, 200).0, "○ 0 of 2 sources live");
}
