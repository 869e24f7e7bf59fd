//! How often a branch turned from green to red and back: a weak sign of flakes where nothing is run again.

/// How often the newest builds of a branch differ from the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flips {
    /// Turns, in both directions.
    pub flips: u32,
    /// The builds that are looked at, also where there are fewer.
    pub window: u32,
}

impl Flips {
    /// Counts the turns among the newest `window` builds. `green` is oldest first.
    #[must_use]
    pub fn count(green: &[bool], window: u32) -> Self {
        let length = usize::try_from(window).unwrap_or(usize::MAX);
        let newest = green.get(green.len().saturating_sub(length)..).unwrap_or(green);
        let turns = newest.iter().zip(newest.iter().skip(1)).filter(|(before, after)| before != after).count();
        Self { flips: u32::try_from(turns).unwrap_or(u32::MAX), window }
    }

    /// Returns the turns for each build of the window: 0 is steady.
    #[must_use]
    pub fn score(self) -> f64 {
        if self.window == 0 { 0.0 } else { f64::from(self.flips) / f64::from(self.window) }
    }
}
