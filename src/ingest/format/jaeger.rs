//! Reads traces as Jaeger's query API and its user interface write them.
//!
//! `{"data":[{"traceID":…,"spans":[…],"processes":{…}}]}`, several such answers in one file,
//! bare traces, and bare spans as its Elasticsearch storage keeps them (with a `process` of
//! their own). Times and durations are µs. A trace at a time is in memory. Tags and the
//! tags of the process become attributes (a span's own win), the messages of a span
//! log records with its trace and span. Sources: jaeger `internal/uimodel/model.go` and
//! `internal/storage/elasticsearch/dbmodel/model.go`.
//!
//! The parent is the first `CHILD_OF` reference within the trace, else the first
//! `FOLLOWS_FROM`, which an attribute `ref_type` then says.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;

use memchr::memmem;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::line_counted::LineCounted;
use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, Sniffed};
use crate::model::{LogRecord, Span, SpanKind, SpanStatus, Warning, canonical_severity};

/// Jaeger's JSON.
pub(super) struct Jaeger;

impl Format for Jaeger {
    fn name(&self) -> &'static str {
        "jaeger"
    }

    fn description(&self) -> &'static str {
        "Jaeger traces as JSON (/api/traces, downloads of its user interface)"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let bytes = head.bytes;
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if !matches!(text.trim_ascii_start().first(), Some(b'{' | b'[')) {
            return None;
        }
        let has = |key: &str| memmem::find(bytes, key.as_bytes()).is_some();
        let is_span = has("\"operationName\"") && has("\"spanID\"") && has("\"traceID\"");
        is_span.then(|| Sniffed {
            confidence: 96,
            why: "it is JSON with traceID, spanID and operationName".into(),
        })
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        _: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let line = Cell::new(1);
        let reader = LineCounted::new(input, &line);
        let mut deserializer = serde_json::Deserializer::from_reader(reader);
        let mut all = All { sink, line: &line };
        // `end` fails where another document follows, without reading into it.
        while deserializer.end().is_err() && !all.sink.is_full() {
            if let Err(error) = (Document { all: &mut all }).deserialize(&mut deserializer) {
                if error.is_io() {
                    return Err(ReadError::Io(error.into()));
                }
                return Err(ReadError::Document {
                    line: line.get(),
                    reason: format!("the JSON is broken: {error}"),
                });
            }
        }
        Ok(())
    }
}

/// What the whole file has in common.
struct All<'c> {
    sink: &'c mut dyn RecordSink,
    line: &'c Cell<u64>,
}

/// One value of the file: an answer, a list of traces, a trace or a span.
struct Document<'r, 'c> {
    all: &'r mut All<'c>,
}

impl<'a> DeserializeSeed<'a> for Document<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Document<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer of /api/traces, a trace or a span")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(item) = seq.next_element::<Box<RawValue>>()? {
            self.all.item(item.get());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        // The members of a bare trace or span, put together again.
        let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "data" => map.next_value_seed(Document { all: self.all })?,
                "errors" => self.all.errors(&map.next_value::<Value>()?),
                "total" | "limit" | "offset" => {
                    map.next_value::<IgnoredAny>()?;
                }
                _ => members.push((key, map.next_value()?)),
            }
        }
        if !members.is_empty() {
            let members = members
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), value.get()));
            let text = format!("{{{}}}", members.collect::<Vec<_>>().join(","));
            self.all.item(&text);
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    spans: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default)]
    processes: BTreeMap<String, &'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Process {
    service_name: Option<String>,
    #[serde(default)]
    tags: Option<Vec<Tag>>,
}

#[derive(Debug, Deserialize)]
struct Tag {
    key: String,
    value: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSpan {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
    #[serde(rename = "parentSpanID")]
    parent_span_id: Option<String>,
    operation_name: String,
    #[serde(default)]
    references: Option<Vec<Reference>>,
    start_time: i64,
    duration: i64,
    #[serde(default)]
    tags: Option<Vec<Tag>>,
    #[serde(default)]
    logs: Option<Vec<Message>>,
    #[serde(rename = "processID")]
    process_id: Option<String>,
    process: Option<Process>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    ref_type: String,
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(rename = "spanID")]
    span_id: String,
}

#[derive(Debug, Deserialize)]
struct Message {
    timestamp: i64,
    #[serde(default)]
    fields: Vec<Tag>,
}

