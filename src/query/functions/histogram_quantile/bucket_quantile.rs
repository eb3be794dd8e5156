/// Counts that differ by less than this, relative to their size, are the same
/// to Prometheus: float noise of adding up rates.
const TOLERANCE: f64 = 1e-12;

/// Computes a quantile from (upper bound, cumulative count) pairs in any order
/// with distinct bounds; `None` where Prometheus gives NaN.
pub(super) fn bucket_quantile(q: f64, buckets: &mut [(f64, f64)]) -> Option<f64> {
    if q.is_nan() {
        return None;
    }
    if q < 0.0 {
        return Some(f64::NEG_INFINITY);
    }
    if q > 1.0 {
        return Some(f64::INFINITY);
    }
    buckets.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let &[.., (second_last, _), (last, _)] = &*buckets else {
        return None;
    };
    if last != f64::INFINITY {
        return None;
    }
    repair(buckets);
    let observations = buckets[buckets.len() - 1].1;
    if observations.is_nan() || observations == 0.0 {
        return None;
    }
    let rank = q * observations;
    let finite = &buckets[..buckets.len() - 1];
    let at = finite.partition_point(|&(_, count)| count < rank);
    let Some(&(upper, count)) = finite.get(at) else {
        return Some(second_last);
    };
    let (lower, below) = match at.checked_sub(1) {
        Some(before) => finite[before],
        None if upper <= 0.0 => return Some(upper),
        None => (0.0, 0.0),
    };
    let quantile = lower + (upper - lower) * ((rank - below) / (count - below));
    // 0/0: the lowest bucket is empty, and the quantile is 0.
    Some(quantile).filter(|quantile| !quantile.is_nan())
}

/// Raises counts that are lower than the one before.
fn repair(buckets: &mut [(f64, f64)]) {
    let mut highest = buckets.first().map_or(0.0, |bucket| bucket.1);
    for (_, count) in buckets.iter_mut().skip(1) {
        if *count < highest || nearly_equal(*count, highest) {
            *count = highest;
        } else {
            highest = *count;
        }
    }
}

fn nearly_equal(a: f64, b: f64) -> bool {
    let size = a.abs() + b.abs();
    let difference = (a - b).abs();
    if a == 0.0 || b == 0.0 || size < f64::MIN_POSITIVE {
        return difference < TOLERANCE * f64::MIN_POSITIVE;
    }
    difference / size.min(f64::MAX) < TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;

    const INF: f64 = f64::INFINITY;

    type Case<'a> = (f64, &'a [(f64, f64)], Option<f64>);

    #[test]
    fn follows_the_rules_of_prometheus() {
        // By hand, from the rules in the documentation of histogram_quantile.
        let ten: &[(f64, f64)] = &[(0.1, 5.0), (0.2, 9.0), (0.4, 10.0), (INF, 10.0)];
        let negative: &[(f64, f64)] = &[(-1.0, 4.0), (1.0, 8.0), (INF, 8.0)];
        let broken: &[(f64, f64)] = &[(1.0, 6.0), (2.0, 5.0), (3.0, 10.0), (INF, 9.0)];
        let cases: &[Case<'_>] = &[
            (0.5, ten, Some(0.1)),
            (0.25, ten, Some(0.05)),
            (0.7, ten, Some(0.15)),
            (0.95, ten, Some(0.3)),
            (0.0, ten, Some(0.0)),
            (1.0, ten, Some(0.4)),
            (-0.1, ten, Some(-INF)),
            (1.1, ten, Some(INF)),
            (f64::NAN, ten, None),
            // The lowest bucket with a bound of 0 or less is not interpolated.
            (0.25, negative, Some(-1.0)),
            (0.75, negative, Some(0.0)),
            // In the +Inf bucket: the bound below.
            (0.9, &[(1.0, 1.0), (2.0, 2.0), (INF, 10.0)], Some(2.0)),
            // 6 6 10 10: rank 8 lies half way from 2 to 3.
            (0.8, broken, Some(2.5)),
            (0.5, &[(1.0, 1.0), (2.0, 2.0)], None),
            (0.5, &[(INF, 2.0)], None),
            (0.5, &[], None),
            (0.5, &[(1.0, 0.0), (INF, 0.0)], None),
        ];
        for &(q, buckets, expected) in cases {
            let quantile = bucket_quantile(q, &mut buckets.to_vec());
            let close = match (quantile, expected) {
                (Some(a), Some(b)) => a == b || (a - b).abs() < 1e-12,
                (a, b) => a == b,
            };
            assert!(close, "{q} of {buckets:?}: {quantile:?}, not {expected:?}");
        }
    }

    #[test]
    fn float_noise_is_not_a_bucket() {
        // The +Inf bucket is larger by rounding only: the quantile is in the one before.
        let mut buckets = [
            (1.0, 5.0),
            (2.0, 10.0),
            (3.0, 10.000_000_000_000_002),
            (INF, 10.0),
        ];
        assert_eq!(bucket_quantile(1.0, &mut buckets), Some(2.0));
    }
}
