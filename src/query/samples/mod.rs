//! Feeds PromQL from a store: [`StoreSource`].
//!
//! Which series a selector means is decided on their labels, in memory; only
//! those series' samples are read, and held until requests have moved on.

mod catalog;
mod column;
mod empty;
mod held;
mod scan;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Write as _;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, Result as EngineResult};
use datafusion::execution::SessionState;
use tokio::runtime::Handle;

use self::catalog::{Catalog, Selected};
pub use self::empty::EmptySelector;
use self::held::{Fit, Held, is_short};
use self::scan::{Request, Scanner};
use super::session::{QueryError, Session};
use super::store_table::StoreTable;
use crate::model::{MICROS_PER_DAY, Warning};
use crate::promql::{MatchOp, Matcher, SampleSlice, SampleSource, Selection, SourceError};
use crate::store::TableKind;

/// Samples that are held for later requests beside those of the current one.
const HELD_SAMPLES: usize = 24 << 20;

/// Spans of time, one a selector or several, that are held for later requests.
const HELD_SPANS: usize = 256;

/// Lookbacks before a request from which staleness is inferred. What is inferred
/// must not depend on how a range is cut: a usual interval takes 17 samples, and
/// one that is longer than the lookback ends nothing that it does not.
const BEFORE: i64 = 17;
/// Lookbacks after a request in which a series that has not ended must go on.
const AFTER: i64 = 4;

/// What to make of series that stop without a stale marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Staleness {
    /// They end where they stop for longer than four of their usual intervals.
    #[default]
    Inferred,
    /// Nothing: the lookback ends them.
    None,
}

/// How a store's samples are read for PromQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreSourceSettings {
    /// What to make of series that stop without a stale marker.
    pub staleness: Staleness,
    /// For how long a sample stands for its series, µs.
    pub lookback: i64,
}

impl Default for StoreSourceSettings {
    fn default() -> Self {
        Self {
            staleness: Staleness::default(),
            lookback: crate::promql::Options::default().lookback,
        }
    }
}

/// What a source did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Series of all selectors, each counted once a selector.
    pub series: usize,
    /// Samples that were read; those that pieces share only once, unless they
    /// had to be read again.
    pub samples: u64,
    /// Scans of the table `samples`.
    pub scans: usize,
    /// How long the scans took.
    pub elapsed: Duration,
    /// How long decoding took, summed over all threads (it includes waiting for
    /// the disk).
    pub decoding: Duration,
}

/// A store's history, as PromQL asks for it.
///
/// Requests that follow each other (pieces of a range) read each file about
/// once, and what lies behind them is freed. A source is not bound to a query:
/// another one with the same selectors finds what is still held.
#[derive(Debug)]
pub struct StoreSource {
    handle: Handle,
    settings: StoreSourceSettings,
    catalog: Catalog,
    scanner: Scanner,
    /// The last instant of the whole table.
    stored_until: i64,
    selected: HashMap<String, Arc<Selected>>,
    /// What is held, the last used last.
    held: Vec<Held>,
    /// Series and times of inferred ends.
    inferred: HashSet<(i64, i64)>,
    statistics: Statistics,
}

impl StoreSource {
    /// Opens a session's store; scans run on the runtime of `handle`, which
    /// must have threads of its own.
    pub fn open(
        session: &Session,
        handle: Handle,
        settings: StoreSourceSettings,
    ) -> Result<Self, QueryError> {
        let state = session.context().state();
        Ok(Self::of_state(&state, handle, settings)?)
    }

    /// Opens the store that a DataFusion session has tables of; a session
    /// without such tables is an empty store.
    pub(crate) fn of_state(
        state: &SessionState,
        handle: Handle,
        settings: StoreSourceSettings,
    ) -> EngineResult<Self> {
        let table = |kind| block_on(&handle, store_table(state, kind));
        let series = Scanner::new(state, table(TableKind::Series)?);
        let series = block_on(&handle, series.read_all(&catalog::COLUMNS))?;
        let catalog = Catalog::new(series)?;
        let scanner = Scanner::new(state, table(TableKind::Samples)?);
        Ok(Self {
            handle,
            settings,
            catalog,
            stored_until: scanner.ts_range().map_or(i64::MIN, |(_, last)| last),
            scanner,
            selected: HashMap::new(),
            held: Vec::new(),
            inferred: HashSet::new(),
            statistics: Statistics::default(),
        })
    }

