use crate::bottleneck::topology::{EdgeKind, Role, StageKind};

/// Whose numbers a metric tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// Of the stage that its labels name.
    Stage,
    /// Of a process or container: of the stage that runs there, if it is one only.
    Process,
    /// Of an edge: who calls and who is called stand in two labels.
    Edge(&'static str, &'static str),
}

/// A metric whose meaning is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pattern {
    /// Its name; a `*` stands for any text.
    pub(super) metric: &'static str,
    /// The role that it plays.
    pub(super) role: Role,
    /// What brings it to the role's unit.
    pub(super) scale: f64,
    /// Whether it only rises, whatever its type is given as.
    pub(super) counter: bool,
    /// Labels that it must have, each with values apart by `|`; `*` in a value stands
    /// for any text, the value `+` for any but none.
    pub(super) with: &'static [(&'static str, &'static str)],
    /// Whose numbers it tells.
    pub(super) scope: Scope,
    /// Labels that name the stage beside those of the family, looked at first.
    pub(super) named: &'static [&'static str],
}

/// A count that only rises.
pub(super) const fn counter(metric: &'static str, role: Role) -> Pattern {
    Pattern {
        metric,
        role,
        scale: 1.0,
        counter: true,
        with: &[],
        scope: Scope::Stage,
        named: &[],
    }
}

/// A value that may rise and fall.
pub(super) const fn gauge(metric: &'static str, role: Role) -> Pattern {
    Pattern {
        counter: false,
        ..counter(metric, role)
    }
}

impl Pattern {
    pub(super) const fn scale(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    pub(super) const fn with(self, with: &'static [(&'static str, &'static str)]) -> Self {
        Self { with, ..self }
    }

    pub(super) const fn of_process(self) -> Self {
        Self {
            scope: Scope::Process,
            ..self
        }
    }

    pub(super) const fn of_edge(self, from: &'static str, to: &'static str) -> Self {
        Self {
            scope: Scope::Edge(from, to),
            ..self
        }
    }

    pub(super) const fn named(self, named: &'static [&'static str]) -> Self {
        Self { named, ..self }
    }
}

/// Metrics of one exporter or library.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// What it is called.
    pub(super) name: &'static str,
    /// What its stages are.
    pub(super) kind: StageKind,
    /// Labels that name its stages: the first that a series has.
    pub(super) stage: &'static [&'static str],
    /// Its metrics; of two for one role of a stage, the first counts.
    pub(super) patterns: &'static [Pattern],
    /// Edges that hold wherever both stages are found.
    pub(super) edges: &'static [(&'static str, &'static str, EdgeKind)],
}

/// Labels that name a service, the most telling first.
pub(super) const SERVICE: &[&str] = &[
    "service",
    "service_name",
    "app",
    "app_kubernetes_io_name",
    "application",
    "workload",
    "deployment",
    "job",
    "pod",
    "instance",
];

/// Tells whether a text fits a pattern in which each `*` stands for any text.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut last = None;
    for part in parts {
        if let Some(part) = last.replace(part) {
            let Some(at) = rest.find(part) else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
    }
    last.map_or(rest.is_empty(), |part: &str| rest.ends_with(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        assert!(fits("a_total", "a_total") && !fits("a_total", "a_total_x"));
        assert!(fits("5*", "503") && !fits("5*", "403") && fits("*", ""));
        assert!(fits("a_*_b_*", "a_x_b_") && !fits("a_*_b", "a_b"));
        assert!(fits("*_Time", "x_Time") && !fits("*_Time", "x_Time_y"));
        assert!(!fits("ab*ba", "aba"));
    }
}
