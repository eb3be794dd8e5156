//! Which alerts are sent to Alertmanager after an evaluation, and what it is told.

use std::sync::Arc;

use super::{Alert, AlertState, RuleState};
use crate::model::Labels;

/// An alert as Alertmanager receives it; its annotations are rendered on demand.
#[derive(Debug, Clone)]
pub struct Sent {
    /// When it is sent: the evaluation's instant.
    pub ts: i64,
    /// Its labels.
    pub labels: Arc<Labels>,
    /// `$labels` of its annotations.
    pub element: Arc<Labels>,
    /// `$value` of its annotations.
    pub value: f64,
    /// The instant at which its annotations were last rendered.
    pub value_at: i64,
    /// When it fired.
    pub starts_at: i64,
    /// When it was resolved, or is taken to be if nothing more is heard of it.
    pub ends_at: i64,
}

impl RuleState {
    /// Sends the alerts that are due after the evaluation at `ts`, in the order of their labels.
    ///
    /// A firing alert is due at once and again when its last sending is more
    /// than `resend_delay` ago; a resolved one likewise, as long as it is kept.
    /// (Prometheus' `sendAlerts`: with an interval of a minute and a delay of a
    /// minute it sends every second evaluation, since the comparison is strict,
    /// where the compliance specification has "more than or equal to".) A firing
    /// alert ends 4 times the larger of `interval` and `resend_delay` after its
    /// newest sending, not after `starts_at` as that specification has it.
    pub fn send(&mut self, ts: i64, interval: i64, resend_delay: i64, sent: &mut Vec<Sent>) {
        let first = sent.len();
        let valid_for = interval.max(resend_delay).saturating_mul(4);
        for key in &self.live {
            let Some(alert) = &mut self.slots[key.0 as usize].alert else {
                continue;
            };
            if !is_due(alert, ts, resend_delay) {
                continue;
            }
            alert.last_sent_at = Some(ts);
            sent.push(Sent {
                ts,
                labels: alert.labels.clone(),
                element: alert.element.clone(),
                value: alert.value,
                value_at: alert.value_at,
                starts_at: alert.fired_at.unwrap_or(ts),
                ends_at: alert
                    .resolved_at
                    .unwrap_or_else(|| ts.saturating_add(valid_for)),
            });
        }
        if sent.len() - first > 1 {
            sent[first..].sort_by(|a, b| a.labels.cmp(&b.labels));
        }
    }
}

fn is_due(alert: &Alert, ts: i64, resend_delay: i64) -> bool {
    if alert.state == AlertState::Pending {
        return false;
    }
    match alert.last_sent_at {
        None => true,
        Some(last) => {
            alert.resolved_at.is_some_and(|at| at > last) || last.saturating_add(resend_delay) < ts
        }
    }
}
