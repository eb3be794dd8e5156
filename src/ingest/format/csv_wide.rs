//! Reads wide CSV as Grafana, Telegraf and spreadsheets write it: a time, and one column a series.
//!
//! `"Time","{instance=""a""}","{instance=""b""}"`, then a row a time; or
//! `time,host,cpu,mem`, where a column of words is a label of all the row's
//! series ([`label_columns`]). An empty cell is a gap. Frames are parted by a
//! blank line and have a header each. With `;` the decimal mark may be a comma
//! ([`Decimals`]). Cells may carry units ([`parse_quantity`]), which go to the
//! metric's metadata where all its columns agree; a line `#datatype
//! dateTime,tag,double` before the header (as `influx write` takes it) says
//! what the columns are; times may be local
//! ([`TimeText::read_in_order`]). Source: Grafana's
//! packages/grafana-data/src/utils/csv.ts.

use std::collections::BTreeMap;
use std::io::BufRead;

use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, SeriesRef, Sniffed};
use crate::model::{Labels, METRIC_NAME, MetricMetadata, Warning};

use super::csv_decimal::Decimals;
use super::csv_header::{
    TIME_NAMES, TallColumns, find_column, first_rows, looks_like_time, resolve,
};
use super::csv_legend::{is_metric_name, metric_of_file, parse_legend};
use super::csv_rows::{Next, Rows};
use super::csv_tall::{is_gap, warn_of_file_name};
use super::csv_unit::{Quantity, parse_quantity};
use super::csv_wide_columns::{FIRST_ROWS, label_columns, stated_labels, time_column};
use super::log_fields::{Role, usual_role};
use super::series_cache::SeriesCache;
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
        let (_, rows) = first_rows(head)?;
        let (header, rows) = rows.split_first()?;
        let time = time_column(header, rows);
        if looks_like_time(&header[time]) || rows.is_empty() {
            return None;
        }
        let labels = label_columns(header, rows, time, &ReadOptions::default()).ok()?;
        // The text of a log tells no series apart.
        let is_body = |name: &str| usual_role(name).is_some_and(|(role, _)| role == Role::Body);
        if labels.iter().any(|(_, name)| is_body(name)) {
            return None;
        }
        let timed: Vec<_> = rows
            .iter()
            .filter(|row| row.len() == header.len() && looks_like_time(&row[time]))
            .collect();
        let is_value = |at: usize| at != time && labels.iter().all(|(label, _)| *label != at);
        let cells = || {
            timed
                .iter()
                .flat_map(|row| row.iter().enumerate())
                .filter(|(at, cell)| is_value(*at) && !is_gap(cell.as_bytes()))
        };
        let is_quantity = |cell: &str| {
            let cell = cell.as_bytes();
            parse_quantity(cell, false).is_ok() || parse_quantity(cell, true).is_ok()
        };
        let numbers = cells().filter(|(_, cell)| is_quantity(cell)).count();
        if timed.len() * 2 < rows.len() || numbers == 0 || numbers * 2 < cells().count() {
            return None;
        }
        let has_legend = header.iter().any(|name| parse_legend(name).is_some());
        let is_time_name = find_column(&header[time..=time], TIME_NAMES).is_some();
        let is_tall = TallColumns::infer(header, &ReadOptions::default()).is_ok();
        let confidence = match (has_legend, is_tall, is_time_name) {
            (true, ..) => 90,
            (false, true, _) => 60,
            (false, false, true) => 80,
            (false, false, false) => 65,
        };
        let values = header.len() - 1 - labels.len();
        let mut why = format!(
            "its column {} ({:?}) has times and {values} others have numbers",
            time + 1,
            header[time]
        );
        if !labels.is_empty() {
            let names: Vec<_> = labels.iter().map(|(_, name)| name.as_str()).collect();
            why += &format!("; the words are labels ({})", names.join(", "));
        }
        Some(Sniffed { confidence, why })
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let mut rows = Rows::open(input)?;
        let mut times = TimeText::new(options)?;
        let mut decimals = Decimals::new(rows.delimiter());
        let mut units = Units::default();
        let read = read_frames(
            &mut rows,
            options,
            &mut times,
            &mut decimals,
            &mut units,
            sink,
        );
        times.finish(sink);
        decimals.finish(sink);
        units.finish(sink);
        read
    }
}

