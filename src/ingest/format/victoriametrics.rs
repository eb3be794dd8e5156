//! Reads VictoriaMetrics' export lines (`/api/v1/export`).
//!
//! One JSON object a line: `{"metric":{…},"values":[…],"timestamps":[…]}`, keys
//! in any order, times in ms. A series may be spread over many lines. `null` is
//! Prometheus' stale marker; `"NaN"`, `"Infinity"` and `"-Infinity"` are
//! strings. Source: VictoriaMetrics `docs/README.md` ("How to export data in
//! JSON line format") and `app/vmselect/prometheus/export.qtpl`.

use std::io::BufRead;
use std::ops::Range;

use memchr::memmem;

use super::head::complete_lines;
use super::json_slice::Cursor;
use super::number::{Decimal, MILLIS, parse_float, parse_unix};
use super::series_cache::{SeriesCache, intern};
use crate::ingest::framing::{LONG_LINE, Lines, PARTIAL_LINE};
use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, Sniffed};
use crate::model::stale_nan;

/// VictoriaMetrics' JSON lines.
pub(super) struct VictoriaMetrics;

impl Format for VictoriaMetrics {
    fn name(&self) -> &'static str {
        "victoriametrics"
    }

    fn description(&self) -> &'static str {
        "VictoriaMetrics JSON lines (/api/v1/export)"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let has = |line: &[u8], key: &str| memmem::find(line, key.as_bytes()).is_some();
        let all_keys = |line: &[u8]| {
            line.trim_ascii_start().starts_with(b"{")
                && ["\"metric\"", "\"values\"", "\"timestamps\""]
                    .iter()
                    .all(|key| has(line, key))
        };
        let lines: Vec<&[u8]> = complete_lines(head).collect();
        let Some(first) = lines.first() else {
            // One line longer than the head: its beginning must do.
            let begins = head.bytes.trim_ascii_start().starts_with(b"{\"metric\":{")
                && has(head.bytes, "\"values\":[")
                && !has(head.bytes, "\"values\":[[");
            return begins.then(|| Sniffed {
                confidence: 95,
                why: "the first line begins as a JSON object with metric and values".into(),
            });
        };
        let fitting = lines.iter().filter(|line| all_keys(line)).count();
        if all_keys(first) && fitting * 2 > lines.len() {
            return Some(Sniffed {
                confidence: 98,
                why: "the first line is a JSON object with metric, values and timestamps".into(),
            });
        }
        (fitting * 2 > lines.len()).then(|| Sniffed {
            confidence: 85,
            why: format!(
                "{fitting} of the first {} lines are JSON objects with metric, values and timestamps",
                lines.len()
            ),
        })
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let mut lines = Lines::new(input);
        let mut reader = LineReader::default();
        loop {
            match lines.next() {
                Ok(Some(line)) => {
                    if line.cut {
                        let reason = format!("{LONG_LINE}: export with max_rows_per_line=100000");
                        sink.reject(line.number, &reason, line.bytes);
                    } else if let Err(reason) = reader.read(line.bytes, line.number, options, sink)
                    {
                        sink.reject(line.number, &reason, line.bytes);
                    }
                    if sink.is_full() {
                        return Ok(());
                    }
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    if let Some(line) = lines.partial() {
                        sink.reject(line.number, PARTIAL_LINE, line.bytes);
                    }
                    return Err(error.into());
                }
            }
        }
    }
}

/// An array's element that could not be read: which, and where its text is.
type BadElement = (usize, Range<usize>);

#[derive(Default)]
struct LineReader {
    series: SeriesCache,
    values: Vec<f64>,
    timestamps: Vec<i64>,
    bad_values: Vec<BadElement>,
    bad_timestamps: Vec<BadElement>,
}

