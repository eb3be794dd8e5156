use super::*;

fn rosenbrock(x: &[f64]) -> f64 {
    let pairs = x.windows(2);
    pairs
        .map(|w| 100.0 * (w[1] - w[0] * w[0]).powi(2) + (1.0 - w[0]).powi(2))
        .sum()
}

fn rosenbrock_gradient(x: &[f64], gradient: &mut [f64]) -> f64 {
    gradient.fill(0.0);
    for i in 0..x.len() - 1 {
        let bend = x[i + 1] - x[i] * x[i];
        gradient[i] += -400.0 * bend * x[i] - 2.0 * (1.0 - x[i]);
        gradient[i + 1] += 200.0 * bend;
    }
    rosenbrock(x)
}

fn is_near(minimum: &Minimum, target: &[f64], tolerance: f64) {
    for (x, t) in minimum.point.iter().zip(target) {
        assert!((x - t).abs() < tolerance, "{minimum:?}");
    }
    assert!(minimum.converged(), "{minimum:?}");
}

#[test]
fn bfgs_finds_the_valley_of_rosenbrock() {
    let limits = Limits {
        gradient: 1e-9,
        value: 0.0,
        ..Limits::default()
    };
    let start = [-1.2, 1.0];
    is_near(&bfgs(rosenbrock, &start, &limits), &[1.0; 2], 1e-6);
    let exact = bfgs_with_gradient(rosenbrock_gradient, &start, &limits);
    is_near(&exact, &[1.0; 2], 1e-8);
    assert!(exact.iterations < 45, "{exact:?}");
}

#[test]
fn a_good_hessian_saves_iterations() {
    let scales = [1.0, 100.0, 1e4, 1e6];
    let bowl = |x: &[f64], g: &mut [f64]| {
        for ((g, x), s) in g.iter_mut().zip(x).zip(scales) {
            *g = s * (x - 1.0);
        }
        let terms = x
            .iter()
            .zip(scales)
            .map(|(x, s)| 0.5 * s * (x - 1.0).powi(2));
        terms.sum()
    };
    let mut hessian = [0.0; 16];
    (0..4).for_each(|i| hessian[i * 5] = scales[i]);
    let limits = Limits::default();
    let found = bfgs_with_hessian(bowl, &[0.0; 4], &hessian, &limits);
    is_near(&found, &[1.0; 4], 1e-9);
    assert_eq!(found.iterations, 1);
    // One that is not positive definite is left.
    hessian[0] = -1.0;
    let plain = bfgs_with_gradient(bowl, &[0.0; 4], &limits);
    assert_eq!(bfgs_with_hessian(bowl, &[0.0; 4], &hessian, &limits), plain);
}

#[test]
fn lbfgs_finds_the_valley_in_forty_dimensions() {
    let start: Vec<f64> = (0..40)
        .map(|i| if i % 2 == 0 { -1.2 } else { 1.0 })
        .collect();
    let limits = Limits {
        iterations: 1000,
        gradient: 1e-8,
        value: 0.0,
        ..Limits::default()
    };
    is_near(
        &lbfgs(rosenbrock_gradient, &start, 10, &limits),
        &[1.0; 40],
        1e-6,
    );
}

#[test]
fn nelder_mead_finds_the_valley() {
    let limits = Limits {
        iterations: 2000,
        ..Limits::default()
    };
    let found = nelder_mead(rosenbrock, &[-1.2, 1.0, 0.5], &[0.5], &limits);
    is_near(&found, &[1.0; 3], 1e-5);
}

