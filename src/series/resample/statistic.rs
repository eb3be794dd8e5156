//! What is taken of the values in a bucket.

use std::fmt;
use std::str::FromStr;

/// What is taken of the values in a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// The mean of the points, however long each held.
    Mean,
    /// The least.
    Min,
    /// The greatest.
    Max,
    /// The first in time.
    First,
    /// The last in time.
    Last,
    /// The sum; missing where there is no point.
    Sum,
    /// How many points; 0 where there is none.
    Count,
    /// A quantile, 0 to 1, between two points by a line.
    Quantile(f64),
    /// What a counter grew by per second, over the time that its samples cover.
    Rate,
    /// What a counter grew by, as far as its samples cover the bucket.
    Increase,
}

/// Why a text is not a statistic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a statistic: mean, min, max, first, last, sum, count, median, p99, rate, increase"
)]
pub struct StatisticError {
    /// What was given.
    pub text: String,
}

const NAMES: [(&str, Statistic); 10] = [
    ("mean", Statistic::Mean),
    ("min", Statistic::Min),
    ("max", Statistic::Max),
    ("first", Statistic::First),
    ("last", Statistic::Last),
    ("sum", Statistic::Sum),
    ("count", Statistic::Count),
    ("median", Statistic::Quantile(0.5)),
    ("rate", Statistic::Rate),
    ("increase", Statistic::Increase),
];

impl FromStr for Statistic {
    type Err = StatisticError;

    fn from_str(text: &str) -> Result<Self, StatisticError> {
        let named = NAMES.iter().find(|(name, _)| *name == text);
        let quantile = || {
            let percent = text.strip_prefix('p')?;
            let digits = percent.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            let percent: f64 = percent.parse().ok().filter(|_| digits)?;
            (percent <= 100.0).then_some(Self::Quantile(percent / 100.0))
        };
        named
            .map(|(_, statistic)| *statistic)
            .or_else(quantile)
            .ok_or_else(|| StatisticError {
                text: text.to_owned(),
            })
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (NAMES.iter().find(|(_, named)| named == self), self) {
            (Some((name, _)), _) => f.write_str(name),
            // Without the digits that a hundredth has too many.
            (None, Self::Quantile(q)) => write!(f, "p{}", (q * 1e10).round() / 1e8),
            (None, other) => write!(f, "{other:?}"),
        }
    }
}

impl Statistic {
    /// Whether it is of samples of a counter.
    pub(super) fn is_of_counter(self) -> bool {
        matches!(self, Self::Rate | Self::Increase)
    }

    /// Whether it needs values that may be put into another order.
    pub(super) fn reorders(self) -> bool {
        matches!(self, Self::Quantile(_))
    }

    /// The statistic of values in the order of time; NaN where there are none, or where it is
    /// of more than a bucket.
    pub(super) fn of(self, values: &[f64]) -> f64 {
        let last = values.last().copied();
        let found = match self {
            Self::Mean => last.map(|_| mean(values)),
            Self::Min => values.iter().copied().reduce(f64::min),
            Self::Max => values.iter().copied().reduce(f64::max),
            Self::First => values.first().copied(),
            Self::Last => last,
            Self::Sum => last.map(|_| sum(values)).filter(|sum| sum.is_finite()),
            Self::Count => last.map(|_| values.len() as f64),
            Self::Quantile(_) => Some(self.of_reordering(&mut values.to_vec())),
            Self::Rate | Self::Increase => None,
        };
        found.unwrap_or(f64::NAN)
    }

    /// Like [`Statistic::of`]; leaves the values in any order.
    pub(super) fn of_reordering(self, values: &mut [f64]) -> f64 {
        match self {
            Self::Quantile(q) => quantile(values, q),
            _ => self.of(values),
        }
    }
}

/// The sum, in eight sums that the processor can keep apart.
fn sum(values: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let blocks = values.chunks_exact(8);
    let rest: f64 = blocks.remainder().iter().sum();
    for block in blocks {
        sums.iter_mut().zip(block).for_each(|(sum, x)| *sum += x);
    }
    rest + sums.iter().sum::<f64>()
}

fn mean(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let sum = sum(values);
    if sum.is_finite() {
        sum / count
    } else {
        values.iter().map(|x| x / count).sum()
    }
}

/// A quantile by a line between the two nearest points (type 7 of Hyndman and Fan 1996, as
/// Prometheus has it).
fn quantile(values: &mut [f64], q: f64) -> f64 {
    if values.is_empty() || !(0.0..=1.0).contains(&q) {
        return f64::NAN;
    }
    let place = q * (values.len() - 1) as f64;
    let below = (place as usize).min(values.len() - 1);
    let share = place - below as f64;
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let high = above.iter().copied().reduce(f64::min).unwrap_or(low);
    low * (1.0 - share) + high * share
}
