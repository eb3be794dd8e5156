//! Metrics of OTLP as Prometheus' OTLP endpoint stores them.
//!
//! `job` is the service (`namespace/name`), `instance` its instance; the other attributes of the
//! resource become labels of `target_info`. Histograms become `_bucket`, `_sum` and `_count`,
//! summaries their quantiles; a point without a recorded value is a stale marker.
//!
//! Deviations: where a resource has no `service.instance.id`, its pod, container or host is the
//! `instance`, since two pods would otherwise write one series. Points of delta temporality,
//! which Prometheus refuses, are kept as they are, as gauges without `_total` (a warning says
//! so). Exponential histograms keep their sum and count; their buckets go to the rejects.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::metric_name::{label_name, metric_name};
use super::value::{KeyValue, Number, Resource, micros, text_of};
use crate::ingest::{RecordSink, SeriesRef};
use crate::model::{Labels, METRIC_NAME, MetricMetadata, MetricType, Warning, stale_nan};

/// What identifies an instance, the surest first.
const INSTANCE: [&str; 5] = [
    "service.instance.id",
    "k8s.pod.name",
    "container.id",
    "host.name",
    "host.id",
];

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metric<'a> {
    name: String,
    description: String,
    unit: String,
    #[serde(borrow)]
    gauge: Option<Data<'a>>,
    #[serde(borrow)]
    sum: Option<Data<'a>>,
    #[serde(borrow)]
    histogram: Option<Data<'a>>,
    #[serde(borrow)]
    exponential_histogram: Option<Data<'a>>,
    #[serde(borrow)]
    summary: Option<Data<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data<'a> {
    #[serde(borrow)]
    data_points: Vec<&'a RawValue>,
    aggregation_temporality: Value,
    is_monotonic: bool,
}

impl Data<'_> {
    fn is_delta(&self) -> bool {
        let temporality = &self.aggregation_temporality;
        temporality.as_u64() == Some(1)
            || temporality
                .as_str()
                .is_some_and(|name| name.ends_with("DELTA"))
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Point {
    attributes: Vec<KeyValue>,
    time_unix_nano: Option<Number>,
    as_double: Option<Number>,
    as_int: Option<Number>,
    flags: u32,
    count: Option<Number>,
    sum: Option<Number>,
    bucket_counts: Vec<Number>,
    explicit_bounds: Vec<Number>,
    quantile_values: Vec<Quantile>,
}

#[derive(Deserialize)]
struct Quantile {
    quantile: Number,
    #[serde(default)]
    value: Option<Number>,
}

/// What kind of points a metric has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Histogram,
    Exponential,
    Summary,
}

/// Hands a part of the text to the rejects.
pub(super) type Reject<'r> = dyn FnMut(&mut dyn RecordSink, &str, &str) + 'r;

/// The series of a file.
#[derive(Default)]
pub(super) struct Metrics {
    series: HashMap<Vec<(String, String)>, SeriesRef>,
}

/// The metrics of one resource.
pub(super) struct ResourceMetrics<'m> {
    all: &'m mut Metrics,
    identity: Vec<(String, String)>,
    info: Vec<(String, String)>,
    last: Option<i64>,
}

impl Metrics {
    pub(super) fn resource(&mut self, resource: &Resource) -> ResourceMetrics<'_> {
        let name = resource.get("service.name");
        let job = match (resource.get("service.namespace"), name) {
            (Some(namespace), Some(name)) => Some(format!("{namespace}/{name}")),
            (_, name) => name,
        };
        let instance = INSTANCE.into_iter().find_map(|key| resource.get(key));
        let pair = |name: &str, value: Option<String>| value.map(|v| (name.to_owned(), v));
        let identity = [pair("job", job), pair("instance", instance)];
        let known = ["service.name", "service.namespace", "service.instance.id"];
        let others = resource.attributes.iter();
        let others = others.filter(|a| !known.contains(&a.key.as_str()));
        ResourceMetrics {
            all: self,
            identity: identity.into_iter().flatten().collect(),
            info: labels_of(others),
            last: None,
        }
    }
}

