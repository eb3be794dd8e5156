//! The summary of a job for machines: `retrocast.run/v1`.

use chrono_tz::Tz;
use serde_json::{Value, json};

use super::run::{JobReport, StepOutcome, StepReport};
use crate::model::format_timestamp;
use crate::store::{FileOutcome, FileReport, LoadReport};

pub(super) fn json(report: &JobReport, now: i64) -> String {
    let steps: Vec<Value> = report.steps.iter().map(step).collect();
    let value = json!({
        "schema": "retrocast.run/v1",
        "started_at": format_timestamp(now, Tz::UTC),
        "is_fine": report.is_fine(),
        "steps": steps,
    });
    format!("{value:#}\n")
}

fn step(step: &StepReport) -> Value {
    let (outcome, reason) = match &step.outcome {
        StepOutcome::Done => ("done", None),
        StepOutcome::Found(reason) => ("found", Some(reason)),
        StepOutcome::Failed(reason) => ("failed", Some(reason)),
    };
    let outputs: Vec<String> = step
        .outputs
        .iter()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    json!({
        "kind": step.kind,
        "name": step.name,
        "outcome": outcome,
        "reason": reason,
        "rows": step.rows,
        "outputs": outputs,
        "loaded": step.loaded.as_ref().map(loaded),
    })
}

fn loaded(report: &LoadReport) -> Value {
    let reasons: Vec<Value> = report
        .reasons
        .iter()
        .map(|(reason, count)| json!({ "reason": reason, "count": count }))
        .collect();
    json!({
        "samples": report.counts.samples,
        "logs": report.counts.logs,
        "spans": report.counts.spans,
        "events": report.counts.events,
        "job_runs": report.counts.job_runs,
        "rejects": report.counts.rejects,
        "new_series": report.new_series,
        "reasons": reasons,
        "files": report.files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn file(file: &FileReport) -> Value {
    let (outcome, reason) = match &file.outcome {
        FileOutcome::Read => ("read", None),
        FileOutcome::Known => ("known", None),
        FileOutcome::Cut(reason) => ("cut", Some(reason)),
        FileOutcome::Unreadable(reason) => ("unreadable", Some(reason)),
    };
    json!({
        "file": file.name,
        "format": file.format,
        "outcome": outcome,
        "reason": reason,
        "records": file.counts.good(),
        "rejects": file.counts.rejects,
        "warnings": file.warnings,
    })
}
