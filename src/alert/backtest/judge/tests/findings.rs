use super::*;
use crate::alert::backtest::judge::{Judging, judge};
use crate::alert::backtest::{Finding, FindingKind, Verdict};
use FindingKind::*;

fn at(hours: i64) -> i64 {
    MONDAY + hours * HOUR
}

fn findings(made: Made, incidents: &[Incident]) -> Vec<Finding> {
    judge(&made.run(), incidents, &[], &Judging::default()).findings
}

/// The sentences of one kind.
fn told(findings: &[Finding], kind: FindingKind) -> Vec<&str> {
    let of_kind = findings.iter().filter(|one| one.kind == kind);
    of_kind.map(|one| one.sentence.as_str()).collect()
}

fn kinds(verdict: &Verdict) -> Vec<FindingKind> {
    verdict.findings.iter().map(|one| one.kind).collect()
}

#[test]
fn a_dead_rule_is_called_so() {
    let mut made = Made::default();
    let dead = made.rule("KafkaProducerLag", "sent_total - ack_total > 1000");
    made.rules[dead].unmatched = vec![
        ("sent_total".into(), "no such metric".into()),
        ("ack_total".into(), "no such metric".into()),
    ];
    // `absent` makes something of nothing; the other selector of an `or` may do.
    let absent = made.rule("Absent", "absent(gone)");
    made.rules[absent].unmatched = vec![("gone".into(), "no such metric".into())];
    made.paged(absent, &[], at(1), at(100));
    let half = made.rule("Half", "gone > 1 or here > 1");
    made.rules[half].unmatched = vec![("gone".into(), "no such metric".into())];
    // A scalar does not help, nor does what is joined with nothing.
    for (name, expr) in [
        ("Stale", "time() - gone > 86400"),
        ("Joined", "gone > 5 and (here or there)"),
    ] {
        let rule = made.rule(name, expr);
        made.rules[rule].unmatched = vec![("gone".into(), "no such metric".into())];
    }
    let findings = findings(made, &[]);
    assert_eq!(
        told(&findings, NeverFires),
        [
            "Joined can never fire: `gone` (no such metric) matches nothing; correct the selector, or \
             delete the rule",
            "KafkaProducerLag can never fire: `sent_total` (no such metric) and `ack_total` \
             (no such metric) match nothing; correct the selector, or delete the rule",
            "Stale can never fire: `gone` (no such metric) matches nothing; correct the selector, or \
             delete the rule",
        ]
    );
    assert!(findings.iter().any(|one| one.rule == Some(dead)));
    assert_eq!(
        told(&findings, Silent),
        ["Half did not fire, and a part of it can't: `gone` (no such metric) matches nothing"]
    );
}

#[test]
fn a_noisy_rule_is_called_so_and_a_good_one_is_not() {
    // Three weeks and fourteen incidents, as in the sample.
    let mut made = Made::default();
    made.range.end = MONDAY + 21 * DAY;
    let noisy = made.rule("ConsumerLagRising", "kafka_consumergroup_lag > 7");
    made.rules[noisy].info.hold = 0;
    let good = made.rule("HighStorageWriteLatency", "p95 > 1");
    let fair = made.rule("Fair", "p95 > 1");
    let incidents: Vec<Incident> = (0..14)
        .map(|n| {
            incident(
                "I",
                at(36 * n + 9),
                at(36 * n + 10),
                &[("service", "flink")],
            )
        })
        .collect();
    for n in 0..14 {
        let begin = at(36 * n + 9);
        made.paged(
            good,
            &[("service", "flink")],
            begin + 5 * MINUTE,
            begin + HOUR,
        );
        // Half of what it tells of is right: no noise.
        made.paged(fair, &[], begin + 5 * MINUTE, begin + HOUR);
        made.paged(fair, &[], begin + 10 * HOUR, begin + 11 * HOUR);
    }
    for n in 0..60 {
        made.paged(
            noisy,
            &[("topic", "orders")],
            at(8 * n) + 1,
            at(8 * n) + 3 * MINUTE,
        );
    }
    let verdict = judge(&made.run(), &incidents, &[], &Judging::default());
    let noisy_ones: Vec<Option<usize>> = verdict
        .findings
        .iter()
        .filter(|one| one.kind == Noisy)
        .map(|one| one.rule)
        .collect();
    assert_eq!(noisy_ones, [Some(noisy)]);
    let sentence = told(&verdict.findings, Noisy)[0];
    assert!(
        sentence.starts_with(
            "ConsumerLagRising is noisy: 20.0 notifications a week (60 in all, 60 pages), and "
        ),
        "{sentence}"
    );
    assert!(sentence.contains(" of 60 ("), "{sentence}");
    assert!(
        sentence.contains("60 episodes resolved within 5m; give it a `for`"),
        "{sentence}"
    );
    assert!(told(&verdict.findings, MissedIncident).is_empty());
}