impl LineReader {
    /// Reads one line; an error is the reason for rejecting all of it.
    fn read(
        &mut self,
        line: &[u8],
        number: u64,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), String> {
        let mut cursor = Cursor::new(line);
        if cursor.peek().is_none() {
            return Ok(());
        }
        let metric = self.scan(&mut cursor).ok_or_else(|| what_is_wrong(line))?;
        if self.values.len() != self.timestamps.len() {
            return Err(format!(
                "values has {} elements and timestamps {}: they belong together pair by pair",
                self.values.len(),
                self.timestamps.len()
            ));
        }
        let series = self.series.get_or_make(metric, || {
            let pairs = Cursor::new(metric)
                .labels()
                .ok_or("metric is not an object of strings")?;
            intern(pairs, options, sink)
        })?;
        if self.bad_values.is_empty() && self.bad_timestamps.is_empty() {
            for (&ts, &value) in self.timestamps.iter().zip(&self.values) {
                sink.sample(series, ts, value);
            }
            return Ok(());
        }
        let mut bad_values = self.bad_values.iter().peekable();
        let mut bad_timestamps = self.bad_timestamps.iter().peekable();
        for (index, (&ts, &value)) in self.timestamps.iter().zip(&self.values).enumerate() {
            let bad_value = bad_values.next_if(|bad| bad.0 == index);
            let bad_timestamp = bad_timestamps.next_if(|bad| bad.0 == index);
            let text =
                |bad: &BadElement| String::from_utf8_lossy(&line[bad.1.clone()]).into_owned();
            let reason = match (bad_value, bad_timestamp) {
                (None, None) => {
                    sink.sample(series, ts, value);
                    continue;
                }
                (_, Some(bad)) => {
                    format!(
                        "timestamp {} is not a Unix time in ms: {}",
                        index + 1,
                        text(bad)
                    )
                }
                (Some(bad), None) => format!(
                    "value {} is neither a number nor null, \"NaN\" or \"Infinity\": {}",
                    index + 1,
                    text(bad)
                ),
            };
            // A line of its own, so that it can be mended and read again.
            let raw = format!(
                r#"{{"metric":{},"values":[{}],"timestamps":[{}]}}"#,
                String::from_utf8_lossy(metric),
                bad_value.map_or_else(|| json_number(value), text),
                bad_timestamp.map_or_else(|| (ts / 1000).to_string(), text),
            );
            sink.reject(number, &reason, raw.as_bytes());
        }
        Ok(())
    }

    /// Fills the arrays and returns the text of the label set; `None` if the
    /// line has another shape.
    fn scan<'b>(&mut self, cursor: &mut Cursor<'b>) -> Option<&'b [u8]> {
        self.values.clear();
        self.timestamps.clear();
        self.bad_values.clear();
        self.bad_timestamps.clear();
        let (mut metric, mut has_values, mut has_timestamps) = (None, false, false);
        if !cursor.eat(b'{') {
            return None;
        }
        loop {
            let key = cursor.raw_string()?;
            if !cursor.eat(b':') {
                return None;
            }
            match key {
                b"\"metric\"" => metric = Some(cursor.value()?),
                b"\"values\"" => {
                    self.values.clear();
                    self.bad_values.clear();
                    array(
                        cursor,
                        &mut self.values,
                        &mut self.bad_values,
                        Decimal::to_f64,
                        value,
                    )?;
                    has_values = true;
                }
                b"\"timestamps\"" => {
                    self.timestamps.clear();
                    self.bad_timestamps.clear();
                    array(
                        cursor,
                        &mut self.timestamps,
                        &mut self.bad_timestamps,
                        |decimal| decimal.shifted(MILLIS),
                        |text| parse_unix(text, MILLIS),
                    )?;
                    has_timestamps = true;
                }
                _ => {
                    cursor.value()?;
                }
            }
            if cursor.eat(b'}') {
                break;
            }
            if !cursor.eat(b',') {
                return None;
            }
        }
        (cursor.peek().is_none() && has_values && has_timestamps).then_some(metric?)
    }
}

