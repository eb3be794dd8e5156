use proptest::prelude::*;

use super::*;

fn rows(ctx: &SessionContext, call: &str) -> Vec<String> {
    query(ctx, &format!("SELECT * FROM {call}"))
}

const LOAD: &str = "gap_fill('SELECT ts, service, cpu, n FROM load'";

fn load_table(ctx: &SessionContext) {
    let sql = "CREATE TABLE load AS SELECT * FROM (VALUES \
        (TIMESTAMP '2026-03-01 00:00:00', 'a', 1.0, 1), (TIMESTAMP '2026-03-01 00:03:00', 'a', 4.0, 4), \
        (TIMESTAMP '2026-03-01 00:01:00', 'b', NULL, 7)) AS t(ts, service, cpu, n)";
    try_query(ctx, sql).unwrap();
}

#[test]
fn gaps_become_rows() {
    let ctx = context(2, 7);
    load_table(&ctx);
    let at = |rest: [&str; 8]| -> Vec<String> {
        let minute = |i| format!("2026-03-01T00:0{}:00", i % 4);
        (0..)
            .zip(rest)
            .map(|(i, rest)| format!("{} {rest}", minute(i)))
            .collect()
    };
    assert_eq!(
        rows(&ctx, &format!("{LOAD}, '1m')")),
        at([
            "a 1.0 1 false",
            "a true",
            "a true",
            "a 4.0 4 false",
            "b true",
            "b 7 false",
            "b true",
            "b true"
        ])
    );
    assert_eq!(
        rows(&ctx, &format!("{LOAD}, '1m', 'previous')")),
        at([
            "a 1.0 1 false",
            "a 1.0 1 true",
            "a 1.0 1 true",
            "a 4.0 4 false",
            "b true",
            "b 7 false",
            "b 7 true",
            "b 7 true"
        ])
    );
    assert_eq!(
        rows(&ctx, &format!("{LOAD}, '1m', 'linear')")),
        at([
            "a 1.0 1.0 false",
            "a 2.0 2.0 true",
            "a 3.0 3.0 true",
            "a 4.0 4.0 false",
            "b true",
            "b 7.0 false",
            "b true",
            "b true"
        ])
    );
    // since is inclusive, until exclusive; both may lie off the grid.
    let part = rows(
        &ctx,
        &format!("{LOAD}, '1m', 'null', '2026-03-01T00:00:30Z', TIMESTAMP '2026-03-01 00:02:30')"),
    );
    assert_eq!(part.len(), 4);
    assert!(part[0].starts_with("2026-03-01T00:01:00"), "{part:?}");
    let empty = "gap_fill('SELECT ts, service, cpu FROM load WHERE cpu > 9', '1m', 'linear', '2026-03-01', '2026-03-02')";
    assert!(rows(&ctx, empty).is_empty());
}

#[test]
fn gap_fill_says_what_is_wrong() {
    let values =
        |rows: &str| format!("gap_fill('SELECT * FROM (VALUES {rows}) AS t(ts, v)', '1m')");
    for (call, part) in [
        (values("(TIMESTAMP ''2026-03-01 00:00:30'', 1)"), "time_bucket(step, ts)"),
        (values("(TIMESTAMP ''2026-03-01'', 1), (TIMESTAMP ''2026-03-01'', 2)"), "two rows at 2026-03-01T00:00:00Z"),
        (values("(1, 1)"), "exactly one timestamp"),
        (values("(NULL::timestamp, 1)"), "NULLs"),
        ("gap_fill('SELECT now() AS ts', '1m', 'spline')".into(), "'linear'"),
        ("gap_fill('SELECT now() AS ts', 'often')".into(), "not a duration"),
        ("gap_fill('SELECT now() AS ts')".into(), "usage: gap_fill("),
        ("gap_fill('DROP TABLE x', '1m')".into(), "DDL"),
        ("gap_fill('SELEC 1', '1m')".into(), "the query \"SELEC 1\""),
        ("gap_fill('SELECT TIMESTAMP ''2026-03-01'' AS ts', '1ms', 'null', '1990-01-01', '2030-01-01')".into(), "longer step"),
    ] {
        fails(&format!("SELECT * FROM {call}"), part);
    }
}

