//! One series by itself: its picture, then what was found, fitted and held out.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::error::ArrowError;

use super::figure::{
    between, count, figure, level, number, number_of, one_step, p_value, scaled, score, steps, when,
};
use super::rows::finite;
use super::{ForecastResult, ForecastSeries};
use crate::forecast::pipeline::ModelOutcome;
use crate::report::{Block, ColumnSpec, Table};
use crate::series::{Step, Transform};

/// Rows of a forecast's table, at most.
const MOST_ROWS: usize = 16;

impl ForecastResult {
    /// The blocks of a series.
    pub(super) fn single(&self, series: &ForecastSeries) -> Result<Vec<Block>, ArrowError> {
        let mut blocks = Vec::new();
        blocks.extend(self.chart(series).map(Block::Chart));
        let mut sentences = self.headline(series);
        sentences.push(self.history(series));
        sentences.push(seasons(series));
        blocks.extend(sentences.into_iter().map(Block::Paragraph));
        blocks.extend(self.forecast_table(series)?.map(Block::Table));
        blocks.extend(self.score_table(series)?.map(Block::Table));
        blocks.extend(self.worth(series).map(Block::Paragraph));
        blocks.extend(self.horizon_table(series)?.map(Block::Table));
        blocks.extend(self.test_table(series)?.map(Block::Table));
        if let Some(diagnosis) = first(series).and_then(|model| model.details.diagnosis) {
            let said = diagnosis.verdicts();
            blocks.extend(said.iter().map(|text| Block::Paragraph(sentence(text))));
        }
        if self.is_explained {
            for model in &series.outcome.models {
                blocks.extend(self.explain(model)?);
            }
        }
        Ok(blocks)
    }

    /// What is expected, in one sentence a model.
    fn headline(&self, series: &ForecastSeries) -> Vec<String> {
        let history = &series.history;
        let unit = self.unit.as_ref();
        let last = history.values.iter().rev().find(|v| v.is_finite());
        let mut said = Vec::new();
        for model in &series.outcome.models {
            let Some(mean) = model.forecast.mean.last().filter(|v| v.is_finite()) else {
                said.push(format!("{}: there is no forecast.", model.model));
                continue;
            };
            let end = history.values.len() + model.forecast.mean.len();
            let at = when(history.time(end as i64 - 1), history.step, self.tz);
            let ahead = steps(model.forecast.mean.len(), history.step);
            let widest = model.forecast.intervals.iter();
            let widest = widest.max_by(|a, b| a.level.total_cmp(&b.level));
            let range = widest.and_then(|interval| {
                let (lower, upper) = (interval.lower.last()?, interval.upper.last()?);
                let range = between(*lower, *upper, unit, "and");
                Some(format!(", {}% between {range}", level(interval.level)))
            });
            let chosen = if model.description.eq_ignore_ascii_case(&model.model) {
                model.description.clone()
            } else {
                format!("{} ({})", model.description, model.model)
            };
            said.push(format!(
                "{chosen} expects {} in {ahead} ({at}){}{}.",
                figure(*mean, unit),
                range.unwrap_or_default(),
                last.map_or_else(String::new, |v| format!(
                    "; last seen is {}",
                    figure(*v, unit)
                ))
            ));
        }
        said
    }

    /// What the history is.
    fn history(&self, series: &ForecastSeries) -> String {
        let history = &series.history;
        let outcome = &series.outcome;
        let length = history.values.len();
        let mut text = match history.step {
            Step::Index(1) => format!("History: {}", count(length, "value")),
            step => format!(
                "History: {}, one each {}",
                count(length, "value"),
                one_step(step)
            ),
        };
        if length > 0 {
            let (from, to) = (history.time(0), history.time(length as i64 - 1));
            text += &format!(
                ", {} to {}",
                when(from, history.step, self.tz),
                when(to, history.step, self.tz)
            );
        }
        if outcome.missing > 0 {
            text += &format!("; {} missing", number_of(outcome.missing));
        }
        if !outcome.outliers.is_empty() {
            const NAMED: usize = 3;
            text += &match outcome.outliers.len() {
                1 => "; 1 value stands out".to_owned(),
                several => format!("; {} values stand out", number_of(several)),
            };
            let mut worst: Vec<_> = outcome.outliers.iter().collect();
            worst.sort_by(|a, b| b.score.abs().total_cmp(&a.score.abs()));
            let named = worst.iter().take(NAMED).map(|outlier| {
                let at = when(history.time(outlier.index as i64), history.step, self.tz);
                format!("{} at {at}", figure(outlier.value, self.unit.as_ref()))
            });
            text += &format!(" ({}", named.collect::<Vec<_>>().join(", "));
            text += if worst.len() > NAMED { ", …)" } else { ")" };
        }
        text += &match outcome.transform {
            None => String::new(),
            Some(transform) => format!("; forecast as {}", transform_name(&transform)),
        };
        text + "."
    }

