//! The class of an eval.

use crate::promql::script::command::Eval;
use crate::promql::script::data::Data;
use crate::promql::script::reads::reads;
use crate::promql::script::report::Class;
use crate::promql::script::series::Value;
use crate::promql::script::tokens::{Need, need};
use crate::promql::{Options, Query, Steps};

/// Finds what an eval needs; `query` is `None` where the text is not a query.
pub(super) fn classify(
    eval: &Eval,
    query: Option<&Query>,
    steps: Steps,
    data: &Data,
    options: &Options,
) -> Class {
    let experimental = |feature: &str| Class::Experimental {
        feature: feature.to_owned(),
    };
    let text = need(&eval.expression);
    if let Some(Need::Experimental(feature)) = text {
        return Class::Experimental { feature };
    }
    let read = query.map(|query| reads(&query.expr, steps, data, options));
    let read = read.unwrap_or_default();
    if read.type_or_unit {
        return experimental("type-and-unit labels");
    }
    if read.start_timestamp {
        return experimental("start timestamps");
    }
    let histogram_expected = eval
        .expected
        .series()
        .iter()
        .any(|series| series.values.contains(&Value::Histogram));
    if text.is_some() || histogram_expected || read.histogram {
        return Class::NativeHistogram;
    }
    Class::Stable
}
