//! Matching over columns against an evaluator that goes step by step, with the
//! checks in Prometheus' order.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
/// A sample of the reference.
type Sample = (Labels, f64);

/// What the reference says of one step: its samples, or an error's text.
type Outcome = Result<Vec<Sample>, String>;

fn naive_key(matching: &Matching, labels: &Labels) -> Labels {
    labels.filtered(|n| {
        let named = matching.labels.iter().any(|l| l == n);
        if matching.on {
            named
        } else {
            !named && n != METRIC_NAME
        }
    })
}

fn naive_value(op: BinaryOp, a: f64, b: f64) -> (f64, bool) {
    match op {
        BinaryOp::Add => (a + b, true),
        BinaryOp::Sub => (a - b, true),
        BinaryOp::Less => (a, a < b),
        BinaryOp::Equal => (a, a == b),
        other => panic!("{other:?} is not generated"),
    }
}

fn naive_step(
    op: BinaryOp,
    return_bool: bool,
    matching: &Matching,
    lhs: &[Sample],
    rhs: &[Sample],
    version: Version,
) -> Outcome {
    let has = |side: &[Sample], labels: &Labels| {
        let key = naive_key(matching, labels);
        side.iter().any(|(l, _)| naive_key(matching, l) == key)
    };
    match op {
        BinaryOp::And => {
            return Ok(lhs.iter().filter(|s| has(rhs, &s.0)).cloned().collect());
        }
        BinaryOp::Unless => {
            return Ok(lhs.iter().filter(|s| !has(rhs, &s.0)).cloned().collect());
        }
        BinaryOp::Or => {
            let more = rhs.iter().filter(|s| !has(lhs, &s.0));
            return Ok(lhs.iter().chain(more).cloned().collect());
        }
        _ => {}
    }
    if lhs.is_empty() || rhs.is_empty() {
        return Ok(Vec::new());
    }
    let swapped = matching.cardinality == Cardinality::OneToMany;
    let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
    let mut by_key: BTreeMap<Labels, &Sample> = BTreeMap::new();
    for sample in one {
        if by_key
            .insert(naive_key(matching, &sample.0), sample)
            .is_some()
        {
            return Err("duplicate".into());
        }
    }
    let mut seen: BTreeMap<Labels, Vec<Labels>> = BTreeMap::new();
    let mut out = Vec::new();
    for (labels, value) in many {
        let key = naive_key(matching, labels);
        let Some((partner, other)) = by_key.get(&key) else {
            continue;
        };
        let (a, b) = if swapped {
            (*other, *value)
        } else {
            (*value, *other)
        };
        let (result, keep) = naive_value(op, a, b);
        if version == Version::V2 && !keep && !return_bool {
            continue;
        }
        let mut metric = labels.clone();
        if !op.is_comparison() {
            metric = metric.with(METRIC_NAME, "");
        }
        if matching.cardinality == Cardinality::OneToOne {
            metric = metric.filtered(|n| matching.labels.iter().any(|l| l == n) == matching.on);
        }
        for name in &matching.include {
            metric = metric.with(name, partner.get(name).unwrap_or(""));
        }
        if return_bool {
            metric = metric.with(METRIC_NAME, "");
        }
        let before = seen.entry(key).or_default();
        if matching.cardinality == Cardinality::OneToOne {
            if !before.is_empty() {
                return Err("explicit".into());
            }
        } else if before.contains(&metric) {
            return Err("unique".into());
        }
        before.push(metric.clone());
        if return_bool {
            out.push((metric, if keep { 1.0 } else { 0.0 }));
        } else if keep {
            out.push((metric, result));
        }
    }
    Ok(out)
}

