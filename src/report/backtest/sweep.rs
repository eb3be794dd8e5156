//! A sweep: what each choice of values would have come to.

use std::collections::BTreeSet;

use arrow::error::ArrowError;

use super::columns::{Columns, weekly};
use super::names::rule_names;
use super::totals::{Rate, per_week};
use super::words::{brief, count, proportion, value};
use crate::alert::backtest::{
    Proportion, RuleVerdict, Run, Setting, SettingValue, SweepPoint, Totals,
};
use crate::model::Warning;
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
    /// What the rules that are swept came to, each by itself.
    pub rules: Vec<RuleVerdict>,
    /// What a reader of this point must know.
    pub warnings: Vec<Warning>,
    /// Whether no other point is better in pages, recall and delay at once.
    pub is_best: bool,
}

/// A sweep over a range.
#[derive(Debug, Clone, Copy)]
pub struct SweepResult<'a> {
    /// The points, in the order of the grid.
    pub points: &'a [SweepOutcome],
    /// The run with the values of the files.
    pub run: &'a Run,
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
                blocks.extend(self.rule_table()?.map(Block::Table));
                blocks.push(Block::Table(self.table()?));
            }
        }
        Ok(Document {
            title: "Sweep of alert rules".to_owned(),
            provenance: Provenance {
                name: "backtest --sweep".to_owned(),
                range: Some(self.run.range),
                ..Provenance::default()
            },
            blocks,
            warnings: self.warnings(),
        })
    }

    /// The warnings of all points, each with how many have it where not all do.
    fn warnings(&self) -> Vec<Warning> {
        let mut all: Vec<(&Warning, usize)> = Vec::new();
        for point in self.points {
            for warning in &point.warnings {
                match all.iter_mut().find(|(one, _)| *one == warning) {
                    Some((_, points)) => *points += 1,
                    None => all.push((warning, 1)),
                }
            }
        }
        let of = self.points.len();
        all.into_iter()
            .map(|(warning, points)| match points {
                points if points >= of => warning.clone(),
                points => {
                    let text = format!("{points} of {of} points: {}", warning.message);
                    Warning::new(warning.code, text)
                }
            })
            .collect()
    }

    fn headline(&self) -> String {
        let best = self.points.iter().filter(|point| point.is_best).count();
        let mut text = format!("{} tried", count(self.points.len(), "point"));
        if self.has_recall() {
            let verb = if best == 1 { "is" } else { "are" };
            text += &format!(
                "; {best} of them (*) {verb} not beaten by another in pages, recall and delay at once"
            );
            if !self.recall_differs() {
                let recall = self.points.first().map(|point| point.totals.page_recall);
                let recall =
                    recall.map_or_else(String::new, |share| proportion(share, "incidents"));
                text += &format!(". All points page for the same share of incidents: {recall}");
            }
        } else {
            text += ". There are no incidents, so that only pages can be compared";
        }
        text + "."
    }

    fn has_recall(&self) -> bool {
        let mut points = self.points.iter();
        points.any(|point| point.totals.page_recall.trials > 0)
    }

    fn recall_differs(&self) -> bool {
        let mut recalls = self.points.iter().map(|p| value(p.totals.page_recall));
        let first = recalls.next();
        recalls.any(|recall| Some(recall) != first)
    }

    fn rate(&self) -> Rate {
        Rate::new(self.run.range)
    }

    /// Pages against recall; nothing where there are no incidents, or recall is always the same.
    fn scatter(&self) -> Option<Scatter> {
        let is_told = self.has_recall() && self.recall_differs();
        is_told.then(|| Scatter {
            title: "Recall against pages".to_owned(),
            x: ScatterAxis {
                title: format!("pages {}", self.rate().period()),
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
                    x: self.rate().of(outcome.totals.pages),
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
        let rate = self.rate();
        let told = |count: fn(&Totals) -> usize| totals().map(move |totals| rate.of(count(totals)));
        let mut columns = Columns::new(Layout::People);
        self.choices(&mut columns, &mut (1..).zip(points));
        columns
            .number("pages", rate.unit(), told(|totals| totals.pages))
            .number("night", rate.unit(), told(|totals| totals.pages_night))
            .number("notices", rate.unit(), told(|totals| totals.notifications));
        if self.has_recall() {
            columns
                .text("recall", totals().map(|totals| brief(totals.page_recall)))
                .text("precision", totals().map(|totals| brief(totals.precision)))
                .duration("delay", totals().map(|totals| totals.median_delay));
        }
        let mut title = "All rules together".to_owned();
        if !rate.is_weekly() {
            title += &format!(", {}", rate.period());
        }
        columns.table(&title)
    }

    /// The swept rules' own figures: a row for each of them at each point.
    fn rule_table(&self) -> Result<Option<Table>, ArrowError> {
        let rows = || {
            let points = (1..).zip(self.points);
            points.flat_map(|(number, point)| point.rules.iter().map(move |r| (number, point, r)))
        };
        if rows().next().is_none() {
            return Ok(None);
        }
        let rate = self.rate();
        let mut columns = Columns::new(Layout::People);
        let mut choices = rows().map(|(number, point, _)| (number, point));
        self.choices(&mut columns, &mut choices);
        if self.one_rule().is_none() {
            let names = rule_names(self.run);
            columns.text("rule", rows().map(|(.., rule)| names.get(rule.rule)));
        }
        columns
            .number("pages", rate.unit(), rows().map(|(.., r)| rate.of(r.pages)))
            .counted("episodes", rows().map(|(.., r)| r.episodes));
        if self.has_recall() {
            let met = |rule: &RuleVerdict, point: &SweepOutcome| {
                let of = point.totals.recall.trials;
                format!("{}/{of}", rule.incidents.len())
            };
            columns
                .text("met", rows().map(|(_, point, r)| Some(met(r, point))))
                .text("precision", rows().map(|(.., r)| brief(r.precision)))
                .duration("delay", rows().map(|(.., r)| r.median_delay));
        }
        let title = match self.one_rule() {
            Some(rule) => format!("{rule} by itself (now: the values of the rule file)"),
            None => "Each of the rules by itself (now: the values of the rule files)".to_owned(),
        };
        columns.table(&title).map(Some)
    }

    /// Adds the numbers of points and their values.
    fn choices(
        &self,
        columns: &mut Columns,
        points: &mut dyn Iterator<Item = (usize, &SweepOutcome)>,
    ) {
        let points: Vec<(usize, &SweepOutcome)> = points.collect();
        columns.text(
            "no",
            points
                .iter()
                .map(|(number, point)| Some(number_of(*number, point))),
        );
        let one_rule = self.one_rule();
        for (at, name) in self.parameters().iter().enumerate() {
            let values = points.iter().map(|(_, outcome)| {
                let setting = outcome.point.settings.get(at);
                setting.map(|setting| setting.value.to_string())
            });
            let short = one_rule.and_then(|rule| name.strip_prefix(rule)?.strip_prefix('.'));
            columns.text(short.unwrap_or(name), values);
        }
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
            let rates = totals().map(|totals| per_week(count(totals), self.run.range));
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
        let names = rule_names(self.run);
        for rule in self.swept() {
            let name = names.get(rule).map_or("", String::as_str);
            let records = || {
                let points = points.iter();
                points.map(move |point| point.rules.iter().find(|record| record.rule == rule))
            };
            let counts =
                |of: fn(&RuleVerdict) -> usize| records().map(move |record| record.map_or(0, of));
            let none = Proportion {
                hits: 0,
                trials: 0,
                lower: f64::NAN,
                upper: f64::NAN,
            };
            columns
                .count(&format!("{name}.pages"), counts(|r| r.pages))
                .number(
                    &format!("{name}.pages_per_week"),
                    weekly(),
                    counts(|r| r.pages).map(|pages| per_week(pages, self.run.range)),
                )
                .count(
                    &format!("{name}.notifications"),
                    counts(|r| r.notifications),
                )
                .count(&format!("{name}.episodes"), counts(|r| r.episodes))
                .count(&format!("{name}.near_misses"), counts(|r| r.near_misses))
                .count(
                    &format!("{name}.incidents_met"),
                    counts(|r| r.incidents.len()),
                )
                .share(
                    &format!("{name}.precision"),
                    records().map(|record| record.map_or(none, |r| r.precision)),
                )
                .duration(
                    &format!("{name}.median_delay"),
                    records().map(|record| record?.median_delay),
                );
        }
        columns.table("sweep")
    }

    /// The rules that are swept, ascending.
    fn swept(&self) -> BTreeSet<usize> {
        let rules = self.points.iter().flat_map(|point| &point.rules);
        rules.map(|record| record.rule).collect()
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
