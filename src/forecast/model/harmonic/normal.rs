//! Least squares of very many rows by the normal equations, of which any columns may be
//! picked later.
//!
//! Fourier terms over some cycles are nearly orthogonal, so that the equations lose no digits
//! that matter, and rows need not be kept.

use crate::stats::inner_product::inner_product;

/// How many rows are taken in at a time.
pub(super) const BLOCK: usize = 1024;

/// What must be left of a column beside those before it for it to count.
const INDEPENDENT: f64 = 1e-9;

/// The sums of products of columns and, last, a response.
#[derive(Debug, Clone)]
pub(super) struct NormalEquations {
    columns: usize,
    /// Symmetric, row after row, of which the lower triangle is filled.
    products: Vec<f64>,
    pub(super) observations: usize,
}

impl NormalEquations {
    pub(super) fn new(columns: usize) -> Self {
        Self {
            columns,
            products: vec![0.0; (columns + 1) * (columns + 1)],
            observations: 0,
        }
    }

    /// Takes in some rows: the columns and the response, whose values are 0 in a row that does
    /// not count.
    pub(super) fn add(&mut self, block: &[Vec<f64>], observations: usize) {
        let width = self.columns + 1;
        for (i, left) in block.iter().enumerate() {
            for (j, right) in block[..=i].iter().enumerate() {
                self.products[i * width + j] += inner_product(left, right);
            }
        }
        self.observations += observations;
    }

    fn product(&self, i: usize, j: usize) -> f64 {
        self.products[i.max(j) * (self.columns + 1) + i.min(j)]
    }

    /// Regresses the response on columns in the given order.
    pub(super) fn regress(&self, picked: &[usize]) -> Regression {
        let count = picked.len();
        let mut lower = vec![vec![0.0; count]; count];
        let mut rotated = vec![0.0; count];
        let mut left = self.product(self.columns, self.columns);
        let mut squares = Vec::with_capacity(count);
        for i in 0..count {
            for j in 0..=i {
                let inner = inner_product(&lower[i][..j], &lower[j][..j]);
                let product = self.product(picked[i], picked[j]);
                let rest = product - inner;
                lower[i][j] = if i == j {
                    // A column that depends on those before it gets no coefficient.
                    if rest > INDEPENDENT * product {
                        rest.sqrt()
                    } else {
                        0.0
                    }
                } else if lower[j][j] > 0.0 {
                    rest / lower[j][j]
                } else {
                    0.0
                };
            }
            if lower[i][i] > 0.0 {
                let known = inner_product(&lower[i][..i], &rotated[..i]);
                rotated[i] = (self.product(picked[i], self.columns) - known) / lower[i][i];
                left -= rotated[i] * rotated[i];
            }
            squares.push(left.max(0.0));
        }
        let mut coefficients = rotated;
        for i in (0..count).rev() {
            if lower[i][i] > 0.0 {
                coefficients[i] /= lower[i][i];
            }
            let coefficient = coefficients[i];
            for (before, l) in coefficients[..i].iter_mut().zip(&lower[i]) {
                *before -= l * coefficient;
            }
        }
        Regression {
            coefficients,
            squares,
        }
    }
}

/// A regression on some columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Regression {
    /// A coefficient a column, 0 where it depends on those before it.
    pub(super) coefficients: Vec<f64>,
    /// The sum of squared residuals of the regression on the first 1, 2 … columns.
    pub(super) squares: Vec<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::least_squares::LeastSquares;
    use crate::stats::random::Generator;

    #[test]
    fn equals_the_decomposition() {
        let mut random = Generator::new(3);
        let mut column = |n: usize| (0..n).map(|_| random.normal()).collect::<Vec<f64>>();
        let mut columns = vec![column(50), column(50), column(50)];
        let sum = columns[0].iter().zip(&columns[2]).map(|(a, b)| a + b);
        columns.push(sum.collect());
        let response = column(50);
        let mut equations = NormalEquations::new(4);
        for rows in [0..20, 20..50] {
            let all = columns.iter().chain([&response]);
            let block: Vec<Vec<f64>> = all.map(|c| c[rows.clone()].to_vec()).collect();
            equations.add(&block, rows.len());
        }
        let got = equations.regress(&[2, 0, 3]);
        let want = LeastSquares::fit(&response, &[columns[2].as_slice(), &columns[0]]).unwrap();
        assert!((got.coefficients[0] - want.coefficients[0]).abs() < 1e-12);
        assert!((got.coefficients[1] - want.coefficients[1]).abs() < 1e-12);
        assert_eq!(got.coefficients[2], 0.0);
        assert!((got.squares[1] - want.residual_sum_of_squares).abs() < 1e-11);
        assert_eq!(got.squares[2], got.squares[1]);
    }
}
