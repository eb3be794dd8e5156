//! Takes the records of an ingest run, and commits them at its end.

mod occurrences;
mod row_buffer;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use tokio::runtime::Handle;
use xxhash_rust::xxh3::xxh3_64;

use self::occurrences::Occurrences;
use self::row_buffer::{Row, RowBuffer};
use super::error::StoreError;
use super::rejects::Reject;
use super::sample_buffer::SampleBuffer;
use super::schema::TableKind;
use super::series_registry::SeriesRegistry;
use super::table::{Change, DataFile, Table};
use super::{
    Store, columns, keyed_table, lock, parquet_file, row_table, sample_merge, series_table,
};
use crate::ingest::{RecordSink, SeriesRef};
use crate::model::{
    Event, EventKind, JobRun, Labels, LogRecord, MetricMetadata, Span, SpanKind, SpanStatus,
    Warning, format_timestamp,
};

/// Bytes of log records, spans or dead letters that are held before they are put.
const ROW_BYTES: usize = 32 << 20;
/// How much of a dead letter's text is kept.
const RAW_BYTES: usize = 16 << 20;
/// How the reason of a dead letter ends whose text is not kept whole.
pub(crate) const CUT: &str = "; its text is cut after 16 MiB";
/// Why a record of a time that [`is_storable`] does not hold of is rejected.
const OUT_OF_RANGE: &str = "the time lies outside the years 1 to 9999";
/// Years 1 to 9999: what every reader of the store can show.
const TIME_RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

/// What a file or a run had.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Samples, before overlaps are settled.
    pub samples: u64,
    /// Log records.
    pub logs: u64,
    /// Spans.
    pub spans: u64,
    /// Events.
    pub events: u64,
    /// Runs of batch jobs.
    pub job_runs: u64,
    /// Dead letters.
    pub rejects: u64,
}

impl Counts {
    /// Returns the records that could be read.
    pub fn good(&self) -> u64 {
        self.samples + self.logs + self.spans + self.events + self.job_runs
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        self.samples += other.samples;
        self.logs += other.logs;
        self.spans += other.spans;
        self.events += other.events;
        self.job_runs += other.job_runs;
        self.rejects += other.rejects;
    }
}

/// The file that is being read.
#[derive(Debug, Default)]
struct CurrentFile {
    name: Arc<str>,
    format: &'static str,
    context: Option<Arc<str>>,
    counts: Counts,
    warnings: BTreeSet<Warning>,
    reasons: BTreeMap<String, u64>,
    occurrences: Occurrences,
}

/// What a file left behind when it was read.
#[derive(Debug, Default)]
pub(crate) struct FileDone {
    pub(crate) counts: Counts,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) reasons: BTreeMap<String, u64>,
    /// With what the file can be gone on with.
    pub(crate) occurrences: Occurrences,
}

/// A row of the table `ingests`.
#[derive(Debug)]
pub(crate) struct Ingest {
    pub(crate) file: String,
    pub(crate) content_id: String,
    pub(crate) format: &'static str,
    pub(crate) bytes: u64,
    pub(crate) counts: Counts,
    pub(crate) is_complete: bool,
}

/// What a commit changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Committed {
    pub(crate) series: u64,
    pub(crate) new_series: u64,
}

/// Collects the records of a run; nothing is visible before [`commit`](Self::commit).
pub(crate) struct RunWriter<'a> {
    store: &'a Store,
    runtime: Handle,
    now: i64,
    registry: SeriesRegistry,
    metadata: HashMap<String, MetricMetadata>,
    samples: SampleBuffer,
    logs: RowBuffer<LogRecord>,
    spans: RowBuffer<Span>,
    rejects: Vec<Reject>,
    reject_bytes: usize,
    reject_table: Table,
    reject_pieces: Vec<DataFile>,
    events: BTreeMap<(EventKind, String), Event>,
    job_runs: BTreeMap<(String, Option<String>, String), JobRun>,
    ingests: Vec<Ingest>,
    file: CurrentFile,
    error: Option<StoreError>,
    /// Keeps others from deleting what is put and not yet committed.
    _run: lock::RunLock,
}

