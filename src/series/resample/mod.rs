//! Irregular history onto a regular grid: a bucket a step, a statistic of what lies in it.
//!
//! Times are µs (or any integer under [`Step::Index`]), in any order. NaN and infinite values,
//! stale markers among them, are missing; of several values at one time the last given counts.
//! Buckets of a wall clock go by its reading: in the spring the bucket of a skipped hour is
//! empty, in the autumn that of the doubled hour holds both, so that every day has as many.

mod bucket;
mod guess;
mod statistic;
#[cfg(test)]
mod tests;

pub use guess::{Guess, guess_index_step, guess_step};
pub use statistic::{Statistic, StatisticError};

use std::borrow::Cow;

use super::counter;
use super::regular::{Regular, Step};
use bucket::Buckets;

/// The most buckets that are made.
const MOST_BUCKETS: i64 = 1 << 26;
/// Buckets that a clock jumps over at once, at most.
const MOST_JUMPED: i64 = 4_096;
/// Which part of a bucket may lack of an increase before the bucket is partial.
const LACK_OF_INCREASE: f64 = 0.02;

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// The distance of the buckets.
    pub step: Step,
    /// What is taken of each.
    pub statistic: Statistic,
    /// Where buckets begin.
    pub origin: Origin,
    /// Whether a first and a last bucket that is not covered wholly is left out.
    pub drop_partial: bool,
}

/// Where buckets begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// At a round place: full hours, midnight, Mondays, the first of the month (and an index
    /// of 0).
    Round,
    /// At the first time: for series that are regular already ([`Guess::is_even`]).
    First,
}

/// A regular series, and what was made of the history on the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampled {
    /// The series; never begins or ends with an empty bucket.
    pub regular: Regular,
    /// How many points were used.
    pub points: usize,
    /// How many points had no value.
    pub missing: usize,
    /// How many points were left for a later one of the same time.
    pub duplicates: usize,
    /// How many buckets have no value, those that the clock jumps over not counted.
    pub empty: usize,
    /// How many buckets the clock jumps over.
    pub skipped: usize,
    /// How many buckets hold a doubled hour, and with it up to twice the points.
    pub doubled: usize,
    /// How often the counter began anew ([`Statistic::Rate`] and [`Statistic::Increase`]).
    pub resets: usize,
    /// The first bucket, where the history begins within it.
    pub first: Option<Partial>,
    /// The last bucket, where the history ends within it.
    pub last: Option<Partial>,
    /// How many partial buckets were left out; one is kept where nothing else would be left.
    pub dropped: usize,
}

/// A bucket that the history does not cover wholly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Partial {
    /// Where it begins.
    pub time: i64,
    /// Which part of it is covered, 0 to 1.
    pub covered: f64,
}

/// Why a history cannot be resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResampleError {
    /// There is not a time for each value.
    #[error("there are {times} times for {values} values")]
    Lengths {
        /// How many times.
        times: usize,
        /// How many values.
        values: usize,
    },
    /// A step is not above 0.
    #[error("a step of {step} leads nowhere")]
    Step {
        /// The step.
        step: Step,
    },
    /// There is no value.
    #[error("there is no value")]
    Empty,
    /// So many buckets would be made.
    #[error("{buckets} steps of {step} are too many")]
    TooLong {
        /// How many.
        buckets: i64,
        /// The step.
        step: Step,
    },
}