    /// Returns what a reader of the results must know.
    pub fn warnings(&self) -> Vec<Warning> {
        let series: BTreeSet<i64> = self.inferred.iter().map(|(series, _)| *series).collect();
        if series.is_empty() {
            return Vec::new();
        }
        let message = format!(
            "{} series stop for longer than four of their intervals, {} times in all, and are taken \
             to end there (--staleness none leaves them to the lookback)",
            series.len(),
            self.inferred.len()
        );
        vec![Warning::new("staleness-inferred", message)]
    }

    /// Returns what the source did so far.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// Tells why a selector has no samples: names, labels or values that are
    /// not there, or else times; `None` where the selector says no more than
    /// that something is not so.
    pub fn explain_empty(&self, matchers: &[Matcher]) -> Option<EmptySelector> {
        let series = self.catalog.select(matchers).series.len();
        if series == 0 {
            return empty::explain(&self.catalog, matchers);
        }
        let stored = self.scanner.ts_range();
        Some(EmptySelector::NoSamples { series, stored })
    }

    fn selected(&mut self, key: &str, matchers: &[Matcher]) -> Arc<Selected> {
        if let Some(known) = self.selected.get(key) {
            return Arc::clone(known);
        }
        let selected = Arc::new(self.catalog.select(matchers));
        self.statistics.series += selected.series.len();
        self.selected.insert(key.to_owned(), Arc::clone(&selected));
        selected
    }

    /// Sees to it that `self.held` ends with one that has all samples of
    /// `from..=to`.
    fn cover(&mut self, matchers: &[Matcher], from: i64, to: i64) -> EngineResult<()> {
        let key = key(matchers);
        let selected = self.selected(&key, matchers);
        let fits = self.held.iter().enumerate().filter(|(_, h)| h.key == key);
        let best = fits.filter_map(|(i, held)| Some((held.fit(from, to)?, i)));
        let Some((fit, at)) = best.max() else {
            let until = end_of_day(to);
            let until = if is_short(from, to, until) { until } else { to };
            let share = self.read(&selected, None, from, until)?;
            let mut held = Held::new(key, selected, from);
            held.append(share, until);
            held.note(from, to);
            self.held.push(held);
            return Ok(());
        };
        let mut held = self.held.remove(at);
        held.note(from, to);
        if fit == Fit::Before {
            let share = self.read(&selected, None, from, held.from - 1)?;
            held.prepend(share, from);
        }
        if to > held.to {
            let until = end_of_day(to);
            let until = if held.may_read_ahead(to, until) {
                until
            } else {
                to
            };
            held.move_on(from);
            let share = self.read(&selected, None, held.to.saturating_add(1), until)?;
            held.append(share, until);
        }
        self.held.push(held);
        Ok(())
    }

    /// Puts the stale markers that the export lost into what was last covered.
    fn infer(&mut self, from: i64, to: i64) -> EngineResult<()> {
        let Some(mut held) = self.held.pop() else {
            return Ok(());
        };
        held.infer(self.stored_until);
        let undecided = held.undecided(to, self.stored_until);
        if !undecided.is_empty() {
            let only = Arc::new(undecided.iter().copied().collect());
            let (after, until) = (
                held.to.saturating_add(1),
                held.to.saturating_add(self.lookbacks(AFTER)),
            );
            let selected = Arc::clone(&held.selected);
            let share = self.read(&selected, Some(only), after, until)?;
            held.decide(&undecided, &share, until.min(self.stored_until));
        }
        self.inferred.extend(held.inferred_in(from, to));
        self.held.push(held);
        Ok(())
    }

    fn lookbacks(&self, count: i64) -> i64 {
        self.settings.lookback.saturating_mul(count)
    }

