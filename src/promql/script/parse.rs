//! From a script's text to its commands.

use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::model::{DurationError, Labels, LabelsError, parse_duration};
use crate::promql::script::command::{
    AnnotationRule, Command, Eval, EvalTime, Expected, ExpectedSeries, Load, LoadSeries, Pattern,
};
use crate::promql::script::quoted::unquote;
use crate::promql::script::series::{Value, parse_metric, parse_series};

/// Why a text is not a script, and where.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct ScriptError {
    /// The line, from 1.
    pub line: usize,
    /// The cause.
    pub kind: ScriptErrorKind,
}

/// The causes of a script's error.
#[derive(Debug, thiserror::Error)]
pub enum ScriptErrorKind {
    /// The line begins no command.
    #[error("{0:?} is not a command: a script has `load`, `clear` and `eval`")]
    Command(String),
    /// The `load` or `eval` is not complete.
    #[error("write `{form}`")]
    Form {
        /// How the command is written.
        form: &'static str,
    },
    /// Not a time, a step or an interval.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// The end lies before the start, or the step is 0.
    #[error("a range needs an end that is not before its start, and a step above 0")]
    Range,
    /// Not a series.
    #[error("{0:?} is not a series with values, such as `metric{{label=\"value\"}} 1 2+3x4 _`")]
    Series(String),
    /// A series has a label twice.
    #[error(transparent)]
    Labels(LabelsError),
    /// Not a sample's value.
    #[error("{0:?} is not a value, such as `1`, `2+3x4`, `_`, `stale`")]
    Value(String),
    /// A mistyped count.
    #[error("a series has more than {limit} values")]
    TooManyValues {
        /// The most a series may have.
        limit: usize,
    },
    /// An instant has one value a series.
    #[error(
        "an instant result has exactly one value a series, unless `expect range vector` gives it times"
    )]
    InstantValues,
    /// Not an `expect` line.
    #[error("{0:?} is not an expectation, such as `expect fail msg: …`")]
    Expect(String),
    /// Lines that exclude each other.
    #[error("{0} cannot stand together")]
    Contradiction(&'static str),
    /// A pattern of an `expect` line.
    #[error("not a regular expression: {0}")]
    Regex(#[from] regex::Error),
    /// A line of start timestamps does not fit the series below it.
    #[error("the start timestamps do not fit the series on the next line")]
    StartTimestamps,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is constant")
}

static LOAD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^load(_with_nhcb)?\s+(.+?)$"));
static INSTANT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^eval(?:_(fail|warn|ordered|info))?\s+instant\s+at\s+(.+?)\s+(.+)$")
});
static RANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$")
});
static EXPECT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$")
});
static RANGE_VECTOR: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^expect\s+range\s+vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$"));

/// The lines of a script, trimmed, comments made empty.
struct Lines<'a> {
    lines: Vec<&'a str>,
    /// How many have been read.
    at: usize,
}

impl<'a> Lines<'a> {
    /// Reads the next line of the current command's block.
    fn next_in_block(&mut self) -> Option<&'a str> {
        let line = self.lines.get(self.at).filter(|line| !line.is_empty())?;
        self.at += 1;
        Some(line)
    }
}

/// Reads a whole script.
pub(super) fn parse(text: &str) -> Result<Vec<Command>, ScriptError> {
    let lines = text
        .split('\n')
        .map(str::trim)
        .map(|line| if line.starts_with('#') { "" } else { line })
        .collect();
    let mut lines = Lines { lines, at: 0 };
    let mut commands = Vec::new();
    while let Some(line) = lines.lines.get(lines.at).copied() {
        lines.at += 1;
        if line.is_empty() {
            continue;
        }
        let command = parse_command(line, &mut lines).map_err(|kind| ScriptError {
            line: lines.at,
            kind,
        })?;
        commands.push(command);
    }
    Ok(commands)
}

fn parse_command(line: &str, lines: &mut Lines<'_>) -> Result<Command, ScriptErrorKind> {
    let word = line.split([' ', '\t']).next().unwrap_or_default();
    if word == "clear" {
        Ok(Command::Clear)
    } else if word.starts_with("load") {
        parse_load(line, lines).map(Command::Load)
    } else if word.starts_with("eval") {
        parse_eval(line, lines).map(|eval| Command::Eval(Box::new(eval)))
    } else {
        Err(ScriptErrorKind::Command(line.to_owned()))
    }
}

