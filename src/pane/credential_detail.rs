//! The detail of a credential: why it is urgent, what that rests on, who uses it, and what to do next.

use std::fmt::Write as _;

use super::View;
use super::age::{ago, utc};
use super::credentials::{severity_words, tone};
use super::detail::{Paragraph, Sheet};
use super::line::{Line, Tone};
use crate::analysis::{Confidence, CredentialReport, next_step, time_left, time_past};
use crate::domain::{Expiry, LastUse, Standing};

/// No more jobs than these are named.
const CONSUMERS: usize = 30;

pub(super) fn paragraphs(view: &View<'_>, row: &CredentialReport) -> Vec<Paragraph> {
    let mut sheet = Sheet::default();
    let (record, urgency) = (&*row.record, &row.urgency);
    let heading = severity_words(row).with(Tone::Plain, "  ").with(Tone::Strong, record.name.to_string());
    sheet.line(heading.with(Tone::Dim, format!("  {}", record.kind.word())));
    for reason in &urgency.reasons {
        sheet.line(Line::of(tone(urgency.severity), format!("  {reason}")));
    }
    if let Some(first) = &row.breaks.first {
        sheet.line(Line::of(Tone::Strong, format!("  {}", first.words())));
    }
    sheet.sentences("Next steps", next_step(record, urgency.severity).into_iter().collect());
    sheet.sentences("Who uses it", consumers(row));
    sheet.head("Where");
    sheet.text("place", record.place.to_string());
    sheet.text("id", record.id.to_string());
    for (label, text) in [("copy of", &record.upstream), ("owner", &record.owner), ("runbook", &record.runbook)] {
        sheet.text(label, text.as_ref().map(ToString::to_string).unwrap_or_default());
    }
    sheet.text("page", record.url.as_ref().map(ToString::to_string).unwrap_or_default());
    dates(&mut sheet, view, row);
    let notes = row.breaks.unsure.iter().chain(&urgency.hints).cloned();
    let notes = notes.chain(record.notes.iter().map(ToString::to_string));
    sheet.sentences("To be known", notes.collect());
    sheet.done()
}

/// Returns who is declared to use it and was not found to, then every job that reads it, the surest first.
fn consumers(row: &CredentialReport) -> Vec<String> {
    let mut lines: Vec<String> = row.only_declared().into_iter().map(ToString::to_string).collect();
    let found = &row.breaks.consumers;
    for consumer in found.iter().take(CONSUMERS) {
        let mut line = format!("{} · {}", consumer.words(), confidence(consumer.confidence));
        if consumer.decided {
            line.push_str(" · a condition decides when it runs");
        }
        if consumer.pipeline.switched_off {
            line.push_str(" · switched off");
        }
        let _ = match consumer.next_run {
            Some(at) => write!(line, " · scheduled for {}", utc(at)),
            None if consumer.confidence == Confidence::Unknown => Ok(()),
            None => write!(line, " · starts with {}", consumer.starts()),
        };
        if let Some(why) = &consumer.why {
            let _ = write!(line, " · {why}");
        }
        lines.push(line);
    }
    if found.len() > CONSUMERS {
        lines.push(format!("and {} more", found.len() - CONSUMERS));
    }
    if lines.is_empty() && row.record.reach.is_some() && row.breaks.unsure.is_empty() {
        lines.push("no pipeline on the default branch reads it".to_owned());
    }
    lines
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Exact => "names it",
        Confidence::InheritAll => "is handed every secret",
        Confidence::Dynamic => "computes which secret it reads",
        Confidence::Unknown => "unknown whether it reads it",
    }
}

fn dates(sheet: &mut Sheet, view: &View<'_>, row: &CredentialReport) {
    let record = &*row.record;
    let past = |at| format!("{} ({})", utc(at), ago(at, view.now));
    sheet.head("Evidence");
    sheet.text("rests on", evidence(row).to_owned());
    sheet.text("seen", past(record.observed_at));
    if let Some(stale) = row.stale {
        sheet.fact(
            "stale",
            Line::of(Tone::Warn, format!("not seen for {}: what it says may have changed", time_past(stale))),
        );
    }
    if let Some(failure) = &row.failure {
        sheet.fact("failed", Line::of(Tone::Warn, failure.to_string()));
    }
    sheet.text(
        "accepted",
        match &record.standing {
            Standing::Accepted => "yes",
            Standing::AboveNeed(_) => "yes, and it may do more than landfall needs",
            Standing::Untried | Standing::OutOfReach(_) => "not tried",
            Standing::Refused(_) | Standing::Ended(_) => "no",
        },
    );
    sheet.text(
        "ends",
        match &record.expiry {
            Expiry::At(at) => utc(*at),
            Expiry::Never => "never, by the word of whoever knows".to_owned(),
            Expiry::Untold => "nobody says".to_owned(),
            Expiry::Unreadable(words) => format!("it says {words}, which cannot be read"),
        },
    );
    sheet.text("act by", row.urgency.act_by.map(utc).unwrap_or_default());
    sheet.text("replace by", record.rotate_by.map(utc).unwrap_or_default());
    sheet.text("may grow", record.max_age.map(|age| format!("{} old", time_left(age))).unwrap_or_default());
    sheet.text("made", record.created_at.map(past).unwrap_or_default());
    sheet.text("replaced", record.rotated_at.map(past).unwrap_or_default());
    sheet.text(
        "last used",
        match record.last_use {
            LastUse::At(at) => past(at),
            LastUse::Never => "never".to_owned(),
            LastUse::Untold => String::new(),
        },
    );
    sheet.text("renewed", record.renewal.word());
}

fn evidence(row: &CredentialReport) -> &'static str {
    use crate::domain::Evidence;
    match row.record.evidence {
        Evidence::Probe => "probe: it was used, or looked at, itself",
        Evidence::Provider => "provider: whoever issued it says so",
        Evidence::Jwt => "jwt: it carries its own dates",
        Evidence::Declared => "declared: somebody wrote it into the configuration",
        Evidence::Age => "age: only its age is known",
    }
}
