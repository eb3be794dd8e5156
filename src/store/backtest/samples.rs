//! The samples that Prometheus would have written of a backtest's alerts.

use super::{ALERTS, ALERTS_FOR_STATE, BACKTEST};
use crate::alert::backtest::{Episode, EpisodeEnd, Run};
use crate::model::{METRIC_NAME, MICROS_PER_SECOND, TimeRange, stale_nan};
use crate::store::error::StoreError;
use crate::store::run_writer::is_storable;
use crate::store::sample_buffer::SampleBuffer;
use crate::store::series_registry::SeriesRegistry;

const ALERT_STATE: &str = "alertstate";
/// The least interval between evaluations, µs: Prometheus counts in ms.
const LEAST_INTERVAL: i64 = 1_000;

/// Puts the samples of all alerts into the buffer; returns how many those are.
pub(super) fn write(
    name: &str,
    run: &Run,
    registry: &mut SeriesRegistry,
    buffer: &mut SampleBuffer,
) -> Result<u64, StoreError> {
    let mut count = 0;
    // The later sample wins: an alert that begins where another of its labels
    // has ended is no end.
    for is_end in [true, false] {
        for episode in &run.episodes {
            let Some(rule) = run.rules.get(episode.rule) else {
                continue;
            };
            let series = Series::new(name, episode, run.range, registry)?;
            let samples = Samples {
                series,
                episode,
                range: run.range,
                interval: rule.info.interval.max(LEAST_INTERVAL),
            };
            let mut failed = None;
            let mut push = |series, ts, value| {
                if ts >= run.range.start && is_storable(ts) && failed.is_none() {
                    count += 1;
                    if buffer.push(series, ts, value) {
                        failed = buffer.spill(registry).err();
                    }
                }
            };
            match is_end {
                true => samples.ends(&mut push),
                false => samples.values(&mut push),
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
    }
    Ok(count)
}

/// The series of one alert; of a state that it never had, another's.
#[derive(Debug, Clone, Copy)]
struct Series {
    pending: u32,
    firing: u32,
    for_state: u32,
}

impl Series {
    fn new(
        name: &str,
        episode: &Episode,
        range: TimeRange,
        registry: &mut SeriesRegistry,
    ) -> Result<Self, StoreError> {
        let labels = episode.labels.with(BACKTEST, name);
        let alerts = labels.with(METRIC_NAME, ALERTS);
        let for_state = labels.with(METRIC_NAME, ALERTS_FOR_STATE);
        let mut of_state = |state| registry.intern(&alerts.with(ALERT_STATE, state));
        let (pending, firing) = match episode.fired_at {
            None => {
                let pending = of_state("pending")?;
                (pending, pending)
            }
            Some(fired_at) if fired_at <= episode.active_at.max(range.start) => {
                let firing = of_state("firing")?;
                (firing, firing)
            }
            Some(_) => (of_state("pending")?, of_state("firing")?),
        };
        Ok(Self {
            pending,
            firing,
            for_state: registry.intern(&for_state)?,
        })
    }
}

/// One episode at the slots of its rule.
struct Samples<'a> {
    series: Series,
    episode: &'a Episode,
    range: TimeRange,
    interval: i64,
}

impl Samples<'_> {
    /// Writes the stale markers: of pending when it fires, of all that is left at its end.
    /// There are none where it goes on, nor where a limit wiped it.
    fn ends(&self, push: &mut dyn FnMut(u32, i64, f64)) {
        let Episode {
            active_at,
            fired_at,
            ended_at,
            end,
            ..
        } = *self.episode;
        if let Some(fired_at) = fired_at.filter(|fired_at| *fired_at > active_at) {
            push(self.series.pending, fired_at, stale_nan());
        }
        let is_marked = matches!(end, EpisodeEnd::Resolved | EpisodeEnd::Dropped);
        if let Some(ended_at) = ended_at.filter(|_| is_marked) {
            let state = match fired_at {
                Some(_) => self.series.firing,
                None => self.series.pending,
            };
            push(state, ended_at, stale_nan());
            push(self.series.for_state, ended_at, stale_nan());
        }
    }

    /// Writes the samples of each slot of the range.
    fn values(&self, push: &mut dyn FnMut(u32, i64, f64)) {
        let Episode {
            active_at,
            fired_at,
            ended_at,
            ..
        } = *self.episode;
        let since = active_at.div_euclid(MICROS_PER_SECOND) as f64;
        let end = ended_at.unwrap_or(i64::MAX).min(self.range.end);
        // The first slot of the range, rounded up.
        let interval = i128::from(self.interval);
        let missed = i128::from(self.range.start) - i128::from(active_at);
        let missed = (missed.max(0) + interval - 1) / interval * interval;
        let first = i64::try_from(i128::from(active_at) + missed).unwrap_or(i64::MAX);
        let slots = std::iter::successors(Some(first), |ts| ts.checked_add(self.interval));
        for ts in slots.take_while(|ts| *ts < end) {
            let is_firing = fired_at.is_some_and(|fired_at| ts >= fired_at);
            let state = match is_firing {
                true => self.series.firing,
                false => self.series.pending,
            };
            push(state, ts, 1.0);
            push(self.series.for_state, ts, since);
        }
    }
}
