//! What the store knows of the time and the events of a backtest.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, MapArray, RecordBatch};
use arrow::datatypes::{Date32Type, TimestampMicrosecondType};
use tokio::runtime::Handle;

use super::BacktestError;
use crate::alert::rule_file::RuleFile;
use crate::model::{Event, EventKind, MICROS_PER_DAY, TimeRange};
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
        let day = crate::model::format_day(day);
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
    Ok(end.map(|end| TimeRange {
        start: start.unwrap_or(first_day),
        end: end.saturating_add(1),
    }))
}

/// The metrics that rules read and that no rule records, as SQL literals.
fn metrics(files: &[RuleFile]) -> Vec<String> {
    let rules = || {
        let groups = files.iter().flat_map(|file| &file.groups);
        groups.flat_map(|group| &group.rules)
    };
    let recorded: BTreeSet<&str> = rules().map(|rule| rule.name.as_str()).collect();
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
pub(super) fn events(
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
