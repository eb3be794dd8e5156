//! MSTL with exponential smoothing: several seasons by repeated STL, and the rest without season.
//!
//! K. Bandara, R. J. Hyndman and C. Bergmeir, "MSTL: a seasonal-trend decomposition algorithm for
//! time series with multiple seasonal patterns", arXiv:2107.13462 (2021). The decomposition is
//! that of `augurs` (its `stlrs`, in double precision, where its own model uses single), what it
//! leaves of the history is forecast by [`AugursEts`](super::AugursEts), and each season repeats
//! its last cycle. Intervals and sample paths are those of the smoothing: the seasons count as
//! known. A period that the history has no two cycles of is left out.
//!
//! Gaps are bridged by straight lines first, and then once more on the seasonally adjusted history
//! that came of it.

use augurs::mstl::stlrs::MstlParams;

use super::AugursEts;
use super::history::Scaled;
use super::seasonal_index::bridge_gaps;
use crate::forecast::{Details, FitError, Fitted, Forecast, History, Model};
use crate::model::Warning;

/// MSTL, and exponential smoothing of what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mstl;

impl Model for Mstl {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        let mut scaled = Scaled::new(history)?;
        let periods = usable(&mut scaled, history.periods);
        if periods.is_empty() && !scaled.is_constant() {
            scaled.warn(
                "no-season",
                "without a season this is plain exponential smoothing",
            );
        }
        let seasonal = decompose(&mut scaled, &periods);
        let mut season = vec![0.0; scaled.values.len()];
        for component in &seasonal {
            for (sum, value) in season.iter_mut().zip(component) {
                *sum += value * scaled.unit;
            }
        }
        let values = scaled.values.iter().map(|y| y * scaled.unit);
        let adjusted: Vec<f64> = values.zip(&season).map(|(y, s)| y - s).collect();
        let smoothing = AugursEts.fit(&History {
            values: &adjusted,
            ..History::default()
        })?;
        let mut warnings = scaled.warnings;
        for warning in smoothing.warnings() {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
        let cycles = seasonal.into_iter().zip(&periods);
        let cycles = cycles
            .map(|(mut component, period)| {
                let last = component.split_off(component.len() - period);
                last.into_iter().map(|value| value * scaled.unit).collect()
            })
            .collect();
        let fitted = smoothing.fitted().iter().zip(&season);
        Ok(Box::new(FittedMstl {
            fitted: fitted.map(|(f, s)| f + s).collect(),
            cycles,
            smoothing,
            warnings,
        }))
    }
}

/// The periods in whole steps that the history has two cycles of, ascending.
fn usable(scaled: &mut Scaled, periods: &[f64]) -> Vec<usize> {
    let mut usable: Vec<usize> = Vec::with_capacity(periods.len());
    for &period in periods {
        let rounded = period.round();
        if !(2.0..1e9).contains(&rounded) || usable.contains(&(rounded as usize)) {
            continue;
        }
        let cycles = scaled.observed as f64 / rounded;
        if cycles < 2.0 {
            scaled.warn(
                "too-short-for-season",
                format!("only {cycles:.1} cycles of the season of {period} steps: it is left out"),
            );
            continue;
        }
        if rounded != period {
            scaled.warn(
                "season-rounded",
                format!("the season of {period} steps is taken as {rounded}"),
            );
        }
        usable.push(rounded as usize);
    }
    usable.sort_unstable();
    usable
}

/// The seasonal components, a period each; none, and no periods, where there are none to be found.
fn decompose(scaled: &mut Scaled, periods: &[usize]) -> Vec<Vec<f64>> {
    if periods.is_empty() || scaled.is_constant() {
        return Vec::new();
    }
    let parts = |values: &[f64]| -> Result<Vec<Vec<f64>>, String> {
        let fit = MstlParams::new()
            .fit(values, periods)
            .map_err(|error| error.to_string())?;
        let seasonal = fit.seasonal().to_vec();
        if !seasonal.iter().flatten().all(|s| s.is_finite()) {
            return Err("a component is not finite".into());
        }
        Ok(seasonal)
    };
    let found = parts(&bridge_gaps(&scaled.values)).and_then(|seasonal| {
        if scaled.observed == scaled.values.len() {
            return Ok(seasonal);
        }
        let season = |t: usize| seasonal.iter().map(|component| component[t]).sum::<f64>();
        let adjusted: Vec<f64> = (0..scaled.values.len())
            .map(|t| scaled.values[t] - season(t))
            .collect();
        let bridged = bridge_gaps(&adjusted);
        let filled: Vec<f64> = (0..bridged.len()).map(|t| bridged[t] + season(t)).collect();
        parts(&filled)
    });
    found.unwrap_or_else(|reason| {
        scaled.warn(
            "no-decomposition",
            format!("the seasons could not be taken out ({reason}): they are left aside"),
        );
        Vec::new()
    })
}

/// A fitted model.
#[derive(Debug)]
struct FittedMstl {
    smoothing: Box<dyn Fitted>,
    /// The last cycle of each season, in the units of the series.
    cycles: Vec<Vec<f64>>,
    fitted: Vec<f64>,
    warnings: Vec<Warning>,
}

