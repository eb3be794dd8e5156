/// What kind of values a metric has (OpenMetrics 1.0 §"Metric Types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetricType {
    /// A count that only rises, but for resets.
    Counter,
    /// A value that may rise and fall.
    Gauge,
    /// Cumulative buckets with `le`, `_sum` and `_count`.
    Histogram,
    /// Quantiles computed by the client, `_sum` and `_count`.
    Summary,
}

impl MetricType {
    /// Returns the name as exposition formats write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }

    /// Reads the name as exposition formats write it; `None` for `unknown`,
    /// `untyped`, `info`, `stateset` and anything else.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "counter" => Self::Counter,
            "gauge" => Self::Gauge,
            "histogram" => Self::Histogram,
            "summary" => Self::Summary,
            _ => return None,
        })
    }
}

/// What an export says of a metric beside its samples.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetricMetadata {
    /// The type, where the export states it.
    pub metric_type: Option<MetricType>,
    /// The unit, where the export states it.
    pub unit: Option<String>,
    /// The help text.
    pub help: Option<String>,
}
