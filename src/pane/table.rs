//! Columns that give way: which fit, how wide they are, and a row cut to them.

use super::line::{Align, Line, Tone};

/// Blanks between two columns.
const GAP: usize = 2;

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its head.
    pub title: &'static str,
    /// Below this it is dropped rather than squeezed further.
    pub min: usize,
    /// It never grows beyond this.
    pub max: usize,
    /// The column with the highest number is dropped first; those with 0 stay whatever happens.
    pub priority: u8,
    /// To which side its words stand.
    pub align: Align,
    /// Whether it is the short form of the next column, and shown only where that one does not fit.
    pub stands_in: bool,
}

impl Column {
    /// Returns a column of words, between `min` and `max` cells wide.
    #[must_use]
    pub fn words(title: &'static str, min: usize, max: usize, priority: u8) -> Self {
        Self { title, min, max: max.max(min), priority, align: Align::Left, stands_in: false }
    }

    /// Returns a column of numbers or ages.
    #[must_use]
    pub fn number(title: &'static str, width: usize, priority: u8) -> Self {
        Self { title, min: width, max: width, priority, align: Align::Right, stands_in: false }
    }

    /// Returns the column as the short form of the next one.
    #[must_use]
    pub fn stands_in(self) -> Self {
        Self { stands_in: true, ..self }
    }

    /// Returns the column if there is anything to stand in it, or else one that never fits.
    #[must_use]
    pub fn only_if(self, is_filled: bool) -> Self {
        if is_filled { self } else { Self { min: NEVER, max: NEVER, priority: u8::MAX, ..self } }
    }
}

/// No screen is so wide.
const NEVER: usize = 1 << 16;

/// The columns that fit a width, and how wide each of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    widths: Vec<Option<usize>>,
}

impl Layout {
    /// Drops columns until the rest fits into `width` cells, each for its short form where it has one, then lets the
    /// rest grow: those of low priority numbers first, each up to its most.
    #[must_use]
    pub fn new(columns: &[Column], width: usize) -> Self {
        let mut widths: Vec<_> = columns.iter().map(|column| (!column.stands_in).then_some(column.min)).collect();
        let used = |widths: &[Option<usize>]| {
            let kept = widths.iter().flatten();
            kept.clone().sum::<usize>() + GAP * kept.count().saturating_sub(1)
        };
        while used(&widths) > width {
            let kept = columns.iter().zip(&widths).enumerate();
            let kept = kept.filter(|(_, (column, width))| column.priority > 0 && width.is_some());
            let Some((last, _)) = kept.max_by_key(|(_, (column, _))| column.priority) else { break };
            let before = last.checked_sub(1).and_then(|before| Some((before, columns.get(before)?)));
            let short = before.filter(|(_, column)| column.stands_in);
            for (place, width) in widths.iter_mut().enumerate() {
                match short {
                    _ if place == last => *width = None,
                    Some((before, column)) if place == before => *width = Some(column.min),
                    Some(_) | None => {}
                }
            }
        }
        let mut spare = width.saturating_sub(used(&widths));
        let mut order: Vec<_> = columns.iter().zip(&mut widths).collect();
        order.sort_by_key(|(column, _)| column.priority);
        for (column, slot) in order {
            if let Some(width) = slot {
                let more = spare.min(column.max - column.min);
                *width += more;
                spare -= more;
            }
        }
        Self { widths }
    }

    /// Returns the heads of the columns, underlined to the end of the line.
    #[must_use]
    pub fn heads(&self, columns: &[Column], width: usize) -> Line {
        let heads = columns.iter().map(|column| Line::of(Tone::Head, column.title)).collect();
        let line = Line::of(Tone::Head, " ").join(self.row(columns, heads).retoned_blanks(Tone::Head));
        line.with(Tone::Head, " ").fit(width, Align::Left)
    }

    /// Returns one row, cut to the columns.
    #[must_use]
    pub fn row(&self, columns: &[Column], cells: Vec<Line>) -> Line {
        let mut line = Line::new();
        for ((column, width), cell) in columns.iter().zip(&self.widths).zip(cells) {
            let Some(width) = width else { continue };
            if !line.spans.is_empty() {
                line = line.with(Tone::Plain, " ".repeat(GAP));
            }
            line = line.join(cell.fit(*width, column.align));
        }
        line
    }
}

impl Line {
    fn retoned_blanks(mut self, tone: Tone) -> Self {
        for span in &mut self.spans {
            if span.text.trim().is_empty() {
                span.tone = tone;
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> [Column; 4] {
        [
            Column::words("Service", 8, 12, 0),
            Column::words("Verdict", 9, 9, 0),
            Column::words("Title", 10, 40, 2),
            Column::number("Age", 4, 0),
        ]
    }

    fn row(width: usize) -> String {
        let cells = ["checkout", "✗ missing", "Add a coupon field", "3m"];
        Layout::new(&columns(), width).row(&columns(), cells.map(|cell| Line::of(Tone::Plain, cell)).into()).text()
    }

    #[test]
    fn the_least_important_column_is_dropped_first_and_none_overflows() {
        insta::assert_snapshot!([25, 30, 37, 44, 60].map(|width| format!("{:<60}|", row(width))).join("\n"), @r"
        checkout  ✗ missing    3m                                   |
        checkout      ✗ missing    3m                               |
        checkout  ✗ missing  Add a cou…    3m                       |
        checkout      ✗ missing  Add a coupon…    3m                |
        checkout      ✗ missing  Add a coupon field               3m|
        ");
        for width in 25..100 {
            assert!(unicode_width::UnicodeWidthStr::width(row(width).as_str()) <= width, "{width}");
        }
    }

    #[test]
    fn a_short_form_stands_in_for_its_column_where_that_does_not_fit() {
        let columns = [
            Column::words("Service", 8, 8, 0),
            Column::words("Gate", 5, 5, 1).stands_in(),
            Column::words("Flake gate", 20, 20, 3),
            Column::words("Title", 10, 40, 2),
        ];
        let row = |width| {
            let cells = ["checkout", "✗ 17%", "✗ stay on Delivery", "Add a coupon field"];
            Layout::new(&columns, width).row(&columns, cells.map(|cell| Line::of(Tone::Plain, cell)).into()).text()
        };
        insta::assert_snapshot!([12, 16, 28, 46].map(|width| format!("{:<46}|", row(width))).join("\n"), @r"
        checkout                                      |
        checkout  ✗ 17%                               |
        checkout  ✗ 17%  Add a coup…                  |
        checkout  ✗ stay on Delivery    Add a coupon …|
        ");
    }
}
