//! A trace that was measured with a real Alertmanager 0.25.

use super::*;

/// `group_wait` 2 s, `group_interval` 3 s, `repeat_interval` 6 s. A came at
/// 1.3 s, B at 27.9 s; Y fired and was resolved within `group_wait`; D came with
/// a start 60 s before. Only of A and B the time was written down; the others'
/// lie where the trace allows.
fn received() -> Vec<Received> {
    let at = |millis: i64, labels: &str, starts_at: i64, ends_at: i64| Received {
        ts: millis * 1000,
        labels: labels_of(labels),
        annotations: Arc::new([]),
        starts_at: starts_at * 1000,
        ends_at: ends_at * 1000,
    };
    vec![
        at(1_440, "a g=1", 1_440, 3_600_000),
        at(27_900, "b g=1", 27_900, 3_600_000),
        at(34_000, "b g=1", 27_900, 34_000),
        at(44_000, "a g=1", 1_440, 44_000),
        at(50_000, "y g=2", 50_000, 3_600_000),
        at(51_000, "y g=2", 50_000, 51_000),
        at(57_240, "d g=3", -2_760, 3_600_000),
    ]
}

fn traces() -> (Vec<String>, Vec<String>) {
    let config = config(
        "route: {receiver: r, group_by: [g], group_wait: 2s, group_interval: 3s, repeat_interval: 6s}\nreceivers: [{name: r, webhook_configs: [{url: x}]}]",
    );
    let run = |repeat_race| {
        let options = Options {
            repeat_race,
            started_at: Some(0),
            ..Options::default()
        };
        let outcome = simulate(&config, &[], options, received(), 58 * SECOND);
        assert_eq!(outcome.warnings[0].code, "repeat-race");
        outcome.notifications.iter().map(shown).collect()
    };
    (run(RepeatRace::Late), run(RepeatRace::Early))
}

#[test]
fn what_the_race_does_not_touch_is_as_measured() {
    let (late, early) = traces();
    for trace in [&late, &early] {
        let rest: Vec<&String> = trace.iter().filter(|one| !one.contains("repeat")).collect();
        assert_eq!(
            rest,
            [
                "3.44 r first [a/1]",
                "30.44 r new-alerts [a/1 b/1]",
                "36.44 r some-resolved [a/1 b/1!]",
                "45.44 r all-resolved [a/1!]",
                "57.24 r first [d/3]",
            ]
        );
    }
}

/// The measured repetitions came at 12.44, 18.45, 24.45 and 42.47: the first lost
/// the race, the others won it. Each is where one of the two sides puts it.
#[test]
fn repetitions_are_where_one_side_of_the_race_puts_them() {
    let (late, early) = traces();
    let repeats = |trace: &[String]| -> Vec<String> {
        trace
            .iter()
            .filter(|one| one.contains("repeat"))
            .cloned()
            .collect()
    };
    assert_eq!(
        repeats(&late),
        ["12.44 r repeat [a/1]", "21.44 r repeat [a/1]"]
    );
    assert_eq!(
        repeats(&early),
        [
            "9.44 r repeat [a/1]",
            "15.44 r repeat [a/1]",
            "21.44 r repeat [a/1]",
            "27.44 r repeat [a/1]",
            "42.44 r repeat [a/1]",
        ]
    );
}
