use super::super::pattern::{Family, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

/// Apache Spark's executor metrics (`spark.ui.prometheus.enabled`) and streaming gauges.
pub(super) const SPARK: Family = Family {
    name: "Spark",
    kind: StageKind::Worker,
    stage: &["application_name", "app_name", "application_id", "app_id"],
    patterns: &[
        counter("metrics_executor_completedTasks_total", Role::Completions),
        counter("metrics_executor_failedTasks_total", Role::Errors),
        gauge("metrics_executor_activeTasks", Role::InFlight),
        gauge("metrics_executor_maxTasks", Role::PoolMax),
        counter(
            "metrics_executor_totalDuration_seconds_total",
            Role::LatencySum,
        ),
        counter("metrics_executor_totalGCTime_seconds_total", Role::Gc),
        gauge("metrics_executor_memoryUsed_bytes", Role::Memory),
        gauge("metrics_executor_maxMemory_bytes", Role::MemoryLimit),
        // Nanoseconds of CPU, milliseconds of collection, by the metrics system's names.
        counter("metrics_*_executor_cpuTime_Count", Role::Cpu).scale(1e-9),
        counter("metrics_*_executor_jvmGCTime_Count", Role::Gc).scale(1e-3),
        counter("metrics_*_executor_shuffleFetchWaitTime_Count", Role::Idle).scale(1e-3),
        counter(
            "metrics_*_executor_shuffleWriteTime_Count",
            Role::Backpressured,
        )
        .scale(1e-9),
        gauge(
            "metrics_*_executor_threadpool_activeTasks_Value",
            Role::InFlight,
        ),
        gauge(
            "metrics_*_spark_streaming_*_inputRate_total_Value",
            Role::Arrivals,
        ),
        gauge(
            "metrics_*_spark_streaming_*_processingRate_total_Value",
            Role::Completions,
        ),
        gauge(
            "metrics_*_spark_streaming_*_latency_Value",
            Role::LatencyMean,
        )
        .scale(1e-3),
    ],
    edges: &[],
};
