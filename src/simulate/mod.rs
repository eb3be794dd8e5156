//! Simulates a small data-ingestion system and writes what its monitoring would export.
//!
//! Three collectors → Kafka topics → a Flink job of three stages → storage
//! backends; a query API beside it. The system is a network of first-in-first-out
//! queues (`queueing.rs` says why Little's law holds exactly between the exported
//! gauges and counters), loaded by a demand with seasons, growth, holidays and
//! campaigns, and disturbed by incidents whose cause is known.
//!
//! [`CATALOGUE`] lists every metric; `truth.json` what the simulator knows.
//! Everything follows from [`SimulationOptions`]: the same options write the
//! same bytes, on any machine. A sample at time t describes the step that ends
//! at t. `scale` multiplies traffic and capacities, and sets the number of
//! instances of each collector.

mod calendar;
mod catalogue;
mod demand;
mod engine;
mod export;
mod faults;
mod incidents;
mod jobs;
mod logs;
mod math;
mod metrics;
mod plan;
mod quantile;
mod queueing;
mod record;
mod rng;
mod storage_use;
mod topology;
mod traces;

#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;

pub use catalogue::{CATALOGUE, MetricEntry, MetricFile};

use crate::model::MICROS_PER_DAY;
use demand::Demand;
use export::output::Output;
use export::truth::Known;
use export::{
    csv_tall, csv_wide, elasticsearch, events, exposition, jaeger, job_runs, json_logs,
    openmetrics, prometheus_api, rules, truth, tsdb_dump, victoriametrics,
};
use logs::{LogLine, Told};
use record::Run;
use storage_use::StorageUse;
use topology::{QUERY_API, ROUTER};

const HOUR: i64 = 3_600_000_000;

/// What to simulate.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulationOptions {
    /// First instant, µs since the epoch; a whole UTC day.
    pub start: i64,
    /// Days by the step.
    pub days: u32,
    /// From sample to sample, µs; divides an hour into whole seconds.
    pub step: i64,
    /// Traffic and capacity, relative to the small system of the sample data.
    pub scale: f64,
    /// Seed of every random draw.
    pub seed: u64,
    /// Days by the hour, up to the end of `days`; 0 for none.
    pub long_days: u32,
}

impl Default for SimulationOptions {
    /// The sample data: three weeks by the minute from Monday 20 April 2026.
    fn default() -> Self {
        Self {
            start: 1_776_643_200_000_000,
            days: 21,
            step: 60_000_000,
            scale: 1.0,
            seed: 1,
            long_days: 365,
        }
    }
}

impl SimulationOptions {
    fn end(&self) -> i64 {
        self.start + i64::from(self.days) * MICROS_PER_DAY
    }

    fn long_start(&self) -> i64 {
        self.end() - i64::from(self.long_days.max(self.days)) * MICROS_PER_DAY
    }

    fn check(&self) -> Result<(), SimulateError> {
        let refuse = |option, reason| Err(SimulateError::Option { option, reason });
        // Years 1971 to 2199.
        if !(31_536_000_000_000..7_226_582_400_000_000).contains(&self.start)
            || self.start % MICROS_PER_DAY != 0
        {
            return refuse("start", "it must be a UTC midnight between 1971 and 2199");
        }
        if !(1..=400).contains(&self.days) {
            return refuse("days", "it must be 1 to 400");
        }
        if self.long_days > 3_650 {
            return refuse("long-days", "it must be at most 3650");
        }
        if self.step < 1_000_000 || self.step % 1_000_000 != 0 || HOUR % self.step != 0 {
            return refuse("step", "it must divide an hour into whole seconds");
        }
        if !(0.1..=1_000.0).contains(&self.scale) {
            return refuse("scale", "it must be 0.1 to 1000");
        }
        Ok(())
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulationSummary {
    /// Series in all metric files.
    pub series: u64,
    /// Samples in all metric files.
    pub samples: u64,
    /// Log records.
    pub log_records: u64,
    /// Spans.
    pub spans: u64,
    /// Events of every kind.
    pub events: u64,
    /// Job runs and their stages.
    pub job_runs: u64,
    /// Paths inside the folder, in the order of their writing.
    pub files: Vec<String>,
}

/// Why nothing, or not everything, was written.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// An option has a value that cannot be simulated.
    #[error("--{option}: {reason}")]
    Option {
        /// The option's name.
        option: &'static str,
        /// What it must be.
        reason: &'static str,
    },
    /// A file could not be written.
    #[error("cannot write {path}")]
    Write {
        /// Path inside the folder.
        path: String,
        /// Why.
        source: io::Error,
    },
}

/// The steps: step k ends at `at(k)`.
#[derive(Debug, Clone, Copy)]
struct StepClock {
    start: i64,
    step: i64,
    steps: usize,
}

impl StepClock {
    fn at(self, k: usize) -> i64 {
        self.start + k as i64 * self.step
    }

    fn seconds(self) -> f64 {
        self.step as f64 / 1e6
    }

