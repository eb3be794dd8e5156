//! Aggregation operators over columns.
//!
//! Each operator walks its input series by series, so that the labels cost once
//! a series and the values run through plain loops over the steps. The
//! reference is `promql/engine.go` (`aggregation`, `aggregationK`,
//! `aggregationCountValues`) and `promql/quantile.go`; for version 2 those of
//! Prometheus 2.42, which sums without compensation.

mod count_values;
mod fold;
mod group;
mod moments;
pub(crate) mod order;
mod quantile;
mod rank;
#[cfg(test)]
mod tests;

use self::order::{greater, less};
pub(crate) use self::quantile::Extremes;
use crate::promql::column::Steps;
use crate::promql::error::{Error, Span};
use crate::promql::expr::{AggregateOp, Grouping};
use crate::promql::options::Options;
use crate::promql::vector::Series;

/// The parameter of an aggregation, evaluated.
pub(crate) enum Param {
    /// `sum` and its like.
    None,
    /// `topk`, `bottomk`, `quantile`: one number a step.
    Scalar(Vec<f64>),
    /// `count_values`.
    String(String),
}

/// An aggregation with its parameter.
pub(crate) struct Aggregation<'a> {
    /// The operator.
    pub op: AggregateOp,
    /// The labels that make a group.
    pub grouping: &'a Grouping,
    /// The parameter.
    pub param: Param,
    /// The place of the parameter in the text (of the whole aggregation, where there is none).
    pub param_span: Span,
}

impl Aggregation<'_> {
    /// The parameter at each step; none where the operator takes no number.
    fn scalars(&self) -> &[f64] {
        match &self.param {
            Param::Scalar(values) => values,
            Param::None | Param::String(_) => &[],
        }
    }

    /// The label that `count_values` sets; `""` for any other operator.
    fn label(&self) -> &str {
        match &self.param {
            Param::String(label) => label,
            Param::None | Param::Scalar(_) => "",
        }
    }
}

/// Aggregates the series of each group, step by step.
///
/// Groups stand in the order in which their first series does. With delayed
/// name removal a name that is still to be dropped takes part in grouping, as
/// in Prometheus, and the result inherits that it is to be dropped.
pub(crate) fn aggregate(
    aggregation: &Aggregation<'_>,
    input: Vec<Series>,
    steps: Steps,
    options: &Options,
) -> Result<Vec<Series>, Error> {
    let version = options.version;
    let grouping = aggregation.grouping;
    match aggregation.op {
        AggregateOp::Sum => Ok(fold::sum(grouping, input, version)),
        AggregateOp::Avg => Ok(moments::avg(grouping, input, version)),
        AggregateOp::Count => Ok(fold::count(grouping, input)),
        AggregateOp::Group => Ok(fold::group(grouping, input)),
        AggregateOp::Min => Ok(fold::min(grouping, input)),
        AggregateOp::Max => Ok(fold::max(grouping, input)),
        AggregateOp::Stddev => Ok(moments::stddev(grouping, input, version)),
        AggregateOp::Stdvar => Ok(moments::stdvar(grouping, input, version)),
        AggregateOp::TopK => rank::select(aggregation, input, less, steps, version),
        AggregateOp::BottomK => rank::select(aggregation, input, greater, steps, version),
        AggregateOp::Quantile => Ok(quantile::quantile(aggregation, input, steps)),
        AggregateOp::CountValues => count_values::count_values(aggregation, input, steps, version),
    }
}
