//! Reads logs out of Elasticsearch: `elasticdump` lines, `_search` responses, bulk bodies.
//!
//! `{"_index":"logs","_id":"x","_source":{…}}` a line; `{"hits":{"hits":[…]}}`,
//! streamed, several pages one after the other; `{"index":{}}` and a document
//! in turn. `_source` is read as a JSON log; `_id` and `_index` become
//! attributes of these names.

use std::borrow::Cow;
use std::io::BufRead;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, Sniffed};

use super::elasticsearch_search::read_responses;
use super::head::{keys_of_long_line, may_be_json};
use super::json_fields::{Field, Scalar, read_fields};
use super::json_records::{JsonRecords, NextRecord};
use super::log_fields::LogFields;

/// The Elasticsearch format.
#[derive(Debug)]
pub(super) struct Elasticsearch;

/// A hit, or a line of a bulk body.
#[derive(Debug, Deserialize)]
pub(super) struct Hit<'a> {
    #[serde(rename = "_index", default, borrow)]
    index: Option<Cow<'a, str>>,
    #[serde(rename = "_id", default, borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(rename = "_source", default, borrow)]
    source: Option<&'a RawValue>,
}

/// The first line of a pair in a bulk body.
#[derive(Debug, Deserialize)]
struct BulkLine {
    #[serde(alias = "create")]
    index: Option<BulkTarget>,
    update: Option<BulkTarget>,
    delete: Option<BulkTarget>,
}

/// Where a bulk document goes.
#[derive(Debug, Deserialize)]
struct BulkTarget {
    #[serde(rename = "_index")]
    index: Option<String>,
    #[serde(rename = "_id")]
    id: Option<String>,
}

impl Format for Elasticsearch {
    fn name(&self) -> &'static str {
        "elasticsearch"
    }

    fn description(&self) -> &'static str {
        "Logs from Elasticsearch: elasticdump lines, _search responses, bulk bodies"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let found = |what: &str| {
            Some(Sniffed {
                confidence: 95,
                why: format!("it has {what}"),
            })
        };
        let bytes = head
            .bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(head.bytes);
        let bytes = bytes.trim_ascii_start();
        if is_response(bytes) {
            return found("the \"hits\" of a _search response");
        }
        if !may_be_json(head) {
            return None;
        }
        if keys_of_long_line(head).iter().any(|key| key == "_source") {
            return found("a document in \"_source\"");
        }
        let mut input = head.bytes;
        let mut records = JsonRecords::open(&mut input).ok()?;
        // A first line may be broken.
        for _ in 0..5 {
            match records.next().ok()? {
                NextRecord::Record => {
                    let hit: Result<Hit<'_>, _> = serde_json::from_slice(records.text());
                    if hit.is_ok_and(|hit| hit.source.is_some()) {
                        return found("documents in \"_source\"");
                    }
                    if bulk_line(records.text()).is_some() {
                        return found("the action lines of a bulk body");
                    }
                }
                NextRecord::Broken(_) => {}
                NextRecord::End => break,
            }
        }
        None
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let mut logs = LogFields::new(options)?;
        let head = input.fill_buf()?;
        if is_response(
            head.strip_prefix(b"\xef\xbb\xbf")
                .unwrap_or(head)
                .trim_ascii_start(),
        ) {
            read_responses(input, &mut logs, sink)?;
        } else {
            read_lines(input, &mut logs, sink)?;
        }
        logs.finish(sink);
        Ok(())
    }
}

/// Tells whether a text begins with an object that has `hits` before any document.
fn is_response(text: &[u8]) -> bool {
    let hits = memmem::find(text, b"\"hits\"");
    let source = memmem::find(text, b"\"_source\"").unwrap_or(text.len());
    let shards = memmem::find(text, b"\"_shards\"");
    text.first() == Some(&b'{')
        && hits.is_some_and(|at| {
            at < source && (shards.is_some_and(|s| s < at) || text[1..at].trim_ascii().is_empty())
        })
}

fn read_lines(
    input: &mut dyn BufRead,
    logs: &mut LogFields<'_>,
    sink: &mut dyn RecordSink,
) -> Result<(), ReadError> {
    const EXPECTED: &str = "neither \"_source\" nor the action of a bulk body (\"index\", \
                            \"create\", \"update\", \"delete\")";
    let mut records = JsonRecords::open(input)?;
    let mut target: Option<BulkTarget> = None;
    while !sink.is_full() {
        let text = match records.next()? {
            NextRecord::Record => records.text(),
            NextRecord::Broken(reason) => {
                sink.reject(records.line(), reason, records.text());
                continue;
            }
            NextRecord::End => break,
        };
        let read = match target.take() {
            Some(target) => bulk_document(text, target, logs).map(Some),
            None => match serde_json::from_slice::<Hit<'_>>(text) {
                Err(error) => Err(format!("no valid JSON of a document: {error}")),
                Ok(hit) if hit.source.is_some() => read_hit(&hit, logs).map(Some),
                Ok(_) => match bulk_line(text) {
                    Some(line) => {
                        // A deletion has no document.
                        target = line.index.or(line.update);
                        Ok(None)
                    }
                    None => Err(format!("this has {EXPECTED}")),
                },
            },
        };
        match read {
            Ok(Some(record)) => sink.log(record),
            Ok(None) => {}
            Err(reason) => sink.reject(records.line(), &reason, text),
        }
    }
    Ok(())
}

/// Makes a record of a hit.
pub(super) fn read_hit(
    hit: &Hit<'_>,
    logs: &mut LogFields<'_>,
) -> Result<crate::model::LogRecord, String> {
    let source = hit.source.ok_or("the hit has no \"_source\"")?;
    document(
        source.get().as_bytes(),
        hit.index.as_deref(),
        hit.id.as_deref(),
        logs,
    )
}

fn bulk_document(
    text: &[u8],
    target: BulkTarget,
    logs: &mut LogFields<'_>,
) -> Result<crate::model::LogRecord, String> {
    document(text, target.index.as_deref(), target.id.as_deref(), logs)
}

fn document(
    text: &[u8],
    index: Option<&str>,
    id: Option<&str>,
    logs: &mut LogFields<'_>,
) -> Result<crate::model::LogRecord, String> {
    let mut fields = read_fields(text)?;
    for (name, value) in [("_index", index), ("_id", id)] {
        if let Some(value) = value {
            fields.push(Field {
                path: Cow::Borrowed(name),
                value: Scalar::Text(Cow::Borrowed(value)),
                outer: 0,
            });
        }
    }
    logs.record(fields)
}

/// Reads the action line of a bulk body: an object whose only member is one.
fn bulk_line(text: &[u8]) -> Option<BulkLine> {
    let line: BulkLine = serde_json::from_slice(text).ok()?;
    let first = text.trim_ascii().strip_prefix(b"{")?.trim_ascii_start();
    let is_action = [
        &b"\"index\""[..],
        b"\"create\"",
        b"\"update\"",
        b"\"delete\"",
    ]
    .iter()
    .any(|name| first.starts_with(name));
    let any = line.index.is_some() || line.update.is_some() || line.delete.is_some();
    (is_action && any).then_some(line)
}

#[cfg(test)]
#[path = "elasticsearch_tests.rs"]
mod tests;
