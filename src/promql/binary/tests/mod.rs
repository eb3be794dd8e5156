//! Values of Prometheus' `operators.test`.

mod reference;

use std::sync::Arc;

use super::*;
use crate::model::{Labels, METRIC_NAME};
use crate::promql::column::{ABSENT, is_absent};
use crate::promql::error::ErrorKind;
use crate::promql::expr::Cardinality;
use crate::promql::options::Version;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;
/// No sample, in the columns of the tests.
const NONE: f64 = ABSENT;

fn labels(pairs: &[(&str, &str)]) -> Labels {
    Labels::from_pairs(pairs.iter().copied()).unwrap()
}

fn series(pairs: &[(&str, &str)], values: &[f64]) -> Series {
    Series {
        labels: Arc::new(labels(pairs)),
        drop_name: false,
        values: values.to_vec(),
    }
}

fn steps(len: usize) -> Steps {
    Steps {
        start: 100,
        step: if len == 1 { 0 } else { 10 },
        len,
    }
}

fn matching(on: bool, names: &[&str], cardinality: Cardinality, include: &[&str]) -> Matching {
    let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    Matching {
        on,
        labels: owned(names),
        cardinality,
        include: owned(include),
    }
}

fn run(
    op: BinaryOp,
    return_bool: bool,
    matching: &Matching,
    lhs: Vec<Series>,
    rhs: Vec<Series>,
    options: &Options,
) -> Result<Vec<Series>, Error> {
    let len = lhs.iter().chain(&rhs).map(|s| s.values.len()).max();
    let operation = Operation {
        op,
        return_bool,
        matching,
        span: Span { start: 1, end: 9 },
    };
    vector_vector(&operation, lhs, rhs, steps(len.unwrap_or(0)), options)
}

fn bits(values: &[f64]) -> Vec<u64> {
    let canonical = |v: &f64| {
        if v.is_nan() && !is_absent(*v) {
            NAN
        } else {
            *v
        }
    };
    values.iter().map(canonical).map(f64::to_bits).collect()
}

fn left_floats() -> Series {
    series(
        &[(METRIC_NAME, "left")],
        &[1.0, 2.0, NONE, NONE, 3.0, NONE, 4.0, 5.0, NAN, INF, -INF],
    )
}

fn right_floats() -> Series {
    series(
        &[(METRIC_NAME, "right")],
        &[4.0, NONE, NONE, 5.0, 3.0, 7.0, -1.0, 20.0, NAN, INF, -INF],
    )
}

#[test]
fn comparisons_of_vectors() {
    let compare = |op, return_bool| {
        let result = run(
            op,
            return_bool,
            &Matching::default(),
            vec![left_floats()],
            vec![right_floats()],
            &Options::default(),
        )
        .unwrap();
        assert_eq!(result.len(), 1);
        let name = if return_bool { "" } else { "left" };
        assert_eq!(result[0].labels.metric(), name);
        bits(&result[0].values)
    };
    assert_eq!(
        compare(BinaryOp::Equal, false),
        bits(&[
            NONE, NONE, NONE, NONE, 3.0, NONE, NONE, NONE, NONE, INF, -INF
        ])
    );
    assert_eq!(
        compare(BinaryOp::NotEqual, true),
        bits(&[1.0, NONE, NONE, NONE, 0.0, NONE, 1.0, 1.0, 1.0, 0.0, 0.0])
    );
    assert_eq!(
        compare(BinaryOp::NotEqual, false),
        bits(&[1.0, NONE, NONE, NONE, NONE, NONE, 4.0, 5.0, NAN, NONE, NONE])
    );
    assert_eq!(
        compare(BinaryOp::GreaterOrEqual, false),
        bits(&[
            NONE, NONE, NONE, NONE, 3.0, NONE, 4.0, NONE, NONE, INF, -INF
        ])
    );
    assert_eq!(
        compare(BinaryOp::Less, true),
        bits(&[1.0, NONE, NONE, NONE, 0.0, NONE, 0.0, 1.0, 0.0, 0.0, 0.0])
    );
}

#[test]
fn comparisons_with_a_scalar_keep_the_vectors_values() {
    let compare = |op, return_bool, scalar: f64, swapped| {
        let operation = Operation {
            op,
            return_bool,
            matching: &Matching::default(),
            span: Span::default(),
        };
        let options = Options::default();
        let result = vector_scalar(
            &operation,
            vec![left_floats()],
            &[scalar; 11],
            swapped,
            &options,
        );
        bits(&result[0].values)
    };
    assert_eq!(
        compare(BinaryOp::Greater, false, 3.0, true),
        bits(&[
            1.0, 2.0, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, -INF
        ])
    );
    assert_eq!(
        compare(BinaryOp::Greater, false, 3.0, false),
        bits(&[
            NONE, NONE, NONE, NONE, NONE, NONE, 4.0, 5.0, NONE, INF, NONE
        ])
    );
    assert_eq!(
        compare(BinaryOp::NotEqual, false, 3.0, true),
        bits(&[1.0, 2.0, NONE, NONE, NONE, NONE, 4.0, 5.0, NAN, INF, -INF])
    );
    assert_eq!(
        compare(BinaryOp::Equal, true, NAN, true),
        bits(&[0.0, 0.0, NONE, NONE, 0.0, NONE, 0.0, 0.0, 0.0, 0.0, 0.0])
    );
    assert_eq!(
        compare(BinaryOp::Sub, false, 3.0, true),
        bits(&[2.0, 1.0, NONE, NONE, 0.0, NONE, -1.0, -2.0, NAN, -INF, INF])
    );
}

