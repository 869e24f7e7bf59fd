//! The faces of `check`: JSON by its contract, the table, and the exit codes.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "output/world.rs"]
mod world;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use landfall::analysis::{Explanation, Report, Row, Verdict};
use landfall::domain::{Conclusion, Failure, Miss, Proof, Revision, Run, RunState, Text};
use landfall::output::{Selection, Style, json, table};
use rstest::rstest;
use serde_json::Value;
use world::{at, explain, quiet, report, row, service};

const FINDINGS: [Verdict; 6] =
    [Verdict::Missing, Verdict::Stale, Verdict::Mismatch, Verdict::Incomplete, Verdict::Misrouted, Verdict::Pruned];

fn json_of(report: Report) -> (String, Value) {
    let text = json(&Selection::all(report), &explain, at(0));
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

fn plain(report: Report, width: Option<usize>) -> String {
    table(&Selection::all(report), &explain, at(0), Style { colour: false, width })
}

fn hostile() -> Report {
    let service = service("checkout");
    let mut row = row(&service, 1, Verdict::Missing);
    let text = Text::new("x\u{1b}]52;c;QUJD\u{7}\u{202e}\u{200b}\"\\\n{{}}");
    let run = Run {
        branch: Some(text.clone()),
        workflow: text.clone(),
        title: text.clone(),
        url: "https://ci.example/\u{1b}[2J\u{202e}".into(),
        state: RunState::Finished(Conclusion::Other(text.clone())),
        ..(*row.run).clone()
    };
    row.run = Arc::new(run);
    let found = world::row(&service, 1, Verdict::Landed).found.unwrap();
    row.found = Some(Arc::new(Proof { revision: Some(Revision::from(&text)), ..(*found).clone() }));
    let mut service = world::report_of(&service, vec![row]);
    service.failure = Some(Miss { at: at(0), failure: Failure::Forbidden(text) });
    Report { services: vec![service], ..quiet(&[]) }
}

#[test]
fn the_json_of_a_report_with_every_verdict() {
    insta::assert_snapshot!("json", json_of(report()).0);
}

#[test]
fn the_table_of_a_report_with_every_verdict() {
    insta::assert_snapshot!("table", plain(report(), None));
}

#[test]
fn the_table_stays_within_eighty_columns() {
    let text = plain(report(), Some(80));
    insta::assert_snapshot!("table_80", text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn colour_adds_sixteen_colour_sequences_and_nothing_else() {
    let selection = Selection::all(report());
    let coloured = table(&selection, &explain, at(0), Style { colour: true, width: None });
    let sequences = regex::Regex::new("\u{1b}\\[(0|1|2|1;31|3[236])m").unwrap();
    assert!(sequences.is_match(&coloured));
    assert_eq!(sequences.replace_all(&coloured, ""), plain(report(), None));
}

#[test]
fn the_json_is_what_the_published_schema_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schema/report.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for report in [report(), quiet(&[]), hostile(), Report::default()] {
        let (text, value) = json_of(report);
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}\n{text}");
    }
    let (_, mut value) = json_of(report());
    value.as_object_mut().unwrap().remove("complete");
    assert!(!validator.is_valid(&value), "a schema that accepts anything proves nothing");
}

#[test]
fn the_keys_keep_the_contracts_order() {
    let (text, _) = json_of(quiet(&[(1, Verdict::Missing)]));
    let keys = [
        "schema_version generated_at complete summary landed missing stale mismatch incomplete misrouted pruned",
        "pending not_expected unknown images service ci repo workflow run_id run_number attempt event branch sha run_url",
        "run_finished_at image tag verdict verdict_since digest created revision platforms evidence cause next_steps",
        "flaky runs jobs tests durations credentials sources id kind state last_ok failure failed_at requests not_modified",
        "budget_remaining skipped",
    ];
    let mut rest = text.as_str();
    for key in keys.iter().flat_map(|line| line.split(' ')) {
        let (_, after) = rest.split_once(&format!("\"{key}\":")).unwrap_or_else(|| panic!("{key} is not in its place"));
        rest = after;
    }
}

#[test]
fn what_was_wrong_with_a_source_that_nobody_asked_is_told_with_its_moment_and_is_no_failure_now() {
    let mut report = quiet(&[(1, Verdict::Landed)]);
    let before = json_of(report.clone()).1["complete"].clone();
    let health = &mut report.sources[0].health;
    health.earlier = Some((at(-7), Failure::Malformed("a page of HTML".into())));
    let (_, value) = json_of(report.clone());
    let source = &value["sources"][0];
    assert_eq!((&source["state"], &source["failed_at"]), (&"unasked".into(), &at(-7).to_string().into()));
    assert_eq!(source["failure"], "the answer could not be read: a page of HTML");
    assert_eq!(value["complete"], before);
    let table = plain(report, None);
    assert!(table.contains("was not asked; at 2026-11-02 09:53:00 UTC it was failing: the answer could"), "{table}");
}

#[test]
fn what_is_unknown_is_null_and_never_empty_or_zero() {
    let service = service("checkout");
    let mut bare = row(&service, 1, Verdict::Unknown);
    bare.run = Arc::new(Run { workflow: "".into(), branch: None, finished_at: None, ..(*bare.run).clone() });
    (bare.tag, bare.since, bare.last_known) = (None, None, None);
    let (_, value) = json_of(Report { services: vec![world::report_of(&service, vec![bare])], ..quiet(&[]) });
    let image = value.pointer("/images/0").unwrap();
    for key in [
        "workflow",
        "branch",
        "run_finished_at",
        "tag",
        "verdict_since",
        "digest",
        "created",
        "revision",
        "cause",
        "seen_at",
        "last_known",
    ] {
        assert_eq!(image.get(key), Some(&Value::Null), "{key}");
    }
    assert_eq!(value.pointer("/sources/0/budget_remaining"), Some(&Value::Null));
}

#[test]
fn hostile_text_reaches_neither_the_json_nor_the_table() {
    let (text, value) = json_of(hostile());
    let shown = plain(hostile(), Some(60)) + &plain(hostile(), None);
    for said in [text.replace('\n', ""), value.to_string(), shown.replace('\n', "")] {
        let hidden = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}');
        assert!(!said.contains(hidden) && !said.contains("\\u001b"), "{said:?}");
    }
}

