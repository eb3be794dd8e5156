//! Standard errors from the observed information, in the coefficients themselves.
//!
//! The Hessian is of the likelihood with the variance concentrated out, over the ARMA
//! coefficients and the regression together; its inverse equals that block of the whole
//! inverse. Central differences of exact derivatives where the recursion gives those.
//! Deviation: with much data the errors' coefficients and the regression count as
//! independent, which they are in the limit (Pierce 1971).

use super::difference::Differenced;
use super::estimate::Estimate;
use super::gls::dot;
use super::innovations::Purpose;
use super::likelihood::{Method, Workspace};

/// The standard errors of all coefficients: the ARMA ones, then the columns'. NaN for one
/// that depends on others, or where the likelihood has no proper maximum.
pub(super) fn standard_errors(
    workspace: &mut Workspace,
    data: &Differenced,
    estimate: &Estimate,
) -> Vec<f64> {
    let (count, columns) = (estimate.coefficients.len(), data.regression_coefficients());
    let total = count + columns;
    let mut information = vec![0.0; total * total];
    let mut errors = vec![f64::NAN; count + data.columns.len()];
    let method = if estimate.filtered {
        Method::Filter
    } else {
        data.method(&estimate.order)
    };
    let at = &estimate.coefficients;
    let exact = method == Method::Recursion && data.missing == 0;
    let Some(best) = workspace.evaluate(data, at, None, method, Purpose::Value) else {
        return errors;
    };
    let fixed: Vec<f64> = {
        let all = &workspace.regression.coefficients;
        all[all.len() - columns..].to_vec()
    };
    let scale = best.observations / best.sum;
    for i in 0..columns {
        for j in 0..columns {
            let product = workspace.regression.cross_product(i, j, columns);
            information[(count + i) * total + count + j] = scale * product;
        }
    }
    // Of much data only the two blocks are taken: what lies between vanishes in the limit.
    let rest = data.is_large().then(|| data.less(&fixed));
    let mut slopes = Slopes {
        workspace,
        data: rest.as_ref().unwrap_or(data),
        fixed: if rest.is_some() { &[] } else { &fixed },
        method,
        exact,
        observations: best.observations,
    };
    slopes.hessian(at, &mut information, total);
    // A coefficient at the edge has no second derivative: the others still do.
    let proper: Vec<usize> = (0..total)
        .filter(|i| information[i * total + i].is_finite())
        .collect();
    let part: Vec<f64> = proper
        .iter()
        .flat_map(|i| proper.iter().map(move |j| (i, j)))
        .map(|(i, j)| information[i * total + j])
        .collect();
    let Some(variances) = inverse_diagonal(part, proper.len()) else {
        return errors;
    };
    let used = data.columns.iter().enumerate().filter(|(_, c)| !c.aliased);
    let places: Vec<(usize, f64)> = (0..count)
        .map(|i| (i, 1.0))
        .chain(used.map(|(i, c)| (count + i, c.scale)))
        .collect();
    for (i, variance) in proper.into_iter().zip(variances) {
        let (place, scale) = places[i];
        errors[place] = variance.sqrt() / scale;
    }
    errors
}

/// A value with its derivatives.
type Slope = (f64, Vec<f64>);

struct Slopes<'a> {
    workspace: &'a mut Workspace,
    data: &'a Differenced,
    fixed: &'a [f64],
    method: Method,
    /// Whether the recursion gives exact derivatives.
    exact: bool,
    observations: f64,
}

/// The step of a central difference of the derivatives, and of the values twice.
const STEP: f64 = 1e-4;
const LONG_STEP: f64 = 1e-3;

