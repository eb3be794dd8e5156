//! `deriv` and `predict_linear`: the least-squares line through a window.
//!
//! Reference: Prometheus' `promql/functions.go`. Windows of up to [`SHORT`]
//! samples are computed in its order of operations; longer ones merge the
//! central moments of their parts (Chan, Golub, LeVeque, 1979), which are more
//! exact than its sums of squares, and equal but for rounding.

use crate::promql::functions::special::{Special, Specials};
use crate::promql::functions::two_stack::{Aggregate, TwoStack};
use crate::promql::functions::{Body, Function, WindowArgs};
use crate::promql::window::Windows;
use crate::promql::{Version, kahan};

/// The longest window, in samples, that is computed by itself.
const SHORT: usize = 24;

/// The functions of this group.
pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "deriv",
        body: Body::Window(deriv),
        keeps_name: false,
        reads_time: false,
    },
    Function {
        name: "predict_linear",
        body: Body::Window(predict_linear),
        keeps_name: false,
        reads_time: true,
    },
];

fn deriv(windows: &Windows<'_>, args: &WindowArgs<'_>, out: &mut [f64]) {
    regress(windows, args, out, |_, first| first, |_, line| line.slope);
}

fn predict_linear(windows: &Windows<'_>, args: &WindowArgs<'_>, out: &mut [f64]) {
    let ahead = &args.scalars[0];
    let steps = windows.steps;
    regress(
        windows,
        args,
        out,
        |i, _| steps.at(i),
        |i, line| line.slope * ahead[i] + line.intercept,
    );
}

/// A line: its rise a second, and its value at the origin.
#[derive(Debug, Clone, Copy)]
struct Line {
    slope: f64,
    intercept: f64,
}

/// Fits each window of two samples or more; `origin(step, first)` is the time
/// of the intercept, µs, for a window whose first sample is at `first`.
fn regress(
    windows: &Windows<'_>,
    args: &WindowArgs<'_>,
    out: &mut [f64],
    origin: impl Fn(usize, i64) -> i64,
    finish: impl Fn(usize, Line) -> f64,
) {
    let (timestamps, values) = (windows.timestamps, windows.values);
    let mut specials = Specials::default();
    let mut moments = TwoStack::new(windows.range);
    // The last sample so far that differs from the one before it, and the next to look at.
    let (mut differs, mut seen) = (0, 1);
    for (i, out) in out.iter_mut().enumerate() {
        let window = windows.indices(i);
        if window.len() < 2 {
            continue;
        }
        let (lo, hi) = (window.start, window.end);
        for k in seen..hi {
            if values[k] != values[k - 1] {
                differs = k;
            }
        }
        seen = seen.max(hi);
        let origin = origin(i, timestamps[lo]);
        let line = if differs <= lo {
            constant(values[lo])
        } else if hi - lo <= SHORT {
            fit(&timestamps[lo..hi], &values[lo..hi], origin, args.version)
        } else {
            match specials.within(values, lo, hi) {
                Special::None => {
                    let (moments, pivot) = moments.slide(windows, i, |k, pivot| {
                        Moments::of(seconds(timestamps[k].saturating_sub(pivot)), values[k])
                    });
                    moments.line(seconds(origin.saturating_sub(pivot)))
                }
                // Inf - Inf, unless there are samples on both sides of the origin.
                Special::Sum(sum)
                    if sum.is_nan() || timestamps[hi - 1] <= origin || origin <= timestamps[lo] =>
                {
                    Line {
                        slope: f64::NAN,
                        intercept: f64::NAN,
                    }
                }
                _ => fit(&timestamps[lo..hi], &values[lo..hi], origin, args.version),
            }
        };
        *out = finish(i, line);
    }
}

#[inline]
fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}

/// The line through equal values.
fn constant(value: f64) -> Line {
    if value.is_infinite() {
        Line {
            slope: f64::NAN,
            intercept: f64::NAN,
        }
    } else {
        Line {
            slope: 0.0,
            intercept: value,
        }
    }
}

