//! Records as columns of the store's tables.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanArray, Float64Array, Int64Array, Int64Builder, ListBuilder,
    MapBuilder, MapFieldNames, StringArray, StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field};
use arrow::record_batch::RecordBatch;

use super::error::StoreError;
use super::rejects::Reject;
use super::run_writer::Ingest;
use super::schema::TableKind;
use super::series_registry::SeriesRegistry;
use crate::model::{Event, JobRun, LogRecord, Span, SpanKind, SpanStatus};

/// Makes a `logs` batch of records and their ids.
pub(crate) fn logs(records: &[(LogRecord, i64)]) -> Result<RecordBatch, StoreError> {
    let r = || records.iter().map(|(record, _)| record);
    batch(
        TableKind::Logs,
        vec![
            timestamps(r().map(|x| Some(x.ts))),
            texts(r().map(|x| x.service.as_deref())),
            texts(r().map(|x| x.severity.as_deref())),
            texts(r().map(|x| x.body.as_deref())),
            texts(r().map(|x| x.trace_id.as_deref())),
            texts(r().map(|x| x.span_id.as_deref())),
            Arc::new(Float64Array::from_iter(r().map(|x| x.duration_ms))),
            text_maps(r().map(|x| pairs(&x.attributes)))?,
            Arc::new(Int64Array::from_iter_values(records.iter().map(|x| x.1))),
        ],
    )
}

/// Makes a `spans` batch of spans and their ids.
pub(crate) fn spans(spans: &[(Span, i64)]) -> Result<RecordBatch, StoreError> {
    let s = || spans.iter().map(|(span, _)| span);
    batch(
        TableKind::Spans,
        vec![
            timestamps(s().map(|x| Some(x.ts))),
            texts(s().map(|x| Some(x.trace_id.as_str()))),
            texts(s().map(|x| Some(x.span_id.as_str()))),
            texts(s().map(|x| x.parent_span_id.as_deref())),
            texts(s().map(|x| x.service.as_deref())),
            texts(s().map(|x| Some(x.name.as_str()))),
            texts(s().map(|x| x.kind.map(SpanKind::as_str))),
            texts(s().map(|x| x.status.map(SpanStatus::as_str))),
            Arc::new(Int64Array::from_iter_values(s().map(|x| x.duration_ns))),
            text_maps(s().map(|x| pairs(&x.attributes)))?,
            Arc::new(Int64Array::from_iter_values(spans.iter().map(|x| x.1))),
        ],
    )
}

/// Makes a `rejects` batch.
pub(crate) fn rejects(rejects: &[Reject]) -> Result<RecordBatch, StoreError> {
    let r = || rejects.iter();
    batch(
        TableKind::Rejects,
        vec![
            timestamps(r().map(|x| Some(x.ingested_at))),
            texts(r().map(|x| Some(x.file.as_ref()))),
            Arc::new(Int64Array::from_iter_values(r().map(|x| x.line))),
            texts(r().map(|x| Some(x.format))),
            texts(r().map(|x| Some(x.reason.as_str()))),
            texts(r().map(|x| Some(x.raw.as_str()))),
            texts(r().map(|x| x.context.as_deref())),
            Arc::new(Int64Array::from_iter_values(r().map(|x| x.record_id))),
        ],
    )
}

/// Makes an `events` batch.
pub(crate) fn events<'a>(
    events: impl Iterator<Item = &'a Event> + Clone,
) -> Result<RecordBatch, StoreError> {
    let e = || events.clone();
    batch(
        TableKind::Events,
        vec![
            texts(e().map(|x| Some(x.id.as_str()))),
            timestamps(e().map(|x| Some(x.started_at))),
            timestamps(e().map(|x| x.ended_at)),
            texts(e().map(|x| Some(x.kind.as_str()))),
            texts(e().map(|x| x.severity.as_deref())),
            texts(e().map(|x| x.title.as_deref())),
            text_maps(e().map(|x| pairs(&x.labels)))?,
        ],
    )
}

/// Makes a `job_runs` batch.
pub(crate) fn job_runs<'a>(
    runs: impl Iterator<Item = &'a JobRun> + Clone,
) -> Result<RecordBatch, StoreError> {
    let r = || runs.clone();
    let numbers =
        |f: fn(&JobRun) -> Option<i64>| -> ArrayRef { Arc::new(Int64Array::from_iter(r().map(f))) };
    batch(
        TableKind::JobRuns,
        vec![
            texts(r().map(|x| Some(x.job.as_str()))),
            texts(r().map(|x| x.stage.as_deref())),
            texts(r().map(|x| Some(x.run_id.as_str()))),
            timestamps(r().map(|x| x.scheduled_at)),
            timestamps(r().map(|x| x.started_at)),
            timestamps(r().map(|x| x.ended_at)),
            texts(r().map(|x| x.status.as_deref())),
            numbers(|x| x.rows_expected),
            numbers(|x| x.rows_in),
            numbers(|x| x.rows_out),
            Arc::new(Float64Array::from_iter(r().map(|x| x.cost))),
        ],
    )
}

