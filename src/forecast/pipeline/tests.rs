use proptest::prelude::*;

use super::*;
use crate::stats::reference_series::AIR_PASSENGERS;

const NAN: f64 = f64::NAN;

fn settings(models: &str) -> Settings {
    Settings {
        horizon: 6,
        levels: vec![80.0, 95.0],
        models: if models.is_empty() {
            Vec::new()
        } else {
            ModelSpec::list(models).unwrap()
        },
        seasons: Seasons::Given(Vec::new()),
        transform: TransformChoice::None,
        outliers: OutlierChoice::Keep,
        holdout: Holdout::Last,
        exhaustive: false,
        tests: false,
    }
}

fn of(values: &[f64], settings: &Settings) -> Outcome {
    let task = Task {
        values,
        ..Task::default()
    };
    forecast(&task, settings)
}

fn codes(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(|warning| warning.code).collect()
}

fn fallback(outcome: &Outcome) -> (&str, &str) {
    let fallback = outcome.models[0].fallback.as_ref().unwrap();
    (&fallback.used, &fallback.reason)
}

#[test]
fn air_passengers_are_forecast_with_their_season() {
    let task = Task {
        values: &AIR_PASSENGERS,
        step_seconds: Some(30.4375 * 86_400.0),
        regressors: &[],
    };
    let settings = Settings {
        horizon: 12,
        seasons: Seasons::Auto,
        tests: true,
        ..settings("auto-arima,ets,theta,snaive")
    };
    let outcome = forecast(&task, &settings);
    assert_eq!(outcome.periods, [12.0]);
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
    let names: Vec<&str> = outcome.models.iter().map(|m| m.model.as_str()).collect();
    assert_eq!(names, ["auto-arima", "ets", "theta", "seasonal-naive"]);
    let baseline = outcome.baseline.as_ref().unwrap();
    assert_eq!(baseline.folds[0].origin, 132);
    let scale = baseline.overall.mase.unwrap();
    for model in &outcome.models {
        assert_eq!(model.fallback, None);
        assert_eq!(model.forecast.mean.len(), 12);
        assert_eq!(model.fitted.len(), 144);
        let evaluation = model.evaluation.as_ref().unwrap();
        assert_eq!(evaluation.folds[0].origin, 132);
        assert!(evaluation.overall.mase.unwrap() <= scale);
    }
    assert_eq!(outcome.models[3].evaluation.as_ref(), Some(baseline));
    let verdicts: Vec<(&str, &str)> = outcome
        .tests
        .iter()
        .map(|test| (test.name, test.verdict.as_str()))
        .collect();
    assert_eq!(
        verdicts,
        [
            ("ADF", "a unit root cannot be excluded: shocks may last"),
            ("KPSS", "not stationary about a level (p is at most this)"),
            ("seasonal strength", "the season of 12 steps is strong"),
            ("nsdiffs", "one seasonal difference is needed"),
            ("ndiffs", "one difference is needed"),
        ]
    );
}

#[test]
fn an_empty_history_and_one_without_values_have_no_forecast() {
    for (values, reason) in [
        (&[][..], "the history is empty"),
        (&[NAN; 30][..], "every value of the history is missing"),
        (
            &[f64::INFINITY, f64::NEG_INFINITY][..],
            "every value of the history is missing",
        ),
    ] {
        let outcome = of(values, &settings("auto"));
        assert_eq!(fallback(&outcome), ("none", reason));
        let model = &outcome.models[0];
        assert!(model.forecast.mean.iter().all(|x| x.is_nan()));
        assert_eq!(model.forecast.mean.len(), 6);
        assert_eq!(model.forecast.intervals.len(), 2);
        assert_eq!(outcome.baseline, None);
        assert_eq!(codes(&model.warnings), ["fallback"]);
    }
}

#[test]
fn one_value_is_repeated() {
    let outcome = of(&[NAN, 7.0, NAN], &settings("auto"));
    assert_eq!(
        fallback(&outcome),
        ("naive", "1 values are too few for this method")
    );
    assert_eq!(outcome.models[0].forecast.mean, [7.0; 6]);
}

