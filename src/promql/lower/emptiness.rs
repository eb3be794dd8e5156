//! When a query gives nothing because its selectors do.

use crate::promql::error::Span;
use crate::promql::expr::{BinaryOp, Expr, Kind, ValueType};
use crate::promql::lower::{Query, value_type};

impl Query {
    /// Whether the query gives no element at any step, given which selectors select nothing.
    ///
    /// The function is asked with the place of each selector
    /// ([`QuerySelector::span`](super::QuerySelector::span)). `false` says that there may be
    /// elements, not that there are: values are not looked at.
    pub fn is_empty_if(&self, selects_nothing: &dyn Fn(Span) -> bool) -> bool {
        is_empty(&self.expr, selects_nothing)
    }
}

fn is_empty(expr: &Expr, selects_nothing: &dyn Fn(Span) -> bool) -> bool {
    let is_empty = |expr: &Expr| is_empty(expr, selects_nothing);
    // A scalar has a value at each step, be it NaN.
    let is_vector = |expr: &&Expr| {
        let kind = value_type(expr);
        matches!(kind, ValueType::Vector | ValueType::Matrix)
    };
    if !is_vector(&expr) {
        return false;
    }
    match &expr.kind {
        Kind::Number(_) | Kind::String(_) => false,
        Kind::Selector(_) | Kind::Range { .. } => selects_nothing(expr.span),
        Kind::Subquery { expr, .. }
        | Kind::Aggregate { expr, .. }
        | Kind::Negate(expr)
        | Kind::Paren(expr) => is_empty(expr),
        // They make something of nothing.
        Kind::Call { function, .. } if function.name.starts_with("absent") => false,
        // `vector(1)` and `hour()` have no vector to take elements from.
        Kind::Call { args, .. } => args.iter().find(is_vector).is_some_and(is_empty),
        Kind::Binary { op, lhs, rhs, .. } => match op {
            BinaryOp::Or => is_empty(lhs) && is_empty(rhs),
            BinaryOp::Unless => is_empty(lhs),
            _ => is_empty(lhs) || is_empty(rhs),
        },
    }
}

#[cfg(test)]
mod tests {
    use crate::promql::{Options, Query};

    /// Whether it is empty where selectors of `gone` metrics select nothing.
    fn is_dead(text: &str) -> bool {
        let query = Query::parse(text, &Options::default()).expect("a query");
        query.is_empty_if(&|span| text[span.start..span.end].contains("gone"))
    }

    #[test]
    fn nothing_comes_of_nothing() {
        for text in [
            "gone",
            "-(gone)",
            "gone > 5",
            "5 < bool gone",
            "time() - gone > 86400",
            "gone - here > 1000",
            "here / on (a) group_left gone",
            "gone > 5 and (here or there)",
            "here and gone",
            "gone unless here",
            "gone or gone2 offset 5m",
            "sum by (a) (rate(gone[5m]))",
            "topk(3, gone)",
            "histogram_quantile(0.9, gone)",
            "max_over_time(gone[1h:5m])",
            "label_replace(gone, \"a\", \"$1\", \"b\", \"(.*)\")",
            "count_values(\"v\", gone)",
            "hour(gone)",
        ] {
            assert!(is_dead(text), "{text}");
        }
    }

    #[test]
    fn something_may_come_of_something_else() {
        for text in [
            "here",
            "here or gone",
            "here unless gone",
            "(gone or here) > 1",
            "absent(gone)",
            "absent_over_time(gone[5m])",
            "gone or vector(0)",
            "scalar(gone)",
            "here > scalar(gone)",
            "vector(scalar(gone))",
            "topk(scalar(gone), here)",
            "quantile_over_time(scalar(gone), here[5m])",
            "count(here) - (count(gone) or vector(0)) > 1",
            "time() > bool 5",
            "hour() > 5",
            "vector(1)",
            "\"gone\"",
        ] {
            assert!(!is_dead(text), "{text}");
        }
    }
}
