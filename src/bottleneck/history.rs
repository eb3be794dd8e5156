//! Holds what the store knows of a stage or an edge: series with their roles.

use std::ops::Range;

use super::topology::{EdgeKind, Role};

/// How a series' values are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// A count that only rises, but for resets.
    Counter,
    /// A value that may rise and fall.
    Gauge,
}

/// A series that plays a role.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleSeries {
    /// The role.
    pub role: Role,
    /// What evidence calls it: metric and labels, or the expression.
    pub name: String,
    /// How its values are to be read.
    pub kind: ValueKind,
    /// What the values are multiplied by to be in the role's unit.
    pub scale: f64,
    /// What tells it from others of the role: the error type, the partition, `le`.
    pub tag: Option<String>,
    /// Times, µs, rising; as many as values.
    pub times: Vec<i64>,
    /// Values; NaN where one is missing.
    pub values: Vec<f64>,
}

impl RoleSeries {
    /// Samples of a range: those at its begin and up to, not at, its end.
    fn slice(&self, range: &Range<i64>) -> (usize, usize) {
        let n = self.times.len().min(self.values.len());
        let times = &self.times[..n];
        let from = times.partition_point(|&t| t < range.start);
        let to = times.partition_point(|&t| t < range.end);
        (from, to.max(from))
    }

    /// The usual distance of its samples in a range, µs.
    pub(super) fn spacing(&self, range: &Range<i64>) -> Option<i64> {
        let (from, to) = self.slice(range);
        let times = &self.times[from..to.min(from + 64)];
        let mut gaps: Vec<i64> = times
            .windows(2)
            .map(|pair| pair[1].saturating_sub(pair[0]))
            .filter(|&gap| gap > 0)
            .collect();
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).copied()
    }

    /// Tells whether it has a sample in a range.
    pub(super) fn has_samples(&self, range: &Range<i64>) -> bool {
        let (from, to) = self.slice(range);
        self.values[from..to].iter().any(|v| v.is_finite())
    }

    /// The mean of a gauge, or the increase a second of a counter, in each of
    /// the bins of `width` µs that a range has; NaN where there is no sample.
    pub(super) fn bins(&self, range: &Range<i64>, width: i64) -> Vec<f64> {
        let count = bin_count(range, width);
        match self.kind {
            ValueKind::Gauge => self.means(range, width, count),
            ValueKind::Counter => self.rates(range, width, count),
        }
    }

    fn means(&self, range: &Range<i64>, width: i64, count: usize) -> Vec<f64> {
        let mut sums = vec![0.0; count];
        let mut samples = vec![0_u32; count];
        let (from, to) = self.slice(range);
        for (time, value) in self.times[from..to].iter().zip(&self.values[from..to]) {
            let bin = ((time - range.start) / width) as usize;
            if value.is_finite() && bin < count {
                sums[bin] += value * self.scale;
                samples[bin] += 1;
            }
        }
        for (sum, n) in sums.iter_mut().zip(samples) {
            *sum = if n == 0 {
                f64::NAN
            } else {
                *sum / f64::from(n)
            };
        }
        sums
    }

    /// Rates from pairs of neighbours; a value below its forerunner is a reset
    /// and counts from 0. A pair more than five bins apart says nothing.
    fn rates(&self, range: &Range<i64>, width: i64, count: usize) -> Vec<f64> {
        let mut sums = vec![0.0; count];
        let mut seconds = vec![0.0; count];
        let (from, to) = self.slice(range);
        let mut last: Option<(i64, f64)> = None;
        for k in from.saturating_sub(1)..to {
            let (time, value) = (self.times[k], self.values[k]);
            if !value.is_finite() {
                continue;
            }
            if let Some((before, old)) = last
                && k >= from
            {
                let gap = time.saturating_sub(before);
                let bin = ((time - range.start) / width) as usize;
                if gap > 0 && gap <= width.saturating_mul(5) && bin < count {
                    let increase = if value < old { value } else { value - old };
                    sums[bin] += increase.max(0.0) * self.scale;
                    seconds[bin] += gap as f64 / 1e6;
                }
            }
            last = Some((time, value));
        }
        for (sum, time) in sums.iter_mut().zip(seconds) {
            *sum = if time > 0.0 { *sum / time } else { f64::NAN };
        }
        sums
    }
}

