//! Takes a change of the number in a stage apart: did more come, or did each stay longer?
//!
//! L = λ·W, so that ln(L₁/L₀) = ln(λ₁/λ₀) + ln(W₁/W₀) exactly, and where the service time S
//! is known W = W_q + S splits the second part by the logarithmic mean: ln(W₁/W₀) =
//! (ΔW_q + ΔS)/Λ(W₀, W₁), Λ(a, b) = (b − a)/ln(b/a) (B. Ang, "Decomposition analysis for
//! policymaking in energy", Energy Policy 32, 2004: no rest is left). A part times
//! Λ(L₀, L₁) is what it adds to L.
//!
//! More arrivals also make each wait longer. Where service time and servers are known, the
//! wait that the new arrivals alone would make (M/M/c, scaled to the wait before) is told
//! apart from what they do not explain.

mod driver;
mod period;

pub use driver::Driver;
pub use period::{Period, State};

use crate::stats::random::Generator;

/// Why there is nothing to take apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecompositionError {
    /// Nothing came, or no time was spent, in a period.
    #[error("{} the change nothing arrived, or nothing was timed", if *.before { "before" } else { "after" })]
    Idle {
        /// Whether it is the period before.
        before: bool,
    },
}

/// One cause's part of a change, with its 95 % interval where there are windows enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// Its part of ln(L₁/L₀); the parts add up.
    pub log: f64,
    /// What it adds to L; the parts add up to L₁ − L₀.
    pub number: f64,
    /// The ends of the interval of `log`.
    pub interval: Option<(f64, f64)>,
}

/// A change of the number in a stage, taken apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decomposition {
    /// Before.
    pub before: State,
    /// After.
    pub after: State,
    /// ln(L₁/L₀), all parts together.
    pub total: Part,
    /// What more or fewer arrivals did.
    pub arrivals: Part,
    /// What longer or shorter times in the stage did: waiting and service together.
    pub time: Part,
    /// The part of the time that is waiting, where the service time is known.
    pub waiting: Option<Part>,
    /// The part of the time that is service.
    pub service: Option<Part>,
    /// The time in the stage that the new arrivals alone would have made, seconds, where
    /// service time and servers are known; infinite where they are more than it can do.
    pub time_by_load: Option<f64>,
    /// The time in the stage that the new service time, besides, would have made.
    pub time_by_service: Option<f64>,
    /// What drives the change.
    pub driver: Driver,
}

impl Decomposition {
    /// λ₁/λ₀ − 1: 0.04 is 4 % more.
    pub fn arrivals_change(&self) -> f64 {
        self.after.arrival_rate / self.before.arrival_rate - 1.0
    }

    /// W₁/W₀ − 1.
    pub fn time_change(&self) -> f64 {
        self.after.time / self.before.time - 1.0
    }
}

/// How many times windows are resampled.
const RESAMPLES: usize = 400;
/// The fewest windows in each period for an interval.
const FEWEST: usize = 4;

/// Takes the change from one period to another apart; the seed is that of the intervals
/// (resampled runs of windows, of the cube root of their count; H. Künsch, Annals of
/// Statistics 17, 1989).
pub fn decompose(
    before: &Period<'_>,
    after: &Period<'_>,
    seed: u64,
) -> Result<Decomposition, DecompositionError> {
    let (counts, other) = (before.windows(), after.windows());
    let first = before
        .state(0..counts)
        .ok_or(DecompositionError::Idle { before: true })?;
    let last = after
        .state(0..other)
        .ok_or(DecompositionError::Idle { before: false })?;
    let logs = parts(&first, &last);
    let mut drawn: [Vec<f64>; 5] = Default::default();
    if counts >= FEWEST && other >= FEWEST {
        let mut random = Generator::new(seed);
        for _ in 0..RESAMPLES {
            let a = before.state(resampled(&mut random, counts));
            let b = after.state(resampled(&mut random, other));
            if let (Some(a), Some(b)) = (a, b) {
                for (list, value) in drawn.iter_mut().zip(parts(&a, &b)) {
                    list.push(value);
                }
            }
        }
    }
    let mean = logarithmic_mean(first.number(), last.number());
    let mut made = drawn.into_iter().zip(logs).map(|(mut values, log)| {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[(share * (values.len() - 1) as f64).round() as usize];
        Part {
            log,
            number: log * mean,
            interval: (values.len() > RESAMPLES / 2).then(|| (at(0.025), at(0.975))),
        }
    });
    let mut next = || made.next().expect("there are five parts");
    let (total, arrivals, time) = (next(), next(), next());
    let (waiting, service) = (next(), next());
    let expected = |service: Option<f64>| {
        driver::expected_time(&first, last.arrival_rate, service?, before.servers?)
    };
    let known = first.service_time.is_some() && last.service_time.is_some();
    let mut result = Decomposition {
        before: first,
        after: last,
        total,
        arrivals,
        time,
        waiting: known.then_some(waiting),
        service: known.then_some(service),
        time_by_load: expected(first.service_time),
        time_by_service: expected(last.service_time),
        driver: Driver::Steady,
    };
    result.driver = Driver::of(&result);
    Ok(result)
}

/// The logarithms of: all, arrivals, time, waiting, service; the last two 0 where unknown.
fn parts(a: &State, b: &State) -> [f64; 5] {
    let arrivals = (b.arrival_rate / a.arrival_rate).ln();
    let time = (b.time / a.time).ln();
    let (waiting, service) = match (a.service_time, b.service_time) {
        (Some(s), Some(t)) => {
            let mean = logarithmic_mean(a.time, b.time);
            let service = (t - s) / mean;
            (time - service, service)
        }
        _ => (0.0, 0.0),
    };
    [arrivals + time, arrivals, time, waiting, service]
}

/// (b − a)/ln(b/a), and a where they are equal.
fn logarithmic_mean(a: f64, b: f64) -> f64 {
    let log = (b / a).ln();
    if log.abs() < 1e-9 {
        0.5 * (a + b)
    } else {
        (b - a) / log
    }
}

/// Runs of windows drawn with replacement, as many windows as there are.
fn resampled(random: &mut Generator, count: usize) -> impl Iterator<Item = usize> {
    let run = (count as f64).cbrt().ceil() as usize;
    let starts: Vec<usize> = (0..count.div_ceil(run))
        .map(|_| random.below(count))
        .collect();
    starts
        .into_iter()
        .flat_map(move |start| (start..start + run).map(move |k| k % count))
        .take(count)
}

#[cfg(test)]
mod tests;
