//! The discrete Fourier transform of any length.
//!
//! Radix 2 (J. Cooley and J. Tukey, Math. Comp. 19, 1965); other lengths by L. Bluestein's
//! chirp (NEREM Record 10, 1968), a convolution whose length is a power of two.

use std::f64::consts::PI;

/// A complex number.
type Complex = (f64, f64);

fn product(a: Complex, b: Complex) -> Complex {
    (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
}

/// Σ xₜ exp(−2πi j t/n) for j = 0, …, n − 1.
pub(super) fn transform(values: &[f64]) -> Vec<Complex> {
    let n = values.len();
    if n < 2 || n.is_power_of_two() {
        let mut numbers: Vec<Complex> = values.iter().map(|&x| (x, 0.0)).collect();
        radix_2(&mut numbers);
        return numbers;
    }
    // exp(−πi t²/n); the square modulo 2n keeps the angle's digits.
    let chirp: Vec<Complex> = (0..n as u128)
        .map(|t| {
            let (sin, cos) = (PI * (t * t % (2 * n as u128)) as f64 / n as f64).sin_cos();
            (cos, -sin)
        })
        .collect();
    let length = (2 * n - 1).next_power_of_two();
    let mut left = vec![(0.0, 0.0); length];
    let mut right = left.clone();
    for (t, (&value, &w)) in values.iter().zip(&chirp).enumerate() {
        left[t] = (value * w.0, value * w.1);
        let conjugate = (w.0, -w.1);
        right[t] = conjugate;
        right[(length - t) % length] = conjugate;
    }
    radix_2(&mut left);
    radix_2(&mut right);
    for (l, r) in left.iter_mut().zip(&right) {
        // The inverse transform is the forward one of the conjugates.
        let (re, im) = product(*l, *r);
        *l = (re, -im);
    }
    radix_2(&mut left);
    let size = length as f64;
    let convolution = left.into_iter().map(|(re, im)| (re / size, -im / size));
    convolution.zip(chirp).map(|(c, w)| product(c, w)).collect()
}

/// Transforms numbers, a power of two of them, in place.
fn radix_2(numbers: &mut [Complex]) {
    let n = numbers.len();
    if n < 2 {
        return;
    }
    let shift = usize::BITS - n.trailing_zeros();
    for i in 0..n {
        let mirrored = i.reverse_bits() >> shift;
        if i < mirrored {
            numbers.swap(i, mirrored);
        }
    }
    let roots: Vec<Complex> = (0..n / 2)
        .map(|k| {
            let (sin, cos) = (2.0 * PI * k as f64 / n as f64).sin_cos();
            (cos, -sin)
        })
        .collect();
    let mut half = 1;
    while half < n {
        let stride = n / (2 * half);
        for block in numbers.chunks_exact_mut(2 * half) {
            let (lower, upper) = block.split_at_mut(half);
            for ((a, b), root) in lower
                .iter_mut()
                .zip(upper)
                .zip(roots.iter().step_by(stride))
            {
                let turned = product(*b, *root);
                *b = (a.0 - turned.0, a.1 - turned.1);
                *a = (a.0 + turned.0, a.1 + turned.1);
            }
        }
        half *= 2;
    }
}
