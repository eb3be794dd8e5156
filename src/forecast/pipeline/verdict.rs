//! What tests say of a history, in words.

use super::TestResult;
use crate::stats::unit_root::{
    Adf, Bandwidth, Kpss, Lags, Null, PValueBound, Trend, ndiffs, nsdiffs, seasonal_strength,
};

/// How many values, the last ones, are tested.
const LONGEST: usize = 5_000;

/// Below this p-value a test rejects.
const SIGNIFICANT: f64 = 0.05;

/// From which strength a season is called strong, and weak below.
const STRONG: f64 = 0.64;
const WEAK: f64 = 0.3;

/// The most differences that are asked for.
const MOST_DIFFERENCES: usize = 2;

/// Tests a history: missing values are left out for roots, filled from the neighbouring cycles for seasons.
pub(super) fn verdicts(values: &[f64], periods: &[f64]) -> Vec<TestResult> {
    let present: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    let last = &present[present.len().saturating_sub(LONGEST)..];
    let mut results = Vec::new();
    if let Ok(test) = Adf::test(last, Trend::Constant, Lags::Aic) {
        results.push(adf(&test));
    }
    if let Ok(test) = Kpss::test(last, Null::Level, Bandwidth::Automatic) {
        results.push(kpss(&test));
    }
    for period in periods {
        results.extend(strength(values, period.round() as usize));
    }
    if results.is_empty() {
        return results;
    }
    let shortest = periods.first().map_or(0, |period| period.round() as usize);
    let window = &values[values.len().saturating_sub(LONGEST.max(3 * shortest))..];
    let seasonal = nsdiffs(window, shortest, 1);
    let mut rest = window.to_vec();
    if !periods.is_empty() {
        results.push(differences("nsdiffs", seasonal, "seasonal "));
        if seasonal > 0 {
            rest = window[shortest..]
                .iter()
                .zip(window)
                .map(|(y, x)| y - x)
                .collect();
        }
    }
    results.push(differences(
        "ndiffs",
        ndiffs(&rest, MOST_DIFFERENCES - seasonal),
        "",
    ));
    results
}

fn adf(test: &Adf) -> TestResult {
    let verdict = if test.p_value < SIGNIFICANT {
        "no unit root: the series comes back to a level"
    } else {
        "a unit root cannot be excluded: shocks may last"
    };
    TestResult {
        name: "ADF",
        statistic: test.statistic,
        p_value: Some(test.p_value),
        verdict: verdict.to_owned(),
    }
}

fn kpss(test: &Kpss) -> TestResult {
    let verdict = if test.p_value < SIGNIFICANT {
        "not stationary about a level"
    } else {
        "nothing speaks against a level about which the series is stationary"
    };
    let bound = match test.bound {
        PValueBound::Interpolated => "",
        PValueBound::AtMost => " (p is at most this)",
        PValueBound::AtLeast => " (p is at least this)",
    };
    TestResult {
        name: "KPSS",
        statistic: test.statistic,
        p_value: Some(test.p_value),
        verdict: format!("{verdict}{bound}"),
    }
}

fn strength(values: &[f64], period: usize) -> Option<TestResult> {
    let window = &values[values.len().saturating_sub(LONGEST.max(3 * period))..];
    if period < 2 || window.len() < 2 * period {
        return None;
    }
    let strength = seasonal_strength(window, period);
    let word = match strength {
        s if s > STRONG => "strong",
        s if s > WEAK => "moderate",
        _ => "weak",
    };
    Some(TestResult {
        name: "seasonal strength",
        statistic: strength,
        p_value: None,
        verdict: format!("the season of {period} steps is {word}"),
    })
}

fn differences(name: &'static str, count: usize, kind: &str) -> TestResult {
    let verdict = match count {
        0 => format!("no {kind}difference is needed"),
        1 => format!("one {kind}difference is needed"),
        count => format!("{count} {kind}differences are needed"),
    };
    TestResult {
        name,
        statistic: count as f64,
        p_value: None,
        verdict,
    }
}
