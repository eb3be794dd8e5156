//! Values that stand out of their neighbours and their season.
//!
//! A season is the running median over the same phase of eleven cycles, the trend (the medians
//! of whole cycles) taken off before. What is left is compared with its running median over five
//! values to each side (the filter of F. Hampel, JASA 69, 1974), which follows level shifts and
//! random walks. Robust STL is not used: of a season of some seven cycles it takes a spike for a
//! part of the season and marks the same phase of the cycles beside it.
//!
//! What a regular series of the same tails could show at most is not marked: the deviations that
//! a tenth and a fiftieth of the values exceed give a Weibull tail (ln |d| linear in ln(−ln p)),
//! and the threshold is half as much again as what that tail exceeds once in twenty such series:
//! six to seven standard deviations of normal noise, and more where tails are heavier and a fixed
//! threshold (Hampel's is 3) would mark every burst. What comes in more than about a fiftieth of
//! the values (each weekend, each backup) is part of the tail, and never marked; nor is what comes
//! more rarely, but at even distances.
//!
//! Simulated, 60 series of 2,000 values each: no mark on white noise, random walks or level
//! shifts, with a season of 24 given or not; of heavy tails 0.003 % of the values (Student's t,
//! 5 degrees of freedom), 0.02 % (3), 0.002 % (lognormal), 0.01 % (Pareto, 2.5). A spike of 10
//! standard deviations in white noise was found in 59 of the 60, one of 30 in all. Short
//! series are marked more: of 60 values of heavy tails 0.05 to 0.2 %, and what happened once in
//! 60 values that are 0 otherwise stands out.

/// A value that stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlier {
    /// Its index.
    pub index: usize,
    /// The value.
    pub value: f64,
    /// What was to be expected of its neighbours and its seasons.
    pub expected: f64,
    /// How far it is from there, in robust standard deviations (1.4826 times the median
    /// deviation; of the deviations that are not 0 where more than half are).
    pub score: f64,
}

/// Fewer values say nothing of what is usual.
const FEWEST: usize = 12;
/// How many cycles a season needs, so that a spike is not taken for it.
const CYCLES: usize = 3;
/// How many neighbours to each side.
const REACH: usize = 5;
/// Where the tail is measured: which parts of the deviations are beyond.
const TAIL: (f64, f64) = (0.1, 0.02);
/// How many values the upper of them must leave beyond at least.
const SPARED: f64 = 2.5;
/// What the tail exceeds in a whole series at most, on average.
const FALSE_MARKS: f64 = 0.05;
/// How much more a deviation must be.
const MARGIN: f64 = 1.5;
/// How many bursts at even distances make a rhythm.
const BEATS: usize = 4;
/// Deviations smaller than this part of the largest value are rounding.
const ROUNDING: f64 = 1e-9;

/// Finds the values that stand out, in order; `periods` are seasons in steps.
///
/// Missing values are passed over. None in fewer than 12 values; periods of which there are
/// fewer than three cycles do not count.
pub fn outliers(values: &[f64], periods: &[usize]) -> Vec<Outlier> {
    let present = values.iter().filter(|x| x.is_finite()).count();
    if present < FEWEST {
        return vec![];
    }
    let sizes = values.iter().filter(|x| x.is_finite()).map(|x| x.abs());
    let rounding = ROUNDING * sizes.fold(0.0, f64::max);
    let level = values
        .windows(2)
        .filter(|pair| (pair[1] - pair[0]).abs() <= rounding)
        .count();
    // What is level mostly has no season.
    let deviations = if 2 * level > present {
        from_median(values)
    } else {
        let seasonal = seasonal_part(values, periods);
        let rest: Vec<f64> = values.iter().zip(&seasonal).map(|(x, s)| x - s).collect();
        from_median(&rest)
    };
    let mut sizes: Vec<f64> = deviations
        .iter()
        .map(|d| d.abs())
        .filter(|d| d.is_finite())
        .collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let Some(usual) = Usual::of(&sizes, rounding) else {
        return vec![];
    };
    let stands_out = |d: f64| d.is_finite() && d.abs() > usual.threshold;
    let indices: Vec<usize> = (0..values.len())
        .filter(|i| stands_out(deviations[*i]))
        .collect();
    without_rhythm(&indices)
        .into_iter()
        .map(|index| Outlier {
            index,
            value: values[index],
            expected: values[index] - deviations[index],
            score: deviations[index].abs() / usual.scale,
        })
        .collect()
}

