//! The order in which a notification lists its alerts.

use std::cmp::Ordering;

use crate::model::Labels;

/// Alertmanager's order of alerts: by job, by instance (those without come last),
/// by the number of labels, by the labels (`types.AlertSlice`, `LabelSet.Before`).
pub(super) fn before(a: &Labels, b: &Labels) -> Ordering {
    let named = |name| match (a.get(name), b.get(name)) {
        (Some(a), Some(b)) => a.cmp(b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    };
    let by_labels = || {
        // Of the first label that only one has, the other comes first.
        let mut pairs = a.iter().zip(b.iter());
        let order = |((a, x), (b, y)): ((&str, &str), (&str, &str))| b.cmp(a).then(x.cmp(y));
        pairs
            .find_map(|pair| Some(order(pair)).filter(|order| order.is_ne()))
            .unwrap_or(Ordering::Equal)
    };
    named("job")
        .then_with(|| named("instance"))
        .then_with(|| a.iter().count().cmp(&b.iter().count()))
        .then_with(by_labels)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(text: &str) -> Labels {
        let pairs = text
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='));
        Labels::from_pairs(pairs).expect("labels")
    }

    #[test]
    fn is_that_of_alertmanager() {
        // From `types/types_test.go`, `TestAlertSliceSort`, and from reading `Before`.
        let sorted = [
            "instance=i1 job=j1",
            "instance=i2 job=j1",
            "job=j1",
            "instance=i1 job=j2",
            "instance=i3",
            "alertname=a",
            "b=1",
            "a=1",
            "a=2",
            "a=1 b=1",
        ];
        let mut found = sorted.map(labels);
        found.sort_by(before);
        // Of one label each: `b` lacks `alertname`, so it comes before `alertname`.
        let mut expected = sorted.map(labels);
        expected[5..9].sort_by_key(|one| match one.to_string().as_str() {
            "{b=\"1\"}" => 0,
            "{alertname=\"a\"}" => 1,
            "{a=\"1\"}" => 2,
            _ => 3,
        });
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn is_an_order(texts in prop::collection::vec("((job|instance|a|b)=[12] ){0,3}", 3)) {
            let all: Vec<Labels> = texts
                .iter()
                .map(|text| {
                    let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
                    let map: std::collections::BTreeMap<&str, &str> = pairs.collect();
                    Labels::from_pairs(map).expect("labels")
                })
                .collect();
            let [x, y, z] = [&all[0], &all[1], &all[2]];
            prop_assert_eq!(before(x, y), before(y, x).reverse());
            prop_assert_eq!(before(x, y).is_eq(), x == y);
            if before(x, y).is_le() && before(y, z).is_le() {
                prop_assert!(before(x, z).is_le());
            }
        }
    }
}
