//! A report file: SQL under a header of `-- key: value` lines.
//!
//! ```sql
//! -- title: Golden signals by service
//! -- description: p50, p95, p99 side by side, traffic, errors.
//! -- param: bucket = 1h duration "width of a row"
//! -- param: service = .* regex "which services"
//! -- needs: samples, series
//! -- chart: line x=ts y=p50,p95,p99 series=service unit=s
//! -- column: p99 unit=s
//! SELECT … WHERE ts >= $since AND ts < $until
//! ```
//!
//! The header ends at the first line that is not a comment; `title` and
//! `description` are required, `param` and `column` may repeat, `description`
//! goes on in a further `description` line. A `param` without `= default` must
//! be given by the user; a default with spaces stands in double quotes.
//! `column: NAME sparkline` shows a list of numbers as a sparkline. `$since`
//! and `$until` are always there.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use chrono_tz::Tz;

use super::placeholder::placeholders;
use super::{
    Block, Chart, ChartKind, ChartSpec, ColumnSpec, Document, Param, ParamError, ParamKind,
    Provenance, Table, Unit, timestamp_literal,
};
use crate::model::{TimeRange, Warning, did_you_mean};

const KEYS: [&str; 6] = ["title", "description", "param", "needs", "chart", "column"];
const RANGE: [&str; 2] = ["since", "until"];

/// A report, as its file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// The file's path, for messages.
    pub path: String,
    /// The file's name without `.sql`.
    pub name: String,
    /// The folder that it stands in; empty where there is none.
    pub area: String,
    /// The title.
    pub title: String,
    /// What it tells.
    pub description: String,
    /// The parameters, in the order of the header.
    pub params: Vec<Param>,
    /// The tables and metrics without which it has nothing to tell.
    pub needs: Vec<String>,
    /// Its chart.
    pub chart: Option<ChartSpec>,
    /// What the header says of the columns.
    pub columns: Vec<ColumnSpec>,
    /// The whole text, header included, so that line numbers hold.
    pub sql: String,
}

/// A report with its parameters filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundReport {
    /// The SQL to run.
    pub sql: String,
    /// Each parameter and its value, as the user would write it.
    pub parameters: Vec<(String, String)>,
    /// The time range.
    pub range: TimeRange,
}

/// What is wrong in a report file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {problem}")]
pub struct ReportError {
    /// The file.
    pub path: String,
    /// 1-based line.
    pub line: usize,
    /// What is wrong.
    pub problem: Box<ReportProblem>,
}

/// What is wrong in a report file or in the values for its parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportProblem {
    /// A header line without `key:`.
    #[error("a header line is `-- key: value`; leave a line empty before other comments")]
    NotAHeaderLine,
    /// A key that there is not.
    #[error("unknown header key {key:?}{}; there are {}", meant(.key, &KEYS), KEYS.join(", "))]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A key that may stand once stands twice.
    #[error("{key:?} is given twice")]
    Twice {
        /// The key.
        key: &'static str,
    },
    /// A required key is missing.
    #[error("the header has no `-- {key}:` line")]
    Missing {
        /// The key.
        key: &'static str,
    },
    /// A key's value is not in its form.
    #[error("{key}: {reason}; write it as `{form}`")]
    Form {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
        /// An example.
        form: &'static str,
    },
    /// A default is not of its kind.
    #[error("the default of {name:?}: {source}")]
    Default {
        /// The parameter.
        name: String,
        /// Why.
        source: ParamError,
    },
    /// A `$name` in the SQL that the header does not declare.
    #[error("${name} is not declared{}; declared: {}", meant(.name, .declared), .declared.join(", "))]
    Undeclared {
        /// The name.
        name: String,
        /// All that may be used.
        declared: Vec<String>,
    },
    /// A declared parameter that the SQL does not use.
    #[error("param {name:?} is not used: write ${name} in the SQL, or remove the line")]
    Unused {
        /// The name.
        name: String,
    },
    /// The file ends after its header.
    #[error("there is no SQL after the header")]
    NoSql,
    /// A value for a parameter that the report does not have.
    #[error("no parameter {name:?}{}; there are: {}", meant(.name, .declared), .declared.join(", "))]
    UnknownParam {
        /// The name.
        name: String,
        /// The declared ones.
        declared: Vec<String>,
    },
    /// A parameter without default and value.
    #[error("parameter {name:?} has no default: give it with --param {name}=…")]
    NoValue {
        /// The name.
        name: String,
    },
    /// A value that is not of its parameter's kind.
    #[error("parameter {name:?}: {source}")]
    Value {
        /// The parameter.
        name: String,
        /// Why.
        source: ParamError,
    },
}