/// The line through values that are not all equal, by compensated sums.
fn fit(timestamps: &[i64], values: &[f64], origin: i64, version: Version) -> Line {
    match version {
        Version::V2 => fit_with(timestamps, values, origin, kahan::add_unguarded),
        Version::V3 => fit_with(timestamps, values, origin, kahan::add),
    }
}

#[inline]
fn fit_with(
    timestamps: &[i64],
    values: &[f64],
    origin: i64,
    add: impl Fn(f64, f64, f64) -> (f64, f64),
) -> Line {
    let (mut x, mut cx) = (0.0, 0.0);
    let (mut y, mut cy) = (0.0, 0.0);
    let (mut xy, mut cxy) = (0.0, 0.0);
    let (mut xx, mut cxx) = (0.0, 0.0);
    for (ts, value) in timestamps.iter().zip(values) {
        let at = seconds(ts.saturating_sub(origin));
        (x, cx) = add(at, x, cx);
        (y, cy) = add(*value, y, cy);
        (xy, cxy) = add(at * value, xy, cxy);
        (xx, cxx) = add(at * at, xx, cxx);
    }
    let n = values.len() as f64;
    (x, y, xy, xx) = (x + cx, y + cy, xy + cxy, xx + cxx);
    let slope = (xy - x * y / n) / (xx - x * x / n);
    Line {
        slope,
        intercept: y / n - slope * x / n,
    }
}

/// The means of times (seconds from the pivot) and values, and their central
/// second moments.
#[derive(Debug, Clone, Copy)]
struct Moments {
    count: f64,
    x: f64,
    y: f64,
    /// What rounding lost of the mean value.
    c: f64,
    xx: f64,
    xy: f64,
}

impl Moments {
    #[inline]
    fn of(x: f64, y: f64) -> Self {
        Self {
            count: 1.0,
            x,
            y,
            c: 0.0,
            xx: 0.0,
            xy: 0.0,
        }
    }

    #[inline]
    fn line(self, origin: f64) -> Line {
        let slope = self.xy / self.xx;
        Line {
            slope,
            intercept: self.y + (slope * (origin - self.x) + self.c),
        }
    }
}

