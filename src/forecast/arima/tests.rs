use super::*;
use crate::stats::random::Generator;
use crate::stats::reference_series::{AIR_PASSENGERS, CO2};

mod series;

fn fit(values: &[f64], regressors: &[Vec<f64>], order: &str, constant: bool) -> ArimaFit {
    let model = Sarimax {
        order: order.parse().unwrap(),
        constant,
    };
    let history = History {
        values,
        periods: &[],
        regressors,
    };
    model.estimate(&history).unwrap()
}

fn near(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (f, e) in found.iter().zip(expected) {
        let error = (f - e).abs() / e.abs().max(1e-3);
        assert!(error < tolerance, "{found:?} {expected:?}");
    }
}

fn log_air() -> Vec<f64> {
    AIR_PASSENGERS.iter().map(|v| v.ln()).collect()
}

/// Checks estimates, standard errors, log-likelihood and maximum-likelihood variance.
fn check(fit: &ArimaFit, estimates: &[f64], errors: &[f64], log_likelihood: f64, variance: f64) {
    let found = [
        fit.estimate.coefficients.as_slice(),
        &fit.estimate.regression,
    ]
    .concat();
    near(&found, estimates, 1e-5);
    near(&fit.standard_errors, errors, 1e-5);
    near(&[fit.estimate.log_likelihood], &[log_likelihood], 1e-8);
    near(&[fit.estimate.variance], &[variance], 1e-6);
    assert!(fit.estimate.converged);
}

// The references are of statsmodels 0.14.6 where nothing else is said:
// SARIMAX(y, order, seasonal_order, exog, concentrate_scale=True), and
// simple_differencing=True where there are differences, which makes its likelihood that
// of the differences; fitted by Nelder-Mead (xtol=1e-11, ftol=1e-15), then BFGS
// (gtol=1e-10), with cov_type="approx" (the Hessian by differences).

#[test]
fn air_passengers() {
    let found = fit(&log_air(), &[], "(0,1,1)(0,1,1)[12]", false);
    check(
        &found,
        &[-0.4018231355, -0.5569365016],
        &[0.0896446512, 0.0731051002],
        244.6964868328608,
        0.0013480989945941874,
    );
    assert_eq!(found.description(), "ARIMA(0,1,1)(0,1,1)[12]");
    assert_eq!(found.names, ["ma1", "sma1"]);
    // R 4.2.2: predict(arima(log(AirPassengers), c(0,1,1), c(0,1,1), method = "ML"), 6).
    // Its variance is not adjusted for the parameters.
    let forecast = found.forecast(6, &[95.0], &[]).unwrap();
    let mean = [
        6.11018574072,
        6.05377526878,
        6.17171485373,
        6.19930044563,
        6.23255597676,
        6.36877867324,
    ];
    near(&forecast.mean, &mean, 1e-6);
    let errors = [
        0.0367156224741,
        0.0427829095255,
        0.0480907242749,
        0.0528683097431,
        0.0572485684441,
        0.0613167106318,
    ];
    let interval = &forecast.intervals[0];
    let adjusted = (131.0_f64 / 129.0).sqrt() * 1.959963984540054;
    let widths = interval.upper.iter().zip(&interval.lower);
    let found: Vec<f64> = widths.map(|(u, l)| (u - l) / (2.0 * adjusted)).collect();
    near(&found, &errors, 1e-4);
}

#[test]
fn carbon_dioxide() {
    let found = fit(&CO2, &[], "(1,1,1)(0,1,1)[12]", false);
    check(
        &found,
        &[0.29030538058489763, -0.628648349575907, -0.8562782686962254],
        &[
            0.10347970563741671,
            0.08330251130573144,
            0.023965958073829147,
        ],
        -154.30157386542086,
        0.10356062347162359,
    );
    // R 4.2.2: predict(arima(y, c(1,1,1), c(0,1,1), method = "ML"), 3)$pred.
    let forecast = found.forecast(3, &[], &[]).unwrap();
    let expected = [371.974237331, 372.747740081, 373.656286656];
    near(&forecast.mean, &expected, 1e-6);
}

