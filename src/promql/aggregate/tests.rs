use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::model::{Labels, METRIC_NAME};
use crate::promql::column::{ABSENT, is_absent};
use crate::promql::error::ErrorKind;
use crate::promql::kahan;
use crate::promql::options::Version;

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
        step: 10,
        len,
    };
    let mut annotations = Annotations::default();
    let result = aggregate(
        &aggregation,
        input,
        steps,
        &options(version),
        &mut annotations,
    );
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

#[test]
fn topk_and_bottomk_order_a_single_step() {
    use AggregateOp::*;
    let k = |k: f64| Param::Scalar(vec![k]);
    let mut input = http_requests();
    input[2].values[0] = NAN;
    assert_eq!(
        eval(TopK, &by(&[]), k(3.0), input.clone()),
        "http_requests{group=\"canary\", instance=\"1\", job=\"app-server\"} 800\n\
         http_requests{group=\"canary\", instance=\"0\", job=\"app-server\"} 700\n\
         http_requests{group=\"production\", instance=\"1\", job=\"app-server\"} 600\n"
    );
    assert_eq!(
        eval(BottomK, &by(&["group"]), k(2.9), input.clone()),
        "http_requests{group=\"production\", instance=\"0\", job=\"api-server\"} 100\n\
         http_requests{group=\"production\", instance=\"1\", job=\"api-server\"} 200\n\
         http_requests{group=\"canary\", instance=\"1\", job=\"api-server\"} 400\n\
         http_requests{group=\"canary\", instance=\"0\", job=\"app-server\"} 700\n"
    );
    let all = eval(BottomK, &by(&[]), k(9_999_999_999.0), input.clone());
    assert_eq!(all.lines().count(), 8);
    assert!(all.ends_with("NaN\n"));
    assert_eq!(eval(TopK, &by(&[]), k(0.9), input), "");
}

#[test]
fn topk_follows_k_from_step_to_step() {
    let input = vec![
        series(&[("a", "1")], &[1.0, 1.0, ABSENT, NAN]),
        series(&[("a", "2")], &[2.0, 2.0, 2.0, NAN]),
        series(&[("a", "3")], &[3.0, 2.0, 3.0, 0.0]),
    ];
    let ks = Param::Scalar(vec![0.0, 1.0, 5.0, 1.0]);
    assert_eq!(
        eval(AggregateOp::TopK, &by(&[]), ks, input),
        "{a=\"2\"} _ 2 2 _\n{a=\"3\"} _ _ 3 0\n"
    );
}

#[test]
fn bad_k_is_an_error_at_its_step() {
    for (ks, message, step) in [
        (vec![1.0, NAN, 0.0], "Parameter value is NaN", 10),
        (vec![0.0, NAN], "Parameter value is NaN", 10),
        (vec![1.0, -INF], "Scalar value -Inf underflows int64", 10),
        (
            vec![1.0, 1.0, 1e30],
            "Scalar value 1e+30 overflows int64",
            20,
        ),
    ] {
        let (result, _) = run(
            AggregateOp::BottomK,
            &by(&[]),
            Param::Scalar(ks),
            vec![],
            Version::V3,
        );
        let error = result.unwrap_err();
        assert_eq!(error.step, Some(step));
        assert_eq!(error.span, Some(Span { start: 1, end: 2 }));
        assert!(matches!(error.kind, ErrorKind::Execution(text) if text == message));
    }
    // Prometheus looks no further where no k is 1 or more.
    assert_eq!(
        eval(
            AggregateOp::TopK,
            &by(&[]),
            Param::Scalar(vec![-INF, 0.0]),
            vec![]
        ),
        ""
    );
}

