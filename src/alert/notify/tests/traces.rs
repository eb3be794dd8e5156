use super::*;

const ONE: &str = "
route: {receiver: r, group_by: [g], group_wait: 10s, group_interval: 60s, repeat_interval: 150s}
receivers:
- {name: r, webhook_configs: [{url: x}]}
";

#[test]
fn a_group_waits_then_keeps_its_cadence() {
    // Flushes at 10, 70, 130, …: whatever comes waits for the next one.
    let received = [
        fires(0, "a g=1"),
        fires(5, "b g=1"),
        fires(71, "c g=1"),
        resolves(75, "a g=1", 0),
        resolves(200, "b g=1", 5),
        resolves(201, "c g=1", 71),
    ];
    assert_eq!(
        run(&config(ONE), &received, 1000),
        [
            "10 r first [a/1 b/1]",
            "130 r new-alerts [a/1! b/1 c/1]",
            "250 r all-resolved [b/1! c/1!]",
        ]
    );
}

#[test]
fn repetitions_come_at_the_first_tick_after_the_interval() {
    // 150 s after 10 is 160: the ticks are at 130 and 190.
    assert_eq!(
        run(&config(ONE), &[fires(0, "a g=1")], 600),
        [
            "10 r first [a/1]",
            "190 r repeat [a/1]",
            "370 r repeat [a/1]",
            "550 r repeat [a/1]",
        ]
    );
}

#[test]
fn a_flap_shorter_than_the_wait_is_never_told() {
    let received = [fires(0, "a g=1"), resolves(8, "a g=1", 0)];
    assert_eq!(run(&config(ONE), &received, 600), Vec::<String>::new());
    // Resolved at the very instant of the flush: too late for it to be told.
    let received = [fires(0, "a g=1"), resolves(10, "a g=1", 0)];
    assert_eq!(run(&config(ONE), &received, 600), Vec::<String>::new());
}

#[test]
fn an_alert_that_nobody_renews_is_resolved_at_its_end() {
    let received = [alert(0, "a g=1", 0, 100)];
    assert_eq!(
        run(&config(ONE), &received, 600),
        ["10 r first [a/1]", "130 r all-resolved [a/1!]"]
    );
}

#[test]
fn a_group_begins_anew_after_it_was_empty() {
    let received = [
        fires(0, "a g=1"),
        resolves(20, "a g=1", 0), // told at 70; then the group is gone
        fires(72, "a g=1"),       // waits 10 s, not for the tick at 130
        resolves(100, "a g=1", 72),
    ];
    assert_eq!(
        run(&config(ONE), &received, 300),
        [
            "10 r first [a/1]",
            "70 r all-resolved [a/1!]",
            "82 r first [a/1]",
            "142 r all-resolved [a/1!]",
        ]
    );
    // In 0.25 the empty group lives until the sweep at 90: the tick is at 130.
    let options = Options {
        release: Release::V0_25,
        started_at: Some(0),
        ..Options::default()
    };
    let outcome = simulate(&config(ONE), &[], options, received, 300 * SECOND);
    let all: Vec<String> = outcome.notifications.iter().map(shown).collect();
    // Resolved before the tick at 130, of which only the end of the first was told.
    assert_eq!(all, ["10 r first [a/1]", "70 r all-resolved [a/1!]"]);
}

#[test]
fn an_old_alert_does_not_wait() {
    let late = |ts| alert(ts, "b g=1", ts - 11, 9999);
    assert_eq!(run(&config(ONE), &[late(100)], 150), ["100 r first [b/1]"]);
    // Exactly as old as the wait: it waits.
    let received = [alert(100, "b g=1", 90, 9999)];
    assert_eq!(run(&config(ONE), &received, 150), ["110 r first [b/1]"]);
    // In a group that waits already it is the first alert that counts.
    let received = [fires(100, "a g=1"), late(103)];
    assert_eq!(run(&config(ONE), &received, 150), ["110 r first [a/1 b/1]"]);
    let options = Options {
        release: Release::V0_25,
        ..Options::default()
    };
    let outcome = simulate(&config(ONE), &[], options, received, 150 * SECOND);
    let all: Vec<String> = outcome.notifications.iter().map(shown).collect();
    assert_eq!(all, ["103 r first [a/1 b/1]"]);
}

