use chrono_tz::Tz;

use super::*;
use crate::ingest::test_sink::TestSink;

const T: i64 = 1_704_067_200_000_000; // 2024-01-01T00:00:00Z
const MINUTE: i64 = 60_000_000;

fn read(text: &str, options: &ReadOptions) -> TestSink {
    let (sink, result) = TestSink::try_read(&CsvWide, text, options);
    result.expect("readable");
    sink
}

fn sniff(text: &str) -> Option<u8> {
    CsvWide
        .sniff(Head {
            bytes: text.as_bytes(),
            truncated: false,
            file_name: "x.csv",
        })
        .map(|s| s.confidence)
}

#[test]
fn reads_legends_gaps_and_crlf() {
    let sink = TestSink::read(
        &CsvWide,
        "\u{feff}\"Time\",\"up{instance=\"\"a\"\", job=\"\"x, y\"\"}\",\"up{instance=\"\"b\"\"}\"\r\n\
         1704067200000,1,\r\n\
         2024-01-01 00:01:00,,0.5\r\n",
    );
    assert_eq!(
        sink.sample_lines(),
        [
            format!("up{{instance=\"a\", job=\"x, y\"}} 1 @{T}"),
            format!("up{{instance=\"b\"}} 0.5 @{}", T + MINUTE),
        ]
    );
    assert!(sink.rejects.is_empty() && sink.warnings.is_empty());
}

#[test]
fn reads_frames_with_a_header_each() {
    let options = ReadOptions {
        metric: Some("lag".into()),
        ..ReadOptions::default()
    };
    let sink = read(
        "sep=;\n\"Time\";\"A-series\";\"orders\"\n2024-01-01 00:00:00;1,5;2,5\n\n\
         \"Time\";\"{topic=\"\"b\"\"}\"\n2024-01-01 00:01:00;1.234,5\n",
        &options,
    );
    assert_eq!(
        sink.sample_lines(),
        [
            format!("lag{{series=\"A-series\"}} 1.5 @{T}"),
            format!("lag{{series=\"orders\"}} 2.5 @{T}"),
            format!("lag{{topic=\"b\"}} 1234.5 @{}", T + MINUTE),
        ]
    );
}

#[test]
fn takes_plain_names_as_metrics() {
    let options = ReadOptions {
        file_name: "Disk use-data-2024-01-01 10_00_00.csv".into(),
        ..ReadOptions::default()
    };
    let sink = read("time,cpu,disk /var,cpu\n1704067200,1,2,3\n", &options);
    assert_eq!(
        sink.sample_lines(),
        [
            format!("cpu 1 @{T}"),
            format!("Disk_use{{series=\"disk /var\"}} 2 @{T}"),
            format!("cpu{{series=\"cpu #2\"}} 3 @{T}"),
        ]
    );
    assert_eq!(sink.warnings.len(), 1);
}

#[test]
fn scales_units_and_rejects_unknown_ones() {
    let sink = TestSink::read(
        &CsvWide,
        "Time,mem,delay\n\
         2024-01-01 00:00:00,1.2 GiB,3.4 ms\n\
         2024-01-01 00:01:00,512 MiB,2 s\n\
         2024-01-01 00:02:00,3 parsecs,5 mins\n\
         2024-01-01 00:03:00,4 s,abc\n\
         2024-01-01,1\n",
    );
    assert_eq!(
        sink.sample_lines(),
        [
            format!("mem 1288490188.8 @{T}"),
            format!("delay 0.0034 @{T}"),
            format!("mem 536870912 @{}", T + MINUTE),
            format!("delay 2 @{}", T + MINUTE),
            format!("delay 300 @{}", T + 2 * MINUTE),
        ]
    );
    let units: Vec<_> = sink
        .metadata
        .iter()
        .map(|(m, d)| (m.as_str(), d.unit.as_deref()))
        .collect();
    assert_eq!(units, [("delay", Some("seconds")), ("mem", Some("bytes"))]);
    let rejects = sink.reject_lines();
    assert!(rejects[0].starts_with("4: column \"mem\": the unit \"parsecs\" of \"3 parsecs\""));
    assert_eq!(
        rejects[1],
        "5: column \"mem\": \"4 s\" is in seconds, but the cells above are in bytes"
    );
    assert_eq!(rejects[2], "5: column \"delay\": \"abc\" is not a number");
    assert_eq!(rejects[3], "6: the row has 2 fields, but the header has 3");
}

#[test]
fn words_and_named_columns_tell_series_apart() {
    let text = "timestamp,host,cpu_usage,mem_used\n\
        1704067200,a,1,5\n1704067200,b,3,7\n1704067260,,4,\n";
    let sink = TestSink::read(&CsvWide, text);
    assert_eq!(
        sink.sample_lines(),
        [
            format!("cpu_usage{{host=\"a\"}} 1 @{T}"),
            format!("mem_used{{host=\"a\"}} 5 @{T}"),
            format!("cpu_usage{{host=\"b\"}} 3 @{T}"),
            format!("mem_used{{host=\"b\"}} 7 @{T}"),
            format!("cpu_usage 4 @{}", T + MINUTE),
        ]
    );
    assert!(sink.rejects.is_empty() && sink.warnings.is_empty());
    let options = ReadOptions {
        label_columns: vec!["shard".into()],
        ..ReadOptions::default()
    };
    let sink = read("host,time,shard,cpu\nx,1704067200,7,1\n", &options);
    let labels = "cpu{host=\"x\", shard=\"7\"}";
    assert_eq!(sink.sample_lines(), [format!("{labels} 1 @{T}")]);
    let options = ReadOptions {
        label_columns: vec!["rack".into()],
        ..ReadOptions::default()
    };
    let (_, result) = TestSink::try_read(&CsvWide, text, &options);
    assert!(
        result
            .expect_err("no such column")
            .to_string()
            .contains("\"rack\"")
    );
    assert_eq!(sniff(text), Some(80));
    assert_eq!(sniff("host,time,cpu\na,1704067200,1\n"), Some(80));
    assert_eq!(
        sniff("time,level,message,took\n1704067200,INFO,x,1\n"),
        None
    );
}