#[test]
fn regression_with_arma_errors() {
    let time: Vec<f64> = (1875..1973).map(|y| f64::from(y) - 1920.0).collect();
    let found = fit(series::LAKE_HURON, &[time], "(2,0,0)", true);
    check(
        &found,
        &[1.0048176799, -0.29130127117, 579.09941127, -0.021568137848],
        &[0.0976217016, 0.1003355932, 0.2370261285, 0.0080990306],
        -101.19826716651484,
        0.456618348036397,
    );
    assert_eq!(found.names, ["ar1", "ar2", "intercept", "xreg1"]);
    let description = "Regression with ARIMA(2,0,0) errors";
    assert_eq!(found.description(), description);
    // R 4.2.2: predict(arima(LakeHuron, c(2,0,0), xreg = time(LakeHuron) - 1920), 3, 53:55).
    let future = [vec![53.0, 54.0, 55.0]];
    let forecast = found.forecast(3, &[], &future).unwrap();
    let expected = [579.397257901, 578.805234572, 578.368107503];
    near(&forecast.mean, &expected, 1e-7);
    assert!(matches!(
        found.forecast(3, &[], &[]),
        Err(FitError::Regressors(_))
    ));
    let short = [vec![53.0]];
    assert!(matches!(
        found.forecast(3, &[], &short),
        Err(FitError::Regressors(_))
    ));
}

/// R 4.2.2 with forecast 8.20: Arima(LakeHuron, c(1,1,1), include.drift = TRUE,
/// method = "ML"). Its start is diffuse by approximation, so it agrees to 4 digits.
#[test]
fn drift() {
    let found = fit(series::LAKE_HURON, &[], "(1,1,1)", true);
    let estimate = &found.estimate;
    near(&estimate.coefficients, &[-0.310531642, 0.497708043], 1e-4);
    near(&estimate.regression, &[-0.002029720], 1e-3);
    let errors = [0.417467598, 0.385919310, 0.084872556];
    near(&found.standard_errors, &errors, 1e-3);
    near(&[estimate.log_likelihood], &[-107.39922641876], 1e-5);
    let criteria = [estimate.aic(), estimate.aicc(), estimate.bic()];
    near(
        &criteria,
        &[222.798452837, 223.233235446, 233.097296752],
        1e-5,
    );
    near(&[estimate.adjusted_variance()], &[0.556492381782], 1e-2);
    assert_eq!(found.description(), "ARIMA(1,1,1) with drift");
    let forecast = found.forecast(3, &[80.0, 95.0], &[]).unwrap();
    let expected = [579.867918172, 579.893852480, 579.883139044];
    near(&forecast.mean, &expected, 1e-6);
    assert_eq!(forecast.intervals[0].level, 80.0);
}

#[test]
fn missing_values() {
    // With exog=np.ones(120), as the mean.
    let found = fit(series::PRESIDENTS, &[], "(3,0,0)", true);
    check(
        &found,
        &[0.7495946062, 0.2522328651, -0.1890342369, 56.2167464254],
        &[0.0936181226, 0.1140162068, 0.0945899053, 4.2836358991],
        -414.0819303777024,
        81.11812817475169,
    );
    // R 4.2.2: predict(arima(presidents, c(3,0,0), method = "ML"), 3)$pred.
    let forecast = found.forecast(3, &[], &[]).unwrap();
    let expected = [29.8421498075, 34.4104289981, 39.3083703896];
    near(&forecast.mean, &expected, 1e-5);
    assert!(found.fitted()[0].is_nan() && found.residuals[14].is_nan());
    assert!(found.fitted()[14].is_finite() && found.residuals[16].is_finite());
}

/// With use_exact_diffuse=True instead, on the levels. Its likelihood has the constant
/// ½ log 2π for the values that differencing takes, too.
#[test]
fn missing_values_and_differences() {
    let constant = 0.5 * std::f64::consts::TAU.ln();
    let found = fit(series::PRESIDENTS, &[], "(1,1,1)", false);
    check(
        &found,
        &[-0.7629532923, 0.5858867083],
        &[0.1712119583, 0.2138731699],
        -414.18805564706474 + constant,
        85.8244822415,
    );
    let mut gaps = log_air();
    for t in [5, 40, 41, 100] {
        gaps[t] = f64::NAN;
    }
    let found = fit(&gaps, &[], "(0,1,1)(0,1,1)[12]", false);
    check(
        &found,
        &[-0.3846898472, -0.5342968137],
        &[0.092534739, 0.0789091603],
        224.7141158710508 + 13.0 * constant,
        0.0013405811,
    );
}