impl All<'_> {
    fn reject(&mut self, line: u64, reason: &str, text: &str) {
        self.sink.reject(line, reason, text.as_bytes());
    }

    fn errors(&mut self, errors: &Value) {
        for error in errors.as_array().into_iter().flatten() {
            let message = error["msg"]
                .as_str()
                .unwrap_or("an error without a message");
            self.sink.warn(Warning::new(
                "jaeger-error",
                format!("the answer says that something is missing: {message}"),
            ));
        }
    }

    /// Takes a trace or a span, which has just been read to its end.
    fn item(&mut self, text: &str) {
        let line = self.line.get().saturating_sub(breaks(text)).max(1);
        let item = match serde_json::from_str::<Item<'_>>(text) {
            Ok(item) => item,
            Err(error) => return self.reject(line, &format!("no valid trace: {error}"), text),
        };
        let Some(spans) = item.spans else {
            return self.span(line, text, &BTreeMap::new());
        };
        let mut processes = BTreeMap::new();
        for (id, text) in item.processes {
            match serde_json::from_str::<Process>(text.get()) {
                Ok(process) => {
                    processes.insert(id, process);
                }
                Err(error) => self.sink.warn(Warning::new(
                    "broken-process",
                    format!(
                        "a trace's process is no process, and its spans have no service: {error}"
                    ),
                )),
            }
        }
        for span in spans {
            let at = span.get().as_ptr().addr() - text.as_ptr().addr();
            let line = line + breaks(&text[..at]);
            self.span(line, span.get(), &processes);
        }
    }

    fn span(&mut self, line: u64, text: &str, processes: &BTreeMap<String, Process>) {
        let raw = match serde_json::from_str::<RawSpan>(text) {
            Ok(raw) if raw.duration < 0 => {
                return self.reject(line, "the span has a negative duration", text);
            }
            Ok(raw) => raw,
            Err(error) => return self.reject(line, &format!("no valid span: {error}"), text),
        };
        let Some(duration_ns) = raw.duration.checked_mul(1_000) else {
            return self.reject(line, "the span lasts longer than 292 years", text);
        };
        let process = raw.process.as_ref().or_else(|| {
            let id = raw.process_id.as_deref()?;
            processes.get(id)
        });
        let mut attributes = BTreeMap::new();
        let (mut kind, mut status) = (None, None);
        for tag in process
            .iter()
            .flat_map(|process| process.tags.iter().flatten())
        {
            attributes.insert(tag.key.clone(), text_of(&tag.value));
        }
        for tag in raw.tags.into_iter().flatten() {
            let value = text_of(&tag.value);
            match tag.key.as_str() {
                "span.kind" if SpanKind::parse(&value).is_some() => kind = SpanKind::parse(&value),
                "error" if value == "true" => status = Some(SpanStatus::Error),
                "otel.status_code" if SpanStatus::parse(&value).is_some() => {
                    status = status.or(SpanStatus::parse(&value));
                }
                _ => {
                    attributes.insert(tag.key, value);
                }
            }
        }
        for warning in raw.warnings.into_iter().flatten() {
            attributes.insert("jaeger.warning".to_owned(), warning);
        }
        let references = raw.references.unwrap_or_default();
        let within = |wanted: &str| {
            references
                .iter()
                .find(|r| r.trace_id == raw.trace_id && r.ref_type.eq_ignore_ascii_case(wanted))
        };
        let parent_span_id = match (within("CHILD_OF"), within("FOLLOWS_FROM")) {
            (Some(parent), _) => Some(parent.span_id.clone()),
            (None, Some(before)) => {
                attributes.insert("ref_type".to_owned(), "follows_from".to_owned());
                Some(before.span_id.clone())
            }
            // As older versions wrote it.
            (None, None) => raw.parent_span_id.filter(|id| !id.is_empty()),
        };
        let span = Span {
            ts: raw.start_time,
            trace_id: raw.trace_id,
            span_id: raw.span_id,
            parent_span_id,
            service: process.and_then(|process| process.service_name.clone()),
            name: raw.operation_name,
            kind,
            status,
            duration_ns,
            attributes: attributes.into_iter().collect(),
        };
        for message in raw.logs.into_iter().flatten() {
            self.sink.log(log_record(message, &span));
        }
        self.sink.span(span);
    }
}

/// Makes a log record of what a span noted on its way.
fn log_record(message: Message, span: &Span) -> LogRecord {
    let mut record = LogRecord {
        ts: message.timestamp,
        service: span.service.clone(),
        trace_id: Some(span.trace_id.clone()),
        span_id: Some(span.span_id.clone()),
        ..LogRecord::default()
    };
    let mut attributes = BTreeMap::new();
    for field in message.fields {
        let value = text_of(&field.value);
        match field.key.as_str() {
            "level" => record.severity = Some(canonical_severity(&value)),
            // OpenTracing's names; `message` says more than `event`.
            "message" => {
                if let Some(event) = record.body.replace(value) {
                    attributes.insert("event".to_owned(), event);
                }
            }
            "event" if record.body.is_none() => record.body = Some(value),
            _ => {
                attributes.insert(field.key, value);
            }
        }
    }
    record.attributes = attributes.into_iter().collect();
    record
}

