//! Writes what was recorded, one file a format.

pub(super) mod csv_tall;
pub(super) mod csv_wide;
pub(super) mod elasticsearch;
pub(super) mod events;
pub(super) mod exposition;
pub(super) mod jaeger;
pub(super) mod job_runs;
pub(super) mod json_logs;
pub(super) mod openmetrics;
pub(super) mod output;
pub(super) mod prometheus_api;
pub(super) mod rules;
pub(super) mod truth;
pub(super) mod tsdb_dump;
pub(super) mod victoriametrics;

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;

use crate::model::format_timestamp;

use super::catalogue::{MetricEntry, MetricFile, find};
use super::metrics::{Recorder, Series};

/// The series of one metric that differ in `le` at most.
pub(super) struct Group<'a> {
    pub(super) series: Vec<&'a Series>,
}

/// A metric and its groups.
pub(super) struct Family<'a> {
    pub(super) entry: &'static MetricEntry,
    pub(super) groups: Vec<Group<'a>>,
}

/// Sorts a file's series into families, in the order of their recording.
pub(super) fn families(recorder: &Recorder, file: MetricFile) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for series in recorder.series.iter().filter(|s| s.file == file) {
        let Some(entry) = entry_of(series) else {
            continue;
        };
        let index = families
            .iter()
            .position(|f| f.entry.name == entry.name)
            .unwrap_or_else(|| {
                families.push(Family {
                    entry,
                    groups: Vec::new(),
                });
                families.len() - 1
            });
        let groups = &mut families[index].groups;
        let found = groups
            .iter_mut()
            .find(|g| g.series.first().is_some_and(|s| same_but_le(s, series)));
        match found {
            Some(group) => group.series.push(series),
            None => groups.push(Group {
                series: vec![series],
            }),
        }
    }
    families
}

/// The catalogue's entry for a series.
pub(super) fn entry_of(series: &Series) -> Option<&'static MetricEntry> {
    // `up` is scraped with every target and stands in the catalogue once.
    if series.name == "up" {
        return find(MetricFile::Collectors, "up");
    }
    find(series.file, &series.name).or_else(|| {
        ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|suffix| find(series.file, series.name.strip_suffix(suffix)?))
    })
}

fn same_but_le(a: &Series, b: &Series) -> bool {
    let labels = |s: &'_ Series| {
        s.labels
            .iter()
            .filter(|(n, _)| n != "le")
            .cloned()
            .collect::<Vec<_>>()
    };
    labels(a) == labels(b)
}

/// Writes `name{a="b",c="d"}`.
pub(super) fn selector(series: &Series) -> String {
    let mut text = series.name.clone();
    text.push('{');
    for (index, (name, value)) in series.labels.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{name}={value:?}");
    }
    text.push('}');
    text
}

/// Writes a time with whole seconds, RFC 3339.
pub(super) fn time_s(ts: i64) -> String {
    format_timestamp(ts / 1_000_000 * 1_000_000, Tz::UTC)
}

/// Writes a time with three decimals, RFC 3339.
pub(super) fn time_ms(ts: i64) -> String {
    let time = DateTime::from_timestamp_micros(ts).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Writes a day as Elasticsearch's index names do: `2026.04.20`.
pub(super) fn date_dots(ts: i64) -> String {
    let time = DateTime::from_timestamp_micros(ts).unwrap_or_default();
    time.format("%Y.%m.%d").to_string()
}

/// Writes a number as Go's `%g` does: shortest digits, with an exponent below −4
/// and from 6 on (strconv/ftoa.go).
pub(super) fn go_g(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return format!("{value}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_numbers_as_go_does() {
        // fmt.Sprintf("%g") in Go.
        for (value, text) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (123_456_789.0, "1.23456789e+08"),
            (0.00001, "1e-05"),
            (-2.0, "-2"),
        ] {
            assert_eq!(go_g(value), text);
        }
    }
}
