//! The cells of a column as people read them, alike from row to row.

use chrono::{DateTime, Offset, Timelike};
use chrono_tz::Tz;

use super::chart::sparkline;
use super::number::{aligned, duration, integer, number};
use super::text::escape;
use crate::model::format_day;
use crate::report::{Cell, Column, ColumnKind, Table, Unit};

/// Columns of a sparkline.
const SPARKLINE: usize = 24;
/// What stands for no value.
pub(super) const NULL: &str = "–";

/// How exactly numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Six significant digits, the points of a column below each other.
    Aligned,
    /// Each by itself, with so many significant digits at most.
    Significant(usize),
}

/// One column, ready to be laid out.
pub(super) struct ShownColumn {
    /// The name.
    pub(super) name: String,
    /// What the numbers count, or the zone of the times; may be empty.
    pub(super) unit: String,
    /// Whether it stands at the right.
    pub(super) right: bool,
    /// Whether a long value may be broken into lines.
    pub(super) wraps: bool,
    /// One text a row.
    pub(super) cells: Vec<String>,
}

/// Writes the first rows of each column.
pub(super) fn shown_columns(
    table: &Table,
    rows: usize,
    tz: Tz,
    numbers: Numbers,
) -> Vec<ShownColumn> {
    let columns = table.columns.iter().enumerate();
    columns
        .map(|(at, column)| {
            let unit = match (column.kind, &column.unit) {
                (ColumnKind::Timestamp, _) => tz.name(),
                (_, Some(unit)) => unit.symbol(),
                _ => "",
            };
            ShownColumn {
                name: escape(&column.name).into_owned(),
                unit: escape(unit).into_owned(),
                right: matches!(
                    column.kind,
                    ColumnKind::Number | ColumnKind::Integer | ColumnKind::Duration
                ),
                wraps: !column.sparkline
                    && matches!(column.kind, ColumnKind::Text | ColumnKind::Nested),
                cells: cells(table, at, column, rows, tz, numbers),
            }
        })
        .collect()
}

fn cells(
    table: &Table,
    at: usize,
    column: &Column,
    rows: usize,
    tz: Tz,
    numbers: Numbers,
) -> Vec<String> {
    if column.sparkline && column.kind == ColumnKind::Nested {
        return sparklines(table, at, rows);
    }
    let cells: Vec<Cell<'_>> = table.cells(at).take(rows).collect();
    let factor = column.unit.as_ref().map_or(1.0, Unit::shown_factor);
    if column.kind == ColumnKind::Timestamp {
        return timestamps(&cells, tz);
    }
    let is_number =
        column.kind == ColumnKind::Number || column.kind == ColumnKind::Integer && factor != 1.0;
    if is_number {
        let scaled: Vec<Option<f64>> = cells
            .iter()
            .map(|cell| cell.as_f64().map(|value| value * factor))
            .collect();
        let texts = match numbers {
            Numbers::Aligned => aligned(&scaled),
            Numbers::Significant(digits) => scaled
                .iter()
                .map(|value| value.map_or_else(String::new, |v| number(v, digits)))
                .collect(),
        };
        return texts
            .into_iter()
            .map(|text| if text.is_empty() { NULL.into() } else { text })
            .collect();
    }
    let is_id = is_id(column);
    let text = |cell: &Cell<'_>| match cell {
        Cell::Null => NULL.to_owned(),
        Cell::Date(day) => format_day(*day),
        Cell::Duration(micros) => duration(*micros),
        Cell::Integer(value) if is_id => value.to_string(),
        Cell::Integer(value) => integer(*value),
        Cell::Text(text) => escape(text).into_owned(),
        other => escape(&other.plain()).into_owned(),
    };
    cells.iter().map(text).collect()
}

/// Tells whether whole numbers are names rather than counts: people copy them
/// into the next query, so that nothing may stand between the digits.
fn is_id(column: &Column) -> bool {
    let name = column.name.to_ascii_lowercase();
    column.kind == ColumnKind::Integer && (name == "id" || name.ends_with("_id"))
}

/// Times without what all rows share: no seconds where all are whole minutes,
/// the offset only where it changes among the rows.
fn timestamps(cells: &[Cell<'_>], tz: Tz) -> Vec<String> {
    let times: Vec<Option<DateTime<Tz>>> = cells
        .iter()
        .map(|cell| match cell {
            Cell::Timestamp(ts) => {
                DateTime::from_timestamp_micros(*ts).map(|t| t.with_timezone(&tz))
            }
            _ => None,
        })
        .collect();
    let all = |test: &dyn Fn(&DateTime<Tz>) -> bool| times.iter().flatten().all(test);
    let format = if all(&|t| t.num_seconds_from_midnight() == 0 && t.nanosecond() == 0) {
        "%Y-%m-%d"
    } else if all(&|t| t.second() == 0 && t.nanosecond() == 0) {
        "%Y-%m-%d %H:%M"
    } else if all(&|t| t.nanosecond() == 0) {
        "%Y-%m-%d %H:%M:%S"
    } else if all(&|t| t.nanosecond() % 1_000_000 == 0) {
        "%Y-%m-%d %H:%M:%S%.3f"
    } else {
        "%Y-%m-%d %H:%M:%S%.6f"
    };
    let offset = |t: &DateTime<Tz>| t.offset().fix().local_minus_utc();
    let first = times.iter().flatten().next().map(offset);
    let offsets = if all(&|t| Some(offset(t)) == first) {
        ""
    } else {
        " %:z"
    };
    let format = format!("{format}{offsets}");
    times
        .iter()
        .zip(cells)
        .map(|(time, cell)| match (time, cell) {
            (Some(time), _) => time.format(&format).to_string(),
            (None, Cell::Null) => NULL.to_owned(),
            (None, other) => escape(&other.plain()).into_owned(),
        })
        .collect()
}

fn sparklines(table: &Table, at: usize, rows: usize) -> Vec<String> {
    table
        .lists(at)
        .take(rows)
        .map(|values| match values {
            Some(values) => sparkline(&values, SPARKLINE),
            None => NULL.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(times: &[i64], tz: Tz) -> Vec<String> {
        let cells: Vec<_> = times
            .iter()
            .map(|t| Cell::Timestamp(t * 1_000_000))
            .collect();
        timestamps(&cells, tz)
    }

    #[test]
    fn leaves_out_what_all_times_share() {
        assert_eq!(shown(&[1_772_323_200], Tz::UTC), ["2026-03-01"]);
        assert_eq!(
            shown(&[1_772_323_200, 1_772_326_800], Tz::UTC),
            ["2026-03-01 00:00", "2026-03-01 01:00"]
        );
        // 2025-10-26: 02:00 CEST and 02:00 CET are an hour apart.
        assert_eq!(
            shown(&[1_761_436_800, 1_761_440_400], Tz::Europe__Berlin),
            ["2025-10-26 02:00 +02:00", "2025-10-26 02:00 +01:00"]
        );
        assert!(!shown(&[9_000_000_000_000], Tz::UTC)[0].is_empty());
    }
}
