use arrow::error::ArrowError;

use super::BacktestResult;
use super::columns::{Columns, counted, weekly};
use super::words::whole_span;
use crate::model::{MICROS_PER_DAY, TimeRange};
use crate::report::{Layout, Table, Unit};

impl BacktestResult<'_> {
    /// All rules together, as one row.
    pub(super) fn total_rows(&self) -> Result<Table, ArrowError> {
        let totals = &self.verdict.totals;
        let mut columns = Columns::new(Layout::Rows);
        columns
            .count("pages", [totals.pages])
            .number("pages_per_week", weekly(), [self.per_week(totals.pages)])
            .count("pages_worst_week", [totals.pages_worst_week])
            .count("pages_night", [totals.pages_night])
            .number(
                "pages_night_per_week",
                weekly(),
                [self.per_week(totals.pages_night)],
            )
            .count("pages_weekend", [totals.pages_weekend])
            .number(
                "pages_unsuppressed",
                None,
                [known(self.run.pages_unsuppressed)],
            )
            .number("pages_other_race", None, [known(self.run.pages_other_race)])
            .count("notifications", [totals.notifications])
            .number(
                "notifications_per_week",
                weekly(),
                [self.per_week(totals.notifications)],
            )
            .number(
                "alerts_per_notification",
                None,
                [totals.alerts_per_notification],
            )
            .count("episodes", [totals.episodes])
            .share("precision", [totals.precision])
            .share("page_precision", [totals.page_precision])
            .share("recall", [totals.recall])
            .share("page_recall", [totals.page_recall])
            .number("incident_time", Some(Unit::Ratio), [totals.incident_time])
            .duration("median_delay", [totals.median_delay]);
        columns.table("totals")
    }
}

impl BacktestResult<'_> {
    /// How far the number of pages is uncertain: a row a cause.
    pub(super) fn uncertainty_rows(&self) -> Result<Table, ArrowError> {
        let ranges = self.uncertainty;
        let mut columns = Columns::new(Layout::Rows);
        columns
            .text("by", ranges.iter().map(|range| Some(&range.what)))
            .count("pages_least", ranges.iter().map(|range| range.least))
            .count("pages_most", ranges.iter().map(|range| range.most));
        columns.table("uncertainty")
    }
}

/// How counts are told to people: by the week, but those of a range shorter than one as they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    range: TimeRange,
}

impl Rate {
    pub(super) fn new(range: TimeRange) -> Self {
        Self { range }
    }

    pub(super) fn is_weekly(self) -> bool {
        self.length() >= WEEK
    }

    pub(super) fn of(self, count: usize) -> f64 {
        match self.is_weekly() {
            true => per_week(count, self.range),
            false => count as f64,
        }
    }

    /// The unit of [`of`](Self::of) in a table.
    pub(super) fn unit(self) -> Option<Unit> {
        match self.is_weekly() {
            true => weekly(),
            false => counted(),
        }
    }

    /// The same in a sentence: `a week`, `in 3 days`.
    pub(super) fn period(self) -> String {
        match self.is_weekly() {
            true => "a week".to_owned(),
            false => format!("in {}", whole_span(self.length())),
        }
    }

    fn length(self) -> i64 {
        self.range.end.saturating_sub(self.range.start)
    }
}

const WEEK: i64 = 7 * MICROS_PER_DAY;

/// A count by the week; NaN for an empty range.
pub(super) fn per_week(count: usize, range: TimeRange) -> f64 {
    let length = range.end.saturating_sub(range.start);
    match length {
        1.. => count as f64 / (length as f64 / 604_800e6),
        _ => f64::NAN,
    }
}

fn known(count: Option<usize>) -> f64 {
    count.map_or(f64::NAN, |count| count as f64)
}
