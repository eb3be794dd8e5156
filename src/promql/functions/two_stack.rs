//! A sliding aggregate that only ever adds: a queue of two stacks.
//!
//! The front stack has, for each of its samples, the aggregate from there to
//! its end; the back is one aggregate of all that came since. A sample leaves
//! by an index that moves, so nothing is subtracted and a huge value leaves no
//! rounding behind; when the front is used up the whole window becomes the new
//! front. Each sample is merged thrice at most, however long the window.

/// An aggregate of consecutive samples.
pub(super) trait Aggregate: Copy {
    /// The aggregate of these samples and of those that follow them.
    fn merge(self, later: Self) -> Self;
}

/// The aggregate of a window whose bounds only grow.
#[derive(Debug)]
pub(super) struct TwoStack<T> {
    /// At `k`, the aggregate of the `k + 1` samples before `mid`.
    front: Vec<T>,
    /// The aggregate of the samples from `mid` to `hi`.
    back: Option<T>,
    mid: usize,
    hi: usize,
}

impl<T: Aggregate> TwoStack<T> {
    pub(super) fn new() -> Self {
        Self {
            front: Vec::new(),
            back: None,
            mid: 0,
            hi: 0,
        }
    }

    /// Returns the aggregate of the samples `lo..hi` (one at least) and the base.
    ///
    /// `of(i, base)` is the aggregate of sample `i` alone; the base is a sample
    /// near all those of the window, so that it may serve as their origin.
    #[inline]
    pub(super) fn slide(
        &mut self,
        lo: usize,
        hi: usize,
        of: impl Fn(usize, usize) -> T,
    ) -> (T, usize) {
        if lo >= self.mid {
            self.rebuild(lo, hi, of);
            return (self.front[hi - lo - 1], hi - 1);
        }
        let base = self.mid - 1;
        for i in self.hi..hi {
            let sample = of(i, base);
            self.back = Some(match self.back {
                Some(back) => back.merge(sample),
                None => sample,
            });
        }
        self.hi = self.hi.max(hi);
        let front = self.front[self.mid - lo - 1];
        (self.back.map_or(front, |back| front.merge(back)), base)
    }

    fn rebuild(&mut self, lo: usize, hi: usize, of: impl Fn(usize, usize) -> T) {
        let base = hi - 1;
        let mut suffix = of(base, base);
        self.front.clear();
        self.front.push(suffix);
        self.front.extend((lo..base).rev().map(|i| {
            suffix = of(i, base).merge(suffix);
            suffix
        }));
        self.back = None;
        self.mid = hi;
        self.hi = hi;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first and the last of consecutive indices.
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Span(usize, usize);

    impl Aggregate for Span {
        fn merge(self, later: Self) -> Self {
            assert_eq!(self.1 + 1, later.0, "only neighbours are merged");
            Span(self.0, later.1)
        }
    }

    proptest! {
        #[test]
        fn the_aggregate_is_that_of_the_window(moves in prop::collection::vec((0usize..9, 0usize..9), 1..200)) {
            let mut stack = TwoStack::new();
            let (mut lo, mut hi) = (0, 0);
            for (up, down) in moves {
                hi += up;
                lo = (lo + down).min(hi);
                if lo < hi {
                    let (span, base) = stack.slide(lo, hi, |i, _| Span(i, i));
                    prop_assert_eq!(span, Span(lo, hi - 1));
                    prop_assert!(base < hi);
                }
            }
        }
    }
}