#[test]
fn quantiles_as_in_aggregators_test() {
    let group = |name: &'static str, values: &[f64]| -> Vec<Series> {
        values
            .iter()
            .enumerate()
            .map(|(i, v)| series(&[("test", name), ("point", &i.to_string())], &[*v, *v]))
            .collect()
    };
    let mut input = group("two", &[0.0, 1.0]);
    input.extend(group("three", &[0.0, 1.0, 2.0]));
    input.extend(group("uneven", &[0.0, 1.0, 4.0]));
    input.extend(group("nan", &[0.0, 1.0, NAN]));
    let quantile = |phis: Vec<f64>| {
        let (result, annotations) = run(
            AggregateOp::Quantile,
            &without(&["point"]),
            Param::Scalar(phis),
            input.clone(),
            Version::V3,
        );
        let warnings: Vec<_> = annotations.iter().map(|a| a.message.clone()).collect();
        (text(&result.unwrap()), warnings)
    };
    let (result, warnings) = quantile(vec![0.8, 0.2]);
    assert_eq!(
        result,
        "{test=\"two\"} 0.8 0.2\n{test=\"three\"} 1.6 0.4\n{test=\"uneven\"} 2.8000000000000003 0.4\n{test=\"nan\"} 0.6000000000000001 NaN\n"
    );
    assert!(warnings.is_empty());
    let (result, warnings) = quantile(vec![NAN, 0.0]);
    assert!(result.starts_with("{test=\"two\"} NaN 0\n"), "{result}");
    let warning = "quantile value should be between 0 and 1, got ";
    assert_eq!(warnings, [format!("{warning}NaN")]);
    let (result, warnings) = quantile(vec![1.5, -INF]);
    assert!(result.starts_with("{test=\"two\"} inf -inf\n"), "{result}");
    assert_eq!(
        warnings,
        [format!("{warning}-Inf"), format!("{warning}1.5")]
    );
}

#[test]
fn count_values_as_in_aggregators_test() {
    let input = || -> Vec<Series> {
        [
            ("api-server", "0", "production", 6.0),
            ("api-server", "1", "production", 6.0),
            ("api-server", "2", "production", 6.0),
            ("api-server", "0", "canary", 8.0),
            ("api-server", "1", "canary", 8.0),
            ("app-server", "0", "production", 6.0),
            ("app-server", "1", "production", 6.0),
            ("app-server", "0", "canary", 7.0),
            ("app-server", "1", "canary", 7.0),
        ]
        .map(|(job, instance, group, value)| {
            let labels = [
                (METRIC_NAME, "version"),
                ("job", job),
                ("instance", instance),
                ("group", group),
            ];
            series(&labels, &[value, -INF])
        })
        .to_vec()
    };
    let count = |grouping: Grouping, label: &str| {
        let label = Param::String(label.to_owned());
        eval(AggregateOp::CountValues, &grouping, label, input())
    };
    assert_eq!(
        count(by(&[]), "version"),
        "{version=\"6\"} 5 _\n{version=\"-Inf\"} _ 9\n{version=\"8\"} 2 _\n{version=\"7\"} 2 _\n"
    );
    for overwriting in [
        count(without(&["instance"]), "job"),
        count(by(&["job", "group"]), "job"),
    ] {
        assert_eq!(
            overwriting,
            "{group=\"production\", job=\"6\"} 5 _\n\
             {group=\"production\", job=\"-Inf\"} _ 5\n\
             {group=\"canary\", job=\"8\"} 2 _\n\
             {group=\"canary\", job=\"-Inf\"} _ 4\n\
             {group=\"canary\", job=\"7\"} 2 _\n"
        );
    }
    // A value label that `without` drops again leaves one series a group.
    assert_eq!(
        count(without(&["instance", "group", "job", "v"]), "v"),
        "{} 9 9\n"
    );
    assert_eq!(
        count(without(&["instance", "group", "job"]), METRIC_NAME),
        "{} 9 9\n"
    );
}

#[test]
fn a_name_still_to_be_dropped_is_dropped_of_the_group() {
    // name_label_dropping.test: `sum by (__name__) (metric{env="1"} or rate(metric{env="2"}[5m]))`.
    let mut dropping = series(&[(METRIC_NAME, "metric"), ("env", "2")], &[0.05]);
    dropping.drop_name = true;
    let keeping = series(&[(METRIC_NAME, "metric"), ("env", "1")], &[10.0]);
    let sum = |input| {
        run(
            AggregateOp::Sum,
            &by(&[METRIC_NAME]),
            Param::None,
            input,
            Version::V3,
        )
        .0
        .unwrap()
    };
    let result = sum(vec![keeping.clone(), dropping.clone()]);
    assert_eq!(text(&result), "metric 10.05\n");
    assert!(result[0].drop_name);
    dropping.values[0] = ABSENT;
    assert!(!sum(vec![dropping, keeping])[0].drop_name);
}

