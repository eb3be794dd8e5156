//! Reads OpenTelemetry's OTLP as JSON: traces, metrics and logs.
//!
//! One export request a line (the collector's file exporter), requests over several lines, and
//! arrays of them; what a trace backend answers (`batches`, `trace`) too. 64-bit integers
//! come as texts, ids as hexadecimal (base64 of protobuf's own JSON is read as well). A request
//! at a time is in memory; a span, a point or a record that cannot be read is rejected alone.
//! Sources: opentelemetry-proto `docs/specification.md` (JSON Protobuf Encoding) and its
//! `examples/`.

mod logs;
mod metric_name;
mod metrics;
mod spans;
mod value;

use std::io::BufRead;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::metrics::Metrics;
use self::value::{KeyValue, Resource};
use super::json_records::{JsonRecords, NextRecord};
use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, Sniffed};

/// OTLP's JSON.
pub(super) struct Otlp;

impl Format for Otlp {
    fn name(&self) -> &'static str {
        "otlp-json"
    }

    fn description(&self) -> &'static str {
        "OpenTelemetry OTLP as JSON: traces, metrics, logs (collector's file exporter)"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let bytes = head.bytes;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return None;
        }
        let has = |key: &str| memmem::find(bytes, key.as_bytes()).is_some();
        let outer = [
            "resourceSpans",
            "resourceMetrics",
            "resourceLogs",
            "batches",
        ]
        .into_iter()
        .find(|key| has(&format!("\"{key}\"")))?;
        let inner = ["\"resource\"", "\"scope", "\"instrumentationLibrary"];
        inner.into_iter().any(has).then(|| Sniffed {
            confidence: 96,
            why: format!("it is JSON with {outer}"),
        })
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        _: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let mut records = JsonRecords::open(input)?;
        let mut reader = Reader {
            sink,
            metrics: Metrics::default(),
        };
        loop {
            match records.next()? {
                NextRecord::End => return Ok(()),
                NextRecord::Broken(reason) => {
                    reader.sink.reject(records.line(), reason, records.text());
                }
                NextRecord::Record => reader.request(records.line(), records.text()),
            }
            if reader.sink.is_full() {
                return Ok(());
            }
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request<'a> {
    #[serde(borrow, alias = "batches")]
    resource_spans: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    resource_metrics: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    resource_logs: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    trace: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OfResource<'a> {
    resource: Resource,
    #[serde(
        borrow,
        alias = "scopeMetrics",
        alias = "scopeLogs",
        alias = "instrumentationLibrarySpans",
        alias = "instrumentationLibraryMetrics",
        alias = "instrumentationLibraryLogs"
    )]
    scope_spans: Vec<OfScope<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OfScope<'a> {
    #[serde(alias = "instrumentationLibrary")]
    scope: Scope,
    #[serde(borrow, alias = "metrics", alias = "logRecords", alias = "logs")]
    spans: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Scope {
    name: String,
    version: String,
    attributes: Vec<KeyValue>,
}

struct Reader<'c> {
    sink: &'c mut dyn RecordSink,
    metrics: Metrics,
}

/// The part of a text that was handed out of it, and the line on which it begins.
struct Place<'a> {
    text: &'a str,
    line: u64,
}

impl Place<'_> {
    fn line_of(&self, part: &str) -> u64 {
        let at = part
            .as_ptr()
            .addr()
            .saturating_sub(self.text.as_ptr().addr());
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        self.line + memchr::memchr_iter(b'\n', before).count() as u64
    }
}

impl Reader<'_> {
    fn request(&mut self, line: u64, bytes: &[u8]) {
        let read = std::str::from_utf8(bytes)
            .map_err(|error| format!("no valid UTF-8: {error}"))
            .and_then(|text| {
                let request = serde_json::from_str::<Request<'_>>(text);
                let request = request.map_err(|error| format!("no valid OTLP: {error}"))?;
                Ok((text, request))
            });
        let (text, request) = match read {
            Ok(read) => read,
            Err(reason) => return self.sink.reject(line, &reason, bytes),
        };
        let place = Place { text, line };
        let known = [
            &request.resource_spans,
            &request.resource_metrics,
            &request.resource_logs,
        ];
        if known.iter().all(|list| list.is_none()) && request.trace.is_none() {
            let reason = "expected resourceSpans, resourceMetrics or resourceLogs";
            return self.sink.reject(line, reason, bytes);
        }
        for part in request.resource_spans.into_iter().flatten() {
            self.part(&place, part.get(), Reader::spans);
        }
        for part in request.resource_metrics.into_iter().flatten() {
            self.part(&place, part.get(), Reader::metrics);
        }
        for part in request.resource_logs.into_iter().flatten() {
            self.part(&place, part.get(), Reader::logs);
        }
        if let Some(trace) = request.trace {
            self.request(place.line_of(trace.get()), trace.get().as_bytes());
        }
    }

    /// Reads what one resource sent.
    fn part(
        &mut self,
        place: &Place<'_>,
        text: &str,
        take: fn(&mut Self, &Place<'_>, &OfResource<'_>),
    ) {
        match serde_json::from_str::<OfResource<'_>>(text) {
            Ok(part) => take(self, place, &part),
            Err(error) => self.sink.reject(
                place.line_of(text),
                &format!("no valid part of a request: {error}"),
                text.as_bytes(),
            ),
        }
    }

    fn spans(&mut self, place: &Place<'_>, part: &OfResource<'_>) {
        for scope in &part.scope_spans {
            for span in &scope.spans {
                let text = span.get();
                match spans::read(text, &part.resource, &scope.scope) {
                    Ok((span, events)) => {
                        for event in events {
                            self.sink.log(event);
                        }
                        self.sink.span(span);
                    }
                    Err(reason) => {
                        self.sink
                            .reject(place.line_of(text), &reason, text.as_bytes());
                    }
                }
            }
        }
    }

    fn logs(&mut self, place: &Place<'_>, part: &OfResource<'_>) {
        for scope in &part.scope_spans {
            for record in &scope.spans {
                let text = record.get();
                match logs::read(text, &part.resource, &scope.scope) {
                    Ok(record) => self.sink.log(record),
                    Err(reason) => {
                        self.sink
                            .reject(place.line_of(text), &reason, text.as_bytes());
                    }
                }
            }
        }
    }

    fn metrics(&mut self, place: &Place<'_>, part: &OfResource<'_>) {
        let mut resource = self.metrics.resource(&part.resource);
        for scope in &part.scope_spans {
            for metric in &scope.spans {
                let text = metric.get();
                let mut reject = |sink: &mut dyn RecordSink, part: &str, reason: &str| {
                    sink.reject(place.line_of(part), reason, part.as_bytes());
                };
                resource.read(text, self.sink, &mut reject);
            }
        }
        resource.describe(self.sink);
    }
}

#[cfg(test)]
mod tests;
