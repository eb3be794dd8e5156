//! Counts pages by weeks, nights and weekends.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::alert::backtest::Calendar;

/// Pages, counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Pages {
    pub(super) count: usize,
    pub(super) night: usize,
    pub(super) weekend: usize,
    weeks: BTreeMap<NaiveDate, usize>,
}

impl Pages {
    pub(super) fn add(&mut self, ts: i64, calendar: &Calendar) {
        self.count += 1;
        self.night += usize::from(calendar.is_night(ts));
        self.weekend += usize::from(calendar.is_weekend(ts));
        *self.weeks.entry(calendar.week_of(ts)).or_default() += 1;
    }

    /// Pages in the worst week.
    pub(super) fn worst_week(&self) -> usize {
        self.weeks.values().copied().max().unwrap_or(0)
    }
}
