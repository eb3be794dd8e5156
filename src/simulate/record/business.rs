use super::Run;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::{Recorder, Series};
use crate::simulate::rng::Rng;
use crate::simulate::topology::{COLLECTORS, FLINK, GIB, QUERY_API, ROUTER};

const HOUR: i64 = 3_600_000_000;
/// Services that cost money.
const COSTS: [&str; 6] = [
    COLLECTORS[0].service,
    COLLECTORS[1].service,
    COLLECTORS[2].service,
    FLINK,
    ROUTER,
    QUERY_API,
];

/// Spend of an hour, USD: machines by the hour, work by the message, storage by the GiB.
pub(super) fn hourly_cost(service: &str, messages: f64, used_bytes: f64) -> f64 {
    let cost = match service {
        FLINK => 0.84 + 2.1e-6 * messages,
        ROUTER => 0.31 + 1.6e-4 * used_bytes / GIB + 0.9e-6 * messages,
        QUERY_API => 0.16 + 0.2e-6 * messages,
        _ => 0.045 + 0.15e-6 * messages,
    };
    (cost * 1e3).round() / 1e3
}

/// Spend of an hour over all services, USD.
pub(super) fn total_cost(messages: f64, used_bytes: f64) -> f64 {
    COSTS
        .iter()
        .map(|service| hourly_cost(service, messages, used_bytes))
        .sum()
}

/// Sums a value over the steps of each whole hour of the range.
pub(super) fn by_hour(run: &Run<'_>, of: impl Fn(usize) -> f64) -> Vec<f64> {
    let per_hour = (HOUR / run.clock.step).max(1) as usize;
    (0..run.clock.steps / per_hour)
        .map(|h| (h * per_hour..(h + 1) * per_hour).map(&of).sum())
        .collect()
}

/// Records spend and sales by the hour; a sample stands at its hour's end.
pub(super) fn record(run: &Run<'_>, recorder: &mut Recorder) {
    let messages = by_hour(run, |k| {
        run.history
            .collectors
            .iter()
            .map(|c| c[k].completions)
            .sum()
    });
    let used = |h: usize| {
        let at = run.clock.start + (h as i64 + 1) * HOUR;
        (0..3).map(|b| run.storage.used(b, at)).sum::<f64>()
    };
    let mut push = |name: &str, label: Option<(&str, &str)>, values: Vec<f64>| {
        recorder.series.push(Series {
            file: MetricFile::Business,
            name: name.to_owned(),
            labels: label
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect(),
            first: run.clock.start + HOUR,
            interval: HOUR,
            values,
        });
    };
    for service in COSTS {
        let values = messages
            .iter()
            .enumerate()
            .map(|(h, m)| hourly_cost(service, *m, used(h)))
            .collect();
        push("cost_usd_per_hour", Some(("service", service)), values);
    }
    let answers = by_hour(run, |k| {
        run.history.endpoints.iter().map(|e| e[k].completions).sum()
    });
    // Written with one decimal of MiB or GiB: round to what the cell will say.
    let egress = answers
        .iter()
        .map(|n| {
            let bytes = n * 240.0 * 1024.0;
            let unit = if bytes >= GIB { GIB } else { GIB / 1024.0 };
            (bytes / unit * 10.0).round() / 10.0 * unit
        })
        .collect();
    push("egress_bytes_per_hour", None, egress);
    let mut rng = Rng::new(run.options.seed, "orders");
    for (channel, share) in [("web", 0.061), ("wholesale", 0.009)] {
        let orders = messages.iter().map(|m| rng.poisson(m * share)).collect();
        push("orders_per_hour", Some(("channel", channel)), orders);
    }
}
