use std::sync::Arc;

use super::*;
use crate::model::{Labels, METRIC_NAME};
use crate::promql::column::{ABSENT, is_absent};
use crate::promql::error::{Annotations, ErrorKind};
use crate::promql::options::Version;

mod ranks;
mod reference;

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

fn by(labels: &[&str]) -> Grouping {
    Grouping {
        without: false,
        labels: labels.iter().map(|l| (*l).to_owned()).collect(),
    }
}

fn without(labels: &[&str]) -> Grouping {
    Grouping {
        without: true,
        ..by(labels)
    }
}

fn series(labels: &[(&str, &str)], values: &[f64]) -> Series {
    Series {
        labels: Arc::new(Labels::from_pairs(labels.iter().copied()).unwrap()),
        drop_name: false,
        values: values.to_vec(),
    }
}

fn options(version: Version) -> Options {
    Options {
        version,
        ..Options::default()
    }
}

fn run(
    op: AggregateOp,
    grouping: &Grouping,
    param: Param,
    input: Vec<Series>,
    version: Version,
) -> (Result<Vec<Series>, Error>, Annotations) {
    let len = match (&param, input.first()) {
        (Param::Scalar(column), _) => column.len(),
        (_, first) => first.map_or(1, |s| s.values.len()),
    };
    let aggregation = Aggregation {
        op,
        grouping,
        param,
        param_span: Span { start: 1, end: 2 },
    };
    let steps = Steps {
        start: 0,
        step: if len == 1 { 0 } else { 10 },
        len,
    };
    let mut annotations = Annotations::default();
    let mut extremes = Extremes::default();
    extremes.widen(aggregation.scalars());
    extremes.warn(aggregation.param_span, &mut annotations);
    let result = aggregate(&aggregation, input, steps, &options(version));
    (result, annotations)
}

fn text(result: &[Series]) -> String {
    let mut text = String::new();
    for series in result {
        text += &series.labels.to_string();
        for value in &series.values {
            if is_absent(*value) {
                text += " _";
            } else {
                text += &format!(" {value}");
            }
        }
        text.push('\n');
    }
    text
}

fn eval(op: AggregateOp, grouping: &Grouping, param: Param, input: Vec<Series>) -> String {
    text(&run(op, grouping, param, input, Version::V3).0.unwrap())
}

/// Values of one group at one step.
fn across(op: AggregateOp, values: &[f64], version: Version) -> f64 {
    let input = values
        .iter()
        .enumerate()
        .map(|(i, value)| series(&[("i", &i.to_string())], &[*value]))
        .collect();
    let (result, _) = run(op, &by(&[]), Param::None, input, version);
    result.unwrap()[0].values[0]
}

/// `http_requests` of aggregators.test at 50 m.
fn http_requests() -> Vec<Series> {
    let mut input = Vec::new();
    let mut value = 0.0;
    for job in ["api-server", "app-server"] {
        for group in ["production", "canary"] {
            for instance in ["0", "1"] {
                value += 100.0;
                let labels = [
                    (METRIC_NAME, "http_requests"),
                    ("job", job),
                    ("instance", instance),
                    ("group", group),
                ];
                input.push(series(&labels, &[value]));
            }
        }
    }
    input
}

#[test]
fn simple_operators_as_in_aggregators_test() {
    use AggregateOp::*;
    for (op, grouping, expected) in [
        (Sum, by(&[]), "{} 3600\n"),
        (
            Sum,
            by(&["job", "nonexistent"]),
            "{job=\"api-server\"} 1000\n{job=\"app-server\"} 2600\n",
        ),
        (
            Sum,
            without(&["instance", "group"]),
            "{job=\"api-server\"} 1000\n{job=\"app-server\"} 2600\n",
        ),
        (
            Avg,
            by(&["job"]),
            "{job=\"api-server\"} 250\n{job=\"app-server\"} 650\n",
        ),
        (
            Count,
            by(&["job"]),
            "{job=\"api-server\"} 4\n{job=\"app-server\"} 4\n",
        ),
        (
            Group,
            by(&["job"]),
            "{job=\"api-server\"} 1\n{job=\"app-server\"} 1\n",
        ),
        (
            Min,
            by(&["group"]),
            "{group=\"production\"} 100\n{group=\"canary\"} 300\n",
        ),
        (
            Max,
            by(&["group"]),
            "{group=\"production\"} 600\n{group=\"canary\"} 800\n",
        ),
        (
            Stdvar,
            by(&["instance"]),
            "{instance=\"0\"} 50000\n{instance=\"1\"} 50000\n",
        ),
        (Stdvar, by(&[]), "{} 52500\n"),
        (Sum, by(&[METRIC_NAME]), "http_requests 3600\n"),
    ] {
        assert_eq!(
            eval(op, &grouping, Param::None, http_requests()),
            expected,
            "{op:?} {grouping:?}"
        );
    }
    let stddev = across(Stddev, &[100.0, 200.0, 300.0, 400.0], Version::V3);
    assert!((stddev - 111.803_398_874_989).abs() < 1e-9);
}

