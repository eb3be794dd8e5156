//! The windows of a range function over one series' samples.

use crate::promql::{Steps, Version};

/// One series' samples and, for each step, which of them lie in its window.
///
/// Both bounds grow with the step, so that a function may slide.
#[derive(Debug)]
pub(crate) struct Windows<'a> {
    /// Times, µs, strictly increasing.
    pub timestamps: &'a [i64],
    /// Values, without stale markers.
    pub values: &'a [f64],
    /// For each step, the first sample of the window and the first after it.
    pub bounds: &'a [(u32, u32)],
    /// The steps of the evaluation.
    pub steps: Steps,
    /// The length of the window, µs.
    pub range: i64,
    /// The `offset` of the selector, µs: a window ends at the step less this.
    pub offset: i64,
    /// The `@` time of the selector, µs: a window ends there (less the offset) at all steps.
    pub at: Option<i64>,
}

impl Windows<'_> {
    /// The last instant of step `i`'s window, µs.
    #[inline]
    pub(crate) fn end(&self, i: usize) -> i64 {
        self.at
            .unwrap_or_else(|| self.steps.at(i))
            .saturating_sub(self.offset)
    }

    /// The start of step `i`'s window, µs: the instant `range` before its end.
    #[inline]
    pub(crate) fn start(&self, i: usize) -> i64 {
        self.end(i).saturating_sub(self.range)
    }

    /// The indices of the samples in step `i`'s window.
    #[inline]
    pub(crate) fn indices(&self, i: usize) -> std::ops::Range<usize> {
        let (lo, hi) = self.bounds[i];
        lo as usize..hi as usize
    }

    /// The times and values in step `i`'s window.
    #[inline]
    pub(crate) fn samples(&self, i: usize) -> (&[i64], &[f64]) {
        let window = self.indices(i);
        (&self.timestamps[window.clone()], &self.values[window])
    }
}

/// Writes to `out`, for each step, the first sample of its window and the first
/// after it.
///
/// A window is `(end - range, end]`, in version 2 `[end - range, end]`, where
/// `end` is the step (or `at`) less the offset. Costs O(samples + steps).
pub(crate) fn bounds(
    timestamps: &[i64],
    steps: Steps,
    range: i64,
    offset: i64,
    at: Option<i64>,
    version: Version,
    out: &mut Vec<(u32, u32)>,
) {
    out.clear();
    if steps.len == 0 {
        return;
    }
    // With µs, "from start on" is "after start - 1".
    let range = match version {
        Version::V2 => range.saturating_add(1),
        Version::V3 => range,
    };
    let end = at.unwrap_or(steps.start).saturating_sub(offset);
    let start = end.saturating_sub(range);
    let mut lo = timestamps.partition_point(|t| *t <= start);
    let mut hi = timestamps.partition_point(|t| *t <= end).max(lo);
    if at.is_some() {
        out.resize(steps.len, (lo as u32, hi as u32));
        return;
    }
    out.extend(steps.iter().map(|step| {
        let end = step.saturating_sub(offset);
        let start = end.saturating_sub(range);
        while hi < timestamps.len() && timestamps[hi] <= end {
            hi += 1;
        }
        while lo < hi && timestamps[lo] <= start {
            lo += 1;
        }
        (lo as u32, hi as u32)
    }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(steps: Steps, range: i64, offset: i64, at: Option<i64>, v: Version) -> Vec<(u32, u32)> {
        let mut out = vec![(7, 7)];
        bounds(&[0, 10, 20, 30], steps, range, offset, at, v, &mut out);
        out
    }

    #[test]
    fn a_range_is_open_at_its_start_unless_version_2() {
        let steps = Steps::range(0, 40, 20);
        assert_eq!(
            of(steps, 20, 0, None, Version::V3),
            [(0, 1), (1, 3), (3, 4)]
        );
        assert_eq!(
            of(steps, 20, 0, None, Version::V2),
            [(0, 1), (0, 3), (2, 4)]
        );
    }

    #[test]
    fn offset_and_at_move_the_end() {
        let steps = Steps::range(0, 20, 20);
        assert_eq!(of(steps, 10, -10, None, Version::V3), [(1, 2), (3, 4)]);
        assert_eq!(of(steps, 10, 10, Some(20), Version::V3), [(1, 2), (1, 2)]);
        assert_eq!(of(steps, 10, 0, Some(i64::MIN), Version::V2), [(0, 0); 2]);
        assert_eq!(of(Steps::range(1, 0, 1), 10, 0, None, Version::V3), []);
    }

    proptest! {
        #[test]
        fn the_samples_in_the_interval_and_no_others(
            gaps in prop::collection::vec(1i64..30, 0..60),
            (start, step, len) in (-100i64..300, 1i64..60, 1usize..40),
            (range, offset) in (1i64..200, -50i64..50),
            closed in any::<bool>(),
        ) {
            let timestamps: Vec<i64> = gaps
                .iter()
                .scan(0, |t, gap| { *t += gap; Some(*t) })
                .collect();
            let version = if closed { Version::V2 } else { Version::V3 };
            let steps = Steps { start, step, len };
            let mut out = Vec::new();
            bounds(&timestamps, steps, range, offset, None, version, &mut out);
            for (ts, (lo, hi)) in steps.iter().zip(&out) {
                let end = ts - offset;
                let within: Vec<i64> = timestamps
                    .iter()
                    .copied()
                    .filter(|t| *t <= end && (*t > end - range || closed && *t == end - range))
                    .collect();
                prop_assert_eq!(&timestamps[*lo as usize..*hi as usize], &within[..]);
            }
        }
    }
}
