use super::*;
use crate::model::{format_timestamp, parse_timestamp, stale_nan};
use chrono_tz::Tz;
use proptest::prelude::*;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const LONDON: Tz = Tz::Europe__London;
const NEW_YORK: Tz = Tz::America__New_York;
const KOLKATA: Tz = Tz::Asia__Kolkata;

fn at(text: &str) -> i64 {
    parse_timestamp(text, Tz::UTC).unwrap()
}

fn how(step: &str, tz: Tz, statistic: &str) -> Resampling {
    Resampling {
        step: Step::parse(step, tz).unwrap(),
        statistic: statistic.parse().unwrap(),
        origin: Origin::Round,
        drop_partial: false,
    }
}

/// NaN as −1, to compare.
fn shown(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|x| if x.is_nan() { -1.0 } else { *x })
        .collect()
}

/// A point every so often, whose value is its number.
fn points(start: &str, every: i64, count: i64) -> (Vec<i64>, Vec<f64>) {
    let start = at(start);
    (0..count).map(|i| (start + i * every, i as f64)).unzip()
}

#[test]
fn statistics_of_an_hour() {
    let start = at("2025-03-01 10:00");
    let times = [0, 10, 20, 50, 60, 190].map(|minute| start + minute * MINUTE);
    let values = [4.0, 1.0, 3.0, 8.0, 5.0, 7.0];
    for (statistic, want) in [
        ("mean", [4.0, 5.0, -1.0, 7.0]),
        ("min", [1.0, 5.0, -1.0, 7.0]),
        ("max", [8.0, 5.0, -1.0, 7.0]),
        ("first", [4.0, 5.0, -1.0, 7.0]),
        ("last", [8.0, 5.0, -1.0, 7.0]),
        ("sum", [16.0, 5.0, -1.0, 7.0]),
        ("count", [4.0, 1.0, 0.0, 1.0]),
        ("median", [3.5, 5.0, -1.0, 7.0]),
        // numpy.quantile([4, 1, 3, 8], .9) = 6.8.
        ("p90", [6.8, 5.0, -1.0, 7.0]),
        ("p100", [8.0, 5.0, -1.0, 7.0]),
    ] {
        let found = resample(&times, &values, &how("1h", Tz::UTC, statistic)).unwrap();
        let close = shown(&found.regular.values)
            .iter()
            .zip(want)
            .all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(
            close && found.regular.values.len() == 4,
            "{statistic} {found:?}"
        );
        assert_eq!(
            (found.regular.start, found.points, found.empty),
            (start, 6, 1)
        );
    }
}

#[test]
fn what_is_missing_or_doubled_or_out_of_order_is_counted() {
    let start = at("2025-03-01 10:00");
    let times = [60, 0, 0, 10, 20, 30].map(|minute| start + minute * MINUTE);
    let values = [9.0, 1.0, 3.0, f64::INFINITY, stale_nan(), f64::NAN];
    let found = resample(&times, &values, &how("1h", Tz::UTC, "sum")).unwrap();
    // Of the two values at 10:00 the later counts.
    assert_eq!(found.regular.values, [3.0, 9.0]);
    assert_eq!((found.points, found.missing, found.duplicates), (2, 3, 1));
}

