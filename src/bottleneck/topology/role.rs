use serde::{Deserialize, Serialize};

/// What a series says of its stage.
///
/// The names are those of the `[system]` section. Units are seconds, items,
/// bytes and shares of 1; a binding's `scale` brings a series to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Items that came, counted.
    Arrivals,
    /// Items that came, counted for each partition or subtask.
    PartitionArrivals,
    /// Items that left, counted.
    Completions,
    /// Items in the stage: waiting and in work.
    InFlight,
    /// Items that wait in front of the stage.
    Queue,
    /// Items that a consumer is behind.
    Lag,
    /// Time in the stage, summed over the items that left, seconds.
    LatencySum,
    /// Items whose time `latency_sum` adds up.
    LatencyCount,
    /// Cumulative buckets of the time in the stage, seconds.
    LatencyBucket,
    /// Mean or median time in the stage, seconds.
    LatencyMean,
    /// A high quantile of the time in the stage, seconds.
    LatencyQuantile,
    /// Time as the callers measure it, summed, seconds.
    ClientLatencySum,
    /// Calls whose time `client_latency_sum` adds up.
    ClientLatencyCount,
    /// Time of a call as the caller measures it, seconds.
    ClientLatency,
    /// Time of writes, summed, seconds.
    WriteLatencySum,
    /// Writes whose time `write_latency_sum` adds up.
    WriteLatencyCount,
    /// Time of a write, seconds.
    WriteLatency,
    /// Share of time at work.
    Busy,
    /// Share of time, or seconds, spent waiting for input.
    Idle,
    /// Share of time, or seconds, spent waiting for room downstream.
    Backpressured,
    /// CPU seconds a second: cores in use.
    Cpu,
    /// Cores that may be used.
    CpuLimit,
    /// Seconds for which the stage was kept off the CPU.
    Throttled,
    /// Seconds of garbage collection.
    Gc,
    /// Bytes of memory in use.
    Memory,
    /// Bytes of memory that may be used.
    MemoryLimit,
    /// Connections or threads of a pool in use.
    PoolActive,
    /// Connections or threads of a pool that are free.
    PoolIdle,
    /// Size of a pool.
    PoolMax,
    /// Share of a pool in use.
    PoolUse,
    /// Requests that wait for a member of a pool.
    PoolWaiting,
    /// Items that failed, counted.
    Errors,
    /// Attempts made again, counted.
    Retries,
    /// Requests refused by a rate limit, counted.
    RateLimited,
    /// Share of items that succeeded.
    Availability,
    /// 1 while the stage can be scraped.
    Up,
    /// Bytes free.
    Free,
    /// Bytes in use.
    Used,
    /// Bytes that there are.
    Capacity,
    /// Share of the bytes in use.
    UsedShare,
}

/// How several series of one role make one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Combine {
    Sum,
    Max,
    Min,
}

impl Role {
    /// All roles, in the order of a written file.
    pub const ALL: [Self; 40] = [
        Self::Arrivals,
        Self::PartitionArrivals,
        Self::Completions,
        Self::InFlight,
        Self::Queue,
        Self::Lag,
        Self::LatencySum,
        Self::LatencyCount,
        Self::LatencyBucket,
        Self::LatencyMean,
        Self::LatencyQuantile,
        Self::ClientLatencySum,
        Self::ClientLatencyCount,
        Self::ClientLatency,
        Self::WriteLatencySum,
        Self::WriteLatencyCount,
        Self::WriteLatency,
        Self::Busy,
        Self::Idle,
        Self::Backpressured,
        Self::Cpu,
        Self::CpuLimit,
        Self::Throttled,
        Self::Gc,
        Self::Memory,
        Self::MemoryLimit,
        Self::PoolActive,
        Self::PoolIdle,
        Self::PoolMax,
        Self::PoolUse,
        Self::PoolWaiting,
        Self::Errors,
        Self::Retries,
        Self::RateLimited,
        Self::Availability,
        Self::Up,
        Self::Free,
        Self::Used,
        Self::Capacity,
        Self::UsedShare,
    ];
}

impl Role {
    /// Returns the name that the `[system]` section has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Arrivals => "arrivals",
            Self::PartitionArrivals => "partition_arrivals",
            Self::Completions => "completions",
            Self::InFlight => "in_flight",
            Self::Queue => "queue",
            Self::Lag => "lag",
            Self::LatencySum => "latency_sum",
            Self::LatencyCount => "latency_count",
            Self::LatencyBucket => "latency_bucket",
            Self::LatencyMean => "latency_mean",
            Self::LatencyQuantile => "latency_quantile",
            Self::ClientLatencySum => "client_latency_sum",
            Self::ClientLatencyCount => "client_latency_count",
            Self::ClientLatency => "client_latency",
            Self::WriteLatencySum => "write_latency_sum",
            Self::WriteLatencyCount => "write_latency_count",
            Self::WriteLatency => "write_latency",
            Self::Busy => "busy",
            Self::Idle => "idle",
            Self::Backpressured => "backpressured",
            Self::Cpu => "cpu",
            Self::CpuLimit => "cpu_limit",
            Self::Throttled => "throttled",
            Self::Gc => "gc",
            Self::Memory => "memory",
            Self::MemoryLimit => "memory_limit",
            Self::PoolActive => "pool_active",
            Self::PoolIdle => "pool_idle",
            Self::PoolMax => "pool_max",
            Self::PoolUse => "pool_use",
            Self::PoolWaiting => "pool_waiting",
            Self::Errors => "errors",
            Self::Retries => "retries",
            Self::RateLimited => "rate_limited",
            Self::Availability => "availability",
            Self::Up => "up",
            Self::Free => "free",
            Self::Used => "used",
            Self::Capacity => "capacity",
            Self::UsedShare => "used_share",
        }
    }

    /// Reads the name that the `[system]` section has for it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// Tells how the series of several instances make one value: counts add up,
    /// of shares the fullest counts, and a stage is up while its worst part is.
    pub(crate) fn combine(self) -> Combine {
        match self {
            Self::LatencyMean
            | Self::LatencyQuantile
            | Self::ClientLatency
            | Self::WriteLatency
            | Self::Busy
            | Self::Idle
            | Self::Backpressured
            | Self::PoolUse
            | Self::UsedShare => Combine::Max,
            Self::Availability | Self::Up => Combine::Min,
            _ => Combine::Sum,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_serde_and_distinct() {
        for role in Role::ALL {
            let text = serde_json::to_string(&role).unwrap();
            assert_eq!(text, format!("\"{}\"", role.as_str()));
            assert_eq!(Role::parse(role.as_str()), Some(role));
        }
        let mut all = Role::ALL.to_vec();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), Role::ALL.len());
        assert_eq!(Role::parse("latency"), None);
    }
}