#[test]
fn extreme_values_as_in_aggregators_test() {
    use AggregateOp::*;
    let big = 9.988_465_674_311_58e307;
    for (op, values, expected) in [
        (Sum, vec![2.0, 8.0, 1e100, -1e100], 10.0),
        (Avg, vec![2.0, 8.0, 1e100, -1e100], 2.5),
        (Sum, vec![INF, 2.0], INF),
        (Sum, vec![2.0, -INF], -INF),
        (Sum, vec![INF, -INF], NAN),
        (Avg, vec![0.0, INF, INF, 0.0], INF),
        (Avg, vec![-INF, -INF, 0.0], -INF),
        (Avg, vec![INF, INF, -INF], NAN),
        (Avg, vec![-INF, 0.0, INF], NAN),
        (Avg, vec![big; 4], big),
        (Avg, vec![-big; 4], -big),
        (Avg, vec![-big, -big, big, big], 0.0),
        (Avg, vec![NAN, 2.0], NAN),
        (Avg, vec![52.0; 11], 52.0),
        (Max, vec![1.0, NAN, 3.0], 3.0),
        (Max, vec![NAN, NAN], NAN),
        (Min, vec![NAN, 2.0, 1.0, NAN], 1.0),
        (Stddev, vec![13.3; 3], 0.0),
        (Stddev, vec![1.0, 2.0, NAN], NAN),
        (Stdvar, vec![NAN], NAN),
        (Stdvar, vec![INF], NAN),
        (Stdvar, vec![INF, 1.0, 2.0], NAN),
        (Stdvar, vec![1.0, 2.0], 0.25),
        // An overflow that the incremental mean survives, then an infinity of the other sign.
        (Avg, vec![f64::MAX, f64::MAX, -INF], -INF),
    ] {
        let actual = across(op, &values, Version::V3);
        assert!(
            actual == expected || actual.is_nan() && expected.is_nan(),
            "{op:?} {values:?}: {actual}"
        );
    }
}

#[test]
fn version_2_does_what_2_42_does() {
    use AggregateOp::*;
    // Measured with promtool 2.42.
    assert_eq!(across(Stddev, &[INF], Version::V2), 0.0);
    assert!(across(Stddev, &[INF, 1.0], Version::V2).is_nan());
    assert_eq!(across(Sum, &[1.0, 1e100, 1.0, -1e100], Version::V2), 0.0);
    assert_eq!(across(Avg, &[INF, 1.0, INF], Version::V2), INF);
    assert!(across(Avg, &[INF, -INF], Version::V2).is_nan());
    assert_eq!(across(Avg, &[f64::MAX, f64::MAX], Version::V2), f64::MAX);
    for k in [NAN, -INF, 9.3e19] {
        let (result, _) = run(TopK, &by(&[]), Param::Scalar(vec![k]), vec![], Version::V2);
        let expected = format!("Scalar value {} overflows int64", format_k(k));
        assert_eq!(result.unwrap_err().to_string(), expected);
    }
    let label = || Param::String("a-b".into());
    let (result, _) = run(CountValues, &by(&[]), label(), vec![], Version::V2);
    assert_eq!(
        result.unwrap_err().to_string(),
        "invalid label name \"a-b\""
    );
    let (result, _) = run(CountValues, &by(&[]), label(), vec![], Version::V3);
    assert!(result.unwrap().is_empty());
}

fn format_k(k: f64) -> &'static str {
    if k.is_nan() {
        "NaN"
    } else if k < 0.0 {
        "-Inf"
    } else {
        "9.3e+19"
    }
}

#[test]
fn absent_samples_take_no_part() {
    use AggregateOp::*;
    let input = || {
        vec![
            series(&[("a", "1")], &[ABSENT, 1.0, ABSENT]),
            series(&[("a", "2")], &[ABSENT, 4.0, 6.0]),
            series(&[("a", "3")], &[ABSENT, ABSENT, 8.0]),
        ]
    };
    for (op, expected) in [
        (Sum, "{} _ 5 14\n"),
        (Avg, "{} _ 2.5 7\n"),
        (Count, "{} _ 2 2\n"),
        (Group, "{} _ 1 1\n"),
        (Min, "{} _ 1 6\n"),
        (Max, "{} _ 4 8\n"),
        (Stdvar, "{} _ 2.25 1\n"),
        (Stddev, "{} _ 1.5 1\n"),
    ] {
        assert_eq!(eval(op, &by(&[]), Param::None, input()), expected, "{op:?}");
    }
    let quantile = Param::Scalar(vec![0.5; 3]);
    assert_eq!(eval(Quantile, &by(&[]), quantile, input()), "{} _ 2.5 7\n");
}
