use std::collections::BTreeMap;

use super::{Bindings, Role, System};

/// Why a description of a system cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SystemError {
    /// An edge names a stage that there is not.
    #[error("edge {from} -> {to}: there is no stage {missing:?}")]
    NoSuchStage {
        /// The edge's begin.
        from: String,
        /// The edge's end.
        to: String,
        /// The stage that is missing.
        missing: String,
    },
    /// An edge leads from a stage to itself.
    #[error("edge {stage} -> {stage}: a stage has no edge to itself")]
    Loop {
        /// The stage.
        stage: String,
    },
    /// A binding says nothing, or more than one thing.
    #[error("stage {stage}, {role}: give one of metric, promql and sql")]
    Source {
        /// The stage.
        stage: String,
        /// The role.
        role: &'static str,
    },
    /// A scale that is not a number, or 0.
    #[error("stage {stage}, {role}: scale must be a finite number other than 0")]
    Scale {
        /// The stage.
        stage: String,
        /// The role.
        role: &'static str,
    },
}

/// Finds everything that is wrong with a description.
pub fn check(system: &System) -> Vec<SystemError> {
    let mut errors = Vec::new();
    for (name, stage) in &system.stages {
        check_roles(name, &stage.roles, &mut errors);
    }
    for edge in &system.edges {
        check_roles(
            &format!("{} -> {}", edge.from, edge.to),
            &edge.roles,
            &mut errors,
        );
        for end in [&edge.from, &edge.to] {
            if !system.stages.contains_key(end) {
                errors.push(SystemError::NoSuchStage {
                    from: edge.from.clone(),
                    to: edge.to.clone(),
                    missing: end.clone(),
                });
            }
        }
        if edge.from == edge.to {
            errors.push(SystemError::Loop {
                stage: edge.from.clone(),
            });
        }
    }
    errors
}

fn check_roles(name: &str, roles: &BTreeMap<Role, Bindings>, errors: &mut Vec<SystemError>) {
    for (role, bindings) in roles {
        for binding in bindings.iter() {
            let sources = [&binding.metric, &binding.promql, &binding.sql];
            if sources.iter().filter(|s| s.is_some()).count() != 1 {
                errors.push(SystemError::Source {
                    stage: name.to_owned(),
                    role: role.as_str(),
                });
            }
            if binding.scale.is_some_and(|s| !s.is_finite() || s == 0.0) {
                errors.push(SystemError::Scale {
                    stage: name.to_owned(),
                    role: role.as_str(),
                });
            }
        }
    }
}
