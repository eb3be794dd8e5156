use std::io::{self, Write};

use chrono_tz::Tz;

use super::{Format, csv, ndjson};
use crate::report::Table;

/// Writes rows as they are made, in a format that holds nothing else: `csv` or `ndjson`.
///
/// The bytes are those of the whole table at once.
pub struct RowWriter<W> {
    out: W,
    is_csv: bool,
    has_header: bool,
    tz: Tz,
}

impl<W: Write> RowWriter<W> {
    /// Makes a writer; `None` for a format that needs all rows at once.
    pub fn new(out: W, format: Format, tz: Tz) -> Option<Self> {
        matches!(format, Format::Csv | Format::Ndjson).then_some(Self {
            out,
            is_csv: format == Format::Csv,
            has_header: false,
            tz,
        })
    }

    /// Writes the rows of a table; all tables have the same columns.
    pub fn write(&mut self, table: &Table) -> io::Result<()> {
        let mut bytes = Vec::new();
        if !self.is_csv {
            bytes = ndjson::render(table, self.tz);
        } else {
            if !self.has_header {
                csv::header(&mut bytes, table);
                self.has_header = true;
            }
            csv::rows(&mut bytes, table, self.tz);
        }
        self.out.write_all(&bytes)
    }

    /// Ends it.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}