impl<'a> RunWriter<'a> {
    pub(crate) fn new(store: &'a Store, runtime: Handle, now: i64) -> Result<Self, StoreError> {
        let run = lock::begin_run(store.root())?;
        let logs = RowBuffer::new(runtime.block_on(store.table(TableKind::Logs))?);
        let spans = RowBuffer::new(runtime.block_on(store.table(TableKind::Spans))?);
        let reject_table = runtime.block_on(store.table(TableKind::Rejects))?;
        Ok(Self {
            store,
            runtime,
            now,
            registry: SeriesRegistry::default(),
            metadata: HashMap::new(),
            samples: SampleBuffer::new(store.root()),
            logs,
            spans,
            rejects: Vec::new(),
            reject_bytes: 0,
            reject_table,
            reject_pieces: Vec::new(),
            events: BTreeMap::new(),
            job_runs: BTreeMap::new(),
            ingests: Vec::new(),
            file: CurrentFile::default(),
            error: None,
            _run: run,
        })
    }

    /// Says from which file the next records come.
    pub(crate) fn begin_file(&mut self, name: &str, format: &'static str) {
        self.resume_file(name, format, Occurrences::default());
    }

    /// Says that the next records come from a file that has been ended before,
    /// so that its equal log records are still told apart.
    pub(crate) fn resume_file(
        &mut self,
        name: &str,
        format: &'static str,
        occurrences: Occurrences,
    ) {
        self.file = CurrentFile {
            name: name.into(),
            format,
            occurrences,
            ..CurrentFile::default()
        };
    }

    /// Ends a file, and returns what it had; an error is the sink's own.
    pub(crate) fn end_file(&mut self) -> Result<FileDone, StoreError> {
        let file = std::mem::take(&mut self.file);
        match self.error.take() {
            Some(error) => Err(error),
            None => Ok(FileDone {
                counts: file.counts,
                warnings: file.warnings.into_iter().collect(),
                reasons: file.reasons,
                occurrences: file.occurrences,
            }),
        }
    }

    /// Notes that a file has been read, so that the same content is not read again.
    pub(crate) fn note_ingest(&mut self, ingest: Ingest) {
        self.ingests.push(ingest);
    }

    /// Commits everything: `series` before `samples`, `ingests` last. A kill in
    /// between leaves a file unnoted, and reading it again adds only what is missing.
    pub(crate) fn commit(mut self) -> Result<Committed, StoreError> {
        self.flush_rows();
        self.flush_rejects();
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let _lock = lock::lock(self.store.root())?;
        self.runtime.clone().block_on(self.commit_tables())
    }

    async fn commit_tables(mut self) -> Result<Committed, StoreError> {
        let (store, now) = (self.store, self.now);
        let mut committed = Committed::default();
        self.describe_series();
        if self.registry.len() > 0 {
            let mut table = store.table(TableKind::Series).await?;
            let loaded = series_table::load_into(&mut self.registry, &table).await?;
            series_table::save(&self.registry, &loaded, &mut table, now).await?;
            committed.series = self.registry.len() as u64;
            committed.new_series = (self.registry.len() - loaded.series()) as u64;
            let runs = self.samples.finish(&self.registry);
            let mut table = store.table(TableKind::Samples).await?;
            let change = sample_merge::merge(&table, &runs, &self.registry).await?;
            table.commit(change, now).await?;
        }
        for (kind, pieces) in [
            (TableKind::Logs, self.logs.pieces),
            (TableKind::Spans, self.spans.pieces),
            (TableKind::Rejects, self.reject_pieces),
        ] {
            let mut table = store.table(kind).await?;
            let change = row_table::merge(&table, pieces).await?;
            table.commit(change, now).await?;
        }
        let events = columns::events(self.events.values())?;
        upsert(store, TableKind::Events, events, &["kind", "id"], now).await?;
        let runs = columns::job_runs(self.job_runs.values())?;
        let key = &["job", "stage", "run_id"];
        upsert(store, TableKind::JobRuns, runs, key, now).await?;
        let ingests = columns::ingests(&self.ingests, now)?;
        let ingests = keyed_table::sorted(TableKind::Ingests, &[ingests])?;
        let mut table = store.table(TableKind::Ingests).await?;
        let mut change = Change::default();
        table.put_batch(&ingests, &mut change).await?;
        table.commit(change, now).await?;
        Ok(committed)
    }

    /// Hands each series what has been said of its metric or its family.
    fn describe_series(&mut self) {
        if self.metadata.is_empty() {
            return;
        }
        for handle in 0..self.registry.len() as u32 {
            let metric = Arc::clone(&self.registry.get(handle).metric);
            let family = ["_bucket", "_sum", "_count", "_total"]
                .iter()
                .find_map(|suffix| metric.strip_suffix(suffix));
            let metadata = self
                .metadata
                .get(metric.as_ref())
                .or_else(|| self.metadata.get(family?));
            if let Some(metadata) = metadata {
                self.registry.describe(handle, metadata);
            }
        }
    }

