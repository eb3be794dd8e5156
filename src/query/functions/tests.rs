use std::sync::Arc;

use arrow::array::{Float64Array, Int64Array, RecordBatch, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use arrow::util::pretty::pretty_format_batches;
use datafusion::catalog::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext, col};

mod aggregates;
mod promql;
mod tables;
mod times;
mod windows;

use super::*;

fn context(partitions: usize, batch_size: usize) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_batch_size(batch_size);
    let ctx = SessionContext::new_with_config(config);
    register(&ctx);
    ctx
}

fn try_query(ctx: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>, String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let frame = ctx.sql(sql).await.map_err(|e| e.to_string())?;
        frame.collect().await.map_err(|e| e.to_string())
    })
}

/// The result as text, one line a row, values separated by a blank.
fn query(ctx: &SessionContext, sql: &str) -> Vec<String> {
    let batches = try_query(ctx, sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let table = pretty_format_batches(&batches).unwrap().to_string();
    let rows = table.lines().skip(3).filter(|line| !line.starts_with('+'));
    rows.map(|line| {
        let cells = line
            .split('|')
            .map(str::trim)
            .filter(|cell| !cell.is_empty());
        cells.collect::<Vec<_>>().join(" ")
    })
    .collect()
}

fn fails(sql: &str, part: &str) {
    let error = try_query(&context(1, 8192), sql).expect_err(sql);
    assert!(error.contains(part), "{sql}: {error}");
}

type Sample = (i64, i64, Option<f64>);

/// A batch of (series, second, value).
fn batch(samples: &[Sample]) -> RecordBatch {
    let schema = Schema::new(vec![
        Field::new("series_id", DataType::Int64, false),
        Field::new(
            "ts",
            DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            false,
        ),
        Field::new("value", DataType::Float64, true),
    ]);
    let ts = samples.iter().map(|s| s.1 * 1_000_000);
    let columns: Vec<arrow::array::ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(samples.iter().map(|s| s.0))),
        Arc::new(TimestampMicrosecondArray::from_iter_values(ts).with_timezone("UTC")),
        Arc::new(samples.iter().map(|s| s.2).collect::<Float64Array>()),
    ];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// Registers `samples` with the given batches in the given partitions.
fn load(ctx: &SessionContext, partitions: Vec<Vec<RecordBatch>>) {
    let table = MemTable::try_new(batch(&[]).schema(), partitions).unwrap();
    ctx.register_table("samples", Arc::new(table)).unwrap();
}

/// Registers `samples` as one sorted partition that declares its order.
fn load_sorted(ctx: &SessionContext, samples: &[Sample], rows: usize) {
    let batches = samples.chunks(rows).map(batch).collect();
    let table = MemTable::try_new(batch(&[]).schema(), vec![batches]).unwrap();
    let order = ["series_id", "ts"]
        .map(|name| col(name).sort(true, false))
        .to_vec();
    let table = table.with_sort_order(vec![order]);
    ctx.register_table("samples", Arc::new(table)).unwrap();
}

/// Three counters, one of which resets, with a marker and a missing value.
fn counters() -> Vec<Sample> {
    let mut samples = Vec::new();
    for series in 0..3 {
        for step in 0..60 {
            let value = match (series, step) {
                (1, 20..) => (step - 20) as f64,
                (2, 7) => crate::model::stale_nan(),
                _ => (step * (series + 1)) as f64 + 100.0,
            };
            samples.push((
                series,
                step * 15,
                Some(value).filter(|_| (series, step) != (0, 5)),
            ));
        }
    }
    samples
}

#[test]
fn every_example_gives_what_its_page_says() {
    for function in FUNCTIONS {
        for (partitions, rows) in [(1, 8192), (4, 1)] {
            let batches = try_query(&context(partitions, rows), function.example)
                .unwrap_or_else(|error| panic!("{}: {error}", function.name));
            let table = pretty_format_batches(&batches).unwrap().to_string();
            assert_eq!(table, function.result, "{}", function.name);
        }
        assert!(function.syntax.contains(function.name), "{}", function.name);
        assert!(function.description.contains(". "), "{}", function.name);
    }
}

#[test]
fn what_datafusion_has_works_on_our_types() {
    let ctx = context(4, 7);
    let samples: Vec<Sample> = (0..4).map(|i| (1, i * 60, Some(i as f64))).collect();
    load_sorted(&ctx, &samples, 2);
    for (sql, expected) in [
        // Should be 2.85: why there is `percentile`.
        (
            "percentile_cont(0.95) WITHIN GROUP (ORDER BY value)",
            "2.849999",
        ),
        ("quantile_cont(value, 0.5)", "1.5"),
        ("median(value)", "1.5"),
        (
            "round(approx_percentile_cont(0.5) WITHIN GROUP (ORDER BY value), 3)",
            "1.5",
        ),
        ("first_value(value ORDER BY ts)", "0.0"),
        ("last_value(value ORDER BY ts)", "3.0"),
        (
            "max(date_bin(INTERVAL '2 minutes', ts, TIMESTAMP '1970-01-01T00:00:00Z'))",
            "1970-01-01T00:02:00Z",
        ),
        ("count(*) FILTER (WHERE value > 1)", "2"),
    ] {
        assert_eq!(
            query(&ctx, &format!("SELECT {sql} FROM samples")),
            [expected],
            "{sql}"
        );
    }
    let sliding = "SELECT avg(value) OVER (PARTITION BY series_id ORDER BY ts \
        RANGE INTERVAL '1 minute' PRECEDING) FROM samples ORDER BY ts";
    assert_eq!(query(&ctx, sliding), ["0.0", "0.5", "1.5", "2.5"]);
    let labels = "SELECT labels['a'], labels['x'] IS NULL \
        FROM (SELECT MAP {'a': 'b', 'c': 'd'} AS labels)";
    assert_eq!(query(&ctx, labels), ["b true"]);
}
