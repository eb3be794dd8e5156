use std::sync::Arc;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, MapBuilder, RecordBatch,
    StringArray, StringBuilder, TimestampMicrosecondArray,
};
use arrow::datatypes::Float64Type;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::*;
use crate::model::{TimeRange, Warning};
use crate::report::{
    Block, Chart, ChartBand, ChartKind, ChartMark, ChartSeries, ChartX, ColumnSpec, Finding,
    Severity, Table, Unit,
};

const MARCH: i64 = 1_772_323_200_000_000; // 2026-03-01T00:00:00Z
const HOUR: i64 = 3_600_000_000;

const OPTIONS: RenderOptions = RenderOptions {
    width: 60,
    color: false,
    tz: Tz::UTC,
    max_rows: Some(10),
};

fn batch() -> RecordBatch {
    let times = TimestampMicrosecondArray::from(vec![MARCH, MARCH + HOUR, MARCH + 2 * HOUR]);
    let mut labels = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for zone in ["a", "b", "c"] {
        labels.keys().append_value("zone");
        labels.values().append_value(zone);
        labels.append(true).expect("one entry");
    }
    let trend = [
        Some(vec![Some(1.0), Some(2.0)]),
        None,
        Some(vec![None, Some(3.0)]),
    ];
    RecordBatch::try_from_iter_with_nullable([
        ("ts", Arc::new(times.with_timezone("UTC")) as ArrayRef, true),
        (
            "service",
            Arc::new(StringArray::from(vec![
                Some("a|b"),
                Some("say \"hi\""),
                None,
            ])),
            true,
        ),
        (
            "errors",
            Arc::new(Float64Array::from(vec![Some(0.0125), Some(f64::NAN), None])),
            true,
        ),
        (
            "rows",
            Arc::new(Int64Array::from(vec![1_234_567, -5, 0])),
            true,
        ),
        (
            "ok",
            Arc::new(BooleanArray::from(vec![true, false, true])),
            true,
        ),
        ("labels", Arc::new(labels.finish()), true),
        (
            "trend",
            Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(trend)),
            true,
        ),
    ])
    .expect("a batch")
}

fn document() -> Document {
    let mut document =
        Document::from_batches("Errors", batch().schema(), vec![batch()]).expect("a document");
    if let Some(Block::Table(table)) = document.blocks.first_mut() {
        table.describe(&[
            ColumnSpec {
                name: "errors".into(),
                unit: Some(Unit::Ratio),
                sparkline: false,
            },
            ColumnSpec {
                name: "trend".into(),
                unit: None,
                sparkline: true,
            },
        ]);
    }
    document.provenance.name = "errors".into();
    document.provenance.parameters = vec![("bucket".into(), "1h".into())];
    document.provenance.range = Some(TimeRange {
        start: MARCH,
        end: MARCH + 24 * HOUR,
    });
    document.provenance.store = vec![("samples".into(), 7)];
    document.blocks.push(Block::Finding(Finding::new(
        Severity::Warning,
        "Errors rise.",
    )));
    document
        .warnings
        .push(Warning::new("gap", "11 % was interpolated"));
    document
}

fn text(document: &Document, format: Format, options: &RenderOptions) -> String {
    let bytes = render(document, format, options).expect("rendered");
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn names_and_suffixes() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()), Some(*format));
    }
    assert_eq!(Format::from_path(Path::new("a/b.CSV")), Some(Format::Csv));
    assert_eq!(
        Format::from_path(Path::new("b.jsonl")),
        Some(Format::Ndjson)
    );
    assert_eq!(Format::from_path(Path::new("b.docx")), None);
    assert_eq!(Format::from_path(Path::new("b")), None);
}

