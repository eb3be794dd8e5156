//! Values as the `data` object of Prometheus' HTTP API.
//!
//! The bytes are those of Prometheus 3 (`web/api/v1/json_codec.go`,
//! `util/jsonutil/marshal.go`, `promql/value.go`), which writes the two kinds of
//! result differently: vectors and matrices have times with three decimals or
//! none, values with an exponent below 10⁻⁶ and from 10²¹ on, and labels with
//! only control characters, quotes and backslashes escaped; scalars and strings
//! have times with as many decimals as needed, values without an exponent, and
//! Go's escapes for HTML. (Prometheus 2 escapes labels for HTML too.) Times are
//! cut to milliseconds, as Prometheus has them.

use std::io::{self, Write};

use crate::model::Labels;
use crate::promql::column::{Steps, is_absent};
use crate::promql::number::{push_json, push_value};
use crate::promql::vector::{RawSeries, Series, Value};

/// How many bytes of text are gathered before they are written.
const CHUNK: usize = 1 << 16;

/// Writes the value of an instant or a range query.
///
/// A range query's scalar is a matrix of one series without labels. Series of a
/// matrix are sorted by their labels, and those without a sample left out; the
/// order of a vector is kept.
pub fn write_data(
    out: &mut impl Write,
    value: &Value,
    steps: Steps,
    instant: bool,
) -> io::Result<()> {
    let mut json = Json {
        out,
        text: String::with_capacity(CHUNK + 256),
    };
    match value {
        Value::Scalar(column) if instant => {
            let value = column.first().copied().unwrap_or(f64::NAN);
            json.single("scalar", steps.start, |json| {
                json.raw("\"");
                push_value(&mut json.text, value);
                json.raw("\"");
            });
        }
        Value::String(text) => {
            json.single("string", steps.start, |json| json.html_safe_string(text));
        }
        Value::Vector(series) if instant => json.vector(series, steps.start)?,
        Value::Scalar(column) => {
            let unlabelled = Labels::default();
            json.matrix([(&unlabelled, Samples::Column(steps, column))].into())?;
        }
        Value::Vector(series) => {
            let columns = series
                .iter()
                .map(|one| (&*one.labels, Samples::Column(steps, &one.values)));
            json.matrix(columns.collect())?;
        }
        Value::Matrix(series) => {
            let raw = series.iter().map(|one| (&*one.labels, Samples::Raw(one)));
            json.matrix(raw.collect())?;
        }
    }
    json.flush()
}

/// The samples of one series of a matrix.
enum Samples<'a> {
    /// One value a step.
    Column(Steps, &'a [f64]),
    /// Each with its own time.
    Raw(&'a RawSeries),
}

impl Samples<'_> {
    /// Hands over each sample: the beginning of its point (`[time,"`) and its value.
    fn for_each(
        &self,
        times: &Times,
        mut each: impl FnMut(&str, f64) -> io::Result<()>,
    ) -> io::Result<()> {
        match self {
            Self::Column(_, column) => column
                .iter()
                .enumerate()
                .filter(|(_, value)| !is_absent(**value))
                .try_for_each(|(step, value)| each(times.at(step), *value)),
            Self::Raw(series) => {
                let mut opening = String::new();
                series
                    .timestamps
                    .iter()
                    .zip(&series.values)
                    .try_for_each(|(ts, value)| {
                        opening.clear();
                        push_opening(&mut opening, *ts);
                        each(&opening, *value)
                    })
            }
        }
    }
}

/// The beginnings of the points of all steps, which all series share.
#[derive(Default)]
struct Times {
    text: String,
    ends: Vec<usize>,
}

impl Times {
    fn of(steps: Steps) -> Self {
        let mut times = Self::default();
        for ts in steps.iter() {
            push_opening(&mut times.text, ts);
            times.ends.push(times.text.len());
        }
        times
    }

    fn at(&self, step: usize) -> &str {
        let start = step.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start..self.ends[step]]
    }
}

/// Begins a point: its time in seconds with three decimals or none.
fn push_opening(text: &mut String, ts: i64) {
    let millis = millis(ts);
    let (seconds, decimals) = (millis.unsigned_abs() / 1_000, millis.unsigned_abs() % 1_000);
    text.push_str(if millis < 0 { "[-" } else { "[" });
    push_value(text, seconds as f64);
    if decimals != 0 {
        text.push('.');
        for power in [100, 10, 1] {
            text.push(char::from(b'0' + (decimals / power % 10) as u8));
        }
    }
    text.push_str(",\"");
}

/// A text under way.
struct Json<'a, W> {
    out: &'a mut W,
    text: String,
}

