#!/usr/bin/env python3
"""Report-shaped queries against DuckDB on the same Parquet files: CPU seconds (user + sys), hot.

usage: queries.py --store DIR [--retrocast PATH]

DIR is a store, for instance of the sample data. Each pair of queries gives the same answer, which is
checked (row count, and the sum of the last column to six digits). Ours runs as a process and its
start-up (the time of `SELECT 1`) is taken off; DuckDB runs inside this one, on two threads. The least
of three runs is shown. Needs the packages duckdb, deltalake and pytz. DuckDB has no reset-aware counter functions: there a lag window stands for them.
"""
import argparse
import csv
import io
import os
import subprocess
import sys
import time

LAG = """SELECT series_id, ts, CASE WHEN value >= prev THEN value - prev ELSE value END AS delta FROM (
  SELECT series_id, ts, value, lag(value) OVER (PARTITION BY series_id ORDER BY ts) AS prev
  FROM samples WHERE {where}) WHERE prev IS NOT NULL"""

QUERIES = {
    "increase over all series": (
        """SELECT * FROM (SELECT series_id, increase(ts, value) AS rise FROM samples WHERE NOT isnan(value) GROUP BY series_id)
           WHERE rise IS NOT NULL""",
        f"SELECT series_id, sum(delta) AS rise FROM ({LAG.format(where='NOT isnan(value)')}) GROUP BY series_id",
    ),
    "traffic by service and day": (
        """SELECT r.labels['service'] AS service, sum(rise) AS requests FROM (
             SELECT series_id, increase(ts, value) AS rise FROM samples
             WHERE metric IN ('collector_messages_received_total', 'http_requests_total') GROUP BY series_id) i
           JOIN series r ON r.series_id = i.series_id GROUP BY 1 ORDER BY 1""",
        """SELECT r.labels['service'] AS service, sum(delta) AS requests FROM ("""
        + LAG.format(where="metric IN ('collector_messages_received_total', 'http_requests_total')")
        + """) i JOIN series r ON r.series_id = i.series_id GROUP BY 1 ORDER BY 1""",
    ),
    "gauges by metric and hour": (
        """SELECT metric, time_bucket('1h', ts) AS hour, avg(value) AS mean FROM samples
           WHERE metric LIKE '%_in_flight' OR metric LIKE 'flink%' GROUP BY 1, 2""",
        """SELECT metric, time_bucket(INTERVAL '1h', ts) AS hour, avg(value) AS mean FROM samples
           WHERE metric LIKE '%_in_flight' OR metric LIKE 'flink%' GROUP BY 1, 2""",
    ),
    "exact percentiles by series": (
        """SELECT series_id, percentile(value, 0.5) AS p50, percentile(value, 0.95) AS p95, percentile(value, 0.99) AS p99
           FROM samples WHERE metric LIKE '%_in_flight' GROUP BY series_id""",
        """SELECT series_id, quantile_cont(value, 0.5) AS p50, quantile_cont(value, 0.95) AS p95, quantile_cont(value, 0.99) AS p99
           FROM samples WHERE metric LIKE '%_in_flight' GROUP BY series_id""",
    ),
    "one metric, one day, by label": (
        """SELECT stage, avg(value) AS mean FROM metrics.pipeline_in_flight
           WHERE ts >= '2026-05-01T00:00:00Z' AND ts < '2026-05-02T00:00:00Z' GROUP BY stage""",
        """SELECT r.labels['stage'] AS stage, avg(value) AS mean FROM samples s JOIN series r ON r.series_id = s.series_id
           WHERE s.metric = 'pipeline_in_flight' AND ts >= TIMESTAMPTZ '2026-05-01 00:00:00+00'
           AND ts < TIMESTAMPTZ '2026-05-02 00:00:00+00' GROUP BY 1""",
    ),
    "range and count by series": (
        "SELECT series_id, min(ts) AS first, max(ts) AS last, count(*) AS n FROM samples GROUP BY series_id",
        "SELECT series_id, min(ts) AS first, max(ts) AS last, count(*) AS n FROM samples GROUP BY series_id",
    ),
    "log volume by service, level, hour": (
        "SELECT service, severity, time_bucket('1h', ts) AS hour, count(*) AS n FROM logs GROUP BY 1, 2, 3",
        "SELECT service, severity, time_bucket(INTERVAL '1h', ts) AS hour, count(*) AS n FROM logs GROUP BY 1, 2, 3",
    ),
    "top errors": (
        "SELECT attributes['error_type'] AS type, count(*) AS n FROM logs WHERE severity = 'ERROR' GROUP BY 1 ORDER BY n DESC",
        "SELECT attributes['error_type'] AS type, count(*) AS n FROM logs WHERE severity = 'ERROR' GROUP BY 1 ORDER BY n DESC",
    ),
    "cardinality": (
        "SELECT metric, count(*) AS n FROM series GROUP BY metric ORDER BY n DESC, metric",
        "SELECT metric, count(*) AS n FROM series GROUP BY metric ORDER BY n DESC, metric",
    ),
}


