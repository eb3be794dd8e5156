//! Which earlier origins a model is tried from.

/// The most origins.
const MOST_ORIGINS: usize = 10;

/// How many seasons, of the shortest, lie before each origin at least.
const SEASONS: f64 = 2.5;

/// The fewest values before an origin.
const FEWEST_BEFORE: usize = 8;

/// Earlier origins, the oldest first, and how far apart they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// How many values lie before each.
    pub at: Vec<usize>,
    /// The steps between them.
    pub step: usize,
}

impl Origins {
    /// Places origins in a history: half a horizon apart, at least half of the history before each.
    ///
    /// The newest do not have the whole horizon after them, but what they have is the news.
    pub fn of(values: usize, periods: &[f64], horizon: usize) -> Self {
        let season = periods.first().copied().unwrap_or(1.0);
        let seasons = (SEASONS * season).min(values as f64).ceil() as usize;
        let initial = seasons.max(values / 2).max(FEWEST_BEFORE);
        let span = values.saturating_sub(initial);
        let step = horizon.div_ceil(2).min(span.div_ceil(4)).max(1);
        let mut at: Vec<usize> = (1..=MOST_ORIGINS)
            .map_while(|back| values.checked_sub(back * step))
            .take_while(|origin| *origin >= initial)
            .collect();
        at.reverse();
        Self { at, step }
    }

    /// How many horizons, end to end, they span.
    pub fn horizons(&self, horizon: usize) -> f64 {
        (self.at.len() * self.step) as f64 / horizon.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_leave_half_of_the_history() {
        let origins = Origins::of(960, &[24.0], 48);
        assert_eq!((origins.at.len(), origins.step), (10, 24));
        assert_eq!((origins.at[0], origins.at[9]), (720, 936));
        let short = Origins::of(50, &[12.0], 18);
        assert_eq!(short.at, [30, 35, 40, 45]);
        assert!(Origins::of(8, &[], 12).at.is_empty());
        assert!(Origins::of(0, &[1e300], 0).at.is_empty());
        assert_eq!(Origins::of(12, &[], 0).at, [8, 9, 10, 11]);
    }
}
