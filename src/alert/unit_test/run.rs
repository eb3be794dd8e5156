//! Runs the tests of a file.

use std::collections::BTreeMap;

use crate::alert::evaluate::{Engine, Event, Observer, Phase, Scheduled, Settings, Ties};
use crate::alert::rule_file::{self, Group, RuleFile, RuleKind};
use crate::alert::state::AlertState;
use crate::alert::unit_test::UnitTestError;
use crate::alert::unit_test::file::{AlertTest, ExprTest, Test, UnitTestFile};
use crate::alert::unit_test::input::Input;
use crate::alert::unit_test::parse;
use crate::alert::unit_test::report::{
    Difference, ExpectedSample, FiringAlert, TestReport, UnitTestReport, UnitTestWarning,
};
use crate::model::Labels;
use crate::promql::script::SeriesValue;
use crate::promql::{Options, SampleSource, SourceError, Steps, Value, evaluate, is_absent};

/// Reads rule files.
///
/// It is given each path or pattern of `rule_files` as written (promtool takes
/// it relative to the test file's directory) and returns the files that it
/// names, each with its path and its text.
pub type ReadRuleFiles<'r> = dyn FnMut(&str) -> std::io::Result<Vec<(String, String)>> + 'r;

/// Runs the tests of a file. A file without tests passes.
///
/// Of the options the version and the lookback count; subqueries without a step
/// take `evaluation_interval`, as in promtool.
pub fn run(
    path: &str,
    text: &str,
    read: &mut ReadRuleFiles<'_>,
    options: &Options,
) -> Result<UnitTestReport, UnitTestError> {
    let file = parse::parse(path, text, options).map_err(UnitTestError::File)?;
    let options = Options {
        subquery_step: file.evaluation_interval,
        ..options.clone()
    };
    let mut warnings = Vec::new();
    let rule_files = read_rule_files(&file, read, &options, &mut warnings)?;
    let groups = ordered(&rule_files, &file.group_eval_order);
    let mut tests = Vec::new();
    for test in &file.tests {
        warnings.extend(unknown_alerts(test, &groups));
        let runner = Runner {
            file: &file,
            test,
            groups: &groups,
            options: &options,
        };
        tests.push(TestReport {
            name: test.name.clone(),
            place: test.place,
            differences: runner.run().map_err(UnitTestError::Source)?,
        });
    }
    Ok(UnitTestReport {
        path: path.to_owned(),
        tests,
        warnings,
    })
}

fn read_rule_files(
    file: &UnitTestFile,
    read: &mut ReadRuleFiles<'_>,
    options: &Options,
    warnings: &mut Vec<UnitTestWarning>,
) -> Result<Vec<RuleFile>, UnitTestError> {
    let mut rule_files: Vec<RuleFile> = Vec::new();
    let mut errors = Vec::new();
    for pattern in &file.rule_files {
        let found = read(pattern).map_err(|source| UnitTestError::Read {
            path: pattern.clone(),
            source,
        })?;
        if found.is_empty() {
            warnings.push(UnitTestWarning::NoFile(pattern.clone()));
        }
        for (path, text) in found {
            if rule_files.iter().any(|have| have.path == path) {
                continue;
            }
            match rule_file::parse(&path, &text, options) {
                Ok(rules) => rule_files.push(rules),
                Err(found) => errors.extend(found),
            }
        }
    }
    if errors.is_empty() {
        Ok(rule_files)
    } else {
        Err(UnitTestError::RuleFiles(errors))
    }
}

/// All groups in the order of their evaluation; those without a place stand with the first.
fn ordered<'a>(files: &'a [RuleFile], order: &[String]) -> Vec<&'a Group> {
    let mut groups: Vec<&Group> = files.iter().flat_map(|file| &file.groups).collect();
    groups.sort_by_key(|group| {
        order
            .iter()
            .position(|name| *name == group.name)
            .unwrap_or(0)
    });
    groups
}

