//! Where the steps of a history and its horizon lie.

use chrono_tz::Tz;

use super::{Column, RegressorError};
use crate::model::format_timestamp;
use crate::series::{Regular, Step};

/// The steps of a history and, after them, of its horizon.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The begin of each step and the end of the last: µs since the epoch, or indices.
    pub(super) edges: Vec<i64>,
    /// How many steps the history has.
    pub(super) past: usize,
    /// The zone whose days count; none where there are no times.
    tz: Option<Tz>,
}

impl Timeline {
    /// Lists the steps of a series and of `horizon` more, with the zone whose days count.
    ///
    /// A value stands for the time from its own point to the next.
    pub fn new(series: &Regular, horizon: usize, tz: Tz) -> Self {
        let past = series.values.len();
        let steps = i64::try_from(past.saturating_add(horizon)).unwrap_or(i64::MAX);
        Self {
            edges: (0..=steps).map(|step| series.time(step)).collect(),
            past,
            tz: (!matches!(series.step, Step::Index(_))).then_some(tz),
        }
    }

    /// How many steps the horizon has.
    pub fn horizon(&self) -> usize {
        self.steps() - self.past
    }

    /// How many steps there are together.
    pub(super) fn steps(&self) -> usize {
        self.edges.len() - 1
    }

    /// The zone; an error where there are no times.
    pub(super) fn tz(&self) -> Result<Tz, RegressorError> {
        self.tz.ok_or(RegressorError::WithoutTime)
    }

    /// The first instant.
    pub(super) fn begin(&self) -> i64 {
        self.edges[0]
    }

    /// The instant after the last step.
    pub(super) fn end(&self) -> i64 {
        self.edges[self.steps()]
    }

    pub(super) fn length(&self, step: usize) -> i64 {
        self.edges[step + 1].saturating_sub(self.edges[step])
    }

    /// The step that holds an instant.
    pub(super) fn step_of(&self, ts: i64) -> Option<usize> {
        let step = self
            .edges
            .partition_point(|edge| *edge <= ts)
            .checked_sub(1)?;
        (step < self.steps()).then_some(step)
    }

    /// The steps that a span of time (its end excluded) meets, with the µs that it covers of each.
    pub(super) fn covered(&self, from: i64, to: i64) -> impl Iterator<Item = (usize, i64)> {
        let first = self.edges.partition_point(|edge| *edge <= from);
        let steps = first.saturating_sub(1)..self.steps();
        steps
            .take_while(move |step| self.edges[*step] < to)
            .map(move |step| {
                let (begin, end) = (self.edges[step].max(from), self.edges[step + 1].min(to));
                (step, end.saturating_sub(begin))
            })
            .filter(|(_, covered)| *covered > 0)
    }

    /// Writes the begin of a step.
    pub(super) fn format(&self, step: usize) -> String {
        let edge = self.edges[step.min(self.steps())];
        match self.tz {
            Some(tz) => format_timestamp(edge, tz),
            None => edge.to_string(),
        }
    }

    /// Makes a column of a value for each step.
    pub(super) fn column(&self, name: impl Into<String>, mut values: Vec<f64>) -> Column {
        let future = values.split_off(self.past.min(values.len()));
        Column {
            name: name.into(),
            past: values,
            future,
        }
    }
}