#[test]
fn a_row_read_again_alone_has_the_same_labels() {
    let text = "time,host,cpu,mem\n1704067200,a,1,2\n1704067260,a,3,x\n";
    let sink = TestSink::read(&CsvWide, text);
    assert_eq!(sink.rejects.len(), 1);
    let context = "#datatype dateTime,tag,double,double\ntime,host,cpu,mem\n";
    assert_eq!(sink.contexts, [context.trim_end()]);
    let again = TestSink::read(&CsvWide, format!("{context}{}\n", sink.rejects[0].2));
    assert_eq!(
        again.sample_lines(),
        [format!("cpu{{host=\"a\"}} 3 @{}", T + MINUTE)]
    );
    assert_eq!(
        again.reject_lines(),
        ["3: column \"mem\": \"x\" is not a number"]
    );
}

#[test]
fn rejects_cells_of_another_dimension() {
    let sink = TestSink::read(
        &CsvWide,
        "Time,mem,rate,n\n\
         2024-01-01 00:00:00,1 GiB,50%,7\n\
         2024-01-01 00:01:00,1.5 K,1.5 Mil,1.5 K\n\
         2024-01-01 00:02:00,900 MiB,7,1 GiB\n\
         2024-01-01 00:03:00,0,NaN,8\n",
    );
    assert_eq!(sink.samples.len(), 8);
    let rejects = sink.reject_lines();
    assert_eq!(
        rejects,
        [
            "3: column \"mem\": \"1.5 K\" is without a unit, but the cells above are in bytes",
            "3: column \"rate\": \"1.5 Mil\" is without a unit, but the cells above are in percent",
            "4: column \"rate\": \"7\" is without a unit, but the cells above are in percent",
            "4: column \"n\": \"1 GiB\" is in bytes, but the cells above are without a unit",
        ]
    );
}

#[test]
fn a_metric_has_a_unit_only_if_its_columns_agree() {
    let text = "Time,Room 1,Room 2\n2024-01-01 00:00:00,21 °C,50%\n";
    let sink = TestSink::read(&CsvWide, text);
    assert!(sink.metadata.is_empty());
    assert!(sink.warnings.iter().any(|w| w.code == "mixed-units"));
    let sink = TestSink::read(&CsvWide, text.replace("50%", "0"));
    assert_eq!(sink.metadata[0].1.unit.as_deref(), Some("celsius"));
}

#[test]
fn one_decimal_mark_holds_for_the_file() {
    let sink = TestSink::read(
        &CsvWide,
        "Time;a;b\n2024-01-01 00:00:00;1.234;1,5 ms\n2024-01-01 00:01:00;2.5;3 ms\n",
    );
    assert_eq!(sink.samples[0].2, 1234_f64.to_bits());
    assert_eq!(
        sink.reject_lines(),
        [
            "3: column \"a\": \"2.5\" has a decimal point, but the decimal mark of this file is a comma"
        ]
    );
    assert!(sink.warnings.iter().any(|w| w.code == "decimal-separator"));
}

#[test]
fn reports_the_doubled_and_the_skipped_hour() {
    let options = ReadOptions {
        tz: Tz::Europe__Berlin,
        ..ReadOptions::default()
    };
    let sink = read(
        "Time,up\n2025-10-26 01:30:00,1\n2025-10-26 02:00:00,2\n2025-10-26 02:30:00,3\n\
         2025-10-26 02:00:00,4\n2025-10-26 02:30:00,5\n2025-10-26 03:00:00,6\n",
        &options,
    );
    let first = sink.samples[0].1;
    let steps: Vec<_> = sink
        .samples
        .iter()
        .map(|s| (s.1 - first) / (30 * MINUTE))
        .collect();
    assert_eq!(steps, [0, 1, 2, 3, 4, 5]);
    assert_eq!(sink.warnings[0].code, "doubled-hour");
    assert!(
        sink.warnings[0].message.starts_with("4 times"),
        "{}",
        sink.warnings[0]
    );

    let sink = read("Time,up\n2025-03-30 02:30:00,1\n", &options);
    assert!(sink.reject_lines()[0].contains("does not exist in Europe/Berlin"));
}

#[test]
fn recognises_itself() {
    assert_eq!(
        sniff("\"Time\",\"{a=\"\"b\"\"}\"\n1704067200000,1\n"),
        Some(90)
    );
    assert_eq!(sniff("Time,a,b\n2024-01-01 00:00:00,1.2 GiB,\n"), Some(80));
    assert_eq!(sniff("time,value\n2024-01-01 00:00:00,1\n"), Some(60));
    assert_eq!(sniff("date,name\n2024-01-01,New Year\n"), None);
    assert_eq!(sniff("id,n\n1,2\n"), None);
    assert_eq!(sniff("2024-01-01,2\n2024-01-02,2\n"), None);
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let mut text = b"time,a,b\n".to_vec();
        text.extend_from_slice(&bytes);
        let _ = TestSink::try_read(&CsvWide, &text, &ReadOptions::default());
        let _ = TestSink::try_read(&CsvWide, &bytes, &ReadOptions::default());
        CsvWide.sniff(Head { bytes: &bytes, truncated: false, file_name: "" });
    }
}
