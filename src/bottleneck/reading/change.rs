use std::ops::Range;

use super::formula::Formula;
use super::quantity::Quantity;
use super::series::Sources;
use crate::bottleneck::history::{Window, bin_count};

const DAY: i64 = 86_400_000_000;
/// Earlier days that are looked at.
const DAYS: i64 = 28;
/// Bins that a window has at most.
const MOST_BINS: i64 = 300;
/// More spreads than anyone needs to know.
const MOST: f64 = 1_000.0;

/// A quantity before and during.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What.
    pub quantity: Quantity,
    /// Of which kind, for errors: their type.
    pub tag: Option<String>,
    /// The level before; NaN where there is none.
    pub before: f64,
    /// What the level during was expected to be; NaN where nothing says it.
    pub expected: f64,
    /// The level during.
    pub during: f64,
    /// How far it strays by itself.
    pub spread: f64,
    /// How far it moved, in spreads; 0 where it cannot be told.
    pub z: f64,
    /// The first bin that lies three spreads off, µs.
    pub since: Option<i64>,
    /// Bins with a value, before and during.
    pub points: (usize, usize),
    /// The series that it was read from.
    pub series: Vec<String>,
}

impl Change {
    /// Level during over the expected one; 1 where nothing was expected.
    pub fn ratio(&self) -> f64 {
        if self.expected.abs() > 1e-12 {
            self.during / self.expected
        } else {
            1.0
        }
    }

    /// How far it moved: during less expected, 0 where nothing was expected.
    pub fn excess(&self) -> f64 {
        if self.expected.is_finite() {
            self.during - self.expected
        } else {
            0.0
        }
    }

    /// How sure it is that it moved at all, 0 to 1: nothing below two spreads, sure from six on.
    pub(crate) fn confidence(&self) -> f64 {
        ((self.z.abs() - 2.0) / 4.0).clamp(0.0, 1.0)
    }
}

/// Compares formulas over the window's times.
#[derive(Debug)]
pub(super) struct Comparison<'a> {
    window: &'a Window,
    sources: &'a Sources<'a>,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(window: &'a Window, sources: &'a Sources<'a>) -> Self {
        Self { window, sources }
    }

    pub(super) fn compare(
        &self,
        quantity: Quantity,
        tag: Option<String>,
        formula: &Formula,
    ) -> Option<Change> {
        let formula = *formula;
        let window = self.window;
        let longest = [&window.before, &window.during]
            .map(|r| r.end.saturating_sub(r.start))
            .into_iter()
            .max()
            .unwrap_or(0);
        let spacing = self.sources.spacing(formula, window);
        let width = spacing.max(longest / MOST_BINS).max(1);
        let bins = |range: &Range<i64>| self.sources.values(formula, range, width);
        let during_bins = bins(&window.during);
        let mut during = finite(&during_bins);
        if during.is_empty() {
            return None;
        }
        let before_bins = bins(&window.before);
        let mut before = finite(&before_bins);
        let points = (before.len(), during.len());
        let middle = |values: &mut [f64]| {
            if quantity.is_rare() {
                mean(values)
            } else {
                quantile(values, 0.5)
            }
        };
        let before_level = middle(&mut before);
        let days = self.days(quantity, formula, width);
        let drift = drift(&days, &before_level);
        let mut spread = mad(&mut before, before_level) * drift.0.max(1.0);
        let mut reference_level = None;
        if let Some(range) = &window.reference {
            let mut reference = finite(&bins(range));
            if !reference.is_empty() {
                let level = middle(&mut reference);
                spread = spread.max(mad(&mut reference, level));
                reference_level = Some(level);
            }
        }
        let expected = if before_level.is_finite() {
            before_level * drift.0
        } else {
            reference_level.unwrap_or(f64::NAN)
        };
        if expected.is_finite() {
            spread = spread.max(drift.1 * expected.abs());
        }
        let (relative, absolute) = quantity.floor();
        let level = if expected.is_finite() { expected } else { 0.0 };
        spread = spread.max(relative * level.abs() + absolute);
        if quantity.is_rare() {
            // The spread of a difference of two counts.
            let seconds = width as f64 / 1e6 * points.1.max(1) as f64;
            let events = (level.max(0.0) + middle(&mut during).max(0.0)) * seconds;
            spread = spread.max((events + 1.0).sqrt() / seconds);
        } else {
            spread = spread.max(quantum(&mut before));
        }

        let (mut level, mut z) = (middle(&mut during), 0.0);
        if expected.is_finite() {
            let candidates = if quantity.is_rare() {
                [level, level]
            } else {
                [quantile(&mut during, 0.3), quantile(&mut during, 0.7)]
            };
            for candidate in candidates {
                let mut distance = candidate - expected;
                if let Some(reference) = reference_level {
                    let other = candidate - reference;
                    // What is not off the reference, too, has not changed.
                    distance = if distance * other <= 0.0 {
                        0.0
                    } else if other.abs() < distance.abs() {
                        other
                    } else {
                        distance
                    };
                }
                let this = (distance / spread).clamp(-MOST, MOST);
                if this.abs() > f64::abs(z) {
                    (level, z) = (candidate, this);
                }
            }
        }
        let since = onset(
            window,
            width,
            &before_bins,
            &during_bins,
            expected,
            3.0 * spread,
            z,
        );
        Some(Change {
            quantity,
            tag,
            before: before_level,
            expected,
            during: level,
            spread,
            z,
            since,
            points,
            series: self.sources.names(formula),
        })
    }

    /// Levels before and during on earlier days, at the same hours.
    fn days(&self, quantity: Quantity, formula: Formula, width: i64) -> Vec<(f64, f64)> {
        if quantity.is_rare() || quantity.is_share() {
            return Vec::new();
        }
        let shifted = |range: &Range<i64>, days: i64| {
            range.start.saturating_sub(days * DAY)..range.end.saturating_sub(days * DAY)
        };
        let level = |range: &Range<i64>| {
            let mut values = finite(&self.sources.values(formula, range, width));
            if values.len() * 2 < bin_count(range, width) {
                return f64::NAN;
            }
            quantile(&mut values, 0.5)
        };
        let whole = (self
            .window
            .during
            .end
            .saturating_sub(self.window.before.start)
            + DAY
            - 1)
            / DAY;
        let mut days = Vec::new();
        for day in whole.max(1)..=DAYS {
            let pair = (
                level(&shifted(&self.window.before, day)),
                level(&shifted(&self.window.during, day)),
            );
            if pair.0.is_finite() && pair.1.is_finite() {
                days.push(pair);
            } else if days.is_empty() && day > whole.max(1) + 2 {
                break;
            }
        }
        days
    }
}

