//! Alert rules: files, templates, the state machine, notifications.
//!
//! The reference is Prometheus (`rules/`, `template/`) and Alertmanager
//! (`dispatch/`, `notify/`, `inhibit/`); deviations are named where they are made.

pub mod backtest;
pub mod evaluate;
pub mod notify;
pub mod rule_file;
pub mod state;
pub mod template;
pub mod unit_test;
