//! A classic histogram at one step: cumulative counts below upper bounds.
//!
//! Follows `BucketQuantile` and `BucketFraction` of Prometheus' `promql/quantile.go`:
//! observations are taken to lie evenly within a bucket, the first bucket begins
//! at 0 if its bound is above 0, and a histogram without a `+Inf` bucket has no
//! answer (NaN).

use crate::promql::Version;

/// The relative difference of two counts that is taken for rounding.
const TOLERANCE: f64 = 1e-12;

/// The buckets of one histogram at one step, by rising bound; reused over all steps.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    bounds: Vec<f64>,
    counts: Vec<f64>,
}

/// Where and by how much counts had to be raised to rise with the bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Repair {
    /// The lowest bound whose count was raised.
    pub min_bound: f64,
    /// The highest bound whose count was raised.
    pub max_bound: f64,
    /// The largest raise.
    pub max_diff: f64,
}

impl Repair {
    /// Makes the repair cover another one too.
    pub(super) fn widen(&mut self, other: Self) {
        self.min_bound = self.min_bound.min(other.min_bound);
        self.max_bound = self.max_bound.max(other.max_bound);
        self.max_diff = self.max_diff.max(other.max_diff);
    }
}

impl Buckets {
    /// Removes all buckets.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.bounds.clear();
        self.counts.clear();
    }

    /// Adds a bucket whose bound is not below the last one's; counts of equal bounds are summed.
    #[inline]
    pub(super) fn push(&mut self, bound: f64, count: f64) {
        if let (Some(last), Some(sum)) = (self.bounds.last(), self.counts.last_mut())
            && *last == bound
        {
            *sum += count;
            return;
        }
        self.bounds.push(bound);
        self.counts.push(count);
    }

    /// Whether there is no bucket.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// Estimates the value below which the share `q` of all observations lies,
    /// and tells whether the counts had to be repaired for that (they stay repaired).
    pub(super) fn quantile(&mut self, q: f64, version: Version) -> (f64, Option<Repair>) {
        if q.is_nan() {
            return (f64::NAN, None);
        }
        if q < 0.0 {
            return (f64::NEG_INFINITY, None);
        }
        if q > 1.0 {
            return (f64::INFINITY, None);
        }
        if self.bounds.last() != Some(&f64::INFINITY) {
            return (f64::NAN, None);
        }
        let repair = match version {
            Version::V2 => self.raise(),
            Version::V3 => self.raise_beyond_rounding(),
        };
        (self.interpolate(q), repair)
    }

    fn interpolate(&self, q: f64) -> f64 {
        let (bounds, counts) = (&self.bounds[..], &self.counts[..]);
        let Some(last) = bounds.len().checked_sub(1).filter(|last| *last > 0) else {
            return f64::NAN;
        };
        let observations = counts[last];
        if observations == 0.0 {
            return f64::NAN;
        }
        let rank = q * observations;
        let place = first_reaching(&counts[..last], rank);
        if place == last {
            return bounds[last - 1];
        }
        if place > 0 {
            let below = counts[place - 1];
            let start = bounds[place - 1];
            return start + (bounds[place] - start) * ((rank - below) / (counts[place] - below));
        }
        if bounds[0] <= 0.0 {
            return bounds[0];
        }
        0.0 + bounds[0] * (rank / counts[0])
    }

    /// Raises each count to the highest before it.
    fn raise(&mut self) -> Option<Repair> {
        let mut repair = None;
        let mut highest = *self.counts.first()?;
        for (bound, count) in self.bounds.iter().zip(&mut self.counts).skip(1) {
            if *count > highest {
                highest = *count;
            } else if *count < highest {
                note(&mut repair, *bound, highest - *count);
                *count = highest;
            }
        }
        repair
    }

    /// Raises each count to the last sound one before it, and takes counts that
    /// differ by no more than rounding for equal.
    fn raise_beyond_rounding(&mut self) -> Option<Repair> {
        let mut repair = None;
        let mut sound = *self.counts.first()?;
        for (bound, count) in self.bounds.iter().zip(&mut self.counts).skip(1) {
            if *count == sound {
                continue;
            }
            // Most counts rise by far more than rounding: they need no division.
            if *count > sound * 1.000_001 && *count > f64::MIN_POSITIVE && sound >= 0.0 {
                sound = *count;
            } else if almost_equal(sound, *count) {
                *count = sound;
            } else if *count < sound {
                note(&mut repair, *bound, sound - *count);
                *count = sound;
            } else {
                sound = *count;
            }
        }
        repair
    }

    /// Estimates the share of all observations between two values.
    pub(super) fn fraction(&self, lower: f64, upper: f64) -> f64 {
        let (Some(&f64::INFINITY), Some(&all)) = (self.bounds.last(), self.counts.last()) else {
            return f64::NAN;
        };
        if all == 0.0 || lower.is_nan() || upper.is_nan() {
            return f64::NAN;
        }
        if lower >= upper {
            return 0.0;
        }
        (self.rank_of(upper, all) - self.rank_of(lower, all)) / all
    }

    /// Estimates how many of `all` observations are below a value.
    fn rank_of(&self, value: f64, all: f64) -> f64 {
        let mut start = if self.bounds[0] <= 0.0 {
            f64::NEG_INFINITY
        } else {
            0.0
        };
        let mut below = 0.0;
        let mut rank = all;
        for (&end, &count) in self.bounds.iter().zip(&self.counts) {
            if start >= value {
                rank = below;
                break;
            }
            if end > value {
                // Nothing can be said of where in an endless bucket observations lie.
                rank = if start == f64::NEG_INFINITY {
                    count
                } else {
                    below + (count - below) * (value - start) / (end - start)
                };
                break;
            }
            below = count;
            start = end;
        }
        if rank > all { all } else { rank }
    }
}