/// Reads an array of numbers: plain decimals by `quick`, anything else by `slow`.
#[inline]
fn array<T: Default>(
    cursor: &mut Cursor<'_>,
    into: &mut Vec<T>,
    bad: &mut Vec<BadElement>,
    quick: impl Fn(Decimal) -> Option<T>,
    slow: impl Fn(&[u8]) -> Option<T>,
) -> Option<()> {
    if !cursor.eat(b'[') {
        return None;
    }
    if cursor.eat(b']') {
        return Some(());
    }
    let bytes = cursor.bytes;
    loop {
        if let Some((decimal, length)) = Decimal::scan(&bytes[cursor.at..])
            && let Some(&after @ (b',' | b']')) = bytes.get(cursor.at + length)
            && let Some(number) = quick(decimal)
        {
            into.push(number);
            cursor.at += length + 1;
            if after == b',' {
                continue;
            }
            return Some(());
        }
        cursor.peek()?;
        let start = cursor.at;
        let text = cursor.value()?;
        let element = slow(text).unwrap_or_else(|| {
            bad.push((into.len(), start..start + text.len()));
            T::default()
        });
        into.push(element);
        if cursor.eat(b']') {
            return Some(());
        }
        if !cursor.eat(b',') {
            return None;
        }
    }
}

fn value(text: &[u8]) -> Option<f64> {
    match text {
        b"null" => Some(stale_nan()),
        [b'"', inner @ .., b'"'] => parse_float(inner),
        [b'-' | b'0'..=b'9', ..] => parse_float(text),
        _ => None,
    }
}

fn json_number(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else if value.is_nan() {
        "null".into()
    } else if value > 0.0 {
        "\"Infinity\"".into()
    } else {
        "\"-Infinity\"".into()
    }
}

