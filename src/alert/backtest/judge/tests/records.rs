use super::*;
use crate::alert::backtest::judge::{Judging, judge};
use crate::alert::backtest::{CoFiring, EpisodeVerdict, Proportion, Suppressed, Unheard};
use crate::alert::notify::Cause;

fn at(hours: i64) -> i64 {
    MONDAY + hours * HOUR
}

/// Wilson's interval worked out from its formula with z = 1.959964.
fn close(got: Proportion, (hits, trials): (usize, usize), (lower, upper): (f64, f64)) {
    assert_eq!((got.hits, got.trials), (hits, trials));
    assert!((got.lower - lower).abs() < 5e-4, "{got:?}");
    assert!((got.upper - upper).abs() < 5e-4, "{got:?}");
}

#[test]
fn a_rule_has_a_record() {
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    let other = made.rule("B", "b > 1");
    let x = [("service", "x")];
    // Week 1: Monday 10:00 for 3 min; back 2 min after that (a flap); Tuesday 23:00 (night).
    let first = made.paged(rule, &x, at(10), at(10) + 3 * MINUTE);
    let again = made.paged(rule, &x, at(10) + 10 * MINUTE, at(10) + 30 * MINUTE);
    made.paged(rule, &x, at(47), at(49));
    // Week 2: Saturday 12:00, in an incident, beside another element and the other rule.
    let saturday = at(24 * 12 + 12);
    let hit = made.fired(rule, &x, saturday, saturday + HOUR);
    let beside = made.fired(
        rule,
        &[("service", "x"), ("pod", "2")],
        saturday,
        saturday + 30 * MINUTE,
    );
    let late = made.fired(other, &x, saturday + 10 * MINUTE, saturday + HOUR);
    made.page(saturday + MINUTE, &[hit, beside]);
    made.page(saturday + 11 * MINUTE, &[hit, late]);
    made.notify(
        saturday + 2 * HOUR,
        &[],
        &[hit, beside, late],
        Reason::AllResolved,
    );
    // A near miss, and one that nobody hears of.
    made.pending(rule, &x, at(100), at(100) + 4 * MINUTE);
    made.fired(rule, &x, at(110), at(110) + MINUTE / 6);
    let mut run = made.run();
    run.suppressed.push(Suppressed {
        episode: again,
        receiver: "chat".into(),
        cause: Cause::Silenced { silence: 0 },
        from: 0,
        until: 1,
    });
    let incidents = [
        incident("INC-1", saturday - 5 * MINUTE, saturday + HOUR, &x),
        incident("INC-2", at(600), at(601), &x),
    ];
    let verdict = judge(&run, &incidents, &[], &Judging::default());

    let a = &verdict.rules[0];
    assert_eq!(a.rule, rule);
    assert_eq!(
        (a.pages, a.pages_worst_week, a.pages_night, a.pages_weekend),
        (5, 3, 1, 2)
    );
    assert_eq!((a.notifications, a.by_reason), (5, [5, 0, 0, 1, 0]));
    assert_eq!(
        (a.episodes, a.near_misses, a.flaps, a.self_resolved),
        (6, 1, 1, 2)
    );
    // 3 min + 20 min + 2 h + 1 h (the two overlap) + 10 s.
    assert_eq!(a.firing_time, 3 * HOUR + 23 * MINUTE + MINUTE / 6);
    assert_eq!(a.most_at_once, 2);
    // 10 s, 3 min, 20 min, 30 min, 1 h, 2 h.
    assert_eq!(
        (a.median_duration, a.longest),
        (Some(25 * MINUTE), Some(2 * HOUR))
    );
    // From Saturday 13:00 of the second week to the end of the range.
    assert_eq!(a.longest_quiet, at(28 * 24) - saturday - HOUR);
    assert_eq!(a.unheard, [(Unheard::GroupWait, 1)]);
    close(a.precision, (2, 6), (0.0968, 0.7000));
    assert_eq!((&a.incidents[..], &a.alone[..]), (&[0][..], &[][..]));
    // The page came 6 minutes after the incident's begin.
    assert_eq!(a.median_delay, Some(6 * MINUTE));
    assert_eq!(a.severity.as_deref(), Some("critical"));
    assert_eq!(a.owner.as_deref(), Some("data"));
    assert_eq!(a.runbook.as_deref(), Some("https://runbooks.example.com/a"));
    let b = &verdict.rules[1];
    assert_eq!(
        (b.pages, b.episodes, b.median_delay),
        (1, 1, Some(16 * MINUTE))
    );
    assert!(b.unheard.is_empty());

    let met = &verdict.incidents[0];
    assert_eq!(met.episodes, [hit, beside, late]);
    assert_eq!(met.rules, [rule, other]);
    assert_eq!(met.first_active_at, Some(saturday - 5 * MINUTE));
    assert_eq!(met.first_firing_at, Some(saturday));
    assert_eq!(met.first_notification_at, Some(saturday + MINUTE));
    assert_eq!(met.first_page_at, Some(saturday + MINUTE));
    assert_eq!(met.pages, 2);
    assert!(verdict.incidents[1].episodes.is_empty());

    let totals = &verdict.totals;
    assert_eq!((totals.pages, totals.pages_worst_week), (5, 3));
    assert_eq!((totals.pages_night, totals.pages_weekend), (1, 2));
    assert_eq!(
        (totals.notifications, totals.alerts_per_notification),
        (5, 1.4)
    );
    assert_eq!(totals.episodes, 7);
    close(totals.precision, (3, 7), (0.1582, 0.7495));
    close(totals.page_precision, (2, 5), (0.1176, 0.7693));
    close(totals.recall, (1, 2), (0.0945, 0.9055));
    close(totals.page_recall, (1, 2), (0.0945, 0.9055));
    assert_eq!(totals.median_delay, Some(6 * MINUTE));
    // Half of the two incidents were paged.
    assert_eq!(totals.delay_of_all, Some(6 * MINUTE));
    // 65 + 60 minutes of four weeks.
    assert!((totals.incident_time - 125.0 / 40_320.0).abs() < 1e-12);
    assert_eq!(first, 0);
}

