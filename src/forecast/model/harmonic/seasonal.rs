//! The regression on Fourier terms: how many, and their coefficients.
//!
//! With correlated errors ordinary least squares would take too many terms. So a first
//! regression on all of them gives an autoregression of its residuals, by which the values are
//! filtered: a filter turns a cosine and a sine into a cosine and a sine of the same
//! frequency, so the filtered values are regressed on the same columns, with errors that are
//! nearly white (Cochrane and Orcutt 1949). AICc then compares the numbers of terms, a season
//! at a time until none changes, and the filter's response turns the coefficients back.

use std::f64::consts::TAU;

use super::fourier::{Harmonic, harmonics};
use super::normal::{BLOCK, NormalEquations};
use crate::stats::correlation::partial_autocorrelations;

/// The order of the autoregression that the values are filtered by.
const FILTER: usize = 12;

/// The most times that every season's number of terms is looked at.
const MOST_ROUNDS: usize = 5;

/// A regression on Fourier terms and outside variables.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Seasonal {
    /// How many harmonics each period has.
    pub(super) counts: Vec<usize>,
    /// The harmonics with their coefficients: of the cosine and of the sine.
    pub(super) harmonics: Vec<(Harmonic, f64, f64)>,
    /// The outside variables' coefficients.
    pub(super) regressors: Vec<f64>,
}

/// The columns: a constant, a trend, outside variables, and all harmonics.
struct Columns<'a> {
    steps: usize,
    regressors: Vec<&'a [f64]>,
    harmonics: &'a [Vec<Harmonic>],
}

impl Columns<'_> {
    /// How many columns are always there.
    fn fixed(&self) -> usize {
        2 + self.regressors.len()
    }

    fn count(&self) -> usize {
        self.fixed() + 2 * self.harmonics.iter().flatten().count()
    }

    /// Fills the rows from `first` on of all columns.
    fn fill(&self, first: usize, block: &mut [Vec<f64>]) {
        block[0].fill(1.0);
        for (i, value) in block[1].iter_mut().enumerate() {
            *value = (first + i) as f64 / self.steps as f64 - 0.5;
        }
        let rows = block[0].len();
        for (to, from) in block[2..].iter_mut().zip(&self.regressors) {
            to.copy_from_slice(&from[first..first + rows]);
        }
        let pairs = block[self.fixed()..].chunks_exact_mut(2);
        for (pair, harmonic) in pairs.zip(self.harmonics.iter().flatten()) {
            let [cosines, sines] = pair else { continue };
            harmonic.fill(first, cosines, sines);
        }
    }

    /// Calls `visit` with all columns, block by block.
    fn blocks(&self, mut visit: impl FnMut(usize, &mut [Vec<f64>])) {
        let mut block = vec![Vec::new(); self.count() + 1];
        for first in (0..self.steps).step_by(BLOCK) {
            let rows = BLOCK.min(self.steps - first);
            block.iter_mut().for_each(|column| column.resize(rows, 0.0));
            self.fill(first, &mut block);
            visit(first, &mut block);
        }
    }

    fn equations(&self, response: &[f64]) -> NormalEquations {
        let mut equations = NormalEquations::new(self.count());
        self.blocks(|first, block| {
            let rows = block[0].len();
            let values = &response[first..first + rows];
            let (all, last) = block.split_at_mut(self.count());
            last[0].copy_from_slice(values);
            let mut present = rows;
            for (row, _) in values.iter().enumerate().filter(|(_, v)| v.is_nan()) {
                all.iter_mut().for_each(|column| column[row] = 0.0);
                last[0][row] = 0.0;
                present -= 1;
            }
            equations.add(block, present);
        });
        equations
    }

    /// The indices of the columns with so many harmonics of each period, those of `last` last.
    fn picked(&self, counts: &[usize], last: usize) -> Vec<usize> {
        let mut picked: Vec<usize> = (0..self.fixed()).collect();
        let mut ends = Vec::new();
        let mut first = self.fixed();
        for (i, (all, count)) in self.harmonics.iter().zip(counts).enumerate() {
            let own = if i == last { &mut ends } else { &mut picked };
            for (k, harmonic) in all.iter().enumerate().take(*count) {
                own.extend((0..harmonic.terms()).map(|term| first + 2 * k + term));
            }
            first += 2 * all.len();
        }
        picked.append(&mut ends);
        picked
    }
}

