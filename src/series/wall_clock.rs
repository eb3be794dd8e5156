//! The clock on a zone's wall: between it and UTC, on every instant that 64 bits hold.
//!
//! A wall clock's reading is µs since 1970-01-01 00:00 as that clock reads. Beyond the years
//! that chrono knows (some 262,000 either way) the offset of its last year holds.

use chrono::{DateTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::Tz;

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// Well inside of what chrono can tell.
const FARTHEST: i64 = 8_200_000_000_000_000_000;

/// No clock is known to have been set before 1700, or to be after 2200.
const FIRST_SET: i64 = -8_520_336_000_000_000;
const LAST_SET: i64 = 7_258_118_400_000_000;

fn naive(micros: i64) -> NaiveDateTime {
    DateTime::from_timestamp_micros(micros.clamp(-FARTHEST, FARTHEST))
        .map_or(NaiveDateTime::MIN, |instant| instant.naive_utc())
}

/// What a wall clock is ahead of UTC at an instant, µs.
pub(super) fn offset(ts: i64, tz: Tz) -> i64 {
    let offset = tz.offset_from_utc_datetime(&naive(ts)).fix();
    i64::from(offset.local_minus_utc()) * 1_000_000
}

/// What the wall clock reads at an instant.
pub(super) fn reading(ts: i64, tz: Tz) -> i64 {
    ts.saturating_add(offset(ts, tz))
}

/// The date and time of a reading.
pub(super) fn calendar(reading: i64) -> NaiveDateTime {
    naive(reading)
}

/// The instant of a reading: the first of two, and where the clock jumps over the reading the
/// instant of the jump.
pub(super) fn instant(reading: i64, tz: Tz) -> i64 {
    // No clock was set twice in three days.
    let before = offset(reading.saturating_sub(DAY + DAY / 2), tz);
    let after = offset(reading.saturating_add(DAY + DAY / 2), tz);
    let (first, second) = (
        reading.saturating_sub(before),
        reading.saturating_sub(after),
    );
    if before == after || offset(first, tz) == before {
        return first;
    }
    if offset(second, tz) == after {
        return second;
    }
    // By the old offset it is after the jump, by the new one before.
    change(second, first, tz)
}

/// The first instant after `from` and not after `to` at which the offset is that of `to`.
fn change(mut from: i64, mut to: i64, tz: Tz) -> i64 {
    let new = offset(to, tz);
    while from < to.saturating_sub(1) {
        let middle = from.midpoint(to);
        if offset(middle, tz) == new {
            to = middle;
        } else {
            from = middle;
        }
    }
    to
}

/// Whether a zone's clock has been set since 2000, or will be before 2038.
pub(super) fn is_ever_set(tz: Tz) -> bool {
    const START: i64 = 946_684_800_000_000;
    let first = offset(START, tz);
    (0..38 * 24).any(|half_month| {
        offset(START + half_month * 15 * DAY + half_month * 5 * HOUR, tz) != first
    })
}

/// The offsets of a zone, asked for in the order of time.
#[derive(Debug, Clone)]
pub(super) struct Offsets {
    tz: Tz,
    from: i64,
    until: i64,
    offset: i64,
}

impl Offsets {
    pub(super) fn new(tz: Tz) -> Self {
        Self {
            tz,
            from: 0,
            until: 0,
            offset: 0,
        }
    }

    /// The offset at an instant, and an instant before which it does not change.
    pub(super) fn at(&mut self, ts: i64) -> (i64, i64) {
        if !(self.from..self.until).contains(&ts) {
            self.offset = offset(ts, self.tz);
            self.from = ts;
            self.until = match ts {
                ..FIRST_SET => FIRST_SET,
                LAST_SET.. => i64::MAX,
                _ => ts.saturating_add(DAY),
            };
            if (FIRST_SET..LAST_SET).contains(&ts) && offset(self.until, self.tz) != self.offset {
                self.until = change(ts, self.until, self.tz);
            }
        }
        (self.offset, self.until)
    }

    /// The offset that was asked for last.
    pub(super) fn last(&self) -> i64 {
        self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> i64 {
        text.parse::<DateTime<chrono::Utc>>()
            .unwrap()
            .timestamp_micros()
    }

    #[test]
    fn readings_come_back_as_instants() {
        for (tz, local, utc) in [
            // Skipped: the instant of the jump.
            (
                Tz::Europe__London,
                "2025-03-30T01:30:00Z",
                "2025-03-30T01:00:00Z",
            ),
            (
                Tz::Europe__London,
                "2025-03-30T01:00:00Z",
                "2025-03-30T01:00:00Z",
            ),
            (
                Tz::Europe__London,
                "2025-03-30T02:00:00Z",
                "2025-03-30T01:00:00Z",
            ),
            (
                Tz::Europe__London,
                "2025-03-30T00:59:59Z",
                "2025-03-30T00:59:59Z",
            ),
            (
                Tz::America__New_York,
                "2025-03-09T02:15:00Z",
                "2025-03-09T07:00:00Z",
            ),
            // Doubled: the first.
            (
                Tz::Europe__London,
                "2025-10-26T01:30:00Z",
                "2025-10-26T00:30:00Z",
            ),
            (
                Tz::Europe__London,
                "2025-10-26T02:00:00Z",
                "2025-10-26T02:00:00Z",
            ),
            (
                Tz::America__New_York,
                "2025-11-02T01:00:00Z",
                "2025-11-02T05:00:00Z",
            ),
            (
                Tz::America__New_York,
                "2025-11-02T02:00:00Z",
                "2025-11-02T07:00:00Z",
            ),
            (
                Tz::Asia__Kolkata,
                "2025-03-30T01:30:00Z",
                "2025-03-29T20:00:00Z",
            ),
            // A whole day was skipped; half an hour is.
            (
                Tz::Pacific__Apia,
                "2011-12-30T12:00:00Z",
                "2011-12-30T10:00:00Z",
            ),
            (
                Tz::Australia__Lord_Howe,
                "2025-10-05T02:10:00Z",
                "2025-10-04T15:30:00Z",
            ),
        ] {
            assert_eq!(instant(at(local), tz), at(utc), "{tz} {local}");
        }
    }

    #[test]
    fn knows_zones_whose_clock_is_set() {
        for tz in [
            Tz::Europe__London,
            Tz::America__New_York,
            Tz::Africa__Casablanca,
        ] {
            assert!(is_ever_set(tz), "{tz}");
        }
        for tz in [Tz::UTC, Tz::Asia__Kolkata, Tz::Asia__Tokyo] {
            assert!(!is_ever_set(tz), "{tz}");
        }
    }

    proptest! {
        #[test]
        fn offsets_in_order_equal_each_alone(
            start in prop_oneof![any::<i64>(), 0_i64..2_000_000_000_000_000],
            distances in proptest::collection::vec(0_i64..300 * HOUR, 0..50),
        ) {
            for tz in [Tz::Europe__London, Tz::America__New_York, Tz::Asia__Kolkata, Tz::Pacific__Apia] {
                let mut offsets = Offsets::new(tz);
                let mut ts = start;
                for distance in &distances {
                    ts = ts.saturating_add(*distance);
                    let (found, until) = offsets.at(ts);
                    prop_assert_eq!(found, offset(ts, tz));
                    prop_assert!(until > ts || ts == i64::MAX);
                }
                let _ = instant(start, tz);
            }
        }

        #[test]
        fn readings_of_instants_come_back(ts in -2_000_000_000_000_000_i64..4_000_000_000_000_000) {
            for tz in [Tz::Europe__London, Tz::America__New_York, Tz::Asia__Kolkata] {
                let back = instant(reading(ts, tz), tz);
                // The second of a doubled hour comes back as the first.
                prop_assert!(back == ts || back == ts - HOUR, "{} {}", ts, back);
                prop_assert_eq!(reading(back, tz), reading(ts, tz));
            }
        }
    }
}
