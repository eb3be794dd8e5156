//! A sweep: what each choice of values would have come to.

use arrow::error::ArrowError;

use super::columns::{Columns, weekly};
use super::totals::per_week;
use super::words::{brief, count, value};
use crate::alert::backtest::{Setting, SettingValue, SweepPoint, Totals};
use crate::model::TimeRange;
use crate::report::{
    Block, Document, Layout, Provenance, Scatter, ScatterAxis, ScatterPoint, Table, Unit,
};

/// A count of totals and its name.
type Count = (&'static str, fn(&Totals) -> usize);

const COUNTS: [Count; 4] = [
    ("pages", |totals| totals.pages),
    ("pages_night", |totals| totals.pages_night),
    ("notifications", |totals| totals.notifications),
    ("episodes", |totals| totals.episodes),
];

/// One point of a sweep and what it came to.
#[derive(Debug, Clone)]
pub struct SweepOutcome {
    /// The choice of values.
    pub point: SweepPoint,
    /// What all rules together came to.
    pub totals: Totals,
    /// Whether no other point is better in pages, recall and delay at once.
    pub is_best: bool,
}

/// A sweep over a range.
#[derive(Debug, Clone, Copy)]
pub struct SweepResult<'a> {
    /// The points, in the order of the grid.
    pub points: &'a [SweepOutcome],
    /// Over which time.
    pub range: TimeRange,
    /// Whom the document is for.
    pub layout: Layout,
}

