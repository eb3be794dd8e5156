use proptest::prelude::*;

use super::*;
use crate::promql::{Options, Version};

fn load(text: &str) -> RuleFile {
    match parse("f.yml", text, &Options::default()) {
        Ok(file) => file,
        Err(errors) => panic!("{}", render(&errors)),
    }
}

fn render(errors: &[RuleFileError]) -> String {
    let rendered: Vec<String> = errors.iter().map(RuleFileError::render).collect();
    rendered.join("\n")
}

fn faults_in(text: &str, version: Version) -> String {
    let options = Options {
        version,
        ..Options::default()
    };
    render(&parse("f.yml", text, &options).expect_err(text))
}

fn faults(text: &str) -> String {
    faults_in(text, Version::V3)
}

/// The errors of one rule, whose lines are indented by four blanks.
fn rule_faults(rule: &str) -> String {
    faults(&format!("groups:\n- name: g\n  rules:\n  - {rule}\n"))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    pairs.iter().map(owned).collect()
}

#[test]
fn reads_groups_and_rules() {
    let file = load(
        r#"groups:
- name: one
  interval: 30s
  limit: 5
  query_offset: 1m
  labels: {team: a, severity: 1}
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: Down
    expr: |
      job:up:sum == 0
    for: 5m
    keep_firing_for: 1h30m
    labels:
      severity: page
    annotations:
      summary: '{{ $labels.job }} is down'
- name: two
"#,
    );
    assert_eq!(file.path, "f.yml");
    let [one, two] = file.groups.as_slice() else {
        panic!("two groups")
    };
    assert_eq!(one.name, "one");
    assert_eq!(one.interval, Some(30_000_000));
    assert_eq!(one.limit, 5);
    assert_eq!(one.query_offset, Some(60_000_000));
    assert_eq!(one.place.to_string(), "2:3");
    let [record, alert] = one.rules.as_slice() else {
        panic!("two rules")
    };
    assert!(matches!(record.kind, RuleKind::Recording));
    assert_eq!(record.name, "job:up:sum");
    // As a text, though YAML calls it a number.
    assert_eq!(record.labels, pairs(&[("severity", "1"), ("team", "a")]));
    assert_eq!(record.place.to_string(), "8:5");
    assert_eq!(record.expr_place.to_string(), "9:11");
    assert_eq!(alert.name, "Down");
    assert_eq!(alert.query.text, "job:up:sum == 0");
    assert_eq!(alert.labels, pairs(&[("severity", "page"), ("team", "a")]));
    let RuleKind::Alerting {
        hold,
        keep_firing_for,
        annotations,
    } = &alert.kind
    else {
        panic!("an alert")
    };
    assert_eq!((*hold, *keep_firing_for), (300_000_000, 5_400_000_000));
    assert_eq!(
        *annotations,
        pairs(&[("summary", "{{ $labels.job }} is down")])
    );
    assert_eq!((two.interval, two.limit, two.rules.len()), (None, 0, 0));
}

#[test]
fn empty_values_are_no_values() {
    assert!(load("").groups.is_empty());
    assert!(load("groups:\n").groups.is_empty());
    assert!(load("# nothing\n---\n").groups.is_empty());
    let file = load(
        "groups:\n- name: g\n  interval:\n  rules:\n  - alert: A\n    record:\n    expr: 1\n    for: ~\n    labels:\n    annotations: {a: }\n",
    );
    let rule = &file.groups[0].rules[0];
    let RuleKind::Alerting {
        hold, annotations, ..
    } = &rule.kind
    else {
        panic!("an alert")
    };
    assert_eq!((*hold, annotations), (0, &pairs(&[("a", "")])));
}

