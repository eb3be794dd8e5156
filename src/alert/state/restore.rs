//! What Prometheus makes of its alerts after a restart (`RestoreForState`).

use super::{RuleState, Timing};
use crate::model::{Labels, MICROS_PER_SECOND, is_stale};

/// The settings of a restoration.
#[derive(Debug, Clone, Copy)]
pub struct Restoration {
    /// When it takes place: after the second evaluation since the start.
    pub ts: i64,
    /// How old a sample of `ALERTS_FOR_STATE` may be (Prometheus: 1 h).
    pub outage_tolerance: i64,
    /// The least time that a restored alert waits before it fires (Prometheus: 10 m); rules
    /// whose `for` is shorter are not restored.
    pub grace_period: i64,
}

impl Default for Restoration {
    fn default() -> Self {
        Self {
            ts: 0,
            outage_tolerance: 3_600_000_000,
            grace_period: 600_000_000,
        }
    }
}

/// Moves the beginning of each active alert to where `ALERTS_FOR_STATE` had it.
///
/// `last_sample` gives the newest sample of the series of `ALERTS_FOR_STATE`
/// with an alert's labels, its time and its value (seconds), the name aside.
/// An alert that was firing begins as early as it did, but is not fired before
/// the next evaluation; for one that was pending the outage does not count.
/// (Prometheus writes no samples of alerts before this; that is left to the caller.)
pub fn restore(
    state: &mut RuleState,
    timing: Timing,
    settings: &Restoration,
    mut last_sample: impl FnMut(&Labels) -> Option<(i64, f64)>,
) {
    if timing.hold < settings.grace_period {
        return;
    }
    for slot in &mut state.slots {
        let Some(alert) = &mut slot.alert else {
            continue;
        };
        let Some((sampled_at, value)) = last_sample(&alert.labels) else {
            continue;
        };
        if is_stale(value)
            || sampled_at > settings.ts
            || sampled_at < settings.ts.saturating_sub(settings.outage_tolerance)
        {
            continue;
        }
        // Both are whole seconds in Prometheus.
        let down_at = sampled_at.div_euclid(MICROS_PER_SECOND) * MICROS_PER_SECOND;
        let was_active_at = (value as i64).saturating_mul(MICROS_PER_SECOND);
        let remaining = timing
            .hold
            .saturating_sub(down_at.saturating_sub(was_active_at));
        alert.active_at = if remaining <= 0 {
            was_active_at
        } else if remaining < settings.grace_period {
            settings
                .ts
                .saturating_add(settings.grace_period)
                .saturating_sub(timing.hold)
        } else {
            was_active_at.saturating_add(settings.ts.saturating_sub(down_at))
        };
    }
}