impl Slopes<'_> {
    /// Fills in the rows and columns of the ARMA coefficients; NaN where there is no
    /// second derivative.
    fn hessian(&mut self, at: &[f64], information: &mut [f64], total: usize) {
        let count = at.len();
        let long = !self.exact;
        let mut steps = vec![0.0; count];
        let mut around = Vec::with_capacity(count);
        for i in 0..count {
            let widest = if long { LONG_STEP } else { STEP } * at[i].abs().max(0.1);
            // Smaller steps where the model would leave the stationary region.
            let pair = [1.0, 0.1, 0.01].into_iter().find_map(|shrunk| {
                steps[i] = widest * shrunk;
                let above = self.moved(at, &[(i, steps[i])], total)?;
                Some((above, self.moved(at, &[(i, -steps[i])], total)?))
            });
            around.push(pair);
        }
        let centre = if long {
            self.moved(at, &[], total)
        } else {
            None
        };
        for i in 0..count {
            let row: Vec<f64> = match &around[i] {
                Some(((_, above), (_, below))) => {
                    let differences = above.iter().zip(below);
                    differences
                        .map(|(a, b)| (a - b) / (2.0 * steps[i]))
                        .collect()
                }
                None => vec![f64::NAN; total],
            };
            for j in count..total {
                information[i * total + j] = row[j];
                information[j * total + i] = row[j];
            }
            for j in 0..count {
                if !long {
                    information[i * total + j] += 0.5 * row[j];
                    information[j * total + i] += 0.5 * row[j];
                } else if j <= i {
                    let value = self.second(at, (i, j), &steps, &around, centre.as_ref());
                    information[i * total + j] = value.unwrap_or(f64::NAN);
                    information[j * total + i] = value.unwrap_or(f64::NAN);
                }
            }
        }
        // A coefficient at the edge spoils only its own row.
        let edge: Vec<usize> = (0..count).filter(|i| around[*i].is_none()).collect();
        for i in edge {
            for j in (0..total).filter(|j| *j != i) {
                information[i * total + j] = 0.0;
                information[j * total + i] = 0.0;
            }
        }
    }

    /// A second derivative from values alone.
    fn second(
        &mut self,
        at: &[f64],
        (i, j): (usize, usize),
        steps: &[f64],
        around: &[Option<(Slope, Slope)>],
        centre: Option<&Slope>,
    ) -> Option<f64> {
        let ((above, _), (below, _)) = around[i].as_ref()?;
        let (middle, _) = centre?;
        if i == j {
            return Some((above - 2.0 * middle + below) / (steps[i] * steps[i]));
        }
        let ((above_other, _), (below_other, _)) = around[j].as_ref()?;
        let (both, _) = self.moved(at, &[(i, steps[i]), (j, steps[j])], at.len())?;
        let (neither, _) = self.moved(at, &[(i, -steps[i]), (j, -steps[j])], at.len())?;
        let sides = above + below + above_other + below_other;
        Some((both + neither - sides + 2.0 * middle) / (2.0 * steps[i] * steps[j]))
    }

    /// The negative log-likelihood (less what is constant) with some coefficients moved,
    /// and its derivatives: by the filter only those by the regression.
    fn moved(&mut self, at: &[f64], moves: &[(usize, f64)], total: usize) -> Option<Slope> {
        let mut point = at.to_vec();
        for (i, by) in moves {
            point[*i] += by;
        }
        let mut slopes = vec![0.0; total];
        let (inner, outer) = slopes.split_at_mut(at.len());
        let workspace = &mut *self.workspace;
        let purpose = match self.exact {
            true => Purpose::Gradient,
            false => Purpose::Value,
        };
        let fixed = Some(self.fixed);
        let found = workspace.evaluate(self.data, &point, fixed, self.method, purpose)?;
        if self.exact {
            workspace.gradient(self.data, &found, &point, inner);
            inner.iter_mut().for_each(|s| *s *= self.observations);
        }
        self.by_columns(found.sum, outer);
        Some((self.observations * found.objective(), slopes))
    }

    /// By the regression: the weighted cross products of the columns' innovations with
    /// those that are left.
    fn by_columns(&self, sum: f64, slopes: &mut [f64]) {
        let (values, variances) = match self.method {
            Method::Recursion => {
                let run = &self.workspace.recursion;
                (&run.values, &run.variances)
            }
            Method::Filter => {
                let run = &self.workspace.kalman;
                (&run.values, &run.variances)
            }
        };
        let left = self.workspace.innovations.iter().zip(variances);
        let left: Vec<f64> = left.map(|(v, f)| v / f).collect();
        let first = values.len() - 1 - self.fixed.len();
        for (slope, column) in slopes.iter_mut().zip(&values[first..values.len() - 1]) {
            *slope = -self.observations / sum * dot(column, &left);
        }
    }
}

/// The diagonal of the inverse of a symmetric positive definite matrix; None where it is
/// not that. Cholesky's factors, scaled to a unit diagonal first.
fn inverse_diagonal(mut matrix: Vec<f64>, n: usize) -> Option<Vec<f64>> {
    let scales: Vec<f64> = (0..n).map(|i| matrix[i * n + i].sqrt()).collect();
    if scales.iter().any(|s| !(*s > 0.0 && s.is_finite())) {
        return None;
    }
    for i in 0..n {
        for j in 0..n {
            matrix[i * n + j] /= scales[i] * scales[j];
        }
    }
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| matrix[i * n + k] * matrix[j * n + k]).sum();
            let left = matrix[i * n + j] - known;
            if i == j {
                if left.is_nan() || left <= 1e-14 {
                    return None;
                }
                matrix[i * n + i] = left.sqrt();
            } else {
                matrix[i * n + j] = left / matrix[j * n + j];
            }
        }
    }
    // Column by column of the triangle's inverse.
    let mut diagonal = vec![0.0; n];
    for (c, variance) in diagonal.iter_mut().enumerate() {
        let mut column = vec![0.0; n];
        for i in c..n {
            let unit = if i == c { 1.0 } else { 0.0 };
            let known: f64 = (c..i).map(|k| matrix[i * n + k] * column[k]).sum();
            column[i] = (unit - known) / matrix[i * n + i];
        }
        *variance = dot(&column, &column);
    }
    Some(
        diagonal
            .iter()
            .zip(&scales)
            .map(|(d, s)| d / (s * s))
            .collect(),
    )
}
