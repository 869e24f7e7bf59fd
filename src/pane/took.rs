//! Durations in words: minutes and seconds, percentiles against their limits, and the line that they draw over time.

use jiff::SignedDuration;

use super::line::{Line, Tone};
use crate::analysis::{Against, Drift, Shift, Spread, minutes};

/// The cells of a trend.
pub(super) const TREND: usize = 18;

/// The heights of a trend, lowest first.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A trend is at least so high, as one part in so many of its highest point: noise draws no mountains.
const LEAST_RANGE: i64 = 4;

/// Returns a long time in one unit: `40 s`, `12 min`, `3 h`, `5 d`.
pub(super) fn rough(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Returns how a time stands to its limit, in words.
pub(super) fn against(against: Against, limit: SignedDuration) -> Line {
    let limit = minutes(limit);
    match against {
        Against::Above => Line::of(Tone::Bad, format!("✗ over {limit}")),
        Against::AtLimit => Line::of(Tone::Warn, format!("! at {limit}")),
        Against::Below => Line::of(Tone::Good, format!("✓ under {limit}")),
    }
}

/// Returns the typical time with a mark where it is at its limit or over it, and an arrow that says where it drifts.
pub(super) fn typical(ran: Option<Spread>, against: Option<Against>, shift: Option<&Shift>) -> Line {
    let Some(ran) = ran else { return Line::of(Tone::Dim, "—  ") };
    let (tone, mark) = standing(against);
    let arrow = shift.map_or_else(|| Line::of(Tone::Plain, " "), |shift| arrow(shift.comparison.drift));
    Line::of(tone, format!("{mark}{} ", minutes(ran.p50))).join(arrow)
}

/// Returns the same in one unit, for little room: `45s`, `6m↑`, `!13m→`, `!3h`.
pub(super) fn roughly(ran: Option<Spread>, against: Option<Against>, shift: Option<&Shift>) -> Line {
    let Some(ran) = ran else { return Line::of(Tone::Dim, "—") };
    let (tone, mark) = standing(against);
    let seconds = ran.p50.as_secs().max(0);
    let time = match seconds {
        ..60 => format!("{seconds}s"),
        60..5_970 => format!("{}m", (seconds + 30) / 60),
        _ => format!("{}h", (seconds + 1_800) / 3_600),
    };
    let arrow = shift.map_or_else(|| Line::of(Tone::Plain, " "), |shift| arrow(shift.comparison.drift));
    Line::of(tone, format!("{mark}{time}")).join(arrow)
}

/// Returns the mark of a time that is at its limit or over it.
fn standing(against: Option<Against>) -> (Tone, &'static str) {
    match against {
        Some(Against::Above) => (Tone::Bad, "!"),
        Some(Against::AtLimit) => (Tone::Warn, "="),
        Some(Against::Below) | None => (Tone::Plain, ""),
    }
}

/// Returns where a duration drifts.
fn arrow(drift: Drift) -> Line {
    match drift {
        Drift::Slower => Line::of(Tone::Bad, "↑"),
        Drift::Faster => Line::of(Tone::Good, "↓"),
        Drift::Steady => Line::of(Tone::Dim, "→"),
    }
}

/// Returns the time that nearly all keep to; dim and marked where there are too few to tell it from the greatest.
pub(super) fn nearly_all(ran: Option<Spread>) -> Line {
    match ran {
        Some(ran) if ran.p95_is_sure() => Line::of(Tone::Plain, minutes(ran.p95)),
        Some(ran) => Line::of(Tone::Dim, format!("~{}", minutes(ran.p95))),
        None => Line::new(),
    }
}

/// Returns the typical time of waiting.
pub(super) fn waited(waited: Option<Spread>) -> Line {
    waited.map_or_else(Line::new, |waited| Line::of(Tone::Dim, minutes(waited.p50)))
}

/// Returns the line that these draw, oldest first, in at most so many cells: each the median of its share of them.
pub(super) fn trend(times: &[SignedDuration], width: usize) -> String {
    let seconds: Vec<i64> = times.iter().map(SignedDuration::as_secs).collect();
    let cells = seconds.len().min(width);
    let cut = |cell: usize| cell * seconds.len() / cells.max(1);
    let middle = |cell: usize| {
        let mut share = seconds.get(cut(cell)..cut(cell + 1))?.to_vec();
        share.sort_unstable();
        share.get(share.len() / 2).copied()
    };
    let points: Vec<i64> = (0..cells).filter_map(middle).collect();
    let (low, high) = (points.iter().min().copied().unwrap_or(0), points.iter().max().copied().unwrap_or(0));
    let range = (high - low).max(high / LEAST_RANGE).max(1);
    let top = i64::try_from(HEIGHTS.len() - 1).unwrap_or(0);
    let height = |point: &i64| usize::try_from((point - low) * top / range).unwrap_or(0);
    points.iter().map(|point| HEIGHTS.get(height(point)).copied().unwrap_or(' ')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(seconds: &[i64]) -> Vec<SignedDuration> {
        seconds.iter().map(|&seconds| SignedDuration::from_secs(seconds)).collect()
    }

    #[test]
    fn a_trend_is_drawn_from_its_lowest_to_its_highest_point() {
        assert_eq!(trend(&times(&[60, 120, 180, 240, 300, 360, 420, 480]), 8), "▁▂▃▄▅▆▇█");
        assert_eq!(trend(&times(&[480, 60]), 8), "█▁");
        assert_eq!(trend(&[], 8), "");
    }

    #[test]
    fn noise_of_a_few_percent_draws_no_mountains() {
        assert_eq!(trend(&times(&[600, 606, 597, 603]), 8), "▁▁▁▁");
        assert_eq!(trend(&times(&[600, 600, 600, 900]), 8), "▁▁▁█");
    }

    #[test]
    fn a_long_trend_takes_the_median_of_each_share() {
        let mut long = vec![60; 50];
        long.extend(vec![600; 50]);
        // A single outlier does not show: a trend is what is typical.
        long.insert(10, 5_000);
        assert_eq!(trend(&times(&long), 10), "▁▁▁▁▁█████");
        for count in 0..200 {
            let width = trend(&times(&vec![60; count]), 18).chars().count();
            assert_eq!(width, count.min(18), "{count}");
        }
    }

    #[test]
    fn what_is_over_its_limit_is_marked_and_not_only_coloured() {
        let ran = Spread::of(times(&[600]));
        let words = |against| typical(ran, Some(against), None).text();
        assert_eq!(words(Against::Below), "10:00  ");
        assert_eq!(words(Against::AtLimit), "=10:00  ");
        assert_eq!(words(Against::Above), "!10:00  ");
        assert_eq!(typical(None, None, None).text(), "—  ");
    }

    #[test]
    fn where_there_is_little_room_a_time_has_one_unit_and_keeps_its_mark() {
        let words = |seconds, against| roughly(Spread::of(times(&[seconds])), against, None).text();
        let all = [0, 59, 60, 89, 90, 5_969, 5_970, 86_400].map(|seconds| words(seconds, None));
        assert_eq!(all, ["0s ", "59s ", "1m ", "1m ", "2m ", "99m ", "2h ", "24h "]);
        assert_eq!(words(792, Some(Against::Above)), "!13m ");
        assert_eq!(roughly(None, None, None).text(), "—");
    }

    #[test]
    fn a_percentile_of_few_runs_is_marked_and_not_only_dimmed() {
        assert_eq!(nearly_all(Spread::of(times(&[60; 19]))).text(), "~1:00");
        assert_eq!(nearly_all(Spread::of(times(&[60; 20]))).text(), "1:00");
    }

    #[test]
    fn a_long_time_is_told_in_one_unit() {
        let words = |seconds| rough(SignedDuration::from_secs(seconds));
        assert_eq!([0, 119, 120, 7_199, 7_200, 172_800].map(words), ["0 s", "119 s", "2 min", "119 min", "2 h", "2 d"]);
    }
}
