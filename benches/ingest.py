#!/usr/bin/env python3
"""Ingest against DuckDB and promtool: CPU seconds (user + sys) on one core, and peak memory.

usage: ingest.py [--retrocast PATH] [--days 7] [--instances 20] [--step 30] [--folder DIR]

Writes the same samples as VictoriaMetrics lines, as Prometheus text and as tall CSV, then loads
each with both tools into zstd Parquet, one after the other, pinned to one core. Each is run
three times (`promtool`, where it is installed, once); the least is shown. DuckDB keeps the labels of Prometheus text
as one text; we parse them.
"""
import argparse
import math
import os
import random
import shutil
import subprocess
import sys
import time


def series(instances):
    for i in range(instances):
        instance = f"host{i:03d}:9100"
        for code, rate in (("200", 1.0), ("404", 0.01), ("500", 0.001)):
            yield "http_requests_total", {"code": code, "instance": instance, "job": "api"}, "counter", rate
        for mode, rate in (("idle", 0.7), ("system", 0.1), ("user", 0.2)):
            yield "node_cpu_seconds_total", {"instance": instance, "job": "node", "mode": mode}, "seconds", rate
        labels = {"instance": instance, "job": "node"}
        yield "node_filesystem_avail_bytes", labels | {"mountpoint": "/"}, "bytes", 0
        yield "node_filesystem_size_bytes", labels | {"mountpoint": "/"}, "constant", 0
        yield "node_load1", labels, "load", 0
        yield "up", labels, "up", 0


def values(kind, rate, count, step, chance):
    total, free = 0.0, 1e11
    for k in range(count):
        if kind == "counter":
            daily = 100 + 60 * math.sin(2 * math.pi * (k * step % 86400) / 86400)
            total += int(daily * step * rate * chance.uniform(0.9, 1.1) + chance.random())
            yield f"{total:.0f}"
        elif kind == "seconds":
            total += step * rate * chance.uniform(0.9, 1.1)
            yield f"{total:.2f}"
        elif kind == "bytes":
            free = free - chance.uniform(0, 2e6) if free > 2e9 else 1e11
            yield f"{free:.0f}"
        elif kind == "constant":
            yield "100000000000"
        elif kind == "load":
            yield f"{2 + chance.gauss(0, 0.5):.2f}"
        else:
            yield "1"


def generate(folder, days, instances, step):
    count, begin = days * 86400 // step, 1717200000
    times = [begin + k * step for k in range(count)]
    stamps = ",".join(str(t * 1000) for t in times)
    iso = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t)) for t in times]
    paths = {name: os.path.join(folder, f"bench.{name}") for name in ("vm.jsonl", "om.txt", "csv")}
    if all(os.path.exists(p) for p in paths.values()):
        return paths, count * instances * 10
    chance = random.Random(7)
    everything = sorted(series(instances), key=lambda s: s[0])
    with open(paths["vm.jsonl"], "w") as vm, open(paths["om.txt"], "w") as om, open(paths["csv"], "w") as tall:
        tall.write("time,metric,instance,job,code,mode,mountpoint,value\n")
        family = None
        for name, labels, kind, rate in everything:
            column = list(values(kind, rate, count, step, chance))
            text = ",".join(f'"{k}":"{v}"' for k, v in ({"__name__": name} | labels).items())
            vm.write(f'{{"metric":{{{text}}},"values":[{",".join(column)}],"timestamps":[{stamps}]}}\n')
            if name != family:
                kind_name = "counter" if name.endswith("_total") else "gauge"
                om.write(f"# TYPE {name.removesuffix('_total')} {kind_name}\n")
                family = name
            text = ",".join(f'{k}="{v}"' for k, v in labels.items())
            om.writelines(f"{name}{{{text}}} {v} {t}\n" for v, t in zip(column, times))
            cells = ",".join(labels.get(k, "") for k in ("instance", "job", "code", "mode", "mountpoint"))
            tall.writelines(f"{t},{name},{cells},{v}\n" for v, t in zip(column, iso))
        om.write("# EOF\n")
    return paths, count * instances * 10


DUCKDB = {
    "vm.jsonl": """SELECT metric, unnest("values") AS value, unnest(timestamps) AS ts FROM read_json('{path}',
        columns = {{metric: 'MAP(VARCHAR, VARCHAR)', "values": 'DOUBLE[]', timestamps: 'BIGINT[]'}},
        format = 'newline_delimited', maximum_object_size = 500000000)""",
    # The labels stay one text.
    "om.txt": """SELECT split_part(line, '}} ', 1) AS series,
        split_part(split_part(line, '}} ', 2), ' ', 1)::DOUBLE AS value,
        split_part(split_part(line, '}} ', 2), ' ', 2)::DOUBLE AS ts
        FROM read_csv('{path}', columns = {{line: 'VARCHAR'}}, delim = chr(1), quote = '', escape = '', header = false)
        WHERE line[1] <> '#'""",
    "csv": "SELECT * FROM read_csv('{path}')",
}

RUN_DUCKDB = """
import duckdb, sys
c = duckdb.connect()
c.execute("SET threads = 1")
c.execute("COPY (" + sys.argv[1] + ") TO '" + sys.argv[2] + "' (FORMAT parquet, COMPRESSION zstd)")
"""


def measure(command, before, runs=3):
    """Least CPU seconds of some runs, and the peak memory in MB."""
    best = (float("inf"), 0)
    for _ in range(runs):
        before()
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),
        ])
        _, status, usage = os.wait4(pid, 0)
        if status != 0:
            return None
        best = min(best, (usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return best


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--retrocast", default="target/release/retrocast")
    arguments.add_argument("--days", type=int, default=7)
    arguments.add_argument("--instances", type=int, default=20)
    arguments.add_argument("--step", type=int, default=30)
    arguments.add_argument("--folder", default="/tmp/retrocast-bench")
    options = arguments.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    os.sched_setaffinity(0, {0})
    paths, samples = generate(options.folder, options.days, options.instances, options.step)
    store, out = os.path.join(options.folder, "store"), os.path.join(options.folder, "out")

    def clean():
        shutil.rmtree(store, ignore_errors=True)
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)

    import duckdb
    version = subprocess.run([options.retrocast, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{version}, DuckDB {duckdb.__version__}; {samples:,} samples; CPU seconds on one core, MB at peak\n")
    print("| input | retrocast | peak | peer | CPU s | peak | ratio |")
    print("|---|---|---|---|---|---|---|")
    for name, path in paths.items():
        ours = measure([options.retrocast, "--store", store, "ingest", path], clean)
        if ours is None:
            sys.exit(f"retrocast failed on {path}")
        duckdb_command = [sys.executable, "-c", RUN_DUCKDB, DUCKDB[name].format(path=path), out + "/x.parquet"]
        peers = [("DuckDB", duckdb_command, 3)]
        if name == "om.txt" and shutil.which("promtool"):
            promtool = ["promtool", "tsdb", "create-blocks-from", "openmetrics", path, out]
            peers.append(("promtool tsdb create-blocks-from", promtool, 1))
        for peer, command, runs in peers:
            theirs = measure(command, clean, runs)
            if theirs is None:
                print(f"| {name} | {ours[0]:.2f} | {ours[1]:.0f} | {peer} | failed | | |")
                continue
            print(f"| {name} | {ours[0]:.2f} | {ours[1]:.0f} | {peer} | {theirs[0]:.2f} | {theirs[1]:.0f} | {theirs[0] / ours[0]:.1f}× |")


if __name__ == "__main__":
    main()
