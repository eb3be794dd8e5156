//! `quantile_over_time`: the window's values are kept in order.
//!
//! NaN is the smallest value, as where Prometheus sorts. A quantile below 0 is
//! -Inf, one above 1 is +Inf.

use super::ranks::Ranks;
use super::sorted::SortedWindow;
use crate::promql::functions::WindowArgs;
use crate::promql::window::Windows;

/// The longest window, in samples, that is kept as a sorted list.
const SORTED_LIST: u32 = 128;

pub(super) fn quantile(windows: &Windows<'_>, args: &WindowArgs<'_>, out: &mut [f64]) {
    let quantiles = &args.scalars[0];
    let longest = windows.bounds.iter().map(|(lo, hi)| hi - lo).max();
    if longest.unwrap_or(0) <= SORTED_LIST {
        let mut list = SortedWindow::new(windows.values);
        slide(windows, quantiles, out, |lo, hi, k| {
            list.slide(lo, hi);
            list.pair(k)
        });
    } else {
        let mut ranks = Ranks::new(windows.values);
        slide(windows, quantiles, out, |lo, hi, k| {
            ranks.slide(lo, hi);
            ranks.pair(k)
        });
    }
}

/// Interpolates between the `k`th value (from 0) and the next; `pair(lo, hi, k)`
/// finds both (the `k`th twice where it is the last).
fn slide(
    windows: &Windows<'_>,
    quantiles: &[f64],
    out: &mut [f64],
    mut pair: impl FnMut(usize, usize, usize) -> (f64, f64),
) {
    for (i, (out, q)) in out.iter_mut().zip(quantiles).enumerate() {
        let window = windows.indices(i);
        if window.is_empty() {
            continue;
        }
        *out = if q.is_nan() {
            f64::NAN
        } else if *q < 0.0 {
            f64::NEG_INFINITY
        } else if *q > 1.0 {
            f64::INFINITY
        } else {
            let rank = q * (window.len() - 1) as f64;
            let below = rank.floor();
            let weight = rank - below;
            let (lower, upper) = pair(window.start, window.end, below as usize);
            lower * (1.0 - weight) + upper * weight
        };
    }
}

/// Maps a value to an integer of the same order; all NaN to the smallest.
#[inline]
pub(super) fn key(value: f64) -> i64 {
    if value.is_nan() {
        i64::MIN
    } else {
        flip(value.to_bits() as i64)
    }
}

/// The value that has a key.
#[inline]
pub(super) fn value(key: i64) -> f64 {
    if key == i64::MIN {
        f64::NAN
    } else {
        f64::from_bits(flip(key) as u64)
    }
}

/// Reverses the order of the negative numbers, whose bits grow with their magnitude.
#[inline]
fn flip(bits: i64) -> i64 {
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}
