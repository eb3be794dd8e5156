//! Writes the store's Parquet files: zstd, large pages, an encoding a column.
//!
//! Measured on scraped metrics: pages of 131,072 rows let zstd find the scrape
//! times that neighbouring series of a target share; the crate's default of
//! 20,000 rows costs half as much again.
//!
//! A file is built in memory and is to be ended at about [`FILE_BYTES`]. Row
//! groups are bounded too: those of samples by their rows, those of tables with
//! text by what they hold.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use xxhash_rust::xxh3::xxh3_128;

use super::error::StoreError;
use super::file_stats::FileStats;
use super::schema::TableKind;

/// Rows of a data page.
pub(crate) const PAGE_ROWS: usize = 131_072;
/// Bytes as written after which a file is to be ended.
pub(crate) const FILE_BYTES: usize = 32 << 20;
/// Rows of a row group.
const GROUP_ROWS: usize = 524_288;
/// Rows of a data page of a table with text, and what its row groups hold in
/// memory: enough for zstd, and little where many files are merged.
const TEXT_PAGE_ROWS: usize = 16_384;
const TEXT_GROUP_BYTES: usize = 8 << 20;
/// What rows with text hold that are handed to the encoder at a time.
const TEXT_BATCH_BYTES: usize = 1 << 20;

/// A finished file, not yet in the store.
#[derive(Debug)]
pub(crate) struct ParquetFile {
    pub(crate) bytes: Bytes,
    pub(crate) stats: FileStats,
}

impl ParquetFile {
    /// Returns the name: the same bytes always have the same.
    pub(crate) fn name(&self) -> String {
        format!("part-{:032x}.parquet", xxh3_128(&self.bytes))
    }
}

/// Writes one file into memory, batch by batch.
pub(crate) struct ParquetFileWriter {
    table: TableKind,
    writer: ArrowWriter<Vec<u8>>,
    /// What the rows of the current row group hold in memory.
    group_bytes: usize,
    pub(crate) stats: FileStats,
}

impl ParquetFileWriter {
    /// Begins a file of a table. `schema` may hold dictionaries where the
    /// table's schema has plain text; `ts_encoding` only matters to samples.
    pub(crate) fn new(
        table: TableKind,
        schema: &SchemaRef,
        ts_encoding: Encoding,
    ) -> Result<Self, StoreError> {
        let page_rows = match table {
            TableKind::Samples => PAGE_ROWS,
            _ => TEXT_PAGE_ROWS,
        };
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(zstd_level()))
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .set_data_page_row_count_limit(page_rows)
            .set_data_page_size_limit(PAGE_ROWS * 8)
            .set_write_batch_size(8_192)
            .set_statistics_enabled(EnabledStatistics::Page)
            // A hash: no two are the same.
            .set_column_dictionary_enabled(ColumnPath::from("record_id"), false)
            .set_created_by(concat!("retrocast ", env!("CARGO_PKG_VERSION")).to_owned());
        if table == TableKind::Samples {
            let ts = ColumnPath::from("ts");
            let value = ColumnPath::from("value");
            properties = properties
                .set_column_dictionary_enabled(ts.clone(), false)
                .set_column_encoding(ts, ts_encoding)
                .set_column_dictionary_enabled(value.clone(), false)
                .set_column_encoding(value.clone(), Encoding::PLAIN)
                .set_column_statistics_enabled(value, EnabledStatistics::None);
        }
        let sorting: Vec<SortingColumn> = table
            .sort_order()
            .iter()
            .filter_map(|name| schema.index_of(name).ok())
            .map(|index| SortingColumn {
                column_idx: i32::try_from(index).unwrap_or(i32::MAX),
                descending: false,
                nulls_first: false,
            })
            .collect();
        if !sorting.is_empty() {
            properties = properties.set_sorting_columns(Some(sorting));
        }
        let options = ArrowWriterOptions::new()
            .with_properties(properties.build())
            // A dictionary is how we hand text over, not a type of the table.
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), schema.clone(), options)
            .map_err(encode_error)?;
        Ok(Self {
            table,
            writer,
            group_bytes: 0,
            stats: FileStats::default(),
        })
    }

    /// Appends rows; the caller keeps [`stats`](Self::stats) up to date.
    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        if self.table == TableKind::Samples {
            return self.writer.write(batch).map_err(encode_error);
        }
        let bytes: usize = batch.columns().iter().map(|c| held_bytes(c)).sum();
        let rows = batch.num_rows();
        if bytes > TEXT_BATCH_BYTES && rows > 1 {
            self.write(&batch.slice(0, rows / 2))?;
            return self.write(&batch.slice(rows / 2, rows - rows / 2));
        }
        self.writer.write(batch).map_err(encode_error)?;
        self.group_bytes += bytes;
        if self.group_bytes >= TEXT_GROUP_BYTES {
            self.writer.flush().map_err(encode_error)?;
            self.group_bytes = 0;
        }
        Ok(())
    }

    /// Returns the bytes of the file so far; those of the current row group
    /// are estimated.
    pub(crate) fn bytes(&self) -> usize {
        self.writer.bytes_written() + self.writer.in_progress_size()
    }

    /// Ends the file.
    pub(crate) fn finish(self) -> Result<ParquetFile, StoreError> {
        let bytes = self.writer.into_inner().map_err(encode_error)?;
        Ok(ParquetFile {
            bytes: bytes.into(),
            stats: self.stats,
        })
    }
}

/// Writes batches of one table as one file.
pub(crate) fn encode(table: TableKind, batches: &[RecordBatch]) -> Result<ParquetFile, StoreError> {
    let mut writer = ParquetFileWriter::new(table, &table.file_schema(), Encoding::PLAIN)?;
    for batch in batches {
        writer.stats.update(batch);
        writer.write(batch)?;
    }
    writer.finish()
}

/// Returns the bytes of an array's rows in memory, about.
fn held_bytes(array: &dyn Array) -> usize {
    let texts = |offsets: &[i32]| match offsets {
        [first, .., last] => (last - first).unsigned_abs() as usize,
        _ => 0,
    };
    let own = match array.data_type() {
        DataType::Utf8 => texts(array.as_string::<i32>().value_offsets()),
        DataType::Map(..) => {
            let map = array.as_map();
            let first = map.value_offsets().first().map_or(0, |o| *o as usize);
            let entries = map.entries().slice(first, texts(map.value_offsets()));
            entries.columns().iter().map(|c| held_bytes(c)).sum()
        }
        _ => 0,
    };
    own + 8 * array.len()
}

fn zstd_level() -> ZstdLevel {
    ZstdLevel::try_new(3).unwrap_or_default()
}

fn encode_error(source: ParquetError) -> StoreError {
    StoreError::Parquet {
        path: "(being written)".into(),
        source,
    }
}
