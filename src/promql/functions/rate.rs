//! The functions of counters: `rate`, `increase`, `delta`, `irate`, `idelta`, `resets`, `changes`.
//!
//! Reference: Prometheus' `promql/functions.go`. Every value is computed in its
//! order of operations; but where a window has more than 64 resets, what they
//! lost is added up by compensated sums that slide, so that no step costs more
//! than another.

use crate::promql::Version;
use crate::promql::functions::over_time::Sum;
use crate::promql::functions::two_stack::TwoStack;
use crate::promql::functions::{Function, WindowArgs, window};
use crate::promql::window::Windows;

/// The functions of this group.
pub(super) static FUNCTIONS: &[Function] = &[
    window("rate", extrapolated::<true, true>),
    window("increase", extrapolated::<true, false>),
    window("delta", extrapolated::<false, false>),
    window("irate", instant::<true>),
    window("idelta", instant::<false>),
    window("resets", resets),
    window("changes", changes),
];

/// The most resets of a window that are added one after the other.
const FEW_RESETS: usize = 64;

/// How much more than the samples' average distance a window's edge may be away
/// from the samples for the series to be taken to reach it.
const NEAR_EDGE: f64 = 1.1;

/// The rise between a window's first and last sample, extrapolated to its edges.
fn extrapolated<const COUNTER: bool, const RATE: bool>(
    windows: &Windows<'_>,
    args: &WindowArgs<'_>,
    out: &mut [f64],
) {
    let (timestamps, values) = (windows.timestamps, windows.values);
    let per = if RATE {
        Some(whole_and_fraction(windows.range))
    } else {
        None
    };
    let mut resets = Resets::default();
    if COUNTER {
        resets.find(values);
    }
    let mut lie = Lie::default();
    for (i, out) in out.iter_mut().enumerate() {
        let window = windows.indices(i);
        if window.len() < 2 {
            continue;
        }
        let (first, last) = (window.start, window.end - 1);
        let mut rise = values[last] - values[first];
        if COUNTER {
            rise = resets.add_losses(rise, windows, i);
        }
        let end = windows.end(i);
        // Regular scrapes lie the same way in one window after the other.
        lie.of(
            (
                timestamps[first] - windows.start(i),
                end - timestamps[last],
                timestamps[last] - timestamps[first],
                last - first,
            ),
            per,
        );
        // A counter is not extrapolated to below zero. Where its first value is
        // no less than its rise, zero is further away than the window is long.
        let may_reach_zero = COUNTER
            && rise > 0.0
            && values[first] >= 0.0
            && !(values[first] >= rise && lie.to_start < lie.sampled);
        let factor = if may_reach_zero {
            let to_zero = lie.sampled * (values[first] / rise);
            lie.factor(per, Some((to_zero, args.version)))
        } else {
            lie.factor
        };
        *out = rise * factor;
    }
}

/// How a window's samples lie in it, in seconds.
#[derive(Default)]
struct Lie {
    /// What the rest follows from: µs to the start and the end, µs between the first and the
    /// last sample, and the number of samples but one.
    key: (i64, i64, i64, usize),
    to_start: f64,
    to_end: f64,
    sampled: f64,
    spacing: f64,
    /// By what a rise is to be multiplied where zero is far.
    factor: f64,
}

impl Lie {
    fn of(&mut self, key: (i64, i64, i64, usize), per: Option<f64>) {
        if self.key == key {
            return;
        }
        let (to_start, to_end, sampled, pairs) = key;
        let sampled = seconds(sampled);
        *self = Self {
            key,
            to_start: seconds(to_start),
            to_end: seconds(to_end),
            sampled,
            spacing: sampled / pairs as f64,
            factor: 0.0,
        };
        self.factor = self.factor(per, None);
    }

    /// By what a rise is to be multiplied; `zero` is how far away a counter was at zero.
    fn factor(&self, per: Option<f64>, zero: Option<(f64, Version)>) -> f64 {
        let near = self.spacing * NEAR_EDGE;
        let (mut to_start, mut to_end) = (self.to_start, self.to_end);
        // Version 2 cuts off at zero before it asks whether the edge is near,
        // which may make it so.
        if let Some((to_zero, Version::V2)) = zero
            && to_zero < to_start
        {
            to_start = to_zero;
        }
        if to_start >= near {
            to_start = self.spacing / 2.0;
        }
        if let Some((to_zero, Version::V3)) = zero
            && to_zero < to_start
        {
            to_start = to_zero;
        }
        if to_end >= near {
            to_end = self.spacing / 2.0;
        }
        let factor = (self.sampled + to_start + to_end) / self.sampled;
        per.map_or(factor, |seconds| factor / seconds)
    }
}

/// A span in seconds.
#[inline]
fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}

/// A span in seconds, rounded as Go's `Duration.Seconds` does.
fn whole_and_fraction(us: i64) -> f64 {
    (us / 1_000_000) as f64 + seconds(us % 1_000_000)
}

