//! Makes a log record of named fields: which field is the time, the message …
//!
//! What `--map` says wins; then the usual names, in the order of the tables;
//! what is left becomes attributes. The members of `metadata`, `fields`,
//! `labels`, `attributes` and `extra` stand there without that prefix, unless
//! the name is taken.

use std::borrow::Cow;

use crate::ingest::{ReadError, ReadOptions, RecordSink};
use crate::model::{LogRecord, guess_unit};

use super::json_fields::{Field, Scalar};
use super::log_values::{duration_ms, severity, split_unit};
use super::time_text::TimeText;

/// A column of the `logs` table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Time,
    Service,
    Severity,
    Body,
    TraceId,
    SpanId,
    Duration,
}

const ROLES: usize = 7;

/// The usual names, in lower case, the likelier first.
const NAMES: [(Role, &[&str]); ROLES] = [
    (
        Role::Time,
        &[
            "timestamp",
            "@timestamp",
            "time",
            "ts",
            "datetime",
            "date",
            "event_time",
            "eventtime",
            "asctime",
            "time_iso8601",
            "@t",
        ],
    ),
    (
        Role::Severity,
        &[
            "level",
            "severity",
            "lvl",
            "log.level",
            "loglevel",
            "log_level",
            "levelname",
            "severity_text",
            "severitytext",
            "priority",
            "@l",
        ],
    ),
    (
        Role::Body,
        &[
            "message",
            "msg",
            "log",
            "body",
            "event",
            "short_message",
            "@m",
            "@mt",
        ],
    ),
    (
        Role::Service,
        &[
            "service",
            "service.name",
            "service_name",
            "servicename",
            "app",
            "application",
            "component",
        ],
    ),
    (Role::TraceId, &["trace_id", "traceid", "trace.id"]),
    (Role::SpanId, &["span_id", "spanid", "span.id"]),
    (
        Role::Duration,
        &[
            "duration",
            "processing_time",
            "elapsed",
            "took",
            "latency",
            "response_time",
            "dur",
        ],
    ),
];

/// Objects whose members are attributes by their own name.
const BAGS: &[&str] = &["metadata", "fields", "labels", "attributes", "extra"];

/// The rank of a field within a bag; lower ranks win.
const IN_BAG: usize = 100;

/// Turns fields into records.
pub(super) struct LogFields<'o> {
    times: TimeText<'o>,
    map: Vec<(&'o str, Target<'o>)>,
}

#[derive(Debug, Clone, Copy)]
enum Target<'o> {
    Role(Role),
    Attribute(&'o str),
}

/// An attribute on its way: the name it should have and the one it falls back to.
struct Attribute<'f> {
    name: Cow<'f, str>,
    full: Cow<'f, str>,
    value: Scalar<'f>,
}

impl<'o> LogFields<'o> {
    /// Takes mapping, zone and time pattern of the options.
    pub(super) fn new(options: &'o ReadOptions) -> Result<Self, ReadError> {
        let map = options
            .map
            .iter()
            .map(|(field, column)| (field.as_str(), target(column)))
            .collect();
        Ok(Self {
            times: TimeText::new(options)?,
            map,
        })
    }

    /// Makes a record; the error is the reason for rejecting it.
    pub(super) fn record(&mut self, fields: Vec<Field<'_>>) -> Result<LogRecord, String> {
        let mut best: [Option<(usize, usize)>; ROLES] = [None; ROLES];
        let mut roles: Vec<Option<Role>> = Vec::with_capacity(fields.len());
        for (at, field) in fields.iter().enumerate() {
            let found = self.role_of(field);
            roles.push(found.map(|(role, _)| role));
            if let Some((role, rank)) = found {
                let best = &mut best[role as usize];
                if best.is_none_or(|(other, _)| rank < other) {
                    *best = Some((rank, at));
                }
            }
        }
        let mut record = LogRecord {
            ts: self.time(&fields, best[Role::Time as usize])?,
            ..LogRecord::default()
        };
        let mut attributes: Vec<Attribute<'_>> = Vec::with_capacity(fields.len());
        for (at, field) in fields.into_iter().enumerate() {
            let won = roles[at]
                .filter(|role| best[*role as usize].is_some_and(|(_, winner)| winner == at));
            match won {
                Some(Role::Time) => continue,
                Some(Role::Duration) => {
                    record.duration_ms = duration_ms(&field.path, &field.value);
                    if record.duration_ms.is_some() {
                        continue;
                    }
                }
                Some(Role::Severity) => {
                    record.severity = Some(severity(&field));
                    continue;
                }
                Some(Role::Service) => {
                    record.service = some_text(field.value);
                    continue;
                }
                Some(Role::Body) => {
                    record.body = some_text(field.value);
                    continue;
                }
                Some(Role::TraceId) => {
                    record.trace_id = some_text(field.value);
                    continue;
                }
                Some(Role::SpanId) => {
                    record.span_id = some_text(field.value);
                    continue;
                }
                None => {}
            }
            attributes.push(self.attribute(field, roles[at].is_some()));
        }
        record.attributes = settle(attributes);
        Ok(record)
    }

