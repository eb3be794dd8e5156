use super::{QueueError, Station, positive};

/// What a station must keep to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Objective {
    /// The mean time in the queue is at most this.
    MeanWait(f64),
    /// The mean time in queue and service is at most this.
    MeanResponse(f64),
    /// A share of the arrivals spends at most `time` in the queue.
    WaitQuantile {
        /// The share, below 1.
        probability: f64,
        /// The time.
        time: f64,
    },
    /// A share of the arrivals spends at most `time` in queue and service.
    ResponseQuantile {
        /// The share, below 1.
        probability: f64,
        /// The time.
        time: f64,
    },
    /// The servers are busy at most this share of their time.
    Utilisation(f64),
}

impl Objective {
    /// Whether a station keeps to it.
    pub fn is_met(&self, station: &Station) -> bool {
        match *self {
            Self::MeanWait(time) => station.mean_wait() <= time,
            Self::MeanResponse(time) => station.mean_response() <= time,
            Self::WaitQuantile { probability, time } => {
                station.wait_survival(time) <= 1.0 - probability
            }
            Self::ResponseQuantile { probability, time } => {
                station.response_survival(time) <= 1.0 - probability
            }
            Self::Utilisation(share) => station.utilisation() <= share,
        }
    }
}

/// How much more a station can take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Headroom {
    /// The largest arrival rate that meets the objective.
    pub arrival_rate: f64,
    /// The utilisation at it.
    pub utilisation: f64,
}

/// Finds the largest arrival rate at which an objective is met; `variation` is C_a² and C_s².
pub fn headroom(
    service_time: f64,
    servers: u64,
    variation: (f64, f64),
    objective: Objective,
) -> Result<Headroom, QueueError> {
    let most = servers as f64 / positive("service time", service_time)?;
    let met = |utilisation: f64| {
        let rate = utilisation * most;
        match Station::general(rate, service_time, servers, variation.0, variation.1) {
            Ok(station) => Ok(objective.is_met(&station)),
            Err(QueueError::Unstable { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    };
    if !met(0.0)? {
        return Err(QueueError::Unreachable);
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if met(middle)? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(Headroom {
        arrival_rate: low * most,
        utilisation: low,
    })
}

/// The most servers that are looked at.
const MOST_SERVERS: u64 = 1 << 40;

/// Finds the fewest servers that meet an objective; `variation` is C_a² and C_s².
pub fn required_servers(
    arrival_rate: f64,
    service_time: f64,
    variation: (f64, f64),
    objective: Objective,
) -> Result<u64, QueueError> {
    let met = |servers: u64| match Station::general(
        arrival_rate,
        service_time,
        servers,
        variation.0,
        variation.1,
    ) {
        Ok(station) => Ok(objective.is_met(&station)),
        Err(QueueError::Unstable { .. }) => Ok(false),
        Err(error) => Err(error),
    };
    // So many are too few.
    let mut few = 0;
    let mut enough = ((arrival_rate * service_time) as u64).saturating_add(1);
    let mut step = 1;
    while !met(enough)? {
        if enough > MOST_SERVERS {
            return Err(QueueError::Unreachable);
        }
        few = enough;
        enough += step;
        step *= 2;
    }
    while enough - few > 1 {
        let middle = few + (enough - few) / 2;
        if met(middle)? {
            enough = middle;
        } else {
            few = middle;
        }
    }
    Ok(enough)
}
