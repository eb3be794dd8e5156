use super::*;
use crate::bottleneck::history::ValueKind;

const MINUTE: i64 = 60_000_000;

fn gauge(role: Role, values: impl IntoIterator<Item = f64>) -> RoleSeries {
    let values: Vec<f64> = values.into_iter().collect();
    RoleSeries {
        role,
        name: role.as_str().into(),
        kind: ValueKind::Gauge,
        scale: 1.0,
        tag: None,
        times: (0..values.len() as i64).map(|k| k * MINUTE).collect(),
        values,
    }
}

fn window(before: std::ops::Range<i64>, during: std::ops::Range<i64>) -> Window {
    Window {
        reference: None,
        before: before.start * MINUTE..before.end * MINUTE,
        during: during.start * MINUTE..during.end * MINUTE,
    }
}

fn stage(series: Vec<RoleSeries>) -> StageHistory {
    StageHistory {
        name: "a".into(),
        series,
    }
}

#[test]
fn a_step_is_seen_with_its_begin() {
    let values = (0..40).map(|k| {
        if k < 27 {
            1.0 + 0.01 * f64::from(k % 3)
        } else {
            3.0
        }
    });
    let reading = read(
        &stage(vec![gauge(Role::LatencyMean, values)]),
        &window(0..30, 30..40),
    );
    let change = reading.get(Quantity::Latency).unwrap();
    assert!((change.before - 1.01).abs() < 1e-9);
    assert_eq!(change.during, 3.0);
    assert!(change.z > 20.0, "{change:?}");
    assert_eq!(change.since, Some(27 * MINUTE));
}

#[test]
fn what_happens_every_day_is_expected() {
    // Twice as much from 09:00 on, on each of five days; on the last four times.
    let level = |k: i32| {
        let hour = k / 60 % 24;
        match (k / 1440, hour) {
            (_, ..9) => 10.0,
            (4, _) => 40.0,
            _ => 20.0,
        }
    };
    let series = stage(vec![gauge(
        Role::InFlight,
        (0..7200).map(|k| f64::from(level(k) as i32)),
    )]);
    let at = |day: i64| {
        window(
            day * 1440 + 480..day * 1440 + 540,
            day * 1440 + 540..day * 1440 + 600,
        )
    };
    let usual = read(&series, &at(3));
    let change = usual.get(Quantity::InFlight).unwrap();
    assert_eq!((change.expected, change.z), (20.0, 0.0), "{change:?}");
    let unusual = read(&series, &at(4));
    let change = unusual.get(Quantity::InFlight).unwrap();
    assert_eq!((change.expected, change.during), (20.0, 40.0));
    assert!(change.z > 5.0);
}

#[test]
fn a_reference_that_was_as_high_is_no_change() {
    let values = [5.0; 20].into_iter().chain([1.0; 20]).chain([5.0; 10]);
    let series = stage(vec![gauge(Role::Cpu, values)]);
    let mut window = window(20..40, 40..50);
    assert!(read(&series, &window).get(Quantity::Cpu).unwrap().z > 5.0);
    window.reference = Some(0..20 * MINUTE);
    assert_eq!(read(&series, &window).get(Quantity::Cpu).unwrap().z, 0.0);
}

#[test]
fn silence_and_missing_roles_are_told() {
    let series = stage(vec![
        gauge(Role::Cpu, [1.0; 30]),
        gauge(Role::Up, [1.0; 30].into_iter().chain([0.0; 10])),
    ]);
    let reading = read(&series, &window(0..30, 30..40));
    assert!(reading.silent);
    assert!(reading.get(Quantity::Cpu).is_none());
    assert_eq!(reading.get(Quantity::Up).unwrap().during, 0.0);
    assert_eq!(reading.roles, [Role::Cpu, Role::Up]);
    let nothing = read(&stage(Vec::new()), &window(0..30, 30..40));
    assert!(nothing.changes.is_empty() && !nothing.silent);
}

#[test]
fn errors_are_compared_by_type() {
    let count = |tag: &str, per_minute: fn(i32) -> f64| {
        let mut total = 0.0;
        RoleSeries {
            tag: Some(tag.into()),
            kind: ValueKind::Counter,
            ..gauge(
                Role::Errors,
                (0..60).map(|k| {
                    total += per_minute(k);
                    total
                }),
            )
        }
    };
    let series = stage(vec![
        count("timeout", |k| f64::from(u8::from(k % 10 == 0))),
        count("slow_down", |k| if k < 40 { 0.0 } else { 12.0 }),
    ]);
    let reading = read(&series, &window(0..40, 40..60));
    let of = |tag: &str| {
        reading
            .changes
            .iter()
            .find(|c| c.tag.as_deref() == Some(tag))
            .unwrap()
    };
    assert!(of("timeout").z.abs() < 2.0, "{:?}", of("timeout"));
    assert!((of("slow_down").during - 0.2).abs() < 1e-9);
    assert!(of("slow_down").z > 6.0);
    assert!(reading.get(Quantity::ErrorRate).unwrap().z > 6.0);
}
