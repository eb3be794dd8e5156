//! How often a series must be differenced to be stationary.
//!
//! R. Hyndman and Y. Khandakar, "Automatic time series forecasting" (Journal of Statistical
//! Software 27, 2008): repeated KPSS tests; the paper's level of 5 % is here that of the first
//! difference, and 1 % that of the next, whose forecasts go on along the last slope. Whether a season needs a difference is decided by
//! its strength, with the threshold 0.64 that R. Hyndman found on the M3 series (*Forecasting:
//! Principles and Practice*, 3rd edition, 9.1 and 4.3).

use super::{Bandwidth, Kpss, Null, is_constant};
use crate::stats::decomposition::mstl;

/// From which strength a season needs a difference.
const STRONG: f64 = 0.64;

/// The order of differencing, at most `max`, by the KPSS test of a level: at 5 %, once
/// differenced at 1 %.
///
/// The bandwidth is ⌊3 √n / 13⌋. Missing and infinite values are left out. A series that is
/// constant or too short to be tested needs no (further) difference.
pub fn ndiffs(values: &[f64], max: usize) -> usize {
    let mut series = values.to_vec();
    let mut order = 0;
    while order < max {
        let present: Vec<f64> = series.iter().copied().filter(|x| x.is_finite()).collect();
        let bandwidth = (3.0 * (present.len() as f64).sqrt() / 13.0) as usize;
        match Kpss::test(&present, Null::Level, Bandwidth::Fixed(bandwidth)) {
            Ok(kpss) if kpss.statistic > kpss.critical_values[if order == 0 { 1 } else { 3 }] => {
                series = differences(&series, 1);
                order += 1;
            }
            _ => break,
        }
    }
    order
}

/// The order of seasonal differencing, at most `max`, by the strength of the season.
///
/// Missing and infinite values are filled from the neighbouring cycles. A series of fewer
/// than two cycles has no season, nor has a period below 2.
pub fn nsdiffs(values: &[f64], period: usize, max: usize) -> usize {
    let mut series = values.to_vec();
    let mut order = 0;
    while order < max && seasonal_strength(&series, period) > STRONG {
        series = differences(&series, period);
        order += 1;
    }
    order
}

/// The strength F_S of a season; 0 where it cannot be decomposed.
pub fn seasonal_strength(values: &[f64], period: usize) -> f64 {
    let Some(filled) = filled(values, period) else {
        return 0.0;
    };
    if is_constant(&filled) {
        return 0.0;
    }
    mstl(&filled, &[period]).map_or(0.0, |parts| parts.seasonal_strength(0))
}

fn differences(series: &[f64], lag: usize) -> Vec<f64> {
    let later = series.get(lag..).unwrap_or_default();
    later.iter().zip(series).map(|(y, x)| y - x).collect()
}

