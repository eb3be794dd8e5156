use super::super::pattern::{Family, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

/// redis_exporter.
pub(super) const REDIS: Family = Family {
    name: "Redis",
    kind: StageKind::Store,
    stage: &["service", "job", "addr", "instance"],
    patterns: &[
        counter("redis_commands_processed_total", Role::Completions),
        counter("redis_commands_total", Role::LatencyCount),
        counter("redis_commands_duration_seconds_total", Role::LatencySum),
        gauge("redis_connected_clients", Role::PoolActive),
        gauge("redis_config_maxclients", Role::PoolMax),
        gauge("redis_blocked_clients", Role::PoolWaiting),
        gauge("redis_memory_used_bytes", Role::Memory),
        gauge("redis_memory_max_bytes", Role::MemoryLimit),
        counter("redis_rejected_connections_total", Role::Errors),
        counter("redis_cpu_user_seconds_total", Role::Cpu),
        counter("redis_keyspace_hits_total", Role::Completions),
    ],
    edges: &[],
};
