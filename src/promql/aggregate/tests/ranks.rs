//! `topk`, `bottomk`, `quantile`, `count_values`, and what is still to be dropped.

use super::*;

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
        (
            vec![1.0, -INF, INF],
            "Scalar value +Inf overflows int64",
            20,
        ),
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
