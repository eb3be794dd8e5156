//! `holt_winters`: double exponential smoothing of a window, in version 2 only.
//!
//! Reference: `funcHoltWinters` in `promql/functions.go` of Prometheus 2.42.
//! Version 3 has renamed it to `double_exponential_smoothing` and made it
//! experimental. Despite its name there is no season: only a level and a trend
//! (C. Holt, "Forecasting seasonals and trends by exponentially weighted moving
//! averages", 1957).

use crate::promql::Evaluator;
use crate::promql::column::ABSENT;
use crate::promql::error::{Error, ErrorKind};
use crate::promql::functions::{Call, Function, special};
use crate::promql::merge::merge_equal;
use crate::promql::vector::{Series, Value};

/// The functions of this group.
pub(super) static FUNCTIONS: &[Function] = &[special("holt_winters", holt_winters)];

/// `holt_winters(v, sf, tf)`: the level at the end of each window.
fn holt_winters(evaluator: &mut Evaluator<'_>, call: &Call<'_>) -> Result<Value, Error> {
    let steps = call.steps;
    let levels = evaluator.scalar(&call.args[1], steps)?;
    let trends = evaluator.scalar(&call.args[2], steps)?;
    // Factors matter where there is a window at all.
    let first_bad = (0..steps.len).find(|i| is_outside(levels[*i]) || is_outside(trends[*i]));
    let mut failed: Option<usize> = None;
    let mut series = Vec::new();
    evaluator.for_each_window(&call.args[0], steps, &mut |labels, drop_name, windows| {
        let mut values = vec![ABSENT; steps.len];
        for (i, value) in values.iter_mut().enumerate() {
            let (_, samples) = windows.samples(i);
            if samples.len() >= 2 {
                *value = smooth(samples, levels[i], trends[i]);
            }
        }
        if let Some(first) = first_bad {
            let bad = (first..failed.unwrap_or(steps.len)).find(|i| {
                !windows.indices(*i).is_empty()
                    && (is_outside(levels[*i]) || is_outside(trends[*i]))
            });
            failed = bad.or(failed);
        }
        series.push(Series {
            labels: labels.clone(),
            drop_name,
            values,
        });
    })?;
    if let Some(i) = failed {
        let (argument, name, factor) = if is_outside(levels[i]) {
            (1, "smoothing factor. Expected: 0 < sf < 1", levels[i])
        } else {
            (2, "trend factor. Expected: 0 < tf < 1", trends[i])
        };
        let text = format!("invalid {name}, got: {}", fixed(factor));
        return Err(ErrorKind::Execution(text).at_step(call.args[argument].span, steps.at(i)));
    }
    for one in &mut series {
        evaluator.drop_name(one);
    }
    merge_equal(series, steps, call.span).map(Value::Vector)
}

/// NaN passes, as in Prometheus.
fn is_outside(factor: f64) -> bool {
    factor <= 0.0 || factor >= 1.0
}

/// Writes a number as Go's `%f` does.
fn fixed(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.6}")
    } else {
        crate::promql::number::format_g(value)
    }
}

/// Smooths two samples or more; the trend begins as the rise between the first two.
fn smooth(samples: &[f64], sf: f64, tf: f64) -> f64 {
    let (mut previous, mut level) = (0.0, samples[0]);
    let mut trend = samples[1] - samples[0];
    for (i, sample) in samples[1..].iter().enumerate() {
        if i > 0 {
            trend = tf * (level - previous) + (1.0 - tf) * trend;
        }
        let smoothed = sf * sample + (1.0 - sf) * (level + trend);
        (previous, level) = (level, smoothed);
    }
    level
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Labels;
    use crate::promql::{MemorySource, Options, Query, Steps, Version, evaluate};

    const MINUTE: i64 = 60_000_000;

    fn run(
        query: &str,
        values: impl IntoIterator<Item = f64>,
        steps: Steps,
    ) -> Result<Vec<f64>, Error> {
        let mut source = MemorySource::default();
        let labels = Arc::new(Labels::from_pairs([("__name__", "x"), ("job", "a")]).unwrap());
        for (i, value) in values.into_iter().enumerate() {
            source.push(&labels, i as i64 * MINUTE, value);
        }
        let options = Options {
            version: Version::V2,
            ..Options::default()
        };
        let evaluated = evaluate(
            &Query::parse(query, &options)?,
            steps,
            &mut source,
            &options,
        )?;
        match evaluated.value {
            Value::Vector(series) => Ok(series
                .into_iter()
                .flat_map(|one| {
                    assert_eq!(one.labels.to_string(), "{job=\"a\"}");
                    one.values
                })
                .collect()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn published_values() {
        // functions.test: a trend that never changes is followed without error.
        let steps = Steps::instant(80 * MINUTE);
        let up = (0..100).map(|i| f64::from(i) * 10.0);
        assert_eq!(
            run("holt_winters(x[1m], 0.01, 0.1)", up, steps).unwrap(),
            [800.0]
        );
        // A level alone, by hand: 0.5·4 + 0.5·(1 + 3) = 4.
        assert_eq!(smooth(&[1.0, 4.0], 0.5, 0.5), 4.0);
        // Then the trend 0.5·3 + 0.5·3 = 3, the level 0.5·1 + 0.5·(4 + 3) = 4.
        assert_eq!(smooth(&[1.0, 4.0, 1.0], 0.5, 0.5), 4.0);
        // Then the trend 0.5·0 + 0.5·3 = 1.5, the level 0.5·1 + 0.5·5.5 = 3.25.
        assert_eq!(smooth(&[1.0, 4.0, 1.0, 1.0], 0.5, 0.5), 3.25);
    }

    #[test]
    fn one_sample_is_too_few() {
        let steps = Steps::instant(0);
        assert_eq!(
            run("holt_winters(x[1m], 0.5, 0.5)", [1.0], steps).unwrap(),
            Vec::<f64>::new()
        );
    }

    #[test]
    fn factors_outside_the_interval_are_errors() {
        for (query, message) in [
            (
                "holt_winters(x[1m], 1, 0.5)",
                "invalid smoothing factor. Expected: 0 < sf < 1, got: 1.000000",
            ),
            (
                "holt_winters(x[1m], 0.5, -Inf)",
                "invalid trend factor. Expected: 0 < tf < 1, got: -Inf",
            ),
        ] {
            let error = run(query, [1.0], Steps::instant(0)).unwrap_err();
            assert_eq!(error.to_string(), message);
            // Nobody looks where there is no sample.
            assert_eq!(
                run(query, [], Steps::instant(0)).unwrap(),
                Vec::<f64>::new()
            );
        }
        let steps = Steps::range(0, 5 * MINUTE, MINUTE);
        let error = run("holt_winters(x[1m], 0.5, time() / 200)", [0.0; 9], steps).unwrap_err();
        assert_eq!(error.step, Some(0));
        assert!(run("holt_winters(x[2m], 0.5, NaN)", [0.0; 9], steps).unwrap()[2].is_nan());
    }
}
