//! Writes logs as Elasticsearch gives them: `elasticdump` lines and a `_search` answer.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json_logs::fields;
use super::output::Output;
use crate::simulate::export::date_dots;
use crate::simulate::logs::LogLine;
use crate::simulate::topology::layer;

fn hit(number: usize, line: &LogLine) -> Value {
    json!({
        "_index": format!("logs-{}-{}", layer(line.service), date_dots(line.ts)),
        "_id": format!("{}-{number}", line.service),
        "_score": 1,
        "_source": fields(line, "@timestamp"),
    })
}

/// Writes one document a line.
pub(in crate::simulate) fn write_dump<'a>(
    lines: impl Iterator<Item = &'a LogLine>,
    output: &mut Output,
) -> io::Result<()> {
    for (number, line) in lines.enumerate() {
        writeln!(output, "{}", hit(number, line))?;
    }
    Ok(())
}

/// Writes one answer with every document among its hits.
pub(in crate::simulate) fn write_search<'a>(
    lines: impl Iterator<Item = &'a LogLine>,
    output: &mut Output,
) -> io::Result<()> {
    let hits: Vec<Value> = lines.enumerate().map(|(n, line)| hit(n, line)).collect();
    let answer = json!({
        "took": 12,
        "timed_out": false,
        "_shards": {"total": 5, "successful": 5, "skipped": 0, "failed": 0},
        "hits": {
            "total": {"value": hits.len(), "relation": "eq"},
            "max_score": 1,
            "hits": hits,
        },
    });
    writeln!(output, "{answer}")
}
