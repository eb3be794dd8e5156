use super::*;
use crate::forecast::arima::{Order, Sarimax};
use crate::stats::random::Generator;
use crate::stats::reference_series::{AIR_PASSENGERS, NILE};
use proptest::prelude::*;

/// Users connected to a server by the minute (Makridakis, Wheelwright and Hyndman 1998; R's
/// `WWWusage`).
#[rustfmt::skip]
const WWW_USAGE: [f64; 100] = [
    88., 84., 85., 85., 84., 85., 83., 85., 88., 89., 91., 99., 104., 112., 126., 138., 146.,
    151., 150., 148., 147., 149., 143., 132., 131., 139., 147., 150., 148., 145., 140., 134., 131.,
    131., 129., 126., 126., 132., 137., 140., 142., 150., 159., 167., 170., 171., 172., 172., 174.,
    175., 172., 172., 174., 174., 169., 165., 156., 142., 131., 121., 112., 104., 102., 99., 99.,
    95., 88., 84., 84., 87., 89., 88., 85., 86., 89., 91., 91., 94., 101., 110., 121., 135., 145.,
    149., 156., 165., 171., 175., 177., 182., 193., 204., 208., 210., 215., 222., 228., 226., 222.,
    220.,
];

fn select(values: &[f64], periods: &[f64]) -> Selection {
    let history = History {
        values,
        periods,
        regressors: &[],
    };
    AutoArima::default().select(&history).unwrap()
}

fn codes(selection: &Selection) -> Vec<&str> {
    selection.warnings().iter().map(|w| w.code).collect()
}

#[test]
fn textbook_orders() {
    let logarithms = AIR_PASSENGERS.map(f64::ln);
    let air = select(&logarithms, &[12.0]);
    // Box and Jenkins 1976, chapter 9.
    assert_eq!(air.description(), "ARIMA(0,1,1)(0,1,1)[12]");
    // Hyndman and Khandakar's procedure as in the R package forecast 8.20: `auto.arima(WWWusage)`.
    assert_eq!(select(&WWW_USAGE, &[]).description(), "ARIMA(1,1,1)");
    // Durbin and Koopman 2012: a local level, which is ARIMA(0,1,1).
    let nile = select(&NILE, &[]);
    let local_level = Sarimax {
        order: Order::new(0, 1, 1),
        constant: false,
    };
    let history = History {
        values: &NILE,
        ..History::default()
    };
    let local_level = local_level.estimate(&history).unwrap();
    let found = nile.arima().unwrap();
    assert_eq!(found.estimate.order.differences, 1);
    assert!(found.estimate.aicc() <= local_level.estimate.aicc() + 1e-6);
}

#[test]
fn the_winner_has_the_least_aicc_of_the_trace() {
    let air = select(&AIR_PASSENGERS, &[12.0]);
    let fitted = air.trace.iter().filter_map(|c| match c.outcome {
        Outcome::Fitted(aicc) => Some(aicc),
        _ => None,
    });
    let least = fitted.fold(f64::INFINITY, f64::min);
    let found = air.arima().unwrap().estimate.aicc();
    assert!((found - least).abs() < 0.1, "{found} {least}");
    assert!(air.trace.len() > 10);
    for (i, one) in air.trace.iter().enumerate() {
        let again = |other: &Candidate| other.specification == one.specification;
        assert!(!air.trace[..i].iter().any(again), "{one}");
    }
    let exhaustive = AutoArima { exhaustive: true };
    let history = History {
        values: &AIR_PASSENGERS,
        periods: &[12.0],
        regressors: &[],
    };
    let every = exhaustive.select(&history).unwrap();
    // All of p + q + P + Q ≤ 5 with P, Q ≤ 2; after two differences there is no constant.
    assert_eq!(every.trace.len(), 96);
    assert!(every.arima().unwrap().estimate.aicc() < found + 1.0);
}

