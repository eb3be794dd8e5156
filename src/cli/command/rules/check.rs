use std::collections::BTreeSet;
use std::path::Path;

use super::options;
use crate::alert::rule_file::{Rule, RuleFile, RuleKind, duplicates};
use crate::alert::template::Template;
use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::cli::exit_code::Exit;
use crate::cli::output::OutputArgs;
use crate::cli::promql_version::VersionChoice;
use crate::job::backtest::rule_files;
use crate::promql::{MatchOp, SampleSource};
use crate::query::{Session, StoreSource, StoreSourceSettings};
use crate::report::{self, Finding, RuleFileCounts, Severity};
use crate::store::Store;

/// Check rule files: syntax, expressions, templates, and whether history has what they ask for.
///
/// Prometheus rule files and PrometheusRule resources. Where there is a store, each selector is
/// looked up in it: one that matches nothing makes a rule that can never fire. What recording
/// rules of the same files make counts as there.
///
/// Ends with 2 where a file is broken, and with 1 where something was found.
#[derive(Debug, clap::Args)]
#[command(before_help = "Examples:
  retrocast rules check sample-data/rules.yml
  retrocast rules check 'sample-data/rule*.yml' --format md")]
pub(super) struct CheckArgs {
    /// Rule files, or globs.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Major version of Prometheus whose semantics hold.
    #[arg(long, value_name = "N", value_enum, default_value = "3")]
    promql_version: VersionChoice,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Exit, CommandError> {
    let options = options(args.promql_version);
    let files = rule_files(&args.files, Path::new(""), &options)?;
    let mut findings = Vec::new();
    for file in &files {
        findings.extend(repeated(file));
        findings.extend(unstable_labels(file));
    }
    let looked_up = context.store().exists();
    if looked_up {
        findings.extend(unmatched(&files, context)?);
    }
    let found = !findings.is_empty();
    if !looked_up {
        findings.push(Finding::new(
            Severity::Info,
            format!(
                "there is no store at {}: the metrics and labels were not looked up",
                context.store().display()
            ),
        ));
    }
    let counts: Vec<RuleFileCounts> = files.iter().map(count).collect();
    let document = report::rules_check(&counts, findings);
    let document = document.map_err(|e| CommandError::usage(e.to_string()))?;
    args.output.write(context, &document)?;
    Ok(if found { Exit::Found } else { Exit::Fine })
}

fn count(file: &RuleFile) -> RuleFileCounts {
    let rules = || file.groups.iter().flat_map(|group| &group.rules);
    let alerting = rules().filter(|rule| matches!(rule.kind, RuleKind::Alerting { .. }));
    let alerting = alerting.count();
    RuleFileCounts {
        path: file.path.clone(),
        groups: file.groups.len(),
        recording: rules().count() - alerting,
        alerting,
    }
}

fn finding(file: &RuleFile, line: usize, sentence: String) -> Finding {
    let sentence = format!("{}:{line}: {sentence}", file.path);
    Finding::new(Severity::Warning, sentence)
}

fn repeated(file: &RuleFile) -> Vec<Finding> {
    duplicates(file)
        .into_iter()
        .map(|twin| {
            let sentence = format!(
                "{} has the name and the labels of the rule at line {}: their samples may collide",
                twin.rule.name, twin.first.place.line
            );
            finding(file, twin.rule.place.line, sentence)
        })
        .collect()
}

/// Labels make an alert what it is: one that changes with the value begins a new alert each time.
fn unstable_labels(file: &RuleFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in file.groups.iter().flat_map(|group| &group.rules) {
        for (label, text) in &rule.labels {
            if Template::parse(text).is_ok_and(|template| template.uses_value()) {
                let sentence = format!(
                    "label {label:?} of {} changes with the value, and with it the alert: it may \
                     stay pending for ever; put the value into an annotation",
                    rule.name
                );
                findings.push(finding(file, rule.place.line, sentence));
            }
        }
    }
    findings
}

/// Selectors that match no series of the store, and none that a rule records.
fn unmatched(files: &[RuleFile], context: &Context) -> Result<Vec<Finding>, CommandError> {
    let store = Store::open(context.store())?;
    let session = context.runtime.block_on(Session::open(&store))?;
    let handle = context.runtime.handle().clone();
    let mut source = StoreSource::open(&session, handle, StoreSourceSettings::default())?;
    let rules = || files.iter().flat_map(|f| &f.groups).flat_map(|g| &g.rules);
    let mut made: BTreeSet<&str> = rules()
        .filter(|rule| matches!(rule.kind, RuleKind::Recording))
        .map(|rule| rule.name.as_str())
        .collect();
    made.extend(["ALERTS", "ALERTS_FOR_STATE"]);
    let mut findings = Vec::new();
    for file in files {
        for rule in file.groups.iter().flat_map(|group| &group.rules) {
            for sentence in unmatched_of(rule, &made, &mut source, context)? {
                findings.push(finding(file, rule.expr_place.line, sentence));
            }
        }
    }
    Ok(findings)
}

fn unmatched_of(
    rule: &Rule,
    made: &BTreeSet<&str>,
    source: &mut StoreSource,
    context: &Context,
) -> Result<BTreeSet<String>, CommandError> {
    let mut sentences = BTreeSet::new();
    for selector in rule.query.selectors() {
        let names = selector.matchers.iter().filter(|m| m.name == "__name__");
        let recorded = match &selector.metric {
            Some(metric) => made.contains(metric.as_str()),
            // A name that is matched otherwise may be a recorded one.
            None => names
                .filter(|m| matches!(m.op, MatchOp::Regex(_)))
                .any(|m| made.iter().any(|name| m.matches(name))),
        };
        if recorded {
            continue;
        }
        let count = source
            .count_series(&selector.matchers)
            .map_err(CommandError::unreadable)?;
        if count > 0 {
            continue;
        }
        let text = &rule.query.text[selector.span.start..selector.span.end];
        let why = source
            .explain_empty(&selector.matchers)
            .map(|reason| format!("{text} has nothing: {}", reason.sentence(context.tz())))
            .unwrap_or_else(|| format!("{text} has nothing"));
        sentences.insert(format!("{}: {why}", rule.name));
    }
    Ok(sentences)
}
