//! Plans the incidents: what breaks, when, where, and to which class the cause belongs.
//!
//! Causes map to classes as the bottleneck analysis has them: a slow source, a
//! network in front of a stage and a collector that is down are *upstream*;
//! a saturated CPU, garbage collection, skew and slow code are *compute*; a write
//! stall, a rate limit, a full pool and a nearly full disk are *downstream*; a
//! surge above capacity with an unchanged service time is *load*.

use super::SimulationOptions;
use super::calendar::hour;
use super::rng::Rng;
use super::topology::{BACKENDS, COLLECTORS, FLINK, QUERY_API, ROUTER, STAGES};
use crate::model::MICROS_PER_DAY;

const HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000_000;

/// What broke; the index is that of the collector, stage or backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    SlowSource(usize),
    NetworkLoss(usize),
    CollectorDown(usize),
    CpuSaturated(usize),
    GcPressure(usize),
    PartitionSkew(usize),
    SlowRelease,
    WriteStall(usize),
    RateLimit(usize),
    DiskNearlyFull(usize),
    PoolExhausted(usize),
    Surge(usize),
}

/// The causes in the order of their turns; a run of 21 days has each once.
const TURNS: [Cause; 14] = [
    Cause::SlowSource(0),
    Cause::CpuSaturated(1),
    Cause::WriteStall(0),
    Cause::CollectorDown(1),
    Cause::Surge(0),
    Cause::GcPressure(2),
    Cause::RateLimit(2),
    Cause::NetworkLoss(2),
    Cause::PartitionSkew(0),
    Cause::PoolExhausted(1),
    Cause::SlowRelease,
    Cause::CollectorDown(0),
    Cause::DiskNearlyFull(1),
    Cause::CpuSaturated(2),
];

impl Cause {
    /// The cause's name in `incidents.csv`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::SlowSource(_) => "slow_source",
            Self::NetworkLoss(_) => "network_loss",
            Self::CollectorDown(_) => "collector_down",
            Self::CpuSaturated(_) => "cpu_saturated",
            Self::GcPressure(_) => "gc_pressure",
            Self::PartitionSkew(_) => "partition_skew",
            Self::SlowRelease => "slow_release",
            Self::WriteStall(_) => "write_stall",
            Self::RateLimit(_) => "rate_limit",
            Self::DiskNearlyFull(_) => "disk_nearly_full",
            Self::PoolExhausted(_) => "pool_exhausted",
            Self::Surge(_) => "surge",
        }
    }

    /// `upstream`, `compute`, `downstream` or `load`.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::SlowSource(_) | Self::NetworkLoss(_) | Self::CollectorDown(_) => "upstream",
            Self::CpuSaturated(_)
            | Self::GcPressure(_)
            | Self::PartitionSkew(_)
            | Self::SlowRelease => "compute",
            Self::WriteStall(_)
            | Self::RateLimit(_)
            | Self::DiskNearlyFull(_)
            | Self::PoolExhausted(_) => "downstream",
            Self::Surge(_) => "load",
        }
    }

    /// The service where it starts, as the `service` label has it.
    pub(super) fn service(self) -> &'static str {
        match self {
            Self::SlowSource(c) | Self::NetworkLoss(c) | Self::CollectorDown(c) => {
                COLLECTORS[c].service
            }
            Self::CpuSaturated(_)
            | Self::GcPressure(_)
            | Self::PartitionSkew(_)
            | Self::Surge(_) => FLINK,
            Self::SlowRelease => QUERY_API,
            Self::WriteStall(_)
            | Self::RateLimit(_)
            | Self::DiskNearlyFull(_)
            | Self::PoolExhausted(_) => ROUTER,
        }
    }

    /// The stage where it starts: a collector, a pipeline stage, a backend or the query API.
    pub(super) fn stage(self) -> &'static str {
        match self {
            Self::SlowSource(c) | Self::NetworkLoss(c) | Self::CollectorDown(c) => {
                COLLECTORS[c].service
            }
            Self::CpuSaturated(s) | Self::GcPressure(s) | Self::PartitionSkew(s) => STAGES[s].name,
            // The stage with the least capacity is where a surge is felt.
            Self::Surge(_) => STAGES[2].name,
            Self::SlowRelease => QUERY_API,
            Self::WriteStall(b)
            | Self::RateLimit(b)
            | Self::DiskNearlyFull(b)
            | Self::PoolExhausted(b) => BACKENDS[b].name,
        }
    }

    fn severity(self) -> &'static str {
        match self {
            Self::CollectorDown(_)
            | Self::WriteStall(_)
            | Self::DiskNearlyFull(_)
            | Self::Surge(_) => "critical",
            _ => "warning",
        }
    }
}

