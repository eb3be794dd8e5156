use super::evidence::{Class, Lines, between, points, rise};
use super::throughput;
use crate::bottleneck::reading::{Change, Quantity, StageReading};

/// What a rise of demand says of a full stage.
pub(crate) const WHY: &str = "more than it can do, at the same work an item";

/// Looks for demand above capacity: more comes, or as much leaves as never
/// before, at an unchanged work an item, and the stage is full.
pub(super) fn look(reading: &StageReading, lines: &mut Lines) {
    if let Some(flow) = throughput(reading) {
        lines.add(Class::Load, false, weight(reading, flow), flow, WHY);
    }
}

/// How much a rise of demand speaks for load, 0 to 1.
pub(crate) fn weight(reading: &StageReading, demand: &Change) -> f64 {
    let get = |quantity| reading.get(quantity);
    let busy = get(Quantity::Busy).map(|b| between(b.during, 0.8, 0.95));
    let cpu = get(Quantity::CpuUse).map(|c| between(c.during, 0.7, 0.9));
    let backlog = [Quantity::Queue, Quantity::InFlight, Quantity::Latency]
        .iter()
        .filter_map(|q| get(*q))
        .map(|change| rise(change, 3.0))
        .fold(0.0, f64::max);
    // Where the stage says how busy it is, that decides; otherwise what piles up.
    let full = busy
        .or(cpu)
        .map_or(0.8 * backlog, |full| full.min(0.4 + 0.6 * backlog));
    let harder = get(Quantity::ServiceDemand)
        .or_else(|| get(Quantity::CpuPerItem))
        .map_or(0.0, |change| rise(change, 1.5));
    let held = [Quantity::Throttling, Quantity::GarbageCollection]
        .iter()
        .filter_map(|q| get(*q))
        .map(|change| points(change, 0.2))
        .fold(harder, f64::max);
    let blocked = get(Quantity::Backpressure).map_or(0.0, |b| between(b.during, 0.05, 0.4));
    0.95 * rise(demand, 1.4) * full * (1.0 - held) * (1.0 - blocked)
}
