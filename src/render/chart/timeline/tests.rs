use super::*;
use crate::model::TimeRange;

const MARCH: i64 = 1_772_323_200_000_000; // 2026-03-01T00:00:00Z
const HOUR: i64 = 3_600_000_000;

/// A mark in hours.
fn mark(kind: MarkKind, from: f64, until: f64) -> Mark {
    let at = |hours: f64| MARCH + (hours * HOUR as f64) as i64;
    Mark {
        kind,
        from: at(from),
        until: at(until),
    }
}

fn row(name: &str, marks: Vec<Mark>) -> TimelineRow {
    TimelineRow {
        name: name.to_owned(),
        marks,
    }
}

/// A day, of which a column is an hour at a width of 35.
fn day() -> Timeline {
    use MarkKind::*;
    Timeline {
        title: "Alerts".to_owned(),
        range: TimeRange {
            start: MARCH,
            end: MARCH + 24 * HOUR,
        },
        bands: vec![
            row("nights", vec![mark(Night, 22.0, 24.0)]),
            row(
                "incidents",
                vec![mark(Incident, 8.0, 10.0), mark(MissedIncident, 20.5, 20.6)],
            ),
        ],
        rows: vec![
            row(
                "a",
                vec![
                    mark(Firing, 3.0, 5.5),
                    mark(Firing, 3.5, 4.0),
                    mark(Pending, 2.0, 3.0),
                    mark(Page, 3.0, 3.0),
                    mark(Page, 10.0, 10.0),
                    mark(Page, 10.9, 10.9),
                    mark(Notification, 12.0, 12.0),
                    mark(Notification, 13.0, 13.0),
                    mark(Notification, 13.5, 13.5),
                    mark(Notification, 10.0, 10.0),
                ],
            ),
            row("b", vec![mark(Page, 23.0, 23.0); 12]),
        ],
        left_out: 3,
    }
}

fn without_escapes(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.filter_map(|part| part.split_once('m').map(|(_, text)| text));
    first + &rest.collect::<String>()
}

#[test]
fn each_kind_has_a_character_of_its_own() {
    let drawn = draw(&day(), 35, false, Tz::UTC);
    let lines: Vec<&str> = drawn.lines().collect();
    assert_eq!(
        lines[..8],
        [
            "Alerts · UTC · a column is 1h",
            "nights    ┆                      ░░",
            "incidents ┆        ▼━          ▽",
            "a         │  ·◆█▄  ┊ 2 ◇◈      ┊",
            "b         │        ┊           ┊  +",
            "          └┬───────────┬───────────",
            "         00:00       12:00",
            "         Sun 1 Mar 2026",
        ]
    );
    assert!(drawn.contains("▽─ incident missed"), "{drawn}");
    assert!(drawn.ends_with("3 more are not drawn\n"), "{drawn}");
    // Colour adds nothing but colour.
    let colored = draw(&day(), 35, true, Tz::UTC);
    assert!(colored.contains("\u{1b}["), "{colored}");
    assert_eq!(without_escapes(&colored), drawn);
}

#[test]
fn nights_are_left_out_where_they_are_dust() {
    let mut timeline = day();
    timeline.range.end = MARCH + 10 * 24 * HOUR;
    let drawn = draw(&timeline, 35, false, Tz::UTC);
    assert!(!drawn.contains("night"), "{drawn}");
    // Two and a half hours of ten hours' column.
    assert!(drawn.contains("a column is 10h"), "{drawn}");
}

#[test]
fn any_times_and_widths_are_drawn() {
    let mut timeline = day();
    timeline.rows[0].marks.extend([
        mark(MarkKind::Firing, 0.0, 0.0),
        Mark {
            kind: MarkKind::Firing,
            from: i64::MIN,
            until: i64::MAX,
        },
        Mark {
            kind: MarkKind::Page,
            from: i64::MAX,
            until: i64::MIN,
        },
    ]);
    timeline.rows[0].name = "a long name of a rule, 日本語, and more of it".repeat(3);
    for (start, end) in [
        (i64::MIN, i64::MAX),
        (MARCH, MARCH + 1),
        (MARCH, MARCH),
        (MARCH, MARCH - 1),
        (i64::MAX - 1, i64::MAX),
    ] {
        timeline.range = TimeRange { start, end };
        for width in [0, 20, 33, 80, 400, 10_000] {
            let drawn = draw(&timeline, width, false, Tz::Asia__Kathmandu);
            for line in drawn.lines() {
                assert!(text_width(line) <= width.clamp(20, 400), "{line}");
            }
        }
    }
    timeline.rows.clear();
    let drawn = draw(&timeline, 40, false, Tz::UTC);
    assert_eq!(drawn, "Alerts: nothing to draw\n");
}
