//! The samples that are held for a selector, and how they move on with its
//! requests.
//!
//! A long range is asked for in pieces: each begins a little before the one
//! before it ended (by the lookback, or the length of a range selector), and
//! selectors with different offsets but the same matchers ask in turn.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use super::catalog::Selected;
use super::column::Column;
use super::scan::Share;

/// Samples up to which the rest of a day is read although nobody asked for it:
/// its file is decoded whole anyway.
const DAY_AHEAD: f64 = 8_388_608.0;

/// All samples of the selected series in one span of time.
#[derive(Debug)]
pub(super) struct Held {
    /// The matchers.
    pub(super) key: String,
    pub(super) selected: Arc<Selected>,
    /// One a series.
    pub(super) columns: Vec<Column>,
    /// The first instant that is held.
    pub(super) from: i64,
    /// The last one.
    pub(super) to: i64,
    /// The latest instant of any request.
    latest: i64,
    /// The first instants of the requests for one piece, that which is the
    /// latest: the lowest and the highest.
    begins: (i64, i64),
    /// By how much the beginnings of requests for one piece differ.
    margin: i64,
    /// Inferred stale markers: place and time.
    inferred: Vec<(u32, i64)>,
    /// Until when stale markers have been inferred where all is known.
    inferred_until: Option<i64>,
    /// Series that go on just after what is held.
    goes_on: HashSet<u32>,
}

/// How a request lies to what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// It needs samples from before, and perhaps from after.
    Before,
    /// It needs samples from after; this many µs at the beginning are held for nothing.
    After(Reverse<i64>),
    /// It is there.
    Whole,
}

impl Held {
    /// Holds nothing yet.
    pub(super) fn new(key: String, selected: Arc<Selected>, from: i64) -> Self {
        Self {
            key,
            columns: vec![Column::default(); selected.series.len()],
            selected,
            from,
            to: from,
            latest: from,
            begins: (from, from),
            margin: 0,
            inferred: Vec::new(),
            inferred_until: None,
            goes_on: HashSet::new(),
        }
    }

    /// Tells how a request lies to what is held; `None` where they do not
    /// overlap, or where what is held is far more than what is asked for.
    pub(super) fn fit(&self, from: i64, to: i64) -> Option<Fit> {
        if from > self.to.saturating_add(1) || to < self.from {
            None
        } else if from < self.from {
            let length = to.saturating_sub(from);
            (self.to.saturating_sub(to) <= length).then_some(Fit::Before)
        } else if to > self.to {
            Some(Fit::After(Reverse(from - self.from)))
        } else {
            Some(Fit::Whole)
        }
    }

    /// Notes a request; one that reaches further than all before begins a piece.
    pub(super) fn note(&mut self, from: i64, to: i64) {
        if to > self.latest {
            self.latest = to;
            self.begins = (from, from);
        }
        self.begins = (self.begins.0.min(from), self.begins.1.max(from));
        let spread = self.begins.1.saturating_sub(self.begins.0);
        self.margin = self.margin.max(spread);
    }

    /// Forgets what requests from `from` on will not ask for.
    pub(super) fn move_on(&mut self, from: i64) {
        let keep = from.saturating_sub(self.margin);
        if keep > self.from {
            self.from = keep;
            for column in &mut self.columns {
                column.forget_before(keep);
            }
            self.inferred.retain(|(_, ts)| *ts >= keep);
        }
    }

    /// Takes samples that follow what is held.
    pub(super) fn append(&mut self, share: Share, to: i64) {
        for (place, column) in share {
            let held = &mut self.columns[place as usize];
            held.append(column);
            held.settle();
        }
        self.to = to;
        self.inferred_until = None;
        self.goes_on.clear();
    }

    /// Takes samples that precede what is held.
    pub(super) fn prepend(&mut self, share: Share, from: i64) {
        for (place, mut column) in share {
            column.settle();
            self.columns[place as usize].prepend(column);
        }
        self.from = from;
        self.inferred_until = None;
    }

    /// Puts a stale marker wherever a series is known to have ended without
    /// one; the table ends at `stored_until`.
    pub(super) fn infer(&mut self, stored_until: i64) {
        let known_until = self.to.min(stored_until);
        if self.inferred_until == Some(known_until) {
            return;
        }
        self.inferred_until = Some(known_until);
        for (place, column) in (0..).zip(&mut self.columns) {
            let ends = column.infer_ends(known_until);
            self.inferred.extend(ends.into_iter().map(|ts| (place, ts)));
        }
    }

    /// Returns the series of which only what comes after `self.to` tells whether
    /// they end before `until`.
    pub(super) fn undecided(&self, until: i64, stored_until: i64) -> Vec<u32> {
        if self.to >= stored_until {
            return Vec::new();
        }
        let columns = (0..).zip(&self.columns);
        let undecided = columns.filter(|(place, column)| {
            let end = column.earliest_end().filter(|end| *end <= until);
            end.is_some() && !self.goes_on.contains(place)
        });
        undecided.map(|(place, _)| place).collect()
    }

    /// Decides on undecided series by the samples that follow; all until
    /// `known_until` are known.
    pub(super) fn decide(&mut self, undecided: &[u32], after: &Share, known_until: i64) {
        for &place in undecided {
            let column = &mut self.columns[place as usize];
            let next = after.get(&place).and_then(|column| column.first());
            let ends = match next {
                Some((ts, value)) => {
                    column.extend(&[ts], &[value]);
                    let ends = column.infer_ends(ts);
                    column.pop();
                    ends
                }
                None => column.infer_ends(known_until),
            };
            if ends.is_empty() {
                self.goes_on.insert(place);
            }
            self.inferred.extend(ends.into_iter().map(|ts| (place, ts)));
        }
    }

    /// Returns id and time of the stale markers that were inferred in a span.
    pub(super) fn inferred_in(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, i64)> {
        let inside = self
            .inferred
            .iter()
            .filter(move |(_, ts)| (from..=to).contains(ts));
        inside.map(|&(place, ts)| (self.selected.series[place as usize].id, ts))
    }

    /// Returns the number of samples.
    pub(super) fn samples(&self) -> usize {
        self.columns.iter().map(|c| c.timestamps.len()).sum()
    }

    /// Returns the memory that it takes, in samples.
    pub(super) fn weight(&self) -> usize {
        self.samples() + self.columns.len() * size_of::<Column>() / size_of::<(i64, f64)>()
    }

    /// Tells whether samples up to `until` may be read beside those to `to`.
    pub(super) fn may_read_ahead(&self, to: i64, until: i64) -> bool {
        let length = self.to.saturating_sub(self.from).max(1) as f64;
        let ahead = until.saturating_sub(self.to) as f64;
        is_short(self.from, to, until) || self.samples() as f64 * ahead / length <= DAY_AHEAD
    }
}

/// Tells whether `to..=until` is no longer than `from..=to`.
pub(super) fn is_short(from: i64, to: i64, until: i64) -> bool {
    until.saturating_sub(to) <= to.saturating_sub(from)
}
