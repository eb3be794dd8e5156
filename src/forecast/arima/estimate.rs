use super::order::Order;
use super::parameters;

/// A maximum of the likelihood.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// The order.
    pub order: Order,
    /// The ARMA coefficients: `ar`, `ma`, `sar`, `sma`.
    pub coefficients: Vec<f64>,
    /// The coefficients of the constant, where there is one, and the regressors; 0 for one
    /// that depends on those before it.
    pub regression: Vec<f64>,
    /// The logarithm of the likelihood, of the differences where there are any.
    pub log_likelihood: f64,
    /// The maximum-likelihood variance of the innovations.
    pub variance: f64,
    /// How many values the likelihood has.
    pub observations: usize,
    /// How many parameters were estimated, without the variance.
    pub parameters: usize,
    /// How often the likelihood was evaluated.
    pub evaluations: usize,
    /// Whether the search converged.
    pub converged: bool,
    /// Whether the plain Kalman filter had to do.
    pub filtered: bool,
}

impl Estimate {
    /// Akaike's criterion; the variance counts as a parameter.
    #[must_use]
    pub fn aic(&self) -> f64 {
        2.0 * (self.parameters as f64 + 1.0) - 2.0 * self.log_likelihood
    }

    /// Akaike's criterion corrected for few observations (Hurvich & Tsai 1989); infinite
    /// where there are too few.
    #[must_use]
    pub fn aicc(&self) -> f64 {
        let (k, n) = (self.parameters as f64 + 1.0, self.observations as f64);
        let left = n - k - 1.0;
        if left > 0.0 {
            self.aic() + 2.0 * k * (k + 1.0) / left
        } else {
            f64::INFINITY
        }
    }

    /// Schwarz's criterion.
    #[must_use]
    pub fn bic(&self) -> f64 {
        let k = self.parameters as f64 + 1.0;
        k * (self.observations as f64).ln() - 2.0 * self.log_likelihood
    }

    /// Whether all roots of the polynomials are farther from zero than `radius` (1.01, say:
    /// beyond the unit circle with some room).
    #[must_use]
    pub fn roots_are_beyond(&self, radius: f64) -> bool {
        parameters::roots_are_beyond(&self.order, &self.coefficients, radius)
    }

    /// The variance of the innovations with the estimated parameters taken off the
    /// observations.
    #[must_use]
    pub fn adjusted_variance(&self) -> f64 {
        let n = self.observations as f64;
        self.variance * n / (n - self.parameters as f64).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_count_the_variance() {
        let estimate = Estimate {
            order: Order::new(1, 0, 1),
            coefficients: vec![0.5, 0.2],
            regression: vec![],
            log_likelihood: -50.0,
            variance: 2.0,
            observations: 20,
            parameters: 2,
            evaluations: 1,
            converged: true,
            filtered: false,
        };
        assert_eq!(estimate.aic(), 106.0);
        assert_eq!(estimate.aicc(), 107.5);
        assert!((estimate.bic() - (100.0 + 3.0 * 20.0_f64.ln())).abs() < 1e-12);
        assert!((estimate.adjusted_variance() - 40.0 / 18.0).abs() < 1e-12);
    }
}
