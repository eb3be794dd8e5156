use proptest::prelude::*;

use super::posterior::{DELTA, Posterior};
use super::reduced::Reduced;
use super::*;
use crate::stats::optimise::gradient;
use crate::stats::random::Generator;

const LENGTH: usize = 300;
const HORIZON: usize = 30;

/// A made-up series with a change of its trend, a week, two outside variables, noise and gaps.
fn series() -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut state = 1_u64;
    let (mut promo, mut temperature) = (Vec::new(), Vec::new());
    let value = |i: usize| {
        state = (state * 1_103_515_245 + 12_345) % (1 << 31);
        let noise = state as f64 / 2.0_f64.powi(31) - 0.5;
        let t = i as f64;
        let week = std::f64::consts::TAU * t / 7.0;
        promo.push(f64::from(u8::from(i % 50 < 3)));
        temperature.push(15.0 + 10.0 * (t / 17.0).sin());
        let bend = (t - 150.0).max(0.0);
        20.0 + 0.05 * t - 0.08 * bend
            + 3.0 * week.sin()
            + 1.5 * (2.0 * week).cos()
            + 4.0 * promo[i]
            + 0.2 * temperature[i]
            + 2.0 * noise
    };
    let mut values: Vec<f64> = (0..LENGTH + HORIZON).map(value).collect();
    values.truncate(LENGTH);
    values[0] = f64::NAN;
    values[40..45].fill(f64::NAN);
    (values, vec![promo, temperature])
}

fn daily() -> Prophet {
    Prophet {
        step_days: Some(1.0),
        ..Prophet::default()
    }
}

/// Compares with the Python package (prophet 1.5.0, cmdstan 2.37.0, `uncertainty_samples=20000`):
/// yhat on some days, and the bounds at 80 per cent of the first and the last day ahead.
fn equals_python(
    model: Prophet,
    outside: bool,
    want: [f64; 9],
    bounds: [[f64; 2]; 2],
    within: f64,
) {
    let (values, regressors) = series();
    let (past, future): (Vec<_>, Vec<_>) = match outside {
        true => regressors
            .iter()
            .map(|x| (x[..LENGTH].to_vec(), x[LENGTH..].to_vec()))
            .unzip(),
        false => (Vec::new(), Vec::new()),
    };
    let history = History {
        values: &values,
        periods: &[7.0],
        regressors: &past,
    };
    let fitted = model.fit(&history).unwrap();
    let forecast = fitted.forecast(HORIZON, &[80.0], &future).unwrap();
    let all: Vec<f64> = fitted
        .fitted()
        .iter()
        .chain(&forecast.mean)
        .copied()
        .collect();
    for (step, want) in [0, 1, 42, 100, 170, 299, 300, 310, 329]
        .into_iter()
        .zip(want)
    {
        let relative = (all[step] / want - 1.0).abs();
        assert!(relative < within, "step {step}: {} {want}", all[step]);
    }
    let interval = &forecast.intervals[0];
    for (h, want) in [0, 29].into_iter().zip(bounds) {
        // A thousand paths: the standard error of a bound is about 5 % of the width.
        let width = want[1] - want[0];
        for (bound, want) in [interval.lower[h], interval.upper[h]].into_iter().zip(want) {
            assert!((bound - want).abs() < 0.1 * width, "{h}: {bound} {want}");
        }
    }
}

#[test]
fn a_linear_trend_with_a_week_is_the_exact_mode() {
    // The exact mode of the package's posterior, by active sets over the signs of δ (numpy 2);
    // the package's own search ends 3.5 above it, and its forecast is up to 1.1 per cent from it.
    let want = [
        26.82982, 27.43093, 27.15166, 29.31137, 30.81131, 19.35494, 20.91503, 23.96606, 21.97035,
    ];
    let bounds = [[19.412, 22.492], [20.189, 23.936]];
    equals_python(daily(), false, want, bounds, 1e-3);
}

