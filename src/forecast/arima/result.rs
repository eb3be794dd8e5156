//! A fitted model: its estimates, what it says of the history, and the state it left.

use super::difference::Differenced;
use super::estimate::Estimate;
use super::innovations::Purpose;
use super::kalman::System;
use super::likelihood::{Method, Workspace};
use super::polynomial::Taps;
use super::standard_errors::standard_errors;
use crate::forecast::{Coefficient, Diagnosis, FitError};
use crate::model::Warning;

/// A fitted seasonal ARIMA model, with or without regressors.
#[derive(Debug, Clone)]
pub struct ArimaFit {
    /// The estimates.
    pub estimate: Estimate,
    /// The names of all coefficients: `ar1`, `ma1`, `sar1`, `sma1`, `intercept` or `drift`, `xreg1`.
    pub names: Vec<String>,
    /// Their standard errors from the Hessian of the likelihood, in the same order; NaN
    /// where there is none, and empty where they were not asked for.
    pub standard_errors: Vec<f64>,
    /// The innovations, in the units of the values; NaN where there is none.
    pub residuals: Vec<f64>,
    pub(super) fitted: Vec<f64>,
    pub(super) warnings: Vec<Warning>,
    pub(super) description: String,
    pub(super) state: State,
    pub(super) constant: Option<Constant>,
    /// The regressors' values after the last value that is not missing.
    pub(super) tails: Vec<Vec<f64>>,
    /// How many steps from there to the end of the history.
    pub(super) trailing: usize,
    /// How many values the history has, missing or not.
    pub(super) length: usize,
}

/// What the constant is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Constant {
    Mean,
    Drift,
}

/// The state after the last value, of the series less its regression.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) ar: Taps,
    pub(super) psi: Vec<f64>,
    pub(super) gamma: Vec<f64>,
    pub(super) integration: Vec<(usize, f64)>,
    /// The forecasts of the next differences, then the last levels.
    pub(super) mean: Vec<f64>,
    /// What is not known of it, in units of the innovations' variance; empty for nothing.
    pub(super) covariance: Vec<f64>,
}

impl State {
    pub(super) fn system(&self) -> System<'_> {
        System {
            ar: &self.ar,
            psi: &self.psi,
            gamma: &self.gamma,
            integration: &self.integration,
        }
    }
}

/// A state whose next forecast is this little uncertain is known.
const UNCERTAIN: f64 = 1e-6;

/// Completes an estimate: standard errors, fitted values, residuals and the state that
/// forecasts begin from. `data` and its order are those it was estimated with.
pub fn finish(
    workspace: &mut Workspace,
    data: &Differenced,
    estimate: Estimate,
) -> Result<ArimaFit, FitError> {
    workspace.prepare(&estimate.order);
    let errors = standard_errors(workspace, data, &estimate);
    complete(workspace, data, estimate, errors)
}

/// Does the same without standard errors, which are most of the cost.
pub fn finish_without_errors(
    workspace: &mut Workspace,
    data: &Differenced,
    estimate: Estimate,
) -> Result<ArimaFit, FitError> {
    workspace.prepare(&estimate.order);
    complete(workspace, data, estimate, Vec::new())
}

fn complete(
    workspace: &mut Workspace,
    data: &Differenced,
    estimate: Estimate,
    errors: Vec<f64>,
) -> Result<ArimaFit, FitError> {
    let order = estimate.order;
    let constant = data.constant.then_some(if order.lost() == 0 {
        Constant::Mean
    } else {
        Constant::Drift
    });
    let mut names = order.coefficient_names();
    names.extend(constant.map(|c| match c {
        Constant::Mean => "intercept".to_owned(),
        Constant::Drift => "drift".to_owned(),
    }));
    names.extend((1..=data.tails.len()).map(|i| format!("xreg{i}")));
    let lost = || FitError::NotConverged("the likelihood is not finite".into());
    let (innovations, forecasts, state) = if estimate.filtered || data.missing > 0 {
        filtered(workspace, data, &estimate)
    } else {
        recursed(workspace, data, &estimate)
    }
    .ok_or_else(lost)?;
    let length = data.leading + data.levels.len() + data.trailing;
    let first = data.leading + order.lost();
    let mut residuals = vec![f64::NAN; length];
    let mut fitted = vec![f64::NAN; length];
    for (t, (innovation, forecast)) in innovations.iter().zip(&forecasts).enumerate() {
        if !data.levels[order.lost() + t].is_nan() {
            residuals[first + t] = *innovation;
        }
        fitted[first + t] = forecast + explained(data, &estimate, order.lost() + t);
    }
    Ok(ArimaFit {
        description: description(&estimate, constant, data.tails.len()),
        warnings: warnings(data, &estimate, &errors),
        names,
        standard_errors: errors,
        residuals,
        fitted,
        state,
        constant,
        tails: data.tails.clone(),
        trailing: data.trailing,
        length,
        estimate,
    })
}

impl ArimaFit {
    /// Whether there is a mean or a drift.
    #[must_use]
    pub fn has_constant(&self) -> bool {
        self.constant.is_some()
    }

    /// What the residuals say.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        let order = self.estimate.order;
        Diagnosis::of(&self.residuals, order.coefficients(), order.period)
    }

    /// The coefficients by name, then the variance of the innovations.
    pub(super) fn coefficients(&self) -> Vec<Coefficient> {
        let estimates = self
            .estimate
            .coefficients
            .iter()
            .chain(&self.estimate.regression);
        let named = self.names.iter().zip(estimates).zip(&self.standard_errors);
        let named =
            named.map(|((name, estimate), error)| Coefficient::new(name, *estimate, *error));
        let variance = Coefficient::new("sigma2", self.estimate.adjusted_variance(), f64::NAN);
        named.chain([variance]).collect()
    }
}

