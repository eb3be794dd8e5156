//! Writes application logs as JSON lines in the system's standard form.

use std::io::{self, Write};

use serde_json::{Map, Value};

use super::output::Output;
use crate::simulate::export::time_ms;
use crate::simulate::logs::LogLine;
use crate::simulate::topology::layer;

/// Returns a line's fields; the time goes to the field of the given name.
pub(super) fn fields(line: &LogLine, time_field: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        fields.insert(name.to_owned(), value);
    };
    put(time_field, time_ms(line.ts).into());
    put("level", line.level.into());
    put("service", line.service.into());
    put("layer", layer(line.service).into());
    if let Some(id) = &line.trace_id {
        put("trace_id", id.as_str().into());
    }
    if let Some(id) = &line.span_id {
        put("span_id", id.as_str().into());
    }
    put("message", line.message.as_str().into());
    if let Some(id) = &line.event_id {
        put("event_id", id.as_str().into());
    }
    if let Some(time) = line.processing_time_ms {
        put("processing_time_ms", time.into());
    }
    if !line.metadata.is_empty() {
        let metadata: Map<String, Value> = line
            .metadata
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect();
        put("metadata", metadata.into());
    }
    fields
}

/// Writes the lines.
pub(in crate::simulate) fn write<'a>(
    lines: impl Iterator<Item = &'a LogLine>,
    output: &mut Output,
) -> io::Result<()> {
    for line in lines {
        writeln!(output, "{}", Value::Object(fields(line, "timestamp")))?;
    }
    Ok(())
}
