//! A sink that keeps everything in memory, for the tests of the formats.

use std::collections::HashMap;

use super::{Format, ReadError, ReadOptions, RecordSink, SeriesRef};
use crate::model::{Event, JobRun, Labels, LogRecord, MetricMetadata, Span, Warning};

/// Everything that a format handed over, in its order.
#[derive(Debug, Default)]
pub(crate) struct TestSink {
    pub(crate) series: Vec<Labels>,
    ids: HashMap<Labels, SeriesRef>,
    /// Labels as PromQL writes them, time (µs), bits of the value.
    pub(crate) samples: Vec<(String, i64, u64)>,
    pub(crate) metadata: Vec<(String, MetricMetadata)>,
    pub(crate) logs: Vec<LogRecord>,
    pub(crate) spans: Vec<Span>,
    pub(crate) events: Vec<Event>,
    pub(crate) job_runs: Vec<JobRun>,
    /// Line, reason, raw text.
    pub(crate) rejects: Vec<(u64, String, String)>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) contexts: Vec<String>,
}

impl TestSink {
    /// Reads a text with the default options, which must succeed.
    pub(crate) fn read(format: &dyn Format, input: impl AsRef<[u8]>) -> Self {
        let (sink, result) = Self::try_read(format, input, &ReadOptions::default());
        if let Err(error) = result {
            panic!("{error}");
        }
        sink
    }

    /// Reads a text.
    pub(crate) fn try_read(
        format: &dyn Format,
        input: impl AsRef<[u8]>,
        options: &ReadOptions,
    ) -> (Self, Result<(), ReadError>) {
        let mut sink = Self::default();
        let result = format.read(&mut input.as_ref(), options, &mut sink);
        (sink, result)
    }

    /// The samples as `labels value @ts` (µs), readable in an assertion.
    pub(crate) fn sample_lines(&self) -> Vec<String> {
        self.samples
            .iter()
            .map(|(labels, ts, bits)| {
                let value = f64::from_bits(*bits);
                if crate::model::is_stale(value) {
                    format!("{labels} stale @{ts}")
                } else {
                    format!("{labels} {value} @{ts}")
                }
            })
            .collect()
    }

    /// The lines and reasons of the rejects.
    pub(crate) fn reject_lines(&self) -> Vec<String> {
        self.rejects
            .iter()
            .map(|(line, reason, _)| format!("{line}: {reason}"))
            .collect()
    }
}

impl RecordSink for TestSink {
    fn series(&mut self, labels: Labels) -> SeriesRef {
        let next = SeriesRef(self.series.len() as u32);
        let series = &mut self.series;
        *self.ids.entry(labels).or_insert_with_key(|labels| {
            series.push(labels.clone());
            next
        })
    }

    fn sample(&mut self, series: SeriesRef, ts: i64, value: f64) {
        let labels = self.series[series.0 as usize].to_string();
        self.samples.push((labels, ts, value.to_bits()));
    }

    fn metadata(&mut self, metric: &str, metadata: MetricMetadata) {
        self.metadata.push((metric.to_owned(), metadata));
    }

    fn log(&mut self, record: LogRecord) {
        self.logs.push(record);
    }

    fn span(&mut self, span: Span) {
        self.spans.push(span);
    }

    fn event(&mut self, event: Event) {
        self.events.push(event);
    }

    fn job_run(&mut self, run: JobRun) {
        self.job_runs.push(run);
    }

    fn reject(&mut self, line: u64, reason: &str, raw: &[u8]) {
        let raw = String::from_utf8_lossy(raw).into_owned();
        self.rejects.push((line, reason.to_owned(), raw));
    }

    fn context(&mut self, raw: &[u8]) {
        self.contexts
            .push(String::from_utf8_lossy(raw).into_owned());
    }

    fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}
