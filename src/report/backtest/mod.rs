//! The documents of a backtest: its verdict, one rule explained, a change
//! reviewed, a sweep.
//!
//! For people a document begins with the totals in words and the findings; then
//! a timeline and tables that fit a terminal. For programs every figure is a
//! column; the first table (all that `csv` and `parquet` hold) is that of the
//! rules, or the episodes of the rule explained.

mod budget;
mod change;
mod change_fields;
mod change_pages;
mod change_tables;
mod columns;
mod delivery;
mod episodes;
mod explain;
mod findings;
mod headline;
mod incidents;
mod names;
mod picture;
mod rules;
mod subjects;
mod sweep;
mod totals;
mod words;

use arrow::error::ArrowError;

use super::{Block, Document, Layout, Provenance};
use crate::alert::backtest::{Breach, Calendar, Incident, Run, Shift, Verdict, Window};
use crate::alert::notify::Silence;

pub use change::ChangeReview;
pub use explain::ExplainSeries;
pub use sweep::{SweepOutcome, SweepResult};

/// How far the number of pages depends on what is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncertainty {
    /// What it depends on: `the evaluation phase (8 tried)`.
    pub what: String,
    /// The fewest pages.
    pub least: usize,
    /// The most.
    pub most: usize,
}

/// A backtest and what it was judged by.
#[derive(Debug)]
pub struct BacktestResult<'a> {
    run: &'a Run,
    verdict: &'a Verdict,
    incidents: &'a [Incident],
    maintenance: &'a [Window],
    uncertainty: &'a [Uncertainty],
    shifts: &'a [Shift],
    calendar: Option<&'a Calendar>,
    breaches: Option<&'a [Breach]>,
    silences: &'a [Silence],
    layout: Layout,
    names: Vec<String>,
}

impl<'a> BacktestResult<'a> {
    /// Takes a run, its verdict, and the incidents and maintenance that it was judged by.
    pub fn new(
        run: &'a Run,
        verdict: &'a Verdict,
        incidents: &'a [Incident],
        maintenance: &'a [Window],
        layout: Layout,
    ) -> Self {
        Self {
            run,
            verdict,
            incidents,
            maintenance,
            uncertainty: &[],
            shifts: &[],
            calendar: None,
            breaches: None,
            silences: &[],
            layout,
            names: names::rule_names(run),
        }
    }

    /// Adds how far the number of pages is uncertain.
    pub fn uncertainty(mut self, uncertainty: &'a [Uncertainty]) -> Self {
        self.uncertainty = uncertainty;
        self
    }

    /// Adds who was on call when, and what that came to.
    pub fn shifts(mut self, shifts: &'a [Shift]) -> Self {
        self.shifts = shifts;
        self
    }

    /// Adds the calendar, whose nights the timeline shows where there is room.
    pub fn calendar(mut self, calendar: &'a Calendar) -> Self {
        self.calendar = Some(calendar);
        self
    }

    /// Adds the limits of a budget that do not hold; `None` is for no budget.
    pub fn breaches(mut self, breaches: Option<&'a [Breach]>) -> Self {
        self.breaches = breaches;
        self
    }

    /// Adds the silences of the run, so that what they kept back names them.
    pub fn silences(mut self, silences: &'a [Silence]) -> Self {
        self.silences = silences;
        self
    }

    /// Makes the verdict's document.
    pub fn document(&self) -> Result<Document, ArrowError> {
        let mut blocks = Vec::new();
        match self.layout {
            Layout::People => {
                blocks.extend(self.headline().into_iter().map(Block::Paragraph));
                blocks.extend(budget::findings(self.breaches));
                blocks.extend(budget::table(self.breaches, self.layout)?.map(Block::Table));
                blocks.extend(self.findings());
                blocks.extend(self.timeline().map(Block::Timeline));
                let mut tables = self.rule_tables()?;
                tables.extend([
                    self.incident_table()?,
                    self.shift_table()?,
                    self.person_table()?,
                    self.suppressed_table(None)?,
                    self.receiver_table()?,
                    self.co_firing_table()?,
                ]);
                let tables = tables.into_iter().filter(|table| table.num_rows() > 0);
                blocks.extend(tables.map(Block::Table));
            }
            Layout::Rows => {
                blocks.extend([
                    Block::Table(self.rule_rows()?),
                    Block::Table(self.total_rows()?),
                    Block::Table(self.uncertainty_rows()?),
                    Block::Table(self.incident_table()?),
                    Block::Table(self.shift_table()?),
                    Block::Table(self.person_table()?),
                    Block::Table(self.episode_rows(None)?),
                    Block::Table(self.notification_table(None)?),
                    Block::Table(self.suppressed_table(None)?),
                    Block::Table(self.receiver_table()?),
                    Block::Table(self.co_firing_table()?),
                    Block::Table(self.finding_rows()?),
                ]);
                blocks.extend(budget::table(self.breaches, self.layout)?.map(Block::Table));
                blocks.extend(self.headline().into_iter().map(Block::Paragraph));
                blocks.extend(budget::findings(self.breaches));
                blocks.extend(self.findings());
            }
        }
        let mut document = document(self, "backtest", blocks);
        document.title = "Backtest of alert rules".to_owned();
        Ok(document)
    }
}

/// A document with the warnings of run and verdict.
fn document(result: &BacktestResult<'_>, name: &str, blocks: Vec<Block>) -> Document {
    let mut warnings = result.run.warnings.clone();
    for warning in &result.verdict.warnings {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
    Document {
        title: String::new(),
        provenance: Provenance {
            name: name.to_owned(),
            range: Some(result.run.range),
            ..Provenance::default()
        },
        blocks,
        warnings,
    }
}

#[cfg(test)]
mod tests;
