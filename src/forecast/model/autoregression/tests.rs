use super::*;
use crate::stats::random::Generator;

fn history<'a>(values: &'a [f64], periods: &'a [f64]) -> History<'a> {
    History {
        values,
        periods,
        ..History::default()
    }
}

/// y(t) = 5 + 0.6 y(t−1) + 0.3 y(t−4) + ε
fn simulated(count: usize, seed: u64) -> Vec<f64> {
    let mut random = Generator::new(seed);
    let mut values = vec![50.0; 4];
    for t in 4..count {
        values.push(5.0 + 0.6 * values[t - 1] + 0.3 * values[t - 4] + random.normal());
    }
    values
}

#[test]
fn finds_the_coefficients_of_a_known_process() {
    let values = simulated(4000, 3);
    let fitted = Autoregression::default()
        .fit(&history(&values, &[4.0]))
        .unwrap();
    let details = fitted.details();
    let find = |name: &str| {
        let found = details.coefficients.iter().find(|c| c.name == name);
        found.map(|c| c.estimate).unwrap()
    };
    assert!((find("ar1") - 0.6).abs() < 0.06 && (find("ar4") - 0.3).abs() < 0.06);
    // One step ahead the deviation is that of the errors, 1.
    let forecast = fitted.forecast(2, &[68.268_949], &[]).unwrap();
    let half = (forecast.intervals[0].upper[0] - forecast.intervals[0].lower[0]) / 2.0;
    assert!((half - 1.0).abs() < 0.05, "{half}");
    assert_eq!(fitted.fitted().len(), 4000);
    let errors = values.iter().zip(fitted.fitted()).skip(20);
    let mean = errors.map(|(y, f)| (y - f).abs()).sum::<f64>() / 3980.0;
    assert!((mean - 0.8).abs() < 0.03, "{mean}");
}

#[test]
fn paths_agree_with_the_intervals() {
    let values = simulated(500, 4);
    for differenced in [false, true] {
        let model = Autoregression { differenced };
        let fitted = model.fit(&history(&values, &[4.0])).unwrap();
        let forecast = fitted.forecast(8, &[80.0], &[]).unwrap();
        let paths = fitted.simulate(8, 4000, 9, &[]).unwrap();
        let interval = &forecast.intervals[0];
        let inside = |path: &&Vec<f64>| (interval.lower[7]..=interval.upper[7]).contains(&path[7]);
        let share = paths.iter().filter(inside).count() as f64 / 4000.0;
        assert!((share - 0.8).abs() < 0.03, "{share}");
    }
}

#[test]
fn continues_a_line_in_differences() {
    let mut random = Generator::new(5);
    let line: Vec<f64> = (0..60)
        .map(|t| 3.0 * f64::from(t) + 1e-3 * random.normal())
        .collect();
    let fitted = Autoregression { differenced: true }
        .fit(&history(&line, &[]))
        .unwrap();
    let forecast = fitted.forecast(3, &[], &[]).unwrap();
    for (h, mean) in forecast.mean.iter().enumerate() {
        assert!((mean - 3.0 * (60 + h) as f64).abs() < 0.02, "{mean}");
    }
}

#[test]
fn outside_variables_enter() {
    let mut random = Generator::new(6);
    let column: Vec<f64> = (0..206).map(|t| f64::from(u8::from(t % 7 == 0))).collect();
    let values: Vec<f64> = column[..200]
        .iter()
        .map(|x| 20.0 + 8.0 * x + 0.1 * random.normal())
        .collect();
    let past = [column[..200].to_vec()];
    let history = History {
        values: &values,
        periods: &[],
        regressors: &past,
    };
    for differenced in [false, true] {
        let fitted = Autoregression { differenced }.fit(&history).unwrap();
        let forecast = fitted.forecast(6, &[], &[column[200..].to_vec()]).unwrap();
        // Step 203 is the only one of a week.
        assert!((forecast.mean[3] - 28.0).abs() < 0.5, "{:?}", forecast.mean);
        assert!((forecast.mean[4] - 20.0).abs() < 0.5);
        assert!(fitted.forecast(6, &[], &[]).is_err());
    }
}

#[test]
fn gaps_short_and_flat_histories_are_taken() {
    let mut values = simulated(300, 7);
    values.iter_mut().step_by(11).for_each(|v| *v = f64::NAN);
    let fitted = Autoregression::default()
        .fit(&history(&values, &[4.0]))
        .unwrap();
    let forecast = fitted.forecast(50, &[], &[]).unwrap();
    // The process' mean is 50.
    assert!((forecast.mean[49] - 50.0).abs() < 3.0);
    assert!(fitted.warnings().iter().any(|w| w.code == "missing-values"));
    for flat in [vec![3.0; 40], vec![1.0, 2.0, 4.0]] {
        let fitted = Autoregression::default().fit(&history(&flat, &[])).unwrap();
        assert_eq!(fitted.description(), "naive");
    }
    let doubling: Vec<f64> = (0..60).map(|t| 2.0_f64.powi(t)).collect();
    assert!(
        Autoregression::default()
            .fit(&history(&doubling, &[]))
            .is_err()
    );
}
