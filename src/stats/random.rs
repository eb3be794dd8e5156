//! A small generator of random numbers: the same seed gives the same numbers everywhere.
//!
//! xoshiro256++ 1.0 (D. Blackman and S. Vigna, "Scrambled linear pseudorandom number
//! generators", ACM TOMS 47, 2021), its state filled by splitmix64 (G. Steele, D. Lea and
//! C. Flood, OOPSLA 2014). Not for secrets.

/// A seeded generator.
#[derive(Debug, Clone)]
pub struct Generator {
    state: [u64; 4],
    /// The second number of the last pair that [`Generator::normal`] made.
    spare: Option<f64>,
}

impl Generator {
    /// Makes a generator; any seed is good, 0 too.
    pub fn new(seed: u64) -> Self {
        let mut counter = seed;
        Self {
            state: std::array::from_fn(|_| split_mix(&mut counter)),
            spare: None,
        }
    }

    /// Draws 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.state;
        let drawn = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        drawn
    }

    /// Draws from the uniform distribution on [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Draws a whole number below `end` without bias (Lemire 2019); 0 when `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        let end = end as u64;
        if end == 0 {
            return 0;
        }
        let threshold = end.wrapping_neg() % end;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(end);
            if product as u64 >= threshold {
                return (product >> 64) as usize;
            }
        }
    }

    /// Draws from the standard normal distribution by Marsaglia's polar method (1964).
    pub fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(v * factor);
                return u * factor;
            }
        }
    }
}

fn split_mix(counter: &mut u64) -> u64 {
    *counter = counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut bits = *counter;
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_the_authors_sequences() {
        // xoshiro256++ from the state 1, 2, 3, 4 (the authors' C program, as in rand_xoshiro).
        let mut generator = Generator {
            state: [1, 2, 3, 4],
            spare: None,
        };
        let drawn: Vec<u64> = (0..10).map(|_| generator.next_u64()).collect();
        assert_eq!(
            drawn,
            [
                41943041,
                58720359,
                3588806011781223,
                3591011842654386,
                9228616714210784205,
                9973669472204895162,
                14011001112246962877,
                12406186145184390807,
                15849039046786891736,
                10450023813501588000,
            ]
        );
        // splitmix64 from 1234567 (the author's C program, as on Rosetta Code).
        let mut counter = 1_234_567;
        let drawn: Vec<u64> = (0..5).map(|_| split_mix(&mut counter)).collect();
        assert_eq!(
            drawn,
            [
                6457827717110365317,
                3203168211198807973,
                9817491932198370423,
                4593380528125082431,
                16408922859458223821,
            ]
        );
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut generator = Generator::new(0);
        let count = 200_000;
        let (mut uniform, mut moments, mut beyond) = (0.0, [0.0; 4], 0);
        for _ in 0..count {
            let u = generator.uniform();
            assert!((0.0..1.0).contains(&u));
            uniform += u;
            let z = generator.normal();
            for (power, moment) in moments.iter_mut().enumerate() {
                *moment += z.powi(power as i32 + 1) / f64::from(count);
            }
            beyond += usize::from(z.abs() > 1.959_963_984_540_054);
        }
        // Five standard errors each.
        let error = 5.0 / f64::from(count).sqrt();
        assert!((uniform / f64::from(count) - 0.5).abs() < error * (1.0 / 12.0_f64).sqrt());
        for (moment, (mean, deviation)) in moments.iter().zip([
            (0.0, 1.0),
            (1.0, 2.0_f64.sqrt()),
            (0.0, 15.0_f64.sqrt()),
            (3.0, 96.0_f64.sqrt()),
        ]) {
            assert!((moment - mean).abs() < error * deviation, "{moments:?}");
        }
        assert!((beyond as f64 / f64::from(count) - 0.05).abs() < error * 0.22);
    }

    #[test]
    fn whole_numbers_stay_below_and_reach_all() {
        let mut generator = Generator::new(7);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[generator.below(6)] += 1;
        }
        assert!(
            counts.iter().all(|&c| c.abs_diff(10_000) < 500),
            "{counts:?}"
        );
        assert_eq!(generator.below(1), 0);
        assert_eq!(generator.below(0), 0);
    }

    #[test]
    fn seeds_decide() {
        let draw = |seed| {
            (0..4)
                .map(|_| Generator::new(seed).next_u64())
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
    }
}
