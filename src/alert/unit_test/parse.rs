//! From a test file's text to its tests.

use std::sync::Arc;

use crate::alert::rule_file::yaml::{self, Node};
use crate::alert::rule_file::{Fields, Reader, ShapeError, excerpt, locate_span, place_of};
use crate::alert::unit_test::file::{AlertTest, ExprTest, InputSeries, Test, UnitTestFile};
use crate::alert::unit_test::{
    ExpectedSample, FiringAlert, UnitTestFileError, UnitTestFileErrorKind,
};
use crate::model::{Labels, parse_timestamp};
use crate::promql::script::{ScriptErrorKind, parse_metric, parse_series};
use crate::promql::{Options, Query, Span};

const FILE: &[&str] = &[
    "rule_files",
    "evaluation_interval",
    "group_eval_order",
    "tests",
    "fuzzy_compare",
];
const TEST: &[&str] = &[
    "name",
    "interval",
    "input_series",
    "alert_rule_test",
    "promql_expr_test",
    "external_labels",
    "external_url",
    "start_timestamp",
];
const SERIES: &[&str] = &["series", "values"];
const ALERT_TEST: &[&str] = &["eval_time", "alertname", "exp_alerts"];
const ALERT: &[&str] = &["exp_labels", "exp_annotations"];
const EXPR_TEST: &[&str] = &["expr", "eval_time", "exp_samples"];
const SAMPLE: &[&str] = &["labels", "value", "histogram"];

/// Prometheus' default interval.
const MINUTE: i64 = 60_000_000;

/// Reads a test file; as in promtool, its first document.
pub(super) fn parse(
    path: &str,
    source: &str,
    options: &Options,
) -> Result<UnitTestFile, Vec<UnitTestFileError>> {
    let mut parser = Parser {
        path,
        source,
        options,
        reader: Reader::default(),
        errors: Vec::new(),
    };
    let file = match yaml::documents(source) {
        Ok(documents) => parser.file(documents.first()),
        Err(error) => {
            let span = Span {
                start: error.offset,
                end: error.offset,
            };
            parser.error(span, UnitTestFileErrorKind::Yaml(error.message));
            parser.file(None)
        }
    };
    for fault in std::mem::take(&mut parser.reader.faults) {
        parser.error(fault.span, UnitTestFileErrorKind::Shape(fault.error));
    }
    let mut errors = parser.errors;
    if errors.is_empty() {
        return Ok(file);
    }
    errors.sort_by_key(|(offset, _)| *offset);
    Err(errors.into_iter().map(|(_, error)| error).collect())
}

struct Parser<'a> {
    path: &'a str,
    source: &'a str,
    options: &'a Options,
    reader: Reader,
    errors: Vec<(usize, UnitTestFileError)>,
}

