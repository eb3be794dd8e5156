//! Exponential smoothing without a season, by `augurs`.
//!
//! R. J. Hyndman, A. B. Koehler, J. K. Ord and R. D. Snyder, "Forecasting with exponential
//! smoothing" (2008). `augurs` chooses error and trend by AICc and estimates them by
//! Nelder-Mead; its parameters are not public, and its intervals of multiplicative errors are
//! quantiles over the wrong axis of unseeded paths (0.10.3). So only its fitted values and its
//! forecasts are used: both follow the recursion ŷₜ₊₁ − ŷₜ = φ(ŷₜ − ŷₜ₋₁) + (α + φβ)eₜ − φα eₜ₋₁,
//! from which least squares has α, β and φ exactly; intervals and paths are made from these here.
//!
//! Histories that it fails on (an error, numbers that are not finite) are forecast by
//! [`Ets`](super::Ets), with a warning. A season is never handed on: `augurs` would panic.

use augurs::ets::{AutoETS, model::ErrorComponent, model::TrendComponent};
use augurs::{Fit, Predict};

use super::history::Scaled;
use super::seasonal_index::bridge_gaps;
use super::{Ets, interval, naive};
use crate::forecast::{Coefficient, Details, FitError, Fitted, Forecast, History, Interval, Model};
use crate::model::Warning;
use crate::stats::least_squares::LeastSquares;
use crate::stats::random::Generator;

/// Fewer values than this are forecast by the naive method.
const FEWEST: usize = 10;
/// The most values that are searched over.
const MOST: usize = 10_000;
/// What the recursion may leave unexplained of the fitted values, relative to their changes.
const EXACT: f64 = 1e-6;
/// The steps that are forecast to know the last states.
const STATES: usize = 2;
/// How many sample paths an interval of multiplicative errors is made from.
const PATHS: usize = 2000;
/// The least relative error of a sample path.
const LEAST: f64 = -0.999;

/// The best exponential smoothing model without a season.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AugursEts;

impl Model for AugursEts {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        let mut scaled = Scaled::new(history)?;
        if scaled.observed < FEWEST || scaled.is_constant() {
            return Ok(naive::fallback(scaled));
        }
        if !history.periods.is_empty() {
            scaled.warn("season-ignored", "this method does not model seasons");
        }
        scaled.keep_last(MOST);
        let values = bridge_gaps(&scaled.values);
        match Smoothing::fit(&values) {
            Ok((smoothing, fitted)) => {
                Ok(Box::new(FittedAugursEts::new(scaled, smoothing, &fitted)))
            }
            Err(reason) => {
                let own = Ets::default().fit(&History {
                    values: history.values,
                    ..History::default()
                })?;
                scaled.warn(
                    "augurs-failed",
                    format!("augurs' exponential smoothing failed ({reason}): our own instead"),
                );
                Ok(Box::new(Instead {
                    own,
                    warnings: scaled.warnings,
                }))
            }
        }
    }
}

/// The estimates and the last states, in units of the scaled history.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Smoothing {
    multiplicative: bool,
    trend: bool,
    damped: bool,
    alpha: f64,
    beta: f64,
    phi: f64,
    level: f64,
    slope: f64,
    /// The errors' standard deviation, relative to the forecast where they are multiplicative.
    sigma: f64,
}

