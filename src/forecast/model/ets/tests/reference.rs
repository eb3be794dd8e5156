//! Reference values: statsmodels 0.14.6, `ETSModel(air_passengers, error, trend, damped_trend,
//! seasonal, seasonal_periods=12)`, the air passengers with an index of months.

use super::*;
use crate::forecast::model::ets::recursion::{Smoothing, States, Step};

/// The log-likelihood with the constants that statsmodels includes.
fn log_likelihood(deviance: f64, count: f64) -> f64 {
    -0.5 * (deviance + count + count * (2.0 * std::f64::consts::PI / count).ln())
}

/// A model with given parameters on the air passengers: level 120, slope 1.5, a sine as season.
fn known(specification: Specification, alpha: f64, beta: f64, gamma: f64, phi: f64) -> FittedEts {
    let season = |i: usize| {
        let wave = (2.0 * std::f64::consts::PI * i as f64 / MONTHS).sin();
        match specification.season {
            Season::Multiplicative => 1.0 + 0.15 * wave,
            _ => 20.0 * wave,
        }
    };
    let period = if specification.season == Season::None {
        1
    } else {
        12
    };
    let initial = States {
        level: 120.0,
        slope: if specification.trend == Trend::None {
            0.0
        } else {
            1.5
        },
        season: (0..period).filter(|_| period > 1).map(season).collect(),
    };
    let smoothing = Smoothing {
        alpha,
        beta,
        gamma,
        phi,
    };
    let mut trace = vec![Step::default(); AIR_PASSENGERS.len()];
    let mut states = initial.clone();
    recursion::run(
        &AIR_PASSENGERS,
        specification.season,
        smoothing,
        &mut states,
        &mut trace,
    )
    .unwrap();
    let likelihood = recursion::likelihood(&AIR_PASSENGERS, specification.error, &trace).unwrap();
    let estimate = Estimate {
        specification,
        period,
        smoothing,
        initial,
        deviance: likelihood.deviance,
        squares: likelihood.squares,
        multi_step: 0.0,
    };
    let mut scaled = Scaled::new(&of(&AIR_PASSENGERS, &[])).unwrap();
    scaled.unit = 1.0;
    scaled.values = AIR_PASSENGERS.to_vec();
    FittedEts::new(scaled, estimate, Vec::new(), Criterion::default())
}

#[test]
fn given_parameters_give_the_likelihood_and_forecasts_of_statsmodels() {
    // `initialization_method="known"`, `smooth(parameters)`: llf, and the forecasts 1, 6 and 14.
    let cases = [
        (
            (AddError, Trend::None, Season::None),
            [0.4, 0.0, 0.0, 1.0],
            -748.2542095197996,
            [449.9435566831507, 449.9435566831507, 449.9435566831507],
        ),
        (
            (MulError, Trend::Additive, Season::None),
            [0.4, 0.1, 0.0, 1.0],
            -729.2100620988335,
            [443.1183755396614, 374.4636212547891, 264.6160143989934],
        ),
        (
            (AddError, Trend::Additive, Season::Additive),
            [0.3, 0.05, 0.2, 1.0],
            -671.3827560119912,
            [471.09834284895743, 587.0332265964422, 506.3658897778802],
        ),
        (
            (AddError, Trend::Damped, Season::Additive),
            [0.3, 0.05, 0.2, 0.9],
            -670.8932406704026,
            [465.8225586179834, 567.9901135418963, 464.23987076165514],
        ),
        (
            (MulError, Trend::None, Season::Additive),
            [0.3, 0.0, 0.2, 1.0],
            -661.9118530319606,
            [457.3772693582368, 545.5326037984548, 445.7847585955207],
        ),
    ];
    for ((error, trend, season), [alpha, beta, gamma, phi], llf, means) in cases {
        let specification = Specification {
            error,
            trend,
            season,
        };
        let fitted = known(specification, alpha, beta, gamma, phi);
        let got = log_likelihood(fitted.estimate.deviance, 144.0);
        assert!(
            (got - llf).abs() < 1e-8,
            "{specification}: {got} instead of {llf}"
        );
        let forecast = fitted.forecast(14, &[], &[]).unwrap().mean;
        for (step, want) in [0, 5, 13].into_iter().zip(means) {
            assert!(
                (forecast[step] - want).abs() < 1e-9 * want,
                "{specification}: {forecast:?}"
            );
        }
    }
}

/// Table 2.3 of the book as it stands, with relative errors; statsmodels departs from it where the
/// season is multiplicative.
#[test]
fn multiplicative_models_follow_the_book() {
    for phi in [0.9, 1.0] {
        let specification = Specification {
            error: MulError,
            trend: if phi < 1.0 {
                Trend::Damped
            } else {
                Trend::Additive
            },
            season: Season::Multiplicative,
        };
        let (alpha, beta, gamma) = (0.3, 0.05, 0.2);
        let fitted = known(specification, alpha, beta, gamma, phi);
        let (mut level, mut slope) = (120.0, 1.5);
        let mut season = fitted.estimate.initial.season.clone();
        let (mut squares, mut logarithms) = (0.0, 0.0);
        for (t, y) in AIR_PASSENGERS.iter().enumerate() {
            let before = level + phi * slope;
            let forecast: f64 = before * season[t % 12];
            assert!((fitted.fitted()[t] - forecast).abs() < 1e-9);
            let error = (y - forecast) / forecast;
            level = before * (1.0 + alpha * error);
            slope = phi * slope + beta * before * error;
            season[t % 12] *= 1.0 + gamma * error;
            squares += error * error;
            logarithms += forecast.ln();
        }
        let deviance = 144.0 * f64::ln(squares) + 2.0 * logarithms;
        assert!((fitted.estimate.deviance - deviance).abs() < 1e-9 * deviance.abs());
    }
}

