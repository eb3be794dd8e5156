use super::*;
use crate::model::Labels;
use crate::query::Session;
use crate::query::samples::tests::{Fixture, labels};

/// 2026-03-01T00:00:00Z.
const DAY: i64 = 1_772_323_200_000_000;
const MINUTE: i64 = 60_000_000;

/// Two counters over three days, and a gauge whose labels are called like columns.
fn store() -> Fixture {
    let mut fixture = Fixture::new();
    let counter = |instance: &str, by: f64| -> (Labels, Vec<(i64, f64)>) {
        let name = format!("__name__=requests_total,instance={instance},job=api");
        let samples = (0..3 * 1440).map(|i| (DAY + i * MINUTE, i as f64 * by));
        (labels(&name), samples.collect())
    };
    let odd = labels("__name__=odd,ts=a,label_ts=b,value=c,metric=d");
    fixture.ingest(&[
        counter("a", 60.0),
        counter("b", 120.0),
        (odd, vec![(DAY, 1.0), (DAY + MINUTE, 2.0)]),
    ]);
    fixture
}

fn lines(fixture: &Fixture, sql: &str) -> Vec<String> {
    let result = fixture.runtime.block_on(async {
        let session = Session::open(&fixture.store).await.unwrap();
        session.sql(sql).await
    });
    let result = result.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let table = pretty_format_batches(&result.batches).unwrap().to_string();
    let rows = table.lines().filter(|line| !line.starts_with('+'));
    let cells = |line: &str| line.split('|').map(str::trim).collect::<Vec<_>>().join(" ");
    rows.map(|line| cells(line).trim().to_owned()).collect()
}

#[test]
fn a_store_answers_promql() {
    let fixture = store();
    let rate = "SELECT * FROM promql($$ rate(requests_total[5m]) $$, '2026-03-01T00:10:00Z', \
        TIMESTAMP '2026-03-01 00:12:00', '1m') ORDER BY instance, ts LIMIT 4";
    assert_eq!(
        lines(&fixture, rate),
        [
            "ts value instance job",
            "2026-03-01T00:10:00Z 1.0 a api",
            "2026-03-01T00:11:00Z 1.0 a api",
            "2026-03-01T00:12:00Z 1.0 a api",
            "2026-03-01T00:10:00Z 2.0 b api",
        ]
    );
    // A joint with the store's own rows, over midnight.
    let joint = "SELECT p.ts, p.value, r.value FROM promql('requests_total offset 1m', \
        '2026-03-01T23:59:00Z', '2026-03-02T00:01:00Z', '1m') p \
        JOIN metrics.requests_total r ON r.instance = p.instance AND r.ts = p.ts \
        WHERE p.instance = 'a' AND p.metric = 'requests_total' ORDER BY p.ts";
    assert_eq!(
        lines(&fixture, joint)[1..],
        [
            "2026-03-01T23:59:00Z 86280.0 86340.0",
            "2026-03-02T00:00:00Z 86340.0 86400.0",
            "2026-03-02T00:01:00Z 86400.0 86460.0",
        ]
    );
    let odd = "SELECT * FROM promql('odd', '2026-03-01T00:01:00Z')";
    assert_eq!(
        lines(&fixture, odd),
        [
            "ts value metric label_ts label_metric _label_ts label_value",
            "2026-03-01T00:01:00Z 2.0 odd b d a c",
        ]
    );
    let matrix = "SELECT ts, value FROM promql('odd[5m]', '2026-03-01T00:01:00Z')";
    assert_eq!(lines(&fixture, matrix).len(), 3);
    let scalar = "SELECT * FROM promql('1 + 1', '2026-03-01', '2026-03-02', '1d')";
    assert_eq!(
        lines(&fixture, scalar),
        [
            "ts value",
            "2026-03-01T00:00:00Z 2.0",
            "2026-03-02T00:00:00Z 2.0"
        ]
    );
    let days = "SELECT count(*), sum(value) FROM promql('sum(rate(requests_total[10m]))', \
        '2026-03-01T01:00:00Z', '2026-03-03T23:00:00Z', '1h')";
    assert_eq!(lines(&fixture, days)[1], "71 213.0");
}

#[test]
fn promql_says_what_is_wrong() {
    for (call, part) in [
        ("promql('up')", "the time is missing; usage: promql("),
        (
            "promql('up', '2026-03-01', '2026-03-02')",
            "the step is missing",
        ),
        (
            "promql('up', '2026-03-01', NULL, '1m')",
            "the end is missing",
        ),
        (
            "promql('up', '2026-03-02', '2026-03-01', '1m')",
            "before the start",
        ),
        (
            "promql('up', '1990-01-01', '2026-03-01', '1ms')",
            "longer step",
        ),
        ("promql('up', 'soon')", "\"soon\" is not a time"),
        ("promql('\"text\"', '2026-03-01')", "a string"),
        ("promql('rate(up)', '2026-03-01')", "promql: "),
        ("promql('up +', '2026-03-01')", "parse error"),
        (
            "promql('up', '2026-03-01', '2026-03-02', 'often')",
            "not a duration",
        ),
    ] {
        fails(&format!("SELECT * FROM {call}"), part);
    }
}
