//! Rules with the same expression but for a number.

use super::*;
use crate::promql::{SampleSlice, SourceError};

/// Counts how often history is read.
struct Counting {
    inner: MemorySource,
    reads: usize,
}

impl SampleSource for Counting {
    fn select(&mut self, selection: Selection<'_>) -> Result<Vec<SampleSlice<'_>>, SourceError> {
        self.reads += 1;
        self.inner.select(selection)
    }

    fn count_series(&mut self, matchers: &[Matcher]) -> Result<usize, SourceError> {
        self.inner.count_series(matchers)
    }
}

/// How often rules with these expressions read history in a piece, and who fired when.
fn run(exprs: &[&str], extra: &str) -> (usize, Vec<String>) {
    let mut text = String::from("groups:\n- name: g\n  rules:\n");
    for (i, expr) in exprs.iter().enumerate() {
        text += &format!("  - alert: A{i}\n    expr: '{expr}'\n");
    }
    text += extra;
    let file = rules(&text, &Options::default());
    let mut source = Counting {
        inner: MemorySource::default(),
        reads: 0,
    };
    let column: Vec<Option<f64>> = (0..10).map(|v| Some(f64::from(v))).collect();
    series(&mut source.inner, &[(METRIC_NAME, "m")], MINUTE, &column);
    let mut engine = Engine::new(&schedule(&file, &[]), Settings::default());
    let mut collected = Collected::default();
    engine
        .run(&mut source, 0, 10 * MINUTE, &mut collected)
        .expect("memory");
    let firing = |event: &&Event| matches!(&event.kind, EventKind::Transition(_));
    let changes: Vec<Event> = collected.0.iter().filter(firing).cloned().collect();
    (source.reads, events(&changes))
}

#[test]
fn an_expression_is_evaluated_once_for_all_numbers() {
    let exprs = ["m > 5", "9 <= m", "m > 7.5", "(m < 2)", "m"];
    let (reads, events) = run(&exprs, "");
    assert_eq!(reads, 1);
    assert_eq!(
        events,
        [
            r#"0 0.3 Firing {alertname="A3"} 0 0"#,
            r#"0 0.4 Firing {alertname="A4"} 0 0"#,
            r#"120 0.3 Resolved {alertname="A3"} 1 0"#,
            r#"360 0.0 Firing {alertname="A0"} 6 360"#,
            r#"480 0.2 Firing {alertname="A2"} 8 480"#,
            r#"540 0.1 Firing {alertname="A1"} 9 540"#,
        ]
    );
}

#[test]
fn other_slots_and_other_expressions_are_evaluated_for_themselves() {
    assert_eq!(run(&["m > 5", "rate(m[5m]) > 5", "m > bool 5"], "").0, 3);
    let offset = "- name: h\n  query_offset: 1m\n  rules: [{alert: B, expr: m > 5}]\n";
    assert_eq!(run(&["m > 5", "m > 6"], offset).0, 2);
    let slow = "- name: h\n  interval: 2m\n  rules: [{alert: B, expr: m > 5}]\n";
    assert_eq!(run(&["m > 5", "m > 6"], slow).0, 2);
}

#[test]
fn an_expression_that_fails_fails_all_its_rules() {
    let text = "
groups:
- name: g
  rules:
  - {alert: A, expr: m / on (j) m > 1}
  - {alert: B, expr: m / on (j) m > 2}
";
    let file = rules(text, &Options::default());
    let mut source = MemorySource::default();
    for i in ["1", "2"] {
        let labels = [(METRIC_NAME, "m"), ("i", i)];
        series(&mut source, &labels, MINUTE, &[Some(1.0), None]);
    }
    let mut engine = Engine::new(&schedule(&file, &[]), Settings::default());
    engine
        .run(&mut source, 0, 20 * MINUTE, &mut Collected::default())
        .expect("memory");
    let errors = [0, 1].map(|rule| engine.report(RuleId { group: 0, rule }).errors.clone());
    assert_eq!(errors[0].count, 5);
    assert_eq!(errors[1].count, 5);
    assert_eq!(errors[0].first, errors[1].first);
}
