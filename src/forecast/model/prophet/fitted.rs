//! A fitted Prophet: forecasts, intervals and sample paths.
//!
//! Intervals are quantiles of sample paths, always the same for the same model. A path has
//! normal errors and, after the history, changes of its rate as often as the history has change
//! points, with Laplace's distribution and the mean size of the history's.

use augurs::prophet::TrendIndicator;
use augurs::prophet::optimizer::{Data, OptimizedParams};

use super::Frame;
use super::trend::{Line, Segments, sigmoid};
use crate::forecast::model::history::Scaled;
use crate::forecast::model::interval;
use crate::forecast::{Coefficient, Details, FitError, Fitted, Forecast, History};
use crate::model::Warning;
use crate::stats::decomposition::Composition;
use crate::stats::inner_product::inner_product;
use crate::stats::random::Generator;

/// How many sample paths an interval is made from, as many as Prophet's.
const PATHS: usize = 1000;
/// What Prophet adds to the mean size of the changes.
const LEAST_CHANGE: f64 = 1e-8;

/// A model with its estimates.
#[derive(Debug)]
pub(super) struct FittedProphet {
    frame: Frame,
    estimate: OptimizedParams,
    segments: Segments,
    /// How many steps the history has.
    length: usize,
    /// What a value of the search is in units of the series, and the floor that is added.
    scale: f64,
    floor: f64,
    fitted: Vec<f64>,
    warnings: Vec<Warning>,
}

/// A step after the history: the trend as estimated, and what the features make of it.
#[derive(Debug, Clone, Copy)]
struct Ahead {
    time: f64,
    trend: f64,
    factor: f64,
    add: f64,
}

/// A sample path on its way: how far it has left the estimated trend (linear), or its own rate and
/// offset (logistic).
#[derive(Debug, Clone, Copy, Default)]
struct Path {
    /// The change of the last step, half of which counts one step later.
    last: f64,
    slope: f64,
    offset: f64,
}

impl FittedProphet {
    pub(super) fn new(
        scaled: Scaled,
        frame: Frame,
        data: &Data,
        estimate: OptimizedParams,
        history: &History<'_>,
    ) -> Self {
        let mut segments = Segments::default();
        segments.fill(&Line {
            kind: frame.trend,
            k: estimate.k,
            m: estimate.m,
            delta: &estimate.delta,
            times: &data.t_change,
        });
        let mut fitted = Self {
            scale: frame.scale * scaled.unit,
            floor: frame.bounds.floor * scaled.unit,
            frame,
            estimate,
            segments,
            length: scaled.values.len(),
            fitted: Vec::new(),
            warnings: scaled.warnings,
        };
        let steps = fitted.steps(0, fitted.length, history.regressors);
        fitted.fitted = steps.iter().map(|step| fitted.value(step)).collect();
        fitted
    }

    /// The steps from one on.
    fn steps(&self, first: usize, count: usize, regressors: &[Vec<f64>]) -> Vec<Ahead> {
        let mut row = Vec::with_capacity(self.frame.features.count());
        let step = |h: usize| {
            let time = self.frame.time(first + h);
            let changes = &self.frame.change_times;
            let segment = changes.partition_point(|change| *change <= time);
            row.clear();
            let outside = regressors.iter().map(|column| column[h]);
            self.frame.features.push_row(first + h, outside, &mut row);
            let effect = inner_product(&row, &self.estimate.beta);
            let multiplicative = self.frame.mode == Composition::Multiplicative;
            Ahead {
                time,
                trend: self
                    .segments
                    .at(self.frame.trend, segment, time, self.frame.bounds.cap),
                factor: if multiplicative { 1.0 + effect } else { 1.0 },
                add: if multiplicative { 0.0 } else { effect },
            }
        };
        (0..count).map(step).collect()
    }

    /// A value of the search in the units of the series.
    fn restore(&self, value: f64) -> f64 {
        value * self.scale + self.floor
    }

    fn value(&self, step: &Ahead) -> f64 {
        self.restore(step.trend * step.factor + step.add)
    }

    fn check(&self, horizon: usize, future: &[Vec<f64>]) -> Result<(), FitError> {
        let wanted = self.frame.features.regressors.len();
        if future.len() != wanted {
            return Err(FitError::Regressors(format!(
                "{} columns of future values were given, the model has {wanted}",
                future.len()
            )));
        }
        let fits =
            |column: &Vec<f64>| column.len() == horizon && column.iter().all(|x| x.is_finite());
        match future.iter().position(|column| !fits(column)) {
            None => Ok(()),
            Some(i) => Err(FitError::Regressors(format!(
                "column {} of the future does not have {horizon} finite values",
                i + 1
            ))),
        }
    }

    /// The probability that a step changes the rate, and the mean size of a change.
    fn changes(&self) -> (f64, f64) {
        let sizes = &self.estimate.delta;
        if sizes.is_empty() {
            return (0.0, 0.0);
        }
        let mean = sizes.iter().map(|delta| delta.abs()).sum::<f64>() / sizes.len() as f64;
        (sizes.len() as f64 / self.frame.elapsed, mean + LEAST_CHANGE)
    }

