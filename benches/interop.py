#!/usr/bin/env python3
"""Reads a store with Python's deltalake, with polars and with DuckDB, and compares what they see.

usage: interop.py --store DIR        (needs the packages deltalake, polars, duckdb and pytz)

Ends with 1 where two readers disagree on rows, sums, times or labels.
"""
import argparse
import sys

import deltalake
import duckdb
import polars

TABLES = ("samples", "series", "logs", "events", "job_runs", "ingests")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--store", required=True)
    store = arguments.parse_args().store
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    wrong = 0
    for table in TABLES:
        delta = deltalake.DeltaTable(f"{store}/{table}")
        files = [uri.removeprefix("file://") for uri in delta.file_uris()]
        frame = polars.read_delta(f"{store}/{table}")
        view = f"read_parquet({files}, hive_partitioning = true)"
        seen = {"polars": [frame.height], "duckdb": [connection.execute(f"SELECT count(*) FROM {view}").fetchone()[0]]}
        if table == "samples":
            finite = frame.filter(polars.col("value").is_finite())
            seen["polars"] += [round(finite["value"].sum(), -9), finite["ts"].max().timestamp(), frame["date"].n_unique()]
            seen["duckdb"] += list(connection.execute(
                f"SELECT round(sum(value), -9), epoch(max(ts)), count(DISTINCT date) FROM {view} WHERE isfinite(value)").fetchone())
        if table == "series":
            labels = [{e["key"]: e["value"] for e in row} if isinstance(row, list) else row for row in frame.sort("series_id")["labels"].to_list()]
            seen["polars"].append(labels)
            seen["duckdb"].append([row[0] for row in connection.execute(f"SELECT labels FROM {view} ORDER BY series_id").fetchall()])
        agree = seen["polars"] == seen["duckdb"]
        wrong += not agree
        print(f"{table}: version {delta.version()}, {len(files)} files, {seen['polars'][0]:,} rows: {'agree' if agree else seen}")
    print(f"deltalake {deltalake.__version__}, polars {polars.__version__}, duckdb {duckdb.__version__}")
    sys.exit(min(wrong, 1))


if __name__ == "__main__":
    main()
