//! Saved backtests in SQL and PromQL.

use arrow::util::pretty::pretty_format_batches;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::Session;
use crate::ingest::{ReadOptions, list};
use crate::store::backtest_fixture::sample;
use crate::store::{LoadOptions, Store, load, save_backtest};

/// 2026-03-01T00:00:00Z.
const DAY: i64 = 1_772_323_200_000_000;
const NOW: i64 = DAY + 86_400_000_000;

struct Fixture {
    _folder: TempDir,
    runtime: Runtime,
    session: Session,
}

impl Fixture {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let runtime = Runtime::new().unwrap();
        let store = Store::create(&folder.path().join("store")).unwrap();
        let incidents = folder.path().join("incidents.csv");
        let text = "id,started_at,title\nINC-1,2026-03-01T00:01:00Z,Errors\n";
        std::fs::write(&incidents, text).unwrap();
        let arguments = [incidents.to_string_lossy().into_owned()];
        let sources = list(&arguments, &mut std::io::empty()).unwrap();
        let options = LoadOptions {
            read: ReadOptions::default(),
            from: None,
            again: false,
        };
        load(&store, &sources, &options, runtime.handle(), NOW, &|_| ()).unwrap();
        for (name, start) in [("nightly", DAY), ("weekly", DAY + 7_000_000)] {
            let sample = sample(start);
            save_backtest(&store, name, sample.result(), runtime.handle(), NOW).unwrap();
        }
        let session = runtime.block_on(Session::open(&store)).unwrap();
        Self {
            _folder: folder,
            runtime,
            session,
        }
    }

    fn sql(&self, text: &str) -> Vec<String> {
        let result = self.runtime.block_on(self.session.sql(text));
        let result = result.unwrap_or_else(|error| panic!("{text}: {error}"));
        let table = pretty_format_batches(&result.batches).unwrap().to_string();
        let rows = table.lines().skip(3).filter(|line| !line.starts_with('+'));
        rows.map(|row| {
            let cells = row
                .split('|')
                .map(str::trim)
                .filter(|cell| !cell.is_empty());
            cells.collect::<Vec<_>>().join(" ")
        })
        .collect()
    }
}

#[test]
fn sql_counts_and_joins() {
    let f = Fixture::new();
    assert_eq!(
        f.sql("SELECT rule, count(*) FROM episodes WHERE backtest = 'nightly' GROUP BY rule"),
        ["HighErrors 4"]
    );
    assert_eq!(
        f.sql(
            "SELECT e.rule, CAST(e.fired_at - i.started_at AS TEXT), i.title \
             FROM episodes e JOIN events i ON i.id = e.incident AND i.kind = 'incident' \
             WHERE e.backtest = 'nightly' AND e.verdict = 'incident'"
        ),
        ["HighErrors 0 days 0 hours 1 mins 0.000000 secs Errors"]
    );
    assert_eq!(
        f.sql(
            "SELECT a.rule, a.\"group\", a.incidents[1], e.labels['job'], e.annotations['summary'] \
             FROM alerts a JOIN episodes e USING (backtest, rule_number) \
             WHERE a.backtest = 'weekly' AND e.fired_at IS NOT NULL ORDER BY e.episode"
        ),
        ["HighErrors api INC-1 a a fails"; 2]
    );
    assert_eq!(
        f.sql(
            "SELECT n.notification, e.episode, n.is_page FROM notifications n \
             JOIN episodes e ON e.backtest = n.backtest AND array_has(n.episodes, e.episode) \
             WHERE n.backtest = 'nightly' ORDER BY 1"
        ),
        ["1 1 true", "2 1 false"]
    );
    assert!(f.session.has("episodes"));
    // Notifications are no data: those of a former time do not widen it.
    let range = f.session.data_range().unwrap();
    assert_eq!(range.start, DAY);
}

#[test]
fn promql_reads_the_alerts() {
    let f = Fixture::new();
    let at = |time: &str, expr: &str| {
        f.sql(&format!(
            "SELECT value, metric, alertstate, job FROM promql($$ {expr} $$, '2026-03-01T00:{time}Z')"
        ))
    };
    let nightly = "ALERTS{alertname=\"HighErrors\",backtest=\"nightly\",job=\"a\"}";
    assert_eq!(at("01:30", nightly), ["1.0 ALERTS pending a"]);
    assert_eq!(at("04:59", nightly), ["1.0 ALERTS firing a"]);
    let none = f.sql(&format!(
        "SELECT * FROM promql($$ {nightly} $$, '2026-03-01T00:05:00Z')"
    ));
    assert!(none.is_empty(), "{none:?}");
    assert_eq!(
        f.sql(
            "SELECT value FROM promql($$ time() - ALERTS_FOR_STATE{backtest=\"nightly\",job=\"a\"} $$, \
             '2026-03-01T00:04:30Z')"
        ),
        ["270.0"]
    );
    assert_eq!(
        f.sql(
            "SELECT value FROM promql($$ sum(count_over_time(ALERTS{alertstate=\"firing\",backtest=\"weekly\"}[20m])) $$, \
             '2026-03-01T00:15:00Z')"
        ),
        ["6.0"]
    );
    assert_eq!(
        f.sql("SELECT count(*) FROM metrics.alerts WHERE backtest = 'nightly' AND job = 'b' AND value = 1"),
        ["1"]
    );
}
