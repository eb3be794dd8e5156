//! The augmented Dickey–Fuller test, whose null hypothesis is a unit root.
//!
//! S. Said and D. Dickey (Biometrika 71, 1984); the largest lag by W. Schwert (JBES 7, 1989);
//! p-values by the response surfaces of J. MacKinnon ("Approximate asymptotic distribution
//! functions for unit-root and cointegration tests", JBES 12, 1994), critical values by his
//! "Critical values for cointegration tests" (Queen's Economics Working Paper 1227, 2010).

use super::{UnitRootError, scaled};
use crate::stats::distribution::normal_cdf;
use crate::stats::least_squares::{Triangle, log_likelihood};

/// The deterministic part of the regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trend {
    /// Neither constant nor trend.
    None,
    /// A constant.
    Constant,
    /// A constant and a linear trend.
    Trend,
}

impl Trend {
    fn columns(self) -> usize {
        self as usize
    }
}

/// How many lagged differences are in the regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lags {
    /// The number that minimises Akaike's criterion, up to ⌈12 (n/100)^¼⌉.
    Aic,
    /// The number that minimises Schwarz' criterion, up to the same.
    Bic,
    /// The largest number, from the same down, whose last lag is significant at 10 %.
    TStatistic,
    /// This number.
    Fixed(usize),
}

/// The result of the test.
#[derive(Debug, Clone, PartialEq)]
pub struct Adf {
    /// The t-statistic of the lagged level.
    pub statistic: f64,
    /// The probability of a smaller statistic under a unit root.
    pub p_value: f64,
    /// How many lagged differences the regression had.
    pub lags: usize,
    /// How many observations the regression had.
    pub observations: usize,
    /// The critical values at 1, 5 and 10 %.
    pub critical_values: [f64; 3],
}

impl Adf {
    /// Tests a series.
    pub fn test(values: &[f64], trend: Trend, lags: Lags) -> Result<Self, UnitRootError> {
        let values = scaled(values)?;
        let n = values.len();
        let differences: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        // statsmodels' bound: at least as many degrees of freedom as coefficients.
        let bound = (n / 2).checked_sub(trend.columns() + 1);
        let too_short = |lags: usize| UnitRootError::TooShort {
            present: n,
            needed: 2 * (lags + trend.columns() + 1),
        };
        let bound = bound.ok_or(too_short(0))?;
        let lags = match lags {
            Lags::Fixed(lags) if lags > bound => return Err(too_short(lags)),
            Lags::Fixed(lags) => lags,
            _ => {
                let schwert = (12.0 * (n as f64 / 100.0).powf(0.25)).ceil() as usize;
                chosen_lags(&values, &differences, trend, lags, schwert.min(bound))?
            }
        };
        let regression = regression(&values, &differences, trend, lags)?;
        let columns = trend.columns() + 1 + lags;
        if regression.independent() < columns {
            return Err(UnitRootError::Degenerate);
        }
        let statistic = regression.t_statistic(columns, trend.columns());
        let left = regression.residual_sum_of_squares(columns);
        let total = regression.residual_sum_of_squares(0);
        if left <= 1e-24 * total || !statistic.is_finite() {
            return Err(UnitRootError::Degenerate);
        }
        let observations = regression.observations();
        let inverse = 1.0 / observations as f64;
        Ok(Self {
            statistic,
            p_value: p_value(statistic, trend),
            lags,
            observations,
            critical_values: CRITICAL_VALUES[trend.columns()]
                .map(|surface| polynomial(&surface, inverse)),
        })
    }
}

/// Of the differences on constant, trend, the level before, and the differences before.
fn regression(
    values: &[f64],
    differences: &[f64],
    trend: Trend,
    lags: usize,
) -> Result<Triangle, UnitRootError> {
    let rows = differences.len() - lags;
    let constant = vec![1.0; rows];
    let line: Vec<f64> = (1..=rows).map(|t| t as f64).collect();
    let mut columns: Vec<&[f64]> = vec![&constant, &line];
    columns.truncate(trend.columns());
    columns.push(&values[lags..values.len() - 1]);
    columns.extend((1..=lags).map(|lag| &differences[lags - lag..differences.len() - lag]));
    Triangle::new(&columns, &differences[lags..]).map_err(|_| UnitRootError::TooShort {
        present: values.len(),
        needed: 2 * (lags + trend.columns() + 1),
    })
}

