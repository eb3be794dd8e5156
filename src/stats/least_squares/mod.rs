//! Ordinary least squares, and the small dense systems of equations around it.
//!
//! By Householder's QR decomposition (Golub and Van Loan, *Matrix Computations*, 5.2–5.3).
//! A column that depends on those before it is left out: its coefficient is 0 and its
//! standard error NaN, as R's `lm` does with its aliased columns.

mod dense;
mod qr;
mod triangle;

pub use dense::{Cholesky, solve};
pub use qr::Qr;
pub use triangle::Triangle;

use std::f64::consts::PI;

/// Why a regression cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeastSquaresError {
    /// A column is not as long as the response.
    #[error("column {column} has {got} values, and the response has {want}")]
    Lengths {
        /// Which, from 0.
        column: usize,
        /// Its length.
        got: usize,
        /// The response's length.
        want: usize,
    },
    /// There are no more observations than coefficients.
    #[error("{observations} observations are too few for {coefficients} coefficients")]
    TooFew {
        /// How many observations there are.
        observations: usize,
        /// How many coefficients.
        coefficients: usize,
    },
    /// A value is missing or infinite.
    #[error("a value is missing or infinite")]
    NotFinite,
}

/// A fitted regression.
#[derive(Debug, Clone, PartialEq)]
pub struct LeastSquares {
    /// The coefficients, a column each; 0 where the column was left out.
    pub coefficients: Vec<f64>,
    /// Their standard errors; NaN where the column was left out.
    pub standard_errors: Vec<f64>,
    /// What is left of the response.
    pub residuals: Vec<f64>,
    /// The sum of the squared residuals.
    pub residual_sum_of_squares: f64,
    /// How many columns are independent.
    pub rank: usize,
}

impl LeastSquares {
    /// Regresses `response` on `columns`; a constant is a column of ones like any other.
    pub fn fit<C: AsRef<[f64]>>(
        response: &[f64],
        columns: &[C],
    ) -> Result<Self, LeastSquaresError> {
        let rows = response.len();
        if rows <= columns.len() {
            return Err(LeastSquaresError::TooFew {
                observations: rows,
                coefficients: columns.len(),
            });
        }
        let qr = Qr::new(rows, columns)?;
        let mut rotated = response.to_vec();
        qr.rotate(&mut rotated)?;
        let coefficients = qr.coefficients(&rotated);
        let rank = qr.rank();
        rotated[..rank].fill(0.0);
        let squares: f64 = rotated[rank..].iter().map(|r| r * r).sum();
        let deviation = (squares / (rows - rank) as f64).sqrt();
        let standard_errors = qr
            .inverse_norms()
            .into_iter()
            .map(|norm| norm * deviation)
            .collect();
        qr.rotate_back(&mut rotated);
        Ok(Self {
            coefficients,
            standard_errors,
            residuals: rotated,
            residual_sum_of_squares: squares,
            rank,
        })
    }

    /// The unbiased estimate of the errors' variance.
    pub fn residual_variance(&self) -> f64 {
        self.residual_sum_of_squares / (self.residuals.len() - self.rank) as f64
    }

    /// The coefficients over their standard errors.
    pub fn t_statistics(&self) -> Vec<f64> {
        let pairs = self.coefficients.iter().zip(&self.standard_errors);
        pairs.map(|(b, error)| b / error).collect()
    }

    /// The logarithm of the Gaussian likelihood at the maximum.
    pub fn log_likelihood(&self) -> f64 {
        log_likelihood(self.residuals.len(), self.residual_sum_of_squares)
    }

    /// Akaike's criterion; the variance is not counted as a parameter.
    pub fn aic(&self) -> f64 {
        2.0 * self.rank as f64 - 2.0 * self.log_likelihood()
    }

    /// Schwarz' criterion; the variance is not counted as a parameter.
    pub fn bic(&self) -> f64 {
        (self.residuals.len() as f64).ln() * self.rank as f64 - 2.0 * self.log_likelihood()
    }
}

