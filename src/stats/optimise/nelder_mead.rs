use super::{Limits, Minimum, Stop};

/// Minimises without derivatives, from a simplex that reaches `steps[i]` from the start
/// along each variable (a single step serves for all).
///
/// Ends when the simplex's values differ by less than `limits.value` and its corners by
/// less than `limits.gradient`, both relative.
pub fn nelder_mead(
    mut objective: impl FnMut(&[f64]) -> f64,
    start: &[f64],
    steps: &[f64],
    limits: &Limits,
) -> Minimum {
    let n = start.len();
    let mut evaluations = 0;
    let mut evaluate = |point: &[f64]| {
        evaluations += 1;
        let value = objective(point);
        if value.is_nan() { f64::INFINITY } else { value }
    };
    let mut corners: Vec<(f64, Vec<f64>)> = Vec::with_capacity(n + 1);
    corners.push((evaluate(start), start.to_vec()));
    for i in 0..n {
        let mut corner = start.to_vec();
        corner[i] += steps.get(i).or(steps.last()).copied().unwrap_or(0.1);
        corners.push((evaluate(&corner), corner));
    }
    // Gao & Han 2012: in many dimensions the classic coefficients degenerate.
    let dimension = (n as f64).max(2.0);
    let expansion = 1.0 + 2.0 / dimension;
    let contraction = 0.75 - 0.5 / dimension;
    let shrinkage = 1.0 - 1.0 / dimension;
    let mut used = n + 1;
    let mut iterations = 0;
    let stop = loop {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (best, worst) = (corners[0].0, corners[n].0);
        if !best.is_finite() {
            break Stop::NotFinite;
        }
        if n == 0 || (small(worst - best, best, limits.value) && shrunk(&corners, limits)) {
            break Stop::Gradient;
        }
        if iterations >= limits.iterations {
            break Stop::Iterations;
        }
        if used >= limits.evaluations {
            break Stop::Evaluations;
        }
        iterations += 1;
        let centre: Vec<f64> = (0..n)
            .map(|j| corners[..n].iter().map(|c| c.1[j]).sum::<f64>() / n as f64)
            .collect();
        let toward = |factor: f64| -> Vec<f64> {
            let away = &corners[n].1;
            let along = centre.iter().zip(away);
            along.map(|(c, w)| c + factor * (c - w)).collect()
        };
        let mut trial = |factor: f64| {
            let point = toward(factor);
            used += 1;
            (evaluate(&point), point)
        };
        let reflected = trial(1.0);
        let replacement = if reflected.0 < best {
            let expanded = trial(expansion);
            Some(if expanded.0 < reflected.0 {
                expanded
            } else {
                reflected
            })
        } else if reflected.0 < corners[n - 1].0 {
            Some(reflected)
        } else {
            let outside = reflected.0 < worst;
            let contracted = trial(if outside { contraction } else { -contraction });
            (contracted.0 < reflected.0.min(worst)).then_some(contracted)
        };
        match replacement {
            Some(corner) => corners[n] = corner,
            None => {
                let (first, rest) = corners.split_at_mut(1);
                for (value, corner) in rest {
                    for (x, b) in corner.iter_mut().zip(&first[0].1) {
                        *x = b + shrinkage * (*x - b);
                    }
                    *value = evaluate(corner);
                }
                used += n;
            }
        }
    };
    let (value, point) = corners.swap_remove(0);
    Minimum {
        point,
        value,
        iterations,
        evaluations: used,
        stop,
    }
}

fn small(difference: f64, size: f64, tolerance: f64) -> bool {
    difference <= tolerance * size.abs().max(1.0)
}

fn shrunk(corners: &[(f64, Vec<f64>)], limits: &Limits) -> bool {
    let first = &corners[0].1;
    corners[1..].iter().all(|(_, corner)| {
        let mut pairs = corner.iter().zip(first);
        pairs.all(|(x, b)| small((x - b).abs(), *b, limits.gradient))
    })
}
