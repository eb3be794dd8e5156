//! The test of Kwiatkowski, Phillips, Schmidt and Shin (Journal of Econometrics 54, 1992),
//! whose null hypothesis is stationarity.
//!
//! The long-run variance has Bartlett's weights. The automatic bandwidth is that of
//! B. Hobijn, P. Franses and M. Ooms ("Generalizations of the KPSS-test for stationarity",
//! Econometric Institute 9802, 1998).

use super::{UnitRootError, scaled};
use crate::stats::inner_product::inner_product;
use crate::stats::least_squares::LeastSquares;

/// Around what the series is stationary under the null hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// A level.
    Level,
    /// A linear trend.
    Trend,
}

/// How many autocovariances the long-run variance has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bandwidth {
    /// ⌈12 (n/100)^¼⌉, by Schwert.
    Legacy,
    /// From the data, by Hobijn and others.
    Automatic,
    /// This number.
    Fixed(usize),
}

/// How a p-value relates to the one that is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PValueBound {
    /// It is interpolated in the published table.
    Interpolated,
    /// The statistic is beyond the table: the p-value is at most this.
    AtMost,
    /// The statistic is before the table: the p-value is at least this.
    AtLeast,
}

/// The result of the test.
#[derive(Debug, Clone, PartialEq)]
pub struct Kpss {
    /// The statistic: large against stationarity.
    pub statistic: f64,
    /// The probability of a larger statistic under stationarity, within 0.01 and 0.1.
    pub p_value: f64,
    /// What the p-value is at the ends of the table.
    pub bound: PValueBound,
    /// How many autocovariances the long-run variance had.
    pub lags: usize,
    /// The critical values at 10, 5, 2.5 and 1 %.
    pub critical_values: [f64; 4],
}

const P_VALUES: [f64; 4] = [0.10, 0.05, 0.025, 0.01];

impl Null {
    /// Kwiatkowski and others, table 1.
    pub(super) fn critical_values(self) -> [f64; 4] {
        match self {
            Self::Level => [0.347, 0.463, 0.574, 0.739],
            Self::Trend => [0.119, 0.146, 0.176, 0.216],
        }
    }
}

impl Kpss {
    /// Tests a series.
    pub fn test(values: &[f64], null: Null, bandwidth: Bandwidth) -> Result<Self, UnitRootError> {
        let values = scaled(values)?;
        let n = values.len();
        let needed = match null {
            Null::Level => 2,
            Null::Trend => 3,
        };
        if n < needed {
            return Err(UnitRootError::TooShort { present: n, needed });
        }
        let residuals = residuals(values, null)?;
        let lags = match bandwidth {
            Bandwidth::Legacy => (12.0 * (n as f64 / 100.0).powf(0.25)).ceil() as usize,
            Bandwidth::Automatic => automatic_bandwidth(&residuals),
            Bandwidth::Fixed(lags) => lags,
        }
        .min(n - 1);
        let variance = long_run_variance(&residuals, lags);
        let mut sum = 0.0;
        let squares: f64 = residuals
            .iter()
            .map(|r| {
                sum += r;
                sum * sum
            })
            .sum();
        let statistic = squares / (n as f64).powi(2) / variance;
        if !(variance > 0.0 && statistic.is_finite()) {
            return Err(UnitRootError::Degenerate);
        }
        let critical_values = null.critical_values();
        let (p_value, bound) = interpolated(statistic, &critical_values);
        Ok(Self {
            statistic,
            p_value,
            bound,
            lags,
            critical_values,
        })
    }
}

fn residuals(mut values: Vec<f64>, null: Null) -> Result<Vec<f64>, UnitRootError> {
    let total: f64 = values.iter().map(|y| y * y).sum();
    let residuals = match null {
        Null::Level => {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            values.iter_mut().for_each(|y| *y -= mean);
            values
        }
        Null::Trend => {
            let constant = vec![1.0; values.len()];
            let trend = (1..=values.len()).map(|t| t as f64).collect();
            LeastSquares::fit(&values, &[constant, trend])
                .map_err(|_| UnitRootError::NotFinite)?
                .residuals
        }
    };
    let left: f64 = residuals.iter().map(|r| r * r).sum();
    if left <= 1e-24 * total {
        return Err(UnitRootError::Degenerate);
    }
    Ok(residuals)
}

/// The sum of the products of a series with itself `lag` steps before.
fn products(residuals: &[f64], lag: usize) -> f64 {
    inner_product(&residuals[lag..], residuals)
}

/// Equation 10 of the paper.
fn long_run_variance(residuals: &[f64], lags: usize) -> f64 {
    let weighted: f64 = (1..=lags)
        .map(|lag| 2.0 * products(residuals, lag) * (1.0 - lag as f64 / (lags as f64 + 1.0)))
        .sum();
    (products(residuals, 0) + weighted) / residuals.len() as f64
}

fn automatic_bandwidth(residuals: &[f64]) -> usize {
    let n = residuals.len() as f64;
    let (mut s0, mut s1) = (products(residuals, 0) / n, 0.0);
    for lag in 1..=(n.powf(2.0 / 9.0) as usize).min(residuals.len() - 1) {
        let covariance = products(residuals, lag) / (n / 2.0);
        s0 += covariance;
        s1 += lag as f64 * covariance;
    }
    let ratio = s1 / s0;
    (1.1447 * (ratio * ratio).cbrt() * n.cbrt()) as usize
}

