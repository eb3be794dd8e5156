use super::{QueueError, erlang_c, not_negative, positive};
use crate::stats::distribution::regularised_gamma;

/// A station in its steady state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Station {
    arrival_rate: f64,
    service_time: f64,
    servers: u64,
    arrival_variation: f64,
    service_variation: f64,
    wait_probability: f64,
}

impl Station {
    /// Makes an M/M/c station of an arrival rate and a mean service time.
    pub fn new(arrival_rate: f64, service_time: f64, servers: u64) -> Result<Self, QueueError> {
        Self::general(arrival_rate, service_time, servers, 1.0, 1.0)
    }

    /// Makes a G/G/c station; the variations are squared coefficients of variation: C_a² of
    /// the times between arrivals, C_s² of the service times.
    pub fn general(
        arrival_rate: f64,
        service_time: f64,
        servers: u64,
        arrival_variation: f64,
        service_variation: f64,
    ) -> Result<Self, QueueError> {
        let load =
            not_negative("arrival rate", arrival_rate)? * positive("service time", service_time)?;
        positive("servers", servers as f64)?;
        let utilisation = load / servers as f64;
        if utilisation >= 1.0 {
            return Err(QueueError::Unstable { utilisation });
        }
        Ok(Self {
            arrival_rate,
            service_time,
            servers,
            arrival_variation: not_negative("arrival variation", arrival_variation)?,
            service_variation: not_negative("service variation", service_variation)?,
            wait_probability: erlang_c(load, servers),
        })
    }

    /// The share of the servers' time that is busy.
    pub fn utilisation(&self) -> f64 {
        self.arrival_rate * self.service_time / self.servers as f64
    }

    /// The probability that an arrival has to wait.
    pub fn wait_probability(&self) -> f64 {
        self.wait_probability
    }

    /// The mean time in the queue, W_q.
    pub fn mean_wait(&self) -> f64 {
        let variation = (self.arrival_variation + self.service_variation) / 2.0;
        variation * self.wait_probability * self.service_time
            / (self.servers as f64 * (1.0 - self.utilisation()))
    }

    /// The mean time in queue and service.
    pub fn mean_response(&self) -> f64 {
        self.mean_wait() + self.service_time
    }

    /// The mean number in the queue, L_q = λ W_q.
    pub fn mean_queue(&self) -> f64 {
        self.arrival_rate * self.mean_wait()
    }

    /// The mean number in queue and service, L = λ W.
    pub fn mean_number(&self) -> f64 {
        self.arrival_rate * self.mean_response()
    }

    /// The probability of waiting longer than `time`.
    pub fn wait_survival(&self, time: f64) -> f64 {
        if time < 0.0 {
            return 1.0;
        }
        let rate = self.wait_rate();
        if rate.is_infinite() {
            return 0.0;
        }
        self.wait_probability * (-rate * time).exp()
    }

    /// The waiting time that a share `probability` of the arrivals does not exceed.
    pub fn wait_quantile(&self, probability: f64) -> f64 {
        let beyond = 1.0 - probability;
        if !(0.0..=1.0).contains(&probability) {
            f64::NAN
        } else if beyond >= self.wait_probability {
            0.0
        } else {
            (self.wait_probability / beyond).ln() / self.wait_rate()
        }
    }

    /// The probability that queue and service take longer than `time`.
    pub fn response_survival(&self, time: f64) -> f64 {
        if time <= 0.0 {
            return 1.0;
        }
        let served = self.service_survival(time);
        let rate = self.wait_rate();
        if rate.is_infinite() || self.wait_probability == 0.0 {
            return served;
        }
        // P(wait + service > t) = P(service > t) + P_w ∫ g(u) e^(−θ(t − u)) du.
        let late = if self.service_variation == 0.0 {
            if time > self.service_time {
                (-rate * (time - self.service_time)).exp()
            } else {
                0.0
            }
        } else if self.service_variation == 1.0 {
            let service_rate = 1.0 / self.service_time;
            let gap = (service_rate - rate) * time;
            // (e^(−θt) − e^(−μt)) μ/(μ − θ), without the difference of equal numbers.
            let mean = if gap == 0.0 {
                1.0
            } else {
                -(-gap).exp_m1() / gap
            };
            (-rate * time).exp() * service_rate * time * mean
        } else {
            self.late_gamma(time, rate)
        };
        (served + self.wait_probability * late).clamp(0.0, 1.0)
    }

    /// The time of queue and service that a share `probability` does not exceed.
    pub fn response_quantile(&self, probability: f64) -> f64 {
        if !(0.0..1.0).contains(&probability) {
            return if probability == 1.0 {
                f64::INFINITY
            } else {
                f64::NAN
            };
        }
        let beyond = 1.0 - probability;
        let (mut low, mut high) = (0.0, self.mean_response());
        while self.response_survival(high) > beyond {
            low = high;
            high *= 2.0;
            if high.is_infinite() {
                return high;
            }
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                break;
            }
            if self.response_survival(middle) > beyond {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }

    /// The rate at which those who wait are relieved, so that the mean is W_q.
    fn wait_rate(&self) -> f64 {
        let variation = (self.arrival_variation + self.service_variation) / 2.0;
        self.servers as f64 * (1.0 - self.utilisation()) / (variation * self.service_time)
    }

    fn service_survival(&self, time: f64) -> f64 {
        let ratio = time / self.service_time;
        if self.service_variation == 1.0 {
            (-ratio).exp()
        } else if self.service_variation == 0.0 {
            f64::from(ratio < 1.0)
        } else {
            let shape = 1.0 / self.service_variation;
            regularised_gamma(shape, shape * ratio).1
        }
    }

    /// ∫ g(u) e^(−θ(t − u)) du over 0 to t for a Gamma density g. In closed form where the
    /// service's tail is the lighter one, by a sum over slices otherwise.
    fn late_gamma(&self, time: f64, rate: f64) -> f64 {
        let shape = 1.0 / self.service_variation;
        let gamma_rate = shape / self.service_time;
        if gamma_rate > rate {
            let tilted = gamma_rate - rate;
            let factor = shape * (gamma_rate / tilted).ln() - rate * time;
            return factor.exp() * regularised_gamma(shape, tilted * time).0;
        }
        const SLICES: u32 = 400;
        let mut below = 0.0;
        let mut total = 0.0;
        for slice in 1..=SLICES {
            let end = time * f64::from(slice) / f64::from(SLICES);
            let upto = regularised_gamma(shape, gamma_rate * end).0;
            let middle = end - 0.5 * time / f64::from(SLICES);
            total += (upto - below) * (-rate * (time - middle)).exp();
            below = upto;
        }
        total
    }
}