impl FittedMstl {
    /// Adds the seasons to steps after the history.
    fn add_seasons(&self, values: &mut [f64]) {
        for cycle in &self.cycles {
            for (value, season) in values.iter_mut().zip(cycle.iter().cycle()) {
                *value += season;
            }
        }
    }
}

impl Fitted for FittedMstl {
    fn description(&self) -> String {
        if self.cycles.is_empty() {
            return self.smoothing.description();
        }
        let periods: Vec<String> = self.cycles.iter().map(|c| c.len().to_string()).collect();
        format!(
            "MSTL[{}] with {}",
            periods.join(", "),
            self.smoothing.description()
        )
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        let seasonal: usize = self.cycles.iter().map(|cycle| cycle.len() - 1).sum();
        self.smoothing.parameters() + seasonal
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        _future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        let mut forecast = self.smoothing.forecast(horizon, levels, &[])?;
        self.add_seasons(&mut forecast.mean);
        for interval in &mut forecast.intervals {
            self.add_seasons(&mut interval.lower);
            self.add_seasons(&mut interval.upper);
        }
        Ok(forecast)
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        _future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        let mut paths = self.smoothing.simulate(horizon, paths, seed, &[])?;
        for path in &mut paths {
            self.add_seasons(path);
        }
        Ok(paths)
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    fn details(&self) -> Details {
        self.smoothing.details()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::random::Generator;

    fn fit(values: &[f64], periods: &[f64]) -> Box<dyn Fitted> {
        let history = History {
            values,
            periods,
            ..History::default()
        };
        Mstl.fit(&history).unwrap()
    }

    /// Two seasons of 6 and 30 steps around a level.
    fn seasonal(t: usize) -> f64 {
        let short = [3.0, 1.0, -2.0, -4.0, 0.0, 2.0][t % 6];
        let long = if t % 30 < 10 { 5.0 } else { -2.5 };
        50.0 + short + long
    }

    #[test]
    fn two_seasons_go_on() {
        let mut random = Generator::new(2);
        let mut values: Vec<f64> = (0..300)
            .map(|t| seasonal(t) + 0.2 * random.normal())
            .collect();
        values[100..104].fill(f64::NAN);
        let fitted = fit(&values, &[6.0, 30.0, 200.0]);
        assert!(
            fitted
                .description()
                .starts_with("MSTL[6, 30] with augurs ETS(")
        );
        let codes: Vec<&str> = fitted.warnings().iter().map(|w| w.code).collect();
        assert_eq!(codes, ["missing-values", "too-short-for-season"]);
        let forecast = fitted.forecast(60, &[95.0], &[]).unwrap();
        let paths = fitted.simulate(60, 500, 1, &[]).unwrap();
        for h in 0..60 {
            let want = seasonal(300 + h);
            assert!(
                (forecast.mean[h] - want).abs() < 0.6,
                "{h}: {} {want}",
                forecast.mean[h]
            );
            let interval = &forecast.intervals[0];
            assert!(interval.lower[h] < forecast.mean[h] && forecast.mean[h] < interval.upper[h]);
            let mean = paths.iter().map(|path| path[h]).sum::<f64>() / 500.0;
            assert!((mean - forecast.mean[h]).abs() < 0.2, "{h}");
        }
        assert!((fitted.fitted()[102] - seasonal(102)).abs() < 0.6);
    }

    #[test]
    fn without_a_season_it_is_plain_smoothing() {
        let values: Vec<f64> = (0..40).map(|t| f64::from(t * t % 11)).collect();
        let fitted = fit(&values, &[30.0]);
        let codes: Vec<&str> = fitted.warnings().iter().map(|w| w.code).collect();
        assert_eq!(codes, ["too-short-for-season", "no-season"]);
        let plain = fit(&values, &[]);
        let ahead = |fitted: &dyn Fitted| fitted.forecast(3, &[], &[]).unwrap().mean;
        assert_eq!(ahead(&*fitted), ahead(&*plain));
    }

    #[test]
    fn a_pure_season_is_repeated() {
        let values: Vec<f64> = (0..48).map(|t| seasonal(t % 6)).collect();
        let forecast = fit(&values, &[6.0]).forecast(12, &[95.0], &[]).unwrap();
        for (h, mean) in forecast.mean.iter().enumerate() {
            assert!((mean - seasonal(h % 6)).abs() < 1e-6, "{h}: {mean}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn nothing_panics(
            values in proptest::collection::vec(prop_oneof![
                6 => -1e3..1e3_f64,
                1 => Just(f64::NAN),
                1 => any::<f64>(),
                3 => Just(0.0),
            ], 0..90),
            periods in proptest::collection::vec(prop_oneof![2.0..40.0_f64, any::<f64>()], 0..4),
        ) {
            let history = History { values: &values, periods: &periods, ..History::default() };
            if let Ok(fitted) = Mstl.fit(&history) {
                prop_assert_eq!(fitted.fitted().len(), values.len());
                prop_assert_eq!(fitted.forecast(5, &[95.0], &[]).unwrap().mean.len(), 5);
                prop_assert!(fitted.simulate(3, 2, 1, &[]).is_ok());
                let _ = (fitted.details(), fitted.description(), fitted.parameters());
            }
        }
    }
}
