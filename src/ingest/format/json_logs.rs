//! Reads application logs in JSON: one object a line, or an array of objects.
//!
//! `{"timestamp":"2024-01-15T10:30:00.123Z","level":"INFO","service":"api","message":"…"}`;
//! which field is what is the matter of [`LogFields`].

use std::io::BufRead;

use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, Sniffed};

use super::head::{keys_of_long_line, may_be_json};
use super::json_fields::{Field, read_fields};
use super::json_records::{JsonRecords, NextRecord};
use super::log_fields::{LogFields, Role, usual_role};

/// The JSON log format.
#[derive(Debug)]
pub(super) struct JsonLogs;

impl Format for JsonLogs {
    fn name(&self) -> &'static str {
        "json-logs"
    }

    fn description(&self) -> &'static str {
        "Logs as JSON objects, one a line or in an array"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let mut seen = 0;
        let mut with_time = 0;
        let mut with_more = 0;
        let mut names = [None, None];
        let mut look_at = |fields: &[&str]| {
            seen += 1;
            let has = |wanted: Role| {
                let found = fields.iter().find(|path| {
                    let name = path.strip_prefix("fields.").unwrap_or(path);
                    usual_role(name).is_some_and(|(role, _)| role == wanted)
                });
                found.map(|path| (*path).to_owned())
            };
            let is_other = |name: &str| fields.contains(&name);
            // Elasticsearch, VictoriaMetrics, Loki.
            if is_other("_source") || is_other("values") || is_other("line") {
                return;
            }
            if let Some(time) = has(Role::Time) {
                with_time += 1;
                names[0].get_or_insert(time);
                // A deploy has a time and a service too.
                let more = [Role::Body, Role::Severity, Role::TraceId, Role::Duration];
                if let Some(more) = more.into_iter().find_map(has) {
                    with_more += 1;
                    names[1].get_or_insert(more);
                }
            }
        };
        let looked = for_first_records(head, |fields| {
            let paths: Vec<&str> = fields.iter().map(|f| &*f.path).collect();
            look_at(&paths);
        });
        if looked.is_none() {
            let keys = keys_of_long_line(head);
            look_at(&keys.iter().map(String::as_str).collect::<Vec<_>>());
        }
        let confidence = match () {
            () if with_more * 2 > seen => 85,
            () if with_more > 0 => 51,
            () if with_time * 2 > seen => 45,
            () => return None,
        };
        let names: Vec<_> = names
            .into_iter()
            .flatten()
            .map(|n| format!("{n:?}"))
            .collect();
        Some(Sniffed {
            confidence,
            why: format!(
                "{with_time} of its first {seen} JSON objects have the fields of a log ({})",
                names.join(", ")
            ),
        })
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let mut logs = LogFields::new(options)?;
        let mut records = JsonRecords::open(input)?;
        while !sink.is_full() {
            let read = match records.next()? {
                NextRecord::Record => {
                    read_fields(records.text()).and_then(|fields| logs.record(fields))
                }
                NextRecord::Broken(reason) => Err(reason.to_owned()),
                NextRecord::End => break,
            };
            match read {
                Ok(record) => sink.log(record),
                Err(reason) => sink.reject(records.line(), &reason, records.text()),
            }
        }
        logs.finish(sink);
        Ok(())
    }
}

