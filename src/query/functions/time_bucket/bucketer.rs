use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;
use datafusion::common::{DataFusionError, Result, exec_datafusion_err, exec_err};

use super::Width;
use crate::model::{MICROS_PER_DAY, MICROS_PER_SECOND};

/// 2000-01-03T00:00:00Z, a Monday.
const MONDAY: i64 = 946_857_600 * MICROS_PER_SECOND;
/// Months of the year 2000's beginning since the year 0.
const YEAR_2000: i64 = 2000 * 12;

/// What buckets are counted from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Alignment {
    /// 2000-01-03 (months: 2000-01-01), UTC.
    Default,
    /// A time at which a bucket begins, µs.
    Origin(i64),
    /// As by default, by the clock of this zone.
    Zone(Tz),
}

/// Finds the bucket of a time.
#[derive(Debug)]
pub(in super::super) struct Bucketer {
    width: Width,
    zone: Option<Tz>,
    /// µs; for months: months since the year 0.
    origin: i64,
    /// The bucket found last, where its end is certain: sorted times fall into
    /// it again and again.
    known: std::ops::Range<i64>,
}

impl Bucketer {
    pub(in super::super) fn new(width: Width, alignment: Alignment) -> Result<Self> {
        let origin = match (width, alignment) {
            (Width::Fixed(_), Alignment::Origin(origin)) => origin,
            (Width::Fixed(_), _) => MONDAY,
            (Width::Months(_), Alignment::Origin(origin)) => {
                let month = month_of(origin)?;
                if month_start(month)? != origin {
                    return exec_err!("time_bucket: months can only begin on the first of a month");
                }
                month
            }
            (Width::Months(_), _) => YEAR_2000,
        };
        Ok(Self {
            width,
            zone: match alignment {
                Alignment::Zone(tz) if tz != Tz::UTC => Some(tz),
                _ => None,
            },
            origin,
            known: 0..0,
        })
    }

    /// Returns the start of the bucket of `ts`.
    #[inline]
    pub(in super::super) fn start(&mut self, ts: i64) -> Result<i64> {
        if self.known.contains(&ts) {
            return Ok(self.known.start);
        }
        let Some(tz) = self.zone else {
            self.known = self.bucket(ts)?;
            return Ok(self.known.start);
        };
        let local = self.bucket(to_local(ts, tz)?)?;
        if matches!(self.width, Width::Fixed(width) if width < MICROS_PER_DAY) {
            // In a doubled hour the bucket begins in the same of the two as ts.
            return to_utc(local.start, tz, Some(ts));
        }
        self.known = to_utc(local.start, tz, None)?..to_utc(local.end, tz, None)?;
        Ok(self.known.start)
    }

    fn bucket(&self, ts: i64) -> Result<std::ops::Range<i64>> {
        match self.width {
            Width::Fixed(width) => {
                // Both remainders are less than the width, so nothing overflows before the last step.
                let into = ts.rem_euclid(width) - self.origin.rem_euclid(width);
                let start = ts
                    .checked_sub(into.rem_euclid(width))
                    .ok_or_else(|| beyond(ts))?;
                Ok(start..start.saturating_add(width))
            }
            Width::Months(months) => {
                let months = i64::from(months);
                let month = month_of(ts)?;
                let first = month - (month - self.origin).rem_euclid(months);
                Ok(month_start(first)?..month_start(first + months)?)
            }
        }
    }
}

fn beyond(ts: i64) -> DataFusionError {
    exec_datafusion_err!("time_bucket: the time {ts} µs is beyond the calendar")
}

fn clock(ts: i64) -> Result<NaiveDateTime> {
    let time = DateTime::from_timestamp_micros(ts).ok_or_else(|| beyond(ts))?;
    Ok(time.naive_utc())
}

fn month_of(ts: i64) -> Result<i64> {
    let date = clock(ts)?;
    Ok(i64::from(date.year()) * 12 + i64::from(date.month0()))
}

fn month_start(month: i64) -> Result<i64> {
    let year = i32::try_from(month.div_euclid(12)).ok();
    let number = u32::try_from(month.rem_euclid(12) + 1).ok();
    year.zip(number)
        .and_then(|(year, month)| NaiveDate::from_ymd_opt(year, month, 1))
        .and_then(|date| date.and_hms_opt(0, 0, 0))
        .map(|time| time.and_utc().timestamp_micros())
        .ok_or_else(|| exec_datafusion_err!("time_bucket: a bucket is beyond the calendar"))
}

fn to_local(ts: i64, tz: Tz) -> Result<i64> {
    let offset = tz
        .offset_from_utc_datetime(&clock(ts)?)
        .fix()
        .local_minus_utc();
    ts.checked_add(i64::from(offset) * MICROS_PER_SECOND)
        .ok_or_else(|| beyond(ts))
}

/// Of a doubled time the first is taken, or the second if `not_after` allows
/// it; of a skipped one the instant at which the clock was put forward.
fn to_utc(local: i64, tz: Tz, not_after: Option<i64>) -> Result<i64> {
    use chrono::LocalResult;
    let micros = |time: DateTime<Tz>| time.timestamp_micros();
    match tz.from_local_datetime(&clock(local)?) {
        LocalResult::Single(time) => Ok(micros(time)),
        LocalResult::Ambiguous(first, second) => {
            let second =
                Some(micros(second)).filter(|&t| not_after.is_some_and(|limit| t <= limit));
            Ok(second.unwrap_or(micros(first)))
        }
        LocalResult::None => {
            let (mut before, mut after) = (
                local.saturating_sub(MICROS_PER_DAY),
                local.saturating_add(MICROS_PER_DAY),
            );
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if to_local(middle, tz)? < local {
                    before = middle;
                } else {
                    after = middle;
                }
            }
            Ok(after)
        }
    }
}
