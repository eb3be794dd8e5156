//! Householder's QR decomposition of a tall matrix.

use super::LeastSquaresError;
use crate::stats::inner_product::inner_product;
use crate::stats::scale::power_of_two_scale;

/// What must be left of a column's norm beside those before it for it to count as independent.
const INDEPENDENT: f64 = 1e-12;

/// The decomposition of the independent columns of a matrix.
///
/// Column `j` of the rotated matrix holds R above and on the diagonal, and the rest of a
/// Householder vector below; columns are scaled by powers of two against overflow.
#[derive(Debug, Clone)]
pub struct Qr {
    rows: usize,
    /// How many columns there were.
    columns: usize,
    /// The independent ones.
    kept: Vec<usize>,
    scales: Vec<f64>,
    /// The rotated columns, one after the other.
    factor: Vec<f64>,
    diagonal: Vec<f64>,
}

impl Qr {
    /// Decomposes the matrix of `columns`, each `rows` long.
    pub fn new<C: AsRef<[f64]>>(rows: usize, columns: &[C]) -> Result<Self, LeastSquaresError> {
        let mut qr = Self {
            rows,
            columns: columns.len(),
            kept: Vec::new(),
            scales: Vec::new(),
            factor: Vec::new(),
            diagonal: Vec::new(),
        };
        for (index, column) in columns.iter().enumerate() {
            let column = column.as_ref();
            if column.len() != rows {
                return Err(LeastSquaresError::Lengths {
                    column: index,
                    got: column.len(),
                    want: rows,
                });
            }
            if !column.iter().all(|x| x.is_finite()) {
                return Err(LeastSquaresError::NotFinite);
            }
            qr.push(index, column);
        }
        Ok(qr)
    }

    fn push(&mut self, index: usize, column: &[f64]) {
        let scale = power_of_two_scale(column);
        let mut rotated: Vec<f64> = column.iter().map(|x| x * scale).collect();
        let whole = norm(&rotated);
        self.reflect(&mut rotated);
        let rank = self.rank();
        if rank == self.rows {
            return;
        }
        let left = norm(&rotated[rank..]);
        if left <= INDEPENDENT * whole {
            return;
        }
        // The reflection v = x ± |x| e₁ with the sign that does not cancel, scaled so that
        // 2 / v'v is 1 / (|x| v₁), and v₁ is stored where R's diagonal would be.
        let pivot = rotated[rank];
        self.diagonal.push(-left.copysign(pivot));
        rotated[rank] += left.copysign(pivot);
        self.kept.push(index);
        self.scales.push(scale);
        self.factor.extend(rotated);
    }

    /// How many columns are independent.
    pub fn rank(&self) -> usize {
        self.kept.len()
    }

    /// Multiplies `vector` by Qᵀ in place: its first `rank` numbers then belong to the columns,
    /// and the squares of those from `k` on sum to what the first `k` columns leave.
    pub fn rotate(&self, vector: &mut [f64]) -> Result<(), LeastSquaresError> {
        if vector.iter().all(|x| x.is_finite()) {
            self.reflect(vector);
            Ok(())
        } else {
            Err(LeastSquaresError::NotFinite)
        }
    }

    /// Multiplies `vector` by Q in place.
    pub fn rotate_back(&self, vector: &mut [f64]) {
        for j in (0..self.rank()).rev() {
            self.reflect_at(j, vector);
        }
    }

    fn reflect(&self, vector: &mut [f64]) {
        for j in 0..self.rank() {
            self.reflect_at(j, vector);
        }
    }

    fn reflect_at(&self, j: usize, vector: &mut [f64]) {
        let v = &self.column(j)[j..];
        let tail = &mut vector[j..];
        // v'v / 2 = |x| |v₁|, and v₁ has the sign opposite to the diagonal's.
        let factor = inner_product(v, tail) / (self.diagonal[j] * v[0]);
        for (x, v) in tail.iter_mut().zip(v) {
            *x += factor * v;
        }
    }

    fn column(&self, j: usize) -> &[f64] {
        &self.factor[j * self.rows..(j + 1) * self.rows]
    }

    /// The coefficients that belong to a rotated response, one for every column given:
    /// 0 where the column is not independent.
    pub fn coefficients(&self, rotated: &[f64]) -> Vec<f64> {
        let mut solution = rotated[..self.rank()].to_vec();
        for j in (0..self.rank()).rev() {
            solution[j] /= self.diagonal[j];
            let value = solution[j];
            for (s, r) in solution[..j].iter_mut().zip(self.column(j)) {
                *s -= r * value;
            }
        }
        let mut coefficients = vec![0.0; self.columns];
        for ((&index, scale), value) in self.kept.iter().zip(&self.scales).zip(solution) {
            coefficients[index] = value * scale;
        }
        coefficients
    }

    /// The square roots of the diagonal of (XᵀX)⁻¹: a standard error is this times the
    /// residuals' deviation. NaN where the column is not independent.
    pub fn inverse_norms(&self) -> Vec<f64> {
        let rank = self.rank();
        let mut norms = vec![f64::NAN; self.columns];
        for i in 0..rank {
            // Row i of R⁻¹, by solving zᵀ R = eᵢᵀ from its diagonal on.
            let mut row = vec![0.0; rank];
            for j in i..rank {
                let r = self.column(j);
                let inner: f64 = (i..j).map(|k| row[k] * r[k]).sum();
                let unit = if i == j { 1.0 } else { 0.0 };
                row[j] = (unit - inner) / self.diagonal[j];
            }
            norms[self.kept[i]] = norm(&row) * self.scales[i];
        }
        norms
    }
}

fn norm(vector: &[f64]) -> f64 {
    inner_product(vector, vector).sqrt()
}