#[test]
fn a_table() {
    let options = RenderOptions {
        width: 90,
        max_rows: Some(2),
        ..OPTIONS
    };
    let shown = text(&document(), Format::Table, &options);
    assert_eq!(
        shown,
        "\
Errors
errors · 2026-03-01T00:00:00Z to 2026-03-02T00:00:00Z · bucket=1h

ts                service   errors       rows  ok     labels      trend
UTC                              %
───────────────────────────────────────────────────────────────────────
2026-03-01 00:00  a|b         1.25  1,234,567  true   {zone=\"a\"}  ▁█
2026-03-01 01:00  say \"hi\"     NaN         -5  false  {zone=\"b\"}  –
… 1 more of 3 rows

warning: Errors rise.

warning: 11 % was interpolated
"
    );
}

#[test]
fn csv_keeps_everything() {
    assert_eq!(
        text(&document(), Format::Csv, &OPTIONS),
        "\
ts,service,errors,rows,ok,labels,trend
2026-03-01T00:00:00Z,a|b,0.0125,1234567,true,\"{\"\"zone\"\":\"\"a\"\"}\",\"[1.0,2.0]\"
2026-03-01T01:00:00Z,\"say \"\"hi\"\"\",NaN,-5,false,\"{\"\"zone\"\":\"\"b\"\"}\",
2026-03-01T02:00:00Z,,,0,true,\"{\"\"zone\"\":\"\"c\"\"}\",\"[null,3.0]\"
"
    );
}

#[test]
fn json_is_json() {
    let json: serde_json::Value =
        serde_json::from_str(&text(&document(), Format::Json, &OPTIONS)).expect("JSON");
    assert_eq!(json["schema"], "retrocast.report/v1");
    assert_eq!(json["parameters"]["bucket"], "1h");
    assert_eq!(json["since"], "2026-03-01T00:00:00Z");
    assert_eq!(json["store"]["samples"], 7);
    assert_eq!(json["columns"][2]["unit"], "ratio");
    assert_eq!(json["columns"][2]["type"], "number");
    assert_eq!(json["rows"][0]["errors"], 0.0125);
    assert!(json["rows"][1]["errors"].is_null());
    assert_eq!(json["rows"][0]["labels"]["zone"], "a");
    assert_eq!(json["rows"][2]["trend"][1], 3.0);
    assert_eq!(json["findings"][0]["severity"], "warning");
    assert_eq!(json["warnings"][0]["code"], "gap");

    let lines = text(&document(), Format::Ndjson, &OPTIONS);
    let rows: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(serde_json::Value::Array(rows), json["rows"]);
}

#[test]
fn markdown_escapes() {
    let shown = text(&document(), Format::Md, &OPTIONS);
    assert!(
        shown.contains("| ts (UTC) | service | errors (%) |"),
        "{shown}"
    );
    assert!(
        shown.contains("| 2026-03-01 00:00 | a\\|b | 1.25 | 1,234,567 |"),
        "{shown}"
    );
    assert!(shown.contains("- **warning**: Errors rise.\n"), "{shown}");
}

#[test]
fn ids_and_markdown_are_exact() {
    let batch = RecordBatch::try_from_iter([
        (
            "series_id",
            Arc::new(Int64Array::from(vec![-1_234_567_890_123_456_789])) as ArrayRef,
        ),
        ("rows", Arc::new(Int64Array::from(vec![1_234_567]))),
        (
            "value",
            Arc::new(Float64Array::from(vec![1_234.567_890_12])),
        ),
        ("share", Arc::new(Float64Array::from(vec![0.07]))),
    ])
    .expect("a batch");
    let mut document = Document::from_batches("", batch.schema(), vec![batch]).expect("a document");
    if let Some(Block::Table(table)) = document.blocks.first_mut() {
        table.describe(&[ColumnSpec {
            name: "share".into(),
            unit: Some(Unit::Ratio),
            sparkline: false,
        }]);
    }
    let md = text(&document, Format::Md, &OPTIONS);
    assert!(
        md.ends_with("| -1234567890123456789 | 1,234,567 | 1,234.56789 | 7 |\n"),
        "{md}"
    );
    let shown = text(&document, Format::Table, &OPTIONS);
    assert!(
        shown.ends_with("-1234567890123456789  1,234,567  1,234.57      7\n"),
        "{shown}"
    );
}

#[test]
fn cells_break_where_words_end_and_the_rest_is_named() {
    let names = StringArray::from(vec!["storage_router_queries_total"]);
    let batch = RecordBatch::try_from_iter([
        ("metric", Arc::new(names.clone()) as ArrayRef),
        ("other", Arc::new(names.clone())),
        ("third", Arc::new(names)),
    ])
    .expect("a batch");
    let document = Document::from_batches("", batch.schema(), vec![batch]).expect("a document");
    let options = RenderOptions {
        width: 40,
        ..OPTIONS
    };
    assert_eq!(
        text(&document, Format::Table, &options),
        "\
metric               other
────────────────────────────────────────
storage_router_      storage_router_
queries_total        queries_total
… 1 column does not fit: third; see them
with --format md or a wider terminal
"
    );
}

#[test]
fn markdown_has_sparklines() {
    let shown = text(&document(), Format::Md, &OPTIONS);
    assert!(shown.contains("| ▁█ |\n"), "{shown}");
}

#[test]
fn parquet_reads_back() {
    let bytes = render(&document(), Format::Parquet, &OPTIONS).expect("rendered");
    let file = tempfile::tempfile().expect("a file");
    std::io::Write::write_all(&mut &file, &bytes).expect("written");
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
    let rows: usize = reader
        .build()
        .expect("a reader")
        .map(|b| b.expect("rows").num_rows())
        .sum();
    assert_eq!(rows, 3);
}

#[test]
fn nothing_is_a_document_too() {
    let empty = Document::from_batches("", batch().schema(), Vec::new()).expect("a document");
    assert_eq!(
        text(&empty, Format::Csv, &OPTIONS),
        "ts,service,errors,rows,ok,labels,trend\n"
    );
    assert_eq!(text(&empty, Format::Ndjson, &OPTIONS), "");
    assert!(text(&empty, Format::Json, &OPTIONS).ends_with("\"rows\": []\n}\n"));
    assert!(text(&empty, Format::Table, &OPTIONS).ends_with("(no rows)\n"));
    assert!(render(&empty, Format::Parquet, &OPTIONS).is_ok());
    let no_table = Document::default();
    assert!(matches!(
        render(&no_table, Format::Csv, &OPTIONS),
        Err(RenderError::NoTable("csv"))
    ));
    assert!(text(&no_table, Format::Json, &OPTIONS).contains("\"rows\": []"));
}

#[test]
fn several_tables_and_names_twice() {
    let mut document = document();
    let twice = RecordBatch::try_from_iter([
        ("n", Arc::new(Int64Array::from(vec![1])) as ArrayRef),
        ("n", Arc::new(Int64Array::from(vec![2]))),
    ])
    .expect("a batch");
    let table = Table::new(twice.schema(), vec![twice]).expect("a table");
    document.blocks.push(Block::Table(table));
    let json: serde_json::Value =
        serde_json::from_str(&text(&document, Format::Json, &OPTIONS)).expect("JSON");
    assert_eq!(
        json["further_tables"][0]["rows"][0],
        serde_json::json!({"n": 1, "n_2": 2})
    );
}

fn chart(kind: ChartKind, x: ChartX, series: &[(&str, &[f64])], unit: Option<Unit>) -> Document {
    let series = series.iter().map(|(name, values)| ChartSeries {
        group: None,
        name: (*name).to_owned(),
        values: values.to_vec(),
    });
    Document {
        blocks: vec![Block::Chart(Chart {
            title: None,
            kind,
            x,
            x_title: "x".into(),
            y_title: "y".into(),
            unit,
            series: series.collect(),
            bands: Vec::new(),
            mark: None,
        })],
        ..Document::default()
    }
}

#[test]
fn a_line_with_a_gap() {
    let times = (0..9).map(|hour| MARCH + hour * HOUR).collect();
    let nan = f64::NAN;
    let values = [0.0, 0.1, 0.2, nan, nan, nan, 0.2, 0.1, 0.0];
    let document = chart(
        ChartKind::Line,
        ChartX::Time(times),
        &[("p99", &values)],
        Some(Unit::Seconds),
    );
    let options = RenderOptions {
        width: 40,
        ..OPTIONS
    };
    assert_eq!(
        text(&document, Format::Table, &options),
        "\
y · UTC
200 ms ┤       ⢠⠃              ⠈⢆
       │      ⢠⠃                ⠈⢆
       │     ⢠⠃                  ⠈⢆
       │    ⢠⠃                    ⠈⢆
100 ms ┤   ⡰⠁                      ⠈⢆
       │  ⡰⠁                        ⠈⢆
       │ ⡰⠁                          ⠈⢆
     0 ┤⡰⠁                            ⠈⢆
       └┬───────────┬──────────┬────────
      00:00       03:00      06:00
      Sun 1 Mar 2026
"
    );
}

#[test]
fn bars_left_and_right() {
    let names = ChartX::Category(vec!["cart".into(), "checkout".into(), "none".into()]);
    let document = chart(
        ChartKind::Bar,
        names,
        &[("change", &[10.0, -5.0, f64::NAN])],
        Some(Unit::Percent),
    );
    let options = RenderOptions {
        width: 40,
        ..OPTIONS
    };
    assert_eq!(
        text(&document, Format::Table, &options),
        "\
y
cart                ██████████████▋ 10%
checkout -5% ███████
none                –
"
    );
}

/// The columns of each line, without escape sequences.
fn widths(text: &str) -> Vec<usize> {
    text.lines()
        .map(|line| {
            let mut plain = String::new();
            let mut rest = line;
            while let Some((before, after)) = rest.split_once('\u{1b}') {
                plain.push_str(before);
                rest = after.split_once('m').map_or("", |(_, rest)| rest);
            }
            plain.push_str(rest);
            plain.width()
        })
        .collect()
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>(),
        -10.0..10.0,
        Just(0.0),
        Just(f64::NAN),
        Just(f64::INFINITY)
    ]
}

