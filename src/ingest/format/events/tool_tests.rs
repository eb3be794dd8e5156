//! Exports of incident tools, as their documentation shows them, cut to what matters.

use super::Events;
use crate::ingest::test_sink::TestSink;
use crate::ingest::{Head, ReadOptions, sniff};
use crate::model::{Event, EventKind, parse_timestamp};

/// PagerDuty, `GET /incidents` of the REST API v2.
const PAGERDUTY_REST: &str = r##"{
  "incidents": [
    {
      "id": "PT4KHLK",
      "type": "incident",
      "summary": "[#1234] The server is on fire.",
      "self": "https://api.example.com/incidents/PT4KHLK",
      "html_url": "https://subdomain.example.com/incidents/PT4KHLK",
      "incident_number": 1234,
      "title": "The server is on fire.",
      "created_at": "2015-10-06T21:30:42Z",
      "updated_at": "2015-10-06T21:40:23Z",
      "status": "resolved",
      "incident_key": "baf7cf21b1da41b4b0221008339ff357",
      "service": {
        "id": "PIJ90N7",
        "type": "service_reference",
        "summary": "My Mail Service",
        "self": "https://api.example.com/services/PIJ90N7",
        "html_url": "https://subdomain.example.com/services/PIJ90N7"
      },
      "assignments": [],
      "last_status_change_at": "2015-10-06T21:38:23Z",
      "priority": { "id": "P53ZZH5", "type": "priority_reference", "summary": "P2", "color": "ffa500" },
      "teams": [ { "id": "PQ9K7I8", "type": "team_reference", "summary": "Engineering" } ],
      "alert_counts": { "all": 2, "triggered": 0, "resolved": 2 },
      "urgency": "high"
    },
    { "id": "PRORDTY", "type": "incident", "incident_number": 1235, "title": "Open",
      "created_at": "2015-10-07T10:00:00-07:00", "status": "triggered",
      "last_status_change_at": "2015-10-07T10:00:00-07:00", "urgency": "low" },
    { "id": "PBROKEN", "type": "incident", "incident_number": 1236, "created_at": "yesterday" }
  ],
  "limit": 25, "offset": 0, "total": null, "more": false
}"##;

/// PagerDuty, `POST /analytics/raw/incidents`.
const PAGERDUTY_ANALYTICS: &str = r#"{"first":null,"last":null,"limit":20,"more":false,"order":"desc","order_by":"created_at",
"filters":{"urgency":"high"},"time_zone":"Etc/UTC",
"data":[{"id":"Q2","incident_number":7,"description":"Disk full","service_id":"P1","service_name":"db",
"created_at":"2023-05-01T10:00:00Z","resolved_at":null,"seconds_to_resolve":90,"seconds_to_first_ack":30,
"priority_name":"P1","urgency":"high","major":false}]}"#;

/// PagerDuty, the CSV of its incident report.
const PAGERDUTY_CSV: &str = "id,incident_number,description,service_id,service_name,escalation_policy_id,escalation_policy_name,created_on,resolved_on,seconds_to_first_ack,seconds_to_resolve,auto_resolved,escalation_count,auto_escalation_count,acknowledge_count,urgency\n\
    PXA1,81,High latency on checkout,PS1,checkout,PE1,Ops,2014-05-01T00:00:00-07:00,2014-05-01T00:20:00-07:00,60,1200,f,0,0,1,high\n\
    PXA2,82,Disk,PS2,db,PE1,Ops,2014-05-02 10:00:00 UTC,,,,f,0,0,0,low\n";

/// PagerDuty, `GET /maintenance_windows`.
const PAGERDUTY_MAINTENANCE: &str = r#"{"maintenance_windows":[{"id":"PW98YIO","type":"maintenance_window",
"summary":"Immanentizing the eschaton","sequence_number":1,"start_time":"2015-11-09T20:00:00-05:00",
"end_time":"2015-11-09T22:00:00-05:00","description":"Immanentizing the eschaton",
"services":[{"id":"PIJ90N7","type":"service_reference","summary":"My Mail Service"}]}],"limit":25}"#;

/// Opsgenie, `GET /v1/incidents`.
const OPSGENIE_INCIDENTS: &str = r#"{"data":[
{"actions":[],"createdAt":"2021-11-15T14:15:55.393Z","description":"","extraProperties":{"region":"Oregon"},
"id":"3ecac888-add8-4fcc-93e7-5414016f4daf","impactStartDate":"2021-11-15T14:00:00Z","impactEndDate":"2021-11-15T15:00:00Z",
"impactedServices":["b1b5-mail"],"links":{"web":"https://x"},"message":"Mail is slow","ownerTeam":"",
"priority":"P3","responders":[],"status":"resolved","tags":["team:mail"],"tinyId":"64","updatedAt":"2021-11-15T16:15:55.393Z"},
{"createdAt":"2021-11-15T14:14:12.08Z","id":"641950ef","message":"closed","priority":"P1","status":"closed",
"tinyId":"63","updatedAt":"2021-11-15T14:24:12.08Z"}],
"paging":{"first":"https://x"},"took":0.1,"requestId":"a"}"#;