#[test]
fn multiplicative_seasons_equal_python() {
    let model = Prophet {
        seasonality_mode: Composition::Multiplicative,
        n_changepoints: 10,
        changepoint_prior_scale: 0.001,
        ..daily()
    };
    let want = [
        28.45862, 28.98359, 28.68427, 28.97765, 29.35350, 24.12237, 25.94559, 30.10519, 30.22620,
    ];
    let bounds = [[22.699, 29.143], [26.989, 33.476]];
    equals_python(model, false, want, bounds, 1e-3);
    let want = [
        31.40949, 31.98617, 29.26965, 31.56788, 27.99730, 22.27026, 28.41439, 29.23570, 31.89546,
    ];
    let bounds = [[26.057, 30.736], [29.545, 34.255]];
    equals_python(model, true, want, bounds, 1e-3);
}

#[test]
fn a_flat_trend_equals_python() {
    let model = Prophet {
        growth: Growth::Flat,
        ..daily()
    };
    let want = [
        29.28351, 29.80979, 29.28351, 29.26225, 29.26225, 23.50392, 25.26255, 29.26225, 29.28351,
    ];
    let bounds = [[22.005, 28.546], [26.013, 32.581]];
    equals_python(model, false, want, bounds, 1e-4);
}

#[test]
fn a_logistic_trend_equals_python() {
    let model = Prophet {
        growth: Growth::Logistic {
            cap: 40.0,
            floor: 2.0,
        },
        ..daily()
    };
    let want = [
        27.04943, 27.62528, 27.74142, 29.60502, 30.75081, 22.04780, 23.74770, 27.54969, 27.03227,
    ];
    let bounds = [[21.281, 26.177], [24.571, 29.516]];
    equals_python(model, false, want, bounds, 1e-2);
}

#[test]
fn outside_variables_equal_python() {
    let want = [
        28.32336, 29.04002, 27.95572, 32.42821, 30.20245, 19.52545, 25.06467, 25.72743, 27.44240,
    ];
    let bounds = [[24.366, 25.753], [26.733, 28.16]];
    // The package's search ends 0.2 per cent from the optimum here, that of the logistic trend 1.
    equals_python(daily(), true, want, bounds, 5e-3);
}

#[test]
fn stiff_priors_equal_python() {
    let model = Prophet {
        n_changepoints: 10,
        changepoint_prior_scale: 0.001,
        seasonality_prior_scale: 0.05,
        ..daily()
    };
    let want = [
        28.46174, 29.00110, 28.68183, 28.97367, 29.34047, 24.31019, 26.06691, 30.07408, 30.18572,
    ];
    let bounds = [[22.83, 29.255], [26.959, 33.425]];
    equals_python(model, false, want, bounds, 1e-3);
}

/// Data of random features, and a random place that is off the kinks.
fn random_data(trend: TrendIndicator, multiplicative: bool, seed: u64) -> (Data, Vec<f64>) {
    let mut random = Generator::new(seed);
    let (values, changes, features) = (300, 4, 3);
    let t: Vec<f64> = (0..values).map(|i| f64::from(i) / 299.0).collect();
    let data = Data {
        T: values,
        y: t.iter()
            .map(|t| 0.5 + 0.3 * t + 0.1 * random.normal())
            .collect(),
        cap: vec![1.3; t.len()],
        S: changes,
        t_change: (1..=changes).map(|i| f64::from(i) * 0.2).collect(),
        trend_indicator: trend,
        K: features,
        s_a: vec![1 - i32::from(multiplicative), 1, 0],
        s_m: vec![i32::from(multiplicative), 0, 1],
        X: (0..values * features).map(|_| random.normal()).collect(),
        sigmas: vec![PositiveFloat::try_new(0.7).unwrap(); 3],
        tau: PositiveFloat::try_new(0.05).unwrap(),
        t,
    };
    let mut point = vec![0.8, 0.4];
    point.extend((0..changes).map(|_| 0.2 + 0.1 * random.uniform()));
    point.extend((0..features).map(|_| 0.1 * random.normal()));
    point.push(-1.2);
    (data, point)
}