/// Leaves out what comes at even distances: a season that nobody named.
///
/// That is at least [`BEATS`] bursts, three quarters of whose distances are the same, to a step
/// or a fiftieth.
fn without_rhythm(indices: &[usize]) -> Vec<usize> {
    let bursts: Vec<&[usize]> = indices.chunk_by(|a, b| b - a <= REACH).collect();
    let mut distances: Vec<usize> = bursts.windows(2).map(|b| b[1][0] - b[0][0]).collect();
    distances.sort_unstable();
    if bursts.len() < BEATS {
        return indices.to_vec();
    }
    let beat = distances[distances.len() / 2];
    let is_beat = |distance: usize| distance.abs_diff(beat) <= (beat / 50).max(1);
    let even = distances.iter().filter(|d| is_beat(**d)).count();
    if 4 * even < 3 * distances.len() {
        return indices.to_vec();
    }
    let has_partner = |burst: &[usize]| {
        let mut others = bursts.iter().map(|other| other[0].abs_diff(burst[0]));
        others.any(|distance| distance > 0 && is_beat(distance))
    };
    let kept = bursts.iter().filter(|burst| !has_partner(burst));
    kept.flat_map(|burst| burst.iter().copied()).collect()
}

/// What the values are above their running medians.
fn from_median(values: &[f64]) -> Vec<f64> {
    let medians = running_median(values);
    values.iter().zip(&medians).map(|(x, m)| x - m).collect()
}

/// What is usual of the deviations.
struct Usual {
    scale: f64,
    threshold: f64,
}

impl Usual {
    /// Of sizes in ascending order; `None` where none can stand out.
    fn of(sizes: &[f64], rounding: f64) -> Option<Self> {
        let zeros = sizes.partition_point(|d| *d <= rounding);
        let (count, other) = (sizes.len(), &sizes[zeros..]);
        if 2 * zeros <= count {
            return Self::of_tail(sizes);
        }
        // More than half deviate by nothing, and a quantile may be 0. Those that do deviate are
        // a series of their own; a few only stand out by that alone.
        let rare = (TAIL.1 * count as f64).max(1.0);
        if other.is_empty() {
            None
        } else if other.len() as f64 <= rare {
            Some(Self {
                scale: median(other),
                threshold: rounding,
            })
        } else if other.len() >= FEWEST {
            Self::of_tail(other)
        } else {
            None
        }
    }

    fn of_tail(sizes: &[f64]) -> Option<Self> {
        let count = sizes.len() as f64;
        let beyond =
            |part: f64| sizes[(((1.0 - part) * count).ceil() as usize).clamp(1, sizes.len()) - 1];
        let outer = TAIL.1.max(SPARED / count);
        let inner = TAIL.0.max(2.0 * outer);
        let (low, high) = (beyond(inner), beyond(outer));
        let scale = 1.482_602_218_505_602 * median(sizes);
        if !(low > 0.0 && scale > 0.0 && high.is_finite()) {
            return None;
        }
        let log = |part: f64| (-part.ln()).ln();
        let slope = (high / low).ln() / (log(outer) - log(inner));
        let farthest = FALSE_MARKS / count;
        // A tail lighter than the normal one's is not believed.
        let slope = slope.max(0.5);
        let threshold = MARGIN * high * (slope * (log(farthest) - log(outer))).exp();
        threshold.is_finite().then_some(Self { scale, threshold })
    }
}

fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        sorted[half - 1].midpoint(sorted[half])
    }
}