/// Opsgenie, `GET /v2/alerts`.
const OPSGENIE_ALERTS: &str = r#"{"data":[{"id":"70413a06","tinyId":"1791","alias":"event_573","message":"Our servers are in danger",
"status":"closed","acknowledged":false,"isSeen":true,"tags":["OverwriteQuietHours","Critical"],"snoozed":false,"count":79,
"createdAt":"2017-03-21T20:32:52.353Z","updatedAt":"2017-04-03T20:32:57.301Z","owner":"","priority":"P5",
"details":{"serverName":"Zion"},"report":{"ackTime":15702,"closeTime":60503,"closedBy":"x"}}],"took":0.605}"#;

const SERVICENOW_CSV: &str = "number,short_description,opened_at,resolved_at,closed_at,priority,severity,state,cmdb_ci,assignment_group\n\
    INC0010001,Cannot send mail,2015-08-24 23:51:19,2015-08-25 01:00:00,2015-09-01 01:00:00,1 - Critical,3 - Low,Closed,mail-01,Ops\n";

const JIRA_CSV: &str = "Summary,Issue key,Issue id,Issue Type,Status,Priority,Created,Resolved,Component/s,Labels\n\
    Checkout down,OPS-12,10012,Incident,Done,Highest,21/Nov/25 10:25 AM,21/Nov/25 11:05 PM,checkout,prod\n";

const JIRA_REST: &str = r#"{"startAt":0,"total":1,"issues":[{"id":"10012","key":"OPS-12","self":"https://x","fields":{
"summary":"Checkout down","issuetype":{"id":"1","name":"Incident"},"created":"2025-11-21T10:25:00.000+0000",
"resolutiondate":"2025-11-21T11:05:00.000+0000","priority":{"name":"Highest","id":"1"},"status":{"name":"Done"},
"components":[{"id":"7","name":"checkout"}],"labels":["prod"]}}]}"#;

fn read(file_name: &str, text: &str) -> TestSink {
    let options = ReadOptions {
        file_name: file_name.into(),
        ..ReadOptions::default()
    };
    let (sink, result) = TestSink::try_read(&Events, text, &options);
    result.expect("readable");
    sink
}

fn best(file_name: &str, text: &str) -> Option<(&'static str, u8)> {
    let head = Head {
        bytes: text.as_bytes(),
        truncated: false,
        file_name,
    };
    let found = sniff(head);
    found.first().map(|(f, s)| (f.name(), s.confidence))
}

fn at(text: &str) -> i64 {
    parse_timestamp(text, chrono_tz::UTC).expect("a time")
}

fn label<'e>(event: &'e Event, name: &str) -> Option<&'e str> {
    let found = event.labels.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.as_str())
}

