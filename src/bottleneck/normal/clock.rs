use chrono::{Offset, TimeZone, Utc};
use chrono_tz::Tz;

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// Reads a zone's clock at rising times; asks the zone once a quarter of an hour.
#[derive(Debug)]
pub(super) struct Clock {
    tz: Tz,
    /// The quarter of an hour that `offset` is for.
    quarter: i64,
    offset: i64,
}

/// A time as the clock on the wall has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Local {
    /// Days since the epoch.
    pub(super) day: i64,
    /// Hours since Monday 00:00.
    pub(super) hour_of_week: usize,
}

impl Clock {
    pub(super) fn new(tz: Tz) -> Self {
        Self {
            tz,
            quarter: i64::MIN,
            offset: 0,
        }
    }

    pub(super) fn local(&mut self, time: i64) -> Local {
        // Offsets change at full quarters of an hour.
        let quarter = time.div_euclid(MICROS_PER_HOUR / 4);
        if quarter != self.quarter {
            self.quarter = quarter;
            self.offset = match Utc.timestamp_micros(time).single() {
                Some(utc) => {
                    let offset = self.tz.offset_from_utc_datetime(&utc.naive_utc()).fix();
                    i64::from(offset.local_minus_utc()) * 1_000_000
                }
                None => 0,
            };
        }
        let local = time.saturating_add(self.offset);
        let day = local.div_euclid(MICROS_PER_DAY);
        // The epoch was a Thursday.
        let weekday = (day + 3).rem_euclid(7);
        let hour = local.rem_euclid(MICROS_PER_DAY) / MICROS_PER_HOUR;
        Local {
            day,
            hour_of_week: (weekday * 24 + hour) as usize,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Timelike};

    #[test]
    fn the_wall_is_followed_over_a_change_of_the_clocks() {
        let tz = chrono_tz::Europe::Berlin;
        let mut clock = Clock::new(tz);
        // Two days around 29 March 2026, 02:00, by quarters of an hour.
        let begin = tz
            .with_ymd_and_hms(2026, 3, 28, 0, 0, 0)
            .single()
            .expect("it exists");
        for k in 0..192 {
            let time = begin.timestamp_micros() + k * 900_000_000;
            let want = tz.timestamp_micros(time).single().expect("it exists");
            let got = clock.local(time);
            let hours = want.weekday().num_days_from_monday() * 24 + want.hour();
            assert_eq!(got.hour_of_week, hours as usize, "{want}");
            assert_eq!(
                got.day,
                i64::from(want.num_days_from_ce()) - 719_163,
                "{want}"
            );
        }
        let _ = clock.local(i64::MIN);
        let _ = clock.local(i64::MAX);
    }
}
