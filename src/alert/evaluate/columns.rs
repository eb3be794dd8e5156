//! A rule's query at many slots at once.

use std::sync::Arc;

use crate::model::Labels;
use crate::promql::{
    ErrorKind, Options, Query, SampleSource, Series, SourceError, Steps, Value, evaluate_part,
    is_absent,
};

/// Why there is no result.
#[derive(Debug)]
pub(super) enum Failure {
    /// The rule fails.
    Rule {
        /// Why.
        text: String,
        /// The instant of the query at which it does, where that is known.
        at: Option<i64>,
    },
    /// History could not be read.
    Source(SourceError),
}

/// Evaluates a query at each step as an instant query there.
pub(super) fn columns(
    query: &Query,
    steps: Steps,
    source: &mut dyn SampleSource,
    options: &Options,
) -> Result<Vec<Series>, Failure> {
    let steps = if steps.len == 1 {
        Steps::instant(steps.start)
    } else {
        steps
    };
    let bounds = (steps.start, steps.end());
    match evaluate_part(query, steps, bounds, source, options) {
        Ok(evaluated) => match evaluated.value {
            Value::Vector(series) => Ok(series),
            Value::Scalar(values) => Ok(vec![Series {
                labels: Arc::new(Labels::default()),
                drop_name: false,
                values,
            }]),
            Value::String(_) | Value::Matrix(_) => Err(Failure::Rule {
                text: "rule result is not a vector or scalar".into(),
                at: None,
            }),
        },
        Err(error) => Err(match error.kind {
            ErrorKind::Source(error) => Failure::Source(error),
            kind => Failure::Rule {
                text: kind.to_string(),
                at: error.step,
            },
        }),
    }
}

/// Cuts a rule's slots into parts that are evaluated at once: as large as a bound allows, and as
/// small as its errors demand, until only the failing slots are left alone.
#[derive(Debug)]
pub(super) struct Parts {
    slots: Steps,
    most: usize,
    done: usize,
    len: usize,
}

impl Parts {
    /// Begins with the first slot; a part has at most `most` of them.
    pub(super) fn new(slots: Steps, most: usize) -> Self {
        let most = most.max(1);
        Self {
            slots,
            most,
            done: 0,
            len: most,
        }
    }

    /// The part to try.
    pub(super) fn part(&mut self) -> Option<Steps> {
        let rest = self.slots.len - self.done;
        self.len = self.len.clamp(1, self.most).min(rest);
        (rest > 0).then(|| Steps {
            start: self.slots.at(self.done),
            len: self.len,
            ..self.slots
        })
    }

    /// The part has a result: it is done, and the next one may be larger.
    pub(super) fn succeeded(&mut self) {
        self.done += self.len;
        self.len = self.len.saturating_mul(2);
    }

    /// The part has none, because of its `at`th slot where that is known; returns whether it was
    /// a single slot, which is done then.
    pub(super) fn failed(&mut self, at: Option<usize>) -> bool {
        if self.len == 1 {
            self.done += 1;
            return true;
        }
        // All is well before the failing slot, as far as this error goes.
        self.len = match at.filter(|at| *at < self.len) {
            Some(at) => at.max(1),
            None => self.len / 2,
        };
        false
    }
}

/// Lists the elements of columns slot by slot: the place of the first element of each slot (and
/// an end), and the elements' series.
pub(super) fn by_slot(series: &[Series], len: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; len + 1];
    for one in series {
        for (slot, value) in one.values.iter().enumerate() {
            starts[slot + 1] += u32::from(!is_absent(*value));
        }
    }
    for slot in 0..len {
        starts[slot + 1] += starts[slot];
    }
    let mut next = starts.clone();
    let mut elements = vec![0_u32; starts[len] as usize];
    for (one, place) in series.iter().zip(0_u32..) {
        for (slot, value) in one.values.iter().enumerate() {
            if !is_absent(*value) {
                elements[next[slot] as usize] = place;
                next[slot] += 1;
            }
        }
    }
    (starts, elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the slots 0..len are tried, where some of them fail; an error names the first of a
    /// part if `named`.
    fn tried(
        len: usize,
        most: usize,
        bad: &[usize],
        named: bool,
    ) -> (Vec<usize>, Vec<usize>, usize) {
        let mut parts = Parts::new(Steps::range(0, len as i64 - 1, 1), most);
        let (mut good, mut failed, mut tries) = (Vec::new(), Vec::new(), 0);
        while let Some(part) = parts.part() {
            tries += 1;
            let slots: Vec<usize> = part.iter().map(|slot| slot as usize).collect();
            assert!(slots.len() <= most);
            match slots.iter().position(|slot| bad.contains(slot)) {
                None => {
                    good.extend(slots);
                    parts.succeeded();
                }
                Some(at) => {
                    if parts.failed(named.then_some(at)) {
                        failed.extend(slots);
                    }
                }
            }
        }
        (good, failed, tries)
    }

    #[test]
    fn only_failing_slots_are_left_alone() {
        for bad in [&[][..], &[0], &[99], &[7, 8, 50], &[0, 2, 4, 6, 8, 99]] {
            for most in [1, 7, 100] {
                for named in [false, true] {
                    let (good, failed, _) = tried(100, most, bad, named);
                    assert_eq!(failed, bad);
                    let all = (0..100).filter(|slot| !bad.contains(slot));
                    assert!(good.into_iter().eq(all));
                }
            }
        }
    }

    #[test]
    fn errors_cost_few_tries() {
        assert_eq!(tried(1000, 1000, &[], true).2, 1);
        assert!(tried(1000, 1000, &[500], true).2 < 15);
        let all: Vec<usize> = (0..1000).collect();
        assert!(tried(1000, 1000, &all, true).2 < 1010);
        assert!(tried(1000, 1000, &all, false).2 < 1020);
    }

    #[test]
    fn elements_are_listed_slot_by_slot() {
        let absent = crate::promql::ABSENT;
        let column = |values: &[f64]| Series {
            labels: Arc::new(Labels::default()),
            drop_name: false,
            values: values.to_vec(),
        };
        let series = [
            column(&[1.0, absent, f64::NAN]),
            column(&[2.0, absent, absent]),
        ];
        assert_eq!(by_slot(&series, 3), (vec![0, 2, 2, 3], vec![0, 1, 0]));
    }
}
