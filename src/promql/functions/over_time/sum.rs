//! `sum_over_time` and `avg_over_time`: compensated sums that slide.

use crate::promql::functions::WindowArgs;
use crate::promql::functions::special::{Special, Specials};
use crate::promql::functions::two_stack::{Aggregate, TwoStack};
use crate::promql::window::Windows;
use crate::promql::{Version, kahan};

/// The longest window, in samples, that is computed by itself.
pub(super) const SHORT: usize = 32;

/// A sum and what rounding lost of it.
#[derive(Debug, Clone, Copy)]
pub(in crate::promql::functions) struct Sum {
    sum: f64,
    c: f64,
}

impl Sum {
    #[inline]
    pub(in crate::promql::functions) fn of(value: f64) -> Self {
        Self { sum: value, c: 0.0 }
    }

    #[inline]
    pub(in crate::promql::functions) fn plus(self, value: f64) -> Self {
        let (sum, c) = kahan::add(value, self.sum, self.c);
        Self { sum, c }
    }

    #[inline]
    pub(in crate::promql::functions) fn value(self) -> f64 {
        if self.sum.is_infinite() {
            self.sum
        } else {
            self.sum + self.c
        }
    }

    #[inline]
    fn mean(self, count: f64) -> f64 {
        self.sum / count + self.c / count
    }
}

impl Aggregate for Sum {
    #[inline]
    fn merge(self, later: Self) -> Self {
        let (sum, c) = kahan::add(later.sum, self.sum, self.c);
        Self {
            sum,
            c: c + later.c,
        }
    }
}

pub(super) fn sum(windows: &Windows<'_>, _: &WindowArgs<'_>, out: &mut [f64]) {
    slide(windows, out, sum_of, |sum, _| sum.value());
}

pub(super) fn avg(windows: &Windows<'_>, args: &WindowArgs<'_>, out: &mut [f64]) {
    match args.version {
        Version::V2 => slide(windows, out, mean_of_v2, Sum::mean),
        Version::V3 => slide(windows, out, mean_of, Sum::mean),
    }
}

/// Computes short windows, and those whose sum may overflow, by `directly`, all
/// others from their sum and count.
fn slide(
    windows: &Windows<'_>,
    out: &mut [f64],
    directly: impl Fn(&[f64]) -> f64,
    finish: impl Fn(Sum, f64) -> f64,
) {
    let values = windows.values;
    let mut specials = Specials::default();
    let mut sums = TwoStack::new(windows.range);
    for (i, out) in out.iter_mut().enumerate() {
        let window = windows.indices(i);
        if window.is_empty() {
            continue;
        }
        if window.len() <= SHORT {
            *out = directly(&values[window]);
            continue;
        }
        *out = match specials.within(values, window.start, window.end) {
            Special::Huge => directly(&values[window]),
            Special::Sum(sum) => sum,
            Special::None => {
                let (sum, _) = sums.slide(windows, i, |k, _| Sum::of(values[k]));
                finish(sum, window.len() as f64)
            }
        };
    }
}

fn sum_of(values: &[f64]) -> f64 {
    values
        .iter()
        .fold(Sum::of(0.0), |sum, value| sum.plus(*value))
        .value()
}

/// The sum divided by the count, as long as the sum does not overflow; from
/// there on the mean is moved towards each value.
fn mean_of(values: &[f64]) -> f64 {
    let mut sum = Sum::of(values[0]);
    for (i, value) in values.iter().enumerate().skip(1) {
        let next = sum.plus(*value);
        if next.sum.is_infinite() {
            let before = i as f64;
            let mean = Sum {
                sum: sum.sum / before,
                c: sum.c / before,
            };
            return incremental_mean(mean, i, &values[i..]);
        }
        sum = next;
    }
    sum.mean(values.len() as f64)
}

/// Moves the mean of `count` values towards each of `values`.
fn incremental_mean(mut mean: Sum, count: usize, values: &[f64]) -> f64 {
    for (value, count) in values.iter().zip(count + 1..) {
        let count = count as f64;
        let kept = (count - 1.0) / count;
        let (sum, c) = kahan::add(value / count, kept * mean.sum, kept * mean.c);
        mean = Sum { sum, c };
    }
    mean.sum + mean.c
}

/// Version 2: the mean is moved towards each value from the first on.
fn mean_of_v2(values: &[f64]) -> f64 {
    let (mut mean, mut c) = (0.0f64, 0.0);
    for (i, value) in values.iter().enumerate() {
        let stays_infinite = mean.is_infinite()
            && !value.is_nan()
            && (value.is_finite() || (mean > 0.0) == (*value > 0.0));
        if !stays_infinite {
            let count = (i + 1) as f64;
            (mean, c) = kahan::add_unguarded(value / count - mean / count, mean, c);
        }
    }
    if mean.is_infinite() { mean } else { mean + c }
}
