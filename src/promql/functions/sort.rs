//! `sort` and `sort_desc`: an instant vector in the order of its values.

use crate::promql::Evaluator;
use crate::promql::aggregate::order::{greater, less, sort_down};
use crate::promql::column::is_absent;
use crate::promql::error::Error;
use crate::promql::functions::{Body, Call, Function};
use crate::promql::vector::{Series, Value};

/// The functions of this group.
pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "sort",
        body: Body::Special(sort),
        keeps_name: true,
        reads_time: false,
    },
    Function {
        name: "sort_desc",
        body: Body::Special(sort_desc),
        keeps_name: true,
        reads_time: false,
    },
];

fn sort(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    run(evaluator, call, greater)
}

fn sort_desc(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    run(evaluator, call, less)
}

fn run(
    evaluator: &mut Evaluator<'_>,
    call: &Call<'_>,
    below: fn(f64, f64) -> bool,
) -> Result<Value, Error> {
    let is_range = call.steps.step != 0;
    if is_range {
        evaluator.said.annotations.warn(
            call.span,
            "sort is ineffective for range queries since results are always ordered by labels",
        );
    }
    let input = evaluator.vector(&call.args[0], call.steps)?;
    Ok(Value::Vector(sorted(input, is_range, below)))
}

/// Sorts the series of an instant, NaN last; over a range there is no order to bring them in.
fn sorted(mut input: Vec<Series>, is_range: bool, below: fn(f64, f64) -> bool) -> Vec<Series> {
    if !is_range {
        input.retain(|series| !is_absent(series.values[0]));
        sort_down(&mut input, |series| series.values[0], below);
    }
    input
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Labels;
    use crate::promql::column::ABSENT;

    fn vector(values: &[f64]) -> Vec<Series> {
        let one = |(i, value): (usize, &f64)| Series {
            labels: Arc::new(Labels::from_pairs([("i", i.to_string())]).unwrap()),
            drop_name: false,
            values: vec![*value],
        };
        values.iter().enumerate().map(one).collect()
    }

    fn order(series: &[Series]) -> String {
        series.iter().filter_map(|s| s.labels.get("i")).collect()
    }

    #[test]
    fn sorts_as_the_script_of_prometheus_says() {
        // functions.test, "Tests for sort/sort_desc": 100 … 800 and NaN.
        let values = [300.0, f64::NAN, 100.0, ABSENT, 800.0, 200.0];
        assert_eq!(order(&sorted(vector(&values), false, greater)), "25041");
        assert_eq!(order(&sorted(vector(&values), false, less)), "40521");
        assert_eq!(order(&sorted(vector(&values), true, less)), "012345");
    }
}
