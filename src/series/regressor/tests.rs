use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::model::{Event, EventKind, parse_timestamp};
use crate::series::holiday::Country;
use crate::series::{Regular, Step};

const LONDON: Tz = chrono_tz::Europe::London;
const HOUR: i64 = 3_600_000_000;

fn at(text: &str) -> i64 {
    parse_timestamp(text, LONDON).unwrap()
}

fn wall(micros: i64) -> Step {
    Step::Wall { micros, tz: LONDON }
}

/// `past` steps from a London time on, and `horizon` more.
fn timeline(start: &str, step: Step, past: usize, horizon: usize) -> Timeline {
    let series = Regular {
        cut: 0,
        start: at(start),
        step,
        values: vec![0.0; past],
    };
    Timeline::new(&series, horizon, LONDON)
}

fn event(kind: EventKind, from: &str, to: Option<&str>) -> Event {
    Event {
        id: from.into(),
        started_at: at(from),
        ended_at: to.map(at),
        kind,
        severity: None,
        title: Some("spring".into()),
        labels: Vec::new(),
    }
}

fn events(timeline: &Timeline, events: &[Event]) -> Columns {
    event_columns(timeline, events, EventSettings::default()).unwrap()
}

fn codes(warnings: &[Warning]) -> Vec<&str> {
    warnings.iter().map(|warning| warning.code).collect()
}

fn gb() -> Country {
    Country::parse("GB").unwrap()
}

#[test]
fn a_pulse_covers_its_share_of_each_step() {
    let hours = timeline("2026-03-02T00:00", wall(HOUR), 4, 2);
    let campaign = event(
        EventKind::Campaign,
        "2026-03-02T00:45",
        Some("2026-03-02T02:30"),
    );
    let found = events(&hours, &[campaign]);
    let expected = Column {
        name: "campaign".into(),
        past: vec![0.25, 1.0, 0.5, 0.0],
        future: vec![0.0, 0.0],
    };
    assert_eq!(found.columns, [expected]);
    assert!(found.warnings.is_empty());
}

#[test]
fn pulses_of_a_kind_count_once_where_they_overlap() {
    let hours = timeline("2026-03-02T00:00", wall(HOUR), 2, 1);
    let incident = |from, to| event(EventKind::Incident, from, Some(to));
    let found = events(
        &hours,
        &[
            incident("2026-03-02T00:30", "2026-03-02T01:30"),
            incident("2026-03-02T00:15", "2026-03-02T00:45"),
            incident("2026-03-02T00:50", "2026-03-02T01:00"),
        ],
    );
    assert_eq!(found.columns[0].past, [0.75, 0.5]);
}

#[test]
fn an_event_without_duration_counts_for_its_step() {
    let hours = timeline("2026-03-02T00:00", wall(HOUR), 2, 1);
    let moment = "2026-03-02T01:59:59";
    let campaign = event(EventKind::Campaign, moment, Some(moment));
    assert_eq!(events(&hours, &[campaign]).columns[0].past, [0.0, 1.0]);
    let deploy = event(EventKind::Deploy, moment, None);
    let settings = EventSettings {
        shape: Some(EventShape::Pulse),
    };
    let found = event_columns(&hours, &[deploy], settings).unwrap();
    assert_eq!(found.columns[0].past, [0.0, 1.0]);
    assert_eq!(found.columns[0].future, [0.0]);
    assert!(found.warnings.is_empty());
}

#[test]
fn an_open_campaign_goes_on() {
    let hours = timeline("2026-03-02T00:00", wall(HOUR), 2, 2);
    let found = events(
        &hours,
        &[event(EventKind::Campaign, "2026-03-02T01:00", None)],
    );
    assert_eq!(found.columns[0].past, [0.0, 1.0]);
    assert_eq!(found.columns[0].future, [1.0, 1.0]);
    assert_eq!(
        found.warnings[0].message,
        "campaign spring has no end: it is taken to go on over the horizon"
    );
}

