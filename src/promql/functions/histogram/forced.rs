//! The info that a histogram's counts had to be repaired, over all its steps.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::buckets::Repair;
use super::of_metric;
use crate::promql::error::{Annotations, Span};
use crate::promql::number::format_g;

/// The repairs of several histograms at several steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Forced {
    /// What they have in common.
    repair: Repair,
    /// The first step at which one was made, µs.
    from: i64,
    /// The last step at which one was made, µs.
    to: i64,
    /// How many there were, one a histogram and step.
    samples: usize,
}

/// The repairs of a query, whatever pieces it is evaluated in.
#[derive(Clone, Default)]
pub(crate) struct Repairs {
    /// By the place of a call's histograms in the text, and the metric's name.
    forced: BTreeMap<(Span, String), Forced>,
    /// The last step of each call's last evaluation, µs.
    counted_to: BTreeMap<Span, i64>,
}

impl Repairs {
    /// Up to which step, µs, a call's repairs have been counted.
    pub(super) fn counted_to(&self, span: Span) -> Option<i64> {
        self.counted_to.get(&span).copied()
    }

    /// Notes that they have been counted up to a step.
    pub(super) fn set_counted_to(&mut self, span: Span, step: i64) {
        let to = self.counted_to.entry(span).or_insert(step);
        *to = step.max(*to);
    }

    /// Adds a histogram's repairs.
    pub(super) fn add(&mut self, span: Span, name: &str, forced: Forced) {
        self.forced
            .entry((span, name.to_owned()))
            .and_modify(|all| all.merge(forced))
            .or_insert(forced);
    }

    /// Says what was repaired.
    pub(crate) fn annotate(&self, annotations: &mut Annotations) {
        for ((span, name), forced) in &self.forced {
            annotations.info(*span, forced.message(&of_metric(name)));
        }
    }
}

impl Forced {
    /// Adds the repair of one more step to those so far.
    #[cold]
    pub(super) fn add(all: &mut Option<Self>, repair: Repair, step: i64) {
        let one = Self {
            repair,
            from: step,
            to: step,
            samples: 1,
        };
        match all {
            Some(all) => all.merge(one),
            None => *all = Some(one),
        }
    }

    /// Takes over other repairs.
    pub(super) fn merge(&mut self, other: Self) {
        self.repair.widen(other.repair);
        self.from = self.from.min(other.from);
        self.to = self.to.max(other.to);
        self.samples += other.samples;
    }

    /// Says it in Prometheus' words (`util/annotations/annotations.go`).
    pub(super) fn message(&self, of_metric: &str) -> String {
        format!(
            "input to histogram_quantile needed to be fixed for monotonicity (see \
             https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)\
             {of_metric}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to {}",
            format_g(self.repair.min_bound),
            format_g(self.repair.max_bound),
            two_digits(self.repair.max_diff),
            self.samples,
            second(self.from),
            second(self.to),
        )
    }
}

/// Writes a difference with two significant digits, as Go's `%.2g` does.
fn two_digits(value: f64) -> String {
    if !value.is_finite() {
        return format_g(value);
    }
    let scientific = format!("{value:.1e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let digits = digits.strip_suffix(".0").unwrap_or(digits);
    match exponent.parse::<i32>() {
        Ok(exponent @ -4..=1) => {
            let decimals = i32::from(digits.contains('.')) - exponent;
            format!("{value:.*}", usize::try_from(decimals).unwrap_or(0))
        }
        Ok(exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        Err(_) => scientific,
    }
}

/// Writes the second of a step, which Prometheus cuts towards 1970.
fn second(micros: i64) -> String {
    let seconds = micros.div_euclid(1_000) / 1_000;
    DateTime::from_timestamp(seconds, 0).map_or_else(
        || seconds.to_string(),
        |time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_two_digits() {
        // Go 1.22: fmt.Sprintf("%.2g", v).
        for (value, text) in [
            (1.0, "1"),
            (0.5, "0.5"),
            (10.0, "10"),
            (10.4, "10"),
            (99.4, "99"),
            (99.6, "1e+02"),
            (123.0, "1.2e+02"),
            (100.0, "1e+02"),
            (1.25, "1.2"),
            (0.000_123_4, "0.00012"),
            (0.000_012_3, "1.2e-05"),
            (0.1, "0.1"),
            (0.001, "0.001"),
            (1e-12, "1e-12"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(two_digits(value), text);
        }
    }

    #[test]
    fn the_message_has_the_range_of_all() {
        let mut all = None;
        let repair = |bound, diff| Repair {
            min_bound: bound,
            max_bound: bound,
            max_diff: diff,
        };
        Forced::add(&mut all, repair(1.0, 12.5), 3_000_900_000);
        Forced::add(&mut all, repair(f64::INFINITY, 0.5), 3_060_000_000);
        Forced::add(&mut all, repair(0.25, 3.0), 3_030_000_000);
        assert_eq!(
            all.expect("three were added")
                .message(" for metric name \"x\""),
            "input to histogram_quantile needed to be fixed for monotonicity (see \
             https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) \
             for metric name \"x\", from buckets 0.25 to +Inf, with a max diff of 12, \
             over 3 samples from 1970-01-01T00:50:00Z to 1970-01-01T00:51:00Z"
        );
    }
}