/// The sum of the seasons: of each the running median over the same phase of eleven cycles, the
/// trend taken off before; the seasons one after the other, twice over. 0 where none is known.
fn seasonal_part(values: &[f64], periods: &[usize]) -> Vec<f64> {
    let mut periods = periods.to_vec();
    periods.retain(|p| *p >= 2 && p.saturating_mul(CYCLES) <= values.len());
    periods.sort_unstable();
    periods.dedup();
    let mut whole = vec![0.0; values.len()];
    let mut parts = vec![whole.clone(); periods.len()];
    let passes = if periods.len() > 1 { 2 } else { 1 };
    for _ in 0..passes {
        for (part, &period) in parts.iter_mut().zip(&periods) {
            whole.iter_mut().zip(part.iter()).for_each(|(w, p)| *w -= p);
            let rest: Vec<f64> = values.iter().zip(&whole).map(|(x, w)| x - w).collect();
            *part = season(&rest, period);
            whole.iter_mut().zip(part.iter()).for_each(|(w, p)| *w += p);
        }
    }
    whole
}

fn season(values: &[f64], period: usize) -> Vec<f64> {
    let trend = trend(values, period);
    let level: Vec<f64> = values.iter().zip(&trend).map(|(x, t)| x - t).collect();
    let mut season = vec![0.0; values.len()];
    for phase in 0..period {
        let of_phase: Vec<f64> = level[phase..].iter().step_by(period).copied().collect();
        let slots = season[phase..].iter_mut().step_by(period);
        for (slot, median) in slots.zip(running_median(&of_phase)) {
            *slot = if median.is_finite() { median } else { 0.0 };
        }
    }
    season
}

/// Lines between the medians of whole cycles, level before the first and after the last.
fn trend(values: &[f64], period: usize) -> Vec<f64> {
    let half = period as f64 / 2.0;
    let last = values.len() - period;
    let starts = (0..last).step_by(period).chain([last]);
    let knots: Vec<(f64, f64)> = starts
        .filter_map(|start| {
            let mut cycle = values[start..start + period].to_vec();
            cycle.retain(|x| x.is_finite());
            cycle.sort_unstable_by(f64::total_cmp);
            (!cycle.is_empty()).then(|| (start as f64 + half, median(&cycle)))
        })
        .collect();
    let mut next = 0;
    let at = |t: usize| {
        let t = t as f64;
        while next < knots.len() && knots[next].0 <= t {
            next += 1;
        }
        match (next.checked_sub(1).map(|i| knots[i]), knots.get(next)) {
            (Some((from, low)), Some((to, high))) => {
                let share = (t - from) / (to - from);
                low * (1.0 - share) + high * share
            }
            (Some((_, level)), None) | (None, Some(&(_, level))) => level,
            (None, None) => 0.0,
        }
    };
    (0..values.len()).map(at).collect()
}

