//! From a budget's text to its limits.

use chrono_tz::Tz;

use super::{Budget, BudgetError, BudgetErrorKind, Limit, Measure, MustDetect, MustNotPage, Scope};
use crate::alert::backtest::compare::Heard;
use crate::alert::rule_file::yaml::{self, Node, NodeKind};
use crate::alert::rule_file::{Fields, Place, Reader, ShapeError, excerpt, place_of};
use crate::model::parse_timestamp;
use crate::promql::Span;

const FILE: &[&str] = &[
    "max_pages_per_week",
    "max_pages_worst_week",
    "max_night_pages_per_week",
    "max_weekend_pages_per_week",
    "max_notifications_per_week",
    "min_precision",
    "min_recall",
    "max_median_delay",
    "must_detect",
    "must_not_page",
    "max_new_pages_per_week",
    "no_lost_incidents",
    "rules",
    "receivers",
];
const RULE: &[&str] = &[
    "max_pages_per_week",
    "max_pages_worst_week",
    "max_night_pages_per_week",
    "max_weekend_pages_per_week",
    "max_notifications_per_week",
    "min_precision",
    "min_recall",
    "max_median_delay",
];
const RECEIVER: &[&str] = &["max_pages_per_week", "max_notifications_per_week"];
const MUST_DETECT: &[&str] = &["incident", "within", "by"];
const MUST_NOT_PAGE: &[&str] = &["rule", "receiver", "labels", "from", "until"];

/// All limits that are a number, a duration or a flag.
const MEASURES: [Measure; 10] = [
    Measure::PagesPerWeek,
    Measure::PagesWorstWeek,
    Measure::NightPagesPerWeek,
    Measure::WeekendPagesPerWeek,
    Measure::NotificationsPerWeek,
    Measure::Precision,
    Measure::Recall,
    Measure::MedianDelay,
    Measure::NewPagesPerWeek,
    Measure::LostIncidents,
];

