use std::sync::Arc;

use super::*;
use crate::promql::{ABSENT, RawSeries, Series};
use crate::report::ChartX;

fn series(pairs: &[(&str, &str)], values: &[f64]) -> Series {
    let labels = Labels::from_pairs(pairs.iter().copied()).expect("distinct labels");
    Series {
        labels: Arc::new(labels),
        drop_name: false,
        values: values.to_vec(),
    }
}

fn cells(table: &Table) -> Vec<String> {
    let columns: Vec<Vec<String>> = (0..table.columns.len())
        .map(|column| table.cells(column).map(|cell| cell.plain()).collect())
        .collect();
    let names = table.columns.iter().map(|column| column.name.as_str());
    let mut lines = vec![names.collect::<Vec<_>>().join(" ")];
    for row in 0..table.num_rows() {
        let cells: Vec<&str> = columns.iter().map(|cells| cells[row].as_str()).collect();
        lines.push(cells.join(" "));
    }
    lines
}

fn document(value: &Value, steps: Steps, is_instant: bool, layout: Layout) -> Document {
    let result = PromqlResult {
        query: "q",
        value,
        steps,
        is_instant,
    };
    result.document(layout).expect("a document")
}

#[test]
fn rows_have_every_sample_and_no_absent_one() {
    let value = Value::Vector(vec![
        series(&[("__name__", "up"), ("job", "a")], &[1.0, ABSENT]),
        series(&[("job", "b"), ("value", "x")], &[ABSENT, f64::NAN]),
        series(&[("job", "never")], &[ABSENT, ABSENT]),
    ]);
    let steps = Steps::range(0, 60_000_000, 60_000_000);
    let rows = document(&value, steps, false, Layout::Rows);
    assert_eq!(
        cells(rows.tables().next().expect("a table")),
        [
            "ts metric job label_value value",
            "1970-01-01T00:00:00Z up a null 1",
            "1970-01-01T00:01:00Z null b x NaN",
        ]
    );
    assert_eq!(
        rows.provenance.range,
        Some(TimeRange {
            start: 0,
            end: 60_000_000
        })
    );
}

#[test]
fn people_see_what_a_series_went_through() {
    let value = Value::Vector(vec![
        series(&[("job", "a"), ("env", "x")], &[4.0, ABSENT, 1.0, 7.0]),
        series(&[("job", "b"), ("env", "x")], &[f64::NAN; 4]),
    ]);
    let steps = Steps::range(0, 3, 1);
    let shown = document(&value, steps, false, Layout::People);
    let [
        Block::Paragraph(common),
        Block::Chart(chart),
        Block::Table(_),
    ] = &shown.blocks[..]
    else {
        panic!("{:?}", shown.blocks);
    };
    assert_eq!(common, "All 2 series: env=x");
    assert_eq!(chart.x, ChartX::Time(vec![0, 1, 2, 3]));
    let names: Vec<&str> = chart.series.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(chart.series[0].values[1].is_nan());
    assert_eq!(
        cells(shown.tables().next().expect("a table")),
        [
            "job points first min avg max last",
            "a 3 4 1 4 7 7",
            "b 4 NaN NaN NaN NaN NaN",
        ]
    );
}

#[test]
fn a_picture_shows_what_moves_most_of_many() {
    let many = (0..10)
        .map(|i| {
            let (pod, zone) = (format!("p{i}"), if i < 5 { "a" } else { "" });
            series(&[("pod", pod.as_str()), ("zone", zone)], &[f64::from(i); 2])
        })
        .collect();
    let shown = document(
        &Value::Vector(many),
        Steps::range(0, 1, 1),
        false,
        Layout::People,
    );
    let Some(Block::Chart(chart)) = shown.blocks.first() else {
        panic!("no chart");
    };
    assert_eq!(chart.series.len(), 8);
    assert_eq!(chart.series[0].name, "pod=p2, zone=a");
    assert_eq!(chart.series[7].name, "pod=p9, zone=–");
    assert!(chart.y_title.starts_with("8 of 10 series"));

    // The one that was down for a while.
    let many = (0..10)
        .map(|i| {
            let down = if i == 3 { 0.0 } else { 1.0 };
            series(&[("pod", format!("p{i}").as_str())], &[1.0, down])
        })
        .collect();
    let steps = Steps::range(0, 1, 1);
    let shown = document(&Value::Vector(many), steps, false, Layout::People);
    let Some(Block::Chart(chart)) = shown.blocks.first() else {
        panic!("no chart");
    };
    assert!(chart.series.iter().any(|one| one.name == "p3"));
}

#[test]
fn instants_scalars_strings_and_raw_samples_are_tables() {
    let first = |value: &Value, layout| {
        let document = document(value, Steps::instant(1_000_000), true, layout);
        assert_eq!(document.provenance.range, None);
        cells(document.tables().next().expect("a table"))
    };
    let value = Value::Vector(vec![series(&[("metric", "x")], &[0.5])]);
    assert_eq!(
        first(&value, Layout::People),
        ["label_metric value", "x 0.5"]
    );
    assert_eq!(
        first(&Value::Vector(Vec::new()), Layout::Rows),
        ["ts value"]
    );
    assert_eq!(
        first(&Value::Scalar(vec![3.0]), Layout::People),
        ["value", "3"]
    );
    assert_eq!(
        first(&Value::String("yes".into()), Layout::People),
        ["ts value", "1970-01-01T00:00:01Z yes"]
    );
    let raw = Value::Matrix(vec![RawSeries {
        labels: Arc::new(Labels::from_pairs([("__name__", "up")]).expect("one label")),
        timestamps: vec![0, 500_000],
        values: vec![1.0, 2.0],
    }]);
    assert_eq!(
        first(&raw, Layout::People),
        [
            "ts metric value",
            "1970-01-01T00:00:00Z up 1",
            "1970-01-01T00:00:00.500Z up 2"
        ]
    );
}
