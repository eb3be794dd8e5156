use std::sync::Arc;

use arrow::array::{Float64Array, UInt64Array};
use arrow::error::ArrowError;

use super::label_columns::{LabelNames, label_columns};
use super::{Line, Table};
use crate::model::METRIC_NAME;

/// What stands beside the labels.
const COLUMNS: [&str; 6] = ["points", "first", "min", "avg", "max", "last"];

/// A row a series: the labels by which they differ, how many points it has, and
/// what they went through.
pub(super) fn table(lines: &[Line<'_>], names: &LabelNames<'_>) -> Result<Table, ArrowError> {
    let mut columns = label_columns(lines, &names.telling, &COLUMNS);
    let courses: Vec<Course> = lines.iter().map(Course::of).collect();
    let points = courses.iter().map(|course| course.points);
    columns.push((
        "points".to_owned(),
        Arc::new(UInt64Array::from_iter_values(points)),
    ));
    let values: [fn(&Course) -> f64; 5] = [
        |course| course.first,
        |course| course.min,
        |course| course.avg,
        |course| course.max,
        |course| course.last,
    ];
    for (name, value) in COLUMNS.iter().skip(1).zip(values) {
        let values = Float64Array::from_iter_values(courses.iter().map(value));
        columns.push(((*name).to_owned(), Arc::new(values)));
    }
    Table::from_columns(columns)
}

/// Says which labels all series have alike; nothing where there are none.
pub(super) fn common(lines: &[Line<'_>], names: &LabelNames<'_>) -> Option<String> {
    if names.common.is_empty() {
        return None;
    }
    let labels = names.common.iter().map(|(name, value)| match *name {
        METRIC_NAME => (*value).to_owned(),
        name => format!("{name}={value}"),
    });
    let labels = labels.collect::<Vec<_>>().join(", ");
    Some(match lines.len() {
        1 => format!("The series: {labels}"),
        count => format!("All {count} series: {labels}"),
    })
}

/// What a series' values went through; NaN counts for none of the three in the
/// middle, unless there is nothing else.
pub(super) struct Course {
    points: u64,
    first: f64,
    pub(super) min: f64,
    pub(super) avg: f64,
    pub(super) max: f64,
    last: f64,
}

impl Course {
    pub(super) fn of(line: &Line<'_>) -> Self {
        let mut course = Self {
            points: 0,
            first: f64::NAN,
            min: f64::NAN,
            avg: f64::NAN,
            max: f64::NAN,
            last: f64::NAN,
        };
        let mut numbers = 0_u64;
        for (_, value) in line.samples() {
            if course.points == 0 {
                course.first = value;
            }
            course.points += 1;
            course.last = value;
            if value.is_nan() {
                continue;
            }
            numbers += 1;
            course.min = course.min.min(value);
            course.max = course.max.max(value);
            // Welford's mean: sums of large values do not overflow.
            course.avg = if numbers == 1 || course.avg == value {
                value
            } else {
                course.avg + (value - course.avg) / numbers as f64
            };
        }
        course
    }
}