impl Smoothing {
    /// Fits the model; returns it with the fitted values.
    fn fit(values: &[f64]) -> Result<(Self, Vec<f64>), String> {
        let fit = AutoETS::non_seasonal()
            .fit(values)
            .map_err(|error| error.to_string())?;
        let kind = fit.model().model_type();
        let fitted = fit
            .predict_in_sample(None)
            .map_err(|error| error.to_string())?
            .point;
        let ahead = fit
            .predict(STATES, None)
            .map_err(|error| error.to_string())?
            .point;
        let finite = |numbers: &[f64]| numbers.iter().all(|x| x.is_finite());
        if fitted.len() != values.len() || ahead.len() != STATES {
            return Err("it returned too few values".into());
        }
        if !(finite(&fitted) && finite(&ahead)) {
            return Err("its forecasts are not finite".into());
        }
        let mut model = Self {
            multiplicative: kind.error == ErrorComponent::Multiplicative,
            trend: kind.trend != TrendComponent::None,
            damped: fit.model().damped(),
            alpha: 0.0,
            beta: 0.0,
            phi: 1.0,
            level: ahead[0],
            slope: 0.0,
            sigma: 0.0,
        };
        model.recover(values, &fitted)?;
        if model.trend {
            // ŷ(1) = ℓ + φb and ŷ(2) = ℓ + (φ + φ²)b.
            model.slope = (ahead[1] - ahead[0]) / (model.phi * model.phi);
            model.level = ahead[0] - model.phi * model.slope;
        }
        let error = |(y, f): (&f64, &f64)| {
            if model.multiplicative {
                (y - f) / f
            } else {
                y - f
            }
        };
        let squares: f64 = values.iter().zip(&fitted).map(error).map(|e| e * e).sum();
        let freedom = values.len().saturating_sub(model.parameters()).max(1);
        model.sigma = (squares / freedom as f64).sqrt();
        let states = [model.level, model.slope, model.sigma];
        if !finite(&states) {
            return Err("its states are not finite".into());
        }
        Ok((model, fitted))
    }

    /// Solves the recursion of the fitted values for α, β and φ.
    fn recover(&mut self, values: &[f64], fitted: &[f64]) -> Result<(), String> {
        let error = |t: usize| values[t] - fitted[t];
        let change = |t: usize| fitted[t] - fitted[t - 1];
        let steps = || 2..values.len();
        let column = |value: &dyn Fn(usize) -> f64| steps().map(value).collect::<Vec<f64>>();
        let (last, before) = (column(&|t| error(t - 1)), column(&|t| error(t - 2)));
        let (response, columns) = if !self.trend {
            (column(&change), vec![last])
        } else if !self.damped {
            let second = |t| change(t) - change(t - 1);
            (column(&second), vec![last, before])
        } else {
            let lagged = column(&|t| change(t - 1));
            (column(&change), vec![last, before, lagged])
        };
        let fit = LeastSquares::fit(&response, &columns).map_err(|error| error.to_string())?;
        let whole: f64 = response.iter().map(|x| x * x).sum();
        let size: f64 = fitted.iter().map(|x| x * x).sum();
        let rest = fit.residual_sum_of_squares;
        if rest > EXACT * EXACT * whole && rest > f64::EPSILON * f64::EPSILON * 1e4 * size {
            return Err("its fitted values do not follow its model".into());
        }
        let found = &fit.coefficients;
        if self.trend {
            if self.damped {
                self.phi = found[2];
            }
            self.alpha = -found[1] / self.phi;
            self.beta = (found[0] - self.alpha) / self.phi;
        } else {
            self.alpha = found[0];
        }
        // The bounds that augurs searches in, a little wider.
        let within = |x: f64| (-1e-3..=1.001).contains(&x);
        if !(within(self.alpha) && within(self.beta) && (0.5..=1.001).contains(&self.phi)) {
            return Err("its parameters are out of bounds".into());
        }
        Ok(())
    }

    fn parameters(&self) -> usize {
        2 + 2 * usize::from(self.trend) + usize::from(self.damped)
    }

    /// Goes a step ahead with an error and returns the value.
    fn step(&mut self, error: f64) -> f64 {
        let forecast = self.level + self.phi * self.slope;
        let error = if self.multiplicative {
            forecast * error.max(LEAST)
        } else {
            error
        };
        self.level = forecast + self.alpha * error;
        self.slope = self.phi * self.slope + self.beta * error;
        forecast + error
    }

    /// The standard deviations with additive errors: σ²(1 + Σc²), cⱼ = α + β(φ + … + φʲ).
    fn deviations(&self, horizon: usize) -> Vec<f64> {
        let (mut sum, mut power, mut damped) = (1.0, 1.0, 0.0);
        let step = |_| {
            let deviation = self.sigma * f64::sqrt(sum);
            power *= self.phi;
            damped += power;
            let weight = self.alpha + self.beta * damped;
            sum += weight * weight;
            deviation
        };
        (0..horizon).map(step).collect()
    }
}

/// A fitted model.
#[derive(Debug)]
struct FittedAugursEts {
    smoothing: Smoothing,
    unit: f64,
    fitted: Vec<f64>,
    warnings: Vec<Warning>,
}

