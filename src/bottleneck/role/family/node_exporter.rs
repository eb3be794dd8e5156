use super::super::pattern::{Family, counter, gauge};
use crate::bottleneck::topology::{Role, StageKind};

const AT_WORK: &[(&str, &str)] = &[("mode", "user|nice|system|irq|softirq|steal")];
/// File systems that hold data, not those of the system's own making.
const DATA: &[(&str, &str)] = &[("fstype", "|ext*|xfs|btrfs|zfs|nfs*|f2fs")];

/// node_exporter: hosts, and volumes that a service is named for.
pub(super) const NODE: Family = Family {
    name: "node_exporter",
    kind: StageKind::Host,
    stage: &["service", "nodename", "node", "host", "instance"],
    patterns: &[
        counter("node_cpu_seconds_total", Role::Cpu)
            .with(AT_WORK)
            .of_process(),
        counter("node_pressure_cpu_waiting_seconds_total", Role::Throttled).of_process(),
        counter(
            "node_pressure_io_waiting_seconds_total",
            Role::Backpressured,
        )
        .of_process(),
        gauge("node_filesystem_avail_bytes", Role::Free)
            .with(DATA)
            .of_process(),
        gauge("node_filesystem_size_bytes", Role::Capacity)
            .with(DATA)
            .of_process(),
        counter("node_disk_write_time_seconds_total", Role::WriteLatencySum).of_process(),
        counter("node_disk_writes_completed_total", Role::WriteLatencyCount).of_process(),
        counter("node_disk_io_time_seconds_total", Role::Busy).of_process(),
        gauge("node_disk_io_now", Role::Queue).of_process(),
    ],
    edges: &[],
};
