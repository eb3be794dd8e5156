//! The formats, one file each. A new one is a file and a line in [`FORMATS`].

mod csv_header;
mod csv_legend;
mod csv_number;
mod csv_rows;
mod csv_tall;
mod csv_unit;
mod head;
mod json_slice;
mod number;
mod series_cache;
mod csv_wide;
mod time_text;
mod victoriametrics;

use super::Format;

/// Every format that `ingest` knows, in the order in which a draw of `sniff` is settled.
pub static FORMATS: &[&dyn Format] = &[
    &victoriametrics::VictoriaMetrics,
    &csv_tall::CsvTall,
    &csv_wide::CsvWide,
];

/// Finds a format by the name for `--from`.
pub fn by_name(name: &str) -> Result<&'static dyn Format, String> {
    let found = FORMATS.iter().find(|format| format.name() == name);
    found.copied().ok_or_else(|| {
        let names: Vec<&str> = FORMATS.iter().map(|format| format.name()).collect();
        format!("there is no format {name:?}; formats are {}", names.join(", "))
    })
}
