use chrono_tz::Tz;

use super::Samples;
use super::clock::Clock;

/// How finely a baseline knows a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// Not at all by time: one level over all.
    Overall,
    /// By the hour of the day.
    HourOfDay,
    /// By the hour of the week.
    HourOfWeek,
}

/// What is normal at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expected {
    /// The level: the median, with the trend.
    pub level: f64,
    /// The spread around it, above 0.
    pub spread: f64,
}

/// What is normal for a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    tz: Tz,
    /// By hour of week: median without trend, spread, and how finely they are known.
    slots: Vec<(f64, f64, Resolution)>,
    /// The day from which the trend counts, and what it adds a day.
    trend: Option<(i64, f64)>,
    /// How many values it is of.
    count: usize,
}

/// The hours of a week.
const SLOTS: usize = 168;
/// How many weeks, or days, must have an hour.
const FEWEST: usize = 3;
/// How many days a trend needs: with fewer, one step is crossed by half of the pairs.
const TREND_DAYS: i64 = 22;
/// The longest history whose days are looked at for a trend.
const MOST_DAYS: i64 = 3660;
/// A normal distribution's standard deviation over its median absolute deviation.
const DEVIATION: f64 = 1.4826;

impl Baseline {
    /// Fits a baseline; none where no value is present.
    ///
    /// Spreads are at least a quarter of that of the hour in the middle, and 1 % of the level: less
    /// does not matter to anybody.
    pub fn fit(samples: &Samples<'_>, tz: Tz) -> Option<Self> {
        let mut clock = Clock::new(tz);
        let valid = |x: &f64| x.abs() < 1e150;
        let mut present: Vec<(i64, usize, f64)> = Vec::with_capacity(samples.values.len());
        for (index, value) in samples.values.iter().enumerate() {
            if valid(value) {
                let local = clock.local(samples.at(index));
                present.push((local.day, local.hour_of_week, *value));
            }
        }
        let first = present.first()?.0;
        let mut day_medians = daily_medians(&present);
        let trend = trend(&day_medians).map(|slope| (first, slope));
        if let Some((from, slope)) = trend {
            let adds = |day: i64| slope * (day - from) as f64;
            for (day, _, value) in &mut present {
                *value -= adds(*day);
            }
            for (day, median) in &mut day_medians {
                *median -= adds(*day);
            }
        }
        // The level of each week is taken out, so that a step in the history does not spoil
        // the hours.
        let levels = weekly_levels(&day_medians);
        let mut all: Vec<f64> = levels.iter().map(|(_, level)| *level).collect();
        let base = median_and_spread(&mut all).0;
        let mut of_day = levels.iter().peekable();
        for (day, _, value) in &mut present {
            while of_day.peek().is_some_and(|(other, _)| other != day) {
                of_day.next();
            }
            *value += base - of_day.peek().map_or(base, |(_, level)| *level);
        }
        // Sorted into slots by counting, and how many days each has.
        let mut starts = vec![0_usize; SLOTS + 1];
        let mut days = [0_usize; SLOTS];
        let mut last = [i64::MIN; SLOTS];
        for &(day, slot, _) in &present {
            starts[slot + 1] += 1;
            if last[slot] != day {
                last[slot] = day;
                days[slot] += 1;
            }
        }
        for slot in 0..SLOTS {
            starts[slot + 1] += starts[slot];
        }
        let mut filled = starts.clone();
        let mut sorted = vec![0.0; present.len()];
        for &(_, slot, value) in &present {
            sorted[filled[slot]] = value;
            filled[slot] += 1;
        }
        let mut scratch = Vec::new();
        let mut hours: [Known; 24] = [None; 24];
        let mut by_week: Vec<Known> = vec![None; SLOTS];
        for (hour, by_hour) in hours.iter_mut().enumerate() {
            let of_week = || (0..7).map(|weekday| weekday * 24 + hour);
            for slot in of_week().filter(|&slot| days[slot] >= FEWEST) {
                scratch.clear();
                scratch.extend_from_slice(&sorted[starts[slot]..starts[slot + 1]]);
                by_week[slot] = Some(median_and_spread(&mut scratch));
            }
            let known = of_week().all(|slot| by_week[slot].is_some());
            if !known && of_week().map(|slot| days[slot]).sum::<usize>() >= FEWEST {
                scratch.clear();
                for slot in of_week() {
                    scratch.extend_from_slice(&sorted[starts[slot]..starts[slot + 1]]);
                }
                *by_hour = Some(median_and_spread(&mut scratch));
            }
        }
        let overall = median_and_spread(&mut sorted);
        let least = least_spread(&by_week, &hours, overall, &present);
        let slots = (0..SLOTS)
            .map(|slot| {
                let (known, resolution) = match (by_week[slot], hours[slot % 24]) {
                    (Some(known), _) => (known, Resolution::HourOfWeek),
                    (None, Some(known)) => (known, Resolution::HourOfDay),
                    (None, None) => (overall, Resolution::Overall),
                };
                let spread = known.1.max(least).max(0.01 * known.0.abs());
                let spread = if spread > 0.0 { spread } else { 1.0 };
                (known.0, spread, resolution)
            })
            .collect();
        Some(Self {
            tz,
            slots,
            trend,
            count: present.len(),
        })
    }

    /// What is normal at a time.
    pub fn expected(&self, time: i64) -> Expected {
        self.at(Clock::new(self.tz).local(time))
    }

