use std::collections::BTreeMap;

use arrow::array::ArrayRef;
use arrow::error::ArrowError;
use arrow::row::{Row, RowConverter, SortField};

/// Numbers rows by their key columns: rows with equal keys have equal numbers,
/// from 0 in the order of the keys (NULL first, and equal to NULL).
///
/// Takes any number of tables with the same key types, each with its number of
/// rows; returns one number a row for each table, and how many there are.
/// Without key columns all rows are of group 0.
pub fn group_ids(tables: &[(&[ArrayRef], usize)]) -> Result<(Vec<Vec<u32>>, usize), ArrowError> {
    let keys = tables.first().map_or(&[] as &[ArrayRef], |table| table.0);
    if keys.is_empty() {
        let ids = tables.iter().map(|&(_, rows)| vec![0; rows]).collect();
        return Ok((ids, 1));
    }
    let fields = keys
        .iter()
        .map(|key| SortField::new(key.data_type().clone()));
    let converter = RowConverter::new(fields.collect())?;
    let rows = tables
        .iter()
        .map(|(keys, _)| converter.convert_columns(keys));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let mut numbers: BTreeMap<Row<'_>, u32> = BTreeMap::new();
    for row in rows.iter().flatten() {
        numbers.insert(row, 0);
    }
    for (number, slot) in (0..).zip(numbers.values_mut()) {
        *slot = number;
    }
    let ids = rows
        .iter()
        .map(|rows| rows.iter().map(|row| numbers[&row]).collect());
    Ok((ids.collect(), numbers.len()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringViewArray};

    use super::*;

    #[test]
    fn equal_keys_have_equal_numbers_in_both_tables() {
        let text = |values: Vec<Option<&str>>| Arc::new(StringViewArray::from(values)) as ArrayRef;
        let number = |values: Vec<Option<i64>>| Arc::new(Int64Array::from(values)) as ArrayRef;
        let left = [
            text(vec![Some("b"), None, Some("a")]),
            number(vec![Some(1), Some(1), None]),
        ];
        let right = [text(vec![None, Some("b")]), number(vec![Some(1), Some(2)])];
        let (ids, count) = group_ids(&[(&left, 3), (&right, 2)]).unwrap();
        assert_eq!((ids, count), (vec![vec![2, 0, 1], vec![0, 3]], 4));
        let (ids, count) = group_ids(&[(&[], 2), (&[], 0)]).unwrap();
        assert_eq!((ids, count), (vec![vec![0, 0], vec![]], 1));
    }
}