#[test]
fn a_constant_is_repeated_without_an_interval() {
    for model in ["auto", "ets", "theta", "harmonic", "mstl", "prophet"] {
        let outcome = of(&[3.0; 40], &settings(model));
        assert_eq!(fallback(&outcome), ("naive", "the history never changes"));
        let forecast = &outcome.models[0].forecast;
        assert_eq!(forecast.mean, [3.0; 6]);
        assert_eq!(forecast.intervals[1].lower, [3.0; 6]);
        assert_eq!(forecast.intervals[1].upper, [3.0; 6]);
    }
}

#[test]
fn a_season_of_less_than_two_cycles_is_left_out_and_told_once() {
    let values: Vec<f64> = (0..30).map(|t| f64::from(t % 7)).collect();
    let settings = Settings {
        seasons: Seasons::Given(vec![7.0, 24.0]),
        ..settings("ets,theta,harmonic")
    };
    let outcome = of(&values, &settings);
    assert_eq!(outcome.periods, [7.0]);
    assert_eq!(codes(&outcome.warnings), ["too-short-for-season"]);
    for model in &outcome.models {
        assert!(!codes(&model.warnings).contains(&"too-short-for-season"));
    }
}

#[test]
fn infinities_are_taken_for_missing() {
    let mut values: Vec<f64> = (0..40).map(|t| f64::from(t * t % 17)).collect();
    values[5] = f64::INFINITY;
    values[6] = NAN;
    let outcome = of(&values, &settings("auto,theta"));
    assert_eq!(outcome.missing, 2);
    assert_eq!(
        codes(&outcome.warnings),
        ["infinite-values", "missing-values"]
    );
    for model in &outcome.models {
        assert_eq!(model.fallback, None);
        assert!(!codes(&model.warnings).contains(&"missing-values"));
    }
}

#[test]
fn a_transform_that_cannot_be_made_is_told() {
    let mut values = AIR_PASSENGERS.to_vec();
    let settings = Settings {
        transform: TransformChoice::Log,
        seasons: Seasons::Given(vec![12.0]),
        ..settings("auto-arima,snaive")
    };
    let outcome = of(&values, &settings);
    assert_eq!(outcome.transform, Some(Transform::Log));
    assert_eq!(outcome.models[0].description, "ARIMA(0,1,1)(0,1,1)[12]");
    // Medians of the seasonal naive method: last year's values.
    for (forecast, last) in outcome.models[1].forecast.mean.iter().zip(&values[132..]) {
        assert!((forecast - last).abs() < 1e-9);
    }
    let interval = &outcome.models[1].forecast.intervals[0];
    let ratio = |i: usize| values[132 + i] / interval.lower[i];
    assert!((interval.upper[0] / values[132] - ratio(0)).abs() < 1e-9);
    values[3] = 0.0;
    let outcome = of(&values, &settings);
    assert_eq!(outcome.transform, None);
    assert_eq!(
        outcome.warnings[0].message,
        "the values are not transformed: the value 0 is not above 0"
    );
}

#[test]
fn nothing_leaves_the_bounds_of_a_logit() {
    // Percentages that rise towards 100, and one at the bound.
    let values: Vec<f64> = (0..60)
        .map(|t| 100.0 - 60.0 * (-f64::from(t) / 15.0).exp() + f64::from(t * 7 % 5) * 0.3)
        .map(|x| x.min(100.0))
        .collect();
    let settings = Settings {
        horizon: 40,
        transform: TransformChoice::Logit {
            lower: 0.0,
            upper: 100.0,
        },
        ..settings("auto-arima,drift,ets,theta,mean,naive")
    };
    let outcome = of(&values, &settings);
    assert!(outcome.transform.is_some());
    for model in &outcome.models {
        let bounds = model.forecast.intervals.iter();
        let bounds = bounds.flat_map(|interval| interval.lower.iter().chain(&interval.upper));
        for value in bounds.chain(&model.forecast.mean) {
            assert!((0.0..=100.0).contains(value), "{}: {value}", model.model);
        }
    }
}