fn parse_load(line: &str, lines: &mut Lines<'_>) -> Result<Load, ScriptErrorKind> {
    let found = LOAD.captures(line).ok_or(ScriptErrorKind::Form {
        form: "load[_with_nhcb] INTERVAL",
    })?;
    let mut load = Load {
        gap: parse_duration(&found[2])?,
        with_nhcb: found.get(1).is_some(),
        series: Vec::new(),
    };
    let mut default_starts: Vec<bool> = Vec::new();
    let mut pending: Option<(Labels, Vec<bool>)> = None;
    while let Some(line) = lines.next_in_block() {
        if let Some((metric, starts)) = start_timestamps(line) {
            if pending.is_some() {
                return Err(ScriptErrorKind::StartTimestamps);
            }
            if metric.is_empty() {
                default_starts = parse_starts(starts)?;
            } else {
                pending = Some((parse_metric(metric)?.0, parse_starts(starts)?));
            }
            continue;
        }
        let (labels, values) = parse_series(line)?;
        let started = match pending.take() {
            None if default_starts.is_empty() => vec![false; values.len()],
            None => {
                let starts = default_starts.iter().copied().cycle();
                starts.take(values.len()).collect()
            }
            Some((metric, starts)) if metric == labels && starts.len() == values.len() => starts,
            Some(_) => return Err(ScriptErrorKind::StartTimestamps),
        };
        // A later line for the same series replaces the earlier one.
        load.series.retain(|series| *series.labels != labels);
        load.series.push(LoadSeries {
            labels: Arc::new(labels),
            values,
            started,
        });
    }
    if pending.is_some() {
        return Err(ScriptErrorKind::StartTimestamps);
    }
    Ok(load)
}

/// Splits a line of start timestamps, `metric{…}@st -1m …` or `@st -1m …`.
fn start_timestamps(line: &str) -> Option<(&str, &str)> {
    let (metric, starts) = line.split_once([' ', '\t'])?;
    Some((metric.strip_suffix("@st")?, starts))
}

/// Reads which samples have a start timestamp; when it is does not matter here.
fn parse_starts(text: &str) -> Result<Vec<bool>, ScriptErrorKind> {
    let error = || ScriptErrorKind::StartTimestamps;
    let mut started = Vec::new();
    for item in text.split_whitespace() {
        let (item, times) = match item.rsplit_once('x') {
            Some((item, times)) => (item, Some(times.parse::<u16>().map_err(|_| error())?)),
            None => (item, None),
        };
        let present = item != "_";
        let count = match times {
            None => 1,
            Some(times) => usize::from(times) + usize::from(present),
        };
        started.extend(std::iter::repeat_n(present, count));
    }
    Ok(started)
}

const EVAL_FORM: &str =
    "eval instant at TIME QUERY` or `eval range from TIME to TIME step STEP QUERY";

