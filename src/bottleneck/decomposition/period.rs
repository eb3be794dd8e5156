/// What was measured of a stage in a period: a number a window, all windows equally long;
/// increases of counters, resets taken out. NaN is missing.
#[derive(Debug, Clone, Copy)]
pub struct Period<'a> {
    /// The length of a window.
    pub window_seconds: f64,
    /// How many came, or completed, in each.
    pub arrivals: &'a [f64],
    /// The increase of the timer's sum, seconds.
    pub duration_sum: &'a [f64],
    /// The increase of the timer's count.
    pub duration_count: &'a [f64],
    /// The seconds of service that those who were timed had, where it is known: a busy
    /// counter's increase, or the timer of the inner work.
    pub service_sum: Option<&'a [f64]>,
    /// How many are served at once, where it is known.
    pub servers: Option<u64>,
}

/// A period in a few numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct State {
    /// λ a second.
    pub arrival_rate: f64,
    /// W, seconds.
    pub time: f64,
    /// S, seconds, where it is known.
    pub service_time: Option<f64>,
}

impl State {
    /// L = λW.
    pub fn number(&self) -> f64 {
        self.arrival_rate * self.time
    }
}

impl Period<'_> {
    pub(super) fn windows(&self) -> usize {
        let others = self.duration_sum.len().min(self.duration_count.len());
        let service = self.service_sum.map_or(usize::MAX, <[f64]>::len);
        self.arrivals.len().min(others).min(service)
    }

    /// The numbers over some windows; none where nothing came or was timed.
    pub(super) fn state(&self, windows: impl Iterator<Item = usize>) -> Option<State> {
        let (mut count, mut arrivals, mut timed, mut durations) = (0.0, 0.0, 0.0, 0.0);
        let mut service = self.service_sum.map(|_| 0.0);
        for k in windows {
            let all = [
                self.arrivals[k],
                self.duration_sum[k],
                self.duration_count[k],
            ];
            let served = self.service_sum.map_or(0.0, |s| s[k]);
            if all.iter().chain([&served]).all(|x| x.is_finite()) {
                count += 1.0;
                arrivals += all[0];
                durations += all[1];
                timed += all[2];
                service = service.map(|sum| sum + served);
            }
        }
        let state = State {
            arrival_rate: arrivals / count / self.window_seconds,
            time: durations / timed,
            service_time: service.map(|sum| sum / timed),
        };
        let positive = |x: f64| x > 0.0 && x < 1e150;
        let valid = positive(state.arrival_rate)
            && positive(state.time)
            && state.service_time.is_none_or(|s| s.abs() < 1e150);
        valid.then_some(state)
    }
}
