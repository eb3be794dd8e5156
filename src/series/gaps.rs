//! Runs of missing values, and what is put in their place where a method needs all of them.
//!
//! Missing is what is NaN or infinite.

/// A run of missing values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The index of the first.
    pub start: usize,
    /// How many there are.
    pub length: usize,
}

/// Finds the runs of missing values, in order.
pub fn gaps(values: &[f64]) -> Vec<Gap> {
    let mut found: Vec<Gap> = vec![];
    for (i, _) in values.iter().enumerate().filter(|(_, x)| !x.is_finite()) {
        match found.last_mut() {
            Some(gap) if gap.start + gap.length == i => gap.length += 1,
            _ => found.push(Gap {
                start: i,
                length: 1,
            }),
        }
    }
    found
}

/// How many cycles are looked at to each side of a gap, and how many of all are used.
const FARTHEST: usize = 12;
const CYCLES: usize = 6;

/// Fills missing values: between the values at a gap's sides by a line, and at the begin or the
/// end by the nearest value.
///
/// With a period the shape of the same phases in up to six whole cycles near by is laid over
/// the line: the mean of what each lies above the line between its own two sides. Where there is
/// no such cycle the line remains. All stay missing where all are.
pub fn fill_gaps(values: &[f64], period: Option<usize>) -> Vec<f64> {
    let mut filled = values.to_vec();
    for gap in gaps(values) {
        let Some(line) = Line::beside(values, gap.start, gap) else {
            continue;
        };
        let shapes = period
            .filter(|p| *p > 1)
            .map_or(vec![], |period| shapes(values, gap, period));
        for step in 0..gap.length {
            let season = shapes
                .iter()
                .map(|(start, line)| values[start + step] - line.at(step))
                .sum::<f64>();
            let season = season / shapes.len().max(1) as f64;
            let value = line.at(step) + season;
            // What overflows is no better than the line.
            filled[gap.start + step] = if value.is_finite() {
                value
            } else {
                line.at(step)
            };
        }
    }
    filled
}

/// The line between what lies on both sides of a stretch; level where it has one side only.
struct Line {
    left: f64,
    right: f64,
    length: usize,
}

impl Line {
    /// The line over the stretch at `start` that is as long as `gap`, with the sides that `gap`
    /// has; `None` where a side is missing, or outside.
    fn beside(values: &[f64], start: usize, gap: Gap) -> Option<Self> {
        let has_left = gap.start > 0;
        let has_right = gap.start + gap.length < values.len();
        let at = |index: Option<usize>| {
            index
                .and_then(|i| values.get(i))
                .copied()
                .filter(|x| x.is_finite())
        };
        let left = at(start.checked_sub(1)).filter(|_| has_left);
        let right = at(start.checked_add(gap.length)).filter(|_| has_right);
        if left.is_some() != has_left || right.is_some() != has_right {
            return None;
        }
        Some(Self {
            left: left.or(right)?,
            right: right.or(left)?,
            length: gap.length,
        })
    }

    fn at(&self, step: usize) -> f64 {
        let share = (step + 1) as f64 / (self.length + 1) as f64;
        self.left * (1.0 - share) + self.right * share
    }
}

/// Stretches of the same phases as a gap's, complete and with their sides, the nearest first.
fn shapes(values: &[f64], gap: Gap, period: usize) -> Vec<(usize, Line)> {
    let mut found = vec![];
    let nearest = gap.length.div_ceil(period).max(1);
    for cycles in nearest..nearest + FARTHEST {
        let Some(distance) = cycles.checked_mul(period) else {
            break;
        };
        let starts = [
            gap.start.checked_sub(distance),
            gap.start.checked_add(distance),
        ];
        for start in starts.into_iter().flatten() {
            let stretch = start
                .checked_add(gap.length)
                .and_then(|end| values.get(start..end));
            if stretch.is_some_and(|values| values.iter().all(|x| x.is_finite()))
                && let Some(line) = Line::beside(values, start, gap)
            {
                found.push((start, line));
            }
        }
        if found.len() >= CYCLES {
            break;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAN: f64 = f64::NAN;

    #[test]
    fn runs_are_found() {
        assert!(gaps(&[]).is_empty());
        assert_eq!(
            gaps(&[NAN, 1.0, NAN, f64::INFINITY, 2.0, NAN]),
            [(0, 1), (2, 2), (5, 1)].map(|(start, length)| Gap { start, length })
        );
    }

    #[test]
    fn lines_without_a_season() {
        let filled = fill_gaps(&[NAN, 1.0, NAN, NAN, NAN, 5.0, NAN], None);
        assert_eq!(filled, [1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 5.0]);
        assert!(fill_gaps(&[NAN, NAN], Some(2)).iter().all(|x| x.is_nan()));
        assert_eq!(fill_gaps(&[NAN, 7.0], Some(3)), [7.0, 7.0]);
    }

    #[test]
    fn a_season_on_a_trend_is_restored() {
        let season = [0.0, 5.0, 9.0, 4.0, -3.0, -8.0, -7.0];
        let whole: Vec<f64> = (0..70).map(|t| season[t % 7] + 0.5 * t as f64).collect();
        for (start, end) in [(20, 23), (0, 4), (66, 70), (30, 47), (12, 13)] {
            let mut holed = whole.clone();
            holed[start..end].fill(NAN);
            for (found, want) in fill_gaps(&holed, Some(7)).iter().zip(&whole) {
                // At the ends the trend of the cycle beside it is kept.
                assert!((found - want).abs() < 1e-9, "{start} {found} {want}");
            }
        }
        // No cycle is whole: a line.
        let mut holed = whole[..14].to_vec();
        holed[3..13].fill(NAN);
        assert_eq!(fill_gaps(&holed, Some(7)), fill_gaps(&holed, None));
    }

    proptest! {
        #[test]
        fn what_is_there_stays_and_all_is_filled(
            values in proptest::collection::vec(prop_oneof![any::<f64>(), -9.0..9.0_f64, Just(NAN)], 0..60),
            period in proptest::option::of(prop_oneof![0_usize..20, Just(usize::MAX)]),
        ) {
            let filled = fill_gaps(&values, period);
            prop_assert_eq!(filled.len(), values.len());
            let any = values.iter().any(|x| x.is_finite());
            for (new, old) in filled.iter().zip(&values) {
                prop_assert!(!old.is_finite() || new == old);
                prop_assert!(!any || new.is_finite());
            }
            let missing = values.iter().filter(|x| !x.is_finite()).count();
            prop_assert_eq!(gaps(&values).iter().map(|gap| gap.length).sum::<usize>(), missing);
        }
    }
}