#[test]
fn outliers_are_named_and_removed() {
    let mut values: Vec<f64> = (0..80).map(|t| f64::from(t * 13 % 7)).collect();
    values[40] = 900.0;
    let marked = Settings {
        outliers: OutlierChoice::Mark,
        holdout: Holdout::None,
        ..settings("mean")
    };
    let removed = Settings {
        outliers: OutlierChoice::Remove,
        ..marked.clone()
    };
    let (marked, removed) = (of(&values, &marked), of(&values, &removed));
    for outcome in [&marked, &removed] {
        let places: Vec<usize> = outcome.outliers.iter().map(|o| o.index).collect();
        assert_eq!(places, [40]);
        assert_eq!(outcome.missing, 0);
        assert_eq!(codes(&outcome.warnings), ["outliers"]);
        assert!(outcome.models[0].warnings.is_empty());
    }
    assert!(marked.models[0].forecast.mean[0] > 13.0);
    assert!(removed.models[0].forecast.mean[0] < 3.1);
}

fn regressor(name: &str, past: Vec<f64>, future: Vec<f64>) -> Regressor {
    Regressor {
        name: name.to_owned(),
        past,
        future,
    }
}

#[test]
fn outside_variables_go_to_models_that_use_them() {
    let step = |t: usize| f64::from(u8::from(t % 11 < 3));
    let values: Vec<f64> = (0..90)
        .map(|t| 10.0 + 5.0 * step(t) + (t * 17 % 13) as f64 * 0.1)
        .collect();
    let good = regressor(
        "campaign",
        (0..90).map(step).collect(),
        (90..96).map(step).collect(),
    );
    let regressors = [
        good.clone(),
        regressor("short", vec![1.0; 80], vec![1.0; 6]),
        regressor("gap", vec![NAN; 90], vec![1.0; 6]),
        regressor("soon", vec![1.0; 90], vec![1.0; 2]),
        regressor("later", vec![1.0; 90], vec![f64::INFINITY; 6]),
        regressor("level", vec![2.0; 90], vec![2.0; 6]),
    ];
    let task = Task {
        values: &values,
        step_seconds: None,
        regressors: &regressors,
    };
    let outcome = forecast(&task, &settings("auto-arima,harmonic,ets"));
    let told: Vec<&str> = outcome
        .warnings
        .iter()
        .map(|w| w.message.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "the outside variable short is left out: it has 80 values and the history 90",
            "the outside variable gap is left out: a value of its past is missing or infinite",
            "the outside variable soon is left out: it has 2 future values and the horizon 6",
            "the outside variable later is left out: a value of its future is missing or infinite",
            "held-out errors know the values that the outside variables really had, whatever is \
             assumed of the future",
        ]
    );
    for model in &outcome.models[..2] {
        let mut coefficients = model.details.coefficients.iter();
        let campaign = coefficients.find(|c| c.name == "campaign").unwrap();
        assert!((campaign.estimate - 5.0).abs() < 0.3, "{campaign:?}");
        assert!(campaign.standard_error.unwrap() < 0.3);
        let aliased = "the outside variable level cannot be told apart";
        let mut warnings = model.warnings.iter();
        assert!(
            warnings.any(|w| w.message.starts_with(aliased)),
            "{model:?}"
        );
        for (forecast, t) in model.forecast.mean.iter().zip(90..) {
            assert!((forecast - 10.6 - 5.0 * step(t)).abs() < 1.0);
        }
    }
    assert_eq!(
        outcome.models[2].warnings[0].message,
        "ets does not use outside variables"
    );
}

#[test]
fn a_model_that_cannot_be_fitted_gives_way() {
    let values: Vec<f64> = (0..14).map(|t| f64::from(t * 5 % 7) + 0.1).collect();
    let settings = Settings {
        seasons: Seasons::Given(vec![7.0]),
        ..settings("sarimax(2,1,2)(2,1,1)[7],ets(M,N,M)")
    };
    let outcome = of(&values, &settings);
    assert_eq!(
        fallback(&outcome),
        ("seasonal-naive", "there are 14 values, and 17 are needed")
    );
    let model = &outcome.models[0];
    assert_eq!(model.description, "seasonal naive [7]");
    assert_eq!(model.forecast.mean, values[7..13]);
    assert_eq!(
        model.warnings[0].message,
        "sarimax(2,1,2)(2,1,1)[7] gives way to seasonal-naive: there are 14 values, and 17 are needed"
    );
    // Components for positive values only, and a zero.
    let mut values: Vec<f64> = (0..40).map(|t| f64::from(t % 7)).collect();
    values[20] = -1.0;
    let outcome = of(
        &values,
        &Settings {
            models: settings.models[1..].to_vec(),
            ..settings
        },
    );
    assert_eq!(
        fallback(&outcome),
        (
            "seasonal-naive",
            "a multiplicative component needs values above zero"
        )
    );
}

