//! A series and its regressors made stationary by differencing.
//!
//! Missing values at either end are cut off. One between them makes every difference it
//! enters missing, but nothing that was observed is lost: the likelihood is that of all
//! contrasts of the levels that do not involve it (exact diffuse). Few such gaps become
//! regressors with a flat prior (Gómez, Maravall & Peña 1999); with many the filter goes
//! over the levels themselves, given the first ones (see [`kalman`](super::kalman)). Both
//! give the same likelihood.

use super::gls::{Regression, dot, subtract};
use super::likelihood::Method;
use super::order::Order;
use super::start;
use crate::forecast::FitError;

/// A series with its regressors, differenced; serves all orders with the same differences.
#[derive(Debug, Clone)]
pub struct Differenced {
    pub(super) order: Order,
    /// The levels from the first to the last that is not missing.
    pub(super) levels: Vec<f64>,
    /// How many missing values were cut off in front and at the end.
    pub(super) leading: usize,
    pub(super) trailing: usize,
    /// How many are missing in between.
    pub(super) missing: usize,
    /// The differences; NaN where one is missing.
    pub(super) values: Vec<f64>,
    /// The constant, where there is one, then the regressors.
    pub(super) columns: Vec<Column>,
    pub(super) constant: bool,
    /// Where few values are missing: the differences with zeros for those, and of each
    /// one the differences that a unit there makes.
    pub(super) filled: Vec<f64>,
    pub(super) gaps: Vec<Vec<f64>>,
    /// The regressors where missing values were cut off at the end.
    pub(super) tails: Vec<Vec<f64>>,
    /// The levels are their differences plus these multiples of the levels before:
    /// (lag, weight).
    pub(super) integration: Vec<(usize, f64)>,
    /// The differences less their least-squares regression, gaps as zeros.
    pub(super) residuals: Vec<f64>,
    /// The coefficients of the used columns in it.
    pub(super) least_squares: Vec<f64>,
    /// Their innovations as a long autoregression has them, and its order.
    pub(super) shocks: Vec<f64>,
    pub(super) long: usize,
}

/// A regressor.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its values over the levels' span, divided by `scale`; empty where nothing is
    /// differenced.
    levels: Vec<f64>,
    /// Their differences.
    pub(super) differences: Vec<f64>,
    /// What makes the differences of the order of one.
    pub(super) scale: f64,
    /// Whether it depends on the columns before it, or differencing takes it away.
    pub(super) aliased: bool,
}

/// From so many values of regressors on they are estimated in turn with the errors.
const LARGE: usize = 50_000;
/// Up to this dimension the filter is quick.
const SMALL_STATE: usize = 10;
/// More gaps are never made columns of.
const MOST_GAPS: usize = 60;

/// How much of a column must be left to count.
const VANISHED: f64 = 1e-9;

