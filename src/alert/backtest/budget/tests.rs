use proptest::prelude::*;

use super::*;
use crate::alert::backtest::compare::fixture::{
    MINUTE, episode, met, notify, page, rule, run, share, verdict,
};
use crate::alert::backtest::compare::{Comparison, compare};
use crate::alert::backtest::{Finding, FindingKind, Incident, Proportion, Run, Verdict};
use crate::alert::notify::Config;

const ROUTES: &str = "
route: {receiver: pager}
receivers:
  - name: pager
    pagerduty_configs: [{}]
  - name: slack
    slack_configs: [{}]
";

fn parsed(text: &str) -> Budget {
    Budget::parse("budget.yml", text).unwrap_or_else(|error| panic!("{}", error.render()))
}

fn refused(text: &str) -> String {
    match Budget::parse("budget.yml", text) {
        Ok(budget) => panic!("{budget:?}"),
        Err(error) => error.render(),
    }
}

/// Six pages in four weeks: five of `A`, one of `B`; an incident with a page after 12 minutes.
fn six() -> (Run, Verdict, Vec<Incident>) {
    let mut run = run(vec![rule("A", "x"), rule("B", "y")]);
    for at in 0..5 {
        page(&mut run, 0, "stage=prod", at * 100);
    }
    page(&mut run, 1, "stage=test", 500);
    let chatty = episode(&mut run, 1, "stage=test", [600, 700]);
    notify(&mut run, 600, "slack", &[chatty]);
    let mut verdict = verdict(&run);
    verdict.totals.pages_worst_week = 6;
    verdict.totals.pages_night = 2;
    verdict.totals.precision = Proportion {
        lower: 0.193,
        upper: 0.6805,
        ..share(5, 12)
    };
    verdict.totals.recall = share(1, 2);
    verdict.totals.median_delay = Some(12 * MINUTE);
    verdict.rules[0].incidents = vec![0];
    verdict.rules[0].median_delay = Some(-MINUTE);
    verdict.incidents = vec![
        met(0, [Some(105), Some(110), Some(112)]),
        met(1, [Some(1003), None, None]),
    ];
    let incidents = [("INC-1", 100), ("INC-2", 1000), ("INC-3", 900_000)];
    (
        run,
        verdict,
        incidents.map(|(id, at)| incident(id, at)).to_vec(),
    )
}

fn incident(id: &str, minute: i64) -> Incident {
    Incident {
        id: id.to_owned(),
        started_at: minute * MINUTE,
        ended_at: None,
        severity: None,
        title: None,
        labels: Vec::new(),
    }
}

fn breaches(text: &str, base: Option<&Comparison>) -> Vec<Breach> {
    let (run, verdict, incidents) = six();
    let routes = Config::parse(ROUTES).expect("the configuration is whole");
    parsed(text).check(&run, &verdict, &incidents, base, Some(&routes))
}

fn sentences(text: &str) -> Vec<String> {
    breaches(text, None)
        .into_iter()
        .map(|breach| breach.sentence)
        .collect()
}

#[test]
fn limits_that_hold_say_nothing() {
    let text = "
max_pages_per_week: 1.5
max_pages_worst_week: 6
max_night_pages_per_week: 0.5
max_weekend_pages_per_week: 0
max_notifications_per_week: 1.75
min_precision: 0.4
min_recall: 0.5
max_median_delay: 12m
must_detect: {incident: INC-1, within: 12m}
must_not_page:
  - {rule: A, labels: {stage: test}}
  - {rule: B, until: 1970-01-01T08:20:00Z}
rules:
  A: {max_pages_per_week: 1.25, min_recall: 0.5, max_median_delay: 0s}
receivers:
  pager: {max_pages_per_week: 1.5}
  slack: {max_notifications_per_week: 0.25}
";
    assert_eq!(sentences(text), [""; 0]);
}

#[test]
fn each_limit_has_its_sentence_in_the_order_of_the_file() {
    let text = "
max_median_delay: 10m
max_pages_per_week: 1
max_pages_worst_week: 5
max_night_pages_per_week: 0.499
min_precision: 0.5
min_recall: 0.8
rules:
  A: {max_pages_per_week: 1, min_recall: 1}
receivers:
  slack: {max_notifications_per_week: 0}
";
    assert_eq!(
        sentences(text),
        [
            "The rules have a median delay of 12m, more than the 10m allowed.",
            "The rules have 1.5 pages a week, more than the 1 allowed: 6 in 4 weeks.",
            "The rules have 6 pages in the worst week, more than the 5 allowed.",
            "The rules have 0.5 pages a week at night, more than the 0.499 allowed: 2 in 4 weeks.",
            "The rules have a precision of 0.42, less than the 0.5 demanded: 5 of 12 episodes belong \
             to an incident; the 95 % interval, 0.19 to 0.68, still includes the limit.",
            "The rules have a recall of 0.5, less than the 0.8 demanded: 1 of 2 incidents were met.",
            "A has 1.25 pages a week, more than the 1 allowed: 5 in 4 weeks.",
            "A has a recall of 0.5, less than the 1 demanded: 1 of 2 incidents were met.",
            "Receiver slack gets 0.25 notifications a week, more than the 0 allowed: 1 in 4 weeks.",
        ]
    );
    let first = &breaches("\n\nmax_pages_per_week: 1\n", None)[0];
    assert_eq!(
        (first.what.as_str(), first.place.line),
        ("max_pages_per_week", 3)
    );
    assert_eq!(
        (first.allowed.as_str(), first.actual.as_str()),
        ("1", "1.5")
    );
}

