use super::super::pattern::{Family, SERVICE, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

/// Topics and brokers: kafka_exporter, the JMX exporter's example rules, and the sample system.
pub(super) const KAFKA: Family = Family {
    name: "Kafka",
    kind: StageKind::Queue,
    stage: &["topic"],
    patterns: &[
        counter("kafka_topic_messages_in_total", Role::Arrivals),
        counter(
            "kafka_server_brokertopicmetrics_messagesin_total",
            Role::Arrivals,
        ),
        counter(
            "kafka_server_brokertopicmetrics_messagesinpersec*_count",
            Role::Arrivals,
        ),
        counter(
            "kafka_topic_partition_current_offset",
            Role::PartitionArrivals,
        ),
        counter(
            "kafka_consumergroup_messages_consumed_total",
            Role::Completions,
        ),
        counter("kafka_consumergroup_current_offset_sum", Role::Completions),
        counter("kafka_consumergroup_current_offset", Role::Completions),
        gauge("kafka_consumergroup_lag", Role::Lag),
        gauge("kafka_consumergroup_lag_sum", Role::Lag),
        gauge("kafka_consumergroup_group_sum_lag", Role::Lag),
        gauge("kafka_consumergroup_group_topic_sum_lag", Role::Lag),
        counter("kafka_consumergroup_wait_seconds_total", Role::LatencySum),
        gauge("kafka_consumergroup_lag_seconds", Role::LatencyMean),
        gauge("kafka_consumergroup_group_lag_seconds", Role::LatencyMean),
        counter(
            "kafka_server_brokertopicmetrics_failedproducerequests*_total",
            Role::Errors,
        ),
        counter(
            "kafka_server_brokertopicmetrics_failedfetchrequests*_total",
            Role::Errors,
        ),
        gauge(
            "kafka_log_logflushstats_logflushrateandtimems*",
            Role::WriteLatency,
        )
        .with(&[("quantile", "0.95")])
        .scale(1e-3)
        .named(SERVICE),
        gauge(
            "kafka_network_requestchannel_requestqueuesize*",
            Role::Queue,
        )
        .named(SERVICE),
        gauge("kafka_log_log_size", Role::Used),
        gauge("kafka_log_size_bytes", Role::Used),
        counter("kafka_producer_*_record_error_total", Role::Errors).named(&["client_id"]),
        counter("kafka_producer_*_record_retry_total", Role::Retries).named(&["client_id"]),
        gauge(
            "kafka_producer_producer_metrics_request_latency_avg",
            Role::WriteLatency,
        )
        .scale(1e-3)
        .named(&["client_id"]),
        gauge(
            "kafka_consumer_consumer_fetch_manager_metrics_records_lag_max",
            Role::Lag,
        )
        .named(&["client_id"]),
        gauge("kafka_consumer_*_poll_idle_ratio_avg", Role::Idle).named(&["client_id"]),
    ],
    edges: &[],
};
