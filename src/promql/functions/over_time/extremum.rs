//! `min_over_time` and `max_over_time`: a queue of the candidates.
//!
//! NaN counts only where a window has nothing else; of equal values the first
//! is taken (which matters to the sign of zero).

use crate::promql::functions::WindowArgs;
use crate::promql::window::Windows;

pub(super) fn min(windows: &Windows<'_>, _: &WindowArgs<'_>, out: &mut [f64]) {
    slide(windows, out, |value, other| value < other);
}

pub(super) fn max(windows: &Windows<'_>, _: &WindowArgs<'_>, out: &mut [f64]) {
    slide(windows, out, |value, other| value > other);
}

fn slide(windows: &Windows<'_>, out: &mut [f64], beats: impl Fn(f64, f64) -> bool) {
    let values = windows.values;
    // Samples that no later one beats; those before `head` have left the window.
    let mut candidates: Vec<u32> = Vec::new();
    let mut head = 0;
    let mut seen = 0;
    for (out, (lo, hi)) in out.iter_mut().zip(windows.bounds) {
        if lo >= hi {
            continue;
        }
        for i in seen.max(*lo)..*hi {
            let value = values[i as usize];
            if value.is_nan() {
                continue;
            }
            while candidates.len() > head
                && let Some(last) = candidates.last()
                && beats(value, values[*last as usize])
            {
                candidates.pop();
            }
            candidates.push(i);
        }
        seen = seen.max(*hi);
        while candidates.get(head).is_some_and(|first| first < lo) {
            head += 1;
        }
        let best = candidates.get(head).copied().unwrap_or(hi - 1);
        *out = values[best as usize];
    }
}
