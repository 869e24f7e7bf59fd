//! A share of a few observations, and how far it can be trusted: Wilson's interval at 95 %.

use std::fmt;

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Below this many observations a percentage says more than is known.
const PERCENT_FROM: u32 = 10;

/// So many of so many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rate {
    /// How many were so.
    pub hits: u32,
    /// How many could have been.
    pub of: u32,
}

impl Rate {
    /// Returns a rate; there are never more hits than observations.
    #[must_use]
    pub fn new(hits: u32, of: u32) -> Self {
        Self { hits: hits.min(of), of }
    }

    /// Returns Wilson's interval at 95 %: 0 to 1 where nothing was observed.
    #[must_use]
    pub fn interval(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 1.0);
        }
        let (hits, of) = (f64::from(self.hits), f64::from(self.of));
        let share = hits / of;
        let z2 = Z * Z;
        let scale = 1.0 + z2 / of;
        let centre = (share + z2 / (2.0 * of)) / scale;
        let half = Z * (share * (1.0 - share) / of + z2 / (4.0 * of * of)).sqrt() / scale;
        let low = if self.hits == 0 { 0.0 } else { (centre - half).max(0.0) };
        let high = if self.hits == self.of { 1.0 } else { (centre + half).min(1.0) };
        (low, high)
    }

    /// Returns the lower end of the interval, by which rates are ranked: 10 of 50 stands above 1 of 2.
    #[must_use]
    pub fn lower(self) -> f64 {
        self.interval().0
    }
}

impl fmt::Display for Rate {
    /// Writes `—`, `1 of 2`, `5.3% (1–25)` or `17% (5–45)`: no percentage below ten observations, one decimal below 10 %.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.words())
    }
}

impl Rate {
    fn words(self) -> String {
        let (hits, of) = (u64::from(self.hits), u64::from(self.of));
        if of == 0 {
            return "—".to_owned();
        }
        if self.of < PERCENT_FROM {
            return format!("{hits} of {of}");
        }
        let (low, high) = self.interval();
        format!("{} ({}–{})", self.share_words(), percent(low), percent(high))
    }

    /// Returns the share alone, as a percentage: with one decimal below 10 %; a dash where nothing was counted.
    #[must_use]
    pub fn share_words(self) -> String {
        let (hits, of) = (u64::from(self.hits), u64::from(self.of));
        if of == 0 {
            return "—".to_owned();
        }
        if hits * 10 < of {
            let tenths = (hits * 2_000 + of) / (2 * of);
            return format!("{}.{}%", tenths / 10, tenths % 10);
        }
        format!("{}%", (hits * 200 + of) / (2 * of))
    }
}

/// Rounds half up.
fn percent(share: f64) -> String {
    format!("{:.0}", (share * 100.0 + 0.5).floor())
}
