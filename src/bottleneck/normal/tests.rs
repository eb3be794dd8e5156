use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::model::{Event, EventKind};
use crate::stats::random::Generator;

const MINUTE: i64 = 60_000_000;
const DAY: usize = 1440;
/// Monday, 5 January 2026, 00:00 UTC.
const MONDAY: i64 = 1_767_571_200_000_000;

/// Minutes of a metric with a day, quieter weekends and noise of deviation 2.
fn metric(seed: u64, days: usize) -> Vec<f64> {
    let mut random = Generator::new(seed);
    (0..days * DAY)
        .map(|t| {
            let hour = (t / 60 % 24) as f64;
            let weekend = if t / DAY % 7 >= 5 { 0.5 } else { 1.0 };
            let day = 100.0 + 40.0 * (hour / 24.0 * std::f64::consts::TAU).sin();
            weekend * day + 2.0 * random.normal()
        })
        .collect()
}

fn samples(values: &[f64]) -> Samples<'_> {
    Samples {
        start: MONDAY,
        step: MINUTE,
        values,
    }
}

#[test]
fn weeks_of_history_give_the_hour_of_week() {
    let values = metric(1, 28);
    let baseline = Baseline::fit(&samples(&values), Tz::UTC).unwrap();
    assert_eq!(baseline.coarsest(), Resolution::HourOfWeek);
    assert_eq!(baseline.count(), 28 * DAY);
    assert!(baseline.trend_per_day().unwrap().abs() < 0.02);
    // Tuesday, 06:30: 140; Sunday, 06:30: 70.
    for (day, want) in [(1, 140.0), (6, 70.0)] {
        let expected = baseline.expected(MONDAY + (day * 1440 + 390) * MINUTE);
        assert!((expected.level - want).abs() < 0.6, "{expected:?}");
        assert!((expected.spread - 2.0).abs() < 0.5, "{expected:?}");
    }
    let scores = baseline.scores(&samples(&values));
    let beyond = scores.iter().filter(|z| z.abs() > 3.0).count();
    assert!(beyond < values.len() / 100, "{beyond}");
}

#[test]
fn less_history_is_coarser_and_says_so() {
    let resolution = |days| {
        let values = metric(2, days);
        Baseline::fit(&samples(&values), Tz::UTC)
            .unwrap()
            .coarsest()
    };
    assert_eq!(resolution(21), Resolution::HourOfWeek);
    assert_eq!(resolution(7), Resolution::HourOfDay);
    assert_eq!(resolution(2), Resolution::Overall);
    // Two weeks and nothing on one weekend: that hour is known by day.
    let mut values = metric(3, 21);
    values[5 * DAY..7 * DAY].fill(f64::NAN);
    let baseline = Baseline::fit(&samples(&values), Tz::UTC).unwrap();
    assert_eq!(baseline.resolution(MONDAY), Resolution::HourOfWeek);
    let saturday = MONDAY + 5 * DAY as i64 * MINUTE;
    assert_eq!(baseline.resolution(saturday), Resolution::HourOfDay);
    assert_eq!(Baseline::fit(&samples(&[f64::NAN; 9]), Tz::UTC), None);
    assert_eq!(Baseline::fit(&samples(&[]), Tz::UTC), None);
}

#[test]
fn a_trend_is_removed_and_a_step_is_not_a_trend() {
    let mut values = metric(4, 30);
    for (t, x) in values.iter_mut().enumerate() {
        *x += 1.5 * t as f64 / DAY as f64;
    }
    let baseline = Baseline::fit(&samples(&values), Tz::UTC).unwrap();
    assert!((baseline.trend_per_day().unwrap() - 1.5).abs() < 0.05);
    assert!(baseline.changes(&samples(&values), 30).is_empty());
    let mut values = metric(5, 30);
    values[20 * DAY..].iter_mut().for_each(|x| *x += 25.0);
    let baseline = Baseline::fit(&samples(&values), Tz::UTC).unwrap();
    assert!(baseline.trend_per_day().unwrap().abs() < 0.2);
    let changes = baseline.changes(&samples(&values), 30);
    let at: Vec<i64> = changes.iter().map(|c| (c.at - MONDAY) / MINUTE).collect();
    assert!(at.contains(&(20 * DAY as i64)), "{at:?}");
}

