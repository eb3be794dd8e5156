use proptest::prelude::*;

use super::*;
use crate::promql::{Options, Version};

/// Runs a test file over one rule file.
fn run_with(test: &str, rules: &str, version: Version) -> Result<UnitTestReport, UnitTestError> {
    let options = Options {
        version,
        ..Options::default()
    };
    let mut read = |pattern: &str| match pattern {
        "none*.yml" => Ok(Vec::new()),
        "gone.yml" => Err(std::io::ErrorKind::NotFound.into()),
        _ => Ok(vec![("rules.yml".to_owned(), rules.to_owned())]),
    };
    run("t.yml", test, &mut read, &options)
}

fn report(test: &str, rules: &str) -> UnitTestReport {
    run_with(test, rules, Version::V2).unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

/// All differences as text.
fn differences(test: &str, rules: &str) -> String {
    let report = report(test, rules);
    let lines = report.tests.iter().flat_map(|test| &test.differences);
    lines
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The faults of a test file.
fn faults(test: &str) -> String {
    match run_with(test, "", Version::V2) {
        Err(UnitTestError::File(errors)) => {
            let rendered: Vec<String> = errors.iter().map(UnitTestFileError::render).collect();
            rendered.join("\n")
        }
        other => panic!("{other:?}"),
    }
}

/// Passes under promtool 2.42, as `promtool test rules` on these two texts shows.
const RULES: &str = r#"groups:
- name: second
  interval: 7m
  rules:
  - record: chain:sum
    expr: sum by (job) (load)
    labels: {tier: "x{{ 1 }}"}
  - alert: High
    expr: chain:sum > 3
    for: 1m
    keep_firing_for: 2m
    labels:
      severity: '{{ if gt $value 50.0 }}page{{ else }}warn{{ end }}'
      empty: ''
    annotations:
      summary: '{{ $labels.job }}: {{ $value }} of {{ query "sum(load)" | first | value }}'
      none: ''
      from: '{{ $externalLabels.region }}{{ $externalURL }}'
  - alert: Now
    expr: vector(time()) > 100
- name: first
  rules:
  - record: late:chain
    expr: chain:sum offset -1m or vector(-1)
  - record: seen:chain
    expr: chain:sum
  - record: self
    expr: count_over_time(self[10m]) or vector(0)
"#;

const TESTS: &str = r#"rule_files: [rules.yml]
evaluation_interval: 1m
group_eval_order: [second, first]
tests:
- name: edges
  interval: 30s
  external_labels: {region: eu}
  external_url: http://x/y
  input_series:
  - series: 'load{job="a",i="1"}'
    values: 1+1x3 stale _x2 9
  - series: 'load{job="a",i="1"}'
    values: 1x20
  - series: 'load{job="a", i="2"}'
    values: 1 _ 2+1x3 _ 0 stale 1x10
  - series: chain:sum{job="a",tier="x{{ 1 }}"}
    values: _ 7 _x3
  alert_rule_test:
  - {eval_time: 0, alertname: High}
  - {eval_time: 1m, alertname: High, exp_alerts: []}
  - {eval_time: 2m, alertname: High}
  - eval_time: 3m
    alertname: High
    exp_alerts: &firing
    - exp_labels: {job: a, severity: warn, tier: 'x{{ 1 }}'}
      exp_annotations: {summary: 'a: 6 of 6', none: '', from: euhttp://x/y}
  # It goes on firing, with the annotations that it had.
  - {eval_time: 5m59s, alertname: High, exp_alerts: *firing}
  - {eval_time: 6m, alertname: High}
  - {eval_time: 90s, alertname: Now, exp_alerts: []}
  - {eval_time: 2m, alertname: Now, exp_alerts: [{}]}
  - {eval_time: 2m59s, alertname: Now, exp_alerts: [{exp_annotations: {}}]}
  promql_expr_test:
  - {expr: 'chain:sum', eval_time: 30s, exp_samples: [{labels: 'chain:sum{job="a",tier="x{{ 1 }}"}', value: 7}]}
  - {expr: 'chain:sum', eval_time: 1m, exp_samples: [{labels: 'chain:sum{job="a",tier="x{{ 1 }}"}', value: 3}]}
  - {expr: 'late:chain', eval_time: 2m, exp_samples: [{labels: 'late:chain', value: -1}, {labels: 'late:chain{job="a",tier="x{{ 1 }}"}', value: 5}]}
  - {expr: 'seen:chain', eval_time: 2m, exp_samples: [{labels: 'seen:chain{job="a",tier="x{{ 1 }}"}', value: 5}]}
  - {expr: 'self', eval_time: 5m, exp_samples: [{labels: self, value: 5}]}
  - {expr: 'count_over_time(load{i="1"}[2m:])', eval_time: 4m, exp_samples: [{labels: '{job="a",i="1"}', value: 3}]}
  - {expr: 'timestamp(load{i="1"})', eval_time: 4m45s, exp_samples: [{labels: '{job="a",i="1"}', value: 270}]}
  - {expr: 'ALERTS', eval_time: 2m, exp_samples: [{labels: 'ALERTS{alertname="Now",alertstate="firing"}', value: 1},{labels: 'ALERTS{alertname="High",alertstate="pending",job="a",severity="warn",tier="x{{ 1 }}"}', value: 1}]}
  - {expr: 'ALERTS_FOR_STATE{alertname="Now"}', eval_time: 2m, exp_samples: [{labels: 'ALERTS_FOR_STATE{alertname="Now"}', value: 120}]}
  - {expr: '1 + 1', eval_time: 2m, exp_samples: [{value: 2}]}
  - {expr: 'vector(1)', eval_time: 2m, exp_samples: [{labels: '{}', value: 1e0}]}
  - {expr: '1/0', exp_samples: [{value: .inf}]}
"#;

#[test]
fn passes_as_under_promtool() {
    assert_eq!(differences(TESTS, RULES), "");
    let report = report(TESTS, RULES);
    assert!(report.passed());
    assert_eq!(report.warnings, []);
    assert_eq!(report.tests[0].name, "edges");
    assert_eq!(report.tests[0].place.to_string(), "5:3");
}

#[test]
fn a_file_without_tests_passes() {
    for text in ["", "rule_files: [rules.yml]\n", "tests: []\n", "tests:\n"] {
        let report = report(text, RULES);
        assert!(report.passed() && report.tests.is_empty());
    }
}

const TWO: &str = "groups:
- name: g
  rules:
  - alert: Busy
    expr: load > 1
    labels: {severity: page}
    annotations: {summary: 'load {{ $value }}', job: '{{ $labels.job }}'}
  - alert: Busy
    expr: load > 100
";

#[test]
fn tells_how_alerts_differ() {
    let test = "rule_files: [rules.yml]
tests:
- interval: 1m
  input_series:
  - {series: 'load{job=\"a\"}', values: '5 500'}
  - {series: 'load{job=\"b\"}', values: '7'}
  alert_rule_test:
  - alertname: Busy
    exp_alerts:
    - exp_labels: {job: a, severity: page}
      exp_annotations: {summary: load 6, job: a}
    - exp_labels: {job: c}
      exp_annotations: {summary: gone}
  - alertname: Busy
    eval_time: 1m
    exp_alerts: []
  - alertname: Other
    exp_alerts: [{}]
  - alertname: Other
";
    assert_eq!(
        differences(test, TWO),
        r#"line 8: alert Busy at 0s: 2 expected, 2 firing
  ~ {alertname="Busy", job="a", severity="page"}
      - summary: "load 6"
      + summary: "load 5"
  - {alertname="Busy", job="c"}
      summary: "gone"
  + {alertname="Busy", job="b", severity="page"}
      job: "b"
      summary: "load 7"
line 17: alert Other at 0s: 1 expected, 0 firing
  - {alertname="Other"}
line 14: alert Busy at 1m: 0 expected, 3 firing
  + {alertname="Busy", job="a"}
  + {alertname="Busy", job="a", severity="page"}
      job: "a"
      summary: "load 500"
  + {alertname="Busy", job="b", severity="page"}
      job: "b"
      summary: "load 7""#
    );
    let report = report(test, TWO);
    assert_eq!(report.tests[0].name, "unnamed#0");
    let [warning] = report.warnings.as_slice() else {
        panic!("one warning")
    };
    assert_eq!(
        warning.to_string(),
        "line 19: no rule makes the alert \"Other\", so the test cannot fail"
    );
}

/// One query test of a series `x` of 0.1, 0.2, … each minute.
fn expr(test: &str) -> String {
    let fuzzy = "fuzzy_compare: true\n";
    let (fuzzy, test) = match test.strip_prefix("fuzzy ") {
        Some(test) => (fuzzy, test),
        None => ("", test),
    };
    differences(
        &format!(
            "{fuzzy}tests:\n- interval: 1m\n  input_series: [{{series: 'x{{a=\"b\"}}', values: 0.1+0.1x9}}]\n  promql_expr_test:\n  - {{{test}}}\n"
        ),
        "",
    )
}

#[test]
fn tells_how_samples_differ() {
    assert_eq!(
        expr("expr: x, exp_samples: [{labels: 'x{a=\"b\"}', value: 0.1}]"),
        ""
    );
    assert_eq!(
        expr("expr: x, eval_time: 1m, exp_samples: [{labels: 'x{a=\"c\"}', value: 0.2}]"),
        "line 5: x at 1m: 1 expected, 1 found\n  - x{a=\"c\"} 0.2\n  + x{a=\"b\"} 0.2"
    );
    // Equal to the bit: 0.1 + 0.2 is not 0.3.
    let sum = "expr: sum(x) + 0.2, exp_samples: [{value: 0.3}]";
    assert_eq!(
        expr(sum),
        "line 5: sum(x) + 0.2 at 0s: 1 expected, 1 found\n  - {} 0.3\n  + {} 0.30000000000000004"
    );
    assert_eq!(expr(&format!("fuzzy {sum}")), "");
    assert_eq!(
        expr("expr: 0/0, exp_samples: [{value: .nan}]"),
        "line 5: 0/0 at 0s: 1 expected, 1 found\n  - {} NaN\n  + {} NaN"
    );
    assert_eq!(
        expr("expr: 'x[1m]'"),
        "line 5: x[1m] at 0s: the result is neither a vector nor a scalar"
    );
    assert_eq!(
        expr("expr: x, exp_samples: [{labels: x, histogram: '{{schema:1}}'}]"),
        "line 5: native histograms are not supported"
    );
}

#[test]
fn a_failing_rule_ends_its_test() {
    let rules = "groups:
- name: g
  rules:
  - {alert: Dup, expr: a, labels: {x: ''}}
  - {record: b, expr: a, labels: {x: same}}
- name: lim
  limit: 1
  rules: [{alert: Lim, expr: a}]
";
    let test = "rule_files: [rules.yml, rules.yml]
tests:
- interval: 1m
  input_series:
  - {series: 'a{x=\"1\"}', values: 1x3}
  - {series: 'a{x=\"2\"}', values: _ _ 1 1}
  alert_rule_test:
  - {eval_time: 1m, alertname: Dup, exp_alerts: [{}, {}]}
  - {eval_time: 3m, alertname: Dup, exp_alerts: [{}, {}]}
- interval: 1m
  input_series: [{series: 'a{x=\"1\"}', values: 1x3}]
  alert_rule_test: [{eval_time: 3m, alertname: Dup, exp_alerts: [{}]}]
";
    // As promtool 2.42 has it.
    assert_eq!(
        differences(test, rules),
        r#"line 8: alert Dup at 1m: 2 expected, 1 firing
  - {alertname="Dup"}
group g, rule Dup at 2m: vector contains metrics with the same labelset after applying alert labels
group g, rule b at 2m: vector contains metrics with the same labelset after applying rule labels
group lim, rule Lim at 2m: exceeded limit of 1 with 2 alerts"#
    );
}

#[test]
fn starts_at_the_start_timestamp() {
    let rules = "groups: [{name: g, rules: [{record: now, expr: vector(time())}]}]";
    for start in ["1970-01-01T00:16:40.5Z", "1000.5"] {
        let test = format!(
            "rule_files: [rules.yml]\ntests:\n- start_timestamp: {start}\n  input_series: [{{series: x, values: 1 2}}]\n  promql_expr_test:\n  - {{expr: now, eval_time: 90s, exp_samples: [{{labels: now, value: 1060.5}}]}}\n  - {{expr: timestamp(x), eval_time: 90s, exp_samples: [{{value: 1060.5}}]}}\n"
        );
        assert_eq!(differences(&test, rules), "");
    }
}

#[test]
fn versions_differ_at_the_edge_of_a_window() {
    let rules = "groups: [{name: g, rules: [{alert: A, expr: x}]}]";
    let test = "rule_files: [rules.yml]\ntests:\n- input_series: [{series: x, values: 1}]\n  alert_rule_test: [{eval_time: 5m, alertname: A, exp_alerts: [{}]}]\n";
    for (version, passes) in [(Version::V2, true), (Version::V3, false)] {
        let report = run_with(test, rules, version).expect("a test file");
        assert_eq!(report.passed(), passes);
    }
}

#[test]
fn tells_all_faults_of_a_file() {
    assert_eq!(
        faults(
            "rule_file: x
group_eval_order: [a, b, a]
evaluation_interval: often
fuzzy_compare: maybe
tests:
- input_series:
  - series: up{a=}
    values: 1 2
  - {series: up, values: 1 two}
  start_timestamp: noon
  alert_rule_test:
  - eval_time: 5m
    exp_alert: []
  promql_expr_test:
  - expr: |
      sum(
        up
    exp_samples:
    - {labels: 'a b', value: one}
"
        ),
        r#"t.yml:1:1: a test file has no field "rule_file"; did you mean "rule_files"?
  | rule_file: x
  | ^~~~~~~~~
t.yml:2:26: group "a" is repeated in `group_eval_order`
  | group_eval_order: [a, b, a]
  |                          ^
t.yml:3:22: "often" is not a duration: write it as Prometheus does, `5m`, `1h30m`, `7d`
  | evaluation_interval: often
  |                      ^~~~~
t.yml:4:16: expected `true` or `false`
  | fuzzy_compare: maybe
  |                ^~~~~
t.yml:7:13: "up{a=} 1 2" is not a series with values, such as `metric{label="value"} 1 2+3x4 _`
  |   - series: up{a=}
  |             ^~~~~~
t.yml:9:26: "two" is not a value, such as `1`, `2+3x4`, `_`, `stale`
  |   - {series: up, values: 1 two}
  |                          ^~~~~
t.yml:10:20: "noon" is not a time: write RFC 3339 (2026-03-01T08:00:00Z) or a Unix time
  |   start_timestamp: noon
  |                    ^~~~
t.yml:12:5: field `alertname` must be set
  |   - eval_time: 5m
  |     ^
t.yml:13:5: an alert test has no field "exp_alert"; did you mean "exp_alerts"?
  |     exp_alert: []
  |     ^~~~~~~~~
t.yml:16:10: parse error: this `(` is not closed
  |       sum(
  |          ^
t.yml:19:16: "a b" is not a metric, such as `name{label="value"}`
  |     - {labels: 'a b', value: one}
  |                ^~~~~
t.yml:19:30: "one" is not a number
  |     - {labels: 'a b', value: one}
  |                              ^~~"#
    );
}

#[test]
fn tells_of_rule_files() {
    let missing = report("rule_files: ['none*.yml']\n", "");
    assert_eq!(
        missing.warnings,
        [UnitTestWarning::NoFile("none*.yml".to_owned())]
    );
    let gone = run_with("rule_files: [gone.yml]\n", "", Version::V2);
    assert!(matches!(gone, Err(UnitTestError::Read { path, .. }) if path == "gone.yml"));
    let broken = run_with("rule_files: [rules.yml]\n", "group: []\n", Version::V2);
    let Err(UnitTestError::RuleFiles(errors)) = broken else {
        panic!("{broken:?}")
    };
    assert!(errors[0].to_string().starts_with("rules.yml:1:1: "));
}

proptest! {
    #[test]
    fn never_panics(text in "[-\\[\\]{}:,&*|>'\"#!?% \\n0-9xa-c_.+é]{0,50}", at in 0..6_usize) {
        let wrapped = [
            text.clone(),
            format!("tests:\n- interval: {text}\n"),
            format!("tests:\n- input_series:\n  - series: x\n    values: {text}\n  promql_expr_test:\n  - expr: x\n    eval_time: 3m\n"),
            format!("tests:\n- input_series:\n  - series: {text}\n    values: 1\n"),
            format!("tests:\n- start_timestamp: {text}\n  promql_expr_test:\n  - expr: x\n    eval_time: 3m\n"),
            format!("tests:\n- promql_expr_test:\n  - expr: {text}\n    exp_samples: [{{labels: {text}, value: {text}}}]\n"),
        ];
        let _ = run_with(&wrapped[at], "groups: [{name: g, rules: [{alert: A, expr: x}]}]", Version::V3);
    }
}
