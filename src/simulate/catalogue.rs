//! Lists the metrics that the sample system exports: name, type, labels, file, meaning.
//!
//! Counters of messages move by batches of ten, in which the collectors poll and
//! Flink commits; those of seconds by a fraction of what a step adds.
//!
//! Every series carries `job`, `instance` and `service` beside the labels
//! named here. Minute series have one sample a step; those marked `×5` one in
//! five steps. Gauges of work in progress are averages over the step that ends
//! at the sample, so that Little's law holds between them and the counters.

use crate::model::MetricType;
use MetricType::{Counter, Gauge, Histogram};

/// Which export file a metric goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetricFile {
    /// VictoriaMetrics lines.
    Collectors,
    /// Prometheus `query_range` JSON.
    Kafka,
    /// VictoriaMetrics lines: what the job's own code counts.
    Pipeline,
    /// OpenMetrics text: what Flink says of itself.
    Flink,
    /// VictoriaMetrics lines: writes, queries and requests with their latencies.
    Storage,
    /// `promtool tsdb dump` text: connection pools and capacity.
    Databases,
    /// Prometheus exposition text with times.
    QueryApi,
    /// Tall CSV.
    Infrastructure,
    /// `promtool tsdb dump-openmetrics` text, without types.
    Redis,
    /// Wide CSV as Grafana writes it.
    Business,
    /// Prometheus `query` JSON: one instant.
    Targets,
    /// A year by the hour, VictoriaMetrics lines.
    Long,
}

impl MetricFile {
    /// All files in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::Collectors,
        Self::Kafka,
        Self::Pipeline,
        Self::Flink,
        Self::Storage,
        Self::Databases,
        Self::QueryApi,
        Self::Infrastructure,
        Self::Redis,
        Self::Business,
        Self::Targets,
        Self::Long,
    ];

    /// Returns the path inside the export folder.
    pub fn path(self) -> &'static str {
        match self {
            Self::Collectors => "metrics/collectors.vm.jsonl.zst",
            Self::Kafka => "metrics/kafka.query_range.json.zst",
            Self::Pipeline => "metrics/pipeline.vm.jsonl.zst",
            Self::Flink => "metrics/flink.om.zst",
            Self::Storage => "metrics/storage.vm.jsonl.zst",
            Self::Databases => "metrics/databases.dump.txt.zst",
            Self::QueryApi => "metrics/query-api.prom.zst",
            Self::Infrastructure => "metrics/infrastructure.csv.zst",
            Self::Redis => "metrics/redis.dump-openmetrics.txt.gz",
            Self::Business => "metrics/business.csv",
            Self::Targets => "metrics/targets.query.json",
            Self::Long => "long/hourly.vm.jsonl.zst",
        }
    }
}

/// One metric of the sample system.
#[derive(Debug, Clone, Copy)]
pub struct MetricEntry {
    /// Name; of a histogram, without `_bucket`, `_sum`, `_count`.
    pub name: &'static str,
    /// Type.
    pub metric_type: MetricType,
    /// Labels beside `job`, `instance`, `service` (and `le`).
    pub labels: &'static str,
    /// File.
    pub file: MetricFile,
    /// Steps from sample to sample.
    pub every: usize,
    /// Meaning and unit.
    pub help: &'static str,
}

const fn entry(
    file: MetricFile,
    every: usize,
    metric_type: MetricType,
    name: &'static str,
    labels: &'static str,
    help: &'static str,
) -> MetricEntry {
    MetricEntry {
        name,
        metric_type,
        labels,
        file,
        every,
        help,
    }
}

use MetricFile::{
    Business, Collectors, Databases, Flink, Infrastructure, Kafka, Long, Pipeline, QueryApi, Redis,
    Storage, Targets,
};

