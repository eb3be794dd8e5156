use super::*;
use crate::stats::random::Generator;
use proptest::prelude::*;
use std::f64::consts::TAU;

/// A day of 48 steps and a week of 336, with correlated errors.
fn load(steps: usize) -> Vec<f64> {
    let mut random = Generator::new(6);
    let mut error = 0.0;
    let mut step = |t: usize| {
        error = 0.8 * error + random.normal();
        let t = t as f64;
        200.0 + 30.0 * (TAU * t / 48.0).sin() + 10.0 * (TAU * t / 24.0).cos()
            - 15.0 * (TAU * t / 336.0).cos()
            + error
    };
    (0..steps).map(&mut step).collect()
}

fn fit(values: &[f64], periods: &[f64], regressors: &[Vec<f64>]) -> FittedHarmonic {
    let history = History {
        values,
        periods,
        regressors,
    };
    Harmonic::default().regress(&history).unwrap()
}

fn error(forecast: &[f64], actual: &[f64]) -> f64 {
    let pairs = forecast.iter().zip(actual);
    pairs.map(|(f, a)| (f - a).abs()).sum::<f64>() / actual.len() as f64
}

#[test]
fn both_ways_forecast_two_seasons() {
    // The first is estimated jointly, the second in turn.
    for steps in [1_500, 12_000] {
        let values = load(steps + 336);
        let fitted = fit(&values[..steps], &[48.0, 336.0], &[]);
        let warned = fitted
            .warnings()
            .iter()
            .any(|w| w.code == "harmonic-in-turn");
        assert_eq!(warned, steps > 2_000);
        let counts: Vec<usize> = fitted.harmonics().map(|(_, count)| count).collect();
        assert!(
            counts[0] >= 2 && counts[0] < 6 && counts[1] < 6,
            "{counts:?}"
        );
        let forecast = fitted.forecast(336, &[95.0], &[]).unwrap();
        // The errors' own standard deviation is 1/√(1 − 0.64) = 1.67.
        let mean = error(&forecast.mean, &values[steps..]);
        assert!(mean < 2.0, "{mean}");
        let interval = &forecast.intervals[0];
        let inside = (0..336)
            .filter(|h| (interval.lower[*h]..interval.upper[*h]).contains(&values[steps + h]));
        assert!(inside.count() > 290);
        assert_eq!(fitted.fitted().len(), steps);
        let path = &fitted.simulate(5, 3, 1, &[]).unwrap()[2];
        assert!(error(path, &values[steps..steps + 5]) < 10.0);
    }
}

#[test]
fn outside_variables_in_both_ways() {
    for steps in [1_000, 12_000] {
        let mut values = load(steps);
        let event: Vec<f64> = (0..steps + 2)
            .map(|t| f64::from(u8::from(t % 97 < 5)))
            .collect();
        values
            .iter_mut()
            .zip(&event)
            .for_each(|(y, x)| *y += 40.0 * x);
        values[300] = f64::NAN;
        let fitted = fit(&values, &[48.0, 336.0], &[event[..steps].to_vec()]);
        let at = |x: f64| {
            let forecast = fitted.forecast(2, &[], &[vec![x; 2]]).unwrap();
            forecast.mean[1]
        };
        let effect = at(1.0) - at(0.0);
        assert!((effect - 40.0).abs() < 1.5, "{effect}");
        assert!(matches!(
            fitted.forecast(2, &[], &[]),
            Err(FitError::Regressors(_))
        ));
        assert!(matches!(
            fitted.forecast(2, &[], &[vec![1.0]]),
            Err(FitError::Regressors(_))
        ));
    }
}

#[test]
fn outside_variables_without_a_season() {
    let values = load(12_000);
    let columns: Vec<Vec<f64>> = (2..5)
        .map(|k| {
            (0..12_000)
                .map(|t| f64::from(u8::from(t % (31 * k) < 5)))
                .collect()
        })
        .collect();
    let fitted = fit(&values, &[9e9], &columns);
    assert!(fitted.forecast(1, &[], &vec![vec![1.0]; 3]).is_ok());
}

#[test]
fn a_season_need_not_be_whole() {
    let wave = |t: usize| 5.0 * (TAU * t as f64 / 36.525).sin();
    let mut random = Generator::new(1);
    let values: Vec<f64> = (0..800).map(|t| wave(t) + 0.5 * random.normal()).collect();
    let fitted = fit(&values, &[36.525], &[]);
    let forecast = fitted.forecast(40, &[], &[]).unwrap();
    let actual: Vec<f64> = (800..840).map(wave).collect();
    assert!(error(&forecast.mean, &actual) < 0.3);
}

#[test]
fn seasons_without_cycles_are_left_out() {
    let values = load(500);
    let fitted = fit(&values, &[48.0, 336.0], &[]);
    assert_eq!(fitted.harmonics().count(), 1);
    assert!(
        fitted
            .warnings()
            .iter()
            .any(|w| w.code == "too-short-for-season")
    );
    let none = fit(&values[..30], &[48.0], &[]);
    assert!(
        none.description().starts_with("ARIMA"),
        "{}",
        none.description()
    );
    let constant = fit(&[3.0; 200], &[48.0], &[]);
    assert_eq!(constant.description(), "naive");
    assert_eq!(constant.forecast(2, &[], &[]).unwrap().mean, [3.0, 3.0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn nothing_panics(
        values in prop_oneof![
            proptest::collection::vec(-1e3..1e3_f64, 0..60),
            proptest::collection::vec(
                prop_oneof![Just(f64::NAN), Just(0.0), Just(1.0), -1.0..1.0],
                0..90,
            ),
            proptest::collection::vec(prop_oneof![Just(1e300), Just(f64::NAN), Just(1e-300)], 0..40),
        ],
        periods in proptest::collection::vec(
            prop_oneof![0.0..30.0_f64, Just(f64::NAN), Just(2.0), Just(7.0), Just(14.0)],
            0..4,
        ),
        with in any::<bool>(),
    ) {
        let regressors: Vec<Vec<f64>> = with.then(|| vec![1.0; values.len()]).into_iter().collect();
        let history = History { values: &values, periods: &periods, regressors: &regressors };
        if let Ok(fitted) = Harmonic::default().regress(&history) {
            let future = vec![vec![1.0; 3]; regressors.len()];
            let forecast = fitted.forecast(3, &[95.0], &future).unwrap();
            prop_assert!(forecast.mean.iter().all(|x| x.is_finite()));
            fitted.description();
        } else {
            prop_assert!(values.iter().all(|x| x.is_nan()));
        }
    }
}