fn breaks(text: &str) -> u64 {
    memchr::memchr_iter(b'\n', text.as_bytes()).count() as u64
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::test_sink::TestSink;

    const ANSWER: &str = r#"{"data":[
{"traceID":"1","spans":[
{"traceID":"1","spanID":"a","operationName":"GET /","references":[],"startTime":1700000000000000,"duration":1500,
 "tags":[{"key":"span.kind","type":"string","value":"server"},{"key":"http.status_code","type":"int64","value":200},{"key":"host","value":"own"}],
 "logs":[{"timestamp":1700000000000700,"fields":[{"key":"event","value":"retry"},{"key":"level","value":"warning"},{"key":"n","value":2}]}],
 "processID":"p1","warnings":null},
{"traceID":"1","spanID":"b","operationName":"consume","references":[{"refType":"CHILD_OF","traceID":"0","spanID":"z"},{"refType":"FOLLOWS_FROM","traceID":"1","spanID":"a"}],"startTime":1700000000000400,"duration":900,
 "tags":[{"key":"error","type":"bool","value":true}],"logs":[],"processID":"p9"},
{"traceID":"1","spanID":"c","operationName":"bad","startTime":1,"duration":-1},
{"traceID":"1","operationName":"no id"}
],"processes":{"p1":{"serviceName":"api","tags":[{"key":"host","value":"process"},{"key":"ip","value":"::1"}]}}}],"total":0,"errors":[{"code":404,"msg":"trace not found"}]}"#;

    #[test]
    fn reads_an_answer() {
        let sink = TestSink::read(&Jaeger, ANSWER);
        let [a, b] = &sink.spans[..] else {
            panic!("{:?}", sink.spans);
        };
        assert_eq!(
            *a,
            Span {
                ts: 1_700_000_000_000_000,
                trace_id: "1".into(),
                span_id: "a".into(),
                parent_span_id: None,
                service: Some("api".into()),
                name: "GET /".into(),
                kind: Some(SpanKind::Server),
                status: None,
                duration_ns: 1_500_000,
                attributes: [("host", "own"), ("http.status_code", "200"), ("ip", "::1")]
                    .map(|(k, v)| (k.to_owned(), v.to_owned()))
                    .to_vec(),
            }
        );
        assert_eq!(b.parent_span_id.as_deref(), Some("a"));
        assert_eq!((b.status, &b.service), (Some(SpanStatus::Error), &None));
        assert_eq!(b.attributes, [("ref_type".into(), "follows_from".into())]);
        let log = &sink.logs[0];
        assert_eq!(log.body.as_deref(), Some("retry"));
        assert_eq!(log.severity.as_deref(), Some("WARN"));
        assert_eq!(log.span_id.as_deref(), Some("a"));
        assert_eq!(log.attributes, [("n".into(), "2".into())]);
        assert!(sink.warnings[0].message.contains("trace not found"));
        let lines = sink.reject_lines();
        assert_eq!(lines[0], "9: the span has a negative duration");
        assert!(
            lines[1].starts_with("10: no valid span: missing field `spanID`"),
            "{lines:?}"
        );
    }

    #[test]
    fn reads_bare_traces_and_spans_of_the_storage() {
        let trace = r#"{"traceID":"1","spans":[{"traceID":"1","spanID":"a","operationName":"x","startTime":1,"duration":2,"processID":"p"}],"processes":{"p":{"serviceName":"s"}}}"#;
        let span = r#"{"traceID":"2","spanID":"b","operationName":"y","startTime":1,"duration":2,"process":{"serviceName":"t","tags":[]}}"#;
        for text in [format!("{trace}\n{span}\n"), format!("[{trace},\n{span}]")] {
            let sink = TestSink::read(&Jaeger, text);
            let services: Vec<_> = sink.spans.iter().map(|s| s.service.as_deref()).collect();
            assert_eq!(services, [Some("s"), Some("t")]);
        }
    }

    #[test]
    fn is_recognised() {
        let head = Head {
            bytes: ANSWER.as_bytes(),
            truncated: false,
            file_name: "x.json",
        };
        assert!(Jaeger.sniff(head).is_some_and(|s| s.confidence > 90));
        let (_, result) = TestSink::try_read(&Jaeger, &ANSWER[..900], &ReadOptions::default());
        assert!(matches!(result, Err(ReadError::Document { .. })));
    }

    proptest! {
        #[test]
        fn never_panics(at in 0..ANSWER.len(), byte: u8, cut in 0..ANSWER.len()) {
            let mut bytes = ANSWER.as_bytes().to_vec();
            bytes[at] = byte;
            bytes.truncate(cut.max(at));
            let _ = TestSink::try_read(&Jaeger, &bytes, &ReadOptions::default());
        }
    }
}