#[test]
fn what_is_not_there_is_a_breach() {
    let text = "
must_detect:
  - {incident: INC-4}
  - {incident: INC-3}
must_not_page:
  - {rule: Noisy}
  - {receiver: slack}
  - {until: 1960-01-01T00:00:00Z}
max_new_pages_per_week: 1
no_lost_incidents: true
rules:
  C: {max_pages_per_week: 1}
receivers:
  paper: {max_pages_per_week: 1}
  slack: {max_pages_per_week: 1}
";
    assert_eq!(
        sentences(text),
        [
            "must_detect.INC-4 cannot be checked: there is no incident \"INC-4\"; did you mean \"INC-1\"?.",
            "must_detect.INC-3 cannot be checked: INC-3 is outside of the range.",
            "must_not_page.1 cannot be checked: there is no alerting rule \"Noisy\".",
            "must_not_page.2 cannot be checked: what goes to slack is no page.",
            "must_not_page.3 cannot be checked: its time is outside of the range.",
            "max_new_pages_per_week cannot be checked: there is no base to compare with.",
            "no_lost_incidents cannot be checked: there is no base to compare with.",
            "rules.C cannot be checked: there is no alerting rule \"C\"; did you mean \"A\"?.",
            "receivers.paper cannot be checked: there is no receiver \"paper\"; did you mean \"pager\"?.",
            "receivers.slack.max_pages_per_week cannot be checked: what goes to it is no page.",
        ]
        .map(|sentence| sentence.replace("?.", "?"))
    );
    // Neither incidents nor routes.
    let (run, verdict, _) = six();
    let text = "{min_precision: 0, must_detect: {incident: INC-1}, receivers: {pager: {max_pages_per_week: 9}}}";
    let breaches = parsed(text).check(&run, &verdict, &[], None, None);
    let whats: Vec<_> = breaches
        .iter()
        .map(|b| (b.what.as_str(), b.actual.as_str()))
        .collect();
    assert_eq!(
        whats,
        [
            ("min_precision", "unknown"),
            ("must_detect.INC-1", "unknown"),
            ("receivers.pager", "unknown")
        ]
    );
}

#[test]
fn without_an_incident_in_the_range_nothing_holds() {
    let text = "
min_precision: 0.1
min_recall: 0
max_median_delay: 1h
no_lost_incidents: true
rules:
  A: {min_precision: 0.1, min_recall: 0, max_median_delay: 1h}
";
    // All incidents lie elsewhere.
    let (run, mut verdict, incidents) = six();
    verdict.incidents.clear();
    verdict.totals.precision = share(0, 0);
    let comparison = compare((&run, &verdict), (&run, &verdict));
    let breaches = parsed(text).check(&run, &verdict, &incidents, Some(&comparison), None);
    assert_eq!(breaches.len(), 7);
    for breach in &breaches {
        let expected = format!(
            "{} cannot be checked: no incident lies in the range.",
            breach.what
        );
        assert_eq!(breach.sentence, expected);
    }
    let fail_on: FailOn = "lost-incidents".parse().expect("a name");
    assert_eq!(
        fail_on.reasons(&verdict, &[], Some(&comparison)),
        ["lost-incidents: no incident lies in the range, so that none can be lost"]
    );

    // One that the range cuts off tells of precision, though it is not judged.
    verdict.totals.precision = share(1, 12);
    let breaches = parsed("min_precision: 0.1").check(&run, &verdict, &incidents, None, None);
    assert_eq!(breaches[0].actual, "0.08");

    // Where nothing fired beside incidents, nothing was false.
    let (run, mut verdict, incidents) = six();
    verdict.totals.precision = share(0, 0);
    let breaches = parsed("min_precision: 1").check(&run, &verdict, &incidents, None, None);
    assert_eq!(breaches, []);
}