/// Chooses the number of lags on the observations that the largest one leaves.
fn chosen_lags(
    values: &[f64],
    differences: &[f64],
    trend: Trend,
    choice: Lags,
    largest: usize,
) -> Result<usize, UnitRootError> {
    let regression = regression(values, differences, trend, largest)?;
    let rows = regression.observations();
    let fewest = trend.columns() + 1;
    let counts = fewest..=regression.independent().max(fewest);
    let columns = match choice {
        Lags::TStatistic => counts
            .rev()
            .find(|&k| regression.t_statistic(k, k - 1).abs() >= 1.644_853_626_951_472_2),
        _ => {
            let penalty = if choice == Lags::Bic {
                (rows as f64).ln()
            } else {
                2.0
            };
            let criterion = |k: usize| {
                let squares = regression.residual_sum_of_squares(k);
                penalty * k as f64 - 2.0 * log_likelihood(rows, squares)
            };
            counts.min_by(|&a, &b| criterion(a).total_cmp(&criterion(b)))
        }
    };
    Ok(columns.unwrap_or(fewest) - fewest)
}

fn p_value(statistic: f64, trend: Trend) -> f64 {
    let surface = &SURFACES[trend.columns()];
    if statistic > surface.largest {
        1.0
    } else if statistic < surface.smallest {
        0.0
    } else if statistic <= surface.split {
        normal_cdf(polynomial(&surface.left, statistic))
    } else {
        normal_cdf(polynomial(&surface.right, statistic))
    }
}

/// A polynomial, coefficients from the constant up.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// MacKinnon 1994, tables 3 and 4, for one series.
struct Surface {
    smallest: f64,
    /// Up to which statistic the polynomial of the left tail holds.
    split: f64,
    largest: f64,
    left: [f64; 3],
    right: [f64; 4],
}

const SURFACES: [Surface; 3] = [
    Surface {
        smallest: -19.04,
        split: -1.04,
        largest: f64::INFINITY,
        left: [0.6344, 1.2378, 0.032496],
        right: [0.4797, 0.93557, -0.06999, 0.033066],
    },
    Surface {
        smallest: -18.83,
        split: -1.61,
        largest: 2.74,
        left: [2.1659, 1.4412, 0.038269],
        right: [1.7339, 0.93202, -0.12745, -0.010368],
    },
    Surface {
        smallest: -16.18,
        split: -2.89,
        largest: 0.7,
        left: [3.2512, 1.6047, 0.049588],
        right: [2.5261, 0.61654, -0.37956, -0.060285],
    },
];

