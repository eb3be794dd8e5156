use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{self as types, DataType, TimeUnit};
use arrow::util::display::array_value_to_string;

use crate::model::format_day;

/// One value of a table, read from an arrow array without copying its text.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Null,
    /// µs since the epoch, UTC.
    Timestamp(i64),
    /// Days since the epoch.
    Date(i32),
    /// µs.
    Duration(i64),
    /// A floating-point number, perhaps not finite.
    Number(f64),
    /// A whole number of any width.
    Integer(i128),
    /// A decimal number, in its digits.
    Decimal(String),
    /// Text.
    Text(Cow<'a, str>),
    /// True or false.
    Bool(bool),
}

impl<'a> Cell<'a> {
    /// Reads one value; a nested value (map, list, struct) comes as text.
    /// `row` must be less than the array's length.
    pub fn read(array: &'a dyn Array, row: usize) -> Self {
        if array.is_null(row) {
            return Self::Null;
        }
        macro_rules! value {
            ($kind:ty) => {
                array.as_primitive::<$kind>().value(row)
            };
        }
        let text = |text: &'a str| Self::Text(Cow::Borrowed(text));
        match array.data_type() {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Bool(array.as_boolean().value(row)),
            DataType::Int8 => Self::Integer(value!(types::Int8Type).into()),
            DataType::Int16 => Self::Integer(value!(types::Int16Type).into()),
            DataType::Int32 => Self::Integer(value!(types::Int32Type).into()),
            DataType::Int64 => Self::Integer(value!(types::Int64Type).into()),
            DataType::UInt8 => Self::Integer(value!(types::UInt8Type).into()),
            DataType::UInt16 => Self::Integer(value!(types::UInt16Type).into()),
            DataType::UInt32 => Self::Integer(value!(types::UInt32Type).into()),
            DataType::UInt64 => Self::Integer(value!(types::UInt64Type).into()),
            DataType::Float16 => Self::Number(value!(types::Float16Type).to_f64()),
            DataType::Float32 => Self::Number(value!(types::Float32Type).into()),
            DataType::Float64 => Self::Number(value!(types::Float64Type)),
            DataType::Utf8 => text(array.as_string::<i32>().value(row)),
            DataType::LargeUtf8 => text(array.as_string::<i64>().value(row)),
            DataType::Utf8View => text(array.as_string_view().value(row)),
            DataType::Date32 => Self::Date(value!(types::Date32Type)),
            DataType::Date64 => {
                let days = value!(types::Date64Type).div_euclid(86_400_000);
                i32::try_from(days).map_or_else(|_| Self::shown(array, row), Self::Date)
            }
            DataType::Timestamp(unit, _) => micros(*unit, || match unit {
                TimeUnit::Second => value!(types::TimestampSecondType),
                TimeUnit::Millisecond => value!(types::TimestampMillisecondType),
                TimeUnit::Microsecond => value!(types::TimestampMicrosecondType),
                TimeUnit::Nanosecond => value!(types::TimestampNanosecondType),
            })
            .map_or_else(|| Self::shown(array, row), Self::Timestamp),
            DataType::Duration(unit) => micros(*unit, || match unit {
                TimeUnit::Second => value!(types::DurationSecondType),
                TimeUnit::Millisecond => value!(types::DurationMillisecondType),
                TimeUnit::Microsecond => value!(types::DurationMicrosecondType),
                TimeUnit::Nanosecond => value!(types::DurationNanosecondType),
            })
            .map_or_else(|| Self::shown(array, row), Self::Duration),
            DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..) => {
                array_value_to_string(array, row).map_or(Self::Null, Self::Decimal)
            }
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
                list_values(array, row)
                    .map_or(Self::Null, |items| Self::Text(nested_list(&items).into()))
            }
            DataType::Map(..) => {
                let entries = array.as_map().value(row);
                let pairs = (0..entries.len()).map(|i| {
                    let value = match Cell::read(entries.column(1), i) {
                        Cell::Text(text) => format!("{text:?}"),
                        other => other.plain(),
                    };
                    format!("{}={value}", Cell::read(entries.column(0), i).plain())
                });
                Self::Text(format!("{{{}}}", pairs.collect::<Vec<_>>().join(", ")).into())
            }
            DataType::Struct(fields) => {
                let columns = array.as_struct().columns();
                let pairs = fields.iter().zip(columns).map(|(field, column)| {
                    format!("{}: {}", field.name(), Cell::read(column, row).plain())
                });
                Self::Text(format!("{{{}}}", pairs.collect::<Vec<_>>().join(", ")).into())
            }
            _ => Self::shown(array, row),
        }
    }

    /// Returns the value as a number, where it is one; durations in seconds.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(*value),
            Self::Integer(value) => Some(*value as f64),
            Self::Decimal(digits) => digits.parse().ok(),
            Self::Duration(micros) => Some(*micros as f64 / 1e6),
            _ => None,
        }
    }

    /// Writes the value in full, times in UTC.
    pub fn plain(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Timestamp(ts) => crate::model::format_timestamp(*ts, chrono_tz::Tz::UTC),
            Self::Date(day) => format_day(*day),
            Self::Duration(micros) => (*micros as f64 / 1e6).to_string(),
            Self::Number(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Decimal(digits) => digits.clone(),
            Self::Text(text) => text.clone().into_owned(),
            Self::Bool(value) => value.to_string(),
        }
    }

    /// What arrow itself would show: intervals, times of day, binary.
    fn shown(array: &dyn Array, row: usize) -> Self {
        Self::Text(
            array_value_to_string(array, row)
                .unwrap_or_else(|error| error.to_string())
                .into(),
        )
    }
}

