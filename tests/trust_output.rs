//! What `check` says of trust and time: JSON by its schema, and the sections of the table.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "support/executions.rs"]
#[expect(dead_code, reason = "short notations are for other tests")]
mod executions;
#[path = "support/reliable.rs"]
mod reliable;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use landfall::analysis::{Explanation, Policy, Report};
use landfall::domain::{Retries, TestResult};
use landfall::output::{Sections, Selection, Style, json, sections};
use serde_json::{Value, json};

use executions::now;
use reliable::{Came, Story, report};

fn said(report: Report) -> Value {
    let explain = |_: &_| Explanation::default();
    serde_json::from_str(&json(&Selection::all(report), &explain, now())).unwrap()
}

fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("{pointer} is not there"))
}

/// The entry whose `key` has this value.
fn of<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|one| one[key] == name).unwrap_or_else(|| panic!("no {name}"))
}

fn schema() -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schema/report.schema.json");
    let schema: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn a_pipeline_without_a_name_has_null_for_one_wherever_it_is_named() {
    let mut story = Story::of("checkout", 30, |place| if place % 4 == 1 { Came::Flaked } else { Came::Green });
    story.retries = Retries::Jobs;
    let tests: Vec<_> = (0..30).map(|place| story.tested(place, &[("a", "b", TestResult::Failed, 1)])).collect();
    let mut service = story.judged(&tests, &Policy::default());
    let known = Arc::make_mut(&mut service.reliability);
    known.flakiness.jobs.iter_mut().for_each(|job| job.workflow = "".into());
    known.flakiness.tests.tests.iter_mut().for_each(|test| test.job.0 = "".into());
    known.durations.iter_mut().for_each(|workflow| workflow.workflow = "".into());
    let said = said(Report { services: vec![service], ..Report::default() });
    for list in ["/flaky/jobs", "/flaky/tests", "/durations"] {
        let entries = at(&said, list).as_array().unwrap();
        assert!(!entries.is_empty(), "{list}");
        assert!(entries.iter().all(|entry| entry["workflow"].is_null()), "{list}: {entries:?}");
    }
    assert!(schema().is_valid(&said), "{:?}", schema().iter_errors(&said).next());
}

/// A service of GitLab whose names are an attack.
fn hostile() -> Report {
    let mut story = Story::of("checkout", 30, |place| if place % 4 == 1 { Came::Flaked } else { Came::Green });
    story.retries = Retries::Jobs;
    let evil = "evil\u{1b}]52;c;QUJD\u{7}\u{202e}\u{200b}\"'\\\n$(touch x)";
    let tests: Vec<_> = (0..30).map(|place| story.tested(place, &[(evil, evil, TestResult::Passed, 1)])).collect();
    let mut service = story.judged(&tests, &Policy::default());
    let known = Arc::make_mut(&mut service.reliability);
    for job in &mut known.flakiness.jobs {
        (job.name, job.workflow) = (evil.into(), evil.into());
    }
    for workflow in &mut known.durations {
        workflow.workflow = evil.into();
        workflow.jobs.iter_mut().for_each(|job| job.name = evil.into());
        workflow.path.iter_mut().flat_map(|path| &mut path.steps).for_each(|step| step.name = evil.into());
    }
    Report { services: vec![service], ..Report::default() }
}