/// A random walk with drift by hand: the mean and the variance of the differences.
#[test]
fn random_walk_with_drift() {
    let values = [1.0, 3.0, 4.0, 8.0, 9.0, 11.0];
    let found = fit(&values, &[], "(0,1,0)", true);
    assert!(found.estimate.coefficients.is_empty());
    near(&found.estimate.regression, &[2.0], 1e-12);
    near(&[found.estimate.variance], &[1.2], 1e-12);
    near(&found.standard_errors, &[(1.2_f64 / 5.0).sqrt()], 1e-9);
    let log_likelihood = -2.5 * (1.2_f64.ln() + 1.0 + std::f64::consts::TAU.ln());
    near(&[found.estimate.log_likelihood], &[log_likelihood], 1e-12);
    let forecast = found.forecast(3, &[], &[]).unwrap();
    near(&forecast.mean, &[13.0, 15.0, 17.0], 1e-12);
    assert!(found.fitted()[0].is_nan());
    near(&found.fitted()[1..], &[3.0, 5.0, 6.0, 10.0, 11.0], 1e-12);
}

/// As above with both seasons' first values among the gaps: get_forecast(3) of the results.
#[test]
fn forecasts_after_gaps() {
    let mut gaps = log_air();
    for t in [5, 40, 41, 100] {
        gaps[t] = f64::NAN;
    }
    let found = fit(&gaps, &[], "(0,1,1)(0,1,1)[12]", false);
    let forecast = found.forecast(3, &[95.0], &[]).unwrap();
    near(&forecast.mean, &[6.10986888, 6.05274974, 6.16888375], 1e-7);
    let interval = &forecast.intervals[0];
    let adjusted = (127.0_f64 / 125.0).sqrt() * 1.959963984540054;
    let error = (interval.upper[2] - interval.lower[2]) / (2.0 * adjusted);
    near(&[error], &[0.04853543], 1e-5);
}

/// The last pass over the series less its regression leaves what the likelihood had.
#[test]
fn residuals_after_gaps_are_the_likelihoods() {
    let mut values = log_air();
    for t in [0, 2, 5, 40, 41, 100] {
        values[t] = f64::NAN;
    }
    let column: Vec<f64> = (0..144).map(|t| f64::from(t).sin()).collect();
    let order: Order = "(1,1,0)(0,1,1)[12]".parse().unwrap();
    let data = Differenced::new(&values, &[column], &order, false).unwrap();
    let mut workspace = Workspace::new();
    let estimate = fit_with(&mut workspace, &data, order, None, Effort::FULL).unwrap();
    let sum = estimate.variance * estimate.observations as f64;
    let found = finish(&mut workspace, &data, estimate).unwrap();
    let run = &workspace.kalman;
    let squares = run.values[0].iter().zip(&run.variances);
    near(&[squares.map(|(v, f)| v * v / f).sum()], &[sum], 1e-6);
    assert!(found.residuals[14].is_finite());
}

#[test]
fn ends_that_are_missing_do_not_matter() {
    let whole = fit(&log_air()[..132], &[], "(1,0,0)(0,1,1)[12]", true);
    let mut values = vec![f64::NAN; 3];
    values.extend(&log_air()[..132]);
    values.extend([f64::NAN; 2]);
    let cut = fit(&values, &[], "(1,0,0)(0,1,1)[12]", true);
    near(
        &cut.estimate.coefficients,
        &whole.estimate.coefficients,
        1e-9,
    );
    let (a, b) = (
        cut.forecast(4, &[80.0], &[]).unwrap(),
        whole.forecast(6, &[80.0], &[]).unwrap(),
    );
    near(&a.mean, &b.mean[2..], 1e-9);
    near(&a.intervals[0].upper, &b.intervals[0].upper[2..], 1e-9);
    assert_eq!(cut.fitted().len(), 137);
}

/// The forecasts' errors by drawing paths: means and deviations within five standard errors.
#[test]
fn paths_spread_as_the_intervals_say() {
    for order in ["(0,1,1)(0,1,1)[12]", "(2,0,0)(1,0,0)[12]"] {
        let found = fit(&log_air()[..40], &[], order, order.starts_with("(2"));
        let forecast = found.forecast(15, &[68.26894921370858], &[]).unwrap();
        let count = 20_000;
        let paths = found.simulate(15, count, 7, &[]).unwrap();
        assert_eq!(paths, found.simulate(15, count, 7, &[]).unwrap());
        for h in [0, 5, 14] {
            let mean = paths.iter().map(|p| p[h]).sum::<f64>() / count as f64;
            let squares = paths.iter().map(|p| (p[h] - mean).powi(2));
            let deviation = (squares.sum::<f64>() / count as f64).sqrt();
            let error = forecast.intervals[0].upper[h] - forecast.mean[h];
            let unit = error / (count as f64).sqrt();
            assert!((mean - forecast.mean[h]).abs() < 5.0 * unit, "{order} {h}");
            assert!((deviation - error).abs() < 5.0 * unit, "{order} {h}");
        }
    }
}

