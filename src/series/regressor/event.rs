//! Columns of what happened, and of what is planned.

use super::{Columns, RegressorError, Timeline};
use crate::model::{Event, EventKind, Warning, format_timestamp};

/// The most columns of single events.
const MOST_SINGLE: usize = 20;

/// How many steps the history must have at least for each column of a single event.
const STEPS_PER_SINGLE: usize = 10;

/// What an event is to the series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventShape {
    /// There while it lasts: the share of each step that it covers. One that begins and ends at
    /// the same time counts for the whole step.
    Pulse,
    /// There from its begin on: 0 before, 1 after.
    Step,
}

/// How events become columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventSettings {
    /// What they are; where `None` deploys are steps and all else pulses. Pulses of a kind share
    /// a column, and so a coefficient, which counts the time that at least one covers; steps have
    /// one each.
    pub shape: Option<EventShape>,
}

/// An event on the timeline.
struct Placed<'a> {
    event: &'a Event,
    from: i64,
    to: i64,
}

/// Makes columns of events: of each kind in the order of [`EventKind::ALL`], of single events by
/// their begin.
///
/// An incident, a maintenance or a campaign without an end goes on over the horizon; a deploy or
/// holiday without one has no duration.
pub fn event_columns(
    timeline: &Timeline,
    events: &[Event],
    settings: EventSettings,
) -> Result<Columns, RegressorError> {
    timeline.tz()?;
    let mut result = Columns::default();
    for kind in EventKind::ALL {
        let shape = settings.shape.unwrap_or(match kind {
            EventKind::Deploy => EventShape::Step,
            _ => EventShape::Pulse,
        });
        let mut placed: Vec<Placed<'_>> = events
            .iter()
            .filter(|event| event.kind == kind)
            .filter_map(|event| place(timeline, event, shape, &mut result.warnings))
            .collect();
        placed.sort_by_key(|p| (p.from, p.to, &p.event.id));
        if placed.is_empty() {
            continue;
        }
        match shape {
            EventShape::Pulse => {
                let values = together(timeline, &placed, shape);
                result.columns.push(timeline.column(kind.as_str(), values));
            }
            EventShape::Step => {
                leave_out(timeline, &mut placed, kind, &mut result.warnings);
                for one in &placed {
                    let values = together(timeline, std::slice::from_ref(one), shape);
                    let name = name(timeline, one)?;
                    result.columns.push(timeline.column(name, values));
                }
            }
        }
    }
    Ok(result)
}

/// Where an event lies; `None` where it says nothing about the steps.
fn place<'a>(
    timeline: &Timeline,
    event: &'a Event,
    shape: EventShape,
    warnings: &mut Vec<Warning>,
) -> Option<Placed<'a>> {
    let (begin, end) = (timeline.begin(), timeline.end());
    let from = event.started_at;
    let placed = |from, to| Placed { event, from, to };
    if shape == EventShape::Step {
        // Before all of the history it is as if it had always been.
        return (from > begin && from < end).then(|| placed(from, end));
    }
    let lasts = !matches!(event.kind, EventKind::Deploy | EventKind::Holiday);
    let to = match event.ended_at {
        Some(to) => to,
        None if lasts && from < end => {
            warnings.push(Warning::new(
                "event-open",
                format!(
                    "{} has no end: it is taken to go on over the horizon",
                    title(event)
                ),
            ));
            end
        }
        None => from,
    };
    if to <= from {
        let step = timeline.step_of(from)?;
        return Some(placed(timeline.edges[step], timeline.edges[step + 1]));
    }
    (to > begin && from < end).then(|| placed(from, to))
}

/// The values of events that share a column.
fn together(timeline: &Timeline, placed: &[Placed<'_>], shape: EventShape) -> Vec<f64> {
    let mut values = vec![0.0; timeline.steps()];
    let mut add = |from: i64, to: i64| {
        for (step, covered) in timeline.covered(from, to) {
            values[step] += covered as f64 / timeline.length(step) as f64;
        }
    };
    // Sorted by their begins: a pulse counts from where those before it have ended.
    let mut ended = i64::MIN;
    for one in placed {
        let from = match shape {
            EventShape::Step => one.from,
            EventShape::Pulse => one.from.max(ended),
        };
        if from < one.to {
            add(from, one.to);
            ended = ended.max(one.to);
        }
    }
    values
}

/// Keeps the latest events, as many as the history can bear a coefficient each of.
fn leave_out(
    timeline: &Timeline,
    placed: &mut Vec<Placed<'_>>,
    kind: EventKind,
    warnings: &mut Vec<Warning>,
) {
    let most = (timeline.past / STEPS_PER_SINGLE).clamp(1, MOST_SINGLE);
    let Some(excess) = placed.len().checked_sub(most).filter(|excess| *excess > 0) else {
        return;
    };
    warnings.push(Warning::new(
        "too-many-events",
        format!(
            "there are {} events of the kind {name}, of which the last {most} have a column each: \
             as pulses ({name}:pulse) all share one",
            placed.len(),
            name = kind.as_str()
        ),
    ));
    placed.drain(..excess);
}

fn name(timeline: &Timeline, one: &Placed<'_>) -> Result<String, RegressorError> {
    let tz = timeline.tz()?;
    Ok(format!(
        "{} of {}",
        title(one.event),
        format_timestamp(one.event.started_at, tz)
    ))
}

fn title(event: &Event) -> String {
    let kind = event.kind.as_str();
    format!("{kind} {}", event.title.as_deref().unwrap_or(&event.id))
}