#[test]
fn a_resolved_alert_that_is_sent_again_is_not_told_again() {
    let received = [
        fires(0, "a g=1"),
        fires(0, "b g=1"),
        resolves(20, "a g=1", 0),
        resolves(80, "a g=1", 0),
        alert(81, "a g=1", 0, 20),
        alert(140, "a g=1", 0, 20),
        resolves(141, "b g=1", 0),
        alert(260, "a g=1", 0, 20),
    ];
    // At 80 a came as if resolved then; at 130 that is the same resolved alert.
    assert_eq!(
        run(&config(ONE), &received, 500),
        [
            "10 r first [a/1 b/1]",
            "70 r some-resolved [a/1! b/1]",
            "190 r all-resolved [a/1! b/1!]",
        ]
    );
}

#[test]
fn continue_tells_several_receivers_and_send_resolved_false_keeps_quiet() {
    let config = config(
        "
route:
  receiver: rest
  group_wait: 10s
  group_interval: 60s
  repeat_interval: 1h1s
  routes:
  - {receiver: x, matchers: [team=x], continue: true}
  - {receiver: y, matchers: ['team=~\"x|y\"']}
receivers:
- {name: rest, webhook_configs: [{url: x}]}
- {name: x, slack_configs: [{channel: x}], pagerduty_configs: [{routing_key: x}]}
- {name: y}
",
    );
    let received = [
        fires(0, "a team=x"),
        fires(0, "b team=y"),
        fires(0, "c"),
        resolves(20, "a team=x", 0),
    ];
    let outcome = simulate(&config, &[], Options::default(), received, 200 * SECOND);
    let all: Vec<String> = outcome
        .notifications
        .iter()
        .map(|one| format!("{} {}", one.integration, shown(one)))
        .collect();
    assert_eq!(
        all,
        [
            "slack 10 x first [a/x]",
            "pagerduty 10 x first [a/x]",
            "webhook 10 rest first [c]",
            "pagerduty 70 x all-resolved [a/x!]",
        ]
    );
    assert_eq!(&*outcome.notifications[0].route, "{}/{team=\"x\"}");
    let [withheld] = outcome.withheld.as_slice() else {
        panic!("{:?}", outcome.withheld);
    };
    assert_eq!(
        (withheld.ts, &*withheld.integration),
        (70 * SECOND, "slack")
    );
    assert_eq!(outcome.warnings, []);
}

#[test]
fn alerts_are_listed_as_alertmanager_does() {
    let received = [
        fires(0, "z g=1 job=b"),
        fires(0, "y g=1"),
        fires(0, "x g=1 job=a instance=2"),
        fires(0, "w g=1 job=a instance=1 extra=1"),
        fires(0, "b g=1"),
        fires(0, "v g=1 b=1"),
        fires(0, "v g=1 c=1"),
    ];
    assert_eq!(
        run(&config(ONE), &received, 20),
        ["10 r first [w/1/1/1/a x/1/2/a z/1/b b/1 y/1 v/1/1 v/1/1]"]
    );
}

const INHIBITING: &str = "
route: {receiver: r, group_by: [alertname], group_wait: 10s, group_interval: 60s, repeat_interval: 1h1s}
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: ['severity=~\"warning|critical\"'], equal: [dc]}
receivers:
- {name: r, webhook_configs: [{url: x}]}
";

