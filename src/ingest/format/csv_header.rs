//! Finds out what each column of a tall CSV file is.

use crate::ingest::{Head, ReadOptions};
use crate::model::{METRIC_NAME, TimeError, parse_local};

use super::csv_number::is_number;
use super::csv_rows::{Next, Rows};

/// Names of a time column, the likelier first.
pub(super) const TIME_NAMES: &[&str] = &[
    "timestamp",
    "@timestamp",
    "time",
    "ts",
    "datetime",
    "date_time",
    "_time",
    "__timestamp__",
    "timestamp_ms",
    "timestamp_s",
    "unix_timestamp",
    "timeunix",
    "epoch",
    "ds",
    "date",
];
/// Names of a value column.
pub(super) const VALUE_NAMES: &[&str] = &["value", "val", "_value", "__value__", "y", "v"];
/// Names of a column that holds the metric's name.
const METRIC_NAMES: &[&str] = &[
    "metric",
    "__name__",
    "metric_name",
    "metricname",
    "_measurement",
    "measurement",
    "name",
];
/// Names of a column that holds all labels in one cell.
const LABELS_NAMES: &[&str] = &["labels", "tags"];

/// What each column of a tall file is; all are 0-based.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TallColumns {
    pub(super) time: usize,
    pub(super) value: usize,
    pub(super) metric: Option<usize>,
    /// A column that holds `{a="b"}` or a JSON object.
    pub(super) all_labels: Option<usize>,
    pub(super) labels: Vec<(usize, String)>,
    /// Whether the first row names the columns.
    pub(super) has_header: bool,
    /// How many columns a row must have.
    pub(super) count: usize,
}

/// Finds a column by the first of these names that there is.
pub(in crate::ingest) fn find_column(header: &[String], names: &[&str]) -> Option<usize> {
    names
        .iter()
        .find_map(|name| header.iter().position(|h| h.eq_ignore_ascii_case(name)))
}

/// Tells whether a text is a time, or one whose day and month are unclear.
pub(super) fn looks_like_time(text: &str) -> bool {
    match parse_local(text, chrono_tz::Tz::UTC) {
        Ok(time) => !text.bytes().all(|b| b.is_ascii_digit()) || time.ts.abs() > 1e14 as i64,
        Err(TimeError::AmbiguousForm(_) | TimeError::DayFirst(_) | TimeError::MonthFirst(_)) => {
            true
        }
        Err(_) => false,
    }
}

impl TallColumns {
    /// Takes the columns from the options, and from the header what they leave
    /// open. The error says what to do.
    pub(super) fn infer(first_row: &[String], options: &ReadOptions) -> Result<Self, String> {
        let mapped = |targets: &[&str]| {
            options
                .map
                .iter()
                .find(|(_, to)| targets.iter().any(|t| to.eq_ignore_ascii_case(t)))
                .map(|(from, _)| from.as_str())
        };
        let time_name = options
            .time_column
            .as_deref()
            .or_else(|| mapped(&["ts", "time"]));
        let value_name = options
            .value_column
            .as_deref()
            .or_else(|| mapped(&["value"]));
        let time = choose(first_row, time_name, TIME_NAMES, "time")?;
        let value = choose(first_row, value_name, VALUE_NAMES, "value")?;
        if time == value {
            return Err(format!(
                "column {} cannot be both the time and the value",
                time + 1
            ));
        }
        let has_header = !(looks_like_time(&first_row[time])
            && (first_row[value].is_empty() || is_number(first_row[value].as_bytes())));
        let metric = match mapped(&["metric", METRIC_NAME]) {
            Some(name) => Some(resolve(first_row, name)?),
            None => find_column(first_row, METRIC_NAMES),
        };
        let metric = metric.filter(|m| *m != time && *m != value);
        let all_labels = find_column(first_row, LABELS_NAMES).filter(|at| {
            *at != time && *at != value && !options.label_columns.contains(&first_row[*at])
        });
        let chosen: Vec<usize> = if options.label_columns.is_empty() {
            (0..first_row.len()).collect()
        } else {
            let columns = &options.label_columns;
            let found = columns.iter().map(|name| resolve(first_row, name));
            found.collect::<Result<_, _>>()?
        };
        let mut labels: Vec<(usize, String)> = Vec::new();
        for at in chosen {
            if at == time || at == value || Some(at) == metric || Some(at) == all_labels {
                continue;
            }
            let name = label_name(first_row, at, has_header, options);
            // A column without a name is the row number that pandas adds.
            if name.is_empty() || name.starts_with("Unnamed: ") {
                continue;
            }
            if labels.iter().any(|(_, other)| *other == name) {
                return Err(format!(
                    "two columns are called {name:?}: say which columns are labels with --labels"
                ));
            }
            labels.push((at, name));
        }
        Ok(Self {
            time,
            value,
            metric,
            all_labels,
            labels,
            has_header,
            count: first_row.len(),
        })
    }
}

/// Names a label after its column, or as `--map` says.
pub(super) fn label_name(
    row: &[String],
    at: usize,
    has_header: bool,
    options: &ReadOptions,
) -> String {
    let number = (at + 1).to_string();
    let renamed = options
        .map
        .iter()
        .find(|(from, _)| has_header && *from == row[at] || *from == number);
    match renamed {
        Some((_, to)) => to.clone(),
        None if has_header => row[at].clone(),
        None => format!("column{number}"),
    }
}