/// By which factor the level moves from before to during on other days, and
/// the spread of that factor.
fn drift(days: &[(f64, f64)], before: &f64) -> (f64, f64) {
    let mut ratios: Vec<f64> = days
        .iter()
        .filter(|(b, d)| *b > 1e-9 && *d >= 0.0)
        .map(|(b, d)| d / b)
        .collect();
    if ratios.len() < 3 || !before.is_finite() {
        return (1.0, 0.0);
    }
    let middle = quantile(&mut ratios, 0.5);
    (middle.clamp(0.1, 10.0), mad(&mut ratios, middle))
}

/// The first of two bins in a row (or the last bin) that lie off in the
/// direction of the change, in the later half of the time before, or during.
fn onset(
    window: &Window,
    width: i64,
    before: &[f64],
    during: &[f64],
    expected: f64,
    limit: f64,
    z: f64,
) -> Option<i64> {
    if z.abs() < 3.0 {
        return None;
    }
    let half = before.len() / 2;
    let early = before[half..].iter().enumerate().map(|(k, v)| {
        let start = window.before.start + (half + k) as i64 * width;
        (start, *v)
    });
    let late = during.iter().enumerate().map(|(k, v)| {
        let start = window.during.start + k as i64 * width;
        (start, *v)
    });
    let points: Vec<(i64, f64)> = early.chain(late).filter(|p| p.1.is_finite()).collect();
    let off = |v: f64| (v - expected) * z.signum() > limit;
    (0..points.len())
        .find(|&k| off(points[k].1) && points.get(k + 1).is_none_or(|next| off(next.1)))
        .map(|k| points[k].0)
}

fn finite(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|v| v.is_finite()).collect()
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    values.iter().sum::<f64>() / values.len() as f64
}

/// A quantile with interpolation; NaN of nothing. Sorts its input.
pub(super) fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let Some(last) = values.len().checked_sub(1) else {
        return f64::NAN;
    };
    let at = q * last as f64;
    let low = at.floor() as usize;
    let high = (low + 1).min(last);
    values[low] + (values[high] - values[low]) * (at - low as f64)
}

/// 1.4826 times the median absolute deviation; 0 of fewer than three values.
fn mad(values: &mut [f64], middle: f64) -> f64 {
    if values.len() < 3 {
        return 0.0;
    }
    let mut distances: Vec<f64> = values.iter().map(|v| (v - middle).abs()).collect();
    1.4826 * quantile(&mut distances, 0.5)
}

/// The least distance of values that are multiples of something, as counts of
/// batches in a bin are; 0 where at least a quarter of them differ.
fn quantum(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let differs = |pair: &&[f64]| pair[1] - pair[0] > 1e-9 * pair[1].abs();
    let steps = values.windows(2).filter(differs).map(|p| p[1] - p[0]);
    let (count, least) = steps.fold((0, f64::INFINITY), |(n, least), step| {
        (n + 1, step.min(least))
    });
    if count == 0 || 4 * (count + 1) > values.len() {
        0.0
    } else {
        least
    }
}
