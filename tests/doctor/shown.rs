//! The table: legible without colour, without Unicode, and in a narrow terminal.

use landfall::doctor::{Diagnosis, Stands, TerminalLook};
use landfall::output::{Style, doctor_table};

fn diagnosis() -> Diagnosis {
    let small = TerminalLook { stands: Stands::Output, size: Some((40, 10)), ..TerminalLook::default() };
    Diagnosis { sections: vec![small.section()] }
}

#[test]
fn a_line_a_check_and_below_it_the_reason_and_the_fix() {
    let style = Style { colour: false, width: Some(72) };
    insta::assert_snapshot!(doctor_table(&diagnosis(), style, true), @r"
    Terminal
      ✓ ok       output   standard output is a terminal
      ✗ fail     size     40 by 10
                 why: Below 60 by 16 nothing of use can be shown.
                 fix: Make the window larger, or the font smaller.
      ✗ fail     TERM     says that the cursor cannot be moved
                 why: The dashboard is not shown there.
                 fix: Set TERM to what the terminal is, such as
                      xterm-256color.
      ✓ ok       colours  the sixteen of the terminal
                 why: Nothing is told by colour alone.
      ! warn     glyphs   ASCII (no locale is set)
                 fix: Set LANG to a UTF-8 locale, such as C.UTF-8.
      ✓ ok       copy     OSC 52, by which `y` copies, is likely to pass
      ✓ ok       where    on this machine

    2 fail, 1 warn, 4 ok
    ");
}

#[test]
fn colour_says_nothing_that_the_words_do_not() {
    let plain = doctor_table(&diagnosis(), Style::default(), true);
    let colourful = doctor_table(&diagnosis(), Style { colour: true, width: None }, true);
    assert!(!plain.contains('\u{1b}') && colourful.contains("\u{1b}[1;31m✗ fail"), "{colourful:?}");
    assert_eq!(strip_ansi_escapes::strip_str(&colourful), plain);
}

#[test]
fn without_unicode_everything_is_ascii() {
    let text = doctor_table(&diagnosis(), Style::default(), false);
    assert!(text.is_ascii() && text.contains("  x fail     size"), "{text}");
}
