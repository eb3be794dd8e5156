//! Gaps in regular series: rows onto a grid, and what to put where none lies.

use arrow::array::{ArrayRef, UInt32Array};
use arrow::datatypes::DataType;
use polars::prelude::{FillNullStrategy, InterpolationMethod, Series, interpolate as linear};

use super::exchange::{ExchangeError, to_arrow, to_polars};

/// A regular grid of times, the same for every group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// The first time, µs.
    pub start: i64,
    /// µs from one time to the next, more than 0.
    pub step: i64,
    /// How many times there are.
    pub steps: usize,
}

/// Why rows do not fit a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GapFillError {
    /// A time lies between two times of the grid.
    #[error("a time lies off the grid")]
    OffGrid {
        /// The time, µs.
        ts: i64,
    },
    /// A group has two rows at one time.
    #[error("a group has two rows at one time")]
    Duplicate {
        /// The time, µs.
        ts: i64,
    },
}

/// Finds the row at each time of each group's grid, group after group; rows
/// outside the grid are left out.
pub fn place(
    ts: &[i64],
    groups: &[u32],
    group_count: usize,
    grid: Grid,
) -> Result<UInt32Array, GapFillError> {
    let mut slots = vec![None; group_count * grid.steps];
    for ((row, &ts), &group) in (0_u32..).zip(ts).zip(groups) {
        let Some(offset) = ts.checked_sub(grid.start) else {
            continue;
        };
        if offset.rem_euclid(grid.step) != 0 {
            return Err(GapFillError::OffGrid { ts });
        }
        let at = usize::try_from(offset / grid.step).ok().filter(|&at| at < grid.steps);
        if let Some(at) = at
            && slots[group as usize * grid.steps + at].replace(row).is_some()
        {
            return Err(GapFillError::Duplicate { ts });
        }
    }
    Ok(slots.into())
}

/// Puts into each gap the row before it, where its group has one; `slots` as
/// [`place`] gives them.
pub fn previous(slots: &ArrayRef, steps: usize) -> Result<ArrayRef, ExchangeError> {
    by_group(slots, steps, |group| group.fill_null(FillNullStrategy::Forward(None)))
}

/// Puts into each gap the value on the line between its neighbours; nothing
/// before a group's first value and after its last. Floating numbers only.
pub fn interpolate(values: &ArrayRef, steps: usize) -> Result<ArrayRef, ExchangeError> {
    by_group(values, steps, |group| Ok(linear(group, InterpolationMethod::Linear)))
}

fn by_group(
    column: &ArrayRef,
    steps: usize,
    fill: impl Fn(&Series) -> polars::prelude::PolarsResult<Series>,
) -> Result<ArrayRef, ExchangeError> {
    let data_type: &DataType = column.data_type();
    let series = to_polars("", column)?;
    let mut filled = series.clear();
    for start in (0..series.len()).step_by(steps.max(1)) {
        let group = series.slice(i64::try_from(start).unwrap_or(i64::MAX), steps);
        filled.append(&fill(&group)?)?;
    }
    to_arrow(&filled, data_type)
}
