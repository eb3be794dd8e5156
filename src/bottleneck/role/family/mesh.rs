use super::super::pattern::{Family, counter};
use crate::bottleneck::topology::{Role, StageKind};

const SERVER: &[(&str, &str)] = &[("reporter", "destination")];
const CLIENT: &[(&str, &str)] = &[("reporter", "source")];
const SERVER_FAILED: &[(&str, &str)] = &[("reporter", "destination"), ("response_code", "5*")];
const TO: &[&str] = &[
    "destination_workload",
    "destination_service_name",
    "destination_app",
];
const ENDS: (&str, &str) = ("source_workload", "destination_workload");

/// Istio's standard metrics, Linkerd's proxies, and the service graphs that Tempo
/// and the OpenTelemetry collector make of spans.
pub(super) const MESH: Family = Family {
    name: "service mesh",
    kind: StageKind::Worker,
    stage: TO,
    patterns: &[
        counter("istio_requests_total", Role::Arrivals).with(SERVER),
        counter("istio_requests_total", Role::Errors).with(SERVER_FAILED),
        counter("istio_request_duration_milliseconds_sum", Role::LatencySum)
            .with(SERVER)
            .scale(1e-3),
        counter(
            "istio_request_duration_milliseconds_count",
            Role::LatencyCount,
        )
        .with(SERVER),
        counter("istio_requests_total", Role::Arrivals)
            .with(CLIENT)
            .of_edge(ENDS.0, ENDS.1),
        counter(
            "istio_request_duration_milliseconds_sum",
            Role::ClientLatencySum,
        )
        .with(CLIENT)
        .scale(1e-3)
        .of_edge(ENDS.0, ENDS.1),
        counter(
            "istio_request_duration_milliseconds_count",
            Role::ClientLatencyCount,
        )
        .with(CLIENT)
        .of_edge(ENDS.0, ENDS.1),
        counter("istio_request_duration_milliseconds_sum", Role::LatencySum)
            .with(SERVER)
            .scale(1e-3)
            .of_edge(ENDS.0, ENDS.1),
        counter(
            "istio_request_duration_milliseconds_count",
            Role::LatencyCount,
        )
        .with(SERVER)
        .of_edge(ENDS.0, ENDS.1),
        counter("traces_service_graph_request_total", Role::Arrivals).of_edge("client", "server"),
        counter("traces_service_graph_request_failed_total", Role::Errors)
            .of_edge("client", "server"),
        counter(
            "traces_service_graph_request_server_seconds_sum",
            Role::LatencySum,
        )
        .of_edge("client", "server"),
        counter(
            "traces_service_graph_request_server_seconds_count",
            Role::LatencyCount,
        )
        .of_edge("client", "server"),
        counter(
            "traces_service_graph_request_client_seconds_sum",
            Role::ClientLatencySum,
        )
        .of_edge("client", "server"),
        counter(
            "traces_service_graph_request_client_seconds_count",
            Role::ClientLatencyCount,
        )
        .of_edge("client", "server"),
        counter("traces_spanmetrics_calls_total", Role::Arrivals).named(&["service"]),
        counter("traces_spanmetrics_calls_total", Role::Errors)
            .with(&[("status_code", "STATUS_CODE_ERROR")])
            .named(&["service"]),
        counter("traces_spanmetrics_latency_sum", Role::LatencySum).named(&["service"]),
        counter("traces_spanmetrics_latency_count", Role::LatencyCount).named(&["service"]),
    ],
    edges: &[],
};
