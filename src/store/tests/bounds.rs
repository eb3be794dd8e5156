//! Days larger than what is held at a time: many files a day, series longer
//! than a file, more sources than may be open; the samples are the same.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::store::sample_buffer::SampleBuffer;
use crate::store::sample_merge::{Limits, merge_within};
use crate::store::series_registry::SeriesRegistry;
use crate::store::{VerifyOptions, compact, row_table, series_table, verify};

/// Two samples at hand, three rows a flush, a file a flush, one file open.
const TINY: Limits = Limits {
    file_bytes: 1,
    flush_rows: 3,
    source_samples: 2,
    open_rows: 3,
};

type Sample = (&'static str, i64, f64);

fn ingest_within(f: &Fixture, limits: Limits, capacity: usize, samples: &[Sample]) {
    let mut registry = SeriesRegistry::default();
    let mut buffer = SampleBuffer::with_capacity(f.store.root(), capacity);
    for &(metric, ts, value) in samples {
        let series = registry.intern(&labels(metric)).unwrap();
        if buffer.push(series, ts, value) {
            buffer.spill(&registry).unwrap();
        }
    }
    f.runtime.block_on(async {
        let mut table = f.store.table(TableKind::Series).await.unwrap();
        let loaded = series_table::load_into(&mut registry, &table)
            .await
            .unwrap();
        let saved = series_table::save(&registry, &loaded, &mut table, NOW);
        saved.await.unwrap();
        let runs = buffer.finish(&registry);
        let mut table = f.store.table(TableKind::Samples).await.unwrap();
        let change = merge_within(limits, &table, &runs, &registry)
            .await
            .unwrap();
        table.commit(change, NOW).await.unwrap();
    });
}

fn assert_sound(f: &Fixture) {
    let report = verify(&f.store, VerifyOptions::default(), f.handle(), NOW).unwrap();
    assert_eq!(report.findings, []);
}

#[test]
fn a_long_series_goes_on_in_the_next_file() {
    let f = Fixture::new();
    let samples: Vec<Sample> = (0..8).map(|i| ("a", DAY + i, i as f64)).collect();
    ingest_within(&f, TINY, 100, &samples);
    let files = f.snapshot(TableKind::Samples).files;
    let mut rows: Vec<u64> = files.iter().map(|file| file.stats.rows).collect();
    rows.sort_unstable();
    assert_eq!(rows, [2, 3, 3]);
    assert_eq!(f.samples().len(), 8);
    assert_sound(&f);
    // The same once more changes nothing; a later value of one is taken.
    ingest_within(&f, TINY, 100, &samples);
    assert_eq!(f.snapshot(TableKind::Samples).files, files);
    ingest_within(&f, TINY, 100, &[("a", DAY + 4, -4.0)]);
    assert_eq!(
        f.samples()[&("a".to_owned(), DAY + 4)],
        (-4.0_f64).to_bits()
    );
    assert_eq!(f.samples().len(), 8);
    assert_sound(&f);
}

#[test]
fn a_file_that_is_full_ends_with_its_series() {
    let mut samples: Vec<Sample> = Vec::new();
    for metric in ["a", "b", "c"] {
        samples.extend((0..2).map(|i| (metric, DAY + i, i as f64)));
    }
    let rows = |file_bytes| {
        let f = Fixture::new();
        let limits = Limits { file_bytes, ..TINY };
        ingest_within(&f, limits, 100, &samples);
        let files = f.snapshot(TableKind::Samples).files.into_iter();
        let mut files: Vec<_> = files.map(|f| (f.stats.metric, f.stats.rows)).collect();
        files.sort();
        files.into_iter().map(|(_, rows)| rows).collect::<Vec<_>>()
    };
    // Three rows are far too much, enough, or not enough for a file.
    let of_sizes: Vec<_> = (0..80).map(|i| rows(1 + i * 8)).collect();
    assert_eq!(of_sizes.first(), Some(&vec![3, 3]));
    assert!(of_sizes.contains(&vec![4, 2]));
    assert_eq!(of_sizes.last(), Some(&vec![6]));
}

#[test]
fn log_records_of_one_instant_that_are_there_already_are_found_in_every_file() {
    let f = Fixture::new();
    let texts: Vec<String> = (0..40).map(|i| format!("line {i}")).collect();
    let lines = |from: usize, to: usize| -> Vec<(i64, &str)> {
        let texts = texts[from..to].iter().enumerate();
        texts
            .map(|(i, text)| (DAY + (from + i) as i64 / 8, text.as_str()))
            .collect()
    };
    // Three files of one day that overlap in time, then all at once.
    f.ingest_logs(&[&lines(0, 20)]);
    f.ingest_logs(&[&lines(12, 30)]);
    f.ingest_logs(&[&lines(5, 33)]);
    assert_eq!(f.snapshot(TableKind::Logs).rows(), 33);
    f.ingest_logs(&[&lines(0, 25), &lines(20, 40), &lines(3, 9)]);
    let mut expected = lines(0, 40);
    expected.sort_unstable();
    let mut logs = f.logs();
    logs.sort_unstable();
    let logs: Vec<(i64, &str)> = logs.iter().map(|(ts, text)| (*ts, text.as_str())).collect();
    assert_eq!(logs, expected);
    assert_sound(&f);
}

#[test]
fn dead_letters_are_there_once_and_large_ones_are_kept() {
    let f = Fixture::new();
    let reject = |letters: &[(u64, usize)]| {
        let mut writer = f.writer();
        writer.begin_file("f", "test");
        for &(line, size) in letters {
            writer.reject(line, "no time", &vec![b'x'; size]);
        }
        writer.end_file().unwrap();
        writer.commit().unwrap();
    };
    let letters = [(1, 10), (2, 60_000), (3, 10), (4, 60_000)];
    reject(&letters);
    reject(&letters);
    assert_eq!(f.snapshot(TableKind::Rejects).rows(), 4);
    reject(&[(1, 10), (2, 60_000), (3, 10), (4, 60_000), (5, 1)]);
    assert_eq!(f.snapshot(TableKind::Rejects).rows(), 5);
    let sizes = f.batches(TableKind::Rejects);
    let sizes = sizes
        .iter()
        .flat_map(|b| b["raw"].as_string::<i32>().iter().flatten());
    let mut sizes: Vec<usize> = sizes.map(str::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 10, 10, 60_000, 60_000]);
}