fn meant(word: &str, candidates: &[impl AsRef<str>]) -> String {
    did_you_mean(word, candidates.iter().map(AsRef::as_ref))
        .map_or_else(String::new, |near| format!(" (did you mean {near:?}?)"))
}

impl ReportFile {
    /// Reads a report file. `path` gives its name and, by its last folder, its
    /// area; it is not opened.
    pub fn parse(path: &str, text: &str) -> Result<Self, ReportError> {
        let fail = |line, problem| ReportError {
            path: path.to_owned(),
            line,
            problem: Box::new(problem),
        };
        let mut parts = path.rsplit(['/', '\\']);
        let file_name = parts.next().unwrap_or_default();
        let mut report = Self {
            path: path.to_owned(),
            name: file_name
                .strip_suffix(".sql")
                .unwrap_or(file_name)
                .to_owned(),
            area: parts.next().unwrap_or_default().to_owned(),
            title: String::new(),
            description: String::new(),
            params: Vec::new(),
            needs: Vec::new(),
            chart: None,
            columns: Vec::new(),
            sql: text.to_owned(),
        };
        let mut header = 0;
        let mut param_lines = Vec::new();
        for line in text.lines() {
            let Some(comment) = line.strip_prefix("--") else {
                break;
            };
            header += 1;
            if comment.trim().is_empty() {
                continue;
            }
            let (key, value) = comment
                .split_once(':')
                .map(|(key, value)| (key.trim(), value.trim()))
                .filter(|(key, _)| !key.is_empty() && !key.contains(char::is_whitespace))
                .ok_or_else(|| fail(header, ReportProblem::NotAHeaderLine))?;
            report
                .header_line(key, value)
                .map_err(|problem| fail(header, problem))?;
            if key == "param" {
                param_lines.push(header);
            }
        }
        for (key, value) in [
            ("title", &report.title),
            ("description", &report.description),
        ] {
            if value.is_empty() {
                return Err(fail(1, ReportProblem::Missing { key }));
            }
        }
        if text.lines().skip(header).all(|line| line.trim().is_empty()) {
            return Err(fail(header.max(1), ReportProblem::NoSql));
        }
        let used = placeholders(text);
        for placeholder in &used {
            let name = placeholder.name;
            if !RANGE.contains(&name) && report.param(name).is_none() {
                let problem = ReportProblem::Undeclared {
                    name: name.to_owned(),
                    declared: report.declared(&RANGE),
                };
                return Err(fail(placeholder.line, problem));
            }
        }
        for (param, line) in report.params.iter().zip(param_lines) {
            if used
                .iter()
                .all(|placeholder| placeholder.name != param.name)
            {
                let name = param.name.clone();
                return Err(fail(line, ReportProblem::Unused { name }));
            }
        }
        Ok(report)
    }

