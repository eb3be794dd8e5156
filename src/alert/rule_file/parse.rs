//! From a YAML tree to groups and rules.

use crate::alert::rule_file::name::is_metric_name;
use crate::alert::rule_file::pairs::PairKind;
use crate::alert::rule_file::yaml::{self, Node, NodeKind};
use crate::alert::rule_file::{
    Fields, Group, Reader, Rule, RuleFile, RuleFileError, RuleFileErrorKind, RuleKind, excerpt,
    locate_span, place_of,
};
use crate::promql::{Options, Query, Span};

/// Reads a rule file.
///
/// An empty text is a file without groups. The errors are in the order of their places.
pub fn parse(path: &str, text: &str, options: &Options) -> Result<RuleFile, Vec<RuleFileError>> {
    let mut parser = Parser {
        path,
        source: text,
        options,
        reader: Reader::default(),
        errors: Vec::new(),
        group: None,
        rule: None,
    };
    let mut groups = Vec::new();
    match yaml::documents(text) {
        Ok(documents) => {
            let resources: Vec<&Node> = documents.iter().flat_map(items).collect();
            for resource in &resources {
                parser.resource(resource, &mut groups);
            }
            parser.check_resources(&resources);
        }
        Err(error) => {
            let span = Span {
                start: error.offset,
                end: error.offset,
            };
            parser.errors.push((
                span.start,
                RuleFileError {
                    path: path.to_owned(),
                    place: error.place,
                    group: None,
                    rule: None,
                    kind: RuleFileErrorKind::Yaml(error.message),
                    excerpt: excerpt(text, span),
                },
            ));
        }
    }
    let mut errors = parser.errors;
    if errors.is_empty() {
        return Ok(RuleFile {
            path: path.to_owned(),
            groups,
        });
    }
    errors.sort_by_key(|(offset, _)| *offset);
    Err(errors.into_iter().map(|(_, error)| error).collect())
}

const FILE: &[&str] = &["groups"];
const SPEC: &[&str] = &["groups"];
const GROUP: &[&str] = &[
    "name",
    "interval",
    "query_offset",
    "limit",
    "rules",
    "labels",
];
/// The operator's groups have a field of Thanos' too.
const OPERATOR_GROUP: &[&str] = &[
    "name",
    "interval",
    "query_offset",
    "limit",
    "rules",
    "labels",
    "partial_response_strategy",
];
const RULE: &[&str] = &[
    "record",
    "alert",
    "expr",
    "for",
    "keep_firing_for",
    "labels",
    "annotations",
];

/// A document's resources: itself, or the items of a list.
fn items(document: &Node) -> Vec<&Node> {
    let is_list = kind(document).is_some_and(|kind| kind.ends_with("List"));
    match field(document, "items").map(|items| &items.kind) {
        Some(NodeKind::Sequence(items)) if is_list => items.iter().collect(),
        _ => vec![document],
    }
}

/// The kind of a Kubernetes resource.
fn kind(document: &Node) -> Option<&str> {
    field(document, "apiVersion")?;
    field(document, "kind")?.text()
}

fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let NodeKind::Mapping(entries) = &node.kind else {
        return None;
    };
    let found = entries.iter().find(|(key, _)| key.text() == Some(name));
    found.map(|(_, value)| value)
}

pub(super) struct Parser<'a> {
    path: &'a str,
    pub(super) source: &'a str,
    pub(super) options: &'a Options,
    pub(super) reader: Reader,
    errors: Vec<(usize, RuleFileError)>,
    /// The group that is being read.
    group: Option<String>,
    /// The rule that is being read.
    rule: Option<(usize, String)>,
}