impl SweepResult<'_> {
    /// Makes the document: a row a point, and for people a plot of pages against recall.
    pub fn document(&self) -> Result<Document, ArrowError> {
        let mut blocks = Vec::new();
        match self.layout {
            Layout::Rows => blocks.push(Block::Table(self.rows()?)),
            Layout::People => {
                blocks.push(Block::Paragraph(self.headline()));
                blocks.extend(self.scatter().map(Block::Scatter));
                blocks.push(Block::Table(self.table()?));
            }
        }
        Ok(Document {
            title: "Sweep of alert rules".to_owned(),
            provenance: Provenance {
                name: "backtest --sweep".to_owned(),
                range: Some(self.range),
                ..Provenance::default()
            },
            blocks,
            warnings: Vec::new(),
        })
    }

    fn headline(&self) -> String {
        let best = self.points.iter().filter(|point| point.is_best).count();
        let mut text = format!("{} tried", count(self.points.len(), "point"));
        if self.has_recall() {
            text += &format!(
                "; {best} of them (*) are not beaten by another in pages, recall and delay at once"
            );
        } else {
            text += ". There are no incidents, so that only pages can be compared";
        }
        text + "."
    }

    fn has_recall(&self) -> bool {
        let mut points = self.points.iter();
        points.any(|point| point.totals.page_recall.trials > 0)
    }

    /// Pages against recall; nothing where there are no incidents.
    fn scatter(&self) -> Option<Scatter> {
        self.has_recall().then(|| Scatter {
            title: "Recall against pages".to_owned(),
            x: ScatterAxis {
                title: "pages a week".to_owned(),
                unit: None,
            },
            y: ScatterAxis {
                title: "incidents with a page".to_owned(),
                unit: Some(Unit::Ratio),
            },
            points: (1..)
                .zip(self.points)
                .map(|(number, outcome)| ScatterPoint {
                    name: number_of(number, outcome),
                    x: per_week(outcome.totals.pages, self.range),
                    y: value(outcome.totals.page_recall),
                    is_marked: outcome.is_best,
                })
                .collect(),
            marked: "not beaten (* in the table; its number beside it)".to_owned(),
        })
    }

    fn table(&self) -> Result<Table, ArrowError> {
        let points = self.points;
        let totals = || points.iter().map(|point| &point.totals);
        let weeks = |count: fn(&Totals) -> usize| {
            totals().map(move |totals| per_week(count(totals), self.range))
        };
        let mut columns = Columns::new(Layout::People);
        let numbers = (1..).zip(points);
        columns.text(
            "no",
            numbers.map(|(number, point)| Some(number_of(number, point))),
        );
        let one_rule = self.one_rule();
        for (at, name) in self.parameters().iter().enumerate() {
            let values = points.iter().map(|outcome| {
                let setting = outcome.point.settings.get(at);
                setting.map(|setting| setting.value.to_string())
            });
            let short = one_rule.and_then(|rule| name.strip_prefix(rule)?.strip_prefix('.'));
            columns.text(short.unwrap_or(name), values);
        }
        columns
            .number("pages", weekly(), weeks(|totals| totals.pages))
            .number("night", weekly(), weeks(|totals| totals.pages_night))
            .number("notices", weekly(), weeks(|totals| totals.notifications));
        if self.has_recall() {
            columns
                .text("recall", totals().map(|totals| brief(totals.page_recall)))
                .text("precision", totals().map(|totals| brief(totals.precision)))
                .duration("delay", totals().map(|totals| totals.median_delay));
        }
        let title = match one_rule {
            Some(rule) => format!("{rule} (now: the values of the rule file)"),
            None => "Choices (now: the values of the rule files)".to_owned(),
        };
        columns.table(&title)
    }

    fn rows(&self) -> Result<Table, ArrowError> {
        let points = self.points;
        let totals = || points.iter().map(|point| &point.totals);
        let mut columns = Columns::new(Layout::Rows);
        columns.count("no", 1..=points.len());
        for (at, name) in self.parameters().iter().enumerate() {
            let setting = |outcome: &SweepOutcome| outcome.point.settings.get(at).cloned();
            let is_duration = |s: &Setting| matches!(s.value, SettingValue::Duration(_));
            if points.iter().filter_map(setting).any(|s| is_duration(&s)) {
                columns.duration(
                    name,
                    points.iter().map(|outcome| match setting(outcome)?.value {
                        SettingValue::Duration(micros) => Some(micros),
                        SettingValue::Number(_) => None,
                    }),
                );
            } else {
                columns.number(
                    name,
                    None,
                    points.iter().map(|outcome| match setting(outcome) {
                        Some(Setting {
                            value: SettingValue::Number(value),
                            ..
                        }) => value,
                        _ => f64::NAN,
                    }),
                );
            }
        }
        columns
            .flag(
                "is_current",
                points.iter().map(|point| point.point.is_current),
            )
            .flag("is_best", points.iter().map(|point| point.is_best));
        for (name, count) in COUNTS {
            columns.count(name, totals().map(count));
            let rates = totals().map(|totals| per_week(count(totals), self.range));
            columns.number(&format!("{name}_per_week"), weekly(), rates);
        }
        columns.count(
            "pages_worst_week",
            totals().map(|totals| totals.pages_worst_week),
        );
        columns
            .share("precision", totals().map(|totals| totals.precision))
            .share("recall", totals().map(|totals| totals.recall))
            .share("page_recall", totals().map(|totals| totals.page_recall))
            .duration("median_delay", totals().map(|totals| totals.median_delay));
        columns.table("sweep")
    }

    /// The names of the parameters: `HighErrorRate.for`.
    fn parameters(&self) -> Vec<String> {
        let first = self.points.first();
        let settings = first.map_or(&[][..], |outcome| &outcome.point.settings);
        settings
            .iter()
            .map(|setting| format!("{}.{}", setting.rule, setting.parameter.as_str()))
            .collect()
    }

    /// The rule, if all parameters are of one.
    fn one_rule(&self) -> Option<&str> {
        let settings = &self.points.first()?.point.settings;
        let rule = &settings.first()?.rule;
        let is_same = settings.iter().all(|setting| setting.rule == *rule);
        is_same.then_some(rule.as_str())
    }
}

/// `3`, `3*` on the front, `3* now` where it is what the files say.
fn number_of(number: usize, outcome: &SweepOutcome) -> String {
    let best = if outcome.is_best { "*" } else { "" };
    let now = if outcome.point.is_current { " now" } else { "" };
    format!("{number}{best}{now}")
}
