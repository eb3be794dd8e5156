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
        "sep=;\n\"Time\";\"A-series\";\"orders\"\n2024-01-01 00:00:00;1,5;2.5\n\n\
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
    assert_eq!(units, [("mem", Some("bytes")), ("delay", Some("seconds"))]);
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