#[test]
fn half_an_hour_is_no_drop() {
    // From 10:20 to 13:30 by ten minutes.
    let (times, values) = points("2025-03-01 10:20", 10 * MINUTE, 20);
    let mut how = how("1h", Tz::UTC, "count");
    let found = resample(&times, &values, &how).unwrap();
    assert_eq!(found.regular.values, [4.0, 6.0, 6.0, 4.0]);
    let (first, last) = (found.first.unwrap(), found.last.unwrap());
    assert_eq!(first.time, at("2025-03-01 10:00"));
    assert_eq!(last.time, at("2025-03-01 13:00"));
    assert!((first.covered - 2.0 / 3.0).abs() < 1e-9);
    assert!((last.covered - 2.0 / 3.0).abs() < 1e-9);
    how.drop_partial = true;
    let found = resample(&times, &values, &how).unwrap();
    assert_eq!(found.regular.values, [6.0, 6.0]);
    assert_eq!(found.regular.start, at("2025-03-01 11:00"));
    assert_eq!(found.dropped, 2);
    // Whole hours, although no point lies at their very begin or end.
    let (times, values) = points("2025-03-01 10:07", 10 * MINUTE, 12);
    let found = resample(&times, &values, &how).unwrap();
    assert_eq!(found.regular.values, [6.0, 6.0]);
    assert_eq!((found.first, found.last), (None, None));
    // Days by the day, whenever they come.
    let (times, values) = points("2025-03-01 09:00", DAY, 5);
    how.step = Step::parse("1d", LONDON).unwrap();
    let found = resample(&times, &values, &how).unwrap();
    assert_eq!(
        (found.first, found.last, found.regular.values.len()),
        (None, None, 5)
    );
    // One bucket stays.
    let found = resample(&times[..1], &values[..1], &how).unwrap();
    assert_eq!(found.regular.values, [1.0]);
}

#[test]
fn grids_begin_at_a_round_place() {
    let (times, values) = points("2025-07-09 10:20", 7 * MINUTE, 900);
    for (step, tz, start) in [
        ("1h", Tz::UTC, "2025-07-09T10:00:00Z"),
        ("15m", Tz::UTC, "2025-07-09T10:15:00Z"),
        ("1h", KOLKATA, "2025-07-09T15:00:00+05:30"),
        ("6h", KOLKATA, "2025-07-09T12:00:00+05:30"),
        ("1d", LONDON, "2025-07-09T00:00:00+01:00"),
        ("1w", NEW_YORK, "2025-07-07T00:00:00-04:00"),
        ("1mo", LONDON, "2025-07-01T00:00:00+01:00"),
        ("3mo", LONDON, "2025-07-01T00:00:00+01:00"),
        ("1y", LONDON, "2025-01-01T00:00:00+00:00"),
    ] {
        let found = resample(&times, &values, &how(step, tz, "mean")).unwrap();
        assert_eq!(format_timestamp(found.regular.start, tz), start, "{step}");
    }
    let first = Resampling {
        origin: Origin::First,
        ..how("1d", LONDON, "count")
    };
    let found = resample(&times, &values, &first).unwrap();
    assert_eq!(found.regular.start, times[0]);
}

#[test]
fn clocks_that_are_set() {
    // Every half hour, two days around each change: 48 buckets of hours, whatever happens.
    for (start, tz, skipped, doubled) in [
        ("2025-03-29 00:00", LONDON, 1, 0),
        ("2025-10-24 23:00", LONDON, 0, 1),
        ("2025-03-08 05:00", NEW_YORK, 1, 0),
        ("2025-11-01 04:00", NEW_YORK, 0, 1),
        ("2025-03-28 18:30", KOLKATA, 0, 0),
    ] {
        let hours = 48 - skipped as i64 + doubled as i64;
        let (times, values) = points(start, 30 * MINUTE, 2 * hours);
        for statistic in ["count", "sum", "last"] {
            let found = resample(&times, &values, &how("1h", tz, statistic)).unwrap();
            assert_eq!(found.regular.values.len(), 48, "{tz} {start}");
            assert_eq!(
                (found.skipped, found.doubled, found.empty),
                (skipped, doubled, 0)
            );
            assert_eq!((found.first, found.last), (None, None));
        }
        let counts = resample(&times, &values, &how("1h", tz, "count"))
            .unwrap()
            .regular
            .values;
        assert_eq!(counts.iter().filter(|n| **n == 4.0).count(), doubled);
        assert_eq!(counts.iter().filter(|n| n.is_nan()).count(), skipped);
        // Quarters of an hour: the doubled 01:00 and 01:30 both hold two.
        let counts = resample(&times, &values, &how("30m", tz, "count")).unwrap();
        assert_eq!(counts.regular.values.len(), 96);
        assert_eq!(
            counts.regular.values.iter().filter(|n| **n == 2.0).count(),
            2 * doubled
        );
        // Days hold 46 to 50 half hours.
        let days = resample(&times, &values, &how("1d", tz, "count")).unwrap();
        assert_eq!(days.regular.values.iter().sum::<f64>(), 2.0 * hours as f64);
        assert_eq!(days.regular.values.len(), 2);
    }
}

