//! Which files a run reads, and which the store knows already.

use std::path::Path;

use super::*;
use crate::ingest::{ReadOptions, Source, SourcePath};
use crate::store::{FileOutcome, LoadOptions, LoadReport, load, retain};

const OPTIONS: LoadOptions = LoadOptions {
    from: None,
    read: ReadOptions {
        tz: chrono_tz::UTC,
        time_format: None,
        at: None,
        map: Vec::new(),
        time_column: None,
        value_column: None,
        label_columns: Vec::new(),
        metric: None,
        event_kind: None,
        file_name: String::new(),
    },
    again: false,
};

/// A temporary folder of export files beside a store.
struct Exports {
    fixture: Fixture,
    folder: TempDir,
}

impl Exports {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self {
            fixture: Fixture::new(),
            folder,
        }
    }

    fn load(&self, names: &[&str], options: &LoadOptions) -> LoadReport {
        let sources: Vec<Source> = names
            .iter()
            .map(|name| source(&self.folder.path().join(name)))
            .collect();
        let f = &self.fixture;
        load(&f.store, &sources, options, f.handle(), NOW, &|_| ()).unwrap()
    }
}

fn source(path: &Path) -> Source {
    Source {
        name: path.to_string_lossy().into_owned(),
        path: SourcePath::File(path.to_owned()),
        size: path.metadata().map_or(0, |m| m.len()),
    }
}

fn is_known(report: &LoadReport) -> Vec<bool> {
    let files = report.files.iter();
    files.map(|f| f.outcome == FileOutcome::Known).collect()
}

/// A VictoriaMetrics export of one sample of `m` at the start of the day.
fn value(value: u8) -> String {
    format!(
        "{{\"metric\":{{\"__name__\":\"m\",\"job\":\"a\"}},\"values\":[{value}],\"timestamps\":[{}]}}\n",
        DAY / 1000
    )
}

fn bits_of_m(value: f64) -> BTreeMap<(String, i64), u64> {
    BTreeMap::from([(("m".to_owned(), DAY), value.to_bits())])
}

#[test]
fn the_same_bytes_under_another_name_are_another_content() {
    let text = "time,value\n2026-03-01T00:00:00Z,1\n";
    let e = Exports::new(&[
        ("queue.csv", text),
        ("disk.csv", text),
        ("elsewhere/queue.csv", text),
    ]);
    assert_eq!(is_known(&e.load(&["queue.csv"], &OPTIONS)), [false]);
    assert_eq!(is_known(&e.load(&["disk.csv"], &OPTIONS)), [false]);
    let samples = e.fixture.samples();
    let metrics: Vec<&str> = samples.keys().map(|(m, _)| m.as_str()).collect();
    assert_eq!(metrics, ["disk", "queue"]);
    assert_eq!(
        is_known(&e.load(&["elsewhere/queue.csv"], &OPTIONS)),
        [true]
    );
}

#[test]
fn what_comes_again_within_a_run_wins_over_what_stands_between() {
    let (a, b) = (value(1), value(2));
    let e = Exports::new(&[("a.jsonl", &a), ("b.jsonl", &b), ("z/a.jsonl", &a)]);
    let names = ["a.jsonl", "b.jsonl", "z/a.jsonl"];
    assert_eq!(is_known(&e.load(&names, &OPTIONS)), [false; 3]);
    assert_eq!(e.fixture.samples(), bits_of_m(1.0));
    assert_eq!(is_known(&e.load(&names, &OPTIONS)), [true; 3]);
}

#[test]
fn a_known_file_is_read_again_where_that_is_asked_for() {
    let text = value(2) + &value(1) + "not JSON\n";
    let e = Exports::new(&[("a.jsonl", &text)]);
    let again = LoadOptions {
        again: true,
        ..OPTIONS
    };
    e.load(&["a.jsonl"], &OPTIONS);
    let f = &e.fixture;
    retain(&f.store, 1, false, f.handle(), NOW).unwrap();
    assert_eq!(f.samples(), BTreeMap::new());
    assert_eq!(is_known(&e.load(&["a.jsonl"], &OPTIONS)), [true]);
    assert_eq!(f.samples(), BTreeMap::new());
    let report = e.load(&["a.jsonl"], &again);
    assert_eq!((report.counts.samples, report.new_series), (2, 0));
    assert_eq!(f.samples(), bits_of_m(1.0));
    // Once more; nothing is there twice.
    e.load(&["a.jsonl"], &again);
    assert_eq!(f.samples(), bits_of_m(1.0));
    assert_eq!(f.snapshot(TableKind::Rejects).rows(), 1);
    assert_eq!(is_known(&e.load(&["a.jsonl"], &OPTIONS)), [true]);
}

#[test]
fn files_that_cannot_be_opened_are_dead_letters_of_their_own() {
    let good = value(1);
    let e = Exports::new(&[("good.jsonl", &good)]);
    let report = e.load(&["gone.jsonl", "good.jsonl", "lost.jsonl"], &OPTIONS);
    assert_eq!((report.counts.samples, report.counts.rejects), (1, 2));
    let letters = &e.fixture.batches(TableKind::Rejects)[0];
    let names: Vec<&str> = letters["file"]
        .as_string::<i32>()
        .iter()
        .flatten()
        .map(|name| name.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(names, ["gone.jsonl", "lost.jsonl"]);
}
