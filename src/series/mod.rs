//! Kernels over time series: gaps, as-of matches; built on polars.
//!
//! Arrow arrays in, arrow arrays out; polars stays inside.

mod as_of;
mod counter;
mod exchange;
mod gap_fill;
mod group;
pub mod holiday;
mod outlier;
pub mod regressor;
mod regular;
mod resample;
mod transform;
mod wall_clock;

pub use as_of::{AsOf, Direction, as_of};
pub use counter::increase;
pub use exchange::{ExchangeError, to_arrow, to_polars};
pub use gap_fill::{GapFillError, Grid, interpolate, place, previous};
pub use group::group_ids;
pub use outlier::{Outlier, outliers};
pub use regular::{Regular, Step, StepError, midnight};
pub use resample::{
    Guess, Origin, Partial, ResampleError, Resampled, Resampling, Statistic, StatisticError,
    guess_index_step, guess_step, resample,
};
pub use transform::{Transform, TransformError, guerrero, likelihood_lambda};