#[test]
fn what_was_kept_back_is_told_by_its_cause() {
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    let silenced = made.fired(rule, &[], at(1), at(2));
    let muted = made.fired(rule, &[], at(3), at(4));
    let inhibited = made.fired(rule, &[], at(5), at(6));
    let muted_too = made.fired(rule, &[], at(7), at(8));
    made.fired(rule, &[], at(9), at(12));
    let open = made.fired(rule, &[], at(28 * 24) - MINUTE / 6, at(28 * 24));
    made.episodes[open].ended_at = None;
    made.episodes[open].end = EpisodeEnd::Open;
    // It was told of before the range.
    let told = made.fired(rule, &[], at(-1), at(1) - MINUTE);
    made.episodes[told].first_notification_at = Some(at(-1) + MINUTE);
    let mut run = made.run();
    let inhibition = Cause::Inhibited {
        rule: 0,
        source: Arc::default(),
    };
    let interval = || Cause::Muted {
        interval: "vacuum".into(),
    };
    for (episode, cause) in [
        (silenced, Cause::Silenced { silence: 0 }),
        (muted, interval()),
        (inhibited, inhibition),
        (muted_too, Cause::Inactive),
        (muted_too, Cause::Silenced { silence: 0 }),
    ] {
        run.suppressed.push(Suppressed {
            episode,
            receiver: "pager".into(),
            cause,
            from: 0,
            until: 1,
        });
    }
    let verdict = judge(&run, &[], &[], &Judging::default());
    assert_eq!(
        verdict.rules[0].unheard,
        [
            (Unheard::TimeInterval, 2),
            (Unheard::Inhibition, 1),
            (Unheard::Silence, 1),
            (Unheard::RangeEnd, 1),
            (Unheard::NoReceiver, 1),
        ]
    );
    assert!(verdict.rules[0].precision.lower.is_nan());
    assert_eq!(verdict.totals.recall.trials, 0);
}

#[test]
fn incidents_that_the_range_cuts_are_not_judged() {
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    made.paged(rule, &[], at(1), at(2));
    let end = 28 * 24;
    let incidents = [
        incident("late", at(end - 5), at(end + 5), &[]),
        incident("before", at(-10), at(-5), &[]),
        incident("over the begin", at(-10), at(3), &[]),
        incident("too late", at(end) - 59 * MINUTE, at(end + 5), &[]),
        incident("whole", at(end) - 50 * MINUTE, at(end), &[]),
        incident("after", at(end), at(end + 1), &[]),
    ];
    let verdict = judge(&made.run(), &incidents, &[], &Judging::default());
    let judged: Vec<usize> = verdict.incidents.iter().map(|one| one.incident).collect();
    assert_eq!(judged, [0, 4]);
    assert_eq!(verdict.totals.precision.hits, 1);
    assert!(verdict.rules[0].incidents.is_empty());
    let codes: Vec<&str> = verdict.warnings.iter().map(|one| one.code).collect();
    assert_eq!(
        codes,
        [
            "few-incidents",
            "incidents-outside-range",
            "incidents-cut-off",
            "linked-by-time"
        ]
    );
    assert!(verdict.warnings[1].message.starts_with("2 incidents"));
    assert!(verdict.warnings[2].message.starts_with("2 incidents"));

    // If no incident touches the range, nothing is known.
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    made.paged(rule, &[], at(1), at(2));
    let verdict = judge(&made.run(), &incidents[1..2], &[], &Judging::default());
    assert_eq!(verdict.totals.precision.trials, 0);
    assert_eq!(verdict.warnings[0].code, "no-incidents-in-range");
}

