use std::collections::HashMap;

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::format::{Next, Rows, find_column, parse_number};
use super::{ReadError, Source};
use crate::model::{TimestampUnit, did_you_mean, guess_unit, parse_timestamp};

/// Names of the column that tells series apart.
const ID_NAMES: &[&str] = &["unique_id", "series_id", "item_id", "series"];
/// Names of the column of the times, the likelier first.
const TIME_NAMES: &[&str] = &["ds", "timestamp", "time", "ts", "datetime", "date"];
/// Names of the column of the values.
const VALUE_NAMES: &[&str] = &["y", "value", "val"];
/// Rejects that are kept; the others are counted.
const KEPT: usize = 100;
/// Whole numbers from here on are Unix times (1973 and later), not an index.
const UNIX: i64 = 100_000_000;

/// Which columns of a delimited file make series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesColumns {
    /// The column that tells series apart; by default one of the usual names where there is one.
    pub id: Option<String>,
    /// The column of the times; by default one of the usual names.
    pub time: Option<String>,
    /// The column of the values; by default one of the usual names.
    pub value: Option<String>,
    /// Whether there must be a column of values.
    pub has_value: bool,
    /// Further columns to read, of those that there are.
    pub more: Vec<String>,
    /// The zone of times without one.
    pub tz: Tz,
}

/// How the file writes times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeForm {
    /// Whole numbers without a time: 1, 2, 3.
    Index,
    /// Whole numbers of a unit since the epoch.
    Unix(TimestampUnit),
    /// A calendar time.
    Calendar,
}

/// The series of a file, in the order in which they first come.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesList {
    /// The series.
    pub series: Vec<ListedSeries>,
    /// How times are written.
    pub form: TimeForm,
    /// The columns that were read: id (where there is one), time, values.
    pub columns: Vec<String>,
    /// Which of [`SeriesColumns::more`] there are, as they were asked for.
    pub more: Vec<String>,
    /// All columns that there are.
    pub header: Vec<String>,
    /// Rows that could be read.
    pub rows: u64,
    /// Rows that could not.
    pub rejected: u64,
    /// The first of them: the line, from 1, and why.
    pub rejects: Vec<(u64, String)>,
}

/// A series of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedSeries {
    /// What tells it apart; empty where the file has no such column.
    pub id: String,
    /// µs since the epoch, or the index; ascending, of equal ones in the order of the file.
    pub times: Vec<i64>,
    /// A list for each column (the value first, where there is one), as long as `times`; NaN where
    /// a field is empty.
    pub values: Vec<Vec<f64>>,
}

/// Why a file makes no series.
#[derive(Debug, thiserror::Error)]
pub enum SeriesListError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It has no header.
    #[error("there is no row")]
    Empty,
    /// A column that it does not have.
    #[error("there is no column {name:?}: there are {}", columns.join(", "))]
    NoColumn {
        /// The name.
        name: String,
        /// The columns that there are.
        columns: Vec<String>,
        /// The nearest.
        near: Option<String>,
    },
    /// No column has one of the usual names.
    #[error("no column is plainly that of the {role}: there are {}", columns.join(", "))]
    NoRole {
        /// `times` or `values`.
        role: &'static str,
        /// The columns that there are.
        columns: Vec<String>,
    },
}

impl From<std::io::Error> for SeriesListError {
    fn from(error: std::io::Error) -> Self {
        Self::Read(error.into())
    }
}

