//! The grid of steps, and the mark of a missing sample.

use crate::model::STALE_NAN_BITS;

/// Stands in a column where a series has no sample at a step.
///
/// It has the bits of Prometheus' stale marker, which no query ever returns as
/// a value; test it with [`is_absent`], since it is a NaN like any other to
/// arithmetic.
pub const ABSENT: f64 = f64::from_bits(STALE_NAN_BITS);

/// Tells whether a column's value means "no sample".
#[inline]
pub fn is_absent(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

/// How many values the columns may hold that an operation makes: 2 GB. Operations that
/// write over their operands' columns, or hand them on, do not ask.
pub(crate) const MAX_VALUES: usize = 1 << 28;

/// The instants at which an expression is evaluated: `start + i * step`, µs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// The first instant.
    pub start: i64,
    /// The distance of two instants; 0 for a single one.
    pub step: i64,
    /// How many instants there are.
    pub len: usize,
}

impl Steps {
    /// A single instant.
    pub fn instant(ts: i64) -> Self {
        Self {
            start: ts,
            step: 0,
            len: 1,
        }
    }

    /// The instants from `start` to `end`, both included, `step` > 0 apart.
    pub fn range(start: i64, end: i64, step: i64) -> Self {
        let len = if end < start {
            0
        } else {
            ((end.abs_diff(start) / step.unsigned_abs()) as usize).saturating_add(1)
        };
        Self { start, step, len }
    }

    /// The `i`th instant.
    #[inline]
    pub fn at(&self, i: usize) -> i64 {
        // The sum fits, even where the product alone does not.
        self.start.wrapping_add(self.step.wrapping_mul(i as i64))
    }

    /// The last instant (the first, where there is none).
    pub fn end(&self) -> i64 {
        self.at(self.len.saturating_sub(1))
    }

    /// All instants.
    pub fn iter(&self) -> impl Iterator<Item = i64> + use<> {
        let steps = *self;
        (0..steps.len).map(move |i| steps.at(i))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_may_span_all_of_time() {
        let steps = Steps::range(i64::MIN, i64::MAX, i64::MAX);
        assert_eq!(steps.len, 3);
        let all: Vec<i64> = steps.iter().collect();
        assert_eq!(all, [i64::MIN, -1, i64::MAX - 1]);
        assert_eq!(steps.end(), i64::MAX - 1);
        assert_eq!(Steps::range(i64::MIN, i64::MAX, 1).len, usize::MAX);
        assert_eq!(Steps::range(1, 0, 1).len, 0);
    }
}
