//! The model's coefficients as functions of numbers that may take any value.

use super::order::Order;
use super::polynomial::{from_partial, pull_back_partial, to_partial};

/// Runs over the factors of an order: (first, end, sign of its coefficients in an autoregression).
fn factors(order: &Order) -> [(usize, usize, f64); 4] {
    let mut from = 0;
    [
        (order.ar, 1.0),
        (order.ma, -1.0),
        (order.seasonal_ar, 1.0),
        (order.seasonal_ma, -1.0),
    ]
    .map(|(count, sign)| {
        let first = from;
        from += count;
        (first, from, sign)
    })
}

/// The coefficients at a point; always stationary and invertible.
pub(super) fn coefficients(order: &Order, point: &[f64], coefficients: &mut [f64]) {
    for (first, end, sign) in factors(order) {
        let factor = &mut coefficients[first..end];
        for (c, z) in factor.iter_mut().zip(&point[first..end]) {
            *c = z.tanh();
        }
        from_partial(factor);
        factor.iter_mut().for_each(|c| *c *= sign);
    }
}

/// The point of given coefficients; None where they are not stationary or invertible.
pub(super) fn point(order: &Order, coefficients: &[f64]) -> Option<Vec<f64>> {
    let mut point = coefficients.to_vec();
    for (first, end, sign) in factors(order) {
        let factor = &mut point[first..end];
        factor.iter_mut().for_each(|c| *c *= sign);
        if !to_partial(factor) {
            return None;
        }
        factor.iter_mut().for_each(|z| *z = z.atanh());
    }
    point.iter().all(|z| z.is_finite()).then_some(point)
}

/// Turns derivatives by the coefficients into derivatives by the point, in place.
pub(super) fn pull_back(
    order: &Order,
    point: &[f64],
    coefficients: &[f64],
    derivatives: &mut [f64],
) {
    for (first, end, sign) in factors(order) {
        let turned: Vec<f64> = coefficients[first..end].iter().map(|c| sign * c).collect();
        let by = &mut derivatives[first..end];
        by.iter_mut().for_each(|d| *d *= sign);
        pull_back_partial(&turned, by);
        for (d, z) in by.iter_mut().zip(&point[first..end]) {
            *d *= 1.0 - z.tanh().powi(2);
        }
    }
}

/// Whether all roots of the polynomials are farther from zero than `radius`: with the
/// unit of length changed to it, the coefficients must still be admissible.
pub(super) fn roots_are_beyond(order: &Order, coefficients: &[f64], radius: f64) -> bool {
    factors(order)
        .into_iter()
        .enumerate()
        .all(|(kind, (first, end, sign))| {
            let lag = if kind < 2 { 1 } else { order.period };
            let grown = coefficients[first..end].iter().enumerate();
            let mut grown: Vec<f64> = grown
                .map(|(i, c)| sign * c * radius.powf((lag * (i + 1)) as f64))
                .collect();
            to_partial(&mut grown)
        })
}

/// Draws each factor's coefficients towards zero until its partial autocorrelations are
/// within `most` of it.
pub(super) fn shrink(order: &Order, coefficients: &mut [f64], most: f64) {
    for (first, end, sign) in factors(order) {
        let factor = &mut coefficients[first..end];
        for _ in 0..60 {
            let mut partial: Vec<f64> = factor.iter().map(|c| sign * c).collect();
            if to_partial(&mut partial) && partial.iter().all(|p| p.abs() <= most) {
                break;
            }
            let mut power = 1.0;
            for c in factor.iter_mut() {
                power *= 0.93;
                *c *= power;
            }
        }
        if !factor.iter().all(|c| c.is_finite()) {
            factor.fill(0.0);
        }
    }
}

/// The coefficients of one order as a start for another: those that both have, zeros else.
#[must_use]
pub fn carry(from: &Order, coefficients: &[f64], to: &Order) -> Vec<f64> {
    let mut carried = vec![0.0; to.coefficients()];
    for ((first, end, _), (target, stop, _)) in factors(from).into_iter().zip(factors(to)) {
        let shared = (end - first).min(stop - target);
        carried[target..target + shared].copy_from_slice(&coefficients[first..first + shared]);
    }
    carried
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::optimise;

    const ORDER: Order = Order::new(2, 0, 2).seasonal(1, 0, 2, 4);

    #[test]
    fn points_and_coefficients_turn_into_each_other() {
        let at = [0.3, -1.2, 2.0, 0.1, -0.4, 0.9, -3.0];
        let mut found = [0.0; 7];
        coefficients(&ORDER, &at, &mut found);
        for (back, at) in point(&ORDER, &found).unwrap().iter().zip(at) {
            assert!((back - at).abs() < 1e-10);
        }
        assert_eq!(point(&ORDER, &[0.5, 0.6, 0.0, 0.0, 0.0, 0.0, 0.0]), None);
        shrink(&ORDER, &mut found, 0.9);
        assert!(
            point(&ORDER, &found)
                .unwrap()
                .iter()
                .all(|z| z.tanh().abs() <= 0.9)
        );
    }

    #[test]
    fn derivatives_pull_back() {
        let at = [0.3, -1.2, 0.7, 0.1, -0.4, 0.9, -0.5];
        let weights = [1.0, 2.0, -1.0, 0.5, 3.0, -2.0, 1.5];
        let mut scratch = [0.0; 7];
        let value = |z: &[f64]| {
            coefficients(&ORDER, z, &mut scratch);
            scratch.iter().zip(weights).map(|(c, w)| c * w).sum::<f64>()
        };
        let expected = optimise::gradient(value, &at);
        let mut c = [0.0; 7];
        coefficients(&ORDER, &at, &mut c);
        let mut found = weights;
        pull_back(&ORDER, &at, &c, &mut found);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-8, "{found} {expected}");
        }
    }

    #[test]
    fn roots_have_their_radius() {
        // 1 − 0.8B: root 1.25; 1 + 0.5B⁴: roots 2^(1/4) = 1.189.
        let order = Order::new(1, 0, 0).seasonal(0, 0, 1, 4);
        assert!(roots_are_beyond(&order, &[0.8, 0.5], 1.18));
        assert!(!roots_are_beyond(&order, &[0.8, 0.5], 1.2));
        assert!(roots_are_beyond(&order, &[0.8, 0.1], 1.24));
        assert!(!roots_are_beyond(&order, &[0.8, 0.1], 1.26));
    }

    #[test]
    fn carries_shared_coefficients() {
        let larger = Order::new(1, 0, 3).seasonal(1, 0, 0, 4);
        let given = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7];
        assert_eq!(carry(&ORDER, &given, &larger), [0.1, 0.3, 0.4, 0.0, 0.5]);
    }
}
