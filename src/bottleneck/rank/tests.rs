use proptest::prelude::*;

use super::*;
use crate::bottleneck::history::{RoleSeries, StageHistory, ValueKind, Window};
use crate::bottleneck::reading::{Change, EdgeReading, read};
use crate::bottleneck::topology::{Edge, EdgeKind, Objective, Role, Stage, StageKind};

fn moved(quantity: Quantity, before: f64, during: f64) -> Change {
    let spread = (0.02 * before.abs()).max(1e-3);
    Change {
        quantity,
        tag: None,
        before,
        expected: before,
        during,
        spread,
        z: ((during - before) / spread).clamp(-1e3, 1e3),
        since: Some(7),
        points: (30, 10),
        series: Vec::new(),
    }
}

fn stage(name: &str, changes: &[(Quantity, f64, f64)]) -> StageReading {
    StageReading {
        stage: name.into(),
        changes: changes.iter().map(|(q, b, d)| moved(*q, *b, *d)).collect(),
        roles: Vec::new(),
        silent: false,
    }
}

fn system(stages: &[(&str, StageKind)], edges: &[(&str, &str)], kind: EdgeKind) -> System {
    let mut system = System::default();
    for (name, kind) in stages {
        let stage = Stage {
            kind: *kind,
            ..Stage::default()
        };
        system.stages.insert((*name).to_owned(), stage);
    }
    for (from, to) in edges {
        system.edges.push(Edge {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            kind,
            ..Edge::default()
        });
    }
    system
}

use EdgeKind::{Call, Flow};
use Quantity::{
    ArrivalRate, Backpressure, Busy, ClientLatency, CompletionRate, Cpu, ErrorShare, InFlight,
    Latency, Queue, ServiceDemand,
};
use StageKind::{Source, Store, Worker};

#[test]
fn slowness_is_handed_to_the_callee_that_explains_it() {
    // front calls a and b, b calls c. c takes 300 ms longer and so does all above it.
    let system = system(&[], &[("front", "a"), ("front", "b"), ("b", "c")], Call);
    let rate = (ArrivalRate, 10.0, 10.0);
    let stages = [
        stage("front", &[rate, (Latency, 0.2, 0.5)]),
        stage("a", &[rate, (Latency, 0.05, 0.05)]),
        stage("b", &[rate, (Latency, 0.1, 0.4)]),
        stage("c", &[rate, (Latency, 0.02, 0.32)]),
    ];
    let found = diagnose(&system, &stages, &[], None);
    let cause = found.cause().unwrap();
    assert_eq!(cause.stage, "c");
    assert!(cause.share > 0.9, "{}", cause.share);
    let b = found.stages.iter().find(|s| s.stage == "b").unwrap();
    assert!(b.is_symptom);
    assert_eq!(b.explained_by[0].0, "c");
    assert_eq!(b.class(), Some(Class::Downstream));
    assert_eq!(found.walk[0], "c");
    let symptom = Symptom {
        stage: "front".into(),
        quantity: Latency,
    };
    let traced = diagnose(&system, &stages, &[], Some(&symptom));
    assert_eq!(traced.stages[0].stage, "c");
}

#[test]
fn the_walk_is_led_astray_where_the_time_spent_is_not() {
    // b is called seldom and thirty times slower; a holds what front holds longer.
    let system = system(&[], &[("front", "a"), ("front", "b")], Call);
    let stages = [
        stage("front", &[(ArrivalRate, 100.0, 100.0), (Latency, 0.2, 0.4)]),
        stage("a", &[(ArrivalRate, 100.0, 100.0), (Latency, 0.1, 0.3)]),
        stage("b", &[(ArrivalRate, 1.0, 1.0), (Latency, 0.01, 0.3)]),
    ];
    let symptom = Symptom {
        stage: "front".into(),
        quantity: Latency,
    };
    let found = diagnose(&system, &stages, &[], Some(&symptom));
    assert_eq!(found.stages[0].stage, "a");
    assert_eq!(found.walk[0], "b");
}

