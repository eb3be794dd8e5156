use super::Line;
use super::summary::Course;
use crate::model::{Labels, METRIC_NAME};
use crate::promql::{Steps, is_absent};
use crate::report::{Chart, ChartKind, ChartSeries, ChartX};

/// Series that a picture shows.
const MAX_SERIES: usize = 8;

/// Draws the series that move most, in the order of the value; nothing where
/// there is no line to draw.
///
/// Of ten targets of which one was down, that one must be in the picture. Where
/// series move alike, the higher are drawn.
pub(super) fn chart(lines: &[Line<'_>], telling: &[&str], steps: Steps) -> Option<Chart> {
    if lines.is_empty() || steps.len < 2 {
        return None;
    }
    let mut shown: Vec<usize> = (0..lines.len()).collect();
    if lines.len() > MAX_SERIES {
        let known = |value: f64| {
            if value.is_nan() {
                f64::NEG_INFINITY
            } else {
                value
            }
        };
        let ranks: Vec<(f64, f64)> = lines
            .iter()
            .map(Course::of)
            .map(|course| (known(course.max - course.min), known(course.avg)))
            .collect();
        shown.sort_by(|a, b| {
            let (a, b) = (ranks[*a], ranks[*b]);
            b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1))
        });
        shown.truncate(MAX_SERIES);
        shown.sort_unstable();
    }
    let series = shown.iter().map(|&at| ChartSeries {
        group: None,
        name: name(lines[at].labels, telling),
        values: values(&lines[at], steps),
    });
    let y_title = if lines.len() > MAX_SERIES {
        format!(
            "{MAX_SERIES} of {} series, those that move most",
            lines.len()
        )
    } else {
        "value".to_owned()
    };
    Some(Chart {
        title: None,
        kind: ChartKind::Line,
        x: ChartX::Time(steps.iter().collect()),
        x_title: "ts".to_owned(),
        y_title,
        unit: None,
        series: series.collect(),
        bands: Vec::new(),
        mark: None,
    })
}

/// Values for every step, NaN where there is none.
fn values(line: &Line<'_>, steps: Steps) -> Vec<f64> {
    let mut values = line.values.to_vec();
    for value in values.iter_mut().filter(|value| is_absent(**value)) {
        *value = f64::NAN;
    }
    values.resize(steps.len, f64::NAN);
    values
}

/// What tells a series from the others: `checkout` where one label does, else
/// `service=checkout, code=200`.
fn name(labels: Option<&Labels>, telling: &[&str]) -> String {
    let Some(labels) = labels else {
        return "scalar".to_owned();
    };
    match telling {
        [] => labels.to_string(),
        [only] => labels.get(only).unwrap_or("–").to_owned(),
        several => {
            let parts = several.iter().map(|name| {
                let value = labels.get(name).unwrap_or("–");
                if *name == METRIC_NAME {
                    value.to_owned()
                } else {
                    format!("{name}={value}")
                }
            });
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}
