use crate::bottleneck::topology::Role;

/// How a quantity is made of roles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Formula {
    /// The role itself.
    One(Role),
    /// The first over the second.
    Ratio(Role, Role),
    /// The first over the second, at most 1.
    Share(Role, Role),
    /// The first over the sum of both.
    Fraction(Role, Role),
    /// One less the role.
    Complement(Role),
    /// One less the first over the second.
    ComplementRatio(Role, Role),
    /// A quantile of cumulative buckets.
    Bucket(f64),
    /// The fullest partition over an even share.
    Skew,
}

impl Formula {
    pub(super) fn roles(self) -> [Option<Role>; 2] {
        match self {
            Self::One(role) | Self::Complement(role) => [Some(role), None],
            Self::Ratio(a, b)
            | Self::Share(a, b)
            | Self::Fraction(a, b)
            | Self::ComplementRatio(a, b) => [Some(a), Some(b)],
            Self::Bucket(_) => [Some(Role::LatencyBucket), None],
            Self::Skew => [Some(Role::PartitionArrivals), None],
        }
    }
}

/// Interpolates a quantile of cumulative buckets, as `histogram_quantile` does.
pub(super) fn bucket_quantile(q: f64, buckets: &mut Vec<(f64, f64)>) -> f64 {
    buckets.retain(|(bound, count)| !bound.is_nan() && count.is_finite());
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some(&(last, total)) = buckets.last() else {
        return f64::NAN;
    };
    if total <= 0.0 || last.is_finite() {
        return f64::NAN;
    }
    let rank = q * total;
    let mut below = (0.0, 0.0);
    for &(bound, count) in buckets.iter() {
        if count >= rank {
            if bound.is_infinite() {
                return below.0;
            }
            let inside = count - below.1;
            let share = if inside > 0.0 {
                (rank - below.1) / inside
            } else {
                1.0
            };
            return below.0 + (bound - below.0) * share;
        }
        below = (bound, count.max(below.1));
    }
    below.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_prometheus() {
        // histogram_quantile(0.5, …) and (0.9, …) of 1: 4, 2: 6, +Inf: 10.
        let buckets = || vec![(f64::INFINITY, 10.0), (1.0, 4.0), (2.0, 6.0)];
        assert_eq!(bucket_quantile(0.5, &mut buckets()), 1.5);
        assert_eq!(bucket_quantile(0.9, &mut buckets()), 2.0);
        assert!(bucket_quantile(0.5, &mut vec![(1.0, 4.0)]).is_nan());
        assert!(bucket_quantile(0.5, &mut Vec::new()).is_nan());
    }
}
