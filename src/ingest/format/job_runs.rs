//! Reads runs of batch jobs, or of their stages, from CSV or JSON.
//!
//! `job,stage,run_id,scheduled_at,started_at,ended_at,status,rows_expected,rows_in,rows_out,cost`
//! and the names that schedulers use for these. A run needs a job and a time;
//! without `run_id` its scheduled (or else its start) time identifies it.

use std::io::BufRead;

use crate::ingest::{Format, Head, ReadError, ReadOptions, RecordSink, Sniffed};
use crate::model::{JobRun, Warning};

use super::csv_decimal::Decimals;
use super::csv_header::VALUE_NAMES;
use super::csv_number::parse_number;
use super::table_records::{FirstRecords, TableRecord, read_table};
use super::time_text::TimeText;

const JOB: &[&str] = &[
    "job",
    "job_name",
    "pipeline",
    "pipeline_name",
    "dag_id",
    "workflow",
];
const STAGE: &[&str] = &["stage", "task", "step", "task_id"];
const RUN_ID: &[&str] = &["run_id", "execution_id", "id"];
const SCHEDULED: &[&str] = &[
    "scheduled_at",
    "scheduled",
    "scheduled_time",
    "due_at",
    "logical_date",
];
const STARTED: &[&str] = &["started_at", "start_time", "start", "start_date"];
const ENDED: &[&str] = &[
    "ended_at",
    "end_time",
    "end",
    "finished_at",
    "completed_at",
    "end_date",
];
const STATUS: &[&str] = &["status", "state"];
const ROWS_EXPECTED: &[&str] = &["rows_expected", "expected_rows", "expected_records"];
const ROWS_IN: &[&str] = &["rows_in", "records_in", "rows_read", "received"];
const ROWS_OUT: &[&str] = &["rows_out", "rows_written", "records_out"];
const COST: &[&str] = &["cost", "cost_usd"];

/// The columns of numbers, which show a file's decimal mark.
const NUMBERS: &[&[&str]] = &[ROWS_EXPECTED, ROWS_IN, ROWS_OUT, COST];

/// The job-run format.
#[derive(Debug)]
pub(super) struct JobRuns;

impl Format for JobRuns {
    fn name(&self) -> &'static str {
        "job-runs"
    }

    fn description(&self) -> &'static str {
        "Runs of batch jobs and their stages, in CSV or JSON"
    }

    fn sniff(&self, head: Head<'_>) -> Option<Sniffed> {
        let first = FirstRecords::read(head)?;
        let job = first.name(JOB)?;
        first
            .name(SCHEDULED)
            .or_else(|| first.name(STARTED))
            .or_else(|| first.name(ENDED))?;
        if first.name(VALUE_NAMES).is_some() {
            return None;
        }
        let others = [
            &RUN_ID[..2],
            SCHEDULED,
            STARTED,
            ENDED,
            STATUS,
            ROWS_EXPECTED,
            ROWS_IN,
            ROWS_OUT,
        ];
        let found: Vec<&str> = others
            .iter()
            .filter_map(|names| first.name(names))
            .collect();
        let confidence = match found.len() {
            0 | 1 => return None,
            2 => 70,
            _ => 90,
        };
        Some(Sniffed {
            confidence,
            why: format!("its records have a job ({job:?}) and {}", found.join(", ")),
        })
    }

    fn read(
        &self,
        input: &mut dyn BufRead,
        options: &ReadOptions,
        sink: &mut dyn RecordSink,
    ) -> Result<(), ReadError> {
        let mut times = TimeText::new(options)?;
        let mut left_out: Vec<String> = Vec::new();
        read_table(input, sink, NUMBERS, |record, decimals, sink| {
            let (run, rest) = job_run(record, &mut times, decimals)?;
            for (name, _) in rest {
                if !left_out.contains(&name) {
                    left_out.push(name);
                }
            }
            sink.job_run(run);
            Ok(())
        })?;
        if !left_out.is_empty() {
            let names = left_out.join(", ");
            sink.warn(Warning::new(
                "columns-left-out",
                format!("a job run has no place for these columns: {names}"),
            ));
        }
        times.finish(sink);
        Ok(())
    }
}

/// Makes a run, and returns what of the record it does not hold.
fn job_run(
    mut record: TableRecord,
    times: &mut TimeText<'_>,
    decimals: &mut Decimals,
) -> Result<(JobRun, Vec<(String, String)>), String> {
    let job = record
        .take(JOB)
        .ok_or("there is no job: a column job, job_name, pipeline or dag_id is expected")?;
    let stage = record.take(STAGE);
    let mut time = |names: &[&str]| match record.take(names) {
        None => Ok((None, None)),
        Some(text) => match times.read(text.as_bytes()) {
            Ok(ts) => Ok((Some(ts), Some(text))),
            Err(reason) => Err(format!("{}: {reason}", names[0])),
        },
    };
    let (scheduled_at, scheduled_text) = time(SCHEDULED)?;
    let (started_at, started_text) = time(STARTED)?;
    let (ended_at, _) = time(ENDED)?;
    let first_time = scheduled_text
        .or(started_text)
        .ok_or("there is no time: a column scheduled_at or started_at is expected")?;
    if let (Some(start), Some(end)) = (started_at, ended_at)
        && end < start
    {
        return Err("ended_at is before started_at".to_owned());
    }
    let run_id = record.take(RUN_ID).unwrap_or(first_time);
    let status = record.take(STATUS).map(|status| status.to_lowercase());
    let mut count = |names: &[&str]| match record.take(names) {
        None => Ok(None),
        Some(text) => whole_number(&text, decimals)
            .map(Some)
            .ok_or_else(|| format!("{} is {text:?}: a whole number is expected", names[0])),
    };
    let rows_expected = count(ROWS_EXPECTED)?;
    let rows_in = count(ROWS_IN)?;
    let rows_out = count(ROWS_OUT)?;
    let cost = match record.take(COST) {
        None => None,
        Some(text) => {
            let number = text.trim_start_matches('$').as_bytes();
            let cost = parse_number(number, decimals.is_comma(number))
                .filter(|cost| cost.is_finite())
                .ok_or_else(|| match decimals.contradiction(number) {
                    Some(reason) => format!("cost: {reason}"),
                    None => format!("cost is {text:?}: a number is expected"),
                })?;
            Some(cost)
        }
    };
    let run = JobRun {
        job,
        stage,
        run_id,
        scheduled_at,
        started_at,
        ended_at,
        status,
        rows_expected,
        rows_in,
        rows_out,
        cost,
    };
    Ok((run, record.rest()))
}

