//! Reads events (incidents, deploys, maintenance, campaigns, holidays) from CSV or JSON.
//!
//! `id,started_at,ended_at,severity,service,stage,cause,class`; columns that
//! are not of an event become labels. The kind comes from a column, from the
//! options, from the file's name (`deploys.csv`), or from the tool that wrote
//! the file. An end that is a date includes that day, in the zone of the
//! options; so does a holiday without end.
//!
//! Incidents come as their tools export them, a page after the other or in one
//! list: PagerDuty's incidents (REST API v2 `GET /incidents`, raw analytics, the
//! CSV of its reports) and maintenance windows, Opsgenie's incidents and alerts
//! (`GET /v1/incidents`, `GET /v2/alerts`, CSV), ServiceNow's and Jira's tables
//! by their usual columns. The shapes are those of developer.pagerduty.com
//! (List Incidents, Get raw data – multiple incidents), docs.opsgenie.com
//! (Incident API, Alert API), and ServiceNow's table `incident`. One that is
//! closed without saying when ended at its last change, and a warning says so.

mod flatten;
mod names;
#[cfg(test)]
mod tool_tests;

use std::io::BufRead;

use chrono::{Days, NaiveDate, NaiveDateTime};
use xxhash_rust::xxh3::xxh3_64;

use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, Sniffed};
use crate::model::{Event, EventKind, MICROS_PER_DAY, Warning};

use super::csv_header::VALUE_NAMES;
use super::table_records::{FirstRecords, TableRecord, read_table};
use super::time_text::TimeText;
use names::{
    CLOSED, END, ID, INCIDENT_TITLE, KIND, LAST_CHANGE, MESSAGE, MILLIS_TO_END, PRIORITY,
    SECONDS_TO_END, SEVERITY, START, STATUS, TIME, TITLE,
};

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
        if let Some(tool) = names::tool(|wanted| first.name(wanted).is_some()) {
            return Some(Sniffed {
                confidence: 96,
                why: format!("its records have the fields of {tool}'s incidents"),
            });
        }
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
        let mut inferred = 0;
        read_table(input, sink, &[], |record, _, sink| {
            sink.event(event(record, other_kind, &mut times, &mut inferred)?);
            Ok(())
        })?;
        times.finish(sink);
        if inferred > 0 {
            sink.warn(Warning::new(
                "end-inferred",
                format!(
                    "{inferred} records are closed and do not say since when: \
                     their last change is taken for their end"
                ),
            ));
        }
        Ok(())
    }
}

/// Makes an event of a record; counts those whose end is inferred.
fn event(
    mut record: TableRecord,
    other_kind: Option<EventKind>,
    times: &mut TimeText<'_>,
    inferred: &mut u64,
) -> Result<Event, String> {
    let kind = take_kind(&mut record, other_kind)?;
    let is_recorded = matches!(kind, EventKind::Incident | EventKind::Maintenance);
    if is_recorded {
        record.rearrange(flatten::flatten);
    }
    let start = take_time(&mut record, START)
        .or_else(|| record.take(TIME))
        .ok_or("there is no beginning: a column started_at, start, time or date is expected")?;
    let started_at =
        read_time(&start, times).map_err(|reason| format!("the beginning: {reason}"))?;
    let mut ended_at = match take_time(&mut record, END) {
        Some(end) => Some(match next_day(&end, times) {
            Some(ts) => ts,
            None => read_time(&end, times).map_err(|reason| format!("the end: {reason}"))?,
        }),
        None if kind == EventKind::Holiday => next_day(&start, times),
        None => None,
    };
    if ended_at.is_some_and(|end| end < started_at) {
        return Err(format!("it ends before it begins ({start})"));
    }
    if ended_at.is_none() && kind == EventKind::Incident {
        ended_at = end_of_closed(&record, started_at, times, inferred);
    }
    let severity = match record.get(&["short_description"]) {
        Some(_) => record.take(PRIORITY),
        None => record.take(SEVERITY),
    };
    let title = record.take(if is_recorded { INCIDENT_TITLE } else { TITLE });
    let id = take_jira_key(&mut record).or_else(|| record.take(ID));
    let id = id.unwrap_or_else(|| {
        let title = title.as_deref().unwrap_or_default();
        let identity = format!("{}\u{1f}{started_at}\u{1f}{title}", kind.as_str());
        format!("{:016x}", xxh3_64(identity.as_bytes()))
    });
    let mut labels = record.rest();
    if let Some(title) = title.as_deref().filter(|_| is_recorded) {
        // PagerDuty says the same three times, once as `[#12] Title`.
        labels.retain(|(name, text)| {
            !matches!(name.as_str(), "summary" | "description")
                || text
                    .rsplit_once("] ")
                    .map_or(text.as_str(), |(_, rest)| rest)
                    != title
        });
    }
    Ok(Event {
        id,
        started_at,
        ended_at,
        kind,
        severity,
        title,
        labels,
    })
}