proptest! {
    #[test]
    fn any_chart_fits(
        width in 20_usize..200,
        is_line in any::<bool>(),
        is_time in any::<bool>(),
        color in any::<bool>(),
        mut times in prop::collection::vec(prop_oneof![any::<i64>(), 0..1_000_000_i64], 0..40),
        names in prop::collection::vec(any::<String>(), 1..14),
        grouped in any::<bool>(),
        values in prop::collection::vec(value(), 600),
        unit in prop::option::of(prop_oneof!["(s|ms|bytes|ratio|percent)", any::<String>()]),
    ) {
        times.sort_unstable();
        times.dedup();
        let positions = times.len();
        let kind = if is_line { ChartKind::Line } else { ChartKind::Bar };
        let x = if is_time {
            ChartX::Time(times)
        } else {
            ChartX::Category(times.iter().map(|t| format!("{t} {}", names[0])).collect())
        };
        let rows: Vec<(&str, &[f64])> = names
            .iter()
            .enumerate()
            .map(|(at, name)| (name.as_str(), &values[at * 40..at * 40 + positions]))
            .collect();
        let mut document = chart(kind, x, &rows, unit.map(|unit| Unit::parse(&unit)));
        if grouped && let Some(Block::Chart(chart)) = document.blocks.first_mut() {
            for (at, series) in chart.series.iter_mut().enumerate() {
                series.group = Some(format!("group {}", at / 2));
            }
        }
        let options = RenderOptions { width, color, tz: Tz::Europe__Berlin, max_rows: None };
        let shown = text(&document, Format::Table, &options);
        prop_assert!(widths(&shown).iter().all(|w| *w <= width), "{width}\n{shown}");
    }

    #[test]
    fn any_table_fits(
        width in 20_usize..160,
        color in any::<bool>(),
        cells in prop::collection::vec((any::<String>(), value(), any::<i64>(), any::<i64>(), ".{0,60}"), 0..12),
        title in any::<String>(),
        max_rows in prop::option::of(0_usize..8),
    ) {
        let times: Vec<i64> = cells.iter().map(|c| c.3).collect();
        let columns = RecordBatch::try_from_iter([
            (title.as_str(), Arc::new(cells.iter().map(|c| Some(c.0.as_str())).collect::<StringArray>()) as ArrayRef),
            ("value", Arc::new(cells.iter().map(|c| c.1).collect::<Float64Array>())),
            ("count", Arc::new(cells.iter().map(|c| c.2).collect::<Int64Array>())),
            ("body", Arc::new(cells.iter().map(|c| Some(c.4.as_str())).collect::<StringArray>())),
            ("ts", Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))),
        ]).expect("a batch");
        let mut document = Document::from_batches(title.clone(), columns.schema(), vec![columns]).expect("a document");
        document.blocks.insert(0, Block::Paragraph(title.clone()));
        document.warnings.push(Warning::new("w", title));
        let options = RenderOptions { width, color, tz: Tz::America__New_York, max_rows };
        for format in Format::ALL {
            let bytes = render(&document, *format, &options).expect("rendered");
            if *format == Format::Json {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&bytes).is_ok());
            }
        }
        let shown = text(&document, Format::Table, &options);
        prop_assert!(widths(&shown).iter().all(|w| *w <= width), "{width}\n{shown}");
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = text(&document(), Format::Table, &OPTIONS);
    let colored = text(
        &document(),
        Format::Table,
        &RenderOptions {
            color: true,
            ..OPTIONS
        },
    );
    assert_eq!(widths(&plain), widths(&colored));
    assert!(colored.contains("\u{1b}[1mErrors\u{1b}[0m"));
    assert!(!plain.contains('\u{1b}'));
}

