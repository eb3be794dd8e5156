#![expect(
    unsafe_code,
    reason = "the Arrow C data interface is a foreign-function interface"
)]
//! Hands columns from arrow to polars and back without a copy.
//!
//! Source: the Arrow C data interface,
//! <https://arrow.apache.org/docs/format/CDataInterface.html>. Both libraries
//! declare its two structures `repr(C)` with the fields of that document.
//!
//! polars is built with few types: dictionaries are unpacked and small integers
//! widened on the way in, and timestamps lose their zone (the instant is UTC all
//! the same). [`to_arrow`] is told what to make of a column on the way out.

use std::mem;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, make_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use polars::prelude::{ArrowField, CompatLevel, PlSmallStr, PolarsError, Series};
use polars_arrow::ffi as polars_ffi;

/// Why a column cannot be handed over.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The type has no counterpart in polars as it is built here.
    #[error("a column of type {0} cannot be used here; cast it in the query")]
    Type(DataType),
    /// arrow failed.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// polars failed.
    #[error(transparent)]
    Polars(#[from] PolarsError),
}

/// The type by which a column goes to polars.
fn common_type(given: &DataType) -> Result<DataType, ExchangeError> {
    Ok(match given {
        DataType::Dictionary(_, values) => common_type(values)?,
        DataType::Int8 | DataType::Int16 => DataType::Int32,
        DataType::UInt8 | DataType::UInt16 => DataType::UInt32,
        DataType::Float16 => DataType::Float32,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
        DataType::Timestamp(_, _) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Boolean
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float32
        | DataType::Float64 => given.clone(),
        other => return Err(ExchangeError::Type(other.clone())),
    })
}

/// Hands a column to polars.
pub fn to_polars(name: &str, array: &ArrayRef) -> Result<Series, ExchangeError> {
    let mut array = Arc::clone(array);
    if let DataType::Dictionary(_, values) = array.data_type() {
        array = cast(&array, values)?;
    }
    let wanted = common_type(array.data_type())?;
    if let DataType::Timestamp(_, zone) = array.data_type() {
        // A cast would turn the clock; only the label must go.
        let micros = cast(
            &array,
            &DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        )?;
        let micros = micros.as_primitive::<TimestampMicrosecondType>().clone();
        array = Arc::new(micros.with_timezone_opt(None::<Arc<str>>));
    } else if *array.data_type() != wanted {
        array = cast(&array, &wanted)?;
    }
    let (values, schema) = to_ffi(&array.to_data())?;
    // SAFETY: both types are the ArrowArray of the C data interface, `repr(C)`
    // with the same ten fields, and ownership moves: the source is not dropped.
    let values = unsafe { mem::transmute::<FFI_ArrowArray, polars_ffi::ArrowArray>(values) };
    // SAFETY: as above, for the nine fields of ArrowSchema.
    let schema = unsafe { mem::transmute::<FFI_ArrowSchema, polars_ffi::ArrowSchema>(schema) };
    // SAFETY: `to_ffi` made the schema, so it is valid.
    let field = unsafe { polars_ffi::import_field_from_c(&schema) }?;
    // SAFETY: `to_ffi` made the array together with that schema, so it is valid and fits.
    let values = unsafe { polars_ffi::import_array_from_c(values, field.dtype) }?;
    Ok(Series::try_from((PlSmallStr::from(name), values))?)
}