/// Reads a delimited file with a header as series, compressed or not.
///
/// A row that cannot be read is a reject and stops nothing. Empty fields, `NA`, `NaN` and `null`
/// are missing values; `TRUE` and `FALSE` are 1 and 0.
pub fn read_series(
    source: &Source,
    columns: &SeriesColumns,
) -> Result<SeriesList, SeriesListError> {
    let (result, _) = source.read(&|_| (), |_, _, input| {
        let mut rows = Rows::open(input)?;
        let header = loop {
            match rows.next()? {
                Next::Row => break rows.texts(),
                Next::Blank | Next::Broken(_) => {}
                Next::End => return Err(SeriesListError::Empty),
            }
        };
        let places = Places::find(&header, columns)?;
        let mut reader = Reader::new(places, header.len(), columns.tz);
        loop {
            match rows.next() {
                Ok(Next::Row) => {
                    if let Err(reason) = reader.row(&rows) {
                        reader.reject(rows.line(), reason);
                    }
                }
                Ok(Next::Blank) => {}
                Ok(Next::Broken(reason)) => reader.reject(rows.line(), reason.to_owned()),
                Ok(Next::End) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(reader.finish(&header))
    })?;
    result
}

/// Where the columns stand.
struct Places {
    id: Option<usize>,
    time: usize,
    values: Vec<usize>,
    more: Vec<String>,
}

impl Places {
    fn find(header: &[String], columns: &SeriesColumns) -> Result<Self, SeriesListError> {
        let named = |name: &String| {
            let exact = header.iter().position(|one| one == name);
            let any = || header.iter().position(|one| one.eq_ignore_ascii_case(name));
            exact.or_else(any).ok_or_else(|| SeriesListError::NoColumn {
                name: name.clone(),
                near: did_you_mean(name, header.iter().map(String::as_str)).map(str::to_owned),
                columns: header.to_vec(),
            })
        };
        let usual = |names: &[&str], role: &'static str| {
            find_column(header, names).ok_or_else(|| SeriesListError::NoRole {
                role,
                columns: header.to_vec(),
            })
        };
        let id = match &columns.id {
            Some(name) => Some(named(name)?),
            None => find_column(header, ID_NAMES),
        };
        let time = match &columns.time {
            Some(name) => named(name)?,
            None => usual(TIME_NAMES, "times")?,
        };
        let mut values = Vec::new();
        if columns.has_value {
            values.push(match &columns.value {
                Some(name) => named(name)?,
                None => usual(VALUE_NAMES, "values")?,
            });
        }
        let mut more = Vec::new();
        for name in &columns.more {
            if let Ok(place) = named(name) {
                values.push(place);
                more.push(name.clone());
            }
        }
        Ok(Self {
            id,
            time,
            values,
            more,
        })
    }
}

/// What one kind of times in a file excludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Number,
    Text,
}

struct Reader {
    places: Places,
    fields: usize,
    tz: Tz,
    written: Option<Written>,
    known: HashMap<String, usize>,
    list: SeriesList,
    last: usize,
    row: Vec<f64>,
}

impl Reader {
    fn new(places: Places, fields: usize, tz: Tz) -> Self {
        Self {
            row: Vec::with_capacity(places.values.len()),
            places,
            fields,
            tz,
            written: None,
            known: HashMap::new(),
            list: SeriesList {
                series: Vec::new(),
                form: TimeForm::Calendar,
                columns: Vec::new(),
                more: Vec::new(),
                header: Vec::new(),
                rows: 0,
                rejected: 0,
                rejects: Vec::new(),
            },
            last: 0,
        }
    }

    fn reject(&mut self, line: u64, reason: String) {
        self.list.rejected += 1;
        if self.list.rejects.len() < KEPT {
            self.list.rejects.push((line, reason));
        }
    }

    fn row(&mut self, rows: &Rows<'_>) -> Result<(), String> {
        if rows.len() != self.fields {
            let (has, needs) = (rows.len(), self.fields);
            return Err(format!("the row has {has} fields, and the header {needs}"));
        }
        let time = self.time(rows.field(self.places.time))?;
        self.row.clear();
        for &place in &self.places.values {
            self.row.push(value(rows.field(place))?);
        }
        let id = self.places.id.map_or(&b""[..], |at| rows.field(at));
        let id = String::from_utf8_lossy(id.trim_ascii());
        // Rows of one series mostly stand together.
        let is_same = self.list.series.get(self.last).is_some_and(|s| s.id == id);
        if !is_same {
            self.last = match self.known.get(id.as_ref()) {
                Some(&place) => place,
                None => {
                    let place = self.list.series.len();
                    self.known.insert(id.clone().into_owned(), place);
                    self.list.series.push(ListedSeries {
                        id: id.into_owned(),
                        times: Vec::new(),
                        values: vec![Vec::new(); self.places.values.len()],
                    });
                    place
                }
            };
        }
        let series = &mut self.list.series[self.last];
        series.times.push(time);
        for (column, value) in series.values.iter_mut().zip(&self.row) {
            column.push(*value);
        }
        self.list.rows += 1;
        Ok(())
    }

