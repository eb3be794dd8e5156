//! Reads answers of Prometheus' HTTP API: `query_range` and `query`.
//!
//! A document is streamed: no more than a buffer of it is in memory, however
//! long a series is, as long as `metric` comes before `values` (as Prometheus
//! writes it; otherwise that series' points wait for its labels). Times are
//! seconds with decimals, values are strings. Taken are whole answers, several
//! in one file, the bare `data` object, its `result`, and single series
//! (`jq -c '.data.result[]'`). Native histograms are rejected. Source:
//! prometheus `docs/querying/api.md`, `web/api/v1/json_codec.go`.

mod json_stream;

use std::io::BufRead;

use memchr::{memchr, memmem};

use self::json_stream::JsonStream;
use super::json_slice::Cursor;
use super::number::{Decimal, SECONDS, parse_float, parse_unix};
use super::series_cache::intern;
use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, SeriesRef, Sniffed};
use crate::model::Warning;

/// How much of a record's text goes with a reject.
const RAW_LIMIT: usize = 64 * 1024;

/// Prometheus' HTTP API.
pub(super) struct PrometheusApi;

impl Format for PrometheusApi {
    fn name(&self) -> &'static str {
        "prometheus-api"
    }

    fn description(&self) -> &'static str {
        "Prometheus HTTP API JSON (query_range, query)"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let bytes = head
            .bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(head.bytes);
        let bytes = bytes.trim_ascii_start();
        if !bytes.starts_with(b"{") && !bytes.starts_with(b"[") {
            return None;
        }
        let result_type = after_key(bytes, "\"resultType\"");
        let kind = ["matrix", "vector", "scalar", "string"]
            .into_iter()
            .find(|kind| {
                result_type.is_some_and(|rest| {
                    rest.strip_prefix(b"\"")
                        .is_some_and(|rest| rest.starts_with(kind.as_bytes()))
                })
            });
        if let Some(kind) = kind {
            return Some(Sniffed {
                confidence: 97,
                why: format!("it is a JSON document with \"resultType\": \"{kind}\""),
            });
        }
        if result_type.is_some() {
            return None;
        }
        let is_error = after_key(bytes, "\"status\"").is_some_and(|v| v.starts_with(b"\"error\""));
        if is_error && after_key(bytes, "\"errorType\"").is_some() {
            return Some(Sniffed {
                confidence: 90,
                why: "it is an error answer (status, errorType, error)".into(),
            });
        }
        let points = |key, open: &[u8]| {
            after_key(bytes, key).is_some_and(|rest| {
                let mut cursor = Cursor::new(rest);
                open.iter().all(|b| cursor.eat(*b))
                    && cursor
                        .peek()
                        .is_some_and(|b| b.is_ascii_digit() || b == b'-')
            })
        };
        let has_metric = after_key(bytes, "\"metric\"").is_some_and(|rest| rest.starts_with(b"{"));
        (has_metric && (points("\"values\"", b"[[") || points("\"value\"", b"["))).then(|| {
            Sniffed {
                confidence: 85,
                why: "it has JSON objects with metric and pairs of time and value".into(),
            }
        })
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let mut reader = Reader {
            json: JsonStream::new(input),
            options,
            sink,
            text: Vec::new(),
        };
        let result = reader.documents();
        // A full sink makes the reader leave off in the middle of a document.
        if reader.sink.is_full() {
            Ok(())
        } else {
            result
        }
    }
}

/// Returns the text from the value of a key's first occurrence.
fn after_key<'b>(bytes: &'b [u8], key: &str) -> Option<&'b [u8]> {
    let at = memmem::find(bytes, key.as_bytes())? + key.len();
    let rest = bytes[at..].trim_ascii_start().strip_prefix(b":")?;
    Some(rest.trim_ascii_start())
}

struct Reader<'a, 'o> {
    json: JsonStream<'a>,
    options: &'o ReadOptions,
    sink: &'o mut dyn RecordSink,
    /// The text of the value that is looked at.
    text: Vec<u8>,
}

/// What is known of a series while it is read.
#[derive(Default)]
struct Series {
    /// Whether a key of a series has come.
    is_known: bool,
    labels: Option<Result<SeriesRef, String>>,
    /// Text of the labels, for rejects.
    metric: Vec<u8>,
    /// Points that came before the labels: time, value.
    waiting: Vec<(i64, f64)>,
    waiting_rejects: Vec<(u64, String, Vec<u8>)>,
    /// Text of the members that no series has.
    others: Vec<u8>,
}

/// What is known of a top-level object while it is read.
#[derive(Default)]
struct Answer {
    status: Option<String>,
    error_type: Option<String>,
    error: Option<String>,
    has_result: bool,
    /// A single series may stand by itself.
    series: Series,
}

