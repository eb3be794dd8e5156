//! Writes sampled requests as Jaeger's `/api/traces` does (times in µs).

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::output::Output;
use crate::simulate::traces::Trace;

/// Writes the traces.
pub(in crate::simulate) fn write(traces: &[Trace], output: &mut Output) -> io::Result<()> {
    output.write_all(b"{\"data\":[")?;
    for (index, trace) in traces.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(output, "{comma}{}", document(trace))?;
    }
    writeln!(
        output,
        "],\"total\":{},\"limit\":0,\"offset\":0,\"errors\":null}}",
        traces.len()
    )
}

fn document(trace: &Trace) -> Value {
    let mut services: Vec<&str> = trace.spans.iter().map(|s| s.service).collect();
    services.sort_unstable();
    services.dedup();
    let process_of = |service: &str| {
        let index = services.iter().position(|s| *s == service).unwrap_or(0);
        format!("p{}", index + 1)
    };
    let spans: Vec<Value> = trace
        .spans
        .iter()
        .map(|span| {
            let references: Vec<Value> = span
                .parent
                .and_then(|parent| trace.spans.get(parent))
                .map(|parent| {
                    json!({
                        "refType": if span.follows { "FOLLOWS_FROM" } else { "CHILD_OF" },
                        "traceID": trace.trace_id,
                        "spanID": parent.span_id,
                    })
                })
                .into_iter()
                .collect();
            json!({
                "traceID": trace.trace_id,
                "spanID": span.span_id,
                "operationName": span.name,
                "references": references,
                "startTime": span.start,
                "duration": span.duration,
                "tags": [{"key": "span.kind", "type": "string", "value": span.kind}],
                "logs": [],
                "processID": process_of(span.service),
                "warnings": null,
            })
        })
        .collect();
    let processes: Map<String, Value> = services
        .iter()
        .map(|service| {
            let process = json!({"serviceName": service, "tags": []});
            (process_of(service), process)
        })
        .collect();
    json!({"traceID": trace.trace_id, "spans": spans, "processes": processes})
}