    /// Reads a time: a whole number as it is, anything else as µs.
    fn time(&mut self, field: &[u8]) -> Result<i64, String> {
        let text = String::from_utf8_lossy(field.trim_ascii());
        let whole = text.parse::<i64>().ok().or_else(|| {
            // Whole numbers that went through a column of floats.
            let digits = text.strip_suffix(".0")?;
            digits.parse().ok()
        });
        let (written, time) = match whole {
            Some(number) => (Written::Number, number),
            None => {
                let ts =
                    parse_timestamp(&text, self.tz).map_err(|e| without_option(&e.to_string()))?;
                (Written::Text, ts)
            }
        };
        match *self.written.get_or_insert(written) {
            known if known == written => Ok(time),
            Written::Number => Err(format!(
                "{text:?} is not a whole number, as the rows before have for their time"
            )),
            Written::Text => Err(format!(
                "{text:?} is a bare number, and the rows before have a date for their time"
            )),
        }
    }

    fn finish(mut self, header: &[String]) -> SeriesList {
        let times = || {
            self.list
                .series
                .iter()
                .flat_map(|s| s.times.iter().copied())
        };
        let form = match self.written {
            Some(Written::Number) => number_form(times()),
            Some(Written::Text) | None => NumberForm::Micros,
        };
        self.list.form = match form {
            NumberForm::Index => TimeForm::Index,
            NumberForm::Unix(unit) => TimeForm::Unix(unit),
            NumberForm::Day | NumberForm::Micros => TimeForm::Calendar,
        };
        let tz = self.tz;
        let micros = |time: i64| match form {
            NumberForm::Index | NumberForm::Micros => Some(time),
            NumberForm::Unix(unit) => unit.to_micros(time),
            NumberForm::Day => {
                let day = day_number(time)?.format("%Y-%m-%d").to_string();
                parse_timestamp(&day, tz).ok()
            }
        };
        for series in &mut self.list.series {
            if matches!(form, NumberForm::Unix(_) | NumberForm::Day) {
                for time in &mut series.times {
                    *time = micros(*time).unwrap_or(*time);
                }
            }
            sort(series);
        }
        let places = self.places.id.into_iter().chain([self.places.time]);
        let places = places.chain(self.places.values.iter().copied());
        self.list.columns = places.map(|at| header[at].clone()).collect();
        self.list.more = self.places.more;
        self.list.header = header.to_vec();
        self.list
    }
}

/// What whole numbers for times mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NumberForm {
    Index,
    Unix(TimestampUnit),
    /// `20260301`.
    Day,
    /// µs already.
    Micros,
}

fn number_form(times: impl Iterator<Item = i64> + Clone) -> NumberForm {
    let (least, most) = times
        .clone()
        .fold((i64::MAX, i64::MIN), |(a, b), t| (a.min(t), b.max(t)));
    if least > most {
        return NumberForm::Index;
    }
    if least >= UNIX {
        return NumberForm::Unix(guess_unit(most as f64));
    }
    if times.clone().all(|t| day_number(t).is_some()) {
        return NumberForm::Day;
    }
    NumberForm::Index
}

/// Reads `20260301`, from 1900 to 2199.
fn day_number(number: i64) -> Option<NaiveDate> {
    let (year, rest) = (number / 10_000, number % 10_000);
    let (month, day) = (
        u32::try_from(rest / 100).ok()?,
        u32::try_from(rest % 100).ok()?,
    );
    let year = i32::try_from(year)
        .ok()
        .filter(|y| (1900..2200).contains(y))?;
    NaiveDate::from_ymd_opt(year, month, day)
}

/// Reads a value.
fn value(field: &[u8]) -> Result<f64, String> {
    let text = field.trim_ascii();
    let is = |words: &[&str]| {
        words
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
    };
    if text.is_empty() || is(&["na", "n/a", "nan", "null", "none"]) {
        return Ok(f64::NAN);
    }
    if is(&["true"]) {
        return Ok(1.0);
    }
    if is(&["false"]) {
        return Ok(0.0);
    }
    parse_number(text, false)
        .ok_or_else(|| format!("{:?} is not a number", String::from_utf8_lossy(text)))
}