def ours(binary, store, sql):
    best, text = float("inf"), ""
    for _ in range(3):
        read, write = os.pipe()
        pid = os.posix_spawn(binary, [binary, "--store", store, "sql", sql, "--format", "csv"], os.environ,
                             file_actions=[(os.POSIX_SPAWN_DUP2, write, 1), (os.POSIX_SPAWN_CLOSE, read)])
        os.close(write)
        with os.fdopen(read) as stream:
            text = stream.read()
        _, status, usage = os.wait4(pid, 0)
        if status != 0:
            sys.exit(f"retrocast failed: {sql}")
        best = min(best, usage.ru_utime + usage.ru_stime)
    rows = list(csv.reader(io.StringIO(text)))[1:]
    return best, rows


def theirs(connection, sql):
    best, rows = float("inf"), []
    for _ in range(3):
        begin = time.process_time()
        rows = connection.execute(sql).fetchall()
        best = min(best, time.process_time() - begin)
    return best, rows


def total(rows):
    try:
        return sum(float(row[-1]) for row in rows if row[-1] not in (None, ""))
    except (TypeError, ValueError):
        return 0.0


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--store", required=True)
    arguments.add_argument("--retrocast", default="target/release/retrocast")
    options = arguments.parse_args()
    import deltalake
    import duckdb
    connection = duckdb.connect()
    connection.execute("SET threads = 2; SET TimeZone = 'UTC'")
    for table in ("samples", "series", "logs"):
        # Only the files of the newest version: a store also keeps those of older ones for a while.
        files = [uri.removeprefix("file://") for uri in deltalake.DeltaTable(f"{options.store}/{table}").file_uris()]
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files}, hive_partitioning = true)")
    startup, _ = ours(options.retrocast, options.store, "SELECT 1")
    count = connection.execute("SELECT count(*) FROM samples").fetchone()[0]
    print(f"DuckDB {duckdb.__version__}, {count:,} samples; start-up of retrocast {startup:.3f} s, taken off\n")
    print("| query | retrocast | DuckDB | ours / theirs |")
    print("|---|---|---|---|")
    sums = [0.0, 0.0]
    for name, (mine, peer) in QUERIES.items():
        a, rows_a = ours(options.retrocast, options.store, mine)
        b, rows_b = theirs(connection, peer)
        a = max(a - startup, 0.0)
        x, y = total(rows_a), total(rows_b)
        if len(rows_a) != len(rows_b) or abs(x - y) > 1e-6 * max(abs(x), abs(y), 1.0):
            print(f"{name}: the answers differ: {len(rows_a)} and {len(rows_b)} rows, {x} and {y}", file=sys.stderr)
        sums[0] += a
        sums[1] += b
        print(f"| {name} | {a:.3f} | {b:.3f} | {a / b:.2f} |")
    print(f"| all | {sums[0]:.3f} | {sums[1]:.3f} | {sums[0] / sums[1]:.2f} |")


if __name__ == "__main__":
    main()
