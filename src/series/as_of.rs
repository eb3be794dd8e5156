//! As-of matches: for each row of one table the nearest row of another.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt32Array};
use arrow::datatypes::{DataType, UInt32Type};
use polars::prelude::{
    AnyValue, AsofJoinBy, AsofStrategy, DataFrame, IntoColumn, PolarsError, SortMultipleOptions,
};

use super::exchange::{ExchangeError, to_arrow, to_polars};

/// On which side of a row its match lies; one at the same place always counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The last one before.
    Backward,
    /// The first one after.
    Forward,
    /// The nearer one; of two equally near ones that after.
    Nearest,
}

/// How rows are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// On which side.
    pub direction: Direction,
    /// How far away a match may be, in the unit of the key.
    pub tolerance: Option<i64>,
}

/// Finds for each row of `left` its match in `right`: the row's number, or NULL.
///
/// Each side is its keys (any order; NULL never matches) with its groups, within
/// which matches lie. Of several right rows with the same key the last is taken
/// backward and the first forward.
pub fn as_of(
    left: (&Int64Array, &[u32]),
    right: (&Int64Array, &[u32]),
    how: AsOf,
) -> Result<UInt32Array, ExchangeError> {
    let strategy = match how.direction {
        Direction::Backward => AsofStrategy::Backward,
        Direction::Forward => AsofStrategy::Forward,
        Direction::Nearest => AsofStrategy::Nearest,
    };
    let matched = frame(left, "left")?.join_asof_by(
        &frame(right, "right")?,
        "key",
        "key",
        ["group"],
        ["group"],
        strategy,
        how.tolerance.map(AnyValue::Int64),
        true,
        false,
    )?;
    let column = |name: &str| -> Result<ArrayRef, ExchangeError> {
        let column = matched.column(name)?;
        to_arrow(column.as_materialized_series(), &DataType::UInt32)
    };
    let (from, to) = (column("left")?, column("right")?);
    let to = to.as_primitive::<UInt32Type>();
    let mut matches = vec![None; left.0.len()];
    for (at, &row) in from
        .as_primitive::<UInt32Type>()
        .values()
        .iter()
        .enumerate()
    {
        matches[row as usize] = to.is_valid(at).then(|| to.value(at));
    }
    Ok(matches.into())
}

/// Columns `key`, `group` and the row's number under the given name, sorted by
/// key, rows with equal keys in their order; rows without a key left out.
fn frame(side: (&Int64Array, &[u32]), name: &str) -> Result<DataFrame, ExchangeError> {
    let (keys, groups) = side;
    let rows: Vec<u32> = (0_u32..)
        .zip(keys)
        .filter_map(|(row, key)| key.map(|_| row))
        .collect();
    let key: Int64Array = keys.iter().flatten().map(Some).collect();
    let group: UInt32Array = rows.iter().map(|&row| Some(groups[row as usize])).collect();
    let columns: [(&str, ArrayRef); 3] = [
        ("key", Arc::new(key)),
        ("group", Arc::new(group)),
        (name, Arc::new(UInt32Array::from(rows))),
    ];
    let columns = columns
        .iter()
        .map(|(name, array)| Ok(to_polars(name, array)?.into_column()))
        .collect::<Result<Vec<_>, ExchangeError>>()?;
    let order = SortMultipleOptions::default().with_maintain_order(true);
    let frame = DataFrame::new_infer_height(columns).and_then(|frame| frame.sort(["key"], order));
    frame.map_err(|error: PolarsError| error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equally_near_takes_the_later() {
        let left = Int64Array::from(vec![Some(10), None, Some(i64::MAX)]);
        let right = Int64Array::from(vec![Some(13), Some(7), Some(i64::MIN), None]);
        let matches = |direction, tolerance| {
            let how = AsOf {
                direction,
                tolerance,
            };
            let matches = as_of((&left, &[0; 3]), (&right, &[0; 4]), how).unwrap();
            matches.iter().collect::<Vec<_>>()
        };
        assert_eq!(matches(Direction::Nearest, Some(3)), [Some(0), None, None]);
        assert_eq!(matches(Direction::Backward, None), [Some(1), None, Some(0)]);
        assert_eq!(matches(Direction::Forward, None), [Some(0), None, None]);
        assert_eq!(matches(Direction::Backward, Some(2)), [None, None, None]);
    }
}
