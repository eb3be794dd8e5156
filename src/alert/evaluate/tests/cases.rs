//! The paragraphs of the specification on rules, labels and series, and Prometheus' groups.

use super::*;

/// Runs rules over history until `to`; returns what they wrote and what happened.
fn run(
    text: &str,
    source: &mut MemorySource,
    to: i64,
    settings: Settings,
) -> (Vec<String>, Vec<String>) {
    let file = rules(text, &settings.options);
    let settings = Settings {
        keep: true,
        ..settings
    };
    let mut engine = Engine::new(&schedule(&file, &[]), settings);
    let mut collected = Collected::default();
    engine.run(source, 0, to, &mut collected).expect("memory");
    let outputs = engine.outputs.clone();
    let written = dump(&mut engine.with_derived(source), &outputs);
    (written, events(&collected.0))
}

fn only<'a>(lines: &'a [String], start: &str) -> Vec<&'a str> {
    let lines = lines.iter().map(String::as_str);
    lines.filter(|line| line.starts_with(start)).collect()
}

/// Labels, and a value or a gap a slot.
type Given<'a> = (&'a [(&'a str, &'a str)], &'a [Option<f64>]);

fn history(columns: &[Given<'_>]) -> MemorySource {
    let mut source = MemorySource::default();
    for (labels, values) in columns {
        series(&mut source, labels, MINUTE, values);
    }
    source
}

const UP: &[(&str, &str)] = &[
    ("__name__", "m"),
    ("job", "a"),
    ("alertname", "old"),
    ("sev", "low"),
];

#[test]
fn labels_are_the_elements_then_the_rules_then_the_name() {
    let text = r#"
groups:
- name: g
  rules:
  - alert: Down
    expr: m
    labels: {sev: page, team: '{{ $labels.job }}-{{ $value }}', name: '{{ $labels.__name__ }}'}
"#;
    let (_, events) = run(
        text,
        &mut history(&[(UP, &[Some(3.0)])]),
        MINUTE,
        Settings::default(),
    );
    let labels = r#"{alertname="Down", job="a", name="m", sev="page", team="a-3"}"#;
    assert_eq!(events[0], format!("0 0.0 Firing {labels} 3 0"));
}

#[test]
fn active_alerts_have_series_with_their_state() {
    let text = r#"
groups:
- name: g
  rules:
  - alert: Down
    expr: m > 0
    for: 1m
    labels: {alertstate: very_critical}
"#;
    let column = [Some(1.0), Some(1.0), Some(0.0), Some(0.0)];
    let source = &mut history(&[(&[("__name__", "m")], &column)]);
    let (written, _) = run(text, source, 4 * MINUTE, Settings::default());
    assert_eq!(
        written,
        [
            r#"ALERTS_FOR_STATE{alertname="Down", alertstate="very_critical"} 0 0"#,
            r#"ALERTS_FOR_STATE{alertname="Down", alertstate="very_critical"} 120 stale"#,
            r#"ALERTS_FOR_STATE{alertname="Down", alertstate="very_critical"} 60 0"#,
            r#"ALERTS{alertname="Down", alertstate="firing"} 120 stale"#,
            r#"ALERTS{alertname="Down", alertstate="firing"} 60 1"#,
            r#"ALERTS{alertname="Down", alertstate="pending"} 0 1"#,
            r#"ALERTS{alertname="Down", alertstate="pending"} 60 stale"#,
        ]
    );
}

#[test]
fn a_label_that_expands_to_nothing_shows_its_template_in_the_series() {
    let text = r#"
groups:
- name: g
  rules:
  - alert: Down
    expr: m
    labels: {x: '{{ $labels.none }}'}
"#;
    let source = &mut history(&[(&[("__name__", "m")], &[Some(1.0)])]);
    let (written, events) = run(text, source, MINUTE, Settings::default());
    assert_eq!(events[0], r#"0 0.0 Firing {alertname="Down"} 1 0"#);
    assert!(
        written[1].contains(r#"x="{{ $labels.none }}""#),
        "{written:?}"
    );
}

#[test]
fn later_rules_see_a_result_at_once_and_earlier_ones_at_the_next_evaluation() {
    let text = r#"
groups:
- name: g
  rules:
  - record: early
    expr: r
  - record: r
    expr: m * 10
  - record: late
    expr: r
"#;
    let source = &mut history(&[(&[("__name__", "m")], &[Some(1.0), Some(2.0), Some(3.0)])]);
    let (written, _) = run(text, source, 3 * MINUTE, Settings::default());
    assert_eq!(
        only(&written, "late"),
        ["late 0 10", "late 120 30", "late 60 20"]
    );
    assert_eq!(only(&written, "early"), ["early 120 20", "early 60 10"]);
}

#[test]
fn the_interval_is_a_minute_where_none_is_named_and_the_end_is_open() {
    let text = "groups: [{name: g, rules: [{record: r, expr: vector(1)}]}]";
    let (written, _) = run(
        text,
        &mut MemorySource::default(),
        2 * MINUTE,
        Settings::default(),
    );
    assert_eq!(written, ["r 0 1", "r 60 1"]);
}

#[test]
fn a_query_offset_moves_query_and_samples_but_not_the_state() {
    let text = r#"
groups:
- name: g
  query_offset: 1m
  rules:
  - alert: Down
    expr: m > 0
"#;
    let source = &mut history(&[(&[("__name__", "m")], &[Some(0.0), Some(1.0), Some(0.0)])]);
    let (written, events) = run(text, source, 4 * MINUTE, Settings::default());
    assert_eq!(
        only(&written, "ALERTS{"),
        [
            r#"ALERTS{alertname="Down", alertstate="firing"} 120 stale"#,
            r#"ALERTS{alertname="Down", alertstate="firing"} 60 1"#,
        ]
    );
    assert_eq!(
        only(&written, "ALERTS_FOR_STATE")[1],
        r#"ALERTS_FOR_STATE{alertname="Down"} 60 120"#
    );
    assert_eq!(events[0], r#"120 0.0 Firing {alertname="Down"} 1 120"#);
}

#[test]
fn a_failing_query_keeps_the_state_and_writes_nothing() {
    let text = r#"
groups:
- name: g
  rules:
  - alert: Down
    expr: m > 0 and on () (a / on () b)
    for: 2m
"#;
    // At 1 min `b` has two series: the match fails.
    let source = &mut history(&[
        (&[("__name__", "m")], &[Some(1.0); 4]),
        (&[("__name__", "a")], &[Some(1.0); 4]),
        (&[("__name__", "b"), ("i", "1")], &[Some(1.0); 4]),
        (
            &[("__name__", "b"), ("i", "2")],
            &[None, Some(1.0), Some(f64::NAN)],
        ),
    ]);
    let file = rules(text, &Options::default());
    let mut engine = Engine::new(
        &schedule(&file, &[]),
        Settings {
            keep: true,
            ..Settings::default()
        },
    );
    let mut collected = Collected::default();
    engine
        .run(source, 0, 4 * MINUTE, &mut collected)
        .expect("memory");
    let outputs = engine.outputs.clone();
    let written = dump(&mut engine.with_derived(source), &outputs);
    assert_eq!(
        only(&written, "ALERTS{"),
        [
            r#"ALERTS{alertname="Down", alertstate="firing"} 120 1"#,
            r#"ALERTS{alertname="Down", alertstate="firing"} 180 1"#,
            r#"ALERTS{alertname="Down", alertstate="pending"} 0 1"#,
            r#"ALERTS{alertname="Down", alertstate="pending"} 120 stale"#,
        ]
    );
    let id = RuleId { group: 0, rule: 0 };
    let report = engine.report(id);
    assert_eq!((report.evaluations, report.errors.count), (4, 1));
    let (ts, why) = report.errors.first.clone().expect("an error");
    assert_eq!(ts, MINUTE);
    assert!(why.contains("found duplicate series"), "{why}");
    assert_eq!(
        events(&collected.0)[1],
        r#"120 0.0 Firing {alertname="Down"} 1 0"#
    );
    assert_eq!(engine.active_alerts(id).len(), 1);
}

#[test]
fn every_second_evaluation_may_fail() {
    let text = "groups: [{name: g, rules: [{record: r, expr: m / on () n}]}]";
    let flapping: Vec<Option<f64>> = (0..100)
        .map(|i| Some(if i % 2 == 0 { 1.0 } else { f64::NAN }))
        .collect();
    let source = &mut history(&[
        (&[("__name__", "m")], &[Some(1.0); 100]),
        (&[("__name__", "n"), ("i", "1")], &[Some(1.0); 100]),
        (&[("__name__", "n"), ("i", "2")], &flapping),
    ]);
    let file = rules(text, &Options::default());
    let mut engine = Engine::new(&schedule(&file, &[]), Settings::default());
    engine
        .run(source, 0, 100 * MINUTE, &mut Collected::default())
        .expect("memory");
    let report = engine.report(RuleId { group: 0, rule: 0 });
    assert_eq!(
        (report.evaluations, report.errors.count, report.samples),
        (100, 50, 50)
    );
    assert_eq!(
        report.errors.last.as_ref().map(|(ts, _)| *ts),
        Some(98 * MINUTE)
    );
}

#[test]
fn elements_that_make_the_same_alert_fail_the_rule() {
    let text = "groups: [{name: g, rules: [{alert: X, expr: m, labels: {i: same}}]}]";
    let source = &mut history(&[
        (&[("__name__", "m"), ("i", "1")], &[Some(1.0), Some(1.0)]),
        (&[("__name__", "m"), ("i", "2")], &[None, Some(1.0)]),
    ]);
    let (written, events) = run(text, source, 2 * MINUTE, Settings::default());
    assert_eq!(events.len(), 2, "{events:?}");
    // No stale marker for what the failing evaluation does not give.
    assert_eq!(written.len(), 2, "{written:?}");
}

#[test]
fn a_recorded_series_that_vanishes_gets_a_stale_marker() {
    let text = r#"
groups:
- name: g
  limit: 1
  rules:
  - record: r
    expr: m > 0
    labels: {x: "1", job: ""}
"#;
    let (a, b) = (
        [("__name__", "m"), ("job", "a")],
        [("__name__", "m"), ("i", "b")],
    );
    let source = &mut history(&[
        (&a, &[Some(1.0), Some(1.0), Some(0.0), Some(1.0)]),
        // Two series at 1 min are beyond the limit.
        (&b, &[None, Some(1.0), Some(0.0), Some(0.0)]),
    ]);
    let (written, _) = run(text, source, 4 * MINUTE, Settings::default());
    assert_eq!(
        written,
        [
            r#"r{x="1"} 0 1"#,
            r#"r{x="1"} 120 stale"#,
            r#"r{x="1"} 180 1"#
        ]
    );
}

#[test]
fn what_a_rule_writes_hides_the_metric_of_that_name() {
    let text = "groups: [{name: g, rules: [{record: r, expr: vector(2)}, {record: s, expr: 'sum({__name__=~\"r\"})'}]}]";
    let file = rules(text, &Options::default());
    let source = &mut history(&[(&[("__name__", "r"), ("x", "1")], &[Some(40.0)])]);
    let mut engine = Engine::new(
        &schedule(&file, &[]),
        Settings {
            keep: true,
            ..Settings::default()
        },
    );
    engine
        .run(source, 0, MINUTE, &mut Collected::default())
        .expect("memory");
    let outputs = engine.outputs.clone();
    let written = dump(&mut engine.with_derived(source), &outputs);
    assert_eq!(written, ["r 0 2", "s 0 2"]);
    assert_eq!(
        engine.warnings().iter().map(|w| w.code).collect::<Vec<_>>(),
        ["hidden-metric"]
    );
}

#[test]
fn a_hidden_metric_that_no_rule_reads_is_no_warning() {
    let alerts: Given<'_> = (&[("__name__", "ALERTS"), ("alertname", "A")], &[Some(1.0)]);
    let codes = |rules: &str| {
        let text =
            format!("groups: [{{name: g, rules: [{{alert: A, expr: vector(1)}}, {rules}]}}]");
        let file = self::rules(&text, &Options::default());
        let mut engine = Engine::new(&schedule(&file, &[]), Settings::default());
        engine
            .run(
                &mut history(&[alerts]),
                0,
                MINUTE,
                &mut Collected::default(),
            )
            .expect("memory");
        engine.warnings().len()
    };
    assert_eq!(codes("{record: s, expr: 'm'}"), 0);
    assert_eq!(codes("{record: s, expr: 'ALERTS{alertname=\"A\"}'}"), 1);
    // Another alert of history: it is hidden as well.
    assert_eq!(codes("{record: s, expr: 'ALERTS{alertname=\"B\"}'}"), 1);
    assert_eq!(codes("{record: s, expr: '{job=\"a\"}'}"), 1);
    let asks = "annotations: {x: '{{ query \"ALERTS\" | first | value }}'}";
    assert_eq!(codes(&format!("{{alert: B, expr: m, {asks}}}")), 1);
    assert_eq!(codes("{alert: B, expr: m, annotations: {x: ALERTS}}"), 0);
}

#[test]
fn refused_samples_are_found_whether_or_not_anything_reads_them() {
    // Both alerts write one series of ALERTS_FOR_STATE: from 2 min on with different values.
    let twins = "{alert: A, expr: m > 1}, {alert: A, expr: m > 2}";
    let reader = "{record: s, expr: ALERTS_FOR_STATE}";
    let recorded = "{record: r, expr: m}, {record: r, expr: m + 1}";
    let apart =
        "{alert: A, expr: m > 1, labels: {sev: a}}, {alert: A, expr: m > 2, labels: {sev: b}}";
    for (text, refused) in [
        (twins.to_owned(), 3),
        (format!("{twins}, {reader}"), 3),
        (recorded.to_owned(), 5),
        (format!("{recorded}, {{record: s, expr: r}}"), 5),
        (apart.to_owned(), 0),
    ] {
        let text = format!("groups: [{{name: g, rules: [{text}]}}]");
        let file = rules(&text, &Options::default());
        let mut engine = Engine::new(&schedule(&file, &[]), Settings::default());
        let values: Vec<Option<f64>> = (1..=5).map(|i| Some(f64::from(i))).collect();
        let source = &mut history(&[(&[("__name__", "m")], &values)]);
        engine
            .run(source, 0, 5 * MINUTE, &mut Collected::default())
            .expect("memory");
        let report = engine.report(RuleId { group: 0, rule: 1 });
        assert_eq!(
            (report.rejected, report.errors.count),
            (refused, refused),
            "{text}"
        );
    }
}

#[test]
fn other_groups_are_seen_by_timestamp_or_in_order() {
    let text = r#"
groups:
- name: reader
  rules: [{record: s, expr: r}]
- name: writer
  rules: [{record: r, expr: m}]
"#;
    let source = &mut history(&[(&[("__name__", "m")], &[Some(1.0), Some(2.0)])]);
    let (written, _) = run(text, source, 2 * MINUTE, Settings::default());
    assert_eq!(only(&written, "s"), ["s 0 1", "s 60 2"]);
    let in_order = Settings {
        ties: Ties::InOrder,
        ..Settings::default()
    };
    let (written, _) = run(text, source, 2 * MINUTE, in_order);
    assert_eq!(only(&written, "s"), ["s 60 1"]);
}

#[test]
fn only_circles_are_evaluated_slot_by_slot() {
    let text = r#"
groups:
- name: a
  rules:
  - {record: one, expr: m}
  - {record: two, expr: one + three}
  - {record: three, expr: one}
  - {record: self, expr: 'self or vector(1)'}
  - {alert: A, expr: two > 1}
  - {alert: B, expr: 'm unless ALERTS{alertname="A"}'}
  - {alert: C, expr: 'm unless ALERTS{alertname="C"}'}
  - {record: pinned, expr: m @ 60}
  - {record: ahead, expr: m offset -1m}
"#;
    let file = rules(text, &Options::default());
    let engine = Engine::new(&schedule(&file, &[]), Settings::default());
    let by_step: Vec<&str> = engine
        .rules()
        .filter(|(id, _)| engine.report(*id).step_by_step)
        .map(|(_, rule)| rule.name.as_str())
        .collect();
    assert_eq!(by_step, ["two", "three", "self", "C", "pinned", "ahead"]);
}

#[test]
fn annotations_are_rendered_when_an_alert_fires_and_on_demand() {
    let text = r#"
groups:
- name: g
  rules:
  - record: r
    expr: m + 1
  - alert: Down
    expr: m > 0
    annotations:
      summary: '{{ $labels.job }} is {{ $value }}, {{ with query "r" }}{{ . | first | value }}{{ end }}'
"#;
    let file = rules(text, &Options::default());
    let source = &mut history(&[(&[("__name__", "m"), ("job", "a")], &[Some(1.0), Some(2.0)])]);
    let settings = Settings {
        annotations: true,
        ..Settings::default()
    };
    let mut engine = Engine::new(&schedule(&file, &[]), settings);
    let mut collected = Collected::default();
    engine
        .run(source, 0, 2 * MINUTE, &mut collected)
        .expect("memory");
    let fired = &collected.0[0];
    assert_eq!(
        fired.annotations,
        [("summary".to_owned(), "a is 1, 2".to_owned())]
    );
    let id = RuleId { group: 0, rule: 1 };
    let alert = engine.active_alerts(id)[0].clone();
    let newest = engine.annotations(id, &alert.element, alert.value, alert.value_at, source);
    assert_eq!(newest[0].1, "a is 2, 3");
}

#[test]
fn one_clock_may_stand_for_all_intervals() {
    let text = r#"
groups:
- name: g
  interval: 5m
  rules: [{record: r, expr: vector(1)}]
"#;
    let settings = Settings {
        clock: Some(MINUTE),
        ..Settings::default()
    };
    let (written, _) = run(text, &mut MemorySource::default(), 2 * MINUTE, settings);
    assert_eq!(written, ["r 0 1", "r 60 1"]);
}
