//! Reads dead letters again, after the mapping has been put right.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, AsArray, Int64Array, StringArray};
use arrow::datatypes::Int64Type;
use arrow::record_batch::RecordBatch;
use tokio::runtime::Handle;

use super::error::StoreError;
use super::load::LoadOptions;
use super::run_writer::{self, Counts, RunWriter};
use super::schema::TableKind;
use super::{Store, lock, reader, row_table};
use crate::ingest::{ReadOptions, RecordSink, SeriesRef, Source, SourcePath, format};
use crate::model::{Event, JobRun, Labels, LogRecord, MetricMetadata, Span, Warning};

/// What became of the dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayReport {
    /// Dead letters that were read again.
    pub tried: u64,
    /// Those that can be read now; they are no dead letters any more.
    pub healed: u64,
    /// What they held.
    pub counts: Counts,
    /// Dead letters that stand for a whole file, or do not have their whole text.
    pub skipped: u64,
}

/// Reads every dead letter of a file (of all files where `file` is `None`)
/// again with these options, adds what can be read now, and removes it from
/// `rejects`.
pub fn replay(
    store: &Store,
    file: Option<&str>,
    options: &LoadOptions,
    runtime: &Handle,
    now: i64,
) -> Result<ReplayReport, StoreError> {
    let mut report = ReplayReport::default();
    let mut writer = RunWriter::new(store, runtime.clone(), now)?;
    let mut healed = HashSet::new();
    // By file: its letters need not stand together.
    let mut occurrences = HashMap::new();
    let table = runtime.block_on(store.table(TableKind::Rejects))?;
    for data_file in table.snapshot()?.files {
        for batch in runtime.block_on(reader::batches(&table, &data_file.path))? {
            let batch = batch?;
            let letters = Letters::of(&batch, &data_file.path)?;
            for row in 0..batch.num_rows() {
                let name = letters.file.value(row);
                if file.is_some_and(|wanted| wanted != name) {
                    continue;
                }
                let from = options.from.unwrap_or(letters.format.value(row));
                let Ok(format) = format::by_name(from) else {
                    report.skipped += 1;
                    continue;
                };
                if !letters.is_whole_record(row) {
                    report.skipped += 1;
                    continue;
                }
                report.tried += 1;
                let mut text = String::new();
                if letters.context.is_valid(row) {
                    text.push_str(letters.context.value(row));
                    text.push('\n');
                }
                text.push_str(letters.raw.value(row));
                let read_options = ReadOptions {
                    file_name: file_name(name),
                    ..options.read.clone()
                };
                let before = occurrences.remove(name).unwrap_or_default();
                writer.resume_file(name, format.name(), before);
                let mut sink = Again {
                    writer: &mut writer,
                    is_rejected: false,
                };
                let read = format.read(&mut text.as_bytes(), &read_options, &mut sink);
                let is_healed = read.is_ok() && !sink.is_rejected;
                let done = writer.end_file()?;
                occurrences.insert(name.to_owned(), done.occurrences);
                if is_healed && done.counts.good() > 0 {
                    report.healed += 1;
                    report.counts.add(&done.counts);
                    healed.insert(letters.id.value(row));
                }
            }
        }
    }
    if report.healed > 0 {
        writer.commit()?;
        // The records are in before the letters are out: a kill in between
        // leaves letters that can be read again without harm.
        remove(store, &healed, runtime, now)?;
    }
    Ok(report)
}

/// Removes the dead letters of a file (of all files where `file` is `None`)
/// and returns how many those were.
pub fn drop_rejects(
    store: &Store,
    file: Option<&str>,
    runtime: &Handle,
    now: i64,
) -> Result<u64, StoreError> {
    let mut dropped = HashSet::new();
    let table = runtime.block_on(store.table(TableKind::Rejects))?;
    for data_file in table.snapshot()?.files {
        for batch in runtime.block_on(reader::batches(&table, &data_file.path))? {
            let batch = batch?;
            let letters = Letters::of(&batch, &data_file.path)?;
            for row in 0..batch.num_rows() {
                if file.is_none_or(|wanted| wanted == letters.file.value(row)) {
                    dropped.insert(letters.id.value(row));
                }
            }
        }
    }
    remove(store, &dropped, runtime, now)?;
    Ok(dropped.len() as u64)
}

