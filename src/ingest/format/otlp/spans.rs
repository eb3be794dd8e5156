//! Spans of OTLP, and their events as log records.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::Scope;
use super::value::{KeyValue, Number, Resource, id, micros, text_of};
use crate::model::{LogRecord, Span, SpanKind, SpanStatus, canonical_severity};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Raw {
    trace_id: String,
    span_id: String,
    parent_span_id: String,
    name: String,
    kind: Value,
    start_time_unix_nano: Option<Number>,
    end_time_unix_nano: Option<Number>,
    attributes: Vec<KeyValue>,
    events: Vec<Event>,
    links: Vec<Link>,
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    time_unix_nano: Option<Number>,
    name: String,
    attributes: Vec<KeyValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Link {
    trace_id: String,
    span_id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: Value,
    message: String,
}

/// Reads a span and what it noted on its way.
pub(super) fn read(
    text: &str,
    resource: &Resource,
    scope: &Scope,
) -> Result<(Span, Vec<LogRecord>), String> {
    let raw: Raw = serde_json::from_str(text).map_err(|error| format!("no valid span: {error}"))?;
    let trace_id = id(&raw.trace_id, 16)?.ok_or("the span has no traceId")?;
    let span_id = id(&raw.span_id, 8)?.ok_or("the span has no spanId")?;
    let time = |number: Option<Number>, what: &str| {
        let nanos = number.and_then(Number::as_nanos).filter(|nanos| *nanos > 0);
        nanos.ok_or_else(|| format!("the span has no {what}"))
    };
    let start = time(raw.start_time_unix_nano, "startTimeUnixNano")?;
    let end = time(raw.end_time_unix_nano, "endTimeUnixNano (it has not ended)")?;
    let duration_ns = end
        .checked_sub(start)
        .ok_or("the span ends before it begins")?;
    let mut attributes = attributes(resource, scope);
    for pair in raw.attributes {
        attributes.insert(pair.key, text_of(&pair.value));
    }
    if !raw.status.message.is_empty() {
        attributes.insert("status.message".to_owned(), raw.status.message);
    }
    if !raw.links.is_empty() {
        let links = raw
            .links
            .iter()
            .map(|link| format!("{}:{}", link.trace_id, link.span_id));
        attributes.insert("links".to_owned(), links.collect::<Vec<_>>().join(","));
    }
    let span = Span {
        ts: micros(start),
        trace_id,
        span_id,
        parent_span_id: id(&raw.parent_span_id, 8)?,
        service: resource.get("service.name"),
        name: raw.name,
        kind: kind(&raw.kind),
        status: status(&raw.status.code),
        duration_ns: i64::try_from(duration_ns).unwrap_or(i64::MAX),
        attributes: attributes.into_iter().collect(),
    };
    let events = raw
        .events
        .into_iter()
        .map(|event| log_record(event, &span, start));
    let events = events.collect();
    Ok((span, events))
}

/// What a record gets of its resource and scope: all but the service's name.
pub(super) fn attributes(resource: &Resource, scope: &Scope) -> BTreeMap<String, String> {
    let scope_own = [
        ("otel.scope.name", &scope.name),
        ("otel.scope.version", &scope.version),
    ];
    let scope_own = scope_own
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (key.to_owned(), value.clone()));
    let pairs = resource.attributes.iter().chain(&scope.attributes);
    pairs
        .filter(|pair| pair.key != "service.name")
        .map(|pair| (pair.key.clone(), text_of(&pair.value)))
        .chain(scope_own)
        .collect()
}

fn kind(value: &Value) -> Option<SpanKind> {
    match value.as_u64() {
        Some(1) => Some(SpanKind::Internal),
        Some(2) => Some(SpanKind::Server),
        Some(3) => Some(SpanKind::Client),
        Some(4) => Some(SpanKind::Producer),
        Some(5) => Some(SpanKind::Consumer),
        Some(_) => None,
        None => value.as_str().and_then(SpanKind::parse),
    }
}

fn status(value: &Value) -> Option<SpanStatus> {
    match value.as_u64() {
        Some(1) => Some(SpanStatus::Ok),
        Some(2) => Some(SpanStatus::Error),
        Some(_) => None,
        None => value.as_str().and_then(SpanStatus::parse),
    }
}

fn log_record(event: Event, span: &Span, start: u64) -> LogRecord {
    let at = event.time_unix_nano.and_then(Number::as_nanos);
    let mut attributes: BTreeMap<String, String> = event
        .attributes
        .iter()
        .map(|pair| (pair.key.clone(), text_of(&pair.value)))
        .collect();
    let severity = attributes
        .remove("level")
        .map(|level| canonical_severity(&level));
    LogRecord {
        ts: micros(at.filter(|at| *at > 0).unwrap_or(start)),
        service: span.service.clone(),
        severity: severity.or_else(|| (event.name == "exception").then(|| "ERROR".to_owned())),
        body: Some(event.name),
        trace_id: Some(span.trace_id.clone()),
        span_id: Some(span.span_id.clone()),
        duration_ms: None,
        attributes: attributes.into_iter().collect(),
    }
}
