use super::fixture::{MINUTE, episode, met, notify, page, pairs, rule, run, verdict};
use super::*;
use crate::alert::backtest::RuleInfo;

fn compared(base: &Run, new: &Run) -> Comparison {
    compare((base, &verdict(base)), (new, &verdict(new)))
}

/// Change, base, new, shift in minutes.
type Line = (PageChange, Option<usize>, Option<usize>, i64);

fn lines(changes: &[ChangedPage]) -> Vec<Line> {
    let line = |c: &ChangedPage| (c.change, c.base, c.new, c.shift / MINUTE);
    changes.iter().map(line).collect()
}

fn with_labels(name: &str, expr: &str, labels: &str) -> RuleInfo {
    RuleInfo {
        labels: pairs(labels),
        ..rule(name, expr)
    }
}

#[test]
fn an_alert_that_waits_longer_pages_later_by_however_much() {
    let longer = RuleInfo {
        hold: 120 * MINUTE,
        ..rule("A", "x > 1")
    };
    let (mut base, mut new) = (run(vec![rule("A", "x > 1")]), run(vec![longer]));
    for (at, end) in [(0, 300), (400, 430), (1000, 1500)] {
        let e = episode(&mut base, 0, "instance=a", [at, end]);
        notify(&mut base, at, "pager", &[e]);
        if end - at >= 120 {
            let e = episode(&mut new, 0, "instance=a", [at, end]);
            notify(&mut new, at + 120, "pager", &[e]);
        }
    }
    let comparison = compared(&base, &new);
    assert_eq!(
        lines(&comparison.changes),
        [
            (PageChange::Later, Some(0), Some(0), 120),
            (PageChange::Lost, Some(1), None, 0),
            (PageChange::Later, Some(2), Some(1), 120),
        ]
    );
    assert_eq!(comparison.rules[0].fields, [RuleField::For]);
    assert_eq!(comparison.rules[0].change, RuleChangeKind::Changed);
    let records = (
        comparison.rules[0].base_record,
        comparison.rules[0].new_record,
    );
    assert_eq!(records.0.map(|r| (r.pages, r.episodes)), Some((3, 3)));
    assert_eq!(records.1.map(|r| (r.pages, r.episodes)), Some((2, 2)));
}

#[test]
fn the_same_alert_goes_before_the_nearest_page() {
    // It flaps: at 0 and at 30. With `for: 20m` only the first of both pages, at 20, nearer to 30.
    let (mut base, mut new) = (run(vec![rule("A", "x")]), run(vec![rule("A", "x")]));
    for minutes in [[0, 25], [30, 40]] {
        let e = episode(&mut base, 0, "", minutes);
        notify(&mut base, minutes[0], "pager", &[e]);
    }
    let e = episode(&mut new, 0, "", [0, 25]);
    notify(&mut new, 20, "pager", &[e]);
    assert_eq!(
        lines(&compared(&base, &new).changes),
        [
            (PageChange::Later, Some(0), Some(0), 20),
            (PageChange::Lost, Some(1), None, 0)
        ]
    );
}

#[test]
fn an_added_label_changes_no_page() {
    let mut base = run(vec![rule("A", "x")]);
    let mut new = run(vec![with_labels("A", "x", "severity=page")]);
    for run in [&mut base, &mut new] {
        page(run, 0, "instance=a", 7);
        page(run, 0, "instance=b", 7);
    }
    let comparison = compared(&base, &new);
    assert!(comparison.is_same());
    assert_eq!(comparison.unchanged, 2);
    assert_eq!(comparison.rules[0].fields, [RuleField::Labels]);
}

#[test]
fn an_aggregation_that_keeps_fewer_labels_matches_by_those_that_both_have() {
    let mut base = run(vec![rule("A", "sum by (service, instance) (x) > 1")]);
    let mut new = run(vec![rule("A", "sum by (service) (x) > 1")]);
    page(&mut base, 0, "service=api,instance=a", 0);
    page(&mut base, 0, "service=api,instance=b", 1);
    page(&mut base, 0, "service=db,instance=c", 1);
    page(&mut new, 0, "service=api", 1);
    let comparison = compared(&base, &new);
    assert_eq!(
        lines(&comparison.changes),
        [
            (PageChange::Lost, Some(0), None, 0),
            (PageChange::Lost, Some(2), None, 0)
        ]
    );
    assert_eq!(comparison.unchanged, 1);
    assert_eq!(comparison.changes[0].labels[0].get("instance"), Some("a"));
}

