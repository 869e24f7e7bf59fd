//! Reads what the dashboard shows, as a person does: by the heads of the columns.

use std::collections::BTreeMap;

use landfall::analysis::Verdict;
use landfall::pane::legend;

/// One row of the pane that has a row per run, image and tag.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) service: String,
    pub(crate) tag: String,
    /// A tag that moves has a row for each of its commits.
    pub(crate) commit: String,
    pub(crate) verdict: Verdict,
    /// Whether it is said that more is to be looked at.
    pub(crate) unsure: bool,
    /// What is said to have been known last, where the verdict is not.
    pub(crate) last_known: Option<Verdict>,
}

/// Returns the rows of the divergence pane.
pub(crate) fn rows(screen: &str) -> Vec<Shown> {
    let glyphs = glyphs();
    let row = |cells: BTreeMap<String, String>| {
        let said = &cells["Verdict"];
        let verdict = *glyphs.get(&said.chars().next().unwrap()).unwrap_or_else(|| panic!("{said} on\n{screen}"));
        let last_known = said.split_once('(').and_then(|(_, known)| glyphs.get(&known.chars().next()?).copied());
        let unsure = said.ends_with('…');
        let [service, tag, commit] = ["Service", "Tag", "Commit"].map(|head| cells[head].clone());
        Shown { service, tag, commit, verdict, unsure, last_known }
    };
    table(screen, &["Verdict", "Service", "Tag", "Commit", "Branch"]).into_iter().map(row).collect()
}

/// Returns the newest landed commit of each service, as the overview shows it.
pub(crate) fn landed_commits(screen: &str) -> BTreeMap<String, String> {
    let rows = table(screen, &["Service", "CI", "Landed", "Behind"]);
    rows.into_iter().map(|cells| (cells["Service"].clone(), cells["Landed"].clone())).collect()
}

fn glyphs() -> BTreeMap<char, Verdict> {
    let legend = legend().into_iter().map(|line| line.text().chars().next().unwrap());
    Verdict::ALL.into_iter().zip(legend).map(|(verdict, glyph)| (glyph, verdict)).collect()
}

/// Returns the cells below these heads, line by line; a cell ends where the next of the heads begins.
fn table(screen: &str, heads: &[&str]) -> Vec<BTreeMap<String, String>> {
    let mut lines = screen.lines();
    let head = lines.find(|line| heads.iter().all(|head| line.contains(head)));
    let head = head.unwrap_or_else(|| panic!("no heads {heads:?} on\n{screen}"));
    let start = |name: &str| head.split_once(name).unwrap().0.chars().count();
    let starts: Vec<usize> = heads.iter().map(|name| start(name)).collect();
    let cells = |line: &str| {
        let chars: Vec<char> = line.chars().collect();
        let cell = |at: usize| {
            let end = starts.get(at + 1).copied().unwrap_or(chars.len()).min(chars.len());
            let text: String = chars.get(starts[at]..end).unwrap_or_default().iter().collect();
            // What is aligned to the right begins before its head.
            (heads[at].to_owned(), text.trim().split("  ").next().unwrap_or_default().to_owned())
        };
        (0..heads.len() - 1).map(cell).collect::<BTreeMap<_, _>>()
    };
    let below = lines.take_while(|line| !line.trim().is_empty());
    below.map(cells).collect()
}
