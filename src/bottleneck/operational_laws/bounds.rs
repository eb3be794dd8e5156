/// The asymptotic bounds of a closed system of single servers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The sum of the service demands, seconds: the response time when alone.
    pub demand: f64,
    /// The largest service demand, seconds.
    pub largest_demand: f64,
    /// The time between an answer and the next request, seconds.
    pub think_time: f64,
}

impl Bounds {
    /// Makes the bounds of the stations' service demands; none where a number is negative or
    /// not finite, or all demands are 0.
    pub fn new(demands: &[f64], think_time: f64) -> Option<Self> {
        let valid = |x: &f64| x.is_finite() && *x >= 0.0;
        let demand: f64 = demands.iter().sum();
        let ok = demands.iter().all(valid) && valid(&think_time) && valid(&demand);
        (ok && demand > 0.0).then(|| Self {
            demand,
            largest_demand: demands.iter().copied().fold(0.0, f64::max),
            think_time,
        })
    }

    /// The most completions a second with `number` in the system: min(1/D_max, N/(D + Z)).
    pub fn throughput(&self, number: f64) -> f64 {
        (1.0 / self.largest_demand).min(number / (self.demand + self.think_time))
    }

    /// The least response time with `number` in the system: max(D, N·D_max − Z).
    pub fn response_time(&self, number: f64) -> f64 {
        self.demand
            .max(number * self.largest_demand - self.think_time)
    }

    /// The number from which on requests must queue: N* = (D + Z)/D_max.
    pub fn knee(&self) -> f64 {
        (self.demand + self.think_time) / self.largest_demand
    }
}