    fn fail(&mut self, error: StoreError) {
        self.error.get_or_insert(error);
    }

    fn flush_rows(&mut self) {
        for flushed in [
            self.logs.flush(&self.runtime),
            self.spans.flush(&self.runtime),
        ] {
            if let Err(error) = flushed {
                self.fail(error);
            }
        }
    }

    fn flush_rejects(&mut self) {
        self.reject_bytes = 0;
        let rejects = std::mem::take(&mut self.rejects);
        if rejects.is_empty() {
            return;
        }
        let put = columns::rejects(&rejects)
            .and_then(|batch| parquet_file::encode(TableKind::Rejects, &[batch]))
            .and_then(|file| self.runtime.block_on(self.reject_table.put(file, None)));
        match put {
            Ok(piece) => self.reject_pieces.push(piece),
            Err(error) => self.fail(error),
        }
    }
}

async fn upsert(
    store: &Store,
    kind: TableKind,
    rows: arrow::record_batch::RecordBatch,
    key: &[&'static str],
    now: i64,
) -> Result<(), StoreError> {
    let mut table = store.table(kind).await?;
    let change = keyed_table::upsert(&table, rows, key).await?;
    table.commit(change, now).await?;
    Ok(())
}

impl RecordSink for RunWriter<'_> {
    fn series(&mut self, labels: Labels) -> SeriesRef {
        match self.registry.intern(&labels) {
            Ok(handle) => SeriesRef(handle),
            Err(error) => {
                self.fail(error);
                SeriesRef(0)
            }
        }
    }

    fn sample(&mut self, series: SeriesRef, ts: i64, value: f64) {
        if !is_storable(ts) {
            let name = self.registry.get(series.0).metric.to_string();
            let raw = format!("{name} {value} {}", format_timestamp(ts, chrono_tz::UTC));
            return self.reject(0, OUT_OF_RANGE, raw.as_bytes());
        }
        self.file.counts.samples += 1;
        if self.samples.push(series.0, ts, value)
            && let Err(error) = self.samples.spill(&self.registry)
        {
            self.fail(error);
        }
    }

    fn metadata(&mut self, metric: &str, metadata: MetricMetadata) {
        let known = self.metadata.entry(metric.to_owned()).or_default();
        known.metric_type = metadata.metric_type.or(known.metric_type);
        known.unit = metadata.unit.or(known.unit.take());
        known.help = metadata.help.or(known.help.take());
    }

    /// Takes a log record; for its id see [`occurrences`].
    fn log(&mut self, record: LogRecord) {
        if !is_storable(record.ts) {
            let raw = record.body.clone().unwrap_or_default();
            return self.reject(0, OUT_OF_RANGE, raw.as_bytes());
        }
        self.file.counts.logs += 1;
        let content = log_content(&record);
        let record_id = self.file.occurrences.next_id(&content, record.ts);
        if self.logs.push(record, record_id, content.len()) {
            self.flush_rows();
        }
    }

    /// Takes a span. Its id is the hash of all of it: a trace that two searches found is one.
    fn span(&mut self, span: Span) {
        if !is_storable(span.ts) {
            let raw = format!("{} {} {}", span.trace_id, span.span_id, span.name);
            return self.reject(0, OUT_OF_RANGE, raw.as_bytes());
        }
        self.file.counts.spans += 1;
        let content = span_content(&span);
        let record_id = xxh3_64(&content).cast_signed();
        if self.spans.push(span, record_id, content.len()) {
            self.flush_rows();
        }
    }

    fn event(&mut self, event: Event) {
        self.file.counts.events += 1;
        self.events.insert((event.kind, event.id.clone()), event);
    }

    fn job_run(&mut self, run: JobRun) {
        self.file.counts.job_runs += 1;
        let key = (run.job.clone(), run.stage.clone(), run.run_id.clone());
        self.job_runs.insert(key, run);
    }

    fn reject(&mut self, line: u64, reason: &str, raw: &[u8]) {
        self.file.counts.rejects += 1;
        *self.file.reasons.entry(reason_class(reason)).or_default() += 1;
        let kept = cut(raw);
        let mut reason = reason.to_owned();
        if kept.len() < raw.len() {
            reason.push_str(CUT);
        }
        let raw = String::from_utf8_lossy(kept).into_owned();
        // With its number, since a line may hold the same fault twice.
        let number = self.file.counts.rejects;
        let identity = format!("{}\0{number}\0{line}\0{reason}\0{raw}", self.file.name);
        self.reject_bytes += raw.len() + reason.len() + 200;
        self.rejects.push(Reject {
            ingested_at: self.now,
            file: Arc::clone(&self.file.name),
            line: line.try_into().unwrap_or(i64::MAX),
            format: self.file.format,
            reason,
            raw,
            context: self.file.context.clone(),
            record_id: xxh3_64(identity.as_bytes()).cast_signed(),
        });
        if self.reject_bytes >= ROW_BYTES {
            self.flush_rejects();
        }
    }

    fn warn(&mut self, warning: Warning) {
        self.file.warnings.insert(warning);
    }

    fn context(&mut self, raw: &[u8]) {
        self.file.context = Some(String::from_utf8_lossy(raw).into());
    }

    fn is_full(&self) -> bool {
        self.error.is_some()
    }
}

