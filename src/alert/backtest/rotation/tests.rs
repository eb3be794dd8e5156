use proptest::prelude::*;

use super::*;
use crate::alert::backtest::judge::tests::Made;
use crate::model::parse_timestamp;

fn at(text: &str) -> i64 {
    parse_timestamp(text, Tz::UTC).unwrap()
}

fn range(start: &str, end: &str) -> TimeRange {
    TimeRange {
        start: at(start),
        end: at(end),
    }
}

/// Who, from when until when, in UTC to the minute.
fn who(rotation: &str, start: &str, end: &str) -> Vec<String> {
    let rotation = Rotation::parse(rotation).unwrap();
    let range = range(start, end);
    let shifts = rotation.shifts(range, &Made::default().run(), &Calendar::default());
    let minute = |ts| crate::model::format_timestamp(ts, Tz::UTC)[5..16].replace('T', " ");
    shifts
        .iter()
        .map(|one| format!("{} {} {}", one.person, minute(one.start), minute(one.end)))
        .collect()
}

const WEEKLY: &str = "start: 2026-04-20 09:00\nshift: 1w\npeople: [Ann, Bob, Cleo]\n";

#[test]
fn people_take_turns_before_the_start_too() {
    assert_eq!(
        who(WEEKLY, "2026-04-10T00:00:00Z", "2026-04-30T00:00:00Z"),
        [
            "Bob 04-10 00:00 04-13 09:00",
            "Cleo 04-13 09:00 04-20 09:00",
            "Ann 04-20 09:00 04-27 09:00",
            "Bob 04-27 09:00 04-30 00:00",
        ]
    );
}

#[test]
fn handovers_stay_on_the_local_clock() {
    // London changes to +01:00 on 2026-03-29.
    let rotation = "tz: Europe/London\nstart: 2026-03-20 09:00\nshift: 1w\npeople: [Ann, Bob]";
    assert_eq!(
        who(rotation, "2026-03-20T09:00:00Z", "2026-04-04T00:00:00Z"),
        [
            "Ann 03-20 09:00 03-27 09:00",
            "Bob 03-27 09:00 04-03 08:00",
            "Ann 04-03 08:00 04-04 00:00",
        ]
    );
    // 01:30 does not exist on that day: 02:00 takes its place, which is 01:00 UTC.
    let rotation = "tz: Europe/London\nstart: 2026-03-28 01:30\nshift: 12h\npeople: [Ann, Bob]";
    assert_eq!(
        who(rotation, "2026-03-28T13:30:00Z", "2026-03-30T00:30:00Z"),
        [
            "Bob 03-28 13:30 03-29 01:00",
            "Ann 03-29 01:00 03-29 12:30",
            "Bob 03-29 12:30 03-30 00:30",
        ]
    );
}

#[test]
fn somebody_stands_in() {
    let rotation = format!(
        "{WEEKLY}overrides:\n\
         - {{person: Bob, start: 2026-04-22 09:00, end: 2026-04-23 09:00}}\n\
         - {{person: Cleo, start: 2026-04-26T09:00:00Z, end: 2026-04-28T09:00:00Z}}\n\
         - {{person: Dan, start: 2026-04-28 08:00, end: 2026-04-28 09:00}}\n"
    );
    assert_eq!(
        who(&rotation, "2026-04-20T09:00:00Z", "2026-04-30T00:00:00Z"),
        [
            "Ann 04-20 09:00 04-22 09:00",
            "Bob 04-22 09:00 04-23 09:00",
            "Ann 04-23 09:00 04-26 09:00",
            "Cleo 04-26 09:00 04-28 08:00",
            "Dan 04-28 08:00 04-28 09:00",
            "Bob 04-28 09:00 04-30 00:00",
        ]
    );
}

#[test]
fn pages_fall_to_who_is_on_call() {
    let mut made = Made::default();
    made.range = range("2026-04-20T09:00:00Z", "2026-05-04T09:00:00Z");
    let rule = made.rule("A", "up == 0");
    // Ann's week: one by day, three in the night from Saturday to Sunday, one in the next night.
    for text in [
        "2026-04-21T12:00:00Z",
        "2026-04-25T23:00:00Z",
        "2026-04-26T01:00:00Z",
        "2026-04-26T06:59:00Z",
        "2026-04-26T22:00:00Z",
        // The very instant of the handover is Bob's.
        "2026-04-27T09:00:00Z",
    ] {
        let episode = made.fired(rule, &[], at(text), at(text) + 60_000_000);
        made.page(at(text), &[episode]);
    }
    let rotation = Rotation::parse(WEEKLY).unwrap();
    let run = made.run();
    let shifts = rotation.shifts(run.range, &run, &Calendar::default());
    let hours = |hours: i64| hours * HOUR;
    assert_eq!(
        shifts,
        [
            Shift {
                person: "Ann".into(),
                start: at("2026-04-20T09:00:00Z"),
                end: at("2026-04-27T09:00:00Z"),
                pages: 5,
                night: 4,
                weekend: 4,
                worst_night: 3,
                longest_quiet: hours(4 * 24 + 11),
            },
            Shift {
                person: "Bob".into(),
                start: at("2026-04-27T09:00:00Z"),
                end: at("2026-05-04T09:00:00Z"),
                pages: 1,
                night: 0,
                weekend: 0,
                worst_night: 0,
                longest_quiet: hours(7 * 24),
            },
        ]
    );
}