#[test]
fn a_random_walk_with_drift_keeps_its_drift() {
    let mut random = Generator::new(2);
    let mut level = 0.0;
    let mut step = |_| {
        level += 0.5 + random.normal();
        level
    };
    let values: Vec<f64> = (0..300).map(&mut step).collect();
    let walk = select(&values, &[]);
    assert_eq!(walk.description(), "ARIMA(0,1,0) with drift");
    let drift = (values[299] - values[0]) / 299.0;
    let forecast = walk.forecast(10, &[95.0], &[]).unwrap();
    assert!((forecast.mean[9] - values[299] - 10.0 * drift).abs() < 1e-6);
}

#[test]
fn the_same_comes_out_twice() {
    let forecast = || {
        let selection = select(&AIR_PASSENGERS, &[12.0]);
        selection.forecast(24, &[80.0, 95.0], &[]).unwrap()
    };
    assert_eq!(forecast(), forecast());
}

#[test]
fn the_unit_of_measurement_changes_nothing() {
    let one = select(&AIR_PASSENGERS, &[12.0]);
    let forecast = one.forecast(12, &[95.0], &[]).unwrap();
    for (factor, tolerance) in [(2.0_f64.powi(40), 1e-12), (1e-7, 1e-4), (1000.0, 1e-4)] {
        let values = AIR_PASSENGERS.map(|y| factor * y);
        let other = select(&values, &[12.0]);
        assert_eq!(one.description(), other.description());
        let scaled = other.forecast(12, &[95.0], &[]).unwrap();
        for (a, b) in [
            (forecast.mean[11], scaled.mean[11]),
            (forecast.intervals[0].lower[0], scaled.intervals[0].lower[0]),
        ] {
            assert!((a * factor / b - 1.0).abs() < tolerance, "{factor}");
        }
    }
}

#[test]
fn outside_variables_are_estimated_jointly() {
    let mut random = Generator::new(9);
    let event: Vec<f64> = (0..212).map(|t| f64::from(u8::from(t % 17 < 2))).collect();
    let mut error = 0.0;
    let mut step = |t: usize| {
        error = 0.7 * error + random.normal();
        20.0 + 8.0 * event[t] + error
    };
    let mut values: Vec<f64> = (0..200).map(&mut step).collect();
    values[50] = f64::NAN;
    values[199] = f64::NAN;
    let regressors = [event[..200].to_vec()];
    let history = History {
        values: &values,
        periods: &[],
        regressors: &regressors,
    };
    let selection = AutoArima::default().select(&history).unwrap();
    let arima = selection.arima().unwrap();
    let at = arima.names.iter().position(|name| name == "xreg1").unwrap();
    let coefficient = arima.estimate.regression[at - arima.estimate.order.coefficients()];
    assert!((coefficient - 8.0).abs() < 4.0 * arima.standard_errors[at]);
    assert_eq!(codes(&selection), ["missing-values"]);
    let forecast = selection
        .forecast(12, &[], &[event[200..].to_vec()])
        .unwrap();
    // The events fall on the steps 204 and 205.
    assert!(forecast.mean[4] - forecast.mean[3] > 5.0);
    assert!(matches!(
        selection.forecast(12, &[], &[]),
        Err(FitError::Regressors(_))
    ));
    let short = History {
        regressors: &[vec![0.0; 3]],
        ..history
    };
    assert!(matches!(
        AutoArima::default().select(&short),
        Err(FitError::Regressors(_))
    ));
}

#[test]
fn what_cannot_be_fitted_falls_back() {
    assert_eq!(codes(&select(&[7.0; 40], &[12.0])), ["constant-history"]);
    assert_eq!(select(&[7.0; 40], &[]).description(), "naive");
    assert_eq!(codes(&select(&[1.0, 2.0], &[])), ["too-short"]);
    let short = select(&AIR_PASSENGERS[..20], &[12.0]);
    assert!(codes(&short).contains(&"too-short-for-season"));
    let long = (0..LONGEST_HISTORY + 500).map(|t| f64::from(u8::from(t % 7 == 0)));
    let long: Vec<f64> = long.collect();
    let bounded = select(&long, &[]);
    assert!(codes(&bounded).contains(&"history-shortened"));
    assert_eq!(bounded.fitted().len(), long.len());
    assert!(matches!(
        AutoArima::default().select(&History::default()),
        Err(FitError::TooShort { .. })
    ));
}

