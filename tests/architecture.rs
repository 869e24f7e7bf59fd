//! The shape of the source, kept by a test: who may import whom, what pure means, how long a file may be.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "architecture/rules.rs"]
mod rules;
#[path = "architecture/scan.rs"]
mod scan;
#[path = "architecture/table.rs"]
mod table;

use std::fs;
use std::path::Path;

use rules::{Broken, File};

fn files(folders: &[&str]) -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for folder in folders {
        walk(root, &root.join(folder), &mut found);
    }
    assert!(!found.is_empty(), "no sources below {folders:?}");
    found
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let place = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push(File { place, text: fs::read_to_string(&path).unwrap() });
        }
    }
}

fn hold(rule: impl Fn(&File) -> Vec<Broken>, folders: &[&str]) {
    let broken: Vec<String> = files(folders).iter().flat_map(rule).map(|broken| broken.to_string()).collect();
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn broken(rule: impl Fn(&File) -> Vec<Broken>, place: &str, text: &str) -> Vec<String> {
    let file = File { place: place.to_owned(), text: text.to_owned() };
    rule(&file).into_iter().map(|broken| broken.to_string()).collect()
}

#[test]
fn each_module_imports_only_whom_the_table_allows() {
    hold(rules::imports, &["src"]);
}

#[test]
fn each_outside_crate_is_used_only_where_it_belongs() {
    hold(rules::crates, &["src"]);
}

#[test]
fn pure_modules_ask_nobody_and_read_no_clock() {
    hold(rules::purity, &["src"]);
}

#[test]
fn no_file_is_longer_than_400_lines() {
    hold(rules::length, &["src", "tests", "benches"]);
}

#[test]
fn files_lie_at_most_two_levels_deep_and_none_is_called_mod_rs() {
    hold(rules::depth, &["src"]);
}

#[test]
fn each_file_opens_by_saying_what_it_is_for() {
    hold(rules::opening, &["src", "tests", "benches"]);
}

#[test]
fn no_lint_is_silenced_without_a_reason() {
    hold(rules::silence, &["src", "tests", "benches"]);
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    hold(rules::names, &["src", "tests", "benches"]);
}

#[test]
fn the_table_has_no_circle() {
    let mut left: Vec<&str> = table::IMPORTS.iter().map(|(module, _)| *module).collect();
    while !left.is_empty() {
        let free = |module: &str| {
            let (_, uses) = table::IMPORTS.iter().find(|(name, _)| *name == module).unwrap();
            uses.iter().all(|used| !left.contains(&used.split("::").next().unwrap()))
        };
        let before = left.len();
        let next: Vec<&str> = left.iter().copied().filter(|module| !free(module)).collect();
        left = next;
        assert!(left.len() < before, "these import each other in a circle: {left:?}");
    }
}

#[test]
fn an_import_is_seen_in_every_way_of_writing_it() {
    let ways = [
        "use crate::runtime::Loop;",
        "use crate::{domain::Run, runtime::{self, Loop}};",
        "use crate::{\n    domain::Run,\n    runtime,\n};",
        "fn f() { let x = crate::runtime::now(); }",
        "use super::super::runtime;",
        "mod inner { use super::super::super::runtime::Loop; }",
        "type X = Vec<crate::runtime::Loop>;",
        "pub(crate) use crate::runtime as clock;",
        "const A: &str = r#\"quote \" here\"#; use crate::runtime;",
        "const A: char = '\"'; use crate::runtime; const B: char = '\"';",
        "fn f<'a>(x: &'a str) -> crate::runtime::X<'a> { x }",
        "use crate as us; use us::runtime;",
    ];
    for way in ways.iter().take(11) {
        let said = broken(rules::imports, "src/analysis/plan.rs", way);
        assert!(!said.is_empty(), "{way}");
        assert!(said[0].contains("analysis may not import runtime"), "{way}: {said:?}");
    }
    assert!(!broken(rules::imports, "src/analysis/plan.rs", ways[11]).is_empty(), "{}", ways[11]);
}

#[test]
fn what_only_looks_like_an_import_is_none() {
    let ways = [
        "// use crate::runtime::Loop;",
        "/* use crate::runtime; /* and */ crate::runtime::now() */",
        "/// See [`crate::runtime`].\nfn f() {}",
        "const A: &str = \"crate::runtime::now \\\" crate::ui\";",
        "const A: &[u8] = br##\"crate::runtime \"# crate::ui\"##;",
        "use super::Report;",
        "use crate::domain::{Run, name::Sha};",
        "mod inner { use super::runtime; }",
        "#[cfg(test)]\nmod tests { use crate::runtime; fn f() { if true { } } }",
    ];
    for way in ways {
        assert_eq!(broken(rules::imports, "src/analysis/plan.rs", way), Vec::<String>::new(), "{way}");
    }
}

#[test]
fn code_after_the_tests_of_a_file_is_still_looked_at() {
    let text = "#[cfg(test)] mod tests { fn f() { } } use crate::runtime;";
    assert_eq!(broken(rules::imports, "src/domain/run.rs", text).len(), 1);
}

#[test]
fn a_module_that_the_table_does_not_know_is_refused() {
    let said = broken(rules::imports, "src/gadget.rs", "use crate::domain::Run;");
    assert!(said[0].contains("gadget is not in the table"), "{said:?}");
    assert!(!broken(rules::imports, "src/runtime.rs", "use crate::gadget::Run;").is_empty());
}

#[test]
fn the_binary_is_held_by_the_table_too() {
    assert!(broken(rules::imports, "src/main.rs", "use landfall::{cli, runtime};").is_empty());
    assert_eq!(broken(rules::imports, "src/main.rs", "use landfall::{cli, poll::Poller};").len(), 1);
}

#[test]
fn the_screen_alone_is_what_ui_may_see_of_app() {
    assert!(broken(rules::imports, "src/ui/table.rs", "use crate::app::Screen; use crate::pane::Tone;").is_empty());
    assert_eq!(broken(rules::imports, "src/ui/table.rs", "use crate::app::{Screen, Model};").len(), 1);
    assert_eq!(broken(rules::imports, "src/ui.rs", "use crate::app;").len(), 1);
}

#[test]
fn impure_words_are_seen_in_every_way_of_writing_them() {
    let ways = [
        "use std::fs;",
        "use std::{collections::BTreeMap, fs::File};",
        "fn f() { std::env::var(\"X\"); }",
        "use std::time::{Duration, Instant};",
        "fn f() { let now = Timestamp::now(); }",
        "fn f() { let now = jiff::Timestamp::now(); }",
        "fn f() { println!(\"x\"); }",
        "use tokio::sync::mpsc;",
        "use ratatui::style::Color;",
        "async fn f() {}",
        "fn f() { let lock = Arc::new(Mutex::new(1)); }",
    ];
    for way in ways {
        assert_eq!(broken(rules::purity, "src/pane/overview.rs", way).len(), 1, "{way}");
        assert_eq!(broken(rules::purity, "src/poll.rs", way), Vec::<String>::new(), "{way}");
    }
    let pure = "use std::time::Duration; fn f(now: Timestamp) -> Instantly { now.print() } // println!";
    assert_eq!(broken(rules::purity, "src/pane/overview.rs", pure), Vec::<String>::new());
}

#[test]
fn an_outside_crate_in_the_wrong_place_is_seen() {
    assert_eq!(broken(rules::crates, "src/app.rs", "use crossterm::event::KeyCode;").len(), 1);
    assert_eq!(broken(rules::crates, "src/source/oci.rs", "fn f(c: &reqwest::Client) {}").len(), 1);
    assert_eq!(broken(rules::crates, "src/ui.rs", "use ratatui as r;").len(), 0);
}

#[test]
fn the_other_rules_can_fail_too() {
    assert_eq!(broken(rules::length, "src/a.rs", &"x\n".repeat(401)).len(), 1);
    assert_eq!(broken(rules::length, "src/a.rs", &"x\n".repeat(400)).len(), 0);
    assert_eq!(broken(rules::depth, "src/source/mod.rs", "").len(), 1);
    assert_eq!(broken(rules::depth, "src/source/github/runs.rs", "").len(), 1);
    assert_eq!(broken(rules::depth, "src/source/github/dto.rs", "").len(), 0);
    assert_eq!(broken(rules::depth, "src/a/b/c/dto.rs", "").len(), 1);
    assert_eq!(broken(rules::opening, "src/a.rs", "use std::fmt;\n//! Late.").len(), 1);
    assert_eq!(broken(rules::silence, "src/a.rs", "//! A.\n#[allow(dead_code)]\nfn f() {}").len(), 1);
    assert_eq!(broken(rules::silence, "src/a.rs", "//! A.\n#[cfg_attr(test, allow(dead_code))]\nfn f() {}").len(), 1);
    assert_eq!(broken(rules::names, "src/http/utils.rs", "").len(), 1);
    assert_eq!(broken(rules::names, "src/source/run_manager.rs", "").len(), 1);
    assert_eq!(broken(rules::names, "src/database.rs", "").len(), 0);
}
