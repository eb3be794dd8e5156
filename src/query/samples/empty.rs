//! Why a selector means no series.

use chrono_tz::Tz;

use super::catalog::Catalog;
use crate::model::{METRIC_NAME, did_you_mean, format_timestamp};
use crate::promql::{MatchOp, Matcher};

/// Names and values that are offered at most.
const OFFERS: usize = 3;

/// Why a selector has no samples, and what may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmptySelector {
    /// No metric has a name that meets the matchers.
    NoMetric {
        /// What was asked for.
        metric: String,
        /// Metrics of a similar name, the nearest first.
        similar: Vec<String>,
    },
    /// The metric is there, but none of its series has the label.
    NoLabel {
        /// The metric; `None` where the selector names no single one.
        metric: Option<String>,
        /// The label that was asked for.
        label: String,
        /// Labels of a similar name, the nearest first.
        similar: Vec<String>,
    },
    /// The label is there, but no value of it meets the matcher.
    NoValue {
        /// The metric; `None` where the selector names no single one.
        metric: Option<String>,
        /// The label.
        label: String,
        /// The value or the pattern that was asked for.
        value: String,
        /// Values that are there and similar, the nearest first; where none is,
        /// the first ones.
        similar: Vec<String>,
    },
    /// Each matcher is met by some series, but no series meets all.
    NoCombination {
        /// The metric; `None` where the selector names no single one.
        metric: Option<String>,
    },
    /// There are such series, but they have no samples at the times asked for.
    NoSamples {
        /// How many series.
        series: usize,
        /// The first and the last time of any sample in the store, µs, rounded
        /// outwards to ms.
        stored: Option<(i64, i64)>,
    },
}

impl EmptySelector {
    /// Says why, and what may have been meant; times are written in `tz`.
    pub fn sentence(&self, tz: Tz) -> String {
        match self {
            EmptySelector::NoMetric { metric, similar } => {
                format!("there is no metric {metric:?}{}", meant(similar))
            }
            EmptySelector::NoLabel {
                metric,
                label,
                similar,
            } => format!(
                "no series{} has a label {label:?}{}",
                of(metric.as_deref()),
                meant(similar)
            ),
            EmptySelector::NoValue {
                metric,
                label,
                value,
                similar,
            } => format!(
                "label {label:?} of no series{} fits {value:?}{}",
                of(metric.as_deref()),
                there(similar)
            ),
            EmptySelector::NoCombination { metric } => format!(
                "some series{} fit each of its matchers, but none fits all",
                of(metric.as_deref())
            ),
            EmptySelector::NoSamples { series, stored } => {
                let stored = stored.map_or_else(String::new, |(first, last)| {
                    let (first, last) = (format_timestamp(first, tz), format_timestamp(last, tz));
                    format!(" (the store has samples from {first} to {last})")
                });
                format!("none of its {series} series has a sample at the times asked for{stored}")
            }
        }
    }
}

pub(super) fn explain(catalog: &Catalog, matchers: &[Matcher]) -> Option<EmptySelector> {
    let on_name = || matchers.iter().filter(|m| m.name == METRIC_NAME);
    let names = catalog.names_for(matchers);
    if names.is_empty() {
        let asked = on_name().find(|m| matches!(m.op, MatchOp::Equal));
        let metric = asked.or_else(|| on_name().next())?.value.clone();
        let similar = nearest(&metric, catalog.names());
        return Some(EmptySelector::NoMetric { metric, similar });
    }
    let metric = match names[..] {
        [name] => Some(name.to_owned()),
        _ => None,
    };
    let series = || names.iter().flat_map(|name| catalog.series_of(name));
    for matcher in matchers.iter().filter(|m| m.name != METRIC_NAME) {
        if series().any(|s| matcher.matches_in(&s.labels)) {
            continue;
        }
        let label = matcher.name.clone();
        let mut values: Vec<&str> = series().filter_map(|s| s.labels.get(&label)).collect();
        values.sort_unstable();
        values.dedup();
        if values.is_empty() {
            let mut labels: Vec<&str> = series()
                .flat_map(|s| s.labels.without_name().map(|(name, _)| name))
                .collect();
            labels.sort_unstable();
            labels.dedup();
            let similar = nearest(&label, labels);
            return Some(EmptySelector::NoLabel {
                metric,
                label,
                similar,
            });
        }
        let mut similar = nearest(&matcher.value, values.iter().copied());
        if similar.is_empty() {
            similar = values.iter().take(OFFERS).map(|&v| v.to_owned()).collect();
        }
        return Some(EmptySelector::NoValue {
            metric,
            label,
            value: matcher.value.clone(),
            similar,
        });
    }
    let none = series().all(|s| !matchers.iter().all(|m| m.matches_in(&s.labels)));
    none.then_some(EmptySelector::NoCombination { metric })
}

fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut candidates: Vec<&str> = candidates.into_iter().collect();
    let mut found = Vec::new();
    while found.len() < OFFERS {
        let Some(near) = did_you_mean(word, candidates.iter().copied()) else {
            break;
        };
        found.push(near.to_owned());
        candidates.retain(|candidate| *candidate != near);
    }
    found
}

fn of(metric: Option<&str>) -> String {
    metric.map_or_else(String::new, |metric| format!(" of {metric}"))
}

fn meant(similar: &[String]) -> String {
    if similar.is_empty() {
        return String::new();
    }
    format!("; did you mean {}?", similar.join(" or "))
}

fn there(values: &[String]) -> String {
    if values.is_empty() {
        return String::new();
    }
    let values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    format!("; there is {}", values.join(", "))
}
