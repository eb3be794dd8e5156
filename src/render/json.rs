//! JSON with schema `retrocast.report/v1`, which only grows.
//!
//! `columns` and `rows` are those of the first table; further ones stand in
//! `further_tables`. Not-finite numbers are `null`, times RFC 3339, durations
//! seconds, whole numbers beyond 2⁵³ numbers all the same.

use std::io::Write;

use arrow::array::{Array, AsArray};
use arrow::datatypes::DataType;
use chrono_tz::Tz;
use serde_json::{Value, json};

use crate::model::format_timestamp;
use crate::report::{Block, Cell, Document, Finding, Table, list_values};

/// Writes a document.
pub(super) fn render(document: &Document, tz: Tz) -> Vec<u8> {
    let provenance = &document.provenance;
    let object = |pairs: &[(String, String)]| -> Value {
        let pairs = pairs.iter().map(|(k, v)| (k.clone(), json!(v)));
        Value::Object(pairs.collect())
    };
    let time = |ts: Option<i64>| ts.map(|ts| format_timestamp(ts, tz));
    let store = provenance.store.iter();
    let store: serde_json::Map<_, _> = store.map(|(k, v)| (k.clone(), json!(v))).collect();
    let findings: Vec<Value> = document.findings().map(finding).collect();
    let text: Vec<&str> = document
        .blocks
        .iter()
        .filter_map(|block| match block {
            Block::Paragraph(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();

    let mut out = Vec::new();
    out.extend_from_slice(b"{");
    let member = |out: &mut Vec<u8>, name: &str, value: Value| {
        if out.len() > 1 {
            out.push(b',');
        }
        let _ = write!(out, "\n  \"{name}\": {value}");
    };
    member(&mut out, "schema", json!("retrocast.report/v1"));
    member(&mut out, "title", json!(document.title));
    member(&mut out, "name", json!(provenance.name));
    member(&mut out, "text", json!(text));
    member(&mut out, "parameters", object(&provenance.parameters));
    member(
        &mut out,
        "since",
        json!(time(provenance.range.map(|r| r.start))),
    );
    member(
        &mut out,
        "until",
        json!(time(provenance.range.map(|r| r.end))),
    );
    member(&mut out, "store", Value::Object(store));
    member(&mut out, "findings", json!(findings));
    member(&mut out, "warnings", json!(document.warnings));
    let mut tables = document.tables();
    match tables.next() {
        Some(table) => table_members(&mut out, table, tz, "  "),
        None => out.extend_from_slice(b",\n  \"columns\": [],\n  \"rows\": []"),
    }
    for (at, table) in tables.enumerate() {
        out.extend_from_slice(if at == 0 {
            b",\n  \"further_tables\": [\n    {"
        } else {
            b",\n    {"
        });
        let _ = write!(out, "\n      \"title\": {}", json!(table.title));
        table_members(&mut out, table, tz, "      ");
        out.extend_from_slice(b"\n    }");
    }
    if document.tables().nth(1).is_some() {
        out.extend_from_slice(b"\n  ]");
    }
    out.extend_from_slice(b"\n}\n");
    out
}

/// A finding; what it does not say is left out.
fn finding(finding: &Finding) -> Value {
    let mut object = json!({"severity": finding.severity.as_str(), "sentence": finding.sentence});
    let subject = &finding.subject;
    let (file, line) = subject.place.clone().unzip();
    for (name, value) in [
        ("code", json!(subject.code)),
        ("rule", json!(subject.rules.first())),
        (
            "with",
            json!(subject.rules.get(1..).filter(|more| !more.is_empty())),
        ),
        ("incident", json!(subject.incident)),
        ("file", json!(file)),
        ("line", json!(line)),
    ] {
        if !value.is_null() {
            object[name] = value;
        }
    }
    object
}

fn table_members(out: &mut Vec<u8>, table: &Table, tz: Tz, indent: &str) {
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|c| {
            let unit = c.unit.as_ref().map(|unit| unit.as_str());
            json!({"name": c.name, "type": c.kind.as_str(), "unit": unit})
        })
        .collect();
    let _ = write!(out, ",\n{indent}\"columns\": {}", json!(columns));
    let _ = write!(out, ",\n{indent}\"rows\": [");
    let mut first = true;
    write_rows(out, table, tz, |out| {
        let comma = if first { "" } else { "," };
        first = false;
        let _ = write!(out, "{comma}\n{indent}  ");
    });
    if !first {
        let _ = write!(out, "\n{indent}");
    }
    out.push(b']');
}

/// Writes each row as an object, after what `before` writes.
pub(super) fn write_rows(
    out: &mut Vec<u8>,
    table: &Table,
    tz: Tz,
    mut before: impl FnMut(&mut Vec<u8>),
) {
    let names: Vec<String> = unique(table.columns.iter().map(|c| c.name.as_str()))
        .iter()
        .map(|name| json!(name).to_string())
        .collect();
    for batch in table.batches() {
        for row in 0..batch.num_rows() {
            before(out);
            for (at, (name, array)) in names.iter().zip(batch.columns()).enumerate() {
                out.push(if at == 0 { b'{' } else { b',' });
                out.extend_from_slice(name.as_bytes());
                out.push(b':');
                write_value(out, array, row, tz);
            }
            out.extend_from_slice(if names.is_empty() { b"{}" } else { b"}" });
        }
    }
}

/// SQL may return a name twice, an object may not: the second is `name_2`.
fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut taken: Vec<String> = Vec::new();
    for name in names {
        let mut candidate = name.to_owned();
        let mut count = 1;
        while taken.contains(&candidate) {
            count += 1;
            candidate = format!("{name}_{count}");
        }
        taken.push(candidate);
    }
    taken
}

/// Writes one value; a map or a struct is an object.
pub(super) fn write_value(out: &mut Vec<u8>, array: &dyn Array, row: usize, tz: Tz) {
    if array.is_null(row) {
        out.extend_from_slice(b"null");
        return;
    }
    match array.data_type() {
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => {
            out.push(b'[');
            if let Some(items) = list_values(array, row) {
                for item in 0..items.len() {
                    if item > 0 {
                        out.push(b',');
                    }
                    write_value(out, &items, item, tz);
                }
            }
            out.push(b']');
        }
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let keys = (0..entries.len()).map(|i| Cell::read(entries.column(0), i).plain());
            write_object(out, keys, |out, i| {
                write_value(out, entries.column(1), i, tz)
            });
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            let names = fields.iter().map(|field| field.name().clone());
            write_object(out, names, |out, i| write_value(out, &columns[i], row, tz));
        }
        _ => write_cell(out, &Cell::read(array, row), tz),
    }
}

fn write_object(
    out: &mut Vec<u8>,
    names: impl Iterator<Item = String>,
    mut value: impl FnMut(&mut Vec<u8>, usize),
) {
    out.push(b'{');
    for (at, name) in names.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let _ = write!(out, "{}:", json!(name));
        value(out, at);
    }
    out.push(b'}');
}

fn write_cell(out: &mut Vec<u8>, cell: &Cell<'_>, tz: Tz) {
    let _ = match cell {
        Cell::Null => out.write_all(b"null"),
        Cell::Text(text) => write!(out, "{}", json!(text)),
        Cell::Timestamp(ts) => write!(out, "{}", json!(format_timestamp(*ts, tz))),
        Cell::Date(_) => write!(out, "{}", json!(cell.plain())),
        // serde_json writes what is not finite as null.
        Cell::Number(value) => write!(out, "{}", json!(value)),
        Cell::Duration(_) => write!(out, "{}", json!(cell.as_f64())),
        Cell::Integer(value) => write!(out, "{value}"),
        Cell::Decimal(digits) => write!(out, "{digits}"),
        Cell::Bool(value) => write!(out, "{value}"),
    };
}
