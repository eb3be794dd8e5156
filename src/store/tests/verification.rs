//! What `verify` finds in stores that have been damaged on purpose.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::Int64Array;

use super::*;
use crate::store::parquet_file::{self, ParquetFile};
use crate::store::{
    DataFile, Fault, FileStats, Finding, VerifyOptions, VerifyReport, columns, verify,
};

/// Later than any file that the tests write.
const LATE: i64 = i64::MAX;

fn check(f: &Fixture) -> Vec<Finding> {
    run(f, false, NOW).findings
}

fn run(f: &Fixture, fix: bool, now: i64) -> VerifyReport {
    let options = VerifyOptions {
        fix,
        ..VerifyOptions::default()
    };
    verify(&f.store, options, f.handle(), now).unwrap()
}

fn faults(f: &Fixture) -> Vec<Fault> {
    check(f).into_iter().map(|finding| finding.fault).collect()
}

fn first_file(f: &Fixture, kind: TableKind) -> PathBuf {
    f.store.root().join(kind.name()).join(&f.paths(kind)[0])
}

/// Returns rows of table `samples` of known series.
fn rows(samples: &[(&str, i64)]) -> RecordBatch {
    let of = || samples.iter().map(|(metric, _)| labels(metric));
    columns::batch(
        TableKind::Samples,
        vec![
            columns::texts(samples.iter().map(|(metric, _)| Some(*metric))),
            Arc::new(
                of().map(|l| Some(l.target_id()))
                    .collect::<arrow::array::Int32Array>(),
            ),
            Arc::new(of().map(|l| Some(l.series_id())).collect::<Int64Array>()),
            columns::timestamps(samples.iter().map(|(_, ts)| Some(*ts))),
            Arc::new(
                samples
                    .iter()
                    .map(|_| Some(1.0))
                    .collect::<arrow::array::Float64Array>(),
            ),
        ],
    )
    .unwrap()
}

/// Puts rows of `samples` as a file of its own into a day, whatever they are.
fn add(
    f: &Fixture,
    batch: &RecordBatch,
    day: i32,
    change_stats: impl Fn(&mut FileStats),
) -> DataFile {
    let file = parquet_file::encode(TableKind::Samples, std::slice::from_ref(batch)).unwrap();
    put(f, file, day, change_stats)
}

fn put(
    f: &Fixture,
    file: ParquetFile,
    day: i32,
    change_stats: impl Fn(&mut FileStats),
) -> DataFile {
    let mut file = f.runtime.block_on(async {
        let table = f.store.table(TableKind::Samples).await.unwrap();
        table.put(file, Some(day)).await.unwrap()
    });
    change_stats(&mut file.stats);
    let mut change = Change::default();
    change.add(file.clone());
    f.commit(TableKind::Samples, change);
    file
}

fn small_store() -> Fixture {
    let f = Fixture::new();
    f.ingest(&[("a", DAY, 1.0), ("a", DAY + SECOND, 2.0), ("b", DAY, 3.0)]);
    f.ingest_logs(&[&[(DAY, "x"), (DAY + 1, "y")]]);
    f
}

#[test]
fn a_store_as_it_was_written_has_no_findings() {
    let f = small_store();
    let report = run(&f, false, NOW);
    assert_eq!(report.findings, []);
    assert_eq!((report.files, report.rows), (3, 3 + 2 + 2));
    assert!(report.is_sound());
    let empty = Fixture::new();
    assert_eq!(check(&empty), []);
}

#[test]
fn any_damaged_byte_is_noticed() {
    let f = small_store();
    let path = first_file(&f, TableKind::Samples);
    let whole = fs::read(&path).unwrap();
    for at in [0, 40, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, bytes).unwrap();
        assert!(
            matches!(faults(&f)[..], [Fault::Checksum { .. }]),
            "byte {at}"
        );
    }
    fs::write(&path, &whole[..10]).unwrap();
    let logged = whole.len() as u64;
    assert_eq!(faults(&f), [Fault::Size { logged, actual: 10 }]);
    fs::remove_file(&path).unwrap();
    assert_eq!(faults(&f), [Fault::Missing]);
    assert!(
        !run(&f, true, NOW).is_sound(),
        "there is nothing to fix it with"
    );
}

