//! `stddev_over_time` and `stdvar_over_time`: central moments that slide.
//!
//! Long windows merge the moments of their parts: T. F. Chan, G. H. Golub,
//! R. J. LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing
//! Sample Variances", 1979; the mean is kept with its rounding error.

use crate::promql::functions::WindowArgs;
use crate::promql::functions::special::{Special, Specials};
use crate::promql::functions::two_stack::{Aggregate, TwoStack};
use crate::promql::window::Windows;
use crate::promql::{Version, kahan};

/// The longest window, in samples, that is computed by itself: each costs two
/// dependent divisions and additions.
pub(super) const SHORT: usize = 12;

pub(super) fn stddev(windows: &Windows<'_>, args: &WindowArgs<'_>, out: &mut [f64]) {
    variance(windows, args, out, f64::sqrt);
}

pub(super) fn stdvar(windows: &Windows<'_>, args: &WindowArgs<'_>, out: &mut [f64]) {
    variance(windows, args, out, |variance| variance);
}

fn variance(
    windows: &Windows<'_>,
    args: &WindowArgs<'_>,
    out: &mut [f64],
    finish: impl Fn(f64) -> f64,
) {
    match args.version {
        Version::V2 => slide(windows, out, finish, |values| {
            variance_of(values, kahan::add_unguarded)
        }),
        Version::V3 => slide(windows, out, finish, |values| {
            variance_of(values, kahan::add)
        }),
    }
}

fn slide(
    windows: &Windows<'_>,
    out: &mut [f64],
    finish: impl Fn(f64) -> f64,
    directly: impl Fn(&[f64]) -> f64,
) {
    let values = windows.values;
    let mut specials = Specials::default();
    let mut moments = TwoStack::new(windows.range);
    for (i, out) in out.iter_mut().enumerate() {
        let window = windows.indices(i);
        if window.is_empty() {
            continue;
        }
        let variance = if window.len() <= SHORT {
            directly(&values[window])
        } else {
            match specials.within(values, window.start, window.end) {
                Special::Huge => directly(&values[window]),
                Special::Sum(_) => f64::NAN,
                Special::None => {
                    let (moments, _) = moments.slide(windows, i, |k, _| Moments::of(values[k]));
                    moments.squares / moments.count
                }
            }
        };
        *out = finish(variance);
    }
}

/// The number of values, their mean, and the sum of the squares about it.
#[derive(Debug, Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    /// What rounding lost of the mean.
    c: f64,
    squares: f64,
}

impl Moments {
    #[inline]
    fn of(value: f64) -> Self {
        Self {
            count: 1.0,
            mean: value,
            c: 0.0,
            squares: 0.0,
        }
    }
}

impl Aggregate for Moments {
    #[inline]
    fn merge(self, later: Self) -> Self {
        let count = self.count + later.count;
        let share = later.count / count;
        let apart = (later.mean - self.mean) + (later.c - self.c);
        let (mean, c) = kahan::add(apart * share, self.mean, self.c);
        Self {
            count,
            mean,
            c,
            squares: self.squares + later.squares + apart * apart * (self.count * share),
        }
    }
}

/// Welford's recurrence with compensated sums.
fn variance_of(values: &[f64], add: impl Fn(f64, f64, f64) -> (f64, f64)) -> f64 {
    let (mut mean, mut c_mean) = (0.0, 0.0);
    let (mut squares, mut c_squares) = (0.0, 0.0);
    let mut count = 0.0;
    for value in values {
        count += 1.0;
        let delta = value - (mean + c_mean);
        (mean, c_mean) = add(delta / count, mean, c_mean);
        (squares, c_squares) = add(delta * (value - (mean + c_mean)), squares, c_squares);
    }
    (squares + c_squares) / count
}
