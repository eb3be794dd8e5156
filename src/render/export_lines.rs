//! VictoriaMetrics' export lines (`/api/v1/export`), which `ingest` reads.
//!
//! One object a series and piece: `{"metric":{…},"values":[…],"timestamps":[…]}`,
//! times in ms (with decimals where a step is not whole ms); what is not finite
//! is `"NaN"`, `"Infinity"` or `"-Infinity"`. No value tree is built: a long
//! range has hundreds of millions of points.

use std::io::{self, Write};
use std::ops::Range;

use crate::model::Labels;
use crate::promql::{Steps, Value, is_absent};

/// Writes a line for each series that has any sample; nothing for a string,
/// which has none.
pub fn write_export_lines(out: &mut dyn Write, value: &Value, steps: Steps) -> io::Result<()> {
    let mut line = Line::default();
    match value {
        Value::String(_) => Ok(()),
        Value::Scalar(values) => {
            let times = TimeTexts::new(steps.iter());
            line.write(out, &Labels::default(), values, &times)
        }
        Value::Vector(series) => {
            // All series have the same times: they are written once and copied.
            let times = TimeTexts::new(steps.iter());
            for series in series {
                line.write(out, &series.labels, &series.values, &times)?;
            }
            Ok(())
        }
        Value::Matrix(series) => {
            for series in series {
                let times = TimeTexts::new(series.timestamps.iter().copied());
                line.write(out, &series.labels, &series.values, &times)?;
            }
            Ok(())
        }
    }
}

/// Times as text, separated by commas.
struct TimeTexts {
    text: Vec<u8>,
    /// Where each begins; one more for the end, as if a comma were there.
    starts: Vec<usize>,
}

impl TimeTexts {
    fn new(times: impl Iterator<Item = i64>) -> Self {
        let mut texts = Self {
            text: Vec::new(),
            starts: vec![0],
        };
        for ts in times {
            if !texts.text.is_empty() {
                texts.text.push(b',');
            }
            millis(&mut texts.text, ts);
            texts.starts.push(texts.text.len() + 1);
        }
        texts
    }

    /// The text of some consecutive times.
    fn of(&self, times: Range<usize>) -> &[u8] {
        match times.is_empty() {
            true => &[],
            false => &self.text[self.starts[times.start]..self.starts[times.end] - 1],
        }
    }
}

/// One line, whose memory serves the next.
#[derive(Default)]
struct Line(Vec<u8>);

impl Line {
    fn write(
        &mut self,
        out: &mut dyn Write,
        labels: &Labels,
        values: &[f64],
        times: &TimeTexts,
    ) -> io::Result<()> {
        let line = &mut self.0;
        line.clear();
        line.extend_from_slice(b"{\"metric\":{");
        for (at, (name, value)) in labels.iter().enumerate() {
            if at > 0 {
                line.push(b',');
            }
            serde_json::to_writer(&mut *line, name)?;
            line.push(b':');
            serde_json::to_writer(&mut *line, value)?;
        }
        line.extend_from_slice(b"},\"values\":[");
        let mut runs: Vec<Range<usize>> = Vec::new();
        for (at, &value) in values.iter().enumerate() {
            if is_absent(value) {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.end == at => run.end += 1,
                _ => runs.push(at..at + 1),
            }
            number(line, value)?;
            line.push(b',');
        }
        if runs.is_empty() {
            return Ok(());
        }
        // Each list ends in a comma, which the bracket takes the place of.
        line.pop();
        line.extend_from_slice(b"],\"timestamps\":[");
        for run in runs {
            line.extend_from_slice(times.of(run));
            line.push(b',');
        }
        line.pop();
        line.extend_from_slice(b"]}\n");
        out.write_all(line)
    }
}

/// Writes the shortest decimal that reads back as the value.
fn number(out: &mut Vec<u8>, value: f64) -> io::Result<()> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 {
            b"\"Infinity\""
        } else {
            b"\"-Infinity\""
        });
    } else if value.abs() < EXACT && value.fract() == 0.0 && value.to_bits() != (-0.0_f64).to_bits()
    {
        // `5`, where the shortest float would be `5.0`.
        serde_json::to_writer(out, &(value as i64))?;
    } else {
        serde_json::to_writer(out, &value)?;
    }
    Ok(())
}

/// Writes µs as ms.
fn millis(out: &mut Vec<u8>, ts: i64) {
    if ts % 1_000 == 0 {
        let _ = write!(out, "{}", ts / 1_000);
    } else {
        let sign = if ts < 0 { "-" } else { "" };
        let size = ts.unsigned_abs();
        let _ = write!(out, "{sign}{}.{:03}", size / 1_000, size % 1_000);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::promql::{ABSENT, Series};

    fn written(value: &Value, steps: Steps) -> String {
        let mut out = Vec::new();
        write_export_lines(&mut out, value, steps).expect("memory can be written");
        String::from_utf8(out).expect("UTF-8")
    }

    fn series(labels: &[(&str, &str)], values: &[f64]) -> Series {
        let labels = Labels::from_pairs(labels.iter().copied()).expect("distinct labels");
        Series {
            labels: Arc::new(labels),
            drop_name: false,
            values: values.to_vec(),
        }
    }

    #[test]
    fn writes_lines_without_what_is_absent() {
        let steps = Steps::range(1_700_000_000_000_000, 1_700_000_000_003_000, 1_000);
        let value = Value::Vector(vec![
            series(
                &[("__name__", "up"), ("a", "x\"\\\n")],
                &[1.0, ABSENT, 0.5, -0.0],
            ),
            series(&[("a", "gone")], &[ABSENT; 4]),
            series(&[], &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300]),
        ]);
        assert_eq!(
            written(&value, steps),
            concat!(
                r#"{"metric":{"__name__":"up","a":"x\"\\\n"},"values":[1,0.5,-0.0],"#,
                r#""timestamps":[1700000000000,1700000000002,1700000000003]}"#,
                "\n",
                r#"{"metric":{},"values":["NaN","Infinity","-Infinity",1e+300],"#,
                r#""timestamps":[1700000000000,1700000000001,1700000000002,1700000000003]}"#,
                "\n"
            )
        );
    }

    #[test]
    fn writes_scalars_and_times_between_milliseconds() {
        let steps = Steps::range(-1_500, 500, 1_000);
        assert_eq!(
            written(&Value::Scalar(vec![1.0, 2.0, -9e15]), steps),
            "{\"metric\":{},\"values\":[1,2,-9000000000000000],\"timestamps\":[-1.500,-0.500,0.500]}\n"
        );
        assert_eq!(written(&Value::String("text".into()), steps), "");
    }
}