#[test]
fn an_incident_is_dated() {
    let mut values = metric(6, 30);
    // 5 hours from day 26, 11:07.
    let begin = 26 * DAY + 667;
    values[begin..begin + 300]
        .iter_mut()
        .for_each(|x| *x += 30.0);
    let baseline = Baseline::fit(&samples(&values), Tz::UTC).unwrap();
    for part in [0, 24 * DAY] {
        let recent = Samples {
            start: MONDAY + part as i64 * MINUTE,
            step: MINUTE,
            values: &values[part..],
        };
        let changes = baseline.changes(&recent, 10);
        assert_eq!(changes.len(), 2, "{changes:?}");
        let since = changes[0];
        assert!(
            (since.at - MONDAY) / MINUTE - begin as i64 == 0,
            "{since:?}"
        );
        assert!(since.earliest <= since.at && since.at <= since.latest);
        assert!((since.after - since.before - 30.0).abs() < 2.0);
        let end = (changes[1].at - MONDAY) / MINUTE;
        assert_eq!(end, begin as i64 + 300);
    }
}

#[test]
fn nothing_is_found_where_nothing_changes() {
    let found: usize = (0..10)
        .map(|seed| {
            let values = metric(100 + seed, 28);
            let baseline = Baseline::fit(&samples(&values), Tz::UTC).unwrap();
            baseline.changes(&samples(&values), 10).len()
        })
        .sum();
    assert_eq!(found, 0);
}

#[test]
fn constant_metrics_have_a_spread() {
    let baseline = |value: f64| Baseline::fit(&samples(&[value; 9000]), Tz::UTC).unwrap();
    assert_eq!(baseline(200.0).expected(MONDAY).spread, 2.0);
    assert_eq!(baseline(0.0).expected(MONDAY).spread, 1.0);
    assert!(baseline(7.0).changes(&samples(&[7.0; 9000]), 5).is_empty());
}

#[test]
fn weeks_are_compared() {
    let mut values = metric(7, 14);
    values[7 * DAY..].iter_mut().for_each(|x| *x *= 1.2);
    let found = week_over_week(&samples(&values)).unwrap();
    assert_eq!(found.pairs, 7 * DAY);
    assert!((found.this / found.last - 1.2).abs() < 0.02, "{found:?}");
    assert!((found.difference - 16.0).abs() < 2.0, "{found:?}");
    assert_eq!(week_over_week(&samples(&values[..7 * DAY])), None);
    assert_eq!(
        week_over_week(&Samples {
            step: 0,
            ..samples(&values)
        }),
        None
    );
}

#[test]
fn the_nearest_event_stands_before() {
    let event = |id: &str, kind, minutes: i64| Event {
        id: id.into(),
        started_at: minutes * MINUTE,
        ended_at: None,
        kind,
        severity: None,
        title: None,
        labels: Vec::new(),
    };
    let events = [
        event("a", EventKind::Deploy, 10),
        event("b", EventKind::Deploy, 50),
        event("c", EventKind::Incident, 59),
        event("d", EventKind::Campaign, 63),
    ];
    let near = |at: i64, within: i64, slack: i64| {
        nearest_event(&events, at * MINUTE, within * MINUTE, slack * MINUTE)
            .map(|n| (n.event.id.as_str(), n.before / MINUTE))
    };
    assert_eq!(near(60, 120, 0), Some(("b", 10)));
    assert_eq!(near(60, 120, 5), Some(("d", -3)));
    assert_eq!(near(45, 120, 0), Some(("a", 35)));
    assert_eq!(near(45, 30, 0), None);
    assert_eq!(near(5, 30, 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn nothing_panics(
        values in prop_oneof![
            proptest::collection::vec(any::<f64>(), 0..50),
            proptest::collection::vec(prop_oneof![Just(f64::NAN), 0.0..9.0_f64], 0..8000),
        ],
        start in any::<i64>(),
        step in prop_oneof![any::<i64>(), Just(MINUTE), Just(3600 * 1_000_000)],
        minimum in any::<usize>(),
    ) {
        for start in [start, MONDAY] {
            let samples = Samples { start, step, values: &values };
            let _ = week_over_week(&samples);
            if let Some(baseline) = Baseline::fit(&samples, chrono_tz::Europe::London) {
                let _ = baseline.scores(&samples);
                let _ = baseline.changes(&samples, minimum);
                let _ = baseline.changes(&samples, minimum % 40);
            }
        }
    }
}
