use super::Run;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::incidents::Cause;
use crate::simulate::metrics::{Buckets, Recorder, Target};
use crate::simulate::queueing::Flow;
use crate::simulate::rng::Rng;
use crate::simulate::topology::{BATCHES, FLINK, STAGES};

const BOUNDS: [(f64, &str); 5] = [
    (0.1, "0.1"),
    (0.5, "0.5"),
    (2.0, "2.0"),
    (5.0, "5.0"),
    (15.0, "15.0"),
];

/// Records the Flink job: the stages, each on its own task manager, and the job manager.
pub(super) fn record(run: &Run<'_>, recorder: &mut Recorder) {
    let target = |file, instance: &str| {
        let instances = vec![format!("{instance}:9249")];
        run.target(file, "flink-metrics", FLINK, instances, 0)
    };
    job_manager(
        run,
        &target(MetricFile::Flink, "flink-jobmanager"),
        recorder,
    );
    for s in 0..STAGES.len() {
        let instance = format!("flink-taskmanager-{s}");
        let target = |file| target(file, &instance);
        stage(run, s, &target(MetricFile::Pipeline), recorder);
        task(run, s, &target(MetricFile::Flink), recorder);
    }
}

fn job_manager(run: &Run<'_>, target: &Target, recorder: &mut Recorder) {
    recorder.up(target, 5);
    let mut since = 0;
    let mut resets = target.resets.iter().copied().peekable();
    let uptime = run.each(|k| k as f64);
    let uptime: Vec<f64> = uptime
        .iter()
        .enumerate()
        .map(|(k, _)| {
            if resets.next_if(|&at| at <= k).is_some() {
                since = k;
            }
            if since == k && k > 0 {
                0.0
            } else {
                // It had run for a week before the first step.
                let before = if since == 0 { 604_800_000.0 } else { 0.0 };
                before + (k - since) as f64 * run.clock.seconds() * 1e3
            }
        })
        .collect();
    recorder.gauge(target, "flink_jobmanager_job_uptime", &[], 1, 1.0, &uptime);
    let mut rng = Rng::new(run.options.seed, "checkpoints");
    let size = (0..run.clock.steps)
        .map(|k| {
            let buffered: f64 = run.history.stages.iter().map(|s| s[k].area).sum();
            let noise = (rng.normal() * 3.0).round();
            (18_000.0 + noise + (buffered / run.clock.seconds() * 4.0).round()) * 1024.0
        })
        .collect::<Vec<_>>();
    let name = "flink_jobmanager_job_lastCheckpointSize";
    recorder.gauge(target, name, &[], 1, 1.0, &size);
}

/// Shares of a second, in ms: busy, idle, backpressured.
pub(in crate::simulate) fn task_times(flow: &Flow) -> [f64; 3] {
    let utilisation = (flow.completions / flow.capacity.max(1e-9)).clamp(0.0, 1.0);
    // Millisecond readings of a one-minute mean are steady to some 5 ms.
    let busy = (utilisation * 200.0).round() * 5.0;
    let backpressured = if flow.blocked { 1000.0 - busy } else { 0.0 };
    [busy, 1000.0 - busy - backpressured, backpressured]
}

