//! The report as aligned text: what is wrong and why, then a line a service, then the totals.

use std::cmp::Reverse;
use std::fmt::Write as _;

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr as _;

use super::age::age;
use super::selection::unlisted;
use super::{Explain, Selection, Style};
use crate::analysis::{Report, Row, ServiceReport, Verdict};

/// Writes the whole answer, with a line break at its end.
pub(super) fn write(selection: &Selection, explain: Explain<'_>, now: Timestamp, style: Style) -> String {
    let mut text = String::new();
    let report = selection.report();
    if let Some(nothing) = selection.nothing() {
        let _ = writeln!(text, "{}\n", style.fault(nothing));
    }
    rows(&mut text, report, explain, now, style);
    services(&mut text, report, now, style);
    sources(&mut text, report, style);
    totals(&mut text, report, style);
    text
}

/// Rows that somebody should look at, worst first, then newest.
fn rows(text: &mut String, report: &Report, explain: Explain<'_>, now: Timestamp, style: Style) {
    let fine = |row: &Row| row.settled && matches!(row.verdict, Verdict::Landed | Verdict::NotExpected);
    let mut rows: Vec<&Row> = report.rows().filter(|row| !fine(row)).collect();
    rows.sort_by_key(|row| (row.verdict, Reverse(row.run.finished_at), Reverse(row.run.number)));
    let names = rows.iter().map(|row| row.service.name.as_str().width()).max().unwrap_or_default();
    let longest = rows.iter().map(|row| what(row).width()).max().unwrap_or_default();
    // What people copy is never cut: where it does not fit beside the rest it stands below.
    let beside = style.width.is_none_or(|width| 12 + 2 + names + 2 + 7 + 2 + longest + 2 + 24 <= width);
    for row in &rows {
        let verdict = padded(row.verdict.word(), 12);
        let name = padded(row.service.name.as_str(), names);
        let place = if beside { padded(&what(row), longest) + "  " } else { String::new() };
        let ended = row.run.finished_at.map(|end| format!(", {} ago", age(end, now))).unwrap_or_default();
        let (verdict, commit, number) = (style.verdict(row.verdict, &verdict), row.run.sha.short(7), row.run.number);
        let _ = writeln!(text, "{verdict}  {name}  {commit}  {place}run #{number}{ended}");
        if !beside {
            let _ = writeln!(text, "    {}", what(row));
        }
        if row.verdict.is_finding() || row.verdict == Verdict::Unknown {
            reasons(text, row, explain, now, style);
        }
    }
    if !rows.is_empty() {
        text.push('\n');
    }
}

fn what(row: &Row) -> String {
    let image = row.image().map(ToString::to_string).unwrap_or_default();
    match (&row.tag, row.service.images.get(row.image_index).and_then(|spec| spec.tags.get(row.tag_index))) {
        (Some(tag), _) => format!("{image}:{tag}"),
        (None, Some(template)) => format!("{image}:{}", template.as_str()),
        (None, None) => image,
    }
}

fn reasons(text: &mut String, row: &Row, explain: Explain<'_>, now: Timestamp, style: Style) {
    let explanation = explain(row);
    for sentence in &explanation.evidence {
        paragraph(text, "    ", sentence, style);
    }
    if let Some((verdict, at)) = row.last_known {
        paragraph(text, "    last known: ", &format!("{verdict}, {} ago", age(at, now)), style);
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

fn paragraph(text: &mut String, label: &str, sentence: &str, style: Style) {
    for (index, line) in style.wrap(label.len(), sentence).iter().enumerate() {
        let before = if index == 0 { label } else { "" };
        let _ = writeln!(text, "{}{line}", padded(before, label.len()));
    }
}

fn services(text: &mut String, report: &Report, now: Timestamp, style: Style) {
    if report.services.is_empty() {
        return;
    }
    let heading = ["SERVICE", "NEWEST RUN", "NEWEST GREEN", "LAST LANDED", "BEHIND"].map(str::to_owned);
    let lines: Vec<[String; 5]> = report.services.iter().map(|service| line(service, now)).collect();
    let widths: [usize; 4] = std::array::from_fn(|column| {
        let cells = lines.iter().chain([&heading]).filter_map(|line| line.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or_default()
    });
    let join = |line: &[String; 5]| {
        let [columns @ .., last] = line;
        let mut joined: String = columns.iter().zip(widths).map(|(cell, width)| padded(cell, width) + "  ").collect();
        joined.push_str(last);
        style.cut(joined.trim_end())
    };
    let _ = writeln!(text, "{}", style.heading(&join(&heading)));
    for (line, service) in lines.iter().zip(&report.services) {
        let joined = join(line);
        match &service.newest_green {
            Some(green) => writeln!(text, "{}", style.verdict(green.verdict, &joined)),
            None => writeln!(text, "{joined}"),
        }
        .unwrap_or_default();
        for fault in faults(service) {
            paragraph(text, "    ", &fault, style);
        }
    }
    text.push('\n');
}

fn line(service: &ServiceReport, now: Timestamp) -> [String; 5] {
    let none = || "-".to_owned();
    let newest = service.newest.as_ref().map_or_else(none, |run| format!("#{} {}", run.number, run.state));
    let green = service.newest_green.as_ref().map_or_else(none, |green| {
        let unsettled = if green.settled { "" } else { ", not final" };
        format!("{} {}{unsettled}", green.run.sha.short(7), green.verdict)
    });
    let landed = service.newest_landed.as_ref().map_or_else(none, |run| {
        let ended = run.finished_at.map(|end| format!(" {} ago", age(end, now))).unwrap_or_default();
        format!("{}{ended}", run.sha.short(7))
    });
    let behind = match (service.behind, service.since) {
        (Some(0), _) => none(),
        (Some(count), Some(since)) => format!("{count}, for {}", age(since, now)),
        (Some(count), None) => count.to_string(),
        (None, _) => "?".to_owned(),
    };
    [service.service.name.to_string(), newest, green, landed, behind]
}

fn faults(service: &ServiceReport) -> Vec<String> {
    let mut faults = Vec::new();
    match &service.failure {
        Some(miss) => faults.push(format!("its runs could not be read: {}", miss.failure)),
        None if unlisted(service) && service.skipped == 0 => faults.push("its runs were not read".to_owned()),
        None => {}
    }
    if service.skipped > 0 {
        faults.push(format!("{} of its runs could not be read", service.skipped));
    }
    faults
}

fn sources(text: &mut String, report: &Report, style: Style) {
    for source in &report.sources {
        if let Some((_, failure)) = &source.health.failure {
            for line in style.wrap(0, &format!("{} is failing: {failure}", source.id)) {
                let _ = writeln!(text, "{}", style.fault(&line));
            }
        }
    }
}

fn totals(text: &mut String, report: &Report, style: Style) {
    let counted = Verdict::ALL.into_iter().map(|verdict| (verdict, report.count(verdict)));
    let words: Vec<_> = counted
        .filter(|&(_, count)| count > 0)
        .map(|(verdict, count)| style.verdict(verdict, &format!("{count} {verdict}")).to_string())
        .collect();
    let words =
        if words.is_empty() { "no image was expected of the runs looked at".to_owned() } else { words.join(", ") };
    let _ = writeln!(text, "{words}");
}

fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}
