//! Values of expressions: a scalar, a string, series over steps, raw samples.

use std::sync::Arc;

use crate::model::Labels;

/// One series of an instant vector over all steps.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its labels. Where `drop_name` is set they may still hold `__name__`.
    pub labels: Arc<Labels>,
    /// Whether the name is to be dropped once the whole query is done (delayed name removal).
    pub drop_name: bool,
    /// One value a step, [`crate::promql::ABSENT`] where there is none.
    pub values: Vec<f64>,
}

/// A series' raw samples, without stale markers.
#[derive(Debug, Clone)]
pub struct RawSeries {
    /// All labels.
    pub labels: Arc<Labels>,
    /// Times, µs, strictly increasing.
    pub timestamps: Vec<i64>,
    /// Values.
    pub values: Vec<f64>,
}

/// The value of an expression over all steps.
#[derive(Debug, Clone)]
pub enum Value {
    /// One number a step.
    Scalar(Vec<f64>),
    /// A string, the same at all steps.
    String(String),
    /// Series: of a range in the order of their labels, of an instant in Prometheus' order.
    Vector(Vec<Series>),
    /// Raw samples of a range selector; of an instant query only.
    Matrix(Vec<RawSeries>),
}
