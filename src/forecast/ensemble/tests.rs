//! Laws of the ensemble and of its intervals.

use proptest::prelude::*;

use super::metrics::metrics;
use super::*;
use crate::forecast::accuracy;
use crate::forecast::calibration::quantiles;
use crate::stats::random::Generator;

fn history<'a>(values: &'a [f64], periods: &'a [f64]) -> History<'a> {
    History {
        values,
        periods,
        ..History::default()
    }
}

fn ensemble(horizon: usize) -> Ensemble {
    Ensemble {
        horizon: Some(horizon),
        ..Ensemble::default()
    }
}

/// A season of 12 on a trend, with noise.
fn seasonal(count: usize, seed: u64) -> Vec<f64> {
    let mut random = Generator::new(seed);
    (0..count)
        .map(|t| {
            let season = (std::f64::consts::TAU * t as f64 / 12.0).sin();
            100.0 + 0.5 * t as f64 + 20.0 * season + 4.0 * random.normal()
        })
        .collect()
}

#[test]
fn beats_the_seasonal_naive_method_and_names_its_weights() {
    let (mut own, mut naive) = (0.0, 0.0);
    for seed in 0..8 {
        let values = seasonal(132, seed);
        let (past, actual) = values.split_at(120);
        let fitted = ensemble(12).fit(&history(past, &[12.0])).unwrap();
        let forecast = fitted.forecast(12, &[95.0], &[]).unwrap();
        own += accuracy::mae(actual, &forecast.mean).unwrap();
        naive += accuracy::mae(actual, &past[108..]).unwrap();
        let details = fitted.details();
        let sum: f64 = details.coefficients.iter().map(|c| c.estimate).sum();
        assert!((sum - 1.0).abs() < 1e-12);
        assert_eq!(
            details.coefficients[0].name,
            "weight of seasonal naive [12]"
        );
        assert!(details.search.iter().all(|tried| tried.criterion.is_some()));
        let description = fitted.description();
        assert!(description.starts_with("ensemble of ") && description.contains(" % "));
        assert!(fitted.fitted()[30..].iter().all(|value| value.is_finite()));
    }
    assert!(own < 0.75 * naive, "{own} {naive}");
}

/// The shares of values in their 80 and 95 % intervals.
fn coverage(series: &[Vec<f64>], periods: &[f64], horizon: usize) -> [f64; 2] {
    let mut held = [0.0; 2];
    for values in series {
        let (past, actual) = values.split_at(values.len() - horizon);
        let fitted = ensemble(horizon).fit(&history(past, periods)).unwrap();
        let forecast = fitted.forecast(horizon, &[80.0, 95.0], &[]).unwrap();
        for (held, interval) in held.iter_mut().zip(&forecast.intervals) {
            *held += accuracy::coverage(actual, &interval.lower, &interval.upper).unwrap();
        }
    }
    held.map(|sum| sum / 100.0 / series.len() as f64)
}

#[test]
fn intervals_of_known_processes_hold_what_they_promise() {
    // Autoregressive with heavy tails.
    let process = |seed| -> Vec<f64> {
        let mut random = Generator::new(seed);
        let mut level = 0.0;
        (0..150)
            .map(|_| {
                let tail = if random.uniform() < 0.1 { 4.0 } else { 1.0 };
                level = 0.5 * level + tail * random.normal();
                level
            })
            .collect()
    };
    let series: Vec<Vec<f64>> = (0..60).map(process).collect();
    let [usual, wide] = coverage(&series, &[], 10);
    // The standard error of 0.8 is some 0.02, as a series' ten errors hang together.
    assert!((0.75..0.87).contains(&usual), "{usual}");
    assert!((0.91..0.985).contains(&wide), "{wide}");
}

#[test]
fn intervals_of_spiky_sparse_and_bounded_metrics_hold() {
    let series = (0..3).flat_map(|seed| metrics(400, 70 + seed));
    let series: Vec<Vec<f64>> = series.map(|(_, values)| values).collect();
    let [usual, wide] = coverage(&series, &[24.0], 24);
    assert!((0.74..0.89).contains(&usual), "{usual}");
    assert!((0.90..0.98).contains(&wide), "{wide}");
}

#[test]
fn forecasts_stay_where_values_can_be() {
    for (name, values) in metrics(300, 3) {
        let fitted = ensemble(24).fit(&history(&values, &[24.0])).unwrap();
        let forecast = fitted.forecast(30, &[99.0], &[]).unwrap();
        let upper = match name {
            "availability" => 1.0,
            _ => f64::INFINITY,
        };
        let paths = fitted.simulate(30, 50, 1, &[]).unwrap();
        let bounds = [&forecast.intervals[0].lower, &forecast.intervals[0].upper];
        for value in paths.iter().chain(bounds).flatten().chain(&forecast.mean) {
            assert!((0.0..=upper).contains(value), "{name}: {value}");
        }
        if name == "counts" {
            // Six in ten are zero: the median is, and nothing lies between 0 and ½.
            let median = quantiles(fitted.as_ref(), 24, &[0.5], &[]).unwrap();
            assert_eq!(median[0], [0.0; 24]);
            assert!(paths.iter().flatten().all(|v| *v == 0.0 || *v >= 0.5));
            assert!(paths.iter().flatten().any(|v| *v == 0.0));
        }
    }
}

