//! Reads events (incidents, deploys, maintenance, campaigns, holidays) from CSV or JSON.
//!
//! `id,started_at,ended_at,severity,service,stage,cause,class`; columns that
//! are not of an event become labels. The kind comes from a column, from the
//! options, or from the file's name (`deploys.csv`). An end that is a date
//! includes that day, in the zone of the options; so does a holiday without end.

use std::io::BufRead;

use chrono::{Days, NaiveDate};
use xxhash_rust::xxh3::xxh3_64;

use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, Sniffed};
use crate::model::{Event, EventKind, MICROS_PER_DAY};

use super::csv_header::VALUE_NAMES;
use super::table_records::{FirstRecords, TableRecord, read_table};
use super::time_text::TimeText;

const ID: &[&str] = &["id", "event_id", "incident_id", "key", "number"];
/// Names that only a beginning has.
const START: &[&str] = &[
    "started_at",
    "start",
    "start_time",
    "starts_at",
    "start_date",
    "begin",
    "began_at",
    "opened_at",
    "deployed_at",
    "created_at",
];
/// Names that any time may have.
const TIME: &[&str] = &["timestamp", "time", "ts", "date", "ds", "day"];
const END: &[&str] = &[
    "ended_at",
    "end",
    "end_time",
    "ends_at",
    "end_date",
    "finished_at",
    "resolved_at",
    "closed_at",
];
const KIND: &[&str] = &["kind", "type", "event_type"];
const SEVERITY: &[&str] = &["severity", "priority", "urgency"];
/// Names that a log's text has, and an event's has not.
const MESSAGE: &[&str] = &["message", "msg", "level"];
const TITLE: &[&str] = &["title", "name", "summary", "description"];

/// The event format.
#[derive(Debug)]
pub(super) struct Events;

impl Format for Events {
    fn name(&self) -> &'static str {
        "events"
    }

    fn description(&self) -> &'static str {
        "Incidents, deploys, maintenance, campaigns and holidays, in CSV or JSON"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let first = FirstRecords::read(head)?;
        let start = first.name(START);
        let time = start.or_else(|| first.name(TIME))?;
        let kind = first.records.iter().find_map(kind_of_record);
        let file_kind = kind_of_file(head.file_name);
        let confidence = match (file_kind, kind) {
            _ if first.name(VALUE_NAMES).is_some() => return None,
            // Logs in a file of that name.
            (Some(_), None) if first.most_have(MESSAGE) => 60,
            (Some(_), _) if start.is_some() => 95,
            (Some(_), _) => 90,
            (None, Some(_)) if start.is_some() => 80,
            (None, Some(_)) => 75,
            (None, None) if start.is_some() && first.name(END).is_some() => {
                first.name(SEVERITY)?;
                60
            }
            (None, None) => return None,
        };
        let evidence = match (file_kind, kind) {
            (Some(kind), _) => format!("its name says {}", kind.as_str()),
            (None, Some(kind)) => format!("a column says {}", kind.as_str()),
            (None, None) => "it has an end and a severity".to_owned(),
        };
        Some(Sniffed {
            confidence,
            why: format!("its records begin at a time ({time:?}) and {evidence}"),
        })
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let mut times = TimeText::new(options)?;
        let other_kind = options
            .event_kind
            .or_else(|| kind_of_file(&options.file_name));
        read_table(input, sink, &[], |record, _, sink| {
            sink.event(event(record, other_kind, &mut times)?);
            Ok(())
        })?;
        times.finish(sink);
        Ok(())
    }
}