    fn at(&self, local: super::clock::Local) -> Expected {
        let (median, spread, _) = self.slots[local.hour_of_week % SLOTS];
        let trend = self.trend.map_or(0.0, |(from, slope)| {
            slope * (local.day.saturating_sub(from)) as f64
        });
        Expected {
            level: median + trend,
            spread,
        }
    }

    /// How finely it knows a time.
    pub fn resolution(&self, time: i64) -> Resolution {
        self.slots[Clock::new(self.tz).local(time).hour_of_week % SLOTS].2
    }

    /// How finely it knows the hours that it knows least.
    pub fn coarsest(&self) -> Resolution {
        let all = self.slots.iter().map(|slot| slot.2);
        all.min().unwrap_or(Resolution::Overall)
    }

    /// What the trend adds a day, where there was history enough for one.
    pub fn trend_per_day(&self) -> Option<f64> {
        self.trend.map(|(_, slope)| slope)
    }

    /// How many values it was fitted to.
    pub fn count(&self) -> usize {
        self.count
    }

    /// What deviates from the normal level; NaN where a value is missing.
    pub fn deviations(&self, samples: &Samples<'_>) -> Vec<f64> {
        self.map(samples, |value, expected| value - expected.level)
    }

    /// What deviates from the normal level, in spreads: robust z-scores.
    pub fn scores(&self, samples: &Samples<'_>) -> Vec<f64> {
        self.map(samples, |value, expected| {
            (value - expected.level) / expected.spread
        })
    }

    fn map(&self, samples: &Samples<'_>, f: impl Fn(f64, Expected) -> f64) -> Vec<f64> {
        let mut clock = Clock::new(self.tz);
        let score = |(index, value): (usize, &f64)| {
            if value.is_finite() {
                f(*value, self.at(clock.local(samples.at(index))))
            } else {
                f64::NAN
            }
        };
        samples.values.iter().enumerate().map(score).collect()
    }
}

type Known = Option<(f64, f64)>;

/// A quarter of the usual spread of an hour; where that is 0, the standard deviation over
/// all.
fn least_spread(
    by_week: &[Known],
    hours: &[Known],
    overall: (f64, f64),
    present: &[(i64, usize, f64)],
) -> f64 {
    let known = by_week.iter().chain(hours).flatten();
    let mut spreads: Vec<f64> = known.map(|(_, spread)| *spread).collect();
    if spreads.is_empty() {
        spreads.push(overall.1);
    }
    let middle = spreads.len() / 2;
    let usual = *spreads.select_nth_unstable_by(middle, f64::total_cmp).1;
    if usual > 0.0 {
        return 0.25 * usual;
    }
    let count = present.len() as f64;
    let squares = present.iter().map(|p| (p.2 - overall.0).powi(2) / count);
    squares.sum::<f64>().sqrt()
}

/// The median, and the median deviation from it as a standard deviation.
pub(super) fn median_and_spread(values: &mut [f64]) -> (f64, f64) {
    let middle = values.len() / 2;
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let median = *values.select_nth_unstable_by(middle, f64::total_cmp).1;
    for value in values.iter_mut() {
        *value = (*value - median).abs();
    }
    let deviation = *values.select_nth_unstable_by(middle, f64::total_cmp).1;
    (median, DEVIATION * deviation)
}

/// The median of each run of values of one day.
fn daily_medians(present: &[(i64, usize, f64)]) -> Vec<(i64, f64)> {
    let mut scratch: Vec<f64> = Vec::new();
    let days = present.chunk_by(|a, b| a.0 == b.0);
    days.map(|day| {
        scratch.clear();
        scratch.extend(day.iter().map(|p| p.2));
        (day[0].0, median(&mut scratch))
    })
    .collect()
}

/// The median of seven days around each, or of the seven at the end; one level for less than
/// seven days.
fn weekly_levels(days: &[(i64, f64)]) -> Vec<(i64, f64)> {
    let mut scratch: Vec<f64> = Vec::new();
    let level = |k: usize| {
        let from = k.saturating_sub(3).min(days.len().saturating_sub(7));
        scratch.clear();
        scratch.extend(days[from..days.len().min(from + 7)].iter().map(|d| d.1));
        median(&mut scratch)
    };
    let levels: Vec<f64> = (0..days.len()).map(level).collect();
    days.iter().map(|d| d.0).zip(levels).collect()
}

/// The median of some values, by selection.
fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

/// The slope a day: the median of the slopes of daily medians seven days apart.
fn trend(days: &[(i64, f64)]) -> Option<f64> {
    let (first, last) = (days.first()?.0, days.last()?.0);
    let span = last.checked_sub(first)? + 1;
    if !(TREND_DAYS..=MOST_DAYS).contains(&span) {
        return None;
    }
    let mut medians = vec![f64::NAN; span as usize];
    for (day, median) in days {
        let place = usize::try_from(day - first).ok()?;
        *medians.get_mut(place)? = *median;
    }
    let later = medians.iter().skip(7);
    let mut slopes: Vec<f64> = medians
        .iter()
        .zip(later)
        .map(|(a, b)| (b - a) / 7.0)
        .filter(|slope| slope.is_finite())
        .collect();
    if slopes.len() < (TREND_DAYS - 7) as usize {
        return None;
    }
    Some(median(&mut slopes))
}