impl FittedAugursEts {
    fn new(scaled: Scaled, smoothing: Smoothing, fitted: &[f64]) -> Self {
        Self {
            smoothing,
            unit: scaled.unit,
            fitted: scaled.whole(fitted.iter().copied()),
            warnings: scaled.warnings,
        }
    }

    /// Takes the quantiles of sample paths, all of which go a step ahead together.
    fn sampled(&self, horizon: usize, levels: &[f64]) -> Vec<Interval> {
        let mut generator = Generator::new(0);
        let mut paths = vec![self.smoothing; PATHS];
        let mut sample = vec![0.0; PATHS];
        let mut intervals = interval::empty(levels);
        for _ in 0..horizon {
            for (path, value) in paths.iter_mut().zip(&mut sample) {
                *value = path.step(self.smoothing.sigma * generator.normal());
            }
            interval::push_quantiles(&mut intervals, &mut sample, self.unit);
        }
        intervals
    }
}

impl Fitted for FittedAugursEts {
    fn description(&self) -> String {
        let Smoothing {
            multiplicative,
            trend,
            damped,
            ..
        } = self.smoothing;
        let error = if multiplicative { "M" } else { "A" };
        let trend = match (trend, damped) {
            (false, _) => "N",
            (true, false) => "A",
            (true, true) => "Ad",
        };
        format!("augurs ETS({error},{trend},N)")
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        self.smoothing.parameters()
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        _future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        interval::check(levels)?;
        let mut states = self.smoothing;
        let mean: Vec<f64> = (0..horizon).map(|_| states.step(0.0) * self.unit).collect();
        let intervals = if self.smoothing.multiplicative && !levels.is_empty() {
            self.sampled(horizon, levels)
        } else {
            let mut deviations = self.smoothing.deviations(horizon);
            deviations.iter_mut().for_each(|d| *d *= self.unit);
            interval::normal(&mean, &deviations, levels)
        };
        Ok(Forecast { mean, intervals })
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        _future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let mut generator = Generator::new(seed);
        let path = |_| {
            let mut states = self.smoothing;
            (0..horizon)
                .map(|_| states.step(self.smoothing.sigma * generator.normal()) * self.unit)
                .collect()
        };
        Ok((0..paths).map(path).collect())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        let Smoothing {
            trend,
            damped,
            alpha,
            beta,
            phi,
            ..
        } = self.smoothing;
        let estimates = [
            ("alpha", alpha, true),
            ("beta", beta, trend),
            ("phi", phi, damped),
        ];
        let coefficient = |(name, estimate, _): (&str, f64, bool)| Coefficient {
            name: name.into(),
            estimate,
            standard_error: None,
        };
        Details {
            coefficients: estimates
                .into_iter()
                .filter(|(.., there)| *there)
                .map(coefficient)
                .collect(),
            ..Details::default()
        }
    }
}

/// Our own exponential smoothing where `augurs`' failed.
#[derive(Debug)]
struct Instead {
    own: Box<dyn Fitted>,
    warnings: Vec<Warning>,
}

impl Fitted for Instead {
    fn description(&self) -> String {
        self.own.description()
    }

    fn fitted(&self) -> &[f64] {
        self.own.fitted()
    }