impl Seasonal {
    /// Regresses values, NaN where missing, on the seasons of the periods.
    pub(super) fn fit(values: &[f64], periods: &[f64], regressors: &[Vec<f64>]) -> Self {
        let harmonics = harmonics(periods, values.len());
        let mut columns = Columns {
            steps: values.len(),
            regressors: regressors.iter().map(Vec::as_slice).collect(),
            harmonics: &harmonics,
        };
        let most: Vec<usize> = harmonics.iter().map(Vec::len).collect();
        let first = columns.equations(values);
        let picked = columns.picked(&most, 0);
        let coefficients = first.regress(&picked).coefficients;
        let mut residuals = values.to_vec();
        columns.blocks(|at, block| {
            for (column, coefficient) in picked.iter().zip(&coefficients) {
                for (r, x) in residuals[at..].iter_mut().zip(&block[*column]) {
                    *r -= coefficient * x;
                }
            }
        });
        let filter = autoregression(&residuals);
        drop(residuals);
        let whitened = filtered(values, &filter);
        let outside: Vec<Vec<f64>> = regressors.iter().map(|c| filtered(c, &filter)).collect();
        columns.steps = whitened.len();
        columns.regressors = outside.iter().map(Vec::as_slice).collect();
        let equations = columns.equations(&whitened);
        let counts = choose(&columns, &equations);
        let picked = columns.picked(&counts, counts.len());
        let coefficients = equations.regress(&picked).coefficients;
        let (fixed, mut rest) = coefficients.split_at(columns.fixed());
        let chosen = harmonics.iter().zip(&counts);
        let chosen = chosen.flat_map(|(all, count)| all.iter().take(*count));
        let turned = chosen.map(|harmonic| {
            let (own, after) = rest.split_at(harmonic.terms());
            rest = after;
            let sine = own.get(1).copied().unwrap_or(0.0);
            unfiltered(*harmonic, (own[0], sine), &filter)
        });
        Self {
            harmonics: turned.collect(),
            regressors: fixed[2..].to_vec(),
            counts,
        }
    }

    /// How many terms there are.
    pub(super) fn terms(&self) -> usize {
        self.harmonics
            .iter()
            .map(|(harmonic, _, _)| harmonic.terms())
            .sum()
    }

    /// What the terms sum up to at the steps from `first` on.
    pub(super) fn seasons(&self, first: usize, steps: usize) -> Vec<f64> {
        let mut sum = vec![0.0; steps];
        let (mut cosines, mut sines) = (vec![0.0; BLOCK], vec![0.0; BLOCK]);
        for (from, block) in sum.chunks_mut(BLOCK).enumerate() {
            let at = first + from * BLOCK;
            for (harmonic, a, b) in &self.harmonics {
                harmonic.fill(at, &mut cosines, &mut sines);
                for ((s, c), d) in block.iter_mut().zip(&cosines).zip(&sines) {
                    *s += a * c + b * d;
                }
            }
        }
        sum
    }

    /// The terms as columns, of the steps from `first` on.
    pub(super) fn columns(&self, first: usize, steps: usize) -> Vec<Vec<f64>> {
        let mut columns = Vec::with_capacity(2 * self.harmonics.len());
        for (harmonic, _, _) in &self.harmonics {
            let pairs = (first..first + steps).map(|t| harmonic.at(t));
            let (cosines, sines) = pairs.unzip();
            columns.push(cosines);
            if harmonic.terms() > 1 {
                columns.push(sines);
            }
        }
        columns
    }
}

/// The numbers of harmonics with the least AICc, at least one a period.
fn choose(columns: &Columns<'_>, equations: &NormalEquations) -> Vec<usize> {
    let n = equations.observations as f64;
    let mut counts: Vec<usize> = columns
        .harmonics
        .iter()
        .map(|all| all.len().min(1))
        .collect();
    for _ in 0..MOST_ROUNDS {
        let before = counts.clone();
        for (i, all) in columns.harmonics.iter().enumerate() {
            let with = |count: usize| {
                let mut with = counts.clone();
                with[i] = count;
                columns.picked(&with, i)
            };
            let squares = equations.regress(&with(all.len())).squares;
            let aicc = |count: usize| {
                let terms = with(count).len();
                let k = terms as f64 + 1.0;
                if n <= k + 1.0 {
                    return f64::INFINITY;
                }
                n * squares[terms - 1].max(f64::MIN_POSITIVE).ln() + 2.0 * k * n / (n - k - 1.0)
            };
            let least = (1..=all.len()).map(|count| (aicc(count), count));
            if let Some((_, count)) = least.min_by(|a, b| a.0.total_cmp(&b.0)) {
                counts[i] = count;
            }
        }
        if counts == before {
            break;
        }
    }
    counts
}

