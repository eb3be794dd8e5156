//! Laws of calibrated intervals.

use proptest::prelude::*;

use super::*;
use crate::forecast::model::{Mean, Theta};
use crate::forecast::{History, Model};
use crate::stats::random::Generator;

/// Origins whose scaled errors come from a source.
fn rolled(origins: usize, horizon: usize, mut error: impl FnMut() -> f64) -> Vec<Rolled> {
    let origin = |_| Rolled {
        mean: vec![10.0; horizon],
        spread: vec![1.0; horizon],
        actual: (0..horizon).map(|_| 10.0 + error()).collect(),
    };
    (0..origins).map(origin).collect()
}

fn calibrated(rolled: &[Rolled], horizon: usize) -> Forecast {
    let calibration = Calibration::of(rolled, horizon, horizon, Bounds::default());
    let (mean, spread) = (vec![10.0; horizon], vec![1.0; horizon]);
    calibration.forecast(mean, &spread, &[80.0, 95.0]).unwrap()
}

#[test]
fn a_model_too_sure_of_itself_is_widened() {
    let mut random = Generator::new(4);
    let forecast = calibrated(&rolled(10, 24, || 3.0 * random.normal()), 24);
    let half = forecast.intervals[1].upper[12] - 10.0;
    assert!((5.0..7.0).contains(&half), "{half}");
    let narrow = calibrated(&rolled(10, 24, || 0.3 * random.normal()), 24);
    let half = narrow.intervals[1].upper[12] - 10.0;
    assert!((0.5..0.9).contains(&half), "{half}");
}

#[test]
fn errors_to_one_side_reach_to_that_side() {
    let mut random = Generator::new(5);
    let skewed = || (1.2 * random.normal()).exp() - 1.0;
    let forecast = calibrated(&rolled(10, 24, skewed), 24);
    let interval = &forecast.intervals[0];
    assert!(interval.upper[0] - 10.0 > 2.0 * (10.0 - interval.lower[0]));
}

#[test]
fn without_origins_intervals_are_wide_and_said_to_be_uncalibrated() {
    let calibration = Calibration::of(&[], 1, 4, Bounds::default());
    assert_eq!(calibration.warning().unwrap().code, "not-calibrated");
    let forecast = calibration.forecast(vec![0.0], &[1.0], &[95.0]).unwrap();
    assert!(forecast.intervals[0].upper[0] > 1.96);
    let mut random = Generator::new(6);
    let many = Calibration::of(
        &rolled(8, 12, || random.normal()),
        12,
        12,
        Bounds::default(),
    );
    assert_eq!(many.warning(), None);
    // One long error an origin is worth one error.
    let mut level = 0.0;
    let alike: Vec<Rolled> = (0..4)
        .flat_map(|_| {
            level = random.normal();
            rolled(1, 12, || level)
        })
        .collect();
    let alike = Calibration::of(&alike, 12, 12, Bounds::default());
    assert!(alike.independent() <= 4.0 && many.independent() > 30.0);
}

#[test]
fn paths_have_the_calibrated_quantiles_and_keep_their_ranks() {
    let mut random = Generator::new(7);
    let errors = rolled(10, 6, || 2.0 * random.normal());
    let calibration = Calibration::of(&errors, 6, 6, Bounds::default());
    let mut paths: Vec<Vec<f64>> = (0..1000)
        .map(|_| {
            let mut level = 0.0;
            let step = |_| {
                level += random.normal();
                level
            };
            (0..6).map(step).collect()
        })
        .collect();
    let before = paths.clone();
    calibration.reorder(&mut paths, &[10.0; 6], &[1.0; 6]);
    let forecast = calibration
        .forecast(vec![10.0; 6], &[1.0; 6], &[80.0])
        .unwrap();
    for h in 0..6 {
        let interval = &forecast.intervals[0];
        let inside = |path: &&Vec<f64>| (interval.lower[h]..=interval.upper[h]).contains(&path[h]);
        assert_eq!(paths.iter().filter(inside).count(), 800);
    }
    for pair in 0..999 {
        let order = before[pair][3].total_cmp(&before[pair + 1][3]);
        assert_eq!(paths[pair][3].total_cmp(&paths[pair + 1][3]), order);
    }
}

#[test]
fn any_model_can_be_calibrated() {
    // Its errors are a random walk's, which the mean method takes for white noise.
    let mut random = Generator::new(8);
    let mut level = 100.0;
    let walk = |_| {
        level += random.normal();
        level
    };
    let values: Vec<f64> = (0..240).map(walk).collect();
    let history = History {
        values: &values,
        ..History::default()
    };
    let calibrated = Calibrated {
        model: Theta::default(),
        horizon: Some(12),
        bounds: None,
    };
    let fitted = calibrated.fit(&history).unwrap();
    let all = quantiles(fitted.as_ref(), 12, &[0.1, 0.5, 0.9], &[]).unwrap();
    let [low, middle, high] = &all[..] else {
        panic!("three quantiles: {all:?}");
    };
    assert!(low.iter().zip(middle).all(|(low, middle)| low < middle));
    assert!(middle.iter().zip(high).all(|(middle, high)| middle < high));
    let paths = fitted.simulate(12, 500, 1, &[]).unwrap();
    assert_eq!(paths, fitted.simulate(12, 500, 1, &[]).unwrap());
    let below = paths.iter().filter(|path| path[11] <= all[0][11]).count();
    assert!((45..=55).contains(&below), "{below}");
    let short = Calibrated {
        model: Mean,
        horizon: Some(12),
        bounds: None,
    };
    let history = History {
        values: &values[..6],
        ..History::default()
    };
    let fitted = short.fit(&history).unwrap();
    assert!(fitted.warnings().iter().any(|w| w.code == "not-calibrated"));
}

proptest! {
    #[test]
    fn intervals_are_ordered_and_nested(
        errors in prop::collection::vec(prop_oneof![Just(f64::NAN), -1e3..1e3_f64, Just(0.0)], 0..60),
        horizon in 1_usize..8,
        step in 1_usize..5,
        gap in prop_oneof![Just(0.0), 0.0..5.0_f64],
    ) {
        let mut source = errors.iter().copied().cycle();
        let rolled = rolled(errors.len() / 5, horizon, || source.next().unwrap_or(0.0));
        let bounds = Bounds { lower: 0.0, upper: 12.0, gap };
        let calibration = Calibration::of(&rolled, step, horizon, bounds);
        let levels = [50.0, 80.0, 95.0, 99.9];
        let forecast = calibration.forecast(vec![10.0; 10], &[2.0; 10], &levels).unwrap();
        for h in 0..10 {
            let mut wider = forecast.intervals.iter();
            let mut last = wider.next().unwrap();
            prop_assert!(last.lower[h] <= last.upper[h]);
            for next in wider {
                prop_assert!(next.lower[h] <= last.lower[h] && last.upper[h] <= next.upper[h]);
                last = next;
            }
            prop_assert!(last.lower[h] >= 0.0 && last.upper[h] <= 12.0);
        }
    }
}
