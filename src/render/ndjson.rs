use chrono_tz::Tz;

use super::json::write_rows;
use crate::report::Table;

/// Writes one JSON object a row, values as in `json`.
pub(super) fn render(table: &Table, tz: Tz) -> Vec<u8> {
    let mut out = Vec::new();
    let mut first = true;
    write_rows(&mut out, table, tz, |out| {
        if !first {
            out.push(b'\n');
        }
        first = false;
    });
    if !first {
        out.push(b'\n');
    }
    out
}