/// A badly scaled quadratic with its constraint as an infinite wall.
#[test]
fn walls_of_nan_and_infinity_are_stepped_back_from() {
    let walled = |x: &[f64]| {
        if x[0] < 0.1 {
            return if x[1] > 0.0 { f64::NAN } else { f64::INFINITY };
        }
        1e4 * (x[0] - 0.2).powi(2) + (x[1] - 3.0).powi(2) - x[0].ln() * 1e-3
    };
    let limits = Limits::default();
    for start in [[5.0, -4.0], [0.11, 8.0], [100.0, 100.0]] {
        let found = bfgs(walled, &start, &limits);
        assert!((found.point[0] - 0.2).abs() < 1e-4, "{found:?}");
        assert!((found.point[1] - 3.0).abs() < 1e-4, "{found:?}");
        let found = nelder_mead(walled, &start, &[0.5], &limits);
        assert!((found.point[1] - 3.0).abs() < 1e-3, "{found:?}");
    }
}

#[test]
fn a_start_that_is_not_finite_ends_at_once() {
    let limits = Limits::default();
    let nan = |_: &[f64]| f64::NAN;
    assert_eq!(bfgs(nan, &[1.0], &limits).stop, Stop::NotFinite);
    assert_eq!(
        nelder_mead(nan, &[1.0], &[0.1], &limits).stop,
        Stop::NotFinite
    );
    let both = |_: &[f64], g: &mut [f64]| {
        g.fill(f64::NEG_INFINITY);
        f64::INFINITY
    };
    assert_eq!(lbfgs(both, &[1.0, 2.0], 5, &limits).stop, Stop::NotFinite);
    assert_eq!(
        bfgs_with_gradient(both, &[1.0, 2.0], &limits).stop,
        Stop::NotFinite
    );
}

#[test]
fn limits_hold_and_the_best_point_is_kept() {
    let limits = Limits {
        iterations: 3,
        ..Limits::default()
    };
    let found = bfgs(rosenbrock, &[-1.2, 1.0], &limits);
    assert_eq!((found.stop, found.iterations), (Stop::Iterations, 3));
    assert!(found.value < rosenbrock(&[-1.2, 1.0]));
    let limits = Limits {
        evaluations: 10,
        ..Limits::default()
    };
    let found = nelder_mead(rosenbrock, &[-1.2, 1.0], &[0.1], &limits);
    assert_eq!(found.stop, Stop::Evaluations);
    assert!(found.evaluations <= 13);
    // Unbounded below: the search ends all the same.
    let falling = bfgs(|x: &[f64]| -x[0].exp(), &[1.0], &Limits::default());
    assert!(falling.value.is_finite());
}

#[test]
fn nothing_to_vary_is_a_minimum() {
    let limits = Limits::default();
    assert_eq!(bfgs(|_| 2.0, &[], &limits).value, 2.0);
    assert_eq!(nelder_mead(|_| 2.0, &[], &[], &limits).value, 2.0);
    assert_eq!(lbfgs(|_, _| 2.0, &[], 5, &limits).value, 2.0);
}

#[test]
fn differences_equal_derivatives() {
    let point = [0.7, -1.3];
    let f = |x: &[f64]| x[0].exp() * x[1] * x[1] + x[0] * x[1];
    let e = 0.7_f64.exp();
    let slopes = gradient(f, &point);
    assert!((slopes[0] - (e * 1.69 - 1.3)).abs() < 1e-8);
    assert!((slopes[1] - (-2.6 * e + 0.7)).abs() < 1e-8);
    let exact = [e * 1.69, -2.6 * e + 1.0, -2.6 * e + 1.0, 2.0 * e];
    for (found, exact) in hessian(f, &point).iter().zip(exact) {
        assert!((found - exact).abs() < 1e-5, "{found} {exact}");
    }
    let with_gradient = |x: &[f64], g: &mut [f64]| {
        g[0] = x[0].exp() * x[1] * x[1] + x[1];
        g[1] = 2.0 * x[0].exp() * x[1] + x[0];
        f(x)
    };
    let found = hessian_of_gradient(with_gradient, &point);
    for (found, exact) in found.iter().zip(exact) {
        assert!((found - exact).abs() < 1e-8, "{found} {exact}");
    }
}
