use super::evidence::Class;
use super::text::sentence;
use crate::bottleneck::reading::{Quantity, StageReading};

/// Says for each class but the one found what it would have shown, and what was seen.
pub(super) fn tell(reading: &StageReading, found: Class) -> Vec<String> {
    let mut lines = Vec::new();
    for class in Class::ALL.into_iter().filter(|c| *c != found) {
        let (would, quantities): (&str, &[Quantity]) = match class {
            Class::Upstream => (
                "starved: less input and a longer wait for it",
                &[
                    Quantity::Idle,
                    Quantity::ArrivalRate,
                    Quantity::CompletionRate,
                ],
            ),
            Class::Compute => (
                "at its own limit: more CPU, collection or work an item",
                &[
                    Quantity::ServiceDemand,
                    Quantity::CpuPerItem,
                    Quantity::CpuUse,
                    Quantity::Cpu,
                    Quantity::Busy,
                ],
            ),
            Class::Downstream => (
                "blocked: backpressure, slow writes or an exhausted pool",
                &[
                    Quantity::Backpressure,
                    Quantity::WriteLatency,
                    Quantity::PoolUse,
                ],
            ),
            Class::Load => (
                "overloaded: more input at the same work an item",
                &[Quantity::ArrivalRate, Quantity::CompletionRate],
            ),
        };
        let seen = quantities.iter().find_map(|q| reading.get(*q)).map_or_else(
            || "no series to tell".to_owned(),
            |change| format!("seen: {}", sentence(change)),
        );
        lines.push(format!("{would}; {seen}"));
    }
    lines
}
