use super::*;
use crate::alert::backtest::Unheard;
use crate::alert::backtest::judge::{Judging, judge};

fn at(hours: i64) -> i64 {
    MONDAY + hours * HOUR
}

#[test]
fn without_routes_the_delay_is_that_of_the_firing() {
    let mut made = Made {
        has_routes: false,
        ..Made::default()
    };
    let rule = made.rule("A", "a > 1");
    for (day, early) in [(1, 10), (2, 2), (3, -4)] {
        made.fired(
            rule,
            &[],
            at(24 * day) - early * MINUTE,
            at(24 * day) + HOUR,
        );
    }
    let incidents: Vec<Incident> = (1..4)
        .map(|day| incident("I", at(24 * day), at(24 * day + 1), &[]))
        .collect();
    let verdict = judge(&made.run(), &incidents, &[], &Judging::default());
    // -10, -2 and 4 minutes.
    assert_eq!(verdict.rules[0].median_delay, Some(-2 * MINUTE));
    assert_eq!(verdict.rules[0].alone, [0, 1, 2]);
    assert_eq!(verdict.totals.median_delay, None);
}

#[test]
fn an_incident_without_a_page_is_infinitely_late() {
    // Paged after 1, 5 and 9 minutes; of `missed` more nobody hears.
    let delays = |missed: i64| {
        let mut made = Made::default();
        let rule = made.rule("A", "a > 1");
        for (day, late) in [(1, 1), (2, 5), (3, 9)] {
            let from = at(24 * day);
            made.paged(rule, &[], from + late * MINUTE, from + HOUR);
        }
        let incidents: Vec<Incident> = (1..4 + missed)
            .map(|day| incident("I", at(24 * day), at(24 * day + 1), &[]))
            .collect();
        let totals = judge(&made.run(), &incidents, &[], &Judging::default()).totals;
        (totals.median_delay, totals.delay_of_all)
    };
    let minutes = |minutes: i64| Some(minutes * MINUTE);
    assert_eq!(delays(0), (minutes(5), minutes(5)));
    assert_eq!(delays(1), (minutes(5), minutes(5)));
    assert_eq!(delays(2), (minutes(5), minutes(9)));
    assert_eq!(delays(3), (minutes(5), minutes(9)));
    assert_eq!(delays(4), (minutes(5), None));
    let nothing = judge(&Made::default().run(), &[], &[], &Judging::default());
    assert_eq!(nothing.totals.delay_of_all, None);
}

#[test]
fn what_was_told_before_the_range_was_told_then() {
    let mut made = Made::default();
    let rule = made.rule("A", "a > 1");
    // Fires over the range's begin; in the range there is a repetition only.
    let told = made.fired(rule, &[("service", "x")], at(-1), at(6));
    made.episodes[told].first_notification_at = Some(at(-1) + MINUTE);
    made.episodes[told].first_page_at = Some(at(-1) + 2 * MINUTE);
    made.page(at(3), &[told]);
    // Of this one nobody heard, neither before the range nor in it.
    made.fired(rule, &[("service", "y")], at(-1), at(6));
    let incidents = [
        incident("INC-1", at(2), at(4), &[("service", "x")]),
        incident("INC-2", at(3), at(5), &[("service", "y")]),
    ];
    let verdict = judge(&made.run(), &incidents, &[], &Judging::default());
    let met = &verdict.incidents[0];
    assert_eq!(met.first_notification_at, Some(at(-1) + MINUTE));
    assert_eq!(met.first_page_at, Some(at(-1) + 2 * MINUTE));
    assert_eq!(met.pages, 1);
    assert_eq!(verdict.rules[0].median_delay, Some(-3 * HOUR + MINUTE));
    assert_eq!(verdict.totals.median_delay, Some(-3 * HOUR + 2 * MINUTE));
    assert_eq!(verdict.totals.delay_of_all, verdict.totals.median_delay);
    assert_eq!(verdict.totals.page_recall.hits, 1);
    assert_eq!(verdict.rules[0].unheard, [(Unheard::NoReceiver, 1)]);
    assert!(
        verdict.findings[0]
            .sentence
            .starts_with("nobody was told of INC-2"),
        "{:?}",
        verdict.findings
    );
}