/// Resamples a history.
pub fn resample(
    times: &[i64],
    values: &[f64],
    how: &Resampling,
) -> Result<Resampled, ResampleError> {
    let step = how.step;
    if times.len() != values.len() {
        return Err(ResampleError::Lengths {
            times: times.len(),
            values: values.len(),
        });
    }
    let history = History::new(times, values);
    let (begin, end) = history.ends().ok_or(ResampleError::Empty)?;
    let mut buckets = Buckets::new(step, how.origin, begin).ok_or(ResampleError::Step { step })?;
    let count = buckets.at(end).0.saturating_sub(buckets.at(begin).0);
    if count >= MOST_BUCKETS {
        return Err(ResampleError::TooLong {
            buckets: count,
            step,
        });
    }
    let usual = guess::usual_distance(&history.times);
    let grid = if how.statistic.is_of_counter() {
        grow(&history, &mut buckets, usual, how.statistic)
    } else {
        gather(&history, &mut buckets, how.statistic)
    };
    if grid.values.is_empty() {
        return Err(ResampleError::Empty);
    }
    Ok(finish(&history, &buckets, grid, usual, how))
}

/// A history in the order of time, complete, each time once.
struct History<'a> {
    times: Cow<'a, [i64]>,
    values: Cow<'a, [f64]>,
    missing: usize,
    duplicates: usize,
}

impl<'a> History<'a> {
    fn new(times: &'a [i64], values: &'a [f64]) -> Self {
        let missing = values.iter().filter(|x| !x.is_finite()).count();
        if missing == 0 && times.is_sorted_by(|a, b| a < b) {
            return Self {
                times: times.into(),
                values: values.into(),
                missing,
                duplicates: 0,
            };
        }
        let mut points: Vec<(i64, f64)> = times
            .iter()
            .copied()
            .zip(values.iter().copied())
            .filter(|(_, x)| x.is_finite())
            .collect();
        let before = points.len();
        if !points.is_sorted_by_key(|(time, _)| *time) {
            points.sort_by_key(|(time, _)| *time);
        }
        // Of equal times the last stays.
        points.reverse();
        points.dedup_by_key(|(time, _)| *time);
        points.reverse();
        let duplicates = before - points.len();
        let (times, values): (Vec<i64>, Vec<f64>) = points.into_iter().unzip();
        Self {
            times: times.into(),
            values: values.into(),
            missing,
            duplicates,
        }
    }

    fn ends(&self) -> Option<(i64, i64)> {
        Some((*self.times.first()?, *self.times.last()?))
    }
}

/// The values of the buckets from `first` on; NaN where there is none. Never ends with NaN.
struct Grid {
    first: i64,
    values: Vec<f64>,
    doubled: usize,
    resets: usize,
    /// The first and the last time that counted, where that is not all of the history.
    ends: Option<(i64, i64)>,
}

impl Grid {
    /// An empty grid over the buckets of parts that ascend.
    fn over<T>(parts: &[T], bucket: impl Fn(&T) -> i64) -> Self {
        let first = parts.first().map_or(0, &bucket);
        let count = parts.last().map_or(0, |part| bucket(part) - first + 1);
        Self {
            first,
            values: vec![f64::NAN; usize::try_from(count).unwrap_or(0)],
            doubled: 0,
            resets: 0,
            ends: None,
        }
    }

    fn put(&mut self, bucket: i64, value: f64) {
        let index = usize::try_from(bucket - self.first).ok();
        if let Some(slot) = index.and_then(|i| self.values.get_mut(i)) {
            *slot = value;
        }
    }

    fn last(&self) -> i64 {
        self.first + self.values.len() as i64 - 1
    }
}

/// Points that follow each other in one bucket.
struct Run {
    bucket: i64,
    start: usize,
    end: usize,
    /// What the wall clock is ahead of UTC at its last point.
    offset: i64,
    /// Whether the clock was set back within.
    is_doubled: bool,
}

fn runs(times: &[i64], buckets: &mut Buckets) -> Vec<Run> {
    let mut runs: Vec<Run> = vec![];
    let mut start = 0;
    while start < times.len() {
        let (bucket, until) = buckets.at(times[start]);
        let rest = &times[start + 1..];
        let length = rest.iter().position(|time| *time >= until);
        let end = start + 1 + length.unwrap_or(rest.len());
        let offset = buckets.offset();
        match runs.last_mut() {
            Some(run) if run.bucket == bucket => {
                run.end = end;
                run.is_doubled |= offset < run.offset;
                run.offset = offset;
            }
            _ => runs.push(Run {
                bucket,
                start,
                end,
                offset,
                is_doubled: false,
            }),
        }
        start = end;
    }
    runs
}