    /// What the forecast is worth beside the simplest one.
    fn worth(&self, series: &ForecastSeries) -> Option<String> {
        let baseline = series.outcome.baseline.as_ref()?.overall.mase?;
        let model = first(series)?;
        let mase = model.evaluation.as_ref()?.overall.mase?;
        let name = super::scores::baseline_name(series);
        if baseline <= 0.0 {
            return None;
        }
        let share = mase / baseline;
        Some(if share < 0.995 {
            format!(
                "{}'s error is {:.0}% below that of the {name} method (MASE {} against {}).",
                model.model,
                (1.0 - share) * 100.0,
                score(mase),
                score(baseline)
            )
        } else if share <= 1.005 {
            format!("{} is as good as the {name} method.", model.model)
        } else {
            format!(
                "{} is no better than the {name} method here (MASE {} against {}): prefer that.",
                model.model,
                score(mase),
                score(baseline)
            )
        })
    }

    /// The forecast, thinned where it is long.
    fn forecast_table(&self, series: &ForecastSeries) -> Result<Option<Table>, ArrowError> {
        let history = &series.history;
        let Some(horizon) = first(series).map(|model| model.forecast.mean.len()) else {
            return Ok(None);
        };
        let every = thinned(horizon, history.step);
        let shown: Vec<usize> = (0..horizon).filter(|at| (at + 1) % every == 0).collect();
        let length = history.values.len();
        let times: Vec<i64> = shown
            .iter()
            .map(|at| history.time((length + at) as i64))
            .collect();
        let times: ArrayRef = match history.step {
            Step::Index(_) => Arc::new(Int64Array::from(times)),
            _ => Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC")),
        };
        let mut columns: Vec<(String, ArrayRef)> = vec![("ds".to_owned(), times)];
        let models = &series.outcome.models;
        let means = models.iter().flat_map(|model| &model.forecast.mean);
        let largest = means.fold(0.0_f64, |most, mean| most.max(mean.abs()));
        let (factor, unit) = scaled(self.unit.as_ref(), largest);
        let pick = |values: &[f64]| -> ArrayRef {
            let at = |at: &usize| finite(*values.get(*at)? * factor);
            let values = shown.iter().map(at);
            Arc::new(Float64Array::from_iter(values))
        };
        for (nth, model) in models.iter().enumerate() {
            let name = match models.len() {
                1 => "mean".to_owned(),
                _ => model.model.clone(),
            };
            columns.push((name, pick(&model.forecast.mean)));
            // Of several models the first is the one that counts.
            for interval in model.forecast.intervals.iter().filter(|_| nth == 0) {
                let level = level(interval.level);
                columns.push((format!("lo{level}"), pick(&interval.lower)));
                columns.push((format!("hi{level}"), pick(&interval.upper)));
            }
        }
        let names: Vec<String> = columns
            .iter()
            .skip(1)
            .map(|(name, _)| name.clone())
            .collect();
        let mut table = Table::from_columns(columns)?;
        let specs: Vec<ColumnSpec> = names
            .into_iter()
            .map(|name| ColumnSpec {
                name,
                unit: unit.clone(),
                sparkline: false,
            })
            .collect();
        table.describe(&specs);
        table.title = Some(match every {
            1 => "Forecast".to_owned(),
            every => format!(
                "Forecast, a row each {} ({} in csv and json)",
                steps(every, history.step),
                count(horizon, "row")
            ),
        });
        Ok(Some(table))
    }