impl Aggregate for Moments {
    #[inline]
    fn merge(self, later: Self) -> Self {
        let count = self.count + later.count;
        let share = later.count / count;
        let weight = self.count * share;
        let dx = later.x - self.x;
        let dy = (later.y - self.y) + (later.c - self.c);
        let (y, c) = kahan::add(dy * share, self.y, self.c);
        Self {
            count,
            x: self.x + dx * share,
            y,
            c,
            xx: self.xx + later.xx + dx * dx * weight,
            xy: self.xy + later.xy + dx * dy * weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::promql::Steps;
    use crate::promql::functions::cases::{Case, case};

    const MINUTE: i64 = 60_000_000;

    fn every_5m(values: &[f64], range: i64, at: i64) -> Case {
        let mut case = Case::minutes(values, range);
        for ts in &mut case.timestamps {
            *ts *= 5;
        }
        case.steps = Steps::instant(at * MINUTE);
        case
    }

    fn reset_in_the_middle() -> Vec<f64> {
        (0..5).chain(0..6).map(|i| f64::from(i) * 10.0).collect()
    }

    #[test]
    fn published_values() {
        let values = reset_in_the_middle();
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        let slope = every_5m(&values, 100, 50).run("deriv", None)[0];
        assert!(close(slope, 0.010606060606060607));
        let predict =
            |range, at| every_5m(&values, range, at).run("predict_linear", Some(3600.0))[0];
        assert!(close(predict(50, 50), 70.0));
        for (step, expected) in [
            (50, 76.81818181818181),
            (10, 51.36363636363637),
            (70, 89.54545454545455),
        ] {
            let mut case = every_5m(&values, 55, step);
            case.at = Some(50 * MINUTE);
            assert!(close(case.run("predict_linear", Some(3600.0))[0], expected));
        }
    }

    #[test]
    fn infinities_and_constants() {
        let mut values = reset_in_the_middle();
        values[3] = f64::INFINITY;
        assert!(every_5m(&values, 100, 50).run("deriv", None)[0].is_nan());
        assert!(every_5m(&[f64::INFINITY; 4], 100, 50).run("deriv", None)[0].is_nan());
        assert_eq!(every_5m(&[0.1; 9], 100, 50).run("deriv", None)[0], 0.0);
        let constant = every_5m(&[0.1; 90], 1000, 450);
        assert_eq!(constant.run("predict_linear", Some(1e9))[0], 0.1);
    }

    #[test]
    fn a_high_level_does_not_hide_a_slope() {
        let values: Vec<f64> = (0..500)
            .map(|i| 1e12 + f64::from(i % 2) + f64::from(i))
            .collect();
        let slope = Case::minutes(&values, 400).run("deriv", None)[0];
        assert!((slope - 1.0 / 60.0).abs() < 1e-6, "{slope}");
    }

    fn naive(version: Version, t: &[i64], v: &[f64], origin: i64) -> (f64, f64) {
        let add = match version {
            Version::V2 => kahan::add_unguarded,
            Version::V3 => kahan::add,
        };
        if v.iter().all(|y| *y == v[0]) {
            return if v[0].is_infinite() {
                (f64::NAN, f64::NAN)
            } else {
                (0.0, v[0])
            };
        }
        let mut sums = [(0.0, 0.0); 4];
        for (t, y) in t.iter().zip(v) {
            let x = ((t - origin) / 1000) as f64 / 1e3;
            for (sum, inc) in sums.iter_mut().zip([x, *y, x * y, x * x]) {
                *sum = add(inc, sum.0, sum.1);
            }
        }
        let n = v.len() as f64;
        let [x, y, xy, xx] = sums.map(|(sum, c)| sum + c);
        let slope = (xy - x * y / n) / (xx - x * x / n);
        (slope, y / n - slope * x / n)
    }

    /// The error of the textbook formula, which loses what the sums have in common.
    fn errors(t: &[i64], v: &[f64], origin: i64) -> (f64, f64) {
        let n = v.len() as f64;
        let x: Vec<f64> = t.iter().map(|t| seconds(t - origin)).collect();
        let mean = x.iter().sum::<f64>() / n;
        let xx: f64 = x.iter().map(|x| (x - mean).powi(2)).sum();
        let far = x.iter().fold(0.0f64, |max, x| max.max(x.abs()));
        let high = v.iter().fold(0.0f64, |max, y| max.max(y.abs()));
        let lost = 1e-15 * n * far * far / xx;
        let slope = 4.0 * lost * high / far * (1.0 + lost * 1e15 / 1e3);
        (slope, slope * far + 1e-15 * high)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn equal_to_one_window_at_a_time(case in case(), ahead in -1e4f64..1e5) {
            let version = case.version;
            case.check(
                "deriv",
                None,
                |_, _, t, v| (v.len() > 1).then(|| naive(version, t, v, t[0]).0),
                |a, b, t, v| {
                    v.len() > SHORT && (a - b).abs() <= errors(t, v, t[0]).0 + 1e-12 * a.abs()
                },
            )?;
            // Where the window lies far from the step its sums cancel in the
            // textbook formula: compared from near.
            if case.at.is_none() && case.offset == 0 {
                let out = case.run("predict_linear", Some(ahead));
                for (i, _, t, v) in case.each() {
                    if v.len() < 2 {
                        continue;
                    }
                    let step = case.steps.at(i);
                    let (slope, intercept) = naive(version, &t, &v, step);
                    let expected = slope * ahead + intercept;
                    let (ds, di) = errors(&t, &v, step);
                    let close = (out[i] - expected).abs()
                        <= 2.0 * (ds * ahead.abs() + di) + 1e-12 * (expected.abs() + (slope * ahead).abs());
                    prop_assert!(
                        crate::promql::functions::cases::same(out[i], expected) || (v.len() > SHORT && close),
                        "step {i}: {} instead of {expected} in {v:?}", out[i]
                    );
                }
            } else {
                case.check(
                    "predict_linear",
                    Some(ahead),
                    |step, _, t, v| (v.len() > 1).then(|| {
                        let (slope, intercept) = naive(version, t, v, step);
                        slope * ahead + intercept
                    }),
                    |a, b, _, v| a.is_nan() == b.is_nan() && v.len() > SHORT,
                )?;
            }
        }
    }
}
