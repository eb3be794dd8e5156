//! Alert rules: files, templates, the state machine, notifications.
//!
//! The reference is Prometheus (`rules/`, `template/`) and Alertmanager
//! (`dispatch/`, `notify/`, `inhibit/`); deviations are named where they are made.

pub mod rule_file;
