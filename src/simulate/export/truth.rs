//! Writes `truth.json`: what the simulator knows, for tests to compare against.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::output::Output;
use super::{entry_of, time_s};
use crate::model::{JobRun, MICROS_PER_DAY, MetricType};
use crate::simulate::catalogue::MetricFile;
use crate::simulate::demand::{Demand, GROWTH_PER_DAY};
use crate::simulate::incidents::Incident;
use crate::simulate::jobs::{DEADLINE, DayCount};
use crate::simulate::logs::LogLine;
use crate::simulate::metrics::Recorder;
use crate::simulate::plan::Campaign;
use crate::simulate::quantile::quantile;
use crate::simulate::queueing::Flow;
use crate::simulate::record::Run;
use crate::simulate::storage_use::LOG_VOLUME;
use crate::simulate::topology::{BACKENDS, COLLECTORS, ENDPOINTS, STAGES};
use crate::simulate::traces::Trace;

/// What the truth is told from.
pub(in crate::simulate) struct Known<'a> {
    pub(in crate::simulate) run: &'a Run<'a>,
    pub(in crate::simulate) recorder: &'a Recorder,
    pub(in crate::simulate) logs: &'a [LogLine],
    pub(in crate::simulate) traces: &'a [Trace],
    pub(in crate::simulate) days: &'a [DayCount],
    pub(in crate::simulate) job_runs: &'a [JobRun],
    pub(in crate::simulate) campaigns: &'a [Campaign],
    /// Rows of each events file.
    pub(in crate::simulate) events: &'a [(&'static str, usize)],
}

/// Writes the truth.
pub(in crate::simulate) fn write(known: &Known<'_>, output: &mut Output) -> io::Result<()> {
    let options = known.run.options;
    let truth = json!({
        "schema": "retrocast.simulation/v1",
        "start": time_s(options.start),
        "end": time_s(options.end()),
        "step_seconds": options.step / 1_000_000,
        "scale": options.scale,
        "seed": options.seed,
        "files": files(known.recorder),
        "counters": counters(known.recorder),
        "stages": stages(known.run),
        "logs": logs(known.logs),
        "traces": known.traces.len(),
        "spans": known.traces.iter().map(|t| t.spans.len()).sum::<usize>(),
        "events": known.events.iter().map(|(n, c)| ((*n).to_owned(), json!(c))).collect::<Map<_, _>>(),
        "job_runs": known.job_runs.len(),
        "last_times": last_times(known),
        "days": days(known.days),
        "job": job(known.job_runs),
        "incidents": known.run.incidents.iter().map(incident).collect::<Vec<_>>(),
        "campaigns": known.campaigns.iter().map(|c| json!({
            "id": c.id, "expected_lift": c.expected_lift, "lift": c.lift,
        })).collect::<Vec<_>>(),
        "growth_per_day": GROWTH_PER_DAY,
        "capacity": capacity(known),
        "rules": {"dead": ["KafkaProducerLag"], "noisy": ["ConsumerLagRising"]},
    });
    serde_json::to_writer_pretty(&mut *output, &truth)?;
    output.write_all(b"\n")
}

/// Series and samples of each file.
fn files(recorder: &Recorder) -> Map<String, Value> {
    MetricFile::ALL
        .iter()
        .filter_map(|file| {
            let of_file = recorder.series.iter().filter(|s| s.file == *file);
            let (series, samples) = of_file.fold((0, 0), |(series, samples), s| {
                (series + 1, samples + s.samples().count())
            });
            (series > 0).then(|| {
                let counts = json!({"series": series, "samples": samples});
                (file.path().to_owned(), counts)
            })
        })
        .collect()
}

/// Increase of each counter and of each histogram's count and sum over all its
/// series, from first sample to last, resets added.
fn counters(recorder: &Recorder) -> Map<String, Value> {
    let mut totals: BTreeMap<&str, f64> = BTreeMap::new();
    for series in &recorder.series {
        let Some(entry) = entry_of(series) else {
            continue;
        };
        let counts = match entry.metric_type {
            MetricType::Counter => true,
            MetricType::Histogram => !series.name.ends_with("_bucket"),
            _ => false,
        };
        if counts {
            *totals.entry(&series.name).or_default() += series.increase();
        }
    }
    totals
        .into_iter()
        .map(|(name, total)| (name.to_owned(), json!(nine_digits(total))))
        .collect()
}

/// Arrivals, completions, time in stage, mean number, and quantiles of each stage.
fn stages(run: &Run<'_>) -> Vec<Value> {
    let history = run.history;
    let seconds = run.clock.seconds() * run.clock.steps as f64;
    let one = |kind: &str, name: &str, flows: &[Flow]| {
        let sum = |of: &dyn Fn(&Flow) -> f64| flows.iter().map(of).sum::<f64>();
        let at = |q| quantile(flows, q).map(nine_digits);
        json!({
            "kind": kind,
            "name": name,
            "arrivals": nine_digits(sum(&|f| f.arrivals)),
            "completions": nine_digits(sum(&|f| f.completions)),
            "time_in_stage_seconds": nine_digits(sum(&|f| f.residence)),
            "mean_in_stage": nine_digits(sum(&|f| f.area) / seconds),
            "p50": at(0.5),
            "p95": at(0.95),
            "p99": at(0.99),
        })
    };
    let mut stages = Vec::new();
    for (c, collector) in COLLECTORS.iter().enumerate() {
        stages.push(one("collector", collector.service, &history.collectors[c]));
        stages.push(one("topic", collector.topic, &history.topics[c]));
    }
    for (s, stage) in STAGES.iter().enumerate() {
        stages.push(one("stage", stage.name, &history.stages[s]));
    }
    for (b, backend) in BACKENDS.iter().enumerate() {
        stages.push(one("backend", backend.name, &history.backends[b]));
    }
    for (e, endpoint) in ENDPOINTS.iter().enumerate() {
        stages.push(one("endpoint", endpoint.path, &history.endpoints[e]));
    }
    stages
}

