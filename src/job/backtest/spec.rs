use std::collections::BTreeMap;

use serde::Deserialize;

/// What is to be backtested and how: a `[[backtest]]` of a job file, or what the command line says.
///
/// Everything is as the user writes it; paths are relative to the job file's
/// folder.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BacktestSpec {
    /// Its name: that of the files that are written, and of the rows in the result tables.
    pub name: String,
    /// Rule files, or globs.
    pub rules: Vec<String>,
    /// Alertmanager's configuration.
    pub alertmanager: Option<String>,
    /// Silences, as the API or `amtool` gives them.
    pub silences: Option<String>,
    /// Files of incidents; the store's where there are none.
    pub incidents: Vec<String>,
    /// Files of planned work; the store's where there are none.
    pub maintenance: Vec<String>,
    /// Begin of the range.
    pub since: Option<String>,
    /// End of the range.
    pub until: Option<String>,

    /// Rule files before the change.
    pub base: Vec<String>,
    /// Alertmanager's configuration before the change.
    pub base_alertmanager: Option<String>,
    /// A file of limits.
    pub budget: Option<String>,
    /// Findings that make the check fail.
    pub fail_on: Vec<String>,
    /// Parameters of rules to vary.
    pub sweep: Option<String>,
    /// A rule whose episodes to show.
    pub explain: Option<String>,

    /// `zero`, a duration, `file`, `file=PATH`, `sweep` or `sweep:N`.
    pub phase: Option<String>,
    /// Prometheus' `global.evaluation_interval`.
    pub evaluation_interval: Option<String>,
    /// Prometheus' `global.rule_query_offset`.
    pub query_offset: Option<String>,
    /// Prometheus' `global.external_labels`.
    pub external_labels: BTreeMap<String, String>,
    /// Prometheus' `--query.lookback-delta`.
    pub lookback_delta: Option<String>,
    /// `inferred` or `none`.
    pub staleness: Option<String>,
    /// `2` or `3`.
    pub promql_version: Option<String>,
    /// When Prometheus was restarted: `TIME` or `TIME+DURATION` (how long it was down).
    pub restart_at: Vec<String>,
    /// `late` or `early`: who wins where a repetition is due at the very tick.
    pub repeat_race: Option<String>,
    /// Receivers that page.
    pub page_receivers: Vec<String>,

    /// Labels by which alerts belong to incidents, or `time`.
    pub match_labels: Vec<String>,
    /// A file with the on-call rotation.
    pub rotation: Option<String>,
    /// When it is night: `22:00-07:00`.
    pub night: Option<String>,

    /// Whether the result tables get the result; in a job they do.
    pub save: Option<bool>,
    /// Name of the files that it is written to, without suffix.
    pub output: Option<String>,
    /// Formats to write.
    pub formats: Option<Vec<String>>,
    /// Rows to show on the terminal; 0 shows its name only.
    pub show: Option<usize>,
}

impl BacktestSpec {
    /// Returns the name of the files that it is written to, without suffix.
    pub fn output_name(&self) -> &str {
        self.output.as_deref().unwrap_or_else(|| self.name())
    }

    /// Returns its name for people and tables.
    pub fn name(&self) -> &str {
        match self.name.as_str() {
            "" => "backtest",
            name => name,
        }
    }
}
