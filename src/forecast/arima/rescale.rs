//! A fitted model in another unit of measurement.

use super::result::ArimaFit;

impl ArimaFit {
    /// The model of the values times `factor` (positive), with the regressors as they were.
    ///
    /// A series may so be fitted in a unit in which nothing overflows.
    #[must_use]
    pub fn rescaled(mut self, factor: f64) -> Self {
        let estimate = &mut self.estimate;
        estimate.log_likelihood -= estimate.observations as f64 * factor.ln();
        estimate.variance *= factor * factor;
        let errors = &mut self.standard_errors[estimate.order.coefficients()..];
        for number in errors
            .iter_mut()
            .chain(&mut estimate.regression)
            .chain(&mut self.residuals)
            .chain(&mut self.fitted)
            .chain(&mut self.state.mean)
        {
            *number *= factor;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use crate::forecast::arima::{Order, Sarimax};
    use crate::forecast::{Fitted, History};
    use crate::stats::reference_series::AIR_PASSENGERS;

    #[test]
    fn another_unit_is_another_fit() {
        let model = Sarimax {
            order: Order::new(1, 1, 1).seasonal(0, 0, 1, 12),
            constant: true,
        };
        let column: Vec<f64> = (0..144).map(|t| f64::from(t * t % 7)).collect();
        let regressors = [column];
        let fit = |values: &[f64]| {
            let history = History {
                values,
                periods: &[12.0],
                regressors: &regressors,
            };
            model.estimate(&history).unwrap()
        };
        let thousandfold = AIR_PASSENGERS.map(|y| 1024.0 * y);
        let (one, other) = (fit(&AIR_PASSENGERS).rescaled(1024.0), fit(&thousandfold));
        let future = [vec![1.0; 6]];
        let close = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-4, "{a} {b}");
        close(one.estimate.aicc(), other.estimate.aicc());
        close(one.estimate.variance, other.estimate.variance);
        close(one.residuals[40], other.residuals[40]);
        close(one.fitted()[40], other.fitted()[40]);
        for (a, b) in one.standard_errors.iter().zip(&other.standard_errors) {
            assert!((a / b - 1.0).abs() < 1e-2, "{a} {b}");
        }
        let [one, other] = [one, other].map(|fit| fit.forecast(6, &[95.0], &future).unwrap());
        close(one.mean[5], other.mean[5]);
        close(one.intervals[0].upper[5], other.intervals[0].upper[5]);
    }
}