#[test]
fn incidents_must_be_heard_of_in_time() {
    let detect = |entry: &str| sentences(&format!("must_detect: {{{entry}}}"));
    assert_eq!(
        detect("incident: INC-1, within: 11m59s"),
        ["INC-1 had its first page 12m after its begin, later than the 11m59s allowed."]
    );
    assert_eq!(
        detect("incident: INC-1, within: 10m, by: notification"),
        [""; 0]
    );
    assert_eq!(
        detect("incident: INC-2"),
        ["INC-2 had no page, but the first firing came 3m after its begin."]
    );
    assert_eq!(detect("incident: INC-2, by: firing, within: 3m"), [""; 0]);
}

#[test]
fn pages_that_must_not_be_are_counted() {
    let not = |entry: &str| sentences(&format!("must_not_page: [{{{entry}}}]"));
    assert_eq!(
        not("rule: A, receiver: pager, from: 1970-01-01T01:40:00Z, until: 1970-01-01T05:00:00Z"),
        [
            "There are 2 pages of A to pager between 1970-01-01T01:40:00Z and 1970-01-01T05:00:00Z \
          that must not be, the first at 1970-01-01T01:40:00Z."
        ]
    );
    assert_eq!(
        not("labels: {stage: test}"),
        [
            "There is 1 page with stage=\"test\" that must not be, the first at 1970-01-01T08:20:00Z."
        ]
    );
    // As in a matcher, an empty value means that the label is not there.
    assert_eq!(not("labels: {stage: \"\"}"), [""; 0]);
}

#[test]
fn a_base_is_compared_with() {
    let (new, new_verdict, _) = six();
    let base = run(vec![rule("A", "x")]);
    let mut base_verdict = verdict(&base);
    base_verdict.incidents = vec![met(0, [Some(1); 3]), met(1, [Some(1); 3])];
    let comparison = compare((&base, &base_verdict), (&new, &new_verdict));
    let text = "{max_new_pages_per_week: 1, no_lost_incidents: yes}";
    let breaches: Vec<_> = breaches(text, Some(&comparison))
        .into_iter()
        .map(|b| b.sentence)
        .collect();
    assert_eq!(
        breaches,
        [
            "The rules have 1.5 new pages a week, more than the 1 allowed: 6 in 4 weeks.",
            "The rules have lost what the base met: INC-2.",
        ]
    );
    let fail_on: FailOn = "more-pages, lost-incidents".parse().expect("names");
    assert_eq!(
        fail_on.reasons(&new_verdict, &[], Some(&comparison)),
        [
            "more-pages: 6 pages instead of 0 (1.50 a week instead of 0.00)",
            "lost-incidents: 1 incident that the base met is lost",
        ]
    );
    let back = compare((&new, &new_verdict), (&base, &base_verdict));
    assert_eq!(fail_on.reasons(&base_verdict, &[], Some(&back)), [""; 0]);
    assert_eq!(fail_on.reasons(&new_verdict, &[], None).len(), 2);
}

#[test]
fn faults_stand_with_their_place() {
    for (text, expected) in [
        (
            "max_page_per_week: 5\n",
            "budget.yml:1:1: a budget has no field \"max_page_per_week\"; did you mean \"max_pages_per_week\"?\n  \
             | max_page_per_week: 5\n  | ^~~~~~~~~~~~~~~~~",
        ),
        (
            "rules:\n  A: {max_pages_per_week: many}\n",
            "budget.yml:2:27: \"many\" is not a number\n  |   A: {max_pages_per_week: many}\n  |                           ^~~~",
        ),
        (
            "min_precision: 50\n",
            "budget.yml:1:16: `min_precision` is a share: write a number from 0 to 1\n  \
             | min_precision: 50\n  |                ^~",
        ),
        (
            "must_detect:\n  - {incident: INC-1, by: pager}\n",
            "budget.yml:2:27: \"pager\" is none of page, notification, firing\n  \
             |   - {incident: INC-1, by: pager}\n  |                           ^~~~~",
        ),
    ] {
        assert_eq!(refused(text), expected);
    }
    for (text, expected) in [
        ("", "1:1: a budget needs at least one limit"),
        ("{}", "1:1: a budget needs at least one limit"),
        (
            "no_lost_incidents: false",
            "1:1: a budget needs at least one limit",
        ),
        ("max_pages_per_week:", "1:1: expected a value"),
        (
            "max_pages_per_week: -1",
            "1:21: `max_pages_per_week` cannot be less than 0",
        ),
        (
            "max_pages_per_week: inf",
            "1:21: `max_pages_per_week` cannot be less than 0, nor endless",
        ),
        (
            "max_pages_per_week: 1\nmax_pages_per_week: 2",
            "2:1: field \"max_pages_per_week\" is given twice",
        ),
        (
            "must_detect: {incdent: INC-1}",
            "1:15: an entry of `must_detect` has no field \"incdent\"",
        ),
        ("rules: {A: {}}", "1:9: \"A\" has no limit"),
        (
            "rules: {A: {pages: 1}}",
            "1:13: a rule has no field \"pages\"",
        ),
        (
            "receivers: {a: {min_precision: 1}}",
            "1:17: a receiver has no field \"min_precision\"",
        ),
        (
            "must_detect: [{within: 5m}]",
            "1:15: an entry of `must_detect` needs `incident`",
        ),
        ("must_detect: INC-1", "1:14: expected a list of entries"),
        (
            "must_not_page: [{}]",
            "1:17: an entry of `must_not_page` needs a rule",
        ),
        (
            "must_not_page: [{from: soon}]",
            "1:24: \"soon\" is not a time",
        ),
        (
            "must_not_page: {from: 20, until: 10}",
            "1:34: `until` must be after `from`",
        ),
        ("max_median_delay: 5", "1:19: \"5\" is not a duration"),
        ("a: [", "not YAML"),
        (
            "max_pages_per_week: 1\n---\nmin_recall: 1\n",
            "3:1: a budget is one document",
        ),
    ] {
        let told = refused(text);
        assert!(told.contains(expected), "{text}\n{told}");
    }
}