#[test]
fn a_deploy_is_a_step_of_its_own() {
    let hours = timeline("2026-03-02T00:00", wall(HOUR), 30, 2);
    let found = events(
        &hours,
        &[
            event(EventKind::Deploy, "2026-03-02T03:00", None),
            event(EventKind::Deploy, "2026-03-02T01:30", None),
            event(EventKind::Deploy, "2026-02-20T01:30", None),
            event(EventKind::Deploy, "2026-03-20T01:30", None),
        ],
    );
    let [first, second] = &found.columns[..] else {
        panic!("{found:?}");
    };
    assert_eq!(first.name, "deploy spring of 2026-03-02T01:30:00+00:00");
    assert_eq!(first.past[..4], [0.0, 0.5, 1.0, 1.0]);
    assert_eq!(second.past[..4], [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(second.future, [1.0, 1.0]);
}

#[test]
fn a_history_bears_only_so_many_single_events() {
    let hours = timeline("2026-03-02T00:00", wall(HOUR), 24, 2);
    let deploys = ["01", "02", "03", "04"]
        .map(|hour| event(EventKind::Deploy, &format!("2026-03-02T{hour}:00"), None));
    let found = events(&hours, &deploys);
    assert_eq!(found.columns.len(), 2);
    assert_eq!(
        found.warnings[0].message,
        "there are 4 events of the kind deploy, of which the last 2 have a column each: as pulses (deploy:pulse) all share one"
    );
}

#[test]
fn daily_holidays_are_ones() {
    let days = timeline("2025-12-24", wall(24 * HOUR), 4, 6);
    let found = holiday_columns(&days, gb()).unwrap();
    let expected = Column {
        name: "holiday GB".into(),
        past: vec![0.0, 1.0, 1.0, 0.0],
        future: vec![0.0, 0.0, 0.0, 0.0, 1.0, 0.0],
    };
    assert_eq!(found.columns, [expected]);
    assert!(found.warnings.is_empty());
}

#[test]
fn long_steps_count_their_holidays() {
    let weeks = timeline("2025-12-22", wall(7 * 24 * HOUR), 1, 2);
    let found = holiday_columns(&weeks, gb()).unwrap();
    assert_eq!(found.columns[0].past, [2.0]);
    assert_eq!(found.columns[0].future, [1.0, 0.0]);
    let months = Step::Months {
        months: 1,
        tz: LONDON,
    };
    let months = timeline("2025-04-01", months, 2, 1);
    let found = holiday_columns(&months, gb()).unwrap();
    assert_eq!(found.columns[0].past, [1.0, 2.0]);
}

#[test]
fn hours_follow_the_local_day() {
    // The late May holiday, a day of British summer time, seen from a grid in UTC.
    let hours = timeline("2025-05-25T23:00", Step::Fixed(HOUR), 48, 0);
    let found = holiday_columns(&hours, gb()).unwrap();
    let past = &found.columns[0].past;
    let ones: Vec<usize> = (0..48).filter(|t| past[*t] == 1.0).collect();
    assert_eq!(ones, (1..25).collect::<Vec<_>>());
    // One holiday bears one harmonic.
    assert_eq!(found.columns.len(), 3);
}

#[test]
fn hours_have_a_profile_where_the_holidays_bear_one() {
    // Three of the holidays of 2025 lie in the history, three in the horizon.
    let hours = timeline("2025-01-01", wall(HOUR), 130 * 24, 235 * 24);
    let found = holiday_columns(&hours, gb()).unwrap();
    let names: Vec<&str> = found.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "holiday GB",
            "holiday GB cos1",
            "holiday GB sin1",
            "holiday GB cos2",
            "holiday GB sin2",
        ]
    );
    // Noon of Christmas Day, then six in the evening.
    let noon = (358 - 130) * 24 + 12;
    let values: Vec<f64> = found.columns.iter().map(|c| c.future[noon]).collect();
    for (value, expected) in values.iter().zip([1.0, -1.0, 0.0, 1.0, 0.0]) {
        assert!((value - expected).abs() < 1e-9);
    }
    assert!((found.columns[2].future[noon + 6] + 1.0).abs() < 1e-9);
    assert!(found.columns.iter().all(|c| c.past[24 * 30] == 0.0));
}

