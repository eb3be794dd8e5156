//! Reads Prometheus' text exposition and OpenMetrics, with timestamps.
//!
//! Lines are `name{label="value"} 1.5 1700000000000`, ms in exposition text
//! (0.0.4) and seconds with decimals in OpenMetrics and in `promtool tsdb
//! dump-openmetrics`. The size of a time alone tells its unit, so that is what
//! counts; where the rest of the file says otherwise, a warning does. Exemplars
//! are skipped and counted, `_created` samples are kept. Source: Prometheus
//! "Exposition formats", OpenMetrics 1.0, prometheus `cmd/promtool/tsdb.go`
//! (`formatSeriesSetOpenMetrics`).

mod families;
mod units;

use std::io::BufRead;

use self::families::{Comment, Families};
use self::units::Units;
use super::head::complete_lines;
use super::number::parse_float;
use super::series_cache::{SeriesCache, intern};
use super::series_text::{Escapes, is_blank, parse_series, series_end};
use crate::ingest::framing::{LONG_LINE, Line, Lines, PARTIAL_LINE};
use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, SeriesRef, Sniffed};
use crate::model::Warning;

/// Prometheus exposition text and OpenMetrics.
pub(super) struct PrometheusText;

impl Format for PrometheusText {
    fn name(&self) -> &'static str {
        "prometheus-text"
    }

    fn description(&self) -> &'static str {
        "Prometheus exposition text, OpenMetrics, promtool tsdb dump-openmetrics"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let (mut lines, mut comments, mut samples, mut labelled) = (0, 0, 0, 0);
        for line in complete_lines(head) {
            lines += 1;
            if line.starts_with(b"#") {
                comments += usize::from(!matches!(Comment::parse(line), Comment::Other));
            } else if is_sample(line) {
                samples += 1;
                labelled += usize::from(line.contains(&b'{'));
            }
        }
        let fitting = comments + samples;
        if fitting * 2 <= lines {
            return None;
        }
        let confidence = match () {
            () if fitting * 10 < lines * 9 => 70,
            () if comments > 0 => 98,
            () if labelled > 0 => 92,
            () => 65,
        };
        let what = if comments > 0 {
            "# TYPE, # HELP, # UNIT, # EOF or samples"
        } else {
            "samples"
        };
        Some(Sniffed {
            confidence,
            why: format!(
                "{fitting} of the first {lines} lines are {what} (name{{labels}} value time)"
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
        let mut reader = TextReader::new(options);
        let result = loop {
            match lines.next() {
                Ok(Some(line)) => {
                    if let Err(reason) = reader.line(line, sink) {
                        sink.reject(line.number, &reason, line.bytes);
                    }
                    if sink.is_full() {
                        break Ok(());
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => {
                    if let Some(line) = lines.partial() {
                        sink.reject(line.number, PARTIAL_LINE, line.bytes);
                    }
                    break Err(error.into());
                }
            }
        };
        reader.finish(sink);
        result
    }
}

/// Whether a line is a series, a value and perhaps a time.
fn is_sample(line: &[u8]) -> bool {
    // What `promtool tsdb dump` writes; see `tsdb_dump`.
    if line.starts_with(b"{__name__=") {
        return false;
    }
    let Some(end) = series_end(line) else {
        return false;
    };
    let (series, rest) = line.split_at(end);
    let (value, rest) = token(rest);
    let (time, rest) = token(rest);
    parse_float(value).is_some()
        && (time.is_empty() || time == b"#" || parse_float(time).is_some())
        && (rest.trim_ascii().is_empty() || line.contains(&b'#'))
        && parse_series(series, Escapes::Exposition).is_ok()
}

/// Splits at the first blank after the blanks at the start.
#[inline]
fn token(text: &[u8]) -> (&[u8], &[u8]) {
    let start = text
        .iter()
        .position(|b| !is_blank(*b))
        .unwrap_or(text.len());
    let text = &text[start..];
    let end = text.iter().position(|b| is_blank(*b)).unwrap_or(text.len());
    text.split_at(end)
}

struct TextReader<'o> {
    options: &'o ReadOptions,
    cache: SeriesCache,
    families: Families,
    units: Units,
    exemplars: u64,
    ended: bool,
}

impl<'o> TextReader<'o> {
    fn new(options: &'o ReadOptions) -> Self {
        Self {
            options,
            cache: SeriesCache::default(),
            families: Families::default(),
            units: Units::default(),
            exemplars: 0,
            ended: false,
        }
    }

    /// Reads one line; an error is the reason for rejecting it.
    #[inline]
    fn line(&mut self, line: Line<'_>, sink: &mut dyn RecordSink) -> Result<(), String> {
        // Dumps are grouped by series: mostly it is that of the line before.
        if !self.ended
            && let Some((last, series)) = self.cache.last()
            && let Some(rest) = line.bytes.strip_prefix(last)
            && rest.first().is_some_and(|b| is_blank(*b))
        {
            let (value, rest) = token(rest);
            if let Some(value) = parse_float(value) {
                return self.sample(series, value, rest, sink);
            }
        }
        if line.cut {
            return Err(LONG_LINE.into());
        }
        self.other_line(line.bytes, sink)
    }

    /// Reads a comment or a sample of another series than the line before.
    fn other_line(&mut self, line: &[u8], sink: &mut dyn RecordSink) -> Result<(), String> {
        let start = line
            .iter()
            .position(|b| !is_blank(*b))
            .unwrap_or(line.len());
        let line = &line[start..];
        if line.is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err("stands after # EOF: the file should end there".into());
        }
        if line.starts_with(b"#") {
            let comment = Comment::parse(line);
            self.ended = matches!(comment, Comment::Eof);
            self.units.open_metrics |= comment.is_open_metrics();
            return self.families.note(comment);
        }
        let end = series_end(line).ok_or("a quote or a brace stays open")?;
        let (text, rest) = line.split_at(end);
        let (value, rest) = token(rest);
        if value.is_empty() {
            return Err("expected a series, a value and a time".into());
        }
        if value.starts_with(b"{") {
            return Err("native histograms are not supported".into());
        }
        let value = parse_float(value)
            .ok_or_else(|| format!("{:?} is not a number", String::from_utf8_lossy(value)))?;
        let (options, families) = (self.options, &mut self.families);
        let series = self.cache.get_or_make(text, || {
            let pairs = parse_series(text, Escapes::Exposition)?;
            families.saw(&pairs);
            intern(pairs, options, sink)
        })?;
        self.sample(series, value, rest, sink)
    }

    /// Reads what stands behind the value: a time, perhaps an exemplar.
    #[inline]
    fn sample(
        &mut self,
        series: SeriesRef,
        value: f64,
        rest: &[u8],
        sink: &mut dyn RecordSink,
    ) -> Result<(), String> {
        let (time, rest) = token(rest);
        let ts = if time.is_empty() || time.starts_with(b"#") {
            self.exemplars += u64::from(!time.is_empty());
            self.options.at.ok_or("no timestamp: say --at TIME")?
        } else {
            let ts = self
                .units
                .read(time)
                .ok_or_else(|| format!("{:?} is not a Unix time", String::from_utf8_lossy(time)))?;
            self.after_time(rest)?;
            ts
        };
        sink.sample(series, ts, value);
        Ok(())
    }

    #[inline]
    fn after_time(&mut self, rest: &[u8]) -> Result<(), String> {
        if rest.is_empty() {
            return Ok(());
        }
        match rest.trim_ascii() {
            [] => {}
            [b'#', ..] => self.exemplars += 1,
            _ => return Err("unexpected text after the time".into()),
        }
        Ok(())
    }

    fn finish(&mut self, sink: &mut dyn RecordSink) {
        self.families.hand_over(sink);
        self.units.open_metrics |= self.exemplars > 0;
        self.units.warn(sink);
        if self.units.open_metrics && !self.ended {
            sink.warn(Warning::new(
                "missing-eof",
                "the file is OpenMetrics but does not end with # EOF: it may be cut",
            ));
        }
        if self.exemplars > 0 {
            sink.warn(Warning::new(
                "exemplars-skipped",
                format!("{} exemplars were skipped", self.exemplars),
            ));
        }
    }
}

#[cfg(test)]
mod tests;
