use super::{Decomposition, State};
use crate::stats::queueing::{QueueError, Station};

/// What drives a change of the number in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// The number hardly changed, or by no more than chance.
    Steady,
    /// More came (or fewer).
    Arrivals,
    /// More came, and what they wait longer follows from that: the stage nears its limit.
    Load,
    /// Each took longer to serve, and waited longer behind the others: the step slowed.
    Service,
    /// Each waited longer, and arrivals do not explain it.
    Waiting,
    /// Each stayed longer; how much of it is service is not known.
    Time,
    /// No one cause has its greater part.
    Mixed,
}

/// A change below this part is no change.
const LEAST: f64 = 0.1;
/// The part of the change from which on one cause drives it.
const MAIN: f64 = 0.6;

impl Driver {
    pub(super) fn of(change: &Decomposition) -> Self {
        let total = change.total;
        let chance = total
            .interval
            .is_some_and(|(low, high)| low <= 0.0 && high >= 0.0);
        // Causes that cancel each other are a change as well.
        let sum = change.arrivals.log.abs() + change.time.log.abs();
        let parts_differ = sum > 2.0 * LEAST && change.arrivals.log * change.time.log < 0.0;
        if (total.log.abs() < LEAST || chance) && !parts_differ {
            return Self::Steady;
        }
        if change.arrivals.log.abs() >= MAIN * sum {
            return Self::Arrivals;
        }
        if let (Some(expected), true) = (change.time_by_load, change.arrivals.log > 0.0) {
            let by_load = (expected / change.before.time).ln();
            if change.arrivals.log + by_load.min(change.time.log) >= MAIN * sum {
                return Self::Load;
            }
        }
        if change.time.log.abs() < MAIN * sum {
            return Self::Mixed;
        }
        match (change.waiting, change.service) {
            (Some(waiting), Some(service)) => {
                let sum = waiting.log.abs() + service.log.abs();
                // A slower service makes the wait longer, too.
                let follows = change.time_by_service.is_some_and(|expected| {
                    let by_service = (expected / change.before.time).ln();
                    service.log > LEAST && by_service >= MAIN * change.time.log
                });
                if service.log.abs() >= MAIN * sum || follows {
                    Self::Service
                } else if waiting.log.abs() >= MAIN * sum {
                    Self::Waiting
                } else {
                    Self::Mixed
                }
            }
            _ => Self::Time,
        }
    }
}

/// The time in the stage with other arrivals and another service time, the wait before scaled
/// as M/M/c scales it.
pub(super) fn expected_time(before: &State, rate: f64, service: f64, servers: u64) -> Option<f64> {
    let old_service = before.service_time?;
    let old = Station::new(before.arrival_rate, old_service, servers).ok()?;
    let new = match Station::new(rate, service, servers) {
        Ok(new) => new,
        Err(QueueError::Unstable { .. }) => return Some(f64::INFINITY),
        Err(_) => return None,
    };
    let wait = (before.time - old_service).max(0.0);
    let factor = if old.mean_wait() > 0.0 {
        new.mean_wait() / old.mean_wait()
    } else {
        1.0
    };
    Some(service + wait * factor)
}
