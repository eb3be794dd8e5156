use crate::bottleneck::reading::StageReading;
use crate::bottleneck::topology::Role;

/// Says what could not be looked at.
pub(super) fn tell(reading: &StageReading) -> Vec<String> {
    let has = |roles: &[Role]| roles.iter().any(|role| reading.roles.contains(role));
    let mut missing = Vec::new();
    let mut ask = |roles: &[Role], text: &str| {
        if !has(roles) {
            missing.push(text.to_owned());
        }
    };
    ask(
        &[
            Role::Arrivals,
            Role::Completions,
            Role::LatencyCount,
            Role::PartitionArrivals,
        ],
        "no arrivals or completions: load cannot be told from slowness",
    );
    ask(
        &[
            Role::LatencySum,
            Role::LatencyMean,
            Role::LatencyQuantile,
            Role::LatencyBucket,
        ],
        "no time in the stage: slowness shows only in backlogs",
    );
    ask(
        &[Role::InFlight, Role::Queue, Role::Lag],
        "no gauge of items in the stage: Little's law cannot be checked",
    );
    ask(
        &[Role::Cpu, Role::Busy],
        "no CPU or busy time: compute shows only by elimination",
    );
    if reading.roles.is_empty() {
        return vec!["no series at all".to_owned()];
    }
    let compared = |c: &crate::bottleneck::reading::Change| c.points.0 > 0;
    if !reading.changes.is_empty() && !reading.changes.iter().any(compared) {
        missing.push("nothing before the window: levels only, no change".to_owned());
    } else if reading
        .changes
        .iter()
        .any(|c| c.points.0 > 0 && c.points.0 < 3)
    {
        missing.push("fewer than three values before the window: the spread is a guess".to_owned());
    }
    missing
}
