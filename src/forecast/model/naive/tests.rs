use super::*;

const Z95: f64 = 1.959_963_984_540_054;

fn fit(model: &dyn Model, values: &[f64], periods: &[f64]) -> Box<dyn Fitted> {
    let history = History {
        values,
        periods,
        ..History::default()
    };
    model.fit(&history).unwrap()
}

/// The forecast and the variances that its interval was made from.
fn forecast(fitted: &dyn Fitted, horizon: usize) -> (Vec<f64>, Vec<f64>) {
    let forecast = fitted.forecast(horizon, &[95.0], &[]).unwrap();
    let upper = forecast.intervals[0].upper.iter().zip(&forecast.mean);
    let variances = upper
        .map(|(upper, mean)| ((upper - mean) / Z95).powi(2))
        .collect();
    (forecast.mean, variances)
}

fn near(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    for (g, w) in got.iter().zip(want) {
        assert!(
            (g - w).abs() < 1e-9 * w.abs().max(1.0),
            "{got:?} instead of {want:?}"
        );
    }
}

#[test]
fn naive_by_hand() {
    // Changes 2, −1, 3: σ² = 14/3.
    let fitted = fit(&Naive, &[1.0, 3.0, 2.0, 5.0], &[]);
    let (mean, variance) = forecast(&*fitted, 2);
    near(&mean, &[5.0, 5.0]);
    near(&variance, &[14.0 / 3.0, 28.0 / 3.0]);
    near(&fitted.fitted()[1..], &[1.0, 3.0, 2.0]);
    assert!(fitted.fitted()[0].is_nan());
}

#[test]
fn naive_ages_over_gaps() {
    let n = f64::NAN;
    // A change of 2 over two steps, one of 3 over one step; the last value is one step old.
    let fitted = fit(&Naive, &[n, 1.0, n, 3.0, 6.0, n], &[]);
    let (mean, variance) = forecast(&*fitted, 2);
    near(&mean, &[6.0, 6.0]);
    let sigma2 = (4.0 / 2.0 + 9.0) / 2.0;
    near(&variance, &[2.0 * sigma2, 3.0 * sigma2]);
    assert_eq!(fitted.warnings()[0].code, "missing-values");
}

#[test]
fn drift_by_hand() {
    // The slope 4/3; the errors 2/3, −7/3, 5/3; σ² = (78/9)/2 with one parameter.
    let fitted = fit(&Drift, &[1.0, 3.0, 2.0, 5.0], &[]);
    let (mean, variance) = forecast(&*fitted, 2);
    near(&mean, &[5.0 + 4.0 / 3.0, 5.0 + 8.0 / 3.0]);
    let sigma2 = 78.0 / 18.0;
    near(
        &variance,
        &[sigma2 * (1.0 + 1.0 / 3.0), 2.0 * sigma2 * (1.0 + 2.0 / 3.0)],
    );
    assert_eq!(fitted.parameters(), 1);
}

#[test]
fn seasonal_naive_by_hand() {
    // Changes over a season of 2: 1, 2, 1; σ² = 6/3.
    let fitted = fit(&SeasonalNaive, &[1.0, 10.0, 2.0, 12.0, 3.0], &[2.0]);
    let (mean, variance) = forecast(&*fitted, 4);
    near(&mean, &[12.0, 3.0, 12.0, 3.0]);
    near(&variance, &[2.0, 2.0, 4.0, 4.0]);
    assert_eq!(fitted.description(), "seasonal naive [2]");
}

#[test]
fn seasonal_naive_without_a_season_is_naive() {
    for (values, periods, code) in [
        (&[1.0, 2.0, 4.0][..], &[][..], "no-season"),
        (&[1.0, 2.0, 4.0], &[3.0], "too-short-for-season"),
    ] {
        let fitted = fit(&SeasonalNaive, values, periods);
        assert_eq!(fitted.description(), "naive");
        assert_eq!(fitted.warnings()[0].code, code);
    }
    let n = f64::NAN;
    let fitted = fit(&SeasonalNaive, &[n, 1.0, n, 3.0, n], &[2.0]);
    near(&forecast(&*fitted, 2).0, &[3.0, 3.0]);
    assert_eq!(fitted.warnings()[1].code, "season-incomplete");
}

#[test]
fn paths_spread_as_the_variances_say() {
    let n = f64::NAN;
    let values = [1.0, 3.0, 2.0, 5.0, 4.0, 8.0, 7.0, n, n];
    for model in [&Naive as &dyn Model, &Drift, &SeasonalNaive] {
        let fitted = fit(model, &values, &[3.0]);
        let (mean, variance) = forecast(&*fitted, 5);
        let count = 20_000;
        let paths = fitted.simulate(5, count, 3, &[]).unwrap();
        for h in 0..5 {
            let sum: f64 = paths.iter().map(|path| path[h] - mean[h]).sum();
            let squares: f64 = paths.iter().map(|path| (path[h] - mean[h]).powi(2)).sum();
            let (sum, squares) = (sum / count as f64, squares / count as f64);
            assert!(sum.abs() < 4.0 * (variance[h] / count as f64).sqrt());
            assert!((squares / variance[h] - 1.0).abs() < 0.05, "{model:?} {h}");
        }
    }
}
