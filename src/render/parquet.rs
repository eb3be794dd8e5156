use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::report::Table;

/// Writes a table as a Parquet file, zstd level 3; the document's title and the
/// columns' units are key-value metadata (`retrocast.title`, `retrocast.unit.COLUMN`).
pub(super) fn render(table: &Table, title: &str) -> Result<Vec<u8>, ParquetError> {
    let mut metadata = vec![KeyValue::new(
        "retrocast.title".to_owned(),
        title.to_owned(),
    )];
    for column in &table.columns {
        if let Some(unit) = &column.unit {
            let key = format!("retrocast.unit.{}", column.name);
            metadata.push(KeyValue::new(key, unit.as_str().to_owned()));
        }
    }
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
        .set_key_value_metadata(Some(metadata))
        .set_created_by("retrocast".to_owned())
        .build();
    let schema = std::sync::Arc::clone(table.schema());
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
    for batch in table.batches() {
        writer.write(batch)?;
    }
    writer.into_inner()
}
