use super::*;
use crate::forecast::arima::polynomial::from_partial;
use crate::stats::optimise;
use crate::stats::random::Generator;

/// A dense likelihood that shares nothing with the code under test but the model: the
/// autocovariances by solving the Yule-Walker equations, the covariance matrix of the
/// differences by them, missing levels as regressors with a flat prior.
struct Dense {
    order: Order,
    coefficients: Vec<f64>,
}

impl Dense {
    /// (1, −φ…) and (1, θ…) multiplied out.
    fn polynomials(&self) -> (Vec<f64>, Vec<f64>) {
        let factors = Factors::of(&self.order, &self.coefficients);
        let multiply = |plain: &[f64], seasonal: &[f64], sign: f64| {
            let degree = plain.len() + self.order.period * seasonal.len();
            let mut product = vec![0.0; degree + 1];
            for i in 0..=plain.len() {
                for j in 0..=seasonal.len() {
                    let a = if i == 0 { 1.0 } else { sign * plain[i - 1] };
                    let b = if j == 0 { 1.0 } else { sign * seasonal[j - 1] };
                    product[i + j * self.order.period] += a * b;
                }
            }
            product
        };
        (
            multiply(factors.ar, factors.seasonal_ar, -1.0),
            multiply(factors.ma, factors.seasonal_ma, 1.0),
        )
    }

    fn autocovariances(&self, count: usize) -> Vec<f64> {
        let (phi, theta) = self.polynomials();
        let (p, q) = (phi.len() - 1, theta.len() - 1);
        let mut psi = vec![0.0; q + 1];
        for k in 0..=q {
            psi[k] = theta[k] - (1..=k.min(p)).map(|j| phi[j] * psi[k - j]).sum::<f64>();
        }
        let right = |k: usize| (k..=q).map(|j| theta[j] * psi[j - k]).sum::<f64>();
        let mut matrix = vec![vec![0.0; p + 2]; p + 1];
        for k in 0..=p {
            for j in 0..=p {
                matrix[k][k.abs_diff(j)] += phi[j];
            }
            matrix[k][p + 1] = right(k);
        }
        let mut gamma = eliminate(matrix);
        for k in p + 1..count {
            let before: f64 = (1..=p).map(|j| phi[j] * gamma[k - j]).sum();
            gamma.push(right(k) - before);
        }
        gamma.truncate(count);
        gamma
    }

    fn logarithm(&self, data: &Differenced) -> (f64, Vec<f64>) {
        let n = data.values.len();
        let gamma = self.autocovariances(n);
        let mut lower = vec![vec![0.0; n]; n];
        for i in 0..n {
            for j in 0..=i {
                let (a, b) = (&lower[i][..j], &lower[j][..j]);
                let left = gamma[i - j] - a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                lower[i][j] = if i == j {
                    left.sqrt()
                } else {
                    left / lower[j][j]
                };
            }
        }
        let whiten = |column: Vec<f64>| {
            let mut out: Vec<f64> = Vec::with_capacity(n);
            for i in 0..n {
                let before: f64 = (0..i).map(|j| lower[i][j] * out[j]).sum();
                out.push((column[i] - before) / lower[i][i]);
            }
            out
        };
        // Any value does for a missing one: its regressor takes it back.
        let gaps: Vec<usize> = (0..data.levels.len())
            .filter(|t| data.levels[*t].is_nan())
            .collect();
        let filled: Vec<f64> = data
            .levels
            .iter()
            .map(|v| if v.is_nan() { 0.0 } else { *v })
            .collect();
        let difference = |levels: &[f64]| {
            let lost = data.order.lost();
            let value = |t: usize| {
                let before = data.integration.iter().map(|(lag, w)| w * levels[t - lag]);
                levels[t] - before.sum::<f64>()
            };
            (lost..levels.len()).map(value).collect::<Vec<f64>>()
        };
        let mut columns: Vec<Vec<f64>> = gaps
            .iter()
            .map(|gap| {
                let mut unit = vec![0.0; filled.len()];
                unit[*gap] = 1.0;
                whiten(difference(&unit))
            })
            .collect();
        columns.extend(data.used().map(|c| whiten(c.differences.clone())));
        let series = whiten(difference(&filled));
        let k = columns.len();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let normal: Vec<Vec<f64>> = (0..k)
            .map(|i| {
                let mut row: Vec<f64> = columns.iter().map(|c| product(&columns[i], c)).collect();
                row.push(product(&columns[i], &series));
                row
            })
            .collect();
        let flat: Vec<Vec<f64>> = normal[..gaps.len()]
            .iter()
            .map(|row| [&row[..gaps.len()], &[0.0]].concat())
            .collect();
        let half_log: f64 = lower.iter().enumerate().map(|(i, row)| row[i].ln()).sum();
        let half_log = half_log + 0.5 * log_determinant(flat);
        let beta = eliminate(normal);
        let left: f64 = (0..n)
            .map(|t| {
                series[t]
                    - columns
                        .iter()
                        .zip(&beta)
                        .map(|(c, b)| b * c[t])
                        .sum::<f64>()
            })
            .map(|e| e * e)
            .sum();
        let observations = (n - gaps.len()) as f64;
        let likelihood = Likelihood {
            sum: left,
            half_log,
            observations,
        };
        (likelihood.logarithm(), beta[gaps.len()..].to_vec())
    }
}

