//! One rule: what it is, what it did, and why.

use arrow::error::ArrowError;

use super::columns::Columns;
use super::words::{brief, count, number};
use super::{BacktestResult, document};
use crate::alert::backtest::{RuleOutcome, RuleVerdict};
use crate::model::format_duration;
use crate::report::{
    Block, Chart, ChartKind, ChartSeries, ChartX, Document, Finding, Layout, Severity, Table, Unit,
};

/// Series that one panel shows together with the threshold.
const TOGETHER: usize = 3;
/// Series that are drawn.
const SERIES: usize = 8;

/// The value that a rule compares, over time.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainSeries {
    /// For each series its name, times (µs, ascending) and values, NaN where there is none; as
    /// many values as times.
    pub series: Vec<(String, Vec<i64>, Vec<f64>)>,
    /// What it is compared with, where that is a number.
    pub threshold: Option<f64>,
    /// What the values count.
    pub unit: Option<Unit>,
}

impl BacktestResult<'_> {
    /// Makes the document of one rule, an index of the run's; of its value too, where that is given.
    pub fn explain(
        &self,
        rule: usize,
        value: Option<&ExplainSeries>,
    ) -> Result<Document, ArrowError> {
        let Some(outcome) = self.run.rules.get(rule) else {
            return Ok(document(self, "explain", Vec::new()));
        };
        let mut blocks = Vec::new();
        if self.layout == Layout::Rows {
            blocks.push(Block::Table(self.episode_rows(Some(rule))?));
            blocks.push(Block::Table(definition(outcome)?));
            blocks.push(Block::Table(self.notification_table(Some(rule))?));
            blocks.push(Block::Table(self.suppressed_table(Some(rule))?));
            blocks.extend(troubles(outcome));
        } else {
            let verdict = self.verdict.rules.iter().find(|v| v.rule == rule);
            blocks.extend(verdict.map(|v| Block::Paragraph(self.record(v))));
            blocks.extend(troubles(outcome));
            blocks.push(Block::Table(definition(outcome)?));
            let value = value.filter(|value| !value.series.is_empty());
            blocks.extend(value.map(|value| Block::Chart(chart(value))));
            blocks.extend(self.rule_timeline(rule).map(Block::Timeline));
            let tables = [
                self.episode_table(rule)?,
                self.notification_table(Some(rule))?,
                self.suppressed_table(Some(rule))?,
            ];
            let tables = tables.into_iter().filter(|table| table.num_rows() > 0);
            blocks.extend(tables.map(Block::Table));
        }
        blocks.extend(errors(outcome, self.layout)?.map(Block::Table));
        let mut document = document(self, "backtest --explain", blocks);
        document.title = self.rule_name(rule);
        Ok(document)
    }

    /// What a rule did, in words.
    fn record(&self, verdict: &RuleVerdict) -> String {
        let mut text = format!(
            "{} fired, {} stayed pending. ",
            count(verdict.episodes, "episode"),
            verdict.near_misses,
        );
        text += &match verdict.pages {
            0 => "No pages.".to_owned(),
            pages if self.rate().is_weekly() => format!(
                "{}: {} a week (worst week {}), {} of them at night.",
                count(pages, "page"),
                number(self.per_week(pages)),
                verdict.pages_worst_week,
                verdict.pages_night
            ),
            pages => format!(
                "{} {}, {} of them at night.",
                count(pages, "page"),
                self.rate().period(),
                verdict.pages_night
            ),
        };
        if verdict.self_resolved > 0 {
            text += &format!(" {} were resolved within minutes.", verdict.self_resolved);
        }
        if verdict.flaps > 0 {
            text += &format!(" {} fired again soon after.", verdict.flaps);
        }
        if let Some(precision) = brief(verdict.precision) {
            text += &format!(
                " {} met ({} by no other rule), precision {precision}.",
                count(verdict.incidents.len(), "incident"),
                verdict.alone.len()
            );
        }
        text
    }
}