    /// Warns of what was seen over the whole file.
    pub(super) fn finish(&self, sink: &mut dyn RecordSink) {
        self.times.finish(sink);
    }

    fn role_of(&self, field: &Field<'_>) -> Option<(Role, usize)> {
        if let Some((_, target)) = self.map.iter().find(|(name, _)| *name == field.path) {
            return match target {
                Target::Role(role) => Some((*role, 0)),
                Target::Attribute(_) => None,
            };
        }
        // Rank 0 is for what the user says.
        match bag_member(field) {
            Some(name) => usual_role(name).map(|(role, rank)| (role, IN_BAG + rank)),
            None => usual_role(&field.path).map(|(role, rank)| (role, 1 + rank)),
        }
    }

    fn attribute<'f>(&self, field: Field<'f>, lost: bool) -> Attribute<'f> {
        let mapped = self.map.iter().find(|(name, _)| *name == field.path);
        let name = match (mapped, bag_member(&field)) {
            (Some((_, Target::Attribute(name))), _) => Cow::Owned((*name).to_owned()),
            (_, Some(name)) if !lost => Cow::Owned(name.to_owned()),
            _ => field.path.clone(),
        };
        Attribute {
            name,
            full: field.path,
            value: field.value,
        }
    }

    fn time(&mut self, fields: &[Field<'_>], best: Option<(usize, usize)>) -> Result<i64, String> {
        let Some((_, at)) = best else {
            return Err(
                "there is no time: a field timestamp, @timestamp, time, ts, datetime or date \
                 is expected, or say --map FIELD=ts"
                    .to_owned(),
            );
        };
        let Field { path, value, .. } = &fields[at];
        let number = match value {
            Scalar::Text(text) => {
                return self
                    .times
                    .read(text.as_bytes())
                    .map_err(|reason| format!("the time in {path:?}: {reason}"));
            }
            Scalar::Integer(value) => guess_unit(*value as f64).to_micros(*value),
            Scalar::Float(value) => guess_unit(*value).float_to_micros(*value),
            Scalar::Bool(_) | Scalar::Json(_) => None,
        };
        number.ok_or_else(|| {
            format!(
                "the time in {path:?} is {}: RFC 3339 text or a Unix time is expected",
                value.to_text()
            )
        })
    }
}

/// Finds what a field of this name usually is, and how good the name is.
pub(super) fn usual_role(name: &str) -> Option<(Role, usize)> {
    // No name in the table is longer.
    if name.len() > 32 {
        return None;
    }
    let lower;
    let name = if name.bytes().any(|b| b.is_ascii_uppercase()) {
        lower = name.to_ascii_lowercase();
        &lower
    } else {
        name
    };
    let (stem, _) = split_unit(name);
    NAMES.iter().find_map(|(role, names)| {
        let name = if *role == Role::Duration { stem } else { name };
        names
            .iter()
            .position(|n| *n == name)
            .map(|rank| (*role, rank))
    })
}

fn target(column: &str) -> Target<'_> {
    Target::Role(match column {
        "ts" | "timestamp" | "time" => Role::Time,
        "service" => Role::Service,
        "severity" | "level" => Role::Severity,
        "body" | "message" => Role::Body,
        "trace_id" => Role::TraceId,
        "span_id" => Role::SpanId,
        "duration_ms" | "duration" => Role::Duration,
        other => return Target::Attribute(other),
    })
}

/// Returns the name of a bag's member within it.
pub(super) fn bag_member<'f>(field: &'f Field<'_>) -> Option<&'f str> {
    if field.outer == 0 || !BAGS.contains(&&field.path[..field.outer]) {
        return None;
    }
    field.path.get(field.outer + 1..)
}

fn some_text(value: Scalar<'_>) -> Option<String> {
    Some(value.into_text()).filter(|text| !text.is_empty())
}

