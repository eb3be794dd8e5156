use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::Context;
use crate::cli::command::report::RangeArgs;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::output::OutputArgs;
use crate::job::backtest::{Backtest, BacktestError, BacktestSpec, Shell};
use crate::render::Format;
use crate::report::Layout;
use crate::store::Store;

/// Backtest alert rules: whom would they have paged, when, and which incidents would they have met?
///
/// Rules are evaluated over the store's history as Prometheus would have, and what fires goes
/// through Alertmanager's routing, grouping, inhibition, silences and repeats. Incidents and
/// planned work come from files, or from the events of the store.
///
/// A *page* is a notification of something that fires that goes to an integration which calls
/// somebody (PagerDuty, Opsgenie…); where no receiver has one, every receiver pages. Without an
/// Alertmanager configuration each alert that fires is one page.
///
/// With `--base` the result is the difference that a change makes; with `--sweep` what other
/// thresholds would have done; with `--explain` each episode of one rule.
///
/// Ends with 1 where a budget is exceeded or `--fail-on` names what was found.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast backtest sample-data/rules.yml --alertmanager sample-data/alertmanager.yml
  retrocast backtest sample-data/rules.yml --explain ConsumerLagHigh
  retrocast backtest sample-data/rules.yml --sweep 'ConsumerLagHigh.threshold=1000..5000 step 1000; for=0m,5m'
  retrocast backtest sample-data/rules.yml --base sample-data/rules.yml --fail-on more-pages --format md")]
pub(crate) struct Args {
    /// Rule files (Prometheus' or PrometheusRule resources), or globs.
    #[arg(value_name = "RULES", required = true)]
    rules: Vec<String>,
    /// Alertmanager's configuration.
    #[arg(long, value_name = "FILE")]
    alertmanager: Option<String>,
    /// Incidents, CSV or JSON (PagerDuty's and Opsgenie's exports too); by default those of the
    /// store. May repeat.
    #[arg(long, value_name = "FILE")]
    incidents: Vec<String>,
    /// Planned work, CSV or JSON; by default that of the store. May repeat.
    #[arg(long, value_name = "FILE")]
    maintenance: Vec<String>,
    /// Silences: `amtool silence query -o json`, the API's answer, or YAML.
    #[arg(long, value_name = "FILE")]
    silences: Option<String>,
    #[command(flatten)]
    range: RangeArgs,
    /// Show each episode of this rule instead.
    #[arg(long, value_name = "RULE", help_heading = "Views")]
    explain: Option<String>,
    /// Rule files before the change: show what the change makes of pages and incidents. May repeat.
    #[arg(long, value_name = "RULES", help_heading = "Views")]
    base: Vec<String>,
    /// Alertmanager's configuration before the change.
    #[arg(long, value_name = "FILE", help_heading = "Views")]
    base_alertmanager: Option<String>,
    /// Vary a rule's `threshold`, `for` or `keep_firing_for`: `RULE.threshold=1..20 step 1; for=0m,5m`.
    #[arg(long, value_name = "SPEC", help_heading = "Views")]
    sweep: Option<String>,
    /// A YAML file of limits; what exceeds one ends the run with 1. For instance:
    /// {max_pages_per_week: 5, max_night_pages_per_week: 1, must_detect: [{incident: INC-1,
    /// within: 15m, by: page}], rules: {HighLag: {max_pages_per_week: 1}}}.
    #[arg(long, value_name = "FILE", help_heading = "Checks")]
    budget: Option<String>,
    /// End with 1 where this is found; names separated by commas: budget (a limit is exceeded),
    /// more-pages and lost-incidents (against the base), missed-incident (no alert fired),
    /// never-fires, rule-errors, unstable-label, always-firing, noisy, symptom, flapping,
    /// co-firing, silent, no-severity, no-runbook, no-owner, or findings (any of these).
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        help_heading = "Checks"
    )]
    fail_on: Vec<String>,
    /// When groups are evaluated: zero, a duration, file, file=PATH (as Prometheus sees it), or
    /// sweep[:N] for the least and the most over N phases.
    #[arg(long, value_name = "PHASE", help_heading = "Prometheus")]
    phase: Option<String>,
    /// `global.evaluation_interval`, for groups without an interval; step of subqueries [default: 1m].
    #[arg(long, value_name = "DURATION", help_heading = "Prometheus")]
    evaluation_interval: Option<String>,
    /// `global.rule_query_offset` [default: 0s].
    #[arg(long, value_name = "DURATION", help_heading = "Prometheus")]
    query_offset: Option<String>,
    /// A label of `global.external_labels`; may repeat.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Prometheus")]
    external_label: Vec<String>,
    /// For how long a sample stands for its series [default: 5m].
    #[arg(long, value_name = "DURATION", help_heading = "Prometheus")]
    lookback_delta: Option<String>,
    /// How a series ends that has no stale markers: inferred or none [default: inferred].
    #[arg(long, value_name = "HOW", help_heading = "Prometheus")]
    staleness: Option<String>,
    /// Major version of Prometheus whose semantics hold, 2 or 3 [default: 3].
    #[arg(long, value_name = "N", help_heading = "Prometheus")]
    promql_version: Option<String>,
    /// Prometheus is restarted: TIME, or TIME+DURATION for how long it is down. May repeat.
    #[arg(long, value_name = "TIME", help_heading = "Prometheus")]
    restart_at: Vec<String>,
    /// Which way the race goes where `repeat_interval` is a multiple of `group_interval`: late or
    /// early [default: late].
    #[arg(long, value_name = "WAY", help_heading = "Alertmanager")]
    repeat_race: Option<String>,
    /// A receiver that pages; may repeat. By default those with an integration that calls somebody.
    #[arg(long, value_name = "RECEIVER", help_heading = "Alertmanager")]
    page: Vec<String>,
    /// Labels by which alerts belong to incidents, separated by commas, or `time` for time alone
    /// [default: service, component, stage, instance and the like].
    #[arg(
        long,
        value_name = "LABELS",
        value_delimiter = ',',
        help_heading = "Judgement"
    )]
    r#match: Vec<String>,
    /// A YAML file with the on-call rotation, for the pages of each shift. For instance:
    /// {tz: Europe/Berlin, start: 2026-04-20T09:00, shift: 1w, people: [ana, ben]}.
    #[arg(long, value_name = "FILE", help_heading = "Judgement")]
    rotation: Option<String>,
    /// When it is night, in the time zone of --tz [default: 22:00-07:00].
    #[arg(long, value_name = "FROM-TO", help_heading = "Judgement")]
    night: Option<String>,
    /// Keep the result in the store under this name: tables alerts, episodes and notifications, and
    /// ALERTS for PromQL.
    #[arg(long, value_name = "NAME")]
    save: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<Exit, CommandError> {
    let spec = args.spec()?;
    let store = Store::open(context.store())?;
    let shell = Shell {
        store: &store,
        handle: context.runtime.handle(),
        folder: Path::new(""),
        tz: context.tz(),
        now: context.now,
    };
    let result = Backtest::prepare(&spec, shell)?.run()?;
    let layout = match args.output.format()? {
        Format::Table | Format::Md => Layout::People,
        _ => Layout::Rows,
    };
    let document = result.document(layout);
    let document = document.map_err(|e| CommandError::usage(e.to_string()))?;
    args.output.write(context, &document)?;
    if let Some(saved) = &result.saved {
        context.terminal.message(&format!(
            "saved as {}: {} rules, {} episodes, {} notifications, {} samples of ALERTS and \
             ALERTS_FOR_STATE{}",
            spec.name(),
            saved.alerts,
            saved.episodes,
            saved.notifications,
            saved.samples,
            if saved.is_changed { "" } else { "; as before" },
        ));
    }
    for reason in &result.reasons {
        context.terminal.warning(reason);
    }
    Ok(if result.reasons.is_empty() {
        Exit::Fine
    } else {
        Exit::Found
    })
}