    /// A path at the end of the history's values; steps without values at its end are gone through.
    fn path(&self, generator: &mut Generator) -> Path {
        let last = self.segments.rate.len() - 1;
        let mut path = match self.frame.trend {
            TrendIndicator::Logistic => Path {
                last: 0.0,
                slope: self.segments.rate[last],
                offset: self.segments.offset[last],
            },
            _ => Path::default(),
        };
        let end = self.frame.first + self.frame.elapsed as usize + 1;
        for step in end..self.length {
            self.trend(&mut path, self.frame.time(step), 0.0, generator);
        }
        path
    }

    /// Goes a step ahead and returns the path's own trend.
    fn trend(&self, path: &mut Path, time: f64, expected: f64, generator: &mut Generator) -> f64 {
        let (probability, size) = self.changes();
        let mut change = 0.0;
        if probability > 0.0 && generator.uniform() < probability {
            change = -(1.0 - generator.uniform()).ln() * size;
            if generator.next_u64() >> 63 == 1 {
                change = -change;
            }
        }
        match self.frame.trend {
            TrendIndicator::Flat => expected,
            TrendIndicator::Linear => {
                path.slope += 0.5 * (path.last + change);
                path.last = change;
                path.offset += path.slope / self.frame.elapsed;
                expected + path.offset
            }
            TrendIndicator::Logistic => {
                let rate = path.slope + change;
                if change != 0.0 && rate != 0.0 {
                    path.offset = time - (time - path.offset) * path.slope / rate;
                    path.slope = rate;
                }
                self.frame.bounds.cap * sigmoid(path.slope * (time - path.offset))
            }
        }
    }

    /// Goes a step ahead and returns the path's value.
    fn draw(&self, path: &mut Path, step: &Ahead, generator: &mut Generator) -> f64 {
        let trend = self.trend(path, step.time, step.trend, generator);
        trend * step.factor + step.add + *self.estimate.sigma_obs * generator.normal()
    }
}

impl Fitted for FittedProphet {
    fn description(&self) -> String {
        let trend = match self.frame.trend {
            TrendIndicator::Linear => "linear trend",
            TrendIndicator::Logistic => "logistic trend",
            TrendIndicator::Flat => "flat trend",
        };
        let mode = match self.frame.mode {
            Composition::Additive => "",
            Composition::Multiplicative => " multiplicative",
        };
        let seasons: Vec<String> = self
            .frame
            .features
            .seasons
            .iter()
            .map(|season| format!("{}:{}", season.period, season.terms))
            .collect();
        let seasons = match seasons.is_empty() {
            true => String::new(),
            false => format!(",{mode} seasons [{}]", seasons.join(", ")),
        };
        format!("Prophet({trend}{seasons})")
    }

    fn fitted(&self) -> &[f64] {
        &self.fitted
    }

    fn parameters(&self) -> usize {
        2 + self.estimate.delta.len() + self.estimate.beta.len()
    }

    fn forecast(
        &self,
        horizon: usize,
        levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        interval::check(levels)?;
        self.check(horizon, future)?;
        let steps = self.steps(self.length, horizon, future);
        let mean = steps.iter().map(|step| self.value(step)).collect();
        let mut intervals = interval::empty(levels);
        if !levels.is_empty() {
            let mut generator = Generator::new(0);
            let mut paths: Vec<Path> = (0..PATHS).map(|_| self.path(&mut generator)).collect();
            let mut sample = vec![0.0; PATHS];
            for step in &steps {
                for (path, value) in paths.iter_mut().zip(&mut sample) {
                    *value = self.draw(path, step, &mut generator);
                }
                interval::push_quantiles(&mut intervals, &mut sample, self.scale);
            }
            for bound in intervals
                .iter_mut()
                .flat_map(|interval| interval.lower.iter_mut().chain(&mut interval.upper))
            {
                *bound += self.floor;
            }
        }
        Ok(Forecast { mean, intervals })
    }

    fn simulate(
        &self,
        horizon: usize,
        paths: usize,
        seed: u64,
        future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        self.check(horizon, future)?;
        let steps = self.steps(self.length, horizon, future);
        let mut generator = Generator::new(seed);
        let path = |_| {
            let mut path = self.path(&mut generator);
            steps
                .iter()
                .map(|step| self.restore(self.draw(&mut path, step, &mut generator)))
                .collect()
        };
        Ok((0..paths).map(path).collect())
    }

    fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// k, m, σ and the coefficients, in Prophet's scaled units.
    fn details(&self) -> Details {
        let estimate = |name: String, estimate: f64| Coefficient {
            name,
            estimate,
            standard_error: None,
        };
        let mut coefficients = vec![
            estimate("k".into(), self.estimate.k),
            estimate("m".into(), self.estimate.m),
            estimate("sigma_obs".into(), *self.estimate.sigma_obs),
        ];
        let deltas = self.estimate.delta.iter().enumerate();
        coefficients.extend(deltas.map(|(i, d)| estimate(format!("delta{}", i + 1), *d)));
        let mut betas = self.estimate.beta.iter();
        for season in &self.frame.features.seasons {
            for k in 1..=season.terms {
                for (name, beta) in ["S", "C"].into_iter().zip(betas.by_ref()) {
                    coefficients.push(estimate(format!("{name}{k}-{}", season.period), *beta));
                }
            }
        }
        for (i, beta) in betas.enumerate() {
            coefficients.push(estimate(format!("xreg{}", i + 1), *beta));
        }
        Details {
            coefficients,
            ..Details::default()
        }
    }
}