#[test]
fn pagerduty_incidents_of_the_api() {
    let sink = read("export.json", PAGERDUTY_REST);
    let pair = |n: &str, v: &str| (n.to_owned(), v.to_owned());
    assert_eq!(
        sink.events[0],
        Event {
            id: "PT4KHLK".into(),
            started_at: at("2015-10-06T21:30:42Z"),
            ended_at: Some(at("2015-10-06T21:38:23Z")),
            kind: EventKind::Incident,
            severity: Some("P2".into()),
            title: Some("The server is on fire.".into()),
            labels: vec![
                pair("alert_counts.all", "2"),
                pair("alert_counts.resolved", "2"),
                pair("alert_counts.triggered", "0"),
                pair(
                    "html_url",
                    "https://subdomain.example.com/incidents/PT4KHLK"
                ),
                pair("incident_key", "baf7cf21b1da41b4b0221008339ff357"),
                pair("incident_number", "1234"),
                pair("last_status_change_at", "2015-10-06T21:38:23Z"),
                pair("priority.color", "ffa500"),
                pair("priority_id", "P53ZZH5"),
                pair("self", "https://api.example.com/incidents/PT4KHLK"),
                pair("service", "My Mail Service"),
                pair("service_id", "PIJ90N7"),
                pair("status", "resolved"),
                pair("teams", "Engineering"),
                pair("updated_at", "2015-10-06T21:40:23Z"),
                pair("urgency", "high"),
            ],
        }
    );
    let open = &sink.events[1];
    assert_eq!(open.started_at, at("2015-10-07T17:00:00Z"));
    assert_eq!(
        (open.ended_at, open.severity.as_deref()),
        (None, Some("low"))
    );
    assert_eq!(sink.events.len(), 2);
    let rejects = sink.reject_lines();
    assert!(
        rejects[0].starts_with("32: the beginning: "),
        "{}",
        rejects[0]
    );
    assert!(sink.rejects[0].2.starts_with("{ \"id\": \"PBROKEN\""));
    assert_eq!(sink.warnings[0].code, "end-inferred");
    assert!(sink.warnings[0].message.starts_with("1 records"));
    // A dead letter can be read again on its own.
    let again = sink.rejects[0]
        .2
        .replace("yesterday", "2015-10-08T00:00:00Z");
    assert_eq!(
        read("export.json", &again).events[0].kind,
        EventKind::Incident
    );
    // Pages one after the other, and one a line.
    let pages = format!("{PAGERDUTY_REST}\n{PAGERDUTY_REST}");
    assert_eq!(read("export.json", &pages).events.len(), 4);
    let line = PAGERDUTY_REST.replace('\n', " ");
    let pages = read("export.jsonl", &format!("{line}\n{line}\n"));
    assert_eq!((pages.events.len(), pages.rejects[1].0), (4, 2));
    assert_eq!(best("export.json", PAGERDUTY_REST), Some(("events", 96)));
}

#[test]
fn pagerduty_analytics_and_reports() {
    let sink = read("x.json", PAGERDUTY_ANALYTICS);
    let disk = &sink.events[0];
    assert_eq!(disk.ended_at, Some(at("2023-05-01T10:01:30Z")));
    assert_eq!(disk.severity.as_deref(), Some("P1"));
    assert_eq!(disk.title.as_deref(), Some("Disk full"));
    assert_eq!(label(disk, "service"), Some("db"));
    assert!(sink.warnings.is_empty());
    assert_eq!(best("x.json", PAGERDUTY_ANALYTICS), Some(("events", 96)));

    let sink = read("report.csv", PAGERDUTY_CSV);
    let [first, second] = &sink.events[..] else {
        panic!("{:?}", sink.rejects);
    };
    assert_eq!(first.id, "PXA1");
    assert_eq!(first.started_at, at("2014-05-01T07:00:00Z"));
    assert_eq!(first.ended_at, Some(at("2014-05-01T07:20:00Z")));
    assert_eq!(first.severity.as_deref(), Some("high"));
    assert_eq!(first.title.as_deref(), Some("High latency on checkout"));
    assert_eq!(label(first, "service"), Some("checkout"));
    assert_eq!(second.started_at, at("2014-05-02T10:00:00Z"));
    assert_eq!(second.ended_at, None);
    assert_eq!(best("report.csv", PAGERDUTY_CSV), Some(("events", 96)));
}

#[test]
fn pagerduty_maintenance_windows() {
    let sink = read("x.json", PAGERDUTY_MAINTENANCE);
    let window = &sink.events[0];
    assert_eq!(window.kind, EventKind::Maintenance);
    assert_eq!(window.ended_at, Some(at("2015-11-10T03:00:00Z")));
    assert_eq!(window.title.as_deref(), Some("Immanentizing the eschaton"));
    assert_eq!(label(window, "service"), Some("My Mail Service"));
    assert_eq!(label(window, "description"), None);
    assert_eq!(best("x.json", PAGERDUTY_MAINTENANCE), Some(("events", 80)));
}

#[test]
fn opsgenie_incidents_and_alerts() {
    let sink = read("x.json", OPSGENIE_INCIDENTS);
    let mail = &sink.events[0];
    assert_eq!(mail.started_at, at("2021-11-15T14:00:00Z"));
    assert_eq!(mail.ended_at, Some(at("2021-11-15T15:00:00Z")));
    assert_eq!(mail.title.as_deref(), Some("Mail is slow"));
    assert_eq!(mail.severity.as_deref(), Some("P3"));
    assert_eq!(label(mail, "service"), Some("b1b5-mail"));
    assert_eq!(label(mail, "region"), Some("Oregon"));
    assert_eq!(label(mail, "team"), Some("mail"));
    assert_eq!(sink.events[1].ended_at, Some(at("2021-11-15T14:24:12.08Z")));
    assert_eq!(sink.warnings[0].code, "end-inferred");
    assert_eq!(
        best("incidents.json", OPSGENIE_INCIDENTS),
        Some(("events", 96))
    );

    let sink = read("x.json", OPSGENIE_ALERTS);
    let alert = &sink.events[0];
    assert_eq!(alert.ended_at, Some(at("2017-03-21T20:33:52.856Z")));
    assert_eq!(label(alert, "serverName"), Some("Zion"));
    assert_eq!(best("alerts.json", OPSGENIE_ALERTS), Some(("events", 96)));

    let csv = "Id,TinyId,Alias,Message,Status,Priority,CreatedAt,UpdatedAt,Tags\n\
               a1,17,al,Down,open,P2,1637000155393,1637000155999,db\n";
    let sink = read("alerts.csv", csv);
    assert_eq!(sink.events[0].started_at, 1_637_000_155_393_000);
    assert_eq!(
        (sink.events[0].id.as_str(), sink.events[0].ended_at),
        ("a1", None)
    );
    assert_eq!(best("alerts.csv", csv), Some(("events", 96)));
}