#[test]
fn days_outside_the_table_are_ordinary_and_said() {
    let days = timeline("2035-12-24", wall(24 * HOUR), 4, 10);
    let found = holiday_columns(&days, gb()).unwrap();
    assert_eq!(found.columns[0].past, [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(found.columns[0].future, [0.0; 10]);
    assert_eq!(
        found.warnings[0].message,
        "the holidays of United Kingdom are known from 2015 to 2035: 2036-01-01 to 2036-01-06 has none"
    );
    let before = timeline("2014-12-25", wall(24 * HOUR), 2, 1);
    let found = holiday_columns(&before, gb()).unwrap();
    assert_eq!(found.columns[0].past, [0.0, 0.0]);
    assert_eq!(codes(&found.warnings), ["holidays-unknown"]);
}

#[test]
fn a_series_without_times_has_no_calendar() {
    let numbers = timeline("2026-01-01", Step::Index(1), 4, 2);
    assert_eq!(
        holiday_columns(&numbers, gb()),
        Err(RegressorError::WithoutTime)
    );
    let error = event_columns(&numbers, &[], EventSettings::default());
    assert_eq!(error, Err(RegressorError::WithoutTime));
}

fn observe(
    past: &[f64],
    future: &[f64],
    horizon: usize,
    scenario: Option<Scenario>,
) -> Result<(Column, Vec<Warning>), RegressorError> {
    let hours = timeline("2026-03-02T00:00", wall(HOUR), past.len(), horizon);
    let series = Observed {
        name: "visits",
        past,
        future,
    };
    observed_column(&hours, series, scenario)
}

#[test]
fn gaps_are_interpolated_and_reported() {
    let nan = f64::NAN;
    let past = [nan, 1.0, 2.0, nan, nan, 5.0, 7.0, nan];
    let (column, warnings) = observe(&past, &[9.0, nan, 13.0], 3, None).unwrap();
    assert_eq!(column.past, [1.0, 1.0, 2.0, 3.0, 4.0, 5.0, 7.0, 8.0]);
    assert_eq!(column.future, [9.0, 11.0, 13.0]);
    assert_eq!(
        warnings[0].message,
        "visits lacks 5 of 11 values between 2026-03-02T00:00:00+00:00 and 2026-03-02T09:00:00+00:00: they are interpolated"
    );
}

#[test]
fn an_unknown_horizon_is_an_error_that_names_it() {
    let error = observe(&[1.0, 2.0], &[3.0], 3, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "visits has no values from 2026-03-02T03:00:00+00:00 to 2026-03-02T04:00:00+00:00 (2 of the horizon's 3 steps): give them, or declare a scenario"
    );
    assert!(matches!(
        observe(&[1.0, f64::NAN, f64::INFINITY], &[], 1, None),
        Err(RegressorError::MissingPast { present: 1, .. })
    ));
}

#[test]
fn scenarios_are_said() {
    let past = [1.0, 2.0, 3.0, 4.0];
    for (scenario, future, said) in [
        (Scenario::HoldLast, [5.0, 5.0, 5.0], "stays at 5"),
        (
            Scenario::RepeatSeason(4),
            [5.0, 2.0, 3.0],
            "repeats its last 4 steps",
        ),
        (Scenario::Value(0.5), [5.0, 0.5, 0.5], "is 0.5"),
    ] {
        let (column, warnings) = observe(&past, &[5.0], 3, Some(scenario)).unwrap();
        assert_eq!(column.future, future);
        assert_eq!(
            warnings[0].message,
            format!(
                "assumed: visits {said} from 2026-03-02T05:00:00+00:00 to 2026-03-02T06:00:00+00:00"
            )
        );
    }
    let (column, _) = observe(&past, &[], 3, Some(Scenario::RepeatSeason(2))).unwrap();
    assert_eq!(column.future, [3.0, 4.0, 3.0]);
    assert!(observe(&past, &[], 3, Some(Scenario::RepeatSeason(5))).is_err());
    assert!(observe(&past, &[], 3, Some(Scenario::RepeatSeason(0))).is_err());
    assert!(observe(&past, &[], 3, Some(Scenario::Value(f64::NAN))).is_err());
}

fn column(name: &str, past: &[f64], future: &[f64]) -> Column {
    Column {
        name: name.into(),
        past: past.to_vec(),
        future: future.to_vec(),
    }
}

#[test]
fn what_cannot_be_estimated_is_left_out() {
    let columns = Columns {
        columns: vec![
            column("campaign", &[0.0, 0.0, 0.0, 0.0, 0.0], &[1.0]),
            column("celsius", &[10.0, 12.0, 9.0, 4.0, 0.0], &[8.0]),
            column("fahrenheit", &[50.0, 53.6, 48.2, 39.2, 32.0], &[46.4]),
            column("offset", &[7.0, 7.0, 7.0, 7.0, 7.0], &[7.0]),
            // It varies only where the history has no value.
            column("late", &[0.0, 0.0, 1.0, 0.0, 0.0], &[1.0]),
            column("broken", &[0.0, 1.0, f64::NAN, 0.0, 0.0], &[1.0]),
        ],
        warnings: Vec::new(),
    };
    let left = estimable(columns, &[1.0, 2.0, f64::NAN, 2.0, 1.0]);
    assert_eq!(left.columns.len(), 1);
    assert_eq!(left.columns[0].name, "celsius");
    let messages: Vec<&str> = left.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "the outside variable campaign is left out: nothing of it happened in the history, so what it does in the horizon cannot be estimated",
            "the outside variable offset is left out: it does not vary in the history, so its effect cannot be estimated",
            "the outside variable late is left out: nothing of it happened in the history, so what it does in the horizon cannot be estimated",
            "the outside variable broken is left out: it lacks a number where one is needed",
            "the outside variable fahrenheit is left out: the columns before it already tell all of it",
        ]
    );
}