/// Returns the items of one list value, whatever kind of list it is; `None`
/// where there is none.
pub(crate) fn list_values(array: &dyn Array, row: usize) -> Option<ArrayRef> {
    if array.is_null(row) {
        return None;
    }
    match array.data_type() {
        DataType::List(_) => Some(array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => Some(array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => Some(array.as_fixed_size_list().value(row)),
        _ => None,
    }
}

fn nested_list(items: &dyn Array) -> String {
    let shown = (0..items.len()).map(|i| Cell::read(items, i).plain());
    format!("[{}]", shown.collect::<Vec<_>>().join(", "))
}

fn micros(unit: TimeUnit, value: impl Fn() -> i64) -> Option<i64> {
    let value = value();
    match unit {
        TimeUnit::Second => value.checked_mul(1_000_000),
        TimeUnit::Millisecond => value.checked_mul(1_000),
        TimeUnit::Microsecond => Some(value),
        TimeUnit::Nanosecond => Some(value.div_euclid(1_000)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::*;

    use super::*;

    #[test]
    fn reads_each_type() {
        let cell = |array: &dyn Array| Cell::read(array, 0).plain();
        assert_eq!(
            cell(&UInt64Array::from(vec![u64::MAX])),
            "18446744073709551615"
        );
        assert_eq!(cell(&Float32Array::from(vec![0.5])), "0.5");
        assert_eq!(cell(&StringViewArray::from(vec!["é"])), "é");
        assert_eq!(cell(&Date32Array::from(vec![20_513])), "2026-03-01");
        assert_eq!(
            cell(
                &TimestampNanosecondArray::from(vec![1_772_323_200_000_000_999])
                    .with_timezone("UTC")
            ),
            "2026-03-01T00:00:00Z"
        );
        assert_eq!(cell(&DurationMillisecondArray::from(vec![1_500])), "1.5");
        let decimal = Decimal128Array::from(vec![12_345])
            .with_precision_and_scale(10, 2)
            .expect("valid");
        assert_eq!(cell(&decimal), "123.45");
        assert_eq!(cell(&Int64Array::from(vec![None])), "null");
        assert!(!cell(&TimestampSecondArray::from(vec![i64::MAX])).is_empty());
    }

    #[test]
    fn shows_labels_as_promql_does() {
        let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        map.keys().append_value("service");
        map.values().append_value("a\"b");
        map.append(true).expect("one entry");
        let map: ArrayRef = Arc::new(map.finish());
        assert_eq!(Cell::read(&map, 0).plain(), r#"{service="a\"b"}"#);
        let list = ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>([Some([
            Some(1),
            None,
        ])]);
        assert_eq!(Cell::read(&list, 0).plain(), "[1, null]");
    }
}