/// The logarithm of the Gaussian likelihood of residuals at its maximum over the variance.
pub(super) fn log_likelihood(observations: usize, squares: f64) -> f64 {
    let n = observations as f64;
    -0.5 * n * ((2.0 * PI * squares / n).ln() + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The Longley data (J. W. Longley, JASA 62, 1967), of NIST's statistical reference
    /// datasets: the hard one, condition number 5·10⁹.
    const LONGLEY: [[f64; 7]; 16] = [
        [60323., 83.0, 234289., 2356., 1590., 107608., 1947.],
        [61122., 88.5, 259426., 2325., 1456., 108632., 1948.],
        [60171., 88.2, 258054., 3682., 1616., 109773., 1949.],
        [61187., 89.5, 284599., 3351., 1650., 110929., 1950.],
        [63221., 96.2, 328975., 2099., 3099., 112075., 1951.],
        [63639., 98.1, 346999., 1932., 3594., 113270., 1952.],
        [64989., 99.0, 365385., 1870., 3547., 115094., 1953.],
        [63761., 100.0, 363112., 3578., 3350., 116219., 1954.],
        [66019., 101.2, 397469., 2904., 3048., 117388., 1955.],
        [67857., 104.6, 419180., 2822., 2857., 118734., 1956.],
        [68169., 108.4, 442769., 2936., 2798., 120445., 1957.],
        [66513., 110.8, 444546., 4681., 2637., 121950., 1958.],
        [68655., 112.6, 482704., 3813., 2552., 123366., 1959.],
        [69564., 114.2, 502601., 3931., 2514., 125368., 1960.],
        [69331., 115.7, 518173., 4806., 2572., 127852., 1961.],
        [70551., 116.9, 554894., 4007., 2827., 130081., 1962.],
    ];

    fn longley() -> (Vec<f64>, Vec<Vec<f64>>) {
        let mut columns = vec![vec![1.0; 16]];
        columns.extend((1..7).map(|j| LONGLEY.iter().map(|row| row[j]).collect()));
        (LONGLEY.iter().map(|row| row[0]).collect(), columns)
    }

    #[test]
    fn longley_equals_the_certified_values() {
        // NIST StRD, Longley, certified to 15 digits.
        let certified = [
            (-3482258.63459582, 890420.383607373),
            (15.0618722713733, 84.9149257747669),
            (-0.358191792925910E-01, 0.334910077722432E-01),
            (-2.02022980381683, 0.488399681651699),
            (-1.03322686717359, 0.214274163161675),
            (-0.511041056535807E-01, 0.226073200069370),
            (1829.15146461355, 455.478499142212),
        ];
        let (y, columns) = longley();
        let fit = LeastSquares::fit(&y, &columns).unwrap();
        for (j, (b, error)) in certified.into_iter().enumerate() {
            assert!((fit.coefficients[j] / b - 1.0).abs() < 1e-7, "{j}");
            assert!((fit.standard_errors[j] / error - 1.0).abs() < 1e-7, "{j}");
        }
        assert!((fit.residual_variance().sqrt() / 304.854073561965 - 1.0).abs() < 1e-8);
        // statsmodels 0.14.6, OLS(y, X).fit(): llf, aic, bic.
        assert!((fit.log_likelihood() + 109.6174348084912).abs() < 1e-8);
        assert!((fit.aic() - 233.2348696169824).abs() < 1e-8);
        assert!((fit.bic() - 238.64299067266086).abs() < 1e-8);
    }

    #[test]
    fn a_dependent_column_is_left_out() {
        let (y, mut columns) = longley();
        let without = LeastSquares::fit(&y, &columns).unwrap();
        let sum: Vec<f64> = columns[1]
            .iter()
            .zip(&columns[3])
            .map(|(a, b)| a + 2.0 * b)
            .collect();
        columns.insert(4, sum);
        let with = LeastSquares::fit(&y, &columns).unwrap();
        assert_eq!(with.rank, 7);
        assert_eq!(with.coefficients[4], 0.0);
        assert!(with.standard_errors[4].is_nan());
        assert!((with.coefficients[7] / without.coefficients[6] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn huge_and_tiny_columns_do_not_overflow() {
        let x: Vec<f64> = (0..20).map(|i| f64::from(i * i % 7) * 1e300).collect();
        let z: Vec<f64> = (0..20).map(|i| f64::from(i % 3) * 1e-300).collect();
        let y: Vec<f64> = (0..20).map(|i| x[i] * 2e-200 + z[i] * 3e-100).collect();
        let fit = LeastSquares::fit(&y, &[x, z]).unwrap();
        assert!((fit.coefficients[0] / 2e-200 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn errors() {
        let none: [&[f64]; 0] = [];
        assert!(LeastSquares::fit(&[1.0, 3.0], &none).unwrap().rank == 0);
        assert!(matches!(
            LeastSquares::fit(&[], &none),
            Err(LeastSquaresError::TooFew { .. })
        ));
        assert!(matches!(
            LeastSquares::fit(&[1.0, 2.0], &[[1.0].as_slice()]),
            Err(LeastSquaresError::Lengths { .. })
        ));
        assert_eq!(
            LeastSquares::fit(&[1.0, f64::NAN], &[[1.0, 1.0]]),
            Err(LeastSquaresError::NotFinite)
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(
            y in proptest::collection::vec(any::<f64>(), 0..9),
            columns in proptest::collection::vec(proptest::collection::vec(any::<f64>(), 0..9), 0..5),
        ) {
            let _ = LeastSquares::fit(&y, &columns);
            if let Some(first) = columns.first() {
                let same: Vec<Vec<f64>> = columns.iter().map(|_| first.clone()).collect();
                let _ = LeastSquares::fit(first, &same);
            }
        }

        #[test]
        fn residuals_are_orthogonal(seed in 0_u64..1000) {
            let mut random = crate::stats::random::Generator::new(seed);
            let mut column = || (0..12).map(|_| random.normal()).collect::<Vec<_>>();
            let columns = [column(), column(), column()];
            let fit = LeastSquares::fit(&column(), &columns).unwrap();
            for c in &columns {
                let inner: f64 = c.iter().zip(&fit.residuals).map(|(a, b)| a * b).sum();
                prop_assert!(inner.abs() < 1e-12);
            }
        }
    }
}