/// Tells whether the store takes samples and log records of this time (µs).
pub(crate) fn is_storable(ts: i64) -> bool {
    TIME_RANGE.contains(&ts)
}

/// Returns what is kept of a dead letter's text: whole characters.
fn cut(raw: &[u8]) -> &[u8] {
    if raw.len() <= RAW_BYTES {
        return raw;
    }
    let is_inner = |at: &usize| raw[*at] & 0xc0 == 0x80;
    let begin = (RAW_BYTES - 3..=RAW_BYTES).rev().find(|at| !is_inner(at));
    &raw[..begin.unwrap_or(RAW_BYTES)]
}

impl Row for LogRecord {
    fn ts(&self) -> i64 {
        self.ts
    }

    fn batch(rows: &[(Self, i64)]) -> Result<RecordBatch, StoreError> {
        columns::logs(rows)
    }
}

impl Row for Span {
    fn ts(&self) -> i64 {
        self.ts
    }

    fn batch(rows: &[(Self, i64)]) -> Result<RecordBatch, StoreError> {
        columns::spans(rows)
    }
}

fn log_content(record: &LogRecord) -> Vec<u8> {
    let texts = [
        record.service.as_deref(),
        record.severity.as_deref(),
        record.body.as_deref(),
        record.trace_id.as_deref(),
        record.span_id.as_deref(),
    ];
    let duration = record.duration_ms.map_or(u64::MAX, f64::to_bits);
    content(record.ts, &texts, duration, &record.attributes)
}

fn span_content(span: &Span) -> Vec<u8> {
    let texts = [
        Some(span.trace_id.as_str()),
        Some(span.span_id.as_str()),
        span.parent_span_id.as_deref(),
        span.service.as_deref(),
        Some(span.name.as_str()),
        span.kind.map(SpanKind::as_str),
        span.status.map(SpanStatus::as_str),
    ];
    let duration = span.duration_ns.cast_unsigned();
    content(span.ts, &texts, duration, &span.attributes)
}

/// Puts a record's fields together, so that other fields never give the same bytes.
fn content(
    ts: i64,
    texts: &[Option<&str>],
    duration: u64,
    attributes: &[(String, String)],
) -> Vec<u8> {
    let mut content = ts.to_le_bytes().to_vec();
    for text in texts {
        content.extend_from_slice(text.unwrap_or("\u{0}").as_bytes());
        content.push(0xff);
    }
    content.extend_from_slice(&duration.to_le_bytes());
    for (name, value) in attributes {
        for text in [name, value] {
            content.extend_from_slice(text.as_bytes());
            content.push(0xff);
        }
    }
    content
}

/// Returns a reason without what differs from record to record: quoted text
/// and numbers.
fn reason_class(reason: &str) -> String {
    let mut class = String::with_capacity(reason.len());
    let mut quote = None;
    let mut in_number = false;
    for c in reason.chars() {
        if let Some(end) = quote {
            if c == end {
                quote = None;
                class.push('…');
                class.push(c);
            }
            continue;
        }
        if c.is_ascii_digit() {
            if !in_number {
                class.push('N');
            }
            in_number = true;
            continue;
        }
        in_number = false;
        class.push(c);
        if matches!(c, '"' | '`') {
            quote = Some(c);
        }
    }
    class
}
