//! Reference values: statsforecast 2.1.1, `Theta`, `OptimizedTheta`, `DynamicTheta` and
//! `DynamicOptimizedTheta` with `season_length=12` on the air passengers: the forecasts 1, 6
//! and 12.

use super::*;
use crate::stats::random::Generator;
use crate::stats::reference_series::AIR_PASSENGERS;
use proptest::prelude::*;

fn of<'a>(values: &'a [f64], periods: &'a [f64]) -> History<'a> {
    History {
        values,
        periods,
        regressors: &[],
    }
}

fn theta(variant: Variant) -> Theta {
    Theta {
        variant: Some(variant),
    }
}

#[test]
fn forecasts_are_near_those_of_statsforecast() {
    let cases = [
        (
            Variant::Standard,
            [440.96919544655185, 546.455543787354, 448.5247480489902],
        ),
        (
            Variant::Optimised,
            [442.94253201736234, 555.580946931498, 462.40234901816285],
        ),
        (
            Variant::DynamicStandard,
            [440.7741137934413, 546.2427750322196, 448.3922865664324],
        ),
        (
            Variant::DynamicOptimised,
            [442.927194870733, 556.1215862773983, 463.47722240215444],
        ),
    ];
    for (variant, means) in cases {
        let fitted = theta(variant).fit(&of(&AIR_PASSENGERS, &[12.0])).unwrap();
        assert_eq!(
            fitted.description(),
            format!("{variant} on multiplicatively adjusted values")
        );
        let forecast = fitted.forecast(12, &[], &[]).unwrap().mean;
        for (step, want) in [0, 5, 11].into_iter().zip(means) {
            let got = forecast[step];
            // Its search stops early; ours is exact.
            assert!(
                (got - want).abs() < 0.004 * want,
                "{variant} {step}: {got} and {want}"
            );
        }
    }
}

/// With θ = 2 and a line through all values the forecast is simple exponential smoothing with a
/// drift of half the slope (Hyndman and Billah 2003).
#[test]
fn the_standard_model_is_smoothing_with_drift() {
    let values: Vec<f64> = (0..40)
        .map(|t| 5.0 + 0.7 * f64::from(t) + f64::from(t * t % 5))
        .collect();
    let present = [true; 40];
    let estimate = fit::fit(&values, &present, Variant::Standard);
    let slope = line::Line::through(&values).slope;
    let fitted = theta(Variant::Standard).fit(&of(&values, &[])).unwrap();
    let forecast = fitted.forecast(10, &[95.0], &[]).unwrap();
    for h in 1..10 {
        let step = forecast.mean[h] - forecast.mean[h - 1];
        assert!((step - slope / 2.0).abs() < 1e-6, "{step} {slope}");
    }
    // σ²[1 + (h−1)α²]
    let half = |h: usize| forecast.intervals[0].upper[h] - forecast.mean[h];
    for h in 0..10 {
        let want = 1.0 + h as f64 * estimate.alpha * estimate.alpha;
        assert!(((half(h) / half(0)).powi(2) - want).abs() < 1e-9);
    }
}

#[test]
fn the_search_finds_the_least_squares() {
    for variant in Variant::ALL {
        let present = [true; 144];
        let best = fit::fit(&AIR_PASSENGERS, &present, variant);
        // The sum of squares that the normal equations give is that of the errors themselves.
        let squares = |estimate: &Estimate| {
            let mut state = fit::State::before(&AIR_PASSENGERS, estimate);
            let mut sum = 0.0;
            for (t, y) in AIR_PASSENGERS.iter().enumerate() {
                if t >= 2 {
                    sum += (y - state.forecast(estimate)).powi(2);
                }
                state.update(estimate, *y);
            }
            sum
        };
        let least = squares(&best);
        assert!((least - best.squares).abs() < 1e-6 * least, "{best:?}");
        let mut generator = Generator::new(2);
        for _ in 0..2000 {
            let mut other = best;
            other.alpha = 0.1 + 0.89 * generator.uniform();
            other.level += 100.0 * generator.normal();
            if variant.is_optimised() {
                other.kappa = generator.uniform();
            }
            assert!(squares(&other) >= least * (1.0 - 1e-9), "{other:?}");
        }
    }
}

