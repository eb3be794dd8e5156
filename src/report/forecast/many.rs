//! Many series: the totals, and a row each.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Float64Builder, ListBuilder, StringArray, UInt64Array};
use arrow::error::ArrowError;

use super::figure::{between, count, figure, level, number_of, score, steps};
use super::rows::finite;
use super::{ForecastResult, ForecastSeries};
use crate::model::METRIC_NAME;
use crate::report::{Block, ColumnSpec, Table};

/// Values of the history in a sparkline, in horizons.
const HORIZONS: usize = 2;
/// Reasons of fallbacks that are told.
const REASONS: usize = 5;

impl ForecastResult {
    /// The blocks of many series.
    pub(super) fn many(&self) -> Result<Vec<Block>, ArrowError> {
        let mut blocks = vec![Block::Paragraph(self.size())];
        blocks.extend(self.held_out().map(Block::Paragraph));
        blocks.extend(self.fallbacks()?.map(Block::Table));
        blocks.push(Block::Table(self.summary()?));
        Ok(blocks)
    }

    fn size(&self) -> String {
        let step = self.series.first().map(|s| s.history.step);
        let ahead = step.map_or_else(
            || count(self.horizon, "step"),
            |step| steps(self.horizon, step),
        );
        let values: usize = self.series.iter().map(|s| s.length).sum();
        format!(
            "{} series of {}, forecast {ahead} ahead.",
            number_of(self.series.len()),
            count(values, "value")
        )
    }

    /// What the forecasts of all series were worth on held-out data; `None` where nothing was
    /// held out.
    pub fn held_out(&self) -> Option<String> {
        let pairs: Vec<(f64, f64)> = self.series.iter().filter_map(both).collect();
        let model = self.series.first()?.outcome.models.first()?;
        if pairs.is_empty() {
            return None;
        }
        let mean = |of: fn(&(f64, f64)) -> f64| {
            let sum: f64 = pairs.iter().map(of).sum();
            sum / pairs.len() as f64
        };
        let better = pairs.iter().filter(|(model, base)| model < base).count();
        let mut text = format!(
            "Held-out error: {} has a mean MASE of {}, the baseline (seasonal naive, without a \
             season naive) {}; it is better for {} of {}",
            model.model,
            score(mean(|p| p.0)),
            score(mean(|p| p.1)),
            number_of(better),
            number_of(pairs.len())
        );
        for one in &self.levels {
            if let Some(coverage) = self.coverage(*one) {
                text += &format!("; {}% intervals held {coverage:.1}%", level(*one));
            }
        }
        Some(text + ".")
    }

    /// The share of held-out values in the intervals of a level, per cent.
    fn coverage(&self, level: f64) -> Option<f64> {
        let (mut held, mut all) = (0.0, 0.0);
        for series in &self.series {
            let evaluation = series.outcome.models.first()?.evaluation.as_ref();
            let Some(scores) = evaluation.map(|one| &one.overall) else {
                continue;
            };
            let found = scores.levels.iter().find(|one| one.level == level);
            if let Some(coverage) = found.and_then(|one| one.coverage) {
                held += coverage * scores.scored as f64;
                all += scores.scored as f64;
            }
        }
        (all > 0.0).then(|| held / all)
    }

    /// How many series another method had to forecast, and why.
    fn fallbacks(&self) -> Result<Option<Table>, ArrowError> {
        let mut reasons: BTreeMap<(&str, &str), (usize, &str)> = BTreeMap::new();
        for series in &self.series {
            for model in &series.outcome.models {
                if let Some(fallback) = &model.fallback {
                    let key = (fallback.used.as_str(), fallback.reason.as_str());
                    reasons.entry(key).or_insert((0, &series.id)).0 += 1;
                }
            }
        }
        if reasons.is_empty() {
            return Ok(None);
        }
        let mut all: Vec<_> = reasons.into_iter().collect();
        all.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
        let total: usize = all.iter().map(|(_, (count, _))| count).sum();
        all.truncate(REASONS);
        let counts = all.iter().map(|(_, (count, _))| *count as u64);
        let mut table = Table::from_columns(vec![
            (
                "forecasts",
                Arc::new(UInt64Array::from_iter_values(counts)) as ArrayRef,
            ),
            (
                "made by",
                Arc::new(StringArray::from_iter_values(
                    all.iter().map(|(key, _)| key.0),
                )),
            ),
            (
                "because",
                Arc::new(StringArray::from_iter_values(
                    all.iter().map(|(key, _)| key.1),
                )),
            ),
            (
                "for instance",
                Arc::new(StringArray::from_iter_values(
                    all.iter().map(|(_, one)| one.1),
                )),
            ),
        ])?;
        table.title = Some(format!(
            "{} made by a simpler method than the one asked for",
            match total {
                1 => "1 forecast was".to_owned(),
                several => format!("{} forecasts were", number_of(several)),
            }
        ));
        Ok(Some(table))
    }

