//! The document of a PromQL result.
//!
//! For people an instant's result is a row a series, and a range's a chart and
//! a row a series of what it went through. For machines every result is long
//! rows `ts, <labels…>, value`. The metric's name is the column `metric`; a
//! label that is called like a column of ours becomes `label_<name>`.

mod label_columns;
mod picture;
mod rows;
mod summary;

use arrow::error::ArrowError;

use self::label_columns::LabelNames;
use super::{Block, Document, Layout, Provenance, Table};
use crate::model::{Labels, TimeRange};
use crate::promql::{Steps, Value, is_absent};

/// A PromQL query and its value.
#[derive(Debug, Clone, Copy)]
pub struct PromqlResult<'a> {
    /// The query's text.
    pub query: &'a str,
    /// Its value.
    pub value: &'a Value,
    /// The steps of the value.
    pub steps: Steps,
    /// Whether it was asked for a single instant.
    pub is_instant: bool,
}

impl PromqlResult<'_> {
    /// Makes the document, with the query as its title.
    pub fn document(&self, layout: Layout) -> Result<Document, ArrowError> {
        let mut blocks = Vec::new();
        match (layout, self.value) {
            (_, Value::String(text)) => blocks.push(Block::Table(rows::text(text, self.steps)?)),
            (Layout::People, Value::Vector(_) | Value::Scalar(_)) if !self.is_instant => {
                let series = self.lines();
                let names = LabelNames::of(&series);
                blocks.extend(summary::common(&series, &names).map(Block::Paragraph));
                let chart = picture::chart(&series, &names.telling, self.steps);
                blocks.extend(chart.map(Block::Chart));
                blocks.push(Block::Table(summary::table(&series, &names)?));
            }
            (_, value) => {
                let has_time = layout == Layout::Rows || matches!(value, Value::Matrix(_));
                let series = self.lines();
                let names = LabelNames::of(&series);
                // People read once what all series have alike.
                let shown = if layout == Layout::People && series.len() > 1 {
                    blocks.extend(summary::common(&series, &names).map(Block::Paragraph));
                    names.telling
                } else {
                    names.all()
                };
                let table = rows::samples(&series, &shown, has_time)?;
                blocks.push(Block::Table(table));
            }
        }
        let range = TimeRange {
            start: self.steps.start,
            end: self.steps.end(),
        };
        Ok(Document {
            title: self.query.to_owned(),
            provenance: Provenance {
                name: "promql".to_owned(),
                range: (!self.is_instant).then_some(range),
                ..Provenance::default()
            },
            blocks,
            warnings: Vec::new(),
        })
    }

    /// Returns the series that have any sample: an instant's in the order of the
    /// value (which may be sorted), a range's in that of their labels.
    fn lines(&self) -> Vec<Line<'_>> {
        let mut lines = lines(self.value, self.steps);
        lines.retain(|line| line.samples().next().is_some());
        if !self.is_instant {
            lines.sort_by_key(|line| line.labels);
        }
        lines
    }
}

/// The samples of one series.
struct Line<'a> {
    /// `None` for a scalar.
    labels: Option<&'a Labels>,
    times: Times<'a>,
    values: &'a [f64],
}

/// When a line's values are.
#[derive(Clone, Copy)]
enum Times<'a> {
    /// At each step; absent ones are to be left out.
    Steps(Steps),
    /// At times of its own.
    Own(&'a [i64]),
}

impl Line<'_> {
    /// Iterates over times and values.
    fn samples(&self) -> impl Iterator<Item = (i64, f64)> {
        let times = self.times;
        let at = move |i: usize| match times {
            Times::Steps(steps) => steps.at(i),
            Times::Own(own) => own[i],
        };
        let values = self.values.iter().copied().enumerate();
        values
            .filter(|(_, value)| !is_absent(*value))
            .map(move |(i, value)| (at(i), value))
    }
}

/// Returns the series of a value.
fn lines(value: &Value, steps: Steps) -> Vec<Line<'_>> {
    match value {
        Value::String(_) => Vec::new(),
        Value::Scalar(values) => vec![Line {
            labels: None,
            times: Times::Steps(steps),
            values,
        }],
        Value::Vector(series) => series
            .iter()
            .map(|series| Line {
                labels: Some(&series.labels),
                times: Times::Steps(steps),
                values: &series.values,
            })
            .collect(),
        Value::Matrix(series) => series
            .iter()
            .map(|series| Line {
                labels: Some(&series.labels),
                times: Times::Own(&series.timestamps),
                values: &series.values,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
