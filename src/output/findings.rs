//! The rows that somebody should look at, each with what is known of it.

use std::cmp::Reverse;
use std::fmt::Write as _;

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr as _;

use super::age::age;
use super::style::{padded, paragraph};
use super::{Explain, Style};
use crate::analysis::{Explanation, Report, Row, Verdict};
use crate::domain::{ServiceName, Text};

/// What was already told: whose it was, the reasons without what differs from run to run, and the run.
type Told<'a> = Vec<(&'a ServiceName, String, u64)>;

/// Writes the rows that are not fine, worst first, then newest. Reasons that a row shares with a newer one of its
/// service are told once.
pub(super) fn write(text: &mut String, report: &Report, explain: Explain<'_>, now: Timestamp, style: Style) {
    let fine = |row: &Row| row.settled && matches!(row.verdict, Verdict::Landed | Verdict::NotExpected);
    let mut rows: Vec<&Row> = report.rows().filter(|row| !fine(row)).collect();
    rows.sort_by_key(|row| (row.verdict, Reverse(row.run.finished_at), Reverse(row.run.number)));
    let names = rows.iter().map(|row| row.service.name.as_str().width()).max().unwrap_or_default();
    let longest = rows.iter().map(|row| row.reference().width()).max().unwrap_or_default();
    // What people copy is never cut: where it does not fit beside the rest it stands below.
    let beside = style.width.is_none_or(|width| 12 + 2 + names + 2 + 7 + 2 + longest + 2 + 24 <= width);
    let mut told = Told::new();
    for row in &rows {
        let verdict = padded(row.verdict.word(), 12);
        let name = padded(row.service.name.as_str(), names);
        let place = if beside { padded(&row.reference(), longest) + "  " } else { String::new() };
        let ended = row.run.finished_at.map(|end| format!(", {} ago", age(end.at(), now))).unwrap_or_default();
        let (verdict, commit, number) = (style.verdict(row.verdict, &verdict), row.run.sha.short(7), row.run.number);
        let _ = writeln!(text, "{verdict}  {name}  {commit}  {place}run #{number}{ended}");
        if !beside {
            let _ = writeln!(text, "    {}", row.reference());
        }
        if row.verdict.is_finding() || row.verdict == Verdict::Unknown {
            reasons(text, row, &explain(row), &mut told, now, style);
        }
    }
    if !rows.is_empty() {
        text.push('\n');
    }
}

fn reasons<'a>(
    text: &mut String,
    row: &'a Row,
    explanation: &Explanation,
    told: &mut Told<'a>,
    now: Timestamp,
    style: Style,
) {
    let (service, gist) = (&row.service.name, gist(row, explanation));
    if let Some((.., number)) = told.iter().find(|(whose, known, _)| *whose == service && *known == gist) {
        let _ = writeln!(text, "    for the same reasons as run #{number} above");
        let _ = writeln!(text, "    run: {}", Text::from(&row.run.url));
        return;
    }
    told.push((service, gist, row.run.number));
    for sentence in &explanation.evidence {
        paragraph(text, "    ", sentence, style);
    }
    let _ = writeln!(text, "    run: {}", Text::from(&row.run.url));
    if let Some((verdict, at)) = row.last_known {
        paragraph(text, "    last known: ", &format!("{verdict}, {} ago", age(at.at(), now)), style);
    }
    if let Some(sentence) = &explanation.cause {
        paragraph(text, "    cause: ", sentence, style);
    }
    for sentence in &explanation.to_be_sure {
        paragraph(text, "    to be sure: ", sentence, style);
    }
    for sentence in &explanation.next_steps {
        paragraph(text, "    next: ", sentence, style);
    }
}

/// Returns the reasons without the words that every run has of its own: its number, its commit, its tag, and times.
fn gist(row: &Row, explanation: &Explanation) -> String {
    let number = format!("#{}", row.run.number);
    let commit = row.run.sha.short(7);
    let own = |word: &str| {
        let bare = word.trim_end_matches(['.', ',', ':', ';']);
        let tagged = row.tag.as_ref().is_some_and(|tag| bare.ends_with(tag.as_str()));
        tagged || bare == number || bare.contains(commit) || bare.parse::<Timestamp>().is_ok()
    };
    let Explanation { evidence, to_be_sure, cause, next_steps } = explanation;
    let sentences = evidence.iter().chain(to_be_sure).chain(cause).chain(next_steps);
    let mut gist = format!("{} {}", row.verdict, row.last_known.map_or("", |(verdict, _)| verdict.word()));
    for word in sentences.flat_map(|sentence| sentence.split(' ')).filter(|word| !own(word)) {
        gist.push(' ');
        gist.push_str(word);
    }
    gist
}
