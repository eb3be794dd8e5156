//! Forecasting methods, one file or folder each.
//!
//! Every method divides the history by a power of two near its largest value before it
//! computes, which loses no digit, so that neither huge nor tiny values overflow and the unit
//! of measurement never changes a choice. Only [`AutoArima`], [`Harmonic`],
//! [`Autoregression`] and [`Prophet`] use outside variables: where others are given some, a warning says that they were
//! left aside. [`MODELS`] lists them all by name, and [`ModelSpec`] is one as a user writes it.

mod augurs_ets;
pub mod auto_arima;
pub mod autoregression;
pub mod ets;
pub mod harmonic;
mod history;
pub(in crate::forecast) mod interval;
pub mod mean;
mod mstl;
pub mod naive;
pub mod prophet;
mod registry;
mod seasonal_index;
mod spec;
pub mod theta;

pub use augurs_ets::AugursEts;
pub use auto_arima::AutoArima;
pub use autoregression::Autoregression;
pub use ets::Ets;
pub use harmonic::Harmonic;
pub use mean::Mean;
pub use mstl::Mstl;
pub use naive::{Drift, Naive, SeasonalNaive};
pub use prophet::Prophet;
pub use registry::{Context, MODELS, Method};
pub use spec::{ModelSpec, SpecError, SpecErrorKind};
pub use theta::Theta;
