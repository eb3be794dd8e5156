use std::collections::HashMap;

use super::format::by_name;
use super::{ReadError, ReadOptions, RecordSink, SeriesRef, Source};
use crate::model::{Event, EventKind, JobRun, Labels, LogRecord, MetricMetadata, Span, Warning};

/// What a file of events holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventList {
    /// The events in the order of the file; of one identity and kind the last, at the first's place.
    pub events: Vec<Event>,
    /// What could not be read.
    pub rejects: Vec<RejectedRecord>,
    /// Remarks on the whole file.
    pub warnings: Vec<Warning>,
}

/// A record that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRecord {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
    /// Its text.
    pub raw: String,
}

/// Reads a file of events (incidents, maintenance…), compressed or not, without a store.
///
/// Records that do not name their kind are of `options.event_kind`, or else of
/// what the file's name says; the caller picks the kinds that it wants.
/// `options.file_name` is the source's own.
pub fn read_events(source: &Source, options: &ReadOptions) -> Result<EventList, ReadError> {
    let options = ReadOptions {
        file_name: source.file_name().to_owned(),
        ..options.clone()
    };
    let format = by_name("events").map_err(|reason| ReadError::Document { line: 0, reason })?;
    let mut sink = EventSink::default();
    let (result, _) = source.read(&|_| (), |_, _, input| {
        format.read(input, &options, &mut sink)
    })?;
    result.map(|()| sink.list)
}

/// Keeps the events, the dead letters and the warnings.
#[derive(Debug, Default)]
struct EventSink {
    list: EventList,
    places: HashMap<(EventKind, String), usize>,
}

impl RecordSink for EventSink {
    fn series(&mut self, _: Labels) -> SeriesRef {
        SeriesRef(0)
    }

    fn sample(&mut self, _: SeriesRef, _: i64, _: f64) {}

    fn metadata(&mut self, _: &str, _: MetricMetadata) {}

    fn log(&mut self, _: LogRecord) {}

    fn span(&mut self, _: Span) {}

    fn event(&mut self, event: Event) {
        let next = self.list.events.len();
        let key = (event.kind, event.id.clone());
        match *self.places.entry(key).or_insert(next) {
            place if place < next => self.list.events[place] = event,
            _ => self.list.events.push(event),
        }
    }

    fn job_run(&mut self, _: JobRun) {}

    fn reject(&mut self, line: u64, reason: &str, raw: &[u8]) {
        self.list.rejects.push(RejectedRecord {
            line,
            reason: reason.to_owned(),
            raw: String::from_utf8_lossy(raw).into_owned(),
        });
    }

    fn warn(&mut self, warning: Warning) {
        if !self.list.warnings.contains(&warning) {
            self.list.warnings.push(warning);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::ingest::list;

    const TEXT: &str = "id,started_at,ended_at\n1,2026-01-01T00:00:00Z,\n2,soon,\n\
        1,2026-01-01T00:00:00Z,2026-01-01T01:00:00Z\n3,2026-01-02T00:00:00Z,\n";

    fn read(name: &str, bytes: &[u8], kind: Option<EventKind>) -> Result<EventList, ReadError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        let arguments = [path.to_string_lossy().into_owned()];
        let sources = list(&arguments, &mut std::io::empty()).expect("listed");
        let options = ReadOptions {
            event_kind: kind,
            ..ReadOptions::default()
        };
        read_events(&sources[0], &options)
    }

    #[test]
    fn reads_files_compressed_or_not() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(TEXT.as_bytes()).expect("packed");
        let gz = gz.finish().expect("packed");
        let zst = zstd::encode_all(TEXT.as_bytes(), 3).expect("packed");
        let kind = Some(EventKind::Incident);
        let plain = read("x.csv", TEXT.as_bytes(), kind).expect("readable");
        let ids: Vec<_> = plain.events.iter().map(|e| e.id.as_str()).collect();
        assert_eq!(ids, ["1", "3"]);
        assert_eq!(plain.events[0].ended_at, Some(1_767_229_200_000_000));
        assert_eq!(plain.rejects[0].line, 3);
        assert_eq!(plain.rejects[0].raw, "2,soon,");
        assert_eq!(read("x.csv.gz", &gz, kind).expect("readable"), plain);
        assert_eq!(read("x.csv.zst", &zst, kind).expect("readable"), plain);
        // The name says it too, and without either the records are rejects.
        let named = read("maintenance.csv.gz", &gz, None).expect("readable");
        assert_eq!(named.events[0].kind, EventKind::Maintenance);
        assert_eq!(
            read("x.csv", TEXT.as_bytes(), None)
                .expect("readable")
                .rejects
                .len(),
            4
        );
        assert!(matches!(
            read("x.csv.gz", &gz[..20], kind),
            Err(ReadError::Io(_))
        ));
    }
}
