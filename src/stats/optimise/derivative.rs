use super::Smooth;

/// Half the digits are lost in a forward difference, a third in a central one; the step
/// balances that against the curvature for a variable of the order of one.
fn forward_step(x: f64) -> f64 {
    exact(x, f64::EPSILON.sqrt() * x.abs().max(1.0))
}

fn central_step(x: f64) -> f64 {
    exact(x, f64::EPSILON.cbrt() * x.abs().max(1.0))
}

/// The step that the variable really makes in floating point.
fn exact(x: f64, step: f64) -> f64 {
    (x + step) - x
}

/// An objective whose gradient is taken by differences.
pub(super) struct Differences<F> {
    objective: F,
    point: Vec<f64>,
    evaluations: usize,
    central: bool,
}

impl<F: FnMut(&[f64]) -> f64> Differences<F> {
    pub(super) fn new(objective: F, n: usize) -> Self {
        Self {
            objective,
            point: vec![0.0; n],
            evaluations: 0,
            central: false,
        }
    }

    fn at(&mut self, i: usize, x: f64) -> f64 {
        let before = std::mem::replace(&mut self.point[i], x);
        self.evaluations += 1;
        let value = (self.objective)(&self.point);
        self.point[i] = before;
        value
    }
}

impl<F: FnMut(&[f64]) -> f64> Smooth for Differences<F> {
    fn evaluate(&mut self, point: &[f64], gradient: &mut [f64]) -> f64 {
        self.point.copy_from_slice(point);
        self.evaluations += 1;
        let value = (self.objective)(&self.point);
        if !value.is_finite() {
            gradient.fill(f64::NAN);
            return value;
        }
        for (i, (g, x)) in gradient.iter_mut().zip(point).enumerate() {
            let step = if self.central {
                central_step(*x)
            } else {
                forward_step(*x)
            };
            let above = self.at(i, x + step);
            let below = if self.central || !above.is_finite() {
                self.at(i, x - step)
            } else {
                f64::NAN
            };
            // At the edge of where the objective is defined, one side has to do.
            *g = match (above.is_finite(), below.is_finite()) {
                (true, true) => (above - below) / (2.0 * step),
                (true, false) => (above - value) / step,
                (false, true) => (value - below) / step,
                (false, false) => 0.0,
            };
        }
        value
    }

    fn evaluations(&self) -> usize {
        self.evaluations
    }

    fn refine(&mut self) -> bool {
        !std::mem::replace(&mut self.central, true)
    }
}

/// The gradient by central differences; one-sided where the objective is not finite.
pub fn gradient(objective: impl FnMut(&[f64]) -> f64, point: &[f64]) -> Vec<f64> {
    let mut gradient = vec![0.0; point.len()];
    let mut differences = Differences::new(objective, point.len());
    differences.refine();
    differences.evaluate(point, &mut gradient);
    gradient
}

/// The Hessian by central differences of the values, symmetric, row by row.
pub fn hessian(mut objective: impl FnMut(&[f64]) -> f64, point: &[f64]) -> Vec<f64> {
    let n = point.len();
    // A second difference loses half the digits: the fourth root balances.
    let steps: Vec<f64> = point
        .iter()
        .map(|x| exact(*x, f64::EPSILON.powf(0.25) * x.abs().max(0.1)))
        .collect();
    let mut at = point.to_vec();
    let mut value = |moves: &[(usize, f64)]| {
        for (i, by) in moves {
            at[*i] += by;
        }
        let value = objective(&at);
        at.copy_from_slice(point);
        value
    };
    let centre = value(&[]);
    let mut hessian = vec![0.0; n * n];
    for i in 0..n {
        let h = steps[i];
        hessian[i * n + i] = (value(&[(i, h)]) - 2.0 * centre + value(&[(i, -h)])) / (h * h);
        for j in 0..i {
            let k = steps[j];
            let mixed =
                (value(&[(i, h), (j, k)]) - value(&[(i, h), (j, -k)]) - value(&[(i, -h), (j, k)])
                    + value(&[(i, -h), (j, -k)]))
                    / (4.0 * h * k);
            hessian[i * n + j] = mixed;
            hessian[j * n + i] = mixed;
        }
    }
    hessian
}

/// The Hessian by central differences of an exact gradient, symmetric, row by row.
pub fn hessian_of_gradient(
    mut objective: impl FnMut(&[f64], &mut [f64]) -> f64,
    point: &[f64],
) -> Vec<f64> {
    let n = point.len();
    let mut at = point.to_vec();
    let (mut above, mut below) = (vec![0.0; n], vec![0.0; n]);
    let mut rows = vec![0.0; n * n];
    for i in 0..n {
        let step = central_step(point[i]);
        at[i] = point[i] + step;
        let high = objective(&at, &mut above);
        at[i] = point[i] - step;
        let low = objective(&at, &mut below);
        at[i] = point[i];
        let finite = high.is_finite() && low.is_finite();
        for j in 0..n {
            rows[i * n + j] = if finite {
                (above[j] - below[j]) / (2.0 * step)
            } else {
                f64::NAN
            };
        }
    }
    let mut hessian = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            hessian[i * n + j] = 0.5 * (rows[i * n + j] + rows[j * n + i]);
        }
    }
    hessian
}
