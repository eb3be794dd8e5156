use std::collections::BTreeMap;

use crate::bottleneck::topology::{Binding, Bindings, Role};
use crate::model::{Labels, MetricType};

/// Tells whether a binding takes a series.
pub fn series_of(binding: &Binding, labels: &Labels) -> bool {
    binding.metric.as_deref() == Some(labels.metric())
        && binding
            .labels
            .iter()
            .all(|(name, value)| labels.get(name).unwrap_or("") == value)
}

/// What tells a series from others of its role: an error's type, a partition, `le`.
pub fn tag_of(role: Role, labels: &Labels) -> Option<String> {
    let names: &[&str] = match role {
        Role::LatencyBucket => &["le"],
        Role::PartitionArrivals => &[
            "partition",
            "subtask_index",
            "subtask",
            "shard",
            "executor_id",
        ],
        Role::Errors => &[
            "error_type",
            "error",
            "reason",
            "exception",
            "type",
            "code",
            "status",
            "status_code",
            "grpc_code",
        ],
        _ => return None,
    };
    names
        .iter()
        .find_map(|name| labels.get(name))
        .map(str::to_owned)
}

/// Tells whether a metric only rises, by its type, or else by its name's ending.
pub fn is_counter(metric: &str, metric_type: Option<MetricType>) -> bool {
    match metric_type {
        Some(MetricType::Counter) => true,
        Some(MetricType::Gauge) => false,
        Some(MetricType::Histogram) => true,
        Some(MetricType::Summary) => metric.ends_with("_sum") || metric.ends_with("_count"),
        None => ["_total", "_count", "_sum", "_bucket"]
            .iter()
            .any(|end| metric.ends_with(end)),
    }
}

/// Adds a binding to a role that may have others.
pub(super) fn bind(roles: &mut BTreeMap<Role, Bindings>, role: Role, binding: Binding) {
    match roles.remove(&role) {
        None => {
            roles.insert(role, Bindings::One(binding));
        }
        Some(Bindings::One(one)) => {
            let same = one == binding;
            let both = if same {
                Bindings::One(one)
            } else {
                Bindings::Many(vec![one, binding])
            };
            roles.insert(role, both);
        }
        Some(Bindings::Many(mut many)) => {
            if !many.contains(&binding) {
                many.push(binding);
            }
            roles.insert(role, Bindings::Many(many));
        }
    }
}
