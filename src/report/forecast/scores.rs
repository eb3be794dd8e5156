//! What the forecasts were worth on held-out data.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array, StringArray, UInt64Array};
use arrow::datatypes::Float64Type;
use arrow::error::ArrowError;

use super::figure::{count, level, steps};
use super::{ForecastResult, ForecastSeries};
use crate::forecast::cross_validation::{Evaluation, Scores};
use crate::report::{ColumnSpec, Table, Unit};

/// Steps of the horizon that a table for people has a row for, at most.
const MOST_STEPS: usize = 12;

/// A method and its evaluation.
pub(super) struct Judged<'a> {
    pub(super) model: String,
    pub(super) is_baseline: bool,
    pub(super) evaluation: &'a Evaluation,
}

/// The methods of a series that were evaluated, the baseline last.
pub(super) fn judged(series: &ForecastSeries) -> Vec<Judged<'_>> {
    let models = series.outcome.models.iter().filter_map(|model| {
        Some(Judged {
            model: model.model.clone(),
            is_baseline: false,
            evaluation: model.evaluation.as_ref()?,
        })
    });
    let baseline = series.outcome.baseline.as_ref().map(|evaluation| Judged {
        model: baseline_name(series).to_owned(),
        is_baseline: true,
        evaluation,
    });
    models.chain(baseline).collect()
}

/// What the baseline is called: without a season it is the naive method.
pub(super) fn baseline_name(series: &ForecastSeries) -> &'static str {
    if series.outcome.periods.is_empty() {
        "naive"
    } else {
        "seasonal naive"
    }
}

fn column(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(Float64Array::from_iter(values))
}

/// One of the scores.
type Pick = fn(&Scores) -> Option<f64>;

/// The columns of some scores, in the same order for people and programs.
fn score_columns(all: &[&Scores], levels: &[f64]) -> Vec<(String, ArrayRef)> {
    let plain: [(&str, Pick); 4] = [
        ("MASE", |s| s.mase),
        ("RMSSE", |s| s.rmsse),
        ("sMAPE", |s| s.smape),
        ("pinball", |s| s.pinball),
    ];
    let mut columns: Vec<(String, ArrayRef)> = plain
        .into_iter()
        .map(|(name, of)| (name.to_owned(), column(all.iter().map(|s| of(s)))))
        .collect();
    for one in levels {
        let find = |scores: &Scores| scores.levels.iter().find(|l| l.level == *one).cloned();
        let coverage = all.iter().map(|s| find(s)?.coverage);
        columns.push((format!("coverage{}", level(*one)), column(coverage)));
    }
    for one in levels {
        let find = |scores: &Scores| scores.levels.iter().find(|l| l.level == *one).cloned();
        let msis = all.iter().map(|s| find(s)?.msis);
        columns.push((format!("MSIS{}", level(*one)), column(msis)));
    }
    columns
}

/// Coverage is in per cent.
fn units(table: &mut Table) {
    let percent = |name: &String| name.starts_with("coverage") || name == "sMAPE";
    let names: Vec<String> = table.columns.iter().map(|c| c.name.clone()).collect();
    let specs: Vec<ColumnSpec> = names
        .into_iter()
        .filter(percent)
        .map(|name| ColumnSpec {
            name,
            unit: Some(Unit::Percent),
            sparkline: false,
        })
        .collect();
    table.describe(&specs);
}

impl ForecastResult {
    /// The scores of a series' methods beside each other, for people.
    pub(super) fn score_table(&self, series: &ForecastSeries) -> Result<Option<Table>, ArrowError> {
        let judged = judged(series);
        let Some(first) = judged.first() else {
            return Ok(None);
        };
        let names: Vec<&str> = judged.iter().map(|one| one.model.as_str()).collect();
        let mut columns: Vec<(String, ArrayRef)> =
            vec![("method".to_owned(), Arc::new(StringArray::from(names)))];
        let all: Vec<&Scores> = judged.iter().map(|one| &one.evaluation.overall).collect();
        let scores = score_columns(&all, &self.levels);
        let widest = self.levels.last().copied().map(level).unwrap_or_default();
        // The interval score of one level says it.
        columns.extend(scores.into_iter().filter(|(name, _)| {
            name != "pinball" && (!name.starts_with("MSIS") || *name == format!("MSIS{widest}"))
        }));
        let mut table = Table::from_columns(rounded(columns))?;
        units(&mut table);
        table.title = Some(held_out(first.evaluation, series));
        Ok(Some(table))
    }

