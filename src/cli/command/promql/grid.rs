use chrono_tz::Tz;

use crate::cli::Context;
use crate::cli::error::CommandError;
use crate::job::{RangeError, resolve_range};
use crate::model::{MICROS_PER_SECOND, TimeRange, parse_duration, parse_timestamp};
use crate::promql::Steps;

/// Points of a range whose step nobody names, at most.
const POINTS: i64 = 400;
/// More steps than any range needs: a second by second for three years.
const MAX_STEPS: i64 = 100_000_000;
/// Steps that people choose, in seconds.
const PLEASANT: [i64; 19] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
    86_400, 604_800,
];

/// When an expression is evaluated.
#[derive(Debug, Default, clap::Args)]
pub(super) struct GridArgs {
    /// Evaluate at one instant: a time, or `now`; by default where the samples
    /// of the selected metrics end.
    #[arg(long, value_name = "TIME", conflicts_with_all = ["since", "until", "step"])]
    at: Option<String>,
    /// Evaluate over a range that begins at a time, or a duration back from its end;
    /// by default where the samples begin.
    #[arg(long, value_name = "TIME|DURATION")]
    since: Option<String>,
    /// The last instant of the range, which is part of it: a time, or `now`;
    /// by default where the samples of the selected metrics end.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Distance of two instants of a range [default: the shortest of 1s, 2s, 5s, 10s,
    /// 15s, 30s, 1m … 6h, 12h, 1d, 7d that makes at most 400 points].
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    step: Option<i64>,
}

/// The instants at which an expression is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) steps: Steps,
    /// Whether a single instant was asked for.
    pub(super) is_instant: bool,
    /// Whether nobody named the step.
    pub(super) is_default_step: bool,
}

/// Reads a duration of at least a millisecond.
pub(super) fn positive_duration(text: &str) -> Result<i64, String> {
    let micros = parse_duration(text).map_err(|e| e.to_string())?;
    if micros > 0 {
        Ok(micros)
    } else {
        Err("a duration of more than nothing is needed".to_owned())
    }
}

impl GridArgs {
    /// Whether somebody said when the last instant is.
    pub(super) fn has_end(&self) -> bool {
        self.at.is_some() || self.until.is_some()
    }

    /// Makes out the instants; `samples` is the time from the first sample to
    /// just after the last.
    pub(super) fn resolve(
        &self,
        samples: Option<TimeRange>,
        context: &Context,
    ) -> Result<Grid, CommandError> {
        self.grid(samples, context.now, context.tz())
    }

    fn grid(&self, samples: Option<TimeRange>, now: i64, tz: Tz) -> Result<Grid, CommandError> {
        // As in PromQL the end is an instant of the range: that of the last sample.
        let samples = samples.map(|range| TimeRange {
            start: range.start,
            end: range.end.saturating_sub(1).max(range.start),
        });
        if self.since.is_none() && self.until.is_none() && self.step.is_none() {
            let at = match self.at.as_deref() {
                Some("now") => now,
                Some(text) => parse_timestamp(text, tz)
                    .map_err(|e| CommandError::usage(format!("--at: {e}")))?,
                None => samples.map_or(now, |range| range.end),
            };
            return Ok(Grid {
                steps: Steps::instant(at),
                is_instant: true,
                is_default_step: false,
            });
        }
        let (since, until) = (self.since.as_deref(), self.until.as_deref());
        let range = match resolve_range(since, until, samples, now, tz) {
            // The instant before the end stands for a missing begin.
            Ok(range) if since.is_none() && samples.is_some_and(|s| s.start == range.end) => {
                TimeRange {
                    start: range.end,
                    ..range
                }
            }
            Ok(range) => range,
            Err(RangeError::Empty { start, end, .. }) if start == end => TimeRange { start, end },
            Err(error) => return Err(CommandError::usage(error)),
        };
        let span = range.end.saturating_sub(range.start);
        let step = self.step.unwrap_or_else(|| pleasant_step(span));
        if span / step >= MAX_STEPS {
            let reason = format!("the range has {} steps: take a longer --step", span / step);
            return Err(CommandError::usage(reason));
        }
        Ok(Grid {
            steps: Steps::range(range.start, range.end, step),
            is_instant: false,
            is_default_step: self.step.is_none(),
        })
    }
}

