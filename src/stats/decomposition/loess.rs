//! Locally weighted regression, by lines or constants, on equally spaced points, as STL needs it.
//!
//! W. Cleveland, S. Devlin (JASA 83, 1988); tricube weights, the nearest `window` points.
//! Positions count from 0.

use crate::stats::inner_product::inner_product;

/// A smoother with its window and its jump.
#[derive(Debug, Clone)]
pub(super) struct Loess {
    /// How many points a fit is made of; odd.
    window: usize,
    /// Every how many points a fit is made; lines between.
    jump: usize,
    /// Whether constants are fitted instead of lines.
    constant: bool,
    /// The tricube weights of a window with the fitted point in its middle.
    kernel: Vec<f64>,
    /// Their sum.
    mass: f64,
}

impl Loess {
    pub(super) fn new(window: usize, jump: usize, points: usize) -> Self {
        // A window as long as the series has no interior, and never needs the kernel.
        let half = if window < points { (window - 1) / 2 } else { 0 };
        let reach = half as f64;
        let kernel: Vec<f64> = (0..=2 * half)
            .map(|i| tricube((i as f64 - reach).abs(), reach))
            .collect();
        Self {
            window,
            jump: jump.max(1),
            constant: false,
            mass: kernel.iter().sum(),
            kernel,
        }
    }

    /// Fits constants instead of lines.
    pub(super) fn constant(self, constant: bool) -> Self {
        Self { constant, ..self }
    }

    /// Smooths `values` into `smooth`, with a weight each where there are some.
    pub(super) fn smooth(&self, values: &[f64], weights: Option<&[f64]>, smooth: &mut [f64]) {
        let n = values.len();
        if n < 2 {
            smooth.copy_from_slice(values);
            return;
        }
        let jump = self.jump.min(n - 1);
        let last = (n - 1) / jump * jump;
        for at in (0..=last).step_by(jump) {
            smooth[at] = self.at(at, values, weights);
        }
        if last != n - 1 {
            smooth[n - 1] = self.at(n - 1, values, weights);
        }
        if jump > 1 {
            for from in (0..n - 1).step_by(jump) {
                let to = (from + jump).min(n - 1);
                let (left, right) = (smooth[from], smooth[to]);
                let step = (right - left) / (to - from) as f64;
                for (i, value) in smooth[from + 1..to].iter_mut().enumerate() {
                    *value = left + step * (i + 1) as f64;
                }
            }
        }
    }

    /// The smooth value at a point of the series.
    fn at(&self, at: usize, values: &[f64], weights: Option<&[f64]>) -> f64 {
        let n = values.len();
        let half = (self.window - 1) / 2;
        if self.window >= n {
            return self
                .fit(at as f64, 0, values, values, weights)
                .unwrap_or(values[at]);
        }
        let from = at.saturating_sub(half).min(n - self.window);
        let near = &values[from..from + self.window];
        let weights = weights.map(|w| &w[from..from + self.window]);
        if at - from != half {
            return self
                .fit(at as f64, from, near, values, weights)
                .unwrap_or(values[at]);
        }
        match weights {
            // The weights are symmetric about the point, where the line passes their mean.
            None => inner_product(&self.kernel, near) / self.mass,
            Some(weights) => {
                let product = self
                    .kernel
                    .iter()
                    .zip(weights)
                    .map(|(k, w)| k * w)
                    .collect();
                self.value(at as f64, from, near, product, n)
                    .unwrap_or(values[at])
            }
        }
    }

    /// The value at one step before the first point (−1) or after the last.
    pub(super) fn outside(
        &self,
        before: bool,
        values: &[f64],
        weights: Option<&[f64]>,
    ) -> Option<f64> {
        let n = values.len();
        let length = self.window.min(n);
        let (at, from) = if before {
            (-1.0, 0)
        } else {
            (n as f64, n - length)
        };
        let weights = weights.map(|w| &w[from..from + length]);
        self.fit(at, from, &values[from..from + length], values, weights)
    }

    /// Fits the points `near`, the first of them at `from`, of all the `values`.
    fn fit(
        &self,
        at: f64,
        from: usize,
        near: &[f64],
        values: &[f64],
        weights: Option<&[f64]>,
    ) -> Option<f64> {
        let n = values.len();
        let last = (from + near.len() - 1) as f64;
        // A window longer than the series reaches further by half of the excess.
        let excess = (self.window.saturating_sub(n) / 2) as f64;
        let reach = (at - from as f64).max(last - at) + excess;
        let products = (0..near.len())
            .map(|i| {
                let weight = tricube(((from + i) as f64 - at).abs(), reach);
                weights.map_or(weight, |w| weight * w[i])
            })
            .collect();
        self.value(at, from, near, products, n)
    }

    /// The value at `at` of the fit to `near` with `weights`; none without weight.
    fn value(
        &self,
        at: f64,
        from: usize,
        near: &[f64],
        weights: Vec<f64>,
        points: usize,
    ) -> Option<f64> {
        let mass: f64 = weights.iter().sum();
        if mass.is_nan() || mass <= 0.0 {
            return None;
        }
        if self.constant {
            let level: f64 = weights.iter().zip(near).map(|(w, y)| w * y).sum();
            return Some(level / mass);
        }
        let position = |i: usize| (from + i) as f64 - at;
        let (mut first, mut level) = (0.0, 0.0);
        for (i, (w, y)) in weights.iter().zip(near).enumerate() {
            first += w * position(i);
            level += w * y;
        }
        let centre = first / mass;
        level /= mass;
        let (mut second, mut slope) = (0.0, 0.0);
        for (i, (w, y)) in weights.iter().zip(near).enumerate() {
            let distance = position(i) - centre;
            second += w * distance * distance;
            slope += w * distance * y;
        }
        // With hardly any spread of the points there is only a level.
        if (second / mass).sqrt() > 0.001 * (points - 1) as f64 {
            level -= centre * slope / second;
        }
        Some(level)
    }
}

fn tricube(distance: f64, reach: f64) -> f64 {
    if distance <= 0.001 * reach {
        1.0
    } else if distance <= 0.999 * reach {
        let ratio = distance / reach;
        (1.0 - ratio * ratio * ratio).powi(3)
    } else {
        0.0
    }
}
