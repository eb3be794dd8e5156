/// What the spans of one operation of one service did, times summed over all, ns.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// The service; empty where a span has none.
    pub service: String,
    /// The spans' name.
    pub name: String,
    /// How many spans.
    pub count: u64,
    /// How many of them failed.
    pub errors: u64,
    /// Their durations.
    pub total_ns: i64,
    /// Of these, the time in which no child was waited for.
    pub self_ns: i64,
    /// How long they stood in a queue before they began: from the end of a parent that did not
    /// wait, or from its begin where it did not end before.
    pub queued_ns: i64,
    /// Their own time on critical paths.
    pub critical_ns: i64,
    /// Their time in queues on critical paths.
    pub critical_queued_ns: i64,
    /// On how many traces' critical paths they stand.
    pub critical_traces: u64,
    /// What it would save if their own time were shorter; of the first of the list.
    pub what_if: Option<WhatIf>,
}

impl Operation {
    pub(super) fn new((service, name): (&str, &str)) -> Self {
        Self {
            service: service.to_owned(),
            name: name.to_owned(),
            count: 0,
            errors: 0,
            total_ns: 0,
            self_ns: 0,
            queued_ns: 0,
            critical_ns: 0,
            critical_queued_ns: 0,
            critical_traces: 0,
            what_if: None,
        }
    }

    /// The time in which children were waited for, ns.
    pub fn waiting_ns(&self) -> i64 {
        self.total_ns.saturating_sub(self.self_ns)
    }
}

/// What a shorter operation would save, all dependencies kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WhatIf {
    /// What its own time is multiplied by: 0.8.
    pub factor: f64,
    /// How much shorter the mean trace would be, ns.
    pub saved_ns: f64,
    /// The same as a share of the mean trace.
    pub share: f64,
}

/// One service calls another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallEdge {
    /// Who calls; empty where a span names no service.
    pub caller: String,
    /// Who is called.
    pub callee: String,
    /// Whether the caller does not wait.
    pub detached: bool,
    /// How often.
    pub calls: u64,
    /// How many of the calls failed.
    pub errors: u64,
}
