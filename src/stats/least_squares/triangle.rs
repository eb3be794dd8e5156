//! A regression of very many observations, of which only the triangle R is kept.

use super::LeastSquaresError;
use crate::stats::inner_product::inner_product;

/// How many observations are taken in at a time.
const BLOCK: usize = 1024;
/// What must be left of a column's norm beside those before it for it to count as independent.
const INDEPENDENT: f64 = 1e-12;

/// R of the QR decomposition of some columns and, last, a response.
///
/// The rows are reduced block by block (Golub and Van Loan, *Matrix Computations*, 5.2.3 and
/// 12.5), in memory that does not grow with their number. The regressions on the first
/// 1, 2, … columns are all in it. Values should be near 1: nothing is scaled.
#[derive(Debug, Clone)]
pub struct Triangle {
    observations: usize,
    order: usize,
    /// Column after column.
    entries: Vec<f64>,
}

impl Triangle {
    /// Reduces columns and a response of the same length.
    pub fn new(columns: &[&[f64]], response: &[f64]) -> Result<Self, LeastSquaresError> {
        let rows = response.len();
        let order = columns.len() + 1;
        let mut all = columns.to_vec();
        all.push(response);
        for (column, values) in all.iter().enumerate() {
            if values.len() != rows {
                return Err(LeastSquaresError::Lengths {
                    column,
                    got: values.len(),
                    want: rows,
                });
            }
            if !values.iter().all(|x| x.is_finite()) {
                return Err(LeastSquaresError::NotFinite);
            }
        }
        if rows < order {
            return Err(LeastSquaresError::TooFew {
                observations: rows,
                coefficients: columns.len(),
            });
        }
        // A column each: the triangle so far above, a block of rows below.
        let mut work = vec![vec![0.0; order]; order];
        for from in (0..rows).step_by(BLOCK) {
            let to = (from + BLOCK).min(rows);
            for (work, values) in work.iter_mut().zip(&all) {
                work.truncate(order);
                work.extend(&values[from..to]);
            }
            reduce(&mut work);
        }
        for column in &mut work {
            column.truncate(order);
        }
        Ok(Self {
            observations: rows,
            order,
            entries: work.concat(),
        })
    }

    /// How many observations there were.
    pub fn observations(&self) -> usize {
        self.observations
    }

    fn column(&self, j: usize) -> &[f64] {
        &self.entries[j * self.order..(j + 1) * self.order]
    }

    /// How many of the columns, from the first, are independent.
    pub fn independent(&self) -> usize {
        (0..self.order - 1)
            .take_while(|&j| {
                let column = self.column(j);
                column[j].abs() > INDEPENDENT * norm(column)
            })
            .count()
    }

    /// The sum of the squared residuals of the regression on the first `columns`.
    pub fn residual_sum_of_squares(&self, columns: usize) -> f64 {
        let left = &self.column(self.order - 1)[columns..];
        inner_product(left, left)
    }

    /// The t-statistic of column `index` in the regression on the first `columns`, which must
    /// be independent and fewer than the observations.
    pub fn t_statistic(&self, columns: usize, index: usize) -> f64 {
        let response = self.column(self.order - 1);
        // Row `index` of R⁻¹, by solving zᵀ R = eᵀ from its diagonal on.
        let mut row = vec![0.0; columns];
        for j in index..columns {
            let column = self.column(j);
            let unit = if j == index { 1.0 } else { 0.0 };
            row[j] = (unit - inner_product(&row[index..j], &column[index..j])) / column[j];
        }
        let degrees = (self.observations - columns) as f64;
        let deviation = (self.residual_sum_of_squares(columns) / degrees).sqrt();
        inner_product(&row, response) / (norm(&row) * deviation)
    }
}

/// Makes columns triangular by Householder's reflections, and leaves 0 below.
fn reduce(work: &mut [Vec<f64>]) {
    for j in 0..work.len() {
        let (done, rest) = work.split_at_mut(j + 1);
        let v = &mut done[j][j..];
        let size = norm(v).copysign(v[0]);
        if size == 0.0 {
            continue;
        }
        // v'v / 2 = |size| |v₀| once v₀ has grown by the size.
        v[0] += size;
        let half = size * v[0];
        for column in rest {
            let tail = &mut column[j..];
            let factor = inner_product(v, tail) / half;
            tail.iter_mut()
                .zip(v.iter())
                .for_each(|(x, v)| *x -= factor * v);
        }
        v.fill(0.0);
        v[0] = -size;
    }
}

fn norm(vector: &[f64]) -> f64 {
    inner_product(vector, vector).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::least_squares::LeastSquares;
    use crate::stats::random::Generator;

    #[test]
    fn blocks_equal_the_whole() {
        let mut random = Generator::new(2);
        let mut column = |_| (0..3 * BLOCK + 7).map(|_| 3.0 + random.normal()).collect();
        let columns: Vec<Vec<f64>> = (0..5).map(&mut column).collect();
        let response = column(5);
        let views: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let triangle = Triangle::new(&views, &response).unwrap();
        assert_eq!(triangle.independent(), 5);
        for count in 1..=5 {
            let fit = LeastSquares::fit(&response, &columns[..count]).unwrap();
            let squares = triangle.residual_sum_of_squares(count);
            assert!((squares / fit.residual_sum_of_squares - 1.0).abs() < 1e-12);
            for (index, t) in fit.t_statistics().into_iter().enumerate() {
                let got = triangle.t_statistic(count, index);
                assert!((got - t).abs() < 1e-9, "{count} {index}: {got} {t}");
            }
        }
    }

    #[test]
    fn dependence_is_seen() {
        let ones = [1.0; 6];
        let twos = [2.0; 6];
        let other = [1.0, 2.0, 4.0, 1.0, 3.0, 0.0];
        let independent = |columns: &[&[f64]]| {
            let triangle = Triangle::new(columns, &other).unwrap();
            triangle.independent()
        };
        assert_eq!(independent(&[&ones, &other]), 2);
        assert_eq!(independent(&[&ones, &twos, &other]), 1);
        assert_eq!(independent(&[&[0.0; 6]]), 0);
        assert!(Triangle::new(&[&ones, &twos], &[1.0, 2.0]).is_err());
        assert!(Triangle::new(&[&[1.0], &[f64::NAN]], &[1.0]).is_err());
    }
}
