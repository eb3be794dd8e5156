#!/usr/bin/env python3
"""PromQL over long ranges against Prometheus 2: CPU seconds (user + sys, both processes), and peak memory.

usage: promql.py [--retrocast PATH] [--folder DIR] [--large] [--no-prometheus]

Small set: 7 days x 200 counters x 30 s (4 M samples) and a histogram of `retrocast simulate`, in both. Each expression is
evaluated over the whole range at the scrape's own step; Prometheus is asked in pieces under its 11,000-step limit, warm;
all on one core; of ours the start-up (`vector(1)` over the same store) is taken off. The answers are compared.
--large: 30 days x 1,000 counters x 15 s (173 M samples), ours alone, streamed: CPU seconds, memory, seconds a day of data.
"""
import argparse
import csv
import json
import math
import os
import random
import re
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

BEGIN = 1717200000  # 2024-06-01T00:00:00Z
CODES = ("200", "201", "204", "301", "400", "403", "404", "429", "500", "503")


def counters(path, days, instances, step):
    """VictoriaMetrics lines and OpenMetrics text of one counter, ten codes an instance."""
    count = days * 86400 // step
    times = [BEGIN + k * step for k in range(count)]
    stamps = ",".join(str(t * 1000) for t in times)
    chance = random.Random(7)
    daily = [100 + 60 * math.sin(2 * math.pi * (k * step % 86400) / 86400) for k in range(count)]
    text = open(path + ".om", "w") if instances <= 50 else None
    with open(path + ".jsonl", "w") as lines:
        if text:
            text.write("# TYPE x counter\n")
        for i in range(instances):
            for c, code in enumerate(CODES):
                total, column, share = 0, [], step / (1 + 3 * c)
                for k in range(count):
                    total += int(daily[k] * share * (0.9 + 0.2 * chance.random()))
                    if chance.random() < 2e-5:
                        total = 0
                    column.append(total)
                values = ",".join(map(str, column))
                labels = {"__name__": "x_total", "code": code, "instance": f"host{i:03d}:9100", "job": "api"}
                lines.write(f'{{"metric":{json.dumps(labels)},"values":[{values}],"timestamps":[{stamps}]}}\n')
                if text:
                    name = f'x_total{{code="{code}",instance="host{i:03d}:9100",job="api"}}'
                    text.writelines(f"{name} {v} {t}\n" for v, t in zip(column, times))
    if text:
        return text
    return None


def run(command):
    """CPU seconds and peak MB (of this script, where that is more) of a command."""
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[
        (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, "/tmp/retrocast-bench.stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
    ])
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{open('/tmp/retrocast-bench.stderr').read()}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def peak(stats):
    """MB at most, as the program says: what the system tells of a child counts its parent's too."""
    return float(re.search(r"([0-9.]+) MiB of memory", stats)[1])


class Prometheus:
    def __init__(self, folder):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        config = os.path.join(folder, "prometheus.yml")
        with open(config, "w") as file:
            file.write("global: {scrape_interval: 1h}\n")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb", "--storage.tsdb.retention.time=100y",
             f"--web.listen-address=127.0.0.1:{self.port}", "--query.max-samples=1000000000", "--query.timeout=1h", "--log.level=error"])
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready").read()
                return
            except OSError:
                time.sleep(0.1)
        sys.exit("prometheus did not start")

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, query, start, end, step, out):
        """Fetches the range in pieces by curl; CPU seconds of both processes."""
        before, own = self.cpu(), 0.0
        begin, piece = start, 0
        while begin <= end:
            last = min(end, begin + 10_999 * step)
            form = urllib.parse.urlencode({"query": query, "start": begin, "end": last, "step": step})
            target = f"{out}.{piece}"
            pid = os.posix_spawnp("curl", ["curl", "-sS", "-o", target, "--data", form,
                                          f"http://127.0.0.1:{self.port}/api/v1/query_range"], os.environ)
            _, status, usage = os.wait4(pid, 0)
            own += usage.ru_utime + usage.ru_stime
            begin, piece = last + step, piece + 1
        return self.cpu() - before + own, piece

    def stop(self):
        self.process.terminate()
        self.process.wait()


def answers(paths):
    """label set -> {time: value}."""
    result = {}
    for path in paths:
        data = json.load(open(path))
        data = data.get("data", data)
        for one in data["result"]:
            key = json.dumps(one["metric"], sort_keys=True)
            result.setdefault(key, {}).update({round(t, 3): float(v.replace("Inf", "inf")) for t, v in one["values"]})
    return result


def differences(ours, theirs, tolerance):
    if ours.keys() != theirs.keys():
        return f"{len(ours)} and {len(theirs)} series"
    wrong = 0
    for key, points in ours.items():
        peer = theirs[key]
        if points.keys() != peer.keys():
            return f"{key}: {len(points)} and {len(peer)} points"
        for t, v in points.items():
            w = peer[t]
            if v != w and not (math.isnan(v) and math.isnan(w)) and abs(v - w) > tolerance * max(abs(v), abs(w)):
                wrong += 1
    return f"{wrong} points differ" if wrong else "equal"