#[test]
fn another_instance_at_the_same_time_is_another_page() {
    let (mut base, mut new) = (run(vec![rule("A", "x")]), run(vec![rule("A", "x > 0")]));
    page(&mut base, 0, "instance=a", 0);
    page(&mut new, 0, "instance=b", 0);
    let comparison = compared(&base, &new);
    assert_eq!(
        lines(&comparison.changes),
        [
            (PageChange::New, None, Some(0), 0),
            (PageChange::Lost, Some(0), None, 0)
        ]
    );
    assert_eq!(
        (
            comparison.pages(PageChange::New),
            comparison.pages(PageChange::Later)
        ),
        (1, 0)
    );
}

#[test]
fn near_in_time_is_an_hour_at_most() {
    for (shift, expected) in [(60, 1), (61, 2)] {
        let (mut base, mut new) = (run(vec![rule("A", "x")]), run(vec![rule("A", "x")]));
        page(&mut base, 0, "", 100);
        page(&mut new, 0, "", 100 - shift);
        assert_eq!(compared(&base, &new).changes.len(), expected, "{shift}");
    }
}

#[test]
fn news_and_reminders_are_apart() {
    let (mut base, mut new) = (run(vec![rule("A", "x")]), run(vec![rule("A", "x")]));
    for (run, repeats) in [(&mut base, [240, 480]), (&mut new, [300, 600])] {
        let e = episode(run, 0, "", [0, 1000]);
        notify(run, 0, "pager", &[e]);
        for minute in repeats {
            notify(run, minute, "pager", &[e]);
        }
    }
    let comparison = compared(&base, &new);
    assert_eq!(comparison.unchanged, 1);
    assert_eq!(
        lines(&comparison.changes),
        [
            (PageChange::Later, Some(1), Some(1), 60),
            (PageChange::Later, Some(2), Some(2), 120)
        ]
    );
    assert!(comparison.changes.iter().all(|c| c.is_reminder));
}

#[test]
fn what_was_told_before_the_range_is_a_reminder_in_it() {
    let runs = [Some(-10), None].map(|told_before| {
        let mut run = run(vec![rule("A", "x")]);
        let e = episode(&mut run, 0, "", [-10, 60]);
        run.episodes[e].first_page_at = told_before.map(|minute| minute * MINUTE);
        notify(&mut run, 20, "pager", &[e]);
        run
    });
    let comparison = compared(&runs[0], &runs[1]);
    let found: Vec<_> = comparison
        .changes
        .iter()
        .map(|one| (one.change, one.is_reminder))
        .collect();
    assert_eq!(found, [(PageChange::New, false), (PageChange::Lost, true)]);
    assert!(compared(&runs[0], &runs[0]).is_same());
}

#[test]
fn a_group_that_tells_of_one_alert_more_is_the_same_page() {
    let rules = || vec![rule("A", "x"), rule("B", "y")];
    let (mut base, mut new) = (run(rules()), run(rules()));
    let a = episode(&mut base, 0, "", [0, 9]);
    notify(&mut base, 1, "pager", &[a]);
    let (a, b) = (
        episode(&mut new, 0, "", [0, 9]),
        episode(&mut new, 1, "", [0, 9]),
    );
    notify(&mut new, 1, "pager", &[a, b]);
    assert!(compared(&base, &new).is_same());
}

#[test]
fn another_receiver_gets_another_page_and_chat_is_kept_apart() {
    let (mut base, mut new) = (run(vec![rule("A", "x")]), run(vec![rule("A", "x")]));
    let e = episode(&mut base, 0, "", [0, 9]);
    notify(&mut base, 1, "pager", &[e]);
    notify(&mut base, 1, "slack", &[e]);
    let e = episode(&mut new, 0, "", [0, 9]);
    notify(&mut new, 1, "pager-b", &[e]);
    notify(&mut new, 3, "slack", &[e]);
    let comparison = compared(&base, &new);
    assert_eq!(
        lines(&comparison.changes),
        [
            (PageChange::New, None, Some(0), 0),
            (PageChange::Lost, Some(0), None, 0)
        ]
    );
    assert_eq!(&*comparison.changes[0].receiver, "pager-b");
    assert_eq!(
        lines(&comparison.other_changes),
        [(PageChange::Later, Some(1), Some(1), 2)]
    );
    // If only one side has routes, it does not matter who gets it.
    base.has_routes = false;
    let comparison = compared(&base, &new);
    assert_eq!((comparison.changes.len(), comparison.unchanged), (0, 1));
    assert_eq!(comparison.warnings[0].code, "routes-in-one-run");
}

