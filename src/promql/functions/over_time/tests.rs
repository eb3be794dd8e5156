use proptest::prelude::*;

use super::{spread, sum};
use crate::promql::functions::cases::{Case, case};
use crate::promql::{Steps, Version, kahan};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// A function over all of some values.
fn whole(name: &str, values: &[f64]) -> f64 {
    Case::minutes(values, 1_000_000).run(name, None)[0]
}

fn quantile(q: f64, values: &[f64]) -> f64 {
    Case::minutes(values, 1_000_000).run("quantile_over_time", Some(q))[0]
}

/// The values between so many zeros that windows slide.
fn padded(values: &[f64]) -> Vec<f64> {
    [&[0.0; 40], values, &[0.0; 40]].concat()
}

#[test]
fn published_averages() {
    let huge = f64::MAX / 1.8;
    let table: &[(&[f64], f64)] = &[
        (&[1.0, 2.0, 3.0, 4.0, 5.0], 3.0),
        (&[1.0, 2.0, 3.0, 4.0, INF], INF),
        (&[1.0, 2.0, 3.0, 4.0, -INF], -INF),
        (&[1.0, 2.0, 3.0, INF, -INF], NAN),
        (&[INF, 0.0, INF], INF),
        (&[INF, INF, INF, -INF], NAN),
        (&[-INF, 0.0, -INF], -INF),
        (&[-INF, -INF, -INF, INF], NAN),
        (&[huge, huge], huge),
        (&[-huge, -huge, -huge], -huge),
        (&[-huge, huge], 0.0),
        (&[1.0, 2.0, 3.0, NAN, NAN], NAN),
        (&[1.0, 1e100, 1.0, -1e100], 0.5),
        (
            &[
                1.78264e50, 0.76342771, 1.9592258, 2.258e220, 7.69805412, 458.90154,
            ],
            3.76333333333333e219,
        ),
    ];
    for (values, mean) in table {
        let got = whole("avg_over_time", values);
        assert!(
            (got - mean).abs() <= 1e-14 * mean.abs()
                || got == *mean
                || got.is_nan() && mean.is_nan(),
            "{got} for {values:?}"
        );
    }
    assert_eq!(whole("sum_over_time", &[huge, huge]), INF);
    assert_eq!(whole("sum_over_time", &[1.0, 1e100, 1.0, -1e100]), 2.0);
    assert_eq!(
        whole("sum_over_time", &padded(&[1.0, 1e100, 1.0, -1e100])),
        2.0
    );
    assert_eq!(whole("avg_over_time", &[52.0; 13]), 52.0);
}

#[test]
fn a_value_that_has_left_leaves_no_trace() {
    let mut values = vec![0.1; 400];
    values[100] = 1e100;
    values[150] = INF;
    values[170] = 1e308;
    values[200] = NAN;
    let mut case = Case::minutes(&values, 50);
    case.steps = Steps::range(0, 399 * 60_000_000, 60_000_000);
    for name in [
        "sum_over_time",
        "avg_over_time",
        "stdvar_over_time",
        "deriv",
        "rate",
    ] {
        let out = case.run(name, None);
        let clean = Case {
            values: vec![0.1; 400],
            ..case.clone()
        }
        .run(name, None);
        for i in (60..100).chain(250..400) {
            assert!(
                (out[i] - clean[i]).abs() < 1e-16,
                "{name} at {i}: {} {}",
                out[i],
                clean[i]
            );
        }
    }
}

#[test]
fn published_spreads() {
    let values = [0.0, 8.0, 8.0, 2.0, 3.0];
    assert!((whole("stdvar_over_time", &values) - 10.56).abs() < 1e-14);
    assert!((whole("stddev_over_time", &values) - 3.249615).abs() < 1e-6);
    assert_eq!(whole("stdvar_over_time", &[1.5990505637277868; 3]), 0.0);
    assert_eq!(whole("stdvar_over_time", &[1.5990505637277868; 100]), 0.0);
}

#[test]
fn published_quantiles() {
    for (q, two, three, uneven) in [
        (0.0, 0.0, 0.0, 0.0),
        (0.5, 0.5, 1.0, 1.0),
        (0.75, 0.75, 1.5, 2.5),
        (0.8, 0.8, 1.6, 2.8),
        (1.0, 1.0, 2.0, 4.0),
        (-1.0, -INF, -INF, -INF),
        (2.0, INF, INF, INF),
    ] {
        assert_eq!(quantile(q, &[0.0, 1.0]), two);
        assert_eq!(quantile(q, &[0.0, 1.0, 2.0]), three);
        assert!((quantile(q, &[0.0, 1.0, 4.0]) - uneven).abs() < 1e-15 || q.abs() >= 1.0);
    }
    assert!(quantile(NAN, &[1.0]).is_nan());
    // NaN is the smallest.
    assert!(quantile(0.0, &[1.0, NAN, 2.0]).is_nan());
    assert_eq!(quantile(1.0, &[1.0, NAN, 2.0]), 2.0);
}

#[test]
fn published_extrema() {
    assert_eq!(whole("min_over_time", &[2.0, 0.0, 1.0, 3.0]), 0.0);
    assert_eq!(whole("min_over_time", &[2.0, NAN, 1.0]), 1.0);
    assert_eq!(whole("max_over_time", &[NAN, NAN, 1.0]), 1.0);
    assert!(whole("max_over_time", &[NAN, NAN, NAN]).is_nan());
    assert!(whole("min_over_time", &[0.0, -0.0]).is_sign_positive());
}