#[test]
fn servicenow_and_jira() {
    let sink = read("incident.csv", SERVICENOW_CSV);
    let mail = &sink.events[0];
    assert_eq!(mail.id, "INC0010001");
    assert_eq!(mail.ended_at, Some(at("2015-08-25T01:00:00Z")));
    assert_eq!(mail.severity.as_deref(), Some("1 - Critical"));
    assert_eq!(mail.title.as_deref(), Some("Cannot send mail"));
    assert_eq!(label(mail, "service"), Some("mail-01"));
    assert_eq!(best("x.csv", SERVICENOW_CSV), Some(("events", 96)));

    let reference = r#"{"result":[{"number":"INC1","sys_id":"a","short_description":"x","opened_at":"2015-08-24 23:51:19",
        "cmdb_ci":{"display_value":"mail-01","link":"https://x"}}]}"#;
    let sink = read("x.json", reference);
    assert_eq!(label(&sink.events[0], "service"), Some("mail-01"));

    for (name, text) in [("jira.csv", JIRA_CSV), ("incidents.json", JIRA_REST)] {
        let sink = read(name, text);
        let issue = sink.events.first().expect("an incident");
        assert_eq!(issue.kind, EventKind::Incident, "{name}");
        assert_eq!(issue.id, "OPS-12", "{name}");
        assert_eq!(issue.started_at, at("2025-11-21T10:25:00Z"), "{name}");
        assert_eq!(issue.severity.as_deref(), Some("Highest"), "{name}");
        assert_eq!(label(issue, "service"), Some("checkout"), "{name}");
        assert_eq!(issue.title.as_deref(), Some("Checkout down"), "{name}");
    }
    let pm = read("jira.csv", JIRA_CSV).events[0].ended_at;
    assert_eq!(pm, Some(at("2025-11-21T23:05:00Z")));
}

#[test]
fn names_in_camel_case_and_flags_that_are_no_times() {
    let text = r#"[{"id":"1","startedAt":"2026-01-01T00:00:00Z","endedAt":"2026-01-01T01:00:00Z","closed":true},
        {"id":"2","startedAt":"2026-01-01T00:00:00Z","resolved":false,"updatedAt":"2026-01-01T02:00:00Z"},
        {"id":"3","startedAt":"2026-01-01T03:00:00Z","state":"Closed","updatedAt":"2026-01-01T02:00:00Z"}]"#;
    let sink = read("incidents.json", text);
    let ends: Vec<_> = sink.events.iter().map(|e| e.ended_at).collect();
    assert_eq!(ends, [Some(at("2026-01-01T01:00:00Z")), None, None]);
    assert_eq!(best("incidents.json", text), Some(("events", 95)));
}

#[test]
fn a_list_that_is_cut_keeps_what_came_before() {
    let line = PAGERDUTY_REST.replace('\n', " ");
    let cut = &line[..line.find("\"PRORDTY\"").expect("the second") + 20];
    let sink = read("x.json", cut);
    assert_eq!(sink.events.len(), 1);
    let rejects = sink.reject_lines();
    assert_eq!(
        rejects,
        ["1: the list ends within this record: the file is cut"]
    );
    assert!(
        read("x.json", "{\"incidents\":[],\"more\":false}")
            .rejects
            .is_empty()
    );
}

proptest::proptest! {
    #[test]
    fn never_panics(text in r#"\{"incidents":\[\{"incident_number":[0-9]{1,20},"created_at":"[0-9T:Z-]{0,20}","(seconds_to_resolve|tags|status|updated_at)":("?[0-9e.\[\]-]{0,25}"?|"closed"|"resolved")\}\]?\}?"#) {
        read("x.json", &text);
    }
}