#[test]
fn a_source_must_be_there_by_the_flush() {
    let received = [
        fires(0, "low severity=warning dc=1"),
        fires(10, "high severity=critical dc=1"), // comes before the timer of the same instant
        fires(0, "other severity=warning dc=2"),
    ];
    let mut sorted = received.to_vec();
    sorted.sort_by_key(|one| one.ts);
    let outcome = simulate(
        &config(INHIBITING),
        &[],
        Options::default(),
        sorted,
        130 * SECOND,
    );
    let all: Vec<String> = outcome.notifications.iter().map(shown).collect();
    assert_eq!(
        all,
        [
            "10 r first [other/2/warning]",
            "20 r first [high/1/critical]"
        ]
    );
    let [held] = outcome.suppressions.as_slice() else {
        panic!("{:?}", outcome.suppressions);
    };
    assert_eq!(
        (held.from, held.until, held.flushes),
        (10 * SECOND, 130 * SECOND, 3)
    );
    let source = labels_of("high severity=critical dc=1");
    assert_eq!(held.cause, Cause::Inhibited { rule: 0, source });
    // One second later, and the warning is out.
    let late = [
        fires(0, "low severity=warning dc=1"),
        fires(11, "high severity=critical dc=1"),
    ];
    assert_eq!(
        run(&config(INHIBITING), &late, 130),
        ["10 r first [low/1/warning]", "21 r first [high/1/critical]"]
    );
}

#[test]
fn two_sided_alerts_do_not_inhibit_each_other() {
    let received = [
        fires(0, "a severity=critical dc=1"),
        fires(0, "b severity=critical dc=1"),
    ];
    assert_eq!(run(&config(INHIBITING), &received, 20).len(), 2);
}

#[test]
fn a_resolved_source_lets_go() {
    let received = [
        fires(0, "high severity=critical"),
        fires(0, "low severity=warning"), // no dc: empty on both sides
        resolves(100, "high severity=critical", 0),
        fires(200, "high severity=critical"),
        resolves(205, "low severity=warning", 0),
    ];
    let outcome = simulate(
        &config(INHIBITING),
        &[],
        Options::default(),
        received,
        400 * SECOND,
    );
    let all: Vec<String> = outcome.notifications.iter().map(shown).collect();
    assert_eq!(
        all,
        [
            "10 r first [high/critical]",
            "130 r all-resolved [high/critical!]",
            "130 r first [low/warning]",
            "210 r first [high/critical]",
        ]
    );
    // Inhibited again when it was resolved: nobody hears of that.
    let last = outcome.suppressions.last().expect("two");
    assert_eq!(
        (last.from, last.flushes, last.resolved),
        (250 * SECOND, 1, true)
    );
}

#[test]
fn silences_take_alerts_out_of_a_group() {
    let silences = parse_silences(
        "silences: [{matchers: [alertname=b], starts_at: 1970-01-01T00:01:10Z, ends_at: 1970-01-01T00:03:10Z}]",
    )
    .expect("silences");
    let received = [
        fires(0, "a g=1"),
        fires(0, "b g=1"),
        fires(80, "c g=1"),
        resolves(100, "a g=1", 0),
        resolves(100, "c g=1", 80),
    ];
    let outcome = simulate(
        &config(ONE),
        &silences,
        Options::default(),
        received.clone(),
        400 * SECOND,
    );
    let all: Vec<String> = outcome.notifications.iter().map(shown).collect();
    // At 70 b is not there; at 130 a and c are over and b is silenced, so all is
    // resolved; at 190 (the silence's last instant) only b is left; at 250 it is new.
    assert_eq!(
        all,
        [
            "10 r first [a/1 b/1]",
            "130 r all-resolved [a/1! c/1!]",
            "250 r first [b/1]",
        ]
    );
    assert_eq!(
        outcome.notifications[1].suppressed,
        [(labels_of("b g=1"), Cause::Silenced { silence: 0 })]
    );
    let held = &outcome.suppressions[0];
    assert_eq!(
        (held.from, held.until, held.flushes),
        (70 * SECOND, 190 * SECOND, 3)
    );
    // Without silences: what they kept back.
    let ignored = Ignored {
        silences: true,
        ..Ignored::default()
    };
    let options = Options {
        ignored,
        ..Options::default()
    };
    let outcome = simulate(&config(ONE), &silences, options, received, 400 * SECOND);
    let all: Vec<String> = outcome.notifications.iter().map(shown).collect();
    assert_eq!(
        all,
        [
            "10 r first [a/1 b/1]",
            "130 r some-resolved [a/1! b/1 c/1!]",
            "310 r repeat [b/1]",
        ]
    );
}

