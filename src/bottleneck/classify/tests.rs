use proptest::prelude::*;

use super::*;
use crate::bottleneck::reading::Change;
use crate::bottleneck::topology::Role;

/// A quantity that moved from one level to another, far beyond its spread where they differ.
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
        since: None,
        points: (30, 10),
        series: Vec::new(),
    }
}

fn reading(changes: Vec<Change>) -> StageReading {
    StageReading {
        stage: "a".into(),
        changes,
        roles: vec![Role::Cpu],
        silent: false,
    }
}

fn class(kind: StageKind, changes: Vec<Change>) -> Option<Class> {
    classify(&reading(changes), kind).class
}

#[test]
fn cpu_without_more_input_is_compute() {
    use Quantity::{ArrivalRate, Cpu, Latency};
    let changes = |input| {
        vec![
            moved(ArrivalRate, 10.0, input),
            moved(Cpu, 0.5, 1.5),
            moved(Latency, 0.1, 0.4),
        ]
    };
    assert_eq!(
        class(StageKind::Worker, changes(10.0)),
        Some(Class::Compute)
    );
    // Three times the CPU for three times the items is load.
    assert_eq!(class(StageKind::Worker, changes(30.0)), Some(Class::Load));
}

#[test]
fn flinks_three_times_tell_the_three_classes() {
    use Quantity::{Backpressure, Busy, CompletionRate, Idle, ServiceDemand};
    let times = |busy: f64, idle: f64, blocked: f64, flow: f64| {
        vec![
            moved(CompletionRate, 20.0, flow),
            moved(Busy, 0.5, busy),
            moved(Idle, 0.5, idle),
            moved(Backpressure, 0.0, blocked),
            moved(ServiceDemand, 0.025, busy / flow),
        ]
    };
    let of = |changes| class(StageKind::Worker, changes);
    assert_eq!(of(times(0.2, 0.8, 0.0, 8.0)), Some(Class::Upstream));
    assert_eq!(of(times(1.0, 0.0, 0.0, 12.0)), Some(Class::Compute));
    assert_eq!(of(times(0.2, 0.0, 0.8, 8.0)), Some(Class::Downstream));
    assert_eq!(of(times(0.5, 0.5, 0.0, 20.0)), None);
}

#[test]
fn a_full_stage_at_the_same_work_an_item_is_loaded() {
    use Quantity::{Busy, CompletionRate, InFlight, ServiceDemand};
    let changes = vec![
        moved(CompletionRate, 20.0, 32.0),
        moved(Busy, 0.62, 1.0),
        moved(InFlight, 5.0, 120.0),
        moved(ServiceDemand, 0.031, 0.03125),
    ];
    let found = classify(&reading(changes), StageKind::Worker);
    assert_eq!(found.class, Some(Class::Load));
    assert!(found.score(Class::Load) > 0.8);
    assert_eq!(found.otherwise.len(), 3);
    assert!(
        found.otherwise[1].contains("work an item"),
        "{:?}",
        found.otherwise
    );
}

#[test]
fn a_store_that_stalls_is_downstream() {
    let stall = |quantity, before, during| {
        let changes = vec![
            moved(Quantity::CompletionRate, 3.0, 2.0),
            moved(quantity, before, during),
        ];
        class(StageKind::Store, changes)
    };
    assert_eq!(stall(Quantity::Latency, 0.03, 2.0), Some(Class::Downstream));
    assert_eq!(stall(Quantity::PoolUse, 0.4, 1.0), Some(Class::Downstream));
    assert_eq!(
        stall(Quantity::FreeShare, 0.4, 0.03),
        Some(Class::Downstream)
    );
    let limited = Change {
        tag: Some("slow_down".into()),
        ..moved(Quantity::ErrorRate, 0.0, 0.4)
    };
    let changes = vec![moved(Quantity::CompletionRate, 3.0, 3.0), limited];
    let found = classify(&reading(changes), StageKind::Worker);
    assert_eq!(found.class, Some(Class::Downstream));
    assert!(
        found.evidence[0]
            .sentence
            .ends_with("a rate limit refuses requests")
    );
}

#[test]
fn a_source_that_fails_or_is_gone_is_upstream() {
    let down = vec![moved(Quantity::Up, 1.0, 0.0)];
    assert_eq!(class(StageKind::Source, down), Some(Class::Upstream));
    let slow = vec![
        moved(Quantity::ArrivalRate, 8.0, 3.0),
        moved(Quantity::Idle, 0.44, 1.86),
    ];
    assert_eq!(class(StageKind::Source, slow), Some(Class::Upstream));
    // Six errors among thousands of items are none.
    let few = vec![
        moved(Quantity::ArrivalRate, 8.0, 8.0),
        moved(Quantity::ErrorRate, 0.0, 0.0017),
    ];
    assert_eq!(class(StageKind::Source, few), None);
}

#[test]
fn levels_alone_say_something() {
    let level = |quantity, during| Change {
        points: (0, 5),
        z: 0.0,
        ..moved(quantity, f64::NAN, during)
    };
    let found = classify(
        &reading(vec![level(Quantity::PoolUse, 1.0)]),
        StageKind::Store,
    );
    assert_eq!(found.class, Some(Class::Downstream));
    assert!(
        found
            .missing
            .iter()
            .any(|m| m.starts_with("nothing before"))
    );
    let found = classify(
        &reading(vec![level(Quantity::GarbageCollection, 0.4)]),
        StageKind::Worker,
    );
    assert_eq!(found.class, Some(Class::Compute));
    let found = classify(
        &reading(vec![level(Quantity::Latency, 9.0)]),
        StageKind::Worker,
    );
    assert_eq!(found.class, None);
}

#[test]
fn nothing_gives_a_reason() {
    let nothing = StageReading {
        roles: Vec::new(),
        ..reading(Vec::new())
    };
    let found = classify(&nothing, StageKind::Worker);
    assert_eq!(
        (found.class, found.missing),
        (None, vec!["no series at all".to_owned()])
    );
}

proptest! {
    #[test]
    fn no_numbers_panic(
        levels in prop::collection::vec((any::<f64>(), any::<f64>(), any::<f64>()), 27),
        kind in 0_usize..5,
    ) {
        let changes: Vec<Change> = Quantity::ALL.into_iter().zip(levels).map(|(quantity, (expected, during, z))| Change {
            z,
            ..moved(quantity, expected, during)
        }).collect();
        let kind = [StageKind::Worker, StageKind::Source, StageKind::Queue, StageKind::Store, StageKind::Host][kind];
        let found = classify(&reading(changes), kind);
        prop_assert!(found.scores.iter().all(|s| (0.0..=1.0).contains(s)), "{:?}", found.scores);
    }
}
