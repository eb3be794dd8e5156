use super::little::Residual;

/// What was measured of a stage, on one grid of equal steps.
///
/// Counters are given as their increases in each step (resets taken out); a value that is
/// missing is NaN, a metric that is not there `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stage<'a> {
    /// The length of a step.
    pub step_seconds: f64,
    /// How many came in each step.
    pub arrivals: Option<&'a [f64]>,
    /// How many left.
    pub completions: Option<&'a [f64]>,
    /// The increase of the timer's sum, seconds.
    pub duration_sum: Option<&'a [f64]>,
    /// The increase of the timer's count.
    pub duration_count: Option<&'a [f64]>,
    /// The gauge of those inside.
    pub in_flight: Option<&'a [f64]>,
    /// The share of the servers' time that was busy, 0 to 1.
    pub busy: Option<&'a [f64]>,
}

/// The laws' quantities in one window; `None` where the metrics for it are not there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// The first step.
    pub first: usize,
    /// One beyond the last step.
    pub end: usize,
    /// Its length.
    pub seconds: f64,
    /// λ a second, of arrivals, or else of completions, or else of the timer's count.
    pub arrival_rate: Option<f64>,
    /// X a second, of completions, or else of the timer's count.
    pub throughput: Option<f64>,
    /// W, seconds.
    pub time: Option<f64>,
    /// L̂, the number that the timer implies.
    pub implied_number: Option<f64>,
    /// L, the mean of the gauge.
    pub number: Option<f64>,
    /// What the two differ by.
    pub residual: Option<Residual>,
    /// U, the busy share.
    pub utilisation: Option<f64>,
    /// D = U/X, seconds of one server's time times the number of servers.
    pub service_demand: Option<f64>,
}

/// The least share of a window's steps that must be there.
const COVERAGE: f64 = 0.8;

/// Computes the windows of `length` steps; what is left at the end is left out, unless it is
/// all there is.
pub fn windows(stage: &Stage<'_>, length: usize) -> Vec<Window> {
    let metrics = [
        stage.arrivals,
        stage.completions,
        stage.duration_sum,
        stage.duration_count,
        stage.in_flight,
        stage.busy,
    ];
    let steps = metrics.iter().flatten().map(|m| m.len()).max().unwrap_or(0);
    let length = length.clamp(1, steps.max(1));
    (0..steps / length)
        .map(|k| window(stage, k * length, (k + 1) * length))
        .collect()
}

fn window(stage: &Stage<'_>, first: usize, end: usize) -> Window {
    let steps = (end - first) as f64;
    let mean = |metric: Option<&[f64]>| mean_of_present(metric?.get(first..end)?);
    let rate = |metric: Option<&[f64]>| mean(metric).map(|x| x / stage.step_seconds);
    let timed = rate(stage.duration_count);
    let throughput = rate(stage.completions).or(timed);
    let arrival_rate = rate(stage.arrivals).or(throughput);
    let implied_number = rate(stage.duration_sum);
    let time = match (implied_number, timed.or(throughput)) {
        (Some(number), Some(rate)) if rate > 0.0 => Some(number / rate),
        _ => None,
    };
    let number = mean(stage.in_flight);
    let seconds = steps * stage.step_seconds;
    let gauge = stage.in_flight.and_then(|gauge| gauge.get(first..end));
    let residual = match (gauge, implied_number, time) {
        (Some(gauge), Some(implied), Some(time)) if number > Some(0.0) => {
            Some(Residual::of(gauge, implied, time, seconds))
        }
        _ => None,
    };
    let utilisation = mean(stage.busy);
    let service_demand = match (utilisation, throughput) {
        (Some(busy), Some(rate)) if rate > 0.0 => Some(busy / rate),
        _ => None,
    };
    Window {
        first,
        end,
        seconds,
        arrival_rate,
        throughput,
        time,
        implied_number,
        number,
        residual,
        utilisation,
        service_demand,
    }
}

/// The mean of what is there, where enough is.
fn mean_of_present(values: &[f64]) -> Option<f64> {
    let present = || values.iter().filter(|x| x.is_finite());
    let count = present().count() as f64;
    let mean = present().map(|x| x / count).sum::<f64>();
    (count > 0.0 && count >= COVERAGE * values.len() as f64 && mean.is_finite()).then_some(mean)
}