fn event(
    mut record: TableRecord,
    other_kind: Option<EventKind>,
    times: &mut TimeText<'_>,
) -> Result<Event, String> {
    let kind = match kind_of_record(&record) {
        Some(kind) => {
            // Of `kind` and `type`, only the one that names the kind is spent.
            let names = KIND.iter();
            let mut spent = names.filter(|n| record.get(&[n]).is_some_and(|t| EventKind::parse(t).is_some()));
            let spent = spent.next().map_or("", |name| *name);
            record.take(&[spent]);
            kind
        }
        None => other_kind.ok_or_else(|| {
            let kinds = EventKind::ALL.map(EventKind::as_str).join(", ");
            match record.get(KIND) {
                Some(text) => format!("the kind {text:?} is none of {kinds}"),
                None => format!(
                    "nothing says what kind of event this is ({kinds}): \
                     add a column kind, say --event-kind, or call the file incidents.csv or the like"
                ),
            }
        })?,
    };
    let start = record
        .take(START)
        .or_else(|| record.take(TIME))
        .ok_or("there is no beginning: a column started_at, start, time or date is expected")?;
    let started_at = times
        .read(start.as_bytes())
        .map_err(|reason| format!("the beginning: {reason}"))?;
    let ended_at = match record.take(END) {
        Some(end) => Some(match next_day(&end, times) {
            Some(ts) => ts,
            None => times
                .read(end.as_bytes())
                .map_err(|reason| format!("the end: {reason}"))?,
        }),
        None if kind == EventKind::Holiday => next_day(&start, times),
        None => None,
    };
    if ended_at.is_some_and(|end| end < started_at) {
        return Err(format!("it ends before it begins ({start})"));
    }
    let severity = record.take(SEVERITY);
    let title = record.take(TITLE);
    let id = record.take(ID).unwrap_or_else(|| {
        let title = title.as_deref().unwrap_or_default();
        let identity = format!("{}\u{1f}{started_at}\u{1f}{title}", kind.as_str());
        format!("{:016x}", xxh3_64(identity.as_bytes()))
    });
    Ok(Event {
        id,
        started_at,
        ended_at,
        kind,
        severity,
        title,
        labels: record.rest(),
    })
}

/// Returns the end of a day that is given as a date only.
fn next_day(text: &str, times: &mut TimeText<'_>) -> Option<i64> {
    let date = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?;
    let next = date.checked_add_days(Days::new(1))?;
    match times.read(next.to_string().as_bytes()) {
        Ok(ts) => Some(ts),
        // A clock change at midnight: the next day has no 00:00.
        Err(_) => Some(times.read(text.as_bytes()).ok()? + MICROS_PER_DAY),
    }
}

fn kind_of_record(record: &TableRecord) -> Option<EventKind> {
    KIND.iter()
        .find_map(|name| EventKind::parse(record.get(&[name])?))
}

