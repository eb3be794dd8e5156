use super::error_cause::ErrorCause;
use super::evidence::{Class, Lines, between, high, points, rise};
use super::upstream::errors;
use super::{material, throughput};
use crate::bottleneck::reading::{Change, Quantity, StageReading};
use crate::bottleneck::topology::StageKind;

/// Looks for blocking: no room ahead, stalled writes, an exhausted pool, a rate
/// limit, a full disk. At a store these are its own.
pub(super) fn look(reading: &StageReading, kind: StageKind, lines: &mut Lines) {
    let class = Class::Downstream;
    let store = kind == StageKind::Store;
    if let Some(blocked) = reading.get(Quantity::Backpressure) {
        lines.add(
            class,
            false,
            0.8 * high(blocked, 0.3),
            blocked,
            "the next stage takes no more",
        );
    }
    let more_input = throughput(reading).map_or(1.0, |flow| {
        if flow.z > 2.0 {
            flow.ratio().max(1.0)
        } else {
            1.0
        }
    });
    if let Some(write) = reading.get(Quantity::WriteLatency) {
        lines.add(class, store, 0.65 * rise(write, 3.0), write, "writes stall");
    }
    if store && let Some(slow) = reading.get(Quantity::Latency) {
        let weight = 0.6 * rise(slow, 3.0) / more_input;
        lines.add(class, true, weight, slow, "the store answers late");
    }
    if let Some(pool) = reading.get(Quantity::PoolUse) {
        let rose = if pool.expected.is_finite() {
            points(pool, 0.1)
        } else {
            1.0
        };
        let weight = 0.8 * between(pool.during, 0.85, 0.98) * rose;
        lines.add(class, true, weight, pool, "the pool is exhausted");
    }
    if let Some(waiting) = reading.get(Quantity::PoolWaiting) {
        lines.add(
            class,
            true,
            0.6 * rise(waiting, 4.0),
            waiting,
            "requests wait for the pool",
        );
    }
    if let Some(free) = reading.get(Quantity::FreeShare) {
        let full = between(-free.during, -0.10, -0.04);
        let weight = 0.75
            * full
            * if free.expected > 0.1 || free.expected.is_nan() {
                1.0
            } else {
                0.3
            };
        lines.add(class, true, weight, free, "the disk is nearly full");
    }
    if kind != StageKind::Source {
        for change in errors(reading) {
            let weight = rise(change, 4.0) * material(reading, change);
            let (weight, why) = match change.tag.as_deref().and_then(ErrorCause::of) {
                Some(cause) => (0.65 * weight, cause.why()),
                None if store => (0.5 * weight, "writes or queries fail"),
                None => (0.0, ""),
            };
            lines.add(class, store, weight, change, why);
        }
        if let Some(limited) = reading.get(Quantity::RateLimitRate) {
            let why = "a rate limit refuses requests";
            let weight = 0.7 * rise(limited, 4.0) * material(reading, limited);
            lines.add(class, true, weight, limited, why);
        }
    }
    if store && let Some(depth) = backlog(reading) {
        lines.add(
            class,
            false,
            0.4 * rise(depth, 4.0) / more_input,
            depth,
            "work piles up in front of it",
        );
    }
}

fn backlog(reading: &StageReading) -> Option<&Change> {
    reading
        .get(Quantity::Queue)
        .or_else(|| reading.get(Quantity::InFlight))
}