#[test]
fn rules_are_matched_by_name_then_by_expression() {
    let recording = RuleInfo {
        is_alert: false,
        ..rule("A", "x")
    };
    let base = run(vec![
        with_labels("A", "x > 1", "severity=warning"),
        with_labels("A", "x > 9", "severity=critical"),
        rule("Old", "up  == 0 # gone"),
        rule("Gone", "z"),
        recording,
    ]);
    let new = run(vec![
        with_labels("A", "x > 8", "severity=critical"),
        with_labels("A", "x > 1", "severity=warning"),
        rule("New", "up == 0"),
        RuleInfo {
            group: "other".to_owned(),
            hold: 1,
            ..rule("Added", "w")
        },
    ]);
    use RuleChangeKind::{Added, Changed, Removed, Renamed, Unchanged};
    let rules = compared(&base, &new).rules;
    let lines: Vec<_> = rules
        .iter()
        .map(|r| {
            (
                r.change,
                r.base,
                r.new,
                r.name.as_str(),
                r.fields.as_slice(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            (Changed, Some(1), Some(0), "A", &[RuleField::Expr][..]),
            (Unchanged, Some(0), Some(1), "A", &[]),
            (Renamed, Some(2), Some(2), "New", &[RuleField::Name]),
            (Added, None, Some(3), "Added", &[]),
            (Removed, Some(3), None, "Gone", &[]),
            (Removed, Some(4), None, "A", &[]),
        ]
    );
}

#[test]
fn a_renamed_rule_keeps_its_pages() {
    let (mut base, mut new) = (run(vec![rule("Old", "x")]), run(vec![rule("New", "x")]));
    page(&mut base, 0, "instance=a", 0);
    page(&mut new, 0, "instance=a", 2);
    assert_eq!(
        lines(&compared(&base, &new).changes),
        [(PageChange::Later, Some(0), Some(0), 2)]
    );
}

#[test]
fn incidents_are_compared_by_the_strongest_that_either_run_has() {
    let run = run(vec![rule("A", "x")]);
    let judged = |incidents| crate::alert::backtest::Verdict {
        incidents,
        ..verdict(&run)
    };
    let base = judged(vec![
        met(0, [Some(1), Some(2), Some(3)]),
        met(1, [Some(1), Some(2), Some(3)]),
        met(2, [Some(1), Some(2), None]),
        met(3, [None, None, None]),
        met(4, [Some(5), None, None]),
        met(6, [Some(1), Some(1), Some(1)]),
    ]);
    let new = judged(vec![
        met(0, [Some(1), Some(2), Some(9)]),
        met(1, [Some(1), Some(2), None]),
        met(2, [Some(1), Some(2), Some(2)]),
        met(3, [None, None, None]),
        met(4, [Some(4), None, None]),
        met(6, [Some(0), Some(1), Some(1)]),
    ]);
    let comparison = compare((&run, &base), (&run, &new));
    let lines: Vec<_> = comparison
        .incidents
        .iter()
        .map(|i| (i.incident, i.change, i.by))
        .collect();
    assert_eq!(
        lines,
        [
            (0, IncidentChangeKind::Later, Heard::Page),
            (1, IncidentChangeKind::Lost, Heard::Page),
            (2, IncidentChangeKind::Gained, Heard::Page),
            (4, IncidentChangeKind::Earlier, Heard::Firing),
        ]
    );
    assert_eq!(comparison.incidents[0].new, Some(9 * MINUTE));
    assert_eq!(comparison.incidents_unchanged, 2);
}

#[test]
fn rates_are_of_the_range() {
    let mut base = run(vec![rule("A", "x")]);
    for minute in 0..6 {
        page(&mut base, 0, "", minute * 100);
    }
    let mut other = base.clone();
    other.range.end += 1;
    let comparison = compared(&base, &other);
    assert_eq!(comparison.base.pages_per_week(), 1.5);
    assert_eq!(comparison.base.per_week(0), 0.0);
    assert_eq!(comparison.warnings[0].code, "ranges-differ");
}