#[test]
fn additive_intervals_have_the_variances_of_statsmodels() {
    // `get_prediction(…).forecast_variance / mse` at the steps 1, 2, 12, 13, 14 and 27.
    let cases = [
        (
            (Trend::None, Season::None),
            [0.4, 0.0, 0.0, 1.0],
            [1.0, 1.16, 2.76, 2.92, 3.08, 5.16],
        ),
        (
            (Trend::Additive, Season::Additive),
            [0.3, 0.05, 0.2, 1.0],
            [1.0, 1.1225, 5.235, 6.445, 7.3475, 30.4125],
        ),
        (
            (Trend::Damped, Season::Additive),
            [0.3, 0.05, 0.2, 0.9],
            [
                1.0,
                1.119025,
                3.797174609546398,
                4.474350060578212,
                4.878357807991689,
                11.41700107022648,
            ],
        ),
    ];
    for ((trend, season), [alpha, beta, gamma, phi], ratios) in cases {
        let specification = Specification {
            error: AddError,
            trend,
            season,
        };
        let fitted = known(specification, alpha, beta, gamma, phi);
        let forecast = fitted.forecast(27, &[95.0], &[]).unwrap();
        let half = |h: usize| forecast.intervals[0].upper[h] - forecast.mean[h];
        for (h, want) in [0, 1, 11, 12, 13, 26].into_iter().zip(ratios) {
            let got = (half(h) / half(0)).powi(2);
            assert!(
                (got - want).abs() < 1e-9 * want,
                "{specification} {h}: {got}"
            );
        }
        // Sample paths spread alike.
        let paths = fitted.simulate(27, 20_000, 5, &[]).unwrap();
        for h in [0, 11, 12, 26] {
            let inside = paths
                .iter()
                .filter(|path| (path[h] - forecast.mean[h]).abs() < half(h));
            let share = inside.count() as f64 / 20_000.0;
            assert!((share - 0.95).abs() < 0.006, "{specification} {h}: {share}");
        }
    }
}

#[test]
fn estimates_are_no_worse_than_those_of_statsmodels() {
    // `fit(maxiter=5000).llf`, and the first three forecasts.
    let cases = [
        (
            ets(AddError, Trend::None, Season::None),
            -710.3939565491972,
            [431.995800710047, 431.995800710047, 431.995800710047],
        ),
        (
            ets(MulError, Trend::Additive, Season::Multiplicative),
            -522.4899321015225,
            [442.771897419506, 435.90005109788336, 498.82187599726535],
        ),
        (
            ets(MulError, Trend::Damped, Season::Multiplicative),
            -525.6171131316604,
            [441.90804782290974, 434.65795489324364, 496.9270615230737],
        ),
        (
            ets(AddError, Trend::Additive, Season::Additive),
            -564.983781213704,
            [451.57874535776967, 427.26010423102116, 464.7041232352722],
        ),
    ];
    for (model, llf, means) in cases {
        let scaled = Scaled::new(&of(&AIR_PASSENGERS, &[MONTHS])).unwrap();
        let candidates = Specification::all().filter(|s| {
            (Some(s.error), Some(s.trend), Some(s.season))
                == (model.error, model.trend, model.season)
        });
        let estimate = model
            .best(&scaled, candidates, 12, &mut Vec::new())
            .unwrap();
        let deviance = estimate.deviance + 2.0 * 144.0 * scaled.unit.ln();
        let got = log_likelihood(deviance, 144.0);
        assert!(
            got > llf - 0.02,
            "{}: {got} instead of {llf}",
            estimate.specification
        );
        let fitted = model.fit(&of(&AIR_PASSENGERS, &[MONTHS])).unwrap();
        let forecast = fitted.forecast(3, &[], &[]).unwrap().mean;
        for (got, want) in forecast.iter().zip(means) {
            assert!((got - want).abs() < 0.02 * want, "{model:?}: {forecast:?}");
        }
    }
}

/// (1−φB)(1−Bᵐ)y = P(B)e with the polynomial of the admissible region: for ETS(A,A,A), a
/// seasonal ARIMA model.
#[test]
fn an_additive_model_is_an_arima_model() {
    let specification = Specification {
        error: AddError,
        trend: Trend::Additive,
        season: Season::Additive,
    };
    let (alpha, beta, gamma, phi) = (0.3, 0.05, 0.2, 1.0);
    let fitted = known(specification, alpha, beta, gamma, phi);
    let y = &AIR_PASSENGERS;
    let e: Vec<f64> = y.iter().zip(fitted.fitted()).map(|(y, f)| y - f).collect();
    let mut moving = [0.0; 14];
    for lag in 0..12 {
        moving[lag] += alpha;
        moving[lag + 1] += phi * (beta - alpha);
    }
    moving[0] += 1.0 - alpha;
    moving[1] -= (1.0 - alpha) * phi;
    moving[12] += gamma - (1.0 - alpha);
    moving[13] += phi * (1.0 - alpha - gamma);
    for t in 30..144 {
        let left = (y[t] - y[t - 12]) - phi * (y[t - 1] - y[t - 13]);
        let right: f64 = (0..14).map(|lag| moving[lag] * e[t - lag]).sum();
        assert!((left - right).abs() < 1e-8, "{t}: {left} {right}");
    }
}