impl Reader<'_, '_> {
    fn documents(&mut self) -> Result<(), ReadError> {
        let mut first_error = None;
        while let Some(first) = self.json.peek() {
            if first == b'[' {
                self.result()?;
            } else if let Some(error) = self.document()? {
                first_error.get_or_insert(error);
            }
            // Between documents: nothing, or the comma of a careless join.
            self.json.eat(b',');
        }
        match self.json.take_failure() {
            Some(failure) => Err(failure.into()),
            None => first_error.map_or(Ok(()), Err),
        }
    }

    /// Reads one top-level object. `Ok(Some(…))` is a document that says that
    /// it failed, after which the next can be read.
    fn document(&mut self) -> Result<Option<ReadError>, ReadError> {
        self.json.expect(b'{')?;
        let line = self.json.line();
        let mut answer = Answer::default();
        let read = self.answer_members(&mut answer);
        let is_series = answer.series.is_known;
        if is_series {
            self.finish_series(answer.series);
        }
        read?;
        let reason = if answer.status.as_deref() == Some("error") {
            let unknown = || "unknown".to_owned();
            format!(
                "the answer is an error ({}): {}",
                answer.error_type.unwrap_or_else(unknown),
                answer.error.unwrap_or_else(unknown)
            )
        } else if is_series || answer.has_result {
            return Ok(None);
        } else {
            "the document has no data.result: expected an answer of query_range or query".into()
        };
        Ok(Some(ReadError::Document { line, reason }))
    }