/// What a rule is: a row a field.
fn definition(outcome: &RuleOutcome) -> Result<Table, ArrowError> {
    let info = &outcome.info;
    let place = format!("{}:{}, group {}", info.file, info.place.line, info.group);
    let mut rows = vec![
        ("expr".to_owned(), one_line(&info.expr)),
        ("for".to_owned(), format_duration(info.hold)),
        ("interval".to_owned(), format_duration(info.interval)),
        ("place".to_owned(), place),
    ];
    if info.keep_firing_for > 0 {
        let keep = format_duration(info.keep_firing_for);
        rows.push(("keep_firing_for".to_owned(), keep));
    }
    let pairs = |kind: &'static str, pairs: &[(String, String)]| {
        let row = move |(name, text): &(String, String)| (format!("{kind} {name}"), one_line(text));
        pairs.iter().map(row).collect::<Vec<_>>()
    };
    rows.extend(pairs("label", &info.labels));
    rows.extend(pairs("annotation", &info.annotations));
    let mut columns = Columns::new(Layout::People);
    columns
        .text("field", rows.iter().map(|(field, _)| Some(field)))
        .text("text", rows.iter().map(|(_, text)| Some(text)));
    columns.table("The rule")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Why a rule may not do what it should.
fn troubles(outcome: &RuleOutcome) -> Vec<Block> {
    let report = &outcome.report;
    let mut sentences: Vec<String> = outcome
        .unmatched
        .iter()
        .map(|(selector, why)| format!("{selector} matches nothing: {why}"))
        .collect();
    if report.errors.count > 0 {
        sentences.push(format!(
            "{} of {} evaluations failed",
            report.errors.count, report.evaluations
        ));
    }
    let finding = |sentence| Block::Finding(Finding::new(Severity::Critical, sentence));
    sentences.into_iter().map(finding).collect()
}

/// The first failed evaluation and the last.
fn errors(outcome: &RuleOutcome, layout: Layout) -> Result<Option<Table>, ArrowError> {
    let errors = &outcome.report.errors;
    let mut rows: Vec<(&str, &(i64, String))> = Vec::new();
    rows.extend(errors.first.as_ref().map(|error| ("first", error)));
    let last = errors
        .last
        .as_ref()
        .filter(|last| Some(*last) != errors.first.as_ref());
    rows.extend(last.map(|error| ("last", error)));
    if rows.is_empty() && layout == Layout::People {
        return Ok(None);
    }
    let mut columns = Columns::new(layout);
    columns
        .text("failed", rows.iter().map(|(which, _)| Some(which)))
        .time("ts", rows.iter().map(|(_, (ts, _))| Some(*ts)))
        .text("error", rows.iter().map(|(_, (_, text))| Some(text)));
    let title = match layout {
        Layout::People => "Failed evaluations",
        Layout::Rows => "errors",
    };
    columns.table(title).map(Some)
}

/// The value against its threshold.
fn chart(value: &ExplainSeries) -> Chart {
    let shown = &value.series[..value.series.len().min(SERIES)];
    let mut times: Vec<i64> = shown
        .iter()
        .flat_map(|(_, times, _)| times.clone())
        .collect();
    times.sort_unstable();
    times.dedup();
    let apart = shown.len() > TOGETHER;
    let threshold = value
        .threshold
        .map(|threshold| vec![threshold; times.len()]);
    let mut series = Vec::new();
    for (name, own, values) in shown {
        let mut spread = vec![f64::NAN; times.len()];
        for (ts, value) in own.iter().zip(values) {
            if let Ok(at) = times.binary_search(ts) {
                spread[at] = *value;
            }
        }
        series.push(ChartSeries {
            group: apart.then(|| name.clone()),
            name: if apart {
                "value".to_owned()
            } else {
                name.clone()
            },
            values: spread,
        });
        if apart {
            series.extend(threshold.as_ref().map(|values| ChartSeries {
                group: Some(name.clone()),
                name: "threshold".to_owned(),
                values: values.clone(),
            }));
        }
    }
    if !apart && !series.is_empty() {
        series.extend(threshold.map(|values| ChartSeries {
            group: None,
            name: "threshold".to_owned(),
            values,
        }));
    }
    let left_out = value.series.len() - shown.len();
    let title = match (value.threshold, left_out) {
        (None, 0) => "The value".to_owned(),
        (None, more) => format!("The value ({more} more series are not drawn)"),
        (Some(threshold), 0) => format!("The value against {}", number(threshold)),
        (Some(threshold), more) => {
            let threshold = number(threshold);
            format!("The value against {threshold} ({more} more series are not drawn)")
        }
    };
    Chart {
        title: Some(title),
        kind: ChartKind::Line,
        x: ChartX::Time(times),
        x_title: "ts".to_owned(),
        y_title: "value".to_owned(),
        unit: value.unit.clone(),
        series,
        bands: Vec::new(),
        mark: None,
    }
}