#[test]
fn reads_resources() {
    let file = load(
        r"apiVersion: v1
kind: ConfigMap
data: {x: y}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: a, labels: {b: c}}
spec:
  groups:
  - name: g
    partial_response_strategy: warn
    rules: [{alert: A, expr: 1}]
---
apiVersion: v1
kind: List
items:
- apiVersion: monitoring.coreos.com/v1
  kind: PrometheusRule
  spec: {groups: [{name: g, rules: [{record: b, expr: 2}]}]}
---
groups: [{name: h}]
",
    );
    let names: Vec<&str> = file
        .groups
        .iter()
        .map(|group| group.name.as_str())
        .collect();
    // Each resource has names of its own.
    assert_eq!(names, ["g", "g", "h"]);
    assert_eq!(
        faults("apiVersion: v1\nkind: Service\n"),
        "f.yml:2:7: a Service holds no rules: expected `groups:` or a PrometheusRule\n  \
         | kind: Service\n  |       ^~~~~~~"
    );
}

#[test]
fn anchors_and_merge_keys() {
    let file = load(
        "groups:\n- name: a\n  rules:\n  - &r {alert: A, expr: 1, labels: &l {a: b}}\n  - {<<: *r, alert: B}\n  - {alert: C, expr: 1, labels: {<<: [*l], c: d}}\n",
    );
    let rules = &file.groups[0].rules;
    assert_eq!(rules[1].name, "B");
    assert_eq!(rules[1].labels, pairs(&[("a", "b")]));
    assert_eq!(rules[2].labels, pairs(&[("a", "b"), ("c", "d")]));
}

#[test]
fn refuses_unknown_fields() {
    assert_eq!(
        faults(
            "groups:\n- name: g\n  intervall: 1m\n  rules:\n  - alert: A\n    expr: 1\n    fro: 5m\n    foo: 1\nrules: []\n"
        ),
        r#"f.yml:3:3: group "g": a group has no field "intervall"; did you mean "interval"?
  |   intervall: 1m
  |   ^~~~~~~~~
f.yml:7:5: group "g", rule 1, "A": a rule has no field "fro"; did you mean "for"?
  |     fro: 5m
  |     ^~~
f.yml:8:5: group "g", rule 1, "A": a rule has no field "foo"; did you mean "for"?
  |     foo: 1
  |     ^~~
f.yml:9:1: a rule file has no field "rules"; it has groups
  | rules: []
  | ^~~~~"#
    );
}

#[test]
fn tells_all_faults_of_shape() {
    assert_eq!(
        faults(
            "groups:\n- interval: 5x\n  limit: many\n  rules: {}\n- name: g\n  name: g\n- name: g\n- 3\n"
        ),
        r#"f.yml:2:3: group "": a group must have a name
  | - interval: 5x
  |   ^
f.yml:2:13: group "": "5x" is not a duration: write it as Prometheus does, `5m`, `1h30m`, `7d`
  | - interval: 5x
  |             ^~
f.yml:3:10: group "": "many" is not a number
  |   limit: many
  |          ^~~~
f.yml:4:10: group "": expected a list of rules
  |   rules: {}
  |          ^
f.yml:6:3: group "g": field "name" is given twice
  |   name: g
  |   ^~~~
f.yml:7:9: group "g": the group's name is repeated in the same file
  | - name: g
  |         ^
f.yml:8:3: expected a group
  | - 3
  |   ^"#
    );
    assert_eq!(
        faults("- a\n"),
        "f.yml:1:1: expected a rule file\n  | - a\n  | ^"
    );
    assert_eq!(
        faults("groups:\n- name: a\n   rules: [\n"),
        "f.yml:3:9: not YAML: mapping values are not allowed in this context\n  \
         |    rules: [\n  |         ^"
    );
}

