//! Spans of time, in order and apart from each other, and medians.

/// From the first instant to the first after it, µs.
pub(super) type Span = (i64, i64);

/// Puts spans in order and together where they touch or overlap; those that end before they
/// begin are empty, and kept as instants.
pub(super) fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        let to = to.max(from);
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// The parts of spans that lie in another.
pub(super) fn clip(spans: &[Span], within: Span) -> Vec<Span> {
    spans
        .iter()
        .map(|&(from, to)| (from.max(within.0), to.min(within.1)))
        .filter(|(from, to)| from <= to)
        .collect()
}

/// How long the spans last together.
pub(super) fn total(spans: &[Span]) -> i64 {
    spans
        .iter()
        .fold(0_i64, |sum, span| sum.saturating_add(length(*span)))
}

/// How long a span lasts.
pub(super) fn length(span: Span) -> i64 {
    span.1.saturating_sub(span.0).max(0)
}

/// The longest part of `within` that none of the spans (in order, apart) covers.
pub(super) fn longest_gap(spans: &[Span], within: Span) -> i64 {
    let mut longest = 0;
    let mut free_from = within.0;
    for (from, to) in clip(spans, within) {
        longest = longest.max(length((free_from, from)));
        free_from = to;
    }
    longest.max(length((free_from, within.1)))
}

/// The most spans that overlap at an instant.
pub(super) fn most_at_once(spans: &[Span]) -> usize {
    let mut begins: Vec<i64> = spans.iter().map(|span| span.0).collect();
    let mut ends: Vec<i64> = spans.iter().map(|span| span.1.max(span.0)).collect();
    begins.sort_unstable();
    ends.sort_unstable();
    let (mut ended, mut most) = (0, usize::from(!spans.is_empty()));
    for (begun, begin) in begins.iter().enumerate() {
        while ends.get(ended).is_some_and(|end| end <= begin) {
            ended += 1;
        }
        most = most.max((begun + 1).saturating_sub(ended));
    }
    most
}

/// How long both last over how long either does (Jaccard 1901); 0 where neither does. Spans are
/// in order and apart.
pub(super) fn jaccard(a: &[Span], b: &[Span]) -> f64 {
    let mut both = 0_i64;
    for (a, b) in overlaps(a, b) {
        both = both.saturating_add(length((a.0.max(b.0), a.1.min(b.1))));
    }
    let either = total(a).saturating_add(total(b)).saturating_sub(both);
    // Sums that are cut off at the ends of time could exceed it.
    if either > 0 {
        (both as f64 / either as f64).min(1.0)
    } else {
        0.0
    }
}

/// Each pair of spans, one of each list, that have some time in common.
pub(super) fn overlaps<'s>(
    a: &'s [Span],
    b: &'s [Span],
) -> impl Iterator<Item = (Span, Span)> + 's {
    let mut first = 0;
    a.iter().flat_map(move |&one| {
        while b.get(first).is_some_and(|other| other.1 <= one.0) {
            first += 1;
        }
        let others = b[first..].iter().take_while(move |other| other.0 < one.1);
        others.map(move |&other| (one, other))
    })
}

/// The median; of an even number, the mean of the middle two, rounded towards zero.
pub(super) fn median(mut values: Vec<i64>) -> Option<i64> {
    values.sort_unstable();
    let upper = *values.get(values.len() / 2)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = values[values.len() / 2 - 1];
    Some(((i128::from(lower) + i128::from(upper)) / 2) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_by_hand() {
        assert_eq!(
            union(vec![(5, 7), (0, 2), (2, 3), (6, 6), (9, 8)]),
            [(0, 3), (5, 7), (9, 9)]
        );
        assert_eq!(
            clip(&[(0, 3), (5, 7), (9, 12)], (2, 10)),
            [(2, 3), (5, 7), (9, 10)]
        );
        assert_eq!(total(&[(0, 3), (5, 7)]), 5);
        assert_eq!(longest_gap(&[(2, 3), (5, 7)], (0, 10)), 3);
        assert_eq!(longest_gap(&[(-5, 3), (5, 12)], (0, 10)), 2);
        assert_eq!(longest_gap(&[], (0, 10)), 10);
        assert_eq!(most_at_once(&[(0, 4), (1, 3), (3, 5), (4, 6)]), 2);
        assert_eq!(most_at_once(&[(0, 4), (1, 5), (2, 3)]), 3);
        assert_eq!(most_at_once(&[(7, 7)]), 1);
        assert_eq!(most_at_once(&[]), 0);
    }

    #[test]
    fn jaccard_by_hand() {
        // 2 of both (1..2 and 5..6), 7 of either.
        assert_eq!(jaccard(&[(0, 2), (5, 8)], &[(1, 3), (4, 6)]), 2.0 / 7.0);
        assert_eq!(jaccard(&[(0, 10)], &[(0, 10)]), 1.0);
        assert_eq!(jaccard(&[(0, 1)], &[(1, 2)]), 0.0);
        assert_eq!(jaccard(&[(3, 3)], &[(3, 3)]), 0.0);
        let pairs: Vec<_> = overlaps(&[(0, 10)], &[(1, 2), (8, 12), (12, 13)]).collect();
        assert_eq!(pairs, [((0, 10), (1, 2)), ((0, 10), (8, 12))]);
    }

    #[test]
    fn medians() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3, 1, 2]), Some(2));
        assert_eq!(median(vec![4, 1]), Some(2));
        assert_eq!(median(vec![-4, -1]), Some(-2));
        assert_eq!(median(vec![i64::MAX, i64::MAX]), Some(i64::MAX));
    }

    fn any_spans() -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec((-50_i64..50, 0_i64..20), 0..12).prop_map(|spans| {
            union(
                spans
                    .into_iter()
                    .map(|(from, len)| (from, from + len))
                    .collect(),
            )
        })
    }

    proptest! {
        #[test]
        fn jaccard_is_symmetric_and_a_share(a in any_spans(), b in any_spans()) {
            let share = jaccard(&a, &b);
            prop_assert_eq!(share, jaccard(&b, &a));
            prop_assert!((0.0..=1.0).contains(&share));
            // Against counting instants one by one.
            let covers = |spans: &[Span], t: i64| spans.iter().any(|s| s.0 <= t && t < s.1);
            let (mut both, mut either) = (0, 0);
            for t in -60..80 {
                both += u32::from(covers(&a, t) && covers(&b, t));
                either += u32::from(covers(&a, t) || covers(&b, t));
            }
            prop_assert_eq!(share, if either > 0 { f64::from(both) / f64::from(either) } else { 0.0 });
        }

        #[test]
        fn nothing_overflows(spans in prop::collection::vec((any::<i64>(), any::<i64>()), 0..8), within: (i64, i64)) {
            let spans = union(spans);
            prop_assert!(total(&clip(&spans, within)) >= 0);
            prop_assert!(longest_gap(&spans, within) >= 0);
            prop_assert!(most_at_once(&spans) <= spans.len());
            prop_assert!(jaccard(&spans, &spans) <= 1.0);
        }
    }
}
