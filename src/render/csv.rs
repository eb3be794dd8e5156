use arrow::array::Array;
use chrono_tz::Tz;

use super::json::write_value;
use crate::model::format_timestamp;
use crate::report::{Cell, ColumnKind, Table};

/// Writes a table as RFC 4180 (lines end with LF): a header row, numbers in full precision,
/// times as RFC 3339, durations in seconds, maps, lists and structs as JSON, nothing where
/// there is no value.
pub(super) fn render(table: &Table, tz: Tz) -> Vec<u8> {
    let mut bytes = Vec::new();
    header(&mut bytes, table);
    rows(&mut bytes, table, tz);
    bytes
}

/// Writes the header row.
pub(super) fn header(bytes: &mut Vec<u8>, table: &Table) {
    record(
        bytes,
        table.columns.iter().map(|column| column.name.as_str()),
    );
}

/// Writes the rows.
pub(super) fn rows(bytes: &mut Vec<u8>, table: &Table, tz: Tz) {
    let mut field = String::new();
    for batch in table.batches() {
        for row in 0..batch.num_rows() {
            for (at, array) in batch.columns().iter().enumerate() {
                if at > 0 {
                    bytes.push(b',');
                }
                if table.columns[at].kind == ColumnKind::Nested {
                    if !array.is_null(row) {
                        let mut json = Vec::new();
                        write_value(&mut json, array, row, tz);
                        escape(bytes, &String::from_utf8_lossy(&json));
                    }
                    continue;
                }
                match Cell::read(array, row) {
                    Cell::Null => {}
                    Cell::Text(text) => escape(bytes, &text),
                    Cell::Timestamp(ts) => escape(bytes, &format_timestamp(ts, tz)),
                    other => {
                        field.clear();
                        field.push_str(&other.plain());
                        escape(bytes, &field);
                    }
                }
            }
            bytes.push(b'\n');
        }
    }
}

fn record<'a>(bytes: &mut Vec<u8>, fields: impl Iterator<Item = &'a str>) {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            bytes.push(b',');
        }
        escape(bytes, field);
    }
    bytes.push(b'\n');
}

/// An empty text is quoted, so that it is not taken for no value.
fn escape(bytes: &mut Vec<u8>, field: &str) {
    let special = |b: u8| matches!(b, b',' | b'"' | b'\n' | b'\r');
    if field.is_empty() || field.bytes().any(special) {
        bytes.push(b'"');
        bytes.extend_from_slice(field.replace('"', "\"\"").as_bytes());
        bytes.push(b'"');
    } else {
        bytes.extend_from_slice(field.as_bytes());
    }
}