    /// Returns a declared parameter.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name)
    }

    fn declared(&self, more: &[&str]) -> Vec<String> {
        let params = self.params.iter().map(|param| param.name.as_str());
        params
            .chain(more.iter().copied())
            .map(str::to_owned)
            .collect()
    }

    fn header_line(&mut self, key: &str, value: &str) -> Result<(), ReportProblem> {
        let form = |key, reason: &str, form| ReportProblem::Form {
            key,
            reason: reason.to_owned(),
            form,
        };
        match key {
            "title" if self.title.is_empty() => {
                if value.is_empty() {
                    return Err(form("title", "it is empty", "Error rate by service"));
                }
                self.title = value.to_owned();
            }
            "title" => return Err(ReportProblem::Twice { key: "title" }),
            "description" => {
                if !self.description.is_empty() {
                    self.description.push(' ');
                }
                self.description.push_str(value);
            }
            "needs" if self.needs.is_empty() => {
                let names = value.split(',').map(|name| name.trim().to_owned());
                self.needs = names.filter(|name| !name.is_empty()).collect();
                if self.needs.is_empty() {
                    return Err(form("needs", "it names nothing", "samples, series"));
                }
            }
            "needs" => return Err(ReportProblem::Twice { key: "needs" }),
            "chart" if self.chart.is_none() => self.chart = Some(chart(value)?),
            "chart" => return Err(ReportProblem::Twice { key: "chart" }),
            "column" => self.columns.push(column(value)?),
            "param" => {
                let param = param(value)?;
                if self.param(&param.name).is_some() || RANGE.contains(&param.name.as_str()) {
                    let reason = format!("{:?} is there already", param.name);
                    return Err(form("param", &reason, PARAM));
                }
                self.params.push(param);
            }
            _ => {
                return Err(ReportProblem::UnknownKey {
                    key: key.to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Fills in the parameters: the given values, else the defaults. `tz` is
    /// the zone of times that have none.
    pub fn bind(
        &self,
        values: &[(String, String)],
        range: TimeRange,
        tz: Tz,
    ) -> Result<BoundReport, ReportProblem> {
        for (name, _) in values {
            if self.param(name).is_none() {
                return Err(ReportProblem::UnknownParam {
                    name: name.clone(),
                    declared: self.declared(&[]),
                });
            }
        }
        let mut parameters = Vec::new();
        let mut literals = Vec::new();
        for param in &self.params {
            let name = param.name.clone();
            let given = values.iter().rev().find(|(given, _)| *given == name);
            let value = match (given, &param.default) {
                (Some((_, value)), _) | (None, Some(value)) => value.clone(),
                (None, None) => return Err(ReportProblem::NoValue { name }),
            };
            let literal = param.kind.literal(&value, tz);
            let literal = literal.map_err(|source| ReportProblem::Value {
                name: name.clone(),
                source,
            })?;
            literals.push((name.clone(), literal));
            parameters.push((name, value));
        }
        literals.push((RANGE[0].to_owned(), timestamp_literal(range.start)));
        literals.push((RANGE[1].to_owned(), timestamp_literal(range.end)));

        let mut sql = String::with_capacity(self.sql.len() + 256);
        let mut copied = 0;
        for placeholder in placeholders(&self.sql) {
            sql.push_str(&self.sql[copied..placeholder.start]);
            copied = placeholder.start;
            if let Some((_, literal)) = literals.iter().find(|(n, _)| n == placeholder.name) {
                sql.push_str(literal);
                copied = placeholder.end();
            }
        }
        sql.push_str(&self.sql[copied..]);
        Ok(BoundReport {
            sql,
            parameters,
            range,
        })
    }

    fn defaults(&self, bound: &BoundReport) -> Vec<String> {
        let is_default = |name: &str, value: &String| {
            let default = self.param(name).and_then(|param| param.default.as_ref());
            default == Some(value)
        };
        let parameters = bound.parameters.iter();
        parameters
            .filter(|(name, value)| is_default(name, value))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// Makes the report's document of its rows: description, chart, table. A
    /// header that does not fit the rows is a warning, since the rows hold.
    pub fn document(
        &self,
        bound: &BoundReport,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Result<Document, ArrowError> {
        let mut table = Table::new(schema, batches)?;
        let mut warnings: Vec<Warning> = table
            .describe(&self.columns)
            .into_iter()
            .map(|name| {
                let message = format!("{}: the result has no column {name:?}", self.path);
                Warning::new("unknown-column", message)
            })
            .collect();
        let mut blocks = vec![Block::Paragraph(self.description.clone())];
        if let Some(spec) = &self.chart {
            match Chart::from_table(&table, spec) {
                Ok(chart) => blocks.push(Block::Chart(chart)),
                Err(error) => warnings.push(Warning::new("no-chart", error.to_string())),
            }
        }
        blocks.push(Block::Table(table));
        Ok(Document {
            title: self.title.clone(),
            provenance: Provenance {
                name: self.name.clone(),
                parameters: bound.parameters.clone(),
                defaults: self.defaults(bound),
                range: Some(bound.range),
                store: Vec::new(),
            },
            blocks,
            warnings,
        })
    }
}

const PARAM: &str = "bucket = 1h duration \"width of a row\"";
const CHART: &str = "line x=ts y=p50,p99 series=service unit=s";
const COLUMN: &str = "p99 unit=s";

/// `NAME [= DEFAULT] KIND "help"`.
fn param(value: &str) -> Result<Param, ReportProblem> {
    let fail = |reason: String| ReportProblem::Form {
        key: "param",
        reason,
        form: PARAM,
    };
    let end = value.find(|c: char| c == '=' || c.is_whitespace());
    let (name, rest) = value.split_at(end.unwrap_or(value.len()));
    let rest = rest.trim_start();
    let valid = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || !name.bytes().all(valid) {
        return Err(fail(format!("{name:?} is not a name of a-z, 0-9 and _")));
    }
    let (default, rest) = match rest.strip_prefix('=') {
        Some(rest) => {
            let rest = rest.trim_start();
            let (default, rest) = match rest.strip_prefix('"') {
                Some(rest) => rest
                    .split_once('"')
                    .ok_or_else(|| fail("the default's quote does not end".into()))?,
                None => word(rest),
            };
            (Some(default.to_owned()), rest.trim_start())
        }
        None => (None, rest),
    };
    let (kind, rest) = word(rest);
    let Some(kind) = ParamKind::parse(kind) else {
        let kinds = ParamKind::ALL.map(ParamKind::as_str);
        let meant = meant(kind, &kinds);
        return Err(fail(format!(
            "unknown kind {kind:?}{meant}; there are {}",
            kinds.join(", ")
        )));
    };
    let help = rest
        .strip_prefix('"')
        .and_then(|help| help.strip_suffix('"'));
    let help = help.ok_or_else(|| fail("it ends without a help text in quotes".into()))?;
    if let Some(default) = &default {
        kind.literal(default, Tz::UTC)
            .map_err(|source| ReportProblem::Default {
                name: name.to_owned(),
                source,
            })?;
    }
    Ok(Param {
        name: name.to_owned(),
        default,
        kind,
        help: help.to_owned(),
    })
}

/// `line|bar x=… y=…,… [series=…] [unit=…]`.
fn chart(value: &str) -> Result<ChartSpec, ReportProblem> {
    let fail = |reason: String| ReportProblem::Form {
        key: "chart",
        reason,
        form: CHART,
    };
    let (kind, rest) = word(value);
    let kind = match kind {
        "line" => ChartKind::Line,
        "bar" => ChartKind::Bar,
        other => return Err(fail(format!("a chart is line or bar, not {other:?}"))),
    };
    let (mut x, mut y, mut series, mut unit) = (None, Vec::new(), None, None);
    for setting in rest.split_whitespace() {
        match setting.split_once('=') {
            Some(("x", name)) => x = Some(name.to_owned()),
            Some(("y", names)) => y = names.split(',').map(str::to_owned).collect(),
            Some(("series", name)) => series = Some(name.to_owned()),
            Some(("unit", name)) => unit = Some(Unit::parse(name)),
            _ => {
                let word = setting.split('=').next().unwrap_or_default();
                let meant = meant(word, &["series", "unit"]);
                return Err(fail(format!(
                    "{setting:?} is not x=, y=, series= or unit={meant}"
                )));
            }
        }
    }
    if y.is_empty() || y.iter().any(String::is_empty) {
        return Err(fail("y names no column".into()));
    }
    Ok(ChartSpec {
        kind,
        x: x.ok_or_else(|| fail("x names no column".into()))?,
        y,
        series,
        unit,
    })
}

/// `NAME [unit=…] [sparkline]`.
fn column(value: &str) -> Result<ColumnSpec, ReportProblem> {
    let fail = |reason: String| ReportProblem::Form {
        key: "column",
        reason,
        form: COLUMN,
    };
    let (name, rest) = word(value);
    if name.is_empty() || rest.is_empty() {
        return Err(fail("it says nothing of a column".into()));
    }
    let mut spec = ColumnSpec {
        name: name.to_owned(),
        unit: None,
        sparkline: false,
    };
    for setting in rest.split_whitespace() {
        match setting.split_once('=') {
            Some(("unit", unit)) if !unit.is_empty() => spec.unit = Some(Unit::parse(unit)),
            None if setting == "sparkline" => spec.sparkline = true,
            _ => return Err(fail(format!("{setting:?} is neither unit=… nor sparkline"))),
        }
    }
    Ok(spec)
}

/// Splits off the first word.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

#[cfg(test)]
mod tests;
