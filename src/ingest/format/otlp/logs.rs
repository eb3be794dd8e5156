//! Log records of OTLP.

use serde::Deserialize;
use serde_json::Value;

use super::Scope;
use super::spans::attributes;
use super::value::{KeyValue, Number, Resource, id, micros, text_of};
use crate::model::{LogRecord, canonical_severity};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Raw {
    time_unix_nano: Option<Number>,
    observed_time_unix_nano: Option<Number>,
    severity_number: Value,
    severity_text: String,
    body: Value,
    attributes: Vec<KeyValue>,
    trace_id: String,
    span_id: String,
    event_name: String,
}

/// Reads a record; where it has no time, when it was seen counts.
pub(super) fn read(text: &str, resource: &Resource, scope: &Scope) -> Result<LogRecord, String> {
    let raw: Raw =
        serde_json::from_str(text).map_err(|error| format!("no valid log record: {error}"))?;
    let at = [raw.time_unix_nano, raw.observed_time_unix_nano]
        .into_iter()
        .filter_map(|number| number?.as_nanos())
        .find(|nanos| *nanos > 0)
        .ok_or("the log record has no timeUnixNano")?;
    let mut attributes = attributes(resource, scope);
    for pair in raw.attributes {
        attributes.insert(pair.key, text_of(&pair.value));
    }
    if !raw.event_name.is_empty() {
        attributes.insert("event.name".to_owned(), raw.event_name);
    }
    let severity = match raw.severity_text.trim() {
        "" => severity(&raw.severity_number).map(str::to_owned),
        text => Some(canonical_severity(text)),
    };
    Ok(LogRecord {
        ts: micros(at),
        service: resource.get("service.name"),
        severity,
        body: Some(text_of(&raw.body)).filter(|body| !body.is_empty()),
        trace_id: id(&raw.trace_id, 16)?,
        span_id: id(&raw.span_id, 8)?,
        duration_ms: None,
        attributes: attributes.into_iter().collect(),
    })
}

/// OpenTelemetry's logs data model, "Field: SeverityNumber".
fn severity(number: &Value) -> Option<&'static str> {
    let name = number.as_str().unwrap_or_default();
    let name = name.strip_prefix("SEVERITY_NUMBER_").unwrap_or(name);
    let of_name = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]
        .into_iter()
        .find(|severity| name.starts_with(severity));
    Some(match number.as_u64() {
        Some(1..=4) => "TRACE",
        Some(5..=8) => "DEBUG",
        Some(9..=12) => "INFO",
        Some(13..=16) => "WARN",
        Some(17..=20) => "ERROR",
        Some(21..=24) => "FATAL",
        _ => return of_name,
    })
}