fn logs(lines: &[LogLine]) -> Value {
    let mut counts: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    let mut errors: BTreeMap<&str, u64> = BTreeMap::new();
    for line in lines {
        let of_service = counts.entry(line.service).or_default();
        *of_service.entry(line.level).or_default() += 1;
        if line.level == "ERROR"
            && let Some((_, kind)) = line.metadata.iter().find(|(n, _)| *n == "error_type")
        {
            *errors.entry(kind.as_str()).or_default() += 1;
        }
    }
    json!({"records": lines.len(), "by_service_and_level": counts, "errors_by_type": errors})
}

fn last_times(known: &Known<'_>) -> Value {
    let samples = known
        .recorder
        .series
        .iter()
        .filter_map(|s| s.samples().last().map(|(ts, _)| ts))
        .max();
    let spans = known
        .traces
        .iter()
        .flat_map(|t| t.spans.iter().map(|s| s.start));
    json!({
        "samples": samples.map(super::time_ms),
        "logs": known.logs.last().map(|l| super::time_ms(l.ts)),
        "spans": spans.max().map(super::time_ms),
        "incidents": known.run.incidents.last().map(|i| time_s(i.start)),
        "deploys": known.run.deploys.last().map(|d| time_s(d.start)),
        "job_runs": known.job_runs.iter().filter_map(|r| r.ended_at).max().map(time_s),
    })
}

fn days(days: &[DayCount]) -> Vec<Value> {
    days.iter()
        .map(|d| {
            json!({
                "day": time_s(d.day).get(..10),
                "rows_expected": d.expected,
                "rows_received": d.received,
                "rows_dead": d.dead,
            })
        })
        .collect()
}

/// Of each day's job: when it was done, and whether by 09:00.
fn job(runs: &[JobRun]) -> Value {
    let mut by_day: BTreeMap<i64, Option<i64>> = BTreeMap::new();
    for run in runs.iter().filter(|r| r.stage.is_none()) {
        let Some(scheduled) = run.scheduled_at else {
            continue;
        };
        let day = scheduled.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY;
        let done = by_day.entry(day).or_default();
        if run.status.as_deref() == Some("success") {
            *done = run.ended_at;
        }
    }
    let met = |(day, done): (&i64, &Option<i64>)| done.is_some_and(|at| at <= day + DEADLINE);
    json!({
        "days": by_day.len(),
        "met_deadline": by_day.iter().filter(|&d| met(d)).count(),
        "late_days": by_day.iter().filter(|&d| !met(d))
            .map(|(day, _)| time_s(*day).get(..10).map(str::to_owned)).collect::<Vec<_>>(),
    })
}

fn incident(incident: &Incident) -> Value {
    json!({
        "id": incident.id,
        "started_at": time_s(incident.start),
        "ended_at": time_s(incident.end),
        "service": incident.cause.service(),
        "stage": incident.cause.stage(),
        "cause": incident.cause.name(),
        "class": incident.cause.class(),
        "strength": nine_digits(incident.strength),
    })
}

/// When the growing resources are used up, without noise.
fn capacity(known: &Known<'_>) -> Vec<Value> {
    let storage = known.run.storage;
    let end = known.run.options.end();
    let mut resources = Vec::new();
    let mut add = |metric: &str, name: &str, limit: f64, size: &dyn Fn(i64) -> f64| {
        let reaches = |share: f64| storage.reaches(share * limit, size).map(time_s);
        resources.push(json!({
            "metric": metric,
            "name": name,
            "capacity": limit,
            "at_end": nine_digits(size(end)),
            "reaches_80_percent": reaches(0.8),
            "reaches_90_percent": reaches(0.9),
            "reaches_100_percent": reaches(1.0),
        }));
    };
    for (b, backend) in BACKENDS.iter().enumerate() {
        let size = |ts| storage.used(b, ts);
        add("storage_used_bytes", backend.name, backend.volume, &size);
    }
    for (c, collector) in COLLECTORS.iter().enumerate() {
        let size = |ts| storage.log_size(c, ts);
        add("kafka_log_size_bytes", collector.topic, LOG_VOLUME, &size);
    }
    // The usual demand: the peak of a campaign to come is no trend.
    let usual = Demand::new(end, Vec::new());
    for stage in &STAGES {
        let utilisation = |ts| {
            let rates = COLLECTORS.iter().map(|c| usual.rate(c, ts));
            rates.sum::<f64>() / stage.capacity
        };
        add("pipeline_stage_utilization", stage.name, 1.0, &utilisation);
    }
    resources
}

fn nine_digits(value: f64) -> f64 {
    format!("{value:.8e}").parse().unwrap_or(value)
}
