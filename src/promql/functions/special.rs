//! The values over which sums cannot slide: NaN, infinities, huge numbers.

/// From here on squares and products of finite numbers may overflow.
const HUGE: f64 = 1e150;

/// Which special values a window has, for windows whose bounds only grow.
///
/// Each field is the place after the last such value seen; 0 is none.
#[derive(Debug, Default)]
pub(super) struct Specials {
    seen: usize,
    nan: usize,
    positive: usize,
    negative: usize,
    huge: usize,
    any: usize,
}

/// What is special in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Special {
    /// Nothing: sums neither overflow nor become NaN.
    None,
    /// A finite value so large that sums may overflow: their order matters.
    Huge,
    /// A NaN or infinity; the sum of all values in any order.
    Sum(f64),
}

impl Specials {
    /// Looks at the window `lo..hi`.
    #[inline]
    pub(super) fn within(&mut self, values: &[f64], lo: usize, hi: usize) -> Special {
        for (value, next) in values[self.seen.min(hi)..hi].iter().zip(self.seen + 1..) {
            let value = *value;
            if value.is_nan() || value.abs() >= HUGE {
                self.any = next;
                *if value.is_nan() {
                    &mut self.nan
                } else if value == f64::INFINITY {
                    &mut self.positive
                } else if value == f64::NEG_INFINITY {
                    &mut self.negative
                } else {
                    &mut self.huge
                } = next;
            }
        }
        self.seen = self.seen.max(hi);
        if self.any <= lo {
            Special::None
        } else if self.huge > lo {
            Special::Huge
        } else if self.nan > lo || (self.positive > lo && self.negative > lo) {
            Special::Sum(f64::NAN)
        } else if self.positive > lo {
            Special::Sum(f64::INFINITY)
        } else {
            Special::Sum(f64::NEG_INFINITY)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_the_window_counts() {
        let values = [
            1.0,
            f64::INFINITY,
            2.0,
            f64::NEG_INFINITY,
            1e200,
            3.0,
            f64::NAN,
        ];
        let mut specials = Specials::default();
        assert_eq!(specials.within(&values, 0, 1), Special::None);
        assert_eq!(specials.within(&values, 0, 3), Special::Sum(f64::INFINITY));
        assert!(matches!(specials.within(&values, 1, 4), Special::Sum(v) if v.is_nan()));
        assert_eq!(
            specials.within(&values, 2, 4),
            Special::Sum(f64::NEG_INFINITY)
        );
        assert_eq!(specials.within(&values, 2, 6), Special::Huge);
        assert_eq!(specials.within(&values, 5, 6), Special::None);
        assert!(matches!(specials.within(&values, 5, 7), Special::Sum(v) if v.is_nan()));
    }
}
