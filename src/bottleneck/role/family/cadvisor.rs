use super::super::pattern::{Family, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

/// Series of the container itself: not of the pod's sum (no label) or its sandbox.
const CONTAINER: &[(&str, &str)] = &[("container", "+")];
const CPU: &[(&str, &str)] = &[("container", "+"), ("resource", "cpu")];
const MEMORY: &[(&str, &str)] = &[("container", "+"), ("resource", "memory")];

/// cAdvisor and kube-state-metrics: containers.
pub(super) const CADVISOR: Family = Family {
    name: "cAdvisor",
    kind: StageKind::Worker,
    stage: &["container", "pod", "name"],
    patterns: &[
        counter("container_cpu_usage_seconds_total", Role::Cpu)
            .with(CONTAINER)
            .of_process(),
        // The sample system, and exporters without Kubernetes, have it by process.
        counter("container_cpu_cfs_throttled_seconds_total", Role::Throttled).of_process(),
        gauge("container_memory_working_set_bytes", Role::Memory)
            .with(CONTAINER)
            .of_process(),
        gauge("container_spec_memory_limit_bytes", Role::MemoryLimit)
            .with(CONTAINER)
            .of_process(),
        // In 1/100,000 of a core: the usual period is 100 ms.
        gauge("container_spec_cpu_quota", Role::CpuLimit)
            .with(CONTAINER)
            .scale(1e-5)
            .of_process(),
        gauge("kube_pod_container_resource_limits", Role::CpuLimit)
            .with(CPU)
            .of_process(),
        gauge("kube_pod_container_resource_limits", Role::MemoryLimit)
            .with(MEMORY)
            .of_process(),
    ],
    edges: &[],
};
