//! The names under which events' fields stand in the exports that people have.

/// Identities. A `key` that looks like Jira's (`OPS-12`) comes before them.
pub(super) const ID: &[&str] = &[
    "id",
    "event_id",
    "incident_id",
    "incident",
    "alert_id",
    "issue_key",
    "key",
    "number",
    "incident_number",
    "tiny_id",
];
/// Names that only a beginning has; the start of an impact before that of the record.
pub(super) const START: &[&str] = &[
    "impact_start_date",
    "impact_start",
    "customer_impact_start",
    "started_at",
    "start",
    "start_time",
    "starts_at",
    "start_date",
    "begin",
    "began_at",
    "opened_at",
    "deployed_at",
    "triggered_at",
    "created_at",
    "created_on",
    "created",
    "sys_created_on",
];
/// Names that any time may have.
pub(super) const TIME: &[&str] = &["timestamp", "time", "ts", "date", "ds", "day"];
pub(super) const END: &[&str] = &[
    "impact_end_date",
    "impact_end",
    "customer_impact_end",
    "ended_at",
    "end",
    "end_time",
    "ends_at",
    "end_date",
    "finished_at",
    "resolved_at",
    "resolved_on",
    "resolution_date",
    "resolved",
    "closed_at",
    "closed_on",
    "closed",
];
/// When a record was last changed: of one that is closed, its end, where nothing better is known.
pub(super) const LAST_CHANGE: &[&str] = &[
    "last_status_change_at",
    "last_status_change_on",
    "updated_at",
    "updated_on",
    "sys_updated_on",
    "updated",
];
/// How long it took, seconds.
pub(super) const SECONDS_TO_END: &[&str] = &["seconds_to_resolve", "time_to_resolve"];
/// How long it took, ms (Opsgenie's report on an alert).
pub(super) const MILLIS_TO_END: &[&str] = &["report.close_time"];
pub(super) const STATUS: &[&str] = &["status", "state", "incident_state", "incident_status"];
/// What a status is called after which nothing comes; 6 and 7 are ServiceNow's.
pub(super) const CLOSED: &[&str] = &[
    "resolved",
    "closed",
    "done",
    "completed",
    "postmortem",
    "6",
    "7",
];
pub(super) const KIND: &[&str] = &["kind", "type", "event_type", "issue_type", "sys_class_name"];
pub(super) const SEVERITY: &[&str] = &["severity", "priority", "priority_name", "urgency"];
/// Of ServiceNow, where every record has the same severity unless somebody sets it.
pub(super) const PRIORITY: &[&str] = &["priority", "urgency", "severity"];
/// Names that a log's text has, and an event's has not.
pub(super) const MESSAGE: &[&str] = &["message", "msg", "level"];
pub(super) const TITLE: &[&str] = &["title", "name", "summary", "description"];
/// Those of incidents: Opsgenie's `message`, ServiceNow's `short_description`.
pub(super) const INCIDENT_TITLE: &[&str] = &[
    "title",
    "name",
    "message",
    "short_description",
    "summary",
    "description",
];
/// What an incident's label `service` is made of, where there is none of that name.
pub(super) const SERVICE: &[&str] = &[
    "service_name",
    "services",
    "impacted_services",
    "impacted_service",
    "affected_services",
    "affected_service",
    "business_service",
    "cmdb_ci",
    "configuration_item",
    "components",
    "component",
    "component/s",
    "entity",
];
/// Objects whose members are labels by their own name.
pub(super) const BAGS: &[&str] = &["details", "extra_properties"];

/// Recognises the tool that wrote a record of an incident by fields that nothing else has.
pub(super) fn tool(has: impl Fn(&[&str]) -> bool) -> Option<&'static str> {
    match () {
        () if !has(START) => None,
        () if has(&["incident_number"]) => Some("PagerDuty"),
        () if has(&["tiny_id"]) => Some("Opsgenie"),
        () if has(&["short_description"]) && has(&["number"]) && has(&["opened_at", "sys_id"]) => {
            Some("ServiceNow")
        }
        () => None,
    }
}