impl Budget {
    /// Reads a budget; of several faults the first in the file is told.
    pub fn parse(path: &str, text: &str) -> Result<Self, BudgetError> {
        let error = |span: Span, kind| BudgetError {
            path: path.to_owned(),
            place: place_of(text, span.start),
            kind: Box::new(kind),
            excerpt: excerpt(text, span),
        };
        let at = |offset| Span {
            start: offset,
            end: offset,
        };
        let documents = yaml::documents(text)
            .map_err(|e| error(at(e.offset), BudgetErrorKind::Yaml(e.message)))?;
        let document = match documents.as_slice() {
            [] => return Err(error(at(0), BudgetErrorKind::Empty)),
            [document] => document,
            [_, second, ..] => {
                return Err(error(at(second.span.start), BudgetErrorKind::Documents));
            }
        };
        let mut parser = Parser {
            text,
            reader: Reader::default(),
            faults: Vec::new(),
        };
        let budget = parser.budget(document);
        let Parser {
            reader, mut faults, ..
        } = parser;
        let shapes = reader.faults.into_iter();
        faults.extend(shapes.map(|fault| (fault.span, BudgetErrorKind::Shape(fault.error))));
        // What is missing because it is misspelt is not missing.
        let follows = |kind: &BudgetErrorKind| {
            use BudgetErrorKind::{Empty, Missing, NoCondition, NoLimit};
            matches!(kind, Empty | Missing { .. } | NoCondition | NoLimit(_))
        };
        let first = faults
            .into_iter()
            .min_by_key(|(span, kind)| (follows(kind), span.start));
        match first {
            Some((span, kind)) => Err(error(span, kind)),
            None => Ok(budget),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    reader: Reader,
    faults: Vec<(Span, BudgetErrorKind)>,
}

impl Parser<'_> {
    fn fault(&mut self, node: &Node, kind: BudgetErrorKind) {
        let end = match node.kind {
            NodeKind::Scalar { .. } => node.span.end,
            _ => node.span.start,
        };
        let start = node.span.start;
        self.faults.push((Span { start, end }, kind));
    }

    fn place(&self, node: &Node) -> Place {
        place_of(self.text, node.span.start)
    }

    /// The fields of a mapping; one without a value would be a limit that checks nothing.
    fn fields<'n>(
        &mut self,
        node: &'n Node,
        owner: &'static str,
        known: &'static [&'static str],
    ) -> Fields<'n> {
        let fields = self.reader.fields(node, owner, known);
        for key in known.iter().filter_map(|name| fields.key(name)) {
            if key.text().is_some_and(|name| fields.get(name).is_none()) {
                self.reader.fault(key, ShapeError::Expected("a value"));
            }
        }
        fields
    }

    fn budget(&mut self, node: &Node) -> Budget {
        let fields = self.fields(node, "a budget", FILE);
        let budget = Budget {
            limits: self.limits(fields),
            rules: self.scopes(fields.get("rules"), "limits for rules", "a rule", RULE),
            receivers: self.scopes(
                fields.get("receivers"),
                "limits for receivers",
                "a receiver",
                RECEIVER,
            ),
            must_detect: self.entries(fields.get("must_detect"), Self::must_detect),
            must_not_page: self.entries(fields.get("must_not_page"), Self::must_not_page),
        };
        let checks = budget.limits.len()
            + budget.rules.len()
            + budget.receivers.len()
            + budget.must_detect.len()
            + budget.must_not_page.len();
        if checks == 0 {
            self.fault(node, BudgetErrorKind::Empty);
        }
        budget
    }

    fn limits(&mut self, fields: Fields<'_>) -> Vec<Limit> {
        let mut limits = Vec::new();
        for measure in MEASURES {
            if let Some((key, value)) = fields.entry(measure.as_str())
                && let Some(bound) = self.bound(measure, value)
            {
                let place = self.place(key);
                limits.push(Limit {
                    measure,
                    bound,
                    place,
                });
            }
        }
        limits
    }

    fn bound(&mut self, measure: Measure, node: &Node) -> Option<f64> {
        let field = measure.as_str();
        match measure {
            Measure::MedianDelay => self.reader.duration(Some(node)).map(|delay| delay as f64),
            Measure::LostIncidents => match node.text() {
                Some("true" | "True" | "TRUE" | "yes" | "on") => Some(0.0),
                Some("false" | "False" | "FALSE" | "no" | "off") => None,
                _ => {
                    let expected = ShapeError::Expected("`true` or `false`");
                    self.reader.fault(node, expected);
                    None
                }
            },
            _ => {
                let bound: f64 = self.reader.number(Some(node))?;
                let is_share = matches!(measure, Measure::Precision | Measure::Recall);
                if is_share && !(0.0..=1.0).contains(&bound) {
                    self.fault(node, BudgetErrorKind::Share(field));
                } else if !bound.is_finite() || bound < 0.0 {
                    self.fault(node, BudgetErrorKind::Count(field));
                }
                Some(bound)
            }
        }
    }

    fn scopes(
        &mut self,
        node: Option<&Node>,
        what: &'static str,
        owner: &'static str,
        known: &'static [&'static str],
    ) -> Vec<Scope> {
        let Some(node) = node else {
            return Vec::new();
        };
        self.reader.any_fields(node, what);
        let NodeKind::Mapping(entries) = &node.kind else {
            return Vec::new();
        };
        let mut scopes = Vec::new();
        for (key, value) in entries {
            let name = self.reader.text(Some(key));
            let fields = self.fields(value, owner, known);
            let limits = self.limits(fields);
            if limits.is_empty() {
                self.fault(key, BudgetErrorKind::NoLimit(name.clone()));
            }
            let place = self.place(key);
            scopes.push(Scope {
                name,
                place,
                limits,
            });
        }
        scopes
    }

    /// The entries of a list, or one that stands by itself.
    fn entries<T>(&mut self, node: Option<&Node>, read: fn(&mut Self, &Node) -> T) -> Vec<T> {
        match node.map(|node| (node, &node.kind)) {
            Some((node, NodeKind::Mapping(_))) => vec![read(self, node)],
            _ => {
                let nodes = self.reader.list(node, "a list of entries");
                nodes.iter().map(|node| read(self, node)).collect()
            }
        }
    }

    fn must_detect(&mut self, node: &Node) -> MustDetect {
        const OWNER: &str = "an entry of `must_detect`";
        let fields = self.fields(node, OWNER, MUST_DETECT);
        let incident = self.reader.text(fields.get("incident"));
        if incident.is_empty() {
            let (owner, field) = (OWNER, "incident");
            self.fault(node, BudgetErrorKind::Missing { owner, field });
        }
        let by = fields.get("by").and_then(|node| match node.text() {
            Some("page") => Some(Heard::Page),
            Some("notification") => Some(Heard::Notification),
            Some("firing") => Some(Heard::Firing),
            other => {
                let text = other.unwrap_or_default().to_owned();
                self.fault(node, BudgetErrorKind::By(text));
                None
            }
        });
        MustDetect {
            incident,
            within: self.reader.duration(fields.get("within")),
            by,
            place: self.place(node),
        }
    }

    fn must_not_page(&mut self, node: &Node) -> MustNotPage {
        let fields = self.fields(node, "an entry of `must_not_page`", MUST_NOT_PAGE);
        let mut text = |field| Some(self.reader.text(fields.get(field))).filter(|t| !t.is_empty());
        let (rule, receiver) = (text("rule"), text("receiver"));
        let labels = self.reader.texts(fields.get("labels"), "labels");
        let entry = MustNotPage {
            rule,
            receiver,
            labels: labels.into_iter().map(|l| (l.name, l.text)).collect(),
            from: self.time(fields.get("from")),
            until: self.time(fields.get("until")),
            place: self.place(node),
        };
        if let (Some(from), Some(until)) = (entry.from, entry.until)
            && until <= from
        {
            self.fault(
                fields.get("until").unwrap_or(node),
                BudgetErrorKind::Backwards,
            );
        }
        let has_time = entry.from.is_some() || entry.until.is_some();
        if entry.rule.is_none() && entry.receiver.is_none() && entry.labels.is_empty() && !has_time
        {
            self.fault(node, BudgetErrorKind::NoCondition);
        }
        entry
    }

    fn time(&mut self, node: Option<&Node>) -> Option<i64> {
        let node = node?;
        let text = self.reader.text(Some(node));
        match parse_timestamp(&text, Tz::UTC) {
            Ok(ts) => Some(ts),
            Err(error) => {
                self.fault(node, BudgetErrorKind::Time(error));
                None
            }
        }
    }
}
