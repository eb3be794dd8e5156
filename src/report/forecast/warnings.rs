//! The warnings of all series: said of each where there are few, counted by kind where many.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{FEW, ForecastResult, ForecastSeries};
use crate::model::Warning;

impl ForecastResult {
    /// What a reader must know.
    pub fn all_warnings(&self) -> Vec<Warning> {
        let mut all = self.warnings.clone();
        if self.series.len() <= FEW {
            for series in &self.series {
                for warning in of_series(series) {
                    let said = match self.series.len() {
                        1 => warning.into_owned(),
                        _ => Warning::new(
                            warning.code,
                            format!("{}: {}", series.id, warning.message),
                        ),
                    };
                    if !all.contains(&said) {
                        all.push(said);
                    }
                }
            }
            return all;
        }
        let mut kinds: BTreeMap<&'static str, (usize, &str, String)> = BTreeMap::new();
        for series in &self.series {
            let mut told: Vec<&'static str> = Vec::new();
            for warning in of_series(series) {
                if told.contains(&warning.code) {
                    continue;
                }
                told.push(warning.code);
                let first = (0, series.id.as_str(), warning.message.clone());
                kinds.entry(warning.code).or_insert(first).0 += 1;
            }
        }
        for (code, (count, id, message)) in kinds {
            let message = match count {
                1 => format!("{id}: {message}"),
                _ => format!(
                    "{count} of {} series ({code}), for instance {id}: {message}",
                    self.series.len()
                ),
            };
            all.push(Warning::new(code, message));
        }
        all
    }
}

/// The warnings of a series; those of a model name it where there are several.
fn of_series(series: &ForecastSeries) -> impl Iterator<Item = Cow<'_, Warning>> {
    let outcome = &series.outcome;
    let is_one = outcome.models.len() == 1;
    let models = outcome.models.iter().flat_map(move |model| {
        model.warnings.iter().map(move |warning| {
            if is_one {
                return Cow::Borrowed(warning);
            }
            let message = format!("{}: {}", model.model, warning.message);
            Cow::Owned(Warning::new(warning.code, message))
        })
    });
    series
        .warnings
        .iter()
        .chain(&outcome.warnings)
        .map(Cow::Borrowed)
        .chain(models)
}