#[test]
fn an_alert_resolved_under_a_mute_is_not_told_until_the_entry_is_forgotten() {
    // Muted from 00:01 to 00:02.
    let config = config(
        "
route:
  receiver: r
  group_wait: 10s
  group_interval: 60s
  repeat_interval: 7m
  routes: [{matchers: [m=1], mute_time_intervals: [m]}, {matchers: [m=2], active_time_intervals: [m]}]
time_intervals:
- {name: m, time_intervals: [{times: [{start_time: '00:01', end_time: '00:02'}]}]}
receivers:
- {name: r, webhook_configs: [{url: x}]}
",
    );
    let received = [
        fires(0, "a m=1"),
        fires(0, "b m=2"),
        resolves(20, "a m=1", 0), // in the mute at 70: gone without a word
        fires(150, "a m=1"),      // still in the log as firing: no news
    ];
    let outcome = simulate(&config, &[], Options::default(), received, 600 * SECOND);
    let all: Vec<String> = outcome.notifications.iter().map(shown).collect();
    assert_eq!(
        all,
        [
            "10 r first [a/1]",
            "70 r first [b/2]", // the only look within its active minute
            "460 r repeat [a/1]",
        ]
    );
    let causes: Vec<(&Cause, i64, usize)> = outcome
        .suppressions
        .iter()
        .map(|one| (&one.cause, one.from / SECOND, one.flushes))
        .collect();
    let muted = Cause::Muted {
        interval: "m".into(),
    };
    assert_eq!(
        causes,
        [
            (&Cause::Inactive, 10, 1),
            (&muted, 70, 1),
            (&Cause::Inactive, 130, 8),
        ]
    );
}

#[test]
fn an_entry_beyond_the_retention_is_forgotten() {
    const HOUR: i64 = 3600;
    let config = config(
        "route: {receiver: r, group_wait: 0s, group_interval: 1h, repeat_interval: 10d}\nreceivers: [{name: r, webhook_configs: [{url: x}]}]",
    );
    let received = [alert(0, "a", 0, 300 * HOUR)];
    let outcome = simulate(
        &config,
        &[],
        Options::default(),
        received,
        250 * HOUR * SECOND,
    );
    let all: Vec<String> = outcome.notifications.iter().map(shown).collect();
    assert_eq!(
        all,
        ["0 r first [a]", "432000 r first [a]", "864000 r first [a]"]
    );
    let codes: Vec<&str> = outcome.warnings.iter().map(|one| one.code).collect();
    assert_eq!(codes, ["repeat-race", "repeat-beyond-retention"]);
}

#[test]
fn siblings_with_the_same_conditions_share_the_log() {
    let config = config(
        "
route:
  receiver: r
  group_wait: 10s
  group_interval: 60s
  repeat_interval: 1h1s
  routes:
  - {matchers: [a=1], continue: true}
  - {matchers: [a=1], group_wait: 20s}
receivers:
- {name: r, webhook_configs: [{url: x}]}
",
    );
    assert_eq!(
        run(&config, &[fires(0, "x a=1")], 100),
        ["10 r first [1/x]"]
    );
}

#[test]
fn alerts_that_the_api_refuses_are_counted() {
    let received = [alert(0, "a", 10, 5), fires(1, "b")];
    let outcome = simulate(&config(ONE), &[], Options::default(), received, 20 * SECOND);
    assert_eq!(outcome.notifications.len(), 1);
    let last = outcome.warnings.last().expect("a warning");
    assert_eq!(last.code, "refused-alerts");
}