#[test]
fn paths_spread_as_the_intervals_say() {
    let mut values = AIR_PASSENGERS[..60].to_vec();
    values.extend([f64::NAN; 2]);
    for variant in Variant::ALL {
        let fitted = theta(variant).fit(&of(&values, &[12.0])).unwrap();
        let forecast = fitted.forecast(15, &[80.0], &[]).unwrap();
        let paths = fitted.simulate(15, 10_000, 9, &[]).unwrap();
        let interval = &forecast.intervals[0];
        for h in [0, 1, 7, 14] {
            let (low, high) = (interval.lower[h], interval.upper[h]);
            let inside = paths
                .iter()
                .filter(|path| low < path[h] && path[h] < high)
                .count();
            assert!(
                (inside as f64 / 10_000.0 - 0.8).abs() < 0.015,
                "{variant} {h} {inside}"
            );
        }
    }
}

#[test]
fn a_season_is_taken_out_where_it_shows() {
    let mut generator = Generator::new(4);
    let noise: Vec<f64> = (0..96).map(|_| 50.0 + generator.normal()).collect();
    let fitted = Theta::default().fit(&of(&noise, &[12.0])).unwrap();
    assert!(
        !fitted.description().contains("adjusted"),
        "{}",
        fitted.description()
    );
    let below: Vec<f64> = AIR_PASSENGERS.iter().map(|y| y - 300.0).collect();
    let fitted = Theta::default().fit(&of(&below, &[12.0])).unwrap();
    assert!(
        fitted
            .description()
            .ends_with("on additively adjusted values")
    );
}

#[test]
fn degenerate_histories_have_forecasts() {
    let fit = |values: &[f64]| Theta::default().fit(&of(values, &[12.0]));
    assert!(matches!(fit(&[f64::NAN]), Err(FitError::TooShort { .. })));
    let constant = fit(&[3.0; 30]).unwrap();
    assert_eq!(constant.warnings()[0].code, "constant-history");
    for mean in constant.forecast(3, &[80.0], &[]).unwrap().mean {
        assert!((mean - 3.0).abs() < 1e-9, "{mean}");
    }
    let one = fit(&[4.0]).unwrap();
    assert!((one.forecast(2, &[80.0], &[]).unwrap().mean[1] - 4.0).abs() < 1e-9);
    let two = fit(&[4.0, 6.0]).unwrap();
    let mean = two.forecast(1, &[80.0], &[]).unwrap().mean[0];
    assert!((4.0..=8.0).contains(&mean), "{mean}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_unit_does_not_matter(
        noise in prop::collection::vec(-1.0..1.0_f64, 30..60),
        power in -20..20_i32,
    ) {
        let values: Vec<f64> = noise.iter().enumerate().map(|(t, e)| 10.0 + (t % 4) as f64 + e).collect();
        let factor = 2.0_f64.powi(power);
        let times: Vec<f64> = values.iter().map(|y| y * factor).collect();
        let fit = |values: &[f64]| Theta::default().fit(&of(values, &[4.0])).unwrap();
        let (one, other) = (fit(&values), fit(&times));
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
    ) {
        if let Ok(fitted) = Theta::default().fit(&of(&values, &[period])) {
            prop_assert_eq!(fitted.fitted().len(), values.len());
            let forecast = fitted.forecast(9, &[80.0, 95.0], &[]).unwrap();
            prop_assert!(forecast.mean.iter().all(|mean| !mean.is_nan()));
            prop_assert_eq!(forecast.intervals[1].upper.len(), 9);
            prop_assert_eq!(fitted.simulate(3, 2, 1, &[]).unwrap().len(), 2);
        }
    }
}