#[test]
fn counters_grow_over_resets() {
    // By the minute, one a second; a reset to 30 at 10:40.
    let start = at("2025-03-01 10:00");
    let times: Vec<i64> = (0..=120).map(|minute| start + minute * MINUTE).collect();
    let values: Vec<f64> = (0..=120)
        .map(|m| {
            f64::from(if m < 40 {
                1000 + m * 60
            } else {
                60 + (m - 40) * 60
            })
        })
        .collect();
    let found = resample(&times, &values, &how("1h", Tz::UTC, "increase")).unwrap();
    assert_eq!(found.resets, 1);
    assert_eq!(found.regular.values.len(), 2);
    assert!(
        found
            .regular
            .values
            .iter()
            .all(|x| (x - 3600.0).abs() < 1e-6),
        "{found:?}"
    );
    assert_eq!((found.first, found.last), (None, None));
    let found = resample(&times, &values, &how("1h", Tz::UTC, "rate")).unwrap();
    assert!(
        found.regular.values.iter().all(|x| (x - 1.0).abs() < 1e-9),
        "{found:?}"
    );
    // Between quarters of an hour, by a step as long.
    let quarters: Vec<usize> = (0..=120).step_by(15).collect();
    let pick = |of: &[f64]| quarters.iter().map(|i| of[*i]).collect::<Vec<_>>();
    let quarter_times: Vec<i64> = quarters.iter().map(|i| times[*i] + 7 * MINUTE).collect();
    let found = resample(
        &quarter_times,
        &pick(&values)[..],
        &how("15m", Tz::UTC, "rate"),
    )
    .unwrap();
    assert_eq!(found.regular.values.len(), 9);
    // 20 minutes of three hours are a tenth: the rest of an increase is unknown.
    let (times, values) = points("2025-03-01 10:10", MINUTE, 100);
    let found = resample(
        &times,
        &values,
        &Resampling {
            drop_partial: true,
            ..how("1h", Tz::UTC, "increase")
        },
    )
    .unwrap();
    assert_eq!(
        (found.first.is_some(), found.last.is_some(), found.dropped),
        (true, true, 1)
    );
}

#[test]
fn nothing_is_known_of_a_counter_in_a_gap() {
    let start = at("2025-03-01 10:00");
    let minutes = (0..=60).chain(300..=360);
    let times: Vec<i64> = minutes
        .clone()
        .map(|minute| start + minute * MINUTE)
        .collect();
    let values: Vec<f64> = minutes.map(|minute| minute as f64 * 60.0).collect();
    let found = resample(&times, &values, &how("1h", Tz::UTC, "rate")).unwrap();
    assert_eq!(
        shown(&found.regular.values)
            .iter()
            .map(|x| x.round())
            .collect::<Vec<_>>(),
        [1.0, -1.0, -1.0, -1.0, -1.0, 1.0]
    );
    assert_eq!(found.empty, 4);
}

