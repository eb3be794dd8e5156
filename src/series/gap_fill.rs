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
        let at = usize::try_from(offset / grid.step)
            .ok()
            .filter(|&at| at < grid.steps);
        if let Some(at) = at
            && slots[group as usize * grid.steps + at]
                .replace(row)
                .is_some()
        {
            return Err(GapFillError::Duplicate { ts });
        }
    }
    Ok(slots.into())
}

/// Puts into each gap the row before it, where its group has one; `slots` as
/// [`place`] gives them.
pub fn previous(slots: &ArrayRef, steps: usize) -> Result<ArrayRef, ExchangeError> {
    by_group(slots, steps, |group| {
        group.fill_null(FillNullStrategy::Forward(None))
    })
}

/// Puts into each gap the value on the line between its neighbours; nothing
/// before a group's first value and after its last. Floating numbers only.
pub fn interpolate(values: &ArrayRef, steps: usize) -> Result<ArrayRef, ExchangeError> {
    by_group(values, steps, |group| {
        Ok(linear(group, InterpolationMethod::Linear))
    })
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, Float64Array};
    use arrow::datatypes::{Float64Type, UInt32Type};

    use super::*;

    const GRID: Grid = Grid {
        start: 100,
        step: 10,
        steps: 3,
    };

    #[test]
    fn rows_go_to_their_places() {
        // The last row lies after the grid, the one before it before.
        let slots = place(&[120, 100, 110, 90, 130], &[0, 0, 1, 1, 1], 2, GRID).unwrap();
        assert_eq!(
            slots.iter().collect::<Vec<_>>(),
            [Some(1), None, Some(0), None, Some(2), None]
        );
        assert_eq!(
            place(&[105], &[0], 1, GRID),
            Err(GapFillError::OffGrid { ts: 105 })
        );
        let twice = place(&[110, 110], &[0, 0], 1, GRID);
        assert_eq!(twice, Err(GapFillError::Duplicate { ts: 110 }));
        assert_eq!(
            place(&[i64::MIN, i64::MAX - 7], &[0, 0], 1, GRID).map(|s| s.len()),
            Ok(3)
        );
    }

    #[test]
    fn filling_stops_at_the_borders_of_groups() {
        let slots: ArrayRef = Arc::new(UInt32Array::from(vec![
            Some(1),
            None,
            None,
            None,
            Some(2),
            None,
        ]));
        let filled = previous(&slots, 3).unwrap();
        let filled: Vec<_> = filled.as_primitive::<UInt32Type>().iter().collect();
        assert_eq!(filled, [Some(1), Some(1), Some(1), None, Some(2), Some(2)]);
        let values = vec![Some(1.0), None, Some(4.0), None, Some(2.0), None];
        let lines = interpolate(&(Arc::new(Float64Array::from(values)) as ArrayRef), 3).unwrap();
        let lines: Vec<_> = lines.as_primitive::<Float64Type>().iter().collect();
        assert_eq!(
            lines,
            [Some(1.0), Some(2.5), Some(4.0), None, Some(2.0), None]
        );
    }
}
