//! What the models are worth on values that were held out.

use super::Holdout;
use super::attempt::{self, Attempt};
use crate::forecast::History;
use crate::forecast::accuracy;
use crate::forecast::cross_validation::{Evaluation, Fold, Plan, Window};
use crate::model::Warning;

/// The fewest values before an origin.
const FEWEST: usize = 8;

/// From so many held-out values on, and by so many points, a coverage is warned of.
const FEWEST_COVERED: usize = 20;
const POINTS: f64 = 10.0;

/// Plans what is held out; none where nothing is wanted or the history affords nothing.
pub(super) fn plan(
    holdout: Holdout,
    horizon: usize,
    levels: &[f64],
    history: &History<'_>,
    warnings: &mut Vec<Warning>,
) -> Option<Plan> {
    let (origins, step, initial) = match holdout {
        Holdout::None => return None,
        Holdout::Last => (1, None, None),
        Holdout::Rolling {
            origins,
            step,
            initial,
        } => (origins.max(1), step, initial),
    };
    let period = history.periods.first().map_or(1, |p| p.round() as usize);
    let length = history.values.len();
    let wanted = horizon.max(1);
    // Two cycles for the season, and never more held out than left.
    let fewest = FEWEST.max(2 * period + 1).max(initial.unwrap_or(0));
    let most = length.saturating_sub(fewest).min(length / 2);
    let horizon = wanted.min(most);
    if horizon == 0 {
        warnings.push(Warning::new(
            "nothing-held-out",
            format!("{length} values are too few to hold some out: what the forecast is worth is not known"),
        ));
        return None;
    }
    if horizon < wanted {
        warnings.push(Warning::new(
            "short-holdout",
            format!("only {horizon} of {wanted} steps could be held out to measure the forecast"),
        ));
    }
    let plan = Plan {
        initial: fewest,
        step: step.unwrap_or(horizon).max(1),
        horizon,
        origins,
        window: Window::Expanding,
        levels: levels.to_vec(),
        period,
    };
    let there = plan.origins(length).len();
    if there < origins {
        warnings.push(Warning::new(
            "few-origins",
            format!("the history has {there} of the {origins} origins asked for"),
        ));
    }
    Some(plan)
}

/// Evaluates a chain of attempts at every origin.
pub(super) fn evaluate(
    attempts: &[Attempt],
    plan: &Plan,
    history: &History<'_>,
) -> (Evaluation, Vec<Warning>) {
    let origins = plan.origins(history.values.len());
    let count = origins.len();
    let (mut outcomes, mut reasons) = (Vec::with_capacity(count), Vec::new());
    for origin in origins {
        let (outcome, reason) = attempt::fold(attempts, plan, history, origin);
        outcomes.push(outcome);
        reasons.extend(reason);
    }
    let mut warnings = Vec::new();
    if let Some(reason) = reasons.first() {
        warnings.push(Warning::new(
            "fallback-in-evaluation",
            format!(
                "at {} of {count} origins a simpler method stood in: {reason}",
                reasons.len()
            ),
        ));
    }
    (Evaluation::new(outcomes), warnings)
}

/// What the held-out values say against a model.
pub(super) fn judge(evaluation: &Evaluation, baseline: Option<&Evaluation>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some((own, its, name)) = baseline.and_then(|baseline| compared(evaluation, baseline))
        && own > its
    {
        let by = 100.0 * (own / its - 1.0);
        let by = if !by.is_finite() {
            "which made none".to_owned()
        } else if by < 10.0 {
            format!("by {by:.1} %")
        } else {
            format!("by {by:.0} %")
        };
        warnings.push(Warning::new(
            "worse-than-baseline",
            format!("on the held-out values its errors are larger than those of {name}, {by}: the simpler method did better"),
        ));
    }
    for scores in &evaluation.overall.levels {
        let scored = evaluation.overall.scored;
        if let Some(coverage) = scores.coverage
            && scored >= FEWEST_COVERED
            && coverage < scores.level - POINTS
        {
            warnings.push(Warning::new(
                "coverage-below-nominal",
                format!(
                    "the interval held {coverage:.0} % of {scored} held-out values against {} % nominal",
                    scores.level
                ),
            ));
        }
    }
    warnings
}

/// The mean absolute errors of both from the origins that both have, and the baseline's name.
fn compared(one: &Evaluation, other: &Evaluation) -> Option<(f64, f64, String)> {
    let pairs: Vec<(&Fold, &Fold)> = one
        .folds
        .iter()
        .filter_map(|fold| {
            let same = other.folds.iter().find(|o| o.origin == fold.origin);
            same.map(|same| (fold, same))
        })
        .collect();
    let (ones, others): (Vec<&Fold>, Vec<&Fold>) = pairs.into_iter().unzip();
    let error = |folds: &[&Fold]| {
        let actual: Vec<f64> = folds.iter().flat_map(|f| f.actual.clone()).collect();
        let mean: Vec<f64> = folds.iter().flat_map(|f| f.forecast.mean.clone()).collect();
        accuracy::mae(&actual, &mean)
    };
    let (own, its) = (error(&ones)?, error(&others)?);
    let name = match others.first()?.description.as_str() {
        name if name.starts_with("seasonal naive") => "the seasonal naive method",
        _ => "the naive method",
    };
    Some((own, its, name.to_owned()))
}
