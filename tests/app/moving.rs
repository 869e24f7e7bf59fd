//! Where the selection goes.

use landfall::app::{Act, Key, Msg, update};

use crate::cast::{Stage, absent, now, pushed, run, runs};
use crate::{bottom, selected};

#[test]
fn the_keys_move_the_selection_and_stop_at_the_ends() {
    let mut stage = Stage::new((80, 24));
    stage.press("kk");
    assert!(selected(&stage).contains("checkout"));
    stage.press("jj");
    stage.key(Key::Up);
    assert!(selected(&stage).contains("search"), "{}", stage.text());
    stage.press("Gjjj");
    assert!(selected(&stage).contains("cart"));
    stage.press("g");
    assert!(selected(&stage).contains("checkout"));
    stage.key(Key::PageDown);
    assert!(bottom(&stage).ends_with("6/6"));
}

#[test]
fn a_selected_row_is_followed_when_the_order_changes() {
    let mut stage = Stage::new((80, 24));
    stage.press("j");
    assert!(selected(&stage).contains("search"));
    let fresh = run("cart", 13, 5, "Break the push");
    let mut news = runs("cart", &[fresh]);
    news.extend(absent("cart", 13));
    stage.see(news);
    assert!(selected(&stage).contains("search"), "{}", stage.text());
    assert!(bottom(&stage).ends_with("4/7"), "cart, and the incident that it opens, came in above it");
}

#[test]
fn at_the_first_row_the_worst_stays_in_sight() {
    let mut stage = Stage::new((80, 24));
    let mended = run("checkout", 43, 1, "Renew the robot's token");
    let mut news = runs("checkout", std::slice::from_ref(&mended));
    news.extend(pushed("checkout", &mended, &mended.sha));
    stage.see(news);
    assert!(selected(&stage).contains("search"), "{}", stage.text());
}

#[test]
fn next_and_previous_find_findings_and_go_round() {
    let mut stage = Stage::new((80, 24));
    stage.press("2n");
    assert!(bottom(&stage).ends_with("2/7"));
    stage.press("nn");
    assert!(bottom(&stage).ends_with("1/7"), "past the last finding comes the first");
    stage.press("N");
    assert!(selected(&stage).contains("mismatch"));
}

#[test]
fn next_takes_an_open_detail_along() {
    let mut stage = Stage::new((80, 40));
    stage.press("2");
    stage.key(Key::Enter);
    assert!(stage.text().contains("run         #42"));
    stage.press("n");
    assert!(stage.text().contains("run         #41"), "{}", stage.text());
}

#[test]
fn panes_are_reached_by_number_by_tab_and_sideways() {
    let mut stage = Stage::new((80, 24));
    let pane = |stage: &Stage| stage.text().lines().nth(2).unwrap().split_whitespace().next().unwrap().to_owned();
    for (key, head) in [
        (Key::Char('3'), "Source"),
        (Key::Tab, "Service"),
        (Key::BackTab, "Source"),
        (Key::Char('h'), "Verdict"),
        (Key::Left, "Service"),
        (Key::Char('l'), "Verdict"),
        (Key::Right, "Source"),
    ] {
        stage.key(key);
        assert_eq!(pane(&stage), head, "{key}");
    }
    stage.press("9");
    assert_eq!(bottom(&stage).split("  ").next(), Some("there is no pane 9"));
}

#[test]
fn a_row_in_the_middle_of_many_stays_in_sight_when_the_screen_shrinks() {
    let mut stage = Stage::new((80, 40));
    let many: Vec<_> = (20..80).map(|number| run("cart", number, 300 - number.cast_signed(), "Again")).rev().collect();
    stage.see(runs("cart", &many));
    stage.press("2");
    for _ in 0..25 {
        stage.press("j");
    }
    let before = selected(&stage);
    update(&mut stage.model, Msg::Acted(Act::Resized(80, 16)));
    assert_eq!(selected(&stage), before);
    update(&mut stage.model, Msg::Acted(Act::Resized(1, 1)));
    update(&mut stage.model, Msg::Acted(Act::Resized(80, 40)));
    assert_eq!(selected(&stage), before);
    stage.pass(now());
}
