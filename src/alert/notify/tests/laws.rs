use proptest::prelude::*;

use super::*;

const CONFIG: &str = "
route:
  receiver: r
  group_by: [g]
  group_wait: 7s
  group_interval: 20s
  repeat_interval: 50s
  routes:
  - {matchers: [t=1], receiver: s, continue: true, group_by: ['...']}
  - {matchers: ['t=~\"1|2\"'], mute_time_intervals: [m], routes: [{matchers: [g=2], group_wait: 0s}]}
inhibit_rules:
- {source_matchers: [t=3], target_matchers: ['t=~\"1|3\"'], equal: [g]}
time_intervals:
- {name: m, time_intervals: [{times: [{start_time: '00:02', end_time: '00:03'}]}]}
receivers:
- {name: r, webhook_configs: [{url: x}]}
- {name: s, slack_configs: [{channel: x}], webhook_configs: [{url: x}]}
";

const SILENCES: &str =
    "[{matchers: [alertname=b], starts_at: 1970-01-01T00:01:00Z, ends_at: 1970-01-01T00:02:30Z}]";

fn stream() -> impl Strategy<Value = Vec<Received>> {
    let one = (0_i64..40, "[abc]", 1..4, 1..4, 0_i64..40, -5_i64..60);
    prop::collection::vec(one, 0..40).prop_map(|list| {
        let mut now = 0;
        list.into_iter()
            .map(|(step, name, g, t, age, life)| {
                now += step;
                let labels = format!("{name} g={g} t={t}");
                alert(now, &labels, now - age, now + life)
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn what_is_kept_back_is_not_told(received in stream(), early in any::<bool>(), old in any::<bool>()) {
        let config = config(CONFIG);
        let silences = parse_silences(SILENCES).expect("silences");
        let options = Options {
            repeat_race: if early { RepeatRace::Early } else { RepeatRace::Late },
            release: if old { Release::V0_25 } else { Release::V0_34 },
            ..Options::default()
        };
        let run = || simulate(&config, &silences, options, received.clone(), 2000 * SECOND);
        let outcome = run();
        for one in &outcome.notifications {
            for told in &one.alerts {
                let silenced = silences[0].matches(&told.labels) && silences[0].is_active(one.ts);
                prop_assert!(!silenced, "{}", shown(one));
                prop_assert!(one.suppressed.iter().all(|(labels, _)| *labels != told.labels));
                // By what came last before it, no alert with t=3 of the group fires.
                if told.labels.get("t") == Some("1") && told.ends_at.is_none() {
                    let source = |g: Option<&str>, at: i64| {
                        let mut ends = std::collections::BTreeMap::new();
                        for r in received.iter().filter(|r| r.ts <= at && r.ends_at >= r.starts_at) {
                            if r.labels.get("t") == Some("3") && r.labels.get("g") == g {
                                ends.insert(r.labels.to_string(), r.ends_at);
                            }
                        }
                        ends.values().any(|end| *end > at)
                    };
                    prop_assert!(!source(told.labels.get("g"), one.ts), "{}", shown(one));
                }
            }
        }
        prop_assert!(outcome.notifications.is_sorted_by_key(|one| one.ts));
        prop_assert_eq!(run().notifications, outcome.notifications);
    }

    #[test]
    fn a_stream_in_parts_is_the_stream(received in stream(), until in 0_i64..2000) {
        let config = config(CONFIG);
        let whole = simulate(&config, &[], Options::default(), received.clone(), until * SECOND);
        let later = simulate(&config, &[], Options::default(), received, 2000 * SECOND);
        let cut: Vec<String> = later.notifications.iter().filter(|one| one.ts <= until * SECOND).map(shown).collect();
        let whole: Vec<String> = whole.notifications.iter().filter(|one| one.ts <= until * SECOND).map(shown).collect();
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn never_panics(ts in any::<i64>(), starts_at in any::<i64>(), ends_at in any::<i64>()) {
        let mut simulation = Simulation::new(&config(CONFIG), &[], Options::default());
        simulation.receive(&Received {
            ts,
            labels: labels_of("a t=1"),
            annotations: Arc::new([]),
            starts_at,
            ends_at,
        });
        // Only a few looks: centuries of them would take a while.
        simulation.finish(ts.saturating_add(100 * SECOND));
    }
}
