//! Draws the faults of each step: failed fetches, writes and queries, by type.

use super::StepClock;
use super::engine::History;
use super::incidents::{Cause, Incident};
use super::plan::Campaign;
use super::rng::Rng;

/// Error types of a collector.
pub(super) const COLLECTOR_ERRORS: [&str; 3] = ["api_timeout", "network_error", "publish_failed"];
/// Error types of a write.
pub(super) const WRITE_ERRORS: [&str; 4] =
    ["connection_refused", "timeout", "slow_down", "disk_full"];

/// Counts of faults, one entry a step in every list.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// By collector and type.
    pub(super) collectors: [[Vec<f64>; 3]; 3],
    /// Answers 429, by collector.
    pub(super) rate_limited: [Vec<f64>; 3],
    /// By backend and type.
    pub(super) writes: [[Vec<f64>; 4]; 3],
    /// Failed storage queries, by endpoint.
    pub(super) queries: [Vec<f64>; 2],
    /// Of those, the ones answered with 503, by endpoint; the rest is 500.
    pub(super) unavailable: [Vec<f64>; 2],
    /// Requests answered with 404, by endpoint.
    pub(super) not_found: [Vec<f64>; 2],
}

/// Draws the faults of all steps.
pub(super) fn draw(
    seed: u64,
    scale: f64,
    clock: StepClock,
    history: &History,
    incidents: &[Incident],
    campaigns: &[Campaign],
) -> Faults {
    let mut faults = Faults::default();
    let mut rng = Rng::new(seed, "faults");
    let minutes = clock.seconds() / 60.0 * scale;
    for k in 0..clock.steps {
        let at = clock.at(k) - clock.step / 2;
        let cause = history.incident[k]
            .and_then(|i| incidents.get(i))
            .map(|i| i.cause);
        let campaign = campaigns.iter().any(|c| c.start <= at && at < c.end);
        for c in 0..3 {
            let load = history.collectors[c][k].arrivals / 300.0;
            let mut means = [0.05 * load, 0.02 * load, 0.01 * load];
            match cause {
                Some(Cause::SlowSource(x)) if x == c => means[0] = 48.0 * minutes,
                Some(Cause::NetworkLoss(x)) if x == c => means[1] = 62.0 * minutes,
                Some(Cause::CollectorDown(x)) if x == c => means = [0.0; 3],
                _ => {}
            }
            for (list, mean) in faults.collectors[c].iter_mut().zip(means) {
                list.push(rng.poisson(mean));
            }
            let surge = cause == Some(Cause::Surge(c));
            let limited = match (surge, campaign) {
                (true, _) => 6.0 * minutes,
                (_, true) => 0.04 * minutes,
                _ => 0.002 * minutes,
            };
            faults.rate_limited[c].push(rng.poisson(limited));
        }
        for b in 0..3 {
            let writes = history.backends[b][k].completions;
            let mut means = [0.0003 * writes, 0.0004 * writes, 0.0, 0.0];
            match cause {
                Some(Cause::WriteStall(x)) if x == b => means[1] = 5.0 * minutes,
                Some(Cause::RateLimit(x)) if x == b => means[2] = 24.0 * minutes,
                Some(Cause::PoolExhausted(x)) if x == b => means[0] = 14.0 * minutes,
                Some(Cause::DiskNearlyFull(x)) if x == b => means[3] = 11.0 * minutes,
                _ => {}
            }
            for (list, mean) in faults.writes[b].iter_mut().zip(means) {
                list.push(rng.poisson(mean));
            }
        }
        for e in 0..2 {
            let requests = history.endpoints[e][k].completions.floor();
            let unavailable =
                match cause {
                    Some(
                        Cause::WriteStall(b) | Cause::PoolExhausted(b) | Cause::DiskNearlyFull(b),
                    ) if b == e => 0.14,
                    Some(Cause::SlowRelease) => 0.03,
                    _ => 0.0,
                };
            let unavailable = rng.poisson(unavailable * requests).min(requests);
            let failed = rng.poisson(0.0003 * requests).min(requests - unavailable);
            let missing = rng
                .poisson(0.006 * requests)
                .min(requests - unavailable - failed);
            faults.unavailable[e].push(unavailable);
            faults.queries[e].push(unavailable + failed);
            faults.not_found[e].push(missing);
        }
    }
    faults
}
