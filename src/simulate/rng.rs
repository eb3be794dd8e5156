//! Draws pseudo-random numbers, one independent stream a purpose.
//!
//! xoshiro256++ (Blackman & Vigna, "Scrambled linear pseudorandom number
//! generators", 2021), seeded by SplitMix64 from the run's seed and the hash of
//! the stream's name, so that a draw more in one place changes no other series.

use std::f64::consts::PI;

use xxhash_rust::xxh3::xxh3_64;

use super::math::{exp, ln, pow, sin};

/// One stream of pseudo-random numbers.
#[derive(Debug, Clone)]
pub(super) struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// Opens the stream of that name.
    pub(super) fn new(seed: u64, stream: &str) -> Self {
        let mut counter = seed ^ xxh3_64(stream.as_bytes());
        let mut next = || {
            counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = counter;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        Self {
            state: [next(), next(), next(), next()],
        }
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1).
    pub(super) fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Uniform in 0..n; 0 for n = 0.
    pub(super) fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Exponential with the given mean.
    pub(super) fn exponential(&mut self, mean: f64) -> f64 {
        -mean * ln(1.0 - self.uniform())
    }

    /// Standard normal (Box & Muller 1958).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * ln(1.0 - self.uniform())).sqrt();
        radius * sin(2.0 * PI * self.uniform())
    }

    /// Poisson: Knuth's product below a mean of 30, the rounded normal above.
    pub(super) fn poisson(&mut self, mean: f64) -> f64 {
        if mean <= 0.0 {
            return 0.0;
        }
        if mean > 30.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let limit = exp(-mean);
        let mut product = self.uniform();
        let mut count = 0.0;
        while product > limit {
            product *= self.uniform();
            count += 1.0;
        }
        count
    }

    /// Gamma with the given shape and mean (Wilson & Hilferty, as in `math`).
    pub(super) fn gamma(&mut self, shape: f64, mean: f64) -> f64 {
        let ninth = 1.0 / (9.0 * shape);
        let root = (1.0 - ninth + ninth.sqrt() * self.normal()).max(0.05);
        mean * pow(root, 3.0)
    }

    /// Lower-case hexadecimal digits.
    pub(super) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            text += &format!("{:016x}", self.bits());
        }
        text.truncate(digits);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_reference_sequence() {
        // xoshiro256++ from the state {1, 2, 3, 4}: rand_xoshiro's test vector,
        // made with the authors' C code.
        let mut rng = Rng {
            state: [1, 2, 3, 4],
        };
        let expected: [u64; 4] = [41943041, 58720359, 3588806011781223, 3591011842654386];
        for value in expected {
            assert_eq!(rng.bits(), value);
        }
    }

    #[test]
    fn moments_are_right() {
        let mut rng = Rng::new(1, "test");
        let n = 40_000;
        let mean = |draw: &mut dyn FnMut() -> f64| (0..n).map(|_| draw()).sum::<f64>() / n as f64;
        assert!((mean(&mut || rng.uniform()) - 0.5).abs() < 0.01);
        assert!(mean(&mut || rng.normal()).abs() < 0.02);
        assert!((mean(&mut || rng.exponential(3.0)) - 3.0).abs() < 0.06);
        assert!((mean(&mut || rng.poisson(4.0)) - 4.0).abs() < 0.05);
        assert!((mean(&mut || rng.poisson(90.0)) - 90.0).abs() < 0.3);
        assert!((mean(&mut || rng.gamma(2.0, 5.0)) - 5.0).abs() < 0.1);
    }

    #[test]
    fn streams_are_independent() {
        assert_ne!(Rng::new(1, "a").bits(), Rng::new(1, "b").bits());
        assert_ne!(Rng::new(1, "a").bits(), Rng::new(2, "a").bits());
        assert_eq!(Rng::new(1, "a").hex(20), Rng::new(1, "a").hex(20));
    }
}
