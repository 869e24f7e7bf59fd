//! How often and how fast the changes of a service arrive, each figure with what it was measured by.

use super::detail::Sheet;
use super::line::{Line, Tone};
use super::took::rough;
use crate::analysis::{Basis, Delivery, DeploymentsReport, Frequency, ServiceReport};

/// Writes the figures; those that could not be measured are left out, and where there is none at all that is said.
pub(super) fn paragraphs(sheet: &mut Sheet, service: &ServiceReport) {
    let known = &service.reliability;
    sheet.head("Landed images");
    if !figures(sheet, &known.landings) {
        sheet.line(Line::of(Tone::Dim, "  Nothing was watched long enough to tell."));
    }
    sheet.head("Deployments");
    let told = known.deployments.delivery.as_deref().is_some_and(|delivery| figures(sheet, delivery));
    if let Some((tone, words)) = about_deployments(&known.deployments, told) {
        sheet.line(Line::of(tone, format!("  {words}")));
    }
}

/// Returns what is to be said of deployments besides the figures.
fn about_deployments(known: &DeploymentsReport, told: bool) -> Option<(Tone, String)> {
    let Some(environment) = &known.environment else {
        return Some((Tone::Dim, "They are not read: the configuration names no `environment`.".to_owned()));
    };
    Some(match &known.failure {
        Some(miss) => (Tone::Warn, format!("Those to {environment} could not be read: {}.", miss.failure)),
        None if known.delivery.is_none() => (Tone::Dim, format!("Those to {environment} were not read yet.")),
        None if known.skipped > 0 => (Tone::Warn, format!("{} to {environment} could not be read.", known.skipped)),
        None if !told => (Tone::Dim, format!("Of {environment} the provider knows too few to tell.")),
        None => return None,
    })
}

fn figures(sheet: &mut Sheet, delivery: &Delivery) -> bool {
    let Delivery { frequency, lead_time, change_failure, recovery } = delivery;
    let any = frequency.is_some() || lead_time.is_some() || change_failure.is_some() || recovery.is_some();
    match frequency {
        Some(figure) => figure_words(sheet, "frequency", often(&figure.value), figure.basis),
        None if any => sheet.fact("frequency", Line::of(Tone::Dim, "unknown: watched for less than a week")),
        None => {}
    }
    if let Some(figure) = lead_time {
        let (p50, p95) = (rough(figure.value.p50), rough(figure.value.p95));
        let words = format!("p50 {p50}, p95 {p95} of {} changes", figure.value.of);
        figure_words(sheet, "lead time", words, figure.basis);
    }
    if let Some(figure) = change_failure {
        figure_words(sheet, "failures", figure.value.to_string(), figure.basis);
    }
    if let Some(figure) = recovery {
        figure_words(sheet, "recovery", rough(figure.value), figure.basis);
    }
    any
}

fn figure_words(sheet: &mut Sheet, label: &'static str, words: String, basis: Basis) {
    let tone = if basis.is_proxy() { Tone::Warn } else { Tone::Dim };
    sheet.fact(label, Line::of(Tone::Plain, words).with(tone, format!("  {}", basis.words())));
}

fn often(frequency: &Frequency) -> String {
    let Frequency { often, count, weeks, per_week } = frequency;
    let word = often.word();
    if *weeks == 1 {
        return format!("{word}: {count} in 1 week");
    }
    format!("{word}: {count} in {weeks} weeks, {per_week:.1} a week")
}
