//! On-call rotations, and what each shift of one would have had.
//!
//! ```yaml
//! tz: Europe/London           # UTC if it is not said
//! start: 2026-04-20 09:00     # a handover: local, or with an offset
//! shift: 1w                   # 1w, 1d, 12h; an hour at least
//! people: [Ann, Bob, Cleo]
//! overrides:
//!   - {person: Bob, start: 2026-04-25 09:00, end: 2026-04-26 09:00}
//! ```
//!
//! `start` is the begin of the first person's shift. As a backtest looks at the
//! past, the rotation is taken to have gone on in the same way before it.
//! Handovers stay where they are on the local clock: a week that begins at 09:00
//! ends at 09:00, and has an hour more or less where the clock changes. One that
//! the clock skips is at the first instant after the gap, one that comes twice
//! at the first of them. Of overrides that overlap, the last in the file holds.

mod file;

pub use file::{RotationError, RotationErrorKind};

use chrono::{MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::calendar::readable;
use super::{Calendar, Run};
use crate::model::TimeRange;

/// Who is on call when.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    /// The zone of the handovers.
    pub tz: Tz,
    /// A handover to the first person, µs.
    pub start: i64,
    /// The length of a shift on the local clock, µs.
    pub shift: i64,
    /// The people, in their order; at least one.
    pub people: Vec<String>,
    /// Who stood in.
    pub overrides: Vec<Override>,
}

/// Somebody who stood in.
#[derive(Debug, Clone, PartialEq)]
pub struct Override {
    /// Who.
    pub person: String,
    /// First instant, µs.
    pub start: i64,
    /// First instant after it, µs.
    pub end: i64,
}

/// A time during which one person was on call, and its pages.
#[derive(Debug, Clone, PartialEq)]
pub struct Shift {
    /// Who.
    pub person: String,
    /// First instant, µs.
    pub start: i64,
    /// First instant after it, µs.
    pub end: i64,
    /// Pages.
    pub pages: usize,
    /// Pages at night.
    pub night: usize,
    /// Pages on a Saturday or Sunday.
    pub weekend: usize,
    /// Pages in the worst night.
    pub worst_night: usize,
    /// The longest time without a page, µs.
    pub longest_quiet: i64,
}

const HOUR: i64 = 3_600_000_000;

impl Rotation {
    /// The shifts of a range, each with its part of it, and the pages of a run in them.
    pub fn shifts(&self, range: TimeRange, run: &Run, calendar: &Calendar) -> Vec<Shift> {
        let mut pages: Vec<i64> = run
            .notifications
            .iter()
            .filter(|one| one.is_page)
            .map(|one| one.notification.ts)
            .collect();
        pages.sort_unstable();
        self.spans(range)
            .into_iter()
            .map(|(person, start, end)| {
                let from = pages.partition_point(|ts| *ts < start);
                let to = pages.partition_point(|ts| *ts < end);
                record(person, (start, end), &pages[from..to.max(from)], calendar)
            })
            .collect()
    }

    /// Who is on call when in a range: whole, without gaps, in order.
    fn spans(&self, range: TimeRange) -> Vec<(&str, i64, i64)> {
        let range = TimeRange {
            start: readable(range.start),
            end: readable(range.end),
        };
        let mut cuts = self.handovers(range);
        for one in &self.overrides {
            for at in [one.start, one.end] {
                if (range.start..range.end).contains(&at) {
                    cuts.push((at, None));
                }
            }
        }
        // A handover goes before the override that begins at its instant.
        cuts.sort_by_key(|(at, turn)| (*at, turn.is_none()));
        let mut spans: Vec<(&str, i64, i64)> = Vec::new();
        let mut turn = 0;
        for (index, (at, handover)) in cuts.iter().enumerate() {
            turn = handover.unwrap_or(turn);
            let start = (*at).max(range.start);
            let end = cuts
                .get(index + 1)
                .map_or(range.end, |next| next.0)
                .min(range.end);
            if start >= end {
                continue;
            }
            let stands_in = self
                .overrides
                .iter()
                .rev()
                .find(|one| one.start <= start && start < one.end);
            let person = stands_in.map_or(self.people[turn].as_str(), |one| one.person.as_str());
            // What an override only divides, or goes over, stays whole.
            let is_same = handover.is_none() || stands_in.is_some();
            match spans.last_mut() {
                Some(last) if is_same && last.0 == person && last.2 == start => last.2 = end,
                _ => spans.push((person, start, end)),
            }
        }
        spans
    }

