#!/usr/bin/env python3
"""Forecasts the M competitions' series with `retrocast forecast` and with statsforecast, and scores both.

usage: forecast.py --data DIR [--binary PATH] [--sets m4_hourly,m4_daily,m4_weekly,m3_monthly]
                   [--models auto-arima,ets,theta] [--peer-series 20]
       forecast.py --prophet FILE.csv...

DIR has SET.train.csv.gz and SET.test.csv.gz (`unique_id,ds,y`) for each set. Every series is forecast by retrocast;
statsforecast (PyPI, 2.1) forecasts the first --peer-series of each set on one thread, and is compared on those: its
AutoARIMA takes a minute a series on the hourly set. Prints MASE (the set's season), coverage, MSIS, and CPU seconds a
series; of retrocast these are user + sys of the whole process, files read and rows written, all cores.

With --prophet the files (`ds,y`, a row a day) are forecast a year ahead by Prophet's own package (PyPI, 1.5) and by ours.
"""
import argparse, csv, gzip, os, pathlib, statistics, subprocess, sys, tempfile, time

SETS = {"m4_hourly": (24, 48), "m4_daily": (1, 14), "m4_weekly": (1, 13), "m3_monthly": (12, 18)}


def read(path):
    series = {}
    with gzip.open(path, "rt") as f:
        for row in csv.DictReader(f):
            series.setdefault(row["unique_id"], []).append(float(row["y"]))
    return series


def mean(values):
    values = list(values)
    return statistics.fmean(values) if values else float("nan")


def score(train, test, forecasts, season):
    """Means over the series of MASE, coverage at 80 and 95 %, and MSIS at 95 %."""
    scores = []
    for name, rows in forecasts.items():
        y, actual = train[name], test[name]
        scale = mean(abs(b - a) for a, b in zip(y, y[season:]))
        if not scale:
            continue
        steps = list(zip(actual, rows, strict=True))
        inside = lambda lo, hi: mean(r[lo] <= a <= r[hi] for a, r in steps)
        width = mean(r["hi95"] - r["lo95"] + 40 * max(r["lo95"] - a, 0, a - r["hi95"]) for a, r in steps)
        error = mean(abs(a - r["mean"]) for a, r in steps)
        scores.append((error / scale, inside("lo80", "hi80"), inside("lo95", "hi95"), width / scale))
    return [mean(column) for column in zip(*scores)]


def ours(binary, data, name, model, names=None):
    """CPU seconds a series, peak memory in MB, and the forecasts."""
    season, horizon = SETS[name]
    source = data / f"{name}.train.csv.gz"
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.csv"
        command = [binary, "forecast", "--csv", str(source), "--horizon", str(horizon), "--model", model,
                   "--season", str(season) if season > 1 else "none", "--format", "csv", "-o", str(out)]
        cpu, memory = run(command)
        forecasts = {}
        with open(out) as f:
            for row in csv.DictReader(f):
                row = {k: float(row[k]) for k in ("mean", "lo80", "hi80", "lo95", "hi95")} | {"id": row["unique_id"]}
                forecasts.setdefault(row["id"], []).append(row)
    return cpu / len(forecasts), memory, forecasts


def run(command):
    """Runs a command; returns its CPU seconds and its peak memory in MB."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    message = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{' '.join(command)}\n{message}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def peer(train, name, model, count):
    """The same of statsforecast, one series after the other on one thread."""
    from statsforecast.models import AutoARIMA, AutoETS, AutoTheta, SeasonalNaive
    import numpy

    season, horizon = SETS[name]
    make = {"auto-arima": AutoARIMA, "ets": AutoETS, "theta": AutoTheta, "seasonal-naive": SeasonalNaive}[model]
    chosen = list(train)[:count]
    make(season_length=season).forecast(numpy.asarray(train[chosen[0]]), h=2, level=[95])  # compiles
    forecasts, begin = {}, time.process_time()
    for unique_id in chosen:
        got = make(season_length=season).forecast(numpy.asarray(train[unique_id]), h=horizon, level=[80, 95])
        columns = ("mean", "mean"), ("lo80", "lo-80"), ("hi80", "hi-80"), ("lo95", "lo-95"), ("hi95", "hi-95")
        forecasts[unique_id] = [{ours: float(got[theirs][h]) for ours, theirs in columns} for h in range(horizon)]
    return (time.process_time() - begin) / len(chosen), forecasts


def prophet(binary, path):
    """Prints how far our Prophet's forecasts of a year lie from those of the package, and what both cost."""
    import logging
    import pandas
    from prophet import Prophet

    logging.getLogger("cmdstanpy").setLevel(logging.ERROR)
    frame = pandas.read_csv(path)
    model = Prophet(daily_seasonality=False, uncertainty_samples=0)
    begin = [sum(os.times()[:4]), time.perf_counter()]
    model.fit(frame)
    fit = [sum(os.times()[:4]) - begin[0], time.perf_counter() - begin[1]]
    theirs = model.predict(model.make_future_dataframe(365, include_history=False))["yhat"].tolist()
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.csv"
        cpu, memory = run([binary, "forecast", "--csv", path, "--horizon", "365", "--model", "prophet", "--step", "1d",
                           "--season", "7,365.25", "--format", "csv", "-o", str(out)])
        with open(out) as f:
            ours = [float(row["mean"]) for row in csv.DictReader(f)]
    apart = [abs(o - t) / abs(t) for o, t in zip(ours, theirs, strict=True)]
    print(f"{path}: yhat apart by at most {max(apart):.3%}, {mean(apart):.3%} on average; the whole process "
          f"{cpu:.2f} CPU s and {memory:.0f} MB, the package's fit alone {fit[0]:.2f} CPU s ({fit[1]:.2f} s elapsed)")


def main():
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[variable] = "1"
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--data", type=pathlib.Path)
    ap.add_argument("--prophet", nargs="+")
    ap.add_argument("--binary", default="target/release/retrocast")
    ap.add_argument("--sets", default=",".join(SETS))
    ap.add_argument("--models", default="auto-arima,ets,theta")
    ap.add_argument("--peer-series", type=int, default=20)
    a = ap.parse_args()
    for path in a.prophet or []:
        prophet(a.binary, path)
    if not a.data:
        return
    print("set         model        tool                series    MASE  cov80  cov95   MSIS  CPU s/series    MB")
    line = "{:<11} {:<12} {:<19} {:>6}  {:>6.4f}  {:>5.3f}  {:>5.3f}  {:>5.2f}  {:>12.5f}  {:>4}"
    for name in a.sets.split(","):
        train, test = (read(a.data / f"{name}.{part}.csv.gz") for part in ("train", "test"))
        season = SETS[name][0]
        for model in a.models.split(","):
            cpu, memory, forecasts = ours(a.binary, a.data, name, model)
            full = score(train, test, forecasts, season)
            print(line.format(name, model, "retrocast", len(forecasts), *full, cpu, round(memory)), flush=True)
            if not a.peer_series:
                continue
            peer_cpu, theirs = peer(train, name, model, a.peer_series)
            same = {unique_id: forecasts[unique_id] for unique_id in theirs}
            print(line.format(name, model, "retrocast, same", len(same), *score(train, test, same, season), cpu, ""))
            scores = score(train, test, theirs, season)
            print(line.format(name, model, "statsforecast", len(theirs), *scores, peer_cpu, ""), flush=True)


main()
