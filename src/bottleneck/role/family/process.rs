use super::super::pattern::{Family, SERVICE, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

/// What every client library and Prometheus itself says of a process.
pub(super) const PROCESS: Family = Family {
    name: "process",
    kind: StageKind::Worker,
    stage: SERVICE,
    patterns: &[
        gauge("up", Role::Up).of_process(),
        counter("process_cpu_seconds_total", Role::Cpu).of_process(),
        gauge("process_resident_memory_bytes", Role::Memory).of_process(),
        gauge("go_memstats_alloc_bytes", Role::Memory).of_process(),
        counter("go_gc_duration_seconds_sum", Role::Gc).of_process(),
        gauge("go_sql_in_use_connections", Role::PoolActive).of_process(),
        gauge("go_sql_max_open_connections", Role::PoolMax).of_process(),
        gauge("db_client_connections_usage", Role::PoolActive)
            .with(&[("state", "used")])
            .of_process(),
        gauge("db_client_connections_max", Role::PoolMax).of_process(),
        gauge("db_client_connections_pending_requests", Role::PoolWaiting).of_process(),
    ],
    edges: &[],
};
