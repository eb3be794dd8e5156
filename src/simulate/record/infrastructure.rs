use super::Run;
use super::pipeline::{cache, task_times};
use super::storage::free_bytes;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::incidents::Cause;
use crate::simulate::metrics::{Recorder, Target};
use crate::simulate::queueing::Flow;
use crate::simulate::rng::Rng;
use crate::simulate::topology::{BACKENDS, COLLECTORS, FLINK, GIB, QUERY_API, ROUTER, STAGES};

const MIB: f64 = 1_048_576.0;
/// Cores that a task manager's container may use.
const CPU_LIMIT: f64 = 2.0;

/// Records processes, nodes and volumes, and the cache.
pub(super) fn record(run: &Run<'_>, recorder: &mut Recorder) {
    let host = |service: &'static str, instance: String| {
        run.target(
            MetricFile::Infrastructure,
            "node",
            service,
            vec![instance],
            0,
        )
    };
    for s in 0..STAGES.len() {
        let node = host(FLINK, format!("flink-taskmanager-{s}"));
        let process = Target {
            file: MetricFile::Pipeline,
            job: "flink-metrics",
            instances: vec![format!("flink-taskmanager-{s}:9249")],
            ..node.clone()
        };
        task_manager(run, s, &process, &node, recorder);
    }
    for (c, collector) in COLLECTORS.iter().enumerate() {
        let target = host(collector.service, format!("{}-0", collector.service));
        process(
            run,
            &target,
            &run.history.collectors[c],
            0.012,
            210.0,
            recorder,
        );
    }
    let target = host(ROUTER, "storage-router-0".into());
    process(
        run,
        &target,
        &run.history.backends[0],
        0.12,
        340.0,
        recorder,
    );
    let target = host(QUERY_API, "query-api-0".into());
    process(
        run,
        &target,
        &run.history.endpoints[0],
        0.09,
        420.0,
        recorder,
    );
    for (b, backend) in BACKENDS.iter().enumerate().take(2) {
        let target = host(backend.name, format!("{}-0", backend.name));
        let labels = [("mountpoint", "/var/lib/data")];
        let free = run.each(|k| free_bytes(run, b, k));
        let name = "node_filesystem_avail_bytes";
        recorder.gauge(&target, name, &labels, 5, 1.0, &free);
        let size = run.each(|_| backend.volume);
        let name = "node_filesystem_size_bytes";
        recorder.gauge(&target, name, &labels, 5, 1.0, &size);
    }
    redis(run, recorder);
}

fn task_manager(run: &Run<'_>, s: usize, target: &Target, node: &Target, recorder: &mut Recorder) {
    let flows = &run.history.stages[s];
    let seconds = run.clock.seconds();
    let mut rng = Rng::new(run.options.seed, &format!("taskmanager {s}"));
    let mut cpu = Vec::new();
    let mut throttled = Vec::new();
    let mut gc = Vec::new();
    let mut load = Vec::new();
    let mut memory = Vec::new();
    let mut heap = 0.0;
    for (k, flow) in flows.iter().enumerate() {
        let busy = task_times(flow)[0] / 1000.0;
        let mut cores = 0.12 + 1.45 * busy + 0.02 * rng.normal();
        let mut collecting = 0.006 + 0.02 * busy;
        let mut runnable = 0.3 + 2.2 * busy + 0.1 * rng.normal().abs();
        let mut kept_off = 0.0;
        heap = if heap > 0.9 {
            0.1
        } else {
            heap + 0.002 + 0.02 * busy
        };
        let mut resident = 1500.0 + 700.0 * heap;
        match run.cause(k) {
            Some(Cause::CpuSaturated(x)) if x == s => {
                cores = CPU_LIMIT - 0.02 * rng.uniform();
                kept_off = 0.55 + 0.1 * rng.uniform();
                runnable = 9.0 + rng.normal();
            }
            Some(Cause::GcPressure(x)) if x == s => {
                collecting = 0.42 + 0.03 * rng.normal();
                cores = 1.85 + 0.03 * rng.normal();
                runnable = 4.5 + 0.3 * rng.normal();
                resident = 3900.0;
            }
            // One of the two subtasks has all the work, so one core is idle.
            Some(Cause::PartitionSkew(x)) if x == s => cores = 0.98 + 0.02 * rng.normal(),
            _ => {}
        }
        cpu.push((cores.clamp(0.05, CPU_LIMIT) * seconds).round());
        throttled.push((kept_off * seconds).round());
        gc.push((collecting.max(0.0) * seconds * 10.0).round() / 10.0);
        load.push((runnable.max(0.0) * 10.0).round() / 10.0);
        memory.push((resident / 16.0).round() * 16.0 * MIB);
    }
    recorder.counter(target, "process_cpu_seconds_total", &[], 1, 1.0, &cpu);
    let name = "container_cpu_cfs_throttled_seconds_total";
    recorder.counter(target, name, &[], 1, 1.0, &throttled);
    recorder.counter(target, "jvm_gc_collection_seconds_sum", &[], 1, 10.0, &gc);
    recorder.gauge(node, "node_load1", &[], 5, 10.0, &load);
    recorder.gauge(node, "process_resident_memory_bytes", &[], 5, 1.0, &memory);
}

/// A process whose CPU time is `per_item` seconds for each item of its stage.
fn process(
    run: &Run<'_>,
    target: &Target,
    flows: &[Flow],
    per_item: f64,
    memory_mib: f64,
    recorder: &mut Recorder,
) {
    let slow = |k| target.service == QUERY_API && run.cause(k) == Some(Cause::SlowRelease);
    let cpu = run.each(|k| {
        let factor = if slow(k) { 8.0 } else { 1.0 };
        0.01 * run.clock.seconds() + flows[k].completions * per_item * factor
    });
    recorder.counter(target, "process_cpu_seconds_total", &[], 5, 1.0, &cpu);
    let memory = run.each(|k| {
        let buffered = flows[k].area / run.clock.seconds();
        ((memory_mib + buffered).min(3900.0) / 4.0).round() * 4.0 * MIB
    });
    recorder.gauge(
        target,
        "process_resident_memory_bytes",
        &[],
        5,
        1.0,
        &memory,
    );
}

fn redis(run: &Run<'_>, recorder: &mut Recorder) {
    let instances = vec!["redis-exporter:9121".into()];
    let target = run.target(MetricFile::Redis, "redis", "redis", instances, 0);
    let [hits, misses] = cache(run);
    let used = run.each(|k| {
        let share = run.history.stages[2][k].completions / run.history.stages[2][k].capacity;
        ((0.55 + 0.35 * share) * 64.0).round() / 64.0 * 2.0 * GIB
    });
    recorder.gauge(&target, "redis_memory_used_bytes", &[], 5, 1.0, &used);
    recorder.counter(&target, "redis_keyspace_hits_total", &[], 5, 1.0, &hits);
    recorder.counter(&target, "redis_keyspace_misses_total", &[], 5, 1.0, &misses);
}
