//! Reads records of named text fields from CSV with a header, JSON lines, a JSON array
//! or the list in an API's answer.

use std::io::BufRead;

use crate::ingest::{Head, ReadError, RecordSink};

use super::csv_decimal::Decimals;
use super::csv_header::first_rows;
use super::csv_rows::{Next, Rows};
use super::json_fields::{Field, read_fields};
use super::json_list::{items, list_start};
use super::json_logs::for_first_records;
use super::json_records::{JsonRecords, NextRecord};
use super::log_fields::bag_member;

/// One record: names and values in the order of the file, without the empty ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TableRecord {
    fields: Vec<(String, String)>,
}

impl TableRecord {
    fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let filled = |(_, value): &(String, String)| {
            !value.is_empty() && !value.eq_ignore_ascii_case("null")
        };
        Self {
            fields: pairs.into_iter().filter(filled).collect(),
        }
    }

    fn from_json(text: &[u8]) -> Result<Self, String> {
        Ok(Self::from_fields(&read_fields(text)?))
    }

    /// Takes fields by their own name, without that of the bag that they are in.
    fn from_fields(fields: &[Field<'_>]) -> Self {
        let name = |field: &Field<'_>| {
            bag_member(field)
                .filter(|name| fields.iter().all(|other| other.path != *name))
                .unwrap_or(&field.path)
                .to_owned()
        };
        let pairs = fields
            .iter()
            .map(|field| (name(field), field.value.to_text().into_owned()));
        Self::from_pairs(pairs)
    }

    /// Iterates over the names in the order of the file.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|(name, _)| name.as_str())
    }

    /// Puts the fields into another form; empty ones are dropped.
    pub(super) fn rearrange(
        &mut self,
        change: impl FnOnce(Vec<(String, String)>) -> Vec<(String, String)>,
    ) {
        let fields = change(std::mem::take(&mut self.fields));
        *self = Self::from_pairs(fields);
    }

    /// Takes out the field with the first of these names that there is;
    /// `Started At`, `started-at` and `startedAt` count as `started_at`.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<String> {
        let at = names
            .iter()
            .find_map(|name| self.fields.iter().position(|(n, _)| same_name(n, name)))?;
        Some(self.fields.remove(at).1)
    }

    /// Returns the value that [`take`](Self::take) would take.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let found = self.fields.iter().find(|(n, _)| same_name(n, name));
            found.map(|(_, value)| value.as_str())
        })
    }

    /// Returns what was not taken, sorted by name.
    pub(super) fn rest(mut self) -> Vec<(String, String)> {
        self.fields.sort();
        self.fields.dedup_by(|b, a| a.0 == b.0);
        self.fields
    }
}

/// Tells whether two names are the same but for capitals and for what parts their words.
pub(super) fn same_name(name: &str, wanted: &str) -> bool {
    letters(name).eq(letters(wanted))
}

fn letters(name: &str) -> impl Iterator<Item = u8> {
    let bytes = name.bytes().filter(|b| !matches!(b, b' ' | b'-' | b'_'));
    bytes.map(|b| b.to_ascii_lowercase())
}

/// Why the last record of a list that is cut is rejected.
const CUT_ITEM: &str = "the list ends within this record: the file is cut";
/// How many rows are looked at for the decimal mark ahead of reading.
const FIRST_ROWS: usize = 100;