impl Parser<'_> {
    fn error(&mut self, span: Span, kind: UnitTestFileErrorKind) {
        let error = UnitTestFileError {
            path: self.path.to_owned(),
            place: place_of(self.source, span.start),
            kind,
            excerpt: excerpt(self.source, span),
        };
        self.errors.push((span.start, error));
    }

    fn file(&mut self, document: Option<&Node>) -> UnitTestFile {
        let fields = match document {
            Some(node) => self.reader.fields(node, "a test file", FILE),
            None => Fields::default(),
        };
        let evaluation_interval = self.interval(fields, "evaluation_interval", MINUTE);
        let mut order: Vec<String> = Vec::new();
        for node in self
            .reader
            .list(fields.get("group_eval_order"), "a list of groups' names")
        {
            let name = self.reader.text(Some(node));
            if order.contains(&name) {
                self.error(node.span, UnitTestFileErrorKind::RepeatedGroup(name));
            } else {
                order.push(name);
            }
        }
        let mut rule_files = Vec::new();
        for node in self
            .reader
            .list(fields.get("rule_files"), "a list of files")
        {
            rule_files.push(self.reader.text(Some(node)));
        }
        // The options of queries: subqueries without a step take the evaluation's.
        let options = Options {
            subquery_step: evaluation_interval,
            ..self.options.clone()
        };
        let nodes = self.reader.list(fields.get("tests"), "a list of tests");
        let tests = nodes
            .iter()
            .enumerate()
            .map(|(at, node)| self.test(at, node, evaluation_interval, &options))
            .collect();
        UnitTestFile {
            rule_files,
            evaluation_interval,
            group_eval_order: order,
            fuzzy_compare: self.flag(fields.get("fuzzy_compare")),
            tests,
        }
    }

    /// An interval; what it is where it is missing or 0.
    fn interval(&mut self, fields: Fields<'_>, name: &str, default: i64) -> i64 {
        let node = fields.get(name);
        self.reader
            .duration(node)
            .filter(|interval| *interval > 0)
            .unwrap_or(default)
    }

    fn flag(&mut self, node: Option<&Node>) -> bool {
        match node.map(|node| (node, node.text())) {
            None => false,
            Some((_, Some("true" | "True" | "TRUE" | "yes" | "on"))) => true,
            Some((_, Some("false" | "False" | "FALSE" | "no" | "off"))) => false,
            Some((node, _)) => {
                self.reader
                    .fault(node, ShapeError::Expected("`true` or `false`"));
                false
            }
        }
    }

    fn test(&mut self, at: usize, node: &Node, default: i64, options: &Options) -> Test {
        let fields = self.reader.fields(node, "a test", TEST);
        let name = self.reader.text(fields.get("name"));
        let external_labels = self.pairs(fields.get("external_labels"), "labels");
        let mut series = Vec::new();
        for node in self
            .reader
            .list(fields.get("input_series"), "a list of series")
        {
            series.extend(self.series(node));
        }
        let mut alerts = Vec::new();
        for node in self
            .reader
            .list(fields.get("alert_rule_test"), "a list of alert tests")
        {
            alerts.push(self.alert_test(node));
        }
        let mut exprs = Vec::new();
        for node in self
            .reader
            .list(fields.get("promql_expr_test"), "a list of query tests")
        {
            exprs.extend(self.expr_test(node, options));
        }
        Test {
            name: if name.is_empty() {
                format!("unnamed#{at}")
            } else {
                name
            },
            place: node.place,
            interval: self.interval(fields, "interval", default),
            start: self.start(fields.get("start_timestamp")),
            series,
            alerts,
            exprs,
            // Names are unique: the reader refuses others.
            external_labels: Labels::from_pairs(external_labels).unwrap_or_default(),
            external_url: self.reader.text(fields.get("external_url")),
        }
    }

    fn start(&mut self, node: Option<&Node>) -> i64 {
        let Some((node, text)) = node.and_then(|node| Some((node, node.text()?))) else {
            return 0;
        };
        let seconds = text.parse::<f64>().ok();
        let time = match seconds {
            // Within the years that have four digits, about.
            Some(seconds) => (seconds.abs() < 2.5e11).then(|| (seconds * 1e6).round() as i64),
            None => parse_timestamp(text, chrono_tz::Tz::UTC).ok(),
        };
        if time.is_none() {
            self.error(node.span, UnitTestFileErrorKind::Time(text.to_owned()));
        }
        time.unwrap_or(0)
    }

    /// Names and values, sorted by name.
    fn pairs(&mut self, node: Option<&Node>, what: &'static str) -> Vec<(String, String)> {
        let read = self.reader.texts(node, what);
        let mut pairs: Vec<_> = read.into_iter().map(|one| (one.name, one.text)).collect();
        pairs.sort();
        pairs.dedup_by(|a, b| a.0 == b.0);
        pairs
    }

    fn series(&mut self, node: &Node) -> Option<InputSeries> {
        let fields = self.reader.fields(node, "a series", SERIES);
        let (series, values) = (fields.get("series"), fields.get("values"));
        // One line, as promtool puts it into a script.
        let line = format!("{} {}", self.reader.text(series), self.reader.text(values))
            .replace(['\n', '\r'], " ");
        match parse_series(&line) {
            Ok((labels, values)) => Some(InputSeries {
                place: node.place,
                labels: Arc::new(labels),
                values,
            }),
            Err(error) => {
                let wrong = match error {
                    ScriptErrorKind::Series(_) | ScriptErrorKind::Labels(_) => series,
                    _ => values,
                };
                let span = wrong.unwrap_or(node).span;
                self.error(span, UnitTestFileErrorKind::Series(error));
                None
            }
        }
    }

    fn alert_test(&mut self, node: &Node) -> AlertTest {
        let fields = self.reader.fields(node, "an alert test", ALERT_TEST);
        let alertname = self.reader.text(fields.get("alertname"));
        if alertname.is_empty() {
            self.error(start(node), UnitTestFileErrorKind::NoAlertName);
        }
        let mut expected = Vec::new();
        for node in self
            .reader
            .list(fields.get("exp_alerts"), "a list of alerts")
        {
            let fields = self.reader.fields(node, "an alert", ALERT);
            let mut labels = self.pairs(fields.get("exp_labels"), "labels");
            labels.retain(|(name, _)| name != "alertname");
            labels.push(("alertname".to_owned(), alertname.clone()));
            labels.sort();
            expected.push(FiringAlert {
                labels,
                annotations: self.pairs(fields.get("exp_annotations"), "annotations"),
            });
        }
        expected.sort();
        AlertTest {
            place: node.place,
            eval_time: self.reader.duration(fields.get("eval_time")).unwrap_or(0),
            alertname,
            expected,
        }
    }

    fn expr_test(&mut self, node: &Node, options: &Options) -> Option<ExprTest> {
        let fields = self.reader.fields(node, "a query test", EXPR_TEST);
        let eval_time = self.reader.duration(fields.get("eval_time")).unwrap_or(0);
        let text = self.reader.text(fields.get("expr"));
        let mut expected = Vec::new();
        let mut histogram = false;
        for node in self
            .reader
            .list(fields.get("exp_samples"), "a list of samples")
        {
            let fields = self.reader.fields(node, "a sample", SAMPLE);
            histogram |= !self.reader.text(fields.get("histogram")).is_empty();
            expected.push(ExpectedSample {
                labels: self.metric(fields.get("labels")),
                value: self.value(fields.get("value")),
            });
        }
        expected.sort_by(|a, b| a.labels.cmp(&b.labels));
        match Query::parse(text.trim_end(), options) {
            Ok(query) => Some(ExprTest {
                place: node.place,
                eval_time,
                query,
                expected,
                histogram,
            }),
            Err(error) => {
                let span = match fields.get("expr") {
                    Some(scalar) => {
                        let span = error.span.unwrap_or_default();
                        locate_span(self.source, scalar, span)
                    }
                    None => start(node),
                };
                self.error(span, UnitTestFileErrorKind::Expr(error.kind));
                None
            }
        }
    }

    fn metric(&mut self, node: Option<&Node>) -> Labels {
        let text = self.reader.text(node);
        if text.trim().is_empty() {
            return Labels::default();
        }
        match parse_metric(text.trim()) {
            Ok((labels, length)) if length == text.trim().len() => labels,
            _ => {
                let span = node.map(|node| node.span).unwrap_or_default();
                self.error(span, UnitTestFileErrorKind::Metric(text));
                Labels::default()
            }
        }
    }

    /// A number as YAML writes it.
    fn value(&mut self, node: Option<&Node>) -> f64 {
        let special = match node.and_then(Node::text) {
            Some(".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF") => Some(f64::INFINITY),
            Some("-.inf" | "-.Inf" | "-.INF") => Some(f64::NEG_INFINITY),
            Some(".nan" | ".NaN" | ".NAN") => Some(f64::NAN),
            _ => None,
        };
        special.unwrap_or_else(|| self.reader.number(node).unwrap_or(0.0))
    }
}

/// The beginning of a node.
fn start(node: &Node) -> Span {
    Span {
        start: node.span.start,
        end: node.span.start,
    }
}