#[test]
fn faults_have_their_place() {
    let mut wrong = Vec::new();
    for (text, place, message) in [
        ("", (1, 1), "a rotation must have `people`"),
        ("- Ann", (1, 1), "expected a rotation"),
        ("start: [", (1, 8), "not YAML"),
        (
            "start: 2026-04-20\nshift: 1w\npeople: []",
            (3, 9),
            "expected at least one name",
        ),
        (
            "start: 2026-04-20\nshift: 1w\npeople:\n  -\n",
            (4, 4),
            "expected a name",
        ),
        (
            "start: 2026-04-20\nshift: 1w",
            (1, 1),
            "a rotation must have `people`",
        ),
        (
            "start: 2026-04-20\nshift: 30m\npeople: [A]",
            (2, 8),
            "an hour at least",
        ),
        (
            "start: 2026-04-20\nshift: weekly\npeople: [A]",
            (2, 8),
            "is not a duration",
        ),
        (
            "start: monday\nshift: 1w\npeople: [A]",
            (1, 8),
            "is not a time",
        ),
        (
            "tz: Mars/Base\nstart: 2026-04-20\nshift: 1w\npeople: [A]",
            (1, 5),
            "not a time zone",
        ),
        (
            "start: 2026-04-20\nshift: 1w\npeopel: [A]",
            (3, 1),
            "did you mean \"people\"?",
        ),
        (
            "start: 2026-04-20\nshift: 1w\npeople: [A]\nlayer: 1",
            (4, 1),
            "has no field \"layer\"",
        ),
        (
            "start: 2026-04-20\nshift: 1w\npeople: [A]\noverrides:\n- {person: B, start: 2026-04-22, end: 2026-04-21}",
            (5, 39),
            "ends before it begins",
        ),
        (
            "start: 2026-04-20\nshift: 1w\npeople: [A]\noverrides:\n- {start: 2026-04-22, end: 2026-04-23}",
            (5, 3),
            "an override must have `person`",
        ),
    ] {
        let error = Rotation::parse(text).expect_err(text);
        let told = error.to_string();
        let found = (error.place.line, error.place.column);
        if found != place || !told.contains(message) {
            wrong.push(format!("{text:?}: {found:?} {told}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let error = Rotation::parse("start: 2026-04-20\nshift: 30m\npeople: [A]").unwrap_err();
    assert_eq!(error.excerpt, "  | shift: 30m\n  |        ^~~");
}

proptest! {
    #[test]
    fn a_range_is_covered_once(
        zone in 0..chrono_tz::TZ_VARIANTS.len(),
        start in 1_700_000_000_i64..1_800_000_000,
        from in 1_700_000_000_i64..1_800_000_000,
        hours in 1_i64..400,
        length in 1_i64..4_000,
        cover in prop::collection::vec((0_i64..4_000, 0_i64..200), 0..4),
    ) {
        let range = TimeRange { start: from * 1_000_000, end: from * 1_000_000 + length * HOUR };
        let rotation = Rotation {
            tz: chrono_tz::TZ_VARIANTS[zone],
            start: start * 1_000_000,
            shift: hours * HOUR,
            people: vec!["A".into(), "B".into()],
            overrides: cover.iter().map(|(at, long)| Override {
                person: "C".into(),
                start: range.start + at * HOUR,
                end: range.start + (at + long) * HOUR,
            }).collect(),
        };
        let spans = rotation.spans(range);
        prop_assert_eq!(spans[0].1, range.start);
        prop_assert_eq!(spans[spans.len() - 1].2, range.end);
        for pair in spans.windows(2) {
            prop_assert_eq!(pair[0].2, pair[1].1);
        }
        for (_, start, end) in spans {
            prop_assert!(start < end);
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,40}|(start|shift|people|tz|overrides|[-:{}, \n0-9a-z])*") {
        if let Ok(rotation) = Rotation::parse(&text) {
            let range = TimeRange { start: 0, end: HOUR };
            rotation.shifts(range, &Made::default().run(), &Calendar::default());
        }
    }
}
