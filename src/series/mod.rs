//! Kernels over time series: gaps, as-of matches; built on polars.
//!
//! Arrow arrays in, arrow arrays out; polars stays inside.

mod as_of;
mod exchange;
mod gap_fill;
mod group;

pub use as_of::{AsOf, Direction, as_of};
pub use exchange::{ExchangeError, to_arrow, to_polars};
pub use gap_fill::{GapFillError, Grid, interpolate, place, previous};
pub use group::group_ids;