#[rstest]
#[case(&[(1, Verdict::Landed), (2, Verdict::NotExpected)], false, 0)]
#[case(&[], false, 0)]
#[case(&[(1, Verdict::Landed), (2, Verdict::Pending)], false, 0)]
#[case(&[(1, Verdict::Landed), (2, Verdict::Pending)], true, 3)]
#[case(&[(1, Verdict::Unknown), (2, Verdict::Landed)], false, 3)]
#[case(&[(1, Verdict::Unknown), (2, Verdict::Missing)], false, 1)]
#[case(&[(1, Verdict::Stale)], false, 1)]
#[case(&[(1, Verdict::Mismatch)], false, 1)]
#[case(&[(1, Verdict::Incomplete)], false, 1)]
#[case(&[(1, Verdict::Misrouted)], false, 1)]
#[case(&[(1, Verdict::Pruned), (2, Verdict::Pending)], true, 1)]
fn a_finding_outranks_what_could_not_be_looked_at(
    #[case] rows: &[(u64, Verdict)],
    #[case] ran_out: bool,
    #[case] code: u8,
) {
    assert_eq!(Selection::all(quiet(rows)).exit_code(&FINDINGS, ran_out), code);
}

#[test]
fn only_what_was_asked_for_counts_as_a_finding() {
    let selection = Selection::all(quiet(&[(1, Verdict::Stale), (2, Verdict::Unknown)]));
    assert_eq!(selection.exit_code(&[Verdict::Missing], false), 3);
    assert_eq!(selection.exit_code(&[Verdict::Unknown], false), 1);
    assert_eq!(Selection::all(quiet(&[(1, Verdict::Stale)])).exit_code(&[Verdict::Missing], false), 0);
}

#[rstest]
#[case::unread(|report: &mut Report| report.services[0].seen_at = None)]
#[case::failed(|report: &mut Report| report.services[0].failure = Some(Miss { at: at(0), failure: Failure::Malformed("".into()) }))]
#[case::odd_run(|report: &mut Report| report.services[0].skipped = 1)]
#[case::layers(|report: &mut Report| report.services[0].rows[0].settled = false)]
fn what_was_not_read_is_never_fine(#[case] spoil: fn(&mut Report)) {
    let mut report = quiet(&[(1, Verdict::Landed)]);
    assert!(Selection::all(report.clone()).is_complete());
    spoil(&mut report);
    let selection = Selection::all(report);
    assert_eq!(selection.exit_code(&FINDINGS, false), 3);
    assert!(!selection.is_final() && !selection.is_complete());
}

