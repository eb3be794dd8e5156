use proptest::prelude::*;

use super::*;
use crate::ingest::test_sink::TestSink;
use crate::model::{MetricType, SpanKind, SpanStatus};

/// After opentelemetry-proto's examples/trace.json.
const TRACE: &str = r#"{"resourceSpans":[{"resource":{"attributes":[
 {"key":"service.name","value":{"stringValue":"my.service"}},{"key":"host.name","value":{"stringValue":"h1"}}]},
"scopeSpans":[{"scope":{"name":"my.library","version":"1.0.0"},"spans":[
{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"EEE19B7EC3C1B173","name":"I'm a server span",
 "startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000","kind":2,
 "attributes":[{"key":"my.span.attr","value":{"stringValue":"some value"}}],
 "events":[{"timeUnixNano":"1544712660500000000","name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"E"}}]}],
 "status":{"code":2,"message":"late"}},
{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"","name":"x"},
{"traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B175","name":"x","startTimeUnixNano":"1544712661000000000","endTimeUnixNano":"1544712660000000000"}
]}]}]}"#;

/// After its examples/metrics.json.
const METRICS: &str = r#"{"resourceMetrics":[{"resource":{"attributes":[
{"key":"service.name","value":{"stringValue":"api"}},{"key":"service.namespace","value":{"stringValue":"shop"}},{"key":"service.instance.id","value":{"stringValue":"i-1"}},{"key":"cloud.region","value":{"stringValue":"eu"}}]},
"scopeMetrics":[{"scope":{"name":"l"},"metrics":[
{"name":"my.counter","unit":"1","description":"I am a Counter","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[
 {"asDouble":5,"timeUnixNano":"1544712660300000000","attributes":[{"key":"my.attr","value":{"stringValue":"v"}}]},
 {"asDouble":5,"attributes":[]},
 {"flags":1,"timeUnixNano":"1544712661300000000","attributes":[{"key":"my.attr","value":{"stringValue":"v"}}]}]}},
{"name":"my.gauge","unit":"By","gauge":{"dataPoints":[{"asInt":"10","timeUnixNano":"1544712660300000000"}]}},
{"name":"latency","unit":"s","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","dataPoints":[
 {"timeUnixNano":1544712660300000000,"count":"5","sum":7.5,"bucketCounts":["1","3","1"],"explicitBounds":[0.5,10]},
 {"timeUnixNano":1544712660300000000,"count":"5","sum":7.5,"bucketCounts":["1"],"explicitBounds":[0.5,10]}]}},
{"name":"exp","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1544712660300000000","count":"3","sum":10,"scale":0,"positive":{"offset":1,"bucketCounts":["1","2"]}}]}},
{"name":"deltas","sum":{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{"asInt":"3","timeUnixNano":"1544712660300000000"}]}},
{"name":"old","summary":{"dataPoints":[{"timeUnixNano":"1544712660300000000","count":"2","sum":3,"quantileValues":[{"quantile":0.5,"value":1}]}]}},
{"name":"nothing"}
]}]}]}"#;

const LOGS: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"api"}}]},"scopeLogs":[{"logRecords":[
{"timeUnixNano":"1544712660300000000","severityNumber":10,"severityText":"Information","traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","body":{"stringValue":"Example log record"},"attributes":[{"key":"int.attribute","value":{"intValue":"10"}}]},
{"observedTimeUnixNano":"1544712660300000000","severityNumber":17,"body":{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}},
{"body":{"stringValue":"no time"}}
]}]}]}"#;

#[test]
fn reads_spans() {
    let sink = TestSink::read(&Otlp, TRACE);
    let [span] = &sink.spans[..] else {
        panic!("{:?}", sink.spans);
    };
    assert_eq!(span.ts, 1_544_712_660_000_000);
    assert_eq!(span.trace_id, "5b8efff798038103d269b633813fc60c");
    assert_eq!(span.parent_span_id.as_deref(), Some("eee19b7ec3c1b173"));
    assert_eq!(span.service.as_deref(), Some("my.service"));
    assert_eq!(
        (span.kind, span.status),
        (Some(SpanKind::Server), Some(SpanStatus::Error))
    );
    assert_eq!(span.duration_ns, 1_000_000_000);
    let names: Vec<_> = span
        .attributes
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    let expected = [
        "host.name",
        "my.span.attr",
        "otel.scope.name",
        "otel.scope.version",
        "status.message",
    ];
    assert_eq!(names, expected);
    assert_eq!(sink.logs[0].body.as_deref(), Some("exception"));
    assert_eq!(sink.logs[0].severity.as_deref(), Some("ERROR"));
    let expected = [
        "9: the span has no spanId",
        "10: the span ends before it begins",
    ];
    assert_eq!(sink.reject_lines(), expected);
}

