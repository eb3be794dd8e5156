//! Finds the points where a series changes its level, or its level and spread.
//!
//! The segmentation is the optimum of Σ cost(segment) + penalty · (changes), no segment
//! shorter than a minimum. Changes in mean are searched by functional pruning
//! (R. Maidstone, T. Hocking, G. Rigaill and P. Fearnhead, Statistics and Computing 27,
//! 2017), which finds the same optimum as PELT (R. Killick, P. Fearnhead and I. Eckley,
//! JASA 107, 2012) and stays quick where nothing changes, which is where PELT prunes
//! nothing and costs O(n²). Changes in mean and variance are searched by PELT.
//!
//! What a change must gain is measured by the noise, not by the series' variance, which the
//! changes themselves make large: see [`Noise`]. Deviations from the papers: with a
//! minimum length, PELT's pruning takes effect only when the alternative is allowed
//! (pruning at once loses the optimum); spikes that are shorter than half a segment are
//! clipped before a search for changes in mean; of more than 1,024 values, changes in mean
//! and variance are searched on a grid and then moved to their best places.
//!
//! By simulation, of 200 series of 1,000 values in which nothing changes, with the default
//! penalties, a change in mean is found in none of white noise or of an AR(1) process with
//! φ = 0.7, in 0.5 % with φ = 0.9 and in 5 % with φ = 0.98; a change in mean and variance in
//! none of these, but in half of those of Student's t with 3 degrees of freedom: it is for
//! noise without heavy tails.

mod clip;
mod functional;
mod noise;
mod pelt;
#[cfg(test)]
mod tests;

pub use noise::Noise;

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The mean, at constant noise.
    Mean,
    /// Mean and variance, of normal values.
    MeanVariance,
}

/// A search for changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detector {
    /// What changes.
    pub change: Change,
    /// The fewest values between two changes, at least 1 (2 where the variance changes).
    pub minimum: usize,
    /// What a change must gain, in multiples of ln n of the likelihood ratio: 2 is BIC's,
    /// 3 the modified BIC's (N. Zhang and D. Siegmund, Biometrics 63, 2007).
    pub penalty: f64,
}

impl Detector {
    /// Searches for changes in mean.
    pub fn mean(minimum: usize) -> Self {
        Self {
            change: Change::Mean,
            minimum,
            penalty: 3.0,
        }
    }

    /// Searches for changes in mean and variance.
    pub fn mean_variance(minimum: usize) -> Self {
        Self {
            change: Change::MeanVariance,
            minimum,
            penalty: 4.0,
        }
    }

    /// Searches a series; NaN and infinite values are missing and are skipped.
    pub fn detect(&self, values: &[f64]) -> Segmentation {
        let mut places = Vec::new();
        let mut present = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            // A product of the largest ones must not overflow.
            if value.abs() < 1e150 {
                present.push(*value);
                if present.len() <= index {
                    // From the first missing one on, places are kept.
                    if places.is_empty() {
                        places.extend(0..present.len() - 1);
                    }
                    places.push(index);
                }
            }
        }
        let place = |index: usize| places.get(index).copied().unwrap_or(index);
        let noise = Noise::of(&present);
        let n = present.len();
        let penalty = self.penalty.max(0.0) * (n.max(2) as f64).ln();
        let starts = match self.change {
            _ if noise.deviation == 0.0 => Vec::new(),
            Change::Mean => {
                let minimum = self.minimum.max(1);
                let scaled = clip::clipped(&present, minimum, &noise);
                functional::changes(&scaled, penalty, minimum)
            }
            Change::MeanVariance => {
                let inflated = penalty * noise.inflation;
                pelt::changes(&present, inflated, self.minimum.max(2), &noise)
            }
        };
        let mut bounds = vec![0];
        bounds.extend(&starts);
        bounds.push(n);
        let segments: Vec<Segment> = bounds
            .windows(2)
            .filter(|pair| pair[0] < pair[1])
            .map(|pair| Segment::of(&present[pair[0]..pair[1]], pair[0], place))
            .collect();
        let changes = (1..segments.len())
            .map(|k| {
                let (before, after) = (&segments[k - 1], &segments[k]);
                let jump = after.mean - before.mean;
                let reach = noise.location_reach(jump);
                let (first, at, last) = (bounds[k - 1], bounds[k], bounds[k + 1]);
                ChangePoint {
                    index: place(at),
                    low: place(at.saturating_sub(reach).max(first + 1)),
                    high: place(at.saturating_add(reach).min(last - 1)),
                    before: before.mean,
                    after: after.mean,
                }
            })
            .collect();
        Segmentation {
            segments,
            changes,
            noise,
            penalty,
        }
    }
}

/// Values between two changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// The index of its first value.
    pub start: usize,
    /// One beyond the index of its last value.
    pub end: usize,
    /// The mean.
    pub mean: f64,
    /// The standard deviation.
    pub deviation: f64,
}

impl Segment {
    fn of(values: &[f64], start: usize, place: impl Fn(usize) -> usize) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        Self {
            start: place(start),
            end: place(start + values.len() - 1) + 1,
            mean,
            deviation: (squares / count).sqrt(),
        }
    }
}

/// Where one segment ends and the next begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangePoint {
    /// The first index after the change.
    pub index: usize,
    /// The earliest that it may be, at 95 % confidence for a jump of the mean.
    pub low: usize,
    /// The latest that it may be.
    pub high: usize,
    /// The mean before.
    pub before: f64,
    /// The mean after.
    pub after: f64,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Segmentation {
    /// The segments, in order; none where no value is present.
    pub segments: Vec<Segment>,
    /// The changes between them.
    pub changes: Vec<ChangePoint>,
    /// The noise by which they were judged.
    pub noise: Noise,
    /// What each had to gain, in units of the likelihood ratio.
    pub penalty: f64,
}
