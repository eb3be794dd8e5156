use super::Run;
use super::business::{by_hour, total_cost};
use crate::simulate::catalogue::MetricFile;
use crate::simulate::demand::Demand;
use crate::simulate::metrics::{Recorder, Series};
use crate::simulate::quantile::quantile;
use crate::simulate::queueing::{Flow, base_time};
use crate::simulate::rng::Rng;
use crate::simulate::topology::{
    BACKENDS, COLLECTORS, CONSUMER_GROUP, ENDPOINTS, FETCH_TIME, FLINK, GIB, QUERY_API, ROUTER,
    STAGES,
};
use crate::simulate::{StepClock, storage_use::StorageUse};

const HOUR: i64 = 3_600_000_000;
/// 99th percentile of Gamma(2), in means.
const P99_OF_GAMMA_2: f64 = 3.32;

/// The hours of the long range; the last of them are those of the exported days.
struct Hours {
    first: i64,
    count: usize,
    /// How many of them lie before the exported days.
    before: usize,
}

impl Hours {
    fn end_of(&self, h: usize) -> i64 {
        self.first + (h as i64 + 1) * HOUR
    }

    /// One value an hour: `simple` before the exported days, then `measured`.
    fn values(&self, simple: impl FnMut(usize) -> f64, measured: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = (0..self.before).map(simple).collect();
        values.extend(measured.iter().take(self.count - self.before));
        values
    }
}

/// Records the year by the hour: the exported days as they were measured, the
/// time before from the same demand, with noise and rare disturbances.
pub(super) fn record(run: &Run<'_>, demand: &Demand, recorder: &mut Recorder) {
    let options = run.options;
    if options.long_days == 0 {
        return;
    }
    let first = options.long_start();
    let hours = Hours {
        first,
        count: ((options.end() - first) / HOUR).max(0) as usize,
        before: ((options.start - first) / HOUR).max(0) as usize,
    };
    // A long range shorter than the exported days would cut them.
    if first > options.start {
        return;
    }
    let mut push = |name: &str, labels: &[(&str, &str)], interval: i64, values: Vec<f64>| {
        recorder.series.push(Series {
            file: MetricFile::Long,
            name: name.to_owned(),
            labels: labels
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            first: first + interval,
            interval,
            values,
        });
    };
    let mut rng = Rng::new(options.seed, "long");
    let mean = |h: usize, steady: f64| {
        let begin = hours.end_of(h) - HOUR;
        let quarters = (0..4).map(|q| demand.at(begin + q * HOUR / 4 + HOUR / 8, steady));
        quarters.sum::<f64>() / 4.0 * options.scale
    };

    let measured = by_hour(run, |k| {
        run.history.collectors.iter().map(|c| c[k].arrivals).sum()
    });
    let mut drift = 0.0;
    let messages = hours.values(
        |h| {
            drift = 0.8 * drift + 0.018 * rng.normal();
            let rate: f64 = COLLECTORS.iter().map(|c| c.rate * mean(h, c.steady)).sum();
            rng.poisson(rate * 3600.0 * (1.0 + drift))
        },
        &measured,
    );
    push(
        "messages_per_hour",
        &[("service", "collectors")],
        HOUR,
        messages.clone(),
    );

    let measured = by_hour(run, |k| {
        run.history.endpoints.iter().map(|e| e[k].completions).sum()
    });
    let requests = hours.values(
        |h| {
            let rate: f64 = ENDPOINTS.iter().map(|e| e.rate * mean(h, 0.1)).sum();
            let noise = 1.0 + 0.02 * rng.normal();
            rng.poisson(rate * 3600.0 * noise)
        },
        &measured,
    );
    let requests = requests.iter().map(|r| r.round()).collect();
    push(
        "http_requests_per_hour",
        &[("service", QUERY_API)],
        HOUR,
        requests,
    );

    storage(run.storage, &hours, &mut push);
    lag(run, &hours, &mean, &mut rng, &mut push);

    let answers: Vec<Flow> = (0..run.clock.steps)
        .flat_map(|k| run.history.endpoints.iter().map(move |e| e[k]))
        .collect();
    let per_hour = steps_of_an_hour(run.clock) * ENDPOINTS.len();
    let measured: Vec<f64> = answers
        .chunks_exact(per_hour)
        .map(|flows| round_4(quantile(flows, 0.99).unwrap_or(f64::NAN)))
        .collect();
    let p99 = hours.values(
        |h| {
            let slow = if rng.uniform() < 1.0 / 220.0 {
                rng.between(2.0, 9.0)
            } else {
                1.0
            };
            // The slower endpoint makes the tail, thinned a little by the quicker one.
            let endpoint = &ENDPOINTS[0];
            let load = endpoint.rate * mean(h, 0.1) / options.scale / endpoint.capacity;
            let time = base_time(0.92 * endpoint.service_time, load);
            round_4(P99_OF_GAMMA_2 * time * slow * (1.0 + 0.015 * rng.normal()))
        },
        &measured,
    );
    let name = "http_request_duration_p99_seconds";
    push(name, &[("service", QUERY_API)], HOUR, p99);

    for (s, stage) in STAGES.iter().enumerate() {
        let flows = &run.history.stages[s];
        let busiest: Vec<f64> = flows
            .chunks_exact(steps_of_an_hour(run.clock))
            .map(|hour| {
                let used = hour.iter().map(|f| f.completions / f.capacity.max(1e-9));
                round_4(used.fold(0.0, f64::max))
            })
            .collect();
        let values = hours.values(
            |h| {
                let rate: f64 = COLLECTORS.iter().map(|c| c.rate * mean(h, c.steady)).sum();
                let chance = 1.0 + 0.07 + 0.02 * rng.normal();
                round_4((rate / options.scale / stage.capacity * chance).min(1.0))
            },
            &busiest,
        );
        let labels = [("service", FLINK), ("stage", stage.name)];
        push("pipeline_stage_utilization", &labels, HOUR, values);
    }

    let cost = messages
        .chunks_exact(24)
        .enumerate()
        .map(|(day, of_day)| {
            let at = hours.end_of(day * 24 + 12);
            let used = (0..3).map(|b| run.storage.used(b, at)).sum::<f64>();
            let total: f64 = of_day.iter().map(|m| total_cost(*m, used)).sum();
            (total * 100.0).round() / 100.0
        })
        .collect();
    push("cost_usd_per_day", &[("service", "all")], 24 * HOUR, cost);
}

