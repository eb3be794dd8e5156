//! Simulates Alertmanager: which alerts become which notifications, when, and
//! what keeps the others back.
//!
//! [`Config::parse`] reads its configuration, [`parse_silences`] silences, and
//! [`simulate`] (or [`Simulation`], alert by alert) turns the stream of alerts
//! that Prometheus sends into [`Notification`]s and [`Suppression`]s. Times are
//! µs since the epoch, durations µs.
//!
//! The reference is Alertmanager 0.34: `dispatch/dispatch.go`, `dispatch/route.go`,
//! `notify/notify.go`, `notify/dedup.go`, `inhibit/inhibit.go`, `nflog/nflog.go`,
//! `provider/mem/mem.go`, `timeinterval/timeinterval.go`; [`Release`] has what
//! 0.25 did otherwise.
//!
//! # Order of events
//!
//! Everything happens at an instant and takes no time. At one instant, alerts
//! come first, in the order of the stream; then the housekeeping (the removal of
//! expired log entries, resolved alerts and empty groups); then the groups whose
//! timers are due, in the order in which their first alerts came; in a group the
//! integrations, in the order of the file.
//!
//! # Deviations
//!
//! * Sending takes no time and never fails; there is one instance (no peers).
//! * Routes' `labels` (0.34) and templates are read over: they change what a
//!   notification says, not whether it is sent.
//! * The limit on the number of groups and the muted-alerts feature flag are not there.

mod alerts;
mod config;
mod group;
mod inhibit;
mod log;
mod matchers;
mod options;
mod order;
mod outcome;
mod route;
mod silences;
mod simulate;
mod suppress;
mod time_interval;
mod timer;

#[cfg(test)]
mod tests;

pub use alerts::Received;
pub use config::{
    Config, ConfigError, ConfigErrorKind, GroupBy, InhibitRule, Integration, NamedInterval,
    Receiver, Route,
};
pub use matchers::{MatcherError, parse_matchers};
pub use options::{Ignored, Options, Release, RepeatRace};
pub use outcome::{Cause, Notification, NotifiedAlert, Outcome, Reason, Suppression, Withheld};
pub use silences::{Silence, parse_silences};
pub use simulate::{Simulation, simulate};
pub use time_interval::TimeInterval;