impl Parser<'_> {
    /// Adds an error about a part of the text.
    pub(super) fn error(&mut self, span: Span, kind: RuleFileErrorKind) {
        let error = RuleFileError {
            path: self.path.to_owned(),
            place: place_of(self.source, span.start),
            group: self.group.clone(),
            rule: self.rule.clone(),
            kind,
            excerpt: excerpt(self.source, span),
        };
        self.errors.push((span.start, error));
    }

    /// Takes over what the reader found in the group or rule being read.
    fn take_faults(&mut self) {
        for fault in std::mem::take(&mut self.reader.faults) {
            self.error(fault.span, RuleFileErrorKind::Shape(fault.error));
        }
    }

    fn resource(&mut self, resource: &Node, groups: &mut Vec<Group>) {
        let (owner, known) = match kind(resource) {
            None => {
                let file = self.reader.fields(resource, "a rule file", FILE);
                (file, GROUP)
            }
            Some("PrometheusRule") => {
                let Some(spec) = field(resource, "spec") else {
                    return;
                };
                let spec = self
                    .reader
                    .fields(spec, "the `spec` of a PrometheusRule", SPEC);
                (spec, OPERATOR_GROUP)
            }
            Some(_) => return,
        };
        let first = groups.len();
        for node in self.reader.list(owner.get("groups"), "a list of groups") {
            self.take_faults();
            if let Some(group) = self.group(node, known) {
                if groups[first..].iter().any(|have| have.name == group.name) {
                    self.error(name_span(node), RuleFileErrorKind::RepeatedGroup);
                }
                groups.push(group);
            }
            self.take_faults();
            self.group = None;
        }
        self.take_faults();
    }

    /// Refuses a text in which there are resources, but none with rules.
    fn check_resources(&mut self, resources: &[&Node]) {
        let holds_rules = |node: &&Node| matches!(kind(node), None | Some("PrometheusRule"));
        if let Some(first) = resources.first()
            && !resources.iter().any(holds_rules)
            && let Some(node) = field(first, "kind")
        {
            let kind = node.text().unwrap_or_default().to_owned();
            self.error(node.span, RuleFileErrorKind::Resource(kind));
        }
    }

    fn group(&mut self, node: &Node, known: &'static [&'static str]) -> Option<Group> {
        let fields = self.reader.fields(node, "a group", known);
        if !matches!(node.kind, NodeKind::Mapping(_)) {
            if node.is_null() {
                self.error(start(node), RuleFileErrorKind::GroupName);
            }
            return None;
        }
        let name = self.reader.text(fields.get("name"));
        self.group = Some(name.clone());
        if name.is_empty() {
            self.error(start(node), RuleFileErrorKind::GroupName);
        }
        let interval = self.reader.duration(fields.get("interval"));
        let query_offset = self.reader.duration(fields.get("query_offset"));
        let limit: i64 = self.reader.number(fields.get("limit")).unwrap_or(0);
        // Prometheus checks no templates here.
        let labels = self.pairs(fields.get("labels"), PairKind::Label, false);
        let mut rules = Vec::new();
        for (at, node) in self
            .reader
            .list(fields.get("rules"), "a list of rules")
            .iter()
            .enumerate()
        {
            self.take_faults();
            self.rule = Some((at + 1, String::new()));
            rules.extend(self.rule(node, &labels));
            self.take_faults();
            self.rule = None;
        }
        Some(Group {
            name,
            // 0 is what Prometheus takes for none.
            interval: interval.filter(|interval| *interval > 0),
            limit: usize::try_from(limit).unwrap_or(0),
            query_offset,
            rules,
            place: node.place,
        })
    }

    fn rule(&mut self, node: &Node, group_labels: &[(String, String)]) -> Option<Rule> {
        let fields = self.reader.fields(node, "a rule", RULE);
        if !matches!(node.kind, NodeKind::Mapping(_)) {
            if node.is_null() {
                self.error(start(node), RuleFileErrorKind::NeitherRecordNorAlert);
            }
            return None;
        }
        let record = self.reader.text(fields.get("record"));
        let alert = self.reader.text(fields.get("alert"));
        let name = if alert.is_empty() { &record } else { &alert };
        self.rule = self.rule.take().map(|(number, _)| (number, name.clone()));
        if !record.is_empty() && !alert.is_empty() {
            let span = self.later(fields, "record", "alert").unwrap_or(start(node));
            self.error(span, RuleFileErrorKind::RecordAndAlert);
        }
        if name.is_empty() {
            self.error(start(node), RuleFileErrorKind::NeitherRecordNorAlert);
        }
        let query = self.expr(node, fields);
        let hold = self.reader.duration(fields.get("for")).unwrap_or(0);
        let keep_firing_for = self.reader.duration(fields.get("keep_firing_for"));
        let keep_firing_for = keep_firing_for.unwrap_or(0);
        let is_alert = !alert.is_empty();
        let annotations = fields.get("annotations");
        let annotations = self.pairs(annotations, PairKind::Annotation, is_alert);
        if !record.is_empty() {
            self.check_recording(fields, &record, hold, keep_firing_for, &annotations);
        }
        let mut labels = self.pairs(fields.get("labels"), PairKind::Label, is_alert);
        for (name, value) in group_labels {
            if !labels.iter().any(|(own, _)| own == name) {
                labels.push((name.clone(), value.clone()));
            }
        }
        labels.sort();
        let expr_place = fields.get("expr").map_or(node.place, |expr| expr.place);
        let kind = if is_alert {
            RuleKind::Alerting {
                hold,
                keep_firing_for,
                annotations,
            }
        } else {
            RuleKind::Recording
        };
        Some(Rule {
            kind,
            name: if is_alert { alert } else { record },
            query: query?,
            labels,
            place: node.place,
            expr_place,
        })
    }

    fn expr(&mut self, rule: &Node, fields: Fields<'_>) -> Option<Query> {
        let faults = self.reader.faults.len();
        let text = self.reader.text(fields.get("expr"));
        let Some(node) = fields.get("expr").filter(|_| !text.is_empty()) else {
            if self.reader.faults.len() == faults {
                let at = fields.key("expr").map_or(start(rule), |key| key.span);
                self.error(at, RuleFileErrorKind::NoExpr);
            }
            return None;
        };
        match Query::parse(text.trim_end(), self.options) {
            Ok(query) => Some(query),
            Err(error) => {
                let span = error.span.unwrap_or_default();
                let span = locate_span(self.source, node, span);
                self.error(span, RuleFileErrorKind::Expr(error.kind));
                None
            }
        }
    }

    fn check_recording(
        &mut self,
        fields: Fields<'_>,
        record: &str,
        hold: i64,
        keep_firing_for: i64,
        annotations: &[(String, String)],
    ) {
        for (field, is_set) in [
            ("annotations", !annotations.is_empty()),
            ("for", hold != 0),
            ("keep_firing_for", keep_firing_for != 0),
        ] {
            if is_set && let Some(key) = fields.key(field) {
                self.error(key.span, RuleFileErrorKind::AlertingField(field));
            }
        }
        let Some(node) = fields.get("record") else {
            return;
        };
        if record.contains(['{', '}']) {
            let kind = RuleFileErrorKind::Braces(record.to_owned());
            self.error(node.span, kind);
        } else if !is_metric_name(record, self.options.version) {
            let kind = RuleFileErrorKind::MetricName(record.to_owned());
            self.error(node.span, kind);
        }
    }

    /// The name of the field that stands later of two.
    fn later(&self, fields: Fields<'_>, a: &str, b: &str) -> Option<Span> {
        Some(fields.key(a)?.span.max(fields.key(b)?.span))
    }
}

/// The beginning of a node.
fn start(node: &Node) -> Span {
    Span {
        start: node.span.start,
        end: node.span.start,
    }
}

/// A group's name, where it has one.
fn name_span(group: &Node) -> Span {
    field(group, "name").map_or(start(group), |name| name.span)
}