    /// A row a series.
    fn summary(&self) -> Result<Table, ArrowError> {
        let mut columns = self.names();
        let all = || self.series.iter();
        let model = |s: &ForecastSeries| s.outcome.models.first().cloned();
        let descriptions = all().map(|s| model(s).map(|m| m.description));
        columns.push((
            "model".to_owned(),
            Arc::new(StringArray::from_iter(descriptions)),
        ));
        let unit = self.unit.as_ref();
        let texts =
            |values: Vec<Option<String>>| -> ArrayRef { Arc::new(StringArray::from(values)) };
        let shown = |value: Option<f64>| value.map(|value| figure(value, unit));
        let last = |s: &ForecastSeries| {
            let last = s.history.values.iter().rev().find(|v| v.is_finite());
            shown(last.copied())
        };
        columns.push(("last".to_owned(), texts(all().map(last).collect())));
        let end = |s: &ForecastSeries| {
            let model = s.outcome.models.first()?;
            shown(model.forecast.mean.last().copied().and_then(finite))
        };
        columns.push(("forecast".to_owned(), texts(all().map(end).collect())));
        if let Some(widest) = self.levels.last() {
            let range = |s: &ForecastSeries| {
                let model = s.outcome.models.first()?;
                let interval = model
                    .forecast
                    .intervals
                    .iter()
                    .find(|i| i.level == *widest)?;
                let (lower, upper) = (
                    finite(*interval.lower.last()?)?,
                    finite(*interval.upper.last()?)?,
                );
                Some(between(lower, upper, unit, "to"))
            };
            let name = format!("{}% between", level(*widest));
            columns.push((name, texts(all().map(range).collect())));
        }
        let numbers =
            |values: Vec<Option<f64>>| -> ArrayRef { Arc::new(Float64Array::from(values)) };
        if self.series.iter().any(|s| both(s).is_some()) {
            let rounded = |value: f64| (value * 1_000.0).round() / 1_000.0;
            let mase = |pick: fn((f64, f64)) -> f64| {
                numbers(all().map(|s| both(s).map(pick).map(rounded)).collect())
            };
            columns.push(("MASE".to_owned(), mase(|pair| pair.0)));
            columns.push(("baseline".to_owned(), mase(|pair| pair.1)));
        }
        columns.push(("course".to_owned(), self.courses()));
        let flags = all().map(|s| Some(flags(s)).filter(|text| !text.is_empty()));
        let flags: Vec<Option<String>> = flags.collect();
        if flags.iter().any(Option::is_some) {
            columns.push(("flags".to_owned(), Arc::new(StringArray::from(flags))));
        }
        let mut table = Table::from_columns(columns)?;
        let specs = [ColumnSpec {
            name: "course".to_owned(),
            unit: None,
            sparkline: true,
        }];
        table.describe(&specs);
        Ok(table)
    }

    /// The labels by which the series differ, or their names.
    fn names(&self) -> Vec<(String, ArrayRef)> {
        let mut known: BTreeMap<&str, (&str, usize, bool)> = BTreeMap::new();
        for series in &self.series {
            for (name, value) in &series.labels {
                let (first, count, differs) = known.entry(name).or_insert((value, 0, false));
                *count += 1;
                *differs |= first != value;
            }
        }
        let telling = known
            .iter()
            .filter(|(_, (_, count, differs))| *differs || *count < self.series.len());
        let telling: Vec<&str> = telling.map(|(name, _)| *name).collect();
        if telling.is_empty() {
            let ids = self.series.iter().map(|series| series.id.as_str());
            let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
            return vec![("series".to_owned(), ids)];
        }
        telling
            .into_iter()
            .map(|name| {
                let values = self.series.iter().map(|series| {
                    let mut labels = series.labels.iter();
                    labels
                        .find(|(one, _)| one == name)
                        .map(|(_, value)| value.as_str())
                });
                let column = match name {
                    METRIC_NAME => "metric".to_owned(),
                    name => name.to_owned(),
                };
                (column, Arc::new(StringArray::from_iter(values)) as ArrayRef)
            })
            .collect()
    }

    /// The last of each history and its forecast.
    fn courses(&self) -> ArrayRef {
        let mut lists = ListBuilder::new(Float64Builder::new());
        for series in &self.series {
            let values = &series.history.values;
            let cut = values.len().saturating_sub(self.horizon * HORIZONS);
            for value in &values[cut..] {
                lists.values().append_option(finite(*value));
            }
            let models = series.outcome.models.first();
            for value in models.iter().flat_map(|model| &model.forecast.mean) {
                lists.values().append_option(finite(*value));
            }
            lists.append(true);
        }
        Arc::new(lists.finish())
    }
}

/// The MASE of the first model and of the baseline.
fn both(series: &ForecastSeries) -> Option<(f64, f64)> {
    let model = series.outcome.models.first()?.evaluation.as_ref()?;
    let baseline = series.outcome.baseline.as_ref()?;
    Some((model.overall.mase?, baseline.overall.mase?))
}

/// What is to be known of a series, in a few words.
fn flags(series: &ForecastSeries) -> String {
    let mut flags = Vec::new();
    let outcome = &series.outcome;
    if outcome.models.iter().any(|model| model.fallback.is_some()) {
        flags.push("fallback".to_owned());
    }
    if outcome.missing > 0 {
        flags.push(format!("{} missing", number_of(outcome.missing)));
    }
    if !outcome.outliers.is_empty() {
        let outliers = count(outcome.outliers.len(), "outlier");
        flags.push(outliers);
    }
    if both(series).is_some_and(|(model, baseline)| model > baseline) {
        flags.push("baseline is better".to_owned());
    }
    flags.join(", ")
}