#[test]
fn batches_of_wide_rows_are_small() {
    let f = Fixture::new();
    // 400 records of 64 KiB, of which Parquet stores one text.
    let text = "x".repeat(64 << 10);
    let lines: Vec<(i64, &str)> = (0..400).map(|i| (DAY + i, text.as_str())).collect();
    f.ingest_logs(&[&lines]);
    let batches = f.batches(TableKind::Logs);
    let widest = batches.iter().map(RecordBatch::num_rows).max();
    assert!(widest <= Some(16), "{widest:?} rows of 64 KiB at once");
    let files = f.snapshot(TableKind::Logs).files;
    f.runtime.block_on(async {
        let table = f.store.table(TableKind::Logs).await.unwrap();
        let mut change = Change::rearrangement();
        row_table::rewrite(&table, &files, &mut change)
            .await
            .unwrap();
    });
    assert_eq!(f.logs().len(), 400);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// Whatever the bounds, the store has the last value of each series and
    /// time; how runs are spilled and handed over changes no file.
    #[test]
    fn bounds_change_no_sample(
        runs in vec(
            (1..20_usize, vec((0..3_usize, 0..2_i64, 0..12_i64, any::<u64>()), 1..60)),
            1..4,
        ),
        file_bytes in 1..3_000_usize,
        flush_rows in 1..9_usize,
        source_samples in 1..5_usize,
        open_rows in 0..20_u64,
    ) {
        let tiny = Limits { file_bytes, flush_rows, source_samples, open_rows };
        let wide = Limits { source_samples: usize::MAX, open_rows: u64::MAX, ..tiny };
        let (f, g) = (Fixture::new(), Fixture::new());
        let mut expected = BTreeMap::new();
        for (capacity, run) in &runs {
            let samples: Vec<Sample> = run
                .iter()
                .map(|&(metric, day, second, bits)| {
                    let metric = ["a", "b", "c"][metric];
                    (metric, DAY + day * MICROS_PER_DAY + second * SECOND, f64::from_bits(bits))
                })
                .collect();
            ingest_within(&f, tiny, *capacity, &samples);
            ingest_within(&g, wide, 1_000, &samples);
            for (metric, ts, value) in samples {
                expected.insert((metric.to_owned(), ts), value.to_bits());
            }
        }
        prop_assert_eq!(f.samples(), expected.clone());
        prop_assert_eq!(
            f.snapshot(TableKind::Samples).files,
            g.snapshot(TableKind::Samples).files
        );
        assert_sound(&f);
        compact(&f.store, Default::default(), f.handle(), NOW).unwrap();
        prop_assert_eq!(f.samples(), expected);
        assert_sound(&f);
    }
}