fn stage(run: &Run<'_>, s: usize, target: &Target, recorder: &mut Recorder) {
    let stage = &STAGES[s];
    let flows = &run.history.stages[s];
    let failures = &run.history.failures[s];
    let labels = [("stage", stage.name)];
    let seconds = run.clock.seconds();

    let name = "pipeline_messages_processed_total";
    let succeeded = run.each(|k| flows[k].completions - failures[k]);
    let status = [("stage", stage.name), ("status", "success")];
    recorder.counter(target, name, &status, 1, BATCHES, &succeeded);
    let status = [("stage", stage.name), ("status", "failed")];
    recorder.counter(target, name, &status, 1, 1.0, failures);
    let name = "pipeline_dead_letter_messages_total";
    recorder.counter(target, name, &labels, 1, 1.0, failures);
    let name = "pipeline_processing_duration_seconds";
    let per_unit = [5.0, 2.0, 1.0][s];
    recorder.histogram(
        target,
        name,
        &labels,
        &Buckets {
            bounds: &BOUNDS,
            count_per_unit: BATCHES,
            sum_per_unit: per_unit,
        },
        &[flows],
    );
    let in_flight = run.each(|k| flows[k].area / seconds);
    let per_unit = [20.0, 10.0, 5.0][s];
    recorder.gauge(
        target,
        "pipeline_in_flight",
        &labels,
        1,
        per_unit,
        &in_flight,
    );

    for (index, kind) in ["busy", "idle", "backPressured"].iter().enumerate() {
        let name = format!("flink_taskmanager_job_task_{kind}TimeMsPerSecond");
        let times = run.each(|k| task_times(&flows[k])[index]);
        recorder.gauge(target, &name, &labels, 1, 1.0, &times);
    }
    match stage.name {
        "validation" => {
            for error_type in ["schema_violation", "missing_field"] {
                let counts = run.each(|k| validation_failures(error_type, failures[k]));
                let name = "pipeline_validation_failures_total";
                recorder.counter(target, name, &[("error_type", error_type)], 1, 1.0, &counts);
            }
        }
        "enrichment" => {
            let [hits, misses] = cache(run);
            let name = "pipeline_enrichment_cache_hits_total";
            recorder.counter(target, name, &[], 5, 1.0, &hits);
            let name = "pipeline_enrichment_cache_misses_total";
            recorder.counter(target, name, &[], 5, 1.0, &misses);
        }
        _ => {}
    }
}

fn task(run: &Run<'_>, s: usize, target: &Target, recorder: &mut Recorder) {
    let stage = &STAGES[s];
    let flows = &run.history.stages[s];
    let labels = [("stage", stage.name)];
    let seconds = run.clock.seconds();
    recorder.up(target, 5);
    let usage = run.each(|k| flows[k].area / seconds / stage.buffer / run.options.scale);
    let name = "flink_taskmanager_job_task_buffers_inPoolUsage";
    recorder.gauge(target, name, &labels, 5, 20.0, &usage);
    let mut rng = Rng::new(run.options.seed, stage.name);
    let alignment: Vec<f64> = flows
        .iter()
        .map(|flow| {
            // A barrier waits behind what is buffered.
            let wait = flow.mean_time() * 1e3 + 4.0 * rng.uniform();
            wait.round() * 1e6
        })
        .collect();
    let name = "flink_taskmanager_job_task_checkpointAlignmentTime";
    recorder.gauge(target, name, &labels, 5, 1.0, &alignment);
    for subtask in 0..2 {
        let taken = run.each(|k| {
            let hot = match run.cause(k) {
                Some(Cause::PartitionSkew(x)) if x == s => 0.91,
                _ => 0.51,
            };
            flows[k].arrivals * if subtask == 0 { hot } else { 1.0 - hot }
        });
        let index = subtask.to_string();
        let labels = [("stage", stage.name), ("subtask_index", index.as_str())];
        let name = "flink_taskmanager_job_task_numRecordsIn";
        recorder.counter(target, name, &labels, 5, BATCHES, &taken);
    }
}

/// Splits the failures of validation: two in three are violations of the schema.
pub(in crate::simulate) fn validation_failures(error_type: &str, failures: f64) -> f64 {
    let violations = (failures * 2.0 / 3.0).ceil();
    if error_type == "schema_violation" {
        violations
    } else {
        failures - violations
    }
}

/// Hits and misses of the enrichment cache: it is warmer when there is more to do.
pub(super) fn cache(run: &Run<'_>) -> [Vec<f64>; 2] {
    let flows = &run.history.stages[2];
    let hit_rate = |k: usize| 0.90 + 0.06 * (flows[k].completions / flows[k].capacity).min(1.0);
    let hits = run.each(|k| (flows[k].completions * hit_rate(k)).floor());
    let misses = run.each(|k| flows[k].completions.floor() - hits[k]);
    [hits, misses]
}
