//! Where values can be.

/// What values are never beyond.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least value; negative infinity for none.
    pub lower: f64,
    /// The greatest value; infinity for none.
    pub upper: f64,
    /// Between zero and this, there is nothing: counts have no halves. Zero if there is.
    pub gap: f64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            lower: f64::NEG_INFINITY,
            upper: f64::INFINITY,
            gap: 0.0,
        }
    }
}

/// A history this near to 1 (or 100), and never beyond, is a ratio's.
const NEAR_THE_WHOLE: f64 = 0.98;

/// From this share of zeros on, nothing lies between zero and the smallest value.
const SHARE_OF_ZEROS: f64 = 0.02;

impl Bounds {
    /// Guesses the bounds from a history.
    ///
    /// Values that were never negative never will be. Where all lie between 0 and 1 (or 100), and some
    /// at the upper end, they are ratios (or percentages).
    pub fn of(values: &[f64]) -> Self {
        let present = || values.iter().copied().filter(|value| value.is_finite());
        let least = present().fold(f64::INFINITY, f64::min);
        let most = present().fold(f64::NEG_INFINITY, f64::max);
        if !(least >= 0.0 && most > 0.0) {
            return Self::default();
        }
        let whole = [1.0, 100.0].into_iter();
        let mut whole = whole.filter(|whole| (NEAR_THE_WHOLE * whole..=*whole).contains(&most));
        let zeros = present().filter(|value| *value == 0.0).count();
        let gap = if zeros as f64 > SHARE_OF_ZEROS * present().count() as f64 {
            present().filter(|value| *value > 0.0).fold(most, f64::min)
        } else {
            0.0
        };
        Self {
            lower: 0.0,
            upper: whole.next().unwrap_or(f64::INFINITY),
            gap,
        }
    }

    /// The nearest value that there can be.
    pub fn nearest(&self, value: f64) -> f64 {
        let within = value.min(self.upper).max(self.lower);
        if self.gap > 0.0 && within.abs() < self.gap / 2.0 && self.lower <= 0.0 {
            0.0
        } else {
            within
        }
    }

    /// Means, kept in the bounds; a mean may lie in the gap.
    pub fn within(&self, mut means: Vec<f64>) -> Vec<f64> {
        for mean in &mut means {
            *mean = mean.min(self.upper).max(self.lower);
        }
        means
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses_ratios_percentages_and_counts() {
        let bounds = Bounds::of(&[0.97, 1.0, f64::NAN, 0.99]);
        assert_eq!((bounds.lower, bounds.upper, bounds.gap), (0.0, 1.0, 0.0));
        assert_eq!(Bounds::of(&[12.0, 99.5]).upper, 100.0);
        assert_eq!(Bounds::of(&[12.0, 100.5]).upper, f64::INFINITY);
        assert_eq!(Bounds::of(&[0.2, 0.3]).upper, f64::INFINITY);
        assert_eq!(Bounds::of(&[-0.1, 1.0]), Bounds::default());
        assert_eq!(Bounds::of(&[]), Bounds::default());
        let counts = Bounds::of(&[0.0, 0.0, 3.0, 1.0]);
        assert_eq!(counts.gap, 1.0);
        assert_eq!(counts.nearest(0.4), 0.0);
        assert_eq!(counts.nearest(0.6), 0.6);
        assert_eq!(counts.nearest(-3.0), 0.0);
        assert_eq!(counts.within(vec![0.4, -1.0]), [0.4, 0.0]);
    }
}
