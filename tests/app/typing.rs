//! Filters and commands.

use landfall::analysis::Policy;
use landfall::app::{Act, Charset, Cmd, Key, Model, Msg, Settings, update};

use crate::cast::{self, Stage};
use crate::{bottom, selected};

fn rows(stage: &Stage) -> usize {
    bottom(stage).rsplit_once('/').unwrap().1.parse().unwrap()
}

#[test]
fn a_filter_takes_effect_with_every_key_and_escape_brings_back_what_was() {
    let mut stage = Stage::new((80, 24));
    stage.press("2/miss");
    assert_eq!(rows(&stage), 2, "{}", stage.text());
    stage.press(" !42");
    assert_eq!(rows(&stage), 2, "a run's number is no word of a row");
    for _ in 0..4 {
        stage.key(Key::Backspace);
    }
    stage.press(" delivery");
    assert_eq!(rows(&stage), 1, "{}", stage.text());
    stage.key(Key::Esc);
    assert_eq!(rows(&stage), 7);
}

#[test]
fn enter_keeps_a_filter_until_escape_clears_it() {
    let mut stage = Stage::new((80, 24));
    stage.press("2/CHECKOUT");
    assert_eq!(rows(&stage), 0, "capitals match capitals alone");
    stage.key(Key::Ctrl('u'));
    stage.press("checkout");
    stage.key(Key::Enter);
    assert_eq!(rows(&stage), 3);
    assert!(bottom(&stage).starts_with("/checkout"));
    stage.press("1");
    assert_eq!(rows(&stage), 1, "a filter holds for every pane");
    stage.key(Key::Esc);
    assert_eq!(rows(&stage), 6);
}

#[test]
fn every_word_that_a_row_is_known_by_finds_it() {
    let mut stage = Stage::new((80, 24));
    let sha = crate::cast::sha("search", 7);
    for (word, count) in
        [("acme/search", 2), ("boost", 1), (sha.as_str(), 1), ("sha-", 7), ("mismatch", 1), ("main", 7), ("zebra", 0)]
    {
        stage.press("2/");
        stage.press(word);
        assert_eq!(rows(&stage), count, "{word}");
        stage.key(Key::Enter);
        stage.key(Key::Esc);
    }
}

#[test]
fn pasted_text_goes_into_the_filter_as_one_harmless_line() {
    let mut stage = Stage::new((80, 24));
    stage.press("/");
    update(&mut stage.model, Msg::Acted(Act::Paste("cart\n\u{1b}[31m\u{202e}".to_owned())));
    assert_eq!(bottom(&stage).split("  ").next(), Some("/cart"));
    assert_eq!(rows(&stage), 1);
    stage.key(Key::Esc);
    let before = stage.text();
    update(&mut stage.model, Msg::Acted(Act::Paste("qqq".to_owned())));
    assert_eq!(stage.text(), before, "without a prompt pasted text is not taken for keys");
}

#[test]
fn while_text_is_typed_letters_are_letters() {
    let mut stage = Stage::new((80, 24));
    assert!(stage.press("/qQRf?:").is_empty());
    assert_eq!(stage.key(Key::Ctrl('c')), [Cmd::Quit { leave_screen: false }]);
}

#[test]
fn commands_go_to_services_panes_and_sorts() {
    let mut stage = Stage::new((80, 24));
    let command = |stage: &mut Stage, text: &str| {
        stage.press(text);
        stage.key(Key::Enter)
    };
    command(&mut stage, ":service led");
    assert!(selected(&stage).contains("ledger"), "{}", stage.text());
    command(&mut stage, ":pane div");
    assert!(selected(&stage).contains("missing"));
    command(&mut stage, ":sort service");
    assert!(selected(&stage).contains("cart"));
    assert_eq!(command(&mut stage, ":q"), [Cmd::Quit { leave_screen: false }]);
    for (wrong, said) in [
        (":frobnicate", "no command \"frobnicate\"; known: :service NAME"),
        (":service zebra", "no service \"zebra\""),
        (":pane 7", "no pane \"7\"; there are Overview, Divergence, Sources"),
        (":sort colour", "no sort \"colour\" here; there are worst, newest, service"),
    ] {
        command(&mut stage, wrong);
        assert!(bottom(&stage).starts_with(said), "{wrong}: {}", bottom(&stage));
    }
}