#[test]
fn a_list_that_was_cut_short_is_not_complete() {
    let mut report = quiet(&[(1, Verdict::Landed)]);
    report.services[0].complete = false;
    let selection = Selection::all(report);
    assert!(!selection.is_complete() && selection.is_final());
    assert_eq!(selection.exit_code(&FINDINGS, false), 0);
}

#[test]
fn a_pending_verdict_is_not_final() {
    assert!(!Selection::all(quiet(&[(1, Verdict::Pending)])).is_final());
    assert!(Selection::all(quiet(&[(1, Verdict::Missing)])).is_final());
}

#[test]
fn a_commit_is_found_by_its_first_digits() {
    let report = quiet(&[(0x1a2, Verdict::Missing), (0x1a3, Verdict::Landed)]);
    let landed = Selection::of_commit(report.clone(), "00001a3", 20);
    assert_eq!((landed.report().rows().count(), landed.exit_code(&FINDINGS, false)), (1, 0));
    let missing = Selection::of_commit(report, "00001a2aaaaaaa", 20);
    assert_eq!((missing.report().rows().count(), missing.exit_code(&FINDINGS, false)), (1, 1));
}

#[test]
fn a_commit_that_is_not_among_the_runs_is_never_fine() {
    let selection = Selection::of_commit(quiet(&[(1, Verdict::Landed)]), "bbbbbbb", 20);
    assert_eq!(selection.nothing(), Some("No green run of commit bbbbbbb is among the newest 20 runs."));
    assert_eq!(selection.exit_code(&FINDINGS, false), 3);
    assert!(!selection.is_final() && !selection.is_complete());
    assert!(table(&selection, &explain, at(0), Style::default()).starts_with("No green run of commit bbbbbbb"));
}

#[test]
fn a_commit_whose_run_left_no_row_is_named_with_its_state() {
    let mut report = quiet(&[(1, Verdict::Landed)]);
    let run = Run { state: RunState::Finished(Conclusion::Failure), ..(*report.services[0].rows[0].run).clone() };
    report.services[0].newest = Some(Arc::new(run));
    report.services[0].rows.clear();
    let selection = Selection::of_commit(report, "0000001", 20);
    assert_eq!(
        selection.nothing(),
        Some("Run #1 of checkout for commit 0000001 is failure: no image is expected of it.")
    );
    assert_eq!(selection.exit_code(&FINDINGS, false), 3);
}

#[test]
fn a_service_that_could_not_be_read_may_hide_the_commit() {
    let mut report = quiet(&[(1, Verdict::Landed)]);
    report.services.push(self::report().services.remove(2));
    let selection = Selection::of_commit(report.clone(), "0000001", 20);
    assert_eq!(selection.exit_code(&FINDINGS, false), 3);
    report.services[0].failure = report.services[1].failure.clone();
    report.services.truncate(1);
    let found: Vec<Row> = report.rows().cloned().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(Selection::of_commit(report, "0000001", 20).exit_code(&FINDINGS, false), 0, "its rows were seen");
}

#[test]
fn reasons_that_rows_of_a_service_share_are_told_once() {
    let report = quiet(&[(3, Verdict::Missing), (2, Verdict::Missing), (1, Verdict::Stale)]);
    let text = plain(report.clone(), None);
    assert_eq!(text.matches("for the same reasons as run #3 above").count(), 1, "{text}");
    assert_eq!(text.matches("cause: The push was refused").count(), 2, "{text}");
    for number in [1, 2, 3] {
        assert!(text.contains(&format!("run: https://ci.example/acme/runs/{number}\n")), "{text}");
    }

    let differs = |row: &Row| Explanation { cause: Some(format!("error 40{}", row.run.number)), ..explain(row) };
    let text = table(&Selection::all(report), &differs, at(0), Style::default());
    assert!(text.contains("error 402") && text.contains("error 403"), "{text}");
}
