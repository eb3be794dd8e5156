use super::super::pattern::{Family, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

/// Apache Flink's Prometheus reporter (`flink_taskmanager_job_task_…`, 1.13 and later).
pub(super) const FLINK: Family = Family {
    name: "Flink",
    kind: StageKind::Worker,
    stage: &["stage", "operator_name", "task_name"],
    patterns: &[
        gauge("flink_taskmanager_job_task_busyTimeMsPerSecond", Role::Busy).scale(1e-3),
        gauge("flink_taskmanager_job_task_idleTimeMsPerSecond", Role::Idle).scale(1e-3),
        gauge(
            "flink_taskmanager_job_task_backPressuredTimeMsPerSecond",
            Role::Backpressured,
        )
        .scale(1e-3),
        counter(
            "flink_taskmanager_job_task_numRecordsIn",
            Role::PartitionArrivals,
        ),
        counter(
            "flink_taskmanager_job_task_numRecordsOut",
            Role::Completions,
        ),
        gauge(
            "flink_taskmanager_job_task_numRecordsInPerSecond",
            Role::Arrivals,
        ),
        gauge(
            "flink_taskmanager_job_task_operator_*_records_lag_max",
            Role::Lag,
        ),
        gauge(
            "flink_taskmanager_job_task_operator_pendingRecords",
            Role::Lag,
        ),
        gauge("flink_taskmanager_Status_JVM_CPU_Load", Role::Cpu).of_process(),
        // A gauge by its type, though it only rises: milliseconds in all.
        counter(
            "flink_taskmanager_Status_JVM_GarbageCollector_*_Time",
            Role::Gc,
        )
        .scale(1e-3)
        .of_process(),
        gauge(
            "flink_taskmanager_Status_JVM_Memory_Heap_Used",
            Role::Memory,
        )
        .of_process(),
        gauge(
            "flink_taskmanager_Status_JVM_Memory_Heap_Max",
            Role::MemoryLimit,
        )
        .of_process(),
    ],
    edges: &[],
};
