//! The document of forecasts.
//!
//! For people a few series are shown each with a chart, what was fitted and found, and how large
//! the error was on held-out data; many as a row each. For programs the first table (all that
//! `csv`, `ndjson` and `parquet` hold) has a row a series, model and step:
//! `unique_id,ds,h,model,mean,lo80,hi80,…`; `json` has everything else in further tables.

mod details;
mod figure;
mod many;
mod picture;
mod rows;
mod scores;
mod single;
mod warnings;

use arrow::error::ArrowError;
use chrono_tz::Tz;

use super::{Block, Document, Layout, Provenance, Unit};
use crate::forecast::pipeline::Outcome;
use crate::model::{TimestampUnit, Warning};
use crate::series::Regular;

pub use rows::forecast_rows;

/// Series up to which each is shown by itself.
pub const FEW: usize = 6;

/// A series and its forecast.
#[derive(Debug, Clone)]
pub struct ForecastSeries {
    /// What tells it apart; of a store's series its labels as PromQL writes them.
    pub id: String,
    /// Its labels, where it has any.
    pub labels: Vec<(String, String)>,
    /// The history that was forecast.
    pub history: Regular,
    /// How many values the history has; [`Self::shorten`] leaves only the last of them.
    pub length: usize,
    /// What came of it.
    pub outcome: Outcome,
    /// What a reader must know of the history.
    pub warnings: Vec<Warning>,
}

impl ForecastSeries {
    /// Forgets what a row in a list of many does not need.
    pub fn shorten(&mut self, keep: usize) {
        let cut = self.history.values.len().saturating_sub(keep);
        self.history.cut_first(cut);
        for model in &mut self.outcome.models {
            model.fitted = Vec::new();
            model.details = Default::default();
            if let Some(evaluation) = &mut model.evaluation {
                evaluation.folds = Vec::new();
                evaluation.steps = Vec::new();
            }
        }
        if let Some(baseline) = &mut self.outcome.baseline {
            baseline.folds.truncate(1);
            baseline.steps = Vec::new();
        }
    }

    /// Forgets all but what it is to be warned of.
    pub fn forget(&mut self) {
        self.history.values = Vec::new();
        for model in &mut self.outcome.models {
            model.fitted = Vec::new();
            model.details = Default::default();
            model.forecast = Default::default();
            model.evaluation = None;
        }
        self.outcome.outliers = Vec::new();
        self.outcome.baseline = None;
    }
}

/// How times are written in rows for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForecastTimes {
    /// Counts.
    Index,
    /// Whole numbers of a unit since the epoch, as the input had them.
    Unix(TimestampUnit),
    /// Times.
    Calendar,
}

/// Forecasts of one or many series, and what they were asked for.
#[derive(Debug, Clone)]
pub struct ForecastResult {
    /// What is forecast: a metric, an expression, a file.
    pub title: String,
    /// The series in the order of the input.
    pub series: Vec<ForecastSeries>,
    /// How many steps are forecast.
    pub horizon: usize,
    /// The levels of the intervals, per cent, ascending.
    pub levels: Vec<f64>,
    /// How times are written for programs.
    pub times: ForecastTimes,
    /// What the values count.
    pub unit: Option<Unit>,
    /// Whether the forecasts were made from rolling origins.
    pub is_evaluated: bool,
    /// Whether the search and the coefficients are asked for.
    pub is_explained: bool,
    /// The zone of times in sentences.
    pub tz: Tz,
    /// Where the numbers come from.
    pub provenance: Provenance,
    /// What a reader must know of all of them.
    pub warnings: Vec<Warning>,
}

impl ForecastResult {
    /// The code of the warning that a method panicked: the rest is a part of what was asked for.
    pub const FAULT: &str = "fault";

    /// Whether a series has no forecast for a fault of ours.
    pub fn has_fault(&self) -> bool {
        let mut warnings = self.series.iter().flat_map(|one| &one.outcome.warnings);
        warnings.any(|warning| warning.code == Self::FAULT)
    }

    /// Makes the document.
    pub fn document(&self, layout: Layout) -> Result<Document, ArrowError> {
        let mut blocks = Vec::new();
        match layout {
            Layout::People if self.series.len() <= FEW => {
                for series in &self.series {
                    if self.series.len() > 1 {
                        blocks.push(Block::Heading(series.id.clone()));
                    }
                    blocks.extend(self.single(series)?);
                }
                if self.series.is_empty() {
                    blocks.push(Block::Paragraph("There is no series.".to_owned()));
                }
            }
            Layout::People => blocks.extend(self.many()?),
            Layout::Rows => {
                let rows = forecast_rows(&self.series, &self.levels, self.times)?;
                blocks.push(Block::Table(rows));
                let tables = [
                    self.series_rows()?,
                    self.score_rows()?,
                    self.step_rows()?,
                    self.test_rows()?,
                    self.coefficient_rows()?,
                    self.search_rows()?,
                    self.outlier_rows()?,
                ];
                let tables = tables.into_iter().filter(|table| table.num_rows() > 0);
                blocks.extend(tables.map(Block::Table));
            }
        }
        let title = match self.series.as_slice() {
            [only] if !only.id.is_empty() => only.id.clone(),
            _ => self.title.clone(),
        };
        Ok(Document {
            title: format!("Forecast of {title}"),
            provenance: self.provenance.clone(),
            blocks,
            warnings: self.all_warnings(),
        })
    }
}