#[test]
fn a_short_history_holds_out_less_and_says_so() {
    let values: Vec<f64> = (0..11).map(|t| f64::from(t * 3 % 5)).collect();
    let outcome = of(&values, &settings("naive"));
    assert_eq!(
        outcome.warnings[0].message,
        "only 3 of 6 steps could be held out to measure the forecast"
    );
    assert_eq!(outcome.baseline.unwrap().overall.scored, 3);
    let outcome = of(&values[..8], &settings("naive"));
    assert_eq!(codes(&outcome.warnings), ["nothing-held-out"]);
    assert_eq!(outcome.baseline, None);
    let rolling = Settings {
        horizon: 2,
        holdout: Holdout::Rolling {
            origins: 5,
            step: Some(1),
            initial: None,
        },
        ..settings("naive")
    };
    let outcome = of(&values, &rolling);
    assert_eq!(
        outcome.warnings[0].message,
        "the history has 2 of the 5 origins asked for"
    );
}

#[test]
fn the_held_out_end_is_that_of_the_values_that_are_there() {
    let mut values: Vec<f64> = (0..60).map(|t| f64::from(t * 3 % 5)).collect();
    values.extend([NAN; 9]);
    let outcome = of(&values, &settings("naive"));
    let baseline = outcome.baseline.unwrap();
    assert_eq!(baseline.folds[0].origin, 54);
    assert_eq!(baseline.overall.scored, 6);
}

#[test]
fn a_model_that_does_worse_than_the_baseline_is_told() {
    // A season that a mean does not have.
    let values: Vec<f64> = (0..70).map(|t| f64::from((t % 7) * (t % 7))).collect();
    let settings = Settings {
        seasons: Seasons::Given(vec![7.0]),
        holdout: Holdout::Rolling {
            origins: 4,
            step: None,
            initial: None,
        },
        ..settings("mean,snaive")
    };
    let outcome = of(&values, &settings);
    let mean = &outcome.models[0];
    assert_eq!(
        mean.warnings[0].message,
        "on the held-out values its errors are larger than those of the seasonal naive method, which made none: the simpler method did better"
    );
    assert!(outcome.models[1].warnings.is_empty());
    let origins = |evaluation: &Evaluation| -> Vec<usize> {
        evaluation.folds.iter().map(|fold| fold.origin).collect()
    };
    let own = mean.evaluation.as_ref().unwrap();
    assert_eq!(origins(own), [46, 52, 58, 64]);
    assert_eq!(origins(own), origins(outcome.baseline.as_ref().unwrap()));
}

#[test]
fn a_fallback_within_the_evaluation_is_told() {
    // The model needs more values than the first origins have.
    let values: Vec<f64> = (0..40).map(|t| f64::from(t * t % 11)).collect();
    let settings = Settings {
        horizon: 8,
        holdout: Holdout::Rolling {
            origins: 4,
            step: None,
            initial: None,
        },
        ..settings("arima(8,1,8)")
    };
    let outcome = of(&values, &settings);
    let model = &outcome.models[0];
    assert_eq!(model.fallback, None);
    let evaluation = model.evaluation.as_ref().unwrap();
    assert_eq!(evaluation.folds.len(), 4);
    assert_eq!(evaluation.folds[0].description, "naive");
    let told = "at 2 of 4 origins a simpler method stood in: there are 8 values, and 19 are needed";
    assert!(
        model.warnings.iter().any(|w| w.message == told),
        "{:?}",
        model.warnings
    );
}

