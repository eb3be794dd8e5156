#!/usr/bin/env python3
"""Backtests 20 rules over a month of 1,000 series, and a slice of it beside promtool.

usage: backtest.py [--binary PATH] [--days 30] [--instances 100] [--step 15] [--promtool-hours 6] [--folder DIR]

Writes the series (numpy is needed), loads them, and runs `retrocast backtest` on the whole range, alone and with
--base. Then the first hours go to `promtool test rules` as input series, and to a store of their own: the CPU seconds
of both (that they agree is what `tests/it/promtool.rs` holds). 172.8 million samples take 4 GB on disk for a while.
"""
import argparse, json, os, pathlib, resource, shutil, subprocess, sys, tempfile

START = 1717200000

RULES = """groups:
- name: recording
  interval: 15s
  rules:
  - {record: 'instance:cpu:rate5m', expr: '1 - sum by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m]))'}
  - {record: 'job:requests:rate5m', expr: 'sum by (job, code) (rate(http_requests_total[5m]))'}
  - {record: 'instance:errors:ratio5m', expr: 'sum by (instance) (rate(http_requests_total{code="500"}[5m])) / sum by (instance) (rate(http_requests_total[5m]))'}
  - {record: 'instance:errors:ratio30m', expr: 'sum by (instance) (rate(http_requests_total{code="500"}[30m])) / sum by (instance) (rate(http_requests_total[30m]))'}
  - {record: 'instance:errors:ratio1h', expr: 'sum by (instance) (rate(http_requests_total{code="500"}[1h])) / sum by (instance) (rate(http_requests_total[1h]))'}
  - {record: 'instance:errors:ratio6h', expr: 'sum by (instance) (rate(http_requests_total{code="500"}[6h])) / sum by (instance) (rate(http_requests_total[6h]))'}
  - {record: 'instance:disk:used', expr: '1 - node_filesystem_avail_bytes / node_filesystem_size_bytes'}
  - {record: 'job:up:avg', expr: 'avg by (job) (up)'}
- name: alerts
  interval: 15s
  rules:
  - {alert: Down, expr: 'up == 0', for: 1m}
  - {alert: JobDegraded, expr: 'job:up:avg < 0.9', for: 5m}
  - {alert: HighCpu, expr: 'instance:cpu:rate5m > 0.8', for: 10m}
  - {alert: DiskWillFill, expr: 'predict_linear(node_filesystem_avail_bytes[6h], 86400) < 0 and instance:disk:used > 0.8', for: 1h}
  - {alert: DiskFull, expr: 'instance:disk:used > 0.95', for: 5m}
  - {alert: HighLoad, expr: 'avg_over_time(node_load1[15m]) > 6', for: 5m}
  - {alert: LoadSpike, expr: 'node_load1 > 2 * quantile_over_time(0.95, node_load1[1h] offset 1h)', for: 2m}
  - {alert: BurnFast, expr: 'instance:errors:ratio1h > 0.0144 and instance:errors:ratio5m > 0.0144', for: 2m}
  - {alert: BurnSlow, expr: 'instance:errors:ratio6h > 0.006 and instance:errors:ratio30m > 0.006', for: 15m}
  - {alert: TrafficDrop, expr: 'job:requests:rate5m{code="200"} < 0.5 * job:requests:rate5m{code="200"} offset 1d', for: 10m}
  - {alert: Flapping, expr: 'changes(up[30m]) > 4'}
  - {alert: JobAbsent, expr: 'absent(up{job="node"})', for: 5m}
"""


