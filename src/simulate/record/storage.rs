use super::Run;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::faults::WRITE_ERRORS;
use crate::simulate::incidents::Cause;
use crate::simulate::metrics::{Buckets, Recorder, Target};
use crate::simulate::topology::{BACKENDS, GIB, ROUTER};

const BOUNDS: [(f64, &str); 4] = [(0.025, "0.025"), (0.1, "0.1"), (1.0, "1"), (5.0, "5")];

/// Records the storage router: writes, pools and capacity of each backend.
pub(super) fn record(run: &Run<'_>, recorder: &mut Recorder) {
    let target = |file| {
        let instances = vec!["storage-router-0:8080".into()];
        run.target(file, ROUTER, ROUTER, instances, 3_456)
    };
    recorder.up(&target(MetricFile::Storage), 5);
    for b in 0..BACKENDS.len() {
        writes(run, b, &target(MetricFile::Storage), recorder);
        resources(run, b, &target(MetricFile::Databases), recorder);
    }
}

fn writes(run: &Run<'_>, b: usize, target: &Target, recorder: &mut Recorder) {
    let backend = &BACKENDS[b];
    let flows = &run.history.backends[b];
    let labels = [("backend", backend.name)];
    let with_operation = [("backend", backend.name), ("operation", backend.operation)];
    let name = "storage_write_latency_seconds";
    recorder.histogram(
        target,
        name,
        &with_operation,
        &Buckets {
            bounds: &BOUNDS,
            count_per_unit: 1.0,
            sum_per_unit: 50.0,
        },
        &[flows],
    );
    let depth = run.each(|k| flows[k].area / run.clock.seconds());
    recorder.gauge(
        target,
        "storage_write_queue_depth",
        &labels,
        1,
        500.0,
        &depth,
    );
    let errors = &run.faults.writes[b];
    for (index, error_type) in WRITE_ERRORS.iter().enumerate() {
        let labels = [("backend", backend.name), ("error_type", *error_type)];
        let name = "storage_write_errors_total";
        recorder.counter(target, name, &labels, 1, 1.0, &errors[index]);
    }
    let retries = run.each(|k| errors.iter().map(|list| list[k]).sum());
    recorder.counter(
        target,
        "storage_write_retries_total",
        &labels,
        1,
        1.0,
        &retries,
    );
}

fn resources(run: &Run<'_>, b: usize, target: &Target, recorder: &mut Recorder) {
    let backend = &BACKENDS[b];
    let labels = [("backend", backend.name)];
    let active = run.each(|k| pool_active(run, b, k));
    recorder.gauge(
        target,
        "storage_connection_pool_active",
        &labels,
        1,
        1.0,
        &active,
    );
    let idle = run.each(|k| backend.pool - active[k]);
    recorder.gauge(
        target,
        "storage_connection_pool_idle",
        &labels,
        5,
        1.0,
        &idle,
    );
    let max = run.each(|_| backend.pool);
    recorder.gauge(target, "storage_connection_pool_max", &labels, 5, 1.0, &max);

    let free = run.each(|k| free_bytes(run, b, k));
    recorder.gauge(target, "storage_capacity_bytes", &labels, 5, 1.0, &free);
    let total = run.each(|_| backend.volume);
    recorder.gauge(
        target,
        "storage_capacity_total_bytes",
        &labels,
        5,
        1.0,
        &total,
    );
    let used = run.each(|k| 1.0 - free[k] / backend.volume);
    let name = "storage_capacity_utilization";
    recorder.gauge(target, name, &labels, 5, 10_000.0, &used);
}

/// Connections in use: some kept warm, more with the load, all when exhausted.
fn pool_active(run: &Run<'_>, b: usize, k: usize) -> f64 {
    let backend = &BACKENDS[b];
    let flow = &run.history.backends[b][k];
    match run.cause(k) {
        Some(Cause::PoolExhausted(x)) if x == b => return backend.pool,
        Some(Cause::WriteStall(x) | Cause::DiskNearlyFull(x)) if x == b => {
            return (backend.pool * 0.8).round();
        }
        _ => {}
    }
    let utilisation = flow.completions / flow.capacity.max(1e-9);
    (2.0 + 0.6 * backend.pool * utilisation)
        .min(backend.pool * 0.85)
        .round()
}

/// Free bytes, in steps of 64 MiB as the exporter's cache sees them. A stuck
/// replication slot keeps the write-ahead log until 3 % are left.
pub(in crate::simulate) fn free_bytes(run: &Run<'_>, b: usize, k: usize) -> f64 {
    let backend = &BACKENDS[b];
    let at = run.clock.at(k);
    let mut free = backend.volume - run.storage.used(b, at);
    let index = run.history.incident[k];
    if let Some(incident) = index.and_then(|i| run.incidents.get(i))
        && incident.cause == Cause::DiskNearlyFull(b)
    {
        let minutes = (at - incident.start).max(0) as f64 / 60e6;
        let left = (1.0 - minutes / 12.0).max(0.0);
        free = free * left + 0.03 * backend.volume * (1.0 - left);
    }
    let unit = GIB / 16.0;
    (free / unit).round() * unit
}