#[test]
fn what_cannot_be_resampled_says_so() {
    let hour = how("1h", Tz::UTC, "mean");
    assert_eq!(resample(&[], &[], &hour), Err(ResampleError::Empty));
    assert_eq!(
        resample(&[5], &[f64::NAN], &hour),
        Err(ResampleError::Empty)
    );
    assert_eq!(
        resample(&[5], &[], &hour),
        Err(ResampleError::Lengths {
            times: 1,
            values: 0
        })
    );
    let step = Step::Fixed(0);
    assert_eq!(
        resample(&[5], &[1.0], &Resampling { step, ..hour }),
        Err(ResampleError::Step { step })
    );
    let long = resample(&[i64::MIN, i64::MAX], &[1.0, 2.0], &hour);
    assert!(matches!(long, Err(ResampleError::TooLong { .. })));
    // One sample has no rate.
    assert_eq!(
        resample(&[5], &[1.0], &how("1h", Tz::UTC, "rate")),
        Err(ResampleError::Empty)
    );
}

#[test]
fn statistics_are_read_and_written() {
    for (text, written) in [
        ("mean", "mean"),
        ("p50", "median"),
        ("median", "median"),
        ("p99", "p99"),
        ("p99.9", "p99.9"),
        ("p07", "p7"),
        ("rate", "rate"),
    ] {
        let statistic: Statistic = text.parse().unwrap();
        assert_eq!(statistic.to_string(), written);
        assert_eq!(written.parse(), Ok(statistic));
    }
    for text in ["", "p", "p101", "pinf", "p-1", "p1e1", "avg "] {
        assert!(text.parse::<Statistic>().is_err(), "{text}");
    }
}

fn step_of(times: &[i64], tz: Tz) -> (String, bool) {
    let guess = guess_step(times, tz).unwrap();
    (guess.step.to_string(), guess.is_even)
}

#[test]
fn steps_are_guessed() {
    let every = |start: &str, step: i64, count: i64| points(start, step, count).0;
    let even = |step: &str| (step.to_owned(), true);
    let uneven = |step: &str| (step.to_owned(), false);
    assert_eq!(step_of(&every("2025-03-01", HOUR, 50), Tz::UTC), even("1h"));
    assert_eq!(
        step_of(&every("2025-03-01 00:07", 7_000_000, 50), Tz::UTC),
        even("7s")
    );
    // Gaps and duplicates.
    let mut holed = every("2025-03-01", 15_000_000, 300);
    holed.drain(50..90);
    holed.drain(100..101);
    holed.extend([holed[3], holed[4]]);
    assert_eq!(step_of(&holed, Tz::UTC), even("15s"));
    // Jitter.
    let jittered: Vec<i64> = every("2025-03-01", 15_000_000, 300)
        .iter()
        .enumerate()
        .map(|(i, t)| t + (i as i64 * i as i64 * 7919 % 907) * 1000)
        .collect();
    assert_eq!(step_of(&jittered, Tz::UTC), uneven("15s"));
    let odd: Vec<i64> = every("2025-03-01", 37_000_000, 300)
        .iter()
        .enumerate()
        .map(|(i, t)| t + (i as i64 * i as i64 * 7919 % 307) * 1000)
        .collect();
    assert_eq!(step_of(&odd, Tz::UTC), uneven("37s"));
    // Nightly, some minutes late.
    let nightly: Vec<i64> = every("2025-03-01 02:00", DAY, 40)
        .iter()
        .enumerate()
        .map(|(i, t)| t + (i as i64 * 13 % 11) * MINUTE)
        .collect();
    assert_eq!(step_of(&nightly, LONDON), uneven("1d"));
    // Local midnights over both changes.
    let days = |step, tz, start| Regular {
        cut: 0,
        start: parse_timestamp(start, tz).unwrap(),
        step: Step::parse(step, tz).unwrap(),
        values: vec![],
    };
    for (step, start) in [
        ("1d", "2025-01-01"),
        ("1w", "2025-01-06"),
        ("1mo", "2024-01-31 08:00"),
        ("3mo", "2024-01-01"),
        ("1y", "2016-02-29"),
        ("4w", "2024-01-01"),
        ("30d", "2024-01-01"),
    ] {
        for tz in [LONDON, NEW_YORK, KOLKATA] {
            let days = days(step, tz, start);
            let times: Vec<i64> = (0..40).map(|i| days.time(i)).collect();
            assert_eq!(step_of(&times, tz), even(step), "{tz} {start}");
        }
    }
    // Month ends that are not the 31st are months, but on no grid of their first.
    let ends = ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"].map(at);
    assert_eq!(step_of(&ends, Tz::UTC), uneven("1mo"));
    // Some day of each month.
    let days = [
        "2024-01-03",
        "2024-02-01",
        "2024-03-05",
        "2024-04-02",
        "2024-05-01",
        "2024-06-04",
        "2024-07-02",
        "2024-08-01",
    ]
    .map(at);
    assert_eq!(step_of(&days, Tz::UTC), uneven("1mo"));
    // Working days.
    let working: Vec<i64> = every("2025-03-03", DAY, 60)
        .into_iter()
        .enumerate()
        .filter(|(i, _)| i % 7 < 5)
        .map(|(_, t)| t)
        .collect();
    assert_eq!(step_of(&working, Tz::UTC), even("1d"));
    assert_eq!(guess_step(&[], LONDON), None);
    assert_eq!(guess_step(&[4, 4], LONDON), None);
    // Hours of a zone whose clock is set.
    assert_eq!(step_of(&every("2025-03-01", HOUR, 50), LONDON), even("1h"));
}

