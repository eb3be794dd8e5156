use super::formula::Formula;
use super::series::Sources;
use crate::bottleneck::topology::Role;

/// What is compared; rates are a second, times in seconds, shares of 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Quantity {
    /// Items that came a second.
    ArrivalRate,
    /// Items that left a second.
    CompletionRate,
    /// Mean time in the stage, or what stands for it.
    Latency,
    /// A high quantile of the time in the stage.
    TailLatency,
    /// Time of a call as its callers measure it.
    ClientLatency,
    /// Time of a write.
    WriteLatency,
    /// Items in the stage.
    InFlight,
    /// Items that wait, or that a consumer is behind.
    Queue,
    /// Share of time at work.
    Busy,
    /// Share of time (or pollers) waiting for input.
    Idle,
    /// Share of time waiting for room downstream.
    Backpressure,
    /// Work an item takes: busy time over completions.
    ServiceDemand,
    /// Cores in use.
    Cpu,
    /// Cores in use over those that may be used.
    CpuUse,
    /// CPU seconds an item.
    CpuPerItem,
    /// Share of time kept off the CPU.
    Throttling,
    /// Share of time in garbage collection.
    GarbageCollection,
    /// Memory in use over what may be used.
    MemoryUse,
    /// Share of a pool in use.
    PoolUse,
    /// Requests that wait for a member of a pool.
    PoolWaiting,
    /// Failed items a second.
    ErrorRate,
    /// Share of items that failed.
    ErrorShare,
    /// Attempts made again a second.
    RetryRate,
    /// Requests refused by a rate limit a second.
    RateLimitRate,
    /// 1 while the stage can be scraped.
    Up,
    /// Share of the bytes that are free.
    FreeShare,
    /// How many times its even share the fullest partition gets.
    Skew,
}

impl Quantity {
    /// All quantities.
    pub const ALL: [Self; 27] = [
        Self::ArrivalRate,
        Self::CompletionRate,
        Self::Latency,
        Self::TailLatency,
        Self::ClientLatency,
        Self::WriteLatency,
        Self::InFlight,
        Self::Queue,
        Self::Busy,
        Self::Idle,
        Self::Backpressure,
        Self::ServiceDemand,
        Self::Cpu,
        Self::CpuUse,
        Self::CpuPerItem,
        Self::Throttling,
        Self::GarbageCollection,
        Self::MemoryUse,
        Self::PoolUse,
        Self::PoolWaiting,
        Self::ErrorRate,
        Self::ErrorShare,
        Self::RetryRate,
        Self::RateLimitRate,
        Self::Up,
        Self::FreeShare,
        Self::Skew,
    ];

