//! The screen: every line of it in words and tones, exactly as wide and high as the terminal.

use super::overlay::Overlay;
use super::{Model, detail, footer, header};
use crate::pane::{Align, Layout, Line, Tone};

/// The least size that shows something useful.
const LEAST: (usize, usize) = (60, 16);
/// From this width on a detail stands beside the rows instead of over them.
pub(super) const WIDE: usize = 150;

/// Returns how many lines an incident has among rows this wide.
pub(super) fn banner_lines(width: usize) -> usize {
    if width >= WIDE { 2 } else { 1 }
}

/// Which characters may be sent to the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// All.
    Unicode,
    /// ASCII alone: what is ours has its stand-in, what is others' becomes `?`.
    Ascii,
}

/// Everything that is to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Screen {
    /// The lines from top to bottom.
    pub lines: Vec<Line>,
    /// Where the cursor blinks, column and row; hidden where it is nowhere.
    pub cursor: Option<(u16, u16)>,
}

impl Screen {
    /// Returns the words without tones, a line each, without blanks at their ends.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<_> = self.lines.iter().map(|line| line.text().trim_end().to_owned() + "\n").collect();
        lines.concat().trim_end().to_owned() + "\n"
    }
}

/// Returns what is to be seen.
#[must_use]
pub fn screen(model: &Model) -> Screen {
    let (width, height) = model.size;
    let mut screen = if width < LEAST.0 || height < LEAST.1 {
        let (least, high) = LEAST;
        let full = format!("landfall needs {least}x{high}; this is {width}x{height}");
        let shorter = [format!("needs {least}x{high}, is {width}x{height}"), format!("needs {least}x{high}")];
        let fits = |text: &String| text.len() <= width;
        let text = [full].into_iter().chain(shorter).find(fits).unwrap_or_else(|| format!("{least}x{high}"));
        Screen { lines: vec![Line::of(Tone::Plain, text)], cursor: None }
    } else {
        full(model)
    };
    let is_ascii = model.settings.charset == Charset::Ascii;
    for line in &mut screen.lines {
        if is_ascii {
            to_ascii(line);
        }
        *line = std::mem::take(line).fit(width, Align::Left);
        // The sign of a cut is another.
        if is_ascii {
            to_ascii(line);
        }
    }
    screen
}

fn full(model: &Model) -> Screen {
    let (width, height) = model.size;
    let mut lines = header::lines(model);
    let body = height - lines.len() - 1;
    lines.extend(match &model.overlay {
        Overlay::None | Overlay::Filter { .. } | Overlay::Command(_) => rows(model, width, body),
        Overlay::Detail { .. } if width >= WIDE => beside(model, body),
        Overlay::Detail { .. } | Overlay::Help { .. } => detail::lines(model, width, body),
    });
    lines.resize(height - 1, Line::new());
    let (line, cursor) = footer::line(model);
    lines.push(line);
    let cursor = cursor.and_then(|column| Some((u16::try_from(column).ok()?, u16::try_from(height - 1).ok()?)));
    Screen { lines, cursor }
}

/// Rows to the left, the detail of one to the right.
fn beside(model: &Model, height: usize) -> Vec<Line> {
    let (width, _) = model.size;
    let right = detail::width(width);
    let left = width - right;
    let mut rows = rows(model, left, height);
    rows.resize(height, Line::new());
    let mut detail = detail::lines(model, right, height);
    detail.resize(height, Line::new());
    let pairs = rows.into_iter().zip(detail);
    pairs.map(|(row, detail)| row.fit(left, Align::Left).join(detail)).collect()
}

fn rows(model: &Model, width: usize, height: usize) -> Vec<Line> {
    let (pane, list, view) = (model.shown(), model.list(), model.view());
    let columns = &list.columns;
    let layout = Layout::new(columns, width.saturating_sub(2));
    let notes = model.notes(width).into_iter().map(|note| Line::of(Tone::Plain, " ").join(note));
    let mut lines: Vec<_> = notes.collect();
    lines.push(layout.heads(columns, width));
    let foot = model.foot_lines();
    let in_sight = list.order().iter().enumerate().skip(list.top).take(height.saturating_sub(lines.len() + foot));
    for (at, place) in in_sight {
        if let Some(banner) = pane.banner(&view, *place, width.saturating_sub(1)) {
            for (line, mark) in
                banner.into_iter().zip([if at == list.at { "▸" } else { " " }, " "]).take(banner_lines(width))
            {
                let line = Line::of(Tone::Plain, mark).join(line);
                lines.push(if at == list.at { line.toned(Tone::Selected) } else { line }.fit(width, Align::Left));
            }
            continue;
        }
        let row = layout.row(columns, to_charset(model, pane.cells(&view, *place)));
        let mark = if at == list.at { "▸" } else { " " };
        let line = Line::of(Tone::Plain, mark).join(row);
        lines.push(if at == list.at { line.toned(Tone::Selected).fit(width, Align::Left) } else { line });
    }
    if let Some(place) = list.place().filter(|_| foot > 0) {
        lines.resize(height.saturating_sub(foot), Line::new());
        lines.extend(pane.foot(&view, place).into_iter().map(|line| Line::of(Tone::Plain, " ").join(line)));
    }
    if list.order().is_empty() {
        let nothing = if model.filter.is_empty() {
            pane.nothing(&model.report)
        } else if list.is_whole() {
            "Nothing matches the filter. Esc clears it."
        } else {
            "… filtering"
        };
        lines.push(Line::new());
        lines.push(Line::of(Tone::Dim, format!("  {nothing}")));
    }
    lines
}

/// Before cells are cut to their columns, since a stand-in may be narrower.
fn to_charset(model: &Model, mut cells: Vec<Line>) -> Vec<Line> {
    if model.settings.charset == Charset::Ascii {
        cells.iter_mut().for_each(to_ascii);
    }
    cells
}

fn to_ascii(line: &mut Line) {
    for span in line.spans.iter_mut().filter(|span| !span.text.is_ascii()) {
        span.text = span.text.chars().map(stand_in).collect::<String>().into();
    }
}

fn stand_in(c: char) -> char {
    match c {
        _ if c.is_ascii() => c,
        '✗' | '×' => 'x',
        '✓' | '▅' => '+',
        '≠' => '!',
        '≈' => '~',
        '◐' | '▇' => '%',
        '↶' | '←' => '<',
        '⇢' | '▸' | '→' | '»' => '>',
        '∅' => '0',
        '…' | '•' | '▁' => '.',
        '▂' => ':',
        '–' | '—' | '▃' => '-',
        '▄' => '=',
        '█' => '#',
        '·' | '│' => '|',
        '○' => 'o',
        '●' | '▆' => '*',
        '↑' => '^',
        '↓' => 'v',
        '\u{a0}' => ' ',
        _ => '?',
    }
}
