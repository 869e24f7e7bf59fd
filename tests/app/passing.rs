//! What time and answers do to the screen, and what they do not.

use jiff::{SignedDuration, Timestamp};
use landfall::app::{Act, Cmd, Msg, update};
use landfall::domain::{
    Fact, Failure, Look, Probe, Seen, ServiceName, SourceKind, Stage as Reached, Traffic, Urgency, Wanted,
};

use crate::cast::{Stage, now, pushed, run, runs, seen, tag, tag_of};

fn seconds_on(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

#[test]
fn between_two_full_minutes_nothing_on_the_screen_moves() {
    let mut stage = Stage::new((200, 50));
    for pane in ["1", "2", "3"] {
        stage.press(pane);
        let before = stage.screen();
        for second in 0..60 {
            stage.pass(seconds_on(second));
            assert_eq!(stage.screen(), before, "after {second} s");
        }
    }
    stage.pass(seconds_on(60));
    stage.press("1");
    assert!(stage.text().contains("96m"), "at the full minute ages go on\n{}", stage.text());
}

#[test]
fn an_answer_that_is_ahead_of_the_clock_makes_no_time_run_backwards() {
    let mut stage = Stage::new((80, 24));
    stage.pass(seconds_on(60));
    let later = stage.text();
    stage.pass(seconds_on(58));
    assert_eq!(stage.text(), later);
}

#[test]
fn a_clock_that_was_set_back_is_followed() {
    let mut stage = Stage::new((80, 24));
    let before = stage.text();
    stage.pass(seconds_on(4 * 3600));
    assert!(stage.text().contains("missing (4h old)"), "{}", stage.text());
    stage.pass(now());
    assert_eq!(stage.text(), before);
}

#[test]
fn only_what_an_answer_concerns_is_asked_about_anew() {
    let mut stage = Stage::new((80, 24));
    let todo = stage.see(runs("cart", &[run("cart", 13, 1, "One more")]));
    for wanted in wanted(todo) {
        let of_cart = match &wanted.look {
            Look::Runs(service) | Look::Deployments(service, _) => service.as_str() == "cart",
            Look::Jobs(run) | Look::PushLog(run, _) => run.repo.as_str() == "acme/cart",
            Look::Tries(ended) | Look::Reports(ended) => ended.run.repo.as_str() == "acme/cart",
            Look::Tag(tag) => tag.image.repository() == "acme/cart",
            Look::Manifest(image, _) | Look::Config(image, _) | Look::Blob(image, _) | Look::Canary(image) => {
                image.repository() == "acme/cart"
            }
        };
        assert!(of_cart, "{:?}", wanted.look);
    }
}

#[test]
fn what_landed_is_remembered_once() {
    let mut stage = Stage::new((80, 24));
    let fresh = run("cart", 13, 1, "One more");
    let mut news = runs("cart", std::slice::from_ref(&fresh));
    news.extend(pushed("cart", &fresh, &fresh.sha));
    let facts = |todo: &[Cmd]| -> Vec<Fact> {
        let facts =
            todo.iter().filter_map(|cmd| if let Cmd::Remember(facts) = cmd { Some(facts.clone()) } else { None });
        facts.flatten().collect()
    };
    let remembered = |todo: &[Cmd]| facts(todo).iter().filter(|fact| matches!(fact, Fact::Landed(_))).count();
    assert_eq!(remembered(&stage.see(news.clone())), 1);
    assert_eq!(remembered(&stage.see(news)), 0);
}

#[test]
fn a_frozen_screen_stands_still_and_says_so() {
    let mut stage = Stage::new((80, 24));
    stage.press("f");
    let body = |stage: &Stage| stage.text().lines().skip(1).collect::<Vec<_>>().join("\n");
    let before = body(&stage);
    assert!(stage.text().contains("frozen now"), "{}", stage.text());
    stage.see(runs("cart", &[run("cart", 13, 1, "One more")]));
    stage.pass(seconds_on(240));
    assert_eq!(body(&stage), before);
    assert!(stage.text().contains("frozen 4m"));
    stage.press("f");
    assert_ne!(body(&stage), before);
    assert!(!stage.text().contains("frozen"));
    stage.press("/cart");
    assert!(stage.text().contains(crate::cast::sha("cart", 13).short(7)), "{}", stage.text());
}

#[test]
fn a_source_that_no_longer_answers_is_named_with_its_words_and_its_age() {
    let mut stage = Stage::new((100, 24));
    let says = "connection refused".into();
    let failure = Failure::Unreachable { stage: Reached::Connect, says };
    let look = Look::Runs(ServiceName::parse("cart").unwrap());
    stage.see(vec![seen(seconds_on(120), "github", Seen::Failed(look, failure))]);
    stage.pass(seconds_on(120));
    let third = |stage: &Stage| stage.text().lines().nth(2).unwrap().to_owned();
    let line = third(&stage);
    assert!(line.contains("! github  no connection: connection refused"), "{line}");
    assert!(
        line.ends_with("last answer 2m"),
        "what the registry refuses of one repository is no trouble of it: {line}"
    );
    stage.pass(seconds_on(660));
    let line = third(&stage);
    assert!(line.contains("! ghcr.io") && line.ends_with("last answer 11m  +1 more"), "{line}");
}

#[test]
fn a_verdict_that_rests_on_an_old_list_says_how_old() {
    let mut stage = Stage::new((80, 24));
    let look = Look::Runs(ServiceName::parse("cart").unwrap());
    let failure = Failure::NotFound("Not Found".into());
    stage.see(vec![seen(seconds_on(300), "github", Seen::Failed(look, failure))]);
    stage.pass(seconds_on(300));
    let text = stage.text();
    let line = text.lines().find(|line| line.contains("cart")).unwrap();
    assert!(line.contains("? unknown (✓ 5m)"), "{text}");
    assert!(text.lines().any(|line| line.contains("ledger") && line.contains("? unknown (✓ 5m)")), "{text}");
}

#[test]
fn a_quiet_dashboard_sleeps_until_the_next_full_minute() {
    let restless = Stage::new((80, 24)).model.wakes_at();
    assert_eq!(restless, now() + SignedDuration::from_secs(1), "while something is unknown it looks every second");
    assert_eq!(quiet().model.wakes_at(), now() + SignedDuration::from_secs(60));
}

#[test]
fn an_answer_just_before_the_full_minute_leads_to_one_wake_up_after_it() {
    let mut stage = quiet();
    let answered = seconds_on(59) + SignedDuration::from_millis(400);
    stage.pass(answered);
    let mut wakes = Vec::new();
    while stage.model.wakes_at() < seconds_on(130) && wakes.len() < 10 {
        let at = stage.model.wakes_at();
        wakes.push(at);
        stage.pass(at);
    }
    assert_eq!(wakes, [answered + SignedDuration::from_secs(1), seconds_on(120)]);
}

/// The list of the quiet service once more, as it was.
fn once_more(stage: &mut Stage, at: Timestamp) -> Vec<Wanted> {
    let fine = run("cart", 12, 44, "Drop sold-out lines with a notice");
    let list = runs("cart", &[fine]).remove(0).seen;
    wanted(update(&mut stage.model, Msg::Seen(vec![seen(at, "github", list)])))
}

fn wanted(todo: Vec<Cmd>) -> Vec<Wanted> {
    todo.into_iter().flat_map(|cmd| if let Cmd::Want(wanted) = cmd { wanted } else { vec![] }).collect()
}

#[test]
fn a_list_that_says_the_same_again_is_as_new_as_that_and_nothing_else_is_planned() {
    let mut stage = quiet();
    let again = once_more(&mut stage, seconds_on(121));
    let (look, not_before) = (Look::Runs(ServiceName::parse("cart").unwrap()), Some(seconds_on(181)));
    assert_eq!(again, [Wanted { look, urgency: Urgency::Watched, not_before }]);
    // Time goes on, and nothing is judged anew.
    let traffic = Seen::Traffic(SourceKind::Ci, Traffic::default());
    update(&mut stage.model, Msg::Seen(vec![seen(seconds_on(239), "github", traffic)]));
    assert!(stage.text().contains("● live"), "three minutes after the first answer it would not be\n{}", stage.text());
}

#[test]
fn a_list_that_may_mean_more_has_its_service_judged_and_planned_anew() {
    let fine = run("cart", 12, 44, "Drop sold-out lines with a notice");
    let mut partly = runs("cart", std::slice::from_ref(&fine)).remove(0);
    let Seen::Runs(_, batch) = &mut partly.seen else { panic!("no list") };
    batch.skipped = 1;
    let partly = wanted(update(&mut quiet().model, Msg::Seen(vec![partly])));
    assert!(partly.len() > 1, "not all of it could be read: {partly:?}");
    let more = runs("cart", &[run("cart", 13, 1, "One more"), fine]);
    let more = wanted(update(&mut quiet().model, Msg::Seen(more)));
    assert!(more.len() > 1, "one run more: {more:?}");
    let mut waiting = Stage { model: alone() };
    let first = once_more(&mut waiting, now());
    let second = once_more(&mut waiting, seconds_on(60));
    assert!(first.len() > 1 && second.len() > 1, "nobody saw the tag yet: {second:?}");
    let mut old = quiet();
    old.pass(seconds_on(600));
    let old = once_more(&mut old, seconds_on(601));
    assert!(old.len() > 1, "it was old: {old:?}");
}

#[test]
fn a_list_that_says_the_same_again_moves_nothing_while_the_screen_stands_still() {
    let mut stage = quiet();
    stage.press("f");
    let before = stage.text();
    assert!(once_more(&mut stage, seconds_on(50)).len() > 1);
    assert_eq!(stage.text(), before);
    stage.press("f");
    stage.pass(seconds_on(170));
    assert!(stage.text().contains("● live"), "{}", stage.text());
}

#[test]
fn what_says_how_fresh_all_is_never_says_live_while_a_source_gives_no_answer() {
    let mut stage = quiet();
    let fresh = |stage: &Stage| stage.text().lines().next().unwrap_or_default().trim_end().to_owned();
    assert!(fresh(&stage).ends_with("● live"), "{:?}", fresh(&stage));
    let run = run("cart", 12, 44, "Drop sold-out lines with a notice");
    let down = || Failure::Unreachable { stage: Reached::Connect, says: "connection refused".into() };
    let no_tag = |at| tag(at, "cart", &tag_of("cart", 12), Probe::Unseen(down()));
    once_more(&mut stage, seconds_on(60));
    stage.see(vec![no_tag(seconds_on(61))]);
    stage.pass(seconds_on(62));
    assert!(fresh(&stage).ends_with("○ 1/2 live"), "{:?}", fresh(&stage));
    let list = Seen::Failed(Look::Runs(ServiceName::parse("cart").unwrap()), down());
    stage.see(vec![seen(seconds_on(121), "github", list)]);
    stage.pass(seconds_on(122));
    assert!(fresh(&stage).ends_with("○ down 1m"), "{:?}", fresh(&stage));
    update(&mut stage.model, Msg::Acted(Act::Resized(200, 50)));
    assert!(fresh(&stage).ends_with("○ no answer for 1m"), "{:?}", fresh(&stage));
    stage.see(pushed("cart", &run, &run.sha));
    stage.pass(seconds_on(123));
    assert!(fresh(&stage).ends_with("○ 1 of 2 sources live"), "{:?}", fresh(&stage));
    once_more(&mut stage, seconds_on(124));
    stage.pass(seconds_on(125));
    assert!(fresh(&stage).ends_with("● live"), "{:?}", fresh(&stage));
}

/// One service whose only run landed.
fn quiet() -> Stage {
    let fine = run("cart", 12, 44, "Drop sold-out lines with a notice");
    let mut stage = Stage { model: alone() };
    let mut all = runs("cart", std::slice::from_ref(&fine));
    all.extend(pushed("cart", &fine, &fine.sha));
    stage.see(all);
    stage
}

#[test]
fn what_changes_of_many_services_at_once_is_judged_a_few_at_a_time() {
    use landfall::app::{Charset, Model, Settings};
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let services = (0..100).map(|number| crate::cast::service(&format!("service-{number}"))).collect();
    let mut model = Model::new(services, landfall::analysis::Policy::default(), settings, now(), (80, 24));
    let lists = |todo| wanted(todo).iter().filter(|wanted| matches!(wanted.look, Look::Runs(_))).count();
    let mut taken = vec![lists(model.begin())];
    while model.is_behind() {
        taken.push(lists(model.catch_up()));
    }
    assert_eq!(taken, [32, 32, 32, 4]);
}

fn alone() -> landfall::app::Model {
    use landfall::app::{Charset, Model, Settings};
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let services = vec![crate::cast::service("cart")];
    Model::new(services, landfall::analysis::Policy::default(), settings, now(), (80, 24))
}

#[test]
fn what_nobody_could_look_at_yet_is_no_trouble_and_not_counted_as_unknown() {
    let mut stage = Stage { model: alone() };
    stage.press("2");
    assert!(stage.text().contains("Looking: no list of runs was read yet."), "{}", stage.text());
    stage.see(runs("cart", &[run("cart", 12, 44, "Drop sold-out lines with a notice")]));
    let text = stage.text();
    assert!(text.contains("looking at 1") && !text.contains("1 unknown"), "{text}");
    assert!(text.contains("? unknown…"), "{text}");
}
