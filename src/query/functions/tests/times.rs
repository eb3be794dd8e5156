use proptest::prelude::*;

use super::super::time_bucket::{Alignment, Bucketer, Width};
use super::*;
use crate::model::{MICROS_PER_DAY, format_timestamp, parse_timestamp};

#[test]
fn buckets_by_hand() {
    let ctx = context(1, 8192);
    // Checked against DuckDB's documentation: weeks begin on Monday, months on the first.
    for (call, expected) in [
        (
            "'5m', TIMESTAMP '2026-03-01 08:04:59'",
            "2026-03-01T08:00:00",
        ),
        (
            "INTERVAL '5 minutes', TIMESTAMP '2026-03-01 08:05:00'",
            "2026-03-01T08:05:00",
        ),
        (
            "'1w', TIMESTAMP '2026-03-01 08:00:00'",
            "2026-02-23T00:00:00",
        ),
        (
            "INTERVAL '1 month', TIMESTAMP '2026-03-31 08:00:00'",
            "2026-03-01T00:00:00",
        ),
        (
            "INTERVAL '3 months', TIMESTAMP '1999-12-31'",
            "1999-10-01T00:00:00",
        ),
        (
            "INTERVAL '1 year', TIMESTAMP '1969-12-31'",
            "1969-01-01T00:00:00",
        ),
        (
            "'1h', TIMESTAMP '1969-12-31 23:59:59.999999'",
            "1969-12-31T23:00:00",
        ),
        (
            "'1h', TIMESTAMP '2026-03-01 08:10:00', TIMESTAMP '2000-01-01 00:15:00'",
            "2026-03-01T07:15:00",
        ),
        (
            "'1h', TIMESTAMP '2026-03-01 08:10:00', '2000-01-01 00:15:00'",
            "2026-03-01T07:15:00",
        ),
        (
            "'1d', TIMESTAMP '2026-06-01 22:59:00', 'Europe/London'",
            "2026-05-31T23:00:00",
        ),
        (
            "INTERVAL '1 month', TIMESTAMP '2026-06-30 23:30:00', 'Europe/London'",
            "2026-06-30T23:00:00",
        ),
        (
            "'1h', TIMESTAMP '2026-06-01 22:59:00', 'Asia/Kolkata'",
            "2026-06-01T22:30:00",
        ),
    ] {
        assert_eq!(
            query(&ctx, &format!("SELECT time_bucket({call})")),
            [expected],
            "{call}"
        );
    }
    assert_eq!(
        query(&ctx, "SELECT time_bucket('1h', NULL::timestamp) IS NULL"),
        ["true"]
    );
    let typed = "SELECT arrow_typeof(time_bucket('1h', ts)) FROM samples LIMIT 1";
    load(&ctx, vec![vec![batch(&[(1, 1, None)])]]);
    assert!(query(&ctx, typed)[0].contains("UTC"));
}

#[test]
fn bad_widths_are_named() {
    for (call, part) in [
        ("'5 minutes', now()", "not a duration"),
        ("'0', now()", "longer than zero"),
        ("INTERVAL '-1 hour', now()", "longer than zero"),
        ("INTERVAL '1 month 1 day', now()", "not both"),
        ("'1h', now(), 'Europe/Atlantis'", "time zone"),
        (
            "INTERVAL '1 month', now(), '2000-01-02'",
            "first of a month",
        ),
        ("'1h', 5", "timestamp"),
        ("'1h'", "time_bucket("),
    ] {
        fails(&format!("SELECT time_bucket({call})"), part);
    }
}