/// Takes a column back from polars as the given type.
pub fn to_arrow(series: &Series, data_type: &DataType) -> Result<ArrayRef, ExchangeError> {
    let values = series.rechunk().to_arrow(0, CompatLevel::newest());
    let field = ArrowField::new(series.name().clone(), values.dtype().clone(), true);
    let schema = polars_ffi::export_field_to_c(&field);
    let values = polars_ffi::export_array_to_c(values);
    // SAFETY: both types are the ArrowSchema of the C data interface, `repr(C)`
    // with the same nine fields, and ownership moves: the source is not dropped.
    let schema = unsafe { mem::transmute::<polars_ffi::ArrowSchema, FFI_ArrowSchema>(schema) };
    // SAFETY: as above, for the ten fields of ArrowArray.
    let values = unsafe { mem::transmute::<polars_ffi::ArrowArray, FFI_ArrowArray>(values) };
    // SAFETY: polars exported the array together with that schema, so both are valid.
    let array = make_array(unsafe { from_ffi(values, &schema) }?);
    let DataType::Timestamp(unit, zone) = data_type else {
        return Ok(cast(&array, data_type)?);
    };
    let micros = cast(&array, &DataType::Int64)?;
    let micros = micros.as_primitive::<Int64Type>();
    let micros = micros.reinterpret_cast::<TimestampMicrosecondType>();
    let zoned: ArrayRef = Arc::new(micros.with_timezone_opt(zone.clone()));
    Ok(cast(&zoned, &DataType::Timestamp(*unit, zone.clone()))?)
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        BooleanArray, DictionaryArray, Float64Array, Int8Array, Int64Array, LargeStringArray,
        StringArray, StringViewArray, TimestampMicrosecondArray, TimestampSecondArray, UInt64Array,
        new_empty_array,
    };
    use arrow::datatypes::{Field, Int32Type};

    use super::*;

    fn round_trip(array: &ArrayRef) -> ArrayRef {
        let series = to_polars("column", array).unwrap();
        assert_eq!(series.len(), array.len());
        assert_eq!(series.null_count(), array.logical_null_count());
        to_arrow(&series, array.data_type()).unwrap()
    }

    fn columns() -> Vec<ArrayRef> {
        let long = "longer than the twelve bytes that a view holds";
        let text = vec![Some("é"), None, Some(""), Some(long)];
        let times = vec![Some(0), None, Some(-1), Some(1_750_000_000_000_001)];
        vec![
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
            Arc::new(Int8Array::from(vec![Some(i8::MIN), None, Some(i8::MAX)])),
            Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)])),
            Arc::new(UInt64Array::from(vec![Some(0), None, Some(u64::MAX)])),
            Arc::new(Float64Array::from(vec![
                Some(-0.0),
                None,
                Some(f64::INFINITY),
            ])),
            Arc::new(StringArray::from(text.clone())),
            Arc::new(LargeStringArray::from(text.clone())),
            Arc::new(StringViewArray::from(text.clone())),
            Arc::new(text.into_iter().collect::<DictionaryArray<Int32Type>>()),
            Arc::new(TimestampMicrosecondArray::from(times.clone())),
            Arc::new(TimestampMicrosecondArray::from(times.clone()).with_timezone("UTC")),
            Arc::new(TimestampMicrosecondArray::from(times).with_timezone("Europe/Berlin")),
            Arc::new(TimestampSecondArray::from(vec![Some(1), None]).with_timezone("UTC")),
        ]
    }

    #[test]
    fn what_goes_in_comes_out() {
        for array in columns() {
            let back = round_trip(&array);
            assert_eq!(array.data_type(), back.data_type());
            assert_eq!(&array, &back);
            // A slice has an offset into shared buffers.
            let slice = array.slice(1, array.len() - 1);
            assert_eq!(&slice, &round_trip(&slice));
            let empty = new_empty_array(array.data_type());
            assert_eq!(&empty, &round_trip(&empty));
        }
    }

    #[test]
    fn a_nan_keeps_its_bits() {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![crate::model::stale_nan()]));
        let back = round_trip(&array);
        let back = back.as_primitive::<arrow::datatypes::Float64Type>();
        assert!(crate::model::is_stale(back.value(0)));
    }

    #[test]
    fn the_column_outlives_its_source() {
        let array: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let series = to_polars("column", &array).unwrap();
        drop(array);
        let back = to_arrow(&series, &DataType::Utf8).unwrap();
        drop(series);
        assert_eq!(back.as_string::<i32>().value(1), "b");
    }

    #[test]
    fn a_list_is_refused() {
        let list = DataType::List(Arc::new(Field::new_list_field(DataType::Int64, true)));
        let error = to_polars("column", &new_empty_array(&list));
        assert!(matches!(error, Err(ExchangeError::Type(_))));
    }
}
