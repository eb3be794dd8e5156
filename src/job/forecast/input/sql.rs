//! The rows of a statement: a time, a value, and labels.

use std::collections::HashMap;

use super::{Input, Raw, named};
use crate::job::forecast::{ForecastError, ForecastShell, ForecastSpec};
use crate::model::{Labels, Warning, guess_unit};
use crate::query::Session;
use crate::report::{Cell, Column, ColumnKind, ForecastTimes, Table};
use crate::series::{Statistic, midnight};

/// Names of the column of the times, and of the values.
const TIMES: [&str; 5] = ["ts", "ds", "time", "timestamp", "date"];
const VALUES: [&str; 3] = ["value", "y", "val"];
/// Whole numbers from here on are Unix times.
const UNIX: i64 = 100_000_000;

pub(super) fn read(
    spec: &ForecastSpec,
    statement: &str,
    session: &Session,
    shell: ForecastShell<'_>,
) -> Result<Input, ForecastError> {
    for (option, text) in [("--since", &spec.since), ("--until", &spec.until)] {
        if text.is_some() {
            let message = format!("{option} is not for --sql: write it into the statement");
            return Err(ForecastError::usage(message));
        }
    }
    let result = shell.handle.block_on(session.sql(statement))?;
    let table = Table::new(result.schema, result.batches)?;
    let columns = &table.columns;
    let is_time = |c: &Column| {
        matches!(
            c.kind,
            ColumnKind::Timestamp | ColumnKind::Date | ColumnKind::Integer
        )
    };
    let is_number = |c: &Column| matches!(c.kind, ColumnKind::Number | ColumnKind::Integer);
    let by_name = |names: &[&str], fits: &dyn Fn(&Column) -> bool| {
        let mut found = names.iter().filter_map(|name| {
            columns
                .iter()
                .position(|c| c.name.eq_ignore_ascii_case(name) && fits(c))
        });
        found.next()
    };
    let time = by_name(&TIMES, &is_time)
        .or_else(|| columns.iter().position(|c| c.kind == ColumnKind::Timestamp));
    let time = time.ok_or_else(|| lacks("a time, such as ts", columns))?;
    let value = by_name(&VALUES, &is_number)
        .or_else(|| (0..columns.len()).find(|at| *at != time && is_number(&columns[*at])));
    let value = value.ok_or_else(|| lacks("a number, such as value", columns))?;
    let labels: Vec<usize> = (0..columns.len())
        .filter(|at| ![time, value].contains(at))
        .collect();

    let is_index = columns[time].kind == ColumnKind::Integer;
    let mut series: Vec<Raw> = Vec::new();
    let mut known: HashMap<Vec<String>, usize> = HashMap::new();
    let mut without_time = 0_usize;
    for batch in table.batches() {
        for row in 0..batch.num_rows() {
            let ts = match Cell::read(batch.column(time), row) {
                Cell::Timestamp(ts) => ts,
                Cell::Date(day) => midnight(day, shell.tz),
                Cell::Integer(number) => i64::try_from(number).unwrap_or(i64::MAX),
                _ => {
                    without_time += 1;
                    continue;
                }
            };
            let number = Cell::read(batch.column(value), row).as_f64();
            let key: Vec<String> = labels
                .iter()
                .map(|at| match Cell::read(batch.column(*at), row) {
                    Cell::Null => String::new(),
                    cell => cell.plain(),
                })
                .collect();
            let at = *known.entry(key).or_insert_with_key(|key| {
                series.push(new(key, &labels, columns, is_index));
                series.len() - 1
            });
            series[at].times.push(ts);
            series[at].values.push(number.unwrap_or(f64::NAN));
        }
    }
    if series.is_empty() {
        return Err(ForecastError::usage(
            "the statement returns no rows to forecast",
        ));
    }
    let mut times = ForecastTimes::Calendar;
    if is_index {
        times = integers(&mut series);
    }
    for one in &mut series {
        sort(one);
    }
    let mut warnings = Vec::new();
    if without_time > 0 {
        let message = format!("{without_time} rows without a time are left out");
        warnings.push(Warning::new("rejected-rows", message));
    }
    Ok(Input {
        title: "a query".to_owned(),
        series,
        times,
        unit: columns[value].unit.clone(),
        statistic: Statistic::Mean,
        is_thinned: false,
        more: Vec::new(),
        versions: Vec::new(),
        warnings,
    })
}

fn lacks(what: &str, columns: &[Column]) -> ForecastError {
    let named: Vec<String> = columns
        .iter()
        .map(|column| format!("{} ({})", column.name, column.kind.as_str()))
        .collect();
    ForecastError::usage(format!(
        "no column of the statement is {what}: there are {}",
        named.join(", ")
    ))
    .hint("write SELECT ts, value, and labels")
}

fn new(key: &[String], labels: &[usize], columns: &[Column], is_index: bool) -> Raw {
    let pairs = labels.iter().zip(key);
    let pairs = pairs.map(|(at, value)| (columns[*at].name.clone(), value.clone()));
    let pairs: Vec<(String, String)> = pairs.collect();
    let (id, labels) = match Labels::from_pairs(pairs.iter().cloned()) {
        Ok(labels) if labels.is_empty() => ("value".to_owned(), Vec::new()),
        Ok(labels) => named(&labels),
        // Two columns of one name.
        Err(_) => (key.join(","), pairs),
    };
    Raw {
        id,
        labels,
        is_index,
        ..Raw::default()
    }
}

/// Whole numbers as counts, or as Unix times.
fn integers(series: &mut [Raw]) -> ForecastTimes {
    let all = || series.iter().flat_map(|one| one.times.iter().copied());
    let (least, most) = (all().min().unwrap_or(0), all().max().unwrap_or(0));
    if least < UNIX {
        return ForecastTimes::Index;
    }
    let unit = guess_unit(most as f64);
    for one in series.iter_mut() {
        one.is_index = false;
        for time in &mut one.times {
            *time = unit.to_micros(*time).unwrap_or(*time);
        }
    }
    ForecastTimes::Unix(unit)
}

fn sort(one: &mut Raw) {
    if one.times.is_sorted() {
        return;
    }
    let mut order: Vec<usize> = (0..one.times.len()).collect();
    order.sort_by_key(|at| one.times[*at]);
    one.times = order.iter().map(|at| one.times[*at]).collect();
    one.values = order.iter().map(|at| one.values[*at]).collect();
}
