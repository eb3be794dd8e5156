//! Reads the text of `promtool tsdb dump`.
//!
//! `{__name__="m", foo="bar"} 5 1700000000000`: labels as Go quotes them, values
//! as `%g`, times in ms. A native histogram stands as `{count:…}` where the
//! value would be, and is rejected. Source: prometheus `cmd/promtool/tsdb.go`
//! (`formatSeriesSet`), `model/labels/labels_common.go` (`String`).

use std::io::BufRead;

use super::head::complete_lines;
use super::number::{MILLIS, parse_float, parse_unix};
use super::series_cache::{SeriesCache, intern};
use super::series_text::{Escapes, parse_series, series_end};
use crate::ingest::framing::{LONG_LINE, Lines, PARTIAL_LINE};
use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, SeriesRef, Sniffed};

/// `promtool tsdb dump`.
pub(super) struct TsdbDump;

impl Format for TsdbDump {
    fn name(&self) -> &'static str {
        "tsdb-dump"
    }

    fn description(&self) -> &'static str {
        "text of promtool tsdb dump"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let fits = |line: &[u8]| {
            line.starts_with(b"{")
                && split(line).is_some_and(|(series, _, time)| {
                    memchr::memmem::find(series, b"__name__=\"").is_some()
                        && parse_unix(time, MILLIS).is_some()
                })
        };
        let (mut fitting, mut lines) = (0, 0);
        for line in complete_lines(head) {
            lines += 1;
            fitting += usize::from(fits(line));
        }
        (fitting * 2 > lines).then(|| Sniffed {
            confidence: if fitting == lines { 97 } else { 85 },
            why: format!(
                "{fitting} of the first {lines} lines are {{__name__=\"…\"}}, a value and a time in ms"
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
        let mut cache = SeriesCache::default();
        loop {
            match lines.next() {
                Ok(Some(line)) => {
                    if line.cut {
                        sink.reject(line.number, LONG_LINE, line.bytes);
                        continue;
                    }
                    match sample(line.bytes.trim_ascii(), &mut cache, options, sink) {
                        Ok(Some((series, ts, value))) => sink.sample(series, ts, value),
                        Ok(None) => {}
                        Err(reason) => sink.reject(line.number, &reason, line.bytes),
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

/// Splits a line into series, value and time.
fn split(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let series_end = match line.first()? {
        b'{' => series_end(line)?,
        _ => return None,
    };
    let (series, rest) = line.split_at(series_end);
    let rest = rest.trim_ascii();
    let blank = memchr::memrchr(b' ', rest)?;
    Some((series, rest[..blank].trim_ascii_end(), &rest[blank + 1..]))
}

fn sample(
    line: &[u8],
    cache: &mut SeriesCache,
    options: &ReadOptions,
    sink: &mut dyn RecordSink,
) -> Result<Option<(SeriesRef, i64, f64)>, String> {
    if line.is_empty() {
        return Ok(None);
    }
    let (series, value, time) =
        split(line).ok_or("expected {__name__=\"…\", …}, a value and a time in ms")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if value.starts_with(b"{") {
        return Err("native histograms are not supported".into());
    }
    let value = parse_float(value).ok_or_else(|| format!("{:?} is not a number", text(value)))?;
    let ts = parse_unix(time, MILLIS)
        .ok_or_else(|| format!("{:?} is not a Unix time in ms", text(time)))?;
    let series = cache.get_or_make(series, || {
        intern(parse_series(series, Escapes::Go)?, options, sink)
    })?;
    Ok(Some((series, ts, value)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::test_sink::TestSink;

    const DUMP: &str = concat!(
        "{__name__=\"m\", foo=\"bar\"} 5 1700000000000\n",
        "{__name__=\"m\", foo=\"bar\"} NaN 1700000015001\n",
        "{__name__=\"n\", foo=\"a } \\\" b\\t\"} 1e+11 0\n",
        "\n",
        "{__name__=\"n\", foo=\"x\"} -Inf -62135596800000\n",
    );

    #[test]
    fn reads_a_dump() {
        let sink = TestSink::read(&TsdbDump, DUMP);
        assert_eq!(
            sink.sample_lines(),
            [
                r#"m{foo="bar"} 5 @1700000000000000"#,
                r#"m{foo="bar"} NaN @1700000015001000"#,
                r#"n{foo="a } \" b\t"} 100000000000 @0"#,
                r#"n{foo="x"} -inf @-62135596800000000"#,
            ]
        );
        assert!(sink.rejects.is_empty());
    }

    #[test]
    fn rejects_with_reasons() {
        let sink = TestSink::read(
            &TsdbDump,
            concat!(
                "m 5 1700000000000\n",
                "{__name__=\"m\"} {count:2, sum:3, [1,2]:1} 1700000000000\n",
                "{__name__=\"m\"} five 1700000000000\n",
                "{__name__=\"m\"} 5 late\n",
                "{__name__=\"m\"} 5\n",
                "{a=\"b\"} 5 1700000000000\n",
                "{__name__=\"m\", a} 5 1700000000000",
            ),
        );
        let shape = "expected {__name__=\"…\", …}, a value and a time in ms";
        assert_eq!(
            sink.reject_lines(),
            [
                format!("1: {shape}"),
                "2: native histograms are not supported".into(),
                "3: \"five\" is not a number".into(),
                "4: \"late\" is not a Unix time in ms".into(),
                format!("5: {shape}"),
                "6: the series has no name".into(),
                "7: expected = after the label \"a\"".into(),
            ]
        );
        assert!(sink.samples.is_empty());
    }

    #[test]
    fn sniffs() {
        let sniff = |bytes: &str| {
            let head = Head {
                bytes: bytes.as_bytes(),
                truncated: true,
                file_name: "",
            };
            TsdbDump.sniff(head).map_or(0, |sniffed| sniffed.confidence)
        };
        assert_eq!(sniff(DUMP), 97);
        assert_eq!(sniff(&format!("\u{feff}level=info\n{DUMP}{{__na")), 85);
        for other in [
            "",
            "up 1 1700000000000\n",
            "{\"a\":1}\n",
            "{\"my.metric\"} 1 1700000000000\n",
        ] {
            assert_eq!(sniff(other), 0, "{other}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"([{}",=\\ 019é\n]|__name__|a=|"b"|NaN| ){0,40}"#) {
            let _ = TestSink::read(&TsdbDump, &text);
            let head = Head { bytes: text.as_bytes(), truncated: false, file_name: "" };
            let _ = TsdbDump.sniff(head);
        }
    }
}
