//! The report as aligned text: what is wrong and why, then a line a service, then the totals.

use std::fmt::Write as _;

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr as _;

use super::age::age;
use super::selection::unlisted;
use super::style::{padded, paragraph};
use super::{Explain, Selection, Style};
use super::{findings, incidents};
use crate::analysis::{Report, ServiceReport, Verdict, utc};

/// Writes the whole answer, with a line break at its end.
pub(super) fn write(selection: &Selection, explain: Explain<'_>, now: Timestamp, style: Style) -> String {
    let mut text = String::new();
    let report = selection.report();
    if let Some(nothing) = selection.nothing() {
        let _ = writeln!(text, "{}\n", style.fault(nothing));
    }
    incidents::write(&mut text, report, now, style);
    findings::write(&mut text, report, explain, now, style);
    services(&mut text, report, now, style);
    sources(&mut text, report, style);
    totals(&mut text, report, style);
    text
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
        let ended = run.finished_at.map(|end| format!(" {} ago", age(end.at(), now))).unwrap_or_default();
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
        let id = &source.id;
        let words = match (source.health.trouble(), &source.health.earlier) {
            (Some(trouble), _) => format!("{id} is failing: {trouble}"),
            (None, Some((at, failure))) => format!("{id} was not asked; at {} it was failing: {failure}", utc(*at)),
            (None, None) => continue,
        };
        for line in style.wrap(0, &words) {
            let _ = writeln!(text, "{}", style.fault(&line));
        }
    }
}

fn totals(text: &mut String, report: &Report, style: Style) {
    let mut column = 0;
    for verdict in Verdict::ALL {
        let words = match report.count(verdict) {
            0 => continue,
            count => format!("{count} {verdict}"),
        };
        let fits = style.width.is_none_or(|width| column + 2 + words.width() < width);
        let between = match column {
            0 => "",
            _ if fits => ", ",
            _ => ",\n",
        };
        column = if fits { column + between.len() } else { 0 } + words.width();
        let _ = write!(text, "{between}{}", style.verdict(verdict, &words));
    }
    text.push_str(match column {
        0 if report.services.iter().all(|service| service.newest.is_none()) => "no run was looked at\n",
        0 => "no image was expected of the runs looked at\n",
        _ => "\n",
    });
}