/// Both ways to the state after the history give the same forecasts.
#[test]
fn recursion_and_filter_forecast_alike() {
    let values = log_air();
    let order: Order = "(1,0,1)(0,1,1)[12]".parse().unwrap();
    let data = Differenced::new(&values[..70], &[], &order, true).unwrap();
    let mut workspace = Workspace::new();
    let mut estimate = fit_with(&mut workspace, &data, order, None, Effort::FULL).unwrap();
    let a = finish(&mut workspace, &data, estimate.clone()).unwrap();
    estimate.filtered = true;
    let b = finish(&mut workspace, &data, estimate).unwrap();
    assert!(
        b.warnings()
            .iter()
            .any(|w| w.code == "arima-near-unit-root")
    );
    let (x, y) = (
        a.forecast(30, &[95.0], &[]).unwrap(),
        b.forecast(30, &[95.0], &[]).unwrap(),
    );
    near(&x.mean, &y.mean, 1e-7);
    near(&x.intervals[0].lower, &y.intervals[0].lower, 1e-6);
    near(&a.fitted()[12..], &b.fitted()[12..], 1e-6);
    near(&a.standard_errors, &b.standard_errors, 1e-3);
}

/// A smooth growth, forced into a stationary model: two roots at the unit circle.
#[test]
fn near_a_unit_root_the_filter_has_the_last_word() {
    let mut random = Generator::new(1);
    let values: Vec<f64> = (0..200)
        .map(|t| f64::from(t * t) + 1e-3 * random.normal())
        .collect();
    let found = fit(&values, &[], "(3,0,0)", false);
    assert!(found.estimate.filtered, "{:?}", found.estimate);
    assert_eq!(found.warnings()[0].code, "arima-near-unit-root");
    assert!(!found.estimate.roots_are_beyond(1.001));
    let next = found.forecast(1, &[], &[]).unwrap().mean[0];
    assert!((next - 40_000.0).abs() < 40.0, "{next}");
}

#[test]
fn refuses_what_cannot_be_fitted() {
    let model = |order: &str, constant| Sarimax {
        order: order.parse().unwrap(),
        constant,
    };
    let run = |model: Sarimax, values: &[f64]| {
        let history = History {
            values,
            ..History::default()
        };
        model.estimate(&history)
    };
    let time: Vec<f64> = (0..40).map(f64::from).collect();
    for (model, values) in [
        (model("(1,0,0)", false), vec![]),
        (model("(1,0,0)", false), vec![f64::NAN; 30]),
        (model("(1,0,0)", true), vec![3.0; 30]),
        (model("(1,1,0)", true), time.clone()),
        (model("(0,1,1)(0,1,1)[12]", false), vec![1.0; 12]),
        (model("(0,0,0)", false), vec![0.0; 12]),
        (model("(2,0,0)", false), vec![1e200; 40]),
    ] {
        assert!(run(model, &values).is_err(), "{model:?} {values:?}");
    }
}

/// Whatever the values, there is a fit or a reason.
#[test]
fn never_panics() {
    let mut random = Generator::new(5);
    for seed in 0..600 {
        let n = random.below(50);
        let kind = random.below(6);
        let values: Vec<f64> = (0..n)
            .map(|t| match kind {
                0 => random.normal(),
                1 => (t % 4) as f64,
                2 if random.below(4) == 0 => f64::NAN,
                3 => random.normal() * 1e150,
                4 => (t as f64 * 0.7).exp(),
                _ => random.normal() * 1e-160 + 5.0,
            })
            .collect();
        let plain = Order::new(random.below(3), random.below(3), random.below(3));
        let (seasonal_ar, seasonal_ma) = (random.below(2), random.below(3));
        let period = 2 + random.below(5);
        let order = plain.seasonal(seasonal_ar, random.below(2), seasonal_ma, period);
        let columns: Vec<Vec<f64>> = (0..random.below(3))
            .map(|_| (0..n).map(|_| random.below(3) as f64).collect())
            .collect();
        let future = vec![vec![1.0; 4]; columns.len()];
        let model = Sarimax {
            order,
            constant: seed % 2 == 0,
        };
        let history = History {
            values: &values,
            periods: &[],
            regressors: &columns,
        };
        if let Ok(fit) = model.fit(&history) {
            let forecast = fit.forecast(4, &[80.0, 100.0], &future).unwrap();
            assert_eq!(forecast.mean.len(), 4);
            assert_eq!(fit.fitted().len(), n);
            assert_eq!(fit.simulate(4, 2, 1, &future).unwrap().len(), 2);
        }
    }
}