#[test]
fn a_broken_log_is_a_finding_of_its_table() {
    let f = small_store();
    let log = f.store.root().join("logs/_delta_log");
    for entry in fs::read_dir(log).unwrap() {
        fs::write(entry.unwrap().path(), "{").unwrap();
    }
    let findings = check(&f);
    assert!(matches!(
        findings[..],
        [Finding {
            table: TableKind::Logs,
            fault: Fault::Log(_),
            ..
        }]
    ));
}

#[test]
fn statistics_that_are_not_true_are_noticed() {
    let f = small_store();
    let next = DAY + MICROS_PER_DAY;
    add(&f, &rows(&[("a", next), ("b", next)]), 20_514, |stats| {
        stats.rows = 3;
        stats.ts = Some((next + SECOND, next + SECOND));
        stats.metric = Some(("b".into(), "b".into()));
    });
    assert_eq!(
        faults(&f),
        [
            Fault::Rows {
                logged: 3,
                actual: 2
            },
            Fault::Range("ts"),
            Fault::Range("metric"),
        ]
    );
}

#[test]
fn rows_out_of_order_of_another_day_twice_or_unknown_are_noticed() {
    let f = small_store();
    let next = DAY + MICROS_PER_DAY;
    let expect = |batch: &RecordBatch, faults: &[Fault]| {
        let f = small_store();
        let file = add(&f, batch, 20_514, |_| {});
        let found = check(&f);
        assert!(found.iter().all(|x| x.path.as_ref() == Some(&file.path)));
        let found: Vec<_> = found.into_iter().map(|x| x.fault).collect();
        assert_eq!(found, faults);
    };
    let by_time = rows(&[("a", next + 1), ("a", next)]);
    expect(&by_time, &[Fault::Order { row: 1 }]);
    let by_metric = rows(&[("a", next), ("b", next), ("a", next + 1)]);
    expect(&by_metric, &[Fault::Order { row: 2 }]);
    let of_days = rows(&[("a", next - 1), ("a", next), ("a", next + MICROS_PER_DAY)]);
    expect(
        &of_days,
        &[Fault::Day {
            day: 20_514,
            rows: 2,
        }],
    );
    let twice = rows(&[("a", next), ("a", next), ("b", next)]);
    expect(&twice, &[Fault::Duplicate { rows: 1 }]);
    let first = labels("c").series_id();
    let unknown = rows(&[("b", next), ("c", next), ("c", next + 1)]);
    expect(&unknown, &[Fault::UnknownSeries { series: 1, first }]);
    drop(f);
}

#[test]
fn a_sample_in_two_files_of_a_day_is_noticed() {
    let f = small_store();
    add(
        &f,
        &rows(&[("a", DAY + SECOND), ("b", DAY + SECOND)]),
        20_513,
        |_| {},
    );
    let findings = check(&f);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].fault, Fault::Duplicate { rows: 1 });
    assert_eq!(findings[0].path.as_deref(), Some("date=2026-03-01"));
}

#[test]
fn files_of_other_programs_are_no_error_and_garbage_is() {
    let f = small_store();
    let name = f.paths(TableKind::Samples)[0].clone();
    let folder = f.store.root().join("samples");
    let mut change = Change::default();
    let mut file = f.snapshot(TableKind::Samples).files[0].clone();
    change.remove(file.clone());
    file.path = "date=2026-03-01/part-0.parquet".into();
    fs::copy(folder.join(name), folder.join(&file.path)).unwrap();
    change.add(file.clone());
    f.commit(TableKind::Samples, change);
    assert_eq!(faults(&f), [Fault::Foreign]);
    assert!(run(&f, false, NOW).is_sound());
    fs::write(folder.join(&file.path), vec![b'x'; file.size as usize]).unwrap();
    assert!(matches!(
        faults(&f)[..],
        [Fault::Foreign, Fault::Undecodable(_)]
    ));
}

