use super::*;
use crate::forecast::Fitted;
use crate::forecast::model::{Drift, Ets, Mean, Naive, SeasonalNaive, Theta};
use proptest::prelude::*;

fn plan() -> Plan {
    Plan {
        initial: 3,
        step: 2,
        horizon: 2,
        origins: usize::MAX,
        window: Window::Expanding,
        levels: vec![80.0],
        period: 1,
    }
}

fn of(values: &[f64]) -> History<'_> {
    History {
        values,
        ..History::default()
    }
}

fn near(got: Option<f64>, want: f64) {
    let got = got.expect("defined");
    assert!((got - want).abs() < 1e-12, "{got} instead of {want}");
}

#[test]
fn origins_end_a_horizon_before_the_last_value() {
    assert_eq!(plan().origins(10), [4, 6, 8]);
    assert_eq!(plan().origins(5), [3]);
    assert!(plan().origins(4).is_empty());
    assert!(plan().origins(0).is_empty());
    let few = Plan {
        origins: 2,
        ..plan()
    };
    assert_eq!(few.origins(10), [6, 8]);
}

#[test]
fn naive_by_hand() {
    // Origins 3 and 5. Before them the mean changes are 1.5 (1, 2) and 2 (1, 2, 3, 2).
    let values = [1.0, 2.0, 4.0, 1.0, 3.0, 6.0, f64::NAN];
    let evaluation = plan().evaluate(&Naive, &of(&values)).unwrap();
    assert_eq!(evaluation.folds.len(), 2);
    assert_eq!(evaluation.folds[1].origin, 5);
    // Step 1: forecasts 4 and 3, actual 1 and 6; step 2: 4, actual 3, and one missing.
    near(evaluation.steps[0].mase, (3.0 / 1.5 + 3.0 / 2.0) / 2.0);
    near(evaluation.steps[1].mase, 1.0 / 1.5);
    assert_eq!(evaluation.steps[1].scored, 1);
    near(evaluation.overall.mase, (2.0 + 1.5 + 1.0 / 1.5) / 3.0);
    let squares: f64 = 9.0 / 2.5 + 9.0 / 4.5;
    near(evaluation.steps[0].rmsse, (squares / 2.0).sqrt());
    near(evaluation.steps[0].smape, (120.0 + 200.0 / 3.0) / 2.0);
    assert_eq!(evaluation.steps[0].levels[0].level, 80.0);
    assert!(evaluation.overall.pinball.is_some());
}

/// A method that forecasts its only outside variable.
#[derive(Debug)]
struct Copying;

#[derive(Debug)]
struct Copied;

impl Model for Copying {
    fn fit(&self, history: &History<'_>) -> Result<Box<dyn Fitted>, FitError> {
        assert_eq!(history.regressors[0], history.values);
        if history.values.contains(&4.0) {
            return Err(FitError::NotConverged("four".into()));
        }
        Ok(Box::new(Copied))
    }
}

impl Fitted for Copied {
    fn description(&self) -> String {
        "copy".into()
    }
    fn fitted(&self) -> &[f64] {
        &[]
    }
    fn parameters(&self) -> usize {
        0
    }
    fn forecast(
        &self,
        _horizon: usize,
        _levels: &[f64],
        future: &[Vec<f64>],
    ) -> Result<Forecast, FitError> {
        Ok(Forecast {
            mean: future[0].clone(),
            intervals: Vec::new(),
        })
    }
    fn simulate(
        &self,
        _horizon: usize,
        _paths: usize,
        _seed: u64,
        _future: &[Vec<f64>],
    ) -> Result<Vec<Vec<f64>>, FitError> {
        Ok(Vec::new())
    }
    fn warnings(&self) -> &[Warning] {
        &[]
    }
}

#[test]
fn outside_variables_and_failures() {
    let values: Vec<f64> = (1..10).map(f64::from).collect();
    let regressors = [values.clone()];
    let history = History {
        values: &values,
        regressors: &regressors,
        ..History::default()
    };
    let plan = Plan {
        step: 1,
        levels: Vec::new(),
        window: Window::Sliding(3),
        ..plan()
    };
    let evaluation = plan.evaluate(&Copying, &history).unwrap();
    // The windows of three before origins 4, 5 and 6 hold the value 4.
    let failed: Vec<usize> = evaluation
        .failures
        .iter()
        .map(|failure| failure.origin)
        .collect();
    assert_eq!(failed, [4, 5, 6]);
    assert_eq!(
        evaluation.failures[0].error,
        FitError::NotConverged("four".into())
    );
    assert_eq!(evaluation.folds.len(), 2);
    near(evaluation.overall.mase, 0.0);
    let short = [vec![1.0; 4]];
    let history = History {
        regressors: &short,
        ..history
    };
    let failure = plan.fold(&Copying, &history, 5).unwrap_err();
    assert!(matches!(failure.error, FitError::Regressors(_)));
}

#[test]
fn too_short_a_history_has_no_evaluation() {
    let error = plan().evaluate(&Naive, &of(&[1.0; 4])).unwrap_err();
    assert_eq!(
        error,
        FitError::TooShort {
            present: 4,
            needed: 5
        }
    );
}

#[test]
fn the_order_of_the_folds_does_not_matter() {
    let values: Vec<f64> = (0..30).map(|t| f64::from(t * t % 11)).collect();
    let (plan, history) = (plan(), of(&values));
    let mut folds: Vec<_> = plan
        .origins(values.len())
        .into_iter()
        .map(|origin| plan.fold(&Drift, &history, origin))
        .collect();
    folds.reverse();
    assert_eq!(
        Evaluation::new(folds),
        plan.evaluate(&Drift, &history).unwrap()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn no_series_panics(
        values in prop::collection::vec(prop_oneof![
            5 => -1e3..1e3_f64,
            1 => Just(f64::NAN),
            1 => Just(0.0),
            1 => Just(1e300),
            1 => Just(-1e-300),
        ], 0..60),
        period in 2_usize..9,
        initial in 0_usize..9,
        step in 0_usize..4,
        horizon in 0_usize..5,
    ) {
        let plan = Plan { initial, step, horizon, origins: 3, period, ..plan() };
        let periods = [period as f64];
        let history = History { values: &values, periods: &periods, regressors: &[] };
        let models: [&dyn Model; 6] = [
            &Naive, &SeasonalNaive, &Drift, &Mean, &Ets::default(), &Theta::default(),
        ];
        for model in models {
            if let Ok(evaluation) = plan.evaluate(model, &history) {
                prop_assert!(evaluation.folds.len() + evaluation.failures.len() <= 3);
                let again = plan.evaluate(model, &history).unwrap();
                // As text, since a missing value is not equal to itself.
                prop_assert_eq!(format!("{evaluation:?}"), format!("{again:?}"));
            }
        }
    }
}
