use super::*;
use crate::ingest::test_sink::TestSink;

const T: i64 = 1_717_200_000_000_000; // 2024-06-01T00:00:00Z

fn sniff(text: &str) -> Option<u8> {
    CsvTall
        .sniff(Head {
            bytes: text.as_bytes(),
            truncated: false,
            file_name: "x.csv",
        })
        .map(|s| s.confidence)
}

#[test]
fn reads_samples_gaps_and_rejects() {
    let sink = TestSink::read(
        &CsvTall,
        "timestamp,metric,instance,job,value\n\
         2024-06-01T00:00:00Z,up,a:9100,node,1\n\
         2024-06-01T00:00:00Z,up,b:9100,,0\r\n\
         \n\
         2024-06-01T00:01:00Z,up,a:9100,node,\n\
         2024-06-01T00:01:00Z,up,a:9100,node,NaN\n\
         2024-06-01T00:02:00Z,up,a:9100,node,abc\n\
         31/12/2025 10:00,up,a:9100,node,1\n\
         2024-06-01T00:02:00Z,up,a:9100\n\
         1717200120,up,a:9100,node,12.5\n\
         2024-06-01T00:03:00Z,,a:9100,node,1\n",
    );
    let minute = 60_000_000;
    assert_eq!(
        sink.sample_lines(),
        [
            format!("up{{instance=\"a:9100\", job=\"node\"}} 1 @{T}"),
            format!("up{{instance=\"b:9100\"}} 0 @{T}"),
            format!(
                "up{{instance=\"a:9100\", job=\"node\"}} NaN @{}",
                T + minute
            ),
            format!(
                "up{{instance=\"a:9100\", job=\"node\"}} 12.5 @{}",
                T + 2 * minute
            ),
        ]
    );
    let rejects = sink.reject_lines();
    assert_eq!(rejects.len(), 4, "{rejects:?}");
    assert_eq!(
        rejects[0],
        "7: the value (column 5) is \"abc\": a number is expected"
    );
    assert!(
        rejects[1].starts_with("8: the time (column 1): "),
        "{}",
        rejects[1]
    );
    assert!(
        rejects[1].contains("--time-format '%d/%m/%Y %H:%M'"),
        "{}",
        rejects[1]
    );
    assert_eq!(
        rejects[2],
        "9: the row has 3 fields, but the first row has 5"
    );
    assert_eq!(rejects[3], "11: the row has no metric name");
    assert_eq!(sink.rejects[1].2, "31/12/2025 10:00,up,a:9100,node,1");
    assert!(sink.warnings.is_empty());
}

#[test]
fn reads_victoria_metrics_rows_by_number() {
    let rows = "up,1,1549891472010,job\nup,0,1549891487724,job\n";
    let (sink, result) = TestSink::try_read(&CsvTall, rows, &ReadOptions::default());
    let error = result.expect_err("nothing names the columns").to_string();
    assert!(error.contains("column numbers"), "{error}");
    assert!(sink.samples.is_empty());

    let options = ReadOptions {
        time_column: Some("3".into()),
        value_column: Some("2".into()),
        map: vec![("1".into(), "metric".into()), ("4".into(), "job".into())],
        ..ReadOptions::default()
    };
    let (sink, result) = TestSink::try_read(&CsvTall, rows, &options);
    result.expect("readable");
    assert_eq!(
        sink.sample_lines(),
        [
            "up{job=\"job\"} 1 @1549891472010000",
            "up{job=\"job\"} 0 @1549891487724000"
        ]
    );
}

#[test]
fn reads_a_cell_with_all_labels() {
    let sink = TestSink::read(
        &CsvTall,
        "ts,metric,labels,value\n\
         1717200000,up,\"{a=\"\"x, y\"\", b=\"\"z\"\"}\",1\n\
         1717200000,up,\"{\"\"a\"\":\"\"q\"\",\"\"n\"\":3}\",2\n\
         1717200000,up,nonsense,3\n",
    );
    assert_eq!(
        sink.sample_lines(),
        [
            format!("up{{a=\"x, y\", b=\"z\"}} 1 @{T}"),
            format!("up{{a=\"q\", n=\"3\"}} 2 @{T}"),
        ]
    );
    assert!(sink.reject_lines()[0].contains("JSON object is expected"));
}

#[test]
fn names_the_metric_and_takes_a_decimal_comma() {
    let options = ReadOptions {
        file_name: "queue depth.csv".into(),
        time_format: Some("%d.%m.%Y %H:%M".into()),
        ..ReadOptions::default()
    };
    let text = "sep=;\nDate;Value\n01.06.2024 00:00;1,5\n";
    let (sink, result) = TestSink::try_read(&CsvTall, text, &options);
    result.expect("readable");
    assert_eq!(sink.sample_lines(), [format!("queue_depth 1.5 @{T}")]);
    assert_eq!(sink.warnings[0].code, "metric-from-file-name");
}

#[test]
fn one_decimal_mark_holds_for_the_file() {
    let read = |values: &str| {
        let rows: String = values
            .split(' ')
            .map(|v| format!("1717200000;up;{v}\n"))
            .collect();
        let sink = TestSink::read(&CsvTall, format!("time;metric;value\n{rows}"));
        let found: Vec<f64> = sink.samples.iter().map(|s| f64::from_bits(s.2)).collect();
        let codes: Vec<&str> = sink.warnings.iter().map(|w| w.code).collect();
        (found, sink.rejects.len(), codes.len())
    };
    assert_eq!(
        read("1.234 1,234 1.234.567 1,5 1e3 2.5"),
        (vec![1234.0, 1.234, 1_234_567.0, 1.5, 1000.0], 1, 1)
    );
    assert_eq!(read("1.234 2.5"), (vec![1.234, 2.5], 0, 1));
    assert_eq!(read("1.234 2,500"), (vec![1234.0, 2.5], 0, 1));
    assert_eq!(read("12 2.5 2,5"), (vec![12.0, 2.5], 1, 0));
    // The first cell without doubt stands far below.
    let many = format!("{}7.5 8,5", "7 ".repeat(300));
    assert_eq!(read(&many).1, 1);
}

#[test]
fn recognises_itself_by_names_and_rows() {
    assert_eq!(
        sniff("time,metric,value\n2024-06-01T00:00:00Z,up,1\n"),
        Some(85)
    );
    assert_eq!(sniff("time,host,value\n31/12/2025 10:00,a,1\n"), Some(75));
    assert_eq!(
        sniff("time,metric,value\n2024-06-01T00:00:00Z,up,abc\n"),
        Some(55)
    );
    assert_eq!(sniff("up,1,1549891472010,job\n"), None);
    assert_eq!(sniff("{\"time\":1,\"value\":2}\n"), None);
    assert_eq!(sniff(""), None);
}

proptest::proptest! {
    #[test]
    fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let mut text = b"time,value,labels\n".to_vec();
        text.extend_from_slice(&bytes);
        let _ = TestSink::try_read(&CsvTall, &text, &ReadOptions::default());
        let _ = TestSink::try_read(&CsvTall, &bytes, &ReadOptions::default());
        CsvTall.sniff(Head { bytes: &bytes, truncated: true, file_name: "" });
    }

    #[test]
    fn never_panics_on_near_misses(text in "[0-9,;\"\n\r{}=a-c./: -]{0,80}") {
        let text = format!("time,value,labels\n{text}");
        let _ = TestSink::try_read(&CsvTall, &text, &ReadOptions::default());
    }
}