    fn parameters(&self) -> usize {
        self.own.parameters()
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        self.own.forecast(horizon, levels, future)
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        self.own.simulate(horizon, paths, seed, future)
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        self.own.details()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fit(values: &[f64]) -> Box<dyn Fitted> {
        let history = History {
            values,
            ..History::default()
        };
        AugursEts.fit(&history).unwrap()
    }

    /// A walk with a drift, by a seeded generator.
    fn walk(seed: u64, drift: f64, length: usize) -> Vec<f64> {
        let mut random = Generator::new(seed);
        let mut level = 100.0;
        (0..length)
            .map(|_| {
                level += drift + 0.3 * random.normal();
                level + random.normal()
            })
            .collect()
    }

    #[test]
    fn parameters_come_out_of_the_fitted_values() {
        // The recursion of each kind with known parameters.
        for (trend, damped, beta, phi) in [
            (false, false, 0.0, 1.0),
            (true, false, 0.05, 1.0),
            (true, true, 0.05, 0.9),
        ] {
            let values = walk(1, 0.2, 80);
            let known = Smoothing {
                multiplicative: false,
                trend,
                damped,
                alpha: 0.4,
                beta,
                phi,
                level: 99.0,
                slope: if trend { 0.3 } else { 0.0 },
                sigma: 0.0,
            };
            let mut states = known;
            let fitted: Vec<f64> = values
                .iter()
                .map(|y| {
                    let forecast = states.level + states.phi * states.slope;
                    states.step(y - forecast);
                    forecast
                })
                .collect();
            let mut found = Smoothing {
                alpha: 0.0,
                beta: 0.0,
                phi: 1.0,
                ..known
            };
            found.recover(&values, &fitted).unwrap();
            assert!((found.alpha - 0.4).abs() < 1e-9, "{found:?}");
            assert!((found.beta - beta).abs() < 1e-9, "{found:?}");
            assert!((found.phi - phi).abs() < 1e-9, "{found:?}");
        }
    }

    #[test]
    fn forecasts_are_those_of_augurs() {
        for (seed, drift) in [(1, 0.0), (2, 0.5), (3, -0.4), (4, 3.0)] {
            let values = walk(seed, drift, 120);
            let theirs = AutoETS::non_seasonal().fit(&values).unwrap();
            let theirs = theirs.predict(12, 0.95).unwrap();
            let ours = fit(&values);
            assert!(ours.warnings().is_empty(), "{:?}", ours.warnings());
            let forecast = ours.forecast(12, &[95.0], &[]).unwrap();
            for (a, b) in forecast.mean.iter().zip(&theirs.point) {
                assert!((a / b - 1.0).abs() < 2e-3, "{a} {b}");
            }
            if ours.description().contains("(A,") {
                let theirs = theirs.intervals.unwrap();
                for (a, b) in forecast.intervals[0].upper.iter().zip(&theirs.upper) {
                    assert!((a / b - 1.0).abs() < 0.02, "{a} {b}");
                }
            }
            let paths = ours.simulate(12, 4000, 3, &[]).unwrap();
            let interval = &forecast.intervals[0];
            let inside =
                |path: &&Vec<f64>| (interval.lower[11]..interval.upper[11]).contains(&path[11]);
            let share = paths.iter().filter(inside).count() as f64 / 4000.0;
            assert!((share - 0.95).abs() < 0.02, "{share}");
        }
    }

    #[test]
    fn the_unit_of_measurement_changes_nothing() {
        let values = walk(5, 0.2, 60);
        let scaled: Vec<f64> = values.iter().map(|y| y * 2.0_f64.powi(900)).collect();
        let plain = fit(&values).forecast(4, &[80.0], &[]).unwrap();
        let huge = fit(&scaled).forecast(4, &[80.0], &[]).unwrap();
        for (a, b) in plain.mean.iter().zip(&huge.mean) {
            assert_eq!(a * 2.0_f64.powi(900), *b);
        }
    }

    #[test]
    fn seasons_are_left_aside_with_a_warning() {
        let values = walk(6, 0.0, 60);
        let history = History {
            values: &values,
            periods: &[12.0],
            ..History::default()
        };
        let fitted = AugursEts.fit(&history).unwrap();
        assert_eq!(fitted.warnings()[0].code, "season-ignored");
        assert_eq!(fitted.details().coefficients[0].name, "alpha");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_panics(
            values in proptest::collection::vec(prop_oneof![
                6 => -1e3..1e3_f64,
                3 => 0.0..1e-9_f64,
                1 => Just(f64::NAN),
                1 => any::<f64>(),
                3 => Just(0.0),
            ], 0..60),
            repeats in 1..4_usize,
        ) {
            let values: Vec<f64> = values.into_iter().flat_map(|y| vec![y; repeats]).collect();
            let history = History { values: &values, ..History::default() };
            if let Ok(fitted) = AugursEts.fit(&history) {
                prop_assert_eq!(fitted.fitted().len(), values.len());
                let forecast = fitted.forecast(5, &[95.0], &[]).unwrap();
                prop_assert_eq!(forecast.mean.len(), 5);
                prop_assert!(fitted.simulate(3, 2, 1, &[]).is_ok());
                let _ = (fitted.details(), fitted.description());
            }
        }
    }
}
