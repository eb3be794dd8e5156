use super::derivative::Differences;
use super::line_search::{Place, search};
use super::{Analytic, Limits, Minimum, Smooth, Stop, dot, largest};

/// Minimises a function whose gradient is taken by differences: forward ones on the way,
/// central ones from where those no longer find a descent.
pub fn bfgs(objective: impl FnMut(&[f64]) -> f64, start: &[f64], limits: &Limits) -> Minimum {
    let objective = Differences::new(objective, start.len());
    minimise(objective, start, Inverse::new(start.len()), limits)
}

/// Minimises a function that returns its value and writes its gradient.
pub fn bfgs_with_gradient(
    objective: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    limits: &Limits,
) -> Minimum {
    let objective = Analytic {
        objective,
        evaluations: 0,
    };
    minimise(objective, start, Inverse::new(start.len()), limits)
}

/// The same with a first guess of the Hessian at the start: symmetric, row by row. One
/// that is not positive definite is not used.
pub fn bfgs_with_hessian(
    objective: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    hessian: &[f64],
    limits: &Limits,
) -> Minimum {
    let objective = Analytic {
        objective,
        evaluations: 0,
    };
    let inverse = Inverse::of(hessian, start.len());
    minimise(objective, start, inverse, limits)
}

fn minimise<S: Smooth>(
    mut objective: S,
    start: &[f64],
    mut inverse: Inverse,
    limits: &Limits,
) -> Minimum {
    let n = start.len();
    let mut here = Place::start(&mut objective, start);
    let mut there = Place::default();
    let mut direction = vec![0.0; n];
    let mut iterations = 0;
    let stop = loop {
        if !here.is_finite() {
            break Stop::NotFinite;
        }
        let scale = here.value.abs().max(1.0);
        if largest(&here.gradient) <= limits.gradient * scale {
            if !objective.refine() {
                break Stop::Gradient;
            }
            here.value = objective.evaluate(&here.point, &mut here.gradient);
            continue;
        }
        if iterations >= limits.iterations {
            break Stop::Iterations;
        }
        if objective.evaluations() >= limits.evaluations {
            break Stop::Evaluations;
        }
        iterations += 1;
        inverse.direction(&here.gradient, &mut direction);
        if dot(&direction, &here.gradient) >= 0.0 {
            inverse.reset();
            inverse.direction(&here.gradient, &mut direction);
        }
        let first_step = if inverse.fresh {
            (1.0 / dot(&here.gradient, &here.gradient).sqrt()).min(1.0)
        } else {
            1.0
        }
        .min(limits.step / largest(&direction));
        let most = limits.evaluations;
        if !search(
            &mut objective,
            &here,
            &direction,
            first_step,
            most,
            &mut there,
        ) {
            // Perhaps the approximation misleads, perhaps the gradient is too coarse.
            if objective.evaluations() >= most {
                break Stop::Evaluations;
            }
            let refined = objective.refine();
            if refined {
                here.value = objective.evaluate(&here.point, &mut here.gradient);
            }
            if !refined && inverse.fresh {
                break Stop::Step;
            }
            inverse.reset();
            continue;
        }
        let gain = here.value - there.value;
        inverse.update(&here, &there);
        std::mem::swap(&mut here, &mut there);
        if gain <= limits.value * scale {
            if !objective.refine() {
                break Stop::Value;
            }
            here.value = objective.evaluate(&here.point, &mut here.gradient);
        }
    };
    Minimum {
        point: here.point,
        value: here.value,
        iterations,
        evaluations: objective.evaluations(),
        stop,
    }
}

/// The approximation of the inverse Hessian, dense and symmetric, row by row.
struct Inverse {
    matrix: Vec<f64>,
    fresh: bool,
    step: Vec<f64>,
    change: Vec<f64>,
    product: Vec<f64>,
}

impl Inverse {
    fn new(n: usize) -> Self {
        let mut inverse = Self {
            matrix: vec![0.0; n * n],
            fresh: true,
            step: vec![0.0; n],
            change: vec![0.0; n],
            product: vec![0.0; n],
        };
        inverse.reset();
        inverse
    }

    /// The inverse of a positive definite matrix, else the unit matrix.
    fn of(hessian: &[f64], n: usize) -> Self {
        let mut inverse = Self::new(n);
        if hessian.len() != n * n {
            return inverse;
        }
        // Gauss-Jordan: every pivot of a positive definite matrix is positive.
        let mut left = hessian.to_vec();
        let mut right = inverse.matrix.clone();
        for i in 0..n {
            let pivot = left[i * n + i];
            if !(pivot.is_finite() && pivot > 1e-12 * hessian[i * n + i].abs()) {
                return inverse;
            }
            for j in 0..n {
                left[i * n + j] /= pivot;
                right[i * n + j] /= pivot;
            }
            for r in (0..n).filter(|r| *r != i) {
                let factor = left[r * n + i];
                for j in 0..n {
                    left[r * n + j] -= factor * left[i * n + j];
                    right[r * n + j] -= factor * right[i * n + j];
                }
            }
        }
        if right.iter().all(|v| v.is_finite()) {
            inverse.matrix = right;
            inverse.fresh = false;
        }
        inverse
    }

    fn reset(&mut self) {
        let n = self.step.len();
        self.matrix.fill(0.0);
        for i in 0..n {
            self.matrix[i * n + i] = 1.0;
        }
        self.fresh = true;
    }

    fn direction(&self, gradient: &[f64], direction: &mut [f64]) {
        let n = gradient.len();
        for (d, row) in direction.iter_mut().zip(self.matrix.chunks_exact(n)) {
            *d = -dot(row, gradient);
        }
    }

    /// Nocedal & Wright (6.17), scaled before the first by (6.20); skipped where the
    /// curvature along the step is not positive.
    fn update(&mut self, from: &Place, to: &Place) {
        let n = self.step.len();
        for i in 0..n {
            self.step[i] = to.point[i] - from.point[i];
            self.change[i] = to.gradient[i] - from.gradient[i];
        }
        let curvature = dot(&self.step, &self.change);
        let length = dot(&self.change, &self.change);
        let tiny = f64::EPSILON * dot(&self.step, &self.step).sqrt() * length.sqrt();
        if curvature.is_nan() || curvature <= tiny {
            return;
        }
        if self.fresh {
            let scale = curvature / length;
            for i in 0..n {
                self.matrix[i * n + i] = scale;
            }
            self.fresh = false;
        }
        for (p, row) in self.product.iter_mut().zip(self.matrix.chunks_exact(n)) {
            *p = dot(row, &self.change);
        }
        let factor = (1.0 + dot(&self.change, &self.product) / curvature) / curvature;
        for i in 0..n {
            for j in 0..n {
                self.matrix[i * n + j] += factor * self.step[i] * self.step[j]
                    - (self.product[i] * self.step[j] + self.step[i] * self.product[j]) / curvature;
            }
        }
    }
}