    /// Frees what was used least lately, where much is held.
    fn release(&mut self) {
        let mut weight: usize = self.held.iter().map(Held::weight).sum();
        let mut free = 0;
        while free + 1 < self.held.len()
            && (weight > HELD_SAMPLES || self.held.len() - free > HELD_SPANS)
        {
            weight -= self.held[free].weight();
            free += 1;
        }
        self.held.drain(..free);
    }

    fn read(
        &mut self,
        selected: &Arc<Selected>,
        only: Option<Arc<HashSet<u32>>>,
        from: i64,
        to: i64,
    ) -> EngineResult<scan::Share> {
        let request = Request {
            selected: Arc::clone(selected),
            only,
            from,
            to,
        };
        let start = Instant::now();
        let (share, cost) = block_on(&self.handle, self.scanner.read(&request))?;
        let samples: usize = share.values().map(|c| c.timestamps.len()).sum();
        self.statistics.samples += samples as u64;
        self.statistics.scans += 1;
        self.statistics.elapsed += start.elapsed();
        self.statistics.decoding += cost.cpu;
        Ok(share)
    }
}

impl SampleSource for StoreSource {
    fn select(&mut self, selection: Selection<'_>) -> Result<Vec<SampleSlice<'_>>, SourceError> {
        let Selection { matchers, from, to } = selection;
        if from > to {
            return Ok(Vec::new());
        }
        match self.settings.staleness {
            Staleness::Inferred => {
                self.cover(matchers, from.saturating_sub(self.lookbacks(BEFORE)), to)?;
                self.infer(from, to)?;
            }
            Staleness::None => self.cover(matchers, from, to)?,
        }
        self.release();
        let Some(held) = self.held.last() else {
            return Ok(Vec::new());
        };
        let series = held.selected.series.iter().zip(&held.columns);
        let slices = series.filter_map(|(series, column)| {
            let first = column.timestamps.partition_point(|t| *t < from);
            let end = column.timestamps.partition_point(|t| *t <= to);
            (first < end).then(|| SampleSlice {
                labels: &series.labels,
                timestamps: &column.timestamps[first..end],
                values: &column.values[first..end],
            })
        });
        Ok(slices.collect())
    }

    fn count_series(&mut self, matchers: &[Matcher]) -> Result<usize, SourceError> {
        Ok(self.selected(&key(matchers), matchers).series.len())
    }

    fn starts_at(&self) -> Option<i64> {
        self.scanner.ts_range().map(|(first, _)| first)
    }
}

/// The matchers as text; equal texts mean equal series.
fn key(matchers: &[Matcher]) -> String {
    let mut key = String::new();
    for matcher in matchers {
        let (op, value) = match &matcher.op {
            MatchOp::Equal => ("=", matcher.value.as_str()),
            MatchOp::NotEqual => ("!=", matcher.value.as_str()),
            // As compiled: the same pattern may mean different things.
            MatchOp::Regex(regex) => ("=~", regex.as_str()),
            MatchOp::NotRegex(regex) => ("!~", regex.as_str()),
        };
        let _ = write!(key, "{:?}{op}{value:?},", matcher.name);
    }
    key
}

fn end_of_day(ts: i64) -> i64 {
    let next = ts.div_euclid(MICROS_PER_DAY).saturating_add(1);
    next.saturating_mul(MICROS_PER_DAY).saturating_sub(1)
}

async fn store_table(
    state: &SessionState,
    kind: TableKind,
) -> EngineResult<Option<Arc<dyn TableProvider>>> {
    let schema = state.schema_for_ref(kind.name())?;
    let table = schema.table(kind.name()).await?;
    if table
        .as_ref()
        .is_some_and(|t| t.downcast_ref::<StoreTable>().is_none())
    {
        let message = format!("{} is no table of a store any more", kind.name());
        return Err(DataFusionError::Plan(message));
    }
    Ok(table)
}

/// Waits for a future, also on a thread that itself runs tasks.
fn block_on<T: Send>(
    handle: &Handle,
    future: impl Future<Output = EngineResult<T>> + Send,
) -> EngineResult<T> {
    if Handle::try_current().is_err() {
        return handle.block_on(future);
    }
    std::thread::scope(
        |scope| match scope.spawn(|| handle.block_on(future)).join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        },
    )
}
