use std::sync::Arc;

use super::*;
use crate::alert::backtest::{Run, RunSettings, run};
use crate::alert::evaluate::{Phase, Settings};
use crate::alert::notify::{Config, Options as NotifyOptions};
use crate::alert::rule_file::{self, RuleFile};
use crate::model::{Labels, TimeRange};
use crate::promql::{MemorySource, Options};

const MINUTE: i64 = 60_000_000;

fn parse(text: &str) -> Result<Vec<String>, String> {
    let sweep = Sweep::parse(text).map_err(|error| error.to_string())?;
    let axes = sweep.axes.iter().map(|axis| {
        let values: Vec<String> = axis.values.iter().map(ToString::to_string).collect();
        format!("{}.{}={}", axis.rule, axis.parameter, values.join(","))
    });
    Ok(axes.collect())
}

#[test]
fn reads_parameters_and_values() {
    let ok = |text: &str| parse(text).expect(text);
    assert_eq!(
        ok("HighErrorRate.threshold=1..4 step 1; for=0m,5m,1h30m"),
        [
            "HighErrorRate.threshold=1,2,3,4",
            "HighErrorRate.for=0s,5m,1h30m"
        ]
    );
    assert_eq!(
        ok(" A.for = 0..10m step 5m ;; B.threshold=-1, 2.5,1e3 ; keep_firing_for=1m;"),
        [
            "A.for=0s,5m,10m",
            "B.threshold=-1,2.5,1000",
            "B.keep_firing_for=1m"
        ]
    );
    // The last value belongs to it, whatever decimals do; no value twice.
    assert_eq!(
        ok("A.threshold=0.1..0.5 step 0.1, 0.3,1"),
        ["A.threshold=0.1,0.2,0.3,0.4,0.5,1"]
    );
    assert_eq!(
        ok("A.threshold=1..2 step 0.3"),
        ["A.threshold=1,1.3,1.6,1.9"]
    );
    assert_eq!(ok("A.threshold=5..5 step 1"), ["A.threshold=5"]);
    assert_eq!(ok("g.x/A.b.for=1m"), ["g.x/A.b.for=1m"]);
    assert_eq!(
        Sweep::parse("A.threshold=1..1000 step 1")
            .map(|one| one.grid().len())
            .ok(),
        Some(1000)
    );
}

#[test]
fn says_what_is_wrong() {
    for (text, error) in [
        (
            "",
            "an empty sweep: write RULE.threshold=1..20 step 1; for=0m,5m",
        ),
        (
            ";;",
            "an empty sweep: write RULE.threshold=1..20 step 1; for=0m,5m",
        ),
        (
            "A.threshold",
            "\"A.threshold\" has no values: write RULE.threshold=1..20 step 1, or RULE.for=0m,5m",
        ),
        (
            "A.for=1m,",
            "\"A.for=1m,\" has no values: write RULE.threshold=1..20 step 1, or RULE.for=0m,5m",
        ),
        ("for=1m", "\"for=1m\" names no rule: write RULE.for=1m"),
        (".for=1m", "\"for=1m\" names no rule: write RULE.for=1m"),
        (
            "A.treshold=1",
            "a rule has no parameter \"treshold\": threshold, for and keep_firing_for can be swept (did you mean threshold?)",
        ),
        ("A.threshold=5m", "\"5m\" is not a number"),
        ("A.threshold=NaN", "\"NaN\" is not a number"),
        (
            "A.for=5",
            "\"5\" is not a duration: write it as Prometheus does, 5m or 1h30m",
        ),
        (
            "A.threshold=1..5",
            "\"1..5\" is not a range: write FIRST..LAST step STEP, the last not below the first, the step above 0",
        ),
        (
            "A.threshold=5..1 step 1",
            "\"5..1 step 1\" is not a range: write FIRST..LAST step STEP, the last not below the first, the step above 0",
        ),
        (
            "A.for=1m..5m step 0",
            "\"1m..5m step 0\" is not a range: write FIRST..LAST step STEP, the last not below the first, the step above 0",
        ),
        ("A.for=1m; for=2m", "for of A is swept twice"),
        (
            "A.threshold=1..1001 step 1",
            "the sweep has more than 1000 points: take longer steps, or fewer parameters at once",
        ),
        (
            "A.threshold=1..100 step 1; for=0m..10m step 1m",
            "the sweep has more than 1000 points: take longer steps, or fewer parameters at once",
        ),
    ] {
        assert_eq!(parse(text).expect_err(text), error);
    }
}