#[test]
fn levels_that_cannot_be_are_left_out() {
    let values: Vec<f64> = (0..40).map(|t| f64::from(t * t % 11)).collect();
    let settings = Settings {
        levels: vec![0.0, 80.0, 100.0, NAN],
        ..settings("auto,theta")
    };
    let outcome = of(&values, &settings);
    assert_eq!(codes(&outcome.warnings), ["no-such-level"; 3]);
    for model in &outcome.models {
        assert_eq!(model.forecast.intervals.len(), 1);
    }
}

#[test]
fn the_default_model_is_automatic() {
    let outcome = of(&[1.0, 2.0, 4.0, 3.0], &settings(""));
    assert_eq!(outcome.models[0].model, "auto");
}

fn details(model: &str, transform: TransformChoice) -> (Details, String) {
    let settings = Settings {
        seasons: Seasons::Given(vec![12.0]),
        holdout: Holdout::None,
        transform,
        ..settings(model)
    };
    let model = of(&AIR_PASSENGERS, &settings).models.remove(0);
    (model.details, model.description)
}

fn names(details: &Details) -> Vec<&str> {
    details
        .coefficients
        .iter()
        .map(|c| c.name.as_str())
        .collect()
}

/// The name of the candidate with the least criterion.
fn best(details: &Details) -> &str {
    let fitted = details
        .search
        .iter()
        .filter(|tried| tried.criterion.is_some());
    let best = fitted.min_by(|a, b| a.criterion.unwrap().total_cmp(&b.criterion.unwrap()));
    &best.unwrap().model
}

#[test]
fn coefficients_have_their_standard_errors() {
    // R 4.2 `arima(log(AirPassengers), c(0, 1, 1), c(0, 1, 1))`: ma1 -0.4018 (s.e. 0.0896), sma1
    // -0.5569 (0.0731), sigma^2 0.001348, of 131 values and not adjusted for two coefficients.
    let (airline, _) = details("sarimax(0,1,1)(0,1,1)[12]", TransformChoice::Log);
    assert_eq!(names(&airline), ["ma1", "sma1", "sigma2"]);
    let wanted = [(-0.4018, 0.0896), (-0.5569, 0.0731)];
    for (coefficient, (estimate, error)) in airline.coefficients.iter().zip(wanted) {
        assert!((coefficient.estimate - estimate).abs() < 1e-4);
        assert!((coefficient.standard_error.unwrap() - error).abs() < 1e-4);
    }
    assert!((airline.coefficients[2].estimate * 129.0 / 131.0 - 0.001348).abs() < 1e-6);
    assert_eq!(airline.coefficients[2].standard_error, None);
    assert!(airline.search.is_empty());
    // By hand: 280.2986 with a standard deviation of 119.9663, and (432 - 112) / 143.
    let (mean, _) = details("mean", TransformChoice::None);
    assert_eq!(names(&mean), ["mean", "sigma2"]);
    assert!((mean.coefficients[0].estimate - 280.2986).abs() < 1e-4);
    assert!((mean.coefficients[0].standard_error.unwrap() - 119.9663 / 12.0).abs() < 1e-4);
    let (drift, _) = details("drift", TransformChoice::None);
    assert_eq!(names(&drift), ["drift", "sigma2"]);
    assert!((drift.coefficients[0].estimate - 320.0 / 143.0).abs() < 1e-9);
    let variance = drift.coefficients[1].estimate / 143.0;
    assert!((drift.coefficients[0].standard_error.unwrap() - variance.sqrt()).abs() < 1e-9);
    let (naive, _) = details("naive", TransformChoice::None);
    assert_eq!(names(&naive), ["sigma2"]);
}

#[test]
fn searches_are_told() {
    let (arima, description) = details("auto-arima", TransformChoice::Log);
    assert_eq!((best(&arima), arima.criterion), (&*description, "AICc"));
    assert!(arima.search.len() > 5);
    let (ets, description) = details("ets", TransformChoice::None);
    assert_eq!(best(&ets), description);
    assert_eq!(ets.criterion, "AICc of errors to a season ahead");
    // All but those whose additive error meets a multiplicative season.
    assert_eq!(ets.search.len(), 15);
    assert_eq!(names(&ets)[0], "alpha");
    let (theta, description) = details("theta", TransformChoice::None);
    assert!(description.starts_with(best(&theta)));
    assert_eq!(theta.search.len(), 4);
    assert_eq!(names(&theta), ["alpha", "theta", "l", "sigma2"]);
    for details in [arima, ets, theta] {
        assert!(details.diagnosis.unwrap().ljung_box.is_some());
    }
}

