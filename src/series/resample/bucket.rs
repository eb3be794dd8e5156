//! Which bucket an instant lies in.

use chrono_tz::Tz;

use super::Origin;
use crate::series::regular::{Step, clamp, date_of_month, month_number};
use crate::series::wall_clock::{self, Offsets};

const WEEK: i64 = 7 * 86_400_000_000;
/// Monday the 5th of January 1970.
const MONDAY: i64 = 4 * 86_400_000_000;

/// The buckets of a step, counted from a place.
pub(super) struct Buckets {
    step: Step,
    /// Where bucket 0 begins: an instant, an index, or a reading of the wall clock.
    origin: i64,
    offsets: Option<Offsets>,
}

impl Buckets {
    /// The buckets of a history that begins at `begin`; `None` where a step is not above 0.
    pub(super) fn new(step: Step, origin: Origin, begin: i64) -> Option<Self> {
        let round = |micros: i64| if micros % WEEK == 0 { MONDAY } else { 0 };
        let (size, origin, offsets) = match (step, origin) {
            (Step::Fixed(size) | Step::Index(size), Origin::First) => (size, begin, None),
            (Step::Fixed(size), Origin::Round) => (size, round(size), None),
            (Step::Index(size), Origin::Round) => (size, 0, None),
            (Step::Wall { micros, tz }, Origin::First) => {
                let reading = wall_clock::reading(begin, tz);
                (micros, reading, Some(Offsets::new(tz)))
            }
            (Step::Wall { micros, tz }, Origin::Round) => {
                (micros, round(micros), Some(Offsets::new(tz)))
            }
            (Step::Months { months, .. }, Origin::First) => (i64::from(months), begin, None),
            (Step::Months { months, tz }, Origin::Round) => {
                let size = i64::from(months);
                (size, round_month(begin, size, tz), None)
            }
        };
        (size > 0).then_some(Self {
            step,
            origin,
            offsets,
        })
    }

    /// The bucket of an instant, and an instant after it before which it stays the same.
    pub(super) fn at(&mut self, ts: i64) -> (i64, i64) {
        // Where 64 bits end, so does the last bucket.
        let ending = |until: i64| if until > ts { until } else { i64::MAX };
        match (self.step, &mut self.offsets) {
            (Step::Wall { micros, .. }, Some(offsets)) => {
                let (offset, valid) = offsets.at(ts);
                let (bucket, next) = divide(ts.saturating_add(offset), self.origin, micros);
                let until = next.saturating_sub(offset).min(valid);
                (bucket, ending(until))
            }
            (Step::Fixed(size) | Step::Index(size), _) => {
                let (bucket, next) = divide(ts, self.origin, size);
                (bucket, ending(next))
            }
            (Step::Months { months, tz }, _) => {
                let month =
                    |ts| month_number(wall_clock::calendar(wall_clock::reading(ts, tz)).date());
                let months = i64::from(months).max(1);
                let mut bucket = (month(ts) - month(self.origin)).div_euclid(months);
                // The month of an instant begins on the day of the origin.
                if self.start(bucket) > ts {
                    bucket -= 1;
                }
                (bucket, ending(self.start(bucket + 1)))
            }
            // A wall clock always has offsets.
            (Step::Wall { .. }, None) => (0, i64::MAX),
        }
    }

    /// What the wall clock was ahead of UTC at the instant asked for last; 0 without one.
    pub(super) fn offset(&self) -> i64 {
        self.offsets.as_ref().map_or(0, Offsets::last)
    }

    /// The instant at which a bucket begins.
    pub(super) fn start(&self, bucket: i64) -> i64 {
        let from_origin =
            |size: i64| clamp(i128::from(self.origin) + i128::from(bucket) * i128::from(size));
        match self.step {
            Step::Wall { micros, tz } => wall_clock::instant(from_origin(micros), tz),
            Step::Fixed(size) | Step::Index(size) => from_origin(size),
            Step::Months { .. } => self.step.after(self.origin, bucket),
        }
    }

    /// Whether the clock jumps over the reading at which a bucket begins.
    pub(super) fn begins_in_jump(&self, bucket: i64) -> bool {
        let Step::Wall { micros, tz } = self.step else {
            return false;
        };
        let reading = clamp(i128::from(self.origin) + i128::from(bucket) * i128::from(micros));
        wall_clock::reading(wall_clock::instant(reading, tz), tz) != reading
    }

    /// How long a bucket is; 0 where the clock jumps over it.
    pub(super) fn length(&self, bucket: i64) -> i64 {
        let next = self.start(bucket.saturating_add(1));
        next.saturating_sub(self.start(bucket))
    }

    /// Whether there may be buckets that the clock jumps over.
    pub(super) fn may_skip(&self) -> bool {
        match self.step {
            Step::Wall { tz, .. } => wall_clock::is_ever_set(tz),
            _ => false,
        }
    }
}

/// The quotient, rounded down, and where the next begins.
fn divide(place: i64, origin: i64, size: i64) -> (i64, i64) {
    if let Some(distance) = place.checked_sub(origin) {
        let bucket = distance.div_euclid(size);
        let next = place.saturating_add(size - distance.rem_euclid(size));
        return (bucket, next);
    }
    let distance = i128::from(place) - i128::from(origin);
    let rest = distance.rem_euclid(i128::from(size));
    let next = clamp(i128::from(place) + i128::from(size) - rest);
    (clamp(distance.div_euclid(i128::from(size))), next)
}

/// The begin of the month, quarter or year that an instant lies in.
fn round_month(ts: i64, months: i64, tz: Tz) -> i64 {
    let date = wall_clock::calendar(wall_clock::reading(ts, tz)).date();
    let month = month_number(date).div_euclid(months.max(1)) * months;
    let first = date_of_month(i128::from(month), 1);
    first.map_or(ts, |date| {
        let reading = date.and_time(chrono::NaiveTime::MIN).and_utc();
        wall_clock::instant(reading.timestamp_micros(), tz)
    })
}