fn remove(store: &Store, ids: &HashSet<i64>, runtime: &Handle, now: i64) -> Result<(), StoreError> {
    let _lock = lock::lock(store.root())?;
    runtime.block_on(async {
        let mut table = store.table(TableKind::Rejects).await?;
        let change = row_table::remove(&table, ids).await?;
        table.commit(change, now).await
    })?;
    Ok(())
}

/// Returns the name that formats are told of a file that the store calls `name`.
fn file_name(name: &str) -> String {
    let source = Source {
        name: name.to_owned(),
        path: SourcePath::File(name.into()),
        size: 0,
    };
    source.file_name().to_owned()
}

struct Letters<'a> {
    file: &'a StringArray,
    format: &'a StringArray,
    reason: &'a StringArray,
    raw: &'a StringArray,
    context: &'a StringArray,
    id: &'a Int64Array,
}

impl<'a> Letters<'a> {
    fn of(batch: &'a RecordBatch, path: &str) -> Result<Self, StoreError> {
        let wrong = |column| StoreError::Schema {
            path: path.to_owned(),
            column,
        };
        let text = |name| -> Result<&'a StringArray, StoreError> {
            let column = batch.column_by_name(name);
            column
                .and_then(|c| c.as_string_opt::<i32>())
                .ok_or_else(|| wrong(name))
        };
        let id = batch.column_by_name("record_id");
        Ok(Self {
            file: text("file")?,
            format: text("format")?,
            reason: text("reason")?,
            raw: text("raw")?,
            context: text("context")?,
            id: id
                .and_then(|c| c.as_primitive_opt::<Int64Type>())
                .ok_or_else(|| wrong("record_id"))?,
        })
    }

    /// Tells whether a letter has all the text of a record: one without a
    /// format has the beginning of a file that none fits.
    fn is_whole_record(&self, row: usize) -> bool {
        !self.format.value(row).is_empty()
            && !self.raw.value(row).is_empty()
            && !self.reason.value(row).ends_with(run_writer::CUT)
    }
}

/// Hands on what can be read, and notes that something still cannot.
struct Again<'a, 'b> {
    writer: &'a mut RunWriter<'b>,
    is_rejected: bool,
}

impl RecordSink for Again<'_, '_> {
    fn series(&mut self, labels: Labels) -> SeriesRef {
        self.writer.series(labels)
    }

    fn sample(&mut self, series: SeriesRef, ts: i64, value: f64) {
        // The writer would make a new dead letter of it.
        if !run_writer::is_storable(ts) {
            self.is_rejected = true;
            return;
        }
        self.writer.sample(series, ts, value);
    }

    fn metadata(&mut self, metric: &str, metadata: MetricMetadata) {
        self.writer.metadata(metric, metadata);
    }

    fn log(&mut self, record: LogRecord) {
        if !run_writer::is_storable(record.ts) {
            self.is_rejected = true;
            return;
        }
        self.writer.log(record);
    }

    fn span(&mut self, span: Span) {
        if !run_writer::is_storable(span.ts) {
            self.is_rejected = true;
            return;
        }
        self.writer.span(span);
    }

    fn event(&mut self, event: Event) {
        self.writer.event(event);
    }

    fn job_run(&mut self, run: JobRun) {
        self.writer.job_run(run);
    }

    fn reject(&mut self, _: u64, _: &str, _: &[u8]) {
        self.is_rejected = true;
    }

    fn warn(&mut self, warning: Warning) {
        self.writer.warn(warning);
    }

    fn is_full(&self) -> bool {
        self.writer.is_full()
    }
}
