use super::*;

#[test]
fn counter_delta_streams_over_a_sorted_scan() {
    let samples = counters();
    let sql = "SELECT series_id, sum(delta), count(delta) FROM (SELECT series_id, \
        counter_delta(value) OVER (PARTITION BY series_id ORDER BY ts) AS delta FROM samples) \
        GROUP BY series_id ORDER BY series_id";
    for (partitions, rows) in [(1, 8192), (1, 7), (4, 2)] {
        let ctx = context(partitions, rows);
        load_sorted(&ctx, &samples, rows);
        assert_eq!(query(&ctx, sql), ["0 59.0 58", "1 77.0 59", "2 177.0 58"]);
    }
    let ctx = context(1, 8192);
    load_sorted(&ctx, &samples, 10);
    let plan = query(&ctx, &format!("EXPLAIN {sql}")).join("\n");
    assert!(plan.contains("BoundedWindowAggExec"), "{plan}");
}

#[test]
fn a_rolling_increase_follows_its_frame() {
    let ctx = context(1, 8192);
    let values = [10.0, 12.0, 3.0, f64::NAN, 4.0];
    let samples: Vec<Sample> = (0..)
        .zip(values)
        .map(|(i, v)| (1, i * 60, Some(v)))
        .collect();
    load_sorted(&ctx, &samples, 2);
    let sql = "SELECT increase(ts, value) OVER (PARTITION BY series_id ORDER BY ts \
        RANGE INTERVAL '2 minutes' PRECEDING) FROM samples ORDER BY ts";
    assert_eq!(query(&ctx, sql), ["", "2.0", "5.0", "3.0", "1.0"]);
    let from_the_beginning = "SELECT increase(ts, value) OVER (PARTITION BY series_id ORDER BY ts) \
        FROM samples ORDER BY ts";
    assert_eq!(
        query(&ctx, from_the_beginning),
        ["", "2.0", "5.0", "5.0", "6.0"]
    );
}

#[test]
fn sessions_end_at_long_pauses() {
    let ctx = context(4, 2);
    // The gap itself does not end a session, only more than the gap.
    let seconds = [(1, 0), (1, 60), (1, 121), (2, 0), (2, 500), (2, 560)];
    let samples: Vec<Sample> = seconds.iter().map(|&(id, s)| (id, s, None)).collect();
    load_sorted(&ctx, &samples, 2);
    for gap in ["'1m'", "INTERVAL '1 minute'", "INTERVAL '60 seconds'"] {
        let sql = format!(
            "SELECT series_id, session_id(ts, {gap}) OVER (PARTITION BY series_id ORDER BY ts) \
             FROM samples ORDER BY series_id, ts"
        );
        assert_eq!(
            query(&ctx, &sql),
            ["1 1", "1 1", "1 2", "2 1", "2 2", "2 2"]
        );
    }
    fails(
        "SELECT session_id(ts, INTERVAL '1 month') OVER (ORDER BY ts) FROM (SELECT now() AS ts)",
        "fixed length",
    );
}
