use std::ops::Range;

use super::formula::{Formula, bucket_quantile};
use crate::bottleneck::history::{RoleSeries, Window, bin_count};
use crate::bottleneck::topology::{Combine, Role};

/// The series of a stage, by role.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    series: Vec<&'a RoleSeries>,
}

impl<'a> Sources<'a> {
    /// Takes the series that have a sample before or during.
    pub(super) fn new(series: &'a [RoleSeries], window: &Window) -> Self {
        let in_window = |s: &&RoleSeries| {
            s.has_samples(&window.during)
                || s.has_samples(&window.before)
                || window.reference.as_ref().is_some_and(|r| s.has_samples(r))
        };
        let mut series: Vec<&RoleSeries> = series.iter().filter(in_window).collect();
        series.sort_by(|a, b| (a.role, &a.name).cmp(&(b.role, &b.name)));
        Self { series }
    }

    pub(super) fn has(&self, role: Role) -> bool {
        self.of(role).next().is_some()
    }

    fn of(&self, role: Role) -> impl Iterator<Item = &'a RoleSeries> {
        self.series.iter().copied().filter(move |s| s.role == role)
    }

    /// The tags of a role, where its series have at least two.
    pub(super) fn tags(&self, role: Role) -> Vec<String> {
        let mut tags: Vec<String> = self.of(role).filter_map(|s| s.tag.clone()).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    /// The same with only one tag of a role.
    pub(super) fn tagged(&self, role: Role, tag: &str) -> Self {
        let keep = |s: &&&RoleSeries| s.role != role || s.tag.as_deref() == Some(tag);
        Self {
            series: self.series.iter().filter(keep).copied().collect(),
        }
    }

    /// The names of the series that a formula reads.
    pub(super) fn names(&self, formula: Formula) -> Vec<String> {
        let roles = formula.roles();
        let reads = |s: &&&RoleSeries| roles.contains(&Some(s.role));
        self.series
            .iter()
            .filter(reads)
            .map(|s| s.name.clone())
            .collect()
    }

    /// The distance of samples of the coarsest series that a formula reads, µs.
    pub(super) fn spacing(&self, formula: Formula, window: &Window) -> i64 {
        let roles = formula.roles();
        self.series
            .iter()
            .filter(|s| roles.contains(&Some(s.role)))
            .filter_map(|s| {
                s.spacing(&window.during)
                    .or_else(|| s.spacing(&window.before))
                    .or_else(|| window.reference.as_ref().and_then(|r| s.spacing(r)))
            })
            .max()
            .unwrap_or(60_000_000)
    }

    /// The values of a formula in the bins of a range.
    pub(super) fn values(&self, formula: Formula, range: &Range<i64>, width: i64) -> Vec<f64> {
        let both = |a, b, of: fn(f64, f64) -> f64| -> Vec<f64> {
            let over = self.combined(a, range, width);
            let under = self.combined(b, range, width);
            over.into_iter().zip(under).map(|(o, u)| of(o, u)).collect()
        };
        match formula {
            Formula::One(role) => self.combined(role, range, width),
            Formula::Ratio(a, b) => both(a, b, ratio),
            // Attempts made again may fail more often than there are items.
            Formula::Share(a, b) => both(a, b, |a, b| ratio(a, b).clamp(0.0, 1.0)),
            Formula::Fraction(a, b) => both(a, b, |a, b| ratio(a, a + b)),
            Formula::ComplementRatio(a, b) => both(a, b, |a, b| 1.0 - ratio(a, b)),
            Formula::Complement(role) => {
                let values = self.combined(role, range, width);
                values.into_iter().map(|v| 1.0 - v).collect()
            }
            Formula::Bucket(q) => self.quantiles(q, range, width),
            Formula::Skew => self.skew(range, width),
        }
    }

    fn combined(&self, role: Role, range: &Range<i64>, width: i64) -> Vec<f64> {
        let mut all = vec![f64::NAN; bin_count(range, width)];
        let combine = role.combine();
        for series in self.of(role) {
            for (sum, value) in all.iter_mut().zip(series.bins(range, width)) {
                *sum = match combine {
                    _ if value.is_nan() => *sum,
                    _ if sum.is_nan() => value,
                    Combine::Sum => *sum + value,
                    Combine::Max => sum.max(value),
                    Combine::Min => sum.min(value),
                };
            }
        }
        all
    }

    fn quantiles(&self, q: f64, range: &Range<i64>, width: i64) -> Vec<f64> {
        let bounds: Vec<(f64, Vec<f64>)> = self
            .of(Role::LatencyBucket)
            .filter_map(|s| {
                let text = s.tag.as_deref()?;
                let bound = text.parse::<f64>().ok()? * s.scale;
                let counted = RoleSeries {
                    scale: 1.0,
                    ..s.clone()
                };
                Some((bound, counted.bins(range, width)))
            })
            .collect();
        (0..bin_count(range, width))
            .map(|bin| {
                let mut buckets: Vec<(f64, f64)> = Vec::new();
                for (bound, counts) in &bounds {
                    let count = counts[bin];
                    match buckets.iter_mut().find(|b| b.0 == *bound) {
                        Some(bucket) if count.is_finite() => bucket.1 += count,
                        Some(_) => {}
                        None if count.is_finite() => buckets.push((*bound, count)),
                        None => {}
                    }
                }
                bucket_quantile(q, &mut buckets)
            })
            .collect()
    }

    fn skew(&self, range: &Range<i64>, width: i64) -> Vec<f64> {
        let parts: Vec<Vec<f64>> = self
            .of(Role::PartitionArrivals)
            .map(|s| s.bins(range, width))
            .collect();
        (0..bin_count(range, width))
            .map(|bin| {
                let mut total = 0.0;
                let mut fullest = 0.0_f64;
                let mut count = 0.0;
                for part in &parts {
                    if part[bin].is_finite() {
                        total += part[bin];
                        fullest = fullest.max(part[bin]);
                        count += 1.0;
                    }
                }
                if count < 2.0 || total <= 0.0 {
                    f64::NAN
                } else {
                    fullest / (total / count)
                }
            })
            .collect()
    }
}

fn ratio(over: f64, under: f64) -> f64 {
    if under > 0.0 { over / under } else { f64::NAN }
}