fn storage(
    storage: &StorageUse,
    hours: &Hours,
    push: &mut impl FnMut(&str, &[(&str, &str)], i64, Vec<f64>),
) {
    // In steps of 64 MiB, as the minute series.
    let unit = GIB / 16.0;
    let whole = |bytes: f64| (bytes / unit).round() * unit;
    for (b, backend) in BACKENDS.iter().enumerate() {
        let values = (0..hours.count)
            .map(|h| whole(storage.used(b, hours.end_of(h))))
            .collect();
        let labels = [("service", ROUTER), ("backend", backend.name)];
        push("storage_used_bytes", &labels, HOUR, values);
    }
    for (c, collector) in COLLECTORS.iter().enumerate() {
        let values = (0..hours.count)
            .map(|h| whole(storage.log_size(c, hours.end_of(h))))
            .collect();
        let labels = [("service", "kafka"), ("topic", collector.topic)];
        push("kafka_log_size_bytes", &labels, HOUR, values);
    }
}

fn lag(
    run: &Run<'_>,
    hours: &Hours,
    mean: &impl Fn(usize, f64) -> f64,
    rng: &mut Rng,
    push: &mut impl FnMut(&str, &[(&str, &str)], i64, Vec<f64>),
) {
    let collector = &COLLECTORS[0];
    let measured: Vec<f64> = run.history.topics[0]
        .chunks_exact(steps_of_an_hour(run.clock))
        .map(|hour| {
            let largest = hour.iter().map(|f| f.area).fold(0.0, f64::max);
            (largest / run.clock.seconds() * 10.0).round() / 10.0
        })
        .collect();
    let values = hours.values(
        |h| {
            let usual = collector.rate * mean(h, collector.steady) * FETCH_TIME;
            let backlog = if rng.uniform() < 1.0 / 90.0 {
                rng.exponential(6_000.0) * run.options.scale
            } else {
                0.0
            };
            let noise = 1.15 + 0.05 * rng.normal();
            ((usual * noise + backlog) * 10.0).round() / 10.0
        },
        &measured,
    );
    let labels = [
        ("service", "kafka"),
        ("group", CONSUMER_GROUP),
        ("topic", collector.topic),
    ];
    push("kafka_consumergroup_lag_max", &labels, HOUR, values);
}

fn steps_of_an_hour(clock: StepClock) -> usize {
    (HOUR / clock.step).max(1) as usize
}

fn round_4(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