/// A world of so many rows that they are not all looked at for a filter before its first frame: odd runs and even ones.
fn many() -> Stage {
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: false };
    let policy = Policy { runs: 10_000, ..Policy::default() };
    let mut stage = Stage { model: Model::new(vec![cast::service("many")], policy, settings, cast::now(), (100, 30)) };
    let title = |number| if number % 2 == 0 { "Even" } else { "Odd" };
    let runs: Vec<_> = (1..=5_000).rev().map(|number| cast::run("many", number, 5, title(number))).collect();
    stage.see(cast::runs("many", &runs));
    stage.press("2");
    finish(&mut stage);
    assert_eq!(rows(&stage), 5_000);
    stage
}

/// Whether the count says that more rows may follow.
fn is_unfinished(stage: &Stage) -> bool {
    assert_eq!(stage.model.is_behind(), bottom(stage).ends_with('…'), "{}", bottom(stage));
    stage.model.is_behind()
}

/// Enters a filter in one go: with every further key more rows are looked at.
fn paste(stage: &mut Stage, filter: &str) {
    stage.press("/");
    update(&mut stage.model, Msg::Acted(Act::Paste(filter.to_owned())));
}

fn finish(stage: &mut Stage) {
    while stage.model.is_behind() {
        stage.model.catch_up();
    }
}

#[test]
fn a_filter_over_very_many_rows_shows_the_first_of_them_at_once_and_says_that_more_may_follow() {
    let mut stage = many();
    stage.press("/ev");
    assert!(is_unfinished(&stage) && stage.text().contains("Even"), "{}", stage.text());
    let seen = stage.text();
    finish(&mut stage);
    assert!(!is_unfinished(&stage));
    assert_eq!(rows(&stage), 2_500);
    let list = |text: &str| text.lines().rev().skip(1).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(list(&seen), list(&stage.text()), "those that were shown stay where they are");
    stage.press("zzz");
    finish(&mut stage);
    for _ in 0..3 {
        stage.key(Key::Backspace);
    }
    finish(&mut stage);
    assert_eq!(rows(&stage), 2_500);
}

#[test]
fn a_filter_that_is_typed_on_before_every_row_was_looked_at_leaves_none_out() {
    let mut stage = many();
    stage.press("/many ev");
    assert!(is_unfinished(&stage));
    stage.press("en");
    finish(&mut stage);
    assert_eq!(rows(&stage), 2_500);
    stage.press(" !odd");
    finish(&mut stage);
    assert_eq!(rows(&stage), 2_500);
}

#[test]
fn that_nothing_matches_is_said_once_every_row_was_looked_at() {
    let mut stage = many();
    paste(&mut stage, "zebra");
    assert!(stage.text().contains("… filtering") && !stage.text().contains("Nothing matches"), "{}", stage.text());
    finish(&mut stage);
    assert!(stage.text().contains("Nothing matches the filter."), "{}", stage.text());
}

#[test]
fn the_last_row_is_the_last_of_all_that_pass_however_soon_one_asks_for_it() {
    let mut stage = many();
    paste(&mut stage, "even");
    stage.key(Key::Enter);
    assert!(is_unfinished(&stage));
    stage.press("G");
    assert!(!is_unfinished(&stage));
    assert!(bottom(&stage).ends_with("2500/2500"), "{}", bottom(&stage));
}

#[test]
fn the_selection_stays_with_its_row_where_that_is_found_later() {
    let mut stage = many();
    stage.press("G");
    let last = selected(&stage);
    paste(&mut stage, "odd");
    assert!(is_unfinished(&stage));
    finish(&mut stage);
    assert_eq!(selected(&stage), last);
    stage.key(Key::Esc);
    assert_eq!(selected(&stage), last);
    assert!(bottom(&stage).ends_with("5000/5000"), "{}", bottom(&stage));
}

#[test]
fn a_key_about_the_selected_row_never_means_another_one() {
    for key in [Key::Enter, Key::Down] {
        let mut stage = many();
        stage.press("Gkkkk");
        let held = selected(&stage);
        paste(&mut stage, "odd");
        stage.key(Key::Enter);
        assert!(is_unfinished(&stage));
        stage.key(key);
        assert!(!stage.model.is_behind());
        if key == Key::Enter {
            stage.key(Key::Esc);
        } else {
            stage.key(Key::Up);
        }
        assert_eq!(selected(&stage), held);
    }
}

#[test]
fn an_answer_that_comes_while_a_filter_is_on_hides_no_row_that_passes() {
    let mut stage = many();
    stage.press("/even");
    finish(&mut stage);
    let runs: Vec<_> = (1..=5_002).rev().map(|number| cast::run("many", number, 5, "Even")).collect();
    stage.see(cast::runs("many", &runs));
    assert!(!is_unfinished(&stage));
    assert_eq!(rows(&stage), 5_002);
}