def series(days, instances, step):
    """Yields labels and values of ten series an instance."""
    import numpy as np

    rng = np.random.default_rng(1)
    n = days * 86400 // step
    t = np.arange(n) * step
    load = 100 + 60 * np.sin(2 * np.pi * t / 86400)
    for i in range(instances):
        target = {"instance": f"host{i:03}:9100"}
        bad = np.zeros(n, bool)
        for _ in range(days // 5 + 1):
            at = rng.integers(n)
            bad[at : at + rng.integers(20, 240)] = True
        for code, share in (("200", 1.0), ("500", 0.001), ("404", 0.01)):
            grows = load * step * share * rng.uniform(0.9, 1.1, n)
            if code == "500":
                grows = np.where(bad, load * step * 0.2, grows)
            total = np.cumsum(np.floor(grows + rng.random(n)))
            for at in rng.integers(1, n, 3):
                total[at:] -= total[at]
            labels = {"__name__": "http_requests_total", "job": "api", "code": code, **target}
            yield labels, np.maximum(total, 0).astype(np.int64)
        for mode, good, ill in (("idle", 0.7, 0.05), ("user", 0.2, 0.8), ("system", 0.1, 0.15)):
            total = np.cumsum(np.where(bad, ill, good) * step * rng.uniform(0.9, 1.1, n)).round(2)
            yield {"__name__": "node_cpu_seconds_total", "job": "node", "mode": mode, **target}, total
        used = np.cumsum(rng.uniform(0, 6.3e11 / n, n)) % 9.8e10
        yield {"__name__": "node_filesystem_avail_bytes", "job": "node", **target}, (1e11 - used).astype(np.int64)
        yield {"__name__": "node_filesystem_size_bytes", "job": "node", **target}, np.full(n, 10**11)
        yield {"__name__": "node_load1", "job": "node", **target}, (np.where(bad, 9, 2) + rng.normal(0, 0.5, n)).round(2)
        up = np.where(bad & ((np.arange(n) // 7) % 3 == 0), 0, 1)
        yield {"__name__": "up", "job": "node", **target}, up


def run(command):
    """Runs a command; returns its CPU seconds, peak memory in MB, output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]}: {done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, after.ru_maxrss / 1024, done.stdout + done.stderr


def write(path, rows, times, count):
    with open(path, "w") as out:
        for labels, values in rows:
            values = ",".join(map(str, values[:count].tolist()))
            out.write('{"metric":%s,"values":[%s],"timestamps":[%s]}\n' % (json.dumps(labels), values, times))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default="target/release/retrocast")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--instances", type=int, default=100)
    parser.add_argument("--step", type=int, default=15)
    parser.add_argument("--promtool-hours", type=int, default=6)
    parser.add_argument("--folder", help="a folder for the data, kept for the next time")
    a = parser.parse_args()
    binary = os.path.abspath(a.binary)
    folder = pathlib.Path(a.folder or tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yml").write_text(RULES)
    (folder / "changed.yml").write_text(RULES.replace("changes(up[30m]) > 4", "changes(up[30m]) > 6"))
    n = a.days * 86400 // a.step
    small = min(n, a.promtool_hours * 3600 // a.step)
    if not (folder / "store").exists():
        times = ",".join(str((START + i * a.step) * 1000) for i in range(n))
        write(folder / "all.jsonl", series(a.days, a.instances, a.step), times, n)
        run([binary, "--store", str(folder / "store"), "ingest", str(folder / "all.jsonl")])
        os.remove(folder / "all.jsonl")
    print(f"{n * a.instances * 10:,} samples, 20 rules")
    store = ["--store", str(folder / "store")]
    cpu, peak, _ = run([binary, *store, "backtest", str(folder / "rules.yml"), "-o", str(folder / "out.json")])
    print(f"backtest           {cpu:7.2f} CPU s  {peak:6.0f} MB")
    base = ["--base", str(folder / "rules.yml"), "-o", str(folder / "out.json")]
    cpu, peak, _ = run([binary, *store, "backtest", str(folder / "changed.yml"), *base])
    print(f"backtest --base    {cpu:7.2f} CPU s  {peak:6.0f} MB at most so far")
    if not shutil.which("promtool"):
        return print("promtool is not installed: no comparison (Debian's package prometheus has it)")
    rows = [(labels, values[:small]) for labels, values in series(a.days, a.instances, a.step)]
    # promtool begins at 0: so does our copy of the slice.
    times = ",".join(str(i * a.step * 1000) for i in range(small))
    write(folder / "small.jsonl", rows, times, small)
    shutil.rmtree(folder / "small", ignore_errors=True)
    run([binary, "--store", str(folder / "small"), "ingest", str(folder / "small.jsonl")])
    with open(folder / "test.yml", "w") as out:
        out.write(f"rule_files: [rules.yml]\nevaluation_interval: {a.step}s\ntests:\n- interval: {a.step}s\n  input_series:\n")
        for labels, values in rows:
            name = labels["__name__"]
            pairs = ",".join(f'{k}="{v}"' for k, v in labels.items() if k != "__name__")
            out.write(f"  - series: '{name}{{{pairs}}}'\n    values: '{' '.join(map(str, values.tolist()))}'\n")
        out.write(f"  promql_expr_test:\n  - expr: count(ALERTS) > 1e9\n    eval_time: {(small - 1) * a.step}s\n")
    theirs, their_peak, _ = run(["promtool", "test", "rules", str(folder / "test.yml")])
    until = f"1970-01-01T{(small * a.step) // 3600:02}:00:00Z"
    arguments = ["backtest", str(folder / "rules.yml"), "--promql-version", "2", "--since", "1970-01-01T00:00:00Z"]
    ours, our_peak, _ = run(
        [binary, "--store", str(folder / "small"), *arguments, "--until", until, "-o", str(folder / "out.json")]
    )
    print(f"the first {a.promtool_hours} h: promtool {theirs:.1f} CPU s, {their_peak:.0f} MB at most so far;"
          f" backtest {ours:.2f} CPU s; {theirs / ours:.0f} times")


if __name__ == "__main__":
    main()