fn choose(
    row: &[String],
    named: Option<&str>,
    names: &[&str],
    what: &str,
) -> Result<usize, String> {
    if let Some(name) = named {
        return resolve(row, name);
    }
    find_column(row, names).ok_or_else(|| {
        let is_data = row
            .iter()
            .any(|cell| looks_like_time(cell) || is_number(cell.as_bytes()));
        if is_data {
            format!(
                "the first line is no header, so nothing says which column is the {what}: \
                 add a header line, or say --time, --value and --labels with column numbers (from 1)"
            )
        } else {
            format!(
                "no column is called {} or the like: say --{what} COLUMN; the columns are {}",
                names[0],
                row.join(", ")
            )
        }
    })
}

/// Finds a column by its number (from 1) or its name; the number comes first,
/// since a first row without names may well have a cell `1`.
pub(super) fn resolve(row: &[String], name: &str) -> Result<usize, String> {
    name.parse::<usize>()
        .ok()
        .filter(|number| (1..=row.len()).contains(number))
        .map(|number| number - 1)
        .or_else(|| find_column(row, &[name]))
        .ok_or_else(|| {
            format!(
                "there is no column {name:?}; the columns are {}",
                row.join(", ")
            )
        })
}

/// Tells how many columns a delimited text has, and why they are not enough
/// for a sample; `None` where it is no delimited text.
pub(in crate::ingest) fn first_columns(head: Head<'_>) -> Option<(usize, String)> {
    let (_, rows) = first_rows(head)?;
    let header = rows.first()?;
    let reason = match TallColumns::infer(header, &ReadOptions::default()) {
        Err(reason) => reason,
        Ok(_) => "no row below the header has a time and a number".to_owned(),
    };
    Some((header.len(), reason))
}

/// The first rows of a file, for `sniff`; the frames after the first are left
/// out. `None` where it cannot be delimited text.
pub(super) fn first_rows(head: Head<'_>) -> Option<(u8, Vec<Vec<String>>)> {
    const ENOUGH: usize = 20;
    let mut bytes = head.bytes;
    if head.truncated {
        bytes = &bytes[..memchr::memrchr(b'\n', bytes)?];
    }
    let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if matches!(
        start.trim_ascii_start().first(),
        None | Some(b'{' | b'[' | b'<')
    ) || is_binary(bytes)
    {
        return None;
    }
    let mut rows = Rows::open(&mut bytes).ok()?;
    let mut found: Vec<Vec<String>> = Vec::new();
    while found.len() < ENOUGH {
        match rows.next().ok()? {
            Next::Row => found.push(rows.texts()),
            Next::Blank if found.is_empty() => {}
            Next::Broken(_) => {}
            Next::Blank | Next::End => break,
        }
    }
    let header = found.first()?;
    (header.len() >= 2 && !header[0].starts_with('#')).then(|| (rows.delimiter(), found))
}

/// Tells whether most lines have a NUL; a single one may be damaged.
fn is_binary(text: &[u8]) -> bool {
    let lines = text.split(|b| *b == b'\n');
    let (mut all, mut damaged) = (0_usize, 0_usize);
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        all += 1;
        damaged += usize::from(memchr::memchr(0, line).is_some());
    }
    damaged * 2 > all || damaged == all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &str) -> Vec<String> {
        cells.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn infers_the_usual_columns() {
        let found = TallColumns::infer(
            &row("instance,Timestamp,metric,value,job"),
            &ReadOptions::default(),
        )
        .expect("columns");
        assert_eq!((found.time, found.value, found.metric), (1, 3, Some(2)));
        assert_eq!(
            found.labels,
            [(0, "instance".to_owned()), (4, "job".to_owned())]
        );
        assert!(found.has_header);
    }

    #[test]
    fn takes_names_and_numbers() {
        let mut options = ReadOptions {
            time_column: Some("3".to_owned()),
            value_column: Some("2".to_owned()),
            label_columns: vec!["4".to_owned()],
            map: vec![
                ("1".to_owned(), "metric".to_owned()),
                ("4".to_owned(), "job".to_owned()),
            ],
            ..ReadOptions::default()
        };
        let found = TallColumns::infer(&row("up,1,1549891472010,node"), &options).expect("columns");
        assert_eq!((found.time, found.value, found.metric), (2, 1, Some(0)));
        assert_eq!(found.labels, [(3, "job".to_owned())]);
        assert!(!found.has_header);
        options.time_column = Some("when".to_owned());
        let reason = TallColumns::infer(&row("a,b,c,d"), &options).expect_err("no such column");
        assert!(
            reason.contains("\"when\"") && reason.contains("a, b, c, d"),
            "{reason}"
        );
    }

    #[test]
    fn says_that_a_header_is_missing() {
        let reason = TallColumns::infer(&row("up,1,1549891472010,node"), &ReadOptions::default());
        let reason = reason.expect_err("no header");
        assert!(
            reason.contains("add a header line") && reason.contains("--time"),
            "{reason}"
        );
        let reason = TallColumns::infer(&row("a,b"), &ReadOptions::default()).expect_err("names");
        assert!(reason.contains("the columns are a, b"), "{reason}");
    }
}