    /// What it is called in evidence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ArrivalRate => "arrivals",
            Self::CompletionRate => "completions",
            Self::Latency => "time in stage",
            Self::TailLatency => "slowest times in stage",
            Self::ClientLatency => "time as callers see it",
            Self::WriteLatency => "write latency",
            Self::InFlight => "items in stage",
            Self::Queue => "backlog",
            Self::Busy => "busy",
            Self::Idle => "waiting for input",
            Self::Backpressure => "waiting for room downstream",
            Self::ServiceDemand => "work an item",
            Self::Cpu => "CPU",
            Self::CpuUse => "CPU of its limit",
            Self::CpuPerItem => "CPU an item",
            Self::Throttling => "kept off the CPU",
            Self::GarbageCollection => "garbage collection",
            Self::MemoryUse => "memory of its limit",
            Self::PoolUse => "pool in use",
            Self::PoolWaiting => "waiting for the pool",
            Self::ErrorRate => "errors",
            Self::ErrorShare => "failed items",
            Self::RetryRate => "retries",
            Self::RateLimitRate => "refused by a rate limit",
            Self::Up => "up",
            Self::FreeShare => "free space",
            Self::Skew => "fullest partition against an even share",
        }
    }

    /// The unit for a reader: `/s`, `s`, `%` (of shares), or none.
    pub fn unit(self) -> &'static str {
        match self {
            Self::ArrivalRate
            | Self::CompletionRate
            | Self::ErrorRate
            | Self::RetryRate
            | Self::RateLimitRate => "/s",
            Self::Latency
            | Self::TailLatency
            | Self::ClientLatency
            | Self::WriteLatency
            | Self::ServiceDemand
            | Self::CpuPerItem => "s",
            Self::Busy
            | Self::Backpressure
            | Self::CpuUse
            | Self::Throttling
            | Self::GarbageCollection
            | Self::MemoryUse
            | Self::PoolUse
            | Self::ErrorShare
            | Self::FreeShare => "%",
            Self::Cpu => "cores",
            _ => "",
        }
    }

    /// Tells whether it is a share, whose changes count in points, not ratios.
    pub(crate) fn is_share(self) -> bool {
        self.unit() == "%" || matches!(self, Self::Idle | Self::Up)
    }

    /// Tells whether it counts rare things, whose spread is that of chance.
    pub(super) fn is_rare(self) -> bool {
        matches!(
            self,
            Self::ErrorRate | Self::RetryRate | Self::RateLimitRate
        )
    }

    /// The least spread: a share of the level, and a part that does not depend on it.
    pub(super) fn floor(self) -> (f64, f64) {
        match self {
            Self::ErrorShare => (0.05, 0.0005),
            Self::FreeShare | Self::Up | Self::GarbageCollection | Self::Throttling => (0.0, 0.01),
            Self::InFlight | Self::Queue | Self::PoolWaiting => (0.1, 0.5),
            quantity if quantity.is_share() => (0.0, 0.02),
            Self::ArrivalRate | Self::CompletionRate => (0.05, 1e-9),
            Self::Latency | Self::TailLatency | Self::ClientLatency | Self::WriteLatency => {
                (0.08, 1e-6)
            }
            _ => (0.05, 1e-9),
        }
    }

    /// Says how it is made of the roles that there are.
    pub(super) fn formula(self, sources: &Sources<'_>) -> Option<Formula> {
        let has = |role| sources.has(role);
        let first = |roles: &[Role]| roles.iter().copied().find(|&role| has(role));
        let one = |roles: &[Role]| first(roles).map(Formula::One);
        let ratio = |over: &[Role], under: &[Role]| match (first(over), first(under)) {
            (Some(over), Some(under)) => Some(Formula::Ratio(over, under)),
            _ => None,
        };
        let left = [Role::Completions, Role::LatencyCount, Role::Arrivals];
        match self {
            Self::ArrivalRate => one(&[Role::Arrivals]).or_else(|| {
                // Counts by partition are often coarse: only where there is nothing else.
                let counted = first(&[Role::Completions, Role::LatencyCount]).is_some();
                one(&[Role::PartitionArrivals]).filter(|_| !counted)
            }),
            Self::CompletionRate => one(&[Role::Completions, Role::LatencyCount]),
            Self::Latency => ratio(
                &[Role::LatencySum],
                &[Role::LatencyCount, Role::Completions],
            )
            .or_else(|| one(&[Role::LatencyMean]))
            .or_else(|| has(Role::LatencyBucket).then_some(Formula::Bucket(0.5)))
            .or_else(|| one(&[Role::LatencyQuantile])),
            Self::TailLatency => one(&[Role::LatencyQuantile])
                .or_else(|| has(Role::LatencyBucket).then_some(Formula::Bucket(0.95))),
            Self::ClientLatency => ratio(&[Role::ClientLatencySum], &[Role::ClientLatencyCount])
                .or_else(|| one(&[Role::ClientLatency])),
            Self::WriteLatency => ratio(&[Role::WriteLatencySum], &[Role::WriteLatencyCount])
                .or_else(|| one(&[Role::WriteLatency])),
            Self::InFlight => one(&[Role::InFlight]),
            Self::Queue => one(&[Role::Queue, Role::Lag]),
            Self::Busy => one(&[Role::Busy]),
            Self::Idle => one(&[Role::Idle]),
            Self::Backpressure => one(&[Role::Backpressured]),
            Self::ServiceDemand => ratio(&[Role::Busy], &left),
            Self::Cpu => one(&[Role::Cpu]),
            Self::CpuUse => ratio(&[Role::Cpu], &[Role::CpuLimit]),
            Self::CpuPerItem => ratio(&[Role::Cpu], &left),
            Self::Throttling => one(&[Role::Throttled]),
            Self::GarbageCollection => one(&[Role::Gc]),
            Self::MemoryUse => ratio(&[Role::Memory], &[Role::MemoryLimit]),
            Self::PoolUse => one(&[Role::PoolUse])
                .or_else(|| ratio(&[Role::PoolActive], &[Role::PoolMax]))
                .or_else(|| {
                    (has(Role::PoolActive) && has(Role::PoolIdle))
                        .then_some(Formula::Fraction(Role::PoolActive, Role::PoolIdle))
                }),
            Self::PoolWaiting => one(&[Role::PoolWaiting]),
            Self::ErrorRate => one(&[Role::Errors]),
            Self::ErrorShare => has(Role::Availability)
                .then_some(Formula::Complement(Role::Availability))
                .or_else(|| {
                    let all = [Role::Arrivals, Role::Completions, Role::LatencyCount];
                    let all = first(&all)?;
                    has(Role::Errors).then_some(Formula::Share(Role::Errors, all))
                }),
            Self::RetryRate => one(&[Role::Retries]),
            Self::RateLimitRate => one(&[Role::RateLimited]),
            Self::Up => one(&[Role::Up]),
            Self::FreeShare => ratio(&[Role::Free], &[Role::Capacity])
                .or_else(|| {
                    (has(Role::Used) && has(Role::Capacity))
                        .then_some(Formula::ComplementRatio(Role::Used, Role::Capacity))
                })
                .or_else(|| has(Role::UsedShare).then_some(Formula::Complement(Role::UsedShare))),
            Self::Skew => has(Role::PartitionArrivals).then_some(Formula::Skew),
        }
    }
}
