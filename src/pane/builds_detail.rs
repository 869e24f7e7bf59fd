//! The detail of a service's builds: may it deploy continuously, by what, and how far could anybody look?

use super::View;
use super::age::ago;
use super::detail::{Paragraph, Sheet};
use super::line::{Line, Tone};
use super::trust;
use crate::analysis::{Coverage, Reliability, ServiceReport, UnreadReport, counted};
use crate::domain::Retries;

/// The reports that could not be read and are named one by one.
const NAMED: usize = 12;

pub(super) fn paragraphs(view: &View<'_>, service: &ServiceReport) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    let known = &*service.reliability;
    let (builds, gate) = (&known.flakiness.builds, &known.flakiness.builds.gate);
    let name = Line::of(Tone::Strong, service.service.name.to_string());
    sheet.line(name.with(Tone::Dim, "  how much its green and red can be trusted"));
    sheet.line(Line::of(Tone::Plain, "  ").join(trust::gate_sentence(gate)));
    sheet.head("Builds");
    sheet.fact(
        "flaked",
        match gate.builds.known() {
            Some(rate) => trust::rate(Some(rate)).with(Tone::Dim, "  failed at first and passed without a change"),
            None => Line::of(Tone::Dim, "unknown, which is not 0%"),
        },
    );
    sheet.text("observed", builds.observed.words());
    let counts = &builds.counts;
    let parts = [
        (counts.green, "green"),
        (counts.flaky, "flaky"),
        (counts.red, "red"),
        (counts.infra_recovered, "failed by the machinery and passed then"),
        (counts.undecided, "undecided"),
        (counts.unseen, "whose first tries were not looked at"),
    ];
    let kinds = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}"));
    sheet.text("they were", kinds.collect::<Vec<_>>().join(", "));
    if gate.builds.red_once > 0 {
        sheet.text(
            "red once",
            format!("{}, any of which may have been a flake: it ran only once", gate.builds.red_once),
        );
    }
    if let Some(strength) = builds.strength {
        sheet.text("evidence", trust::evidence(strength));
    }
    if builds.weak > 0 {
        sheet.text("suspect", format!("{} by weak evidence, counted nowhere else", counted(builds.weak, "commit")));
    }
    let flips = builds.flips;
    if flips.flips > 0 {
        let times = if flips.flips == 1 { "once".to_owned() } else { format!("{} times", flips.flips) };
        let words =
            format!("{times} among the newest {} of the main line: a weak sign", counted(flips.window, "build"));
        sheet.text("turned", words);
    }
    coverage(&mut sheet, view, service, known);
    unread(&mut sheet, known);
    sheet.done()
}

fn coverage(sheet: &mut Sheet, view: &View<'_>, service: &ServiceReport, known: &Reliability) {
    let Coverage { jobs_read, jobs_failure, reports_looked_for, reports_failure, reports_read, .. } = &known.coverage;
    let runs = known.runs.len();
    sheet.head("What was read");
    let unseen = if *jobs_read < runs { "; in the others a job that was tried again is not seen" } else { "" };
    sheet.text("jobs", format!("every try in {jobs_read} of {runs} runs{unseen}"));
    if let Some(miss) = jobs_failure {
        sheet.fact("", Line::of(Tone::Warn, format!("! {} ({})", miss.failure, ago(miss.at, view.now))));
    }
    match reports_looked_for {
        None => sheet.text("reports", "none: the configuration names no test reports"),
        Some(looked) => sheet.text("reports", format!("{reports_read} read, looked for in {looked} of {runs} runs")),
    }
    if let Some(miss) = reports_failure {
        sheet.fact("", Line::of(Tone::Warn, format!("! {} ({})", miss.failure, ago(miss.at, view.now))));
    }
    if reports_looked_for.is_some() && service.service.trust.retries == Retries::Jobs {
        sheet
            .text("blind spot", "GitLab's report has only the newest try of a job, and the first of tests of one name");
    }
    let tests = &known.flakiness.tests;
    let all = tests.tests.len() + tests.steady as usize;
    if reports_looked_for.is_some() || all > 0 {
        let steady =
            if tests.steady > 0 { format!(", of which {} always passed at once", tests.steady) } else { String::new() };
        sheet.text("tests", format!("{all}{steady}"));
        sheet.text("", tests.observed.words());
    }
    if tests.cut > 0 {
        let end = if tests.cut == 1 { "ends" } else { "end" };
        sheet.text("in part", format!("{} {end} early; the cases up to there count", counted(tests.cut, "report")));
    }
    if tests.ignored_as_infrastructure > 0 {
        let tries = match tests.ignored_as_infrastructure {
            1 => "1 try".to_owned(),
            tries => format!("{tries} tries"),
        };
        sheet.text("left out", format!("{tries} in which nearly every test failed: the machinery"));
    }
    for unnamed in &tests.unnamed {
        let (flakes, commits) = (counted(unnamed.flakes, "flake"), counted(unnamed.commits, "commit"));
        let job = &unnamed.job.1;
        sheet.text("unnamed", format!("the log of {job} counts {flakes} on {commits} and names no test"));
    }
}

fn unread(sheet: &mut Sheet, known: &Reliability) {
    let unread = &known.coverage.unread;
    if unread.is_empty() {
        return;
    }
    sheet.head("Test reports that could not be read, which is not \"no tests\"");
    for UnreadReport { run, job, file, why } in unread.iter().take(NAMED) {
        let number = known.run(run.id).map_or_else(|| run.id.to_string(), |run| format!("#{}", run.number));
        let named = if file.is_empty() { String::new() } else { format!("  {file}") };
        let line = Line::of(Tone::Warn, "  ! ").with(Tone::Plain, format!("{job}{named}"));
        sheet.line(line.with(Tone::Dim, format!("  run {number}: ")).with(Tone::Plain, why.to_string()));
    }
    if unread.len() > NAMED {
        sheet.line(Line::of(Tone::Dim, format!("    and {} more", unread.len() - NAMED)));
    }
}
