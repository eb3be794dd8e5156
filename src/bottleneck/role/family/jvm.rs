use super::super::pattern::{Family, SERVICE, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

const HEAP: &[(&str, &str)] = &[("area", "heap")];
const OTEL_HEAP: &[(&str, &str)] = &[("jvm_memory_type", "heap")];

/// The JVM by Micrometer, client_java, the JMX exporter and OpenTelemetry; its pools.
pub(super) const JVM: Family = Family {
    name: "JVM",
    kind: StageKind::Worker,
    stage: SERVICE,
    patterns: &[
        counter("jvm_gc_pause_seconds_sum", Role::Gc).of_process(),
        counter("jvm_gc_collection_seconds_sum", Role::Gc).of_process(),
        counter("jvm_gc_duration_seconds_sum", Role::Gc).of_process(),
        gauge("jvm_memory_used_bytes", Role::Memory)
            .with(HEAP)
            .of_process(),
        gauge("jvm_memory_max_bytes", Role::MemoryLimit)
            .with(HEAP)
            .of_process(),
        gauge("jvm_memory_bytes_used", Role::Memory)
            .with(HEAP)
            .of_process(),
        gauge("jvm_memory_bytes_max", Role::MemoryLimit)
            .with(HEAP)
            .of_process(),
        gauge("jvm_memory_used_bytes", Role::Memory)
            .with(OTEL_HEAP)
            .of_process(),
        gauge("jvm_memory_limit_bytes", Role::MemoryLimit)
            .with(OTEL_HEAP)
            .of_process(),
        counter("jvm_cpu_time_seconds_total", Role::Cpu).of_process(),
        gauge("process_cpu_usage", Role::Cpu).of_process(),
        gauge("hikaricp_connections_active", Role::PoolActive).of_process(),
        gauge("hikaricp_connections_idle", Role::PoolIdle).of_process(),
        gauge("hikaricp_connections_max", Role::PoolMax).of_process(),
        gauge("hikaricp_connections_pending", Role::PoolWaiting).of_process(),
        gauge("tomcat_threads_busy_threads", Role::PoolActive).of_process(),
        gauge("tomcat_threads_config_max_threads", Role::PoolMax).of_process(),
        gauge("executor_queued_tasks", Role::Queue).of_process(),
        gauge("jdbc_connections_active", Role::PoolActive).of_process(),
        gauge("jdbc_connections_max", Role::PoolMax).of_process(),
    ],
    edges: &[],
};