impl Differenced {
    /// Differences `values` (NaN where missing) and `regressors` (a column each, as long)
    /// as `order` says; its p, q, P and Q do not matter.
    ///
    /// With `constant` there is a mean, or after one difference a drift (a line in the
    /// levels). After more than one there can be none.
    pub fn new(
        values: &[f64],
        regressors: &[Vec<f64>],
        order: &Order,
        constant: bool,
    ) -> Result<Self, FitError> {
        let order = Order {
            ar: 0,
            ma: 0,
            seasonal_ar: 0,
            seasonal_ma: 0,
            ..*order
        };
        order
            .check()
            .map_err(|e| FitError::Specification(e.to_string()))?;
        if constant && order.differences + order.seasonal_differences > 1 {
            return Err(FitError::Specification(format!(
                "{order}: after two differences there can be no constant"
            )));
        }
        if values.iter().any(|v| v.is_infinite()) {
            return Err(FitError::Specification("a value is infinite".into()));
        }
        let present = values.iter().filter(|v| !v.is_nan()).count();
        let needed = order.lost() + 2;
        if present < needed {
            return Err(FitError::TooShort { present, needed });
        }
        let leading = values.iter().take_while(|v| v.is_nan()).count();
        let trailing = values.iter().rev().take_while(|v| v.is_nan()).count();
        let span = leading..values.len() - trailing;
        let levels = values[span.clone()].to_vec();
        let integration = integration(&order);
        let differences = differenced(&levels, &integration);
        let mut columns = Vec::with_capacity(regressors.len() + 1);
        if constant {
            let column: Vec<f64> = match order.lost() {
                0 => vec![1.0; levels.len()],
                _ => span.clone().map(|t| (t + 1) as f64).collect(),
            };
            columns.push(Column::new(column, &integration));
        }
        for (i, column) in regressors.iter().enumerate() {
            if column.len() != values.len() {
                return Err(FitError::Regressors(format!(
                    "column {} has {} values, the series has {}",
                    i + 1,
                    column.len(),
                    values.len()
                )));
            }
            if column.iter().any(|v| !v.is_finite()) {
                return Err(FitError::Regressors(format!(
                    "column {} has a value that is missing or infinite",
                    i + 1
                )));
            }
            columns.push(Column::new(column[span.clone()].to_vec(), &integration));
        }
        mark_aliased(&mut columns);
        let used = columns.iter().filter(|c| !c.aliased);
        let used: Vec<&[f64]> = used.map(|c| c.differences.as_slice()).collect();
        let (residuals, least_squares) = start::least_squares(&differences, &used);
        let missing = levels.iter().filter(|v| v.is_nan()).count();
        let (mut filled, mut gaps) = (Vec::new(), Vec::new());
        if missing > 0 && missing <= MOST_GAPS {
            let known: Vec<f64> = levels
                .iter()
                .map(|v| if v.is_nan() { 0.0 } else { *v })
                .collect();
            filled = differenced(&known, &integration);
            let places = (0..levels.len()).filter(|t| levels[*t].is_nan());
            gaps = places
                .map(|t| differenced(&unit(t, levels.len()), &integration))
                .collect();
        }
        let (shocks, long) = start::shocks(&residuals, order.period);
        Ok(Self {
            missing,
            filled,
            gaps,
            order,
            levels,
            leading,
            trailing,
            values: differences,
            columns,
            constant,
            tails: regressors.iter().map(|c| c[span.end..].to_vec()).collect(),
            integration,
            residuals,
            least_squares,
            shocks,
            long,
        })
    }

    /// How many values the likelihood has: those present less those that differencing takes.
    #[must_use]
    pub fn observations(&self) -> usize {
        self.levels.len() - self.missing - self.order.lost()
    }

    /// The differences, NaN where one is missing.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Whether there is a mean or a drift.
    #[must_use]
    pub fn has_constant(&self) -> bool {
        self.constant
    }

    /// How many coefficients the constant and the regressors have.
    #[must_use]
    pub fn regression_coefficients(&self) -> usize {
        self.used().count()
    }

    /// Whether more than rounding is left to model.
    pub(super) fn varies(&self) -> bool {
        let most = |values: &[f64]| values.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
        most(&self.residuals) > 1e-13 * most(&self.levels)
    }

    /// The columns that can be told apart.
    pub(super) fn used(&self) -> impl Iterator<Item = &Column> + Clone {
        self.columns.iter().filter(|c| !c.aliased)
    }

    /// Coefficients of the columns as they were given, turned into those of the used ones
    /// as scaled.
    pub(super) fn scaled(&self, coefficients: &[f64]) -> Vec<f64> {
        let pairs = self.columns.iter().zip(coefficients);
        let used = pairs.filter(|(column, _)| !column.aliased);
        used.map(|(column, c)| c * column.scale).collect()
    }

    /// The other way round, 0 for the others.
    pub(super) fn unscaled(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut coefficients = coefficients.iter();
        let unscaled = self.columns.iter().map(|column| {
            let used = (!column.aliased).then(|| coefficients.next()).flatten();
            used.map_or(0.0, |c| c / column.scale)
        });
        unscaled.collect()
    }

    /// Whether a likelihood with the regression concentrated out costs so much that the
    /// two are better maximised in turn.
    pub(super) fn is_large(&self) -> bool {
        self.values.len() * self.regression_coefficients() > LARGE
    }

