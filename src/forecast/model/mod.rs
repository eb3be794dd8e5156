//! Forecasting methods, one file or folder each.
//!
//! Every method divides the history by a power of two near its largest value before it
//! computes, which loses no digit, so that neither huge nor tiny values overflow and the unit
//! of measurement never changes a choice. Only [`AutoArima`] and [`Harmonic`] use outside
//! variables: where others are given some, a warning says that they were left aside.

pub mod auto_arima;
pub mod ets;
pub mod harmonic;
mod history;
mod interval;
pub mod mean;
pub mod naive;
mod seasonal_index;
pub mod theta;

pub use auto_arima::AutoArima;
pub use ets::Ets;
pub use harmonic::Harmonic;
pub use mean::Mean;
pub use naive::{Drift, Naive, SeasonalNaive};
pub use theta::Theta;
