//! PELT for changes in mean and variance of normal values.

use super::Noise;

/// The most values whose every index is a candidate.
const EXACT: usize = 1024;

/// The part of the noise below which no segment's deviation counts.
const FLOOR: f64 = 0.01;

/// Running sums, from which any segment's cost follows.
pub(super) struct Sums {
    firsts: Vec<f64>,
    squares: Vec<f64>,
    floor: f64,
}

impl Sums {
    pub(super) fn new(values: &[f64], noise: &Noise) -> Self {
        let centre = values.first().copied().unwrap_or(0.0);
        let (mut first, mut square) = (0.0, 0.0);
        let (mut firsts, mut squares) = (vec![0.0], vec![0.0]);
        for value in values {
            let scaled = (value - centre) / noise.deviation;
            first += scaled;
            square += scaled * scaled;
            firsts.push(first);
            squares.push(square);
        }
        Self {
            firsts,
            squares,
            floor: FLOOR * FLOOR,
        }
    }

    /// Twice the negative logarithm of the likelihood at its maximum, but for constants: the
    /// variance is the larger of the segment's and the floor.
    pub(super) fn cost(&self, from: usize, to: usize) -> f64 {
        let count = (to - from) as f64;
        let mean = (self.firsts[to] - self.firsts[from]) / count;
        let variance = (self.squares[to] - self.squares[from]) / count - mean * mean;
        if variance > self.floor {
            count * (variance.ln() + 1.0)
        } else {
            count * (self.floor.ln() + variance.max(0.0) / self.floor)
        }
    }
}

/// Returns the first indices of all segments but the first.
pub(super) fn changes(values: &[f64], penalty: f64, minimum: usize, noise: &Noise) -> Vec<usize> {
    let n = values.len();
    if n / 2 < minimum {
        return Vec::new();
    }
    let sums = Sums::new(values, noise);
    let stride = n.div_ceil(EXACT).max(1);
    let mut places: Vec<usize> = (0..n).step_by(stride).collect();
    places.push(n);
    let mut starts = search(&sums, &places, penalty, minimum);
    if stride > 1 {
        settle(&sums, &mut starts, n, stride, minimum);
    }
    starts
}

/// The optimum with changes at `places` only, which begin with 0 and end with n.
fn search(sums: &Sums, places: &[usize], penalty: f64, minimum: usize) -> Vec<usize> {
    let last = places.len() - 1;
    let mut costs = vec![f64::INFINITY; places.len()];
    costs[0] = 0.0;
    let mut previous = vec![0_usize; places.len()];
    // Candidates, each with the place from which on it is lost.
    let mut candidates: Vec<(usize, usize)> = Vec::new();
    let mut of_each = Vec::new();
    let mut entering = 0;
    for t in 1..=last {
        let end = places[t];
        while places[entering] + minimum <= end {
            if costs[entering].is_finite() {
                candidates.push((entering, usize::MAX));
            }
            entering += 1;
        }
        let mut best = f64::INFINITY;
        candidates.retain(|&(_, lost)| end < lost);
        let cost_of = |s: usize| costs[s] + sums.cost(places[s], end);
        of_each.clear();
        for &(s, _) in &candidates {
            let cost = cost_of(s);
            of_each.push(cost);
            if cost < best {
                best = cost;
                previous[t] = s;
            }
        }
        costs[t] = best + penalty;
        for ((_, lost), cost) in candidates.iter_mut().zip(&of_each) {
            // From here a change at t is at least as good, once it is allowed.
            if *cost >= costs[t] {
                *lost = (*lost).min(end + minimum);
            }
        }
    }
    let mut starts = Vec::new();
    let mut at = previous[last];
    while at > 0 {
        starts.push(places[at]);
        at = previous[at];
    }
    starts.reverse();
    starts
}

/// Moves each change to its best index between its neighbours on the grid.
fn settle(sums: &Sums, starts: &mut [usize], n: usize, stride: usize, minimum: usize) {
    for k in 0..starts.len() {
        let before = if k == 0 { 0 } else { starts[k - 1] };
        let after = starts.get(k + 1).copied().unwrap_or(n);
        let from = starts[k].saturating_sub(stride).max(before + minimum);
        let to = (starts[k] + stride).min(after - minimum);
        let mut best = f64::INFINITY;
        for at in from..=to {
            let cost = sums.cost(before, at) + sums.cost(at, after);
            if cost < best {
                best = cost;
                starts[k] = at;
            }
        }
    }
}
