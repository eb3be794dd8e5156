//! The state of a counter's rise while its rows come in pieces.
//!
//! A sorted scan deals its batches to several partitions, so the rows of one
//! group arrive as ascending runs in any order. A [`Run`] keeps what is needed
//! to put the runs together at the end: its ends and its rise. Nothing between
//! its ends may be missing, and that cannot be known when a row arrives, so a
//! run ends with the call that brought it, at a step back in time, and at a gap
//! that is out of step with the one before (a batch may have been cut out
//! there). Runs that overlap all the same are an error, never a wrong number.

use std::cmp::Ordering;

use arrow::array::{Array, LargeBinaryArray, LargeBinaryBuilder};
use datafusion::error::{DataFusionError, Result};

/// What a counter gained from one sample to the next; after a reset the new
/// value counts in full, as in Prometheus.
pub(super) fn gain(from: f64, to: f64) -> f64 {
    if to < from { to } else { to - from }
}

/// Samples of one series in ascending order with nothing left out between.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    group: usize,
    samples: usize,
    first_ts: i64,
    first: f64,
    last_ts: i64,
    last: f64,
    before_last: f64,
    rise: f64,
    /// The longest gap (µs) to the next sample that is in step with the last.
    patience: i64,
}

/// The bytes of a run in the state between two phases of an aggregation.
const ENCODED: usize = 5 * 8;

impl Run {
    fn new(group: usize, ts: i64, value: f64) -> Self {
        Self {
            group,
            samples: 1,
            first_ts: ts,
            first: value,
            last_ts: ts,
            last: value,
            before_last: value,
            rise: 0.0,
            patience: i64::MAX,
        }
    }

    /// Takes the sample into the run; `false` where it must begin a new one.
    #[inline]
    fn extend(&mut self, ts: i64, value: f64, closed: &mut Vec<Run>) -> bool {
        let gap = ts.saturating_sub(self.last_ts);
        if gap <= 0 || gap > self.patience {
            return gap == 0 && self.replace_last(value);
        }
        let patience = gap.saturating_add(gap / 2);
        if self.samples == 2 && self.last_ts.saturating_sub(self.first_ts) > patience {
            // The first gap had nothing to be compared with, and was out of step.
            closed.push(Run::new(self.group, self.first_ts, self.first));
            *self = Run::new(self.group, self.last_ts, self.last);
        }
        self.patience = patience;
        self.samples += 1;
        self.rise += gain(self.last, value);
        self.before_last = self.last;
        self.last_ts = ts;
        self.last = value;
        true
    }

    /// Of two samples with the same time the later one counts.
    fn replace_last(&mut self, value: f64) -> bool {
        if self.samples == 1 {
            self.first = value;
            self.before_last = value;
        } else if value != self.last {
            self.rise += gain(self.before_last, value) - gain(self.before_last, self.last);
        }
        self.last = value;
        true
    }

    fn encode(&self) -> [u8; ENCODED] {
        let mut bytes = [0; ENCODED];
        for (slot, field) in bytes.chunks_exact_mut(8).zip([
            self.first_ts.to_le_bytes(),
            self.first.to_le_bytes(),
            self.last_ts.to_le_bytes(),
            self.last.to_le_bytes(),
            self.rise.to_le_bytes(),
        ]) {
            slot.copy_from_slice(&field);
        }
        bytes
    }

    fn decode(group: usize, bytes: &[u8]) -> Self {
        let field = |at: usize| {
            let mut field = [0; 8];
            field.copy_from_slice(&bytes[at * 8..at * 8 + 8]);
            field
        };
        Self {
            rise: f64::from_le_bytes(field(4)),
            last_ts: i64::from_le_bytes(field(2)),
            last: f64::from_le_bytes(field(3)),
            ..Self::new(
                group,
                i64::from_le_bytes(field(0)),
                f64::from_le_bytes(field(1)),
            )
        }
    }

    /// A total order, so that the result does not depend on the order of arrival.
    fn order(&self, other: &Self) -> Ordering {
        (self.first_ts, self.last_ts)
            .cmp(&(other.first_ts, other.last_ts))
            .then_with(|| self.first.total_cmp(&other.first))
            .then_with(|| self.last.total_cmp(&other.last))
            .then_with(|| self.rise.total_cmp(&other.rise))
    }
}

/// The rise of a whole group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rise {
    /// What the counter gained.
    pub(super) rise: f64,
    /// From the first sample to the last, µs; more than 0.
    pub(super) span: i64,
}

/// The runs of all groups.
#[derive(Debug, Default)]
pub(super) struct CounterRuns {
    runs: Vec<Run>,
    /// For each group the run that its last row went to.
    latest: Vec<usize>,
    /// Every sample is a run of its own, whatever the order of arrival.
    unordered: bool,
}

impl CounterRuns {
    /// Makes an empty state. With `unordered` rows may come in any order at all,
    /// at the cost of keeping each of them.
    pub(super) fn new(unordered: bool) -> Self {
        Self {
            unordered,
            ..Self::default()
        }
    }