#[test]
fn names_to_fail_on() {
    let (_, mut verdict, _) = six();
    let finding = |kind, sentence: &str| Finding {
        kind,
        rule: None,
        incident: None,
        sentence: sentence.to_owned(),
    };
    verdict.findings = vec![
        finding(FindingKind::Noisy, "It is noisy."),
        finding(FindingKind::NoOwner, "It has no owner."),
    ];
    let reasons = |names: &str| {
        let fail_on: FailOn = names.parse().expect("names");
        fail_on.reasons(&verdict, &breaches("max_pages_per_week: 1", None), None)
    };
    let all = ["noisy: It is noisy.", "no-owner: It has no owner."];
    assert_eq!(reasons("no-owner,silent"), [all[1]]);
    assert_eq!(reasons("findings, noisy"), all);
    assert_eq!(
        reasons("budget"),
        ["budget: The rules have 1.5 pages a week, more than the 1 allowed: 6 in 4 weeks."]
    );
    assert_eq!(FailOn::default().reasons(&verdict, &[], None), [""; 0]);
    let error = |names: &str| names.parse::<FailOn>().expect_err("no name").to_string();
    assert_eq!(
        error("noisy,flaping"),
        "\"flaping\" is nothing to fail on; did you mean \"flapping\"?"
    );
    assert_eq!(
        error(""),
        "\"\" is nothing to fail on: it is budget, more-pages, lost-incidents, findings, never-fires, \
         rule-errors, always-firing, noisy, symptom, flapping, co-firing, silent, missed-incident, no-runbook, \
         no-severity, no-owner, unstable-label"
    );
    let needs = |names: &str| {
        names
            .parse::<FailOn>()
            .map(|f| (f.needs_budget(), f.needs_base()))
    };
    assert_eq!(needs("budget"), Ok((true, false)));
    assert_eq!(needs("lost-incidents"), Ok((false, true)));
}

#[test]
fn rules_of_one_name_are_each_checked() {
    let mut run = run(vec![rule("A", "x"), rule("A", "y")]);
    page(&mut run, 0, "", 0);
    page(&mut run, 1, "", 0);
    let judged = verdict(&run);
    let breaches =
        parsed("rules: {A: {max_pages_per_week: 0}}").check(&run, &judged, &[], None, None);
    let sentences: Vec<_> = breaches.iter().map(|b| b.sentence.as_str()).collect();
    assert_eq!(
        sentences,
        ["A (group group, line 0) has 0.25 pages a week, more than the 0 allowed: 1 in 4 weeks.";
            2]
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-z_:{}\\[\\], \n0-9.\"é-]{0,80}", at in 0..400_usize) {
        let _ = Budget::parse("b", &text);
        let mut whole = "max_pages_per_week: 5\nmust_detect: [{incident: É, within: 5m}]\nrules: {A: {min_recall: 1}}\n".to_owned();
        let at = whole.floor_char_boundary(at.min(whole.len()));
        whole.insert_str(at, &text);
        if let Err(error) = Budget::parse("b", &whole) {
            let _ = error.render();
        }
    }

    #[test]
    fn a_figure_is_told_apart_from_its_limit(pages in 1..200_i64, allowed in 0.0..60.0_f64) {
        let mut run = run(vec![rule("A", "x")]);
        for at in 0..pages {
            page(&mut run, 0, "", at);
        }
        let budget = parsed(&format!("max_pages_per_week: {allowed}"));
        let breaches = budget.check(&run, &verdict(&run), &[], None, None);
        prop_assert_eq!(breaches.len(), usize::from(pages as f64 / 4.0 > allowed));
        for breach in breaches {
            let read = |text: &str| text.parse::<f64>().expect("a number");
            prop_assert!(read(&breach.actual) > read(&breach.allowed), "{}", breach.sentence);
        }
    }
}