#[test]
fn the_way_to_a_stage_is_not_the_stage() {
    let system = system(&[], &[("front", "cart")], Call);
    let stages = [
        stage("front", &[(Latency, 0.2, 0.9)]),
        stage("cart", &[(Latency, 0.005, 0.005), (Cpu, 0.1, 0.1)]),
    ];
    let edge = EdgeReading {
        from: "front".into(),
        to: "cart".into(),
        kind: Call,
        changes: vec![
            moved(ClientLatency, 0.006, 0.7),
            moved(Latency, 0.005, 0.005),
        ],
    };
    let found = diagnose(&system, &stages, &[edge], None);
    let cause = found.cause().unwrap();
    assert_eq!(
        (cause.stage.as_str(), cause.class()),
        ("cart", Some(Class::Upstream))
    );
    assert!(cause.headline().unwrap().contains("the way to it is slow"));
    assert!(cause.next_check.contains("network"));
}

#[test]
fn failures_are_handed_to_those_who_fail() {
    let system = system(&[], &[("front", "pay"), ("pay", "db")], Call);
    let rate = (ArrivalRate, 10.0, 10.0);
    let stages = [
        stage("front", &[rate, (ErrorShare, 0.0, 0.1)]),
        stage("pay", &[rate, (ErrorShare, 0.0, 0.1)]),
        stage("db", &[rate, (ErrorShare, 0.0, 0.0)]),
    ];
    let found = diagnose(&system, &stages, &[], None);
    assert_eq!(found.stages[0].stage, "pay");
    assert_eq!(found.stages[0].class(), Some(Class::Compute));
}

#[test]
fn backpressure_points_down_and_a_lack_of_items_up() {
    let stages = [
        ("c", Source),
        ("t", StageKind::Queue),
        ("v", Worker),
        ("e", Worker),
        ("s", Store),
    ];
    let system = system(
        &stages,
        &[("c", "t"), ("t", "v"), ("v", "e"), ("e", "s")],
        Flow,
    );
    let free = |name| {
        stage(
            name,
            &[
                (CompletionRate, 10.0, 10.0),
                (Busy, 0.5, 0.5),
                (Backpressure, 0.0, 0.0),
            ],
        )
    };
    let blocked = |name| {
        stage(
            name,
            &[
                (CompletionRate, 10.0, 6.0),
                (Busy, 0.5, 0.3),
                (Backpressure, 0.0, 0.7),
                (InFlight, 2.0, 120.0),
            ],
        )
    };
    // The store stalls: all before it hold their items.
    let stalled = [
        stage("c", &[(ArrivalRate, 10.0, 10.0)]),
        stage(
            "t",
            &[
                (ArrivalRate, 10.0, 10.0),
                (CompletionRate, 10.0, 6.0),
                (Queue, 5.0, 4000.0),
            ],
        ),
        blocked("v"),
        blocked("e"),
        stage("s", &[(CompletionRate, 1.0, 0.6), (Latency, 0.03, 3.0)]),
    ];
    let found = diagnose(&system, &stalled, &[], None);
    assert_eq!(
        found.cause().map(|c| (c.stage.as_str(), c.class())),
        Some(("s", Some(Class::Downstream)))
    );
    // e is at its limit: what is behind it starves, what is before it is blocked.
    let slow = [
        stage("c", &[(ArrivalRate, 10.0, 10.0)]),
        stage(
            "t",
            &[
                (ArrivalRate, 10.0, 10.0),
                (CompletionRate, 10.0, 6.0),
                (Queue, 5.0, 4000.0),
            ],
        ),
        blocked("v"),
        stage(
            "e",
            &[
                (CompletionRate, 10.0, 6.0),
                (Busy, 0.5, 1.0),
                (Backpressure, 0.0, 0.0),
                (ServiceDemand, 0.05, 0.166),
                (InFlight, 2.0, 120.0),
            ],
        ),
        stage("s", &[(CompletionRate, 1.0, 0.6), (Latency, 0.03, 0.03)]),
    ];
    let found = diagnose(&system, &slow, &[], None);
    assert_eq!(
        found.cause().map(|c| (c.stage.as_str(), c.class())),
        Some(("e", Some(Class::Compute)))
    );
    // More comes than e can do at the same work an item.
    let mut surge = slow.clone();
    surge[0] = stage("c", &[(ArrivalRate, 10.0, 30.0)]);
    surge[1] = stage(
        "t",
        &[
            (ArrivalRate, 10.0, 30.0),
            (CompletionRate, 10.0, 20.0),
            (Queue, 5.0, 4000.0),
        ],
    );
    surge[3] = stage(
        "e",
        &[
            (CompletionRate, 10.0, 20.0),
            (Busy, 0.5, 1.0),
            (Backpressure, 0.0, 0.0),
            (ServiceDemand, 0.05, 0.05),
            (InFlight, 2.0, 120.0),
        ],
    );
    let found = diagnose(&system, &surge, &[], None);
    assert_eq!(
        found.cause().map(|c| (c.stage.as_str(), c.class())),
        Some(("e", Some(Class::Load)))
    );
    // The collector is down: it is silent, all behind it starve.
    let starving = [
        StageReading {
            silent: true,
            ..stage("c", &[(Quantity::Up, 1.0, 0.0)])
        },
        stage(
            "t",
            &[
                (ArrivalRate, 10.0, 0.0),
                (CompletionRate, 10.0, 0.0),
                (Queue, 5.0, 0.0),
                (Latency, 0.5, 5.0),
            ],
        ),
        stage(
            "v",
            &[
                (CompletionRate, 10.0, 0.0),
                (Busy, 0.5, 0.0),
                (Backpressure, 0.0, 0.0),
            ],
        ),
        stage(
            "e",
            &[
                (CompletionRate, 10.0, 0.0),
                (Busy, 0.5, 0.0),
                (Backpressure, 0.0, 0.0),
            ],
        ),
        stage("s", &[(CompletionRate, 1.0, 0.0), (Latency, 0.03, 0.03)]),
    ];
    let found = diagnose(&system, &starving, &[], None);
    assert_eq!(
        found.cause().map(|c| (c.stage.as_str(), c.class())),
        Some(("c", Some(Class::Upstream)))
    );
    // Nothing is wrong.
    let quiet = [
        stage("c", &[(ArrivalRate, 10.0, 10.1)]),
        free("v"),
        free("e"),
    ];
    let found = diagnose(&system, &quiet, &[], None);
    assert_eq!(found.cause(), None);
    assert_eq!(found.missing.len(), 2, "{:?}", found.missing);
}