/// Calls with each of the first objects of a file; `None` where it is
/// not JSON, or its first object does not end.
pub(super) fn for_first_records(head: Head<'_>, mut call: impl FnMut(&[Field<'_>])) -> Option<()> {
    const ENOUGH: usize = 20;
    if !may_be_json(head) {
        return None;
    }
    let mut bytes = head.bytes;
    let mut records = JsonRecords::open(&mut bytes).ok()?;
    let mut seen = 0;
    for _ in 0..ENOUGH {
        match records.next().ok()? {
            NextRecord::Record => {
                if let Ok(fields) = read_fields(records.text()) {
                    seen += 1;
                    call(&fields);
                }
            }
            NextRecord::Broken(_) => {}
            NextRecord::End => break,
        }
    }
    (seen > 0).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::test_sink::TestSink;
    use crate::model::LogRecord;

    const STANDARD: &str = r#"{"timestamp":"2024-01-15T10:30:00.123Z","level":"INFO","service":"shipping-collector","layer":"collection","trace_id":"550e8400-e29b-41d4-a716-446655440000","span_id":"7f2a1b3c","message":"Event processed successfully","event_id":"evt-12345","processing_time_ms":125,"metadata":{"tracking_id":"ABC123456789","carrier":"fedex"}}"#;

    fn sniff(text: &str) -> Option<u8> {
        JsonLogs
            .sniff(Head {
                bytes: text.as_bytes(),
                truncated: false,
                file_name: "x.json",
            })
            .map(|s| s.confidence)
    }

    #[test]
    fn reads_the_standard_log_format() {
        let sink = TestSink::read(&JsonLogs, STANDARD);
        let text = |t: &str| Some(t.to_owned());
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(
            sink.logs,
            [LogRecord {
                ts: 1_705_314_600_123_000,
                service: text("shipping-collector"),
                severity: text("INFO"),
                body: text("Event processed successfully"),
                trace_id: text("550e8400-e29b-41d4-a716-446655440000"),
                span_id: text("7f2a1b3c"),
                duration_ms: Some(125.0),
                attributes: vec![
                    pair("carrier", "fedex"),
                    pair("event_id", "evt-12345"),
                    pair("layer", "collection"),
                    pair("tracking_id", "ABC123456789"),
                ],
            }]
        );
    }

    #[test]
    fn rejects_what_is_no_record_and_goes_on() {
        let text = format!(
            "{STANDARD}\nTraceback (most recent call last):\n  at x\n[1]\n{{\"level\":\"INFO\"}}\n\
             {{\"timestamp\":\"31/12/2025 10:00\"}}\n{STANDARD}\n"
        );
        let sink = TestSink::read(&JsonLogs, text);
        assert_eq!(sink.logs.len(), 2);
        let rejects = sink.reject_lines();
        assert_eq!(rejects.len(), 5, "{rejects:?}");
        assert!(rejects[0].starts_with("2: no valid JSON"), "{}", rejects[0]);
        assert_eq!(rejects[2], "4: a JSON object {…} is expected");
        assert!(rejects[3].contains("--map FIELD=ts"), "{}", rejects[3]);
        assert!(
            rejects[4].contains("--time-format '%d/%m/%Y %H:%M'"),
            "{}",
            rejects[4]
        );
        assert_eq!(sink.rejects[0].2, "Traceback (most recent call last):");
    }

    #[test]
    fn a_bad_first_line_costs_itself() {
        for first in [
            "Starting server on :8080 {",
            "00Z\",\"level\":\"info\",",
            "{\"timestamp\":\"2024-01-15T10:30:00.123Z\",",
            "\0\u{1}\u{fffd}",
        ] {
            let text = format!("{first}\n{STANDARD}\n{STANDARD}\n");
            assert_eq!(sniff(&text), Some(85), "{first}");
            let sink = TestSink::read(&JsonLogs, &text);
            assert_eq!(sink.logs.len(), 2, "{first}");
            assert_eq!(sink.rejects.len(), 1, "{first}");
            assert_eq!(sink.rejects[0].2, first);
        }
    }

    #[test]
    fn reads_an_array() {
        for text in [
            format!("[{STANDARD},{STANDARD}]"),
            format!(
                "[\n  {STANDARD},\n  {}\n]\n",
                STANDARD.replace(",\"", ",\n\"")
            ),
        ] {
            let sink = TestSink::read(&JsonLogs, text);
            assert_eq!((sink.logs.len(), sink.rejects.len()), (2, 0));
        }
    }

    #[test]
    fn recognises_logs() {
        assert_eq!(sniff(STANDARD), Some(85));
        assert_eq!(sniff(&format!("[{STANDARD}]")), Some(85));
        assert_eq!(sniff(r#"{"ts":1700000000,"x":1}"#), Some(45));
        assert_eq!(sniff(r#"{"ts":1,"x":1,"latency_ms":1}"#), Some(85));
        let third = format!(
            "{STANDARD}\n{}",
            "{\"when\":1,\"message\":\"x\"}\n".repeat(2)
        );
        assert_eq!(sniff(&third), Some(51));
        for other in [
            r#"{"_index":"a","_source":{"@timestamp":1,"message":"m"}}"#,
            r#"{"metric":{"__name__":"up"},"values":[1],"timestamps":[1]}"#,
            r#"{"labels":{"app":"a"},"line":"x","timestamp":"2024-01-01T00:00:00Z"}"#,
            r#"{"status":"success","data":{}}"#,
            "time,value\n",
            "",
        ] {
            assert_eq!(sniff(other), None, "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..100)) {
            let _ = TestSink::try_read(&JsonLogs, &bytes, &ReadOptions::default());
            sniff(&String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn never_panics_on_near_misses(at in 0..STANDARD.len(), cut in 0..20_usize, with in "[{}\"\\[\\]:,é0-9.]{0,3}") {
            let mut text = STANDARD.to_owned();
            text.replace_range(at..(at + cut).min(STANDARD.len()), &with);
            let sink = TestSink::try_read(&JsonLogs, &text, &ReadOptions::default()).0;
            proptest::prop_assert!(sink.logs.len() + sink.rejects.len() > 0);
        }
    }
}
