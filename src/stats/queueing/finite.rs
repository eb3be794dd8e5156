use super::{QueueError, not_negative, positive};

/// A station with room for `places` in queue and service together (M/M/c/K): who finds none
/// is turned away. It has a steady state at any load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FiniteStation {
    /// The probability that an arrival is turned away.
    pub loss: f64,
    /// The mean number in queue and service.
    pub mean_number: f64,
    /// The mean time in queue and service of those who are let in.
    pub mean_response: f64,
    /// The share of the servers' time that is busy.
    pub utilisation: f64,
}

/// The most places; it takes as many steps to add up.
const MOST_PLACES: u64 = 10_000_000;

impl FiniteStation {
    /// Computes the steady state of an arrival rate, a mean service time, `servers`, and
    /// `places`, at least as many as servers.
    pub fn new(
        arrival_rate: f64,
        service_time: f64,
        servers: u64,
        places: u64,
    ) -> Result<Self, QueueError> {
        let load =
            not_negative("arrival rate", arrival_rate)? * positive("service time", service_time)?;
        positive("servers", servers as f64)?;
        if places < servers || places > MOST_PLACES {
            return Err(QueueError::Value {
                name: "places",
                value: places as f64,
            });
        }
        if load == 0.0 {
            return Ok(Self {
                loss: 0.0,
                mean_number: 0.0,
                mean_response: service_time,
                utilisation: 0.0,
            });
        }
        // Weights of 0, 1, … in the station, scaled down whenever they grow large.
        let (mut weight, mut sum, mut number, mut busy) = (1.0, 1.0, 0.0, 0.0);
        for n in 1..=places {
            let working = n.min(servers) as f64;
            weight *= load / working;
            sum += weight;
            number += weight * n as f64;
            busy += weight * working;
            if sum > 1e200 {
                for value in [&mut weight, &mut sum, &mut number, &mut busy] {
                    *value *= 1e-200;
                }
            }
        }
        let mean_number = number / sum;
        let mean_busy = busy / sum;
        Ok(Self {
            loss: weight / sum,
            mean_number,
            // Little's law with the rate of those who are let in, which is busy servers over S.
            mean_response: mean_number / mean_busy * service_time,
            utilisation: mean_busy / servers as f64,
        })
    }
}
