//! Records series: cumulates counters, resets them at restarts, fills histograms, rounds.

use super::StepClock;
use super::catalogue::MetricFile;
use super::math::gamma_cdf;
use super::queueing::Flow;

/// The metric that says whether a scrape succeeded; it alone goes on while a
/// target is down.
const UP: &str = "up";

/// One series, one value every `every` steps.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// File.
    pub(super) file: MetricFile,
    /// Name of its samples, with `_bucket` and the like.
    pub(super) name: String,
    /// Labels without the name, sorted.
    pub(super) labels: Vec<(String, String)>,
    /// First sample, µs.
    pub(super) first: i64,
    /// From sample to sample, µs.
    pub(super) interval: i64,
    /// Values; NaN where the series has no sample.
    pub(super) values: Vec<f64>,
}

impl Series {
    /// Iterates over the samples: time in µs, and value.
    pub(super) fn samples(&self) -> impl Iterator<Item = (i64, f64)> + '_ {
        self.values
            .iter()
            .enumerate()
            .filter(|(_, value)| !value.is_nan())
            .map(|(j, value)| (self.first + j as i64 * self.interval, *value))
    }

    /// Increase from the first sample to the last, adding what a reset took.
    pub(super) fn increase(&self) -> f64 {
        let mut total = 0.0;
        let mut last: Option<f64> = None;
        for (_, value) in self.samples() {
            if let Some(last) = last {
                total += if value < last { value } else { value - last };
            }
            last = Some(value);
        }
        total
    }
}

/// What is scraped together.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// File.
    pub(super) file: MetricFile,
    /// `job` label.
    pub(super) job: &'static str,
    /// `service` label.
    pub(super) service: &'static str,
    /// `instance` labels; more than one where the load is shared evenly.
    pub(super) instances: Vec<String>,
    /// From the step's time to the scrape, µs.
    pub(super) offset: i64,
    /// Steps at which it started anew.
    pub(super) resets: Vec<usize>,
    /// Steps in which it cannot be scraped.
    pub(super) down: Vec<bool>,
}

impl Target {
    fn is_down(&self, k: usize) -> bool {
        self.down.get(k).copied().unwrap_or(false)
    }
}

/// How a histogram is written.
#[derive(Debug)]
pub(super) struct Buckets<'a> {
    /// Upper bounds but `+Inf`, as numbers and as `le` has them.
    pub(super) bounds: &'a [(f64, &'a str)],
    /// Counts are rounded down to multiples of its inverse.
    pub(super) count_per_unit: f64,
    /// The sum is rounded down to multiples of its inverse, seconds.
    pub(super) sum_per_unit: f64,
}

/// Collects the series of a run.
#[derive(Debug)]
pub(super) struct Recorder {
    clock: StepClock,
    /// All series, in the order in which they were recorded.
    pub(super) series: Vec<Series>,
}

impl Recorder {
    /// Starts an empty record.
    pub(super) fn new(clock: StepClock) -> Self {
        Self {
            clock,
            series: Vec::new(),
        }
    }

    fn push(
        &mut self,
        target: &Target,
        instance: &str,
        name: &str,
        labels: &[(&str, &str)],
        every: usize,
        values: impl Iterator<Item = f64>,
    ) {
        let mut all: Vec<(String, String)> = labels
            .iter()
            .chain(&[
                ("job", target.job),
                ("instance", instance),
                ("service", target.service),
            ])
            .filter(|(_, value)| !value.is_empty())
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        all.sort();
        let values = values
            .enumerate()
            .step_by(every)
            .map(|(k, value)| {
                if name != UP && target.is_down(k) {
                    f64::NAN
                } else {
                    value
                }
            })
            .collect();
        self.series.push(Series {
            file: target.file,
            name: name.to_owned(),
            labels: all,
            first: self.clock.start + target.offset,
            interval: self.clock.step * every as i64,
            values,
        });
    }

    /// Records `up`: 0 while the target is down.
    pub(super) fn up(&mut self, target: &Target, every: usize) {
        for instance in &target.instances {
            let values = (0..self.clock.steps).map(|k| f64::from(!target.is_down(k)));
            self.push(target, instance, UP, &[], every, values);
        }
    }

