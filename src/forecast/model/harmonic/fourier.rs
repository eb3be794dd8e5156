//! Fourier terms: cosines and sines at multiples of each season's frequency.

use std::f64::consts::TAU;

/// A frequency is another's if, over the whole history, they drift apart by less than this
/// share of a cycle.
const SAME: f64 = 0.05;

/// The most harmonics of a season.
pub(super) const MOST_HARMONICS: usize = 20;

/// A cosine and a sine that belong together; at two steps a cycle there is no sine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Harmonic {
    /// Cycles a step, at most ½.
    pub(super) frequency: f64,
}

impl Harmonic {
    /// How many terms it has.
    pub(super) fn terms(self) -> usize {
        if self.frequency > 0.5 - 1e-9 { 1 } else { 2 }
    }

    /// Its cosine and sine at a step.
    pub(super) fn at(self, step: usize) -> (f64, f64) {
        let (sin, cos) = (TAU * (self.frequency * step as f64).fract()).sin_cos();
        (cos, sin)
    }

    /// Fills two columns with its cosine and its sine at the steps from `first` on.
    pub(super) fn fill(self, first: usize, cosines: &mut [f64], sines: &mut [f64]) {
        let (turn_sin, turn_cos) = (TAU * self.frequency).sin_cos();
        let (mut cos, mut sin) = self.at(first);
        for (c, s) in cosines.iter_mut().zip(sines) {
            (*c, *s) = (cos, sin);
            (cos, sin) = (
                cos * turn_cos - sin * turn_sin,
                sin * turn_cos + cos * turn_sin,
            );
        }
    }
}

/// The harmonics of each period, none of them twice, for a history of some steps.
///
/// A harmonic that two periods share is the shorter period's.
pub(super) fn harmonics(periods: &[f64], steps: usize) -> Vec<Vec<Harmonic>> {
    let mut all: Vec<Vec<Harmonic>> = Vec::with_capacity(periods.len());
    let same = SAME / steps.max(1) as f64;
    for &period in periods {
        let shared = |frequency: f64| {
            let mut known = all.iter().zip(periods);
            known.any(|(_, shorter)| {
                let multiple = frequency * shorter;
                multiple.round() >= 1.0 && (multiple - multiple.round()).abs() < same * shorter
            })
        };
        let multiples = (1..=(period / 2.0 + 1e-9) as usize).map(|k| k as f64 / period);
        let own = multiples.filter(|frequency| !shared(*frequency));
        let own = own.take(MOST_HARMONICS).map(|f| Harmonic {
            frequency: f.min(0.5),
        });
        all.push(own.collect());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_frequencies_belong_to_the_shorter_period() {
        let all = harmonics(&[4.0, 28.0], 1000);
        assert_eq!(all[0].len(), 2);
        assert_eq!((all[0][0].terms(), all[0][1].terms()), (2, 1));
        // 14 multiples of 1/28 less those of 1/4: 7 and 14.
        assert_eq!(all[1].len(), 12);
        assert!(!all[1].iter().any(|h| (h.frequency - 0.25).abs() < 1e-12));
        assert_eq!(harmonics(&[10080.0], 100_000)[0].len(), MOST_HARMONICS);
        assert_eq!(harmonics(&[365.25], 3000)[0][0].frequency, 1.0 / 365.25);
    }

    #[test]
    fn turning_is_as_good_as_computing() {
        let harmonic = Harmonic {
            frequency: 7.0 / 10080.0,
        };
        let (mut cosines, mut sines) = ([0.0; 1024], [0.0; 1024]);
        harmonic.fill(123_456, &mut cosines, &mut sines);
        for (i, (c, s)) in cosines.iter().zip(sines).enumerate() {
            let (cos, sin) = harmonic.at(123_456 + i);
            assert!((c - cos).abs() < 1e-11 && (s - sin).abs() < 1e-11);
        }
    }
}