fn take_kind(record: &mut TableRecord, other: Option<EventKind>) -> Result<EventKind, String> {
    // Of `kind` and `type`, only the one that names the kind is spent.
    let said = KIND.iter().find_map(|name| {
        let kind = parse_kind(record.get(&[name])?)?;
        Some((*name, kind))
    });
    if let Some((name, kind)) = said {
        record.take(&[name]);
        return Ok(kind);
    }
    let tool = names::tool(|wanted| record.get(wanted).is_some());
    other.or(tool.map(|_| EventKind::Incident)).ok_or_else(|| {
        let kinds = EventKind::ALL.map(EventKind::as_str).join(", ");
        match record.get(KIND) {
            Some(text) => format!("the kind {text:?} is none of {kinds}"),
            None => format!(
                "nothing says what kind of event this is ({kinds}): \
                 add a column kind, say --event-kind, or call the file incidents.csv or the like"
            ),
        }
    })
}

/// Takes the first of these that is a time: `closed` and `resolved` may be true or false.
fn take_time(record: &mut TableRecord, names: &[&str]) -> Option<String> {
    let is_time = |text: &str| !matches!(text, "true" | "false" | "True" | "False" | "0" | "1");
    let name = names
        .iter()
        .find(|name| record.get(&[name]).is_some_and(is_time))?;
    record.take(&[name])
}

/// Reads a time, also `2025-11-21 10:25:00 UTC`, and as Jira shows it: `21/Nov/25 10:25 AM`.
fn read_time(text: &str, times: &mut TimeText<'_>) -> Result<i64, String> {
    let reason = match times.read(text.as_bytes()) {
        Ok(ts) => return Ok(ts),
        Err(reason) => reason,
    };
    let other = if let Some(zoneless) = text.trim().strip_suffix(" UTC") {
        format!("{zoneless}Z")
    } else {
        let jira = NaiveDateTime::parse_from_str(text.trim(), "%d/%b/%y %I:%M %p");
        jira.map_err(|_| reason.clone())?.to_string()
    };
    times.read(other.as_bytes()).map_err(|_| reason)
}

/// Infers the end of an incident that is closed.
fn end_of_closed(
    record: &TableRecord,
    started_at: i64,
    times: &mut TimeText<'_>,
    inferred: &mut u64,
) -> Option<i64> {
    let took = |names: &[&str], unit: f64| {
        let count: f64 = record.get(names)?.parse().ok()?;
        let micros = count * unit;
        // 2^62 µs: far beyond any time, and no overflow.
        (micros > 0.0 && micros < 4.6e18).then(|| started_at.saturating_add(micros as i64))
    };
    if let Some(end) = took(SECONDS_TO_END, 1e6).or_else(|| took(MILLIS_TO_END, 1e3)) {
        return Some(end);
    }
    let status = record.get(STATUS)?.to_ascii_lowercase();
    let change = CLOSED
        .contains(&status.trim())
        .then(|| record.get(LAST_CHANGE))?;
    let end = read_time(change?, times)
        .ok()
        .filter(|end| *end >= started_at);
    *inferred += u64::from(end.is_some());
    end
}

/// Takes a `key` like `OPS-12`, which people know rather than the `id` beside it.
fn take_jira_key(record: &mut TableRecord) -> Option<String> {
    let (project, number) = record.get(&["key"])?.split_once('-')?;
    let is_key = project.starts_with(|c: char| c.is_ascii_uppercase())
        && project
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit());
    is_key.then(|| record.take(&["key"])).flatten()
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
        .find_map(|name| parse_kind(record.get(&[name])?))
}

/// Reads a kind, also of PagerDuty's `maintenance_window` and of references.
fn parse_kind(text: &str) -> Option<EventKind> {
    let text = text.trim_end_matches("_reference");
    EventKind::parse(text.trim_end_matches("_window"))
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
