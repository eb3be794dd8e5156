//! Info, compaction, retention.

use super::*;
use crate::store::run_writer::{Counts, Ingest};
use crate::store::{
    CompactOptions, Compacted, DEFAULT_GRACE, VerifyOptions, compact, info, retain, verify,
};

const HOUR: i64 = 3_600 * SECOND;

fn run_compact(f: &Fixture, grace: i64, dry_run: bool, now: i64) -> Vec<Compacted> {
    compact(&f.store, CompactOptions { grace, dry_run }, f.handle(), now).unwrap()
}

fn of(compacted: &[Compacted], table: TableKind) -> &Compacted {
    compacted.iter().find(|c| c.table == table).unwrap()
}

fn assert_sound(f: &Fixture) {
    let report = verify(&f.store, VerifyOptions::default(), f.handle(), NOW).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

/// A day of three hourly runs, and a day of one.
fn store_in_pieces() -> Fixture {
    let f = Fixture::new();
    for hour in [2, 0, 1] {
        let at = DAY + hour * HOUR;
        f.ingest(&[("b", at, 1.0), ("a", at, 2.0), ("a", at + SECOND, 3.0)]);
        f.ingest_logs(&[&[(at + 1, "later"), (at, "sooner")]]);
    }
    f.ingest(&[("a", DAY + MICROS_PER_DAY, 4.0)]);
    f
}

#[test]
fn info_counts_what_is_there() {
    let f = store_in_pieces();
    let tables = info(&f.store, f.handle()).unwrap();
    let samples = tables
        .iter()
        .find(|t| t.table == TableKind::Samples)
        .unwrap();
    assert_eq!(
        (samples.rows, samples.files, samples.days),
        (10, 4, Some(2))
    );
    assert_eq!(samples.ts, Some((DAY, DAY + MICROS_PER_DAY)));
    assert_eq!(samples.unreferenced_files, 0);
    assert!(samples.bytes_per_row().unwrap() > 1.0);
    let series = tables
        .iter()
        .find(|t| t.table == TableKind::Series)
        .unwrap();
    assert_eq!((series.rows, series.days), (2, None));
    let events = tables
        .iter()
        .find(|t| t.table == TableKind::Events)
        .unwrap();
    assert_eq!(
        (events.version, events.rows, events.bytes_per_row()),
        (None, 0, None)
    );
    // A rewritten day leaves the file that it replaces.
    f.ingest(&[("a", DAY, 9.0)]);
    let tables = info(&f.store, f.handle()).unwrap();
    let samples = tables
        .iter()
        .find(|t| t.table == TableKind::Samples)
        .unwrap();
    assert_eq!(
        (samples.rows, samples.files, samples.unreferenced_files),
        (10, 4, 1)
    );
    assert!(samples.unreferenced_bytes > 0);
}

#[test]
fn compaction_makes_a_file_a_day_and_keeps_the_rows() {
    let f = store_in_pieces();
    let (samples, mut logs) = (f.samples(), f.logs());
    let before: Vec<Snapshot> = TableKind::ALL.map(|kind| f.snapshot(kind)).into();

    let dry = run_compact(&f, DEFAULT_GRACE, true, NOW);
    let dry = of(&dry, TableKind::Samples);
    assert_eq!(
        (dry.files_before, dry.files_after, dry.bytes_after),
        (4, 2, None)
    );
    for (kind, before) in TableKind::ALL.into_iter().zip(&before) {
        assert_eq!(f.snapshot(kind).version, before.version);
    }

    let done = run_compact(&f, DEFAULT_GRACE, false, NOW);
    let compacted = of(&done, TableKind::Samples);
    assert_eq!(compacted.days, [20_513]);
    assert_eq!((compacted.files_before, compacted.files_after), (4, 2));
    assert_eq!((compacted.deleted_files, compacted.kept_files), (0, 3));
    assert_eq!(f.samples(), samples);
    assert_eq!(f.paths(TableKind::Logs).len(), 1);
    logs.sort_unstable();
    assert_eq!(f.logs(), logs);
    assert_sound(&f);

    // Again there is nothing to do.
    let version = f.snapshot(TableKind::Samples).version;
    let again = run_compact(&f, DEFAULT_GRACE, false, NOW);
    assert!(of(&again, TableKind::Samples).days.is_empty());
    assert_eq!(f.snapshot(TableKind::Samples).version, version);
}

#[test]
fn removed_files_stay_for_the_grace_and_then_go() {
    let f = store_in_pieces();
    let old = f.snapshot(TableKind::Samples);
    run_compact(&f, DEFAULT_GRACE, false, NOW);
    let on_disk = |path: &String| f.store.root().join("samples").join(path).is_file();
    let old: Vec<String> = old.files.into_iter().map(|file| file.path).collect();
    assert!(
        old.iter().all(on_disk),
        "a query on the old version still reads"
    );

    let almost = run_compact(&f, DEFAULT_GRACE, false, NOW + DEFAULT_GRACE - 1_000);
    assert_eq!(of(&almost, TableKind::Samples).deleted_files, 0);

    // Nothing is deleted while an ingest may commit what it has put.
    let writer = f.writer();
    let postponed = run_compact(&f, DEFAULT_GRACE, false, NOW + DEFAULT_GRACE);
    assert!(of(&postponed, TableKind::Samples).is_postponed);
    assert!(old.iter().all(on_disk));
    drop(writer);

    let done = run_compact(&f, DEFAULT_GRACE, false, NOW + DEFAULT_GRACE);
    assert_eq!(of(&done, TableKind::Samples).deleted_files, 3);
    assert_eq!(old.iter().filter(|path| on_disk(path)).count(), 1);
    assert_eq!(f.samples().len(), 10);
    assert_sound(&f);
}

#[test]
fn small_tables_of_many_files_become_one() {
    let f = Fixture::new();
    for run in 0..10 {
        let mut writer = f.writer();
        writer.begin_file("f", "test");
        writer.reject(run + 1, "no time", b"x");
        let done = writer.end_file().unwrap();
        writer.note_ingest(Ingest {
            file: format!("f{}", 9 - run),
            content_id: run.to_string(),
            format: "test",
            bytes: 1,
            counts: Counts { ..done.counts },
            is_complete: true,
        });
        writer.commit().unwrap();
    }
    assert_eq!(f.paths(TableKind::Ingests).len(), 10);
    run_compact(&f, DEFAULT_GRACE, false, NOW);
    for kind in [TableKind::Ingests, TableKind::Rejects] {
        assert_eq!(f.paths(kind).len(), 1, "{kind:?}");
        assert_eq!(f.snapshot(kind).rows(), 10, "{kind:?}");
    }
    let ingests = &f.batches(TableKind::Ingests)[0];
    assert_eq!(ingests["file"].as_string::<i32>().value(0), "f0");
    assert_sound(&f);
}

#[test]
fn retention_drops_whole_days() {
    let f = Fixture::new();
    for day in 0..5 {
        let at = DAY + day * MICROS_PER_DAY;
        f.ingest(&[("a", at, 1.0), ("a", at + MICROS_PER_DAY - 1, 2.0)]);
        f.ingest_logs(&[&[(at, "x")]]);
    }
    // At noon of the tenth day, seven days back is noon of the third.
    let dropped = retain(&f.store, 7, true, f.handle(), NOW).unwrap();
    let days: Vec<_> = dropped
        .iter()
        .map(|d| (d.table, d.day, d.rows, d.files))
        .collect();
    assert_eq!(
        days,
        [
            (TableKind::Samples, 20_513, 2, 1),
            (TableKind::Samples, 20_514, 2, 1),
            (TableKind::Logs, 20_513, 1, 1),
            (TableKind::Logs, 20_514, 1, 1),
        ]
    );
    assert_eq!(f.samples().len(), 10, "a dry run changes nothing");
    assert_eq!(
        retain(&f.store, 7, false, f.handle(), NOW).unwrap(),
        dropped
    );
    assert_eq!(f.samples().len(), 6);
    assert_eq!(f.logs().len(), 3);
    assert_eq!(f.snapshot(TableKind::Series).rows(), 1);
    assert_eq!(retain(&f.store, 7, false, f.handle(), NOW).unwrap(), []);
    assert_sound(&f);

    run_compact(&f, DEFAULT_GRACE, false, NOW + DEFAULT_GRACE);
    let folder = f.store.root().join("samples");
    assert!(!folder.join("date=2026-03-01").exists());
    assert!(folder.join("date=2026-03-03").exists());
    assert_sound(&f);
}

#[test]
fn retention_at_midnight_and_beyond_all_bounds() {
    let f = Fixture::new();
    f.ingest(&[("a", DAY, 1.0)]);
    let midnight = DAY + 2 * MICROS_PER_DAY;
    assert_eq!(
        retain(&f.store, 1, true, f.handle(), midnight - 1).unwrap(),
        []
    );
    assert_eq!(
        retain(&f.store, 1, true, f.handle(), midnight)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        retain(&f.store, u32::MAX, true, f.handle(), i64::MIN).unwrap(),
        []
    );
}

#[test]
fn a_file_that_comes_back_is_not_deleted() {
    let f = Fixture::new();
    f.ingest(&[("a", DAY, 1.0)]);
    let path = f.paths(TableKind::Samples);
    retain(&f.store, 1, false, f.handle(), NOW).unwrap();
    assert!(f.samples().is_empty());
    f.ingest(&[("a", DAY, 1.0)]);
    assert_eq!(
        f.paths(TableKind::Samples),
        path,
        "the same bytes have the same name"
    );
    run_compact(&f, 0, false, NOW + MICROS_PER_DAY);
    assert_eq!(f.samples().len(), 1);
    assert_sound(&f);
}

#[test]
fn a_log_that_is_folded_into_a_checkpoint_reads_the_same() {
    let f = Fixture::new();
    // A checkpoint is written every 100 versions.
    for run in 0..103 {
        f.ingest(&[("a", DAY + run, run as f64)]);
    }
    let log = f.store.root().join("samples/_delta_log");
    assert!(log.join("_last_checkpoint").is_file());
    assert_eq!(f.samples().len(), 103);
    assert_sound(&f);
    let compacted = run_compact(&f, DEFAULT_GRACE, false, NOW);
    assert_eq!(of(&compacted, TableKind::Samples).files_after, 1);
    // The first, the 101 that each grew into the next, and the last.
    assert_eq!(of(&compacted, TableKind::Samples).kept_files, 103);
    assert_eq!(f.samples().len(), 103);
    assert_sound(&f);
}