/// Makes an `ingests` batch.
pub(crate) fn ingests(ingests: &[Ingest], now: i64) -> Result<RecordBatch, StoreError> {
    let i = || ingests.iter();
    let count = |f: fn(&Ingest) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(
            i().map(|x| f(x).cast_signed()),
        ))
    };
    batch(
        TableKind::Ingests,
        vec![
            timestamps(i().map(|_| Some(now))),
            texts(i().map(|x| Some(x.file.as_str()))),
            texts(i().map(|x| Some(x.content_id.as_str()))),
            texts(i().map(|x| Some(x.format))),
            count(|x| x.bytes),
            count(|x| x.counts.samples),
            count(|x| x.counts.good() - x.counts.samples),
            count(|x| x.counts.rejects),
            Arc::new(i().map(|x| Some(x.is_complete)).collect::<BooleanArray>()),
        ],
    )
}

/// Makes a `series` batch of handles in their order.
pub(crate) fn series(
    registry: &SeriesRegistry,
    handles: &[u32],
) -> Result<RecordBatch, StoreError> {
    let s = || handles.iter().map(|&handle| registry.get(handle));
    batch(
        TableKind::Series,
        vec![
            Arc::new(Int64Array::from_iter_values(s().map(|x| x.series_id))),
            Arc::new(arrow::array::Int32Array::from_iter_values(
                s().map(|x| x.target_id),
            )),
            texts(s().map(|x| Some(x.metric.as_ref()))),
            texts(s().map(|x| x.metric_type.map(crate::model::MetricType::as_str))),
            texts(s().map(|x| x.unit.as_deref())),
            texts(s().map(|x| x.help.as_deref())),
            text_maps(s().map(|x| x.labels()))?,
        ],
    )
}

/// Puts columns together in the order of the table's schema.
pub(crate) fn batch(table: TableKind, columns: Vec<ArrayRef>) -> Result<RecordBatch, StoreError> {
    Ok(RecordBatch::try_new(table.file_schema(), columns)?)
}

/// A text column.
pub(crate) fn texts<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

/// A time column.
pub(crate) fn timestamps(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(TimestampMicrosecondArray::from_iter(values).with_timezone("UTC"))
}

fn pairs(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    pairs.iter().map(|(k, v)| (k.as_str(), v.as_str()))
}

/// A column of maps from text to text.
pub(crate) fn text_maps<'a, M>(maps: impl Iterator<Item = M>) -> Result<ArrayRef, StoreError>
where
    M: Iterator<Item = (&'a str, &'a str)>,
{
    let names = MapFieldNames {
        entry: "key_value".into(),
        key: "key".into(),
        value: "value".into(),
    };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for map in maps {
        for (key, value) in map {
            builder.keys().append_value(key);
            builder.values().append_value(value);
        }
        builder.append(true)?;
    }
    Ok(Arc::new(builder.finish()))
}

/// A column of whole numbers, all of them there.
pub(crate) fn counts(values: impl Iterator<Item = usize>) -> ArrayRef {
    let values = values.map(|value| i64::try_from(value).unwrap_or(i64::MAX));
    Arc::new(Int64Array::from_iter_values(values))
}

/// A column of lists of texts.
pub(crate) fn text_lists<L>(lists: impl Iterator<Item = L>) -> ArrayRef
where
    L: IntoIterator<Item = String>,
{
    let mut builder = list_builder(StringBuilder::new(), DataType::Utf8);
    for list in lists {
        list.into_iter()
            .for_each(|text| builder.values().append_value(text));
        builder.append(true);
    }
    Arc::new(builder.finish())
}

/// A column of lists of whole numbers.
pub(crate) fn integer_lists<L>(lists: impl Iterator<Item = L>) -> ArrayRef
where
    L: IntoIterator<Item = i64>,
{
    let mut builder = list_builder(Int64Builder::new(), DataType::Int64);
    for list in lists {
        list.into_iter()
            .for_each(|value| builder.values().append_value(value));
        builder.append(true);
    }
    Arc::new(builder.finish())
}

fn list_builder<B: ArrayBuilder>(values: B, item: DataType) -> ListBuilder<B> {
    ListBuilder::new(values).with_field(Field::new("element", item, true))
}
