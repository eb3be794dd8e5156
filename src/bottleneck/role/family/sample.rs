use super::super::pattern::{Family, counter, gauge};
use crate::bottleneck::topology::{EdgeKind, Role, StageKind};

const SUCCESS: &[(&str, &str)] = &[("status", "success")];
const FAILED: &[(&str, &str)] = &[("status", "failed")];

/// The collectors of the sample system.
pub(super) const COLLECTOR: Family = Family {
    name: "sample collector",
    kind: StageKind::Source,
    stage: &["service", "job"],
    patterns: &[
        counter("collector_messages_received_total", Role::Arrivals).with(SUCCESS),
        counter("collector_messages_published_total", Role::Completions),
        counter(
            "collector_processing_duration_seconds_sum",
            Role::LatencySum,
        ),
        counter(
            "collector_processing_duration_seconds_count",
            Role::LatencyCount,
        ),
        counter(
            "collector_processing_duration_seconds_bucket",
            Role::LatencyBucket,
        ),
        gauge("collector_in_flight", Role::InFlight),
        counter("collector_source_wait_seconds_total", Role::Idle),
        counter("collector_errors_total", Role::Errors),
        counter("collector_retries_total", Role::Retries),
        counter("collector_rate_limit_exceeded_total", Role::RateLimited),
    ],
    edges: &[
        ("shipping-collector", "raw-shipping", EdgeKind::Flow),
        ("inventory-collector", "raw-inventory", EdgeKind::Flow),
        ("supplier-collector", "raw-supplier", EdgeKind::Flow),
    ],
};

/// The Flink job of the sample system.
pub(super) const PIPELINE: Family = Family {
    name: "sample pipeline",
    kind: StageKind::Worker,
    stage: &["stage"],
    patterns: &[
        counter("pipeline_messages_processed_total", Role::Completions),
        counter("pipeline_messages_processed_total", Role::Errors).with(FAILED),
        counter("pipeline_processing_duration_seconds_sum", Role::LatencySum),
        counter(
            "pipeline_processing_duration_seconds_count",
            Role::LatencyCount,
        ),
        counter(
            "pipeline_processing_duration_seconds_bucket",
            Role::LatencyBucket,
        ),
        gauge("pipeline_in_flight", Role::InFlight),
    ],
    edges: &[
        ("validation", "transformation", EdgeKind::Flow),
        ("transformation", "enrichment", EdgeKind::Flow),
        ("enrichment", "timescaledb", EdgeKind::Flow),
        ("enrichment", "postgres", EdgeKind::Flow),
        ("enrichment", "s3", EdgeKind::Flow),
        ("enrichment", "redis", EdgeKind::Call),
    ],
};

/// The storage router of the sample system, by backend.
pub(super) const STORAGE: Family = Family {
    name: "sample storage",
    kind: StageKind::Store,
    stage: &["backend"],
    patterns: &[
        counter("storage_write_latency_seconds_sum", Role::LatencySum),
        counter("storage_write_latency_seconds_count", Role::LatencyCount),
        counter("storage_write_latency_seconds_bucket", Role::LatencyBucket),
        gauge("storage_write_queue_depth", Role::Queue),
        counter("storage_write_errors_total", Role::Errors),
        counter("storage_write_retries_total", Role::Retries),
        gauge("storage_connection_pool_active", Role::PoolActive),
        gauge("storage_connection_pool_idle", Role::PoolIdle),
        gauge("storage_connection_pool_max", Role::PoolMax),
        gauge("storage_capacity_bytes", Role::Free),
        gauge("storage_capacity_total_bytes", Role::Capacity),
        gauge("storage_capacity_utilization", Role::UsedShare),
        gauge("storage_used_bytes", Role::Used),
    ],
    edges: &[
        ("query-api", "timescaledb", EdgeKind::Call),
        ("query-api", "postgres", EdgeKind::Call),
    ],
};