EXPRESSIONS = [
    ("sum by (instance) (rate(x_total[5m]))", 1e-12),
    ('sum(rate(x_total{code=~"5.."}[1h])) / sum(rate(x_total[1h]))', 1e-12),
    ("histogram_quantile(0.95, sum by (le) (rate(BUCKET[5m])))", 1e-9),
    ("predict_linear(x_total[6h], 86400)", 1e-6),
    ("quantile_over_time(0.95, x_total[1h])", 1e-12),
]


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def small(options):
    folder = options.folder
    store, tsdb = f"{folder}/store-small", f"{folder}/tsdb"
    bucket = options.bucket
    exports = f"{folder}/simulated"
    ours = [options.retrocast, "--store", store]
    if not os.path.exists(store):
        text = counters(f"{folder}/small", 7, 20, 30)
        run([options.retrocast, "simulate", exports, "--days", "7", "--long-days", "0", "--step", "30s",
             "--start", rfc3339(BEGIN)[:10]])
        run(ours + ["ingest", f"{folder}/small.jsonl", f"{exports}/metrics"])
        # Prometheus gets the histogram as our store has it.
        sql = f"SELECT extract(epoch FROM ts) AS ts, * EXCLUDE (ts) FROM metrics.{bucket}"
        rows = subprocess.run(ours + ["sql", sql, "--format", "csv"], capture_output=True, text=True, check=True).stdout
        series = {}
        for row in csv.DictReader(rows.splitlines()):
            t, value = float(row.pop("ts")), row.pop("value")
            row = {k: v for k, v in row.items() if v and k not in ("metric", "series_id", "target_id", "date")}
            series.setdefault(json.dumps(row, sort_keys=True), []).append((t, value))
        text.write(f"# TYPE {bucket.removesuffix('_bucket')} histogram\n")
        for key, points in series.items():
            labels = ",".join(f'{k}="{v}"' for k, v in json.loads(key).items())
            text.writelines(f"{bucket}{{{labels}}} {v} {t:.0f}\n" for t, v in sorted(points))
        text.write("# EOF\n")
        text.close()
    if not os.path.exists(tsdb) and not options.no_prometheus:
        run(["promtool", "tsdb", "create-blocks-from", "openmetrics", f"{folder}/small.om", tsdb])
    start, end, step = BEGIN + 6 * 3600, BEGIN + 7 * 86400 - 30, 30
    span = ["--since", rfc3339(start), "--until", rfc3339(end), "--step", f"{step}s", "--promql-version", "2",
            "--staleness", "none", "--format", "prometheus"]
    server = None if options.no_prometheus else Prometheus(folder)
    print("| expression | ours, CPU s | of it the scan | MB | Prometheus, CPU s | ratio | without the scan | answers |")
    print("|---|---|---|---|---|---|---|---|")
    startup = min(run(ours + ["promql", "vector(1)"])[0] for _ in range(3))
    totals = [0.0, 0.0]
    for text, tolerance in EXPRESSIONS:
        text = text.replace("BUCKET", bucket)
        target = f"{folder}/ours.json"
        runs = [run(ours + ["promql", text, *span, "-o", target, "--stats"]) for _ in range(3)]
        cpu = min(runs)[0] - startup
        stats = open("/tmp/retrocast-bench.stderr").read()
        memory = peak(stats)
        scan = float(re.search(r"read: .* in ([0-9.]+) s", stats)[1])
        if server:
            peer = min(server.ask(text, start, end, step, f"{folder}/theirs")[0] for _ in range(2))
            pieces = math.ceil(((end - start) // step + 1) / 11_000)
            verdict = differences(answers([target]), answers([f"{folder}/theirs.{k}" for k in range(pieces)]), tolerance)
            totals = [totals[0] + cpu, totals[1] + peer]
            print(f"| `{text}` | {cpu:.2f} | {scan:.2f} | {memory:.0f} | {peer:.2f} | {peer / cpu:.1f}× | {peer / max(cpu - scan, 0.001):.1f}× | {verdict} |", flush=True)
        else:
            print(f"| `{text}` | {cpu:.2f} | {scan:.2f} | {memory:.0f} | | | | |", flush=True)
    if server:
        server.stop()
        print(f"| all | {totals[0]:.2f} | | | {totals[1]:.2f} | {totals[1] / totals[0]:.1f}× | | |")
    print(f"\nstart-up {startup:.2f} CPU s")


def large(options):
    folder = options.folder
    store = f"{folder}/store-large"
    ours = [options.retrocast, "--store", store]
    if not os.path.exists(store):
        counters(f"{folder}/large", 30, 100, 15)
        cpu, memory = run(ours + ["ingest", f"{folder}/large.jsonl"])
        print(f"ingest: {cpu:.1f} CPU s, {memory:.0f} MB", flush=True)
        os.remove(f"{folder}/large.jsonl")
    print("| expression | days | CPU s | MB | CPU s a day |")
    print("|---|---|---|---|---|")
    for text, _ in EXPRESSIONS:
        if "BUCKET" in text:
            continue
        for days in (10, 30):
            span = ["--since", rfc3339(BEGIN), "--until", rfc3339(BEGIN + days * 86400 - 15), "--step", "15s",
                    "--format", "ndjson", "--stats"]
            cpu, _ = run(ours + ["promql", text, *span])
            memory = peak(open("/tmp/retrocast-bench.stderr").read())
            print(f"| `{text}` | {days} | {cpu:.2f} | {memory:.0f} | {cpu / days:.3f} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--retrocast", default="target/release/retrocast")
    arguments.add_argument("--folder", default="/tmp/retrocast-bench-promql")
    arguments.add_argument("--bucket", default="storage_write_latency_seconds_bucket", help="a classic histogram of the sample system")
    arguments.add_argument("--large", action="store_true")
    arguments.add_argument("--no-prometheus", action="store_true")
    options = arguments.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    os.sched_setaffinity(0, {0})  # on one core the seconds of the scan are seconds of the processor
    large(options) if options.large else small(options)


if __name__ == "__main__":
    main()
