//! Files that were written to harm whoever reads them: each is refused with a reason.

use std::fmt::Write as _;

use landfall::workflow::{pipelines, uses};
use proptest::prelude::*;

use super::one;

const JOBS: &str = "on: push\njobs:\n  a: {steps: []}\n";

fn laughs() -> String {
    let mut text = String::from("on: push\njobs: {}\na0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n");
    for level in 1..12 {
        let of = format!("*a{}", level - 1);
        let _ = writeln!(text, "a{level}: &a{level} [{}]", [of.as_str(); 10].join(", "));
    }
    text
}

/// Each stands in the next, so that none is deep by itself.
fn chain() -> String {
    let mut text = String::from("on: push\njobs: {}\na0: &a0 [x]\n");
    for level in 1..5_000 {
        let _ = writeln!(text, "a{level}: &a{level} [*a{}]", level - 1);
    }
    text
}

fn secrets(above: usize, environments: usize) -> String {
    let mut text = String::from("on: push\nenv:\n");
    for name in 0..above {
        let _ = writeln!(text, "  A{name}: ${{{{ secrets.S{name} }}}}");
    }
    text.push_str("jobs:\n");
    for name in 0..environments {
        let _ = writeln!(text, "  j{name}: {{environment: e{name}}}");
    }
    text
}

#[test]
fn what_is_odd_is_refused_with_its_reason() {
    let deep_flow = format!("{JOBS}x: {}", "[".repeat(10_000));
    let deep_block = format!("{JOBS}x: \n  {}", "- ".repeat(10_000));
    let long = format!("{JOBS}x: {}", "y".repeat(2 << 20));
    let wide = format!("{JOBS}x: &a {}\ny: [{}]", "z".repeat(1 << 20), "*a,".repeat(20));
    for (name, text, wanted) in [
        ("billion laughs", laughs(), "aliases unfold"),
        ("a long text again and again", wide, "aliases unfold"),
        ("a chain of aliases", chain(), "deeper than 64"),
        ("deep lists in flow", deep_flow, "recursion limit"),
        ("deep lists in blocks", deep_block, "deeper than 64"),
        ("too long", long, "longer than 2 MiB"),
        ("tabs", "on: push\njobs:\n\ta: {}\n".to_owned(), "line 3"),
        ("a tag of a program", format!("{JOBS}x: !!python/object/apply:os.system [id]"), "tag"),
        ("a tag of its own", format!("{JOBS}x: !secret y"), "tag"),
        ("an anchor in itself", format!("{JOBS}x: &a [*a]"), "itself"),
        ("an alias as a key", format!("{JOBS}x: &a y\n*a : z"), "alias stands for a key"),
        ("a list as a key", format!("{JOBS}? [a, b]\n: c"), "a key is a list"),
        ("an unknown alias", format!("{JOBS}x: *nobody"), "line 4"),
        ("the same key twice", format!("{JOBS}jobs: {{}}"), "\"jobs\" stands there twice"),
        ("the same key twice, by an anchor", "on: push\n&k jobs: {}\njobs: {}".to_owned(), "twice"),
        ("several documents", format!("{JOBS}---\n{JOBS}"), "several documents"),
        ("merge keys", "on: push\njobs:\n  <<: {a: {}}\n".to_owned(), "`<<`"),
        ("more secrets than anybody needs", secrets(3_000, 1), "more than 2000"),
        ("many secrets in many environments", secrets(1_000, 1_000), "more than 2000"),
        ("nothing", String::new(), "empty"),
        ("a list", "- a".to_owned(), "no mapping"),
        ("no jobs", "on: push".to_owned(), "no jobs"),
        ("no start", "jobs: {}".to_owned(), "nothing starts it"),
        ("JSON that breaks off", "{\"on\": ".to_owned(), "line"),
        ("HTML", "<!doctype html><p>Sign in".to_owned(), "no mapping"),
    ] {
        let pipeline = one(&text);
        let why = pipeline.unread.as_ref().map(|why| why.as_str().to_owned()).unwrap_or_default();
        assert!(why.contains(wanted), "{name}: {why:?}");
        assert!(pipeline.uses.is_empty() && pipeline.schedules.is_empty());
    }
}

#[test]
fn what_is_only_unusual_is_read() {
    for text in [
        format!("\u{feff}{JOBS}"),
        JOBS.replace('\n', "\r\n"),
        format!("---\n{JOBS}...\n"),
        format!("{JOBS}&anchored x: !!str y"),
        format!("{JOBS}x: &a [1]\ny: *a"),
        "{\"on\": \"push\", \"jobs\": {\"a\": {\"steps\": []}}}".to_owned(),
    ] {
        assert_eq!(one(&text).unread, None, "{text}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_and_names_are_made_harmless() {
    let read = pipelines(&[("x.yml".to_owned(), Ok(vec![b'o', 0xff, 0xfe]))]);
    assert!(read[0].unread.as_ref().unwrap().raw().contains("no UTF-8"));
    let pipeline =
        one("name: \"a\\e[2J\\u202Eb\"\non: push\njobs: {\"\\e]52;c;x\\a\": {env: {T: '${{ secrets.T }}'}}}\n");
    let shown = format!("{} {:?}", pipeline.name, pipeline.uses);
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
}

proptest! {
    #[test]
    fn nothing_falls_over(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = pipelines(&[("x.yml".to_owned(), Ok(bytes))]);
    }

    #[test]
    fn nothing_falls_over_what_looks_like_yaml(text in "[-a-c:&*!?|>{}\\[\\],'\"#%@$ \n\t.secrets<]{0,200}") {
        let _ = uses(&text);
        let _ = pipelines(&[("x.yml".to_owned(), Ok(format!("on: push\njobs:\n  a:\n    x: ${{{{ {text} }}}}\n").into_bytes()))]);
    }
}
