//! Filters and commands.

use landfall::app::{Act, Cmd, Key, Msg, update};

use crate::cast::Stage;
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