#[test]
fn quantiles_and_paths_agree() {
    let values = seasonal(120, 9);
    let fitted = ensemble(12).fit(&history(&values, &[12.0])).unwrap();
    let all = quantiles(fitted.as_ref(), 12, &[0.05, 0.25, 0.75, 0.95], &[]).unwrap();
    let paths = fitted.simulate(12, 2000, 5, &[]).unwrap();
    assert_eq!(paths, fitted.simulate(12, 2000, 5, &[]).unwrap());
    for h in 0..12 {
        let below = |q: &Vec<f64>| paths.iter().filter(|path| path[h] <= q[h]).count();
        let counts: Vec<usize> = all.iter().map(below).collect();
        for (count, expected) in counts.iter().zip([100, 500, 1500, 1900]) {
            assert!(count.abs_diff(expected) <= 2, "{counts:?}");
        }
    }
}

#[test]
fn the_unit_of_measurement_does_not_matter() {
    let values = seasonal(90, 2);
    let thousandfold: Vec<f64> = values.iter().map(|value| value * 1024.0).collect();
    let forecast = |values: &[f64]| {
        let fitted = ensemble(6).fit(&history(values, &[12.0])).unwrap();
        fitted.forecast(6, &[95.0], &[]).unwrap()
    };
    let (one, other) = (forecast(&values), forecast(&thousandfold));
    for h in 0..6 {
        assert!((one.mean[h] * 1024.0 / other.mean[h] - 1.0).abs() < 1e-5);
        let (a, b) = (&one.intervals[0], &other.intervals[0]);
        assert!((a.upper[h] * 1024.0 / b.upper[h] - 1.0).abs() < 1e-4);
    }
    assert_eq!(one, forecast(&values));
}

#[test]
fn outside_variables_leave_members_out() {
    let mut random = Generator::new(1);
    let column: Vec<f64> = (0..112).map(|t| f64::from(u8::from(t % 9 == 0))).collect();
    let values: Vec<f64> = column[..100]
        .iter()
        .map(|x| 50.0 + 30.0 * x + random.normal())
        .collect();
    let past = [column[..100].to_vec()];
    let given = History {
        regressors: &past,
        ..history(&values, &[])
    };
    let fitted = ensemble(12).fit(&given).unwrap();
    let said = |code| fitted.warnings().iter().any(|w| w.code == code);
    assert!(said("members-without-regressors"));
    let future = [column[100..].to_vec()];
    let forecast = fitted.forecast(12, &[95.0], &future).unwrap();
    for (mean, x) in forecast.mean.iter().zip(&future[0]) {
        assert!((mean - 50.0 - 30.0 * x).abs() < 4.0, "{:?}", forecast.mean);
    }
    assert!(fitted.forecast(12, &[], &[]).is_err());
    assert_eq!(fitted.simulate(12, 10, 1, &future).unwrap().len(), 10);
}

#[test]
fn short_flat_and_broken_histories_are_taken() {
    for values in [vec![5.0], vec![1.0, 2.0, 3.0], vec![7.0; 50]] {
        let fitted = ensemble(3).fit(&history(&values, &[])).unwrap();
        assert!(!fitted.warnings().is_empty());
        let forecast = fitted.forecast(3, &[95.0], &[]).unwrap();
        assert_eq!(forecast.mean, [*values.last().unwrap(); 3]);
    }
    let mut values = seasonal(120, 4);
    values.iter_mut().step_by(13).for_each(|v| *v = f64::NAN);
    values[119] = f64::INFINITY;
    let fitted = ensemble(12).fit(&history(&values, &[12.0])).unwrap();
    let forecast = fitted.forecast(12, &[95.0], &[]).unwrap();
    let true_course = seasonal(132, 4);
    let naive = accuracy::mae(&true_course[120..], &true_course[108..120]).unwrap();
    assert!(accuracy::mae(&true_course[120..], &forecast.mean).unwrap() < naive);
    let short = seasonal(14, 1);
    let fitted = ensemble(12).fit(&history(&short, &[12.0])).unwrap();
    let said = |code| fitted.warnings().iter().any(|w| w.code == code);
    assert!(said("too-short-for-season") && said("not-calibrated"));
    assert!(ensemble(3).fit(&history(&[f64::NAN], &[])).is_err());
}

#[test]
fn what_the_budget_leaves_out_is_said() {
    let values = seasonal(120, 4);
    let frugal = Ensemble {
        budget: Budget { seconds: 0.0 },
        ..ensemble(12)
    };
    let fitted = frugal.fit(&history(&values, &[12.0])).unwrap();
    assert!(
        fitted
            .warnings()
            .iter()
            .any(|w| w.code == "members-left-out")
    );
    assert!(!fitted.description().contains("ARIMA"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_history_panics(
        values in prop::collection::vec(
            prop_oneof![
                6 => -100.0..100.0_f64,
                2 => Just(0.0),
                1 => Just(f64::NAN),
                1 => prop_oneof![
                    Just(1e300), Just(-1.7e308), Just(1e-310), Just(f64::INFINITY),
                    Just(f64::NEG_INFINITY)
                ],
            ],
            0..60,
        ),
        periods in prop::collection::vec(
            prop_oneof![2.0..20.0_f64, Just(f64::NAN), Just(-1.0), Just(1e300)], 0..3),
        horizon in 0_usize..20,
        asked in 0_usize..30,
    ) {
        if let Ok(fitted) = ensemble(horizon).fit(&history(&values, &periods))
            && let Ok(forecast) = fitted.forecast(asked, &[80.0, 95.0], &[])
        {
            prop_assert_eq!(forecast.mean.len(), asked);
            let [usual, wide] = &forecast.intervals[..] else { panic!("two levels") };
            for h in 0..asked {
                prop_assert!(usual.lower[h] <= usual.upper[h]);
                prop_assert!(wide.lower[h] <= usual.lower[h] && usual.upper[h] <= wide.upper[h]);
            }
            let _ = fitted.simulate(asked, 7, 3, &[]);
            let _ = (fitted.description(), fitted.details());
        }
    }
}
