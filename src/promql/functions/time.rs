//! The time of the evaluation, calendar functions, and the way between scalars and vectors.
//!
//! Calendar functions count in UTC, on seconds cut to whole ones as Go's
//! `time.Unix(int64(v), 0)` does on amd64: NaN, infinities and whatever does not
//! fit 64 bits are the least integer there, whose date Go's 64-bit seconds wrap
//! to 292277026596-12-04 15:30:08; so they do here.

use std::sync::Arc;

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::model::Labels;
use crate::promql::Evaluator;
use crate::promql::column::{Steps, is_absent};
use crate::promql::error::Error;
use crate::promql::eval::strip;
use crate::promql::expr::Kind;
use crate::promql::functions::{Call, Evaluate, Function, special};
use crate::promql::merge::merge_equal;
use crate::promql::vector::{Series, Value};

/// The functions of this group.
pub(super) static FUNCTIONS: &[Function] = &[
    of_time("time", |_, call| Ok(Value::Scalar(seconds(call.steps)))),
    of_time("timestamp", timestamp),
    special("vector", |evaluator, call| {
        let column = evaluator.scalar(&call.args[0], call.steps)?;
        Ok(Value::Vector(vec![unlabelled(column)]))
    }),
    special("scalar", |evaluator, call| {
        let series = evaluator.vector(&call.args[0], call.steps)?;
        Ok(Value::Scalar(only_sample(&series, call.steps)))
    }),
    of_time("minute", |e, c| {
        on_dates(e, c, |d| f64::from(d.time.minute()))
    }),
    of_time("hour", |e, c| on_dates(e, c, |d| f64::from(d.time.hour()))),
    of_time("day_of_week", |e, c| {
        on_dates(e, c, |d| f64::from(d.time.weekday().num_days_from_sunday()))
    }),
    of_time("day_of_month", |e, c| {
        on_dates(e, c, |d| f64::from(d.time.day()))
    }),
    of_time("day_of_year", |e, c| {
        on_dates(e, c, |d| f64::from(d.time.ordinal()))
    }),
    of_time("days_in_month", |e, c| {
        on_dates(e, c, |d| f64::from(d.time.num_days_in_month()))
    }),
    of_time("month", |e, c| {
        on_dates(e, c, |d| f64::from(d.time.month()))
    }),
    of_time("year", |e, c| on_dates(e, c, |d| d.year())),
];

/// A function that reads the time; a calendar function counts as one even with an
/// argument, as in Prometheus.
const fn of_time(name: &'static str, body: Evaluate) -> Function {
    Function {
        reads_time: true,
        ..special(name, body)
    }
}

fn seconds(steps: Steps) -> Vec<f64> {
    steps.iter().map(|ts| ts as f64 / 1e6).collect()
}

fn unlabelled(values: Vec<f64>) -> Series {
    Series {
        labels: Arc::new(Labels::default()),
        drop_name: false,
        values,
    }
}

/// The sample of the only series that has one; NaN where none or several have.
fn only_sample(series: &[Series], steps: Steps) -> Vec<f64> {
    let mut column = vec![f64::NAN; steps.len];
    let mut found = vec![0_u8; steps.len];
    for series in series {
        for ((result, found), value) in column.iter_mut().zip(&mut found).zip(&series.values) {
            if !is_absent(*value) {
                *result = if *found == 0 { *value } else { f64::NAN };
                *found = 1;
            }
        }
    }
    column
}

/// The time of each sample: of a plain selector's own sample, otherwise the step's.
///
/// Version 2.42 forgets the `offset` of a selector that `@` pins as well, and finds
/// nothing, since it has read the samples before the offset only. That bug is not repeated.
fn timestamp(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    let arg = strip(&call.args[0]);
    let mut series = if matches!(arg.kind, Kind::Selector(_)) {
        evaluator.timestamps(arg, call.steps)?
    } else {
        let mut series = evaluator.vector(arg, call.steps)?;
        let times = seconds(call.steps);
        for one in &mut series {
            for (value, time) in one.values.iter_mut().zip(&times) {
                *value = if is_absent(*value) { *value } else { *time };
            }
        }
        series
    };
    for one in &mut series {
        evaluator.drop_name(one);
    }
    merge_equal(series, call.steps, call.span).map(Value::Vector)
}

