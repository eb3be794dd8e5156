//! Turns what happened into the series that each subsystem exports.

mod business;
mod collectors;
mod infrastructure;
mod kafka;
mod long;
mod pipeline;
mod query_api;
mod storage;
mod targets;

use super::catalogue::MetricFile;
use super::engine::History;
use super::faults::Faults;
use super::incidents::{Cause, Incident};
use super::metrics::{Recorder, Target};
use super::plan::Deploy;
use super::{SimulationOptions, StepClock, storage_use::StorageUse};

/// Everything that is known about a run.
pub(super) struct Run<'a> {
    pub(super) options: &'a SimulationOptions,
    pub(super) clock: StepClock,
    pub(super) history: &'a History,
    pub(super) faults: &'a Faults,
    pub(super) incidents: &'a [Incident],
    pub(super) deploys: &'a [Deploy],
    pub(super) storage: &'a StorageUse,
}

impl Run<'_> {
    /// What broke in that step.
    pub(super) fn cause(&self, k: usize) -> Option<Cause> {
        let index = self.history.incident.get(k).copied().flatten()?;
        self.incidents.get(index).map(|i| i.cause)
    }

    /// One value a step.
    fn each(&self, of: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..self.clock.steps).map(of).collect()
    }

    /// A service's target; its counters start again with each deploy and after
    /// each time down.
    fn target(
        &self,
        file: MetricFile,
        job: &'static str,
        service: &'static str,
        instances: Vec<String>,
        offset_ms: i64,
    ) -> Target {
        let down: Vec<bool> = (0..self.clock.steps)
            .map(|k| {
                matches!(self.cause(k), Some(Cause::CollectorDown(c))
                    if super::topology::COLLECTORS[c].service == service)
            })
            .collect();
        let mut resets: Vec<usize> = self
            .deploys
            .iter()
            .filter(|d| d.service == service)
            .map(|d| self.clock.step_of(d.end))
            .collect();
        resets.extend((1..down.len()).filter(|&k| down[k - 1] && !down[k]));
        resets.sort_unstable();
        Target {
            file,
            job,
            service,
            instances,
            offset: offset_ms * 1_000,
            resets,
            down,
        }
    }
}

/// Records every series of the run, those by the hour last.
pub(super) fn record(run: &Run<'_>, demand: &super::demand::Demand) -> Recorder {
    let mut recorder = Recorder::new(run.clock);
    collectors::record(run, &mut recorder);
    kafka::record(run, &mut recorder);
    pipeline::record(run, &mut recorder);
    storage::record(run, &mut recorder);
    query_api::record(run, &mut recorder);
    infrastructure::record(run, &mut recorder);
    business::record(run, &mut recorder);
    targets::record(run, &mut recorder);
    long::record(run, demand, &mut recorder);
    recorder
}