#[test]
fn reads_metrics_as_prometheus_would() {
    let sink = TestSink::read(&Otlp, METRICS);
    let at = "@1544712660300000";
    let of = r#"instance="i-1", job="shop/api""#;
    let mut expected = vec![
        format!(r#"my_counter_total{{{of}, my_attr="v"}} 5 {at}"#),
        format!(r#"my_counter_total{{{of}, my_attr="v"}} stale @1544712661300000"#),
        format!("my_gauge_bytes{{{of}}} 10 {at}"),
        format!(r#"latency_seconds_bucket{{{of}, le="0.5"}} 1 {at}"#),
        format!(r#"latency_seconds_bucket{{{of}, le="10"}} 4 {at}"#),
        format!(r#"latency_seconds_bucket{{{of}, le="+Inf"}} 5 {at}"#),
        format!("latency_seconds_count{{{of}}} 5 {at}"),
        format!("latency_seconds_sum{{{of}}} 7.5 {at}"),
        format!("exp_count{{{of}}} 3 {at}"),
        format!("exp_sum{{{of}}} 10 {at}"),
        format!("deltas{{{of}}} 3 {at}"),
        format!(r#"old{{{of}, quantile="0.5"}} 1 {at}"#),
        format!("old_count{{{of}}} 2 {at}"),
        format!("old_sum{{{of}}} 3 {at}"),
        format!(r#"target_info{{cloud_region="eu", {of}}} 1 @1544712661300000"#),
    ];
    let mut lines: Vec<String> = sink.sample_lines();
    lines
        .iter_mut()
        .for_each(|line| *line = line.replace("\",", "\", ").replace(",  ", ", "));
    expected
        .iter_mut()
        .for_each(|line| *line = line.replace("\",", "\", ").replace(",  ", ", "));
    assert_eq!(lines, expected);
    let kinds: Vec<_> = sink
        .metadata
        .iter()
        .map(|(name, m)| (name.as_str(), m.metric_type))
        .collect();
    assert_eq!(kinds[0], ("my_counter_total", Some(MetricType::Counter)));
    assert_eq!(kinds[4], ("deltas", Some(MetricType::Gauge)));
    let reasons: Vec<_> = sink
        .rejects
        .iter()
        .map(|(line, reason, _)| (*line, reason.as_str()))
        .collect();
    assert_eq!(reasons[0], (6, "the data point has no timeUnixNano"));
    assert_eq!(reasons[1], (11, "the histogram has 1 counts for 2 bounds"));
    assert!(reasons[2].1.starts_with("buckets of exponential"));
    assert_eq!(
        reasons[3],
        (15, "the metric has no data that is known here")
    );
    assert!(sink.warnings[0].message.contains("delta temporality"));
}

#[test]
fn reads_logs() {
    let sink = TestSink::read(&Otlp, LOGS);
    let [first, second] = &sink.logs[..] else {
        panic!("{:?}", sink.logs);
    };
    assert_eq!(first.body.as_deref(), Some("Example log record"));
    assert_eq!(first.severity.as_deref(), Some("INFO"));
    assert_eq!(first.span_id.as_deref(), Some("eee19b7ec3c1b174"));
    assert_eq!(first.attributes, [("int.attribute".into(), "10".into())]);
    assert_eq!(second.body.as_deref(), Some(r#"{"a":true}"#));
    assert_eq!(second.severity.as_deref(), Some("ERROR"));
    assert_eq!(
        sink.reject_lines(),
        ["4: the log record has no timeUnixNano"]
    );
}

#[test]
fn requests_stand_one_a_line_or_in_an_array() {
    let line = |text: &str| text.replace('\n', "");
    let lines = format!(
        "{}\n{}\n{}\n{{\"a\":1}}\n",
        line(TRACE),
        line(METRICS),
        line(LOGS)
    );
    let sink = TestSink::read(&Otlp, &lines);
    assert_eq!((sink.spans.len(), sink.logs.len()), (1, 3));
    assert!(
        sink.reject_lines()
            .last()
            .is_some_and(|l| l.starts_with("4: expected resourceSpans"))
    );
    let array = format!("[{TRACE},\n{LOGS}]");
    let sink = TestSink::read(&Otlp, &array);
    assert_eq!((sink.spans.len(), sink.logs.len()), (1, 3));
    let answer = format!("{{\"trace\":{TRACE}}}");
    assert_eq!(TestSink::read(&Otlp, answer).spans.len(), 1);
    let head = Head {
        bytes: TRACE.as_bytes(),
        truncated: true,
        file_name: "x",
    };
    assert!(Otlp.sniff(head).is_some_and(|s| s.confidence > 90));
}

proptest! {
    #[test]
    fn never_panics(which in 0..3_usize, at in 0..700_usize, byte: u8, cut in 0..1500_usize) {
        let mut bytes = [TRACE, METRICS, LOGS][which].as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(cut.max(at));
        let _ = TestSink::try_read(&Otlp, &bytes, &ReadOptions::default());
    }
}