/// One incident.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Incident {
    /// `INC-1` and on, in time's order.
    pub(super) id: String,
    /// First instant, µs.
    pub(super) start: i64,
    /// First instant after it, µs.
    pub(super) end: i64,
    /// What broke.
    pub(super) cause: Cause,
    /// How much is left of what would be needed: 0.45 to 0.65.
    pub(super) strength: f64,
    /// `critical` or `warning`.
    pub(super) severity: &'static str,
}

impl Incident {
    /// Tells whether it is on at that time.
    pub(super) fn is_on(&self, ts: i64) -> bool {
        self.start <= ts && ts < self.end
    }
}

/// Plans two incidents in three days; the first day stays free of them, and at
/// least five hours pass from one's end to the next one's start.
pub(super) fn plan(options: &SimulationOptions) -> Vec<Incident> {
    let mut rng = Rng::new(options.seed, "incidents");
    let first = options.start + MICROS_PER_DAY;
    let last = options.end() - MICROS_PER_DAY / 3;
    let count = usize::try_from(options.days).unwrap_or(0) * 2 / 3;
    if count == 0 || last <= first {
        return Vec::new();
    }
    let slot = (last - first) / count as i64;
    let turn = rng.below(TURNS.len());
    let mut incidents: Vec<Incident> = Vec::new();
    for index in 0..count {
        let cause = TURNS[(index + turn) % TURNS.len()];
        let night = index % 6 == 4;
        let length = rng.between(25.0, 110.0).round() as i64 * MINUTE;
        let mut start = first + slot * index as i64 + rng.between(0.0, 0.8 * slot as f64) as i64;
        let strength = rng.between(0.45, 0.65);
        let at = rng.between(8.5, 17.0);
        if night {
            start = at_hour(start, at / 4.0);
        } else if !(8.0..18.5).contains(&hour(start)) {
            start = at_hour(start, at);
        }
        if let Some(before) = incidents.last()
            && start < before.end + 5 * HOUR
        {
            start = before.end + 5 * HOUR + (at * MINUTE as f64) as i64;
        }
        start = start / MINUTE * MINUTE + rng.below(60) as i64 * 1_000_000;
        if start < options.start + 12 * HOUR || start + length > last + MICROS_PER_DAY / 4 {
            continue;
        }
        incidents.push(Incident {
            id: format!("INC-{}", incidents.len() + 1),
            start,
            end: start + length,
            cause,
            strength,
            severity: cause.severity(),
        });
    }
    incidents
}

fn at_hour(ts: i64, hours: f64) -> i64 {
    ts.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY + (hours * HOUR as f64) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incidents_are_apart_and_of_every_class() {
        for seed in 0..200 {
            let options = SimulationOptions {
                seed,
                ..SimulationOptions::default()
            };
            let incidents = plan(&options);
            assert!(incidents.len() >= 10, "{seed}: {}", incidents.len());
            for pair in incidents.windows(2) {
                assert!(pair[1].start - pair[0].end >= 4 * HOUR, "{seed} {pair:?}");
            }
            for class in ["upstream", "compute", "downstream", "load"] {
                assert!(
                    incidents.iter().any(|i| i.cause.class() == class),
                    "{seed} {class}"
                );
            }
            for incident in &incidents {
                let minutes = (incident.end - incident.start) / MINUTE;
                assert!((20..=120).contains(&minutes));
                assert!(incident.start >= options.start && incident.end <= options.end());
            }
        }
    }
}