#[test]
fn without_incidents_what_ends_by_itself_is_noise() {
    let mut made = Made::default();
    let noisy = made.rule("Blips", "a > 7");
    let long = made.rule("Long", "a > 7");
    for n in 0..40 {
        made.paged(noisy, &[], at(8 * n), at(8 * n) + 3 * MINUTE);
        made.paged(long, &[], at(8 * n), at(8 * n) + 40 * MINUTE);
    }
    let findings = findings(made, &[]);
    assert_eq!(
        told(&findings, Noisy),
        [
            "Blips is noisy: 10.0 notifications a week (40 in all, 40 pages), and 40 of 40 (100 %; \
             95 % interval 91 to 100 %) of its episodes ended by themselves or came back at once; \
             raise its threshold or `for`, or delete it"
        ]
    );
}

#[test]
fn flaps_are_bridged() {
    let mut made = Made::default();
    let rule = made.rule("Flappy", "a > 7");
    made.rules[rule].info.hold = MINUTE;
    made.rules[rule].info.keep_firing_for = MINUTE;
    for n in 0..4 {
        let from = at(24 * n);
        made.fired(rule, &[], from, from + 30 * MINUTE);
        // Fires again 4 min 30 s later; its condition has held for a minute of these.
        made.fired(
            rule,
            &[],
            from + 30 * MINUTE + MINUTE * 9 / 2,
            from + 60 * MINUTE,
        );
    }
    let findings = findings(made, &[]);
    assert_eq!(
        told(&findings, Flapping),
        [
            "Flappy flaps: 4 of its 8 episodes came back within 5m of being resolved; \
             `keep_firing_for: 5m` would have bridged each of these pauses"
        ]
    );
}

#[test]
fn what_fires_always_tells_nothing_unless_that_is_its_purpose() {
    let mut made = Made::default();
    let names = [
        ("Old", "version < 3"),
        ("Watchdog", "up > 0"),
        ("Alive", "vector(1)"),
        ("Some", "a"),
    ];
    for (name, expr) in names {
        let rule = made.rule(name, expr);
        let share = if name == "Some" { 25 } else { 26 };
        made.fired(rule, &[], at(0), at(24 * share));
    }
    let findings = findings(made, &[]);
    assert_eq!(
        told(&findings, AlwaysFiring),
        [
            "Old fired 93 % of the time (1 episode, longest 26d): it tells of a state, not of a \
             change; move its threshold or make it a dashboard"
        ]
    );
}

#[test]
fn a_missed_incident_has_its_nearest_miss() {
    let mut made = Made::default();
    let slow = made.rule("PoolExhausted", "a > 7");
    made.rules[slow].info.hold = 10 * MINUTE;
    let lag = made.rule("Lag", "a > 7");
    let x = [("service", "x")];
    made.pending(slow, &x, at(1), at(1) + 4 * MINUTE);
    made.pending(slow, &x, at(1) + 10 * MINUTE, at(1) + 12 * MINUTE);
    made.paged(lag, &[("service", "y")], at(25), at(26));
    // It goes on from one incident into the next.
    let long = made.fired(lag, &x, at(49), at(53));
    made.page(at(49), &[long]);
    made.fired(lag, &x, at(97), at(98));
    let mut incidents = [
        incident("INC-1", at(1), at(2), &x),
        incident("INC-2", at(25), at(26), &x),
        incident("INC-3", at(49), at(50), &x),
        incident("INC-4", at(52), at(54), &x),
        incident("INC-5", at(73), at(74), &x),
        incident("INC-6", at(97), at(98), &x),
    ];
    incidents[0].severity = Some("warning".into());
    incidents[0].title = Some("Pool exhausted".into());
    incidents[4].ended_at = None;
    let findings = findings(made, &incidents);
    assert_eq!(
        told(&findings, MissedIncident),
        [
            "INC-1 (warning, Pool exhausted, 1970-01-05T01:00:00Z for 1h) was met by no alert: the \
             nearest was PoolExhausted, pending for 4m of its 10m from 1970-01-05T01:00:00Z",
            "INC-2 (1970-01-06T01:00:00Z for 1h) was met by no alert: Lag fired, but about something else",
            "INC-4 (1970-01-07T04:00:00Z for 2h) was met by no alert: Lag fired when it began, but \
             had done so since 1970-01-07T01:00:00Z and belongs to another incident",
            "INC-5 (1970-01-08T01:00:00Z) was met by no alert: no rule came near",
            "nobody was told of INC-6 (1970-01-09T01:00:00Z for 1h): 1 alert of Lag fired, and none was notified",
        ]
    );
    assert_eq!(findings[0].incident, Some(0));
}