/// Gauss' elimination with partial pivots of a matrix with its right side.
fn eliminate(mut matrix: Vec<Vec<f64>>) -> Vec<f64> {
    let n = matrix.len();
    for i in 0..n {
        let pivot = (i..n)
            .max_by(|a, b| matrix[*a][i].abs().total_cmp(&matrix[*b][i].abs()))
            .unwrap();
        matrix.swap(i, pivot);
        for r in i + 1..n {
            let factor = matrix[r][i] / matrix[i][i];
            let (above, below) = matrix.split_at_mut(r);
            for (x, pivot) in below[0][i..].iter_mut().zip(&above[i][i..]) {
                *x -= factor * pivot;
            }
        }
    }
    let mut solution = vec![0.0; n];
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| matrix[i][j] * solution[j]).sum();
        solution[i] = (matrix[i][n] - known) / matrix[i][i];
    }
    solution
}

fn log_determinant(mut matrix: Vec<Vec<f64>>) -> f64 {
    let n = matrix.len();
    let mut sum = 0.0;
    for i in 0..n {
        sum += matrix[i][i].ln();
        for r in i + 1..n {
            let factor = matrix[r][i] / matrix[i][i];
            let (above, below) = matrix.split_at_mut(r);
            for (x, pivot) in below[0][i..].iter_mut().zip(&above[i][i..]) {
                *x -= factor * pivot;
            }
        }
    }
    sum
}

fn draw_coefficients(random: &mut Generator, order: &Order, reach: f64) -> Vec<f64> {
    let mut all = Vec::new();
    for (count, sign) in [
        (order.ar, 1.0),
        (order.ma, -1.0),
        (order.seasonal_ar, 1.0),
        (order.seasonal_ma, -1.0),
    ] {
        let mut factor: Vec<f64> = (0..count)
            .map(|_| reach * (2.0 * random.uniform() - 1.0))
            .collect();
        from_partial(&mut factor);
        all.extend(factor.iter().map(|c| sign * c));
    }
    all
}

struct Case {
    order: Order,
    coefficients: Vec<f64>,
    data: Differenced,
}

fn draw_case(seed: u64, regressors: bool, gaps: bool, reach: f64) -> Case {
    let mut random = Generator::new(seed);
    let period = [2, 4, 7, 12, 24][random.below(5)];
    let order = Order::new(random.below(4), random.below(3), random.below(4));
    let order = if random.below(3) > 0 {
        order.seasonal(random.below(3), random.below(2), random.below(3), period)
    } else {
        order
    };
    let coefficients = draw_coefficients(&mut random, &order, reach);
    let n = order.lost() + 20 + random.below(120);
    let mut level = 0.0;
    let mut values: Vec<f64> = (0..n)
        .map(|t| {
            level = 0.8 * level + random.normal();
            10.0 + level + (t as f64 * std::f64::consts::TAU / period as f64).sin()
        })
        .collect();
    let columns: Vec<Vec<f64>> = (0..if regressors { 1 + random.below(3) } else { 0 })
        .map(|_| (0..n).map(|_| random.normal()).collect())
        .collect();
    if gaps {
        for _ in 0..1 + random.below(n / 10) {
            values[random.below(n)] = f64::NAN;
        }
    }
    let constant = regressors && order.differences + order.seasonal_differences < 2;
    let data = Differenced::new(&values, &columns, &order, constant).unwrap();
    Case {
        order,
        coefficients,
        data,
    }
}

fn compare(seed: u64, regressors: bool, gaps: bool, method: Method) {
    let Case {
        order,
        coefficients,
        data,
    } = draw_case(seed, regressors, gaps, 0.95);
    let mut workspace = Workspace::new();
    workspace.prepare(&order);
    let found = workspace
        .evaluate(&data, &coefficients, None, method, Purpose::Value)
        .unwrap();
    let dense = Dense {
        order,
        coefficients,
    };
    let (expected, beta) = dense.logarithm(&data);
    let found_beta = &workspace.regression.coefficients;
    let found_beta = &found_beta[found_beta.len() - beta.len()..];
    for (found, expected) in found_beta.iter().zip(&beta) {
        assert!(
            (found - expected).abs() < 1e-6 * expected.abs().max(1.0),
            "{seed}: {found} {expected}"
        );
    }
    let error = (found.logarithm() - expected).abs() / expected.abs().max(1.0);
    assert!(error < 1e-8, "{seed} {order}: {found:?} {expected} {error}");
}

#[test]
fn recursion_equals_dense_cholesky() {
    for seed in 0..300 {
        compare(seed, false, false, Method::Recursion);
        compare(seed + 300, true, false, Method::Recursion);
    }
    for seed in 600..700 {
        compare(seed, seed % 2 == 0, true, Method::Recursion);
    }
}

#[test]
fn filter_equals_dense_cholesky() {
    for seed in 700..800 {
        compare(seed, seed % 2 == 0, false, Method::Filter);
    }
    for seed in 800..1000 {
        compare(seed, seed % 2 == 0, true, Method::Filter);
    }
}

#[test]
fn gradient_equals_differences() {
    for seed in 0..60 {
        let Case {
            order,
            coefficients,
            data,
        } = draw_case(seed, seed % 2 == 0, false, 0.8);
        let mut workspace = Workspace::new();
        workspace.prepare(&order);
        let mut value = |x: &[f64]| {
            let found = workspace.evaluate(&data, x, None, Method::Recursion, Purpose::Value);
            found.map_or(f64::NAN, |l| l.objective())
        };
        let expected = optimise::gradient(&mut value, &coefficients);
        let mut found = vec![0.0; coefficients.len()];
        let likelihood = workspace
            .evaluate(
                &data,
                &coefficients,
                None,
                Method::Recursion,
                Purpose::Gradient,
            )
            .unwrap();
        workspace.gradient(&data, &likelihood, &coefficients, &mut found);
        for (found, expected) in found.iter().zip(expected) {
            let error = (found - expected).abs();
            assert!(
                error < 1e-5 * expected.abs().max(1.0),
                "{seed} {order}: {found} {expected}"
            );
        }
    }
}