#[test]
fn a_first_bucket_that_begins_in_a_jump_keeps_the_grid() {
    let tz = Tz::Europe__Berlin;
    let (times, values) = points("2025-03-30 01:00", HOUR, 8);
    let found = resample(&times, &values, &how("2h", tz, "count")).unwrap();
    let shown: Vec<String> = (0..4)
        .map(|i| format_timestamp(found.regular.time(i), tz))
        .collect();
    assert_eq!(
        shown,
        [
            "2025-03-30T03:00:00+02:00",
            "2025-03-30T04:00:00+02:00",
            "2025-03-30T06:00:00+02:00",
            "2025-03-30T08:00:00+02:00"
        ]
    );
    assert_eq!(found.regular.values, [1.0, 2.0, 2.0, 2.0, 1.0]);
}

#[test]
fn integer_indices_have_steps_too() {
    let guess =
        |indices: &[i64]| guess_index_step(indices).map(|guess| (guess.step, guess.is_even));
    assert_eq!(guess(&[1, 2, 3, 7, 8]), Some((Step::Index(1), true)));
    assert_eq!(guess(&[10, 30, 50, 55]), Some((Step::Index(5), true)));
    assert_eq!(guess(&[3, 3]), None);
    let found = resample(
        &[1, 2, 4],
        &[1.0, 2.0, 4.0],
        &Resampling {
            step: Step::Index(1),
            origin: Origin::First,
            ..how("1", LONDON, "mean")
        },
    )
    .unwrap();
    assert_eq!(
        (found.regular.start, shown(&found.regular.values)),
        (1, vec![1.0, 2.0, -1.0, 4.0])
    );
    assert_eq!(found.regular.time(4), 5);
}

