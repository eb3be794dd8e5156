//! A window's values as a set of ranks, for windows of hundreds of samples and more.
//!
//! All samples of the series are sorted once; the window is a bit set over
//! their ranks, and a cursor stands on one of its members. A sample enters or
//! leaves by its bit; a quantile's place moves little from step to step, so the
//! cursor follows it in a few moves.

use super::quantile::key;

/// The most moves of the cursor before the set is searched from its start.
const FAR: usize = 256;

/// The ranked values of a window whose bounds only grow.
pub(super) struct Ranks<'a> {
    values: &'a [f64],
    /// For each sample, its rank among all.
    ranks: Vec<u32>,
    /// For each rank, the sample.
    order: Vec<u32>,
    /// The ranks in the window.
    members: Vec<u64>,
    /// A rank, and how many members are less.
    cursor: usize,
    below: usize,
    lo: usize,
    hi: usize,
}

impl<'a> Ranks<'a> {
    pub(super) fn new(values: &'a [f64]) -> Self {
        let mut keyed: Vec<(i64, u32)> = values.iter().copied().map(key).zip(0..).collect();
        keyed.sort_unstable();
        let order: Vec<u32> = keyed.into_iter().map(|(_, sample)| sample).collect();
        let mut ranks = vec![0; values.len()];
        for (rank, sample) in (0..).zip(&order) {
            ranks[*sample as usize] = rank;
        }
        Self {
            values,
            ranks,
            order,
            members: vec![0; values.len() / 64 + 1],
            cursor: 0,
            below: 0,
            lo: 0,
            hi: 0,
        }
    }

    /// Moves to the window `lo..hi`.
    #[inline]
    pub(super) fn slide(&mut self, lo: usize, hi: usize) {
        for i in self.hi.max(lo)..hi {
            let rank = self.ranks[i] as usize;
            self.members[rank / 64] |= 1 << (rank % 64);
            self.below += usize::from(rank < self.cursor);
        }
        for i in self.lo..lo.min(self.hi) {
            let rank = self.ranks[i] as usize;
            self.members[rank / 64] &= !(1 << (rank % 64));
            self.below -= usize::from(rank < self.cursor);
        }
        (self.lo, self.hi) = (lo, hi);
    }

    /// The `k`th value and the next.
    pub(super) fn pair(&mut self, k: usize) -> (f64, f64) {
        if self.below.abs_diff(k) > FAR {
            self.find(k);
        }
        while self.below > k {
            self.cursor = self.previous(self.cursor);
            self.below -= 1;
        }
        self.cursor = self.next(self.cursor);
        while self.below < k {
            self.cursor = self.next(self.cursor + 1);
            self.below += 1;
        }
        let upper = if k + 1 < self.hi - self.lo {
            self.next(self.cursor + 1)
        } else {
            self.cursor
        };
        (self.value(self.cursor), self.value(upper))
    }

    fn value(&self, rank: usize) -> f64 {
        self.values[self.order[rank] as usize]
    }

    /// Sets the cursor to the start of the word that has the `k`th member.
    fn find(&mut self, k: usize) {
        let mut below = 0;
        for (word, bits) in self.members.iter().enumerate() {
            let next = below + bits.count_ones() as usize;
            if next > k {
                (self.cursor, self.below) = (word * 64, below);
                return;
            }
            below = next;
        }
    }

    /// The first member that is not less than a rank.
    #[inline]
    fn next(&self, rank: usize) -> usize {
        let mut word = rank / 64;
        let mut bits = self.members[word] & (u64::MAX << (rank % 64));
        while bits == 0 {
            word += 1;
            bits = self.members[word];
        }
        word * 64 + bits.trailing_zeros() as usize
    }

    /// The last member that is less than a rank.
    #[inline]
    fn previous(&self, rank: usize) -> usize {
        let mut word = rank / 64;
        let mut bits = self.members[word] & !(u64::MAX << (rank % 64));
        while bits == 0 {
            word -= 1;
            bits = self.members[word];
        }
        word * 64 + 63 - bits.leading_zeros() as usize
    }
}
