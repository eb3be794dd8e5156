//! What the process has cost so far, as Linux tells it under `/proc/self`.

use std::fs;

/// Clock ticks in a second, of all Linux systems (`USER_HZ`, proc(5)).
const TICKS: f64 = 100.0;

/// What a process has cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    /// Seconds of the processor, the kernel's among them.
    pub(super) cpu: f64,
    /// The most memory that was resident, bytes.
    pub(super) peak: u64,
}

impl Usage {
    /// Reads it; `None` where the system does not tell.
    pub(super) fn read() -> Option<Self> {
        let cpu = cpu_seconds(&fs::read_to_string("/proc/self/stat").ok()?)?;
        let peak = peak_bytes(&fs::read_to_string("/proc/self/status").ok()?)?;
        Some(Self { cpu, peak })
    }
}

/// Fields 14 and 15, counted behind the name in parentheses, which may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user.saturating_add(system)) as f64 / TICKS)
}

fn peak_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_writes() {
        let stat = "4711 (a )(b) R 1 4711 1 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 8 0 12345";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("4711 (a) R 1"), None);
        let status = "Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(peak_bytes(status), Some(2 << 20));
        assert_eq!(peak_bytes(""), None);
    }
}