proptest::proptest! {
    #[test]
    fn never_panics(
        text in "((A|b/c|é)?\\.?(threshold|for|x)?=?([-0-9.e]{0,9}(m|s|y)?(\\.\\.| step |,)?){0,4};?){0,3}",
        other in "\\PC{0,60}",
    ) {
        let _ = Sweep::parse(&text);
        let _ = Sweep::parse(&other);
    }
}

const RULES: &str = "groups:
- name: g
  rules:
  - {record: 'j:m:sum', expr: sum by (j) (m)}
  - {alert: High, expr: 'j:m:sum > 3', for: 2m, labels: {severity: page}}
  - {alert: Late, expr: 'm > 100', for: 2h}
- name: h
  interval: 2m
  rules:
  - {alert: High, expr: '5 < m', labels: {severity: warning}}
  - {alert: Gone, expr: 'absent(m)', for: 1m}
";

fn files(text: &str) -> Vec<RuleFile> {
    vec![rule_file::parse("rules.yml", text, &Options::default()).expect("rules")]
}

fn points(text: &str) -> Result<Vec<String>, String> {
    let sweep = Sweep::parse(text).map_err(|error| error.to_string())?;
    let points = sweep.points(&files(RULES), &Options::default());
    let points = points.map_err(|error| error.to_string())?;
    let line = |point: &SweepPoint| {
        let settings: Vec<String> = point.settings.iter().map(ToString::to_string).collect();
        format!(
            "{}{}",
            settings.join(" "),
            if point.is_current { " *" } else { "" }
        )
    };
    Ok(points.iter().map(line).collect())
}

#[test]
fn points_are_the_grid() {
    assert_eq!(
        points("g/High.threshold=3,4; for=0m,2m").expect("points"),
        [
            "g/High.threshold=3 g/High.for=0s",
            "g/High.threshold=3 g/High.for=2m *",
            "g/High.threshold=4 g/High.for=0s",
            "g/High.threshold=4 g/High.for=2m",
        ]
    );
    // Both rules of the name, which have other values.
    assert_eq!(
        points("High.threshold=3,5").expect("points"),
        ["High.threshold=3", "High.threshold=5"]
    );
    assert_eq!(points("Gone.for=1m").expect("points"), ["Gone.for=1m *"]);
}

#[test]
fn a_sweep_must_fit_the_rules() {
    for (text, error) in [
        (
            "Hihg.for=1m",
            "no alerting rule is named \"Hihg\" (did you mean High?)",
        ),
        (
            "x/Gone.for=1m",
            "no alerting rule is named \"x/Gone\" (did you mean Gone?)",
        ),
        ("j:m:sum.for=1m", "no alerting rule is named \"j:m:sum\""),
        (
            "Gone.threshold=1",
            "Gone has no threshold: its expression is no comparison of a vector with a number, but absent(m)",
        ),
        ("High.for=1m; g/High.for=2m", "for of g/High is swept twice"),
    ] {
        assert_eq!(points(text).expect_err(text), error);
    }
}

fn history() -> MemorySource {
    let mut source = MemorySource::default();
    for (j, i) in [("a", "1"), ("a", "2"), ("b", "1")] {
        let labels = Labels::from_pairs([("__name__", "m"), ("j", j), ("i", i)]).expect("labels");
        let labels = Arc::new(labels);
        for minute in 0..180_i64 {
            if (80..90).contains(&minute) {
                continue;
            }
            let value = (minute * (j.len() + i.len()) as i64 / 4 + i.len() as i64) % 8;
            let value = if j == "b" { (minute / 7) % 9 } else { value };
            source.push(&labels, minute * MINUTE, value as f64);
        }
    }
    source
}

const ROUTES: &str = "route:
  receiver: pager
  group_by: [alertname]
  routes:
    - {matchers: [severity=warning], receiver: chat}
receivers:
  - {name: pager, pagerduty_configs: [{routing_key: a}]}
  - {name: chat, slack_configs: [{channel: b, send_resolved: true}]}
inhibit_rules:
  - {source_matchers: [severity=page], target_matchers: [severity=warning], equal: [j]}
";

