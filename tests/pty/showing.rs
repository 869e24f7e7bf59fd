//! What the dashboard shows and does on a real terminal.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::marks::hides;
use crate::tty::Tty;

#[test]
fn it_shows_moves_opens_filters_copies_and_quits() {
    let mut tty = Tty::demo();
    tty.until_shown("Overview");
    tty.until_shown("stale");
    assert!(tty.screen().hide_cursor());
    tty.send("2");
    tty.until_shown("Branch");
    tty.send("j");
    tty.until("the second row", |screen| screen.contents().lines().nth(4).is_some_and(|row| row.starts_with('▸')));
    tty.send("\r");
    tty.until_shown("Evidence");
    tty.send("\u{1b}");
    tty.until("the rows again", |screen| !screen.contents().contains("Evidence"));
    tty.send("/checkout");
    tty.until("checkout alone and a cursor", |screen| !screen.hide_cursor() && !screen.contents().contains("ledger"));
    tty.send("\r");
    tty.until("the cursor hidden", vt100::Screen::hide_cursor);
    tty.send("y");
    tty.until_shown("copied");
    let copied = STANDARD.decode(tty.heard().clipboard.first().unwrap()).unwrap();
    assert!(String::from_utf8(copied).unwrap().contains("/acme/checkout:sha-"));
    tty.send("q");
    assert_eq!(tty.ended(), 0);
    tty.is_as_found();
}

#[test]
fn it_follows_the_terminal_down_to_one_cell_and_back() {
    let mut tty = Tty::demo();
    tty.until_shown("Overview");
    for (columns, rows) in [(200, 50), (1, 1), (3, 2), (59, 16), (1, 40), (60, 16), (500, 3)] {
        tty.resize(columns, rows);
        tty.send("j");
    }
    tty.resize(60, 16);
    tty.until_shown("Verdict");
    tty.resize(40, 10);
    tty.until_shown("landfall needs 60x16; this is 40x10");
    tty.resize(100, 30);
    tty.until_shown("Landed");
    tty.send("q");
    assert_eq!(tty.ended(), 0);
    tty.is_as_found();
}

#[test]
fn neither_a_resize_nor_a_key_of_the_same_moment_is_lost() {
    let mut tty = Tty::demo();
    tty.until_shown("Overview");
    for columns in (38..58).chain(38..58) {
        tty.send("j");
        tty.resize(columns, 9);
        tty.until_shown(&format!("{columns}x9"));
    }
    for _ in 0..20 {
        tty.resize(80, 24);
        tty.send("?");
        tty.until_shown("Verdicts");
        tty.resize(80, 25);
        tty.send("?");
        tty.until("the rows again", |screen| !screen.contents().contains("Verdicts"));
    }
    tty.send("q");
    assert_eq!(tty.ended(), 0);
}

#[test]
fn what_others_wrote_reaches_the_terminal_without_its_escapes_and_hidden_marks() {
    let mut tty = Tty::demo();
    tty.resize(200, 50);
    tty.until_shown("stale");
    tty.send("2");
    tty.until_shown("Branch");
    for title in ["alerts", "Preview"] {
        tty.send(&format!("/{title}\r"));
        tty.until("its row alone", |screen| {
            screen.contents().contains("notifier") && !screen.contents().contains("ledger")
        });
        tty.send("\r");
        tty.until_shown("Evidence");
        tty.until_shown(title);
        tty.send("\u{1b}");
        tty.until("the rows again", |screen| !screen.contents().contains("Evidence"));
        tty.send("\u{1b}");
        tty.until_shown("ledger");
    }
    tty.send("q");
    assert_eq!(tty.ended(), 0);
    let text = std::str::from_utf8(&tty.bytes).unwrap();
    // A bell and a backspace move something without an escape.
    assert_eq!(text.find(|c| matches!(c, '\u{7}' | '\u{8}') || hides(c)), None);
    assert!(!text.contains("owned"), "what would have been the window's title");
    tty.is_as_found();
}

#[test]
fn where_the_locale_is_not_utf_8_every_byte_is_ascii() {
    let mut tty = Tty::landfall(&["demo"], &[("LC_ALL", "C")]);
    tty.until_shown("stale");
    tty.send("2\r");
    tty.until_shown("Evidence");
    tty.send("?");
    tty.until_shown("Verdicts");
    tty.send("q");
    assert_eq!(tty.ended(), 0);
    assert!(tty.bytes.is_ascii());
    tty.is_as_found();
}

#[test]
fn without_colour_no_colour_is_sent() {
    let mut tty = Tty::landfall(&["demo"], &[("NO_COLOR", "1")]);
    tty.until_shown("stale");
    let cells = (0..24).flat_map(|row| (0..80).map(move |column| (row, column)));
    for (row, column) in cells {
        let cell = tty.screen().cell(row, column).unwrap();
        assert_eq!((cell.fgcolor(), cell.bgcolor()), (vt100::Color::Default, vt100::Color::Default));
    }
    tty.send("q");
    assert_eq!(tty.ended(), 0);
}

#[test]
fn each_frame_is_one_synchronised_update_and_asks_nothing() {
    let mut tty = Tty::demo();
    tty.until_shown("stale");
    tty.send("q");
    tty.ended();
    let text = String::from_utf8_lossy(&tty.bytes).into_owned();
    assert!(text.matches("\u{1b}[?2026h").count() > 1);
    for question in ["\u{1b}[6n", "\u{1b}[c", "\u{1b}[?u", "\u{1b}]11;?"] {
        assert!(!text.contains(question), "{question:?}");
    }
    assert!(!text.contains("\u{1b}[?1000h"), "the mouse is left to the terminal");
}

#[test]
fn control_l_paints_everything_anew() {
    let mut tty = Tty::demo();
    tty.until_shown("stale");
    tty.send("f");
    tty.until_shown("frozen");
    tty.listen(Duration::from_millis(300));
    let trimmed = |tty: &Tty| tty.text().lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let before = trimmed(&tty);
    tty.send("\u{c}");
    assert!(tty.listen(Duration::from_secs(1)) > 500, "a whole screen was sent");
    assert_eq!(trimmed(&tty), before);
}

#[test]
fn a_frozen_screen_writes_nothing() {
    let mut tty = Tty::demo();
    tty.until_shown("stale");
    tty.send("f");
    tty.until_shown("frozen now");
    tty.listen(Duration::from_millis(300));
    let written = tty.listen(Duration::from_secs(3));
    // A full minute may pass meanwhile: then the age of the freeze changes, and nothing else.
    assert!(written < 200, "{written} bytes");
}
