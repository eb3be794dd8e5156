//! How models came to their estimates, and what else only some readers ask for.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, UInt64Array};
use arrow::error::ArrowError;

use super::ForecastResult;
use super::rows::finite;
use super::single::transform_name;
use crate::forecast::pipeline::ModelOutcome;
use crate::forecast::{Coefficient, Tried};
use crate::report::{Block, Table};

fn text<'a>(values: impl IntoIterator<Item = &'a str>) -> ArrayRef {
    let values: Vec<&str> = values.into_iter().collect();
    Arc::new(StringArray::from(values))
}

fn some_text(values: Vec<Option<String>>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

fn numbers(values: impl IntoIterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(Float64Array::from_iter(values))
}

fn counts(values: impl IntoIterator<Item = usize>) -> ArrayRef {
    let values: Vec<u64> = values.into_iter().map(|value| value as u64).collect();
    Arc::new(UInt64Array::from(values))
}

fn titled(title: impl Into<String>, columns: Vec<(&str, ArrayRef)>) -> Result<Table, ArrowError> {
    let mut table = Table::from_columns(columns)?;
    table.title = Some(title.into());
    Ok(table)
}

impl ForecastResult {
    /// A model's coefficients and search, for people.
    pub(super) fn explain(&self, model: &ModelOutcome) -> Result<Vec<Block>, ArrowError> {
        let mut blocks = Vec::new();
        let details = &model.details;
        if !details.coefficients.is_empty() {
            let all: Vec<&Coefficient> = details.coefficients.iter().collect();
            let columns = coefficient_columns(&all);
            let title = format!("Coefficients of {}", model.description);
            blocks.push(Block::Table(titled(title, columns)?));
        }
        if !details.search.is_empty() {
            // The best first: that is what is looked for.
            let mut all: Vec<&Tried> = details.search.iter().collect();
            all.sort_by(|a, b| {
                let key = |one: &Tried| one.criterion.unwrap_or(f64::INFINITY);
                key(a).total_cmp(&key(b))
            });
            let title = format!(
                "Search of {}: {} candidates, the best first",
                model.model,
                all.len()
            );
            blocks.push(Block::Table(titled(title, search_columns(&all))?));
        }
        if blocks.is_empty() {
            let said = format!(
                "{} has neither a search nor coefficients to show.",
                model.model
            );
            blocks.push(Block::Paragraph(said));
        }
        Ok(blocks)
    }

    /// A row a series and model: what was found and fitted.
    pub(super) fn series_rows(&self) -> Result<Table, ArrowError> {
        let all = || {
            self.series.iter().flat_map(|series| {
                series
                    .outcome
                    .models
                    .iter()
                    .map(move |model| (series, model))
            })
        };
        let list = |values: &[f64]| -> String {
            let texts: Vec<String> = values.iter().map(f64::to_string).collect();
            texts.join(",")
        };
        let last = |values: &[f64]| values.iter().rev().copied().find(|v| v.is_finite());
        let warnings = |(series, model): (&super::ForecastSeries, &ModelOutcome)| {
            let all = series.warnings.iter().chain(&series.outcome.warnings);
            let codes: Vec<&str> = all.chain(&model.warnings).map(|w| w.code).collect();
            codes.join(",")
        };
        titled(
            "series",
            vec![
                ("unique_id", text(all().map(|(s, _)| s.id.as_str()))),
                ("model", text(all().map(|(_, m)| m.model.as_str()))),
                ("fitted", text(all().map(|(_, m)| m.description.as_str()))),
                ("values", counts(all().map(|(s, _)| s.length))),
                ("missing", counts(all().map(|(s, _)| s.outcome.missing))),
                (
                    "outliers",
                    counts(all().map(|(s, _)| s.outcome.outliers.len())),
                ),
                (
                    "periods",
                    some_text(all().map(|(s, _)| Some(list(&s.outcome.periods))).collect()),
                ),
                (
                    "transform",
                    some_text(
                        all()
                            .map(|(s, _)| s.outcome.transform.as_ref().map(transform_name))
                            .collect(),
                    ),
                ),
                ("last", numbers(all().map(|(s, _)| last(&s.history.values)))),
                (
                    "fallback",
                    some_text(
                        all()
                            .map(|(_, m)| m.fallback.as_ref().map(|f| f.used.clone()))
                            .collect(),
                    ),
                ),
                (
                    "fallback_reason",
                    some_text(
                        all()
                            .map(|(_, m)| m.fallback.as_ref().map(|f| f.reason.clone()))
                            .collect(),
                    ),
                ),
                (
                    "warnings",
                    some_text(all().map(|one| Some(warnings(one))).collect()),
                ),
            ],
        )
    }

    /// A row a test.
    pub(super) fn test_rows(&self) -> Result<Table, ArrowError> {
        let all = || {
            self.series
                .iter()
                .flat_map(|series| series.outcome.tests.iter().map(move |test| (series, test)))
        };
        titled(
            "tests",
            vec![
                ("unique_id", text(all().map(|(s, _)| s.id.as_str()))),
                ("test", text(all().map(|(_, t)| t.name))),
                (
                    "statistic",
                    numbers(all().map(|(_, t)| finite(t.statistic))),
                ),
                ("p_value", numbers(all().map(|(_, t)| t.p_value))),
                ("verdict", text(all().map(|(_, t)| t.verdict.as_str()))),
            ],
        )
    }

    /// A row a coefficient, where they are asked for.
    pub(super) fn coefficient_rows(&self) -> Result<Table, ArrowError> {
        let all = self.explained(|model| model.details.coefficients.iter().collect());
        let values: Vec<&Coefficient> = all.iter().map(|one| one.2).collect();
        let mut columns = of_models(&all);
        columns.extend(coefficient_columns(&values));
        titled("coefficients", columns)
    }

    /// A row a candidate, where the search is asked for.
    pub(super) fn search_rows(&self) -> Result<Table, ArrowError> {
        let all = self.explained(|model| model.details.search.iter().collect());
        let values: Vec<&Tried> = all.iter().map(|one| one.2).collect();
        let mut columns = of_models(&all);
        columns.extend(search_columns(&values));
        titled("search", columns)
    }

    fn explained<'a, T>(
        &'a self,
        of: impl Fn(&'a ModelOutcome) -> Vec<&'a T>,
    ) -> Vec<(&'a str, &'a str, &'a T)> {
        let mut all = Vec::new();
        for series in self.series.iter().filter(|_| self.is_explained) {
            for model in &series.outcome.models {
                let items = of(model).into_iter();
                all.extend(items.map(|item| (series.id.as_str(), model.model.as_str(), item)));
            }
        }
        all
    }

    /// A row a value that stands out.
    pub(super) fn outlier_rows(&self) -> Result<Table, ArrowError> {
        let all = || {
            self.series
                .iter()
                .flat_map(|series| series.outcome.outliers.iter().map(move |one| (series, one)))
        };
        let back = |series: &super::ForecastSeries, index: usize| {
            // A shortened history still counts from its first value.
            let cut = series.length - series.history.values.len();
            series.history.time(index as i64 - cut as i64)
        };
        let times: Vec<i64> = all().map(|(s, o)| back(s, o.index)).collect();
        let times: ArrayRef = match self.times {
            super::ForecastTimes::Index => Arc::new(Int64Array::from(times)),
            _ => {
                Arc::new(arrow::array::TimestampMicrosecondArray::from(times).with_timezone("UTC"))
            }
        };
        titled(
            "outliers",
            vec![
                ("unique_id", text(all().map(|(s, _)| s.id.as_str()))),
                ("ds", times),
                ("value", numbers(all().map(|(_, o)| finite(o.value)))),
                ("expected", numbers(all().map(|(_, o)| finite(o.expected)))),
            ],
        )
    }
}

fn of_models<T>(all: &[(&str, &str, T)]) -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("unique_id", text(all.iter().map(|one| one.0))),
        ("model", text(all.iter().map(|one| one.1))),
    ]
}

fn coefficient_columns(all: &[&Coefficient]) -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("coefficient", text(all.iter().map(|c| c.name.as_str()))),
        ("estimate", numbers(all.iter().map(|c| finite(c.estimate)))),
        (
            "standard_error",
            numbers(all.iter().map(|c| c.standard_error)),
        ),
    ]
}

fn search_columns(all: &[&Tried]) -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("candidate", text(all.iter().map(|t| t.model.as_str()))),
        (
            "criterion",
            numbers(all.iter().map(|t| t.criterion.and_then(finite))),
        ),
        (
            "note",
            some_text(
                all.iter()
                    .map(|t| Some(t.note.clone()).filter(|note| !note.is_empty()))
                    .collect(),
            ),
        ),
    ]
}
