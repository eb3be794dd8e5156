//! What a run leaves in the store: overlaps, repetition, odd values, two at once.

use std::thread;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::model::{Event, EventKind, JobRun, STALE_NAN_BITS, day_of, stale_nan};
use crate::store::run_writer::{Counts, Ingest};
use crate::store::sample_buffer::SampleBuffer;
use crate::store::series_registry::SeriesRegistry;
use crate::store::{VerifyOptions, columns, compact, sample_merge, series_table, verify};

/// Ingests samples through a buffer of few, so that it spills.
fn ingest_spilling(fixture: &Fixture, capacity: usize, samples: &[(&str, i64, f64)]) {
    let store = &fixture.store;
    let mut registry = SeriesRegistry::default();
    let mut buffer = SampleBuffer::with_capacity(store.root(), capacity);
    for &(metric, ts, value) in samples {
        let series = registry.intern(&labels(metric)).unwrap();
        if buffer.push(series, ts, value) {
            buffer.spill(&registry).unwrap();
        }
    }
    fixture.runtime.block_on(async {
        let mut table = store.table(TableKind::Series).await.unwrap();
        let loaded = series_table::load_into(&mut registry, &table)
            .await
            .unwrap();
        let saved = series_table::save(&registry, &loaded, &mut table, NOW);
        saved.await.unwrap();
        let runs = buffer.finish(&registry);
        let mut table = store.table(TableKind::Samples).await.unwrap();
        let change = sample_merge::merge(&table, &runs, &registry).await.unwrap();
        table.commit(change, NOW).await.unwrap();
    });
}

fn expect(samples: &[(&str, i64, f64)]) -> BTreeMap<(String, i64), u64> {
    let samples = samples.iter();
    samples
        .map(|&(metric, ts, value)| ((metric.to_owned(), ts), value.to_bits()))
        .collect()
}

#[test]
fn the_later_sample_of_a_run_wins() {
    let f = Fixture::new();
    f.ingest(&[
        ("m", DAY, 1.0),
        ("m", DAY + 5, 2.0),
        ("m", DAY, 3.0),
        ("m", DAY - 5, 4.0),
    ]);
    assert_eq!(
        f.samples(),
        expect(&[("m", DAY - 5, 4.0), ("m", DAY, 3.0), ("m", DAY + 5, 2.0)])
    );
}

#[test]
fn the_later_run_wins_where_exports_overlap() {
    let f = Fixture::new();
    f.ingest(&[("a", DAY, 1.0), ("a", DAY + SECOND, 1.0), ("b", DAY, 1.0)]);
    f.ingest(&[
        ("a", DAY + SECOND, 2.0),
        ("a", DAY + 2 * SECOND, 2.0),
        ("c", DAY, 2.0),
    ]);
    assert_eq!(
        f.samples(),
        expect(&[
            ("a", DAY, 1.0),
            ("a", DAY + SECOND, 2.0),
            ("a", DAY + 2 * SECOND, 2.0),
            ("b", DAY, 1.0),
            ("c", DAY, 2.0),
        ])
    );
    assert_eq!(f.paths(TableKind::Samples).len(), 1);
    assert_eq!(f.snapshot(TableKind::Series).rows(), 3);
}

#[test]
fn runs_that_touch_no_common_time_do_not_rewrite() {
    let f = Fixture::new();
    f.ingest(&[("a", DAY, 1.0)]);
    let first = f.paths(TableKind::Samples);
    f.ingest(&[("a", DAY + SECOND, 2.0), ("a", DAY + MICROS_PER_DAY, 3.0)]);
    let paths = f.paths(TableKind::Samples);
    assert_eq!(paths.len(), 3);
    assert!(paths.contains(&first[0]));
}

#[test]
fn the_same_content_again_changes_nothing() {
    let f = Fixture::new();
    let samples = [
        ("a", DAY, 1.0),
        ("b", DAY + SECOND, f64::NAN),
        ("a", DAY - SECOND, 2.0),
    ];
    let logs: &[(i64, &str)] = &[(DAY, "x"), (DAY, "x"), (DAY - 1, "y")];
    f.ingest(&samples);
    f.ingest_logs(&[logs]);
    let before: Vec<Snapshot> = TableKind::ALL.map(|kind| f.snapshot(kind)).into();
    f.ingest(&samples);
    f.ingest_logs(&[logs]);
    for (kind, before) in TableKind::ALL.into_iter().zip(before) {
        let after = f.snapshot(kind);
        assert_eq!(after.version, before.version, "{kind:?}");
        assert_eq!(after.files, before.files, "{kind:?}");
    }
}

