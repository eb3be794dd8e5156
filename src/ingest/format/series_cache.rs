//! Remembers the series of an export by the text that names them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_128;

use crate::ingest::{ReadOptions, RecordSink, SeriesRef};
use crate::model::{Labels, METRIC_NAME, Warning};

/// Takes the low half of a key that is a hash already.
#[derive(Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}

/// From the raw text of a series to its handle. Texts are kept as 128-bit
/// hashes only, so that a million series cost tens of megabytes.
#[derive(Default)]
pub(super) struct SeriesCache {
    last: Option<(Vec<u8>, SeriesRef)>,
    known: HashMap<u128, SeriesRef, BuildHasherDefault<Unhashed>>,
}

impl SeriesCache {
    /// Returns the series whose text was asked for last: dumps are grouped by
    /// series.
    #[inline]
    pub(super) fn last(&self) -> Option<(&[u8], SeriesRef)> {
        self.last
            .as_ref()
            .map(|(text, series)| (&text[..], *series))
    }

    /// Returns the handle of a series, which `make` finds out the first time.
    pub(super) fn get_or_make<E>(
        &mut self,
        text: &[u8],
        make: impl FnOnce() -> Result<SeriesRef, E>,
    ) -> Result<SeriesRef, E> {
        if let Some((last, series)) = &self.last
            && last == text
        {
            return Ok(*series);
        }
        let key = xxh3_128(text);
        let series = match self.known.get(&key) {
            Some(&series) => series,
            None => {
                let series = make()?;
                self.known.insert(key, series);
                series
            }
        };
        let (last, last_series) = self.last.get_or_insert_with(|| (Vec::new(), series));
        last.clear();
        last.extend_from_slice(text);
        *last_series = series;
        Ok(series)
    }
}

/// Hands a label set to the sink. A set without a name (the result of an
/// expression) gets `--metric`, or else the file's name.
pub(super) fn intern(
    mut pairs: Vec<(Box<str>, Box<str>)>,
    options: &ReadOptions,
    sink: &mut dyn RecordSink,
) -> Result<SeriesRef, String> {
    if !pairs
        .iter()
        .any(|(name, value)| &**name == METRIC_NAME && !value.is_empty())
    {
        pairs.retain(|(name, _)| &**name != METRIC_NAME);
        let name = match &options.metric {
            Some(metric) => metric.clone(),
            None => {
                let name = name_from_file(&options.file_name)
                    .ok_or("the series has no name: say --metric NAME")?;
                sink.warn(Warning::new(
                    "unnamed-series",
                    format!("series without a name are called {name:?} after the file: --metric NAME gives another"),
                ));
                name
            }
        };
        pairs.push((METRIC_NAME.into(), name.into()));
    }
    let labels = Labels::from_pairs(pairs).map_err(|error| error.to_string())?;
    Ok(sink.series(labels))
}

fn name_from_file(file_name: &str) -> Option<String> {
    let stem = file_name.split('.').next().unwrap_or_default();
    let name: String = stem
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    let usable = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    usable.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::test_sink::TestSink;

    #[test]
    fn asks_once_for_each_text() {
        let mut cache = SeriesCache::default();
        let mut asked = 0;
        for text in ["a", "a", "b", "a", "b"] {
            let series = cache.get_or_make(text.as_bytes(), || {
                asked += 1;
                Ok::<_, ()>(SeriesRef(if text == "a" { 7 } else { 8 }))
            });
            assert_eq!(series, Ok(SeriesRef(if text == "a" { 7 } else { 8 })));
        }
        assert_eq!(asked, 2);
        assert_eq!(cache.get_or_make(b"c", || Err("bad")), Err("bad"));
        assert_eq!(cache.last(), Some((&b"b"[..], SeriesRef(8))));
    }

    #[test]
    fn names_what_has_no_name() {
        let mut sink = TestSink::default();
        let mut options = ReadOptions::default();
        let pairs = || vec![("job".into(), "a".into())];
        assert!(intern(pairs(), &options, &mut sink).is_err());
        options.file_name = "error-rate.2026.json".into();
        assert!(intern(pairs(), &options, &mut sink).is_ok());
        options.metric = Some("errors:ratio".into());
        assert!(intern(pairs(), &options, &mut sink).is_ok());
        let names: Vec<_> = sink.series.iter().map(Labels::metric).collect();
        assert_eq!(names, ["error_rate", "errors:ratio"]);
        assert_eq!(sink.warnings.len(), 1);
    }
}