#[test]
fn a_circle_of_calls_ends() {
    let system = system(&[], &[("a", "b"), ("b", "a")], Call);
    let slow = [(Latency, 0.1, 0.9)];
    let found = diagnose(&system, &[stage("a", &slow), stage("b", &slow)], &[], None);
    let total: f64 = found.stages.iter().map(|s| s.weight).sum();
    assert!((total - 2.0).abs() < 0.01, "{total}");
}

#[test]
fn objectives_are_held_against() {
    let mut system = system(&[("front", Worker), ("b", Worker)], &[("front", "b")], Call);
    system.stages.get_mut("front").unwrap().objective = Some(Objective {
        latency: Some(0.5),
        availability: Some(0.999),
    });
    let stages = [
        stage("front", &[(Latency, 0.2, 0.9), (ErrorShare, 0.0, 0.0)]),
        stage("b", &[(Latency, 0.1, 0.8)]),
    ];
    let found = diagnose(&system, &stages, &[], None);
    let missed: Vec<_> = found
        .impact
        .iter()
        .map(|i| (i.stage.as_str(), i.is_missed()))
        .collect();
    assert_eq!(missed, [("front", Some(true)), ("front", Some(false))]);
    assert_eq!(
        found.impact[0].sentence,
        "front: time in stage 200 ms → 900 ms (4.5 times), objective at most 500 ms"
    );
    assert_eq!(found.cause().unwrap().since, Some(7));
}

#[test]
fn a_busy_stage_without_a_symptom_is_no_fault() {
    let busy = [stage("a", &[(ArrivalRate, 5.0, 5.0), (Cpu, 0.1, 0.9)])];
    assert_eq!(diagnose(&System::default(), &busy, &[], None).cause(), None);
}

#[test]
fn without_edges_it_says_so() {
    let stages = [
        stage("a", &[(Cpu, 0.1, 0.9), (Latency, 0.1, 0.9)]),
        stage("b", &[]),
    ];
    let found = diagnose(&System::default(), &stages, &[], None);
    assert_eq!(found.cause().unwrap().stage, "a");
    assert!(
        found.missing[0].starts_with("no edges"),
        "{:?}",
        found.missing
    );
}

