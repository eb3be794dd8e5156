//! Finds out what each column of a wide CSV file is: the time, labels, values.

use crate::ingest::ReadOptions;

use super::csv_header::{TIME_NAMES, find_column, label_name, looks_like_time, resolve};
use super::csv_tall::is_gap;
use super::csv_unit::{QuantityError, parse_quantity};

/// How many rows below a header show what its columns are.
pub(super) const FIRST_ROWS: usize = 100;

/// Finds the time's column: the first, unless another one is called so and
/// the first has no times.
pub(super) fn time_column(header: &[String], rows: &[Vec<String>]) -> usize {
    let first_is_time = find_column(&header[..1], TIME_NAMES).is_some()
        || rows.iter().any(|row| looks_like_time(&row[0]));
    if first_is_time {
        return 0;
    }
    find_column(header, TIME_NAMES).unwrap_or(0)
}

/// Finds the columns that tell series apart, with the label that each becomes:
/// those that the options name, and those of words. Where nothing would be left
/// to read, words are no labels.
pub(super) fn label_columns(
    header: &[String],
    rows: &[Vec<String>],
    time: usize,
    options: &ReadOptions,
) -> Result<Vec<(usize, String)>, String> {
    let named = options.label_columns.iter();
    let mut found: Vec<usize> = named
        .map(|name| resolve(header, name))
        .collect::<Result<_, _>>()?;
    let of_words: Vec<usize> = (0..header.len())
        .filter(|at| *at != time && !found.contains(at) && has_words(rows, *at, header.len()))
        .collect();
    if found.len() + of_words.len() + 1 < header.len() {
        found.extend(of_words);
    }
    found.retain(|at| *at != time);
    found.sort_unstable();
    found.dedup();
    let mut labels: Vec<(usize, String)> = Vec::new();
    for at in found {
        let name = label_name(header, at, true, options);
        if labels.iter().any(|(_, other)| *other == name) {
            return Err(format!(
                "two label columns are called {name:?}: rename one with --map {}=NAME",
                at + 1
            ));
        }
        labels.push((at, name));
    }
    Ok(labels)
}

/// Finds the label columns by the words of a `#datatype` line.
pub(super) fn stated_labels(
    header: &[String],
    types: &[String],
    options: &ReadOptions,
) -> Vec<(usize, String)> {
    types
        .iter()
        .enumerate()
        .filter(|(_, kind)| kind.trim_start_matches("#datatype").trim() == "tag")
        .map(|(at, _)| (at, label_name(header, at, true, options)))
        .collect()
}

/// Tells whether a column has words and not one number.
fn has_words(rows: &[Vec<String>], at: usize, count: usize) -> bool {
    let mut words = false;
    for row in rows.iter().filter(|row| row.len() == count) {
        let cell = row[at].as_str();
        if is_gap(cell.as_bytes()) || is_placeholder(cell) {
            continue;
        }
        let quantity = parse_quantity(cell.as_bytes(), false)
            .or_else(|_| parse_quantity(cell.as_bytes(), true));
        match quantity {
            Err(QuantityError::NoNumber(_)) => {
                words |= cell.chars().any(char::is_alphanumeric);
            }
            Ok(_) | Err(QuantityError::UnknownUnit { .. }) => return false,
        }
    }
    words
}

/// A word that stands where a value is missing, or that is a value.
fn is_placeholder(text: &str) -> bool {
    [
        "n/a",
        "na",
        "none",
        "nil",
        "undefined",
        "missing",
        "true",
        "false",
    ]
    .iter()
    .any(|word| text.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<Vec<String>> {
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        text.split('/').map(cells).collect()
    }

    fn labels(text: &str, options: &ReadOptions) -> Result<Vec<(usize, String)>, String> {
        let rows = rows(text);
        label_columns(&rows[0], &rows[1..], 0, options)
    }

    #[test]
    fn words_are_labels() {
        let options = ReadOptions::default();
        let one = |at: usize, name: &str| Ok(vec![(at, name.to_owned())]);
        assert_eq!(labels("time,host,cpu/1,a,2/1,,3", &options), one(1, "host"));
        assert_eq!(labels("time,ip,cpu/1,10.0.0.1,2", &options), one(1, "ip"));
        for values in [
            "time,a,b/1,x,2/1,3,2",
            "time,a,b/1,NA,2",
            "time,a,b/1,true,2",
            "time,a,b/1,5 parsecs,2",
            "time,a,b/1,-,2",
            "time,a,b/1,x,y",
            "time,a,b/1,x",
        ] {
            assert_eq!(labels(values, &options), Ok(vec![]), "{values}");
        }
    }

    #[test]
    fn named_columns_are_labels() {
        let options = ReadOptions {
            label_columns: vec!["Shard".into()],
            map: vec![("host".into(), "instance".into())],
            ..ReadOptions::default()
        };
        assert_eq!(
            labels("time,host,shard,cpu/1,a,7,2", &options),
            Ok(vec![(1, "instance".to_owned()), (2, "shard".to_owned())])
        );
        assert!(labels("time,host,cpu/1,a,2", &options).is_err());
    }

    #[test]
    fn the_time_may_stand_elsewhere() {
        let found = |text: &str| {
            let rows = rows(text);
            time_column(&rows[0], &rows[1..])
        };
        assert_eq!(found("host,time,cpu/a,1700000000,2"), 1);
        assert_eq!(found("when,time,cpu/2025-01-01,3,2"), 0);
        assert_eq!(found("a,b/x,y"), 0);
    }
}
