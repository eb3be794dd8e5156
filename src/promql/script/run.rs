//! Executes a script's commands.

use crate::promql::script::classify::classify;
use crate::promql::script::command::{AnnotationRule, Command, Eval, EvalTime, Expected};
use crate::promql::script::compare::{Mismatch, compare, middle_step};
use crate::promql::script::data::Data;
use crate::promql::script::parse::{ScriptError, parse};
use crate::promql::script::report::{Class, EvalReport, FileReport, Verdict};
use crate::promql::{
    Annotations, Error, ErrorKind, Evaluated, Level, Options, Query, Steps, evaluate,
};

/// Returns the settings with which Prometheus runs its own scripts.
///
/// They are its defaults but for the name of a metric, which is dropped at the
/// end of a query.
pub fn options() -> Options {
    Options {
        delayed_name_removal: true,
        ..Options::default()
    }
}

/// Runs a script and reports on each of its evals.
pub fn run(name: &str, text: &str, options: &Options) -> Result<FileReport, ScriptError> {
    let mut data = Data::default();
    let mut evals = Vec::new();
    for command in parse(text)? {
        match command {
            Command::Load(load) => data.load(&load),
            Command::Clear => data = Data::default(),
            Command::Eval(eval) => evals.push(run_eval(*eval, &mut data, options)),
        }
    }
    Ok(FileReport {
        name: name.to_owned(),
        evals,
    })
}

const MINUTE: i64 = 60_000_000;

fn run_eval(eval: Eval, data: &mut Data, options: &Options) -> EvalReport {
    let query = Query::parse(&eval.expression, options);
    let steps = match eval.time {
        EvalTime::Instant(ts) => Steps::instant(ts),
        EvalTime::Range { start, end, step } => Steps::range(start, end, step),
    };
    let class = classify(&eval, query.as_ref().ok(), steps, data, options);
    let verdict = match &class {
        Class::NativeHistogram => Verdict::Unsupported {
            feature: "native histograms".to_owned(),
        },
        Class::Experimental { feature } => Verdict::Unsupported {
            feature: feature.clone(),
        },
        Class::Stable => check(&eval, query, steps, data, options),
    };
    EvalReport {
        line: eval.line,
        expression: eval.expression,
        class,
        verdict,
    }
}

fn check(
    eval: &Eval,
    query: Result<Query, Error>,
    steps: Steps,
    data: &mut Data,
    options: &Options,
) -> Verdict {
    let checked = query
        .and_then(|query| {
            let evaluated = evaluate(&query, steps, &mut data.floats, options)?;
            Ok((query, evaluated))
        })
        .map_or_else(
            |error| check_error(eval, error),
            |(query, evaluated)| {
                check_result(eval, &evaluated, steps)?;
                check_middle_step(eval, &query, steps, data, options)
            },
        );
    match checked {
        Ok(()) => Verdict::Passed,
        Err(Failure::Mismatch(Mismatch { expected, actual })) => {
            Verdict::Failed { expected, actual }
        }
        Err(Failure::Unsupported(feature)) => Verdict::Unsupported { feature },
    }
}

enum Failure {
    Mismatch(Mismatch),
    Unsupported(String),
}

impl From<Mismatch> for Failure {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(mismatch)
    }
}

fn check_error(eval: &Eval, error: Error) -> Result<(), Failure> {
    if matches!(error.kind, ErrorKind::Unsupported { .. }) {
        return Err(Failure::Unsupported(error.to_string()));
    }
    let message = error.to_string();
    match &eval.fail {
        Some(pattern) if pattern.matches(&message) => Ok(()),
        Some(pattern) => {
            Err(Mismatch::new(format!("error: {pattern}"), format!("error: {message}")).into())
        }
        None => Err(Mismatch::new("no error".to_owned(), format!("error: {message}")).into()),
    }
}

fn check_result(eval: &Eval, evaluated: &Evaluated, steps: Steps) -> Result<(), Failure> {
    if let Some(pattern) = &eval.fail {
        return Err(Mismatch::new(format!("error: {pattern}"), "no error".to_owned()).into());
    }
    let annotations = &evaluated.annotations;
    for (level, rule) in [(Level::Warning, &eval.warnings), (Level::Info, &eval.infos)] {
        check_annotations(rule, level, annotations, &eval.expression)?;
    }
    Ok(compare(
        &eval.expected,
        &evaluated.value,
        steps,
        eval.ordered,
    )?)
}

fn check_annotations(
    rule: &AnnotationRule,
    level: Level,
    annotations: &Annotations,
    query: &str,
) -> Result<(), Mismatch> {
    let found: Vec<String> = annotations
        .iter()
        .filter(|annotation| annotation.level == level)
        .map(|annotation| annotation.render(query))
        .collect();
    let kind = match level {
        Level::Warning => "warning",
        Level::Info => "info",
    };
    let actual = || {
        if found.is_empty() {
            format!("no {kind}")
        } else {
            found.join("\n")
        }
    };
    if rule.none && !found.is_empty() {
        return Err(Mismatch::new(format!("no {kind}"), actual()));
    }
    if rule.any && found.is_empty() {
        return Err(Mismatch::new(format!("a {kind}"), actual()));
    }
    for pattern in &rule.patterns {
        if !found.iter().any(|message| pattern.matches(message)) {
            return Err(Mismatch::new(format!("{kind}: {pattern}"), actual()));
        }
    }
    let unmatched = |message: &&String| !rule.patterns.iter().any(|p| p.matches(message));
    if let Some(message) = found.iter().find(unmatched)
        && !rule.patterns.is_empty()
    {
        return Err(Mismatch::new(format!("no other {kind}"), message.clone()));
    }
    Ok(())
}

/// Evaluates an instant query as the middle step of a range query.
///
/// Left out, as in the reference: results that only an instant query has, and
/// queries that read the range they are evaluated over.
fn check_middle_step(
    eval: &Eval,
    query: &Query,
    steps: Steps,
    data: &mut Data,
    options: &Options,
) -> Result<(), Failure> {
    let compact: String = eval.expression.split_whitespace().collect();
    if matches!(eval.time, EvalTime::Range { .. })
        || matches!(
            eval.expected,
            Expected::String(_) | Expected::RangeVector { .. }
        )
        || compact.contains("start()")
        || compact.contains("end()")
    {
        return Ok(());
    }
    let range = Steps::range(steps.start - MINUTE, steps.start + MINUTE, MINUTE);
    let evaluated = match evaluate(query, range, &mut data.floats, options) {
        Ok(evaluated) => evaluated,
        Err(error) => {
            let actual = format!("error in a range query: {error}");
            return Err(Mismatch::new("no error".to_owned(), actual).into());
        }
    };
    if eval.ordered {
        // A range query's series are in the order of their labels.
        return Ok(());
    }
    let value = middle_step(evaluated.value);
    compare(&eval.expected, &value, steps, false).map_err(|mismatch| {
        Mismatch::new(
            mismatch.expected,
            format!("{} (in a range query)", mismatch.actual),
        )
        .into()
    })
}
