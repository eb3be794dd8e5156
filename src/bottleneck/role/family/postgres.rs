use super::super::pattern::{Family, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

/// postgres_exporter.
pub(super) const POSTGRES: Family = Family {
    name: "PostgreSQL",
    kind: StageKind::Store,
    stage: &["service", "cluster", "job", "server", "instance"],
    patterns: &[
        counter("pg_stat_database_xact_commit*", Role::Completions),
        counter("pg_stat_database_xact_rollback*", Role::Errors),
        gauge("pg_stat_activity_count", Role::PoolActive)
            .with(&[("state", "active|idle in transaction*")]),
        gauge("pg_settings_max_connections", Role::PoolMax),
        counter("pg_stat_statements_seconds_total", Role::LatencySum),
        counter("pg_stat_statements_calls_total", Role::LatencyCount),
        gauge("pg_stat_activity_waiting_count", Role::PoolWaiting),
        gauge("pg_database_size_bytes", Role::Used),
        gauge(
            "pgbouncer_pools_client_waiting_connections",
            Role::PoolWaiting,
        ),
        gauge(
            "pgbouncer_pools_server_active_connections",
            Role::PoolActive,
        ),
        gauge("pgbouncer_pools_server_idle_connections", Role::PoolIdle),
    ],
    edges: &[],
};