/// Takes a statistic of the values in each bucket.
fn gather(history: &History, buckets: &mut Buckets, statistic: Statistic) -> Grid {
    let mut runs = runs(&history.times, buckets);
    // Not in order where the clock was set back. Stable: the first of a doubled hour stays first.
    runs.sort_by_key(|run| run.bucket);
    let mut grid = Grid::over(&runs, |run| run.bucket);
    let mut scratch = vec![];
    for same in runs.chunk_by(|a, b| a.bucket == b.bucket) {
        let of_run = |run: &Run| &history.values[run.start..run.end];
        let value = match same {
            [run] if !statistic.reorders() => statistic.of(of_run(run)),
            _ => {
                scratch.clear();
                same.iter()
                    .for_each(|run| scratch.extend_from_slice(of_run(run)));
                statistic.of_reordering(&mut scratch)
            }
        };
        grid.doubled += usize::from(same.len() > 1 || same[0].is_doubled);
        grid.put(same[0].bucket, value);
    }
    grid
}

/// What a counter grew by in a bucket.
struct Growth {
    bucket: i64,
    grown: f64,
    /// µs between samples.
    covered: f64,
    /// What the wall clock is ahead of UTC at its last sample.
    offset: i64,
    /// Whether the clock was set back within.
    is_doubled: bool,
}

/// Lays what a counter grew by over the buckets.
///
/// What it grew by between two samples is spread evenly over the time between them. Between
/// samples farther apart than a bucket and than three usual distances nothing is known of the
/// buckets, and nothing counted.
fn grow(
    history: &History,
    buckets: &mut Buckets,
    usual: Option<i64>,
    statistic: Statistic,
) -> Grid {
    let (mut resets, mut growths) = (0, Vec::<Growth>::new());
    let (mut bucket, mut since, mut until) = (0, 0, 0);
    let mut ends: Option<(i64, i64)> = None;
    let patience = usual.unwrap_or(0).unsigned_abs().saturating_mul(3);
    let pairs = history.times.windows(2).zip(history.values.windows(2));
    for (times, values) in pairs {
        let (mut from, to) = (times[0], times[1]);
        let distance = to.abs_diff(from);
        resets += usize::from(values[1] < values[0]);
        if distance > patience && is_longer_than_a_bucket(buckets, from, distance) {
            continue;
        }
        ends = Some((ends.map_or(from, |(begin, _)| begin), to));
        let per_micro = counter::increase(values[0], values[1]) / distance as f64;
        while from < to {
            if !(since..until).contains(&from) {
                since = from;
                (bucket, until) = buckets.at(from);
            }
            let next = until.min(to);
            let covered = next.abs_diff(from) as f64;
            let grown = per_micro * covered;
            let offset = buckets.offset();
            match growths.last_mut() {
                Some(last) if last.bucket == bucket => {
                    last.grown += grown;
                    last.covered += covered;
                    last.is_doubled |= offset < last.offset;
                    last.offset = offset;
                }
                _ => growths.push(Growth {
                    bucket,
                    grown,
                    covered,
                    offset,
                    is_doubled: false,
                }),
            }
            from = next;
        }
    }
    growths.sort_by_key(|growth| growth.bucket);
    let mut grid = Grid::over(&growths, |growth| growth.bucket);
    grid.resets = resets;
    grid.ends = ends;
    for same in growths.chunk_by(|a, b| a.bucket == b.bucket) {
        let grown: f64 = same.iter().map(|growth| growth.grown).sum();
        let covered: f64 = same.iter().map(|growth| growth.covered).sum();
        let is_rate = statistic == Statistic::Rate;
        grid.doubled += usize::from(same.len() > 1 || same[0].is_doubled);
        let value = if is_rate {
            grown / covered * 1e6
        } else {
            grown
        };
        grid.put(same[0].bucket, value);
    }
    grid
}