// A reference that takes step after step and knows no columns.

fn reference(
    op: AggregateOp,
    grouping: &Grouping,
    params: &[f64],
    input: &[Series],
) -> BTreeMap<String, Vec<f64>> {
    let mut result: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let len = params.len();
    for (step, param) in params.iter().enumerate() {
        let mut groups: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
        for (i, series) in input.iter().enumerate() {
            let value = series.values[step];
            if !is_absent(value) {
                let labels = series.labels.filtered(|name| {
                    let listed = grouping.labels.iter().any(|l| l == name);
                    listed != grouping.without && !(grouping.without && name == METRIC_NAME)
                });
                groups
                    .entry(labels.to_string())
                    .or_default()
                    .push((i, value));
            }
        }
        for (labels, members) in groups {
            let values: Vec<f64> = members.iter().map(|m| m.1).collect();
            let mut put = |labels: String, value: f64| {
                result.entry(labels).or_insert_with(|| vec![ABSENT; len])[step] = value;
            };
            match op {
                AggregateOp::TopK | AggregateOp::BottomK => {
                    let mut members = members;
                    let sign = if op == AggregateOp::TopK { -1.0 } else { 1.0 };
                    members.sort_by(|a, b| {
                        let (a, b) = (sign * a.1, sign * b.1);
                        a.is_nan().cmp(&b.is_nan()).then(a.total_cmp(&b))
                    });
                    for (i, value) in members.into_iter().take(*param as usize) {
                        put(input[i].labels.to_string(), value);
                    }
                }
                _ => put(labels, of_group(op, &values, *param)),
            }
        }
    }
    result
}

fn of_group(op: AggregateOp, values: &[f64], phi: f64) -> f64 {
    let count = values.len() as f64;
    let known = values.iter().copied().filter(|v| !v.is_nan());
    match op {
        AggregateOp::Sum => {
            let (sum, lost) = values[1..]
                .iter()
                .fold((values[0], 0.0), |(sum, lost), v| kahan::add(*v, sum, lost));
            sum + lost
        }
        AggregateOp::Avg => {
            let (mut sum, mut lost) = (values[0], 0.0);
            for (i, value) in values.iter().enumerate().skip(1) {
                let next = kahan::add(*value, sum, lost);
                if next.0.is_infinite() {
                    return incremental(i, sum / i as f64, lost / i as f64, &values[i..]);
                }
                (sum, lost) = next;
            }
            sum / count + lost / count
        }
        AggregateOp::Count => count,
        AggregateOp::Group => 1.0,
        AggregateOp::Min => known.reduce(f64::min).unwrap_or(NAN),
        AggregateOp::Max => known.reduce(f64::max).unwrap_or(NAN),
        AggregateOp::Stddev => of_group(AggregateOp::Stdvar, values, phi).sqrt(),
        AggregateOp::Stdvar => {
            if values.iter().any(|v| !v.is_finite()) {
                return NAN;
            }
            let (mut mean, mut squares) = (values[0], 0.0);
            for (i, value) in values.iter().enumerate().skip(1) {
                let delta = value - mean;
                mean += delta / (i + 1) as f64;
                squares += delta * (value - mean);
            }
            squares / count
        }
        AggregateOp::Quantile => {
            let mut sorted = values.to_vec();
            sorted.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
            let rank = phi * (count - 1.0);
            let lower = rank.floor() as usize;
            let upper = (lower + 1).min(sorted.len() - 1);
            sorted[lower] * (1.0 - rank.fract()) + sorted[upper] * rank.fract()
        }
        _ => unreachable!("not a fold"),
    }
}

fn incremental(before: usize, mut mean: f64, mut lost: f64, rest: &[f64]) -> f64 {
    for (i, value) in rest.iter().enumerate() {
        let count = (before + i + 1) as f64;
        let share = (count - 1.0) / count;
        (mean, lost) = kahan::add(value / count, share * mean, share * lost);
    }
    mean + lost
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => Just(ABSENT),
        8 => (-50_i32..50).prop_map(|v| f64::from(v) / 8.0),
        2 => any::<f64>().prop_filter("not the mark", |v| !is_absent(*v)),
        1 => Just(NAN),
        1 => Just(INF),
        1 => Just(-INF),
        1 => Just(f64::MAX),
    ]
}

