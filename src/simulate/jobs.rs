//! Runs the nightly batch job `daily_sales` over the messages of the day before.
//!
//! It is scheduled at 05:00 UTC, waits for a slot, extracts, transforms and
//! loads, and should be done by 09:00. One run in ten waits very long, one in
//! fourteen fails in `transform` and is run again.

use super::StepClock;
use super::engine::History;
use super::rng::Rng;
use crate::model::{JobRun, MICROS_PER_DAY};

/// The job's name.
pub(super) const JOB: &str = "daily_sales";
const HOUR: i64 = 3_600_000_000;
const SECOND: f64 = 1e6;
/// From midnight to the deadline, µs.
pub(super) const DEADLINE: i64 = 9 * HOUR;

/// The messages of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct DayCount {
    /// First instant of the day, µs.
    pub(super) day: i64,
    /// Messages that the sources produced.
    pub(super) expected: i64,
    /// Messages that the collectors received.
    pub(super) received: i64,
    /// Messages that failed in the pipeline.
    pub(super) dead: i64,
}

/// Counts messages by the UTC day of their step; the first step, which ends as
/// the first day begins, belongs to none.
pub(super) fn day_counts(clock: StepClock, history: &History) -> Vec<DayCount> {
    let mut days: Vec<DayCount> = Vec::new();
    for k in 1..clock.steps {
        let day = (clock.at(k) - 1).div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY;
        if days.last().is_none_or(|d| d.day != day) {
            days.push(DayCount {
                day,
                expected: 0,
                received: 0,
                dead: 0,
            });
        }
        let Some(last) = days.last_mut() else {
            continue;
        };
        for c in 0..3 {
            last.expected += history.produced[c][k] as i64;
            last.received += history.collectors[c][k].arrivals as i64;
            last.dead += history.failures[c][k] as i64;
        }
    }
    days
}

/// Makes the runs: for each, a row of the whole and a row a stage.
pub(super) fn runs(seed: u64, end: i64, days: &[DayCount]) -> Vec<JobRun> {
    let mut runs = Vec::new();
    for (index, count) in days.iter().enumerate() {
        let midnight = count.day + MICROS_PER_DAY;
        if midnight + 14 * HOUR > end {
            continue;
        }
        let mut rng = Rng::new(seed, &format!("{JOB} {index}"));
        let scheduled = midnight + 5 * HOUR;
        let fails = index % 14 == 5;
        let wait = if index % 10 == 8 {
            rng.between(8_400.0, 10_800.0)
        } else {
            60.0 + rng.exponential(500.0)
        };
        let date = chrono::DateTime::from_timestamp_micros(midnight)
            .unwrap_or_default()
            .format("%Y%m%d")
            .to_string();
        let mut at = scheduled + whole_seconds(wait);
        if fails {
            at = attempt(
                &mut runs,
                &mut rng,
                count,
                &format!("{date}-1"),
                scheduled,
                at,
                true,
            );
            // The operator starts it again from the beginning.
            at += whole_seconds(rng.between(2_400.0, 4_200.0));
            attempt(
                &mut runs,
                &mut rng,
                count,
                &format!("{date}-2"),
                scheduled,
                at,
                false,
            );
        } else {
            attempt(
                &mut runs,
                &mut rng,
                count,
                &format!("{date}-1"),
                scheduled,
                at,
                false,
            );
        }
    }
    runs
}

fn attempt(
    runs: &mut Vec<JobRun>,
    rng: &mut Rng,
    count: &DayCount,
    run_id: &str,
    scheduled: i64,
    start: i64,
    fails: bool,
) -> i64 {
    let row = |stage: Option<&str>| JobRun {
        job: JOB.into(),
        stage: stage.map(str::to_owned),
        run_id: run_id.to_owned(),
        scheduled_at: Some(scheduled),
        status: Some("success".into()),
        rows_expected: Some(count.expected),
        ..JobRun::default()
    };
    let stored = (count.received - count.dead).max(0);
    let mut stages = Vec::new();
    let mut at = start;
    let mut cost = 0.0;
    let mut status = "success";
    let mut written = 0;
    // Seconds for a million rows, and the share of rows that the stage keeps.
    for (name, per_million, keeps) in [
        ("extract", 1_500.0, 1.0),
        ("transform", 2_700.0, 0.998),
        ("load", 1_100.0, 1.0),
    ] {
        let rows = if stages.is_empty() { stored } else { written };
        let seconds = 120.0 + rows as f64 / 1e6 * per_million * rng.between(0.92, 1.12);
        let broken = fails && name == "transform";
        let seconds = if broken { 0.6 * seconds } else { seconds };
        let end = at + whole_seconds(seconds);
        let spent = (seconds / 3600.0 * 1.92 * 1e4).round() / 1e4;
        cost += spent;
        written = if broken {
            0
        } else {
            (rows as f64 * keeps) as i64
        };
        status = if broken { "failed" } else { "success" };
        stages.push(JobRun {
            started_at: Some(at),
            ended_at: Some(end),
            rows_in: Some(rows),
            rows_out: Some(written),
            status: Some(status.into()),
            cost: Some(spent),
            ..row(Some(name))
        });
        at = end;
        if broken {
            break;
        }
    }
    runs.push(JobRun {
        started_at: Some(start),
        ended_at: Some(at),
        rows_in: Some(stored),
        rows_out: Some(written),
        status: Some(status.into()),
        cost: Some((cost * 1e4).round() / 1e4),
        ..row(None)
    });
    runs.append(&mut stages);
    at
}

fn whole_seconds(seconds: f64) -> i64 {
    (seconds.round() * SECOND) as i64
}