#[test]
fn bits_of_values_and_times_before_1970_survive() {
    let f = Fixture::new();
    let first_instant = -62_135_596_800_000_000;
    let last_instant = 253_402_300_799_999_999;
    let samples = [
        ("m", -1, stale_nan()),
        ("m", -MICROS_PER_DAY, f64::from_bits(0xfff8_0000_0000_0123)),
        ("m", -MICROS_PER_DAY - 1, -0.0),
        ("m", 0, f64::NEG_INFINITY),
        ("m", first_instant, f64::MIN_POSITIVE),
        ("m", last_instant, f64::MAX),
    ];
    f.ingest(&samples);
    assert_eq!(f.samples(), expect(&samples));
    assert_eq!(f.samples()[&("m".to_owned(), -1)], STALE_NAN_BITS);
    let mut days: Vec<String> = f.paths(TableKind::Samples);
    for day in &mut days {
        day.truncate("date=1969-12-31".len());
    }
    assert_eq!(
        days,
        [
            "date=0001-01-01",
            "date=1969-12-30",
            "date=1969-12-31",
            "date=1970-01-01",
            "date=9999-12-31"
        ]
    );
    let files = f.snapshot(TableKind::Samples).files;
    let (last, others) = files.split_last().unwrap();
    assert_eq!(
        last.stats.ts, None,
        "rounded up it has five digits in its year"
    );
    assert!(others.iter().all(|file| {
        file.stats
            .ts
            .is_some_and(|(min, max)| Some(day_of(min)) == file.day && max >= min)
    }));
    assert!(
        verify(&f.store, VerifyOptions::default(), f.handle(), NOW)
            .unwrap()
            .is_sound()
    );
    // Once more, so that each day is read back and merged.
    f.ingest(&samples);
    assert_eq!(f.samples(), expect(&samples));
}

#[test]
fn times_that_no_reader_can_show_are_dead_letters() {
    let f = Fixture::new();
    f.ingest(&[("m", i64::MIN, 1.0), ("m", i64::MAX, 1.0), ("m", DAY, 1.0)]);
    assert_eq!(f.samples(), expect(&[("m", DAY, 1.0)]));
    assert_eq!(f.snapshot(TableKind::Rejects).rows(), 2);
}

#[test]
fn a_buffer_that_spills_leaves_the_same_files() {
    let samples: Vec<(&str, i64, f64)> = (0..200_i64)
        .map(|i| {
            let metric = ["a", "b", "c"][(i % 3) as usize];
            (
                metric,
                DAY + (i * 7_919 % 97) * 40_000 * SECOND / 10,
                i as f64,
            )
        })
        .collect();
    let whole = Fixture::new();
    ingest_spilling(&whole, 1_000, &samples);
    assert!(whole.paths(TableKind::Samples).len() > 3, "several days");
    for capacity in [1, 7, 64] {
        let spilled = Fixture::new();
        ingest_spilling(&spilled, capacity, &samples);
        assert_eq!(
            spilled.snapshot(TableKind::Samples).files,
            whole.snapshot(TableKind::Samples).files,
            "capacity {capacity}"
        );
    }
}

#[test]
fn two_runs_at_once_both_land() {
    let f = Fixture::new();
    for round in 0..4 {
        thread::scope(|scope| {
            for (name, offset) in [("a", 0), ("b", 1)] {
                let f = &f;
                // Both also write the common series, at times of their own.
                scope.spawn(move || {
                    let at = DAY + (2 * round + offset) * SECOND;
                    f.ingest(&[(name, at, 1.0), ("common", at, 2.0)]);
                    f.ingest_logs(&[&[(at, name)]]);
                });
            }
        });
    }
    assert_eq!(f.samples().len(), 16);
    assert_eq!(f.logs().len(), 8);
    assert_eq!(f.snapshot(TableKind::Series).rows(), 3);
    assert!(
        verify(&f.store, VerifyOptions::default(), f.handle(), NOW)
            .unwrap()
            .findings
            .is_empty()
    );
}

#[test]
fn equal_lines_of_one_file_are_two_records_and_of_two_exports_one() {
    let f = Fixture::new();
    let tonight: &[(i64, &str)] = &[(DAY, "x"), (DAY, "x"), (DAY + 1, "y")];
    f.ingest_logs(&[tonight]);
    assert_eq!(f.snapshot(TableKind::Logs).rows(), 2 + 1);
    // An overlap with an earlier run.
    f.ingest_logs(&[&[(DAY + 1, "y"), (DAY + 2, "z")]]);
    assert_eq!(f.snapshot(TableKind::Logs).rows(), 4);
    // An overlap of two files of one run, on a day that has nothing yet.
    let next = DAY + MICROS_PER_DAY;
    f.ingest_logs(&[&[(next, "p"), (next, "p")], &[(next, "p"), (next + 1, "q")]]);
    assert_eq!(
        f.logs()[4..],
        [
            (next, "p".into()),
            (next, "p".into()),
            (next + 1, "q".into())
        ]
    );
}

