//! Which step a history has.

use chrono::Datelike;
use chrono_tz::Tz;

use super::Origin;
use super::bucket::Buckets;
use crate::series::regular::{Step, month_number};
use crate::series::wall_clock;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Steps in which systems are scraped and data exported, in seconds.
const USUAL: [i64; 24] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1_200, 1_800, 3_600, 7_200, 10_800,
    14_400, 21_600, 28_800, 43_200, 86_400, 604_800,
];
/// How far a usual step may be from the distance that was seen, in parts of the step.
const TOLERANCE: f64 = 0.1;
/// Which part of the distances a rule must hold for.
const MOST: f64 = 0.75;
/// How many distances are looked at, in so many stretches.
const LOOKED_AT: usize = 200_000;
const STRETCHES: usize = 20;

/// What step a history has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    /// The step.
    pub step: Step,
    /// Whether every time (of the first and last 50,000) lies on the grid that begins at the
    /// first: the history is regular already, but for gaps.
    pub is_even: bool,
}

/// Guesses the step of a history: the usual distance of its times (µs, in any order).
///
/// Gaps and duplicates do not count. Calendar months, quarters and years are recognised by their
/// day, days by the wall clock of the zone; where times jitter, a usual interval within a tenth
/// is taken. `None` for fewer than two different times.
pub fn guess_step(times: &[i64], tz: Tz) -> Option<Guess> {
    let times = sorted(times);
    let pairs = pairs(&times);
    let usual = middle(pairs.iter().map(|(a, b)| b.saturating_sub(*a)).collect())?;
    let step = months(&pairs, usual, tz)
        .or_else(|| days(&pairs, usual, tz))
        .unwrap_or_else(|| Step::of_micros(fixed(&pairs, usual), tz));
    let is_even = is_even(&times, step);
    Some(Guess { step, is_even })
}

/// Guesses the step of integer indices without a time: the usual distance, or what divides all
/// distances where most are not multiples of it.
pub fn guess_index_step(indices: &[i64]) -> Option<Guess> {
    let indices = sorted(indices);
    let pairs = pairs(&indices);
    let distances: Vec<i64> = pairs.iter().map(|(a, b)| b.saturating_sub(*a)).collect();
    let usual = middle(distances.clone())?;
    let multiples = distances.iter().filter(|d| *d % usual == 0).count();
    let step = if multiples as f64 >= MOST * distances.len() as f64 {
        usual
    } else {
        distances.iter().fold(0, |a, b| divisor(a, *b)).max(1)
    };
    let step = Step::Index(step);
    let is_even = is_even(&indices, step);
    Some(Guess { step, is_even })
}

/// The usual distance of times in order.
pub(super) fn usual_distance(times: &[i64]) -> Option<i64> {
    middle(
        pairs(times)
            .iter()
            .map(|(a, b)| b.saturating_sub(*a))
            .collect(),
    )
}

fn sorted(times: &[i64]) -> std::borrow::Cow<'_, [i64]> {
    if times.is_sorted() {
        return times.into();
    }
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.into()
}

/// Neighbours that differ: all, or those of stretches that lie evenly.
fn pairs(times: &[i64]) -> Vec<(i64, i64)> {
    let of = |times: &[i64]| -> Vec<(i64, i64)> {
        let pairs = times.windows(2).map(|pair| (pair[0], pair[1]));
        pairs.filter(|(a, b)| a < b).collect()
    };
    if times.len() <= LOOKED_AT {
        return of(times);
    }
    let length = LOOKED_AT / STRETCHES;
    let last = times.len() - length;
    let stretches = (0..STRETCHES).map(|i| last / (STRETCHES - 1) * i);
    stretches
        .flat_map(|start| of(&times[start..start + length]))
        .collect()
}

/// The lower median.
fn middle(mut distances: Vec<i64>) -> Option<i64> {
    let at = distances.len().checked_sub(1)? / 2;
    Some(*distances.select_nth_unstable(at).1)
}

fn divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