#[test]
fn log_records_there_twice_are_noticed() {
    let f = small_store();
    let batch = f.batches(TableKind::Logs).remove(0);
    let file = parquet_file::encode(TableKind::Logs, &[batch.slice(0, 1)]).unwrap();
    let mut change = Change::default();
    let put = f.runtime.block_on(async {
        let table = f.store.table(TableKind::Logs).await.unwrap();
        table.put(file, Some(20_513)).await.unwrap()
    });
    change.add(put);
    f.commit(TableKind::Logs, change);
    assert_eq!(faults(&f), [Fault::Duplicate { rows: 1 }]);
}

#[test]
fn series_whose_id_is_not_their_hash_are_noticed() {
    let f = small_store();
    let batch = f.batches(TableKind::Series).remove(0);
    let mut columns = batch.columns().to_vec();
    let ids: Int64Array = series_ids(&batch).iter().map(|id| Some(id ^ 1)).collect();
    columns[0] = Arc::new(ids);
    let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
    let mut change = Change::default();
    for file in f.snapshot(TableKind::Series).files {
        change.remove(file);
    }
    f.runtime.block_on(async {
        let table = f.store.table(TableKind::Series).await.unwrap();
        table.put_batch(&batch, &mut change).await.unwrap();
    });
    f.commit(TableKind::Series, change);
    // Samples cannot be checked against it, and say nothing.
    assert_eq!(faults(&f), [Fault::SeriesId]);
}

#[test]
fn orphans_are_removed_when_old_and_no_ingest_is_in_progress() {
    let f = small_store();
    let folder = f.store.root().join("samples");
    let day = folder.join("date=2026-03-01");
    let batch = rows(&[("a", DAY + 9)]);
    let file = parquet_file::encode(TableKind::Samples, &[batch]).unwrap();
    f.runtime.block_on(async {
        let table = f.store.table(TableKind::Samples).await.unwrap();
        table.put(file, Some(20_513)).await.unwrap();
    });
    // What is left of a put that was killed, and files that are none of ours.
    fs::write(day.join("part-00.parquet#1"), "x").unwrap();
    fs::write(folder.join("_delta_log/00000000000000000009.json#1"), "x").unwrap();
    fs::write(day.join("mine.parquet"), "x").unwrap();
    fs::write(folder.join("README"), "x").unwrap();

    assert_eq!(check(&f), [], "they are young");
    let found = run(&f, false, LATE);
    assert_eq!(found.findings.len(), 3);
    assert!(found.is_sound());
    let writer = f.writer();
    let found = run(&f, true, LATE).findings;
    assert!(
        found.iter().all(|finding| !finding.is_fixed),
        "an ingest may own them"
    );
    drop(writer);
    let found = run(&f, true, LATE).findings;
    assert_eq!(found.len(), 3);
    assert!(found.iter().all(|finding| finding.is_fixed));
    assert_eq!(run(&f, true, LATE).findings, []);
    assert!(day.join("mine.parquet").exists());
    assert!(folder.join("README").exists());
    assert_eq!(f.samples().len(), 3);
}

#[test]
fn orphans_of_a_table_that_was_never_committed_are_found() {
    let f = Fixture::new();
    let day = f.store.root().join("logs/date=2026-03-01");
    fs::create_dir_all(&day).unwrap();
    fs::write(day.join("part-00.parquet"), "x").unwrap();
    let found = run(&f, true, LATE).findings;
    assert_eq!(found.len(), 1);
    assert!(!day.exists());
}
