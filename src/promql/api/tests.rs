use std::sync::Arc;

use super::*;
use crate::promql::ABSENT;

fn series(pairs: &[(&str, &str)], values: &[f64]) -> Series {
    Series {
        labels: Arc::new(Labels::from_pairs(pairs.iter().copied()).unwrap()),
        drop_name: false,
        values: values.to_vec(),
    }
}

fn instant(value: &Value, ts: i64) -> String {
    let mut out = Vec::new();
    write_data(&mut out, value, Steps::instant(ts), true).unwrap();
    String::from_utf8(out).unwrap()
}

fn range(value: &Value, start: i64, step: i64, len: usize) -> String {
    let mut out = Vec::new();
    write_data(&mut out, value, Steps { start, step, len }, false).unwrap();
    String::from_utf8(out).unwrap()
}

const TS: i64 = 1_435_781_445_781_000;

// The expected texts are those of Prometheus 2.42's HTTP API for the same
// values (`vector(1e-7)`, `1e30`, …), which 3 writes in the same way.

#[test]
fn values_of_a_vector_have_an_exponent_where_go_wants_one() {
    for (value, text) in [
        (1.0, "1"),
        (-3.0, "-3"),
        (0.0, "0"),
        (-0.0, "-0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (123_456.789, "123456.789"),
        (1e-6, "0.000001"),
        (1e-7, "1e-07"),
        (1.5e-10, "1.5e-10"),
        (5e-324, "5e-324"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (-1e30, "-1e+30"),
        (9_007_199_254_740_993.0, "9007199254740992"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
    ] {
        assert_eq!(
            instant(&Value::Vector(vec![series(&[], &[value])]), TS),
            format!(
                r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[1435781445.781,"{text}"]}}]}}"#
            )
        );
    }
}

#[test]
fn times_of_a_vector_have_three_decimals_or_none() {
    for (ts, text) in [
        (0, "0"),
        (1_435_781_430_000_000, "1435781430"),
        (1_435_781_445_700_000, "1435781445.700"),
        (50_000, "0.050"),
        (1_001_000, "1.001"),
        (1_001_999, "1.001"),
        (-1_500_000, "-1.500"),
        (-1_000, "-0.001"),
    ] {
        assert_eq!(
            instant(&Value::Vector(vec![series(&[], &[1.0])]), ts),
            format!(
                r#"{{"resultType":"vector","result":[{{"metric":{{}},"value":[{text},"1"]}}]}}"#
            )
        );
    }
}

#[test]
fn scalars_and_strings_have_no_exponent_and_short_times() {
    for (ts, value, text) in [
        (TS, 1e-7, r#"1435781445.781,"0.0000001""#),
        (50_000, 5.0, r#"0.05,"5""#),
        (-1_005_000, f64::INFINITY, r#"-1.005,"+Inf""#),
        (0, 1e30, r#"0,"1000000000000000000000000000000""#),
    ] {
        assert_eq!(
            instant(&Value::Scalar(vec![value]), ts),
            format!(r#"{{"resultType":"scalar","result":[{text}]}}"#)
        );
    }
    // Go 1.22 writes \b and \f so; Prometheus 2.42's Go wrote \u0008 and \u000c.
    let text = "a<b>&\"\\\u{2028}\u{8}\u{c}\n\t\u{7f}\u{1}é😀";
    assert_eq!(
        instant(&Value::String(text.into()), TS),
        "{\"resultType\":\"string\",\"result\":[1435781445.781,\
         \"a\\u003cb\\u003e\\u0026\\\"\\\\\\u2028\\b\\f\\n\\t\u{7f}\\u0001é😀\"]}"
    );
}

#[test]
fn labels_are_escaped_as_little_as_json_allows() {
    let text = "a<b>&\"\\\u{2028}\u{8}\r\n\t\u{7f}\u{1}é😀";
    let vector = Value::Vector(vec![series(&[("x", text), ("__name__", "up")], &[1.0])]);
    let written = instant(&vector, 0);
    assert_eq!(
        written,
        "{\"resultType\":\"vector\",\"result\":[{\"metric\":{\"__name__\":\"up\",\
         \"x\":\"a<b>&\\\"\\\\\u{2028}\\u0008\\r\\n\\t\u{7f}\\u0001é😀\"},\"value\":[0,\"1\"]}]}"
    );
    let read: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(read["result"][0]["metric"]["x"], text);
}

#[test]
fn a_vector_keeps_its_order_and_a_matrix_is_sorted() {
    let vector = Value::Vector(vec![
        series(&[("a", "z")], &[1.0, ABSENT, 3.5]),
        series(&[("a", "m")], &[ABSENT, ABSENT, ABSENT]),
        series(&[("a", "b")], &[2.0, f64::NAN, ABSENT]),
    ]);
    assert_eq!(
        instant(&vector, 60_000_000),
        r#"{"resultType":"vector","result":[{"metric":{"a":"z"},"value":[60,"1"]},{"metric":{"a":"b"},"value":[60,"2"]}]}"#
    );
    assert_eq!(
        range(&vector, 1_000_000, 500_000, 3),
        r#"{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"2"],[1.500,"NaN"]]},{"metric":{"a":"z"},"values":[[1,"1"],[2,"3.5"]]}]}"#
    );
    let nothing = Value::Vector(vec![series(&[], &[ABSENT])]);
    assert_eq!(
        range(&nothing, 0, 1, 1),
        r#"{"resultType":"matrix","result":[]}"#
    );
    assert_eq!(
        instant(&nothing, 0),
        r#"{"resultType":"vector","result":[]}"#
    );
}

#[test]
fn scalars_of_a_range_and_raw_samples_are_matrices() {
    assert_eq!(
        range(&Value::Scalar(vec![1e30, 1e30, 2.0]), 1_000_000, 500_000, 3),
        r#"{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1e+30"],[1.500,"1e+30"],[2,"2"]]}]}"#
    );
    let raw = |label: &str, timestamps: Vec<i64>| RawSeries {
        labels: Arc::new(Labels::from_pairs([("a", label)]).unwrap()),
        values: vec![1.0; timestamps.len()],
        timestamps,
    };
    let matrix = Value::Matrix(vec![
        raw("b", vec![300_000_000, 360_123_000]),
        raw("c", vec![]),
        raw("a", vec![0]),
    ]);
    assert_eq!(
        instant(&matrix, 0),
        r#"{"resultType":"matrix","result":[{"metric":{"a":"a"},"values":[[0,"1"]]},{"metric":{"a":"b"},"values":[[300,"1"],[360.123,"1"]]}]}"#
    );
}

proptest::proptest! {
    #[test]
    fn any_value_is_json_and_reads_back(
        values in proptest::collection::vec(proptest::num::f64::ANY, 1..5),
        label in ".*",
        start in proptest::num::i64::ANY,
    ) {
        let steps = Steps { start: start / 2, step: 1_000, len: values.len() };
        let vector = Value::Vector(vec![series(&[("a", &label)], &values)]);
        let scalar = Value::Scalar(values.clone());
        for (value, instant) in [(&vector, true), (&vector, false), (&scalar, true), (&scalar, false)] {
            let mut out = Vec::new();
            write_data(&mut out, value, steps, instant).unwrap();
            let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
            if instant {
                continue;
            }
            let Some(points) = read["result"][0]["values"].as_array() else { continue };
            for (point, expected) in points.iter().zip(values.iter().filter(|v| !is_absent(**v))) {
                let got: f64 = point[1].as_str().unwrap().parse().unwrap();
                proptest::prop_assert!(got == *expected || got.is_nan() && expected.is_nan());
            }
        }
    }
}