#[test]
fn the_gradient_is_that_of_the_value() {
    for trend in [
        TrendIndicator::Linear,
        TrendIndicator::Logistic,
        TrendIndicator::Flat,
    ] {
        for multiplicative in [false, true] {
            let (data, point) = random_data(trend, multiplicative, 3);
            let mut posterior = Posterior::new(&data);
            let mut exact = vec![0.0; point.len()];
            posterior.evaluate(&point, &mut exact, 0.0);
            let mut ignored = exact.clone();
            let differences = gradient(|x| posterior.evaluate(x, &mut ignored, 0.0), &point);
            for (e, d) in exact.iter().zip(&differences) {
                assert!((e - d).abs() < 1e-5 * (1.0 + e.abs()), "{trend:?} {e} {d}");
            }
        }
    }
}

#[test]
fn the_triangle_has_the_same_posterior() {
    for trend in [TrendIndicator::Linear, TrendIndicator::Flat] {
        let (mut data, point) = random_data(trend, false, 5);
        data.s_a = vec![1; 3];
        data.s_m = vec![0; 3];
        let (mut a, mut b) = (vec![0.0; point.len()], vec![0.0; point.len()]);
        let whole = Posterior::new(&data).evaluate(&point, &mut a, 0.0);
        let reduced = Reduced::new(&data).evaluate(&point, &mut b, 0.0);
        assert!((whole / reduced - 1.0).abs() < 1e-12);
        for (a, b) in a.iter().zip(&b) {
            assert!((a - b).abs() < 1e-9 * (1.0 + a.abs()), "{a} {b}");
        }
    }
}

#[test]
fn every_trend_is_continuous_at_its_change_points() {
    for kind in [TrendIndicator::Linear, TrendIndicator::Logistic] {
        let mut segments = trend::Segments::default();
        let times = [0.2, 0.5, 0.8];
        segments.fill(&trend::Line {
            kind,
            k: 2.0,
            m: 0.3,
            delta: &[-1.0, 3.0, -0.5],
            times: &times,
        });
        for (i, time) in times.into_iter().enumerate() {
            let jump = segments.at(kind, i + 1, time, 5.0) - segments.at(kind, i, time, 5.0);
            assert!(jump.abs() < 1e-12, "{kind:?} {i}");
        }
    }
}

#[test]
fn change_points_stand_where_prophets_do() {
    // np.linspace(0, 7, 4).round() of 10 values.
    let model = Prophet {
        n_changepoints: 3,
        ..Prophet::default()
    };
    assert_eq!(model.change_points(10), [2, 5, 7]);
    assert_eq!(Prophet::default().change_points(6), [1, 2, 3]);
    assert!(Prophet::default().change_points(2).is_empty());
}

#[test]
fn paths_spread_as_the_intervals_say() {
    let (values, _) = series();
    let history = History {
        values: &values,
        periods: &[7.0],
        ..History::default()
    };
    let fitted = daily().fit(&history).unwrap();
    let paths = fitted.simulate(HORIZON, 4000, 7, &[]).unwrap();
    assert_eq!(paths, fitted.simulate(HORIZON, 4000, 7, &[]).unwrap());
    let interval = &fitted.forecast(HORIZON, &[80.0], &[]).unwrap().intervals[0];
    for h in [0, HORIZON - 1] {
        let inside = |path: &&Vec<f64>| (interval.lower[h]..interval.upper[h]).contains(&path[h]);
        let share = paths.iter().filter(inside).count() as f64 / 4000.0;
        assert!((share - 0.8).abs() < 0.05, "{h}: {share}");
    }
}