    /// Takes rows of one batch; `keep` tells whether a row counts.
    pub(super) fn update(
        &mut self,
        ts: &[i64],
        values: &[f64],
        groups: &[usize],
        keep: impl Fn(usize) -> bool,
        total_groups: usize,
    ) {
        let call_start = self.runs.len();
        self.latest.resize(total_groups, usize::MAX);
        let mut start = 0;
        while start < groups.len() {
            let group = groups[start];
            let length = groups[start..].iter().take_while(|&&g| g == group).count();
            let open = self.latest[group];
            let mut run = (open >= call_start && open < self.runs.len()).then(|| self.runs[open]);
            let mut at = open;
            for row in start..start + length {
                let value = values[row];
                // A stale marker is a NaN, too.
                if value.is_nan() || !keep(row) {
                    continue;
                }
                match &mut run {
                    Some(run) if !self.unordered => {
                        let fits = run.extend(ts[row], value, &mut self.runs);
                        if fits {
                            continue;
                        }
                        self.runs[at] = *run;
                    }
                    _ => {}
                }
                run = Some(Run::new(group, ts[row], value));
                at = self.runs.len();
                self.runs.extend(run);
            }
            if let Some(run) = run {
                self.runs[at] = run;
                self.latest[group] = at;
            }
            start += length;
        }
    }

    /// Takes what [`take_state`](Self::take_state) of another state gave.
    pub(super) fn merge(&mut self, states: &LargeBinaryArray, groups: &[usize]) {
        for (row, &group) in groups.iter().enumerate() {
            if states.is_valid(row) {
                let runs = states.value(row).chunks_exact(ENCODED);
                self.runs
                    .extend(runs.map(|bytes| Run::decode(group, bytes)));
            }
        }
    }

    /// Removes the first `count` groups and returns their runs, group by group,
    /// with the index at which each group begins; the rest moves down.
    fn take(&mut self, count: usize) -> (Vec<Run>, Vec<usize>) {
        split_pairs(&mut self.runs);
        let mut starts = vec![0; count + 1];
        for run in self.runs.iter().filter(|run| run.group < count) {
            starts[run.group + 1] += 1;
        }
        for group in 0..count {
            starts[group + 1] += starts[group];
        }
        let mut taken = vec![Run::new(0, 0, 0.0); starts[count]];
        let mut next = starts.clone();
        self.runs.retain_mut(|run| {
            if run.group < count {
                taken[next[run.group]] = *run;
                next[run.group] += 1;
                return false;
            }
            run.group -= count;
            true
        });
        // Runs have moved: none may be taken for one of the call that comes.
        self.latest.clear();
        (taken, starts)
    }

    /// Removes the first `count` groups and returns their states, one a group.
    pub(super) fn take_state(&mut self, count: usize) -> LargeBinaryArray {
        let (runs, starts) = self.take(count);
        let mut states = LargeBinaryBuilder::with_capacity(count, runs.len() * ENCODED);
        let mut bytes = Vec::new();
        for group in starts.windows(2) {
            bytes.clear();
            for run in &runs[group[0]..group[1]] {
                bytes.extend_from_slice(&run.encode());
            }
            states.append_value(&bytes);
        }
        states.finish()
    }

    /// Removes the first `count` groups and returns the rise of each; `None`
    /// where it has fewer than two samples.
    pub(super) fn take_rises(&mut self, count: usize) -> Result<Vec<Option<Rise>>> {
        let (mut runs, starts) = self.take(count);
        starts
            .windows(2)
            .map(|group| chain(&mut runs[group[0]..group[1]]))
            .collect()
    }

    /// Returns the rise over all groups together, and keeps the state.
    pub(super) fn rise(&self) -> Result<Option<Rise>> {
        let mut runs = self.runs.clone();
        split_pairs(&mut runs);
        chain(&mut runs)
    }

    pub(super) fn size(&self) -> usize {
        self.runs.capacity() * size_of::<Run>() + self.latest.capacity() * size_of::<usize>()
    }
}

/// Makes two runs of each with two samples: their gap had none to be compared
/// with, so other samples may lie in it, and nothing is lost by the split.
fn split_pairs(runs: &mut Vec<Run>) {
    for at in 0..runs.len() {
        let run = runs[at];
        if run.samples == 2 {
            runs[at] = Run::new(run.group, run.first_ts, run.first);
            runs.push(Run::new(run.group, run.last_ts, run.last));
        }
    }
}

fn chain(runs: &mut [Run]) -> Result<Option<Rise>> {
    runs.sort_unstable_by(Run::order);
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else {
        return Ok(None);
    };
    let span = last.last_ts.saturating_sub(first.first_ts);
    let mut rise = first.rise;
    for pair in runs.windows(2) {
        rise += pair[1].rise
            + match pair[1].first_ts.cmp(&pair[0].last_ts) {
                Ordering::Greater => gain(pair[0].last, pair[1].first),
                // The same sample twice; where its values differ, the second.
                Ordering::Equal => pair[1].first - pair[0].last,
                Ordering::Less => return Err(overlap(&pair[0], &pair[1])),
            };
    }
    Ok((span > 0).then_some(Rise { rise, span }))
}

fn overlap(a: &Run, b: &Run) -> DataFusionError {
    let time = |ts| crate::model::format_timestamp(ts, chrono_tz::Tz::UTC);
    DataFusionError::Execution(format!(
        "the samples of one counter overlap in time: {} to {} and from {}; \
         if the group holds several series, add series_id to GROUP BY, and sum after; \
         if its rows come in no order, write increase(ts, value ORDER BY ts)",
        time(a.first_ts),
        time(a.last_ts),
        time(b.first_ts),
    ))
}