    /// The same without its columns: what given coefficients (of the columns as scaled)
    /// leave of the series.
    pub(super) fn less(&self, coefficients: &[f64]) -> Self {
        let mut rest = Self {
            order: self.order,
            levels: self.levels.clone(),
            values: self.values.clone(),
            filled: self.filled.clone(),
            gaps: self.gaps.clone(),
            columns: Vec::new(),
            tails: Vec::new(),
            integration: self.integration.clone(),
            residuals: self.residuals.clone(),
            least_squares: Vec::new(),
            shocks: self.shocks.clone(),
            ..*self
        };
        for (column, coefficient) in self.used().zip(coefficients) {
            subtract(&mut rest.levels, *coefficient, column.levels());
            subtract(&mut rest.values, *coefficient, &column.differences);
            subtract(&mut rest.filled, *coefficient, &column.differences);
        }
        rest
    }

    /// A column for each of the first levels that is missing, 1 there and 0 elsewhere.
    pub(super) fn unit_columns(&self) -> Vec<Vec<f64>> {
        let first = self.levels.iter().take(self.order.lost()).enumerate();
        let missing = first.filter(|(_, level)| level.is_nan());
        missing.map(|(i, _)| unit(i, self.levels.len())).collect()
    }

    /// How the likelihood of an order is computed: with gaps the filter's step costs the
    /// square of its state, the recursion's a column for each gap.
    pub(super) fn method(&self, order: &Order) -> Method {
        let state = order.ar_degree().max(order.ma_degree()) + order.lost();
        let few = 2 * self.gaps.len() <= state && state > SMALL_STATE;
        if self.missing == 0 || (!self.gaps.is_empty() && few) {
            Method::Recursion
        } else {
            Method::Filter
        }
    }

    /// Whether the same differences are taken as `order` says.
    pub(super) fn suits(&self, order: &Order) -> bool {
        order.differences == self.order.differences
            && order.seasonal_differences == self.order.seasonal_differences
            && (order.seasonal_differences == 0 || order.period == self.order.period)
    }
}

impl Column {
    /// Its values over the levels' span, divided by `scale`.
    pub(super) fn levels(&self) -> &[f64] {
        if self.levels.is_empty() {
            &self.differences
        } else {
            &self.levels
        }
    }

    fn new(mut levels: Vec<f64>, integration: &[(usize, f64)]) -> Self {
        let mut differences = differenced(&levels, integration);
        let size = dot(&levels, &levels) / levels.len().max(1) as f64;
        let left = dot(&differences, &differences) / differences.len().max(1) as f64;
        let aliased = left.is_nan() || left <= VANISHED * VANISHED * size;
        let scale = if aliased { 1.0 } else { left.sqrt() };
        if integration.is_empty() {
            levels = Vec::new();
        }
        levels.iter_mut().for_each(|v| *v /= scale);
        differences.iter_mut().for_each(|v| *v /= scale);
        Self {
            levels,
            differences,
            scale,
            aliased,
        }
    }
}

fn unit(place: usize, length: usize) -> Vec<f64> {
    let mut column = vec![0.0; length];
    column[place] = 1.0;
    column
}

fn mark_aliased(columns: &mut [Column]) {
    let used: Vec<usize> = (0..columns.len())
        .filter(|i| !columns[*i].aliased)
        .collect();
    let Some(first) = used.first() else {
        return;
    };
    let series = vec![0.0; columns[*first].differences.len()];
    let all = used.iter().map(|i| columns[*i].differences.as_slice());
    let all: Vec<&[f64]> = all.chain([series.as_slice()]).collect();
    let mut regression = Regression::default();
    regression.solve(&all, &vec![1.0; series.len()], 0, None);
    for (place, i) in used.into_iter().enumerate() {
        columns[i].aliased = regression.is_dependent(place);
    }
}