/// Finds a kind among the words of a file's name; `deploys2` counts as `deploys`.
fn kind_of_file(file_name: &str) -> Option<EventKind> {
    let name = file_name.rsplit(['/', '\\']).next()?;
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .find_map(|word| EventKind::parse(word.trim_end_matches(|c: char| c.is_ascii_digit())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::test_sink::TestSink;

    const INCIDENTS: &str = "id,started_at,ended_at,severity,service,stage,cause,class\n\
        i-1,2026-01-02T10:00:00Z,2026-01-02T10:30:00Z,sev1,shipping-collector,,slow source,upstream\n\
        i-2,2026-01-03T10:00:00Z,,sev2,pipeline,transform,gc,compute\n\
        i-3,31/12/2025 10:00,,sev2,pipeline,transform,gc,compute\n\
        i-4,2026-01-03T10:00:00Z,2026-01-03T09:00:00Z,sev2,,,,\n";

    fn read(file_name: &str, text: &str) -> TestSink {
        let options = ReadOptions {
            file_name: file_name.into(),
            tz: chrono_tz::Tz::Europe__Berlin,
            ..ReadOptions::default()
        };
        let (sink, result) = TestSink::try_read(&Events, text, &options);
        result.expect("readable");
        sink
    }

    fn sniff(file_name: &str, text: &str) -> Option<u8> {
        Events
            .sniff(Head {
                bytes: text.as_bytes(),
                truncated: false,
                file_name,
            })
            .map(|s| s.confidence)
    }

    #[test]
    fn reads_incidents() {
        let sink = read("incidents.csv", INCIDENTS);
        let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
        assert_eq!(
            sink.events[0],
            Event {
                id: "i-1".into(),
                started_at: 1_767_348_000_000_000,
                ended_at: Some(1_767_349_800_000_000),
                kind: EventKind::Incident,
                severity: Some("sev1".into()),
                title: None,
                labels: vec![
                    pair("cause", "slow source"),
                    pair("class", "upstream"),
                    pair("service", "shipping-collector"),
                ],
            }
        );
        assert_eq!(sink.events[1].ended_at, None);
        assert_eq!(sink.events.len(), 2);
        let rejects = sink.reject_lines();
        assert!(
            rejects[0].starts_with("4: the beginning: "),
            "{}",
            rejects[0]
        );
        assert!(
            rejects[1].starts_with("5: it ends before it begins"),
            "{}",
            rejects[1]
        );
    }

    #[test]
    fn holidays_last_their_day_in_the_zone() {
        let sink = read("holidays.csv", "date,name,country\n2026-03-29,Spring,DE\n");
        let holiday = &sink.events[0];
        // The day of the spring change has 23 hours in Berlin.
        assert_eq!(
            holiday.ended_at.map(|end| end - holiday.started_at),
            Some(23 * 3_600_000_000)
        );
        assert_eq!(holiday.title.as_deref(), Some("Spring"));
        assert_eq!(holiday.labels, [("country".to_owned(), "DE".to_owned())]);
        let again = read("holidays.csv", "date,name\n2026-03-29,Spring\n");
        assert_eq!(holiday.id, again.events[0].id);
        assert_eq!(holiday.id.len(), 16);
        let range = read("campaigns.csv", "start,end,name\n2026-01-01,2026-01-02,x\n");
        let campaign = &range.events[0];
        assert_eq!(
            campaign.ended_at.map(|end| end - campaign.started_at),
            Some(2 * MICROS_PER_DAY)
        );
    }

    #[test]
    fn reads_json_and_kinds() {
        let text = r#"[{"kind":"deploy","time":1767348000,"labels":{"version":"1.2"},"service":"api","title":null},
            {"type":"network","time":1767348000},
            {"time":1767348000}]"#;
        let sink = read("x.json", text);
        assert_eq!(sink.events.len(), 1);
        assert_eq!(sink.events[0].kind, EventKind::Deploy);
        assert_eq!(
            sink.events[0].labels[1],
            ("version".to_owned(), "1.2".to_owned())
        );
        let rejects = sink.reject_lines();
        assert_eq!(
            rejects[0],
            "2: the kind \"network\" is none of incident, deploy, maintenance, campaign, holiday"
        );
        assert!(rejects[1].contains("--event-kind"));
        let sink = read("incidents-2026.json", text);
        assert_eq!(sink.events.len(), 3);
        assert_eq!(
            sink.events[1].labels,
            [("type".to_owned(), "network".to_owned())]
        );
    }

    #[test]
    fn recognises_events() {
        assert_eq!(sniff("incidents.csv", INCIDENTS), Some(95));
        assert_eq!(sniff("x.csv", INCIDENTS), Some(60));
        assert_eq!(
            sniff("holidays.csv", "date,name\n2026-01-01,New Year\n"),
            Some(90)
        );
        assert_eq!(sniff("de.csv", "date,name\n2026-01-01,New Year\n"), None);
        assert_eq!(
            sniff("x.jsonl", "{\"type\":\"deploy\",\"time\":1}\n"),
            Some(75)
        );
        let deploys = "[{\"id\":\"D1\",\"time\":\"2025-01-01T10:00:00Z\",\"version\":\"1.2\"}]";
        assert_eq!(sniff("deploys2.json", deploys), Some(90));
        let log = "{\"time\":1,\"message\":\"deployed\"}\n";
        assert_eq!(sniff("deploys.jsonl", log), Some(60));
        assert_eq!(sniff("deploys.csv", "time,metric,value\n1,a,2\n"), None);
    }
}
