//! `rate(ts, value)`: a counter's rise a second; see [`increase`](super::increase).

use datafusion::logical_expr::AggregateUDF;

use super::increase::{CounterRise, Measure};
use super::{Function, FunctionKind};

pub(super) static FUNCTION: Function = Function {
    name: "rate",
    kind: FunctionKind::Aggregate,
    syntax: "rate(ts, value)",
    description: "Returns how much a counter rose a second between the first and the last sample \
of a group: `increase(ts, value)` over the time between them. All that is said of `increase` \
holds.",
    example: "SELECT rate(ts, value) AS rate \
FROM (VALUES (TIMESTAMP '2026-03-01 00:00:00', 10), (TIMESTAMP '2026-03-01 00:01:00', 40), \
(TIMESTAMP '2026-03-01 00:02:00', 5)) AS requests(ts, value) WHERE value > 5",
    result: "\
+------+
| rate |
+------+
| 0.5  |
+------+",
    register: |ctx| ctx.register_udaf(AggregateUDF::from(CounterRise::new(Measure::Rate))),
};
