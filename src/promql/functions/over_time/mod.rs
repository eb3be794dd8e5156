//! The aggregations of a window: `*_over_time`.
//!
//! Reference: Prometheus' `promql/functions.go`. Short windows (up to 32
//! samples, 12 for deviations) are computed one by one in its order of
//! operations, so that the results have the same bits; longer ones slide, and differ from it in the
//! last bits at most. Counts, extrema and quantiles are the same in any order.

mod extremum;
mod quantile;
mod ranks;
mod sorted;
mod spread;
mod sum;

use crate::promql::functions::{Body, Function, WindowArgs, window};
use crate::promql::window::Windows;

pub(super) use sum::Sum;

/// The functions of this group.
pub(super) static FUNCTIONS: &[Function] = &[
    window("avg_over_time", sum::avg),
    window("sum_over_time", sum::sum),
    window("count_over_time", count),
    window("min_over_time", extremum::min),
    window("max_over_time", extremum::max),
    Function {
        name: "last_over_time",
        body: Body::Window(last),
        keeps_name: true,
        reads_time: false,
    },
    window("present_over_time", present),
    window("stddev_over_time", spread::stddev),
    window("stdvar_over_time", spread::stdvar),
    window("quantile_over_time", quantile::quantile),
];

fn count(windows: &Windows<'_>, _: &WindowArgs<'_>, out: &mut [f64]) {
    for (out, (lo, hi)) in out.iter_mut().zip(windows.bounds) {
        if lo < hi {
            *out = f64::from(hi - lo);
        }
    }
}

fn last(windows: &Windows<'_>, _: &WindowArgs<'_>, out: &mut [f64]) {
    for (out, (lo, hi)) in out.iter_mut().zip(windows.bounds) {
        if lo < hi {
            *out = windows.values[*hi as usize - 1];
        }
    }
}

fn present(windows: &Windows<'_>, _: &WindowArgs<'_>, out: &mut [f64]) {
    for (out, (lo, hi)) in out.iter_mut().zip(windows.bounds) {
        if lo < hi {
            *out = 1.0;
        }
    }
}

#[cfg(test)]
mod tests;