/// Applies a calendar function to the argument's values, or to the step's time.
fn on_dates(
    evaluator: &mut Evaluator<'_>,
    call: &Call<'_>,
    part: impl Fn(&Date) -> f64,
) -> Result<Value, Error> {
    let Some(arg) = call.args.first() else {
        let values = call
            .steps
            .iter()
            .map(|ts| part(&Date::of(ts.div_euclid(1_000_000))))
            .collect();
        return Ok(Value::Vector(vec![unlabelled(values)]));
    };
    let mut series = evaluator.vector(arg, call.steps)?;
    for one in &mut series {
        for value in &mut one.values {
            if !is_absent(*value) {
                *value = part(&Date::of(to_i64(*value)));
            }
        }
        evaluator.drop_name(one);
    }
    merge_equal(series, call.steps, call.span).map(Value::Vector)
}

/// Cuts a float to an integer as amd64 does: what does not fit is the least one.
fn to_i64(value: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

/// A date in any year: the calendar repeats every 400 years, to the weekday.
struct Date {
    /// The instant moved by whole cycles into those that start in 1970.
    time: DateTime<Utc>,
    /// How many cycles it was moved back.
    cycles: i128,
}

const CYCLE_YEARS: i128 = 400;
const CYCLE_SECONDS: i128 = 146_097 * 86_400;

/// Go counts 64-bit seconds from the year -292277022399 on; what is before it wraps to the far end.
const GO_EPOCH: i128 = -9_223_371_966_579_724_800;

impl Date {
    fn of(seconds: i64) -> Self {
        let mut seconds = i128::from(seconds);
        if seconds < GO_EPOCH {
            seconds += 1 << 64;
        }
        let within = seconds.rem_euclid(CYCLE_SECONDS) as i64;
        Self {
            time: DateTime::from_timestamp(within, 0).unwrap_or_default(),
            cycles: seconds.div_euclid(CYCLE_SECONDS),
        }
    }

    fn year(&self) -> f64 {
        (i128::from(self.time.year()) + self.cycles * CYCLE_YEARS) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::column::ABSENT;

    fn date(value: f64) -> (f64, u32, u32, u32, u32, u32) {
        let date = Date::of(to_i64(value));
        (
            date.year(),
            date.time.month(),
            date.time.day(),
            date.time.weekday().num_days_from_sunday(),
            date.time.hour(),
            date.time.minute(),
        )
    }

    #[test]
    fn dates_are_those_of_the_scripts() {
        assert_eq!(date(0.0), (1970.0, 1, 1, 4, 0, 0));
        assert_eq!(date(1_136_239_445.0), (2006.0, 1, 2, 1, 22, 4));
        assert_eq!(date(1_230_767_999.0), (2008.0, 12, 31, 3, 23, 59));
        assert_eq!(date(1_230_768_000.0), (2009.0, 1, 1, 4, 0, 0));
        // A leap day.
        assert_eq!(date(1_456_790_399.9), (2016.0, 2, 29, 1, 23, 59));
        let ordinal = |v| Date::of(to_i64(v)).time.ordinal();
        assert_eq!(ordinal(1_136_239_445.0), 2);
        assert_eq!(ordinal(1_483_191_420.0), 366);
        assert_eq!(ordinal(1_672_493_820.0), 365);
        let days = |v| Date::of(to_i64(v)).time.num_days_in_month();
        assert_eq!((days(1_454_284_800.0), days(1_485_907_200.0)), (29, 28));
    }

    #[test]
    fn seconds_are_cut_towards_zero() {
        assert_eq!(date(-0.9), (1970.0, 1, 1, 4, 0, 0));
        assert_eq!(date(-1.0), (1969.0, 12, 31, 3, 23, 59));
        assert_eq!(date(-62_135_596_801.0), (0.0, 12, 31, 0, 23, 59));
    }

    #[test]
    fn what_does_not_fit_wraps_as_in_go() {
        let wrapped = (292_277_026_596.0, 12, 4, 0, 15, 30);
        for value in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e300, -1e19] {
            assert_eq!(date(value), wrapped, "{value}");
        }
        // The greatest float below 2^63 is 1,024 s before the wrapped date.
        assert_eq!(date(9_223_372_036_854_774_784.0).0, 292_277_026_596.0);
    }

    #[test]
    fn a_scalar_is_the_only_sample() {
        let steps = Steps {
            start: 0,
            step: 1,
            len: 4,
        };
        let column = only_sample(
            &[
                unlabelled(vec![1.0, ABSENT, 3.0, ABSENT]),
                unlabelled(vec![ABSENT, 2.0, 4.0, ABSENT]),
                unlabelled(vec![ABSENT, ABSENT, 5.0, ABSENT]),
            ],
            steps,
        );
        assert_eq!(column[..2], [1.0, 2.0]);
        assert!(column[2].is_nan() && column[3].is_nan());
        assert!(!is_absent(column[3]));
    }
}
