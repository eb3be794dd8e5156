//! Joins series that have the same labels once a name or a label is gone.
//!
//! Prometheus' range evaluation does this as it collects the steps of a result
//! (`promql/engine.go`, `rangeEval` and `mergeSeriesWithSameLabelset`): series of
//! equal labels are one series, unless two of them have a sample at one step,
//! which is an error.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::Labels;
use crate::promql::column::{Steps, is_absent};
use crate::promql::error::{Error, ErrorKind, Span};
use crate::promql::vector::Series;

/// Merges series with equal labels, in the order in which each label set first appears.
///
/// The first of them also decides whether the name is still to be dropped. The
/// error names the first step at which two series of equal labels both have a
/// sample.
pub(crate) fn merge_equal(
    series: Vec<Series>,
    steps: Steps,
    span: Span,
) -> Result<Vec<Series>, Error> {
    // Storage gives series in the order of their labels, which most operations keep.
    if series.is_sorted_by(|a, b| a.labels < b.labels) {
        return Ok(series);
    }
    let mut places: HashMap<Arc<Labels>, usize> = HashMap::with_capacity(series.len());
    let mut merged: Vec<Series> = Vec::with_capacity(series.len());
    let mut clash: Option<(usize, usize)> = None;
    for one in series {
        let place = *places.entry(one.labels.clone()).or_insert(merged.len());
        if place == merged.len() {
            merged.push(one);
            continue;
        }
        let target = &mut merged[place];
        if let Some(step) = overlay(&mut target.values, &one.values) {
            clash = Some(clash.map_or((step, place), |earliest| earliest.min((step, place))));
        }
    }
    match clash {
        None => Ok(merged),
        Some((step, place)) => Err(ErrorKind::DuplicateLabels {
            labels: merged[place].labels.as_ref().clone(),
        }
        .at_step(span, steps.at(step))),
    }
}

/// Copies the samples of `from` to where `to` has none; returns the first step at which both have one.
fn overlay(to: &mut [f64], from: &[f64]) -> Option<usize> {
    let mut clash = None;
    for (step, (to, from)) in to.iter_mut().zip(from).enumerate() {
        if is_absent(*from) {
            continue;
        }
        if is_absent(*to) {
            *to = *from;
        } else if clash.is_none() {
            clash = Some(step);
        }
    }
    clash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::column::ABSENT;

    const STEPS: Steps = Steps {
        start: 10,
        step: 5,
        len: 3,
    };

    fn series(label: &str, values: [f64; 3]) -> Series {
        Series {
            labels: Arc::new(Labels::from_pairs([("a", label)]).unwrap()),
            drop_name: false,
            values: values.to_vec(),
        }
    }

    #[test]
    fn overlays_in_the_order_of_first_appearance() {
        let merged = merge_equal(
            vec![
                series("z", [1.0, ABSENT, ABSENT]),
                series("b", [2.0, f64::NAN, 2.0]),
                series("z", [ABSENT, ABSENT, f64::NAN]),
                series("z", [ABSENT, 3.0, ABSENT]),
            ],
            STEPS,
            Span::default(),
        )
        .unwrap();
        assert_eq!(merged.len(), 2);
        assert_eq!(merged[0].labels.get("a"), Some("z"));
        assert_eq!(merged[0].values[..2], [1.0, 3.0]);
        assert!(merged[0].values[2].is_nan() && !is_absent(merged[0].values[2]));
        assert_eq!(merged[1].labels.get("a"), Some("b"));
    }

    #[test]
    fn names_the_first_step_at_which_two_have_a_sample() {
        let error = merge_equal(
            vec![
                series("z", [ABSENT, ABSENT, 1.0]),
                series("b", [ABSENT, f64::NAN, ABSENT]),
                series("z", [ABSENT, ABSENT, 1.0]),
                series("b", [ABSENT, 2.0, 2.0]),
            ],
            STEPS,
            Span { start: 1, end: 4 },
        )
        .unwrap_err();
        assert_eq!(error.step, Some(15));
        assert_eq!(error.span, Some(Span { start: 1, end: 4 }));
        match error.kind {
            ErrorKind::DuplicateLabels { labels } => assert_eq!(labels.get("a"), Some("b")),
            other => panic!("{other}"),
        }
    }
}
