use crate::model::{Event, EventKind};

/// An event and how long before a change it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NearestEvent<'a> {
    /// The event.
    pub event: &'a Event,
    /// From its begin to the change, µs; negative where it began within the uncertainty after.
    pub before: i64,
}

/// Finds the deploy, campaign or maintenance that began last before a change, at most
/// `within` µs before it; one that began up to `slack` µs after it counts, since a change has no
/// exact time. Of several that began at once the first by identity.
pub fn nearest_event(
    events: &[Event],
    change: i64,
    within: i64,
    slack: i64,
) -> Option<NearestEvent<'_>> {
    let counts = |kind: EventKind| {
        matches!(
            kind,
            EventKind::Deploy | EventKind::Campaign | EventKind::Maintenance
        )
    };
    events
        .iter()
        .filter(|event| counts(event.kind))
        .map(|event| NearestEvent {
            event,
            before: change.saturating_sub(event.started_at),
        })
        .filter(|near| near.before <= within && near.before >= slack.saturating_neg())
        .min_by_key(|near| (near.before.unsigned_abs(), &near.event.id))
}
