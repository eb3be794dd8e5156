use proptest::prelude::*;

use super::*;
use crate::ingest::test_sink::TestSink;
use crate::model::{MetricMetadata, MetricType};

fn read(input: &str) -> TestSink {
    TestSink::read(&PrometheusText, input)
}

fn warnings(sink: &TestSink) -> Vec<&'static str> {
    sink.warnings.iter().map(|warning| warning.code).collect()
}

#[test]
fn reads_dump_openmetrics() {
    // cmd/promtool/testdata/dump-openmetrics-test.prom, with a later time.
    let sink = read(concat!(
        "my_counter{baz=\"abc\",foo=\"bar\"} 1 0.000\n",
        "my_counter{baz=\"abc\",foo=\"bar\"} 2 60.000\n",
        "my_gauge{abc=\"baz\",bar=\"foo\"} 9 1435781430.781\n",
        "my_gauge{abc=\"baz\",bar=\"foo\"} NaN 1435781445.781\n",
        "# EOF\n",
    ));
    assert_eq!(
        sink.sample_lines(),
        [
            r#"my_counter{baz="abc", foo="bar"} 1 @0"#,
            r#"my_counter{baz="abc", foo="bar"} 2 @60000000"#,
            r#"my_gauge{abc="baz", bar="foo"} 9 @1435781430781000"#,
            r#"my_gauge{abc="baz", bar="foo"} NaN @1435781445781000"#,
        ]
    );
    assert!(sink.rejects.is_empty() && sink.warnings.is_empty());
}

#[test]
fn reads_the_exposition_of_the_documentation() {
    // Prometheus docs, "Exposition formats", the example; times where it has none.
    let input = concat!(
        "# HELP http_requests_total The total number of HTTP requests.\n",
        "# TYPE http_requests_total counter\n",
        "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n",
        "http_requests_total{method=\"post\",code=\"400\"}    3 1395066363000\n",
        "\n",
        "# Escaping in label values:\n",
        "msdos_file_access_time_seconds{path=\"C:\\\\DIR\\\\FILE.TXT\",error=\"Cannot find file:\\n\\\"FILE.TXT\\\"\"} 1.458255915e9\n",
        "# Minimalistic line:\n",
        "metric_without_timestamp_and_labels 12.47\n",
        "# A weird metric from before the epoch:\n",
        "something_weird{problem=\"division by zero\"} +Inf -3982045\n",
        "# TYPE http_request_duration_seconds histogram\n",
        "http_request_duration_seconds_bucket{le=\"+Inf\"} 144320 1395066363000\n",
        "http_request_duration_seconds_sum 53423 1395066363000\n",
    );
    let options = ReadOptions {
        at: Some(7),
        ..ReadOptions::default()
    };
    let (sink, result) = TestSink::try_read(&PrometheusText, input, &options);
    assert!(result.is_ok());
    assert_eq!(
        sink.sample_lines(),
        [
            r#"http_requests_total{code="200", method="post"} 1027 @1395066363000000"#,
            r#"http_requests_total{code="400", method="post"} 3 @1395066363000000"#,
            r#"msdos_file_access_time_seconds{error="Cannot find file:\n\"FILE.TXT\"", path="C:\\DIR\\FILE.TXT"} 1458255915 @7"#,
            "metric_without_timestamp_and_labels 12.47 @7",
            // Too small to be taken for ms; the warning says so.
            r#"something_weird{problem="division by zero"} inf @-3982045000000"#,
            r#"http_request_duration_seconds_bucket{le="+Inf"} 144320 @1395066363000000"#,
            "http_request_duration_seconds_sum 53423 @1395066363000000",
        ]
    );
    assert_eq!(warnings(&sink), ["timestamp-unit"]);
    let of = |metric_type, help: Option<&str>| MetricMetadata {
        metric_type: Some(metric_type),
        unit: None,
        help: help.map(str::to_owned),
    };
    assert_eq!(
        sink.metadata,
        [
            (
                "http_request_duration_seconds".into(),
                of(MetricType::Histogram, None)
            ),
            (
                "http_requests_total".into(),
                of(
                    MetricType::Counter,
                    Some("The total number of HTTP requests.")
                )
            ),
        ]
    );

    let without_at = read(input);
    assert_eq!(
        without_at.reject_lines(),
        [
            "7: no timestamp: say --at TIME",
            "9: no timestamp: say --at TIME"
        ]
    );
}

#[test]
fn reads_openmetrics() {
    let sink = read(concat!(
        "# TYPE http_requests counter\n",
        "# UNIT http_requests requests\n",
        "# HELP http_requests A \\\"quoted\\\" text\\nof two lines\n",
        "http_requests_total{path=\"/a,b=c}\"} 5 1700000000.25 # {trace_id=\"x y\"} 0.5 1700000000.1\n",
        "http_requests_total{path=\"/a,b=c}\"} 6 1700000015\n",
        "http_requests_created{path=\"/a,b=c}\"} 1600000000 1700000015\n",
        "{\"my.metric\", \"a.b\"=\"c\"} 0x1p4 1700000015\n",
        "{\"my.metric\", \"a.b\"=\"c\"} 1e3 1.7e9\n",
        "# EOF\n",
        "\n",
        "late 1 1700000000\n",
    ));
    assert_eq!(
        sink.sample_lines(),
        [
            r#"http_requests_total{path="/a,b=c}"} 5 @1700000000250000"#,
            r#"http_requests_total{path="/a,b=c}"} 6 @1700000015000000"#,
            r#"http_requests_created{path="/a,b=c}"} 1600000000 @1700000015000000"#,
            r#"my.metric{a.b="c"} 1000 @1700000000000000"#,
        ]
    );
    assert_eq!(
        sink.reject_lines(),
        [
            "7: \"0x1p4\" is not a number",
            "11: stands after # EOF: the file should end there"
        ]
    );
    assert_eq!(warnings(&sink), ["exemplars-skipped"]);
    let metadata = MetricMetadata {
        metric_type: Some(MetricType::Counter),
        unit: Some("requests".into()),
        help: Some("A \"quoted\" text\nof two lines".into()),
    };
    assert_eq!(
        sink.metadata,
        [("http_requests_total".to_owned(), metadata)]
    );
}

