//! The labels of alerts, and their templates.

use std::sync::Arc;

use crate::alert::rule_file::Rule;
use crate::alert::template::{Context, Template};
use crate::model::{Labels, METRIC_NAME};
use crate::promql::{Options, Query, SampleSource, Steps};

use super::columns::{Failure, columns};

/// Templates by name, sorted.
#[derive(Debug)]
pub(super) struct Templates {
    alert: String,
    templates: Vec<(String, Result<Template, String>)>,
    text: Vec<String>,
}

/// What all templates of an engine see.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub(super) external_labels: &'a Labels,
    pub(super) external_url: &'a str,
    pub(super) options: &'a Options,
}

/// What templates say of one element.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) element: &'a Labels,
    pub(super) value: f64,
    pub(super) ts: i64,
}

impl Templates {
    pub(super) fn new(alert: &str, pairs: &[(String, String)]) -> Self {
        Self {
            alert: alert.to_owned(),
            templates: pairs
                .iter()
                .map(|(name, text)| {
                    let parsed = Template::parse(text).map_err(|error| {
                        format!("<error expanding template: error parsing template __alert_{alert}: {}>", error.for_alert(alert))
                    });
                    (name.clone(), parsed)
                })
                .collect(),
            text: pairs.iter().map(|(_, text)| text.clone()).collect(),
        }
    }

    /// Whether some template asks queries.
    pub(super) fn ask(&self) -> bool {
        self.any(Template::uses_query)
    }

    /// Whether a query of some template may name a metric.
    pub(super) fn mention(&self, metric: &str) -> bool {
        self.ask() && self.text.iter().any(|text| text.contains(metric))
    }

    /// Whether the expansions may differ between two instants at which an element has the same labels.
    pub(super) fn vary(&self) -> bool {
        self.any(|template| template.uses_value() || template.uses_query())
            || self
                .text
                .iter()
                .any(|text| text.contains("{{") && text.contains("now"))
    }

    fn any(&self, is: impl Fn(&Template) -> bool) -> bool {
        self.templates
            .iter()
            .any(|(_, template)| template.as_ref().is_ok_and(&is))
    }

    /// Expands all templates.
    pub(super) fn expand(
        &self,
        at: At<'_>,
        surroundings: Surroundings<'_>,
        source: &mut dyn SampleSource,
    ) -> Vec<(String, String)> {
        let context = Context {
            labels: at.element,
            value: at.value,
            external_labels: surroundings.external_labels,
            external_url: surroundings.external_url,
            now: at.ts,
        };
        self.templates
            .iter()
            .map(|(name, template)| {
                let text = match template {
                    Err(text) => text.clone(),
                    Ok(template) => template
                        .render(&context, &mut |text| {
                            query(text, at.ts, surroundings.options, source)
                        })
                        .unwrap_or_else(|error| error.expansion(&self.alert)),
                };
                (name.clone(), text)
            })
            .collect()
    }
}

/// An instant query of a template.
fn query(
    text: &str,
    ts: i64,
    options: &Options,
    source: &mut dyn SampleSource,
) -> Result<Vec<(Labels, f64)>, String> {
    let query = Query::parse(text, options).map_err(|error| error.to_string())?;
    match columns(&query, Steps::instant(ts), source, options) {
        Ok(series) => Ok(series
            .into_iter()
            .filter_map(|one| Some((one.labels.as_ref().clone(), *one.values.first()?)))
            .collect()),
        Err(Failure::Rule { text, .. }) => Err(text),
        Err(Failure::Source(error)) => Err(error.to_string()),
    }
}

/// The final labels of the alert that an element makes, with expanded rule labels.
pub(super) fn alert_labels<'a>(
    alert: &str,
    element: &Labels,
    rule_labels: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Labels {
    let mut labels = element.filtered(|name| name != METRIC_NAME);
    for (name, value) in rule_labels {
        labels = labels.with(name, value);
    }
    labels.with("alertname", alert)
}

/// The labels of an alert's series of `ALERTS` (with a state) or `ALERTS_FOR_STATE`.
///
/// Prometheus begins them with the rule's labels as written, so that a label
/// whose template expands to nothing shows its template there.
pub(super) fn sample_labels(
    rule: &Rule,
    metric: &str,
    alert: &Labels,
    state: Option<&str>,
) -> Arc<Labels> {
    let mut labels = alert.clone();
    for (name, value) in &rule.labels {
        if alert.get(name).is_none() {
            labels = labels.with(name, value);
        }
    }
    labels = labels
        .with(METRIC_NAME, metric)
        .with("alertname", &rule.name);
    if let Some(state) = state {
        labels = labels.with("alertstate", state);
    }
    Arc::new(labels)
}
