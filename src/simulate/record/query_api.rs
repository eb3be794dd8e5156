use super::Run;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::{Buckets, Recorder};
use crate::simulate::queueing::Flow;
use crate::simulate::topology::{ENDPOINTS, QUERY_API};

const HTTP_BOUNDS: [(f64, &str); 4] = [(0.025, "0.025"), (0.1, "0.1"), (0.5, "0.5"), (2.0, "2")];
const QUERY_BOUNDS: [(f64, &str); 4] = [(0.01, "0.01"), (0.05, "0.05"), (0.25, "0.25"), (1.0, "1")];
/// Share of an answer's time that its storage query takes.
const QUERY_SHARE: f64 = 0.75;

/// Records the query API.
pub(super) fn record(run: &Run<'_>, recorder: &mut Recorder) {
    let of_file = |file| {
        let instances = vec!["query-api-0:8080".into()];
        run.target(file, QUERY_API, QUERY_API, instances, 2_250)
    };
    let target = of_file(MetricFile::QueryApi);
    recorder.up(&target, 5);
    let endpoints = &run.history.endpoints;
    let faults = run.faults;
    let sum = |lists: &[Vec<f64>; 2]| run.each(|k| lists[0][k] + lists[1][k]);
    let failed = run.each(|k| {
        (0..2)
            .map(|e| faults.queries[e][k] - faults.unavailable[e][k])
            .sum()
    });
    let unavailable = sum(&faults.unavailable);
    let not_found = sum(&faults.not_found);
    let answered = run.each(|k| {
        let all: f64 = endpoints.iter().map(|e| e[k].completions).sum();
        all - failed[k] - unavailable[k] - not_found[k]
    });
    for (code, counts) in [
        ("200", &answered),
        ("404", &not_found),
        ("500", &failed),
        ("503", &unavailable),
    ] {
        recorder.counter(
            &target,
            "http_requests_total",
            &[("code", code)],
            1,
            1.0,
            counts,
        );
    }
    let latencies = of_file(MetricFile::Storage);
    let both: Vec<&[Flow]> = endpoints.iter().map(Vec::as_slice).collect();
    let name = "http_request_duration_seconds";
    recorder.histogram(
        &latencies,
        name,
        &[],
        &Buckets {
            bounds: &HTTP_BOUNDS,
            count_per_unit: 1.0,
            sum_per_unit: 50.0,
        },
        &both,
    );
    let in_flight =
        run.each(|k| endpoints.iter().map(|e| e[k].area).sum::<f64>() / run.clock.seconds());
    recorder.gauge(
        &latencies,
        "http_requests_in_flight",
        &[],
        1,
        500.0,
        &in_flight,
    );
    for (e, endpoint) in ENDPOINTS.iter().enumerate() {
        let labels = [("endpoint", endpoint.path)];
        let queries: Vec<Flow> = endpoints[e]
            .iter()
            .map(|flow| Flow {
                residence: flow.residence * QUERY_SHARE,
                base_time: flow.base_time * QUERY_SHARE,
                ..*flow
            })
            .collect();
        let name = "storage_query_duration_seconds";
        recorder.histogram(
            &latencies,
            name,
            &labels,
            &Buckets {
                bounds: &QUERY_BOUNDS,
                count_per_unit: 1.0,
                sum_per_unit: 50.0,
            },
            &[&queries],
        );
        let name = "storage_query_errors_total";
        recorder.counter(&target, name, &labels, 1, 1.0, &faults.queries[e]);
    }
}
