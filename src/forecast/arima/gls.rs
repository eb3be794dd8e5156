//! Generalised least squares from columns already whitened by the filter.

/// The regression of the last column on the others; reused from call to call.
#[derive(Debug, Clone, Default)]
pub(super) struct Regression {
    /// A coefficient for each column; 0 where a column depends on those before it.
    pub(super) coefficients: Vec<f64>,
    /// The sum of squares that is left.
    pub(super) sum: f64,
    /// ½ log det of the cross product of the first columns, those with a flat prior.
    pub(super) half_log_determinant: f64,
    /// How many of the first columns could be told apart.
    pub(super) identified: usize,
    /// The rows at hand of each column, behind the triangle of those before.
    block: Vec<Vec<f64>>,
    triangle: Vec<f64>,
}

/// A column whose part orthogonal to the ones before is smaller than this is dependent.
const DEPENDENT: f64 = 1e-9;
/// So many rows of some columns stay in a processor's cache.
const ROWS: usize = 1024;

impl Regression {
    /// Regresses. `columns` are the regressors, then the series; `weights` multiply every
    /// row; the first `diffuse` regressors have a flat prior (de Jong 1991), which adds
    /// their determinant to the likelihood. With `fixed`, the coefficients of the others
    /// are given.
    ///
    /// Modified Gram-Schmidt with the series as the last column, which is as exact as
    /// Householder's method (Björck 1967), over blocks of rows: each is put under the
    /// triangle of those before it.
    pub(super) fn solve(
        &mut self,
        columns: &[impl AsRef<[f64]>],
        weights: &[f64],
        diffuse: usize,
        fixed: Option<&[f64]>,
    ) {
        let Some(last) = columns.len().checked_sub(1) else {
            return;
        };
        self.coefficients.clear();
        self.coefficients.resize(last, 0.0);
        let count = if fixed.is_some() { diffuse } else { last };
        let width = count + 1;
        self.triangle.clear();
        self.triangle.resize(width * width, 0.0);
        self.block.resize_with(width, Vec::new);
        for first in (0..weights.len()).step_by(ROWS) {
            let rows = first..(first + ROWS).min(weights.len());
            let weights = &weights[rows.clone()];
            for (j, block) in self.block.iter_mut().enumerate() {
                let column = columns[if j < count { j } else { last }].as_ref();
                let column = &column[rows.clone()];
                block.clear();
                block.extend((0..width).map(|i| self.triangle[i * width + j]));
                block.extend(column.iter().zip(weights).map(|(v, w)| v * w));
            }
            for (column, coefficient) in columns[diffuse..last].iter().zip(fixed.unwrap_or(&[])) {
                let series = &mut self.block[count][width..];
                for ((s, x), w) in series
                    .iter_mut()
                    .zip(&column.as_ref()[rows.clone()])
                    .zip(weights)
                {
                    *s -= coefficient * x * w;
                }
            }
            self.orthogonalise();
        }
        let diagonal = (0..width).map(|i| self.triangle[i * width + i]);
        let flat = diagonal.take(diffuse).filter(|length| *length > 0.0);
        self.identified = flat.clone().count();
        self.half_log_determinant = flat.map(f64::ln).sum();
        self.sum = self.triangle[width * width - 1].powi(2);
        for i in (0..count).rev() {
            let row = &self.triangle[i * width..(i + 1) * width];
            if row[i] > 0.0 {
                let known: f64 = (i + 1..count).map(|j| row[j] * self.coefficients[j]).sum();
                self.coefficients[i] = (row[count] - known) / row[i];
            }
        }
        if let Some(fixed) = fixed {
            self.coefficients[diffuse..].copy_from_slice(fixed);
        }
    }

    /// Whether a column depends on those before it.
    pub(super) fn is_dependent(&self, i: usize) -> bool {
        self.triangle[i * (self.coefficients.len() + 1) + i] == 0.0
    }

    /// The cross product of the whitened columns i and j of the last `count` regressors,
    /// what those before explain taken out.
    pub(super) fn cross_product(&self, i: usize, j: usize, count: usize) -> f64 {
        let width = self.coefficients.len() + 1;
        let first = self.coefficients.len() - count;
        let rows = first..=first + i.min(j);
        rows.map(|k| {
            let row = &self.triangle[k * width..(k + 1) * width];
            row[first + i] * row[first + j]
        })
        .sum()
    }

    /// The triangle of the block, its last entry the length of what is left of the series.
    fn orthogonalise(&mut self) {
        let width = self.block.len();
        self.triangle.fill(0.0);
        for i in 0..width {
            let (done, rest) = self.block.split_at_mut(i + 1);
            let column = &mut done[i];
            // What is left of it against what it was before the ones in front were taken out.
            let left = dot(column, column);
            let taken: f64 = (0..i).map(|j| self.triangle[j * width + i].powi(2)).sum();
            let regressor = i + 1 < width;
            if regressor && (left.is_nan() || left <= DEPENDENT * DEPENDENT * (left + taken)) {
                column.fill(0.0);
                continue;
            }
            let length = left.sqrt();
            self.triangle[i * width + i] = length;
            if regressor {
                column.iter_mut().for_each(|v| *v /= length);
            }
            for (j, other) in rest.iter_mut().enumerate() {
                let along = dot(column, other);
                self.triangle[i * width + i + 1 + j] = along;
                subtract(other, along, column);
            }
        }
    }
}

/// `values ← values − factor · other`
pub(super) fn subtract(values: &mut [f64], factor: f64, other: &[f64]) {
    for (v, o) in values.iter_mut().zip(other) {
        *v -= factor * o;
    }
}

/// A sum in four lanes, which the compiler can vectorise.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (fours, rest) = a.as_chunks::<4>();
    let (other, other_rest) = b.as_chunks::<4>();
    let mut lanes = [0.0; 4];
    for (a, b) in fours.iter().zip(other) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    let tail = rest.iter().zip(other_rest).map(|(a, b)| a * b);
    lanes.iter().sum::<f64>() + tail.sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_through_points() {
        let ones = vec![1.0; 5];
        let time = vec![1.0, 2.0, 3.0, 4.0, 5.0];
        let twice: Vec<f64> = ones.iter().map(|v| 2.0 * v).collect();
        let values = vec![2.1, 3.9, 6.2, 7.8, 10.1];
        let mut found = Regression::default();
        found.solve(&[ones, time, twice, values], &[1.0; 5], 1, None);
        // y = 0.05 + 1.99 x, S = Σy² − …, worked by hand.
        assert!((found.coefficients[0] - 0.05).abs() < 1e-12);
        assert!((found.coefficients[1] - 1.99).abs() < 1e-12);
        assert_eq!(found.coefficients[2], 0.0);
        assert!((found.sum - 0.107).abs() < 1e-12);
        assert!((found.half_log_determinant - 0.5 * 5.0_f64.ln()).abs() < 1e-14);
    }
}
