//! Writes the alert rules, the Alertmanager configuration and the objectives.

use std::io::{self, Write};

use super::output::Output;

/// Prometheus rule groups of the collection, processing and storage layer.
pub(in crate::simulate) const RULES: &str = include_str!("../documents/rules.yml");
/// Alertmanager's routes by severity, and its inhibition.
pub(in crate::simulate) const ALERTMANAGER: &str = include_str!("../documents/alertmanager.yml");
/// OpenSLO v1 objectives.
pub(in crate::simulate) const SLO: &str = include_str!("../documents/slo.yml");

/// Writes one of them.
pub(in crate::simulate) fn write(text: &str, output: &mut Output) -> io::Result<()> {
    output.write_all(text.as_bytes())
}
