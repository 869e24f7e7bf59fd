//! What keys ask to be done.

use std::sync::Arc;

use jiff::SignedDuration;
use landfall::app::{Charset, Cmd, Key, Settings};
use landfall::domain::{Look, Run, Urgency};

use crate::bottom;
use crate::cast::{Stage, run, runs};

#[test]
fn look_now_asks_for_the_row_ahead_of_everything() {
    let mut stage = Stage::new((80, 24));
    let todo = stage.press("2R");
    let [Cmd::Want(wanted)] = todo.as_slice() else { panic!("{todo:?}") };
    assert!(wanted.iter().all(|wanted| wanted.urgency == Urgency::Asked && wanted.not_before.is_none()));
    assert!(wanted.iter().any(|wanted| matches!(&wanted.look, Look::Runs(name) if name.as_str() == "checkout")));
    assert!(wanted.iter().any(|wanted| matches!(&wanted.look, Look::Tag(_))));
    assert!(bottom(&stage).starts_with("looking at checkout now"));
}

#[test]
fn opening_a_row_asks_for_what_it_shows_where_that_is_not_fresh() {
    let mut stage = Stage::new((80, 24));
    let todo = stage.key(Key::Enter);
    let [Cmd::Want(wanted)] = todo.as_slice() else { panic!("{todo:?}") };
    let not_before = Some(crate::cast::now() - SignedDuration::from_secs(10));
    assert!(wanted.iter().all(|wanted| wanted.urgency == Urgency::Opened && wanted.not_before == not_before));
    assert!(matches!(&wanted.first().unwrap().look, Look::Runs(name) if name.as_str() == "checkout"), "{wanted:?}");
    assert!(wanted.iter().any(|wanted| matches!(&wanted.look, Look::Tag(_))));
    let todo = stage.press("n");
    let [Cmd::Want(next)] = todo.as_slice() else { panic!("{todo:?}") };
    assert_ne!(wanted, next, "who goes on to the next finding reads another row");
    assert_eq!(stage.press("jjk"), [], "who scrolls reads the same");
    assert_eq!(Stage::new((80, 24)).press("n"), [], "who only moves reads none");
    let mut sources = Stage::new((80, 24));
    sources.press("3");
    assert_eq!(sources.key(Key::Enter), [], "a source may stand for very many");
}

#[test]
fn look_now_at_a_source_asks_for_all_that_depends_on_it() {
    let mut stage = Stage::new((80, 24));
    let todo = stage.press("3R");
    let [Cmd::Want(wanted)] = todo.as_slice() else { panic!("{todo:?}") };
    let lists = wanted.iter().filter(|wanted| matches!(wanted.look, Look::Runs(_))).count();
    assert_eq!(lists, 6, "a service without rows may have some by now");
}

#[test]
fn copy_takes_the_reference_the_commit_or_the_failure() {
    let mut stage = Stage::new((80, 24));
    let commit = crate::cast::sha("checkout", 42).to_string();
    assert_eq!(stage.press("y"), [Cmd::Copy(commit)]);
    let tag = crate::cast::tag_of("checkout", 42);
    assert_eq!(stage.press("2y"), [Cmd::Copy(format!("ghcr.io/acme/checkout:{tag}"))]);
    let todo = stage.press("3y");
    let [Cmd::Copy(failure)] = todo.as_slice() else { panic!("{todo:?}") };
    assert!(
        failure.starts_with("ghcr.io: acme/ledger: the registry says that the login lacks this right"),
        "{failure}"
    );
    assert!(bottom(&stage).starts_with("copied ghcr.io"));
}

#[test]
fn the_page_is_opened_where_the_user_sits_and_copied_elsewhere() {
    let page = "https://github.com/acme/checkout/actions/runs/1042".to_owned();
    assert_eq!(Stage::new((80, 24)).press("o"), [Cmd::Copy(page.clone())]);
    let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: true };
    assert_eq!(Stage::with((80, 24), settings).press("o"), [Cmd::Browse(page)]);
}

#[test]
fn what_is_no_web_address_is_never_opened() {
    for url in ["javascript:alert(1)", "file:///etc/passwd", "--help", "", "https://x\u{202e}/\u{1b}]0;a\u{7}"] {
        let settings = Settings { title: "landfall", charset: Charset::Unicode, browser: true };
        let mut stage = Stage::with((80, 24), settings);
        let plain = run("cart", 13, 1, "Strange");
        stage.see(runs("cart", &[Arc::new(Run { url: url.into(), ..(*plain).clone() })]));
        stage.press(":service cart");
        stage.key(Key::Enter);
        for cmd in stage.press("o") {
            let Cmd::Browse(page) = cmd else { panic!("{cmd:?}") };
            assert!(page.starts_with("https://") && page.is_ascii(), "{page}");
            assert!(!page.chars().any(char::is_control), "{page}");
        }
    }
}

#[test]
fn every_key_of_the_contract_does_something() {
    let keys = "jkgGhl123/nNsRoyf?:".chars().map(Key::Char);
    let others = [Key::Up, Key::Down, Key::PageUp, Key::PageDown, Key::Tab, Key::Enter, Key::Ctrl('d'), Key::Ctrl('u')];
    for key in keys.chain(others) {
        // From the middle of a filtered list in the middle pane every key has somewhere to go.
        let mut stage = Stage::new((80, 24));
        stage.press("2/a");
        stage.key(Key::Enter);
        stage.press("jjj");
        let before = stage.screen();
        let todo = stage.key(key);
        let is_home = key == Key::Char('2');
        assert!(is_home || !todo.is_empty() || stage.screen() != before, "{key} does nothing");
    }
    let mut stage = Stage::new((80, 24));
    assert_eq!(stage.press("q"), [Cmd::Quit { leave_screen: false }]);
    assert_eq!(stage.press("Q"), [Cmd::Quit { leave_screen: true }]);
    assert_eq!(stage.key(Key::Ctrl('c')), [Cmd::Quit { leave_screen: false }]);
    assert_eq!(stage.key(Key::Ctrl('z')), [Cmd::Suspend]);
    assert_eq!(stage.key(Key::Ctrl('l')), [Cmd::Repaint]);
}

#[test]
fn a_detail_scrolls_to_its_end_and_no_further() {
    let mut stage = Stage::new((80, 24));
    stage.key(Key::Enter);
    assert!(stage.text().contains("more lines"));
    stage.press("G");
    assert!(stage.text().contains("project     acme/checkout at github"), "{}", stage.text());
    assert!(!stage.text().contains("more lines"));
    let end = stage.text();
    stage.press("jjj");
    assert_eq!(stage.text(), end);
    stage.press("k");
    assert_ne!(stage.text(), end, "one key back is one line back");
    stage.key(Key::Esc);
    assert!(stage.text().contains('▸'));
}
