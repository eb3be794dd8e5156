//! Reads tall CSV: one row a sample, with time, value, metric name and labels.
//!
//! `timestamp,metric,instance,value`; the delimiter is `,`, `;`, tab or `|`.
//! The columns come from the options or from the usual names. An empty value
//! is a gap. VictoriaMetrics' `/export/csv` without header is read by column
//! numbers. A row with another number of fields than the header is a reject.

use std::io::BufRead;

use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, SeriesRef, Sniffed};
use crate::model::{Labels, METRIC_NAME, Warning};

use super::csv_decimal::Decimals;
use super::csv_header::{TallColumns, first_rows, looks_like_time};
use super::csv_legend::{metric_of_file, parse_legend};
use super::csv_number::{is_number, parse_number};
use super::csv_rows::{Next, Rows};
use super::series_cache::SeriesCache;
use super::time_text::TimeText;

/// How many rows are looked at for the decimal mark ahead of reading.
const FIRST_ROWS: usize = 100;

/// The tall CSV format.
#[derive(Debug)]
pub(super) struct CsvTall;

impl Format for CsvTall {
    fn name(&self) -> &'static str {
        "csv-tall"
    }

    fn description(&self) -> &'static str {
        "CSV with one row a sample: time, value, metric name and labels"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let (_, rows) = first_rows(head)?;
        let (header, rows) = rows.split_first()?;
        let columns = TallColumns::infer(header, &ReadOptions::default()).ok()?;
        if !columns.has_header {
            return None;
        }
        let fits = |row: &&Vec<String>| {
            let value = row.get(columns.value).map_or("", String::as_str);
            row.get(columns.time)
                .is_some_and(|time| looks_like_time(time))
                && (is_gap(value.as_bytes()) || is_number(value.as_bytes()))
        };
        let fitting = rows.iter().filter(fits).count();
        let confidence = match (fitting, columns.metric) {
            (0, _) => 55,
            (_, Some(_)) => 85,
            (_, None) => 75,
        };
        Some(Sniffed {
            confidence,
            why: format!(
                "its header has a time ({:?}) and a value ({:?}), and {fitting} of {} rows fit",
                header[columns.time],
                header[columns.value],
                rows.len()
            ),
        })
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let mut rows = Rows::open(input)?;
        let Some(columns) = read_columns(&mut rows, options, sink)? else {
            return Ok(());
        };
        let mut times = TimeText::new(options)?;
        let mut series = SeriesByText::new(&columns, options, sink);
        let mut decimals = Decimals::new(rows.delimiter());
        for row in rows.peek(FIRST_ROWS)? {
            if let Some(value) = row.get(columns.value) {
                decimals.look_at(value.as_bytes());
            }
        }
        loop {
            match rows.next()? {
                Next::Row => {}
                Next::Blank => continue,
                Next::Broken(reason) => {
                    sink.reject(rows.line(), reason, rows.raw());
                    continue;
                }
                Next::End => break,
            }
            let read = read_sample(
                &rows,
                &columns,
                &mut decimals,
                &mut times,
                &mut series,
                sink,
            );
            if let Err(reason) = read {
                sink.reject(rows.line(), &reason, rows.raw());
            }
            if sink.is_full() {
                break;
            }
        }
        times.finish(sink);
        decimals.finish(sink);
        Ok(())
    }
}

/// Reads the header, or leaves the first row to be read where there is none.
fn read_columns(
    rows: &mut Rows<'_>,
    options: &ReadOptions,
    sink: &mut dyn RecordSink,
) -> Result<Option<TallColumns>, ReadError> {
    loop {
        match rows.next()? {
            Next::Row => break,
            Next::Blank => {}
            Next::Broken(reason) => sink.reject(rows.line(), reason, rows.raw()),
            Next::End => return Ok(None),
        }
    }
    let line = rows.line();
    let columns = TallColumns::infer(&rows.texts(), options)
        .map_err(|reason| ReadError::Document { line, reason })?;
    if columns.has_header {
        sink.context(rows.raw());
    } else {
        rows.put_back();
    }
    Ok(Some(columns))
}