    /// Handovers with the place of the person who takes over: the last before the range, if it
    /// does not begin with one, and all in it.
    fn handovers(&self, range: TimeRange) -> Vec<(i64, Option<usize>)> {
        let shift = self.shift.max(HOUR);
        let Some(origin) = wall(self.start, self.tz) else {
            return Vec::new();
        };
        // Two days are more than any clock is off.
        let reach = 48 * HOUR;
        let first = (range.start - readable(self.start) - reach).div_euclid(shift) - 1;
        let last = (range.end - readable(self.start) + reach).div_euclid(shift) + 1;
        let mut handovers: Vec<(i64, Option<usize>)> = Vec::new();
        for number in first..=last {
            let later = TimeDelta::microseconds(shift.saturating_mul(number));
            let Some(at) = origin
                .checked_add_signed(later)
                .and_then(|local| instant(local, self.tz))
            else {
                continue;
            };
            if at >= range.end {
                break;
            }
            let people = i64::try_from(self.people.len()).unwrap_or(i64::MAX);
            let person = usize::try_from(number.rem_euclid(people.max(1))).unwrap_or(0);
            if at <= range.start {
                handovers.clear();
            }
            handovers.push((at, Some(person)));
        }
        handovers
    }
}

/// What the clock on the wall shows.
fn wall(ts: i64, tz: Tz) -> Option<NaiveDateTime> {
    let utc = chrono::DateTime::from_timestamp_micros(readable(ts))?;
    Some(utc.with_timezone(&tz).naive_local())
}

/// The instant at which the clock on the wall shows a time: the first of two, or the next that
/// there is.
fn instant(local: NaiveDateTime, tz: Tz) -> Option<i64> {
    // The longest gaps are a day (Samoa, 2011); they end at quarters of an hour.
    const QUARTER: TimeDelta = TimeDelta::minutes(15);
    let mut local = local;
    for _ in 0..=100 {
        match tz.from_local_datetime(&local) {
            MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(at, _) => {
                return Some(at.timestamp_micros());
            }
            MappedLocalTime::None => {
                let into = TimeDelta::microseconds(
                    local.and_utc().timestamp_micros().rem_euclid(900_000_000),
                );
                local = local
                    .checked_sub_signed(into)?
                    .checked_add_signed(QUARTER)?;
            }
        }
    }
    None
}

fn record(person: &str, (start, end): (i64, i64), pages: &[i64], calendar: &Calendar) -> Shift {
    let (mut worst_night, mut this_night, mut night_of) = (0, 0, None);
    let mut longest_quiet = 0;
    let mut quiet_from = start;
    for &ts in pages {
        longest_quiet = longest_quiet.max(ts - quiet_from);
        quiet_from = ts;
        if let Some(night) = calendar.night_of(ts) {
            this_night = if night_of == Some(night) {
                this_night + 1
            } else {
                1
            };
            night_of = Some(night);
            worst_night = worst_night.max(this_night);
        }
    }
    Shift {
        person: person.to_owned(),
        start,
        end,
        pages: pages.len(),
        night: pages.iter().filter(|ts| calendar.is_night(**ts)).count(),
        weekend: pages.iter().filter(|ts| calendar.is_weekend(**ts)).count(),
        worst_night,
        longest_quiet: longest_quiet.max(end - quiet_from),
    }
}

#[cfg(test)]
mod tests;