impl<W: Write> Json<'_, W> {
    fn single(&mut self, kind: &str, ts: i64, value: impl FnOnce(&mut Self)) {
        self.open(kind);
        // Go writes this time as a float of seconds.
        push_value(&mut self.text, millis(ts) as f64 / 1e3);
        self.raw(",");
        value(self);
        self.raw("]}");
    }

    fn vector(&mut self, series: &[Series], ts: i64) -> io::Result<()> {
        self.open("vector");
        let mut opening = String::new();
        push_opening(&mut opening, ts);
        let mut separator = "";
        for one in series {
            let Some(value) = one.values.first().filter(|value| !is_absent(**value)) else {
                continue;
            };
            self.raw(separator);
            separator = ",";
            self.metric(&one.labels);
            self.raw("\"value\":");
            self.point(&opening, *value);
            self.raw("}");
            self.make_room()?;
        }
        self.raw("]}");
        Ok(())
    }

    fn matrix(&mut self, mut series: Vec<(&Labels, Samples<'_>)>) -> io::Result<()> {
        series.sort_by(|a, b| a.0.cmp(b.0));
        let times = match series.first() {
            Some((_, Samples::Column(steps, _))) => Times::of(*steps),
            _ => Times::default(),
        };
        self.open("matrix");
        let mut any_series = false;
        for (labels, samples) in &series {
            let mut any_sample = false;
            samples.for_each(&times, |opening, value| {
                if any_sample {
                    self.raw(",");
                } else {
                    self.raw(if any_series { "," } else { "" });
                    self.metric(labels);
                    self.raw("\"values\":[");
                    any_sample = true;
                    any_series = true;
                }
                self.point(opening, value);
                self.make_room()
            })?;
            if any_sample {
                self.raw("]}");
            }
        }
        self.raw("]}");
        Ok(())
    }

    fn open(&mut self, kind: &str) {
        self.raw("{\"resultType\":\"");
        self.raw(kind);
        self.raw("\",\"result\":[");
    }

    fn metric(&mut self, labels: &Labels) {
        self.raw("{\"metric\":{");
        let mut separator = "";
        for (name, value) in labels.iter() {
            self.raw(separator);
            separator = ",";
            self.string(name);
            self.raw(":");
            self.string(value);
        }
        self.raw("},");
    }

    fn point(&mut self, opening: &str, value: f64) {
        self.raw(opening);
        push_json(&mut self.text, value);
        self.raw("\"]");
    }

    /// Writes a string as jsoniter does.
    fn string(&mut self, text: &str) {
        self.escaped(text, |c| match c {
            '"' => Some("\\\""),
            '\\' => Some("\\\\"),
            '\n' => Some("\\n"),
            '\r' => Some("\\r"),
            '\t' => Some("\\t"),
            _ => None,
        });
    }

    /// Writes a string as `encoding/json` does.
    fn html_safe_string(&mut self, text: &str) {
        self.escaped(text, |c| match c {
            '"' => Some("\\\""),
            '\\' => Some("\\\\"),
            '\n' => Some("\\n"),
            '\r' => Some("\\r"),
            '\t' => Some("\\t"),
            '\u{8}' => Some("\\b"),
            '\u{c}' => Some("\\f"),
            '<' => Some("\\u003c"),
            '>' => Some("\\u003e"),
            '&' => Some("\\u0026"),
            '\u{2028}' => Some("\\u2028"),
            '\u{2029}' => Some("\\u2029"),
            _ => None,
        });
    }

    /// Writes a string in quotes; control characters without an escape of their own become `\u00…`.
    fn escaped(&mut self, text: &str, escape: impl Fn(char) -> Option<&'static str>) {
        self.raw("\"");
        let mut written = 0;
        for (place, c) in text.char_indices() {
            let escaped = escape(c);
            if escaped.is_none() && c >= ' ' {
                continue;
            }
            self.raw(&text[written..place]);
            match escaped {
                Some(escaped) => self.raw(escaped),
                None => self.format(format_args!("\\u{:04x}", u32::from(c))),
            }
            written = place + c.len_utf8();
        }
        self.raw(&text[written..]);
        self.raw("\"");
    }

    fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn format(&mut self, text: std::fmt::Arguments<'_>) {
        std::fmt::Write::write_fmt(&mut self.text, text)
            .expect("a String takes all that is written to it");
    }

    /// Writes what has been gathered, once it is enough.
    fn make_room(&mut self) -> io::Result<()> {
        if self.text.len() >= CHUNK {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        Ok(())
    }
}

/// Cuts µs to ms.
fn millis(micros: i64) -> i64 {
    micros.div_euclid(1_000)
}

#[cfg(test)]
mod tests;