#[test]
fn a_bend_is_two_columns() {
    let shaped = Shape::Degrees { base: 18.0 }.columns(column("t", &[10.0, 18.0, 20.0], &[25.0]));
    assert_eq!(
        shaped,
        [
            column("t above 18", &[0.0, 0.0, 2.0], &[7.0]),
            column("t below 18", &[8.0, 0.0, 0.0], &[0.0]),
        ]
    );
    let squares = Shape::Squares.columns(column("t", &[1.0, 3.0], &[5.0]));
    assert_eq!(squares[1], column("t squared", &[1.0, 1.0], &[9.0]));
    assert_eq!(Shape::Linear.columns(squares[0].clone()), squares[..1]);
}

#[test]
fn a_trailing_mean_goes_on_over_the_horizon() {
    let smooth = trailing_mean(&column("t", &[2.0, 4.0, 9.0], &[5.0, 1e18, 1.0, 2.0]), 2);
    assert_eq!(smooth.name, "t mean2");
    assert_eq!(smooth.past, [2.0, 3.0, 6.5]);
    // What has left the window leaves no trace.
    assert_eq!(smooth.future, [7.0, 5e17, 5e17, 1.5]);
    let same = trailing_mean(&column("t", &[2.0, 4.0], &[]), 0);
    assert_eq!(same.past, [2.0, 4.0]);
}

fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        0..2_600_000_000_000_000_i64,
        Just(i64::MIN),
        Just(i64::MAX)
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1..i64::MAX).prop_map(Step::Fixed),
        (1..400 * HOUR).prop_map(wall),
        Just(wall(HOUR)),
        Just(wall(24 * HOUR)),
        Just(Step::Index(3)),
        (1..u32::MAX).prop_map(|months| Step::Months { months, tz: LONDON }),
    ]
}

proptest! {
    #[test]
    fn no_input_panics(
        start in any_time(),
        step in any_step(),
        past in 0_usize..60,
        horizon in 0_usize..20,
        spans in proptest::collection::vec((any_time(), proptest::option::of(any_time()), 0_usize..5), 0..6),
        values in proptest::collection::vec(any::<f64>(), 60),
        which in 0_usize..4,
        shape in proptest::option::of(prop_oneof![Just(EventShape::Pulse), Just(EventShape::Step)]),
    ) {
        let series = Regular { start, cut: 0, step, values: values[..past].to_vec() };
        let timeline = Timeline::new(&series, horizon, LONDON);
        let events: Vec<Event> = spans
            .iter()
            .map(|(from, to, kind)| Event {
                started_at: *from,
                ended_at: *to,
                ..event(EventKind::ALL[*kind], "2026-01-01", None)
            })
            .collect();
        let mut columns = Columns::default();
        if let Ok(found) = holiday_columns(&timeline, gb()) {
            columns.append(found);
        }
        let settings = EventSettings { shape };
        if let Ok(found) = event_columns(&timeline, &events, settings) {
            columns.append(found);
        }
        let scenario = [None, Some(Scenario::HoldLast), Some(Scenario::RepeatSeason(3)), Some(Scenario::Value(1.0))][which];
        let observed = Observed { name: "x", past: &values[..past], future: &values[past..] };
        if let Ok((column, _)) = observed_column(&timeline, observed, scenario) {
            columns.columns.push(trailing_mean(&column, which * 7));
            for shape in [Shape::Squares, Shape::Degrees { base: 1e300 }] {
                columns.columns.extend(shape.columns(column.clone()));
            }
        }
        for column in &columns.columns {
            prop_assert_eq!((column.past.len(), column.future.len()), (past, horizon));
        }
        for column in estimable(columns, &values[..past]).columns {
            prop_assert!(column.past.iter().chain(&column.future).all(|x| x.is_finite()));
        }
    }
}