/// Each point's run, in passes with room for so many events; and each by itself, from rule files
/// with its values.
fn runs(
    rules: &str,
    text: &str,
    most_events: usize,
    edit: impl Fn(&SweepPoint) -> String,
) -> (Vec<String>, Vec<String>) {
    let config = Config::parse(ROUTES).expect("routes");
    let external = Labels::default();
    let settings = RunSettings {
        range: TimeRange {
            start: 0,
            end: 180 * MINUTE,
        },
        phases: vec![Phase::Zero],
        evaluation: Settings {
            annotations: true,
            ..Settings::default()
        },
        routes: Some(&config),
        silences: &[],
        notify: NotifyOptions::default(),
        external_labels: &external,
        page_receivers: Vec::new(),
    };
    let sweep = Sweep::parse(text).expect("a sweep");
    let (mut swept, mut alone) = (Vec::new(), Vec::new());
    let mut source = history();
    let mut each = |point: &SweepPoint, found: Run| {
        swept.push(format!("{found:#?}"));
        let files = files(&edit(point));
        let by_itself = run(&files, &mut history(), &settings).expect("memory");
        alone.push(format!("{by_itself:#?}"));
    };
    pass::run(
        &files(rules),
        &sweep,
        &mut source,
        &settings,
        most_events,
        &mut each,
    )
    .expect("memory");
    assert!(!swept.is_empty());
    (swept, alone)
}

fn value(point: &SweepPoint, at: usize) -> String {
    point.settings[at].value.to_string()
}

#[test]
fn each_point_is_what_it_is_alone() {
    let edit = |point: &SweepPoint| {
        RULES
            .replace("j:m:sum > 3", &format!("j:m:sum > {}", value(point, 0)))
            .replace("for: 2m", &format!("for: {}", value(point, 1)))
            .replace("5 < m", &format!("{} < m", value(point, 2)))
    };
    let text = "g/High.threshold=2..9 step 3.5; for=0m,5m; h/High.threshold=4,6";
    for most_events in [1_000_000, 900, 0] {
        let (swept, alone) = runs(RULES, text, most_events, edit);
        assert_eq!(swept.len(), 12);
        assert_eq!(swept, alone, "{most_events}");
        assert!(swept[0] != swept[11]);
    }
}

#[test]
fn a_rule_that_others_read_is_swept_point_by_point() {
    let rules = RULES.replace(
        "- {alert: Gone, expr: 'absent(m)', for: 1m}",
        "- {alert: Many, expr: 'count(ALERTS{alertname=\"High\"}) > 1', for: 1m}",
    );
    let edit = |point: &SweepPoint| {
        rules
            .replace("j:m:sum > 3", &format!("j:m:sum > {}", value(point, 0)))
            .replace("5 < m", &format!("{} < m", value(point, 0)))
            .replace(
                "labels: {severity: warning}",
                &format!(
                    "keep_firing_for: {}, labels: {{severity: warning}}",
                    value(point, 1)
                ),
            )
            .replace(
                "for: 2m,",
                &format!("for: 2m, keep_firing_for: {},", value(point, 1)),
            )
    };
    let (swept, alone) = runs(
        &rules,
        "High.threshold=2,6; keep_firing_for=0m,3m",
        1_000_000,
        edit,
    );
    assert_eq!(swept.len(), 4);
    assert_eq!(swept, alone);
}

#[test]
fn the_front_is_what_nothing_dominates() {
    let points = [
        (5.0, 0.9, Some(60.0)),
        (5.0, 0.9, Some(90.0)),
        (1.0, 0.5, Some(60.0)),
        (1.0, 0.4, Some(30.0)),
        (1.0, 0.4, None),
        (9.0, 1.0, Some(f64::NAN)),
        (f64::NAN, 0.9, Some(60.0)),
        (5.0, 0.9, Some(60.0)),
        (0.0, f64::NAN, None),
    ];
    assert_eq!(
        pareto(&points),
        [true, false, true, true, false, true, false, true, true]
    );
    assert!(pareto(&[]).is_empty());
    assert_eq!(pareto(&[(f64::NAN, f64::NAN, None); 2]), [true, true]);
}

proptest::proptest! {
    #[test]
    fn a_front_is_never_empty_and_covers_the_rest(
        points in proptest::collection::vec((0..5_u8, 0..5_u8, proptest::option::of(0..5_u8)), 1..30),
    ) {
        let points: Vec<(f64, f64, Option<f64>)> = points
            .iter()
            .map(|(pages, recall, delay)| {
                (f64::from(*pages), f64::from(*recall), delay.map(f64::from))
            })
            .collect();
        let front = pareto(&points);
        let late = |delay: Option<f64>| delay.unwrap_or(f64::INFINITY);
        for (i, point) in points.iter().enumerate() {
            let better = points.iter().zip(&front).any(|(other, is_front)| {
                *is_front
                    && other.0 <= point.0
                    && other.1 >= point.1
                    && late(other.2) <= late(point.2)
            });
            proptest::prop_assert!(better, "{i}");
        }
    }
}
