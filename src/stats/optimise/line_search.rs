use super::{Smooth, dot, is_finite};

/// A point with its value and gradient.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    pub(super) point: Vec<f64>,
    pub(super) value: f64,
    pub(super) gradient: Vec<f64>,
}

impl Place {
    pub(super) fn start<S: Smooth>(objective: &mut S, start: &[f64]) -> Self {
        let mut place = Self {
            point: start.to_vec(),
            value: f64::NAN,
            gradient: vec![0.0; start.len()],
        };
        place.value = objective.evaluate(&place.point, &mut place.gradient);
        place
    }

    pub(super) fn is_finite(&self) -> bool {
        is_finite(self.value, &self.gradient)
    }
}

/// The sufficient decrease and the curvature that a step must have.
const DECREASE: f64 = 1e-4;
const CURVATURE: f64 = 0.9;
const MOST_TRIALS: usize = 40;

/// Searches from `from` along `direction` for a step that fulfils the weak Wolfe
/// conditions, and leaves the place reached in `to`. Lewis & Overton 2013, with cubic
/// interpolation inside a bracket. False when no step lowers the value.
pub(super) fn search<S: Smooth>(
    objective: &mut S,
    from: &Place,
    direction: &[f64],
    first_step: f64,
    most_evaluations: usize,
    to: &mut Place,
) -> bool {
    let slope = dot(&from.gradient, direction);
    if slope.is_nan() || slope >= 0.0 {
        return false;
    }
    to.point.resize(from.point.len(), 0.0);
    to.gradient.resize(from.point.len(), 0.0);
    // The ends of the bracket: step, value, slope.
    let mut low = (0.0, from.value, slope);
    let mut high: Option<(f64, f64, f64)> = None;
    let mut step = first_step;
    let mut best: Option<Place> = None;
    for _ in 0..MOST_TRIALS {
        let mut moved = false;
        for ((target, x), d) in to.point.iter_mut().zip(&from.point).zip(direction) {
            *target = x + step * d;
            moved |= *target != *x;
        }
        if !moved {
            break;
        }
        to.value = objective.evaluate(&to.point, &mut to.gradient);
        let slope_here = dot(&to.gradient, direction);
        if !to.is_finite() || to.value > from.value + DECREASE * step * slope {
            high = Some((step, to.value, slope_here));
        } else if slope_here < CURVATURE * slope {
            low = (step, to.value, slope_here);
            best = Some(to.clone());
        } else {
            return true;
        }
        if objective.evaluations() >= most_evaluations {
            break;
        }
        step = match high {
            Some(high) => between(low, high),
            None => 4.0 * step,
        };
        if !step.is_finite() {
            break;
        }
    }
    // A step that lowers the value enough but is too short still is progress.
    match best {
        Some(place) => {
            *to = place;
            true
        }
        None => false,
    }
}

/// The minimum of the cubic through both ends, kept away from either.
fn between(low: (f64, f64, f64), high: (f64, f64, f64)) -> f64 {
    let ((a, fa, sa), (b, fb, sb)) = (low, high);
    let width = b - a;
    let middle = a + 0.5 * width;
    if !(fb.is_finite() && sb.is_finite()) {
        // Outside of where the objective is defined: come back fast.
        return a + 0.2 * width;
    }
    let d1 = sa + sb - 3.0 * (fb - fa) / width;
    let root = (d1 * d1 - sa * sb).max(0.0).sqrt();
    let guess = b - width * (sb + root - d1) / (sb - sa + 2.0 * root);
    if guess.is_finite() {
        guess.clamp(a + 0.1 * width, b - 0.1 * width)
    } else {
        middle
    }
}