/// Sorts attributes by name. Where a bag's member has the name of another
/// attribute, it keeps its full path; of a key given twice the last counts.
fn settle(mut attributes: Vec<Attribute<'_>>) -> Vec<(String, String)> {
    // Within a name, those by their own full name first.
    let order = |a: &Attribute<'_>| a.name != a.full;
    attributes.sort_by(|a, b| a.name.cmp(&b.name).then(order(a).cmp(&order(b))));
    let mut renamed = false;
    let mut holder = 0;
    for at in 1..attributes.len() {
        let (before, after) = attributes.split_at_mut(at);
        let (holder_of_name, attribute) = (&before[holder], &mut after[0]);
        if holder_of_name.name != attribute.name {
            holder = at;
        } else if order(attribute) && holder_of_name.full != attribute.full {
            attribute.name = attribute.full.clone();
            renamed = true;
        }
    }
    if renamed {
        attributes.sort_by(|a, b| a.name.cmp(&b.name));
    }
    let mut settled: Vec<(String, String)> = Vec::with_capacity(attributes.len());
    for Attribute { name, value, .. } in attributes {
        let value = value.into_text();
        match settled.last_mut() {
            Some((last, old)) if *last == name => *old = value,
            _ => settled.push((name.into_owned(), value)),
        }
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::format::json_fields::read_fields;

    fn record_with(options: &ReadOptions, text: &str) -> Result<LogRecord, String> {
        let mut fields = LogFields::new(options).expect("no pattern");
        fields.record(read_fields(text.as_bytes())?)
    }

    fn record(text: &str) -> LogRecord {
        record_with(&ReadOptions::default(), text).expect("a record")
    }

    fn pairs(record: &LogRecord) -> Vec<String> {
        record
            .attributes
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect()
    }

    #[test]
    fn knows_the_usual_names() {
        let found = record(
            r#"{"@timestamp":"2024-01-15T10:30:00Z","log":{"level":"warning"},"service":{"name":"api"},
                "msg":"hi","traceId":"t","span.id":"s","elapsed":"1m2.5s","host":"h"}"#,
        );
        assert_eq!(found.ts, 1_705_314_600_000_000);
        assert_eq!(found.severity.as_deref(), Some("WARN"));
        assert_eq!(found.service.as_deref(), Some("api"));
        assert_eq!(found.body.as_deref(), Some("hi"));
        assert_eq!(found.trace_id.as_deref(), Some("t"));
        assert_eq!(found.span_id.as_deref(), Some("s"));
        assert_eq!(found.duration_ms, Some(62_500.0));
        assert_eq!(pairs(&found), ["host=h"]);
    }

    #[test]
    fn the_first_name_wins_and_the_others_stay() {
        let found = record(
            r#"{"time":"x","timestamp":1700000000.5,"fields":{"message":"m","timestamp":"y","a":1}}"#,
        );
        assert_eq!(found.ts, 1_700_000_000_500_000);
        assert_eq!(found.body.as_deref(), Some("m"));
        assert_eq!(pairs(&found), ["a=1", "fields.timestamp=y", "time=x"]);
    }

    #[test]
    fn a_taken_name_keeps_its_prefix() {
        let found = record(
            r#"{"ts":1700000000,"metadata":{"a":1,"b":2},"extra":{"b":3,"a":4},"a":0,"k":1,"k":2}"#,
        );
        assert_eq!(
            pairs(&found),
            [
                "a=0",
                "b=2",
                "extra.a=4",
                "extra.b=3",
                "k=2",
                "metadata.a=1"
            ]
        );
    }

    #[test]
    fn the_mapping_wins() {
        let options = ReadOptions {
            map: [
                ("when", "ts"),
                ("meta.svc", "service"),
                ("x", "tenant"),
                ("message", "note"),
            ]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .to_vec(),
            ..ReadOptions::default()
        };
        let found = record_with(
            &options,
            r#"{"timestamp":1,"when":1700000000,"meta":{"svc":"api"},"x":"y","message":"m","service":"no"}"#,
        )
        .expect("a record");
        assert_eq!(found.ts, 1_700_000_000_000_000);
        assert_eq!(found.service.as_deref(), Some("api"));
        assert_eq!(found.body, None);
        assert_eq!(
            pairs(&found),
            ["note=m", "service=no", "tenant=y", "timestamp=1"]
        );
    }

    #[test]
    fn says_why_there_is_no_time() {
        let reason = |text| record_with(&ReadOptions::default(), text).expect_err("no time");
        assert!(reason(r#"{"a":1}"#).contains("--map FIELD=ts"));
        let text = reason(r#"{"time":"noon"}"#);
        assert!(
            text.starts_with("the time in \"time\": \"noon\" is not a time"),
            "{text}"
        );
        assert!(reason(r#"{"time":true}"#).contains("is true"));
        assert!(reason(r#"{"ts":"31/12/2025 10:00"}"#).contains("--time-format"));
    }

    #[test]
    fn reads_numeric_severities() {
        assert_eq!(
            record(r#"{"ts":1,"level":50}"#).severity.as_deref(),
            Some("ERROR")
        );
        assert_eq!(
            record(r#"{"ts":1,"priority":6}"#).severity.as_deref(),
            Some("INFO")
        );
        assert_eq!(
            record(r#"{"ts":1,"level":"35"}"#).severity.as_deref(),
            Some("35")
        );
    }
}