/// Fills gaps by the mean of the nearest values of the same phase, and a phase that is always empty
/// (weekends, where only weekdays are recorded) by the straight line between its neighbours.
fn filled(values: &[f64], period: usize) -> Option<Vec<f64>> {
    if period < 2 || values.len() / 2 < period {
        return None;
    }
    if values.iter().all(|x| x.is_finite()) {
        return Some(values.to_vec());
    }
    let mut before: Vec<Option<f64>> = values
        .iter()
        .map(|&x| Some(x).filter(|x| x.is_finite()))
        .collect();
    let mut after = before.clone();
    let n = values.len();
    for t in period..n {
        before[t] = before[t].or(before[t - period]);
        let mirrored = n - 1 - t;
        after[mirrored] = after[mirrored].or(after[mirrored + period]);
    }
    let pairs = before.into_iter().zip(after);
    let mut series: Vec<f64> = pairs
        .map(|(before, after)| match (before, after) {
            (Some(before), Some(after)) => 0.5 * before + 0.5 * after,
            (one, other) => one.or(other).unwrap_or(f64::NAN),
        })
        .collect();
    let present: Vec<usize> = (0..n).filter(|&t| !series[t].is_nan()).collect();
    let (&first, &last) = (present.first()?, present.last()?);
    for pair in present.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let slope = (series[to] - series[from]) / (to - from) as f64;
        for t in from + 1..to {
            series[t] = series[from] + slope * (t - from) as f64;
        }
    }
    let (head, tail) = (series[first], series[last]);
    series[..first].fill(head);
    series[last..].fill(tail);
    Some(series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Generator;
    use crate::stats::reference_series::{AIR_PASSENGERS, CO2, NILE};

    #[test]
    fn published_series() {
        // statsforecast 2.1.1, `ndiffs(x)` and `nsdiffs(x, period)`.
        assert_eq!(ndiffs(&AIR_PASSENGERS, 2), 1);
        assert_eq!(nsdiffs(&AIR_PASSENGERS, 12, 1), 1);
        assert_eq!(ndiffs(&NILE, 2), 1);
        assert_eq!(nsdiffs(&CO2, 12, 1), 1);
        assert_eq!(ndiffs(&differences(&CO2, 12), 2), 1);
        assert_eq!(nsdiffs(&NILE, 12, 1), 0);
    }

    #[test]
    fn random_walks_need_one_difference_and_their_sums_two() {
        let mut random = Generator::new(1);
        let (mut walk, mut sum) = (vec![0.0], vec![0.0]);
        for _ in 0..300 {
            walk.push(walk[walk.len() - 1] + random.normal());
            sum.push(sum[sum.len() - 1] + walk[walk.len() - 1]);
        }
        let noise: Vec<f64> = (0..300).map(|_| random.normal()).collect();
        assert_eq!([&noise, &walk, &sum].map(|x| ndiffs(x, 2)), [0, 1, 2]);
        assert_eq!(ndiffs(&sum, 1), 1);
        assert_eq!(nsdiffs(&noise, 7, 1), 0);
    }

    #[test]
    fn a_phase_may_always_be_missing() {
        let mut random = Generator::new(3);
        let weekdays: Vec<f64> = (0..210)
            .map(|day| match day % 7 {
                5 | 6 => f64::NAN,
                weekday => 100.0 + 8.0 * f64::from(weekday) + random.normal(),
            })
            .collect();
        assert!(seasonal_strength(&weekdays, 7) > 0.9);
        assert_eq!(nsdiffs(&weekdays, 7, 1), 1);
    }

    #[test]
    fn missing_values_change_little() {
        let mut gaps = AIR_PASSENGERS;
        for t in (0..144).step_by(7).chain(60..80) {
            gaps[t] = f64::NAN;
        }
        assert_eq!(ndiffs(&gaps, 2), 1);
        assert_eq!(nsdiffs(&gaps, 12, 1), 1);
        let (some, all) = (
            seasonal_strength(&gaps, 12),
            seasonal_strength(&AIR_PASSENGERS, 12),
        );
        assert!((some - all).abs() < 0.1, "{some} {all}");
    }

    #[test]
    fn nothing_to_test_needs_no_difference() {
        assert_eq!((ndiffs(&[], 2), nsdiffs(&[], 12, 1)), (0, 0));
        assert_eq!((ndiffs(&[1.0; 30], 2), nsdiffs(&[1.0; 30], 12, 1)), (0, 0));
        assert_eq!(nsdiffs(&AIR_PASSENGERS[..23], 12, 1), 0);
        assert_eq!(
            (ndiffs(&[f64::NAN; 30], 2), nsdiffs(&[f64::NAN; 30], 7, 1)),
            (0, 0)
        );
        let line: Vec<f64> = (0..9000).map(|t| 1e3 + 0.1 * f64::from(t)).collect();
        assert_eq!((ndiffs(&line, 2), nsdiffs(&line, 1440, 1)), (1, 0));
    }
}