fn read_sample(
    rows: &Rows<'_>,
    columns: &TallColumns,
    decimals: &mut Decimals,
    times: &mut TimeText<'_>,
    series: &mut SeriesByText<'_>,
    sink: &mut dyn RecordSink,
) -> Result<(), String> {
    if rows.len() != columns.count {
        return Err(format!(
            "the row has {} fields, but the first row has {}",
            rows.len(),
            columns.count
        ));
    }
    let text = rows.field(columns.value).trim_ascii();
    let value = match parse_number(text, decimals.is_comma(text)) {
        Some(value) => value,
        None if is_gap(text) => return Ok(()),
        None => {
            let column = columns.value + 1;
            return Err(match decimals.contradiction(text) {
                Some(reason) if is_number(text) => format!("the value (column {column}): {reason}"),
                _ => format!(
                    "the value (column {column}) is {:?}: a number is expected",
                    String::from_utf8_lossy(text)
                ),
            });
        }
    };
    let ts = times
        .read(rows.field(columns.time))
        .map_err(|reason| format!("the time (column {}): {reason}", columns.time + 1))?;
    let series = series.get(rows, sink)?;
    sink.sample(series, ts, value);
    Ok(())
}

/// Tells whether a cell says that there was no value.
pub(super) fn is_gap(text: &[u8]) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case(b"null")
}

/// Remembers handles by the raw text of the label cells.
struct SeriesByText<'c> {
    columns: &'c TallColumns,
    /// The metric's name where no column has it.
    metric: String,
    key: Vec<u8>,
    cache: SeriesCache,
}

impl<'c> SeriesByText<'c> {
    fn new(columns: &'c TallColumns, options: &ReadOptions, sink: &mut dyn RecordSink) -> Self {
        let metric = match &options.metric {
            Some(metric) => metric.clone(),
            None => metric_of_file(&options.file_name),
        };
        if columns.metric.is_none() && columns.all_labels.is_none() && options.metric.is_none() {
            warn_of_file_name(&metric, sink);
        }
        Self {
            columns,
            metric,
            key: Vec::new(),
            cache: SeriesCache::default(),
        }
    }

    fn get(&mut self, rows: &Rows<'_>, sink: &mut dyn RecordSink) -> Result<SeriesRef, String> {
        self.key.clear();
        let columns = self.columns;
        let named = [columns.metric, columns.all_labels].into_iter().flatten();
        for at in named.chain(columns.labels.iter().map(|(at, _)| *at)) {
            self.key.extend_from_slice(rows.field(at));
            // Never part of UTF-8.
            self.key.push(0xff);
        }
        let Self {
            metric, key, cache, ..
        } = self;
        cache.get_or_make(key, || Ok(sink.series(labels_of(columns, metric, rows)?)))
    }
}

#[cold]
fn labels_of(columns: &TallColumns, metric: &str, rows: &Rows<'_>) -> Result<Labels, String> {
    let text = |at: usize| -> Result<&str, String> {
        std::str::from_utf8(rows.field(at))
            .map(str::trim)
            .map_err(|_| format!("column {} is not UTF-8 text", at + 1))
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    if let Some(at) = columns.all_labels {
        pairs = all_labels(text(at)?)?;
    }
    if let Some(at) = columns.metric {
        let name = text(at)?;
        match parse_legend(name) {
            Some(legend) => pairs.extend(legend),
            None if !name.is_empty() => pairs.push((METRIC_NAME.to_owned(), name.to_owned())),
            None => {}
        }
    }
    if !pairs.iter().any(|(name, _)| name == METRIC_NAME) {
        if columns.metric.is_some() && pairs.is_empty() {
            return Err("the row has no metric name".to_owned());
        }
        pairs.push((METRIC_NAME.to_owned(), metric.to_owned()));
    }
    for (at, name) in &columns.labels {
        pairs.push((name.clone(), text(*at)?.to_owned()));
    }
    Labels::from_pairs(pairs).map_err(|error| error.to_string())
}

/// Says that the metric got the file's name.
pub(super) fn warn_of_file_name(metric: &str, sink: &mut dyn RecordSink) {
    sink.warn(Warning::new(
        "metric-from-file-name",
        format!(
            "nothing names the metric, so it is called {metric} after the file: say --metric NAME"
        ),
    ));
}

/// Reads a cell that holds all labels: `{a="b"}`, `a="b"` or a JSON object.
fn all_labels(text: &str) -> Result<Vec<(String, String)>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let legend = if text.contains('{') {
        parse_legend(text)
    } else {
        parse_legend(&format!("{{{text}}}"))
    };
    if let Some(pairs) = legend {
        return Ok(pairs);
    }
    let object: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(text);
    let object = object.map_err(|_| {
        format!("the labels are {text:?}: {{name=\"value\"}} or a JSON object is expected")
    })?;
    let plain = |value| match value {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    };
    Ok(object
        .into_iter()
        .map(|(name, value)| (name, plain(value)))
        .collect())
}

#[cfg(test)]
#[path = "csv_tall_tests.rs"]
mod tests;