/// Says why a line is not what it should be.
#[cold]
fn what_is_wrong(line: &[u8]) -> String {
    const EXPECTED: &str = "expected {\"metric\":{…},\"values\":[…],\"timestamps\":[…]}";
    match serde_json::from_slice::<serde::de::IgnoredAny>(line) {
        Ok(_) => EXPECTED.into(),
        Err(error) => format!("not JSON (column {}): {EXPECTED}", error.column()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::test_sink::TestSink;

    fn read(input: &str) -> TestSink {
        TestSink::read(&VictoriaMetrics, input)
    }

    #[test]
    fn reads_the_sample_of_the_documentation() {
        let sink = read(
            r#"{"metric":{"__name__":"up","job":"node_exporter"},"values":[0,0.5,1e3],"timestamps":[1549891472010,1549891487724,1549891503438]}"#,
        );
        assert_eq!(
            sink.sample_lines(),
            [
                r#"up{job="node_exporter"} 0 @1549891472010000"#,
                r#"up{job="node_exporter"} 0.5 @1549891487724000"#,
                r#"up{job="node_exporter"} 1000 @1549891503438000"#,
            ]
        );
        assert!(sink.rejects.is_empty());
    }

    #[test]
    fn takes_keys_in_any_order_white_space_and_special_values() {
        let sink = read(concat!(
            "\u{feff}\r\n",
            r#" { "timestamps" : [ 1 , 2,3 ,4, 5 ], "extra":{"a":[1,"]"]}, "values":[null ,"Infinity","-Infinity", "NaN",-0.25], "metric":{"__name__":"m","a":"x\"y\\}"} } "#,
            "\r\n",
            r#"{"metric":{"__name__":"m","a":"x\"y\\}"},"values":[],"timestamps":[]}"#,
        ));
        assert_eq!(
            sink.sample_lines(),
            [
                r#"m{a="x\"y\\}"} stale @1000"#,
                r#"m{a="x\"y\\}"} inf @2000"#,
                r#"m{a="x\"y\\}"} -inf @3000"#,
                r#"m{a="x\"y\\}"} NaN @4000"#,
                r#"m{a="x\"y\\}"} -0.25 @5000"#,
            ]
        );
        assert!(sink.rejects.is_empty());
    }

    #[test]
    fn rejects_elements_and_lines_with_their_reasons() {
        let sink = read(concat!(
            r#"{"metric":{"__name__":"m"},"values":[1,two,"three",4,{}],"timestamps":[1000,2000,3000,"late",5000]}"#,
            "\n",
            r#"{"metric":{"__name__":"m"},"values":[1,2],"timestamps":[1000]}"#,
            "\n",
            r#"{"metric":{"__name__":"m"},"values":[1,2"#,
            "\n",
            r#"{"metric":{"__name__":7},"values":[1],"timestamps":[1]}"#,
            "\n",
            r#"{"metric":{"__name__":"m"},"values":[1]}"#,
            "\nplain text\n",
            r#"{"metric":{"a":"b"},"values":[1],"timestamps":[1]}"#,
        ));
        assert_eq!(sink.sample_lines(), ["m 1 @1000000"]);
        let expected = "expected {\"metric\":{…},\"values\":[…],\"timestamps\":[…]}";
        let kinds = "is neither a number nor null, \"NaN\" or \"Infinity\"";
        assert_eq!(
            sink.reject_lines(),
            [
                format!("1: value 2 {kinds}: two"),
                format!("1: value 3 {kinds}: \"three\""),
                "1: timestamp 4 is not a Unix time in ms: \"late\"".into(),
                format!("1: value 5 {kinds}: {{}}"),
                "2: values has 2 elements and timestamps 1: they belong together pair by pair"
                    .into(),
                format!("3: not JSON (column 40): {expected}"),
                "4: metric is not an object of strings".into(),
                format!("5: {expected}"),
                format!("6: not JSON (column 1): {expected}"),
                "7: the series has no name: say --metric NAME".into(),
            ]
        );
        assert_eq!(
            sink.rejects[0].2,
            r#"{"metric":{"__name__":"m"},"values":[two],"timestamps":[2000]}"#
        );
        assert_eq!(
            sink.rejects[2].2,
            r#"{"metric":{"__name__":"m"},"values":[4],"timestamps":["late"]}"#
        );
    }

    fn sniff(bytes: &str, truncated: bool) -> u8 {
        let head = Head {
            bytes: bytes.as_bytes(),
            truncated,
            file_name: "",
        };
        VictoriaMetrics
            .sniff(head)
            .map_or(0, |sniffed| sniffed.confidence)
    }

    #[test]
    fn sniffs_clean_dirty_and_long_heads() {
        let line = r#"{"metric":{"__name__":"up"},"values":[0],"timestamps":[1549891472010]}"#;
        assert_eq!(sniff(line, false), 98);
        assert_eq!(
            sniff(&format!("\u{feff}\n{line}\n{line}\n{{\"met"), true),
            98
        );
        assert_eq!(sniff(&format!("garbage\n{line}\n{line}\n"), false), 85);
        assert_eq!(
            sniff(r#"{"metric":{"__name__":"up"},"values":[0,1,2"#, true),
            95
        );
        for other in [
            "",
            "a,b\n1,2\n",
            r#"{"metric":{"__name__":"up"},"values":[[1,"2"]]}"#,
            r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
        ] {
            assert_eq!(sniff(other, false), 0, "{other}");
            assert_eq!(sniff(other, true), 0, "{other}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(
            text in r#"(\{|\}|\[|\]|"metric":|"values":|"timestamps":|\{"a":"b"\}|[0-9]{1,25}|-|\.|e|null|"|\\|,|é|\n){0,40}"#,
        ) {
            let options = ReadOptions { file_name: "x".into(), ..ReadOptions::default() };
            let (_, result) = TestSink::try_read(&VictoriaMetrics, &text, &options);
            prop_assert!(result.is_ok());
        }

        #[test]
        fn reads_back_any_values(values in proptest::collection::vec(any::<f64>(), 0..20), start in 0_i64..4_000_000_000_000) {
            let numbers: Vec<String> = values.iter().map(|v| json_number(*v)).collect();
            let times: Vec<String> = (0..values.len() as i64).map(|i| (start + i).to_string()).collect();
            let sink = read(&format!(
                r#"{{"metric":{{"__name__":"m"}},"values":[{}],"timestamps":[{}]}}"#,
                numbers.join(","),
                times.join(","),
            ));
            prop_assert_eq!(sink.samples.len(), values.len());
            for (i, (sample, value)) in sink.samples.iter().zip(&values).enumerate() {
                prop_assert_eq!(sample.1, (start + i as i64) * 1000);
                let expected = if value.is_nan() { stale_nan() } else { *value };
                prop_assert_eq!(sample.2, expected.to_bits());
            }
        }
    }
}
