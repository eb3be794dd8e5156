//! `topk` and `bottomk`: the series themselves, where they are among the k.

use super::Aggregation;
use super::group::Groups;
use super::order::sort_down;
use crate::promql::column::{ABSENT, Steps, is_absent};
use crate::promql::error::{Error, ErrorKind};
use crate::promql::number::format_g;
use crate::promql::options::Version;
use crate::promql::vector::Series;

/// How many steps are looked at together.
const BLOCK: usize = 64;

/// From where on a number is too large for Go's `int64`, with what the nearest `f64` allows.
const TOO_LARGE: f64 = 9_223_372_036_854_774_784.0;
const TOO_SMALL: f64 = -9_223_372_036_854_775_808.0;

/// Selects the k first series of each group, step by step; `below` tells which of two values gives way.
///
/// At an instant they stand in their order within their groups, otherwise as in the input.
pub(super) fn select(
    aggregation: &Aggregation<'_>,
    input: Vec<Series>,
    below: impl Fn(f64, f64) -> bool + Copy,
    steps: Steps,
    version: Version,
) -> Result<Vec<Series>, Error> {
    let ks = aggregation.scalars();
    check(aggregation, steps, version)?;
    let groups = Groups::new(aggregation.grouping, &input);
    let members = groups.members();
    let mut heaps: Vec<Vec<Ranked>> = vec![Vec::new(); BLOCK.min(steps.len)];
    if steps.step == 0 && steps.len == 1 {
        let mut picked = Vec::new();
        for members in &members {
            fill(&mut heaps, &input, members, 0, ks, below, version);
            for heap in &mut heaps {
                sort_down(heap, |ranked| ranked.value, below);
                picked.extend(heap.iter().map(|ranked| ranked.series));
            }
        }
        let mut input: Vec<Option<Series>> = input.into_iter().map(Some).collect();
        return Ok(picked
            .into_iter()
            .filter_map(|series| input[series].take())
            .collect());
    }
    let mut columns: Vec<Option<Vec<f64>>> = vec![None; input.len()];
    for members in &members {
        for start in (0..steps.len).step_by(BLOCK) {
            fill(&mut heaps, &input, members, start, ks, below, version);
            for (step, heap) in heaps.iter().enumerate() {
                for ranked in heap {
                    let column = &mut columns[ranked.series];
                    column.get_or_insert_with(|| vec![ABSENT; steps.len])[start + step] =
                        ranked.value;
                }
            }
        }
    }
    Ok(input
        .into_iter()
        .zip(columns)
        .filter_map(|(series, values)| {
            Some(Series {
                values: values?,
                ..series
            })
        })
        .collect())
}

/// A sample in a heap.
#[derive(Clone, Copy)]
struct Ranked {
    value: f64,
    series: usize,
}

/// Fills the heaps of some steps from `start` on with the k first samples of a group.
fn fill(
    heaps: &mut [Vec<Ranked>],
    input: &[Series],
    members: &[usize],
    start: usize,
    ks: &[f64],
    below: impl Fn(f64, f64) -> bool + Copy,
    version: Version,
) {
    for heap in heaps.iter_mut() {
        heap.clear();
    }
    for series in members {
        let values = &input[*series].values[start..];
        for ((heap, value), k) in heaps.iter_mut().zip(values).zip(&ks[start..]) {
            if is_absent(*value) || *k < 1.0 {
                continue;
            }
            let ranked = Ranked {
                value: *value,
                series: *series,
            };
            if (heap.len() as f64) < k.trunc() {
                heap.push(ranked);
                sift_up(heap, below);
            } else if version == Version::V2 {
                // The last NaN stays, where version 3 keeps the first.
                if heap[0].value.is_nan() || (below(heap[0].value, *value) && !value.is_nan()) {
                    let last = heap.len() - 1;
                    heap.swap(0, last);
                    sift_down(&mut heap[..last], below);
                    heap[last] = ranked;
                    sift_up(heap, below);
                }
            } else if below(heap[0].value, *value) && !value.is_nan() {
                heap[0] = ranked;
                sift_down(heap, below);
            }
        }
    }
}

// The heap is Go's `container/heap` move by move, since that decides which of equal values stay.

fn sift_up(heap: &mut [Ranked], below: impl Fn(f64, f64) -> bool) {
    let mut child = heap.len() - 1;
    while child > 0 {
        let parent = (child - 1) / 2;
        if !below(heap[child].value, heap[parent].value) {
            break;
        }
        heap.swap(parent, child);
        child = parent;
    }
}

fn sift_down(heap: &mut [Ranked], below: impl Fn(f64, f64) -> bool) {
    let mut parent = 0;
    loop {
        let mut child = 2 * parent + 1;
        if child >= heap.len() {
            break;
        }
        if child + 1 < heap.len() && below(heap[child + 1].value, heap[child].value) {
            child += 1;
        }
        if !below(heap[child].value, heap[parent].value) {
            break;
        }
        heap.swap(parent, child);
        parent = child;
    }
}

/// Refuses k that is no number or fits no `int64`, in the words of each version.
///
/// Each step is judged as an instant query would be there. Prometheus 3 judges
/// the greatest and the least k of a whole range, so that it also refuses a k
/// that is too small, if at another step there is one from 1 on.
fn check(aggregation: &Aggregation<'_>, steps: Steps, version: Version) -> Result<(), Error> {
    let fits = |k: f64| match version {
        Version::V2 => (TOO_SMALL..=TOO_LARGE).contains(&k),
        Version::V3 => k < TOO_LARGE,
    };
    let ks = aggregation.scalars();
    let Some(step) = ks.iter().position(|k| !fits(*k)) else {
        return Ok(());
    };
    let text = if version == Version::V3 && ks[step].is_nan() {
        "Parameter value is NaN".to_owned()
    } else {
        format!("Scalar value {} overflows int64", format_g(ks[step]))
    };
    Err(ErrorKind::Execution(text).at_step(aggregation.param_span, steps.at(step)))
}