fn is_longer_than_a_bucket(buckets: &mut Buckets, from: i64, distance: u64) -> bool {
    let (bucket, _) = buckets.at(from);
    distance > buckets.length(bucket).unsigned_abs()
}

/// Names the partial buckets, drops them where asked, and counts what is empty.
fn finish(
    history: &History,
    buckets: &Buckets,
    grid: Grid,
    usual: Option<i64>,
    how: &Resampling,
) -> Resampled {
    let (first, last) = partial_ends(history, buckets, &grid, usual, how.statistic);
    let mut kept = 0..grid.values.len();
    if how.drop_partial {
        if first.is_some() && kept.len() > 1 {
            kept.start += 1;
        }
        if last.is_some() && kept.len() > 1 {
            kept.end -= 1;
        }
    }
    let dropped = grid.values.len() - kept.len();
    let is_there = |i: &usize| !grid.values[*i].is_nan();
    let begin = kept.clone().find(is_there).unwrap_or(kept.start);
    let end = kept
        .clone()
        .rev()
        .find(is_there)
        .map_or(kept.end, |i| i + 1);
    let bucket = |i: usize| grid.first + i as i64;
    let mut values = grid.values[begin.min(end)..end].to_vec();
    // A reading that the clock jumps over cannot be told from its instant.
    let mut cut = 0;
    while cut < MOST_JUMPED && buckets.begins_in_jump(bucket(begin) - cut) {
        cut += 1;
    }
    let (mut empty, mut skipped) = (0, 0);
    let may_skip = buckets.may_skip();
    for (i, value) in values.iter_mut().enumerate().filter(|(_, x)| x.is_nan()) {
        if may_skip && buckets.length(bucket(begin + i)) == 0 {
            skipped += 1;
            continue;
        }
        empty += 1;
        if how.statistic == Statistic::Count {
            *value = 0.0;
        }
    }
    Resampled {
        regular: Regular {
            start: buckets.start(bucket(begin) - cut),
            cut,
            step: how.step,
            values,
        },
        points: history.times.len(),
        missing: history.missing,
        duplicates: history.duplicates,
        empty,
        skipped,
        doubled: grid.doubled,
        resets: grid.resets,
        first,
        last,
        dropped,
    }
}

/// Which of the first and the last bucket the history begins or ends within.
///
/// Points stand for the usual distance after them: a bucket is partial where at least one whole
/// distance (and a tenth, for those that come late) lies uncovered. An increase is a sum, and
/// has no such slack.
fn partial_ends(
    history: &History,
    buckets: &Buckets,
    grid: &Grid,
    usual: Option<i64>,
    statistic: Statistic,
) -> (Option<Partial>, Option<Partial>) {
    let (Some(usual), Some((begin, end))) = (usual, grid.ends.or(history.ends())) else {
        return (None, None);
    };
    let usual = usual as f64;
    let partial = |bucket: i64, lacking: f64, slack: f64, still: f64| {
        let length = buckets.length(bucket) as f64;
        (lacking > slack && length > 0.0).then(|| Partial {
            time: buckets.start(bucket),
            covered: (1.0 - (lacking - still) / length).clamp(0.0, 1.0),
        })
    };
    let before = begin.saturating_sub(buckets.start(grid.first)) as f64;
    let after = buckets.start(grid.last() + 1).saturating_sub(end) as f64;
    if statistic == Statistic::Increase {
        let slack = |bucket| LACK_OF_INCREASE * buckets.length(bucket) as f64;
        return (
            partial(grid.first, before, slack(grid.first), 0.0),
            partial(grid.last(), after, slack(grid.last()), 0.0),
        );
    }
    (
        partial(grid.first, before, 0.999 * usual, 0.0),
        partial(grid.last(), after, 1.1 * usual, usual),
    )
}
