//! Writes the runs of the batch job as CSV: a row a run (empty `stage`) and a row a stage.

use std::io;

use super::output::Output;
use super::time_s;
use crate::model::JobRun;

/// Writes `job_runs.csv`.
pub(in crate::simulate) fn write(runs: &[JobRun], output: &mut Output) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(output);
    csv.write_record([
        "job",
        "stage",
        "run_id",
        "scheduled_at",
        "started_at",
        "ended_at",
        "status",
        "rows_expected",
        "rows_in",
        "rows_out",
        "cost",
    ])?;
    let time = |at: Option<i64>| at.map(time_s).unwrap_or_default();
    let number = |n: Option<i64>| n.map(|n| n.to_string()).unwrap_or_default();
    for run in runs {
        csv.write_record([
            run.job.clone(),
            run.stage.clone().unwrap_or_default(),
            run.run_id.clone(),
            time(run.scheduled_at),
            time(run.started_at),
            time(run.ended_at),
            run.status.clone().unwrap_or_default(),
            number(run.rows_expected),
            number(run.rows_in),
            number(run.rows_out),
            run.cost.map(|c| c.to_string()).unwrap_or_default(),
        ])?;
    }
    csv.flush()
}