#[test]
fn fourier_terms_are_named_by_their_season() {
    let (joint, description) = details("harmonic", TransformChoice::Log);
    assert!(description.starts_with("Fourier K=6[12]"), "{description}");
    let named = names(&joint);
    assert!(
        named.contains(&"C1-12") && named.contains(&"C6-12") && !named.contains(&"S6-12"),
        "{named:?}"
    );
    assert!(!named.iter().any(|name| name.starts_with("xreg")));
    // Long enough to be estimated in turn.
    let values: Vec<f64> = (0..20_000)
        .map(|t| 9.0 * (std::f64::consts::TAU * f64::from(t) / 100.0).sin() + f64::from(t * t % 13))
        .collect();
    let settings = Settings {
        seasons: Seasons::Given(vec![100.0]),
        holdout: Holdout::None,
        ..settings("harmonic")
    };
    let model = of(&values, &settings).models.remove(0);
    let mut coefficients = model.details.coefficients.iter();
    let sine = coefficients.find(|c| c.name == "S1-100").unwrap();
    assert!((sine.estimate - 9.0).abs() < 0.2, "{sine:?}");
    assert_eq!(names(&model.details).last(), Some(&"sigma2"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nothing_panics_and_everything_is_ordered(
        values in prop_oneof![
            proptest::collection::vec(any::<f64>(), 0..40),
            proptest::collection::vec(
                prop_oneof![Just(NAN), Just(0.0), Just(1.0), Just(f64::INFINITY), -1.0..1.0],
                0..60,
            ),
            proptest::collection::vec(-1e308..1e308_f64, 0..40),
            proptest::collection::vec(-1e-308..1e-308_f64, 0..40),
        ],
        period in 0.0..30.0_f64,
        horizon in 0_usize..30,
        origins in 0_usize..4,
        transform in prop_oneof![
            Just(TransformChoice::None),
            Just(TransformChoice::Log),
            Just(TransformChoice::Guerrero),
            Just(TransformChoice::Likelihood),
            (-2.0..3.0_f64).prop_map(TransformChoice::BoxCox),
            Just(TransformChoice::Logit { lower: -1.0, upper: 1.0 }),
        ],
        outliers in prop_oneof![Just(OutlierChoice::Keep), Just(OutlierChoice::Remove)],
    ) {
        let settings = Settings {
            horizon,
            transform,
            outliers,
            seasons: if period < 2.0 { Seasons::Auto } else { Seasons::Given(vec![period]) },
            holdout: Holdout::Rolling { origins, step: None, initial: None },
            tests: true,
            ..settings(
                "auto,arima(1,1,1),ets,theta,mean,naive,snaive,drift,harmonic,mstl,augurs-ets,prophet",
            )
        };
        let outcome = of(&values, &settings);
        let some = values.iter().any(|value| value.is_finite());
        let within = matches!(outcome.transform, Some(Transform::Logit { .. }));
        for model in &outcome.models {
            prop_assert_eq!(model.forecast.mean.len(), horizon);
            prop_assert_eq!(model.fitted.len(), values.len());
            prop_assert_eq!(model.forecast.intervals.len(), 2);
            if some {
                prop_assert!(model.forecast.mean.iter().all(|x| x.is_finite()), "{:?}", model);
            }
            for interval in &model.forecast.intervals {
                prop_assert_eq!(interval.lower.len(), horizon);
                prop_assert_eq!(interval.upper.len(), horizon);
                for (low, high) in interval.lower.iter().zip(&interval.upper) {
                    prop_assert!(low <= high || !some, "{:?}", model);
                    prop_assert!(!within || (-1.0 <= *low && *high <= 1.0), "{:?}", model);
                }
            }
        }
        prop_assert_eq!(format!("{outcome:?}"), format!("{:?}", of(&values, &settings)));
    }
}
