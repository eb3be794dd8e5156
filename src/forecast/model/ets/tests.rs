mod reference;

use super::*;
use crate::stats::reference_series::AIR_PASSENGERS;
use ErrorType::{Additive as AddError, Multiplicative as MulError};
use proptest::prelude::*;

const MONTHS: f64 = 12.0;

fn of<'a>(values: &'a [f64], periods: &'a [f64]) -> History<'a> {
    History {
        values,
        periods,
        regressors: &[],
    }
}

fn ets(error: ErrorType, trend: Trend, season: Season) -> Ets {
    Ets {
        error: Some(error),
        trend: Some(trend),
        season: Some(season),
        ..Ets::default()
    }
}

#[test]
fn choices_on_air_passengers() {
    let by_likelihood = Ets {
        criterion: Criterion::Aicc,
        ..Ets::default()
    };
    let fitted = by_likelihood.fit(&of(&AIR_PASSENGERS, &[MONTHS])).unwrap();
    assert_eq!(fitted.description(), "ETS(M,A,M)");
    assert!(fitted.warnings().is_empty());
    assert_eq!(fitted.fitted().len(), 144);
    // α, β, γ, level, slope and eleven seasonal states.
    assert_eq!(fitted.parameters(), 16);
    let forecast = fitted.forecast(24, &[80.0, 95.0], &[]).unwrap();
    for h in 0..24 {
        let (inner, outer) = (&forecast.intervals[0], &forecast.intervals[1]);
        let ordered = [
            outer.lower[h],
            inner.lower[h],
            forecast.mean[h],
            inner.upper[h],
            outer.upper[h],
        ];
        assert!(ordered.is_sorted(), "{ordered:?}");
    }
    let again = fitted.forecast(24, &[80.0, 95.0], &[]).unwrap();
    assert_eq!(forecast, again);
    // The other criterion finds a trend and a season, too.
    let fitted = Ets::default().fit(&of(&AIR_PASSENGERS, &[MONTHS])).unwrap();
    assert_eq!(fitted.description(), "ETS(A,A,A)");
}

#[test]
fn states_go_on_over_missing_values() {
    let mut values = AIR_PASSENGERS.to_vec();
    let model = ets(MulError, Trend::Additive, Season::Multiplicative);
    let whole = model
        .fit(&of(&values, &[MONTHS]))
        .unwrap()
        .forecast(12, &[], &[])
        .unwrap();
    // Missing values at the end only shift the forecast.
    values.extend([f64::NAN; 5]);
    let padded = model.fit(&of(&values, &[MONTHS])).unwrap();
    assert_eq!(padded.warnings()[0].code, "missing-values");
    let padded = padded.forecast(7, &[], &[]).unwrap();
    for (a, b) in padded.mean.iter().zip(&whole.mean[5..]) {
        assert!(
            (a - b).abs() < 1e-3 * b,
            "{:?} {:?}",
            padded.mean,
            whole.mean
        );
    }
    for t in (3..130).step_by(10) {
        values[t] = f64::NAN;
    }
    let gappy = model
        .fit(&of(&values[..144], &[MONTHS]))
        .unwrap()
        .forecast(12, &[], &[])
        .unwrap();
    for (a, b) in gappy.mean.iter().zip(&whole.mean) {
        assert!(
            (a - b).abs() < 0.03 * b,
            "{:?} {:?}",
            gappy.mean,
            whole.mean
        );
    }
}

#[test]
fn degenerate_histories_have_fallbacks() {
    let fit = |values: &[f64], periods: &[f64]| Ets::default().fit(&of(values, periods));
    let constant = fit(&[7.0; 40], &[MONTHS]).unwrap();
    assert_eq!(constant.warnings()[0].code, "constant-history");
    let forecast = constant.forecast(2, &[95.0], &[]).unwrap();
    assert_eq!(
        (forecast.mean[1], forecast.intervals[0].upper[1]),
        (7.0, 7.0)
    );
    let two = fit(&[1.0, 3.0], &[]).unwrap();
    assert_eq!(two.warnings()[0].code, "too-short");
    let forecast = two.forecast(1, &[95.0], &[]).unwrap();
    assert_eq!(forecast.mean, [3.0]);
    assert!((forecast.intervals[0].upper[0] - 3.0 - 2.0 * 1.959_963_984_540_054).abs() < 1e-9);
    assert!(matches!(
        fit(&[f64::NAN; 3], &[]),
        Err(FitError::TooShort { .. })
    ));
    let short = fit(&AIR_PASSENGERS[..20], &[MONTHS]).unwrap();
    assert_eq!(short.warnings()[0].code, "too-short-for-season");
    let long = fit(&AIR_PASSENGERS.repeat(4), &[200.0]).unwrap();
    assert_eq!(long.warnings()[0].code, "season-too-long");
    // Values below zero leave additive models only.
    let negative: Vec<f64> = AIR_PASSENGERS.iter().map(|y| y - 300.0).collect();
    let fitted = fit(&negative, &[MONTHS]).unwrap();
    assert!(
        fitted.description().starts_with("ETS(A,"),
        "{}",
        fitted.description()
    );
    assert!(!fitted.description().ends_with("M)"));
    let model = ets(MulError, Trend::None, Season::None);
    let error = model.fit(&of(&negative, &[])).unwrap_err();
    assert!(matches!(error, FitError::Specification(_)));
    let model = ets(AddError, Trend::None, Season::Additive);
    let error = model
        .fit(&of(&AIR_PASSENGERS[..20], &[MONTHS]))
        .unwrap_err();
    assert_eq!(
        error,
        FitError::TooShort {
            present: 20,
            needed: 24
        }
    );
    let model = ets(AddError, Trend::None, Season::Multiplicative);
    assert!(model.fit(&of(&AIR_PASSENGERS, &[MONTHS])).is_err());
    let model = Ets {
        restrict: false,
        ..model
    };
    let fitted = model.fit(&of(&AIR_PASSENGERS, &[MONTHS])).unwrap();
    assert_eq!(fitted.description(), "ETS(A,N,M)");
    assert!(fitted.forecast(3, &[95.0], &[]).is_ok());
}