/// Every metric that the simulator writes, by file.
///
/// `service` is one of `shipping-collector`, `inventory-collector`,
/// `supplier-collector`, `kafka`, `flink-processing`, `storage-router`,
/// `query-api`, `redis`; `stage` one of `validation`, `transformation`,
/// `enrichment`; `backend` one of `timescaledb`, `postgres`, `s3`; `topic` one of
/// `raw-shipping`, `raw-inventory`, `raw-supplier`; `group` is
/// `pipeline-validation`; `endpoint` is `/api/v1/shipments` or `/api/v1/inventory`.
#[rustfmt::skip]
pub const CATALOGUE: &[MetricEntry] = &[
    // While a collector is down only `up` (0) is scraped.
    entry(Collectors, 1, Gauge, "up", "", "1 where the scrape succeeded; collectors by the minute, other services ×5, each in its own file"),
    entry(Collectors, 1, Counter, "collector_messages_received_total", "status (success|error)", "Messages fetched from the source API"),
    entry(Collectors, 1, Counter, "collector_messages_published_total", "", "Messages acknowledged by the broker"),
    entry(Collectors, 1, Histogram, "collector_processing_duration_seconds", "", "From receipt to the broker's acknowledgement, seconds"),
    entry(Collectors, 1, Gauge, "collector_in_flight", "", "Messages received and not yet acknowledged, average over the step"),
    entry(Collectors, 5, Counter, "collector_source_wait_seconds_total", "", "Seconds that pollers waited for the source API (2 pollers)"),
    entry(Collectors, 1, Counter, "collector_errors_total", "error_type (api_timeout|network_error|publish_failed)", "Failed fetches and publishes"),
    entry(Collectors, 1, Counter, "collector_retries_total", "", "Fetches and publishes tried again"),
    entry(Collectors, 1, Counter, "collector_rate_limit_exceeded_total", "", "Answers 429 of the source API"),

    entry(Kafka, 1, Counter, "kafka_topic_messages_in_total", "topic", "Messages appended to the topic"),
    entry(Kafka, 1, Counter, "kafka_consumergroup_messages_consumed_total", "group, topic", "Messages handed to the consumer group"),
    entry(Kafka, 1, Gauge, "kafka_consumergroup_lag", "group, topic", "Messages appended and not yet consumed, average over the step"),
    entry(Kafka, 1, Counter, "kafka_consumergroup_wait_seconds_total", "group, topic", "Time in the topic, summed over consumed messages, seconds"),

    entry(Pipeline, 1, Counter, "pipeline_messages_processed_total", "stage, status (success|failed)", "Messages that left the stage; failed ones go to the dead letters"),
    entry(Pipeline, 1, Histogram, "pipeline_processing_duration_seconds", "stage", "Time in the stage: its input buffer, work, and waiting to hand over, seconds"),
    entry(Pipeline, 1, Gauge, "pipeline_in_flight", "stage", "Messages in the stage, average over the step"),
    entry(Pipeline, 1, Gauge, "flink_taskmanager_job_task_busyTimeMsPerSecond", "stage", "Of the busiest subtask; busy + idle + backPressured = 1000"),
    entry(Pipeline, 1, Gauge, "flink_taskmanager_job_task_idleTimeMsPerSecond", "stage", "Waiting for input"),
    entry(Pipeline, 1, Gauge, "flink_taskmanager_job_task_backPressuredTimeMsPerSecond", "stage", "Waiting for room downstream"),
    entry(Pipeline, 1, Counter, "pipeline_validation_failures_total", "error_type (schema_violation|missing_field)", "Messages that failed validation"),
    entry(Pipeline, 1, Counter, "pipeline_dead_letter_messages_total", "stage", "Messages put aside"),
    entry(Pipeline, 5, Counter, "pipeline_enrichment_cache_hits_total", "", "Enrichments answered by the cache"),
    entry(Pipeline, 5, Counter, "pipeline_enrichment_cache_misses_total", "", "Enrichments that asked the reference API"),
    // flink-taskmanager-0 runs validation, -1 transformation, -2 enrichment.
    entry(Pipeline, 1, Counter, "process_cpu_seconds_total", "", "CPU seconds of the task manager, limit 2 cores"),
    entry(Pipeline, 1, Counter, "container_cpu_cfs_throttled_seconds_total", "", "Seconds for which the container was kept off the CPU (task managers)"),
    entry(Pipeline, 1, Counter, "jvm_gc_collection_seconds_sum", "", "Seconds in garbage collection (task managers)"),

    // Of the task manager that runs the stage; each has its own.
    entry(Flink, 5, Gauge, "flink_taskmanager_job_task_buffers_inPoolUsage", "stage", "Share of the input buffer in use, 0 to 1"),
    entry(Flink, 5, Gauge, "flink_taskmanager_job_task_checkpointAlignmentTime", "stage", "Nanoseconds that the last barrier alignment took"),
    entry(Flink, 5, Counter, "flink_taskmanager_job_task_numRecordsIn", "stage, subtask_index (0|1)", "Records that the subtask took in"),
    entry(Flink, 1, Gauge, "flink_jobmanager_job_uptime", "", "Milliseconds since the job started; 0 while it restarts"),
    entry(Flink, 1, Gauge, "flink_jobmanager_job_lastCheckpointSize", "", "Bytes of the last checkpoint"),

    // Items are batched writes: 10 rows (timescaledb), 5 (postgres, s3).
    entry(Storage, 1, Histogram, "storage_write_latency_seconds", "backend, operation (insert|put)", "From hand-over to the router until acknowledged, seconds"),
    entry(Storage, 1, Gauge, "storage_write_queue_depth", "backend", "Writes handed over and not yet acknowledged, average over the step"),
    entry(Storage, 1, Counter, "storage_write_errors_total", "backend, error_type (connection_refused|timeout|slow_down|disk_full)", "Failed write attempts"),
    entry(Storage, 1, Counter, "storage_write_retries_total", "backend", "Write attempts made again"),
    entry(Storage, 1, Histogram, "storage_query_duration_seconds", "endpoint", "Time of the storage query, seconds"),
    entry(Storage, 1, Histogram, "http_request_duration_seconds", "", "Time to answer, both endpoints, seconds"),
    entry(Storage, 1, Gauge, "http_requests_in_flight", "", "Requests being answered, average over the step"),

    entry(Databases, 1, Gauge, "storage_connection_pool_active", "backend", "Connections in use"),
    entry(Databases, 5, Gauge, "storage_connection_pool_idle", "backend", "Connections not in use: max - active"),
    entry(Databases, 5, Gauge, "storage_connection_pool_max", "backend", "Size of the pool"),
    entry(Databases, 5, Gauge, "storage_capacity_bytes", "backend", "Free bytes (as the rule StorageCapacityLow reads it)"),
    entry(Databases, 5, Gauge, "storage_capacity_total_bytes", "backend", "Size of the volume or quota"),
    entry(Databases, 5, Gauge, "storage_capacity_utilization", "backend", "Used share, 0 to 1"),

    entry(QueryApi, 1, Counter, "http_requests_total", "code (200|404|500|503)", "Answered requests"),
    entry(QueryApi, 1, Counter, "storage_query_errors_total", "endpoint", "Storage queries that failed"),

    entry(Infrastructure, 5, Counter, "process_cpu_seconds_total", "", "CPU seconds of the process (collectors, storage-router, query-api)"),
    entry(Infrastructure, 5, Gauge, "node_load1", "", "Runnable processes of the node, 4 cores (task managers)"),
    entry(Infrastructure, 5, Gauge, "process_resident_memory_bytes", "", "Resident memory, limit 4 GiB"),
    entry(Infrastructure, 5, Gauge, "node_filesystem_avail_bytes", "mountpoint", "Free bytes of the data volume (timescaledb, postgres)"),
    entry(Infrastructure, 5, Gauge, "node_filesystem_size_bytes", "mountpoint", "Size of the data volume"),

    entry(Redis, 5, Gauge, "redis_memory_used_bytes", "", "Memory of the enrichment cache"),
    entry(Redis, 5, Counter, "redis_keyspace_hits_total", "", "Hits of the enrichment cache"),
    entry(Redis, 5, Counter, "redis_keyspace_misses_total", "", "Misses of the enrichment cache"),

    entry(Business, 60, Gauge, "cost_usd_per_hour", "service (no job, no instance)", "Spend of the hour that ends at the sample, USD"),
    entry(Business, 60, Gauge, "egress_bytes_per_hour", "", "Bytes sent to customers in the hour; cells carry MiB or GiB"),
    entry(Business, 60, Gauge, "orders_per_hour", "channel (web|wholesale)", "Orders that the messages belong to"),

    entry(Targets, 0, Gauge, "app_build_info", "version", "1; the version that runs at the end"),

    // Hourly; labels `service` and, where named, others; no job, no instance.
    entry(Long, 0, Gauge, "http_requests_per_hour", "", "Requests answered by query-api in the hour"),
    entry(Long, 0, Gauge, "messages_per_hour", "", "Messages received by the collectors in the hour"),
    entry(Long, 0, Gauge, "storage_used_bytes", "backend", "Used bytes; timescaledb fills, postgres is a flat sawtooth, s3 grows slowly"),
    entry(Long, 0, Gauge, "kafka_log_size_bytes", "topic", "Bytes kept of the topic; raw-shipping grows"),
    entry(Long, 0, Gauge, "kafka_consumergroup_lag_max", "group, topic", "Largest lag of the hour (raw-shipping)"),
    entry(Long, 0, Gauge, "http_request_duration_p99_seconds", "", "99th percentile of the hour, query-api"),
    entry(Long, 0, Gauge, "pipeline_stage_utilization", "stage", "Highest minute of the hour, 0 to 1; enrichment saturates first"),
    entry(Long, 0, Gauge, "cost_usd_per_day", "", "Spend of the day, USD, one sample a day"),
];

/// Finds a metric by its name and file.
pub(super) fn find(file: MetricFile, name: &str) -> Option<&'static MetricEntry> {
    CATALOGUE
        .iter()
        .find(|entry| entry.file == file && entry.name == name)
}