#[test]
fn the_json_is_what_the_published_schema_says() {
    let schema = schema();
    for report in [report(), hostile(), Report::default()] {
        let value = said(report);
        let errors: Vec<String> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn the_schema_refuses_what_breaks_a_promise() {
    let schema = schema();
    let spoiled = [
        ("/flaky/runs/1/gate/verdict", json!("fine")),
        ("/flaky/runs/1/flaked/share", json!("17 %")),
        ("/flaky/runs/1/coverage/unread/0/why", json!("")),
        ("/flaky/jobs/0/state", json!("odd")),
        ("/flaky/jobs/0/recent/0/sha", json!("abc")),
        ("/flaky/tests/0/last_flake", json!("yesterday")),
        ("/durations/0/run/p50", json!("7:39")),
        ("/durations/0/critical_path/basis", json!("guess")),
        ("/delivery/0/landings/frequency/value/often", json!("seldom")),
    ];
    for (pointer, value) in spoiled {
        let mut whole = said(report());
        *whole.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        assert!(!schema.is_valid(&whole), "{pointer}");
    }
}

#[test]
fn the_gate_of_every_service_is_said_with_its_reason() {
    let value = said(report());
    let runs = at(&value, "/flaky/runs");
    let gate = |name: &str| of(runs, "service", name)["gate"]["verdict"].as_str().unwrap().to_owned();
    assert_eq!(gate("checkout"), "stay-on-continuous-delivery");
    assert_eq!(gate("cart"), "within-limit");
    assert_eq!(gate("search"), "not-enough-data");
    assert_eq!(gate("ledger"), "unobserved");
    assert_eq!(gate("newcomer"), "not-enough-data");
    let checkout = of(runs, "service", "checkout");
    assert_eq!(checkout["flaked"], json!({"hits": 7, "of": 40, "share": 0.175, "low": 0.0875, "high": 0.3195}));
    assert_eq!(checkout["commits"], json!({"reran": 7, "of": 40}));
    assert!(checkout["gate"]["words"].as_str().unwrap().starts_with("stay on Continuous Delivery: "));
}

#[test]
fn a_share_that_nobody_could_see_is_null_and_not_zero() {
    let value = said(report());
    let ledger = of(at(&value, "/flaky/runs"), "service", "ledger");
    assert_eq!(ledger["flaked"], json!({"hits": 0, "of": 26, "share": null, "low": null, "high": null}));
    let newcomer = of(at(&value, "/flaky/runs"), "service", "newcomer");
    assert_eq!(newcomer["flaked"]["share"], Value::Null);
    assert_eq!(newcomer["coverage"]["reports_looked_for"], Value::Null, "none are configured");
    let build = of(at(&value, "/flaky/jobs"), "job", "build");
    assert_eq!((&build["flaked"]["share"], &build["state"]), (&Value::Null, &json!("healthy")));
}

#[test]
fn jobs_and_tests_say_where_and_what_next() {
    let value = said(report());
    let jobs = at(&value, "/flaky/jobs").as_array().unwrap();
    let e2e = jobs.iter().find(|job| job["service"] == "checkout" && job["job"] == "e2e (chrome)").unwrap();
    assert_eq!((&e2e["state"], &e2e["evidence"]), (&json!("flaky"), &json!("strong")));
    let newest = e2e["recent"].as_array().unwrap().last().unwrap();
    assert_eq!(newest["outcome"], "green");
    assert_eq!(newest["run_url"], "https://ci.test/acme/checkout/runs/40");
    assert_eq!(e2e["next_steps"][0]["text"], "gh run rerun 39 --repo acme/checkout");
    let tests = at(&value, "/flaky/tests").as_array().unwrap();
    let names: Vec<_> = tests.iter().map(|test| test["name"].as_str().unwrap()).collect();
    let expected = ["delivery::dates_are_in_order", "orders::rounds_half_to_even", "payment::refuses_an_expired_card"];
    assert_eq!(names, expected, "those that never failed are only counted");
    assert_eq!(at(&value, "/flaky/runs/1/coverage/tests"), 5);
    assert_eq!(tests[0]["message"], "assertion failed: left == right\n  left: 3\n right: 2");
    assert_eq!(tests[0]["next_steps"][2]["purpose"], "quarantine");
    assert_eq!(tests[2]["state"], "broken");
}

#[test]
fn a_report_that_could_not_be_read_is_named_with_its_reason() {
    let value = said(report());
    let unread = at(&value, "/flaky/runs/1/coverage/unread").as_array().unwrap();
    assert_eq!(unread.len(), 2);
    assert_eq!(unread[0]["why"], "the file declares a document type (DTD), which is refused");
    assert_eq!(unread[0]["run_url"], "https://ci.test/acme/checkout/runs/13");
}

#[test]
fn durations_are_seconds_and_say_how_sure_they_are() {
    let value = said(report());
    let durations = at(&value, "/durations");
    assert!(durations.as_array().unwrap().iter().all(|one| one["service"] != "newcomer"), "nothing is known of it");
    let search = of(durations, "service", "search");
    assert_eq!(search["run"], json!({"p50": 459, "p95": 459, "p95_sure": false, "of": 11}));
    assert_eq!((&search["limit"], &search["drift"]), (&json!("below"), &Value::Null));
    let checkout = of(durations, "service", "checkout");
    assert_eq!(checkout["newest"], json!({"run": 699, "limit": "above"}));
    let drift = &checkout["drift"];
    assert_eq!((&drift["drift"], &drift["before"], &drift["now"]), (&json!("slower"), &json!(531.0), &json!(699.0)));
    assert!(drift["first_commit_after"].as_str().unwrap().starts_with("303334"));
    let path = &checkout["critical_path"];
    assert_eq!((&path["basis"], &path["inferred"], &path["total"]), (&json!("times"), &json!(true), &json!(670)));
    assert_eq!(path["steps"][1]["parallelise"], true);
    let ledger = of(durations, "service", "ledger");
    assert_eq!((&ledger["queue"], &ledger["critical_path"]), (&Value::Null, &Value::Null), "no job is known");
    let gateway = of(durations, "service", "gateway");
    assert_eq!(gateway["two_speeds"]["slow_runs"], 10);
}

#[test]
fn delivery_figures_say_what_they_were_measured_by() {
    let value = said(report());
    let checkout = of(at(&value, "/delivery"), "service", "checkout");
    assert_eq!((&checkout["deployments"], &checkout["environment"]), (&Value::Null, &Value::Null));
    let landings = &checkout["landings"];
    assert_eq!(landings["frequency"]["basis"], "by landed images, not deployments");
    assert_eq!((&landings["change_failure"]["proxy"], &landings["recovery"]), (&json!(true), &Value::Null));
    let newcomer = of(at(&value, "/delivery"), "service", "newcomer");
    assert_eq!(newcomer["landings"]["frequency"], Value::Null);
}

fn text(report: Report, asked: Sections, width: Option<usize>) -> String {
    sections(&Selection::all(report), asked, now(), Style { colour: false, width })
}

const BOTH: Sections = Sections { flaky: true, durations: true, credentials: false };

#[test]
fn nothing_stands_below_the_table_that_was_not_asked_for() {
    assert_eq!(text(report(), Sections::default(), None), "");
    let only = text(report(), Sections { durations: true, ..Sections::default() }, None);
    assert!(only.contains("DURATIONS") && !only.contains("FLAKY"), "{only}");
}

#[test]
fn the_sections_stay_within_eighty_columns() {
    let text = text(report(), BOTH, Some(80));
    insta::assert_snapshot!(text, @r"
    FLAKY     FLAKED       RAN AGAIN  UNREAD
    cart      0.8% (0–5)   1 of 120   -
        within 5%: flakes failed 0.8% (0–5) of the builds
    checkout  18% (9–32)   7 of 40    2
        stay on Continuous Delivery: flakes failed 18% (9–32) of the builds, over 5%
        flaky job e2e (chrome): flaked 18% (9–32), last 11h ago
        flaky test delivery::dates_are_in_order: flaked 15% (5–36), last 11h ago
        suspect test orders::rounds_half_to_even: flaked 5.0% (1–24), last 2d ago
        broken test payment::refuses_an_expired_card: failed 4 times, and never ran
        twice on one commit
        report of e2e (chrome) in junit.xml could not be read: the file declares a
        document type (DTD), which is refused
        report of e2e (chrome) in junit.xml could not be read: the file is empty
    gateway   3.3% (1–17)  1 of 30    -
        within 5%: flakes failed 3.3% (1–17) of the builds; 80 more clean builds
        would settle it
        suspect job e2e (chrome): flaked 3.3% (1–17), last 2d ago
    ledger    ?            0 of 26    -
        unknown: 4 red builds, and none was run again to see whether it was a flake
    newcomer  ?            0 of 0     -
        not enough data: 0 of the 20 builds that a verdict needs; 73 more clean
        builds would settle it
    search    8.3% (1–35)  1 of 12    -
        not enough data: 12 of the 20 builds that a verdict needs; 98 more clean
        builds would settle it
        suspect job e2e (chrome): flaked 8.3% (1–35), last 1d ago

    DURATIONS  WORKFLOW  P50   P95    QUEUE  RUNS  LIMIT
    cart       release   7:39  7:39   0:13   99    under
    checkout   release   8:51  11:39  0:13   31    under
        slower: 8:51 before, 11:39 now, in 3033336..3033346
        e2e (chrome) takes 8:00 on the critical path (inferred from when jobs were
        created): parallelise?
    gateway    release   6:09  9:09   0:13   29    under
        10 of 29 runs take 9:09, the others 6:09: does a cache miss?
    ledger     release   7:39  7:39   -      22    under
    search     release   7:39  ~7:39  0:13   11    under
    ");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn hostile_names_reach_neither_the_json_nor_the_sections() {
    let value = said(hostile());
    let said = value.to_string()
        + &text(hostile(), BOTH, Some(60)).replace('\n', "")
        + &text(hostile(), BOTH, None).replace('\n', "");
    let hidden = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}');
    assert!(!said.contains(hidden), "{said}");
    assert!(said.contains("evil"), "the harmless part is shown");
}