#[test]
fn errors_and_labels_of_the_value_are_told() {
    let mut made = Made::default();
    let wrong = made.rule("Wrong", "a / b > 7");
    made.rules[wrong].report.errors.count = 12;
    made.rules[wrong].report.errors.first = Some((at(1), "many-to-many matching".into()));
    let recording = made.rule("job:a", "sum(a)");
    made.rules[recording].info.is_alert = false;
    made.rules[recording].report.errors.count = 1;
    let value = made.rule("Value", "a > 7");
    made.rules[value].info.labels = pairs(&[
        ("level", "{{ $value }}"),
        ("severity", "{{ $labels.s }}"),
        ("team", "x"),
    ]);
    made.pending(value, &[], at(1), at(1) + MINUTE);
    let findings = findings(made, &[]);
    assert_eq!(
        told(&findings, RuleErrors),
        [
            "Wrong: 12 of 40320 evaluations failed, the first at 1970-01-05T01:00:00Z: many-to-many matching",
            "job:a: 1 of 40320 evaluations failed",
        ]
    );
    assert_eq!(
        told(&findings, UnstableLabel),
        [
            "Value's `level` depends on the value: each new value is a new alert that waits 5m from \
             the start (1 pending alert that never fired here); move it to an annotation"
        ]
    );
    // A severity by template is one.
    assert!(told(&findings, NoSeverity).is_empty());
}

#[test]
fn what_is_lacking_or_silent_is_told_once() {
    let mut made = Made::default();
    for name in ["A", "B", "C"] {
        let rule = made.rule(name, "a > 7");
        if name != "C" {
            made.rules[rule].info.annotations.clear();
        }
        if name == "A" {
            made.rules[rule].info.labels.clear();
        }
    }
    made.rules[2].info.labels = pairs(&[("severity", "page")]);
    made.rules[2]
        .info
        .annotations
        .extend(pairs(&[("owner", "{{ $labels.team }}")]));
    made.pending(1, &[], at(1), at(1) + 4 * MINUTE);
    made.pending(1, &[], at(2), at(2) + MINUTE);
    let verdict = judge(&made.run(), &[], &[], &Judging::default());
    assert_eq!(kinds(&verdict), [Silent, NoSeverity, NoRunbook, NoOwner]);
    let sentences: Vec<&str> = verdict
        .findings
        .iter()
        .map(|one| one.sentence.as_str())
        .collect();
    assert_eq!(
        sentences,
        [
            "3 rules did not fire in this range, though nothing shows that they can't: A, B (pending 2 \
             times, at most 4m of its 5m) and C",
            "A has no severity: add the label `severity`",
            "2 of 3 alerting rules have no runbook (add the annotation `runbook_url`): A and B",
            "A has no owner: add the label `team`",
        ]
    );
    assert_eq!(verdict.findings[1].rule, Some(0));
    assert_eq!(verdict.findings[2].rule, None);
    assert_eq!(
        verdict.rules[2].owner.as_deref(),
        Some("{{ $labels.team }}")
    );
}

#[test]
fn two_rules_that_fire_together_are_told_apart_by_their_places() {
    let mut made = Made::default();
    let first = made.rule("Burn", "a > 7");
    let second = made.rule("Burn", "a > 6");
    for day in 1..4 {
        made.fired(first, &[], at(24 * day) + 2 * MINUTE, at(24 * day + 5));
        made.fired(second, &[], at(24 * day), at(24 * day + 5));
    }
    let findings = findings(made, &[]);
    assert_eq!(
        told(&findings, CoFiring),
        [
            "Burn (rules.yml:4) and Burn (rules.yml:14) fire together: both fire in 99 % of the time \
             in which either does (Burn (rules.yml:14) leads by 2m); one of them, or an inhibition \
             rule, would do"
        ]
    );
}

#[test]
fn a_short_range_is_warned_of() {
    let mut made = Made::default();
    made.range.end = MONDAY + 2 * DAY;
    let verdict = judge(&made.run(), &[], &[], &Judging::default());
    assert_eq!(verdict.warnings.len(), 1);
    assert_eq!(
        verdict.warnings[0].message,
        "the range is 2d long: what is said of a week is extrapolated"
    );
}