#[test]
fn long_histories_are_shortened() {
    let values: Vec<f64> = (0..6000)
        .map(|t| f64::from(t % 7) + f64::from(t * t % 31))
        .collect();
    let model = ets(AddError, Trend::None, Season::Additive);
    let fitted = model.fit(&of(&values, &[7.0])).unwrap();
    assert_eq!(fitted.warnings()[0].code, "history-shortened");
    assert_eq!(fitted.fitted().len(), 6000);
    let forecasts = fitted.fitted().iter().filter(|forecast| !forecast.is_nan());
    assert_eq!(forecasts.count(), LONGEST_HISTORY);
}

#[test]
fn intervals_hold_what_they_say_on_their_own_model() {
    let mut generator = crate::stats::random::Generator::new(11);
    let (mut inside, mut count) = (0, 0);
    for _ in 0..60 {
        let mut level = 20.0;
        let mut values: Vec<f64> = Vec::new();
        for t in 0..130 {
            let error = generator.normal();
            values.push(level + [2.0, -1.0, 0.0, -1.0][t % 4] + error);
            level += 0.4 * error;
        }
        let fitted = Ets::default().fit(&of(&values[..120], &[4.0])).unwrap();
        let forecast = fitted.forecast(10, &[80.0], &[]).unwrap();
        let interval = &forecast.intervals[0];
        for (h, y) in values[120..].iter().enumerate() {
            inside += u32::from(interval.lower[h] <= *y && *y <= interval.upper[h]);
            count += 1;
        }
    }
    let share = f64::from(inside) / f64::from(count);
    assert!((0.72..0.88).contains(&share), "{share}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_unit_does_not_matter(
        noise in prop::collection::vec(-1.0..1.0_f64, 30..60),
        power in -20..20_i32,
    ) {
        let values: Vec<f64> = noise.iter().enumerate().map(|(t, e)| 10.0 + (t % 4) as f64 + e).collect();
        let factor = 2.0_f64.powi(power);
        let times: Vec<f64> = values.iter().map(|y| y * factor).collect();
        let fit = |values: &[f64]| Ets::default().fit(&of(values, &[4.0])).unwrap();
        let (one, other) = (fit(&values), fit(&times));
        prop_assert_eq!(one.description(), other.description());
        let (one, other) = (
            one.forecast(6, &[90.0], &[]).unwrap(),
            other.forecast(6, &[90.0], &[]).unwrap(),
        );
        for h in 0..6 {
            prop_assert_eq!(one.mean[h] * factor, other.mean[h]);
            prop_assert_eq!(one.intervals[0].upper[h] * factor, other.intervals[0].upper[h]);
        }
    }

    #[test]
    fn no_history_panics(
        values in prop::collection::vec(prop_oneof![
            6 => -1e3..1e3_f64,
            3 => 0.0..1.0_f64,
            1 => Just(f64::NAN),
            1 => Just(0.0),
            1 => Just(f64::INFINITY),
            1 => prop_oneof![Just(1e308), Just(-1.7e308), Just(5e-324), Just(1e-300)],
        ], 0..50),
        period in prop_oneof![Just(0.0), 2.0..8.0_f64, Just(f64::NAN), Just(1e300)],
        absolute in any::<bool>(),
    ) {
        let values: Vec<f64> = values.iter().map(|y| if absolute { y.abs() } else { *y }).collect();
        if let Ok(fitted) = Ets::default().fit(&of(&values, &[period])) {
            prop_assert_eq!(fitted.fitted().len(), values.len());
            let forecast = fitted.forecast(9, &[80.0, 95.0], &[]).unwrap();
            prop_assert!(forecast.mean.iter().all(|mean| !mean.is_nan()));
            prop_assert_eq!(forecast.intervals[1].upper.len(), 9);
            prop_assert_eq!(fitted.simulate(3, 2, 1, &[]).unwrap().len(), 2);
        }
    }
}