#[test]
fn what_was_estimated_is_told() {
    let (values, regressors) = series();
    let past = [regressors[0][..LENGTH].to_vec()];
    let history = History {
        values: &values,
        periods: &[7.0, 365.25],
        regressors: &past,
    };
    let fitted = daily().fit(&history).unwrap();
    assert_eq!(fitted.description(), "Prophet(linear trend, seasons [7:3])");
    let names: Vec<String> = fitted
        .details()
        .coefficients
        .into_iter()
        .map(|coefficient| coefficient.name)
        .collect();
    assert_eq!(names.len(), 3 + 25 + 6 + 1);
    assert_eq!(names[28..31], ["S1-7", "C1-7", "S2-7"]);
    assert_eq!(names[34], "xreg1");
    assert_eq!(fitted.parameters(), 34);
    let codes: Vec<&str> = fitted.warnings().iter().map(|w| w.code).collect();
    assert_eq!(codes, ["missing-values", "too-short-for-season"]);
    assert!(matches!(
        fitted.forecast(2, &[], &[]),
        Err(FitError::Regressors(_))
    ));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let values: Vec<f64> = (0..40).map(|t| f64::from(t % 7)).collect();
    let history = History {
        values: &values,
        ..History::default()
    };
    let wrong = [
        Prophet {
            changepoint_prior_scale: 0.0,
            ..Prophet::default()
        },
        Prophet {
            changepoint_range: 1.5,
            ..Prophet::default()
        },
        Prophet {
            growth: Growth::Logistic {
                cap: 1.0,
                floor: 1.0,
            },
            ..Prophet::default()
        },
    ];
    for model in wrong {
        let refused = model.fit(&history);
        assert!(
            matches!(refused, Err(FitError::Specification(_))),
            "{model:?}"
        );
    }
    let (data, _) = random_data(TrendIndicator::Linear, false, 1);
    let mut start = initial(&data);
    start.beta.pop();
    let refused = HighestDensity.optimize(&start, &data, &OptimizeOpts::default());
    assert!(refused.is_err());
    assert_eq!(DELTA, 2);
}

#[test]
fn a_constant_or_tiny_history_is_repeated() {
    for values in [vec![3.0; 30], vec![1.0, 2.0], vec![f64::NAN, 5.0, f64::NAN]] {
        let last = values.iter().rfind(|y| !y.is_nan()).copied();
        let history = History {
            values: &values,
            periods: &[7.0],
            ..History::default()
        };
        let fitted = Prophet::default().fit(&history).unwrap();
        let mean = fitted.forecast(3, &[95.0], &[]).unwrap().mean;
        assert_eq!(mean.last().copied(), last);
    }
    assert!(Prophet::default().fit(&History::default()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn nothing_panics(
        values in proptest::collection::vec(prop_oneof![
            6 => -1e3..1e3_f64,
            1 => Just(f64::NAN),
            1 => any::<f64>(),
            1 => Just(0.0),
        ], 0..130),
        periods in proptest::collection::vec(prop_oneof![2.0..40.0_f64, any::<f64>()], 0..3),
        kind in 0..5_u8,
        outside in any::<bool>(),
        n_changepoints in 0..40_usize,
        step_days in proptest::option::of(any::<f64>()),
    ) {
        let model = Prophet {
            growth: match kind {
                0 => Growth::Flat,
                1 => Growth::Logistic { cap: 500.0, floor: -20.0 },
                _ => Growth::Linear,
            },
            seasonality_mode: if kind == 3 { Composition::Multiplicative } else { Composition::Additive },
            n_changepoints,
            step_days,
            ..Prophet::default()
        };
        let column: Vec<f64> = values.iter().map(|y| if y.is_finite() { y * 0.7 } else { 1.0 }).collect();
        let regressors = if outside { vec![column] } else { Vec::new() };
        let history = History { values: &values, periods: &periods, regressors: &regressors };
        if let Ok(fitted) = model.fit(&history) {
            prop_assert_eq!(fitted.fitted().len(), values.len());
            let future = vec![vec![1.0; 5]; regressors.len()];
            if let Ok(forecast) = fitted.forecast(5, &[80.0, 95.0], &future) {
                prop_assert_eq!(forecast.mean.len(), 5);
                prop_assert_eq!(forecast.intervals[1].upper.len(), 5);
            }
            let _ = fitted.simulate(5, 3, 1, &future);
            let _ = (fitted.details(), fitted.description(), fitted.warnings().len());
        }
    }
}