/// Puts rows into the order of their times.
fn sort(series: &mut ListedSeries) {
    if series.times.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..series.times.len()).collect();
    order.sort_by_key(|&at| series.times[at]);
    series.times = order.iter().map(|&at| series.times[at]).collect();
    for column in &mut series.values {
        *column = order.iter().map(|&at| column[at]).collect();
    }
}

/// Takes away the advice to name a pattern, which series are not read by.
fn without_option(reason: &str) -> String {
    let end = [": say --time-format", ", or say --time-format"]
        .iter()
        .find_map(|advice| reason.find(advice));
    match end {
        Some(end) => format!("{}; times are written 2025-12-31 10:00", &reason[..end]),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::list;

    fn columns() -> SeriesColumns {
        SeriesColumns {
            id: None,
            time: None,
            value: None,
            has_value: true,
            more: Vec::new(),
            tz: Tz::UTC,
        }
    }

    fn read(text: &str, columns: &SeriesColumns) -> Result<SeriesList, SeriesListError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.csv");
        std::fs::write(&path, text).expect("written");
        let arguments = [path.to_string_lossy().into_owned()];
        let sources = list(&arguments, &mut std::io::empty()).expect("listed");
        read_series(&sources[0], columns)
    }

    #[test]
    fn reads_series_and_keeps_rejects() {
        let text = "unique_id,ds,y\nb,2,20\nb,1,10\na,1,\nb,x,3\na,2,1e3\na,3\na,3,foo\n";
        let list = read(text, &columns()).expect("series");
        assert_eq!(list.form, TimeForm::Index);
        assert_eq!(list.columns, ["unique_id", "ds", "y"]);
        let names: Vec<&str> = list.series.iter().map(|s| s.id.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
        assert_eq!(list.series[0].times, [1, 2]);
        assert_eq!(list.series[0].values[0], [10.0, 20.0]);
        assert!(list.series[1].values[0][0].is_nan());
        assert_eq!((list.rows, list.rejected), (4, 3));
        let lines: Vec<u64> = list.rejects.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [5, 7, 8]);
        assert_eq!(list.rejects[2].1, "\"foo\" is not a number");
    }

    #[test]
    fn knows_times_from_counts() {
        let form = |rows: &str| read(&format!("ds,y\n{rows}"), &columns()).expect("series");
        let unix = form("1772323200,1\n1772326800,2\n");
        assert_eq!(unix.form, TimeForm::Unix(TimestampUnit::Seconds));
        assert_eq!(unix.series[0].times[0], 1_772_323_200_000_000);
        let days = form("20260228,1\n20260301,2\n");
        assert_eq!(days.form, TimeForm::Calendar);
        assert_eq!(
            days.series[0].times[1] - days.series[0].times[0],
            86_400_000_000
        );
        assert_eq!(
            form("2026-03-01,1\n").series[0].times,
            [1_772_323_200_000_000]
        );
        assert_eq!(form("4000,1\n4001,2\n").form, TimeForm::Index);
        assert_eq!(form("1.0,1\n2.0,2\n").series[0].times, [1, 2]);
    }

    #[test]
    fn says_which_columns_there_are() {
        let error = read("Time,Demand,Temperature\n1,2,3\n", &columns()).expect_err("no value");
        assert_eq!(
            error.to_string(),
            "no column is plainly that of the values: there are Time, Demand, Temperature"
        );
        let named = SeriesColumns {
            value: Some("demnd".to_owned()),
            ..columns()
        };
        let error = read("Time,Demand\n1,2\n", &named).expect_err("no such column");
        assert!(
            matches!(error, SeriesListError::NoColumn { near: Some(near), .. } if near == "Demand")
        );
        let more = SeriesColumns {
            value: Some("Demand".to_owned()),
            more: vec!["Holiday".to_owned()],
            ..columns()
        };
        let list = read("Time,Demand,Holiday\n1,2,TRUE\n2,3,FALSE\n", &more).expect("series");
        assert_eq!(list.series[0].values, [vec![2.0, 3.0], vec![1.0, 0.0]]);
    }

    #[test]
    fn an_empty_file_is_an_error() {
        assert!(matches!(read("", &columns()), Err(SeriesListError::Empty)));
        let header = read("ds,y\n", &columns()).expect("no series");
        assert!(header.series.is_empty());
    }
}