fn any_input() -> impl Strategy<Value = Vec<Series>> {
    // More steps than a block, and more series than Go sorts by insertion.
    (1_usize..4, 1_usize..150).prop_flat_map(|(width, len)| {
        let columns = prop::collection::vec(prop::collection::vec(any_value(), len), 1..20);
        columns.prop_map(move |columns| {
            let name = |i: usize| (i % width).to_string();
            columns
                .iter()
                .enumerate()
                .map(|(i, values)| {
                    let id = i.to_string();
                    series(&[(METRIC_NAME, "x"), ("g", &name(i)), ("i", &id)], values)
                })
                .collect()
        })
    })
}

fn same(a: f64, b: f64) -> bool {
    is_absent(a) == is_absent(b) && (a == b || a.is_nan() && b.is_nan())
}

proptest! {
    #[test]
    fn columns_agree_with_steps(
        input in any_input(),
        without_i in any::<bool>(),
        phi in prop::collection::vec(0.0..=1.0, 150),
        k in prop::collection::vec(0_u8..6, 150),
    ) {
        use AggregateOp::*;
        let len = input[0].values.len();
        let grouping = if without_i { without(&["i"]) } else { by(&["g"]) };
        for op in [Sum, Avg, Count, Group, Min, Max, Stddev, Stdvar, Quantile, TopK, BottomK] {
            let param: Vec<f64> = match op {
                TopK | BottomK => k[..len].iter().map(|k| f64::from(*k)).collect(),
                _ => phi[..len].to_vec(),
            };
            let expected = reference(op, &grouping, &param, &input);
            let (result, _) = run(op, &grouping, Param::Scalar(param), input.clone(), Version::V3);
            let result = result.unwrap();
            if matches!(op, TopK | BottomK) {
                // Which of equal values stay is the heap's affair: compare the values of each group.
                let pooled = |columns: Vec<(String, Vec<f64>)>, step: usize| {
                    let mut values: Vec<(String, u64)> = columns
                        .iter()
                        .filter(|(_, column)| !is_absent(column[step]))
                        .map(|(group, column)| (group.clone(), (column[step] + 0.0).to_bits()))
                        .collect();
                    values.sort();
                    values
                };
                let group_of = |labels: &str| labels.split('"').nth(1).unwrap().to_owned();
                for step in 0..len {
                    let actual = result.iter().map(|s| (group_of(&s.labels.to_string()), s.values.clone()));
                    let wanted = expected.iter().map(|(l, v)| (group_of(l), v.clone()));
                    prop_assert_eq!(pooled(actual.collect(), step), pooled(wanted.collect(), step));
                }
                continue;
            }
            for series in &result {
                let labels = series.labels.to_string();
                let none = vec![ABSENT; len];
                let wanted = expected.get(&labels).unwrap_or(&none);
                for (step, (a, b)) in series.values.iter().zip(wanted).enumerate() {
                    prop_assert!(same(*a, *b), "{:?} {} step {}: {} for {}", op, labels, step, a, b);
                }
            }
            prop_assert!(expected.len() <= result.len());
        }
    }

    #[test]
    fn nothing_panics(
        input in any_input(),
        param in any_value(),
        label in "[a-z_]{0,3}",
        v2 in any::<bool>(),
    ) {
        use AggregateOp::*;
        let len = input[0].values.len();
        let version = if v2 { Version::V2 } else { Version::V3 };
        for op in [Sum, Avg, Count, Group, Min, Max, Stddev, Stdvar, Quantile, TopK, BottomK] {
            let param = Param::Scalar(vec![param; len]);
            let _ = run(op, &by(&["g"]), param, input.clone(), version);
        }
        let (counted, _) = run(CountValues, &by(&["g"]), Param::String(label), input.clone(), version);
        let (all, _) = run(Count, &by(&[]), Param::None, input, version);
        if let Ok(counted) = counted {
            let total: f64 = counted.iter().flat_map(|s| &s.values).filter(|v| !is_absent(**v)).sum();
            let all: f64 = all.unwrap()[0].values.iter().filter(|v| !is_absent(**v)).sum();
            prop_assert_eq!(total, all);
        }
    }
}
