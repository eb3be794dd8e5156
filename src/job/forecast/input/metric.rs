//! The samples of a metric, as they are stored.

use std::collections::BTreeSet;

use super::{Input, Raw, named, unread};
use crate::job::forecast::{ForecastError, ForecastShell, ForecastSpec};
use crate::job::resolve_range;
use crate::model::Warning;
use crate::promql::{QuerySelector, SampleSource, Selection};
use crate::query::{Session, Staleness, StoreSource, StoreSourceSettings};
use crate::report::{Cell, ForecastTimes, Unit};
use crate::series::Statistic;

/// Ends of the names of counters.
const COUNTERS: [&str; 4] = ["_total", "_sum", "_count", "_bucket"];

pub(super) fn read(
    spec: &ForecastSpec,
    text: &str,
    selector: &QuerySelector,
    session: &Session,
    shell: ForecastShell<'_>,
) -> Result<Input, ForecastError> {
    let settings = StoreSourceSettings {
        staleness: Staleness::None,
        ..StoreSourceSettings::default()
    };
    let (since, until) = (spec.since.as_deref(), spec.until.as_deref());
    let range = resolve_range(since, until, session.data_range(), shell.now, shell.tz);
    let range = range.map_err(|error| ForecastError::usage(error.to_string()))?;
    let mut source = StoreSource::open(session, shell.handle.clone(), settings)?;
    let selection = Selection {
        matchers: &selector.matchers,
        from: range.start,
        to: range.end.saturating_sub(1),
    };
    let slices = source.select(selection).map_err(unread)?;
    let mut series = Vec::with_capacity(slices.len());
    let mut metrics = BTreeSet::new();
    for slice in slices {
        let (id, labels) = named(slice.labels);
        metrics.insert(slice.labels.metric().to_owned());
        series.push(Raw {
            id,
            labels,
            times: slice.timestamps.to_vec(),
            values: slice.values.to_vec(),
            ..Raw::default()
        });
    }
    if series.is_empty() {
        let why = source.explain_empty(&selector.matchers);
        let why = why.map_or_else(
            || "no series fits".to_owned(),
            |reason| reason.sentence(shell.tz),
        );
        return Err(ForecastError::usage(format!("{text}: {why}"))
            .hint("`retrocast metrics` lists what is there"));
    }
    let kind = Kind::read(&metrics, session, shell)?;
    let mut warnings = Vec::new();
    let statistic = if kind.is_counter {
        if spec.statistic.is_none() {
            let message = format!(
                "{} counts up: its rate per second is forecast (--statistic says otherwise)",
                metrics.iter().cloned().collect::<Vec<_>>().join(", ")
            );
            warnings.push(Warning::new("counter-as-rate", message));
        }
        Statistic::Rate
    } else {
        Statistic::Mean
    };
    let taken = spec.statistic.as_deref();
    let is_rate = taken.map_or(kind.is_counter, |name| name == "rate");
    let counts = taken == Some("count");
    Ok(Input {
        title: text.to_owned(),
        series,
        times: ForecastTimes::Calendar,
        unit: match kind.unit {
            _ if counts => None,
            Some(unit) if is_rate => per_second(&unit),
            unit => unit,
        },
        statistic,
        is_thinned: true,
        more: Vec::new(),
        versions: Vec::new(),
        warnings,
    })
}

/// What a counter of a unit grows by in a second.
fn per_second(unit: &Unit) -> Option<Unit> {
    match unit {
        Unit::Bytes => Some(Unit::BytesPerSecond),
        // Seconds in a second are a share.
        Unit::Seconds => None,
        other => Some(Unit::Other(format!("{}/s", other.as_str()))),
    }
}

/// What the store knows of some metrics.
struct Kind {
    is_counter: bool,
    unit: Option<Unit>,
}

impl Kind {
    fn read(
        metrics: &BTreeSet<String>,
        session: &Session,
        shell: ForecastShell<'_>,
    ) -> Result<Self, ForecastError> {
        let names: Vec<String> = metrics
            .iter()
            .map(|name| format!("'{}'", name.replace('\'', "''")))
            .collect();
        let sql = format!(
            "SELECT metric, max(nullif(type, '')), coalesce(max(nullif(unit, '')), \
             (regexp_match(metric, '_(seconds|milliseconds|bytes|ratio|percent)\
             (_total|_sum)?$'))[1]) FROM series WHERE metric IN ({}) GROUP BY metric",
            names.join(", ")
        );
        let result = shell.handle.block_on(session.sql(&sql))?;
        let text = |cell: Cell<'_>| match cell {
            Cell::Text(text) => Some(text.into_owned()),
            _ => None,
        };
        let mut counters = Vec::new();
        let mut units = BTreeSet::new();
        for batch in &result.batches {
            for row in 0..batch.num_rows() {
                let cell = |column: usize| text(Cell::read(batch.column(column), row));
                let metric = cell(0).unwrap_or_default();
                let has_name = COUNTERS.iter().any(|end| metric.ends_with(end));
                counters.push(match cell(1).as_deref() {
                    Some("counter") => true,
                    Some("gauge") => false,
                    _ => has_name,
                });
                units.insert(cell(2));
            }
        }
        let mut units = units.into_iter();
        let unit = match (units.next(), units.next()) {
            (Some(Some(unit)), None) => Some(Unit::parse(&unit)),
            _ => None,
        };
        Ok(Self {
            is_counter: !counters.is_empty() && counters.iter().all(|one| *one),
            unit,
        })
    }
}