fn most(pairs: &[(i64, i64)], rule: impl Fn(i64, i64) -> bool) -> bool {
    let holds = pairs.iter().filter(|(a, b)| rule(*a, *b)).count();
    holds as f64 >= MOST * pairs.len() as f64
}

/// Whole months from a day to the same, or from the last of a month to the last of another.
fn months(pairs: &[(i64, i64)], usual: i64, tz: Tz) -> Option<Step> {
    let days = usual as f64 / DAY as f64;
    let count = (days / 30.436_875).round();
    // A month has 28 to 31 days; clocks are set by up to two hours.
    if !(1.0..=1200.0).contains(&count) || (days - count * 30.436_875).abs() > 2.6 {
        return None;
    }
    let months = count as u32;
    let date = |ts| wall_clock::calendar(wall_clock::reading(ts, tz)).date();
    let is_last = |date: chrono::NaiveDate| date.succ_opt().is_none_or(|next| next.day() == 1);
    let is_same_day = |a: i64, b: i64| {
        let (a, b) = (date(a), date(b));
        let passed = month_number(b) - month_number(a);
        let is_same = a.day() == b.day() || is_last(a) && is_last(b);
        is_same && passed % i64::from(months) == 0
    };
    // Some day in each month; but what comes every 28 or 30 days is no month.
    let is_next =
        |a: i64, b: i64| month_number(date(b)) - month_number(date(a)) == i64::from(months);
    let is_month = most(pairs, is_same_day)
        || pairs.len() >= 6
            && pairs.iter().all(|(a, b)| is_next(*a, *b))
            && !most(pairs, |a, b| (b - a) == usual);
    is_month.then_some(Step::Months { months, tz })
}

/// Whole days of the wall clock, within two hours or a tenth.
fn days(pairs: &[(i64, i64)], usual: i64, tz: Tz) -> Option<Step> {
    let count = (usual as f64 / DAY as f64).round();
    let slack = (2 * 3600 * SECOND).max(DAY / 10);
    if count < 1.0 || usual.abs_diff(count as i64 * DAY) > slack.unsigned_abs() {
        return None;
    }
    let is_whole = |a: i64, b: i64| {
        let passed = wall_clock::reading(b, tz).saturating_sub(wall_clock::reading(a, tz));
        let rest = passed.rem_euclid(DAY);
        rest.min(DAY - rest) <= slack
    };
    let step = (count as i64).saturating_mul(DAY);
    most(pairs, is_whole).then_some(Step::Wall { micros: step, tz })
}

/// The usual distance where most distances are it or a multiple; else the nearest usual
/// interval within a tenth; else the distance, rounded to a second, or a millisecond.
fn fixed(pairs: &[(i64, i64)], usual: i64) -> i64 {
    if most(pairs, |a, b| b.saturating_sub(a) % usual == 0) {
        return usual;
    }
    let near = |step: i64| (usual as f64 / step as f64 - 1.0).abs();
    let nearest = USUAL
        .map(|seconds| seconds * SECOND)
        .into_iter()
        .min_by(|a, b| near(*a).total_cmp(&near(*b)));
    if let Some(step) = nearest.filter(|step| near(*step) <= TOLERANCE) {
        return step;
    }
    let unit = if usual >= 10 * SECOND { SECOND } else { 1_000 };
    (usual.saturating_add(unit / 2) / unit * unit).max(if usual < unit { usual } else { unit })
}

/// Whether times lie on the grid that begins with the first.
fn is_even(times: &[i64], step: Step) -> bool {
    const CHECKED: usize = 50_000;
    let Some(mut buckets) = times
        .first()
        .and_then(|first| Buckets::new(step, Origin::First, *first))
    else {
        return false;
    };
    let (head, tail) = times.split_at(times.len().min(CHECKED));
    let tail = &tail[tail.len().saturating_sub(CHECKED)..];
    head.iter().chain(tail).all(|time| {
        let (bucket, _) = buckets.at(*time);
        buckets.start(bucket) == *time
    })
}
