//! Which incidents are gained, lost, met earlier or later.

use std::collections::BTreeMap;

use super::{Heard, IncidentChange, IncidentChangeKind};
use crate::alert::backtest::IncidentVerdict;

/// What became of the incidents.
pub(super) struct Incidents {
    pub(super) changes: Vec<IncidentChange>,
    pub(super) unchanged: usize,
}

pub(super) fn compare(base: &[IncidentVerdict], new: &[IncidentVerdict]) -> Incidents {
    let mut both: BTreeMap<usize, [Option<&IncidentVerdict>; 2]> = BTreeMap::new();
    for (side, verdicts) in [base, new].into_iter().enumerate() {
        for verdict in verdicts {
            both.entry(verdict.incident).or_default()[side] = Some(verdict);
        }
    }
    let changes: Vec<IncidentChange> = both
        .iter()
        .filter_map(|(&incident, [base, new])| change(incident, *base, *new))
        .collect();
    Incidents {
        unchanged: both.len() - changes.len(),
        changes,
    }
}

fn change(
    incident: usize,
    base: Option<&IncidentVerdict>,
    new: Option<&IncidentVerdict>,
) -> Option<IncidentChange> {
    let (by, base, new) = [Heard::Page, Heard::Notification, Heard::Firing]
        .into_iter()
        .map(|by| {
            (
                by,
                base.and_then(|v| by.first(v)),
                new.and_then(|v| by.first(v)),
            )
        })
        .find(|(_, base, new)| base.is_some() || new.is_some())?;
    let change = match (base, new) {
        (None, _) => IncidentChangeKind::Gained,
        (_, None) => IncidentChangeKind::Lost,
        (Some(base), Some(new)) if new < base => IncidentChangeKind::Earlier,
        (Some(base), Some(new)) if new > base => IncidentChangeKind::Later,
        _ => return None,
    };
    Some(IncidentChange {
        incident,
        change,
        by,
        base,
        new,
    })
}