/// MacKinnon 2010, tables 1 and 2 (without a constant: 1996), in powers of 1/observations.
const CRITICAL_VALUES: [[[f64; 4]; 3]; 3] = [
    [
        [-2.56574, -2.2358, -3.627, 0.0],
        [-1.94100, -0.2686, -3.365, 31.223],
        [-1.61682, 0.2656, -2.714, 25.364],
    ],
    [
        [-3.43035, -6.5393, -16.786, -79.433],
        [-2.86154, -2.8903, -4.234, -40.040],
        [-2.56677, -1.5384, -2.809, 0.0],
    ],
    [
        [-3.95877, -9.0531, -28.428, -134.155],
        [-3.41049, -4.3904, -9.036, -45.374],
        [-3.12705, -2.5856, -3.925, -22.380],
    ],
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::reference_series::{AIR_PASSENGERS, CO2, NILE, SUNSPOTS};

    #[test]
    fn equals_statsmodels() {
        for (values, trend, lags, statistic, p_value, used, observations) in REFERENCE {
            let adf = Adf::test(values, trend, lags).unwrap();
            assert_eq!((adf.lags, adf.observations), (used, observations));
            let error = (adf.statistic - statistic).abs();
            assert!(error < 1e-9 * statistic.abs().max(1.0), "{adf:?}");
            assert!((adf.p_value - p_value).abs() < 1e-9, "{adf:?} {p_value}");
        }
    }

    #[test]
    fn critical_values_equal_statsmodels() {
        let close = |got: [f64; 3], want: [f64; 3]| {
            got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12)
        };
        let air = Adf::test(&AIR_PASSENGERS, Trend::Trend, Lags::Aic).unwrap();
        let want = [-4.030152423759672, -3.444817634956759, -3.1471816659080565];
        assert!(close(air.critical_values, want));
        let nile = Adf::test(&NILE, Trend::None, Lags::Aic).unwrap();
        let want = [
            -2.5913192450448177,
            -1.9443985077358013,
            -1.6141423849559342,
        ];
        assert!(close(nile.critical_values, want));
    }

    #[test]
    fn too_many_lags_are_an_error() {
        assert_eq!(
            Adf::test(&NILE[..20], Trend::Constant, Lags::Fixed(9)),
            Err(UnitRootError::TooShort {
                present: 20,
                needed: 22
            })
        );
    }

    type Reference = (&'static [f64], Trend, Lags, f64, f64, usize, usize);

    /// statsmodels 0.14.6, `adfuller(x, maxlag, regression, autolag)`: statistic, p-value,
    /// lags, observations; `maxlag` 4 where `autolag` is None.
    #[rustfmt::skip]
    const REFERENCE: [Reference; 48] = [
        (&AIR_PASSENGERS, Trend::None, Lags::Aic, 2.390601734351233, 0.9971802685434736, 13, 130),
        (&AIR_PASSENGERS, Trend::None, Lags::Bic, 2.390601734351233, 0.9971802685434736, 13, 130),
        (&AIR_PASSENGERS, Trend::None, Lags::TStatistic, 2.390601734351233, 0.9971802685434736, 13, 130),
        (&AIR_PASSENGERS, Trend::None, Lags::Fixed(4), 0.8223753450677247, 0.8887951975663974, 4, 139),
        (&AIR_PASSENGERS, Trend::Constant, Lags::Aic, 0.8153688792060498, 0.991880243437641, 13, 130),
        (&AIR_PASSENGERS, Trend::Constant, Lags::Bic, 0.8153688792060498, 0.991880243437641, 13, 130),
        (&AIR_PASSENGERS, Trend::Constant, Lags::TStatistic, 0.8153688792060498, 0.991880243437641, 13, 130),
        (&AIR_PASSENGERS, Trend::Constant, Lags::Fixed(4), -0.986479461317598, 0.7581636095609502, 4, 139),
        (&AIR_PASSENGERS, Trend::Trend, Lags::Aic, -2.100781813844672, 0.5456589343124537, 13, 130),
        (&AIR_PASSENGERS, Trend::Trend, Lags::Bic, -2.100781813844672, 0.5456589343124537, 13, 130),
        (&AIR_PASSENGERS, Trend::Trend, Lags::TStatistic, -2.100781813844672, 0.5456589343124537, 13, 130),
        (&AIR_PASSENGERS, Trend::Trend, Lags::Fixed(4), -5.948606685243143, 2.8152194444165513e-06, 4, 139),
        (&NILE, Trend::None, Lags::Aic, -1.0320121873534744, 0.275351603175793, 10, 89),
        (&NILE, Trend::None, Lags::Bic, -0.9638777220442653, 0.3026790881265747, 1, 98),
        (&NILE, Trend::None, Lags::TStatistic, -1.0320121873534744, 0.275351603175793, 10, 89),
        (&NILE, Trend::None, Lags::Fixed(4), -0.9503530083982554, 0.30817983688228107, 4, 95),
        (&NILE, Trend::Constant, Lags::Aic, -4.048705096914342, 0.0011758879503871243, 1, 98),
        (&NILE, Trend::Constant, Lags::Bic, -5.664609694969192, 9.212788656117925e-07, 0, 99),
        (&NILE, Trend::Constant, Lags::TStatistic, -1.9447562636689988, 0.31130791738315955, 10, 89),
        (&NILE, Trend::Constant, Lags::Fixed(4), -2.7819581223225227, 0.06089749528453366, 4, 95),
        (&NILE, Trend::Trend, Lags::Aic, -4.7907655179831234, 0.0004861430290081328, 1, 98),
        (&NILE, Trend::Trend, Lags::Bic, -6.607991420815022, 1.0665007916483243e-07, 0, 99),
        (&NILE, Trend::Trend, Lags::TStatistic, -2.124014229307059, 0.5326256436751724, 10, 89),
        (&NILE, Trend::Trend, Lags::Fixed(4), -3.365713914443706, 0.056140144147546714, 4, 95),
        (&SUNSPOTS, Trend::None, Lags::Aic, -0.7522201094158966, 0.39060930373720704, 8, 300),
        (&SUNSPOTS, Trend::None, Lags::Bic, -0.7522201094158966, 0.39060930373720704, 8, 300),
        (&SUNSPOTS, Trend::None, Lags::TStatistic, -0.8362471385928334, 0.35533767113416626, 16, 292),
        (&SUNSPOTS, Trend::None, Lags::Fixed(4), -3.1380764153884804, 0.0016953235362985692, 4, 304),
        (&SUNSPOTS, Trend::Constant, Lags::Aic, -2.8377807249381943, 0.053076421728120673, 8, 300),
        (&SUNSPOTS, Trend::Constant, Lags::Bic, -2.8377807249381943, 0.053076421728120673, 8, 300),
        (&SUNSPOTS, Trend::Constant, Lags::TStatistic, -3.353534011281314, 0.012648636341563333, 16, 292),
        (&SUNSPOTS, Trend::Constant, Lags::Fixed(4), -7.896324258721885, 4.301243278188438e-12, 4, 304),
        (&SUNSPOTS, Trend::Trend, Lags::Aic, -2.9243746386620844, 0.15446517617076538, 8, 300),
        (&SUNSPOTS, Trend::Trend, Lags::Bic, -2.9243746386620844, 0.15446517617076538, 8, 300),
        (&SUNSPOTS, Trend::Trend, Lags::TStatistic, -3.4943875587300814, 0.03999558375697981, 16, 292),
        (&SUNSPOTS, Trend::Trend, Lags::Fixed(4), -8.579432915625452, 3.2965348820788076e-12, 4, 304),
        (&CO2, Trend::None, Lags::Aic, 4.742720743299923, 0.9999999999967902, 14, 511),
        (&CO2, Trend::None, Lags::Bic, 5.444080742915914, 1.0, 13, 512),
        (&CO2, Trend::None, Lags::TStatistic, 4.46659245597647, 0.9999999997328876, 19, 506),
        (&CO2, Trend::None, Lags::Fixed(4), 2.1120739835664386, 0.9929560505086756, 4, 521),
        (&CO2, Trend::Constant, Lags::Aic, 2.2848396234293755, 0.9989453507010615, 14, 511),
        (&CO2, Trend::Constant, Lags::Bic, 2.587243193078008, 0.9990726864765961, 13, 512),
        (&CO2, Trend::Constant, Lags::TStatistic, 2.129845957747185, 0.9988196373784526, 19, 506),
        (&CO2, Trend::Constant, Lags::Fixed(4), -0.39285237987141874, 0.911285351228883, 4, 521),
        (&CO2, Trend::Trend, Lags::Aic, -2.2396924827429863, 0.46755089894024443, 14, 511),
        (&CO2, Trend::Trend, Lags::Bic, -2.176229311975453, 0.503236416276344, 13, 512),
        (&CO2, Trend::Trend, Lags::TStatistic, -1.9592723397286484, 0.623432268964713, 19, 506),
        (&CO2, Trend::Trend, Lags::Fixed(4), -6.895653158710507, 2.4301947690286457e-08, 4, 521),
    ];
}