/// Bins of `width` µs that a range has.
pub(super) fn bin_count(range: &Range<i64>, width: i64) -> usize {
    let length = range.end.saturating_sub(range.start).max(0);
    usize::try_from((length + width - 1) / width.max(1)).unwrap_or(0)
}

/// What is known of a stage.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StageHistory {
    /// The stage's name in the [`System`](super::topology::System).
    pub name: String,
    /// Its series.
    pub series: Vec<RoleSeries>,
}

/// What is known of an edge, as the caller sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct EdgeHistory {
    /// Who hands over, or who calls.
    pub from: String,
    /// Who takes, or who is called.
    pub to: String,
    /// Which of the two.
    pub kind: EdgeKind,
    /// Its series: `arrivals`, `client_latency*`, `latency*` (as the callee measures it), `errors`.
    pub series: Vec<RoleSeries>,
}

/// The times that are compared, µs.
///
/// A level is called changed if it left both what it was just before and, where
/// there is one, the reference. Where the series go back three days or more,
/// the same hours of those days say how far it moves by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// A time that was normal, where one is known.
    pub reference: Option<Range<i64>>,
    /// The time just before.
    pub before: Range<i64>,
    /// The time that is to be explained.
    pub during: Range<i64>,
}

impl Window {
    /// Takes what lies before `during`: as long as it, at least an hour, at most three.
    pub fn around(during: Range<i64>) -> Self {
        const HOUR: i64 = 3_600_000_000;
        let length = during.end.saturating_sub(during.start);
        let back = length.clamp(HOUR, 3 * HOUR);
        Self {
            reference: None,
            before: during.start.saturating_sub(back)..during.start,
            during,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn series(kind: ValueKind, points: &[(i64, f64)]) -> RoleSeries {
        RoleSeries {
            role: Role::Arrivals,
            name: "a".into(),
            kind,
            scale: 1.0,
            tag: None,
            times: points.iter().map(|p| p.0 * 1_000_000).collect(),
            values: points.iter().map(|p| p.1).collect(),
        }
    }

    #[test]
    fn counters_survive_resets_and_gaps() {
        let points = [
            (0, 100.0),
            (60, 160.0),
            (120, 30.0),
            (180, 90.0),
            (1800, 5000.0),
            (1860, 5060.0),
        ];
        let rates =
            series(ValueKind::Counter, &points).bins(&(30_000_000..1_890_000_000), 60_000_000);
        // 60 in 60 s; a reset to 0 and 30 since; 60; a gap of half an hour; 60.
        assert_eq!(rates[0], 1.0);
        assert_eq!(rates[1], 0.5);
        assert_eq!(rates[2], 1.0);
        assert!(rates[3..30].iter().all(|r| r.is_nan()));
        assert_eq!(rates[30], 1.0);
    }

    #[test]
    fn gauges_are_averaged() {
        let points = [(0, 1.0), (10, 3.0), (20, f64::NAN), (70, 5.0)];
        let means = series(ValueKind::Gauge, &points).bins(&(0..120_000_000), 60_000_000);
        assert_eq!(means, [2.0, 5.0]);
    }

    proptest! {
        #[test]
        fn no_input_panics(
            times in prop::collection::vec(any::<i64>(), 0..20),
            values in prop::collection::vec(any::<f64>(), 0..20),
            from in any::<i64>(), length in 0_i64..100_000_000_000, counter in any::<bool>(),
        ) {
            let mut times = times;
            times.sort_unstable();
            let kind = if counter { ValueKind::Counter } else { ValueKind::Gauge };
            let one = RoleSeries { times, values, ..series(kind, &[]) };
            let range = from..from.saturating_add(length);
            one.spacing(&range);
            one.has_samples(&range);
            one.bins(&range, 60_000_000);
        }
    }
}