/// The coefficients of the autoregression with the residuals' partial autocorrelations.
fn autoregression(residuals: &[f64]) -> Vec<f64> {
    let partial = partial_autocorrelations(residuals, FILTER.min(residuals.len() / 10));
    let mut coefficients: Vec<f64> = Vec::with_capacity(FILTER);
    for next in partial.into_iter().skip(1) {
        let before = coefficients.clone();
        for (c, mirrored) in coefficients.iter_mut().zip(before.iter().rev()) {
            *c -= next * mirrored;
        }
        coefficients.push(next);
    }
    coefficients
}

/// The series less what the autoregression forecasts; NaN before its first forecast.
fn filtered(values: &[f64], filter: &[f64]) -> Vec<f64> {
    let mut filtered = values.to_vec();
    for (i, coefficient) in filter.iter().enumerate() {
        for (f, before) in filtered[i + 1..].iter_mut().zip(values) {
            *f -= coefficient * before;
        }
    }
    let first = filter.len().min(filtered.len());
    filtered[..first].fill(f64::NAN);
    filtered
}

/// The coefficients of a cosine and a sine that the filter turned into the given ones: divided
/// by its response, as complex numbers a − ib.
fn unfiltered(harmonic: Harmonic, (a, b): (f64, f64), filter: &[f64]) -> (Harmonic, f64, f64) {
    let (mut re, mut im) = (1.0, 0.0);
    for (i, coefficient) in filter.iter().enumerate() {
        let (sin, cos) = (TAU * harmonic.frequency * (i + 1) as f64).sin_cos();
        re -= coefficient * cos;
        im += coefficient * sin;
    }
    let size = re * re + im * im;
    // (a − ib)(re − i im) / size.
    let cosine = (a * re - b * im) / size;
    let sine = (a * im + b * re) / size;
    if harmonic.terms() > 1 {
        (harmonic, cosine, sine)
    } else {
        (harmonic, a / re, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Generator;

    #[test]
    fn finds_the_terms_under_correlated_errors() {
        let mut random = Generator::new(8);
        let mut error = 0.0;
        let mut values: Vec<f64> = (0..6000)
            .map(|t| {
                error = 0.9 * error + random.normal();
                let angle = TAU * t as f64 / 365.25;
                let week = TAU * t as f64 / 7.0;
                10.0 + 5.0 * angle.cos() - 3.0 * (2.0 * angle).sin()
                    + 2.0 * (3.0 * week).cos()
                    + error
            })
            .collect();
        for gaps in [false, true] {
            if gaps {
                values.iter_mut().step_by(37).for_each(|v| *v = f64::NAN);
            }
            let found = Seasonal::fit(&values, &[7.0, 365.25], &[]);
            assert_eq!(found.counts[0], 3);
            assert!((2..=4).contains(&found.counts[1]), "{:?}", found.counts);
            let (_, cosine, sine) = found.harmonics[3];
            assert!((cosine - 5.0).abs() < 0.6 && sine.abs() < 0.6);
            let (_, cosine, sine) = found.harmonics[4];
            assert!(cosine.abs() < 0.6 && (sine + 3.0).abs() < 0.6);
            let (_, cosine, _) = found.harmonics[2];
            assert!((cosine - 2.0).abs() < 0.1);
        }
    }

    #[test]
    fn columns_and_sums_agree() {
        let values: Vec<f64> = (0..400).map(|t| f64::from(t * t % 11 + t % 6)).collect();
        let found = Seasonal::fit(&values, &[6.0, 40.5], &[]);
        let columns = found.columns(390, 20);
        let coefficients = found
            .harmonics
            .iter()
            .flat_map(|(h, a, b)| [*a, *b].into_iter().take(h.terms()).collect::<Vec<f64>>());
        let coefficients: Vec<f64> = coefficients.collect();
        for (i, sum) in found.seasons(390, 20).into_iter().enumerate() {
            let pairs = columns.iter().zip(&coefficients);
            let want: f64 = pairs.map(|(column, c)| column[i] * c).sum();
            assert!((sum - want).abs() < 1e-9);
        }
    }
}
