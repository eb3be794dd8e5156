use proptest::prelude::*;

use super::*;

const BY_SERIES: &str =
    "SELECT series_id, increase(ts, value) FROM samples GROUP BY series_id ORDER BY series_id";

/// The rise of each series by the definition, one pair after the other.
fn reference(samples: &[Sample]) -> Vec<(i64, Option<f64>)> {
    let mut ids: Vec<i64> = samples.iter().map(|s| s.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rise = |id| {
        let mut own: Vec<(i64, f64)> = samples
            .iter()
            .filter(|s| s.0 == id)
            .filter_map(|s| s.2.filter(|v| !v.is_nan()).map(|v| (s.1, v)))
            .collect();
        own.sort_by_key(|s| s.0);
        let mut rise = 0.0;
        for pair in own.windows(2) {
            let (from, to) = (pair[0].1, pair[1].1);
            rise += if to >= from { to - from } else { to };
        }
        (own.len() > 1).then_some(rise)
    };
    ids.into_iter().map(|id| (id, rise(id))).collect()
}

fn rises(ctx: &SessionContext, sql: &str) -> Vec<(i64, Option<f64>)> {
    let rows = query(ctx, sql);
    let row = |row: &String| {
        let mut cells = row.split(' ');
        let id = cells.next().unwrap().parse().unwrap();
        (id, cells.next().map(|rise| rise.parse().unwrap()))
    };
    rows.iter().map(row).collect()
}

#[test]
fn values_by_hand() {
    let ctx = context(1, 8192);
    load(&ctx, vec![vec![batch(&counters())]]);
    // 0: 100 to 159; 1: 100 to 138, reset, 0 to 39; 2: 100 to 277 over the marker.
    assert_eq!(query(&ctx, BY_SERIES), ["0 59.0", "1 77.0", "2 177.0"]);
    let rate = "SELECT rate(ts, value) FROM samples WHERE series_id = 0";
    assert_eq!(query(&ctx, rate), [(59.0 / 885.0).to_string()]);
    let by_bucket = "SELECT time_bucket('5m', ts) AS b, increase(ts, value) FROM samples \
        WHERE series_id = 1 GROUP BY b ORDER BY b";
    // The bucket of the reset begins at 0 and rises to 19; nothing between buckets.
    assert_eq!(
        query(&ctx, by_bucket),
        [
            "1970-01-01T00:00:00Z 38.0",
            "1970-01-01T00:05:00Z 19.0",
            "1970-01-01T00:10:00Z 19.0"
        ]
    );
}

#[test]
fn fewer_than_two_samples_are_null() {
    let ctx = context(1, 8192);
    load(
        &ctx,
        vec![vec![batch(&[
            (1, 0, Some(5.0)),
            (2, 0, None),
            (2, 1, Some(f64::NAN)),
        ])]],
    );
    assert_eq!(query(&ctx, BY_SERIES), ["1", "2"]);
    assert_eq!(
        query(
            &ctx,
            "SELECT increase(ts, value) IS NULL FROM samples WHERE ts IS NULL"
        ),
        ["true"]
    );
}

#[test]
fn of_two_samples_at_one_time_the_later_counts() {
    let ctx = context(1, 8192);
    let samples = [
        (1, 0, Some(100.0)),
        (1, 1, Some(5.0)),
        (1, 1, Some(110.0)),
        (1, 2, Some(120.0)),
    ];
    load(&ctx, vec![vec![batch(&samples)]]);
    assert_eq!(query(&ctx, BY_SERIES), ["1 20.0"]);
    let again = context(4, 1);
    let same = batch(&[(1, 0, Some(1.0)), (1, 1, Some(2.0))]);
    load(
        &again,
        vec![vec![same, batch(&[(1, 1, Some(2.0)), (1, 2, Some(4.0))])]],
    );
    assert_eq!(query(&again, BY_SERIES), ["1 3.0"]);
}

#[test]
fn series_mixed_in_one_group_are_an_error() {
    let ctx = context(1, 8192);
    let ticks = |id, from: i64| (0..10).map(move |i| (id, from + i * 15, Some(i as f64)));
    load(
        &ctx,
        vec![vec![
            batch(&ticks(1, 0).collect::<Vec<_>>()),
            batch(&ticks(2, 7).collect::<Vec<_>>()),
        ]],
    );
    let error = try_query(&ctx, "SELECT increase(ts, value) FROM samples").unwrap_err();
    assert!(
        error.contains("GROUP BY") && error.contains("ORDER BY ts"),
        "{error}"
    );
    // In no order at all, but told so.
    let mut shuffled: Vec<Sample> = ticks(1, 0).collect();
    shuffled.rotate_left(3);
    shuffled.swap(1, 5);
    let ctx = context(4, 2);
    load(
        &ctx,
        shuffled.chunks(3).map(|rows| vec![batch(rows)]).collect(),
    );
    let sql = "SELECT increase(ts, value ORDER BY ts) FROM samples GROUP BY series_id";
    assert_eq!(query(&ctx, sql), ["9.0"]);
}

#[test]
fn pieces_dealt_to_partitions_add_up() {
    let samples = counters();
    let expected = reference(&samples);
    for partitions in [1, 2, 4] {
        for rows in [1, 2, 7, 8192] {
            let ctx = context(partitions, rows);
            load_sorted(&ctx, &samples, rows);
            assert_eq!(rises(&ctx, BY_SERIES), expected, "{partitions} {rows}");
            // A filter joins what is left of batches that were far apart.
            let filtered = "SELECT series_id, increase(ts, value) FROM samples \
                WHERE value > -1 OR series_id = 0 GROUP BY series_id ORDER BY series_id";
            assert_eq!(
                rises(&ctx, filtered),
                expected,
                "filtered {partitions} {rows}"
            );
        }
    }
}

#[test]
fn histogram_quantile_adds_up_instances_in_two_phases() {
    // By hand: counts 30, 60, 90, 100 of 100; rank 95 is in (2, +Inf) → 2, rank 45 in (0.5, 1].
    let rows = "(VALUES (1,'a','0.5',10),(1,'a','1',20),(1,'a','2',30),(1,'a','+Inf',40),\
        (1,'b','0.5',20),(1,'b','1',40),(1,'b','2',60),(1,'b','+Inf',60),\
        (2,'a','0.5',1),(2,'a','1',1)) AS t(service, instance, le, n)";
    for (partitions, batch_size) in [(1, 8192), (4, 1), (4, 7)] {
        let ctx = context(partitions, batch_size);
        let sql = format!(
            "SELECT service, histogram_quantile(0.95, le, n), histogram_quantile(0.45, le, n) \
             FROM {rows} GROUP BY service ORDER BY service"
        );
        assert_eq!(query(&ctx, &sql), ["1 2.0 0.75", "2"]);
    }
    let numeric = "SELECT histogram_quantile(0.5, le, n) FROM \
        (VALUES (1.0, 1), ('Infinity'::double, 2)) AS t(le, n)";
    assert_eq!(query(&context(1, 8192), numeric), ["1.0"]);
    fails("SELECT histogram_quantile(0.5, 'x', 1)", "x");
}

#[test]
fn many_bounds_and_groups_keep_their_counts() {
    let ctx = context(4, 64);
    // 40 bounds in 50 groups; group g has 2 observations in each bucket up to g.
    let sql = "SELECT g, histogram_quantile(1, le, n) AS q FROM (\
        SELECT g, CASE WHEN b = 40 THEN 'Infinity'::double ELSE b::double END AS le, \
        2 * least(b, g) AS n FROM generate_series(1, 50) AS a(g), generate_series(1, 40) AS c(b)) \
        GROUP BY g ORDER BY g";
    let expected: Vec<String> = (1..=50).map(|g| format!("{g} {}.0", g.min(39))).collect();
    assert_eq!(query(&ctx, sql), expected);
}

#[test]
fn percentiles_are_those_of_numpy() {
    // numpy.percentile([15, 20, 35, 40, 50], [0, 5, 30, 40, 100]), by hand: rank q × 4.
    let rows = "(VALUES (1, 35.0), (1, 15.0), (1, 50.0), (1, NULL), (1, 'NaN'::double), \
        (1, 20.0), (1, 40.0), (2, 'Infinity'::double), (2, 'Infinity'::double), (3, NULL)) AS t(g, v)";
    for (partitions, batch_size) in [(1, 8192), (4, 1), (4, 7)] {
        let ctx = context(partitions, batch_size);
        let of = |q: &str| {
            query(
                &ctx,
                &format!("SELECT percentile(v, {q}) FROM {rows} GROUP BY g ORDER BY g"),
            )
        };
        for (q, expected) in [
            ("0", "15.0"),
            ("0.05", "16.0"),
            ("0.3", "23.0"),
            ("0.4", "29.0"),
            ("1", "50.0"),
        ] {
            assert_eq!(of(q), [expected, "inf", ""], "{q}");
        }
        let all = format!(
            "SELECT percentile(v, 0.5), percentile(v, 0.5) FILTER (WHERE g = 3) FROM {rows}"
        );
        assert_eq!(query(&ctx, &all), ["40.0"]);
    }
    fails("SELECT percentile(1.0, 95)", "between 0 and 1");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Regular or not, with resets and gaps: any cut into batches, in any order,
    /// over any partitions gives what one pass gives.
    #[test]
    fn batches_in_any_order_give_the_same(
        steps in prop::collection::vec((1_i64..40, 0_u8..30), 2..120),
        cut in 1_usize..9,
        order in any::<u64>(),
        partitions in 1_usize..5,
    ) {
        let mut ts = 0;
        let samples: Vec<Sample> = steps.iter().map(|&(gap, value)| {
            ts += gap;
            (i64::from(ts > 900), ts, Some(f64::from(value)))
        }).collect();
        let mut batches: Vec<RecordBatch> = samples.chunks(cut).map(batch).collect();
        batches.sort_by_key(|batch| xxhash_rust::xxh3::xxh3_64_with_seed(
            &batch.column(1).to_data().buffers()[0][batch.column(1).offset() * 8..], order));
        let mut dealt = vec![Vec::new(); partitions];
        for (at, batch) in batches.into_iter().enumerate() {
            dealt[at % partitions].push(batch);
        }
        let ctx = context(partitions, 8192);
        load(&ctx, dealt);
        prop_assert_eq!(rises(&ctx, BY_SERIES), reference(&samples));
    }

    /// Buckets and what lies between them make the whole.
    #[test]
    fn deltas_by_bucket_make_the_whole(values in prop::collection::vec(0_u8..50, 2..80)) {
        let samples: Vec<Sample> =
            (0..).zip(&values).map(|(i, &v)| (1, i * 15, Some(f64::from(v)))).collect();
        let ctx = context(2, 7);
        load_sorted(&ctx, &samples, 7);
        let sql = "SELECT sum(d) FROM (SELECT b, sum(delta) AS d FROM (SELECT \
            time_bucket('1m', ts) AS b, counter_delta(value) OVER (PARTITION BY series_id ORDER BY ts) \
            AS delta FROM samples) GROUP BY b)";
        let whole = reference(&samples)[0].1.unwrap();
        prop_assert_eq!(query(&ctx, sql), [format!("{whole:?}")]);
    }
}