fn read_frames(
    rows: &mut Rows<'_>,
    options: &ReadOptions,
    times: &mut TimeText<'_>,
    decimals: &mut Decimals,
    units: &mut Units,
    sink: &mut dyn RecordSink,
) -> Result<(), ReadError> {
    let mut frame: Option<Frame> = None;
    let mut datatypes: Option<Vec<String>> = None;
    loop {
        match rows.next()? {
            Next::Row if frame.is_none() && rows.raw().starts_with(DATATYPE) => {
                datatypes = Some(rows.texts());
                continue;
            }
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
            Next::End => return Ok(()),
        }
        let Some(frame) = &mut frame else {
            let datatypes = datatypes.take();
            frame = Some(Frame::open(rows, datatypes, options, decimals, sink)?);
            continue;
        };
        frame.read_row(rows, times, decimals, units, sink);
        if sink.is_full() {
            return Ok(());
        }
    }
}

/// The unit of each metric; `None` where its columns have several.
#[derive(Default)]
struct Units(BTreeMap<String, Option<&'static str>>);

impl Units {
    /// Takes the unit of one more column, `""` for none.
    fn note(&mut self, metric: &str, unit: &'static str) {
        match self.0.get_mut(metric) {
            None => {
                self.0.insert(metric.to_owned(), Some(unit));
            }
            Some(known) => *known = known.filter(|known| *known == unit),
        }
    }

    /// Hands over the units on which a metric's columns agree.
    fn finish(self, sink: &mut dyn RecordSink) {
        for (metric, unit) in self.0 {
            match unit {
                Some("") => {}
                Some(unit) => sink.metadata(
                    &metric,
                    MetricMetadata {
                        unit: Some(unit.to_owned()),
                        ..MetricMetadata::default()
                    },
                ),
                None => sink.warn(Warning::new(
                    "mixed-units",
                    format!(
                        "the columns of {metric} have several units, so it is given none: \
                         read them from files of their own, each with --metric NAME"
                    ),
                )),
            }
        }
    }
}

/// How a line begins that says what the columns are.
const DATATYPE: &[u8] = b"#datatype ";

/// Writes what the columns were found to be, so that a rejected row can be
/// read again on its own; nothing where there is only one value.
fn datatype_line(count: usize, time: usize, labels: &[(usize, String)], delimiter: u8) -> String {
    if labels.is_empty() && count < 3 {
        return String::new();
    }
    let types: Vec<&str> = (0..count)
        .map(|at| match at {
            at if at == time => "dateTime",
            at if labels.iter().any(|(label, _)| *label == at) => "tag",
            _ => "double",
        })
        .collect();
    format!(
        "#datatype {}\n",
        types.join(&char::from(delimiter).to_string())
    )
}

/// The columns under one header.
struct Frame {
    columns: Vec<Column>,
    time: usize,
    labels: Vec<(usize, String)>,
    /// How many columns a row must have.
    count: usize,
    /// The label cells of the current row.
    key: Vec<u8>,
}

struct Column {
    at: usize,
    name: String,
    /// What the header says of the series.
    labels: Labels,
    /// The series by the row's label cells.
    series: SeriesCache,
    /// The base unit of the first cell, `""` where that had none.
    unit: Option<&'static str>,
}

impl Frame {
    fn open(
        rows: &mut Rows<'_>,
        datatypes: Option<Vec<String>>,
        options: &ReadOptions,
        decimals: &mut Decimals,
        sink: &mut dyn RecordSink,
    ) -> Result<Self, ReadError> {
        let header = rows.texts();
        let raw_header = rows.raw().to_vec();
        let line = rows.line();
        let document = |reason| ReadError::Document { line, reason };
        if header.len() < 2 {
            return Err(document(format!(
                "a header with a time and at least one series is expected, but this is {:?}",
                header.join(",")
            )));
        }
        let first = rows.peek(FIRST_ROWS)?;
        let time = match &options.time_column {
            None => time_column(&header, &first),
            Some(name) => resolve(&header, name).map_err(document)?,
        };
        if looks_like_time(&header[time]) {
            return Err(document(
                "there is no header: a line such as \"Time\",\"series name\" is expected \
                 before the first row"
                    .to_owned(),
            ));
        }
        let labels = match datatypes.filter(|types| types.len() == header.len()) {
            Some(types) => stated_labels(&header, &types, options),
            None => label_columns(&header, &first, time, options).map_err(document)?,
        };
        let types = datatype_line(header.len(), time, &labels, rows.delimiter());
        sink.context(&[types.as_bytes(), &raw_header].concat());
        let is_value = |at: usize| at != time && labels.iter().all(|(label, _)| *label != at);
        let several = header.len() > 2 + labels.len();
        let mut columns: Vec<Column> = Vec::new();
        for (at, name) in header.iter().enumerate().filter(|(at, _)| is_value(*at)) {
            let again = header[..at].iter().filter(|other| *other == name).count();
            columns.push(Column {
                at,
                name: name.clone(),
                labels: labels_of(name, again, several, options, sink),
                series: SeriesCache::default(),
                unit: None,
            });
        }
        for row in first.iter().filter(|row| row.len() == header.len()) {
            for column in &columns {
                decimals.look_at(row[column.at].as_bytes());
            }
        }
        Ok(Self {
            columns,
            time,
            labels,
            count: header.len(),
            key: Vec::new(),
        })
    }

    fn read_row(
        &mut self,
        rows: &Rows<'_>,
        times: &mut TimeText<'_>,
        decimals: &mut Decimals,
        units: &mut Units,
        sink: &mut dyn RecordSink,
    ) {
        if rows.len() != self.count {
            let reason = format!(
                "the row has {} fields, but the header has {}",
                rows.len(),
                self.count
            );
            return sink.reject(rows.line(), &reason, rows.raw());
        }
        let time = rows.field(self.time);
        let read = if self.labels.is_empty() {
            times.read_in_order(time)
        } else {
            // Rows of several series follow each other in no known order.
            times.read(time)
        };
        let ts = match read {
            Ok(ts) => ts,
            Err(reason) => {
                let reason = format!("the time (column {}): {reason}", self.time + 1);
                return sink.reject(rows.line(), &reason, rows.raw());
            }
        };
        self.key.clear();
        for (at, _) in &self.labels {
            self.key.extend_from_slice(rows.field(*at));
            // Never part of UTF-8.
            self.key.push(0xff);
        }
        for column in &mut self.columns {
            let cell = rows.field(column.at).trim_ascii();
            if is_gap(cell) {
                continue;
            }
            let read = column.read_cell(cell, decimals, units).and_then(|value| {
                let own = &column.labels;
                let series = column.series.get_or_make(&self.key, || {
                    let labels = with_cells(own, &self.labels, rows)?;
                    Ok::<SeriesRef, String>(sink.series(labels))
                })?;
                Ok((series, value))
            });
            match read {
                Ok((series, value)) => sink.sample(series, ts, value),
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
        decimals: &mut Decimals,
        units: &mut Units,
    ) -> Result<f64, String> {
        let found = parse_quantity(cell, decimals.is_comma(cell)).map_err(|error| {
            let other_mark = decimals.contradiction(cell);
            other_mark.unwrap_or_else(|| error.to_string())
        })?;
        match self.unit {
            Some(unit) if unit == found.unit => {}
            _ if fits_any_unit(found) => {}
            None => {
                self.unit = Some(found.unit);
                units.note(self.labels.metric(), found.unit);
            }
            Some(unit) => {
                let say = |unit: &str| match unit {
                    "" => "without a unit".to_owned(),
                    unit => format!("in {unit}"),
                };
                return Err(format!(
                    "{:?} is {}, but the cells above are {}",
                    String::from_utf8_lossy(cell),
                    say(found.unit),
                    say(unit)
                ));
            }
        }
        Ok(found.value)
    }
}

/// Zero and no number need no unit.
fn fits_any_unit(found: Quantity) -> bool {
    found.unit.is_empty() && (found.value == 0.0 || !found.value.is_finite())
}

/// Adds the label cells of a row to what the header says of a series.
#[cold]
fn with_cells(
    own: &Labels,
    columns: &[(usize, String)],
    rows: &Rows<'_>,
) -> Result<Labels, String> {
    let mut pairs: Vec<(&str, &str)> = own.iter().collect();
    for (at, name) in columns {
        let cell = rows.field(*at).trim_ascii();
        let value = match std::str::from_utf8(cell) {
            Ok(_) if is_gap(cell) => "",
            Ok(text) => text,
            Err(_) => return Err(format!("the label in column {} is not UTF-8 text", at + 1)),
        };
        pairs.push((name, value));
    }
    Labels::from_pairs(pairs).map_err(|error| error.to_string())
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