#[test]
fn log_records_of_pieces_that_interleave_are_in_order() {
    let f = Fixture::new();
    f.ingest_logs(&[&[(DAY + 1, "1"), (DAY + 5, "5")]]);
    // Two pieces, as when the buffer is full in between.
    let record = |ts: i64| LogRecord {
        ts,
        body: Some("x".repeat(12 << 20)),
        ..LogRecord::default()
    };
    let mut writer = f.writer();
    writer.begin_file("large", "test");
    for ts in [4, 8, 3, 7, 2, 6] {
        writer.log(record(DAY + ts));
    }
    writer.end_file().unwrap();
    writer.commit().unwrap();
    for file in f.batches(TableKind::Logs) {
        let ts = file["ts"].as_primitive::<TimestampMicrosecondType>();
        assert!(ts.values().is_sorted());
    }
    let mut times: Vec<i64> = f.logs().into_iter().map(|(ts, _)| ts - DAY).collect();
    times.sort_unstable();
    assert_eq!(times, [1, 2, 3, 4, 5, 6, 7, 8]);
    let report = verify(&f.store, VerifyOptions::default(), f.handle(), NOW).unwrap();
    assert!(report.is_sound(), "{:?}", report.findings);
}

#[test]
fn events_and_job_runs_are_replaced_by_key_and_in_order() {
    let f = Fixture::new();
    let run = |stage: Option<&str>, rows_in| JobRun {
        job: "nightly".into(),
        stage: stage.map(str::to_owned),
        run_id: "1".into(),
        rows_in: Some(rows_in),
        ..JobRun::default()
    };
    let event = |id: &str, started_at, title: &str| Event {
        id: id.into(),
        started_at,
        ended_at: None,
        kind: EventKind::Deploy,
        severity: None,
        title: Some(title.into()),
        labels: vec![("version".into(), "2".into())],
    };
    for (event, rows) in [
        (vec![event("b", DAY, "old"), event("a", DAY + 1, "x")], 1),
        (vec![event("b", DAY + 2, "new")], 2),
    ] {
        let mut writer = f.writer();
        writer.begin_file("events", "test");
        for event in event {
            writer.event(event);
        }
        for stage in [None, Some("load"), Some("extract")] {
            writer.job_run(run(stage, rows));
        }
        // Not in the order of their names.
        for file in ["z", "a"] {
            writer.note_ingest(Ingest {
                file: file.into(),
                content_id: format!("{file}{rows}"),
                format: "test",
                bytes: 1,
                counts: Counts::default(),
                is_complete: true,
            });
        }
        writer.end_file().unwrap();
        writer.commit().unwrap();
    }
    let events = &f.batches(TableKind::Events)[0];
    let ids: Vec<_> = events["id"].as_string::<i32>().iter().flatten().collect();
    assert_eq!(ids, ["a", "b"]);
    let titles: Vec<_> = events["title"]
        .as_string::<i32>()
        .iter()
        .flatten()
        .collect();
    assert_eq!(titles, ["x", "new"]);
    let runs = &f.batches(TableKind::JobRuns)[0];
    let stages: Vec<_> = runs["stage"].as_string::<i32>().iter().collect();
    assert_eq!(
        stages,
        [Some("extract"), Some("load"), None],
        "nulls last, as declared"
    );
    assert_eq!(
        runs["rows_in"].as_primitive::<Int64Type>().values(),
        &[2, 2, 2]
    );
    let report = verify(&f.store, VerifyOptions::default(), f.handle(), NOW).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn events_of_two_kinds_may_have_the_same_id() {
    let f = Fixture::new();
    let event = |kind, title: &str| Event {
        id: "1".into(),
        started_at: DAY,
        ended_at: None,
        kind,
        severity: None,
        title: Some(title.into()),
        labels: Vec::new(),
    };
    // Of one run, and replaced by a later one.
    for events in [
        vec![
            event(EventKind::Incident, "incident"),
            event(EventKind::Deploy, "old deploy"),
        ],
        vec![event(EventKind::Deploy, "new deploy")],
    ] {
        let mut writer = f.writer();
        writer.begin_file("events", "test");
        for event in events {
            writer.event(event);
        }
        writer.end_file().unwrap();
        writer.commit().unwrap();
    }
    let events = &f.batches(TableKind::Events)[0];
    let titles = events["title"].as_string::<i32>().iter().flatten();
    assert_eq!(titles.collect::<Vec<_>>(), ["new deploy", "incident"]);
    let report = verify(&f.store, VerifyOptions::default(), f.handle(), NOW).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn a_series_with_several_rows_hides_no_new_one() {
    for copies in [2, 3] {
        let f = Fixture::new();
        let mut registry = SeriesRegistry::default();
        let a = registry.intern(&labels("a")).unwrap();
        let rows = columns::series(&registry, &vec![a; copies]).unwrap();
        f.runtime.block_on(async {
            let mut table = f.store.table(TableKind::Series).await.unwrap();
            let mut change = Change::default();
            table.put_batch(&rows, &mut change).await.unwrap();
            table.commit(change, NOW).await.unwrap();
        });
        let mut writer = f.writer();
        writer.begin_file("samples", "test");
        for metric in ["a", "b"] {
            let series = writer.series(labels(metric));
            writer.sample(series, DAY, 1.0);
        }
        writer.end_file().unwrap();
        let committed = writer.commit().unwrap();
        assert_eq!((committed.series, committed.new_series), (2, 1));
        let metrics: Vec<String> = f
            .batches(TableKind::Series)
            .iter()
            .flat_map(|batch| batch["metric"].as_string::<i32>().iter().flatten())
            .map(str::to_owned)
            .collect();
        assert_eq!(metrics, ["a", "b"]);
    }
}

#[test]
fn a_long_dead_letter_is_kept_whole_and_a_huge_one_says_that_it_is_cut() {
    const KEPT: usize = 16 << 20;
    let f = Fixture::new();
    let mut writer = f.writer();
    writer.begin_file("letters", "test");
    writer.reject(1, "bad", &vec![b'x'; 100_000]);
    writer.reject(2, "bad", &vec![b'x'; KEPT]);
    // Its last character but one lies across the limit.
    let mut huge = vec![b'x'; KEPT - 1];
    huge.extend("ée".bytes());
    writer.reject(3, "bad", &huge);
    let done = writer.end_file().unwrap();
    assert_eq!(done.reasons, BTreeMap::from([("bad".to_owned(), 3)]));
    writer.commit().unwrap();
    let mut letters = BTreeMap::new();
    for batch in f.batches(TableKind::Rejects) {
        let line = batch["line"].as_primitive::<Int64Type>();
        let reason = batch["reason"].as_string::<i32>();
        let raw = batch["raw"].as_string::<i32>();
        for row in 0..batch.num_rows() {
            let letter = (raw.value(row).len(), reason.value(row).to_owned());
            letters.insert(line.value(row), letter);
        }
    }
    let bad = |bytes| (bytes, "bad".to_owned());
    let cut = (KEPT - 1, "bad; its text is cut after 16 MiB".to_owned());
    let expected = [(1, bad(100_000)), (2, bad(KEPT)), (3, cut)];
    assert_eq!(letters, expected.into());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever comes in whatever runs: the store has the last value of each
    /// series and time, is sound, and stays what it is when compacted.
    #[test]
    fn runs_leave_the_last_value_of_each_series_and_time(
        runs in vec(
            (1..9_usize, vec((0..4_usize, -3..4_i64, 0..6_i64, any::<u64>()), 1..40)),
            1..5,
        ),
    ) {
        let f = Fixture::new();
        let mut expected = BTreeMap::new();
        for (capacity, run) in &runs {
            let samples: Vec<(&str, i64, f64)> = run
                .iter()
                .map(|&(metric, day, second, bits)| {
                    let metric = ["a", "b", "c", "d"][metric];
                    (metric, day * MICROS_PER_DAY + second * SECOND, f64::from_bits(bits))
                })
                .collect();
            ingest_spilling(&f, *capacity, &samples);
            expected.extend(expect(&samples));
        }
        prop_assert_eq!(f.samples(), expected.clone());
        let report = verify(&f.store, VerifyOptions::default(), f.handle(), NOW).unwrap();
        prop_assert_eq!(report.findings, vec![]);
        compact(&f.store, Default::default(), f.handle(), NOW).unwrap();
        prop_assert_eq!(f.samples(), expected);
        let files = f.snapshot(TableKind::Samples).files;
        prop_assert!(files.windows(2).all(|pair| pair[0].day != pair[1].day));
    }
}
