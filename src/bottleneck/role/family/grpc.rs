use super::super::pattern::{Family, SERVICE, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

/// Codes that are the server's fault, as alert rules for gRPC count them.
const FAILED: &[(&str, &str)] = &[(
    "grpc_code",
    "Unavailable|DeadlineExceeded|ResourceExhausted|Internal|Unknown|Aborted|DataLoss|Unimplemented",
)];

/// go-grpc-middleware and its relatives; OpenTelemetry's RPC metrics.
pub(super) const GRPC: Family = Family {
    name: "gRPC",
    kind: StageKind::Worker,
    stage: SERVICE,
    patterns: &[
        counter("grpc_server_started_total", Role::Arrivals),
        counter("grpc_server_handled_total", Role::Completions),
        counter("grpc_server_handled_total", Role::Errors).with(FAILED),
        counter("grpc_server_handling_seconds_sum", Role::LatencySum),
        counter("grpc_server_handling_seconds_count", Role::LatencyCount),
        counter("grpc_server_handling_seconds_bucket", Role::LatencyBucket),
        counter("grpc_client_handling_seconds_sum", Role::ClientLatencySum),
        counter(
            "grpc_client_handling_seconds_count",
            Role::ClientLatencyCount,
        ),
        counter("rpc_server_duration_milliseconds_sum", Role::LatencySum).scale(1e-3),
        counter("rpc_server_duration_milliseconds_count", Role::LatencyCount),
        counter(
            "rpc_client_duration_milliseconds_sum",
            Role::ClientLatencySum,
        )
        .scale(1e-3),
        counter(
            "rpc_client_duration_milliseconds_count",
            Role::ClientLatencyCount,
        ),
        gauge("grpc_server_in_flight_requests", Role::InFlight),
    ],
    edges: &[],
};
