//! The paragraphs of the Alert Generator Compliance Specification 1.0 on states and sending, and
//! Prometheus' own rules beside them.

use super::*;

const MINUTE: i64 = 60_000_000;
const NEVER: Option<i64> = None;

fn labels(name: &str) -> Arc<Labels> {
    Arc::new(Labels::from_pairs([("alertname", "X"), ("i", name)]).expect("distinct"))
}

/// One evaluation whose result has these elements, all with the value 1.
fn step(state: &mut RuleState, ts: i64, names: &[&str], timing: Timing) -> StepOutcome {
    let elements: Vec<Element> = names
        .iter()
        .map(|name| Element {
            key: state.key(&labels(name)),
            labels: labels(name),
            value: 1.0,
        })
        .collect();
    state.step(ts, &elements, timing)
}

fn hold(hold: i64) -> Timing {
    Timing {
        hold,
        ..Timing::default()
    }
}

fn changes(outcome: &StepOutcome) -> Vec<(Change, &str)> {
    let changes = outcome.transitions.iter();
    changes
        .map(|one| (one.change, one.alert.labels.get("i").expect("a label")))
        .collect()
}

fn only(state: &RuleState) -> &Alert {
    let mut alerts = state.alerts().map(|(_, alert)| alert);
    let alert = alerts.next().expect("an alert");
    assert!(alerts.next().is_none(), "one alert");
    alert
}

#[test]
fn two_alerts_with_the_same_labels_fail_the_rule_and_change_nothing() {
    let mut state = RuleState::default();
    step(&mut state, 0, &["a"], hold(MINUTE));
    let outcome = step(&mut state, MINUTE, &["b", "b"], hold(MINUTE));
    let error = outcome.error.expect("duplicates");
    assert_eq!(
        error,
        StepError::DuplicateLabels {
            labels: labels("b")
        }
    );
    assert!(outcome.transitions.is_empty());
    assert_eq!(only(&state).state, AlertState::Pending);
    // The alert that was not looked at is still pending, since the same instant.
    let outcome = step(&mut state, 2 * MINUTE, &["a"], hold(2 * MINUTE));
    assert_eq!(changes(&outcome), [(Change::Firing, "a")]);
}

#[test]
fn an_alert_is_pending_for_less_than_its_duration_and_then_fires() {
    let mut state = RuleState::default();
    let outcome = step(&mut state, 5 * MINUTE, &["a"], hold(2 * MINUTE));
    assert_eq!(changes(&outcome), [(Change::Pending, "a")]);
    assert_eq!(only(&state).active_at, 5 * MINUTE);
    assert!(
        step(&mut state, 6 * MINUTE, &["a"], hold(2 * MINUTE))
            .transitions
            .is_empty()
    );
    assert_eq!(only(&state).state, AlertState::Pending);
    let outcome = step(&mut state, 7 * MINUTE, &["a"], hold(2 * MINUTE));
    assert_eq!(changes(&outcome), [(Change::Firing, "a")]);
    assert_eq!(only(&state).fired_at, Some(7 * MINUTE));
    assert_eq!(only(&state).active_at, 5 * MINUTE);
}

#[test]
fn without_a_duration_it_fires_in_the_evaluation_that_creates_it() {
    let mut state = RuleState::default();
    let outcome = step(&mut state, MINUTE, &["a"], hold(0));
    assert_eq!(changes(&outcome), [(Change::Firing, "a")]);
    assert_eq!(
        (only(&state).active_at, only(&state).fired_at),
        (MINUTE, Some(MINUTE))
    );
}

#[test]
fn a_duration_below_the_interval_fires_at_the_next_evaluation() {
    let mut state = RuleState::default();
    assert_eq!(
        changes(&step(&mut state, 0, &["a"], hold(1))),
        [(Change::Pending, "a")]
    );
    assert_eq!(
        changes(&step(&mut state, MINUTE, &["a"], hold(1))),
        [(Change::Firing, "a")]
    );
}

#[test]
fn an_alert_without_an_element_is_inactive_at_once() {
    let mut state = RuleState::default();
    step(&mut state, 0, &["a", "b"], hold(MINUTE));
    step(&mut state, MINUTE, &["a"], hold(MINUTE));
    // The pending one is gone, the firing one resolved and kept.
    let outcome = step(&mut state, 2 * MINUTE, &[], hold(MINUTE));
    assert_eq!(changes(&outcome), [(Change::Resolved, "a")]);
    assert_eq!(only(&state).state, AlertState::Inactive);
    assert_eq!(only(&state).resolved_at, Some(2 * MINUTE));
    assert_eq!(state.active().count(), 0);
}