fn parse_eval(line: &str, lines: &mut Lines<'_>) -> Result<Eval, ScriptErrorKind> {
    let (mode, time, expression) = if let Some(found) = INSTANT.captures(line) {
        let at = parse_duration(&found[2])?;
        let mode = found.get(1).map(|m| m.as_str().to_owned());
        (mode, EvalTime::Instant(at), found[3].to_owned())
    } else if let Some(found) = RANGE.captures(line) {
        let (start, end, step) = parse_range(&found[2], &found[3], &found[4])?;
        let mode = found.get(1).map(|m| m.as_str().to_owned());
        (
            mode,
            EvalTime::Range { start, end, step },
            found[5].to_owned(),
        )
    } else {
        return Err(ScriptErrorKind::Form { form: EVAL_FORM });
    };
    let mode = mode.as_deref();
    let annotations = |any| AnnotationRule {
        any,
        ..AnnotationRule::default()
    };
    let mut eval = Eval {
        line: lines.at,
        expression,
        time,
        expected: Expected::Series(Vec::new()),
        fail: (mode == Some("fail")).then_some(Pattern::Any),
        ordered: mode == Some("ordered"),
        warnings: annotations(mode == Some("warn")),
        infos: annotations(mode == Some("info")),
    };
    let mut series: Vec<ExpectedSeries> = Vec::new();
    let mut window = None;
    while let Some(line) = lines.next_in_block() {
        if let Some(message) = line.strip_prefix("expected_fail_message") {
            eval.fail = Some(Pattern::Message(message.trim().to_owned()));
        } else if let Some(regex) = line.strip_prefix("expected_fail_regexp") {
            eval.fail = Some(Pattern::Regex(Regex::new(regex.trim())?));
        } else if let Some(found) = RANGE_VECTOR.captures(line) {
            window = Some(parse_range(&found[1], &found[2], &found[3])?);
        } else if let Some(text) = line.strip_prefix("expect string") {
            let text = text.trim();
            let (value, length) =
                unquote(text).ok_or_else(|| ScriptErrorKind::Expect(line.to_owned()))?;
            if length != text.len() {
                return Err(ScriptErrorKind::Expect(line.to_owned()));
            }
            eval.expected = Expected::String(value);
        } else if line.split([' ', '\t']).next() == Some("expect") {
            parse_expect(line, &mut eval)?;
        } else if let Some(number) = parse_number(line) {
            // A number ends the command.
            eval.expected = Expected::Scalar(number);
            break;
        } else {
            let (labels, values) = parse_series(line)?;
            let one = matches!(values[..], [Value::Float(_) | Value::Histogram]);
            if matches!(eval.time, EvalTime::Instant(_)) && window.is_none() && !one {
                return Err(ScriptErrorKind::InstantValues);
            }
            series.retain(|other| other.labels != labels);
            series.push(ExpectedSeries { labels, values });
        }
    }
    if let (Expected::Series(_), Some((start, end, step))) = (&eval.expected, window) {
        eval.expected = Expected::RangeVector {
            start,
            end,
            step,
            series,
        };
    } else if !series.is_empty() {
        if !matches!(eval.expected, Expected::Series(_)) {
            return Err(ScriptErrorKind::Contradiction(
                "series and another kind of result",
            ));
        }
        eval.expected = Expected::Series(series);
    }
    Ok(eval)
}

fn parse_range(from: &str, to: &str, step: &str) -> Result<(i64, i64, i64), ScriptErrorKind> {
    let (start, end) = (parse_duration(from)?, parse_duration(to)?);
    let step = parse_duration(step)?;
    if end < start || step == 0 {
        return Err(ScriptErrorKind::Range);
    }
    Ok((start, end, step))
}

fn parse_expect(line: &str, eval: &mut Eval) -> Result<(), ScriptErrorKind> {
    let found = EXPECT
        .captures(line)
        .ok_or_else(|| ScriptErrorKind::Expect(line.to_owned()))?;
    let text = found.get(3).map_or("", |m| m.as_str().trim());
    let pattern = match found.get(2).map(|m| m.as_str()) {
        None => Pattern::Any,
        Some("msg") => Pattern::Message(text.to_owned()),
        Some(_) => Pattern::Regex(Regex::new(text)?),
    };
    match &found[1] {
        "ordered" => eval.ordered = true,
        "fail" if eval.fail.is_some() => {
            return Err(ScriptErrorKind::Contradiction("two `expect fail` lines"));
        }
        "fail" => eval.fail = Some(pattern),
        "warn" => eval.warnings.patterns.push(pattern),
        "no_warn" => eval.warnings.none = true,
        "info" => eval.infos.patterns.push(pattern),
        _ => eval.infos.none = true,
    }
    for (rule, names) in [
        (&eval.warnings, "`expect warn` and `expect no_warn`"),
        (&eval.infos, "`expect info` and `expect no_info`"),
    ] {
        if rule.none && !rule.patterns.is_empty() {
            return Err(ScriptErrorKind::Contradiction(names));
        }
    }
    Ok(())
}

/// Reads a number as Go does: decimal, hexadecimal, `Inf`, `NaN`.
fn parse_number(text: &str) -> Option<f64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if let Some(digits) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        return i64::from_str_radix(digits, 16)
            .ok()
            .map(|n| sign * n as f64);
    }
    text.parse().ok()
}