    fn answer_members(&mut self, answer: &mut Answer) -> Result<(), ReadError> {
        if self.json.eat(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            match key.as_str() {
                "status" => answer.status = Some(self.word()?),
                "errorType" => answer.error_type = Some(self.word()?),
                "error" => answer.error = Some(self.word()?),
                "warnings" => self.remarks("prometheus-warning")?,
                "infos" => self.remarks("prometheus-info")?,
                "isPartial" => {
                    if self.word()? == "true" {
                        self.sink.warn(Warning::new(
                            "partial-result",
                            "the answer says that it is partial: some storage did not answer",
                        ));
                    }
                }
                "data" if self.json.peek() == Some(b'{') => answer.has_result |= self.data()?,
                "result" if self.json.peek() == Some(b'[') => {
                    answer.has_result = true;
                    self.result()?;
                }
                _ => self.series_member(&key, &mut answer.series)?,
            }
            if !self.json.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads the `data` object; tells whether it has a result.
    fn data(&mut self) -> Result<bool, ReadError> {
        self.json.expect(b'{')?;
        let mut found = false;
        if self.json.eat(b'}') {
            return Ok(found);
        }
        loop {
            let key = self.key()?;
            if key == "result" && self.json.peek() == Some(b'[') {
                self.result()?;
                found = true;
            } else {
                self.skip()?;
            }
            if !self.json.more(b'}')? {
                return Ok(found);
            }
        }
    }

    /// Reads a `result`: an array of series, or the one point of a scalar.
    fn result(&mut self) -> Result<(), ReadError> {
        self.json.expect(b'[')?;
        if self.json.eat(b']') {
            return Ok(());
        }
        let mut scalar = Vec::new();
        let line = self.json.line();
        loop {
            if self.json.peek() == Some(b'{') {
                self.series()?;
            } else {
                if scalar.len() < RAW_LIMIT {
                    scalar.push(if scalar.is_empty() { b'[' } else { b',' });
                }
                self.json.value(&mut scalar, RAW_LIMIT)?;
            }
            if !self.json.more(b']')? || self.sink.is_full() {
                break;
            }
        }
        if scalar.is_empty() {
            return Ok(());
        }
        scalar.push(b']');
        match (
            point(&scalar),
            intern_labels(b"{}", self.options, self.sink),
        ) {
            (Ok((ts, value)), Ok(series)) => self.sink.sample(series, ts, value),
            (Err(reason), _) | (_, Err(reason)) => self.sink.reject(line, &reason, &scalar),
        }
        Ok(())
    }

    fn series(&mut self) -> Result<(), ReadError> {
        let line = self.json.line();
        self.json.expect(b'{')?;
        let mut series = Series::default();
        let read = self.series_members(&mut series);
        if series.is_known {
            self.finish_series(series);
        } else {
            let reason = "expected {\"metric\":{…},\"values\":[[time,\"value\"],…]}";
            let raw = [
                b"{",
                series.others.strip_suffix(b",").unwrap_or_default(),
                b"}",
            ]
            .concat();
            self.sink.reject(line, reason, &raw);
        }
        read
    }

    fn series_members(&mut self, series: &mut Series) -> Result<(), ReadError> {
        if self.json.eat(b'}') {
            return Ok(());
        }
        loop {
            let key = self.key()?;
            self.series_member(&key, series)?;
            if !self.json.more(b'}')? {
                return Ok(());
            }
        }
    }

    /// Reads the value of one key of a series.
    fn series_member(&mut self, key: &str, series: &mut Series) -> Result<(), ReadError> {
        match key {
            "metric" => {
                series.metric.clear();
                self.json.value(&mut series.metric, usize::MAX)?;
                series.labels = Some(intern_labels(&series.metric, self.options, self.sink));
            }
            "values" if self.json.peek() == Some(b'[') => {
                series.is_known = true;
                self.points(series)?;
            }
            "value" => {
                self.read_text()?;
                let line = self.json.line();
                self.one_point(series, line);
            }
            "histograms" => self.histograms(series)?,
            "histogram" => {
                self.read_text()?;
                self.refuse_histograms(series, self.json.line(), 1);
            }
            _ => {
                self.read_text()?;
                if series.others.len() < RAW_LIMIT {
                    series
                        .others
                        .extend_from_slice(format!("{key:?}:").as_bytes());
                    series.others.extend_from_slice(&self.text);
                    series.others.push(b',');
                }
                return Ok(());
            }
        }
        series.is_known = true;
        Ok(())
    }

    /// Reads a `values` array.
    fn points(&mut self, series: &mut Series) -> Result<(), ReadError> {
        self.json.expect(b'[')?;
        if self.json.eat(b']') {
            return Ok(());
        }
        loop {
            let sink = &mut *self.sink;
            let taken = match &series.labels {
                Some(Ok(labels)) => {
                    let labels = *labels;
                    canonical_points(self.json.window(), |ts, value| {
                        sink.sample(labels, ts, value);
                    })
                }
                None => canonical_points(self.json.window(), |ts, value| {
                    series.waiting.push((ts, value));
                }),
                Some(Err(_)) => 0,
            };
            self.json.advance(taken);
            if taken == 0 {
                self.json.peek();
                let line = self.json.line();
                self.read_text()?;
                self.one_point(series, line);
            }
            if !self.json.more(b']')? || self.sink.is_full() {
                return Ok(());
            }
        }
    }

    /// Hands over the point whose text was just read.
    fn one_point(&mut self, series: &mut Series, line: u64) {
        let point = point(&self.text);
        match (&series.labels, point) {
            (Some(Ok(labels)), Ok((ts, value))) => self.sink.sample(*labels, ts, value),
            (None, Ok(point)) => series.waiting.push(point),
            (None, Err(reason)) => {
                let kept = self.text.len().min(RAW_LIMIT);
                series
                    .waiting_rejects
                    .push((line, reason, self.text[..kept].to_vec()));
            }
            (Some(Err(reason)), _) => {
                let raw = alone(&series.metric, &self.text);
                self.sink.reject(line, reason, &raw);
            }
            (Some(Ok(_)), Err(reason)) => {
                self.sink
                    .reject(line, &reason, &alone(&series.metric, &self.text));
            }
        }
    }

    /// Hands over the points that had to wait for the labels.
    fn finish_series(&mut self, series: Series) {
        let line = self.json.line();
        match &series.labels {
            Some(Ok(labels)) => {
                for (ts, value) in series.waiting {
                    self.sink.sample(*labels, ts, value);
                }
            }
            other => {
                let reason = match other {
                    Some(Err(reason)) => reason,
                    _ => "the series has no metric object",
                };
                for (ts, value) in series.waiting {
                    let point = format!("[{},\"{value}\"]", ts as f64 / 1e6);
                    self.sink
                        .reject(line, reason, &alone(&series.metric, point.as_bytes()));
                }
            }
        }
        for (line, reason, text) in series.waiting_rejects {
            self.sink
                .reject(line, &reason, &alone(&series.metric, &text));
        }
    }

    /// Counts and rejects a `histograms` array.
    fn histograms(&mut self, series: &Series) -> Result<(), ReadError> {
        if self.json.peek() != Some(b'[') {
            return self.skip();
        }
        let line = self.json.line();
        self.json.expect(b'[')?;
        self.text.clear();
        let mut count = 0_u64;
        if !self.json.eat(b']') {
            loop {
                self.json.value(&mut self.text, RAW_LIMIT)?;
                count += 1;
                if !self.json.more(b']')? {
                    break;
                }
                if self.text.len() < RAW_LIMIT {
                    self.text.push(b',');
                }
            }
        }
        if count > 0 {
            self.refuse_histograms(series, line, count);
        }
        Ok(())
    }

    fn refuse_histograms(&mut self, series: &Series, line: u64, count: u64) {
        let raw = [&series.metric[..], b" ", &self.text].concat();
        let reason = format!(
            "{count} native histograms: they are not supported (the series' floats are kept)"
        );
        self.sink.reject(line, &reason, &raw);
    }

    /// Hands over the strings of an array as warnings.
    fn remarks(&mut self, code: &'static str) -> Result<(), ReadError> {
        self.read_text()?;
        for remark in serde_json::from_slice::<Vec<String>>(&self.text).unwrap_or_default() {
            self.sink.warn(Warning::new(code, remark));
        }
        Ok(())
    }

    fn key(&mut self) -> Result<String, ReadError> {
        let key = self.json.string()?;
        self.json.expect(b':')?;
        Ok(key)
    }

    /// Takes a string, or the text of another value.
    fn word(&mut self) -> Result<String, ReadError> {
        if self.json.peek() == Some(b'"') {
            return self.json.string();
        }
        self.read_text()?;
        Ok(String::from_utf8_lossy(&self.text).into_owned())
    }

    fn skip(&mut self) -> Result<(), ReadError> {
        self.json.value(&mut Vec::new(), 0)
    }

    /// Puts the text of the next value into `self.text`.
    fn read_text(&mut self) -> Result<(), ReadError> {
        self.text.clear();
        self.json.value(&mut self.text, RAW_LIMIT)
    }
}

/// Writes a point as a document of its own, which can be read again.
fn alone(metric: &[u8], point: &[u8]) -> Vec<u8> {
    let metric = if metric.is_empty() { b"{}" } else { metric };
    [b"{\"metric\":", metric, b",\"values\":[", point, b"]}"].concat()
}

fn intern_labels(
    metric: &[u8],
    options: &ReadOptions,
    sink: &mut dyn RecordSink,
) -> Result<SeriesRef, String> {
    let pairs = Cursor::new(metric)
        .labels()
        .ok_or("metric is not an object of strings")?;
    intern(pairs, options, sink)
}

/// Reads points as Prometheus writes them, `[1435781430.781,"1"],[…`, and
/// returns how many bytes were read: up to the end of the last whole one.
#[inline]
fn canonical_points(window: &[u8], mut take: impl FnMut(i64, f64)) -> usize {
    let mut taken = 0;
    let mut at = 0;
    while let Some((ts, value, end)) = canonical_point(window, at) {
        take(ts, value);
        taken = end;
        if window.get(end) != Some(&b',') {
            break;
        }
        at = end + 1;
    }
    taken
}

/// Reads one point without white space at a place, and returns its end too.
#[inline]
fn canonical_point(window: &[u8], mut at: usize) -> Option<(i64, f64, usize)> {
    if window.get(at) != Some(&b'[') {
        return None;
    }
    at += 1;
    let (time, length) = Decimal::scan(&window[at..])?;
    let ts = time.shifted(SECONDS)?;
    at += length;
    if window.get(at) != Some(&b',') || window.get(at + 1) != Some(&b'"') {
        return None;
    }
    at += 2;
    if let Some((decimal, length)) = Decimal::scan(&window[at..])
        && window.get(at + length) == Some(&b'"')
        && window.get(at + length + 1) == Some(&b']')
        && let Some(value) = decimal.to_f64()
    {
        return Some((ts, value, at + length + 2));
    }
    let rest = window.get(at..(at + 40).min(window.len()))?;
    let length = memchr(b'"', rest)?;
    let value = parse_float(&rest[..length])?;
    (rest.get(length + 1) == Some(&b']')).then_some((ts, value, at + length + 2))
}

/// Reads `[time, "value"]` in any spelling; an error is the reason to reject it.
fn point(text: &[u8]) -> Result<(i64, f64), String> {
    const EXPECTED: &str = "expected a point [time in seconds, \"value\"]";
    let mut cursor = Cursor::new(text);
    if !cursor.eat(b'[') {
        return Err(EXPECTED.into());
    }
    let time = cursor.value().ok_or(EXPECTED)?;
    if !cursor.eat(b',') {
        return Err(EXPECTED.into());
    }
    let value = cursor.value().ok_or(EXPECTED)?;
    if !cursor.eat(b']') || cursor.peek().is_some() {
        return Err(EXPECTED.into());
    }
    let shown = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let ts = parse_unix(time, SECONDS)
        .ok_or_else(|| format!("the time {} is not a Unix time in seconds", shown(time)))?;
    let number = match value {
        [b'"', inner @ .., b'"'] => parse_float(inner),
        // `jq` users turn the strings into numbers.
        _ => parse_float(value).filter(|number| number.is_finite()),
    };
    let number = number.ok_or_else(|| format!("the value {} is not a number", shown(value)))?;
    Ok((ts, number))
}

#[cfg(test)]
mod tests;