#[test]
fn one_missing_evaluation_starts_the_duration_again() {
    let mut state = RuleState::default();
    step(&mut state, 0, &["a"], hold(2 * MINUTE));
    assert_eq!(
        changes(&step(&mut state, MINUTE, &[], hold(2 * MINUTE))),
        [(Change::Dropped, "a")]
    );
    assert_eq!(
        changes(&step(&mut state, 2 * MINUTE, &["a"], hold(2 * MINUTE))),
        [(Change::Pending, "a")]
    );
    assert!(
        step(&mut state, 3 * MINUTE, &["a"], hold(2 * MINUTE))
            .transitions
            .is_empty()
    );
    assert_eq!(
        changes(&step(&mut state, 4 * MINUTE, &["a"], hold(2 * MINUTE))),
        [(Change::Firing, "a")]
    );
}

#[test]
fn an_inactive_alert_that_comes_back_is_a_new_one() {
    let mut state = RuleState::default();
    step(&mut state, 0, &["a"], hold(0));
    step(&mut state, MINUTE, &[], hold(0));
    let outcome = step(&mut state, 2 * MINUTE, &["a"], hold(MINUTE));
    assert_eq!(changes(&outcome), [(Change::Pending, "a")]);
    let alert = only(&state);
    assert_eq!(
        (alert.active_at, alert.resolved_at, alert.last_sent_at),
        (2 * MINUTE, NEVER, NEVER)
    );
}

#[test]
fn the_newest_value_is_kept() {
    let mut state = RuleState::default();
    step(&mut state, 0, &["a"], hold(MINUTE));
    let element = Element {
        key: state.key(&labels("a")),
        labels: labels("other"),
        value: 7.0,
    };
    state.step(1, &[element], hold(MINUTE));
    let alert = only(&state);
    assert_eq!((alert.value, alert.value_at, alert.active_at), (7.0, 1, 0));
    assert_eq!(alert.element, labels("other"));
}

#[test]
fn keep_firing_for_counts_from_the_first_miss() {
    let timing = Timing {
        keep_firing_for: 2 * MINUTE,
        ..Timing::default()
    };
    let mut state = RuleState::default();
    step(&mut state, 0, &["a"], timing);
    for ts in [MINUTE, 2 * MINUTE] {
        assert!(step(&mut state, ts, &[], timing).transitions.is_empty());
        assert_eq!(only(&state).keep_firing_since, Some(MINUTE));
    }
    // An element in between starts it again.
    step(&mut state, 3 * MINUTE, &["a"], timing);
    assert_eq!(only(&state).keep_firing_since, None);
    step(&mut state, 4 * MINUTE, &[], timing);
    assert!(
        step(&mut state, 6 * MINUTE - 1, &[], timing)
            .transitions
            .is_empty()
    );
    let outcome = step(&mut state, 6 * MINUTE, &[], timing);
    assert_eq!(changes(&outcome), [(Change::Resolved, "a")]);
}

#[test]
fn a_resolved_alert_is_forgotten_after_more_than_15_minutes() {
    let mut state = RuleState::default();
    step(&mut state, 0, &["a"], hold(0));
    step(&mut state, MINUTE, &[], hold(0));
    step(&mut state, 16 * MINUTE, &[], hold(0));
    assert!(!state.is_empty());
    step(&mut state, 16 * MINUTE + 1, &[], hold(0));
    assert!(state.is_empty());
}

#[test]
fn more_alerts_than_the_limit_wipe_all() {
    let timing = Timing {
        limit: 1,
        ..Timing::default()
    };
    let mut state = RuleState::default();
    step(&mut state, 0, &["a"], timing);
    let outcome = step(&mut state, MINUTE, &["a", "b"], timing);
    assert_eq!(
        outcome.error,
        Some(StepError::Limit {
            limit: 1,
            active: 2
        })
    );
    assert_eq!(changes(&outcome), [(Change::Wiped, "a")]);
    assert!(state.is_empty());
    let error = outcome.error.expect("the limit").to_string();
    assert_eq!(error, "exceeded limit of 1 with 2 alerts");
    // An alert that fires on without an element counts; a resolved one does not.
    let timing = Timing {
        keep_firing_for: MINUTE,
        ..timing
    };
    step(&mut state, 2 * MINUTE, &["a"], timing);
    assert!(step(&mut state, 3 * MINUTE, &["b"], timing).error.is_some());
    step(&mut state, 4 * MINUTE, &["a"], hold(0));
    step(&mut state, 5 * MINUTE, &[], hold(0));
    assert!(step(&mut state, 6 * MINUTE, &["b"], timing).error.is_none());
}

#[test]
fn compacting_keeps_the_alerts() {
    let mut state = RuleState::default();
    step(&mut state, 0, &["a", "b", "c"], hold(MINUTE));
    step(&mut state, 1, &["b"], hold(MINUTE));
    state.compact();
    assert_eq!(
        changes(&step(&mut state, MINUTE, &["b"], hold(MINUTE))),
        [(Change::Firing, "b")]
    );
}

/// When an alert is sent that is firing at the evaluations before `until` and resolved at those
/// after it, and when it ends by that.
fn sendings(interval: i64, resend_delay: i64, until: i64, to: i64) -> Vec<(i64, i64, i64)> {
    let mut state = RuleState::default();
    let mut sent = Vec::new();
    for ts in (0..to).step_by(interval as usize) {
        let names: &[&str] = if ts < until { &["a"] } else { &[] };
        step(&mut state, ts, names, hold(interval));
        state.send(ts, interval, resend_delay, &mut sent);
    }
    sent.iter()
        .map(|one| (one.ts, one.starts_at, one.ends_at))
        .collect()
}