/// The shortest pleasant step that divides a span into few enough.
fn pleasant_step(span: i64) -> i64 {
    let steps = PLEASANT.iter().map(|seconds| seconds * MICROS_PER_SECOND);
    let mut steps = steps.filter(|step| span / step < POINTS);
    steps.next().unwrap_or_else(|| {
        let week = 7 * 86_400 * MICROS_PER_SECOND;
        (span / week / POINTS + 1).saturating_mul(week)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn args(words: [Option<&str>; 3], step: Option<i64>) -> GridArgs {
        let [at, since, until] = words.map(|word| word.map(str::to_owned));
        GridArgs {
            at,
            since,
            until,
            step,
        }
    }

    fn grid(args: &GridArgs) -> Grid {
        let samples = TimeRange {
            start: 0,
            end: 24 * HOUR + 1,
        };
        args.grid(Some(samples), 99 * HOUR, Tz::UTC)
            .expect("a good range")
    }

    #[test]
    fn an_instant_is_where_the_samples_end_or_as_said() {
        let at = |words| grid(&args(words, None)).steps;
        assert_eq!(at([None, None, None]), Steps::instant(24 * HOUR));
        assert_eq!(at([Some("now"), None, None]), Steps::instant(99 * HOUR));
        assert_eq!(
            at([Some("1970-01-01T02:00:00Z"), None, None]),
            Steps::instant(2 * HOUR)
        );
    }

    #[test]
    fn a_range_has_its_end() {
        let said = grid(&args([None, Some("2h"), None], Some(HOUR)));
        assert_eq!(said.steps, Steps::range(22 * HOUR, 24 * HOUR, HOUR));
        assert_eq!(said.steps.len, 3);
        assert!(!said.is_default_step);
        let whole = grid(&args([None, None, None], Some(HOUR)));
        assert_eq!((whole.steps.start, whole.steps.len), (0, 25));
        let one = args(
            [
                None,
                Some("1970-01-01T02:00:00Z"),
                Some("1970-01-01T02:00:00Z"),
            ],
            None,
        );
        assert_eq!(grid(&one).steps.len, 1);
    }

    #[test]
    fn the_store_may_have_one_instant_or_none() {
        let args = args([None, None, None], Some(HOUR));
        let one = TimeRange { start: 7, end: 8 };
        let grid = args.grid(Some(one), 0, Tz::UTC).expect("one instant");
        assert_eq!((grid.steps.start, grid.steps.len), (7, 1));
        assert!(args.grid(None, 9, Tz::UTC).is_ok());
    }

    #[test]
    fn steps_are_pleasant() {
        for (span, step) in [
            (0, 1),
            (3_600, 10),
            (86_400, 300),
            (7 * 86_400, 1_800),
            (30 * 86_400, 7_200),
            (365 * 86_400, 86_400),
            (40 * 365 * 86_400, 6 * 604_800),
        ] {
            let micros = pleasant_step(span * MICROS_PER_SECOND);
            assert_eq!(micros, step * MICROS_PER_SECOND, "{span}");
        }
        assert!(pleasant_step(i64::MAX) > 0);
    }

    #[test]
    fn refuses_what_no_range_needs() {
        let far = args([None, Some("9999y"), None], Some(1_000));
        let error = far.grid(None, 0, Tz::UTC).expect_err("too many steps");
        assert!(error.source.to_string().contains("longer --step"));
        assert!(positive_duration("0").is_err());
        assert_eq!(positive_duration("1ms"), Ok(1_000));
    }
}
