use chrono_tz::Tz;

use crate::model::{Warning, format_timestamp};
use crate::query::EmptySelector;

/// Says that a selector has nothing, why, and what may have been meant.
pub(in crate::cli) fn warning(selector: &str, reason: &EmptySelector, tz: Tz) -> Warning {
    let why = match reason {
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
            let series = crate::cli::load_summary::thousands(*series as u64);
            format!("none of its {series} series has a sample at the times asked for{stored}")
        }
    };
    Warning::new("empty-selector", format!("{selector} has nothing: {why}"))
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