fn note(repair: &mut Option<Repair>, bound: f64, diff: f64) {
    let one = Repair {
        min_bound: bound,
        max_bound: bound,
        max_diff: diff,
    };
    match repair {
        Some(repair) => repair.widen(one),
        None => *repair = Some(one),
    }
}

/// Finds the first count that is at least `rank`, by halving as Go's `sort.Search`
/// does: counts that are NaN then lead to the same place.
#[inline]
fn first_reaching(counts: &[f64], rank: f64) -> usize {
    let (mut low, mut high) = (0, counts.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if counts[middle] >= rank {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Whether two counts that are not equal differ by rounding only
/// (`util/almost/almost.go`).
#[inline]
fn almost_equal(a: f64, b: f64) -> bool {
    if a.is_nan() && b.is_nan() {
        return true;
    }
    let sum = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    fn buckets(pairs: &[(f64, f64)]) -> Buckets {
        let mut buckets = Buckets::default();
        for (bound, count) in pairs {
            buckets.push(*bound, *count);
        }
        buckets
    }

    #[track_caller]
    fn assert_quantile(pairs: &[(f64, f64)], q: f64, expected: f64) {
        let (got, _) = buckets(pairs).quantile(q, Version::V3);
        let near = (got - expected).abs() <= 1e-12 * expected.abs().max(1.0);
        assert!(
            got == expected || near || got.is_nan() && expected.is_nan(),
            "{q}: {got}"
        );
    }

    #[test]
    fn quantiles_are_those_of_the_scripts() {
        // promql/promqltest/testdata/histograms.test, at 50m.
        let positive = [(0.1, 50.0), (0.2, 70.0), (1.0, 110.0), (INF, 120.0)];
        let negative = [(-0.2, 10.0), (-0.1, 20.0), (0.3, 20.0), (INF, 30.0)];
        for (q, of_positive, of_negative) in [
            (-0.1, -INF, -INF),
            (1.01, INF, INF),
            (f64::NAN, f64::NAN, f64::NAN),
            (0.0, 0.0, -0.2),
            (1.0, 1.0, 0.3),
            (0.2, 0.048, -0.2),
            (0.5, 0.15, -0.15),
            (0.8, 0.72, 0.3),
        ] {
            assert_quantile(&positive, q, of_positive);
            assert_quantile(&negative, q, of_negative);
        }
        let empty = [(0.1, 0.0), (0.2, 0.0), (INF, 0.0)];
        assert_quantile(&empty, 0.2, f64::NAN);
        let mixed = [(0.1, 1.0), (0.2, 1.0), (0.2, 1.0), (0.2, 1.0), (INF, 4.0)];
        assert_quantile(&mixed, 0.5, 0.15);
        assert_quantile(&mixed, 1.0, 0.2);
        assert_quantile(&[(0.1, 1.0), (0.2, 2.0)], 0.5, f64::NAN);
        assert_quantile(&[(INF, 2.0)], 0.5, f64::NAN);
        assert_quantile(&[(INF, 2.0), (INF, 3.0)], 0.5, f64::NAN);
    }

    #[test]
    fn falling_counts_are_raised_and_reported() {
        let pairs = [
            (0.1, 20.0),
            (1.0, 10.0),
            (10.0, 50.0),
            (100.0, 40.0),
            (1000.0, 90.0),
            (INF, 80.0),
        ];
        for (q, expected) in [(0.01, 0.0045), (0.5, 8.5), (0.99, 979.75)] {
            for version in [Version::V2, Version::V3] {
                let (got, repair) = buckets(&pairs).quantile(q, version);
                assert!((got - expected).abs() < 1e-9, "{got}");
                assert_eq!(
                    repair,
                    Some(Repair {
                        min_bound: 1.0,
                        max_bound: INF,
                        max_diff: 10.0
                    })
                );
            }
        }
    }

    #[test]
    fn only_version_3_overlooks_rounding() {
        let less = 2.0 - 4.0 * f64::EPSILON;
        let pairs = [(1.0, 2.0), (2.0, less), (INF, 4.0)];
        assert!(buckets(&pairs).quantile(0.9, Version::V2).1.is_some());
        assert!(buckets(&pairs).quantile(0.9, Version::V3).1.is_none());
        // Overlooked upwards too: rank 2 + 2ε is then in the bucket +Inf.
        let more = 2.0 + 4.0 * f64::EPSILON;
        let pairs = [(1.0, 2.0), (2.0, more), (5.0, 3.0), (INF, 4.0)];
        let q = 0.5 + f64::EPSILON / 2.0;
        assert!(buckets(&pairs).quantile(q, Version::V2).0 <= 2.0);
        assert!(buckets(&pairs).quantile(q, Version::V3).0 >= 2.0);
    }

    #[test]
    fn fractions_are_those_of_the_scripts() {
        let positive = [(1.0, 1.0), (2.0, 3.0), (3.0, 6.0), (INF, 100.0)];
        let negative = [(-3.0, 10.0), (-2.0, 12.0), (-1.0, 15.0), (INF, 100.0)];
        for (lower, upper, expected) in [
            (0.0, 1.5, 0.02),
            (-INF, INF, 1.0),
            (4.0, 5.0, 0.0),
            (2.0, 5.0, 0.03),
            (400.0, INF, 0.94),
            (2.0, 2.0, 0.0),
            (3.0, 2.0, 0.0),
            (2.0, 3.5, 0.03),
            (0.5, 2.0, 0.025),
            (1.0, 3.0, 0.05),
            (-10.0, -5.0, 0.0),
        ] {
            assert_eq!(buckets(&positive).fraction(lower, upper), expected);
        }
        for (lower, upper, expected) in [
            (-4.0, -2.0, 0.02),
            (-INF, -1.5, 0.135),
            (-INF, INF, 1.0),
            (0.0, 1.0, 0.0),
        ] {
            assert_eq!(buckets(&negative).fraction(lower, upper), expected);
        }
        let fractional = [(0.5, 2.5), (1.0, 7.5), (INF, 100.0)];
        assert_eq!(buckets(&fractional).fraction(0.1, 0.75), 0.045);
        let around_zero = [
            (-2.0, 5.0),
            (-1.0, 10.0),
            (0.0, 15.0),
            (1.0, 20.0),
            (INF, 100.0),
        ];
        assert_eq!(buckets(&around_zero).fraction(-1.0, 1.0), 0.1);
        assert_eq!(buckets(&[(INF, 100.0)]).fraction(0.0, 1.0), 0.0);
        for nan in [
            buckets(&positive).fraction(f64::NAN, 1.0),
            buckets(&positive).fraction(0.0, f64::NAN),
            buckets(&[(1.0, 0.0), (INF, 0.0)]).fraction(0.0, 5.0),
            buckets(&[(1.0, 1.0)]).fraction(0.0, 5.0),
            buckets(&[]).fraction(0.0, 5.0),
        ] {
            assert!(nan.is_nan());
        }
    }

    proptest::proptest! {
        #[test]
        fn a_quantile_lies_within_the_bounds(
            counts in proptest::collection::vec(0.0..1e6_f64, 2..20),
            q in 0.0..=1.0_f64,
        ) {
            let mut buckets = Buckets::default();
            for (i, count) in counts.iter().enumerate() {
                let last = i + 1 == counts.len();
                buckets.push(if last { INF } else { i as f64 - 3.0 }, *count);
            }
            let (got, _) = buckets.quantile(q, Version::V3);
            proptest::prop_assert!((-3.0..=15.0).contains(&got));
        }

        #[test]
        fn nothing_panics(
            pairs in proptest::collection::vec((proptest::num::f64::ANY, proptest::num::f64::ANY), 0..8),
            q in proptest::num::f64::ANY,
            r in proptest::num::f64::ANY,
        ) {
            for version in [Version::V2, Version::V3] {
                let mut buckets = buckets(&pairs);
                buckets.push(INF, 1.0);
                let _ = buckets.quantile(q, version);
                let _ = buckets.quantile(0.5, version);
                let _ = buckets.fraction(q, r);
            }
        }
    }
}
