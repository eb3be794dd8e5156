use super::evidence::{Class, Lines, between, high, points, rise};
use super::throughput;
use crate::bottleneck::reading::{Change, Quantity, StageReading};
use crate::bottleneck::topology::StageKind;

/// Looks for a stage at its own limit: CPU beyond what the input explains,
/// throttling, garbage collection, skew, more work an item.
pub(super) fn look(reading: &StageReading, kind: StageKind, lines: &mut Lines) {
    let class = Class::Compute;
    let more_input = throughput(reading).map_or(1.0, |flow| {
        if flow.z > 2.0 {
            flow.ratio().max(1.0)
        } else {
            1.0
        }
    });
    if let Some(cpu) = reading
        .get(Quantity::Cpu)
        .or_else(|| reading.get(Quantity::CpuUse))
    {
        let unexplained = Change {
            during: cpu.during / more_input,
            ..cpu.clone()
        };
        let (part, why) = match throughput(reading) {
            None => (0.5, "with no input known that explains it"),
            Some(_) if more_input > 1.0 => (0.75, "more than the input explains"),
            Some(_) => (0.75, "at no more input"),
        };
        lines.add(class, true, part * rise(&unexplained, 2.0), cpu, why);
    }
    if let Some(used) = reading.get(Quantity::CpuUse) {
        let near = between(used.during, 0.75, 0.95);
        let rose = if used.expected.is_finite() {
            points(used, 0.1) / more_input
        } else {
            1.0
        };
        lines.add(class, true, 0.5 * near * rose, used, "near its limit");
    }
    for (quantity, full, weight, why) in [
        (
            Quantity::Throttling,
            0.3,
            0.85,
            "the CPU limit holds it back",
        ),
        (
            Quantity::GarbageCollection,
            0.25,
            0.85,
            "the collector takes the time",
        ),
        (Quantity::MemoryUse, 0.3, 0.3, "memory runs out"),
    ] {
        if let Some(change) = reading.get(quantity) {
            lines.add(class, true, weight * high(change, full), change, why);
        }
    }
    if let Some(skew) = reading.get(Quantity::Skew) {
        let why = "one partition has the work of several";
        lines.add(class, true, 0.85 * rise(skew, 1.6), skew, why);
    }
    if let Some(busy) = reading.get(Quantity::Busy)
        && !busy.expected.is_finite()
    {
        let why = "as busy as it can be; nothing before it tells load from slowness";
        lines.add(
            class,
            false,
            0.5 * between(busy.during, 0.85, 0.97),
            busy,
            why,
        );
    }
    if let Some(demand) = reading.get(Quantity::ServiceDemand) {
        let busy = reading
            .get(Quantity::Busy)
            .map_or(0.0, |b| between(b.during, 0.4, 0.9));
        let why = "an item takes more work than before";
        lines.add(class, true, 0.7 * busy * rise(demand, 1.6), demand, why);
    }
    let blocked = reading
        .get(Quantity::Backpressure)
        .map_or(0.0, |b| between(b.during, 0.05, 0.4));
    let slow = reading.get(Quantity::Latency);
    if let Some(slow) = slow
        && kind == StageKind::Worker
    {
        let weight = 0.35 * rise(slow, 3.0) * (1.0 - blocked) / more_input;
        lines.add(class, false, weight, slow, "slower at no more input");
    }
}
