//! A reference that takes step after step and knows no columns.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::promql::kahan;

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
