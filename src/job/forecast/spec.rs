use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::Value;

/// What is to be forecast and how: a `[[forecast]]` of a job file, or what the command line says.
///
/// Everything is as the user writes it; paths are relative to the job file's folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ForecastSpec {
    /// Its name: that of the files that are written, and of the rows in the result table.
    pub name: String,
    /// A metric of the store, a selector, or any PromQL expression.
    pub metric: Option<String>,
    /// Label matchers for the metric: `{service="x"}`.
    pub matchers: Option<String>,
    /// A statement whose rows are `ts, value` and label columns.
    pub sql: Option<String>,
    /// A delimited file.
    pub csv: Option<String>,
    /// The file's column that tells series apart.
    pub id: Option<String>,
    /// The file's column of the times.
    pub time: Option<String>,
    /// The file's column of the values.
    pub value: Option<String>,
    /// Begin of the history.
    pub since: Option<String>,
    /// End of the history.
    pub until: Option<String>,
    /// The distance of two points.
    pub step: Option<String>,
    /// What a point says of the samples of its step.
    pub statistic: Option<String>,

    /// Steps, or a duration.
    #[serde(deserialize_with = "said")]
    pub horizon: Option<String>,
    /// Seasonal periods, `auto` or `none`.
    #[serde(deserialize_with = "said")]
    pub season: Option<String>,
    /// The models; one text may hold several, parted by commas.
    #[serde(deserialize_with = "listed")]
    pub model: Vec<String>,
    /// Whether automatic ARIMA tries all orders.
    pub exhaustive: bool,
    /// The levels of the intervals, per cent, parted by commas.
    #[serde(deserialize_with = "said")]
    pub level: Option<String>,
    /// `none`, `log`, `box-cox`, `box-cox(λ)`, `logit(low,high)`.
    pub transform: Option<String>,
    /// `keep`, `mark` or `remove`.
    pub outliers: Option<String>,

    /// Whether to forecast from rolling origins.
    pub evaluate: bool,
    /// The most of them.
    pub origins: Option<usize>,
    /// Steps, or a duration, from one to the next.
    #[serde(deserialize_with = "said")]
    pub stride: Option<String>,
    /// Whether to show the search and the coefficients.
    pub explain: bool,

    /// Outside variables: metrics, columns of the file, other files.
    #[serde(deserialize_with = "listed")]
    pub regressors: Vec<String>,
    /// Kinds of the store's events that are outside variables.
    #[serde(deserialize_with = "listed")]
    pub events: Vec<String>,
    /// Countries whose holidays are outside variables.
    #[serde(deserialize_with = "listed")]
    pub holidays: Vec<String>,
    /// A file with the outside variables' values over the horizon.
    pub future: Option<String>,
    /// How outside variables go on: `NAME=VALUE`, `NAME=last`, `NAME=season`.
    #[serde(deserialize_with = "listed")]
    pub assume: Vec<String>,

    /// Whether the result table gets the result; in a job it does.
    pub save: Option<bool>,
    /// Name of the files that it is written to, without suffix.
    pub output: Option<String>,
    /// Formats to write.
    pub formats: Option<Vec<String>>,
    /// Rows to show on the terminal; 0 shows its name only.
    pub show: Option<usize>,
}

impl ForecastSpec {
    /// Returns the name of the files that it is written to, without suffix.
    pub fn output_name(&self) -> &str {
        self.output.as_deref().unwrap_or_else(|| self.name())
    }

    /// Returns its name for people and tables.
    pub fn name(&self) -> &str {
        match self.name.as_str() {
            "" => "forecast",
            name => name,
        }
    }
}

/// Reads `48`, `"48"` or `[24, 168]` alike, as the command line would have it.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let texts = texts(Value::deserialize(deserializer)?)?;
    Ok(Some(texts.join(",")))
}

/// Reads `"ets"` or `["ets", "theta"]` alike.
fn listed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    texts(Value::deserialize(deserializer)?)
}

fn texts<E: Error>(value: Value) -> Result<Vec<String>, E> {
    let one = |value: Value| match value {
        Value::String(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(number.to_string()),
        other => Err(E::custom(format!(
            "a text or a number is needed, not a {}",
            other.type_str()
        ))),
    };
    match value {
        Value::Array(items) => items.into_iter().map(one).collect(),
        other => Ok(vec![one(other)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_are_read_as_the_command_line_has_them() {
        let text = "horizon = 48\nseason = [24, 168]\nlevel = \"80,95\"\nmodel = \"ets\"\n";
        let spec: ForecastSpec = toml::from_str(text).expect("a section");
        assert_eq!(spec.horizon.as_deref(), Some("48"));
        assert_eq!(spec.season.as_deref(), Some("24,168"));
        assert_eq!(spec.level.as_deref(), Some("80,95"));
        assert_eq!(spec.model, ["ets"]);
        assert_eq!(spec.output_name(), "forecast");
        assert!(toml::from_str::<ForecastSpec>("horizon = true").is_err());
    }
}