impl ResourceMetrics<'_> {
    /// Reads a metric with all its points.
    pub(super) fn read(&mut self, text: &str, sink: &mut dyn RecordSink, reject: &mut Reject<'_>) {
        let metric = match serde_json::from_str::<Metric<'_>>(text) {
            Ok(metric) => metric,
            Err(error) => return reject(sink, text, &format!("no valid metric: {error}")),
        };
        let kinds = [
            (&metric.gauge, Kind::Number),
            (&metric.sum, Kind::Number),
            (&metric.histogram, Kind::Histogram),
            (&metric.exponential_histogram, Kind::Exponential),
            (&metric.summary, Kind::Summary),
        ];
        let found = kinds
            .into_iter()
            .find_map(|(data, kind)| Some((data.as_ref()?, kind)));
        let Some((data, kind)) = found else {
            return reject(sink, text, "the metric has no data that is known here");
        };
        if metric.name.is_empty() {
            return reject(sink, text, "the metric has no name");
        }
        let is_delta = data.is_delta() && kind != Kind::Summary;
        let metric_type = match kind {
            _ if is_delta => (kind == Kind::Number).then_some(MetricType::Gauge),
            Kind::Number if metric.sum.is_some() && data.is_monotonic => Some(MetricType::Counter),
            Kind::Number => Some(MetricType::Gauge),
            Kind::Histogram => Some(MetricType::Histogram),
            Kind::Exponential => None,
            Kind::Summary => Some(MetricType::Summary),
        };
        let name = metric_name(&metric.name, &metric.unit, metric_type);
        if is_delta {
            sink.warn(Warning::new(
                "delta-temporality",
                format!(
                    "{name} has delta temporality: its samples are increases, to be added up \
                     with sum_over_time, never put into rate"
                ),
            ));
        }
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let metadata = MetricMetadata {
            metric_type,
            unit: some(&metric.unit),
            help: some(&metric.description),
        };
        sink.metadata(&name, metadata);
        for text in &data.data_points {
            if let Err(reason) = self.point(text.get(), &name, kind, sink) {
                reject(sink, text.get(), &reason);
            }
        }
    }

    fn point(
        &mut self,
        text: &str,
        name: &str,
        kind: Kind,
        sink: &mut dyn RecordSink,
    ) -> Result<(), String> {
        let point: Point =
            serde_json::from_str(text).map_err(|error| format!("no valid data point: {error}"))?;
        let at = point.time_unix_nano.and_then(Number::as_nanos);
        let at = at
            .filter(|at| *at > 0)
            .ok_or("the data point has no timeUnixNano")?;
        let ts = micros(at);
        // DataPointFlags: FLAG_NO_RECORDED_VALUE.
        let is_stale = point.flags & 1 == 1;
        let labels = labels_of(point.attributes.iter());
        let mut put = |suffix: &str, extra: Option<(&str, String)>, value: f64| {
            let name = format!("{name}{suffix}");
            let series = self.series(&name, &labels, extra, sink)?;
            sink.sample(series, ts, if is_stale { stale_nan() } else { value });
            Ok::<(), String>(())
        };
        let count = point.count.map_or(0.0, Number::as_f64);
        let sum = point.sum.map(Number::as_f64);
        match kind {
            Kind::Number => {
                let value = point.as_double.or(point.as_int).map(Number::as_f64);
                let value = match value {
                    Some(value) => value,
                    None if is_stale => 0.0,
                    None => return Err("the data point has no value".into()),
                };
                put("", None, value)?;
            }
            Kind::Histogram => {
                let (counts, bounds) = (&point.bucket_counts, &point.explicit_bounds);
                if !counts.is_empty() && counts.len() != bounds.len() + 1 {
                    return Err(format!(
                        "the histogram has {} counts for {} bounds",
                        counts.len(),
                        bounds.len()
                    ));
                }
                let mut below = 0.0;
                for (bound, count) in bounds.iter().zip(counts) {
                    below += count.as_f64();
                    put("_bucket", Some(("le", bound.as_f64().to_string())), below)?;
                }
                put("_bucket", Some(("le", "+Inf".to_owned())), count)?;
                put("_count", None, count)?;
                if let Some(sum) = sum {
                    put("_sum", None, sum)?;
                }
            }
            Kind::Exponential => {
                put("_count", None, count)?;
                if let Some(sum) = sum {
                    put("_sum", None, sum)?;
                }
                self.last = self.last.max(Some(ts));
                return Err(
                    "buckets of exponential histograms are not kept, only their sum and count"
                        .into(),
                );
            }
            Kind::Summary => {
                for quantile in &point.quantile_values {
                    let label = ("quantile", quantile.quantile.as_f64().to_string());
                    put("", Some(label), quantile.value.map_or(0.0, Number::as_f64))?;
                }
                put("_count", None, count)?;
                put("_sum", None, sum.unwrap_or(0.0))?;
            }
        }
        self.last = self.last.max(Some(ts));
        Ok(())
    }

    fn series(
        &mut self,
        name: &str,
        labels: &[(String, String)],
        extra: Option<(&str, String)>,
        sink: &mut dyn RecordSink,
    ) -> Result<SeriesRef, String> {
        let mut pairs: BTreeMap<String, String> = labels.iter().cloned().collect();
        pairs.extend(self.identity.iter().cloned());
        pairs.extend(extra.map(|(name, value)| (name.to_owned(), value)));
        pairs.insert(METRIC_NAME.to_owned(), name.to_owned());
        let key: Vec<(String, String)> = pairs.into_iter().collect();
        if let Some(series) = self.all.series.get(&key) {
            return Ok(*series);
        }
        let labels = Labels::from_pairs(key.iter().cloned()).map_err(|error| error.to_string())?;
        let series = sink.series(labels);
        self.all.series.insert(key, series);
        Ok(series)
    }

    /// Writes what else is known of the resource, as of its last point.
    pub(super) fn describe(&mut self, sink: &mut dyn RecordSink) {
        let Some(ts) = self
            .last
            .filter(|_| !self.info.is_empty() && !self.identity.is_empty())
        else {
            return;
        };
        let info = std::mem::take(&mut self.info);
        if let Ok(series) = self.series("target_info", &info, None, sink) {
            sink.sample(series, ts, 1.0);
        }
    }
}

/// Makes labels of attributes; those that get the same name share it, as in Prometheus:
/// `a;b`.
fn labels_of<'a>(attributes: impl Iterator<Item = &'a KeyValue>) -> Vec<(String, String)> {
    let mut sorted: Vec<&KeyValue> = attributes.collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for pair in sorted {
        let value = text_of(&pair.value);
        labels
            .entry(label_name(&pair.key))
            .and_modify(|held| {
                held.push(';');
                held.push_str(&value);
            })
            .or_insert(value);
    }
    labels
        .into_iter()
        .filter(|(name, _)| !name.is_empty())
        .collect()
}
