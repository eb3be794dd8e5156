//! The statistics of a data file as the Delta log keeps them.
//!
//! Source: the Delta protocol, "Per-file Statistics". Times are written with
//! milliseconds there, so a minimum is rounded down and a maximum up.

use arrow::array::{Array, StringArray, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Datelike, SecondsFormat};
use serde_json::{Map, Value, json};

/// Row count of a data file, and the range of the columns by which files are skipped.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileStats {
    /// Rows.
    pub rows: u64,
    /// First and last `ts` (µs), rounded outwards to ms; `None` where the table has none.
    pub ts: Option<(i64, i64)>,
    /// Least and greatest `metric`.
    pub metric: Option<(String, String)>,
}

impl FileStats {
    /// Takes more rows into account.
    pub(crate) fn update(&mut self, batch: &RecordBatch) {
        self.rows += batch.num_rows() as u64;
        if batch.num_rows() == 0 {
            return;
        }
        let column = |name| batch.column_by_name(name);
        if let Some(ts) =
            column("ts").and_then(|c| c.as_any().downcast_ref::<TimestampMicrosecondArray>())
            && let (Some(min), Some(max)) = (arrow::compute::min(ts), arrow::compute::max(ts))
        {
            self.cover_ts(min, max);
        }
        if let Some(metric) =
            column("metric").and_then(|c| c.as_any().downcast_ref::<StringArray>())
            && let (Some(min), Some(max)) = (
                arrow::compute::min_string(metric),
                arrow::compute::max_string(metric),
            )
        {
            self.cover_metric(min, max);
        }
    }

    /// Widens the range of `ts`.
    pub(crate) fn cover_ts(&mut self, min: i64, max: i64) {
        let (min, max) = (floor_ms(min), ceil_ms(max));
        self.ts = Some(match self.ts {
            Some((a, b)) => (a.min(min), b.max(max)),
            None => (min, max),
        });
    }

    /// Widens the range of `metric`.
    pub(crate) fn cover_metric(&mut self, min: &str, max: &str) {
        match &mut self.metric {
            Some((a, b)) => {
                if min < a.as_str() {
                    min.clone_into(a);
                }
                if max > b.as_str() {
                    max.clone_into(b);
                }
            }
            None => self.metric = Some((min.to_owned(), max.to_owned())),
        }
    }

    /// Writes the JSON text of an `add` action.
    pub(crate) fn to_json(&self) -> String {
        let (mut min, mut max) = (Map::new(), Map::new());
        if let Some((a, b)) = self.ts
            && let (Some(a), Some(b)) = (iso_ms(a), iso_ms(b))
        {
            min.insert("ts".into(), a);
            max.insert("ts".into(), b);
        }
        if let Some((a, b)) = &self.metric {
            min.insert("metric".into(), json!(a));
            max.insert("metric".into(), json!(b));
        }
        json!({ "numRecords": self.rows, "minValues": min, "maxValues": max, "nullCount": {} })
            .to_string()
    }

    /// Reads the JSON text of an `add` action; what is not there is `None`.
    pub(crate) fn from_json(text: &str) -> Self {
        let value: Value = serde_json::from_str(text).unwrap_or_default();
        let time = |side: &str| {
            let text = value[side]["ts"].as_str()?;
            Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp_micros())
        };
        let metric = |side: &str| Some(value[side]["metric"].as_str()?.to_owned());
        Self {
            rows: value["numRecords"].as_u64().unwrap_or(0),
            ts: time("minValues").zip(time("maxValues")),
            metric: metric("minValues").zip(metric("maxValues")),
        }
    }
}

fn floor_ms(micros: i64) -> i64 {
    micros.div_euclid(1_000) * 1_000
}

fn ceil_ms(micros: i64) -> i64 {
    micros
        .checked_add(999)
        .map_or(micros, |up| up.div_euclid(1_000) * 1_000)
}

fn iso_ms(micros: i64) -> Option<Value> {
    let time = DateTime::from_timestamp_micros(micros)?;
    // Year 10,000, to which the last millisecond is rounded up, has no place in RFC 3339.
    if !(0..=9_999).contains(&time.year()) {
        return None;
    }
    Some(json!(time.to_rfc3339_opts(SecondsFormat::Millis, true)))
}