#[test]
fn refuses_what_prometheus_refuses() {
    for (rule, expected) in [
        (
            "expr: 1",
            "4:5: group \"g\", rule 1: one of `record` and `alert` must be set",
        ),
        (
            "{alert: A, record: b, expr: 1}",
            "4:16: group \"g\", rule 1, \"A\": only one of `record` and `alert` must be set",
        ),
        (
            "alert: A",
            "4:5: group \"g\", rule 1, \"A\": field `expr` must be set",
        ),
        (
            "{alert: A, expr: ''}",
            "4:16: group \"g\", rule 1, \"A\": field `expr` must be set",
        ),
        (
            "{alert: A, expr: [1]}",
            "4:22: group \"g\", rule 1, \"A\": expected a text",
        ),
        (
            "{record: a, expr: 1, for: 5m}",
            "4:26: group \"g\", rule 1, \"a\": a recording rule has no field \"for\"",
        ),
        (
            "{record: a, expr: 1, keep_firing_for: 5m}",
            "4:26: group \"g\", rule 1, \"a\": a recording rule has no field \"keep_firing_for\"",
        ),
        (
            "{record: a, expr: 1, annotations: {b: c}}",
            "4:26: group \"g\", rule 1, \"a\": a recording rule has no field \"annotations\"",
        ),
        (
            "{record: 'sum({a=\"b\"})', expr: 1}",
            "4:14: group \"g\", rule 1, \"sum({a=\\\"b\\\"})\": \"sum({a=\\\"b\\\"})\" has braces: \
             a recording rule's name is a metric's name, its labels are under `labels`",
        ),
        (
            "{alert: A, expr: 1, labels: {__name__: b}}",
            "4:34: group \"g\", rule 1, \"A\": \"__name__\" is not a label's name",
        ),
        (
            "{alert: A, expr: 1, annotations: {'': b}}",
            "4:39: group \"g\", rule 1, \"A\": \"\" is not an annotation's name",
        ),
        (
            "{alert: A, expr: 1, labels: {a: {b: c}}}",
            "4:37: group \"g\", rule 1, \"A\": expected a text",
        ),
    ] {
        let found = rule_faults(rule);
        assert_eq!(
            found.lines().next(),
            Some(format!("f.yml:{expected}").as_str())
        );
        assert_eq!(found.lines().count(), 3, "{found}");
    }
    // No duration is none.
    load("groups: [{name: g, rules: [{record: a, expr: 1, for: 0s, annotations: {}}]}]");
}

#[test]
fn names_follow_the_version() {
    let text = "groups: [{name: g, labels: {a.b: c}, rules: [{record: a.b, expr: 1}, {alert: A, expr: 1, labels: {a-b: c}, annotations: {a b: c}}]}]";
    load(text);
    let found = faults_in(text, Version::V2);
    let messages: Vec<&str> = found.lines().step_by(3).collect();
    assert_eq!(
        messages,
        [
            "f.yml:1:29: group \"g\": \"a.b\" is not a label's name",
            "f.yml:1:55: group \"g\", rule 1, \"a.b\": \"a.b\" is not a metric's name",
            "f.yml:1:99: group \"g\", rule 2, \"A\": \"a-b\" is not a label's name",
            "f.yml:1:122: group \"g\", rule 2, \"A\": \"a b\" is not an annotation's name",
        ]
    );
}

/// The place and the caret's line of an expression's error.
fn expr_fault(expr: &str) -> (String, String) {
    let found = rule_faults(&format!("alert: A\n    expr: {expr}"));
    let lines: Vec<&str> = found.lines().collect();
    let place: Vec<&str> = lines[0].split(':').skip(1).take(2).collect();
    (place.join(":"), format!("{}\n{}", lines[1], lines[2]))
}

#[test]
fn the_caret_stands_inside_the_scalar() {
    for (expr, place, excerpt) in [
        ("a b", "5:13", "  |     expr: a b\n  |             ^"),
        (
            "'{a=''é''} b'",
            "5:22",
            "  |     expr: '{a=''é''} b'\n  |                      ^",
        ),
        (
            r#""{a=\"\x41\\\\.\u00e9\"} b""#,
            "5:36",
            "  |     expr: \"{a=\\\"\\x41\\\\\\\\.\\u00e9\\\"} b\"\n  |                                    ^",
        ),
        (
            "\"a\\\n      + b\n      c\"",
            "7:7",
            "  |       c\"\n  |       ^",
        ),
        ("a +\n      b\n\n      c", "8:7", "  |       c\n  |       ^"),
        (
            "|\n      a\n        b",
            "7:9",
            "  |         b\n  |         ^",
        ),
        ("|2-\n       a\n      b", "7:7", "  |       b\n  |       ^"),
        (
            ">-  # why\n\n      a +\n      b\n\n        d\n      c",
            "10:9",
            "  |         d\n  |         ^",
        ),
        ("|\r\n      a\r\n      b", "7:7", "  |       b\n  |       ^"),
        // At the query's end.
        ("|\n      a +\n", "6:10", "  |       a +\n  |          ^"),
    ] {
        let found = expr_fault(expr);
        assert_eq!(found, (place.to_owned(), excerpt.to_owned()), "{expr}");
    }
}

