//! A sliding aggregate that only ever adds: two stacks about a pivot.
//!
//! Each window has in it one multiple of its length, its pivot. The front stack
//! has, for each sample before the pivot, the aggregate from there to the pivot;
//! the back is one aggregate of all from the pivot on. A sample leaves by an
//! index that moves, so nothing is subtracted and a huge value leaves no
//! rounding behind. Each sample is merged thrice at most, however long the
//! window. Pivots are instants, not samples or steps: a window's aggregate
//! depends on nothing but its own samples and its end, to the last bit,
//! whichever windows were looked at before.

use std::ops::Range;

use crate::promql::window::Windows;

/// An aggregate of consecutive samples.
pub(super) trait Aggregate: Copy {
    /// The aggregate of these samples and of those that follow them.
    fn merge(self, later: Self) -> Self;
}

/// The aggregate of a window whose bounds only grow.
#[derive(Debug)]
pub(super) struct TwoStack<T> {
    /// The length of the windows, µs.
    range: i64,
    /// The pivot, µs.
    pivot: i64,
    /// The next multiple of the length: windows that end before it have this pivot.
    next: i64,
    /// The first item from the pivot on.
    mid: usize,
    /// The first item that is not yet in the back.
    hi: usize,
    /// At `k`, the aggregate of the `k + 1` items before `mid`.
    front: Vec<T>,
    /// The aggregate of the items from `mid` to `hi`.
    back: Option<T>,
}

impl<T: Aggregate> TwoStack<T> {
    pub(super) fn new(range: i64) -> Self {
        Self {
            range,
            pivot: i64::MIN,
            // No window ends before it.
            next: i64::MIN,
            mid: 0,
            hi: 0,
            front: Vec::new(),
            back: None,
        }
    }

    /// Returns the aggregate of the samples (one at least) of the `i`th window, and its pivot.
    ///
    /// `of(k, pivot)` is the aggregate of sample `k` alone; the pivot may serve as the origin of times.
    #[inline]
    pub(super) fn slide(
        &mut self,
        windows: &Windows<'_>,
        i: usize,
        of: impl Fn(usize, i64) -> T,
    ) -> (T, i64) {
        let time = |k: usize| windows.timestamps[k];
        self.slide_items(windows.end(i), windows.indices(i), time, of)
    }

    /// As [`slide`](Self::slide), over items (one at least) that have times, in a window that ends at `end`.
    #[inline]
    pub(super) fn slide_items(
        &mut self,
        end: i64,
        items: Range<usize>,
        time: impl Fn(usize) -> i64,
        of: impl Fn(usize, i64) -> T,
    ) -> (T, i64) {
        let Range { start: lo, end: hi } = items;
        if end >= self.next || self.mid < lo {
            self.divide(end, lo, hi, time, &of);
        }
        for k in self.hi..hi {
            let item = of(k, self.pivot);
            self.back = Some(match self.back {
                Some(back) => back.merge(item),
                None => item,
            });
        }
        self.hi = hi;
        let aggregate = match (self.mid > lo, self.back) {
            (true, None) => self.front[self.mid - lo - 1],
            (true, Some(back)) => self.front[self.mid - lo - 1].merge(back),
            // There is one item at least: the back has it.
            (false, back) => back.unwrap_or_else(|| of(lo, self.pivot)),
        };
        (aggregate, self.pivot)
    }

    #[inline(never)]
    fn divide(
        &mut self,
        end: i64,
        lo: usize,
        hi: usize,
        time: impl Fn(usize) -> i64,
        of: &impl Fn(usize, i64) -> T,
    ) {
        let pivot = end.div_euclid(self.range).saturating_mul(self.range);
        let mut mid = self.mid.clamp(lo, hi);
        while mid < hi && time(mid) < pivot {
            mid += 1;
        }
        self.front.clear();
        self.front.reserve(mid - lo);
        let mut suffix: Option<T> = None;
        self.front.extend((lo..mid).rev().map(|k| {
            let item = of(k, pivot);
            let merged = suffix.map_or(item, |suffix| item.merge(suffix));
            suffix = Some(merged);
            merged
        }));
        self.back = None;
        (self.pivot, self.next) = (pivot, pivot.saturating_add(self.range));
        (self.mid, self.hi) = (mid, mid);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::promql::window::bounds;
    use crate::promql::{Steps, Version};

    /// The first and the last of consecutive indices, and in which order they were merged.
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Shape(usize, usize, u64);

    impl Aggregate for Shape {
        fn merge(self, later: Self) -> Self {
            assert_eq!(self.1 + 1, later.0, "only neighbours are merged");
            let order = self.2.wrapping_mul(31).wrapping_add(later.2).rotate_left(7) ^ 0x9e37;
            Shape(self.0, later.1, order)
        }
    }

    proptest! {
        #[test]
        fn a_window_has_its_aggregate_whatever_came_before(
            gaps in prop::collection::vec(1i64..30, 1..80),
            (start, step, len) in (-100i64..300, 1i64..60, 1usize..40),
            range in 1i64..200,
            first in 0usize..40,
            closed in any::<bool>(),
        ) {
            let timestamps: Vec<i64> = gaps
                .iter()
                .scan(0, |t, gap| { *t += gap; Some(*t) })
                .collect();
            let steps = Steps { start, step, len };
            let version = if closed { Version::V2 } else { Version::V3 };
            let mut found = Vec::new();
            bounds(&timestamps, steps, range, 0, None, version, &mut found);
            let windows = Windows {
                timestamps: &timestamps,
                values: &[],
                bounds: &found,
                steps,
                range,
                offset: 0,
                at: None,
            };
            let of = |k: usize, _| Shape(k, k, k as u64 + 1);
            let (mut all, mut later) = (TwoStack::new(range), TwoStack::new(range));
            for i in 0..len {
                let window = windows.indices(i);
                if window.is_empty() {
                    continue;
                }
                let (shape, pivot) = all.slide(&windows, i, of);
                prop_assert_eq!((shape.0, shape.1), (window.start, window.end - 1));
                prop_assert!(windows.start(i) <= pivot && pivot <= windows.end(i));
                prop_assert_eq!(TwoStack::new(range).slide(&windows, i, of), (shape, pivot));
                if i >= first {
                    prop_assert_eq!(later.slide(&windows, i, of), (shape, pivot));
                }
            }
        }
    }
}