fn interpolated(statistic: f64, critical_values: &[f64; 4]) -> (f64, PValueBound) {
    if statistic <= critical_values[0] {
        return (P_VALUES[0], PValueBound::AtLeast);
    }
    for i in 1..4 {
        let (left, right) = (critical_values[i - 1], critical_values[i]);
        if statistic < right {
            let share = (statistic - left) / (right - left);
            let p_value = P_VALUES[i - 1] + share * (P_VALUES[i] - P_VALUES[i - 1]);
            return (p_value, PValueBound::Interpolated);
        }
    }
    (P_VALUES[3], PValueBound::AtMost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference_series::{AIR_PASSENGERS, CO2, NILE, SUNSPOTS};

    #[test]
    fn equals_statsmodels() {
        for (values, null, bandwidth, statistic, p_value, lags) in REFERENCE {
            let kpss = Kpss::test(values, null, bandwidth).unwrap();
            assert_eq!(kpss.lags, lags);
            assert!((kpss.statistic / statistic - 1.0).abs() < 1e-9, "{kpss:?}");
            assert!((kpss.p_value - p_value).abs() < 1e-9, "{kpss:?}");
        }
    }

    #[test]
    fn the_ends_of_the_table_are_named() {
        let bound =
            |values: &[f64], null| Kpss::test(values, null, Bandwidth::Legacy).unwrap().bound;
        assert_eq!(bound(&CO2, Null::Level), PValueBound::AtMost);
        assert_eq!(bound(&NILE, Null::Level), PValueBound::Interpolated);
        assert_eq!(bound(&SUNSPOTS, Null::Trend), PValueBound::AtLeast);
    }

    type Reference = (&'static [f64], Null, Bandwidth, f64, f64, usize);

    /// statsmodels 0.14.6, `kpss(x, regression, nlags)`: statistic, p-value, lags.
    #[rustfmt::skip]
    const REFERENCE: [Reference; 24] = [
        (&AIR_PASSENGERS, Null::Level, Bandwidth::Legacy, 1.0521750110135095, 0.01, 14),
        (&AIR_PASSENGERS, Null::Level, Bandwidth::Automatic, 1.6513122354165206, 0.01, 8),
        (&AIR_PASSENGERS, Null::Level, Bandwidth::Fixed(3), 3.3412378969027645, 0.01, 3),
        (&AIR_PASSENGERS, Null::Trend, Bandwidth::Legacy, 0.16273657405822659, 0.036052854951477836, 14),
        (&AIR_PASSENGERS, Null::Trend, Bandwidth::Automatic, 0.09614984853532407, 0.1, 4),
        (&AIR_PASSENGERS, Null::Trend, Bandwidth::Fixed(3), 0.0950257123886693, 0.1, 3),
        (&NILE, Null::Level, Bandwidth::Legacy, 0.5497197024396356, 0.030468535486568544, 12),
        (&NILE, Null::Level, Bandwidth::Automatic, 0.8691205593783892, 0.01, 5),
        (&NILE, Null::Level, Bandwidth::Fixed(3), 1.100315800724029, 0.01, 3),
        (&NILE, Null::Trend, Bandwidth::Legacy, 0.16898795316748996, 0.030843372360425024, 12),
        (&NILE, Null::Trend, Bandwidth::Automatic, 0.2375869759899708, 0.01, 4),
        (&NILE, Null::Trend, Bandwidth::Fixed(3), 0.25952884052581326, 0.01, 3),
        (&SUNSPOTS, Null::Level, Bandwidth::Legacy, 0.4466456060250242, 0.05704930774783441, 16),
        (&SUNSPOTS, Null::Level, Bandwidth::Automatic, 0.6698662984667937, 0.01628488195756421, 7),
        (&SUNSPOTS, Null::Level, Bandwidth::Fixed(3), 0.580100865097149, 0.02444537590025918, 3),
        (&SUNSPOTS, Null::Trend, Bandwidth::Legacy, 0.08311203921522096, 0.1, 16),
        (&SUNSPOTS, Null::Trend, Bandwidth::Automatic, 0.11583078961759767, 0.1, 7),
        (&SUNSPOTS, Null::Trend, Bandwidth::Fixed(3), 0.09000781152856217, 0.1, 3),
        (&CO2, Null::Level, Bandwidth::Legacy, 2.716192809125052, 0.01, 19),
        (&CO2, Null::Level, Bandwidth::Automatic, 3.36920283559387, 0.01, 15),
        (&CO2, Null::Level, Bandwidth::Fixed(3), 13.076042515315688, 0.01, 3),
        (&CO2, Null::Trend, Bandwidth::Legacy, 0.5764414454191127, 0.01, 19),
        (&CO2, Null::Trend, Bandwidth::Automatic, 0.8812205220828834, 0.01, 12),
        (&CO2, Null::Trend, Bandwidth::Fixed(3), 1.5415799538272879, 0.01, 3),
    ];
}