/// A counter by the minute whose rate is `rate(k)` a second, started anew at minute 95.
fn counted(role: Role, rate: impl Fn(i64) -> f64) -> RoleSeries {
    let mut total = 1e6;
    let values = (0..120)
        .map(|k| {
            total = if k == 95 { 0.0 } else { total } + 60.0 * rate(k);
            total
        })
        .collect();
    RoleSeries {
        role,
        name: role.as_str().into(),
        kind: ValueKind::Counter,
        scale: 1.0,
        tag: None,
        times: (0..120).map(|k| k * 60_000_000).collect(),
        values,
    }
}

#[test]
fn from_samples_to_the_verdict() {
    // From minute 90 on `work` takes 0.9 s instead of 0.3 s an item, nine tenths
    // of that CPU, at 2 items a second; `store` behind it sees no difference.
    let slow = |k: i64| if k < 90 { 0.3 } else { 0.9 };
    let histories = [
        StageHistory {
            name: "work".into(),
            series: vec![
                counted(Role::LatencySum, |k| 2.0 * slow(k)),
                counted(Role::LatencyCount, |_| 2.0),
                counted(Role::Cpu, |k| 1.8 * slow(k)),
            ],
        },
        StageHistory {
            name: "store".into(),
            series: vec![
                counted(Role::LatencySum, |_| 0.02),
                counted(Role::LatencyCount, |_| 2.0),
            ],
        },
    ];
    let system = system(
        &[("work", Worker), ("store", Store)],
        &[("work", "store")],
        Flow,
    );
    let minute = 60_000_000;
    let window = Window {
        reference: None,
        before: 10 * minute..80 * minute,
        during: 80 * minute..120 * minute,
    };
    let readings: Vec<_> = histories.iter().map(|h| read(h, &window)).collect();
    let found = diagnose(&system, &readings, &[], None);
    let cause = found.cause().unwrap();
    assert_eq!(
        (cause.stage.as_str(), cause.class()),
        ("work", Some(Class::Compute))
    );
    assert_eq!(cause.since, Some(90 * minute));
    assert_eq!(
        cause.headline(),
        Some("CPU 0.54 cores → 1.62 cores (3 times): at no more input")
    );
    let latency = cause
        .classification
        .evidence
        .iter()
        .find(|e| e.change.quantity == Latency);
    assert_eq!(
        latency.map(|e| e.sentence.as_str()),
        Some("time in stage 300 ms → 900 ms (3 times): slower at no more input")
    );
    let missing = &cause.classification.missing;
    assert!(
        missing.iter().any(|m| m.contains("Little's law")),
        "{missing:?}"
    );
}

fn any_reading(name: usize) -> impl Strategy<Value = StageReading> {
    let level = prop_oneof![
        Just(0.0),
        Just(f64::NAN),
        Just(f64::INFINITY),
        -1e3..1e3_f64
    ];
    prop::collection::vec((0_usize..27, level.clone(), level), 0..12).prop_map(move |changes| {
        let changes: Vec<_> = changes
            .into_iter()
            .map(|(q, before, during)| (Quantity::ALL[q], before, during))
            .collect();
        stage(&format!("s{name}"), &changes)
    })
}

proptest! {
    #[test]
    fn no_system_panics_and_weights_are_kept(
        stages in prop::collection::vec(Just(()), 1..7).prop_flat_map(|v| (0..v.len()).map(any_reading).collect::<Vec<_>>()),
        edges in prop::collection::vec((0_usize..8, 0_usize..8, any::<bool>()), 0..16),
    ) {
        let mut system = System::default();
        for (from, to, call) in edges {
            system.edges.push(Edge {
                from: format!("s{from}"),
                to: format!("s{to}"),
                kind: if call { Call } else { Flow },
                ..Edge::default()
            });
        }
        let found = diagnose(&system, &stages, &[], None);
        prop_assert_eq!(format!("{:?}", &found), format!("{:?}", diagnose(&system, &stages, &[], None)));
        let shares: f64 = found.stages.iter().map(|s| s.share).sum();
        prop_assert!(shares.is_finite() && shares < 1.0 + 1e-6, "{}", shares);
        prop_assert!(found.stages.iter().all(|s| s.weight.is_finite() && s.severity <= 1.0));
    }
}