#[test]
fn a_forecast_with_its_band() {
    let nan = f64::NAN;
    let history = [2.0, 3.0, 2.0, 3.0, 2.0, 3.0, nan, nan, nan];
    let forecast = [nan, nan, nan, nan, nan, 3.0, 2.0, 3.0, 2.0];
    let mut document = chart(
        ChartKind::Line,
        ChartX::Index((1..10).collect()),
        &[("history", &history), ("forecast", &forecast)],
        None,
    );
    let Some(Block::Chart(chart)) = document.blocks.first_mut() else {
        panic!("a chart")
    };
    chart.bands = vec![ChartBand {
        name: "80% interval".into(),
        lower: vec![nan, nan, nan, nan, nan, 3.0, 1.0, 2.0, 1.0],
        upper: vec![nan, nan, nan, nan, nan, 3.0, 3.0, 4.0, 3.0],
    }];
    chart.mark = Some(ChartMark {
        name: "end".into(),
        at: 6,
    });
    let options = RenderOptions {
        width: 50,
        ..OPTIONS
    };
    let drawn = text(&document, Format::Table, &options);
    assert!(
        drawn.starts_with("y\n● history   ▲ forecast   ⢕⢕ 80% interval   ┊ end\n"),
        "{drawn}"
    );
    let rows: Vec<&str> = drawn.lines().skip(2).collect();
    let mark = |row: &&str| row.chars().position(|c| c == '┊');
    let marks: Vec<usize> = rows.iter().filter_map(mark).collect();
    assert!(
        marks.len() > 4 && marks.iter().all(|at| *at == marks[0]),
        "{drawn}"
    );
    // The band lies on the right of the mark alone.
    let left = rows
        .iter()
        .map(|row| row.chars().take(marks[0]).collect::<String>());
    assert!(left.into_iter().all(|text| !text.contains('⢕')), "{drawn}");
    assert!(drawn.contains('⢕'), "{drawn}");
    // Counts, not times, stand below.
    let labels = rows
        .last()
        .map(|row| row.split_whitespace().collect::<Vec<_>>());
    assert_eq!(labels, Some(vec!["2", "4", "6", "8"]), "{drawn}");
}

#[test]
fn rows_bit_by_bit_are_the_rows_at_once() {
    let batch = batch();
    let document = Document::from_batches("", batch.schema(), vec![batch]).expect("a table");
    let table = document.tables().next().expect("a table");
    for format in [Format::Csv, Format::Ndjson] {
        let mut bytes = Vec::new();
        let mut writer = RowWriter::new(&mut bytes, format, Tz::UTC).expect("rows");
        writer.write(table).expect("written");
        writer.finish().expect("written");
        let whole = render(&document, format, &OPTIONS).expect("rendered");
        assert_eq!(bytes, whole);
    }
    assert!(RowWriter::new(Vec::new(), Format::Json, Tz::UTC).is_none());
}
