use super::Run;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::faults::COLLECTOR_ERRORS;
use crate::simulate::incidents::Cause;
use crate::simulate::metrics::{Buckets, Recorder};
use crate::simulate::topology::{BATCHES, COLLECTORS};

const BOUNDS: [(f64, &str); 4] = [(0.1, "0.1"), (0.25, "0.25"), (0.5, "0.5"), (1.0, "1.0")];

/// Records the collectors; they are as many instances each as the scale says.
pub(super) fn record(run: &Run<'_>, recorder: &mut Recorder) {
    for (c, collector) in COLLECTORS.iter().enumerate() {
        let flows = &run.history.collectors[c];
        let replicas = run.options.scale.ceil().clamp(1.0, 16.0) as usize;
        let instances = (0..replicas)
            .map(|r| format!("{}-{r}:8080", collector.service))
            .collect();
        let offset = [7_127, 11_310, 23_842][c];
        let target = run.target(
            MetricFile::Collectors,
            collector.service,
            collector.service,
            instances,
            offset,
        );
        recorder.up(&target, 1);
        let received: Vec<f64> = flows.iter().map(|f| f.arrivals).collect();
        let name = "collector_messages_received_total";
        recorder.counter(
            &target,
            name,
            &[("status", "success")],
            1,
            BATCHES,
            &received,
        );
        let errors = &run.faults.collectors[c];
        let failed = run.each(|k| errors[0][k] + errors[1][k]);
        recorder.counter(&target, name, &[("status", "error")], 1, 1.0, &failed);
        let published: Vec<f64> = flows.iter().map(|f| f.completions).collect();
        let name = "collector_messages_published_total";
        recorder.counter(&target, name, &[], 1, BATCHES, &published);
        let name = "collector_processing_duration_seconds";
        recorder.histogram(
            &target,
            name,
            &[],
            &Buckets {
                bounds: &BOUNDS,
                count_per_unit: BATCHES,
                sum_per_unit: 2.0,
            },
            &[flows],
        );
        let in_flight = run.each(|k| flows[k].area / run.clock.seconds());
        recorder.gauge(&target, "collector_in_flight", &[], 1, 20.0, &in_flight);
        // Two pollers; what is not work on an answer is waiting for the next one.
        let wait = run.each(|k| {
            let share = match run.cause(k) {
                Some(Cause::SlowSource(x)) if x == c => 0.93,
                Some(Cause::NetworkLoss(x)) if x == c => 0.78,
                _ => 0.22,
            };
            (share * 2.0 * run.clock.seconds()).round()
        });
        let name = "collector_source_wait_seconds_total";
        recorder.counter(&target, name, &[], 5, 1.0, &wait);
        for (error_type, counts) in COLLECTOR_ERRORS.iter().zip(errors) {
            let labels = [("error_type", *error_type)];
            recorder.counter(&target, "collector_errors_total", &labels, 1, 1.0, counts);
        }
        let retries = run.each(|k| (failed[k] * 0.75).round() + errors[2][k]);
        recorder.counter(&target, "collector_retries_total", &[], 1, 1.0, &retries);
        let name = "collector_rate_limit_exceeded_total";
        recorder.counter(&target, name, &[], 1, 1.0, &run.faults.rate_limited[c]);
    }
}
