//! The order in which Prometheus puts the samples of an instant vector.

/// Whether a sample stands deeper in a heap of the largest values: NaN is below everything.
#[inline]
pub(crate) fn less(a: f64, b: f64) -> bool {
    a.is_nan() || a < b
}

/// The opposite of [`less`], with NaN below everything too.
#[inline]
pub(crate) fn greater(a: f64, b: f64) -> bool {
    a.is_nan() || a > b
}

/// Up to how many elements Go's `sort.Sort` sorts by insertion.
const INSERTION: usize = 12;

/// Sorts values by `below` from the top down, NaN last.
///
/// Equal values stay in their order. Up to 12 elements even NaNs among
/// themselves come out as Go's `sort.Sort` leaves them; beyond, its order of
/// equal values is an accident that is not reproduced.
pub(crate) fn sort_down<T>(
    items: &mut [T],
    value: impl Fn(&T) -> f64,
    below: impl Fn(f64, f64) -> bool,
) {
    if items.len() <= INSERTION {
        for sorted in 1..items.len() {
            let mut at = sorted;
            while at > 0 && below(value(&items[at - 1]), value(&items[at])) {
                items.swap(at - 1, at);
                at -= 1;
            }
        }
        return;
    }
    items.sort_by(|a, b| {
        let (a, b) = (value(a), value(b));
        match (below(a, b), below(b, a)) {
            (true, false) => std::cmp::Ordering::Greater,
            (false, true) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Equal,
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(values: &[f64], below: fn(f64, f64) -> bool) -> Vec<f64> {
        let mut values = values.to_vec();
        sort_down(&mut values, |v| *v, below);
        values
    }

    #[test]
    fn nan_comes_last_either_way() {
        let values = [2.0, f64::NAN, 3.0, f64::NEG_INFINITY, f64::NAN, 1.0];
        let down = sorted(&values, less);
        assert_eq!(down[..4], [3.0, 2.0, 1.0, f64::NEG_INFINITY]);
        assert!(down[4].is_nan() && down[5].is_nan());
        let up = sorted(&values, greater);
        assert_eq!(up[..4], [f64::NEG_INFINITY, 1.0, 2.0, 3.0]);
        let long: Vec<f64> = std::iter::repeat_n(values, 5).flatten().collect();
        let up = sorted(&long, greater);
        assert!(up[..20].is_sorted() && up[20..].iter().all(|v| v.is_nan()));
    }

    #[test]
    fn equal_values_keep_their_order() {
        for count in [4, 40] {
            let mut items: Vec<(i32, f64)> = (0..count).map(|i| (i, f64::from(i % 2))).collect();
            sort_down(&mut items, |item| item.1, less);
            let odd_then_even = (0..count).filter(|i| i % 2 == 1);
            let expected: Vec<i32> = odd_then_even
                .chain((0..count).filter(|i| i % 2 == 0))
                .collect();
            assert_eq!(items.iter().map(|i| i.0).collect::<Vec<_>>(), expected);
        }
    }
}