/// Reads `1200`, `1,200` and `1200.0`.
fn whole_number(text: &str, decimals: &mut Decimals) -> Option<i64> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let value = parse_number(text.as_bytes(), decimals.is_comma(text.as_bytes()))?;
    // 2^53: beyond it a float no longer tells neighbouring integers apart.
    (value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::test_sink::TestSink;

    const RUNS: &str = "job,stage,run_id,scheduled_at,started_at,ended_at,status,rows_expected,rows_in,rows_out,cost\n\
        nightly,,r1,2026-01-02T02:00:00Z,2026-01-02T02:05:00Z,2026-01-02T03:00:00Z,SUCCESS,1000,990,980,1.25\n\
        nightly,load,r1,,2026-01-02T02:05:00Z,,running,,,,\n\
        nightly,,r2,2026-01-03T02:00:00Z,,,failed,many,,,\n\
        ,,r3,2026-01-03T02:00:00Z,,,failed,,,,\n\
        nightly,,r4,,,,failed,,,,\n";

    #[test]
    fn reads_runs_and_stages() {
        let sink = TestSink::read(&JobRuns, RUNS);
        assert_eq!(
            sink.job_runs[0],
            JobRun {
                job: "nightly".into(),
                stage: None,
                run_id: "r1".into(),
                scheduled_at: Some(1_767_319_200_000_000),
                started_at: Some(1_767_319_500_000_000),
                ended_at: Some(1_767_322_800_000_000),
                status: Some("success".into()),
                rows_expected: Some(1000),
                rows_in: Some(990),
                rows_out: Some(980),
                cost: Some(1.25),
            }
        );
        assert_eq!(sink.job_runs[1].stage.as_deref(), Some("load"));
        assert_eq!(sink.job_runs.len(), 2);
        let rejects = sink.reject_lines();
        assert_eq!(
            rejects[0],
            "4: rows_expected is \"many\": a whole number is expected"
        );
        assert!(rejects[1].starts_with("5: there is no job"));
        assert!(rejects[2].starts_with("6: there is no time"));
    }

    #[test]
    fn reads_the_names_of_schedulers() {
        let sink = TestSink::read(
            &JobRuns,
            r#"{"dag_id":"etl","task_id":"load","logical_date":"2026-01-02","start_date":"2026-01-02T00:10:00+00:00","state":"success","try_number":1,"records_out":"1,200"}"#,
        );
        let run = &sink.job_runs[0];
        assert_eq!(
            (run.job.as_str(), run.run_id.as_str()),
            ("etl", "2026-01-02")
        );
        assert_eq!(run.rows_out, Some(1200));
        assert_eq!(sink.warnings[0].code, "columns-left-out");
        assert!(sink.warnings[0].message.ends_with("try_number"));
    }

    #[test]
    fn reads_a_decimal_comma() {
        let sink = TestSink::read(
            &JobRuns,
            "job;run_id;started_at;rows_in;cost\n\
             j;1;2025-01-01 10:00;1.200;1,5\nj;2;2025-01-01 10:00;7;2.5\n",
        );
        assert_eq!(sink.job_runs.len(), 1);
        assert_eq!(sink.job_runs[0].rows_in, Some(1200));
        assert_eq!(sink.job_runs[0].cost, Some(1.5));
        assert!(sink.reject_lines()[0].contains("cost: \"2.5\" has a decimal point"));
        assert_eq!(sink.warnings[0].code, "decimal-separator");
    }

    #[test]
    fn recognises_runs() {
        let sniff = |text: &str| {
            let head = Head {
                bytes: text.as_bytes(),
                truncated: false,
                file_name: "x.csv",
            };
            JobRuns.sniff(head).map(|s| s.confidence)
        };
        assert_eq!(sniff(RUNS), Some(90));
        assert_eq!(sniff("time,job,instance,value\n1,a,b,2\n"), None);
        assert_eq!(
            sniff("id,started_at,ended_at,severity,service\n1,2,3,4,5\n"),
            None
        );
        assert_eq!(
            sniff("{\"pipeline\":\"p\",\"started_at\":\"x\",\"status\":\"ok\",\"rows_in\":3}"),
            Some(90)
        );
    }
}
