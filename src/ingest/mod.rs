//! From export files to records: sources, framing, formats, dead letters.
//!
//! A [`Format`] reads one decompressed stream and hands records to a
//! [`RecordSink`]. It never stops at a bad record: the record goes, with its
//! line, the reason and its raw text, to [`RecordSink::reject`], and reading
//! goes on with the next.

mod event_list;
pub mod format;
mod framing;
mod series_list;
mod sniff;
mod source;
#[cfg(test)]
pub(crate) mod test_sink;

use std::io::{self, BufRead};

use chrono_tz::Tz;

pub use event_list::{EventList, RejectedRecord, read_events};
pub use series_list::{
    ListedSeries, SeriesColumns, SeriesList, SeriesListError, TimeForm, read_series,
};
pub use sniff::{explain_failure, sniff};
pub use source::{Source, SourceError, SourcePath, list};

use crate::model::{Event, EventKind, JobRun, Labels, LogRecord, MetricMetadata, Span, Warning};

/// A handle of a label set within one run; see [`RecordSink::series`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesRef(pub u32);

/// Where a format puts what it reads.
pub trait RecordSink {
    /// Interns a label set and returns its handle. Costly beside
    /// [`sample`](Self::sample): a format remembers the handle by the raw text
    /// of the series.
    fn series(&mut self, labels: Labels) -> SeriesRef;

    /// Takes one sample; `ts` in µs since the epoch. Of two samples with the
    /// same series and time the later call wins.
    fn sample(&mut self, series: SeriesRef, ts: i64, value: f64);

    /// Takes what the export says of a metric (`# TYPE`, `# HELP`, `# UNIT`).
    /// For histograms and summaries: of the family name, without `_bucket`.
    fn metadata(&mut self, metric: &str, metadata: MetricMetadata);

    /// Takes one log record.
    fn log(&mut self, record: LogRecord);

    /// Takes one span of a trace.
    fn span(&mut self, span: Span);

    /// Takes one event.
    fn event(&mut self, event: Event);

    /// Takes one run of a batch job.
    fn job_run(&mut self, run: JobRun);

    /// Takes a record that could not be read. `line` is 1-based; `raw` is the
    /// record's text (the sink keeps the first 16 MiB).
    fn reject(&mut self, line: u64, reason: &str, raw: &[u8]);

    /// Says what must stand before a rejected record so that it can be read
    /// again on its own (a CSV file's header); it holds until the next call.
    fn context(&mut self, _raw: &[u8]) {}

    /// Takes a remark on the whole file; the same code and message is kept once.
    fn warn(&mut self, warning: Warning);

    /// Tells that the sink can take no more (disk full); a format then stops.
    fn is_full(&self) -> bool {
        false
    }
}

/// What the user says about how to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOptions {
    /// The zone of times that have none.
    pub tz: Tz,
    /// strftime pattern of times, where the known forms do not fit.
    pub time_format: Option<String>,
    /// Time of samples that have none (µs): exposition text, consumer-group dumps.
    pub at: Option<i64>,
    /// `--map field=column`: input fields and the columns that they go to.
    pub map: Vec<(String, String)>,
    /// CSV: the column that holds the time.
    pub time_column: Option<String>,
    /// CSV: the column that holds the value.
    pub value_column: Option<String>,
    /// CSV: the columns that are labels; all others, where empty.
    pub label_columns: Vec<String>,
    /// The metric's name, where the file has none.
    pub metric: Option<String>,
    /// The kind of events, where the file does not say.
    pub event_kind: Option<EventKind>,
    /// The file's name without folder and `.gz`/`.zst`; hints at the kind of
    /// events (`deploys.csv`) and, last of all, at the metric.
    pub file_name: String,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            tz: Tz::UTC,
            time_format: None,
            at: None,
            map: Vec::new(),
            time_column: None,
            value_column: None,
            label_columns: Vec::new(),
            metric: None,
            event_kind: None,
            file_name: String::new(),
        }
    }
}

/// Why a file cannot be read further. Everything before it has been handed over.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The source failed; a truncated gzip ends with `UnexpectedEof`.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The document is broken in a way that hides where the next record starts.
    #[error("line {line}: {reason}")]
    Document {
        /// 1-based line.
        line: u64,
        /// What is wrong, and what to do.
        reason: String,
    },
}

/// The beginning of a file, by which a format recognises it.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The first 64 KiB, decompressed.
    pub bytes: &'a [u8],
    /// Whether the file goes on after them.
    pub truncated: bool,
    /// The file's name without folder and compression suffix.
    pub file_name: &'a str,
}

/// How sure a format is that a file is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sniffed {
    /// 0 to 100; under 50 the file is not read without `--from`.
    pub confidence: u8,
    /// The evidence, as the end of the sentence "read as X because …".
    pub why: String,
}

/// One export format.
pub trait Format: Sync {
    /// The name for `--from`, in kebab case.
    fn name(&self) -> &'static str;

    /// One line on what writes this format.
    fn description(&self) -> &'static str;

    /// Judges a file's beginning; `None` where it cannot be this format.
    fn sniff(&self, head: Head<'_>) -> Option<Sniffed>;

    /// Reads the whole stream.
    fn read(
        &self,
        input: &mut dyn BufRead,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError>;
}