#[test]
fn rules_that_fire_together_are_paired() {
    let mut made = Made::default();
    let names = ["A", "B", "C", "Always", "Always too"];
    let [a, b, c, d, e] = names.map(|name| made.rule(name, "a > 1"));
    for day in 1..4 {
        made.fired(a, &[], at(24 * day), at(24 * day + 10));
        // Two elements that together fire from one hour later to the same end: 9 of 10 hours.
        made.fired(b, &[("pod", "1")], at(24 * day + 1), at(24 * day + 6));
        made.fired(b, &[("pod", "2")], at(24 * day + 5), at(24 * day + 10));
        // 7.9 of 10 hours.
        made.fired(c, &[], at(24 * day), at(24 * day + 8) - 6 * MINUTE);
    }
    made.fired(d, &[], at(0), at(28 * 24));
    made.fired(e, &[], at(0), at(28 * 24));
    let verdict = judge(&made.run(), &[], &[], &Judging::default());
    assert_eq!(
        verdict.co_firing,
        [CoFiring {
            first: a,
            second: b,
            jaccard: 0.9,
            lag: HOUR
        }]
    );
}

#[test]
fn rules_are_ranked_by_what_they_cost() {
    let mut made = Made::default();
    let quiet_b = made.rule("B", "a > 1");
    let quiet_a = made.rule("A", "a > 1");
    let told = made.rule("C", "a > 1");
    let paged = made.rule("D", "a > 1");
    let fired = made.rule("E", "a > 1");
    made.paged(paged, &[], at(1), at(2));
    for hour in 1..4 {
        let episode = made.fired(told, &[], at(hour), at(hour) + MINUTE);
        made.notify(at(hour), &[episode], &[], Reason::First);
    }
    made.fired(fired, &[], at(1), at(2));
    made.rules[quiet_a].info.is_alert = true;
    let recording = made.rule("r", "sum(a)");
    made.rules[recording].info.is_alert = false;
    let verdict = judge(&made.run(), &[], &[], &Judging::default());
    let order: Vec<usize> = verdict.rules.iter().map(|one| one.rule).collect();
    assert_eq!(order, [paged, told, fired, quiet_a, quiet_b]);
}

#[test]
fn what_a_restart_ends_is_not_resolved() {
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    let lost = made.fired(rule, &[], at(1), at(2));
    made.episodes[lost].end = EpisodeEnd::Wiped;
    // Back after a minute, as it was: its condition has held since before.
    let back = made.fired(rule, &[], at(2) + MINUTE, at(3));
    made.episodes[back].active_at = at(2) + MINUTE;
    // It comes back 4 minutes after that, and fires when its `for` is over.
    let again = made.fired(rule, &[], at(3) + 9 * MINUTE, at(4));
    assert_eq!(made.episodes[again].active_at, at(3) + 4 * MINUTE);
    // And 6 minutes after that.
    made.fired(rule, &[], at(4) + 11 * MINUTE, at(5));
    let verdict = judge(&made.run(), &[], &[], &Judging::default());
    assert_eq!(verdict.rules[0].flaps, 1);
}

#[test]
fn what_the_end_cuts_off_is_no_near_miss() {
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    made.rules[rule].info.hold = 10 * MINUTE;
    made.pending(rule, &[], at(1), at(1) + MINUTE);
    let wiped = made.pending(rule, &[], at(2), at(2) + MINUTE);
    made.episodes[wiped].end = EpisodeEnd::Wiped;
    let end = at(28 * 24);
    let open = made.pending(rule, &[], end - 3 * MINUTE, end);
    made.episodes[open].ended_at = None;
    made.episodes[open].end = EpisodeEnd::Open;
    let incidents = [
        incident("INC-1", at(1), at(1) + HOUR, &[]),
        incident("INC-2", end - 20 * MINUTE, end, &[]),
    ];
    let verdict = judge(&made.run(), &incidents, &[], &Judging::default());
    assert_eq!(verdict.rules[0].near_misses, 1);
    use EpisodeVerdict::{NearMiss, Undecided};
    assert_eq!(verdict.episodes, [NearMiss, Undecided, Undecided]);
    assert_eq!(verdict.incidents[0].near_misses, [0]);
    assert_eq!(verdict.incidents[1].near_misses, [0; 0]);
    let sentences: Vec<&str> = verdict
        .findings
        .iter()
        .map(|one| one.sentence.as_str())
        .collect();
    // Yet it is what came nearest.
    assert!(
        sentences[1]
            .ends_with("the nearest was A, pending for 3m of its 10m from 1970-02-01T23:57:00Z"),
        "{sentences:?}"
    );
    assert_eq!(
        sentences[2],
        "A (pending once, at most 1m of its 10m) did not fire in this range, though nothing shows \
         that it can't"
    );
}
