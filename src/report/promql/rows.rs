use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::error::ArrowError;

use super::label_columns::label_columns;
use super::{Line, Table};
use crate::promql::Steps;

/// Rows of a batch.
const BATCH: usize = 64 << 10;

/// A row a sample: the time (where wanted), labels, the value.
pub(super) fn samples(
    lines: &[Line<'_>],
    names: &[&str],
    has_time: bool,
) -> Result<Table, ArrowError> {
    let labels = label_columns(lines, names, &["ts", "value"]);
    let mut fields = Vec::with_capacity(labels.len() + 2);
    if has_time {
        fields.push(Field::new("ts", times_type(), false));
    }
    let label_fields = labels
        .iter()
        .map(|(name, _)| Field::new(name, DataType::Utf8View, true));
    fields.extend(label_fields);
    fields.push(Field::new("value", DataType::Float64, false));
    let schema = Arc::new(Schema::new(fields));

    let mut batches = Vec::new();
    let mut rows = Rows::default();
    for (place, line) in (0..).zip(lines) {
        for (ts, value) in line.samples() {
            rows.places.push(place);
            rows.times.push(ts);
            rows.values.push(value);
            if rows.values.len() == BATCH {
                batches.push(rows.batch(&schema, &labels, has_time)?);
            }
        }
    }
    if !rows.values.is_empty() {
        batches.push(rows.batch(&schema, &labels, has_time)?);
    }
    Table::new(schema, batches)
}

/// The one row of a string.
pub(super) fn text(text: &str, steps: Steps) -> Result<Table, ArrowError> {
    Table::from_columns(vec![
        ("ts".to_owned(), times(vec![steps.start])),
        (
            "value".to_owned(),
            Arc::new(StringViewArray::from_iter_values([text])),
        ),
    ])
}

/// Rows on the way to a batch.
#[derive(Default)]
struct Rows {
    /// The places of the rows' series.
    places: Vec<u32>,
    times: Vec<i64>,
    values: Vec<f64>,
}

impl Rows {
    fn batch(
        &mut self,
        schema: &Arc<Schema>,
        labels: &[(String, ArrayRef)],
        has_time: bool,
    ) -> Result<RecordBatch, ArrowError> {
        let places = UInt32Array::from(std::mem::take(&mut self.places));
        let times = times(std::mem::take(&mut self.times));
        let mut columns = Vec::with_capacity(labels.len() + 2);
        if has_time {
            columns.push(times);
        }
        for (_, values) in labels {
            // Views: the texts themselves are not copied.
            columns.push(take(values, &places, None)?);
        }
        columns.push(Arc::new(Float64Array::from(std::mem::take(
            &mut self.values,
        ))));
        RecordBatch::try_new(Arc::clone(schema), columns)
    }
}

fn times_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn times(times: Vec<i64>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
}