    /// The error by step of the horizon, for people.
    pub(super) fn horizon_table(
        &self,
        series: &ForecastSeries,
    ) -> Result<Option<Table>, ArrowError> {
        let judged = judged(series);
        let Some(first) = judged.first() else {
            return Ok(None);
        };
        let length = first.evaluation.steps.len();
        if !self.is_evaluated || length < 2 {
            return Ok(None);
        }
        let every = length.div_ceil(MOST_STEPS);
        let shown: Vec<usize> = (0..length)
            .filter(|at| (at + 1) % every == 0 || *at == 0 || at + 1 == length)
            .collect();
        let numbers = shown.iter().map(|at| *at as u64 + 1);
        let mut columns: Vec<(String, ArrayRef)> = vec![(
            "h".to_owned(),
            Arc::new(UInt64Array::from_iter_values(numbers)),
        )];
        for one in &judged {
            let of = |at: &usize| one.evaluation.steps.get(*at);
            let mase = shown.iter().map(|at| of(at)?.mase);
            columns.push((format!("MASE {}", one.model), column(mase)));
        }
        let widest = self.levels.last().copied().unwrap_or_default();
        // Of several models the first is the one that counts.
        for one in judged.iter().filter(|one| !one.is_baseline).take(1) {
            let of = |at: &usize| {
                let scores = one.evaluation.steps.get(*at)?;
                scores.levels.iter().find(|l| l.level == widest)
            };
            let coverage = shown.iter().map(|at| of(at)?.coverage);
            let msis = shown.iter().map(|at| of(at)?.msis);
            let name = |what: &str| format!("{what}{} {}", level(widest), one.model);
            columns.push((name("coverage"), column(coverage)));
            columns.push((name("MSIS"), column(msis)));
        }
        let mut table = Table::from_columns(rounded(columns))?;
        units(&mut table);
        table.title = Some("Error by step of the horizon".to_owned());
        Ok(Some(table))
    }

    /// A row a series and method: all scores.
    pub(super) fn score_rows(&self) -> Result<Table, ArrowError> {
        let all: Vec<(&str, Judged<'_>)> = self
            .series
            .iter()
            .flat_map(|one| {
                judged(one)
                    .into_iter()
                    .map(|judged| (one.id.as_str(), judged))
            })
            .collect();
        let ids = all.iter().map(|(id, _)| *id);
        let models = all.iter().map(|(_, one)| one.model.as_str());
        let baseline = all.iter().map(|(_, one)| Some(one.is_baseline));
        let (good, bad): (Vec<u64>, Vec<u64>) = all
            .iter()
            .map(|(_, one)| {
                let evaluation = one.evaluation;
                // Of many series the folds are gone, and what was scored remains.
                let scored = evaluation.overall.scored as u64;
                (scored, evaluation.failures.len() as u64)
            })
            .unzip();
        let mut columns: Vec<(String, ArrayRef)> = vec![
            (
                "unique_id".to_owned(),
                Arc::new(StringArray::from_iter_values(ids)),
            ),
            (
                "model".to_owned(),
                Arc::new(StringArray::from_iter_values(models)),
            ),
            (
                "is_baseline".to_owned(),
                Arc::new(BooleanArray::from_iter(baseline)),
            ),
            ("scored".to_owned(), Arc::new(UInt64Array::from(good))),
            (
                "failed_origins".to_owned(),
                Arc::new(UInt64Array::from(bad)),
            ),
        ];
        let scores: Vec<&Scores> = all.iter().map(|(_, one)| &one.evaluation.overall).collect();
        columns.extend(score_columns(&scores, &self.levels));
        let mut table = Table::from_columns(lower_case(columns))?;
        units(&mut table);
        table.title = Some("scores".to_owned());
        Ok(table)
    }

    /// A row a series, method and step of the horizon.
    pub(super) fn step_rows(&self) -> Result<Table, ArrowError> {
        let mut ids = Vec::new();
        let mut models = Vec::new();
        let mut numbers = Vec::new();
        let mut scores: Vec<&Scores> = Vec::new();
        let evaluated = self.series.iter().filter(|_| self.is_evaluated);
        for series in evaluated {
            for one in judged(series) {
                for (at, step) in (1_u64..).zip(&one.evaluation.steps) {
                    ids.push(series.id.as_str());
                    models.push(one.model.clone());
                    numbers.push(at);
                    scores.push(step);
                }
            }
        }
        let mut columns: Vec<(String, ArrayRef)> = vec![
            ("unique_id".to_owned(), Arc::new(StringArray::from(ids))),
            ("model".to_owned(), Arc::new(StringArray::from(models))),
            ("h".to_owned(), Arc::new(UInt64Array::from(numbers))),
        ];
        columns.extend(score_columns(&scores, &self.levels));
        let mut table = Table::from_columns(lower_case(columns))?;
        units(&mut table);
        table.title = Some("scores_by_horizon".to_owned());
        Ok(table)
    }
}

/// To three decimals, for people.
fn rounded(columns: Vec<(String, ArrayRef)>) -> Vec<(String, ArrayRef)> {
    let round = |(name, column): (String, ArrayRef)| {
        let Some(numbers) = column.as_primitive_opt::<Float64Type>() else {
            return (name, column);
        };
        let rounded: Float64Array = numbers.unary(|value| (value * 1_000.0).round() / 1_000.0);
        (name, Arc::new(rounded) as ArrayRef)
    };
    columns.into_iter().map(round).collect()
}

fn lower_case(columns: Vec<(String, ArrayRef)>) -> Vec<(String, ArrayRef)> {
    let lower = |(name, column): (String, ArrayRef)| (name.to_lowercase(), column);
    columns.into_iter().map(lower).collect()
}

/// Says what was held out.
fn held_out(evaluation: &Evaluation, series: &ForecastSeries) -> String {
    let horizon = evaluation.folds.first().map_or(0, |fold| fold.actual.len());
    let span = steps(horizon, series.history.step);
    match evaluation.folds.len() {
        0 => "Held-out error".to_owned(),
        1 => format!("Error on the last {span}, held out"),
        folds => format!("Error of {} of {span} each", count(folds, "rolling origin")),
    }
}