#[test]
fn as_of_matches_by_hand() {
    let ctx = context(2, 7);
    try_query(&ctx, "CREATE TABLE l AS SELECT * FROM (VALUES (10, 'a'), (20, 'b'), (25, 'a'), (NULL, 'a')) AS t(k, s)").unwrap();
    try_query(&ctx, "CREATE TABLE r AS SELECT * FROM (VALUES ('a', 10, 'x'), ('a', 22, 'y'), ('b', 30, 'z'), ('a', 10, 'w')) AS t(s, k, v)").unwrap();
    let call = |rest: &str| {
        rows(
            &ctx,
            &format!("asof_join('SELECT * FROM l', 'SELECT * FROM r', 'k', 's'{rest})"),
        )
    };
    assert_eq!(call(""), ["10 a 10 w", "20 b", "25 a 22 y", "a"]);
    assert_eq!(call(", 'forward'"), ["10 a 10 x", "20 b 30 z", "25 a", "a"]);
    assert_eq!(
        call(", 'nearest', '5'"),
        ["10 a 10 w", "20 b", "25 a 22 y", "a"]
    );
    let without_by = "asof_join('SELECT k FROM l', 'SELECT k, v FROM r', 'k', '', 'backward', '3')";
    assert_eq!(rows(&ctx, without_by), ["10 10 w", "20", "25 22 y", ""]);
    for (call, part) in [
        (
            "asof_join('SELECT 1 AS k', 'SELECT 1 AS j', 'k')",
            "no column \"k\", but j",
        ),
        (
            "asof_join('SELECT 1 AS k', 'SELECT now() AS k', 'k')",
            "timestamp in one",
        ),
        (
            "asof_join('SELECT 1.5 AS k', 'SELECT 1 AS k', 'k')",
            "timestamp or an integer",
        ),
        (
            "asof_join('SELECT 1 AS k', 'SELECT 1 AS k', 'k', '', 'sideways')",
            "'nearest'",
        ),
        (
            "asof_join('SELECT 1 AS k', 'SELECT 1 AS k', 'k', '', 'forward', '-1')",
            "whole number",
        ),
        (
            "asof_join('SELECT now() AS k', 'SELECT now() AS k', 'k', '', 'forward', 'soon')",
            "not a duration",
        ),
    ] {
        fails(&format!("SELECT * FROM {call}"), part);
    }
}

#[test]
fn a_table_function_may_stand_in_another_and_in_any_runtime() {
    let ctx = context(2, 7);
    load_table(&ctx);
    let nested = "gap_fill($$ SELECT ts, service, cpu FROM gap_fill('SELECT ts, service, cpu FROM load', '1m') $$, '1m', 'previous')";
    assert_eq!(rows(&ctx, nested).len(), 8);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let count = runtime.block_on(async {
        let frame = ctx.sql(&format!("SELECT * FROM {nested}")).await.unwrap();
        frame.count().await.unwrap()
    });
    assert_eq!(count, 8);
}

