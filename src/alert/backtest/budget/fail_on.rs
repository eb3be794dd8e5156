//! What makes a backtest a check that fails: the names of `--fail-on`.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::Breach;
use crate::alert::backtest::compare::{Comparison, IncidentChangeKind};
use crate::alert::backtest::{FindingKind, Verdict};
use crate::model::did_you_mean;

/// What a backtest fails on; by default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FailOn(BTreeSet<Criterion>);

/// One name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Criterion {
    Budget,
    MorePages,
    LostIncidents,
    Findings,
    Finding(FindingKind),
}

/// Why a comparison fails, if it does.
type Reason<'a> = &'a dyn Fn(&Comparison) -> Option<String>;

/// Why names are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is nothing to fail on{}", hint(suggestion.as_deref()))]
pub struct FailOnError {
    /// The name.
    pub name: String,
    /// The nearest that there is.
    pub suggestion: Option<String>,
}

fn hint(suggestion: Option<&str>) -> String {
    match suggestion {
        Some(name) => format!("; did you mean {name:?}?"),
        None => {
            let names: Vec<&str> = FailOn::names().collect();
            format!(": it is {}", names.join(", "))
        }
    }
}

impl Criterion {
    fn all() -> impl Iterator<Item = Self> {
        [
            Self::Budget,
            Self::MorePages,
            Self::LostIncidents,
            Self::Findings,
        ]
        .into_iter()
        .chain(FindingKind::ALL.map(Self::Finding))
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::MorePages => "more-pages",
            Self::LostIncidents => "lost-incidents",
            Self::Findings => "findings",
            Self::Finding(kind) => kind.as_str(),
        }
    }
}

impl FromStr for FailOn {
    type Err = FailOnError;

    /// Reads names that are separated by commas.
    fn from_str(text: &str) -> Result<Self, FailOnError> {
        let criterion = |name: &str| {
            let found = Criterion::all().find(|criterion| criterion.as_str() == name);
            found.ok_or_else(|| FailOnError {
                name: name.to_owned(),
                suggestion: did_you_mean(name, Self::names()).map(str::to_owned),
            })
        };
        let names = text.split(',').map(str::trim);
        names.map(criterion).collect::<Result<_, _>>().map(Self)
    }
}

impl FailOn {
    /// All names: `budget`, `more-pages` and `lost-incidents` (against a base), `findings` (any),
    /// and those of [`FindingKind`].
    pub fn names() -> impl Iterator<Item = &'static str> {
        Criterion::all().map(Criterion::as_str)
    }

    /// Whether it asks for a budget.
    pub fn needs_budget(&self) -> bool {
        self.0.contains(&Criterion::Budget)
    }

    /// Whether it asks for a base to compare with.
    pub fn needs_base(&self) -> bool {
        self.0.contains(&Criterion::MorePages) || self.0.contains(&Criterion::LostIncidents)
    }

    /// Why a backtest fails: each reason with the name that it is for; none if it does not.
    ///
    /// What needs a base fails where there is none, and so does `lost-incidents` where no incident is
    /// judged.
    pub fn reasons(
        &self,
        verdict: &Verdict,
        breaches: &[Breach],
        comparison: Option<&Comparison>,
    ) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.needs_budget() {
            let sentences = breaches.iter().map(|breach| &breach.sentence);
            reasons.extend(sentences.map(|sentence| format!("budget: {sentence}")));
        }
        let mut against_base = |criterion: Criterion, reason: Reason<'_>| {
            if self.0.contains(&criterion) {
                let reason = match comparison {
                    Some(comparison) => reason(comparison),
                    None => Some("there is no base to compare with".to_owned()),
                };
                let name = criterion.as_str();
                reasons.extend(reason.map(|reason| format!("{name}: {reason}")));
            }
        };
        against_base(Criterion::MorePages, &more_pages);
        against_base(
            Criterion::LostIncidents,
            &|comparison| match verdict.incidents.is_empty() {
                true => Some("no incident lies in the range, so that none can be lost".to_owned()),
                false => lost_incidents(comparison),
            },
        );
        let is_meant = |kind| {
            self.0.contains(&Criterion::Findings) || self.0.contains(&Criterion::Finding(kind))
        };
        let findings = verdict.findings.iter().filter(|f| is_meant(f.kind));
        reasons.extend(findings.map(|f| format!("{}: {}", f.kind.as_str(), f.sentence)));
        reasons
    }
}

fn more_pages(comparison: &Comparison) -> Option<String> {
    let (base, new) = (&comparison.base, &comparison.new);
    (new.pages_per_week() > base.pages_per_week()).then(|| {
        format!(
            "{} pages instead of {} ({:.2} a week instead of {:.2})",
            new.totals.pages,
            base.totals.pages,
            new.pages_per_week(),
            base.pages_per_week()
        )
    })
}

fn lost_incidents(comparison: &Comparison) -> Option<String> {
    let is_lost = |change: &IncidentChangeKind| *change == IncidentChangeKind::Lost;
    let changes = comparison.incidents.iter().map(|i| i.change);
    match changes.filter(is_lost).count() {
        0 => None,
        1 => Some("1 incident that the base met is lost".to_owned()),
        lost => Some(format!("{lost} incidents that the base met are lost")),
    }
}