fn any_statistic() -> impl Strategy<Value = Statistic> {
    use Statistic::*;
    prop_oneof![
        prop_oneof![Just(Mean), Just(Min), Just(Max), Just(First), Just(Last)],
        prop_oneof![Just(Sum), Just(Count), Just(Rate), Just(Increase)],
        any::<f64>().prop_map(Quantile),
        (0.0..1.0_f64).prop_map(Quantile),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let tz = prop_oneof![Just(LONDON), Just(NEW_YORK), Just(KOLKATA), Just(Tz::UTC)];
    (
        prop_oneof![any::<i64>(), 1_i64..40 * DAY, Just(HOUR)],
        prop_oneof![any::<u32>(), 0_u32..30],
        tz,
        0..4,
    )
        .prop_map(|(micros, months, tz, kind)| match kind {
            0 => Step::Fixed(micros),
            1 => Step::Wall { micros, tz },
            2 => Step::Months { months, tz },
            _ => Step::Index(micros),
        })
}

proptest! {
    #[test]
    fn nothing_panics(
        points in proptest::collection::vec((prop_oneof![any::<i64>(), -5_i64..5, Just(i64::MAX), Just(i64::MIN)], any::<f64>()), 0..12),
        step in any_step(), statistic in any_statistic(), is_round: bool, drop_partial: bool,
    ) {
        let (times, values): (Vec<_>, Vec<_>) = points.into_iter().unzip();
        let origin = if is_round { Origin::Round } else { Origin::First };
        // Millions of buckets take their time, and show nothing more; too many are refused.
        let wide = times.iter().max().zip(times.iter().min()).map_or(0, |(a, b)| a.abs_diff(*b));
        let size = match step {
            Step::Index(size) => size as f64,
            timed => timed.seconds().unwrap_or(0.0) * 1e6,
        };
        let buckets = wide as f64 / size.abs();
        if !(1e4..1e9).contains(&buckets) {
            let _ = resample(&times, &values, &Resampling { step, statistic, origin, drop_partial });
        }
        let _ = (guess_step(&times, LONDON), guess_index_step(&times));
    }

    #[test]
    fn every_point_is_in_its_bucket(
        start in 1_600_000_000_000_000_i64..1_800_000_000_000_000,
        distances in proptest::collection::vec(1_i64..40 * HOUR, 1..60),
        hours in 1_i64..50, kind in 0..3, is_round: bool,
        tz in prop_oneof![Just(LONDON), Just(NEW_YORK), Just(KOLKATA)],
    ) {
        let times: Vec<i64> = distances.iter().scan(start, |t, d| { *t += d; Some(*t) }).collect();
        let values: Vec<f64> = times.iter().map(|t| *t as f64).collect();
        let step = match kind {
            0 => Step::Fixed(hours * HOUR),
            1 => Step::Wall { micros: hours * HOUR, tz },
            _ => Step::Months { months: 1, tz },
        };
        let origin = if is_round { Origin::Round } else { Origin::First };
        let of = |statistic| resample(&times, &values, &Resampling { step, statistic, origin, drop_partial: false }).unwrap();
        let (counts, firsts) = (of(Statistic::Count), of(Statistic::First));
        // All points are somewhere.
        let count: f64 = counts.regular.values.iter().filter(|n| !n.is_nan()).sum();
        prop_assert_eq!(count as usize, times.len());
        prop_assert_eq!(counts.regular.start, firsts.regular.start);
        // And where its time says; a doubled hour's second half may lie an hour after.
        let regular = &firsts.regular;
        for (i, first) in regular.values.iter().enumerate().filter(|(_, x)| !x.is_nan()) {
            let (from, until) = (regular.time(i as i64), regular.time(i as i64 + 1));
            prop_assert!(*first >= from as f64 - HOUR as f64, "{} {}", first, from);
            prop_assert!(*first < until as f64 + HOUR as f64, "{} {}", first, until);
            if kind == 0 {
                prop_assert!((from as f64..until as f64).contains(first));
            }
        }
    }

    #[test]
    fn increases_sum_to_what_the_counter_grew_by(
        distances in proptest::collection::vec((1_i64..20 * MINUTE, 0_u32..1000), 2..60),
    ) {
        let start = at("2025-10-25 20:00");
        let times: Vec<i64> = distances.iter().scan(start, |t, (d, _)| { *t += d; Some(*t) }).collect();
        let values: Vec<f64> = distances.iter().scan(0.0, |v, (_, d)| { *v += f64::from(*d); Some(*v) }).collect();
        let grown = values[values.len() - 1] - values[0];
        for step in ["1h", "30m", "1d"] {
            let found = resample(&times, &values, &how(step, LONDON, "increase")).unwrap();
            let sum: f64 = found.regular.values.iter().filter(|x| !x.is_nan()).sum();
            prop_assert!((sum - grown).abs() < 1e-9 * grown.max(1.0), "{} {}", sum, grown);
        }
    }
}