#[test]
fn rejects_with_reasons_and_goes_on() {
    let sink = read(concat!(
        "up{a=\"b\"} 1 1700000000000\n",
        "up{a=\"b\"} one 1700000000000\n",
        "up{a=\"b\"} 1 noon\n",
        "up{a=\"b\"} 1 1700000000000 2\n",
        "up{a=\"b\"}\n",
        "up{a=\"b} 1 1700000000000\n",
        "up{a=\"b\",a=\"c\"} 1 1700000000000\n",
        "up.x 1 1700000000000\n",
        "up{a=\"b\"}2 1700000015000 \t\r\n",
        "  up{a=\"b\"}\t3\t1700000030000\n",
        "up{a=\"b\"} {count:3} 1700000030000\n",
        "up {a=\"c\"} 4 1700000030000\n",
        "up 4 1700000030000\n",
        "up {a=\"c\"} 5 1700000045000\n",
    ));
    assert_eq!(
        sink.sample_lines(),
        [
            r#"up{a="b"} 1 @1700000000000000"#,
            r#"up{a="b"} 2 @1700000015000000"#,
            r#"up{a="b"} 3 @1700000030000000"#,
            r#"up{a="c"} 4 @1700000030000000"#,
            "up 4 @1700000030000000",
            r#"up{a="c"} 5 @1700000045000000"#,
        ]
    );
    assert_eq!(
        sink.reject_lines(),
        [
            "2: \"one\" is not a number",
            "3: \"noon\" is not a Unix time",
            "4: unexpected text after the time",
            "5: expected a series, a value and a time",
            "6: a quote or a brace stays open",
            "7: label \"a\" is given twice",
            "8: \"up.x\" is not a metric's name: letters, digits, _ and : (others in quotes, {\"up.x\"})",
            "11: native histograms are not supported",
        ]
    );
    assert_eq!(sink.rejects[0].2, "up{a=\"b\"} one 1700000000000");
}

#[test]
fn warns_where_size_and_signs_disagree() {
    for (input, codes) in [
        ("a 1 1700000000000\n# EOF", &["timestamp-unit"][..]),
        ("a 1 1700000000\n", &["timestamp-unit"]),
        ("a 1 1700000000.0\n", &[]),
        ("a 1 1700000000\n# EOF\n", &[]),
        ("# UNIT a b\na 1 1700000000\n", &["missing-eof"]),
        ("a 1 1700000000000\n", &[]),
        ("a 1 1700000000\na 1 1700000000000\n", &["timestamp-unit"]),
    ] {
        let sink = read(input);
        assert_eq!(warnings(&sink), codes, "{input}");
        assert!(
            sink.samples.iter().all(|s| s.1 == 1_700_000_000_000_000),
            "{input}"
        );
    }
}

#[test]
fn sniffs() {
    let sniff = |bytes: &str| {
        let head = Head {
            bytes: bytes.as_bytes(),
            truncated: true,
            file_name: "",
        };
        PrometheusText
            .sniff(head)
            .map_or(0, |sniffed| sniffed.confidence)
    };
    assert_eq!(sniff("# HELP up Up.\n# TYPE up gauge\nup 1\nup{a="), 98);
    assert_eq!(
        sniff("\u{feff}a{b=\"c\"} 1 1700000000.000\na{b=\"c\"} 2 17"),
        92
    );
    assert_eq!(sniff("a{b=\"c\"} 1 1 # {x=\"y\"} 1\n"), 92);
    assert_eq!(sniff("garbage in\na 1 1700000000\nb 2 1700000000\n"), 70);
    assert_eq!(sniff("a 1 1700000000\n"), 65);
    for other in [
        "",
        "time,value\n1,2\n",
        "{\"metric\":{}}\n",
        "# a comment\n# another\n",
        "{__name__=\"m\"} 1 1700000000000\n",
        "cpu,host=a usage=0.64 1556813561098000000\n",
        "127.0.0.1 - - [x] 1 2\n",
    ] {
        assert_eq!(sniff(other), 0, "{other}");
    }
}

proptest! {
    #[test]
    fn never_panics(
        text in r#"(# (TYPE|HELP|UNIT|EOF)?|[{}",=\\#é \n\t]|m|a=|"b"|NaN|[0-9]{1,22}|-|\.|e){0,40}"#,
    ) {
        let _ = read(&text);
        for truncated in [true, false] {
            let head = Head { bytes: text.as_bytes(), truncated, file_name: "" };
            let _ = PrometheusText.sniff(head);
        }
    }

    #[test]
    fn no_line_is_lost(
        lines in proptest::collection::vec(r#"(m|n\{a="b"\}|\{|x y) ?(1|2\.5|NaN|z) ?(17[0-9]{8}|q)?"#, 0..30),
    ) {
        let sink = read(&lines.join("\n"));
        prop_assert_eq!(sink.samples.len() + sink.rejects.len(), lines.len());
    }
}