#[test]
fn tells_the_error_of_an_expression() {
    assert_eq!(
        rule_faults("alert: A\n    expr: sum(up) by job"),
        "f.yml:5:22: group \"g\", rule 1, \"A\": parse error: expected `(`, found `job`\n  \
         |     expr: sum(up) by job\n  |                      ^~~"
    );
}

#[test]
fn checks_the_templates_of_alerts() {
    let found = rule_faults(
        "alert: A\n    expr: 1\n    labels: {a: '{{ nosuch }}'}\n    annotations:\n      b: |\n        first\n        {{ $labels.x }\n      c: '{{ $value | humanize }}'",
    );
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines.len(), 6, "{found}");
    assert!(
        lines[0].starts_with("f.yml:6:") && lines[0].contains("label \"a\" is not a template"),
        "{found}"
    );
    assert!(
        lines[3].starts_with("f.yml:10:") && lines[3].contains("annotation \"b\" is not a"),
        "{found}"
    );
    // A recording rule's labels are no templates.
    load("groups: [{name: g, rules: [{record: a, expr: 1, labels: {b: '{{'}}]}]");
}

#[test]
fn finds_duplicates() {
    let file = load(
        "groups:\n- name: g\n  rules:\n  - {record: a, expr: 1}\n  - {record: a, expr: 2, labels: {b: c}}\n- name: h\n  rules:\n  - {record: a, expr: 3}\n",
    );
    let found = duplicates(&file);
    let [one] = found.as_slice() else {
        panic!("one duplicate")
    };
    assert_eq!(one.group.name, "h");
    assert_eq!(one.rule.place.to_string(), "8:5");
    assert_eq!(one.first.place.to_string(), "4:5");
}

#[test]
fn bounds_its_work() {
    let deep = "[".repeat(500);
    assert!(parse("f", &deep, &Options::default()).is_err());
    // Each list has the one before it nine times.
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for at in 1..12 {
        let before = format!("*a{},", at - 1).repeat(9);
        bomb += &format!("a{at}: &a{at} [{before}]\n");
    }
    assert!(parse("f", &bomb, &Options::default()).is_err());
    assert!(parse("f", "a: &a [*a]", &Options::default()).is_err());
}

proptest! {
    #[test]
    fn never_panics(text in "[-\\[\\]{}:,&*|>'\"\\\\#!?% \\n\\ra-cé]{0,60}") {
        let options = Options::default();
        let _ = parse("f", &text, &options);
        let _ = parse("f", &format!("groups:\n- name: g\n  rules:\n  - alert: A\n    expr: {text}\n"), &options);
        let _ = parse("f", &format!("groups: [{{name: g, rules: [{{record: {text}, expr: {text}}}]}}]"), &options);
    }

    /// A place found in a scalar is that of the same character.
    #[test]
    fn locates_the_character(text in "[a-c(){}=,\"'\\\\ \\n\\té]{1,40}", style in 0..4_usize) {
        let scalar = match style {
            0 => format!("'{}'", text.replace('\'', "''")),
            1 => format!("{text:?}"),
            2 => format!("|\n  {}", text.replace('\n', "\n  ")),
            _ => format!(">\n  {}", text.replace('\n', "\n  ")),
        };
        let source = format!("expr: {scalar}\n");
        let Ok(documents) = yaml::documents(&source) else {
            return Ok(());
        };
        let yaml::NodeKind::Mapping(entries) = &documents[0].kind else {
            return Ok(());
        };
        let value = &entries[0].1;
        let decoded = value.text().unwrap();
        for (at, c) in decoded.char_indices().filter(|(_, c)| "abc(){}=,é".contains(*c)) {
            let span = locate_span(&source, value, crate::promql::Span { start: at, end: at });
            prop_assert!(source[span.start..].starts_with(c), "{source:?} {decoded:?} {at}");
        }
    }
}