#[test]
fn gaps_in_a_long_season_are_filled_for_the_search_alone() {
    let mut random = Generator::new(5);
    let mut error = 0.0;
    let mut step = |t: usize| {
        error = 0.6 * error + random.normal();
        10.0 * (std::f64::consts::TAU * t as f64 / 24.0).sin() + error
    };
    let mut values: Vec<f64> = (0..300).map(&mut step).collect();
    let whole = select(&values, &[24.0]);
    for t in (5..300).step_by(40) {
        values[t] = f64::NAN;
    }
    let gaps = select(&values, &[24.0]);
    assert_eq!(codes(&gaps), ["missing-values", "gaps-filled-in-search"]);
    let arima = gaps.arima().unwrap();
    assert_eq!(arima.estimate.observations, 300 - 24 - 8);
    let [whole, gaps] = [whole, gaps].map(|s| s.forecast(24, &[], &[]).unwrap().mean);
    for (a, b) in whole.iter().zip(gaps) {
        assert!((a - b).abs() < 1.0, "{a} {b}");
    }
}

#[test]
fn residuals_are_diagnosed() {
    let air = select(&AIR_PASSENGERS.map(f64::ln), &[12.0]);
    let test = air.diagnosis.ljung_box.unwrap();
    assert_eq!(test.degrees, 24 - 2);
    assert!(test.p_value > 0.05, "{test:?}");
    let verdicts = air.diagnosis.verdicts();
    assert!(verdicts[0].starts_with("no correlation is left"));
    assert_eq!(verdicts.len(), 2);
    assert!(Diagnosis::default().verdicts().is_empty());
}

#[test]
fn a_long_season_becomes_harmonic() {
    let mut random = Generator::new(4);
    let values: Vec<f64> = (0..600)
        .map(|t| 3.0 * (std::f64::consts::TAU * f64::from(t) / 100.0).sin() + random.normal())
        .collect();
    let long = select(&values, &[100.0]);
    assert!(codes(&long).contains(&"long-season-harmonic"));
    assert!(long.description().starts_with("Fourier K="));
    assert!(long.diagnosis.ljung_box.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn nothing_panics(
        values in prop_oneof![
            proptest::collection::vec(-1e3..1e3_f64, 0..40),
            proptest::collection::vec(
                prop_oneof![Just(f64::NAN), Just(0.0), Just(1.0), Just(5.0), -1.0..1.0],
                0..50,
            ),
            proptest::collection::vec(
                prop_oneof![Just(f64::NAN), Just(1e300), Just(-1e300), Just(1e-300)],
                0..25,
            ),
            proptest::collection::vec(-1e-305..1e-305_f64, 0..25),
        ],
        period in 0.0..20.0_f64,
        with in any::<bool>(),
    ) {
        let column: Vec<f64> = (0..values.len()).map(|t| (t % 5) as f64).collect();
        let regressors: Vec<Vec<f64>> = with.then_some(column).into_iter().collect();
        let history = History { values: &values, periods: &[period], regressors: &regressors };
        if let Ok(selection) = AutoArima::default().select(&history) {
            let future = vec![vec![1.0; 5]; regressors.len()];
            let forecast = selection.forecast(5, &[80.0], &future).unwrap();
            prop_assert_eq!(forecast.mean.len(), 5);
            prop_assert!(forecast.mean.iter().all(|x| x.is_finite()), "{}", selection.description());
            prop_assert_eq!(selection.fitted().len(), values.len());
            prop_assert!(selection.simulate(3, 2, 1, &future).is_ok());
            prop_assert!(selection.diagnosis.verdicts().len() <= 2);
        } else {
            prop_assert!(values.iter().all(|x| x.is_nan()));
        }
    }
}