/// The median of the present values within [`REACH`] steps; NaN where there is none.
fn running_median(values: &[f64]) -> Vec<f64> {
    let mut window = Vec::with_capacity(2 * REACH + 1);
    let of = |i: usize| {
        let near = &values[i.saturating_sub(REACH)..(i + REACH + 1).min(values.len())];
        window.clear();
        window.extend(near.iter().copied().filter(|x| x.is_finite()));
        window.sort_unstable_by(f64::total_cmp);
        if window.is_empty() {
            f64::NAN
        } else {
            median(&window)
        }
    };
    (0..values.len()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Generator;
    use proptest::prelude::*;

    /// How many of 12,000 values are marked, over twenty seeds.
    fn marks(make: impl Fn(&mut Generator, usize) -> f64, periods: &[usize]) -> usize {
        let of = |seed| {
            let mut random = Generator::new(seed);
            let values: Vec<f64> = (0..600).map(|t| make(&mut random, t)).collect();
            outliers(&values, periods).len()
        };
        (0..20).map(of).sum()
    }

    fn day(t: usize) -> f64 {
        20.0 * (t as f64 / 24.0 * std::f64::consts::TAU).sin()
    }

    #[test]
    fn regular_series_are_left_in_peace() {
        let shifts = |t: usize| 50.0 * (t / 100 % 3) as f64;
        for periods in [&[][..], &[24]] {
            assert_eq!(marks(|random, _| random.normal(), periods), 0);
            assert_eq!(marks(|random, t| day(t) + random.normal(), periods), 0);
            assert_eq!(marks(|random, t| shifts(t) + random.normal(), periods), 0);
            assert_eq!(marks(|_, _| 5.0, periods), 0);
        }
        let heavy =
            |random: &mut Generator, _| random.normal() / (1.0 - random.uniform()).powf(0.3);
        assert!(marks(heavy, &[]) <= 12);
        let mut walked = 0;
        for seed in 0..20 {
            let mut random = Generator::new(seed);
            let walk = (0..600).scan(0.0, |level, _| {
                *level += random.normal();
                Some(*level)
            });
            walked += outliers(&walk.collect::<Vec<_>>(), &[24]).len();
        }
        assert_eq!(walked, 0);
    }

    #[test]
    fn weekends_and_backups_are_no_outliers() {
        let weekend = |t: usize| if t / 24 % 7 > 4 { 40.0 } else { 100.0 };
        assert_eq!(
            marks(|random, t| weekend(t) + day(t) + random.normal(), &[24]),
            0
        );
        assert_eq!(marks(|random, t| weekend(24 * t) + random.normal(), &[]), 0);
        let each = |hours: usize| {
            move |random: &mut Generator, t: usize| {
                random.normal() + if t % hours == 3 { 90.0 } else { 0.0 }
            }
        };
        assert_eq!(marks(each(24), &[]), 0);
        // Beyond the tail, but in a rhythm.
        assert_eq!(marks(each(100), &[]), 0);
    }

    #[test]
    fn spikes_are_found() {
        for (periods, from) in [(&[][..], 0.0), (&[24][..], 1.0), (&[24, 168][..], 1.0)] {
            let mut random = Generator::new(3);
            let value = |t| 100.0 + from * day(t) + random.normal();
            let mut values: Vec<f64> = (0..1200).map(value).collect();
            let clean = values[300];
            values[300] += 25.0;
            values[420] -= 25.0;
            values[421] -= 25.0;
            values[50] = f64::NAN;
            let found = outliers(&values, periods);
            let indices: Vec<usize> = found.iter().map(|outlier| outlier.index).collect();
            assert_eq!(indices, [300, 420, 421], "{periods:?}");
            assert!((found[0].expected - clean).abs() < 5.0, "{found:?}");
            assert!(found[0].score > 12.0, "{found:?}");
            assert_eq!(found[0].value, values[300]);
        }
    }

    #[test]
    fn a_constant_has_no_scale() {
        for periods in [&[][..], &[24]] {
            let mut values = vec![5.0; 2000];
            assert!(outliers(&values, periods).is_empty());
            values[200] = 5.5;
            let found = outliers(&values, periods);
            assert_eq!(found.len(), 1);
            assert_eq!((found[0].index, found[0].expected), (200, 5.0));
        }
        // Errors now and then are how such a series is.
        let errors = |random: &mut Generator, _| match random.below(10) {
            0 => 1.0 + random.uniform(),
            _ => 0.0,
        };
        assert_eq!(marks(errors, &[]), 0);
    }

    proptest! {
        #[test]
        fn nothing_panics(
            values in proptest::collection::vec(prop_oneof![any::<f64>(), -5.0..5.0_f64, Just(0.0)], 0..60),
            periods in proptest::collection::vec(prop_oneof![0_usize..20, Just(usize::MAX)], 0..3),
        ) {
            for outlier in outliers(&values, &periods) {
                prop_assert!(outlier.score > 0.0);
                prop_assert_eq!(outlier.value, values[outlier.index]);
            }
        }
    }
}
