//! Describes the sample system: collectors, topics, pipeline stages, storage backends, query API.
//!
//! Rates are for scale 1 (`small`): about 15 messages a second on average, 24 at
//! a busy weekday's peak, against the 32 a second that enrichment can do.

/// Counters of messages move by 1/`BATCHES`: pages of ten are polled, published
/// and committed together.
pub(super) const BATCHES: f64 = 0.1;

/// A collector, the source that it polls, and the topic that it fills.
#[derive(Debug, Clone, Copy)]
pub(super) struct Collector {
    /// Service and job.
    pub(super) service: &'static str,
    /// Topic.
    pub(super) topic: &'static str,
    /// Messages a second at demand 1.
    pub(super) rate: f64,
    /// Share of the demand that does not follow the time of day.
    pub(super) steady: f64,
    /// Mean time from receipt to acknowledgement, seconds.
    pub(super) service_time: f64,
    /// What the messages carry, for logs.
    pub(super) subject: &'static str,
}

/// The collectors.
pub(super) const COLLECTORS: [Collector; 3] = [
    Collector {
        service: "shipping-collector",
        topic: "raw-shipping",
        rate: 8.0,
        steady: 0.0,
        service_time: 0.085,
        subject: "shipment",
    },
    Collector {
        service: "inventory-collector",
        topic: "raw-inventory",
        rate: 5.0,
        steady: 0.35,
        service_time: 0.060,
        subject: "stock level",
    },
    Collector {
        service: "supplier-collector",
        topic: "raw-supplier",
        rate: 2.0,
        steady: 0.1,
        service_time: 0.140,
        subject: "supplier order",
    },
];

/// The consumer group that reads the topics.
pub(super) const CONSUMER_GROUP: &str = "pipeline-validation";
/// Mean time of a message in a topic without a backlog, seconds.
pub(super) const FETCH_TIME: f64 = 0.6;

/// A stage of the pipeline; it runs on the task manager of the same index.
#[derive(Debug, Clone, Copy)]
pub(super) struct PipelineStage {
    /// Name.
    pub(super) name: &'static str,
    /// Messages a second that it can do.
    pub(super) capacity: f64,
    /// Mean time in the stage without waiting, seconds.
    pub(super) service_time: f64,
    /// Share of its messages that fail.
    pub(super) failures: f64,
    /// Messages that its input buffer holds.
    pub(super) buffer: f64,
}

/// The pipeline, in order.
pub(super) const STAGES: [PipelineStage; 3] = [
    PipelineStage {
        name: "validation",
        capacity: 52.0,
        service_time: 0.045,
        failures: 0.004,
        buffer: 120.0,
    },
    PipelineStage {
        name: "transformation",
        capacity: 44.0,
        service_time: 0.090,
        failures: 0.0003,
        buffer: 120.0,
    },
    PipelineStage {
        name: "enrichment",
        capacity: 32.0,
        service_time: 0.220,
        failures: 0.0006,
        buffer: 120.0,
    },
];

/// A storage backend; its items are batched writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backend {
    /// Name.
    pub(super) name: &'static str,
    /// Operation label.
    pub(super) operation: &'static str,
    /// Share of the pipeline's messages that go here.
    pub(super) share: f64,
    /// Messages in a write.
    pub(super) batch: f64,
    /// Writes a second that it can do.
    pub(super) capacity: f64,
    /// Mean write latency without waiting, seconds.
    pub(super) service_time: f64,
    /// Writes that the router holds back for it.
    pub(super) buffer: f64,
    /// Size of the connection pool.
    pub(super) pool: f64,
    /// Size of the volume, bytes.
    pub(super) volume: f64,
}

/// The backends.
pub(super) const BACKENDS: [Backend; 3] = [
    Backend {
        name: "timescaledb",
        operation: "insert",
        share: 0.55,
        batch: 10.0,
        capacity: 3.6,
        service_time: 0.028,
        buffer: 6.0,
        pool: 20.0,
        volume: 512.0 * GIB,
    },
    Backend {
        name: "postgres",
        operation: "insert",
        share: 0.30,
        batch: 5.0,
        capacity: 4.0,
        service_time: 0.014,
        buffer: 6.0,
        pool: 20.0,
        volume: 256.0 * GIB,
    },
    Backend {
        name: "s3",
        operation: "put",
        share: 0.15,
        batch: 5.0,
        capacity: 2.4,
        service_time: 0.055,
        buffer: 6.0,
        pool: 50.0,
        volume: 4096.0 * GIB,
    },
];

/// Bytes of a GiB.
pub(super) const GIB: f64 = 1_073_741_824.0;

/// An endpoint of the query API.
#[derive(Debug, Clone, Copy)]
pub(super) struct Endpoint {
    /// Path.
    pub(super) path: &'static str,
    /// Requests a second at demand 1.
    pub(super) rate: f64,
    /// Requests a second near which answers become slow.
    pub(super) capacity: f64,
    /// Mean time to answer, seconds.
    pub(super) service_time: f64,
    /// Index of the backend that it reads.
    pub(super) backend: usize,
}

/// The endpoints.
pub(super) const ENDPOINTS: [Endpoint; 2] = [
    Endpoint {
        path: "/api/v1/shipments",
        rate: 0.9,
        capacity: 2.3,
        service_time: 0.022,
        backend: 0,
    },
    Endpoint {
        path: "/api/v1/inventory",
        rate: 0.5,
        capacity: 1.3,
        service_time: 0.013,
        backend: 1,
    },
];

/// Services as logs, events and the `service` label name them.
pub(super) const FLINK: &str = "flink-processing";
/// See [`FLINK`].
pub(super) const ROUTER: &str = "storage-router";
/// See [`FLINK`].
pub(super) const QUERY_API: &str = "query-api";

/// Returns a service's layer, as the log shipper adds it.
pub(super) fn layer(service: &str) -> &'static str {
    if service.contains("collector") {
        "collection"
    } else if service.contains("flink") {
        "processing"
    } else {
        "storage"
    }
}