/// Where a counter fell, and what it lost.
#[derive(Default)]
struct Resets {
    /// The samples that are less than the one before.
    places: Vec<u32>,
    /// Those in the window.
    lo: usize,
    hi: usize,
    many: Option<TwoStack<Sum>>,
}

impl Resets {
    fn find(&mut self, values: &[f64]) {
        self.places.extend(
            values
                .windows(2)
                .zip(1u32..)
                .filter(|(pair, _)| pair[1] < pair[0])
                .map(|(_, place)| place),
        );
    }

    /// Adds to a rise the values from which the counter fell between two samples.
    #[inline]
    fn add_losses(&mut self, rise: f64, windows: &Windows<'_>, i: usize) -> f64 {
        let (places, values) = (&self.places, windows.values);
        let window = windows.indices(i);
        let (first, last) = (window.start, window.end - 1);
        while self.hi < places.len() && places[self.hi] as usize <= last {
            self.hi += 1;
        }
        while self.lo < self.hi && places[self.lo] as usize <= first {
            self.lo += 1;
        }
        let before = |k: usize| values[places[k] as usize - 1];
        match self.hi - self.lo {
            0 => rise,
            1..=FEW_RESETS => (self.lo..self.hi).fold(rise, |rise, k| rise + before(k)),
            _ => {
                let many = self
                    .many
                    .get_or_insert_with(|| TwoStack::new(windows.range));
                let time = |k: usize| windows.timestamps[places[k] as usize];
                let items = self.lo..self.hi;
                let (lost, _) =
                    many.slide_items(windows.end(i), items, time, |k, _| Sum::of(before(k)));
                lost.plus(rise).value()
            }
        }
    }
}

/// The rise between the last two samples of a window.
fn instant<const RATE: bool>(windows: &Windows<'_>, _: &WindowArgs<'_>, out: &mut [f64]) {
    for (i, out) in out.iter_mut().enumerate() {
        let ([.., before, at], [.., previous, last]) = windows.samples(i) else {
            continue;
        };
        *out = if RATE && last < previous {
            *last
        } else {
            last - previous
        };
        if RATE {
            *out /= seconds(at - before);
        }
    }
}

fn resets(windows: &Windows<'_>, _: &WindowArgs<'_>, out: &mut [f64]) {
    count_pairs(windows, out, |previous, value| value < previous);
}

fn changes(windows: &Windows<'_>, _: &WindowArgs<'_>, out: &mut [f64]) {
    count_pairs(windows, out, |previous, value| {
        value != previous && !(value.is_nan() && previous.is_nan())
    });
}

