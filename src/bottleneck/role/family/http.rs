use super::super::pattern::{Family, SERVICE, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

const CODE: &[(&str, &str)] = &[("code", "5*")];
const STATUS: &[(&str, &str)] = &[("status", "5*")];
const STATUS_CODE: &[(&str, &str)] = &[("status_code", "5*")];
const OTEL: &[(&str, &str)] = &[("http_response_status_code", "5*")];
const OTEL_OLD: &[(&str, &str)] = &[("http_status_code", "5*")];

/// HTTP servers and clients: the client libraries' middleware, Micrometer,
/// OpenTelemetry, nginx, Traefik, HAProxy and Envoy.
pub(super) const HTTP: Family = Family {
    name: "HTTP",
    kind: StageKind::Worker,
    stage: SERVICE,
    patterns: &[
        counter("http_requests_total", Role::Arrivals),
        counter("http_requests_total", Role::Errors).with(CODE),
        counter("http_requests_total", Role::Errors).with(STATUS),
        counter("http_requests_total", Role::Errors).with(STATUS_CODE),
        counter("http_request_duration_seconds_sum", Role::LatencySum),
        counter("http_request_duration_seconds_count", Role::LatencyCount),
        counter("http_request_duration_seconds_count", Role::Errors).with(CODE),
        counter("http_request_duration_seconds_count", Role::Errors).with(STATUS_CODE),
        counter("http_request_duration_seconds_bucket", Role::LatencyBucket),
        counter("http_server_requests_seconds_sum", Role::LatencySum),
        counter("http_server_requests_seconds_count", Role::LatencyCount),
        counter("http_server_requests_seconds_count", Role::Errors).with(STATUS),
        counter("http_server_requests_seconds_bucket", Role::LatencyBucket),
        counter("http_server_request_duration_seconds_sum", Role::LatencySum),
        counter(
            "http_server_request_duration_seconds_count",
            Role::LatencyCount,
        ),
        counter("http_server_request_duration_seconds_count", Role::Errors).with(OTEL),
        counter(
            "http_server_request_duration_seconds_bucket",
            Role::LatencyBucket,
        ),
        counter("http_server_duration_milliseconds_sum", Role::LatencySum).scale(1e-3),
        counter(
            "http_server_duration_milliseconds_count",
            Role::LatencyCount,
        ),
        counter("http_server_duration_milliseconds_count", Role::Errors).with(OTEL_OLD),
        gauge("http_requests_in_flight", Role::InFlight),
        gauge("http_requests_inprogress", Role::InFlight),
        gauge("http_requests_in_progress", Role::InFlight),
        gauge("http_server_active_requests", Role::InFlight),
        gauge("http_server_requests_active_seconds_count", Role::InFlight),
        counter(
            "http_client_request_duration_seconds_sum",
            Role::ClientLatencySum,
        ),
        counter(
            "http_client_request_duration_seconds_count",
            Role::ClientLatencyCount,
        ),
        counter("http_client_requests_seconds_sum", Role::ClientLatencySum),
        counter(
            "http_client_requests_seconds_count",
            Role::ClientLatencyCount,
        ),
        counter(
            "http_client_duration_milliseconds_sum",
            Role::ClientLatencySum,
        )
        .scale(1e-3),
        counter(
            "http_client_duration_milliseconds_count",
            Role::ClientLatencyCount,
        ),
        counter("nginx_http_requests_total", Role::Arrivals),
        gauge("nginx_connections_active", Role::InFlight),
        counter("traefik_service_requests_total", Role::Arrivals),
        counter("traefik_service_requests_total", Role::Errors).with(CODE),
        counter(
            "traefik_service_request_duration_seconds_sum",
            Role::LatencySum,
        ),
        counter(
            "traefik_service_request_duration_seconds_count",
            Role::LatencyCount,
        ),
        counter("haproxy_backend_http_requests_total", Role::Arrivals).named(&["proxy", "backend"]),
        counter("haproxy_backend_http_responses_total", Role::Errors)
            .with(&[("code", "5xx")])
            .named(&["proxy", "backend"]),
        gauge(
            "haproxy_backend_response_time_average_seconds",
            Role::LatencyMean,
        )
        .named(&["proxy", "backend"]),
        gauge("haproxy_backend_current_queue", Role::Queue).named(&["proxy", "backend"]),
        counter("envoy_cluster_upstream_rq_total", Role::Arrivals).named(&["envoy_cluster_name"]),
        counter("envoy_cluster_upstream_rq_xx", Role::Errors)
            .with(&[("envoy_response_code_class", "5")])
            .named(&["envoy_cluster_name"]),
        counter("envoy_cluster_upstream_rq_time_sum", Role::LatencySum)
            .scale(1e-3)
            .named(&["envoy_cluster_name"]),
        counter("envoy_cluster_upstream_rq_time_count", Role::LatencyCount)
            .named(&["envoy_cluster_name"]),
        gauge(
            "envoy_cluster_upstream_rq_pending_active",
            Role::PoolWaiting,
        )
        .named(&["envoy_cluster_name"]),
    ],
    edges: &[],
};