/// `y_t = w_t + Σ weight · y_(t−lag)` for `w = (1 − B)^d (1 − B^m)^D y`.
fn integration(order: &Order) -> Vec<(usize, f64)> {
    let mut polynomial = vec![1.0];
    let mut multiply = |lag: usize| {
        let mut product = polynomial.clone();
        product.resize(polynomial.len() + lag, 0.0);
        for (i, c) in polynomial.iter().enumerate() {
            product[i + lag] -= c;
        }
        polynomial = product;
    };
    (0..order.differences).for_each(|_| multiply(1));
    (0..order.seasonal_differences).for_each(|_| multiply(order.period));
    let taps = polynomial.iter().enumerate().skip(1);
    taps.filter(|(_, c)| **c != 0.0)
        .map(|(lag, c)| (lag, -c))
        .collect()
}

/// The differences of a series, from the first that has all it needs.
fn differenced(levels: &[f64], integration: &[(usize, f64)]) -> Vec<f64> {
    let lost = integration.last().map_or(0, |(lag, _)| *lag);
    let mut differences = levels.get(lost..).unwrap_or_default().to_vec();
    for (lag, weight) in integration {
        for (w, before) in differences.iter_mut().zip(&levels[lost - lag..]) {
            *w -= weight * before;
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_differences() {
        let squares: Vec<f64> = (0..8).map(|t| f64::from(t * t)).collect();
        let once = Differenced::new(&squares, &[], &Order::new(0, 1, 0), false).unwrap();
        assert_eq!(once.values, [1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0]);
        let order = Order::new(0, 1, 0).seasonal(0, 1, 0, 3);
        let both = Differenced::new(&squares, &[], &order, false).unwrap();
        assert_eq!(both.integration, [(1, 1.0), (3, 1.0), (4, -1.0)]);
        assert_eq!(both.values, [6.0; 4]);
        assert_eq!(both.observations(), 4);
    }

    #[test]
    fn cuts_missing_ends_and_counts_the_rest() {
        let gap = f64::NAN;
        let values = [gap, 1.0, 2.0, gap, 4.0, 7.0, gap, gap];
        let column = vec![5.0, 1.0, 2.0, 3.0, 5.0, 8.0, 0.0, 0.0];
        let order = Order::new(0, 1, 0);
        let found = Differenced::new(&values, &[column], &order, false).unwrap();
        assert_eq!((found.leading, found.trailing, found.missing), (1, 2, 1));
        assert_eq!(found.observations(), 3);
        assert_eq!(found.values[0], 1.0);
        assert!(found.values[1].is_nan() && found.values[2].is_nan());
        assert_eq!(found.values[3], 3.0);
        let column = &found.columns[0];
        assert_eq!(column.differences[3] * column.scale, 3.0);
    }

    #[test]
    fn finds_columns_that_cannot_be_told_apart() {
        let values: Vec<f64> = (0..10).map(|t| f64::from(t % 4)).collect();
        let time: Vec<f64> = (0..10).map(f64::from).collect();
        let flat = vec![3.0; 10];
        let wave: Vec<f64> = time.iter().map(|t| t.sin()).collect();
        let order = Order::new(1, 1, 0);
        let found = Differenced::new(&values, &[time, flat, wave], &order, true).unwrap();
        let aliased: Vec<bool> = found.columns.iter().map(|c| c.aliased).collect();
        assert_eq!(aliased, [false, true, true, false]);
        assert_eq!(found.regression_coefficients(), 2);
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        let order = Order::new(0, 2, 0);
        let values = [1.0, 2.0, 4.0, 8.0, 9.0];
        assert!(matches!(
            Differenced::new(&values, &[], &order, true),
            Err(FitError::Specification(_))
        ));
        assert_eq!(
            Differenced::new(&values[..3], &[], &order, false).unwrap_err(),
            FitError::TooShort {
                present: 3,
                needed: 4
            }
        );
        assert!(matches!(
            Differenced::new(&values, &[vec![1.0]], &order, false),
            Err(FitError::Regressors(_))
        ));
        assert!(
            Differenced::new(&[1.0, f64::INFINITY, 2.0], &[], &Order::new(0, 0, 0), false).is_err()
        );
    }
}