#[test]
fn firing_alerts_are_sent_at_once_and_again_after_the_delay() {
    let second = MINUTE / 60;
    // Pending at 0, firing at 15 s; more than 60 s later is 75 s later.
    let times = sendings(15 * second, MINUTE, MINUTE * 10, MINUTE * 4);
    let expected = [15, 90, 165].map(|s| (s * second, 15 * second, s * second + 4 * MINUTE));
    assert_eq!(times, expected);
    // The comparison is strict: with the interval equal to the delay, every second evaluation.
    let times = sendings(MINUTE, MINUTE, MINUTE * 10, MINUTE * 6);
    let expected = [1, 3, 5].map(|m| (m * MINUTE, MINUTE, (m + 4) * MINUTE));
    assert_eq!(times, expected);
    // A longer interval decides when it ends.
    let times = sendings(5 * MINUTE, MINUTE, MINUTE * 50, MINUTE * 16);
    let expected = [5, 10, 15].map(|m| (m * MINUTE, 5 * MINUTE, (m + 20) * MINUTE));
    assert_eq!(times, expected);
}

#[test]
fn resolved_alerts_are_sent_at_once_and_again_for_15_minutes() {
    let times = sendings(2 * MINUTE, MINUTE, 4 * MINUTE, 60 * MINUTE);
    // Firing at 2 min, resolved at 4 min, sent until it is forgotten.
    let mut expected = vec![(2 * MINUTE, 2 * MINUTE, 10 * MINUTE)];
    expected.extend((2..=9).map(|n| (2 * n * MINUTE, 2 * MINUTE, 4 * MINUTE)));
    assert_eq!(times, expected);
    // Resolved just after it was sent: at once, all the same.
    let second = MINUTE / 60;
    let times = sendings(15 * second, MINUTE, 30 * second, MINUTE);
    assert_eq!(times[1], (30 * second, 15 * second, 30 * second));
}

#[test]
fn a_resolved_alert_is_not_sent_any_more_once_it_is_active_again() {
    let mut state = RuleState::default();
    let mut sent = Vec::new();
    for (ts, names) in [(0, &["a"][..]), (1, &[]), (2, &["a"]), (3, &["a"])] {
        step(
            &mut state,
            ts * 2 * MINUTE,
            names,
            hold(if ts == 0 { 0 } else { 2 * MINUTE }),
        );
        state.send(ts * 2 * MINUTE, MINUTE, MINUTE, &mut sent);
    }
    let times: Vec<(i64, i64)> = sent
        .iter()
        .map(|one| (one.ts / MINUTE, one.starts_at / MINUTE))
        .collect();
    // Pending at 4 min: nothing; firing as a new alert at 6 min.
    assert_eq!(times, [(0, 0), (2, 0), (6, 6)]);
}

#[test]
fn several_alerts_are_sent_in_the_order_of_their_labels() {
    let mut state = RuleState::default();
    let mut sent = Vec::new();
    step(&mut state, 0, &["c", "a", "b"], hold(0));
    state.send(0, MINUTE, MINUTE, &mut sent);
    let names: Vec<&str> = sent.iter().filter_map(|one| one.labels.get("i")).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

/// Where an alert begins that is restored at 60 min, with a `for` of 30 min.
fn restored(last: Option<(i64, f64)>) -> i64 {
    let timing = hold(30 * MINUTE);
    let mut state = RuleState::default();
    step(&mut state, 59 * MINUTE, &["a"], timing);
    let settings = Restoration {
        ts: 60 * MINUTE,
        ..Restoration::default()
    };
    restore(&mut state, timing, &settings, |_| last);
    only(&state).active_at / MINUTE
}

#[test]
fn a_restart_goes_on_where_alerts_for_state_ended() {
    // Down at 50 min, active since 10 min: it was firing.
    assert_eq!(restored(Some((50 * MINUTE, 600.0))), 10);
    // Active since 25 min: 5 of 30 min remained, but the grace period is 10 min.
    assert_eq!(restored(Some((50 * MINUTE, 1500.0))), 40);
    // Active since 45 min: the 10 min of the outage do not count.
    assert_eq!(restored(Some((50 * MINUTE, 2700.0))), 55);
    // Not active then, too long ago, or nothing known: it begins anew.
    assert_eq!(restored(Some((50 * MINUTE, crate::model::stale_nan()))), 59);
    assert_eq!(restored(Some((-MINUTE, -600.0))), 59);
    assert_eq!(restored(None), 59);
    // A short `for` is not restored.
    let mut state = RuleState::default();
    step(&mut state, 0, &["a"], hold(MINUTE));
    restore(&mut state, hold(MINUTE), &Restoration::default(), |_| {
        Some((0, -60.0))
    });
    assert_eq!(only(&state).active_at, 0);
}
