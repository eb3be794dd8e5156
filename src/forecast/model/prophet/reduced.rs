//! The posterior of an additive model with a linear or flat trend, where the data come down to
//! a triangle.
//!
//! There the mean is linear in k, m, δ and β, so that the squared residuals are
//! |Rθ − z|² + c with R, z and c of the orthogonal (Householder) triangle of the columns and the
//! values. It is built from blocks of rows, so that a matrix of all rows with the change points
//! is never there, and an evaluation takes a time that does not depend on the length.

use augurs::prophet::TrendIndicator;
use augurs::prophet::optimizer::Data;

use super::posterior::{DELTA, K, M, misfit, precision, prior};
use crate::stats::inner_product::inner_product;

/// How many rows are taken in together.
const ROWS: usize = 256;

/// The data's triangle.
#[derive(Debug)]
pub(super) struct Reduced<'a> {
    data: &'a Data,
    /// How many columns there are.
    width: usize,
    /// R row by row, each from its diagonal on, and z as its last column.
    rows: Vec<Vec<f64>>,
    /// c
    rest: f64,
    /// Rθ − z
    residuals: Vec<f64>,
}

impl<'a> Reduced<'a> {
    pub(super) fn new(data: &'a Data) -> Self {
        let changes = data.t_change.len();
        let features = data.sigmas.len();
        let width = DELTA + changes + features;
        let mut rows: Vec<Vec<f64>> = (0..=width).map(|j| vec![0.0; width + 1 - j]).collect();
        let mut block = vec![vec![0.0; ROWS]; width + 1];
        for first in (0..data.t.len()).step_by(ROWS) {
            let last = (first + ROWS).min(data.t.len());
            for column in &mut block {
                column.resize(last - first, 0.0);
            }
            for (row, i) in (first..last).enumerate() {
                let t = data.t[i];
                let linear = data.trend_indicator == TrendIndicator::Linear;
                block[K][row] = if linear { t } else { 0.0 };
                block[M][row] = 1.0;
                for (column, change) in block[DELTA..].iter_mut().zip(&data.t_change) {
                    column[row] = if linear { (t - change).max(0.0) } else { 0.0 };
                }
                let values = &data.X[i * features..(i + 1) * features];
                for (column, value) in block[DELTA + changes..].iter_mut().zip(values) {
                    column[row] = *value;
                }
                block[width][row] = data.y[i];
            }
            absorb(&mut rows, &mut block);
        }
        let rest = rows
            .pop()
            .and_then(|row| row.first().copied())
            .unwrap_or(0.0);
        Self {
            data,
            width,
            rows,
            rest: rest * rest,
            residuals: vec![0.0; width],
        }
    }

    /// As [`Posterior::evaluate`](super::posterior::Posterior::evaluate).
    pub(super) fn evaluate(&mut self, point: &[f64], gradient: &mut [f64], width: f64) -> f64 {
        let parameters = &point[..self.width];
        let mut squares = self.rest;
        for (j, (row, residual)) in self.rows.iter().zip(&mut self.residuals).enumerate() {
            let (factors, z) = row.split_at(self.width - j);
            *residual = inner_product(factors, &parameters[j..]) - z[0];
            squares += *residual * *residual;
        }
        gradient.fill(0.0);
        let precision = precision(point);
        for (j, (row, residual)) in self.rows.iter().zip(&self.residuals).enumerate() {
            let scaled = residual * precision;
            for (g, factor) in gradient[j..self.width].iter_mut().zip(row) {
                *g += factor * scaled;
            }
        }
        misfit(self.data.t.len(), squares, point, gradient)
            + prior(self.data, point, gradient, width)
    }
}

/// Rotates a block of rows into the triangle; the block is used up.
fn absorb(triangle: &mut [Vec<f64>], block: &mut [Vec<f64>]) {
    for (j, row) in triangle.iter_mut().enumerate() {
        let (done, after) = block.split_at_mut(j + 1);
        let column = &done[j];
        let below = inner_product(column, column);
        if below == 0.0 {
            continue;
        }
        // The reflection takes (diagonal, column) to a multiple of the first axis.
        let diagonal = row[0];
        let norm = (diagonal * diagonal + below).sqrt();
        let pivot = diagonal + norm.copysign(diagonal);
        let twice = 2.0 / (pivot * pivot + below);
        row[0] = -norm.copysign(diagonal);
        for (above, other) in row[1..].iter_mut().zip(after) {
            let share = twice * (pivot * *above + inner_product(column, other));
            *above -= share * pivot;
            for (o, c) in other.iter_mut().zip(column) {
                *o -= share * c;
            }
        }
    }
}