/// Reads all records; those for which `take` fails are rejects with its reason.
/// `numbers` are the names of the columns that show a CSV file's decimal mark.
pub(super) fn read_table(
    input: &mut dyn BufRead,
    sink: &mut dyn RecordSink,
    numbers: &[&[&str]],
    mut take: impl FnMut(TableRecord, &mut Decimals, &mut dyn RecordSink) -> Result<(), String>,
) -> Result<(), ReadError> {
    let head = input.fill_buf()?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if matches!(head.trim_ascii_start().first(), Some(b'{' | b'[')) {
        let mut records = JsonRecords::open(input)?;
        let mut decimals = Decimals::new(b',');
        while !sink.is_full() {
            let read = match records.next()? {
                NextRecord::Record => {
                    if let Some(start) = list_start(records.text()) {
                        for item in items(records.text(), start) {
                            let read = match item.is_whole {
                                true => TableRecord::from_json(item.text)
                                    .and_then(|record| take(record, &mut decimals, sink)),
                                false => Err(CUT_ITEM.to_owned()),
                            };
                            if let Err(reason) = read {
                                sink.reject(records.line() + item.line, &reason, item.text);
                            }
                        }
                        continue;
                    }
                    TableRecord::from_json(records.text())
                        .and_then(|record| take(record, &mut decimals, sink))
                }
                NextRecord::Broken(reason) => Err(reason.to_owned()),
                NextRecord::End => break,
            };
            if let Err(reason) = read {
                sink.reject(records.line(), &reason, records.text());
            }
        }
        return Ok(());
    }
    let mut rows = Rows::open(input)?;
    let mut header: Option<Vec<String>> = None;
    let mut decimals = Decimals::new(rows.delimiter());
    while !sink.is_full() {
        let read = match rows.next()? {
            Next::Row => match &header {
                None => {
                    sink.context(rows.raw());
                    let names = rows.texts();
                    let is_number = |name: &String| {
                        let mut all = numbers.iter().flat_map(|names| names.iter());
                        all.any(|number| same_name(name, number))
                    };
                    for row in rows.peek(FIRST_ROWS)? {
                        let cells = names.iter().zip(&row).filter(|(name, _)| is_number(name));
                        cells.for_each(|(_, cell)| decimals.look_at(cell.as_bytes()));
                    }
                    header = Some(names);
                    continue;
                }
                Some(header) if header.len() != rows.len() => Err(format!(
                    "the row has {} fields, but the header has {}",
                    rows.len(),
                    header.len()
                )),
                Some(header) => {
                    let pairs = header.iter().cloned().zip(rows.texts());
                    take(TableRecord::from_pairs(pairs), &mut decimals, sink)
                }
            },
            Next::Blank => continue,
            Next::Broken(reason) => Err(reason.to_owned()),
            Next::End => break,
        };
        if let Err(reason) = read {
            sink.reject(rows.line(), &reason, rows.raw());
        }
    }
    decimals.finish(sink);
    Ok(())
}

/// The names and the first records of a file, for `sniff`.
pub(super) struct FirstRecords {
    names: Vec<String>,
    pub(super) records: Vec<TableRecord>,
}

impl FirstRecords {
    /// Reads a file's beginning; `None` where it is neither CSV nor JSON.
    pub(super) fn read(head: Head<'_>) -> Option<Self> {
        let mut names: Vec<String> = Vec::new();
        let mut records = Vec::new();
        let bytes = head.bytes;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if let Some(start) = list_start(bytes) {
            let bytes = &bytes[start..];
            for_first_records(Head { bytes, ..head }, |fields| {
                let record = TableRecord::from_fields(fields);
                for name in record.names() {
                    if !names.iter().any(|known| known == name) {
                        names.push(name.to_owned());
                    }
                }
                records.push(record);
            })?;
        } else if let Some((_, rows)) = first_rows(head) {
            let (header, rows) = rows.split_first()?;
            names.clone_from(header);
            for row in rows {
                let pairs = header.iter().cloned().zip(row.iter().cloned());
                records.push(TableRecord::from_pairs(pairs));
            }
        } else {
            for_first_records(head, |fields| {
                for field in fields {
                    if !names.iter().any(|name| *name == *field.path) {
                        names.push(field.path.to_string());
                    }
                }
                let pairs = fields
                    .iter()
                    .map(|f| (f.path.to_string(), f.value.to_text().into_owned()));
                records.push(TableRecord::from_pairs(pairs));
            })?;
        }
        Some(Self { names, records })
    }

    /// Tells whether most records have a field of one of these names.
    pub(super) fn most_have(&self, names: &[&str]) -> bool {
        let having = self.records.iter().filter(|r| r.get(names).is_some());
        having.count() * 2 > self.records.len()
    }

    /// Finds the file's own spelling of the first of these names that there is.
    pub(super) fn name(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| {
            let found = self.names.iter().find(|n| same_name(n, name));
            found.map(String::as_str)
        })
    }
}
