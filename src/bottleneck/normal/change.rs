use super::{Baseline, Samples};
use crate::stats::change_point::{Detector, Segmentation};

/// A lasting change of a metric's level beside what is normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LevelChange {
    /// The first time after the change.
    pub at: i64,
    /// The earliest that it may be, at 95 % confidence.
    pub earliest: i64,
    /// The latest that it may be.
    pub latest: i64,
    /// The mean deviation from normal before.
    pub before: f64,
    /// The mean deviation after.
    pub after: f64,
    /// The metric's normal level when it changed.
    pub level: f64,
    /// Its normal spread then.
    pub spread: f64,
}

/// Longer series are searched in blocks, so many or up to twice as many.
const BLOCKS: usize = 1500;

impl Baseline {
    /// Searches for lasting changes, of at least `minimum` values and at least one spread:
    /// smaller ones are what a fit leaves, and are joined, the smallest first.
    ///
    /// Of more than 3,000 values the means of blocks are searched, and each change is then
    /// placed within the blocks beside it: what is shorter than a block is not found there; give
    /// the part of a series that matters.
    pub fn changes(&self, samples: &Samples<'_>, minimum: usize) -> Vec<LevelChange> {
        let deviations = self.deviations(samples);
        let block = (deviations.len() / BLOCKS).max(1);
        let found = if block == 1 {
            Detector::mean(minimum).detect(&deviations)
        } else {
            let means: Vec<f64> = deviations.chunks(block).map(mean_of_present).collect();
            // A block that a change cuts must not be a segment.
            Detector::mean(minimum.div_ceil(block).max(2)).detect(&means)
        };
        let at = |index: usize| samples.at(index);
        let mut levels = self.joined(&found, |index| at(index * block));
        if block > 1 {
            without_cut_blocks(&mut levels);
        }
        levels
            .windows(2)
            .map(|pair| {
                let (before, after) = (pair[0], pair[1]);
                let change = found.changes[after.segment - 1];
                let (index, low, high) = if block == 1 {
                    (change.index, change.low, change.high)
                } else {
                    let from = change.index.saturating_sub(2) * block;
                    let to = (change.index + 2) * block;
                    let index = place(&deviations, from, to, before.mean, after.mean);
                    (index, change.low * block, (change.high + 1) * block - 1)
                };
                let expected = self.expected(at(index));
                LevelChange {
                    at: at(index),
                    earliest: at(low.min(index)),
                    latest: at(high.max(index).min(deviations.len() - 1)),
                    before: before.mean,
                    after: after.mean,
                    level: expected.level,
                    spread: expected.spread,
                }
            })
            .collect()
    }

    /// The segments, those joined that differ by less than a spread.
    fn joined(&self, found: &Segmentation, at: impl Fn(usize) -> i64) -> Vec<Level> {
        let mut levels: Vec<Level> = found
            .segments
            .iter()
            .enumerate()
            .map(|(segment, s)| Level {
                segment,
                count: (s.end - s.start) as f64,
                mean: s.mean,
                spread: self.expected(at(s.start)).spread,
            })
            .collect();
        loop {
            let jump = |k: usize| (levels[k].mean - levels[k - 1].mean).abs() / levels[k].spread;
            let smallest = (1..levels.len()).min_by(|&a, &b| jump(a).total_cmp(&jump(b)));
            let Some(k) = smallest.filter(|&k| jump(k) < 1.0) else {
                return levels;
            };
            join(&mut levels, k);
        }
    }
}

/// Joins a level with the one before.
fn join(levels: &mut Vec<Level>, k: usize) {
    let gone = levels.remove(k);
    let kept = &mut levels[k - 1];
    let count = kept.count + gone.count;
    kept.mean += (gone.mean - kept.mean) * gone.count / count;
    kept.count = count;
}

/// Joins what is two blocks long and lies between its neighbours' levels with the nearer one:
/// a block that a change cuts has a mean of its own.
fn without_cut_blocks(levels: &mut Vec<Level>) {
    let mut k = 1;
    while k + 1 < levels.len() {
        let (before, this, after) = (levels[k - 1].mean, levels[k], levels[k + 1].mean);
        let between = (this.mean - before) * (after - this.mean) > 0.0;
        if this.count > 2.0 || !between {
            k += 1;
        } else if (this.mean - before).abs() < (after - this.mean).abs() {
            join(levels, k);
        } else {
            join(levels, k + 1);
        }
    }
}

/// A stretch of one level.
#[derive(Debug, Clone, Copy)]
struct Level {
    /// The segment that it begins with.
    segment: usize,
    count: f64,
    mean: f64,
    /// The normal spread where it begins.
    spread: f64,
}

fn mean_of_present(values: &[f64]) -> f64 {
    let present = || values.iter().filter(|x| x.is_finite());
    present().sum::<f64>() / present().count() as f64
}

/// The index in a range from which on the values are nearer to the mean after.
fn place(values: &[f64], from: usize, to: usize, before: f64, after: f64) -> usize {
    let to = to.min(values.len());
    let middle = 0.5 * (before + after);
    let sign = (after - before).signum();
    // Σ of what speaks for "before" up to here; its largest value is the place.
    let (mut sum, mut most, mut best) = (0.0, 0.0, from);
    for (index, value) in values.iter().enumerate().take(to).skip(from) {
        if value.is_finite() {
            sum += (middle - value) * sign;
        }
        if sum > most {
            (most, best) = (sum, index + 1);
        }
    }
    best.min(values.len().saturating_sub(1))
}
