//! Kernels of statistics: plain numbers in, plain numbers out.
//!
//! Imports nothing of ours.

pub mod change_point;
pub mod correlation;
pub mod decomposition;
pub mod diagnostic;
pub mod distribution;
pub(crate) mod inner_product;
pub mod least_squares;
pub mod optimise;
pub mod periodogram;
pub mod queueing;
pub mod random;
#[cfg(test)]
pub(crate) mod reference_series;
mod scale;
pub mod unit_root;