/// What the regression explains of a level.
fn explained(data: &Differenced, estimate: &Estimate, t: usize) -> f64 {
    let pairs = data.columns.iter().zip(&estimate.regression);
    pairs.map(|(c, b)| b * c.scale * c.levels()[t]).sum()
}

type Traces = (Vec<f64>, Vec<f64>, State);

fn recursed(workspace: &mut Workspace, data: &Differenced, estimate: &Estimate) -> Option<Traces> {
    let coefficients = &estimate.coefficients;
    let purpose = Purpose::State;
    let data = &data.less(&data.scaled(&estimate.regression));
    workspace.evaluate(data, coefficients, None, Method::Recursion, purpose)?;
    let order = workspace.state_order();
    workspace.psi_weights(order);
    let (lost, n) = (data.order.lost(), data.values.len());
    let levels = &data.levels;
    let forecasts = levels[lost..].iter().zip(&workspace.innovations);
    let forecasts = forecasts.map(|(level, v)| level - v).collect();
    let mut mean = workspace.recursion.forecasts[0][n..n + order].to_vec();
    mean.extend(levels.iter().rev().take(lost));
    let mut state = State {
        ar: workspace.ar.clone(),
        psi: workspace.psi.clone(),
        gamma: workspace.autocovariance.gamma.clone(),
        integration: data.integration.clone(),
        mean,
        covariance: Vec::new(),
    };
    let taped = workspace.recursion.tape.partial.len() == n;
    if taped && workspace.recursion.next_variance - 1.0 > UNCERTAIN {
        state.covariance = remaining(workspace, &state, order);
    }
    Some((workspace.innovations.clone(), forecasts, state))
}

/// The state's covariance after the last step: each step took `L L'/F` of it away.
fn remaining(workspace: &Workspace, state: &State, order: usize) -> Vec<f64> {
    let width = order + state.integration.last().map_or(0, |(lag, _)| *lag);
    let mut covariance = Vec::new();
    state.system().start(&mut covariance);
    let run = &workspace.recursion;
    let mut vector = vec![0.0; order];
    for (t, moved) in run.tape.moved.chunks_exact(order).enumerate() {
        let variance = run.variances[t];
        vector[0] = run.tape.partial[t] * variance;
        vector[1..].copy_from_slice(&moved[..order - 1]);
        for i in 0..order {
            let factor = vector[i] / variance;
            let row = &mut covariance[i * width..i * width + order];
            for (c, v) in row.iter_mut().zip(&vector) {
                *c -= factor * v;
            }
        }
    }
    covariance
}

fn filtered(workspace: &mut Workspace, data: &Differenced, estimate: &Estimate) -> Option<Traces> {
    let coefficients = &estimate.coefficients;
    workspace.evaluate(data, coefficients, None, Method::Filter, Purpose::Value)?;
    let mut levels = data.less(&data.scaled(&estimate.regression)).levels;
    // Of the first levels those missing were zeros less a coefficient of the regression.
    let gaps = (0..data.order.lost()).filter(|t| data.levels[*t].is_nan());
    for (gap, level) in gaps.zip(&workspace.regression.coefficients) {
        levels[gap] = -explained(data, estimate, gap) - level;
    }
    let order = workspace.state_order();
    workspace.psi_weights(order);
    let mut state = State {
        ar: workspace.ar.clone(),
        psi: workspace.psi.clone(),
        gamma: workspace.autocovariance.gamma.clone(),
        integration: data.integration.clone(),
        ..State::default()
    };
    if !workspace.kalman.run(&state.system(), &[&levels]) {
        return None;
    }
    state.mean = workspace.kalman.states[0].clone();
    state.covariance = workspace.kalman.covariance.clone();
    Some((
        workspace.kalman.values[0].clone(),
        workspace.kalman.forecasts.clone(),
        state,
    ))
}

fn description(estimate: &Estimate, constant: Option<Constant>, regressors: usize) -> String {
    let order = estimate.order;
    let differences = order.differences + order.seasonal_differences;
    match (regressors, constant) {
        (0, Some(Constant::Drift)) => format!("{order} with drift"),
        (0, Some(Constant::Mean)) => format!("{order} with non-zero mean"),
        (0, None) if differences == 0 => format!("{order} with zero mean"),
        (0, None) => order.to_string(),
        (_, _) => format!("Regression with {order} errors"),
    }
}

fn warnings(data: &Differenced, estimate: &Estimate, errors: &[f64]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if estimate.filtered && data.missing == 0 {
        warnings.push(Warning::new(
            "arima-near-unit-root",
            "the model is so near to a unit root that the fast likelihood is not exact: a Kalman filter was used",
        ));
    }
    if !estimate.converged {
        warnings.push(Warning::new(
            "arima-not-converged",
            "the search for the maximum of the likelihood ended before it converged",
        ));
    }
    let aliased = data.columns.iter().enumerate();
    for (i, _) in aliased.filter(|(_, c)| c.aliased) {
        let name = match (i, data.constant) {
            (0, true) => "the constant".to_owned(),
            (i, constant) => format!("outside variable {}", i + 1 - usize::from(constant)),
        };
        warnings.push(Warning::new(
            "arima-aliased-regressor",
            format!("{name} cannot be told apart from the differencing and the other variables: its coefficient is 0"),
        ));
    }
    let used = data.columns.iter().map(|c| !c.aliased);
    let mut used = vec![true; estimate.coefficients.len()]
        .into_iter()
        .chain(used);
    if errors
        .iter()
        .any(|e| used.next() == Some(true) && e.is_nan())
    {
        warnings.push(Warning::new(
            "arima-no-standard-errors",
            "the likelihood has no proper maximum here: some standard errors cannot be given",
        ));
    }
    warnings
}
