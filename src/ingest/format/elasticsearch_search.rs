//! Streams the hits of Elasticsearch `_search` responses, one hit in memory at a time.

use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::ingest::{ReadError, RecordSink};
use crate::model::Warning;

use super::elasticsearch::{Hit, read_hit};
use super::line_counted::LineCounted;
use super::log_fields::LogFields;

/// Reads one response after the other (the pages of a scroll), and warns of
/// what the server or the export left out.
pub(super) fn read_responses(
    input: &mut dyn BufRead,
    logs: &mut LogFields<'_>,
    sink: &mut dyn RecordSink,
) -> Result<(), ReadError> {
    let line = std::cell::Cell::new(1);
    let reader = LineCounted::new(input, &line);
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let mut responses = Responses {
        logs,
        sink,
        line: &line,
        hits: 0,
        total: 0,
    };
    // `end` fails where another response follows, without reading into it.
    while deserializer.end().is_err() && !responses.sink.is_full() {
        if let Err(error) = (Response {
            all: &mut responses,
        })
        .deserialize(&mut deserializer)
        {
            if error.is_io() {
                return Err(ReadError::Io(error.into()));
            }
            return Err(ReadError::Document {
                line: line.get(),
                reason: format!("the _search response is broken: {error}"),
            });
        }
    }
    let Responses { hits, total, .. } = responses;
    if total > hits {
        sink.warn(Warning::new(
            "incomplete-export",
            format!(
                "the search found {total} documents or more, but {hits} are in the file: \
                 export the other pages too (scroll or search_after)"
            ),
        ));
    }
    Ok(())
}

struct Responses<'c, 'o> {
    logs: &'c mut LogFields<'o>,
    sink: &'c mut dyn RecordSink,
    line: &'c std::cell::Cell<u64>,
    hits: u64,
    total: u64,
}

impl Responses<'_, '_> {
    fn take_hit(&mut self, text: &str) {
        self.hits += 1;
        let read = serde_json::from_str::<Hit<'_>>(text)
            .map_err(|error| format!("no valid hit: {error}"))
            .and_then(|hit| read_hit(&hit, self.logs));
        match read {
            Ok(record) => self.sink.log(record),
            Err(reason) => {
                // The hit has been read to its end; its beginning stands above.
                let breaks = text.bytes().filter(|b| *b == b'\n').count() as u64;
                let line = self.line.get().saturating_sub(breaks).max(1);
                self.sink.reject(line, &reason, text.as_bytes());
            }
        }
    }
}

/// Reads the outer object.
struct Response<'r, 'c, 'o> {
    all: &'r mut Responses<'c, 'o>,
}

impl<'a> DeserializeSeed<'a> for Response<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Response<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a _search response")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "hits" => map.next_value_seed(Hits { all: self.all })?,
                "timed_out" => {
                    if map.next_value::<Value>()? == Value::Bool(true) {
                        self.all.sink.warn(Warning::new(
                            "search-timed-out",
                            "the search timed out, so documents are missing",
                        ));
                    }
                }
                "_shards" => {
                    let shards: Value = map.next_value()?;
                    let failed = shards["failed"].as_u64().unwrap_or(0);
                    if failed > 0 {
                        self.all.sink.warn(Warning::new(
                            "search-shards-failed",
                            format!("{failed} shards failed, so documents are missing"),
                        ));
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Reads `hits`: the total and the array of documents.
struct Hits<'r, 'c, 'o> {
    all: &'r mut Responses<'c, 'o>,
}

impl<'a> DeserializeSeed<'a> for Hits<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Hits<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with \"hits\", or the array itself")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "hits" => map.next_value_seed(Hits { all: self.all })?,
                "total" => {
                    let total: Value = map.next_value()?;
                    // A number until version 6, an object since.
                    let total = total.as_u64().or_else(|| total["value"].as_u64());
                    self.all.total = self.all.total.max(total.unwrap_or(0));
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(hit) = seq.next_element::<Box<RawValue>>()? {
            self.all.take_hit(hit.get());
        }
        Ok(())
    }
}
