//! A window's values as a sorted list, for windows of up to some hundred samples.

use super::quantile::{key, value};

/// The sorted values of a window whose bounds only grow.
pub(super) struct SortedWindow<'a> {
    values: &'a [f64],
    sorted: Vec<i64>,
    lo: usize,
    hi: usize,
}

impl<'a> SortedWindow<'a> {
    pub(super) fn new(values: &'a [f64]) -> Self {
        Self {
            values,
            sorted: Vec::new(),
            lo: 0,
            hi: 0,
        }
    }

    /// Moves to the window `lo..hi`.
    #[inline]
    pub(super) fn slide(&mut self, lo: usize, hi: usize) {
        let (leaving, entering) = (lo - self.lo, hi - self.hi);
        // Half a window at once is sorted quicker than inserted.
        if lo >= self.hi || (entering > 8 && entering * 2 > hi - lo) {
            self.sorted.clear();
            self.sorted
                .extend(self.values[lo..hi].iter().copied().map(key));
            self.sorted.sort_unstable();
        } else {
            let replaced = leaving.min(entering);
            for i in 0..replaced {
                self.replace(key(self.values[self.lo + i]), key(self.values[self.hi + i]));
            }
            for i in self.lo + replaced..lo {
                let place = self.place(key(self.values[i]));
                self.sorted.remove(place);
            }
            for i in self.hi + replaced..hi {
                let new = key(self.values[i]);
                let place = self.place(new);
                self.sorted.insert(place, new);
            }
        }
        (self.lo, self.hi) = (lo, hi);
    }

    /// The `k`th value and the next.
    #[inline]
    pub(super) fn pair(&self, k: usize) -> (f64, f64) {
        let next = (k + 1).min(self.sorted.len() - 1);
        (value(self.sorted[k]), value(self.sorted[next]))
    }

    #[inline]
    fn place(&self, key: i64) -> usize {
        self.sorted.partition_point(|other| *other < key)
    }

    /// Takes one value out and puts another in; only what lies between moves.
    #[inline]
    fn replace(&mut self, old: i64, new: i64) {
        let from = self.place(old);
        let to = self.place(new);
        if from < to {
            self.sorted.copy_within(from + 1..to, from);
            self.sorted[to - 1] = new;
        } else {
            self.sorted.copy_within(to..from, to + 1);
            self.sorted[to] = new;
        }
    }
}
