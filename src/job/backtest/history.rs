//! What the store knows of the time and the events of a backtest.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, MapArray, RecordBatch};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use tokio::runtime::Handle;

use super::BacktestError;
use crate::alert::rule_file::RuleFile;
use crate::model::{Event, EventKind, MICROS_PER_DAY, TimeRange, Warning, day_of, format_day};
use crate::query::{QueryError, Session};
use crate::report::Cell;

/// Finds the time over which rules can be evaluated: from the day on which half of the metrics
/// that they read are there to the last sample of any; `None` where there are none.
pub(super) fn range(
    session: &Session,
    handle: &Handle,
    files: &[RuleFile],
) -> Result<Option<TimeRange>, BacktestError> {
    let names = metrics(files);
    if names.is_empty() {
        return Ok(session.data_range());
    }
    let days = format!(
        "SELECT min(date) AS first, max(date) AS last FROM samples WHERE metric IN ({}) \
         GROUP BY metric",
        names.join(", ")
    );
    let batches = handle.block_on(session.sql(&days))?.batches;
    let (mut firsts, mut last) = (Vec::new(), i32::MIN);
    for batch in &batches {
        firsts.extend(
            batch
                .column(0)
                .as_primitive::<Date32Type>()
                .iter()
                .flatten(),
        );
        let lasts = batch.column(1).as_primitive::<Date32Type>();
        last = last.max(lasts.iter().flatten().max().unwrap_or(i32::MIN));
    }
    firsts.sort_unstable();
    let Some(&first) = firsts.get(firsts.len().saturating_sub(1) / 2) else {
        return Ok(None);
    };
    let bound = |what: &str, day: i32| {
        let day = format_day(day);
        let names = names.join(", ");
        format!("SELECT {what}(ts) FROM samples WHERE date = DATE '{day}' AND metric IN ({names})")
    };
    let instant = |sql: String| -> Result<Option<i64>, QueryError> {
        let batches = handle.block_on(session.sql(&sql))?.batches;
        let values = batches.iter().flat_map(|batch| {
            let column = batch.column(0).as_primitive::<TimestampMicrosecondType>();
            column.iter().flatten().collect::<Vec<i64>>()
        });
        Ok(values.max())
    };
    let start = instant(bound("min", first))?;
    let end = instant(bound("max", last))?;
    let first_day = i64::from(first) * MICROS_PER_DAY;
    // Whole minutes: the last scrape of a week is not its last instant.
    const MINUTE: i64 = 60_000_000;
    Ok(end.map(|end| TimeRange {
        start: start.unwrap_or(first_day).div_euclid(MINUTE) * MINUTE,
        end: (end.div_euclid(MINUTE) + 1) * MINUTE,
    }))
}

/// Says that nothing that rules read is there, at all or in a range.
pub(super) fn nothing_there(files: &[RuleFile], range: Option<&str>) -> BacktestError {
    let names = metrics(files);
    let named = names.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let more = match names.len().saturating_sub(3) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    BacktestError::usage(format!(
        "the store has no samples of the metrics that the rules read{}: {named}{more}",
        range.unwrap_or_default()
    ))
    .hint("`retrocast metrics` lists what is there, `retrocast rules check` what each rule misses")
}

/// Warns of days of the range without a sample of the metrics that rules read: on them nothing
/// can fire, and whatever is counted a week is too low.
pub(super) fn empty_days(
    session: &Session,
    handle: &Handle,
    files: &[RuleFile],
    range: TimeRange,
) -> Result<Option<Warning>, BacktestError> {
    let names = metrics(files);
    if names.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT DISTINCT date FROM samples WHERE metric IN ({})",
        names.join(", ")
    );
    let batches = handle.block_on(session.sql(&sql))?.batches;
    let there: BTreeSet<i32> = batches
        .iter()
        .flat_map(|batch| {
            batch
                .column(0)
                .as_primitive::<Date32Type>()
                .iter()
                .flatten()
        })
        .collect();
    let (first, last) = (day_of(range.start), day_of(range.end.saturating_sub(1)));
    let empty: Vec<i32> = (first..=last).filter(|day| !there.contains(day)).collect();
    let Some(day) = empty.first() else {
        return Ok(None);
    };
    let days = i64::from(last) - i64::from(first) + 1;
    if empty.len() as i64 == days {
        return Err(nothing_there(files, Some(" in this range")));
    }
    let message = format!(
        "{} of the {days} days have no sample of the metrics that the rules read, the first is {}: \
         nothing can fire on them, and whatever is counted a week is too low",
        empty.len(),
        format_day(*day)
    );
    Ok(Some(Warning::new("days-without-samples", message)))
}

/// The metrics that rules read and that no rule records, as SQL literals.
fn metrics(files: &[RuleFile]) -> Vec<String> {
    let rules = || {
        let groups = files.iter().flat_map(|file| &file.groups);
        groups.flat_map(|group| &group.rules)
    };
    let mut recorded: BTreeSet<&str> = rules().map(|rule| rule.name.as_str()).collect();
    recorded.extend(["ALERTS", "ALERTS_FOR_STATE"]);
    let read: BTreeSet<String> = rules()
        .flat_map(|rule| rule.query.selectors())
        .filter_map(|selector| selector.metric)
        .filter(|metric| !recorded.contains(metric.as_str()))
        .collect();
    read.iter()
        .map(|name| format!("'{}'", name.replace('\'', "''")))
        .collect()
}

/// Reads the store's events of a kind.
pub(in crate::job) fn events(
    session: &Session,
    handle: &Handle,
    kind: EventKind,
) -> Result<Vec<Event>, BacktestError> {
    let sql = format!(
        "SELECT id, started_at, ended_at, severity, title, labels FROM events \
         WHERE kind = '{}' ORDER BY started_at, id",
        kind.as_str()
    );
    let batches = handle.block_on(session.sql(&sql))?.batches;
    Ok(batches.iter().flat_map(|batch| rows(batch, kind)).collect())
}

fn rows(batch: &RecordBatch, kind: EventKind) -> Vec<Event> {
    let text = |column: usize, row: usize| text(batch.column(column), row);
    let time = |column: usize, row: usize| match Cell::read(batch.column(column), row) {
        Cell::Timestamp(ts) => Some(ts),
        _ => None,
    };
    (0..batch.num_rows())
        .map(|row| Event {
            id: text(0, row).unwrap_or_default(),
            started_at: time(1, row).unwrap_or_default(),
            ended_at: time(2, row),
            kind,
            severity: text(3, row),
            title: text(4, row),
            labels: pairs(batch.column(5).as_map(), row),
        })
        .collect()
}

fn pairs(map: &MapArray, row: usize) -> Vec<(String, String)> {
    if map.is_null(row) {
        return Vec::new();
    }
    let entries = map.value(row);
    let (names, values) = (entries.column(0), entries.column(1));
    (0..entries.len())
        .filter_map(|entry| Some((text(names, entry)?, text(values, entry)?)))
        .collect()
}

fn text(column: &dyn Array, row: usize) -> Option<String> {
    match Cell::read(column, row) {
        Cell::Text(text) => Some(text.into_owned()),
        _ => None,
    }
}