/// Tests of alerts that no rule makes, where nothing is expected of them.
fn unknown_alerts(test: &Test, groups: &[&Group]) -> Vec<UnitTestWarning> {
    let rules = || groups.iter().flat_map(|group| &group.rules);
    let is_known = |name: &str| {
        rules().any(|rule| rule.name == name && matches!(rule.kind, RuleKind::Alerting { .. }))
    };
    test.alerts
        .iter()
        .filter(|alert| alert.expected.is_empty() && !is_known(&alert.alertname))
        .map(|alert| UnitTestWarning::NoSuchAlert {
            alertname: alert.alertname.clone(),
            place: alert.place,
        })
        .collect()
}

/// Takes no interest in events: the state after each evaluation is asked for.
struct Unheard;

impl Observer for Unheard {
    fn event(&mut self, _event: Event) {}
}

struct Runner<'a> {
    file: &'a UnitTestFile,
    test: &'a Test,
    groups: &'a [&'a Group],
    options: &'a Options,
}

impl<'a> Runner<'a> {
    fn run(&self) -> Result<Vec<Difference>, SourceError> {
        let mut differences = self.histograms();
        if !differences.is_empty() {
            return Ok(differences);
        }
        let mut engine = self.engine();
        let mut input = Input::new(self.test);
        let mut from = self.test.start;
        for (ts, tests) in self.instants() {
            let source = input.until(ts);
            engine.run(source, from, ts.saturating_add(1), &mut Unheard)?;
            from = ts.saturating_add(1);
            let errors = self.rule_errors(&engine);
            if !errors.is_empty() {
                differences.extend(errors);
                return Ok(differences);
            }
            for test in tests {
                let actual = self.firing(&engine, &test.alertname, ts, source);
                if actual != test.expected {
                    differences.push(Difference::Alerts {
                        alertname: test.alertname.clone(),
                        eval_time: test.eval_time,
                        place: test.place,
                        expected: test.expected.clone(),
                        actual,
                    });
                }
            }
        }
        let mut source = engine.with_derived(&mut input.source);
        for test in &self.test.exprs {
            differences.extend(self.expr(test, &mut source));
        }
        Ok(differences)
    }

    /// The parts of the test that need native histograms.
    fn histograms(&self) -> Vec<Difference> {
        let series = self
            .test
            .series
            .iter()
            .filter(|series| series.values.contains(&SeriesValue::Histogram))
            .map(|series| series.place);
        let exprs = self.test.exprs.iter().filter(|test| test.histogram);
        series
            .chain(exprs.map(|test| test.place))
            .map(|place| Difference::NativeHistogram { place })
            .collect()
    }