fn ticks(name: &str, rows: &[(i64, u8)]) -> (SessionContext, String) {
    let ctx = context(1, 8192);
    let samples: Vec<Sample> = (0..)
        .zip(rows)
        .map(|(i, &(t, g))| (i64::from(g), t, Some(f64::from(i))))
        .collect();
    let table = MemTable::try_new(batch(&[]).schema(), vec![vec![batch(&samples)]]).unwrap();
    ctx.register_table(name, Arc::new(table)).unwrap();
    (ctx, name.into())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Against a plain loop over all pairs of rows.
    #[test]
    fn as_of_agrees_with_a_nested_loop(
        left in prop::collection::vec((0_i64..60, 0_u8..3), 0..40),
        right in prop::collection::vec((0_i64..60, 0_u8..3), 0..40),
        backward in any::<bool>(),
        tolerance in prop::option::of(1_i64..20),
    ) {
        let (ctx, _) = ticks("l", &left);
        let (other, _) = ticks("r", &right);
        let provider = tokio::runtime::Runtime::new().unwrap().block_on(other.table_provider("r")).unwrap();
        ctx.register_table("r", provider).unwrap();
        let sql = format!(
            "SELECT value, value_right FROM asof_join('SELECT * FROM l', 'SELECT * FROM r', 'ts', 'series_id', '{}'{}) ORDER BY value",
            if backward { "backward" } else { "forward" },
            tolerance.map(|t| format!(", '{t}s'")).unwrap_or_default(),
        );
        let expected: Vec<String> = left.iter().enumerate().map(|(i, &(ts, group))| {
            let mut best: Option<(i64, usize)> = None;
            for (j, &(at, of)) in right.iter().enumerate() {
                let distance = if backward { ts - at } else { at - ts };
                let near = distance >= 0 && tolerance.is_none_or(|t| distance <= t);
                let better = best.is_none_or(|(d, _)| distance < d || (distance == d && backward));
                if of == group && near && better {
                    best = Some((distance, j));
                }
            }
            best.map_or(format!("{i}.0"), |(_, j)| format!("{i}.0 {j}.0"))
        }).collect();
        prop_assert_eq!(query(&ctx, &sql), expected);
    }

    /// Against a plain search for the neighbours of every time of the grid.
    #[test]
    fn gap_fill_agrees_with_a_search(
        times in prop::collection::btree_set((0_i64..30, 0_u8..3), 1..30),
        linear in any::<bool>(),
    ) {
        let rows: Vec<(i64, u8)> = times.into_iter().map(|(t, g)| (t * 60, g)).collect();
        let (ctx, _) = ticks("l", &rows);
        let mode = if linear { "linear" } else { "previous" };
        let sql = format!("SELECT value, filled FROM gap_fill(\
            'SELECT ts, arrow_cast(series_id, ''Utf8View'') AS g, value FROM l', '1m', '{mode}') ORDER BY g, ts");
        let (first, last) = (rows[0].0, rows[rows.len() - 1].0);
        let mut groups: Vec<u8> = rows.iter().map(|r| r.1).collect();
        groups.sort_unstable();
        groups.dedup();
        let mut expected = Vec::new();
        for group in groups {
            let own: Vec<(f64, f64)> = rows.iter().enumerate().filter(|(_, r)| r.1 == group)
                .map(|(i, r)| (r.0 as f64, i as f64)).collect();
            for ts in (first..=last).step_by(60).map(|ts| ts as f64) {
                let before = own.iter().rev().find(|o| o.0 <= ts);
                let after = own.iter().find(|o| o.0 >= ts);
                let value = match (before, after) {
                    (Some(b), _) if !linear || b.0 == ts => Some(b.1),
                    (Some(b), Some(a)) => Some(b.1 + (a.1 - b.1) * (ts - b.0) / (a.0 - b.0)),
                    _ => None,
                };
                expected.push((value, before.is_none_or(|b| b.0 != ts)));
            }
        }
        let actual = query(&ctx, &sql);
        prop_assert_eq!(actual.len(), expected.len());
        for (row, (value, filled)) in actual.iter().zip(expected) {
            let (number, flag) = row.rsplit_once(' ').unwrap_or(("", row));
            prop_assert_eq!(flag, filled.to_string());
            match value {
                Some(value) => prop_assert!((number.parse::<f64>().unwrap() - value).abs() < 1e-9),
                None => prop_assert_eq!(number, ""),
            }
        }
    }
}
