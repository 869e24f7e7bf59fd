//! The keys in words, made from the keymap's data.

use super::keymap::BINDINGS;
use crate::pane::{Align, Line, Tone, legend, trust_legend};

/// Cells before what a key does.
const KEYS: usize = 9;
/// From this width on the keys stand in two columns.
const TWO: usize = 76;

pub(super) fn lines(width: usize) -> Vec<Line> {
    let keys: Vec<_> = BINDINGS
        .iter()
        .map(|binding| {
            let keys: Vec<_> = binding.keys.iter().map(ToString::to_string).collect();
            let keys = Line::of(Tone::Strong, keys.join(" ")).fit(KEYS, Align::Left);
            keys.with(Tone::Plain, " ").with(Tone::Plain, binding.does)
        })
        .collect();
    let mut lines = vec![Line::of(Tone::Strong, "Keys"), Line::new()];
    if width < TWO {
        lines.extend(keys);
    } else {
        let half = keys.len().div_ceil(2);
        let column = width.min(100) / 2;
        let (left, right) = keys.split_at_checked(half).unwrap_or((&keys, &[]));
        let mut right = right.iter();
        for line in left {
            let beside = right.next().cloned().unwrap_or_default();
            lines.push(line.clone().fit(column, Align::Left).join(beside));
        }
    }
    lines.push(Line::new());
    lines.push(Line::of(Tone::Strong, "Verdicts"));
    lines.push(Line::new());
    lines.extend(legend());
    lines.push(Line::new());
    lines.push(Line::of(Tone::Strong, "Trust in jobs and tests"));
    lines.push(Line::new());
    lines.extend(trust_legend());
    lines.push(Line::new());
    lines.push(Line::of(Tone::Dim, "landfall only reads: nothing is re-run, cancelled or changed anywhere."));
    lines
}
