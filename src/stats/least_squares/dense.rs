//! Small dense systems of equations. Matrices are square, row after row.

/// The factor L of a symmetric positive definite matrix A = L Lᵀ.
#[derive(Debug, Clone, PartialEq)]
pub struct Cholesky {
    order: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Decomposes a matrix, of which only the lower triangle is read; none where it is not
    /// positive definite in floating point.
    ///
    /// # Panics
    ///
    /// Where `matrix` does not have `order`² values.
    pub fn new(matrix: &[f64], order: usize) -> Option<Self> {
        assert_eq!(matrix.len(), order * order, "a square matrix");
        let mut lower = vec![0.0; order * order];
        for i in 0..order {
            for j in 0..=i {
                let (row_i, row_j) = (&lower[i * order..][..j], &lower[j * order..][..j]);
                let inner: f64 = row_i.iter().zip(row_j).map(|(a, b)| a * b).sum();
                let rest = matrix[i * order + j] - inner;
                lower[i * order + j] = if i == j {
                    if !(rest > 0.0 && rest.is_finite()) {
                        return None;
                    }
                    rest.sqrt()
                } else {
                    rest / lower[j * order + j]
                };
            }
        }
        Some(Self { order, lower })
    }

    /// Solves A x = b in place.
    pub fn solve(&self, b: &mut [f64]) {
        self.solve_lower(b);
        for i in (0..self.order).rev() {
            b[i] /= self.lower[i * self.order + i];
            let value = b[i];
            for (b, l) in b[..i].iter_mut().zip(&self.lower[i * self.order..]) {
                *b -= l * value;
            }
        }
    }

    /// Solves L x = b in place.
    pub fn solve_lower(&self, b: &mut [f64]) {
        for i in 0..self.order {
            let row = &self.lower[i * self.order..][..=i];
            let inner: f64 = row[..i].iter().zip(b.iter()).map(|(l, b)| l * b).sum();
            b[i] = (b[i] - inner) / row[i];
        }
    }

    /// The inverse of A.
    pub fn inverse(&self) -> Vec<f64> {
        let mut inverse = vec![0.0; self.order * self.order];
        for (i, row) in inverse.chunks_exact_mut(self.order.max(1)).enumerate() {
            row[i] = 1.0;
            self.solve(row);
        }
        inverse
    }

    /// The logarithm of A's determinant.
    pub fn ln_determinant(&self) -> f64 {
        let diagonal = (0..self.order).map(|i| self.lower[i * self.order + i]);
        2.0 * diagonal.map(f64::ln).sum::<f64>()
    }

    /// L, row after row.
    pub fn lower(&self) -> &[f64] {
        &self.lower
    }
}

/// Solves A x = b by Gaussian elimination with partial pivoting; none where A is singular.
///
/// # Panics
///
/// Where `matrix` does not have as many rows and columns as `b` has values.
pub fn solve(matrix: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let order = b.len();
    assert_eq!(matrix.len(), order * order, "a square matrix");
    let mut rows: Vec<Vec<f64>> = (0..order)
        .map(|i| {
            let mut row = matrix[i * order..(i + 1) * order].to_vec();
            row.push(b[i]);
            row
        })
        .collect();
    for j in 0..order {
        let pivot = (j..order).max_by(|&a, &c| rows[a][j].abs().total_cmp(&rows[c][j].abs()))?;
        rows.swap(j, pivot);
        let (done, below) = rows.split_at_mut(j + 1);
        let head = &done[j];
        if head[j] == 0.0 || !head[j].is_finite() {
            return None;
        }
        for row in below {
            let factor = row[j] / head[j];
            for (x, h) in row[j..].iter_mut().zip(&head[j..]) {
                *x -= factor * h;
            }
        }
    }
    let mut x = vec![0.0; order];
    for i in (0..order).rev() {
        let inner: f64 = (i + 1..order).map(|j| rows[i][j] * x[j]).sum();
        x[i] = (rows[i][order] - inner) / rows[i][i];
    }
    x.iter().all(|x| x.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_known_factor() {
        // L = [[2, 0, 0], [6, 1, 0], [−8, 5, 3]].
        let matrix = [4., 12., -16., 12., 37., -43., -16., -43., 98.];
        let factor = Cholesky::new(&matrix, 3).unwrap();
        assert_eq!(factor.lower(), [2., 0., 0., 6., 1., 0., -8., 5., 3.]);
        assert!((factor.ln_determinant() - 36.0_f64.ln()).abs() < 1e-14);
        let mut b = [0.0, 6.0, 39.0];
        factor.solve(&mut b);
        let direct = solve(&matrix, &[0.0, 6.0, 39.0]).unwrap();
        for (x, y) in b.iter().zip(&direct) {
            assert!((x - y).abs() < 1e-12);
        }
        let inverse = factor.inverse();
        for i in 0..3 {
            for j in 0..3 {
                let entry: f64 = (0..3).map(|k| matrix[3 * i + k] * inverse[3 * k + j]).sum();
                assert!((entry - f64::from(u8::from(i == j))).abs() < 1e-11);
            }
        }
        assert_eq!(Cholesky::new(&[1.0, 2.0, 2.0, 1.0], 2), None);
        assert_eq!(Cholesky::new(&[f64::NAN], 1), None);
        assert!(Cholesky::new(&[], 0).unwrap().inverse().is_empty());
        assert_eq!(solve(&[1.0, 2.0, 2.0, 4.0], &[1.0, 1.0]), None);
    }

    proptest! {
        #[test]
        fn solutions_solve(
            matrix in proptest::collection::vec(-10.0..10.0_f64, 16),
            b in proptest::collection::vec(-10.0..10.0_f64, 4),
        ) {
            if let Some(x) = solve(&matrix, &b) {
                let size = x.iter().fold(1.0_f64, |m, x| m.max(x.abs()));
                for i in 0..4 {
                    let got: f64 = (0..4).map(|j| matrix[4 * i + j] * x[j]).sum();
                    prop_assert!((got - b[i]).abs() < 1e-10 * size);
                }
            }
        }

        #[test]
        fn nothing_panics(matrix in proptest::collection::vec(any::<f64>(), 9)) {
            if let Some(factor) = Cholesky::new(&matrix, 3) {
                let _ = factor.inverse();
            }
            let _ = solve(&matrix, &matrix[..3]);
        }
    }
}
