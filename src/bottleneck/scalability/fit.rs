use super::{Law, shape};

/// Points beyond this many are grouped,
const MOST: usize = 200;
/// into so many.
const GROUPS: usize = 50;

/// The points that count, by N; many of them in groups of equal count.
pub(super) fn grouped(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let valid = |x: f64| x > 0.0 && x < 1e100;
    let mut points: Vec<(f64, f64)> = points
        .iter()
        .copied()
        .filter(|&(number, rate)| valid(number) && valid(rate))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    if points.len() <= MOST {
        return points;
    }
    let mean = |group: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        group.iter().map(of).sum::<f64>() / group.len() as f64
    };
    (0..GROUPS)
        .map(|k| &points[k * points.len() / GROUPS..(k + 1) * points.len() / GROUPS])
        .map(|group| (mean(group, |p| p.0), mean(group, |p| p.1)))
        .collect()
}

/// The law of least squares, and they.
///
/// `start` is a guess; the linear regression of N/X gives another.
pub(super) fn least_squares(points: &[(f64, f64)], start: Option<Law>) -> (Law, f64) {
    let mut starts = vec![(0.05, 1e-4), (0.5, 1e-2)];
    starts.extend(start.map(|law| (law.alpha, law.beta)));
    // A typical load, by which β's scale follows α's.
    let typical = points.iter().map(|p| p.0).sum::<f64>() / points.len() as f64;
    if start.is_none() {
        starts.push((1.0 / typical, 1.0 / (typical * typical)));
    } else {
        starts.drain(..2);
    }
    let mut best = (
        Law {
            gamma: 0.0,
            alpha: 0.0,
            beta: 0.0,
        },
        f64::INFINITY,
    );
    for (alpha, beta) in starts {
        for free in [[true, true], [true, false], [false, true], [false, false]] {
            let from = [
                if free[0] { alpha } else { 0.0 },
                if free[1] { beta } else { 0.0 },
            ];
            let found = descend(points, from, free);
            if found.1 < best.1 {
                best = found;
            }
        }
    }
    best
}

/// γ for given α and β, and the sum of squares.
fn concentrate(points: &[(f64, f64)], [alpha, beta]: [f64; 2]) -> (f64, f64) {
    let (mut cross, mut square) = (0.0, 0.0);
    for &(number, rate) in points {
        let h = shape(alpha, beta, number);
        cross += h * rate;
        square += h * h;
    }
    let gamma = cross / square;
    let squares = points
        .iter()
        .map(|&(number, rate)| (rate - gamma * shape(alpha, beta, number)).powi(2))
        .sum();
    (gamma, squares)
}

/// Levenberg–Marquardt over the free ones of α and β, kept at 0 or above; derivatives of the
/// residuals with γ concentrated out.
fn descend(points: &[(f64, f64)], from: [f64; 2], free: [bool; 2]) -> (Law, f64) {
    let mut at = from;
    let (mut gamma, mut squares) = concentrate(points, at);
    let mut damping = 1e-3;
    for _ in 0..100 {
        // ∂h/∂α = −h²(N − 1)/N, ∂h/∂β = −h²(N − 1); γ's part is projected out.
        let (mut hh, mut hd, mut dd, mut dr) = (0.0, [0.0; 2], [0.0; 3], [0.0; 2]);
        for &(number, rate) in points {
            let h = shape(at[0], at[1], number);
            let slope = -gamma * h * h * (number - 1.0);
            let d = [
                if free[0] { slope / number } else { 0.0 },
                if free[1] { slope } else { 0.0 },
            ];
            let residual = rate - gamma * h;
            hh += h * h;
            for k in 0..2 {
                hd[k] += h * d[k];
                dr[k] += d[k] * residual;
            }
            dd[0] += d[0] * d[0];
            dd[1] += d[0] * d[1];
            dd[2] += d[1] * d[1];
        }
        let a = dd[0] - hd[0] * hd[0] / hh;
        let b = dd[1] - hd[0] * hd[1] / hh;
        let c = dd[2] - hd[1] * hd[1] / hh;
        let mut moved = false;
        while damping < 1e12 {
            let (p, q) = (a * (1.0 + damping), c * (1.0 + damping));
            let step = match free {
                [true, true] => {
                    let determinant = p * q - b * b;
                    [
                        (dr[0] * q - dr[1] * b) / determinant,
                        (dr[1] * p - dr[0] * b) / determinant,
                    ]
                }
                [true, false] => [dr[0] / p, 0.0],
                [false, true] => [0.0, dr[1] / q],
                [false, false] => return (law(gamma, at), finite(squares)),
            };
            let next = [(at[0] + step[0]).max(0.0), (at[1] + step[1]).max(0.0)];
            let (other, fewer) = concentrate(points, next);
            if fewer < squares {
                let gain = (squares - fewer) / squares;
                (at, gamma, squares) = (next, other, fewer);
                damping *= 0.2;
                moved = gain > 1e-14;
                break;
            }
            damping *= 5.0;
        }
        if !moved {
            break;
        }
    }
    (law(gamma, at), finite(squares))
}

fn law(gamma: f64, [alpha, beta]: [f64; 2]) -> Law {
    Law { gamma, alpha, beta }
}

/// What is not a number is worse than anything.
fn finite(squares: f64) -> f64 {
    if squares.is_nan() {
        f64::INFINITY
    } else {
        squares
    }
}