#[test]
fn days_by_the_clock_have_23_and_25_hours() {
    let cases = [
        // London: 2026-03-29 begins at 00:00Z, the next day at 23:00Z of the same date.
        (
            "Europe/London",
            "1d",
            "2026-03-29T22:59:59Z",
            "2026-03-29T00:00:00Z",
        ),
        (
            "Europe/London",
            "1d",
            "2026-03-29T23:00:00Z",
            "2026-03-29T23:00:00Z",
        ),
        (
            "Europe/London",
            "1d",
            "2026-10-25T23:59:59Z",
            "2026-10-24T23:00:00Z",
        ),
        (
            "Europe/London",
            "1d",
            "2026-10-26T00:00:00Z",
            "2026-10-26T00:00:00Z",
        ),
        // The doubled hour makes two buckets, 00:00Z and 01:00Z.
        (
            "Europe/London",
            "1h",
            "2026-10-25T00:30:00Z",
            "2026-10-25T00:00:00Z",
        ),
        (
            "Europe/London",
            "1h",
            "2026-10-25T01:30:00Z",
            "2026-10-25T01:00:00Z",
        ),
        (
            "Europe/London",
            "6h",
            "2026-10-25T01:30:00Z",
            "2026-10-24T23:00:00Z",
        ),
        // In Beirut the clock is put forward at midnight: the day begins at 01:00.
        (
            "Asia/Beirut",
            "1d",
            "2025-03-30T10:00:00Z",
            "2025-03-29T22:00:00Z",
        ),
        (
            "Asia/Beirut",
            "1d",
            "2025-03-29T21:59:59Z",
            "2025-03-28T22:00:00Z",
        ),
    ];
    for (zone, width, ts, expected) in cases {
        let utc = |text| parse_timestamp(text, chrono_tz::Tz::UTC).unwrap();
        let width = Width::Fixed(crate::model::parse_duration(width).unwrap());
        let zone = Alignment::Zone(zone.parse().unwrap());
        let start = Bucketer::new(width, zone).unwrap().start(utc(ts)).unwrap();
        assert_eq!(
            format_timestamp(start, chrono_tz::Tz::UTC),
            expected,
            "{ts}"
        );
    }
}

#[test]
fn a_sorted_scan_streams_through_buckets() {
    let ctx = context(1, 8192);
    load_sorted(&ctx, &counters(), 10);
    let sql = "EXPLAIN SELECT series_id, time_bucket('5m', ts) AS b, increase(ts, value) \
        FROM samples GROUP BY series_id, b";
    let plan = query(&ctx, sql).join("\n");
    assert!(plan.contains("ordering_mode=Sorted"), "{plan}");
    assert!(!plan.contains("SortExec"), "{plan}");
}

#[test]
fn hop_gives_overlapping_windows() {
    let ctx = context(1, 8192);
    let sql = "SELECT w, count(*) FROM (SELECT unnest(hop(ts, '1h', '30m')) AS w FROM (VALUES \
        (TIMESTAMP '2026-03-01 08:10:00'), (TIMESTAMP '2026-03-01 08:30:00'), (NULL)) AS t(ts)) \
        GROUP BY w ORDER BY w";
    assert_eq!(
        query(&ctx, sql),
        [
            "2026-03-01T07:30:00 1",
            "2026-03-01T08:00:00 2",
            "2026-03-01T08:30:00 1"
        ]
    );
    fails("SELECT hop(now(), '1m', '1h')", "slide");
    fails("SELECT hop(now(), '1y', '1ms')", "slides");
}

proptest! {
    #[test]
    fn a_bucket_holds_its_time(
        ts in any::<i64>(),
        width in prop_oneof![
            (1_i64..400 * MICROS_PER_DAY).prop_map(Width::Fixed),
            any::<u32>().prop_map(|n| Width::Fixed(i64::from(n) * 60_000_000 + 1)),
            (1_i32..500).prop_map(Width::Months),
        ],
        alignment in prop_oneof![
            Just(Alignment::Default),
            any::<i64>().prop_map(Alignment::Origin),
            Just(Alignment::Zone(chrono_tz::Tz::America__Sao_Paulo)),
            Just(Alignment::Zone(chrono_tz::Tz::Pacific__Apia)),
        ],
    ) {
        // Beyond the calendar is an error, not a panic.
        if let Ok(mut bucketer) = Bucketer::new(width, alignment)
            && let Ok(start) = bucketer.start(ts)
        {
            prop_assert!(start <= ts);
            if let (Width::Fixed(width), Alignment::Default | Alignment::Origin(_)) = (width, alignment) {
                prop_assert!(ts - start < width);
                prop_assert_eq!(bucketer.start(start).unwrap(), start);
            }
        }
    }

    /// Later times have later buckets, also where clocks change.
    #[test]
    fn buckets_keep_the_order(
        days in 10_000_i64..25_000, within in 0..MICROS_PER_DAY, minutes in 15_i64..3_000, step in 1_i64..10_000_000_000,
    ) {
        for zone in [chrono_tz::Tz::Europe__London, chrono_tz::Tz::Asia__Beirut, chrono_tz::Tz::Australia__Lord_Howe] {
            let width = Width::Fixed(minutes * 60_000_000);
            let mut bucketer = Bucketer::new(width, Alignment::Zone(zone)).unwrap();
            let ts = days * MICROS_PER_DAY + within;
            prop_assert!(bucketer.start(ts).unwrap() <= bucketer.start(ts + step).unwrap());
        }
    }
}
