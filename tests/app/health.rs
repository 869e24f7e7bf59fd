//! How sources are doing outlives the dashboard: the next one says it in its first frame, and it is kept seldom.

use landfall::analysis::{Policy, judge};
use landfall::app::{Act, Charset, Cmd, Key, Model, Msg, Settings, update};
use landfall::domain::{Fact, Failure, Look, Seen, ServiceName, Snapshot, SourceId, SourceKind, Stage as Reached};

use crate::cast::{Stage, cast, minutes_ago, now, run, runs, seen};

fn down() -> Failure {
    Failure::Unreachable { stage: Reached::Connect, says: "connection refused".into() }
}

fn failing(source: &str, minutes: i64) -> Fact {
    Fact::Failing(SourceId::parse(source).unwrap(), SourceKind::Ci, minutes_ago(minutes), Some(down()))
}

fn failed(second: i64, failure: Failure) -> Vec<landfall::domain::Observation> {
    let look = Look::Runs(ServiceName::parse("cart").unwrap());
    vec![seen(now() + jiff::SignedDuration::from_secs(second), "github", Seen::Failed(look, failure))]
}

/// The first frame of a dashboard that began with this.
fn begun(facts: Vec<Fact>, keys: &str) -> String {
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let mut model = Model::new(cast().0, Policy::default(), settings, now(), (140, 30));
    let mut known = Snapshot::default();
    for fact in facts {
        known.recall(fact);
    }
    let judged = cast().0.iter().map(|service| judge(&known, service, &Policy::default(), now())).collect();
    model.recall(known, judged);
    for key in keys.chars() {
        update(&mut model, Msg::Acted(Act::Key(Key::Char(key))));
    }
    model.screen().text()
}

#[test]
fn the_first_frame_says_what_was_wrong_before_and_how_long_ago() {
    let overview = begun(vec![failing("github", 7)], "1");
    let line = overview.lines().nth(2).unwrap();
    assert!(line.contains("! github  no connection: connection refused"), "{overview}");
    assert!(line.trim_end().ends_with("7m ago, not asked since"), "{overview}");
    let sources = begun(vec![failing("github", 7)], "3");
    let row = sources.lines().find(|line| line.contains("github ") && line.contains("CI")).unwrap();
    assert!(row.contains("… unreachable") && row.contains("7m ago: connection refused"), "{sources}");
    assert!(!row.contains("not asked yet"), "{sources}");
}

#[test]
fn whoever_nobody_asks_any_more_is_no_trouble() {
    let overview = begun(vec![failing("a-host-of-long-ago", 7)], "1");
    assert!(!overview.contains("connection refused"), "{overview}");
}

#[test]
fn what_was_wrong_before_makes_and_unmakes_no_verdict() {
    let (services, observations) = cast();
    let mut known = Snapshot::default();
    for observation in observations {
        known.absorb(observation);
    }
    let rows = |snapshot: &Snapshot| -> Vec<String> {
        let reports = services.iter().map(|service| judge(snapshot, service, &Policy::default(), now()));
        reports.map(|report| format!("{:?}", report.rows)).collect()
    };
    let mut with = known.clone();
    for source in ["github", "ghcr.io"] {
        with.recall(failing(source, 0));
    }
    assert_eq!(rows(&with), rows(&known));
}

/// How often it was kept how this source is doing: at once, and when there is time.
fn kept(todo: &[Cmd]) -> (Vec<Option<Failure>>, Vec<Option<Failure>>) {
    let of = |facts: &[Fact]| -> Vec<Option<Failure>> {
        let failure = |fact: &Fact| if let Fact::Failing(.., failure) = fact { Some(failure.clone()) } else { None };
        facts.iter().filter_map(failure).collect()
    };
    let (mut news, mut again) = (Vec::new(), Vec::new());
    for cmd in todo {
        match cmd {
            Cmd::Remember(facts) => news.extend(of(facts)),
            Cmd::RememberAgain(facts) => again.extend(of(facts)),
            _ => {}
        }
    }
    (news, again)
}

#[test]
fn a_source_that_fails_for_hours_is_kept_once_a_minute_at_most() {
    let mut stage = Stage::new((80, 24));
    let first = stage.see(failed(120, down()));
    assert_eq!(kept(&first), (vec![Some(down())], vec![]));
    let mut told = 0;
    for second in (140..3720).step_by(20) {
        let (news, again) = kept(&stage.see(failed(second, down())));
        assert_eq!(news, [], "after {second} s");
        told += again.len();
    }
    assert!((1..60).contains(&told), "{told}");
    let other = Failure::Malformed("a page of HTML".into());
    let (news, again) = kept(&stage.see(failed(3800, other.clone())));
    assert_eq!((news, again), (vec![Some(other)], vec![]), "another kind of failure is news");
}

#[test]
fn a_source_that_comes_and_goes_is_kept_when_there_is_time() {
    let mut stage = Stage::new((80, 24));
    stage.see(failed(120, down()));
    let fresh = run("cart", 13, 1, "One more");
    for second in (121..170).step_by(2) {
        let answer = runs("cart", std::slice::from_ref(&fresh)).into_iter().map(|it| seen(it.at, "github", it.seen));
        let mut answer: Vec<_> = answer.collect();
        for it in &mut answer {
            it.at = now() + jiff::SignedDuration::from_secs(second);
        }
        assert_eq!(kept(&stage.see(answer)), (vec![], vec![None]));
        assert_eq!(kept(&stage.see(failed(second + 1, down()))), (vec![], vec![Some(down())]));
    }
}

#[test]
fn what_a_source_refuses_of_one_thing_is_not_kept_as_its_own_failure() {
    let mut stage = Stage::new((80, 24));
    let (news, again) = kept(&stage.see(failed(120, Failure::NotFound("no such repository".into()))));
    assert!(news.iter().chain(&again).all(Option::is_none), "{news:?} {again:?}");
}

#[test]
fn a_clock_that_was_set_back_keeps_no_answer_from_being_kept() {
    let mut stage = Stage::new((80, 24));
    let fresh = run("cart", 13, 1, "One more");
    let mut answered = |second: i64| {
        let mut answer = runs("cart", std::slice::from_ref(&fresh));
        for it in &mut answer {
            it.at = now() + jiff::SignedDuration::from_secs(second);
        }
        let todo = stage.see(answer);
        let again = todo.iter().filter_map(|cmd| if let Cmd::RememberAgain(facts) = cmd { Some(facts) } else { None });
        again.flatten().filter(|fact| matches!(fact, Fact::Answered(..))).count()
    };
    assert!(answered(4 * 3600) > 0);
    assert_eq!(answered(4 * 3600 + 20), 0);
    assert!(answered(30) > 0);
}
