//! What the README promises is what the binary does.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use landfall::analysis::Verdict;
use landfall::config;
use landfall::domain::TagTemplate;

fn paper(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_landfall")).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_readmes_configuration_is_good() {
    let readme = paper("README.md");
    let (_, block) = readme.split_once("```toml").unwrap();
    let (toml, _) = block.split_once("```").unwrap();
    let loaded = config::parse(toml, Path::new("README.md")).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn the_readme_names_every_verdict_once_and_says_which_are_findings() {
    let readme = paper("README.md");
    for verdict in Verdict::ALL {
        let told = format!("| `{verdict}` |");
        let lines: Vec<&str> = readme.lines().filter(|line| line.contains(&told)).collect();
        assert_eq!(lines.len(), 1, "{verdict}");
        assert!(lines.iter().all(|line| line.ends_with("| yes |") == verdict.is_finding()), "{verdict}");
    }
}

#[test]
fn the_readmes_placeholders_are_all_known() {
    let readme = paper("README.md");
    let spans = readme.split('`').skip(1).step_by(2);
    let templates: Vec<&str> = spans.filter(|span| span.starts_with('{') && span.ends_with('}')).collect();
    assert!(templates.len() >= 9, "{templates:?}");
    for template in templates {
        assert!(TagTemplate::parse(template).is_ok(), "{template}");
    }
}

#[test]
fn every_command_and_flag_of_the_readme_exists() {
    let mut helps = help(&["--help"]);
    for command in ["check", "config", "demo", "doctor"] {
        helps += &help(&[command, "--help"]);
    }
    let readme = paper("README.md");
    let words = readme.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let cargo = ["--release", "--path", "--no-default-features"];
    for flag in words.filter(|word| word.len() > 3 && word.starts_with("--") && !word.starts_with("---")) {
        assert!(cargo.contains(&flag) || helps.contains(flag), "{flag}");
    }
    for command in ["demo", "check", "doctor", "config", "init", "show", "schema", "path"] {
        assert!(readme.contains(command) && helps.contains(&format!("  {command}")), "{command}");
    }
}

#[test]
fn the_text_of_doctor_documents_its_exit_codes() {
    let help = help(&["doctor", "--help"]);
    for code in ["  0  ", "  1  ", "  2  ", "  3  "] {
        assert!(help.contains(code), "{help}");
    }
}

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_help() {
    let help = help(&["check", "--help"]);
    let readme = paper("README.md");
    let rows: Vec<&str> =
        readme.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).collect();
    assert_eq!(rows.len(), 4);
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let words = cells[2].split([',', '`']).next().unwrap();
        assert!(help.contains(&format!("  {}  {words}", cells[1])), "{row}");
    }
}
