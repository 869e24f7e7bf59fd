//! Each rule as a function from one file to where it breaks the rule.

use std::fmt;

use crate::scan::{self, Path};
use crate::table;

/// A source file: its place below the package, and its text.
pub(crate) struct File {
    pub(crate) place: String,
    pub(crate) text: String,
}

/// A rule that is broken at a place.
pub(crate) struct Broken {
    place: String,
    line: usize,
    why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.place, self.line, self.why)
    }
}

impl File {
    /// Returns the file's place below the crate, such as `["analysis", "plan"]`.
    fn module(&self) -> Vec<&str> {
        let place = self.place.trim_start_matches("src/").trim_end_matches(".rs");
        place.split('/').collect()
    }

    /// Returns the module that the table speaks of.
    fn top(&self) -> &str {
        self.module()[0]
    }

    /// Returns every path it names, outside of its own tests.
    fn paths(&self) -> Vec<Path> {
        let module = self.module();
        let is_root = matches!(module[..], ["main" | "lib"]);
        // A folder called `tests` below a module, or a file of that name, is that module's tests.
        if module.contains(&"tests") {
            return Vec::new();
        }
        scan::paths(&self.text, if is_root { &[] } else { &module })
    }

    fn broken(&self, line: usize, why: impl Into<String>) -> Broken {
        Broken { place: self.place.clone(), line, why: why.into() }
    }
}

/// Who may import whom.
pub(crate) fn imports(file: &File) -> Vec<Broken> {
    let top = file.top();
    let Some((_, allowed)) = table::IMPORTS.iter().find(|(module, _)| *module == top) else {
        let why = format!("{top} is not in the table: say in tests/architecture/table.rs whom it may import");
        return vec![file.broken(1, why)];
    };
    let mut found = Vec::new();
    for path in file.paths() {
        let root = path.segments[0].as_str();
        if !matches!(root, "crate" | "landfall") {
            continue;
        }
        let below = &path.segments[1..];
        let Some(first) = below.first() else {
            if root == "crate" {
                found.push(file.broken(path.line, "the whole crate may not be renamed or imported"));
            }
            continue;
        };
        let known = table::IMPORTS.iter().any(|(module, _)| module == first);
        if first == top || (top == "lib" && known) || (root == "crate" && matches!(top, "main" | "lib")) {
            continue;
        }
        if !known {
            found.push(file.broken(path.line, format!("{} is not in the table", path.text())));
        } else if !allowed.iter().any(|allowed| begins(below, allowed)) {
            found.push(file.broken(path.line, format!("{top} may not import {}", below.join("::"))));
        }
    }
    found
}

/// Which outside crate belongs where.
pub(crate) fn crates(file: &File) -> Vec<Broken> {
    let top = file.top();
    let outside = |path: &Path| {
        let (name, homes) = table::CRATES.iter().find(|(name, _)| path.segments[0] == *name)?;
        let named = path.segments.len() > 1 || file.text.contains(&format!("use {name}"));
        (named && !homes.contains(&top)).then(|| file.broken(path.line, format!("{top} may not use {name}")))
    };
    file.paths().iter().filter_map(outside).collect()
}

/// What pure means.
pub(crate) fn purity(file: &File) -> Vec<Broken> {
    let top = file.top();
    if !table::PURE.contains(&top) {
        return Vec::new();
    }
    let impure = |path: &Path| {
        let segments = &path.segments;
        let word = segments.iter().any(|segment| table::IMPURE_WORDS.contains(&segment.as_str()));
        let start = table::IMPURE_PATHS.iter().any(|start| begins(segments, start) && segments.len() > 1);
        let end = table::IMPURE_ENDS.iter().any(|end| path.text().ends_with(end));
        (word || start || end)
            .then(|| file.broken(path.line, format!("{top} is pure and may not name {}", path.text())))
    };
    file.paths().iter().filter_map(impure).collect()
}

fn begins(segments: &[String], start: &str) -> bool {
    let start: Vec<&str> = start.split("::").collect();
    segments.len() >= start.len() && segments.iter().zip(&start).all(|(segment, wanted)| segment == wanted)
}

/// How long a file may be.
pub(crate) fn length(file: &File) -> Vec<Broken> {
    let lines = file.text.lines().count();
    let too_long = lines > table::LONGEST;
    too_long
        .then(|| file.broken(lines, format!("{lines} lines, and {} is the limit", table::LONGEST)))
        .into_iter()
        .collect()
}

/// How deep a file may lie.
pub(crate) fn depth(file: &File) -> Vec<Broken> {
    let module = file.module();
    let (name, folders) = module.split_last().unwrap();
    if *name == "mod" {
        return vec![file.broken(1, "foo.rs stands beside foo/: there is no mod.rs")];
    }
    let deepest = if *name == "dto" { 2 } else { 1 };
    if folders.len() > deepest {
        return vec![file.broken(1, "two levels are enough; only dto.rs may lie on a third")];
    }
    Vec::new()
}

/// How a file opens.
pub(crate) fn opening(file: &File) -> Vec<Broken> {
    let opens = file.text.lines().next().is_some_and(|line| line.starts_with("//! ") && line.len() > 10);
    if opens { Vec::new() } else { vec![file.broken(1, "the first line says, after //!, what the file is for")] }
}

/// How a lint is silenced.
pub(crate) fn silence(file: &File) -> Vec<Broken> {
    let silenced = |line: &str| {
        let code = line.trim_start();
        code.starts_with("#[") && (code.contains("[allow(") || code.contains(" allow("))
            || code.starts_with("#![allow(")
    };
    let lines = file.text.lines().enumerate().filter(|(_, line)| silenced(line));
    lines.map(|(at, _)| file.broken(at + 1, "#[expect(lint, reason = \"…\")] instead of #[allow]")).collect()
}

/// What a file may not be called.
pub(crate) fn names(file: &File) -> Vec<Broken> {
    let words = file.place.trim_end_matches(".rs").split(['/', '_']);
    let empty = words.filter(|word| {
        let singular = word.strip_suffix('s').unwrap_or(word);
        table::EMPTY_NAMES.iter().any(|empty| empty == word || *empty == singular)
    });
    empty.map(|word| file.broken(1, format!("the name {word} does not say what is in the file"))).collect()
}