/// How many neighbours in a window are such.
fn count_pairs(windows: &Windows<'_>, out: &mut [f64], is_such: impl Fn(f64, f64) -> bool) {
    let mut count = 0u32;
    let mut up_to = Vec::with_capacity(windows.values.len());
    up_to.push(0);
    up_to.extend(windows.values.windows(2).map(|pair| {
        count += u32::from(is_such(pair[0], pair[1]));
        count
    }));
    for (i, out) in out.iter_mut().enumerate() {
        let window = windows.indices(i);
        if !window.is_empty() {
            *out = f64::from(up_to[window.end - 1] - up_to[window.start]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::promql::functions::cases::{Case, case};
    use crate::promql::{Steps, is_absent};

    /// One value of a function over samples each 5 minutes, at 50 m.
    fn at_50m(name: &str, values: &[f64], minutes: i64) -> f64 {
        let mut case = Case::minutes(values, minutes);
        for ts in &mut case.timestamps {
            *ts *= 5;
        }
        case.steps = Steps::instant(50 * 60_000_000);
        case.run(name, None)[0]
    }

    fn ramp(from: f64, rise: f64, count: usize) -> Vec<f64> {
        (0..count).map(|i| from + rise * i as f64).collect()
    }

    #[test]
    fn published_counts() {
        let foo = [1.0, 2.0, 3.0, 0.0, 1.0, 0.0, 0.0, 1.0, 2.0, 0.0];
        let bar = [1.0, 2.0, 3.0, 4.0, 5.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        assert!(is_absent(at_50m("resets", &foo, 5)));
        assert_eq!(at_50m("resets", &foo, 10), 0.0);
        assert_eq!(at_50m("resets", &foo, 30), 1.0);
        assert_eq!(at_50m("resets", &foo, 32), 2.0);
        assert_eq!(at_50m("resets", &foo, 50), 3.0);
        assert_eq!(at_50m("resets", &bar, 50), 1.0);
        assert_eq!(at_50m("changes", &foo, 6), 0.0);
        assert_eq!(at_50m("changes", &foo, 30), 3.0);
        assert_eq!(at_50m("changes", &bar, 50), 8.0);
        assert_eq!(at_50m("changes", &[f64::NAN; 3], 60), 0.0);
        assert_eq!(at_50m("changes", &[0.0, f64::NAN, 0.0], 60), 2.0);
    }

    #[test]
    fn published_increases_and_rates() {
        let twice = [ramp(0.0, 18.0, 6), ramp(0.0, 18.0, 6)].concat();
        assert_eq!(at_50m("increase", &ramp(0.0, 10.0, 11), 50), 100.0);
        assert_eq!(at_50m("increase", &twice[..11], 50), 160.0);
        assert_eq!(at_50m("increase", &ramp(10.0, 10.0, 11), 100), 105.0);
        assert_eq!(at_50m("increase", &ramp(1.0, 10.0, 11), 100), 101.0);
        let middle = [ramp(0.0, 27.0, 5), ramp(0.0, 27.0, 6)].concat();
        assert_eq!(at_50m("rate", &middle, 50), 0.08);
        let steady = at_50m("rate", &ramp(0.0, 80.0, 11), 50);
        assert!((steady - 0.26666666666666666).abs() < 1e-15);
        assert!(is_absent(at_50m("rate", &[0.0, 10.0], 5)));
    }

    #[test]
    fn a_counter_is_cut_off_at_zero() {
        let at_10m = |from: f64, version| {
            let mut case = Case::minutes(&ramp(from, 240.0, 11), 20);
            for ts in &mut case.timestamps {
                *ts *= 4;
            }
            case.steps = Steps::instant(600_000_000);
            case.version = version;
            case.run("rate", None)[0]
        };
        for (from, rate) in [
            (0.0, 0.5),
            (60.0, 0.55),
            (120.0, 0.6),
            (180.0, 0.6),
            (300.0, 0.6),
        ] {
            assert!((at_10m(from, Version::V3) - rate).abs() < 1e-15, "{from}");
        }
        // Prometheus 2.42 goes as far as zero where that is near: 3 m instead of 2 m.
        assert!((at_10m(180.0, Version::V2) - 0.65).abs() < 1e-15);
        assert!((at_10m(300.0, Version::V2) - 0.6).abs() < 1e-15);
    }

    /// Prometheus' algorithm for one window, by milliseconds.
    fn naive_rate(
        counter: bool,
        rate: bool,
        case: &Case,
        end: i64,
        t: &[i64],
        v: &[f64],
    ) -> Option<f64> {
        let n = v.len();
        if n < 2 {
            return None;
        }
        let mut result = v[n - 1] - v[0];
        for i in 1..n {
            if counter && v[i] < v[i - 1] {
                result += v[i - 1];
            }
        }
        let ms = |us: i64| (us / 1000) as f64 / 1000.0;
        let mut start_gap = ms(t[0] - (end - case.range));
        let mut end_gap = ms(end - t[n - 1]);
        let sampled = ms(t[n - 1] - t[0]);
        let average = sampled / (n - 1) as f64;
        let threshold = average * 1.1;
        let cut = |gap: f64| {
            let zero = sampled * (v[0] / result);
            if counter && result > 0.0 && v[0] >= 0.0 && zero < gap {
                zero
            } else {
                gap
            }
        };
        if case.version == Version::V2 {
            start_gap = cut(start_gap);
        }
        if start_gap >= threshold {
            start_gap = average / 2.0;
        }
        if case.version == Version::V3 {
            start_gap = cut(start_gap);
        }
        if end_gap >= threshold {
            end_gap = average / 2.0;
        }
        let mut factor = (sampled + start_gap + end_gap) / sampled;
        if rate {
            let ns = case.range * 1000;
            factor /= (ns / 1_000_000_000) as f64 + (ns % 1_000_000_000) as f64 / 1e9;
        }
        Some(result * factor)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn equal_to_one_window_at_a_time(case in case()) {
            for (name, counter, rate) in
                [("rate", true, true), ("increase", true, false), ("delta", false, false)]
            {
                case.check(
                    name,
                    None,
                    |_, end, t, v| naive_rate(counter, rate, &case, end, t, v),
                    |expected, got, _, v| {
                        let resets = || v.windows(2).filter(|w| w[1] < w[0]);
                        let lost: f64 = resets().map(|w| w[0].abs()).sum::<f64>()
                            + v[0].abs()
                            + v[v.len() - 1].abs();
                        // The rounding of so many plain additions.
                        let many = resets().count();
                        many > FEW_RESETS && (got - expected).abs() <= 1e-15 * many as f64 * lost
                    },
                )?;
            }
            case.check("resets", None, |_, _, _, v| {
                Some(v.windows(2).filter(|w| w[1] < w[0]).count() as f64)
            }, |_, _, _, _| false)?;
            case.check("changes", None, |_, _, _, v| {
                let same = |w: &[f64]| w[0] == w[1] || (w[0].is_nan() && w[1].is_nan());
                Some(v.windows(2).filter(|w| !same(w)).count() as f64)
            }, |_, _, _, _| false)?;
            case.check("idelta", None, |_, _, _, v| {
                (v.len() > 1).then(|| v[v.len() - 1] - v[v.len() - 2])
            }, |_, _, _, _| false)?;
            case.check("irate", None, |_, _, t, v| {
                let n = v.len();
                (n > 1).then(|| {
                    let rise = if v[n - 1] < v[n - 2] { v[n - 1] } else { v[n - 1] - v[n - 2] };
                    rise / (((t[n - 1] - t[n - 2]) / 1000) as f64 / 1000.0)
                })
            }, |_, _, _, _| false)?;
        }
    }
}
