//! The names that Prometheus gives to OpenTelemetry's metrics and attributes.
//!
//! "Prometheus and OpenMetrics Compatibility" of OpenTelemetry's specification, as Prometheus'
//! OTLP endpoint does it by default (`UnderscoreEscapingWithSuffixes`): words are joined by
//! underscores, the unit is spelt out behind the name, monotonic sums end with `_total`, and
//! gauges without a dimension with `_ratio`.

use crate::model::MetricType;

/// Makes a metric's name.
pub(super) fn metric_name(name: &str, unit: &str, kind: Option<MetricType>) -> String {
    let keep = |c: char| c.is_ascii_alphanumeric() || c == ':';
    let mut words: Vec<&str> = name
        .split(|c| !keep(c))
        .filter(|word| !word.is_empty())
        .collect();
    let (main, per) = match unit.split_once('/') {
        Some((main, per)) => (main.trim(), per.trim()),
        None => (unit.trim(), ""),
    };
    let (main, per) = (spelt(main, main_unit), spelt(per, per_unit));
    if !main.is_empty() && !words.contains(&main.as_str()) {
        words.push(&main);
    }
    if !per.is_empty() && !words.contains(&per.as_str()) {
        words.extend(["per", per.as_str()]);
    }
    let last = match kind {
        Some(MetricType::Counter) => Some("total"),
        Some(MetricType::Gauge) if unit.trim() == "1" => Some("ratio"),
        _ => None,
    };
    if let Some(last) = last {
        words.retain(|word| *word != last);
        words.push(last);
    }
    let name = words.join("_");
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("_{name}");
    }
    name
}

/// Makes a label's name of an attribute's.
pub(super) fn label_name(key: &str) -> String {
    let name: String = key
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("key_{name}");
    }
    name
}

/// Spells a unit out; annotations (`{request}`) say nothing.
fn spelt(unit: &str, known: fn(&str) -> Option<&'static str>) -> String {
    if unit.contains(['{', '}']) {
        return String::new();
    }
    if let Some(name) = known(unit) {
        return name.to_owned();
    }
    let words = unit.split(|c: char| !c.is_ascii_alphanumeric() && c != ':');
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

fn main_unit(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tibibytes",
        "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "1" => "",
        "%" => "percent",
        _ => return None,
    })
}

fn per_unit(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        "y" => "year",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_prometheus_own() {
        use MetricType::{Counter, Gauge, Histogram};
        // Examples of the specification and of Prometheus' documentation.
        for (name, unit, kind, expected) in [
            (
                "http.server.request.duration",
                "s",
                Some(Histogram),
                "http_server_request_duration_seconds",
            ),
            (
                "http.server.active_requests",
                "{request}",
                Some(Gauge),
                "http_server_active_requests",
            ),
            (
                "system.cpu.utilization",
                "1",
                Some(Gauge),
                "system_cpu_utilization_ratio",
            ),
            ("system.io", "By", Some(Counter), "system_io_bytes_total"),
            (
                "http_requests_total",
                "",
                Some(Counter),
                "http_requests_total",
            ),
            (
                "storage.filesystem.usage",
                "By",
                Some(Gauge),
                "storage_filesystem_usage_bytes",
            ),
            (
                "network.transmitted",
                "KiBy/s",
                Some(Gauge),
                "network_transmitted_kibibytes_per_second",
            ),
            (
                "jvm.gc.duration_seconds",
                "s",
                Some(Histogram),
                "jvm_gc_duration_seconds",
            ),
            ("2xx", "{count}", None, "_2xx"),
            ("a..b__c", "foo-bar", None, "a_b_c_foo_bar"),
        ] {
            assert_eq!(metric_name(name, unit, kind), expected);
        }
        assert_eq!(
            label_name("http.response.status_code"),
            "http_response_status_code"
        );
        assert_eq!(label_name("5xx"), "key_5xx");
    }
}
