use std::io::{self, BufReader, Read};

use proptest::prelude::*;

use super::*;
use crate::ingest::test_sink::TestSink;

const MATRIX: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"node"},"values":[[1435781430.781,"1"],[1435781445.781,"NaN"],[1435781460,"+Inf"],[1435781475.1,"-1.5e-05"]]},{"metric":{"__name__":"up","job":"b"},"values":[]}]}}"#;
const VECTOR: &str = r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"prometheus","a":"é\"]}"},"value":[1435781451.781,"1"]},{"metric":{"__name__":"up","job":"node"},"value":[1435781451.781,"0"]}]}}"#;

fn read(input: &str) -> TestSink {
    TestSink::read(&PrometheusApi, input)
}

fn error(input: &str) -> (TestSink, String) {
    let (sink, result) = TestSink::try_read(&PrometheusApi, input, &ReadOptions::default());
    (sink, result.expect_err("broken").to_string())
}

const MATRIX_SAMPLES: [&str; 4] = [
    r#"up{job="node"} 1 @1435781430781000"#,
    r#"up{job="node"} NaN @1435781445781000"#,
    r#"up{job="node"} inf @1435781460000000"#,
    r#"up{job="node"} -0.000015 @1435781475100000"#,
];

#[test]
fn reads_a_matrix_in_every_wrapping() {
    let pretty = {
        let value: serde_json::Value = serde_json::from_str(MATRIX).expect("JSON");
        serde_json::to_string_pretty(&value).expect("JSON")
    };
    let sorted = r#"{"data":{"result":[{"metric":{"job":"node","__name__":"up"},"values":[[1435781430.781,"1"],[1435781445.781,"NaN"],[1435781460,"+Inf"],[1435781475.1,"-1.5e-05"]]}],"resultType":"matrix"},"status":"success"}"#;
    let late_metric = r#"{"values":[[1435781430.781,"1"],[1435781445.781,"NaN"],[1435781460 ,"+Inf"],[1435781475.1,-1.5e-05]],"metric":{"__name__":"up","job":"node"}}"#;
    let start = MATRIX.find(r#"{"resultType"#).expect("data");
    let data = &MATRIX[start..MATRIX.len() - 1];
    let result = &MATRIX[MATRIX.find("[{").expect("result")..MATRIX.len() - 2];
    let bom = format!("\u{feff}{MATRIX}\n");
    for input in [MATRIX, &pretty, sorted, late_metric, data, result, &bom] {
        let sink = read(input);
        assert_eq!(sink.sample_lines(), MATRIX_SAMPLES, "{input}");
        assert!(sink.rejects.is_empty() && sink.warnings.is_empty());
    }
}

#[test]
fn reads_vectors_scalars_and_several_documents() {
    let sink = read(&format!("{VECTOR}{VECTOR}\n{VECTOR}"));
    assert_eq!(sink.samples.len(), 6);
    assert_eq!(
        sink.sample_lines()[..2],
        [
            "up{a=\"é\\\"]}\", job=\"prometheus\"} 1 @1435781451781000",
            "up{job=\"node\"} 0 @1435781451781000"
        ]
    );
    let options = ReadOptions {
        metric: Some("answer".into()),
        ..ReadOptions::default()
    };
    let scalar =
        r#"{"status":"success","data":{"resultType":"scalar","result":[1435781451.781,"42"]}}"#;
    let (sink, result) = TestSink::try_read(&PrometheusApi, scalar, &options);
    assert!(result.is_ok());
    assert_eq!(sink.sample_lines(), ["answer 42 @1435781451781000"]);
    let string = scalar.replace("42", "forty-two");
    let (sink, _) = TestSink::try_read(&PrometheusApi, string, &options);
    assert_eq!(
        sink.reject_lines(),
        ["1: the value \"forty-two\" is not a number"]
    );
}

#[test]
fn rejects_bad_points_where_they_stand() {
    let sink = read(
        r#"{"status":"success","warnings":["results truncated"],"infos":["may not be a counter"],"isPartial":true,
"data":{"resultType":"matrix","result":[
{"metric":{"__name__":"m"},"values":[[1,"1"],[2,"two"],
["x","3"],[4],
{"a":[1]},[6,"6"]],"histograms":[[1,{"count":"1","buckets":[[0,"1","2","1"]]}],[2,{}]]},
{"metric":{"__name__":7},"values":[[1,"1"]]},
{"metric":{"job":"a"},"values":[[1,"1"]]},
{"metric":{"__name__":"h"},"histogram":[1,{}]},
{"stream":{"a":"b"}},
{"values":[[1,"1"],[2,"x"]]}
]}}"#,
    );
    assert_eq!(sink.sample_lines(), ["m 1 @1000000", "m 6 @6000000"]);
    let point = "expected a point [time in seconds, \"value\"]";
    assert_eq!(
        sink.reject_lines(),
        [
            "3: the value \"two\" is not a number".into(),
            "4: the time \"x\" is not a Unix time in seconds".into(),
            format!("4: {point}"),
            format!("5: {point}"),
            "5: 2 native histograms: they are not supported (the series' floats are kept)".into(),
            "6: metric is not an object of strings".into(),
            "7: the series has no name: say --metric NAME".into(),
            "8: 1 native histograms: they are not supported (the series' floats are kept)".into(),
            "9: expected {\"metric\":{…},\"values\":[[time,\"value\"],…]}".into(),
            "10: the series has no metric object".into(),
            "10: the value \"x\" is not a number".into(),
        ]
    );
    assert_eq!(
        sink.rejects[0].2,
        r#"{"metric":{"__name__":"m"},"values":[[2,"two"]]}"#
    );
    assert_eq!(sink.rejects[8].2, r#"{"stream":{"a":"b"}}"#);
    let (cut, _) = error(r#"{"result":[{"values":[[1,"1"],[2,"2"]"#);
    assert_eq!(cut.rejects.len(), 2);
    let codes: Vec<_> = sink.warnings.iter().map(|w| w.code).collect();
    assert_eq!(
        codes,
        ["prometheus-warning", "prometheus-info", "partial-result"]
    );
}

#[test]
fn keeps_what_comes_before_the_break() {
    for cut in 0..MATRIX.len() {
        if !MATRIX.is_char_boundary(cut) || cut == 0 {
            continue;
        }
        let (sink, reason) = error(&MATRIX[..cut]);
        assert_eq!(
            reason,
            "line 1: the document ends in the middle (truncated?)"
        );
        let found = sink.sample_lines();
        assert_eq!(
            found,
            MATRIX_SAMPLES[..MATRIX[..cut].matches("\"]").count()]
        );
    }
    let (sink, reason) = error(&MATRIX.replace("],[1435781475", "]\n\n;[1435781475"));
    assert_eq!(sink.samples.len(), 3);
    assert_eq!(reason, "line 3: expected ']', found ';'");
    assert_eq!(error("not JSON").1, "line 1: expected '{', found 'n'");
}

#[test]
fn goes_on_after_an_error_answer() {
    let failed = r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#;
    let (sink, reason) = error(&format!("{MATRIX}\n{failed}\n{VECTOR}"));
    assert_eq!(sink.samples.len(), 6);
    assert_eq!(
        reason,
        "line 2: the answer is an error (timeout): query timed out"
    );
    let (_, reason) = error(r#"{"status":"success","data":["a","b"]}"#);
    assert!(reason.contains("no data.result"), "{reason}");
}

#[test]
fn reads_across_buffers_and_hands_on_a_failure() {
    struct Fails<'a>(&'a [u8], usize);
    impl Read for Fails<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }
    for step in [1, 2, 3, 7, 40, 1000] {
        for text in [MATRIX, &MATRIX[..MATRIX.len() - 50]] {
            let mut sink = TestSink::default();
            let mut input = BufReader::with_capacity(1, Fails(text.as_bytes(), step));
            let result = PrometheusApi.read(&mut input, &ReadOptions::default(), &mut sink);
            assert!(matches!(result, Err(ReadError::Io(_))));
            assert_eq!(sink.sample_lines(), MATRIX_SAMPLES);
        }
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
        PrometheusApi
            .sniff(head)
            .map_or(0, |sniffed| sniffed.confidence)
    };
    assert_eq!(sniff(MATRIX), 97);
    assert_eq!(sniff(&format!("\u{feff}\n{VECTOR}")), 97);
    assert_eq!(
        sniff("{\n  \"status\": \"success\",\n  \"data\": {\n    \"resultType\" : \"vector\""),
        97
    );
    assert_eq!(
        sniff(r#"{"data":{"result":[{"metric":{"a":"b"},"values":[ [ 1,"2"]"#),
        85
    );
    assert_eq!(
        sniff(r#"{"status":"error","errorType":"bad_data","error":"x"}"#),
        90
    );
    for other in [
        "",
        "a,b\n",
        r#"{"metric":{"__name__":"up"},"values":[0],"timestamps":[1549891472010]}"#,
        r#"{"status":"success","data":{"resultType":"streams","result":[{"stream":{}}]}}"#,
        r#"{"level":"info","status":"error"}"#,
    ] {
        assert_eq!(sniff(other), 0, "{other}");
    }
}

proptest! {
    #[test]
    fn never_panics(
        text in r#"([{}\[\],:"\\ \né]|"(data|result|metric|values|value|histograms|status|warnings)":|\{"__name__":"m"\}|\[1,"2"\]|[0-9]{1,22}|-|\.|e){0,40}"#,
    ) {
        let _ = TestSink::try_read(&PrometheusApi, &text, &ReadOptions::default());
        let head = Head { bytes: text.as_bytes(), truncated: false, file_name: "" };
        let _ = PrometheusApi.sniff(head);
    }

    #[test]
    fn reads_back_any_points(points in proptest::collection::vec((0_i64..4_000_000_000_000, any::<f64>()), 0..30)) {
        let texts: Vec<String> = points
            .iter()
            .map(|(ms, value)| format!("[{}.{:03},\"{value:e}\"]", ms / 1000, ms % 1000))
            .collect();
        let sink = read(&format!(r#"{{"metric":{{"__name__":"m"}},"values":[{}]}}"#, texts.join(",")));
        prop_assert_eq!(sink.samples.len(), points.len());
        for (sample, (ms, value)) in sink.samples.iter().zip(&points) {
            prop_assert_eq!(sample.1, ms * 1000);
            prop_assert!(f64::from_bits(sample.2) == *value || value.is_nan());
        }
    }
}
