//! Restarts, against what `rules/group.go` and prometheus/prometheus#15175 say.

use super::*;

/// One alert on `m > 0`, which holds until the end; minutes of the changes, and the samples.
fn run(hold: &str, restarts: &[(i64, i64)], to: i64, holds: i64) -> (Vec<String>, Vec<String>) {
    let text =
        format!("groups:\n- name: g\n  rules:\n  - {{alert: A, expr: m > 0, for: {hold}}}\n");
    let file = rules(&text, &Options::default());
    let mut source = MemorySource::default();
    let column: Vec<Option<f64>> = (0..holds).map(|_| Some(1.0)).collect();
    series(&mut source, &[(METRIC_NAME, "m")], MINUTE, &column);
    let restarts = restarts.iter().map(|(at, down)| Restart {
        at: at * MINUTE,
        down: down * MINUTE,
    });
    let settings = Settings {
        keep: true,
        restarts: restarts.collect(),
        ..Settings::default()
    };
    let mut engine = Engine::new(&schedule(&file, &[]), settings.clone());
    let mut collected = Collected::default();
    let mut run = |from: i64, to: i64| {
        engine
            .run(&mut source, from * MINUTE, to * MINUTE, &mut collected)
            .expect("memory");
    };
    // Where time is cut makes no difference.
    run(0, to / 2);
    run(to / 2, to);
    let outputs = engine.outputs.clone();
    let written = dump(&mut engine.with_derived(&mut source), &outputs);
    let mut lean = Engine::new(
        &schedule(&file, &[]),
        Settings {
            keep: false,
            piece: 7 * MINUTE,
            ..settings
        },
    );
    let mut again = Collected::default();
    lean.run(&mut source, 0, to * MINUTE, &mut again)
        .expect("memory");
    assert_eq!(events(&collected.0), events(&again.0));
    let changes = collected.0.iter().filter_map(|event| match &event.kind {
        EventKind::Transition(one) => Some(format!(
            "{} {:?} since {}",
            event.ts / MINUTE,
            one.change,
            one.alert.active_at / MINUTE
        )),
        EventKind::Sent(_) => None,
    });
    (changes.collect(), written)
}

#[test]
fn what_was_firing_is_pending_until_the_third_evaluation() {
    let (changes, written) = run("15m", &[(30, 5)], 50, 99);
    assert_eq!(
        changes,
        [
            "0 Pending since 0",
            "15 Firing since 0",
            "30 Wiped since 0",
            // Due at 35, but a start waits for the slot after it.
            "36 Pending since 36",
            // Restored after the evaluation at 37.
            "38 Firing since 0",
        ]
    );
    let alerts: Vec<&str> = written
        .iter()
        .filter(|line| line.starts_with("ALERTS{"))
        .filter_map(|line| line.split("alertstate=").nth(1))
        .collect();
    // No sample before it is restored, and no stale marker when it stops.
    for (minute, is_there) in [
        (29, true),
        (30, false),
        (36, false),
        (37, false),
        (38, true),
    ] {
        let line = format!(r#""firing"}} {} 1"#, minute * 60);
        assert_eq!(alerts.contains(&line.as_str()), is_there, "{minute}");
    }
    assert!(
        !alerts
            .iter()
            .any(|line| line.contains("firing") && line.ends_with("stale"))
    );
}

#[test]
fn the_time_down_does_not_count_for_what_was_pending() {
    // 5 of 30 minutes had gone by at the last sample (5); restored at 22: 17 later.
    let (changes, _) = run("30m", &[(6, 14)], 60, 99);
    assert_eq!(
        changes[2..],
        ["21 Pending since 21", "47 Firing since 17"],
        "{changes:?}"
    );
}

#[test]
fn what_was_about_to_fire_waits_for_the_grace_period() {
    // 25 of 30 minutes had gone by; restored at 32, it fires 10 minutes later.
    let (changes, _) = run("30m", &[(26, 4)], 60, 99);
    assert_eq!(
        changes[2..],
        ["31 Pending since 31", "42 Firing since 12"],
        "{changes:?}"
    );
}

#[test]
fn a_short_for_and_a_long_outage_are_not_restored() {
    let (changes, _) = run("9m", &[(20, 4)], 60, 99);
    assert_eq!(changes[3..], ["25 Pending since 25", "34 Firing since 25"]);
    let (changes, _) = run("15m", &[(20, 70)], 130, 999);
    assert_eq!(changes[3..], ["91 Pending since 91", "106 Firing since 91"]);
    // Two restarts, the second before the first is forgotten.
    let (changes, _) = run("15m", &[(20, 4), (40, 4)], 60, 99);
    assert_eq!(
        changes[3..],
        [
            "25 Pending since 25",
            "27 Firing since 0",
            "40 Wiped since 0",
            "45 Pending since 45",
            "47 Firing since 0"
        ]
    );
}

#[test]
fn what_ends_while_it_is_down_ends_unheard() {
    let (changes, written) = run("15m", &[(20, 10)], 40, 22);
    assert_eq!(changes.len(), 3, "{changes:?}");
    assert!(
        written
            .iter()
            .all(|line| !line.contains("firing") || !line.ends_with("stale"))
    );
}
