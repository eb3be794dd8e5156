//! Tests of the store as a whole, on small stores in temporary folders.

mod backtest;
mod bounds;
mod ingest;
mod load;
mod maintenance;
mod replay;
mod verification;

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow::record_batch::RecordBatch;
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};

use super::run_writer::RunWriter;
use super::table::Change;
use super::{Snapshot, Store, TableKind, reader};
use crate::ingest::RecordSink;
use crate::model::{Labels, LogRecord, MICROS_PER_DAY};

/// 2026-03-01T00:00:00Z, day 20,513.
const DAY: i64 = 1_772_323_200_000_000;
const SECOND: i64 = 1_000_000;
/// 2026-03-10T12:00:00Z.
const NOW: i64 = DAY + 9 * MICROS_PER_DAY + MICROS_PER_DAY / 2;

struct Fixture {
    _folder: TempDir,
    runtime: Runtime,
    store: Store,
}

impl Fixture {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            runtime: Runtime::new().unwrap(),
            store: Store::create(&folder.path().join("store")).unwrap(),
            _folder: folder,
        }
    }

    fn handle(&self) -> &Handle {
        self.runtime.handle()
    }

    fn writer(&self) -> RunWriter<'_> {
        RunWriter::new(&self.store, self.handle().clone(), NOW).unwrap()
    }

    /// Ingests samples of one file: metric, µs, value.
    fn ingest(&self, samples: &[(&str, i64, f64)]) {
        let mut writer = self.writer();
        writer.begin_file("samples", "test");
        for &(metric, ts, value) in samples {
            let series = writer.series(labels(metric));
            writer.sample(series, ts, value);
        }
        writer.end_file().unwrap();
        writer.commit().unwrap();
    }

    /// Ingests log lines of several files in one run: µs, text.
    fn ingest_logs(&self, files: &[&[(i64, &str)]]) {
        let mut writer = self.writer();
        for file in files {
            writer.begin_file("logs", "test");
            for &(ts, body) in *file {
                writer.log(LogRecord {
                    ts,
                    body: Some(body.to_owned()),
                    attributes: vec![("host".into(), "a".into())],
                    ..LogRecord::default()
                });
            }
            writer.end_file().unwrap();
        }
        writer.commit().unwrap();
    }

    fn snapshot(&self, kind: TableKind) -> Snapshot {
        self.runtime.block_on(self.store.snapshot(kind)).unwrap()
    }

    fn paths(&self, kind: TableKind) -> Vec<String> {
        let files = self.snapshot(kind).files.into_iter();
        files.map(|f| f.path).collect()
    }

    fn batches(&self, kind: TableKind) -> Vec<RecordBatch> {
        self.runtime.block_on(async {
            let table = self.store.table(kind).await.unwrap();
            let mut all = Vec::new();
            for file in table.snapshot().unwrap().files {
                let batches = reader::batches(&table, &file.path).await.unwrap();
                all.extend(batches.map(Result::unwrap));
            }
            all
        })
    }

    /// Returns the bits of each sample's value by metric and time; fails on a
    /// sample that is there twice.
    fn samples(&self) -> BTreeMap<(String, i64), u64> {
        let mut samples = BTreeMap::new();
        for batch in self.batches(TableKind::Samples) {
            let metric = batch["metric"].as_string::<i32>();
            let ts = batch["ts"].as_primitive::<TimestampMicrosecondType>();
            let value = batch["value"].as_primitive::<Float64Type>();
            for row in 0..batch.num_rows() {
                let key = (metric.value(row).to_owned(), ts.value(row));
                let old = samples.insert(key, value.value(row).to_bits());
                assert_eq!(old, None, "a sample is there twice");
            }
        }
        samples
    }

    /// Returns time and text of each log record, file by file.
    fn logs(&self) -> Vec<(i64, String)> {
        let mut logs = Vec::new();
        for batch in self.batches(TableKind::Logs) {
            let ts = batch["ts"].as_primitive::<TimestampMicrosecondType>();
            let body = batch["body"].as_string::<i32>();
            let rows = 0..batch.num_rows();
            logs.extend(rows.map(|row| (ts.value(row), body.value(row).to_owned())));
        }
        logs
    }

    fn commit(&self, kind: TableKind, change: Change) {
        self.runtime.block_on(async {
            let mut table = self.store.table(kind).await.unwrap();
            assert!(table.commit(change, NOW).await.unwrap());
        });
    }
}

fn labels(metric: &str) -> Labels {
    Labels::from_pairs([("__name__", metric), ("job", "a")]).unwrap()
}

fn series_ids(batch: &RecordBatch) -> &[i64] {
    batch["series_id"].as_primitive::<Int64Type>().values()
}
