//! Waiting times of stations with several servers and one queue, first come, first served.
//!
//! Rates are per second (or any unit, as long as times are in the same), ρ = λS/c is the
//! utilisation and a = λS the offered load in erlangs. [`Station`] is M/M/c where both
//! squared coefficients of variation are 1 (A. K. Erlang 1917; exact), and otherwise G/G/c
//! after A. O. Allen (*Probability, Statistics and Computer Science*, 1978) and
//! Cunneen: W_q = (C_a² + C_s²)/2 · W_q(M/M/c), which for one server is J. F. C. Kingman's
//! (Proc. Cambridge Phil. Soc. 57, 1961). Deviation from how it is often written: the
//! probability of waiting is Erlang's and not its approximation ρ^(√(2(c+1)) − 1) (H.
//! Sakasegawa 1977). Waiting times of those who wait are exponential: exact for M/M/c, the
//! limit of heavy traffic otherwise; service times are Gamma distributed with their mean and
//! variation.

mod erlang;
mod finite;
mod headroom;
mod station;

pub use erlang::{erlang_b, erlang_c};
pub use finite::FiniteStation;
pub use headroom::{Headroom, Objective, headroom, required_servers};
pub use station::Station;

/// Why a station has no steady state, or an objective no answer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum QueueError {
    /// A rate, time, variation or count is negative, zero where it cannot be, or not finite.
    #[error("{name} = {value} is not possible")]
    Value {
        /// Which.
        name: &'static str,
        /// What it is.
        value: f64,
    },
    /// More work arrives than the servers can do.
    #[error("the servers are {utilisation:.3} times as busy as they can be")]
    Unstable {
        /// λS/c, at least 1.
        utilisation: f64,
    },
    /// Not even an idle station meets the objective.
    #[error("an idle station does not meet the objective")]
    Unreachable,
}

fn positive(name: &'static str, value: f64) -> Result<f64, QueueError> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(QueueError::Value { name, value })
    }
}

fn not_negative(name: &'static str, value: f64) -> Result<f64, QueueError> {
    if value >= 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(QueueError::Value { name, value })
    }
}

#[cfg(test)]
mod tests;