/// All steps, up to the first error and its step.
fn naive(
    op: BinaryOp,
    return_bool: bool,
    matching: &Matching,
    lhs: &[Series],
    rhs: &[Series],
    len: usize,
    version: Version,
) -> Result<BTreeMap<Labels, Vec<u64>>, (String, i64)> {
    let at = |side: &[Series], step: usize| -> Vec<Sample> {
        side.iter()
            .filter(|s| !is_absent(s.values[step]))
            .map(|s| (s.labels.as_ref().clone(), s.values[step]))
            .collect()
    };
    let mut columns: BTreeMap<Labels, Vec<u64>> = BTreeMap::new();
    for step in 0..len {
        let time = steps(len).at(step);
        let samples = naive_step(
            op,
            return_bool,
            matching,
            &at(lhs, step),
            &at(rhs, step),
            version,
        )
        .map_err(|error| (error, time))?;
        for (labels, value) in samples {
            let column = columns
                .entry(labels)
                .or_insert_with(|| vec![ABSENT.to_bits(); len]);
            if column[step] != ABSENT.to_bits() {
                return Err(("same".into(), time));
            }
            column[step] = value.to_bits();
        }
    }
    Ok(columns)
}

const LEN: usize = 5;

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![3 => Just(NONE), 2 => Just(1.0), 1 => Just(2.0)]
}

fn any_vector() -> impl Strategy<Value = Vec<Series>> {
    let label = || prop::sample::select(vec!["", "1", "2"]);
    let one = (
        prop::sample::select(vec!["", "m", "n"]),
        label(),
        label(),
        prop::collection::vec(any_value(), LEN),
    );
    prop::collection::vec(one, 0..5).prop_map(|all| {
        let mut vector: Vec<Series> = Vec::new();
        for (name, a, b, values) in all {
            let one = series(&[(METRIC_NAME, name), ("a", a), ("b", b)], &values);
            if vector.iter().all(|other| other.labels != one.labels) {
                vector.push(one);
            }
        }
        vector
    })
}

fn any_matching() -> impl Strategy<Value = Matching> {
    let names = vec!["a", "b", METRIC_NAME];
    (
        any::<bool>(),
        prop::sample::subsequence(names.clone(), 0..=2),
        prop::sample::select(vec![
            Cardinality::OneToOne,
            Cardinality::ManyToOne,
            Cardinality::OneToMany,
        ]),
        prop::sample::subsequence(names, 0..=2),
    )
        .prop_map(|(on, labels, cardinality, include)| {
            let include = match cardinality {
                Cardinality::OneToOne => vec![],
                _ => include,
            };
            matching(on, &labels, cardinality, &include)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn columns_equal_steps(
        op in prop::sample::select(vec![
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Less,
            BinaryOp::Equal,
            BinaryOp::And,
            BinaryOp::Or,
            BinaryOp::Unless,
        ]),
        with_bool in any::<bool>(),
        mut matching in any_matching(),
        lhs in any_vector(),
        rhs in any_vector(),
        version in prop::sample::select(vec![Version::V2, Version::V3]),
    ) {
        let return_bool = with_bool && op.is_comparison();
        if op.is_set() {
            matching.cardinality = Cardinality::ManyToMany;
            matching.include.clear();
        }
        let expected = naive(op, return_bool, &matching, &lhs, &rhs, LEN, version);
        let options = Options { version, ..Options::default() };
        let actual = run(op, return_bool, &matching, lhs, rhs, &options);
        match (expected, actual) {
            (Ok(expected), Ok(actual)) => {
                let mut columns = BTreeMap::new();
                for one in actual {
                    if one.values.iter().all(|v| is_absent(*v)) {
                        continue;
                    }
                    let column: Vec<u64> = one.values.iter().map(|v| v.to_bits()).collect();
                    let twice = columns.insert(one.labels.as_ref().clone(), column);
                    prop_assert!(twice.is_none());
                }
                prop_assert_eq!(columns, expected);
            }
            (Err((text, step)), Err(error)) => {
                prop_assert_eq!(error.step, Some(step), "{}", error);
                let same = matches!(error.kind, ErrorKind::DuplicateLabels { .. });
                prop_assert!(
                    if text == "same" { same } else { error.to_string().contains(&text) },
                    "{} is not {}", error, text
                );
            }
            (expected, actual) => prop_assert!(false, "{expected:?} but {actual:?}"),
        }
    }
}
