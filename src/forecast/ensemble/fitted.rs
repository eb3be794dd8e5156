//! A fitted ensemble: forecasts, calibrated intervals and sample paths.

use super::combination::{Combination, Part};
use crate::forecast::calibration::Calibration;
use crate::forecast::{Coefficient, Details, FitError, Fitted, Forecast, History, Tried};
use crate::model::Warning;

/// Members with a weight below this do not speak for the ensemble.
const MINOR: f64 = 0.1;

/// Members' warnings that say nothing of the ensemble.
const OF_MEMBERS: [&str; 4] = [
    "one-season-only",
    "regressors-ignored",
    "too-short-for-season",
    "no-season",
];

/// A fitted ensemble.
#[derive(Debug)]
pub(super) struct FittedEnsemble {
    combination: Combination,
    calibration: Calibration,
    fitted: Vec<f64>,
    warnings: Vec<Warning>,
}

impl FittedEnsemble {
    pub(super) fn new(
        combination: Combination,
        calibration: Calibration,
        history: &History<'_>,
        mut warnings: Vec<Warning>,
    ) -> Self {
        let mut fitted = vec![0.0; history.values.len()];
        let mut weights = fitted.clone();
        for part in counting(&combination) {
            let pairs = fitted.iter_mut().zip(&mut weights);
            for ((sum, weight), value) in pairs.zip(part.fitted.fitted()) {
                if value.is_finite() {
                    *sum += part.weight * value;
                    *weight += part.weight;
                }
            }
            for warning in part.fitted.warnings() {
                let said = |known: &Warning| known.code == warning.code;
                if part.weight >= MINOR
                    && !OF_MEMBERS.contains(&warning.code)
                    && !warnings.iter().any(said)
                {
                    warnings.push(warning.clone());
                }
            }
        }
        for (sum, weight) in fitted.iter_mut().zip(&weights) {
            *sum = if *weight > 0.0 {
                *sum / weight
            } else {
                f64::NAN
            };
        }
        Self {
            combination,
            calibration,
            fitted,
            warnings,
        }
    }
}

/// The parts that have a weight, the greatest first.
fn counting(combination: &Combination) -> Vec<&Part> {
    let mut parts: Vec<&Part> = combination
        .parts
        .iter()
        .filter(|p| p.weight > 0.0)
        .collect();
    parts.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    parts
}

impl Fitted for FittedEnsemble {
    fn description(&self) -> String {
        let parts = counting(&self.combination);
        let part = |part: &&Part| {
            let percent = 100.0 * part.weight;
            format!("{percent:.0} % {}", part.fitted.description())
        };
        let parts: Vec<String> = parts.iter().map(part).collect();
        format!("ensemble of {}", parts.join(", "))
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        let parts = counting(&self.combination);
        parts.iter().map(|part| part.fitted.parameters()).sum()
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        let (mean, spread) = self.combination.forecast(horizon, future)?;
        self.calibration.forecast(mean, &spread, levels)
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let (mean, spread) = self.combination.forecast(horizon, future)?;
        let mut drawn = self.combination.simulate(&mean, paths, seed, future)?;
        self.calibration.reorder(&mut drawn, &mean, &spread);
        Ok(drawn)
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        let weight = |part: &Part| Coefficient {
            name: format!("weight of {}", part.name()),
            estimate: part.weight,
            standard_error: None,
        };
        let tried = |part: &Part| Tried {
            model: format!("{}: {}", part.name(), part.fitted.description()),
            criterion: part.error.is_finite().then_some(part.error),
            note: if part.weight > 0.0 {
                String::new()
            } else {
                "its errors at earlier origins are too large".into()
            },
        };
        Details {
            coefficients: self.combination.parts.iter().map(weight).collect(),
            search: self.combination.parts.iter().map(tried).collect(),
            criterion: "mean absolute error at earlier origins",
            diagnosis: None,
        }
    }
}
