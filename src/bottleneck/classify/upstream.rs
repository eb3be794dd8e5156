use super::evidence::{Class, Lines, fall, points, rise};
use super::{material, throughput};
use crate::bottleneck::reading::{Quantity, StageReading};
use crate::bottleneck::topology::StageKind;

/// Looks for starvation: less comes while the wait for input grows, the source
/// fails, or the stage is gone.
pub(super) fn look(reading: &StageReading, kind: StageKind, lines: &mut Lines) {
    let class = Class::Upstream;
    if let Some(up) = reading.get(Quantity::Up)
        && up.during < 0.5
        && (up.expected.is_nan() || up.expected >= 0.5)
    {
        let why = "it could not be scraped: it is down or cut off";
        lines.add(class, true, 0.95, up, why);
    }
    // A stage that is slow itself takes less; that is not starvation.
    let slow = reading.get(Quantity::Latency).map_or(0.0, |c| rise(c, 3.0));
    let starved = throughput(reading).map_or(0.0, |flow| fall(flow, 2.0)) * (1.0 - 0.8 * slow);
    if let Some(flow) = throughput(reading) {
        let why = "less comes than usual";
        lines.add(class, false, 0.6 * starved, flow, why);
    }
    if let Some(idle) = reading.get(Quantity::Idle) {
        // A stage with several pollers waits for more than one second a second.
        let waits = points(idle, 0.3 * idle.expected.max(1.0));
        let why = "it waits for input";
        lines.add(
            class,
            kind == StageKind::Source,
            0.7 * waits * (0.3 + 0.7 * starved),
            idle,
            why,
        );
    }
    if kind == StageKind::Source {
        for change in errors(reading) {
            let why = "the source fails or cannot be reached";
            let weight = 0.6 * rise(change, 4.0) * material(reading, change);
            lines.add(class, true, weight, change, why);
        }
        if let Some(limited) = reading.get(Quantity::RateLimitRate) {
            let weight = 0.3 * rise(limited, 4.0) * starved * material(reading, limited);
            lines.add(class, true, weight, limited, "the source refuses requests");
        }
    }
}

/// Errors by type where types are told, in all otherwise.
pub(super) fn errors(
    reading: &StageReading,
) -> impl Iterator<Item = &super::super::reading::Change> {
    let of_rate = |c: &&super::super::reading::Change| c.quantity == Quantity::ErrorRate;
    let typed = reading
        .changes
        .iter()
        .filter(of_rate)
        .any(|c| c.tag.is_some());
    reading
        .changes
        .iter()
        .filter(of_rate)
        .filter(move |c| c.tag.is_some() == typed)
}