fn naive_mean(version: Version, values: &[f64]) -> f64 {
    if version == Version::V2 {
        let (mut mean, mut count, mut c) = (0.0f64, 0.0, 0.0);
        for v in values {
            count += 1.0;
            if mean.is_infinite() && v.is_infinite() && (mean > 0.0) == (*v > 0.0) {
                continue;
            }
            if mean.is_infinite() && v.is_finite() {
                continue;
            }
            (mean, c) = kahan::add_unguarded(v / count - mean / count, mean, c);
        }
        return if mean.is_infinite() { mean } else { mean + c };
    }
    let (mut sum, mut c, mut mean, mut overflown) = (values[0], 0.0, 0.0, false);
    let mut count = 1.0;
    for v in &values[1..] {
        count += 1.0;
        if !overflown {
            let (s, k) = kahan::add(*v, sum, c);
            if !s.is_infinite() {
                (sum, c) = (s, k);
                continue;
            }
            overflown = true;
            mean = sum / (count - 1.0);
            c /= count - 1.0;
        }
        let q = (count - 1.0) / count;
        (mean, c) = kahan::add(v / count, q * mean, q * c);
    }
    if overflown {
        mean + c
    } else {
        sum / count + c / count
    }
}

fn naive_variance(version: Version, values: &[f64]) -> f64 {
    let add = match version {
        Version::V2 => kahan::add_unguarded,
        Version::V3 => kahan::add,
    };
    let (mut n, mut mean, mut cm, mut aux, mut ca) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for v in values {
        n += 1.0;
        let delta = v - (mean + cm);
        (mean, cm) = add(delta / n, mean, cm);
        (aux, ca) = add(delta * (v - (mean + cm)), aux, ca);
    }
    (aux + ca) / n
}

fn naive_quantile(q: f64, values: &[f64]) -> f64 {
    if q.is_nan() {
        return NAN;
    }
    if !(0.0..=1.0).contains(&q) {
        return INF.copysign(q);
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap_or(b.is_nan().cmp(&a.is_nan())));
    let n = sorted.len() as f64;
    let rank = q * (n - 1.0);
    let lower = rank.floor().max(0.0);
    let upper = (lower + 1.0).min(n - 1.0);
    let weight = rank - rank.floor();
    sorted[lower as usize] * (1.0 - weight) + sorted[upper as usize] * weight
}

fn naive_extremum(values: &[f64], beats: impl Fn(f64, f64) -> bool) -> f64 {
    values.iter().fold(values[0], |best, v| {
        if beats(*v, best) || best.is_nan() {
            *v
        } else {
            best
        }
    })
}

fn magnitude(values: &[f64]) -> f64 {
    values.iter().map(|v| v.abs()).sum()
}

fn exactly(_: f64, _: f64, _: &[i64], _: &[f64]) -> bool {
    false
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn equal_to_one_window_at_a_time(case in case(), q in -0.1f64..1.1) {
        let version = case.version;
        case.check("count_over_time", None, |_, _, _, v| Some(v.len() as f64), exactly)?;
        case.check("present_over_time", None, |_, _, _, _| Some(1.0), exactly)?;
        case.check("last_over_time", None, |_, _, _, v| v.last().copied(), exactly)?;
        case.check("min_over_time", None, |_, _, _, v| Some(naive_extremum(v, |a, b| a < b)), exactly)?;
        case.check("max_over_time", None, |_, _, _, v| Some(naive_extremum(v, |a, b| a > b)), exactly)?;
        case.check("quantile_over_time", Some(q), |_, _, _, v| Some(naive_quantile(q, v)), exactly)?;
        case.check(
            "sum_over_time",
            None,
            |_, _, _, v| {
                let (sum, c) = v.iter().fold((0.0f64, 0.0), |(s, c), v| kahan::add(*v, s, c));
                Some(if sum.is_infinite() { sum } else { sum + c })
            },
            |a, b, _, v| {
                v.len() > sum::SHORT && (a - b).abs() <= 4e-16 * a.abs() + 1e-29 * magnitude(v)
            },
        )?;
        case.check(
            "avg_over_time",
            None,
            |_, _, _, v| Some(naive_mean(version, v)),
            |a, b, _, v| v.len() > sum::SHORT && match version {
                Version::V2 => (a - b).abs() <= 1e-15 * magnitude(v),
                Version::V3 => (a - b).abs() <= 4e-16 * a.abs() + 1e-29 * magnitude(v),
            },
        )?;
        let close = |a: f64, b: f64, _: &[i64], v: &[f64]| {
            // What a mean of such values is rounded by, to the deviations.
            let ulp = 2.3e-16 * v.iter().fold(0.0f64, |max, v| max.max(v.abs()));
            let spread = a.max(b).sqrt();
            v.len() > spread::SHORT && (a - b).abs() <= 1e-13 * a + 4.0 * ulp * spread + (4.0 * ulp).powi(2)
        };
        case.check("stdvar_over_time", None, |_, _, _, v| Some(naive_variance(version, v)), close)?;
        case.check(
            "stddev_over_time",
            None,
            |_, _, _, v| Some(naive_variance(version, v).sqrt()),
            |a, b, t, v| close(a * a, b * b, t, v),
        )?;
    }

    #[test]
    fn long_windows_keep_their_order(
        mut values in prop::collection::vec(prop_oneof![-5.0f64..5.0, Just(1.0), Just(NAN), Just(INF)], 1500..3000),
        (range, step) in (600i64..2500, 1i64..700),
        q in 0.0f64..1.0,
    ) {
        values[0] = 2.0;
        let mut case = Case::minutes(&values, range);
        case.steps = Steps::range(0, 3500 * 60_000_000, step * 60_000_000);
        case.check("quantile_over_time", Some(q), |_, _, _, v| Some(naive_quantile(q, v)), exactly)?;
    }
}