    fn engine(&self) -> Engine<'a> {
        let interval = self.file.evaluation_interval;
        let schedule = |group: &&'a Group| Scheduled {
            group,
            phase: Phase::Offset(self.test.start),
        };
        let scheduled: Vec<Scheduled<'_>> = self.groups.iter().map(schedule).collect();
        let settings = Settings {
            options: self.options.clone(),
            interval,
            clock: Some(interval),
            ties: Ties::InOrder,
            keep: true,
            hides_history: false,
            external_labels: self.test.external_labels.clone(),
            external_url: self.test.external_url.clone(),
            ..Settings::default()
        };
        Engine::new(&scheduled, settings)
    }

    /// The instants, µs, at which the evaluation is stopped, and the alert tests of each
    /// in the order of their times.
    fn instants(&self) -> BTreeMap<i64, Vec<&AlertTest>> {
        let interval = self.file.evaluation_interval;
        let slot = |time: i64| self.test.start.saturating_add(time - time % interval);
        let mut instants: BTreeMap<i64, Vec<&AlertTest>> = BTreeMap::new();
        let alert_times = self.test.alerts.iter().map(|test| test.eval_time);
        let expr_times = self.test.exprs.iter().map(|test| test.eval_time);
        let last = alert_times.chain(expr_times).max().unwrap_or(0);
        instants.insert(slot(last), Vec::new());
        let mut tests: Vec<&AlertTest> = self.test.alerts.iter().collect();
        tests.sort_by_key(|test| test.eval_time);
        for test in tests {
            instants.entry(slot(test.eval_time)).or_default().push(test);
        }
        instants
    }

    /// The errors of the first instant at which a rule failed.
    fn rule_errors(&self, engine: &Engine<'_>) -> Vec<Difference> {
        let failed: Vec<_> = engine
            .rules()
            .filter_map(|(id, rule)| {
                let (ts, message) = engine.report(id).errors.first.clone()?;
                Some((ts, self.groups[id.group], rule, message))
            })
            .collect();
        let first = failed.iter().map(|(ts, ..)| *ts).min();
        failed
            .into_iter()
            .filter(|(ts, ..)| Some(*ts) == first)
            .map(|(ts, group, rule, message)| Difference::RuleError {
                group: group.name.clone(),
                rule: rule.name.clone(),
                time: ts - self.test.start,
                message,
            })
            .collect()
    }

    /// The firing alerts of all rules of a name, sorted.
    fn firing(
        &self,
        engine: &Engine<'_>,
        alertname: &str,
        ts: i64,
        source: &mut dyn SampleSource,
    ) -> Vec<FiringAlert> {
        let mut firing = Vec::new();
        for (id, rule) in engine.rules() {
            if rule.name != alertname || !matches!(rule.kind, RuleKind::Alerting { .. }) {
                continue;
            }
            for alert in engine.active_alerts(id) {
                if alert.state != AlertState::Firing {
                    continue;
                }
                // Annotations are those of the newest evaluation that had the element.
                let at = alert.value_at.min(ts);
                let annotations =
                    engine.annotations(id, &alert.element, alert.value, at, &mut *source);
                firing.push(FiringAlert {
                    labels: pairs(&alert.labels),
                    annotations,
                });
            }
        }
        firing.sort();
        firing
    }

    fn expr(&self, test: &ExprTest, source: &mut dyn SampleSource) -> Option<Difference> {
        let at = self.test.start.saturating_add(test.eval_time);
        let error = |message: String| Difference::ExprError {
            expr: test.query.text.clone(),
            eval_time: test.eval_time,
            place: test.place,
            message,
        };
        let value = match evaluate(&test.query, Steps::instant(at), source, self.options) {
            Ok(evaluated) => evaluated.value,
            Err(failure) => return Some(error(failure.to_string())),
        };
        let mut actual = match value {
            Value::Scalar(values) => vec![ExpectedSample {
                labels: Labels::default(),
                value: values.first().copied().unwrap_or(f64::NAN),
            }],
            Value::Vector(series) => series
                .iter()
                .filter_map(|series| {
                    let value = series.values.first().copied()?;
                    (!is_absent(value)).then(|| ExpectedSample {
                        labels: series.labels.as_ref().clone(),
                        value,
                    })
                })
                .collect(),
            _ => {
                return Some(error(
                    "the result is neither a vector nor a scalar".to_owned(),
                ));
            }
        };
        actual.sort_by(|a, b| a.labels.cmp(&b.labels));
        let is_equal = |a: &ExpectedSample, b: &ExpectedSample| {
            a.labels == b.labels && self.same_value(a.value, b.value)
        };
        let is_same = actual.len() == test.expected.len()
            && actual
                .iter()
                .zip(&test.expected)
                .all(|(a, b)| is_equal(a, b));
        (!is_same).then(|| Difference::Samples {
            expr: test.query.text.clone(),
            eval_time: test.eval_time,
            place: test.place,
            expected: test.expected.clone(),
            actual,
        })
    }

    fn same_value(&self, a: f64, b: f64) -> bool {
        a == b || (self.file.fuzzy_compare && (a.next_down() == b || a.next_up() == b))
    }
}

fn pairs(labels: &Labels) -> Vec<(String, String)> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    labels.iter().map(owned).collect()
}