impl Args {
    fn spec(&self) -> Result<BacktestSpec, CommandError> {
        let mut external_labels = BTreeMap::new();
        for text in &self.external_label {
            let Some((name, value)) = text.split_once('=') else {
                let message = format!("--external-label {text}: write NAME=VALUE");
                return Err(CommandError::usage(message));
            };
            external_labels.insert(name.to_owned(), value.to_owned());
        }
        Ok(BacktestSpec {
            name: self.save.clone().unwrap_or_default(),
            rules: self.rules.clone(),
            alertmanager: self.alertmanager.clone(),
            silences: self.silences.clone(),
            incidents: self.incidents.clone(),
            maintenance: self.maintenance.clone(),
            since: self.range.since.clone(),
            until: self.range.until.clone(),
            base: self.base.clone(),
            base_alertmanager: self.base_alertmanager.clone(),
            budget: self.budget.clone(),
            fail_on: self.fail_on.clone(),
            sweep: self.sweep.clone(),
            explain: self.explain.clone(),
            phase: self.phase.clone(),
            evaluation_interval: self.evaluation_interval.clone(),
            query_offset: self.query_offset.clone(),
            external_labels,
            lookback_delta: self.lookback_delta.clone(),
            staleness: self.staleness.clone(),
            promql_version: self.promql_version.clone(),
            restart_at: self.restart_at.clone(),
            repeat_race: self.repeat_race.clone(),
            page_receivers: self.page.clone(),
            match_labels: self.r#match.clone(),
            rotation: self.rotation.clone(),
            night: self.night.clone(),
            save: Some(self.save.is_some()),
            ..BacktestSpec::default()
        })
    }
}

impl From<BacktestError> for CommandError {
    fn from(error: BacktestError) -> Self {
        match error {
            BacktestError::Usage { message, hint } => {
                let error = Self::usage(message);
                match hint {
                    Some(hint) => error.hint(hint),
                    None => error,
                }
            }
            BacktestError::Store(error) => error.into(),
            BacktestError::Query(error) => error.into(),
            error @ (BacktestError::File { .. }
            | BacktestError::Input(_)
            | BacktestError::Source(_)) => Self::unreadable(error),
        }
    }
}
