//! Outside variables as columns over a regular grid: holidays, events, and other series.
//!
//! A [`Timeline`] says where the steps of the history and of the horizon lie. Every column has a
//! value for each of them: what is not known of the future is asked for, or declared by a
//! [`Scenario`], and then a warning says what was assumed. [`estimable`] leaves out what no
//! model could estimate.

mod estimable;
mod event;
mod holiday;
mod observed;
mod shape;
mod timeline;
mod trailing_mean;

pub use estimable::estimable;
pub use event::{EventSettings, EventShape, event_columns};
pub use holiday::holiday_columns;
pub use observed::{Observed, Scenario, observed_column};
pub use shape::Shape;
pub use timeline::Timeline;
pub use trailing_mean::trailing_mean;

use crate::model::Warning;

/// An outside variable.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    /// Its name, for coefficients and warnings.
    pub name: String,
    /// Its values over the history; finite.
    pub past: Vec<f64>,
    /// Its values over the horizon; finite.
    pub future: Vec<f64>,
}

/// Some outside variables.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns {
    /// The columns.
    pub columns: Vec<Column>,
    /// What was assumed, filled, or left out.
    pub warnings: Vec<Warning>,
}

/// Why there is no column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegressorError {
    /// The series has no times.
    #[error("a series without times has no calendar: holidays and events need one")]
    WithoutTime,
    /// The column has not a value for each step of the history.
    #[error("{name} has {got} values over the history, which has {want} steps")]
    Lengths {
        /// The column.
        name: String,
        /// How many values it has.
        got: usize,
        /// How many steps the history has.
        want: usize,
    },
    /// Several series could be meant.
    #[error(
        "{fitting} series of {name} fit, {example} among them: name one with its labels, or \
         take their mean, avg({name})"
    )]
    Ambiguous {
        /// The column.
        name: String,
        /// How many fit.
        fitting: usize,
        /// One of them.
        example: String,
    },
    /// Of several series none is that of the history.
    #[error("{name} has {series} series, and none of them belongs to {history}")]
    NoneFits {
        /// The column.
        name: String,
        /// How many there are.
        series: usize,
        /// The history.
        history: String,
    },
    /// Most of the history is missing.
    #[error("{name} has values at {present} of the history's {steps} steps: half are needed")]
    MissingPast {
        /// The column.
        name: String,
        /// How many values are present.
        present: usize,
        /// How many steps the history has.
        steps: usize,
    },
    /// The horizon is not known, and nothing was declared about it.
    #[error(
        "{name} has no values from {from} to {to} ({missing} of the horizon's {horizon} steps): \
         give them, or declare a scenario"
    )]
    MissingFuture {
        /// The column.
        name: String,
        /// The first step without a value.
        from: String,
        /// The last.
        to: String,
        /// How many steps of the horizon have none.
        missing: usize,
        /// How many steps it has.
        horizon: usize,
    },
    /// There is not a season of history to repeat.
    #[error("{name} cannot repeat its last {season} steps: the history has {steps}")]
    ShortSeason {
        /// The column.
        name: String,
        /// The season asked for.
        season: usize,
        /// How many steps the history has.
        steps: usize,
    },
    /// A value that was declared is not a finite number.
    #[error("{name} cannot be taken for {value} over the horizon")]
    NotFinite {
        /// The column.
        name: String,
        /// The value.
        value: String,
    },
}

#[cfg(test)]
mod tests;