    /// The tests of the history.
    fn test_table(&self, series: &ForecastSeries) -> Result<Option<Table>, ArrowError> {
        let tests = &series.outcome.tests;
        if tests.is_empty() {
            return Ok(None);
        }
        let names = StringArray::from_iter_values(tests.iter().map(|test| test.name));
        let statistics =
            Float64Array::from_iter(tests.iter().map(|t| finite(rounded(t.statistic))));
        let p = StringArray::from_iter(tests.iter().map(|t| t.p_value.map(p_value)));
        let verdicts = StringArray::from_iter_values(tests.iter().map(|t| t.verdict.as_str()));
        let mut table = Table::from_columns(vec![
            ("test", Arc::new(names) as ArrayRef),
            ("statistic", Arc::new(statistics)),
            ("p", Arc::new(p)),
            ("verdict", Arc::new(verdicts)),
        ])?;
        table.title = Some("Tests of the history".to_owned());
        Ok(Some(table))
    }
}

/// To three decimals, for people.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn first(series: &ForecastSeries) -> Option<&ModelOutcome> {
    series.outcome.models.first()
}

/// What the seasons are, and where they come from.
fn seasons(series: &ForecastSeries) -> String {
    let outcome = &series.outcome;
    if outcome.periods.is_empty() {
        return "Seasons: none.".to_owned();
    }
    let named = outcome.periods.iter().map(|period| {
        let whole = period.round();
        let length = if *period == whole && !matches!(series.history.step, Step::Index(_)) {
            format!(
                "{} ({})",
                number(*period),
                steps(whole as usize, series.history.step)
            )
        } else {
            number(*period)
        };
        let found = outcome
            .seasons
            .iter()
            .find(|one| one.period as f64 == whole);
        match found {
            Some(found) => format!(
                "{length}, which explains {:.0}% of the variation about the trend",
                found.strength * 100.0
            ),
            None => length,
        }
    });
    let named = named.collect::<Vec<_>>().join("; ");
    let from = if outcome.seasons.is_empty() {
        "given"
    } else {
        "found"
    };
    format!("Seasons {from}, in steps: {named}.")
}

/// Writes a transform for people.
pub(super) fn transform_name(transform: &Transform) -> String {
    match transform {
        Transform::Log => "its logarithm".to_owned(),
        Transform::BoxCox { lambda } => {
            format!("its Box-Cox transform with λ = {}", number(*lambda))
        }
        Transform::Logit { lower, upper, .. } => format!(
            "its logit between {} and {}",
            number(*lower),
            number(*upper)
        ),
    }
}

/// Every how many steps there is a row: whole days or weeks where that makes few enough.
fn thinned(horizon: usize, step: Step) -> usize {
    if horizon <= MOST_ROWS + MOST_ROWS / 2 {
        return 1;
    }
    let seconds = step.seconds().unwrap_or(0.0);
    let mut candidates: Vec<usize> = Vec::new();
    if matches!(step, Step::Fixed(_) | Step::Wall { .. }) {
        for span in [
            300.0,
            600.0,
            900.0,
            1_800.0,
            3_600.0,
            7_200.0,
            10_800.0,
            21_600.0,
            43_200.0,
            86_400.0,
            172_800.0,
            604_800.0,
            1_209_600.0,
            2_419_200.0,
        ] {
            let steps = span / seconds;
            if steps >= 1.0 && steps.fract() == 0.0 {
                candidates.push(steps as usize);
            }
        }
    }
    if let Step::Months { months, .. } = step {
        candidates.extend(
            [3, 6, 12, 24]
                .iter()
                .map(|m| m / months as usize)
                .filter(|s| *s > 0),
        );
    }
    let round = [
        2, 4, 5, 6, 8, 10, 12, 20, 24, 50, 100, 200, 500, 1_000, 2_000, 5_000,
    ];
    let few = |every: &usize| horizon / every <= MOST_ROWS && horizon / every >= 1;
    let found = candidates.into_iter().find(few);
    found
        .or_else(|| round.into_iter().find(few))
        .unwrap_or_else(|| horizon.div_ceil(MOST_ROWS))
}

/// Makes a sentence of a clause.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_horizons_are_thinned_to_whole_spans() {
        let hour = Step::Fixed(3_600_000_000);
        assert_eq!(thinned(24, hour), 1);
        assert_eq!(thinned(48, hour), 3);
        assert_eq!(thinned(168, hour), 12);
        assert_eq!(thinned(336, hour), 24);
        assert_eq!(thinned(90, Step::Fixed(86_400_000_000)), 7);
        assert_eq!(thinned(48, Step::Index(1)), 4);
        for horizon in 1..3_000 {
            let rows = horizon / thinned(horizon, Step::Index(1));
            assert!((1..=24).contains(&rows), "{horizon}: {rows}");
        }
    }
}
