//! Reads wide CSV as Grafana and spreadsheets write it: a time, and one column a series.
//!
//! `"Time","{instance=""a""}","{instance=""b""}"`, then a row a time. An empty
//! cell is a gap. Frames are parted by a blank line and have a header each.
//! With `;` the decimal mark may be a comma. Cells may carry units
//! ([`parse_quantity`]), which go to the metric's metadata; times may be local
//! ([`TimeText::read_in_order`]). Source: Grafana's
//! packages/grafana-data/src/utils/csv.ts.

use std::io::BufRead;

use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, SeriesRef, Sniffed};
use crate::model::{Labels, METRIC_NAME, MetricMetadata};

use super::csv_header::{TIME_NAMES, TallColumns, find_column, first_rows, looks_like_time};
use super::csv_legend::{is_metric_name, metric_of_file, parse_legend};
use super::csv_rows::{Next, Rows};
use super::csv_tall::{is_gap, warn_of_file_name};
use super::csv_unit::parse_quantity;
use super::time_text::TimeText;

/// The wide CSV format.
#[derive(Debug)]
pub(super) struct CsvWide;

impl Format for CsvWide {
    fn name(&self) -> &'static str {
        "csv-wide"
    }

    fn description(&self) -> &'static str {
        "CSV with a time column and one column a series, as Grafana and spreadsheets write it"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let (delimiter, rows) = first_rows(head)?;
        let (header, rows) = rows.split_first()?;
        if looks_like_time(&header[0]) || rows.is_empty() {
            return None;
        }
        let timed: Vec<_> = rows
            .iter()
            .filter(|row| row.len() == header.len() && looks_like_time(&row[0]))
            .collect();
        let cells = || {
            timed
                .iter()
                .flat_map(|row| &row[1..])
                .filter(|c| !is_gap(c.as_bytes()))
        };
        let numbers = cells()
            .filter(|cell| parse_quantity(cell.as_bytes(), delimiter == b';').is_ok())
            .count();
        if timed.len() * 2 < rows.len() || numbers == 0 || numbers * 2 < cells().count() {
            return None;
        }
        let has_legend = header[1..].iter().any(|name| parse_legend(name).is_some());
        let is_time_name = find_column(&header[..1], TIME_NAMES).is_some();
        let is_tall = TallColumns::infer(header, &ReadOptions::default()).is_ok();
        let confidence = match (has_legend, is_tall, is_time_name) {
            (true, ..) => 90,
            (false, true, _) => 60,
            (false, false, true) => 80,
            (false, false, false) => 65,
        };
        Some(Sniffed {
            confidence,
            why: format!(
                "its first column ({:?}) has times and its other {} have numbers",
                header[0],
                header.len() - 1
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
        let mut times = TimeText::new(options)?;
        let mut frame: Option<Frame> = None;
        loop {
            match rows.next()? {
                Next::Row => {}
                Next::Blank => {
                    frame = None;
                    times.restart_order();
                    continue;
                }
                Next::Broken(reason) => {
                    sink.reject(rows.line(), reason, rows.raw());
                    continue;
                }
                Next::End => break,
            }
            let Some(frame) = &mut frame else {
                sink.context(rows.raw());
                frame = Some(Frame::open(&rows, options, sink)?);
                continue;
            };
            frame.read_row(&rows, &mut times, sink);
            if sink.is_full() {
                break;
            }
        }
        times.finish(sink);
        Ok(())
    }
}

/// The columns under one header.
struct Frame {
    columns: Vec<Column>,
    time: usize,
    decimal_comma: bool,
}

struct Column {
    at: usize,
    name: String,
    metric: String,
    series: SeriesRef,
    /// The base unit of the first cell that had one.
    unit: &'static str,
}

impl Frame {
    fn open(
        rows: &Rows<'_>,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<Self, ReadError> {
        let header = rows.texts();
        let document = |reason| ReadError::Document {
            line: rows.line(),
            reason,
        };
        let time = match &options.time_column {
            None => 0,
            Some(name) => find_column(&header, &[name])
                .or_else(|| {
                    let number = name.parse::<usize>().ok()?;
                    (1..=header.len()).contains(&number).then(|| number - 1)
                })
                .ok_or_else(|| {
                    document(format!(
                        "there is no column {name:?}; the columns are {}",
                        header.join(", ")
                    ))
                })?,
        };
        if header.len() < 2 {
            return Err(document(format!(
                "a header with a time and at least one series is expected, but this is {:?}",
                header.join(",")
            )));
        }
        if looks_like_time(&header[time]) {
            return Err(document(
                "there is no header: a line such as \"Time\",\"series name\" is expected \
                 before the first row"
                    .to_owned(),
            ));
        }
        let several = header.len() > 2;
        let mut columns: Vec<Column> = Vec::new();
        for (at, name) in header.iter().enumerate().filter(|(at, _)| *at != time) {
            let again = header[..at].iter().filter(|other| *other == name).count();
            let labels = labels_of(name, again, several, options, sink);
            columns.push(Column {
                at,
                name: name.clone(),
                metric: labels.metric().to_owned(),
                series: sink.series(labels),
                unit: "",
            });
        }
        Ok(Self {
            columns,
            time,
            decimal_comma: rows.delimiter() == b';',
        })
    }

    fn read_row(&mut self, rows: &Rows<'_>, times: &mut TimeText<'_>, sink: &mut dyn RecordSink) {
        let count = self.columns.len() + 1;
        if rows.len() != count {
            let reason = format!(
                "the row has {} fields, but the header has {count}",
                rows.len()
            );
            return sink.reject(rows.line(), &reason, rows.raw());
        }
        let ts = match times.read_in_order(rows.field(self.time)) {
            Ok(ts) => ts,
            Err(reason) => {
                let reason = format!("the time (column {}): {reason}", self.time + 1);
                return sink.reject(rows.line(), &reason, rows.raw());
            }
        };
        for column in &mut self.columns {
            let cell = rows.field(column.at).trim_ascii();
            if is_gap(cell) {
                continue;
            }
            match column.read_cell(cell, self.decimal_comma, sink) {
                Ok(value) => sink.sample(column.series, ts, value),
                Err(reason) => {
                    let reason = format!("column {:?}: {reason}", column.name);
                    sink.reject(rows.line(), &reason, rows.raw());
                }
            }
        }
    }
}

impl Column {
    fn read_cell(
        &mut self,
        cell: &[u8],
        decimal_comma: bool,
        sink: &mut dyn RecordSink,
    ) -> Result<f64, String> {
        let found = parse_quantity(cell, decimal_comma).map_err(|error| error.to_string())?;
        // The empty unit is asked for first: most cells have none.
        if !found.unit.is_empty() && found.unit != self.unit {
            if !self.unit.is_empty() {
                return Err(format!(
                    "{:?} is in {}, but the cells above are in {}",
                    String::from_utf8_lossy(cell),
                    found.unit,
                    self.unit
                ));
            }
            self.unit = found.unit;
            sink.metadata(
                &self.metric,
                MetricMetadata {
                    unit: Some(found.unit.to_owned()),
                    ..MetricMetadata::default()
                },
            );
        }
        Ok(found.value)
    }
}

/// Makes labels of a column's name: a legend's labels; a metric name as the
/// metric; anything else as label `series` where there are several. The second
/// column of the same name gets `series="name #2"`.
fn labels_of(
    name: &str,
    again: usize,
    several: bool,
    options: &ReadOptions,
    sink: &mut dyn RecordSink,
) -> Labels {
    let mut pairs = match parse_legend(name) {
        Some(pairs) => pairs,
        None if options.metric.is_none() && is_metric_name(name) => {
            vec![(METRIC_NAME.to_owned(), name.to_owned())]
        }
        None if several => vec![("series".to_owned(), name.to_owned())],
        None => Vec::new(),
    };
    if !pairs.iter().any(|(label, _)| label == METRIC_NAME) {
        let metric = options.metric.clone().unwrap_or_else(|| {
            let metric = metric_of_file(&options.file_name);
            warn_of_file_name(&metric, sink);
            metric
        });
        pairs.push((METRIC_NAME.to_owned(), metric));
    }
    if again > 0 {
        pairs.retain(|(label, _)| label != "series");
        pairs.push(("series".to_owned(), format!("{name} #{}", again + 1)));
    }
    // A legend may name a label twice; the whole legend then tells the series apart.
    Labels::from_pairs(pairs).unwrap_or_else(|_| {
        let metric = metric_of_file(&options.file_name);
        Labels::from_pairs([(METRIC_NAME, metric.as_str()), ("series", name)]).unwrap_or_default()
    })
}

#[cfg(test)]
#[path = "csv_wide_tests.rs"]
mod tests;
