//! Knows the bank holidays of England and Wales (gov.uk/bank-holidays) and the days of the week.

use crate::model::MICROS_PER_DAY;

/// Year, month, day, title; substitute days where the holiday falls on a weekend.
const BANK_HOLIDAYS: &[(i32, u32, u32, &str)] = &[
    (2025, 1, 1, "New Year's Day"),
    (2025, 4, 18, "Good Friday"),
    (2025, 4, 21, "Easter Monday"),
    (2025, 5, 5, "Early May bank holiday"),
    (2025, 5, 26, "Spring bank holiday"),
    (2025, 8, 25, "Summer bank holiday"),
    (2025, 12, 25, "Christmas Day"),
    (2025, 12, 26, "Boxing Day"),
    (2026, 1, 1, "New Year's Day"),
    (2026, 4, 3, "Good Friday"),
    (2026, 4, 6, "Easter Monday"),
    (2026, 5, 4, "Early May bank holiday"),
    (2026, 5, 25, "Spring bank holiday"),
    (2026, 8, 31, "Summer bank holiday"),
    (2026, 12, 25, "Christmas Day"),
    (2026, 12, 28, "Boxing Day (substitute day)"),
    (2027, 1, 1, "New Year's Day"),
    (2027, 3, 26, "Good Friday"),
    (2027, 3, 29, "Easter Monday"),
    (2027, 5, 3, "Early May bank holiday"),
    (2027, 5, 31, "Spring bank holiday"),
    (2027, 8, 30, "Summer bank holiday"),
    (2027, 12, 27, "Christmas Day (substitute day)"),
    (2027, 12, 28, "Boxing Day (substitute day)"),
];

/// A bank holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holiday {
    /// Its first instant, µs, UTC.
    pub(super) start: i64,
    /// What it is called.
    pub(super) title: &'static str,
}

/// All known holidays, in order.
pub(super) fn holidays() -> impl Iterator<Item = Holiday> {
    BANK_HOLIDAYS
        .iter()
        .filter_map(|&(year, month, day, title)| {
            let date = chrono::NaiveDate::from_ymd_opt(year, month, day)?;
            let start = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros();
            Some(Holiday { start, title })
        })
}

/// Day of the week of a time, Monday 0.
pub(super) fn weekday(ts: i64) -> usize {
    // 1 January 1970 was a Thursday.
    (ts.div_euclid(MICROS_PER_DAY) + 3).rem_euclid(7) as usize
}

/// Hour of the day with its fraction, UTC.
pub(super) fn hour(ts: i64) -> f64 {
    ts.rem_euclid(MICROS_PER_DAY) as f64 / 3_600e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_days() {
        assert_eq!(weekday(0), 3);
        // 4 May 2026 is a Monday.
        let may = holidays()
            .find(|h| h.title.starts_with("Early May") && h.start > 1_770_000_000_000_000);
        let may = may.map(|h| h.start).unwrap_or_default();
        assert_eq!(may, 1_777_852_800_000_000);
        assert_eq!(weekday(may), 0);
        assert_eq!(hour(may + 5_400_000_000), 1.5);
        assert_eq!(holidays().count(), BANK_HOLIDAYS.len());
        // A bank holiday is never on a weekend.
        assert!(holidays().all(|h| weekday(h.start) < 5));
    }
}