    /// The first step that ends at that time or later.
    fn step_of(self, ts: i64) -> usize {
        let step = (ts - self.start + self.step - 1).div_euclid(self.step);
        usize::try_from(step).unwrap_or(0)
    }
}

/// Simulates and writes the exports into `folder`. `progress` is told how many
/// files are done, of how many.
pub fn simulate(
    options: &SimulationOptions,
    folder: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<SimulationSummary, SimulateError> {
    options.check()?;
    let clock = StepClock {
        start: options.start,
        step: options.step,
        steps: usize::try_from((options.end() - options.start) / options.step).unwrap_or(0),
    };
    let campaigns = plan::campaigns(options);
    let incidents = incidents::plan(options);
    let deploys = plan::deploys(options, &incidents);
    let maintenance = plan::maintenance(options);
    let holidays: Vec<_> = calendar::holidays()
        .filter(|h| h.start >= options.long_start())
        .filter(|h| h.start < options.end() + 365 * MICROS_PER_DAY)
        .collect();
    let demand = Demand::new(options.end(), campaigns.clone());
    let storage = StorageUse::new(options, &demand);
    let history = engine::run(options, clock, &demand, &incidents, &deploys, &maintenance);
    let faults = faults::draw(
        options.seed,
        options.scale,
        clock,
        &history,
        &incidents,
        &campaigns,
    );
    let run = Run {
        options,
        clock,
        history: &history,
        faults: &faults,
        incidents: &incidents,
        deploys: &deploys,
        storage: &storage,
    };
    let recorder = record::record(&run, &demand);
    let traces = traces::sample(options.seed, clock, &history);
    let logs = logs::write(&Told {
        seed: options.seed,
        scale: options.scale,
        clock,
        history: &history,
        faults: &faults,
        incidents: &incidents,
        deploys: &deploys,
        maintenance: &maintenance,
        traces: &traces,
    });
    let days = jobs::day_counts(clock, &history);
    let job_rows = jobs::runs(options.seed, options.end(), &days);
    let event_counts = [
        ("incidents.csv", incidents.len()),
        ("deploys.csv", deploys.len()),
        ("campaigns.csv", campaigns.len()),
        ("maintenance.csv", maintenance.len()),
        ("holidays.csv", holidays.len()),
    ];
    let known = Known {
        run: &run,
        recorder: &recorder,
        logs: &logs,
        traces: &traces,
        days: &days,
        job_runs: &job_rows,
        campaigns: &campaigns,
        events: &event_counts,
    };
    let of = |service: &'static str| logs.iter().filter(move |l| l.service == service);
    let is_app = |l: &&LogLine| l.service != ROUTER && l.service != QUERY_API;

    type Job<'a> = (&'a str, Box<dyn FnOnce(&mut Output) -> io::Result<()> + 'a>);
    let mut jobs: Vec<Job<'_>> = Vec::new();
    for file in MetricFile::ALL {
        if !recorder.series.iter().any(|s| s.file == file) {
            continue;
        }
        let recorder = &recorder;
        jobs.push((
            file.path(),
            Box::new(move |out| match file {
                MetricFile::Collectors
                | MetricFile::Pipeline
                | MetricFile::Storage
                | MetricFile::Long => victoriametrics::write(recorder, file, out),
                MetricFile::Kafka => prometheus_api::write_range(recorder, file, out),
                MetricFile::Flink => openmetrics::write(recorder, file, out),
                MetricFile::Databases => tsdb_dump::write(recorder, file, out),
                MetricFile::QueryApi => exposition::write(recorder, file, out),
                MetricFile::Infrastructure => csv_tall::write(recorder, file, out),
                MetricFile::Redis => tsdb_dump::write_openmetrics(recorder, file, out),
                MetricFile::Business => csv_wide::write(recorder, file, out),
                MetricFile::Targets => prometheus_api::write_instant(recorder, file, out),
            }),
        ));
    }
    jobs.push((
        "logs/application.jsonl.zst",
        Box::new(|out| json_logs::write(logs.iter().filter(is_app), out)),
    ));
    jobs.push((
        "logs/storage-router.elasticdump.jsonl.gz",
        Box::new(|out| elasticsearch::write_dump(of(ROUTER), out)),
    ));
    jobs.push((
        "logs/query-api.search.json.gz",
        Box::new(|out| elasticsearch::write_search(of(QUERY_API), out)),
    ));
    jobs.push((
        "traces/jaeger.json.gz",
        Box::new(|out| jaeger::write(&traces, out)),
    ));
    jobs.push((
        "events/incidents.csv",
        Box::new(|out| events::incidents(&incidents, out)),
    ));
    jobs.push((
        "events/deploys.csv",
        Box::new(|out| events::deploys(&deploys, out)),
    ));
    jobs.push((
        "events/campaigns.csv",
        Box::new(|out| events::campaigns(&campaigns, out)),
    ));
    jobs.push((
        "events/maintenance.csv",
        Box::new(|out| events::maintenance(&maintenance, out)),
    ));
    jobs.push((
        "events/holidays.csv",
        Box::new(|out| events::holidays(&holidays, out)),
    ));
    jobs.push((
        "jobs/job_runs.csv",
        Box::new(|out| job_runs::write(&job_rows, out)),
    ));
    for (path, text) in [
        ("rules.yml", rules::RULES),
        ("alertmanager.yml", rules::ALERTMANAGER),
        ("slo.yml", rules::SLO),
    ] {
        jobs.push((path, Box::new(move |out| rules::write(text, out))));
    }
    jobs.push(("truth.json", Box::new(|out| truth::write(&known, out))));

    let total = jobs.len() as u64;
    let mut files = Vec::new();
    for (done, (path, write)) in jobs.into_iter().enumerate() {
        progress(done as u64, total);
        let written = Output::create(folder, path).and_then(|mut out| {
            write(&mut out)?;
            out.finish()
        });
        written.map_err(|source| SimulateError::Write {
            path: path.to_owned(),
            source,
        })?;
        files.push(path.to_owned());
    }
    progress(total, total);
    let samples: usize = recorder.series.iter().map(|s| s.samples().count()).sum();
    Ok(SimulationSummary {
        series: recorder.series.len() as u64,
        samples: samples as u64,
        log_records: logs.len() as u64,
        spans: traces.iter().map(|t| t.spans.len() as u64).sum(),
        events: event_counts.iter().map(|(_, n)| *n as u64).sum(),
        job_runs: job_rows.len() as u64,
        files,
    })
}
