//! The operational laws, over what was measured of one stage.
//!
//! Utilisation U = X·S, Little N = X·R, service demand D = U/X, and the asymptotic bounds (P.
//! Denning and J. Buzen, "The Operational Analysis of Queueing Network Models", ACM
//! Computing Surveys 10, 1978). They hold for measured numbers without assumptions of
//! chance, as long as a window is long beside the times in it; what does not add up says
//! something about the measurement.
//!
//! Of a window of Δt seconds: λ = arrivals/Δt, W = Δduration_sum/Δduration_count, the number
//! that the timer implies L̂ = Δduration_sum/Δt (no rate is needed), and L, the mean of the
//! gauge. The residual is ρ = (L − L̂)/L.

mod bounds;
mod little;
mod window;

pub use bounds::Bounds;
pub use little::{Reading, Residual, Summary, summarise};
pub use window::{Stage, Window, windows};

/// (N − X·R)/N: the share of the number in a system that rate and time do not account for.
pub fn little_residual(number: f64, rate: f64, time: f64) -> f64 {
    (number - rate * time) / number
}

/// (U − X·S)/U: the share of the utilisation of one server that throughput and service time
/// do not account for.
pub fn utilisation_residual(utilisation: f64, rate: f64, service_time: f64) -> f64 {
    (utilisation - rate * service_time) / utilisation
}

/// D = U/X: the time that one completion takes of a server, however many visits it makes.
pub fn service_demand(utilisation: f64, rate: f64) -> f64 {
    utilisation / rate
}

#[cfg(test)]
mod tests;
