use std::collections::VecDeque;

use super::line_search::{Place, search};
use super::{Analytic, Limits, Minimum, Smooth, Stop, dot, largest};

/// A step with the change of the gradient along it.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    curvature: f64,
}

/// Minimises a function that returns its value and writes its gradient, remembering the
/// last `memory` steps (5 to 20 are usual). Nocedal & Wright, algorithm 7.5.
pub fn lbfgs(
    objective: impl FnMut(&[f64], &mut [f64]) -> f64,
    start: &[f64],
    memory: usize,
    limits: &Limits,
) -> Minimum {
    let mut objective = Analytic {
        objective,
        evaluations: 0,
    };
    let memory = memory.max(1);
    let mut here = Place::start(&mut objective, start);
    let mut there = Place::default();
    let mut pairs: VecDeque<Pair> = VecDeque::with_capacity(memory);
    let mut direction = vec![0.0; start.len()];
    let mut iterations = 0;
    let stop = loop {
        if !here.is_finite() {
            break Stop::NotFinite;
        }
        let scale = here.value.abs().max(1.0);
        if largest(&here.gradient) <= limits.gradient * scale {
            break Stop::Gradient;
        }
        if iterations >= limits.iterations {
            break Stop::Iterations;
        }
        if objective.evaluations() >= limits.evaluations {
            break Stop::Evaluations;
        }
        iterations += 1;
        two_loops(&pairs, &here.gradient, &mut direction);
        let first_step = if pairs.is_empty() {
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
            if objective.evaluations() >= most {
                break Stop::Evaluations;
            }
            if pairs.is_empty() {
                break Stop::Step;
            }
            // The remembered steps may mislead: once more along the steepest descent.
            pairs.clear();
            continue;
        }
        let gain = here.value - there.value;
        remember(&mut pairs, memory, &here, &there);
        std::mem::swap(&mut here, &mut there);
        if gain <= limits.value * scale {
            break Stop::Value;
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

fn remember(pairs: &mut VecDeque<Pair>, memory: usize, from: &Place, to: &Place) {
    let minus =
        |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(x, y)| x - y).collect() };
    let step = minus(&to.point, &from.point);
    let change = minus(&to.gradient, &from.gradient);
    let curvature = dot(&step, &change);
    let tiny = f64::EPSILON * (dot(&step, &step) * dot(&change, &change)).sqrt();
    if curvature.is_nan() || curvature <= tiny {
        return;
    }
    if pairs.len() == memory {
        pairs.pop_front();
    }
    pairs.push_back(Pair {
        step,
        change,
        curvature,
    });
}

fn two_loops(pairs: &VecDeque<Pair>, gradient: &[f64], direction: &mut [f64]) {
    for (d, g) in direction.iter_mut().zip(gradient) {
        *d = -g;
    }
    let mut weights = vec![0.0; pairs.len()];
    for (weight, pair) in weights.iter_mut().zip(pairs).rev() {
        *weight = dot(&pair.step, direction) / pair.curvature;
        for (d, y) in direction.iter_mut().zip(&pair.change) {
            *d -= *weight * y;
        }
    }
    if let Some(last) = pairs.back() {
        let scale = last.curvature / dot(&last.change, &last.change);
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for (weight, pair) in weights.iter().zip(pairs) {
        let back = dot(&pair.change, direction) / pair.curvature;
        for (d, s) in direction.iter_mut().zip(&pair.step) {
            *d += (weight - back) * s;
        }
    }
}
