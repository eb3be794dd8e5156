//! The straight line through the history: the theta line of zero curvature.

/// The line A + B·t through the values at t = 1, 2 …, t = 1 being the first.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Line {
    /// How many values it is through.
    pub(super) count: f64,
    pub(super) mean: f64,
    /// B
    pub(super) slope: f64,
}

impl Line {
    /// Fits the line to all values by least squares.
    pub(super) fn through(values: &[f64]) -> Self {
        values.iter().fold(Self::default(), |line, &y| line.with(y))
    }

    /// Adds the next value (Fiorucci et al. 2016).
    pub(super) fn with(self, y: f64) -> Self {
        let count = self.count + 1.0;
        if count == 1.0 {
            return Self {
                count,
                mean: y,
                slope: 0.0,
            };
        }
        Self {
            count,
            mean: self.mean + (y - self.mean) / count,
            slope: ((count - 2.0) * self.slope + 6.0 / count * (y - self.mean)) / (count + 1.0),
        }
    }

    /// A
    pub(super) fn intercept(self) -> f64 {
        self.mean - (self.count + 1.0) / 2.0 * self.slope
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_more_is_the_least_squares_line() {
        let values = [3.0, 1.0, 4.0, 1.0, 5.0];
        let line = Line::through(&values);
        // Means 3 and 2.8; Σ(t − 3)(y − 2.8) = 4, Σ(t − 3)² = 10.
        assert!((line.slope - 0.4).abs() < 1e-12);
        assert!((line.intercept() - 1.6).abs() < 1e-12);
        assert!((line.mean - 2.8).abs() < 1e-12);
    }
}
