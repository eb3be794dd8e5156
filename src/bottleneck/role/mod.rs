//! Guesses which series plays which role, from names, labels and types.
//!
//! Each family of exporters is a table of its own (`family`): a metric's name,
//! the role, the factor to the role's unit, the labels that it must have. The
//! stage is what the most telling of its labels says (`stage`, `topic`,
//! `service`, …); what a process says of itself goes to the one stage that runs
//! there (same instance, port apart), if it is one, and else to a stage of the
//! process' own name.
//!
//! Edges come from metrics with both ends (service meshes, service graphs),
//! from consumer groups named after a stage, from a family that knows its
//! system, and from the spans that the caller counts.

mod discover;
mod discovery;
mod edges;
mod family;
mod matches;
mod pattern;

pub use discover::discover;
pub use discovery::{Described, Discovery, Reason, SpanCall};
pub use matches::{is_counter, series_of, tag_of};

#[cfg(test)]
mod tests;