#[test]
fn names_go_where_the_quantity_changes() {
    let vector = || {
        vec![series(
            &[(METRIC_NAME, "a"), ("__type__", "gauge"), ("x", "1")],
            &[2.0],
        )]
    };
    let with_scalar = |op, return_bool, options: &Options| {
        let operation = Operation {
            op,
            return_bool,
            matching: &Matching::default(),
            span: Span::default(),
        };
        let result = vector_scalar(&operation, vector(), &[1.0], false, options).remove(0);
        (result.labels.to_string(), result.drop_name)
    };
    let now = Options::default();
    let old = Options {
        version: Version::V2,
        ..Options::default()
    };
    let later = Options {
        delayed_name_removal: true,
        ..Options::default()
    };
    let full = String::from(r#"a{__type__="gauge", x="1"}"#);
    let text = |text: &str| String::from(text);
    assert_eq!(
        with_scalar(BinaryOp::Add, false, &now),
        (text(r#"{x="1"}"#), false)
    );
    assert_eq!(
        with_scalar(BinaryOp::Add, false, &old),
        (text(r#"{__type__="gauge", x="1"}"#), false)
    );
    assert_eq!(
        with_scalar(BinaryOp::Greater, false, &now),
        (full.clone(), false)
    );
    assert_eq!(
        with_scalar(BinaryOp::Greater, true, &now),
        (text(r#"{x="1"}"#), false)
    );
    assert_eq!(
        with_scalar(BinaryOp::Add, false, &later),
        (full.clone(), true)
    );
    assert_eq!(
        with_scalar(BinaryOp::Greater, false, &later),
        (full.clone(), false)
    );

    let with_vector = |op, return_bool, options: &Options| {
        let plain = Matching::default();
        let result = run(op, return_bool, &plain, vector(), vector(), options)
            .unwrap()
            .remove(0);
        (result.labels.to_string(), result.drop_name)
    };
    // Between vectors, arithmetic does not wait.
    assert_eq!(
        with_vector(BinaryOp::Add, false, &later),
        (text(r#"{x="1"}"#), false)
    );
    assert_eq!(
        with_vector(BinaryOp::Equal, false, &later),
        (full.clone(), false)
    );
    assert_eq!(with_vector(BinaryOp::Equal, true, &later), (full, true));
}

/// `node_cpu` and `node_role` of `operators.test`.
#[test]
fn many_to_one_takes_labels_from_the_one_side() {
    let cpu = || {
        vec![
            series(
                &[
                    (METRIC_NAME, "node_cpu"),
                    ("instance", "abc"),
                    ("mode", "idle"),
                ],
                &[3.0],
            ),
            series(
                &[
                    (METRIC_NAME, "node_cpu"),
                    ("instance", "abc"),
                    ("mode", "user"),
                ],
                &[1.0],
            ),
            series(
                &[
                    (METRIC_NAME, "node_cpu"),
                    ("instance", "def"),
                    ("mode", "idle"),
                ],
                &[8.0],
            ),
        ]
    };
    let role = || {
        vec![series(
            &[
                (METRIC_NAME, "node_role"),
                ("instance", "abc"),
                ("role", "p"),
            ],
            &[2.0],
        )]
    };
    let show = |result: Vec<Series>| -> Vec<String> {
        let line = |s: &Series| format!("{} {}", s.labels, s.values[0]);
        result.iter().map(line).collect()
    };
    let options = Options::default();
    let left = matching(true, &["instance"], Cardinality::ManyToOne, &["role"]);
    assert_eq!(
        show(run(BinaryOp::Div, false, &left, cpu(), role(), &options).unwrap()),
        [
            r#"{instance="abc", mode="idle", role="p"} 1.5"#,
            r#"{instance="abc", mode="user", role="p"} 0.5"#
        ]
    );
    let right = matching(
        false,
        &["role", "mode"],
        Cardinality::OneToMany,
        &["role", "mode"],
    );
    let user = cpu()[1..].to_vec();
    assert_eq!(
        show(run(BinaryOp::Greater, false, &right, role(), user, &options).unwrap()),
        // A label that the "one" side has not is removed; the left value stays.
        [r#"node_cpu{instance="abc", role="p"} 2"#]
    );
    // Without their mode the two series of the "many" side are one.
    let both = run(BinaryOp::Greater, false, &right, role(), cpu(), &options);
    assert_eq!(
        message(both).0,
        "multiple matches for labels: grouping labels must ensure unique matches"
    );
    let name = matching(true, &["instance"], Cardinality::ManyToOne, &[METRIC_NAME]);
    assert_eq!(
        show(run(BinaryOp::Mul, false, &name, cpu(), role(), &options).unwrap())[0],
        r#"node_role{instance="abc", mode="idle"} 6"#
    );
    assert_eq!(
        show(run(BinaryOp::Greater, true, &name, cpu(), role(), &options).unwrap())[0],
        r#"{instance="abc", mode="idle"} 1"#
    );
    let on = matching(true, &["instance"], Cardinality::OneToOne, &[]);
    assert_eq!(
        show(
            run(
                BinaryOp::Greater,
                false,
                &on,
                cpu()[..1].to_vec(),
                role(),
                &options
            )
            .unwrap()
        ),
        [r#"{instance="abc"} 3"#]
    );
}

fn message(result: Result<Vec<Series>, Error>) -> (String, Option<i64>) {
    let error = result.unwrap_err();
    assert_eq!(error.span, Some(Span { start: 1, end: 9 }));
    (error.to_string(), error.step)
}

#[test]
fn duplicates_are_named_in_order() {
    let on = matching(true, &[], Cardinality::OneToOne, &[]);
    let dup = || {
        vec![
            series(
                &[(METRIC_NAME, "dup_metric"), ("label", "alpha")],
                &[1.0, 1.0],
            ),
            series(
                &[(METRIC_NAME, "dup_metric"), ("label", "beta")],
                &[2.0, 2.0],
            ),
        ]
    };
    let scalar = |values: &[f64]| vec![series(&[(METRIC_NAME, "scalar_metric")], values)];
    let options = Options::default();
    let text = "found duplicate series for the match group {} on the right hand-side of the \
                operation: [{__name__=\"dup_metric\", label=\"alpha\"}, \
                {__name__=\"dup_metric\", label=\"beta\"}];many-to-many matching not allowed: \
                matching labels must be unique on one side";
    // While the left side is empty nobody looks.
    let result = run(
        BinaryOp::Greater,
        false,
        &on,
        scalar(&[NONE, 3.0]),
        dup(),
        &options,
    );
    assert_eq!(message(result), (text.to_owned(), Some(110)));

    let left = matching(true, &[], Cardinality::OneToMany, &[]);
    let result = run(
        BinaryOp::Add,
        false,
        &left,
        dup(),
        scalar(&[3.0, 3.0]),
        &options,
    );
    let (text, step) = message(result);
    assert!(text.contains(" on the left hand-side "), "{text}");
    assert_eq!(step, Some(100));
}

/// From `operators.test`: all filtered away or not, two matches are two.
#[test]
fn filtered_matches_count_since_version_3() {
    let many = || {
        vec![
            series(
                &[(METRIC_NAME, "many"), ("label", "foo"), ("job", "test")],
                &[0.0],
            ),
            series(
                &[(METRIC_NAME, "many"), ("label", "bar"), ("job", "test")],
                &[1.0],
            ),
        ]
    };
    let one = || vec![series(&[(METRIC_NAME, "one"), ("job", "test")], &[1.0])];
    let on = matching(true, &["job"], Cardinality::OneToOne, &[]);
    let options = Options::default();
    for op in [
        BinaryOp::Greater,
        BinaryOp::GreaterOrEqual,
        BinaryOp::LessOrEqual,
    ] {
        assert_eq!(
            message(run(op, false, &on, many(), one(), &options)).0,
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
        );
    }
    let old = Options {
        version: Version::V2,
        ..Options::default()
    };
    let kept = run(BinaryOp::GreaterOrEqual, false, &on, many(), one(), &old).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(bits(&kept[0].values), bits(&[1.0]));
    assert!(run(BinaryOp::LessOrEqual, false, &on, many(), one(), &old).is_err());
}

/// With delayed name removal an instant query keeps equal label sets apart until its end.
#[test]
fn delayed_removal_leaves_duplicates_of_an_instant() {
    // The keys differ in the name, which the results lose.
    let name = matching(true, &[METRIC_NAME], Cardinality::ManyToOne, &[]);
    let same = || {
        vec![
            series(&[(METRIC_NAME, "m"), ("y", "1")], &[1.0]),
            series(&[(METRIC_NAME, "n"), ("y", "1")], &[1.0]),
        ]
    };
    let now = Options::default();
    let later = Options {
        delayed_name_removal: true,
        ..Options::default()
    };
    let error = run(BinaryOp::Add, false, &name, same(), same(), &now).unwrap_err();
    assert!(matches!(error.kind, ErrorKind::DuplicateLabels { .. }));
    let both = run(BinaryOp::Add, false, &name, same(), same(), &later);
    assert_eq!(both.unwrap().len(), 2);
}