    /// Records a gauge, rounded to multiples of 1/`per_unit`.
    pub(super) fn gauge(
        &mut self,
        target: &Target,
        name: &str,
        labels: &[(&str, &str)],
        every: usize,
        per_unit: f64,
        values: &[f64],
    ) {
        let count = target.instances.len() as f64;
        for instance in &target.instances {
            let values = values
                .iter()
                .map(|value| (value / count * per_unit).round() / per_unit);
            self.push(target, instance, name, labels, every, values);
        }
    }

    /// Records a counter that grows by `increments` a step, rounded down to
    /// multiples of 1/`per_unit`.
    pub(super) fn counter(
        &mut self,
        target: &Target,
        name: &str,
        labels: &[(&str, &str)],
        every: usize,
        per_unit: f64,
        increments: &[f64],
    ) {
        let count = target.instances.len() as f64;
        for instance in &target.instances {
            let mut resets = target.resets.iter().copied().peekable();
            let mut total = 0.0;
            let values = increments.iter().enumerate().map(move |(k, increment)| {
                if resets.next_if(|&at| at <= k).is_some() {
                    total = 0.0;
                }
                total += increment / count;
                // What adds up to a whole number may stand a hair below it.
                (total * per_unit + 1e-6).floor() / per_unit
            });
            self.push(target, instance, name, labels, every, values);
        }
    }

    /// Records a histogram of the time in stage of what left the given stages
    /// (one law a step and stage: Gamma with the step's mean and shape).
    pub(super) fn histogram(
        &mut self,
        target: &Target,
        name: &str,
        labels: &[(&str, &str)],
        buckets: &Buckets<'_>,
        stages: &[&[Flow]],
    ) {
        let steps = self.clock.steps;
        let total = |of: &dyn Fn(&Flow) -> f64| -> Vec<f64> {
            (0..steps)
                .map(|k| stages.iter().filter_map(|s| s.get(k)).map(of).sum())
                .collect()
        };
        let bucket = format!("{name}_bucket");
        let mut with_le = labels.to_vec();
        for &(bound, text) in buckets.bounds {
            let increments =
                total(&|flow| flow.completions * gamma_cdf(flow.shape(), flow.mean_time(), bound));
            with_le.push(("le", text));
            self.counter(
                target,
                &bucket,
                &with_le,
                1,
                buckets.count_per_unit,
                &increments,
            );
            with_le.pop();
        }
        let completions = total(&|flow| flow.completions);
        with_le.push(("le", "+Inf"));
        self.counter(
            target,
            &bucket,
            &with_le,
            1,
            buckets.count_per_unit,
            &completions,
        );
        self.counter(
            target,
            &format!("{name}_count"),
            labels,
            1,
            buckets.count_per_unit,
            &completions,
        );
        let residence = total(&|flow| flow.residence);
        self.counter(
            target,
            &format!("{name}_sum"),
            labels,
            1,
            buckets.sum_per_unit,
            &residence,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(resets: Vec<usize>, down: Vec<bool>) -> Target {
        Target {
            file: MetricFile::Collectors,
            job: "a",
            service: "a",
            instances: vec!["a-0:80".into()],
            offset: 0,
            resets,
            down,
        }
    }

    #[test]
    fn counters_reset_and_vanish() {
        let clock = StepClock {
            start: 0,
            step: 60_000_000,
            steps: 6,
        };
        let mut recorder = Recorder::new(clock);
        let down = vec![false, false, false, true, false, false];
        let target = target(vec![4], down);
        recorder.counter(
            &target,
            "c_total",
            &[],
            1,
            1.0,
            &[2.5, 2.5, 1.0, 0.0, 1.5, 3.0],
        );
        recorder.up(&target, 1);
        let values = &recorder.series[0].values;
        assert_eq!(values[..3], [2.0, 5.0, 6.0]);
        assert!(values[3].is_nan());
        assert_eq!(values[4..], [1.0, 4.0]);
        assert_eq!(recorder.series[0].increase(), 8.0);
        assert_eq!(recorder.series[1].values, [1.0, 1.0, 1.0, 0.0, 1.0, 1.0]);
        let labels: Vec<_> = recorder.series[0]
            .labels
            .iter()
            .map(|(n, _)| n.as_str())
            .collect();
        assert_eq!(labels, ["instance", "job", "service"]);
    }
}
