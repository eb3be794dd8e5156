//! Random expressions over random series, by us and by a real Prometheus 2.
//!
//! Runs where the package `prometheus` is installed (Debian 12 has 2.42), and
//! says so where it is not. `RETROCAST_SEED` repeats a run and
//! `RETROCAST_EXPRESSIONS` makes it longer.

mod expression;
mod random;
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;

use expression::Expression;
use random::{END, Random, START};
use retrocast::model::Labels;
use retrocast::promql::{
    Error, ErrorKind, MemorySource, Options, Query, Steps, Value, Version, evaluate,
    evaluate_range, is_absent, write_data,
};
use server::{Prometheus, Refusal};

/// Values of one series at the steps at which it has any.
type Points = BTreeMap<i64, f64>;

#[test]
fn prometheus_gives_the_same() {
    let Some(prometheus) = Prometheus::start() else {
        eprintln!("skipped: no prometheus on this machine");
        return;
    };
    let seed = number("RETROCAST_SEED").unwrap_or(0x5eed_2026);
    let count = number("RETROCAST_EXPRESSIONS").unwrap_or(1000);
    println!("RETROCAST_SEED={seed} RETROCAST_EXPRESSIONS={count}");
    let mut random = Random(seed);
    let series = random::series(&mut random);
    let mut source = MemorySource::default();
    for (labels, samples) in &series {
        let labels = Arc::new(labels.clone());
        for (ts, value) in samples {
            source.push(&labels, *ts, *value);
        }
    }
    send(&prometheus, &series);

    let options = Options {
        version: Version::V2,
        ..Options::default()
    };
    let (mut equal, mut refused) = (0, 0);
    let mut different = Vec::new();
    for _ in 0..count {
        let depth = 3 + usize::from(random.chance(10));
        let expression = expression::vector(&mut random, depth);
        let steps = if random.below(4) == 0 {
            Steps::instant(START + random.below(7200) as i64 * 1_000_000)
        } else {
            let step = [13_000_000, 60_000_000, 300_000_000][random.below(3)];
            Steps::range(START + random.below(3600) as i64 * 1_000_000, END, step)
        };
        match compare(&prometheus, &mut source, &expression, steps, &options) {
            Ok(true) => equal += 1,
            Ok(false) => refused += 1,
            Err(difference) => different.push(format!(
                "{} at {}..{} step {}\n    {difference}",
                expression.text,
                steps.start / 1_000_000,
                steps.end() / 1_000_000,
                steps.step / 1_000_000,
            )),
        }
    }
    println!(
        "{equal} equal, {refused} refused by both, {} different",
        different.len()
    );
    assert!(
        refused * 5 < count,
        "{refused} of {count} refused: they say little"
    );
    assert!(
        different.is_empty(),
        "seed {seed}:\n{}",
        different.join("\n")
    );
}

/// `Ok(true)`: the same answer; `Ok(false)`: both refuse, for the same reason.
fn compare(
    prometheus: &Prometheus,
    source: &mut MemorySource,
    expression: &Expression,
    steps: Steps,
    options: &Options,
) -> Result<bool, String> {
    let theirs = ask(prometheus, &expression.text, steps);
    // A range goes the way of the rules, which cuts it at midnight.
    let run = if steps.len == 1 {
        evaluate
    } else {
        evaluate_range
    };
    let ours = Query::parse(&expression.text, options)
        .and_then(|query| run(&query, steps, source, options));
    let (theirs, ours) = match (theirs, ours) {
        (Err(theirs), Err(ours)) => {
            return match same_reason(&theirs, &ours, steps) {
                true => Ok(false),
                false => Err(format!("we refuse: {ours}; they: {theirs:?}")),
            };
        }
        // Where two series never meet at one step, no instant query fails (see `promql::evaluate`).
        (Err(theirs), Ok(_)) if theirs.message.contains("same labelset") && steps.len > 1 => {
            return Ok(false);
        }
        (Err(theirs), Ok(_)) => return Err(format!("they refuse: {theirs:?}")),
        (Ok(_), Err(ours)) => return Err(format!("we refuse: {ours} at {:?}", ours.step)),
        (Ok(theirs), Ok(ours)) => (theirs, ours),
    };
    let mut written = Vec::new();
    write_data(&mut written, &ours.value, steps, steps.len == 1).expect("a buffer");
    if written == theirs.as_bytes() {
        return Ok(true);
    }
    let theirs = points(&theirs);
    let mut own: BTreeMap<String, Points> = BTreeMap::new();
    match ours.value {
        Value::Vector(series) => {
            for one in series {
                let at = own.entry(format!("{}", one.labels)).or_default();
                for (ts, value) in steps.iter().zip(one.values) {
                    if !is_absent(value) {
                        at.insert(ts / 1000, value);
                    }
                }
            }
        }
        other => return Err(format!("not a vector: {other:?}")),
    }
    let names = |all: &BTreeMap<String, Points>| all.keys().cloned().collect::<Vec<_>>();
    if names(&own) != names(&theirs) {
        let only = |a: Vec<String>, b: Vec<String>| -> Vec<String> {
            a.into_iter().filter(|name| !b.contains(name)).collect()
        };
        return Err(format!(
            "series: ours alone {:?}, theirs alone {:?}",
            only(names(&own), names(&theirs)),
            only(names(&theirs), names(&own)),
        ));
    }
    for (name, own) in &own {
        let theirs = &theirs[name];
        for ts in own.keys().chain(theirs.keys()) {
            let (a, b) = (own.get(ts), theirs.get(ts));
            let same = match (a, b) {
                (Some(a), Some(b)) => expression.allows(*a, *b),
                _ => false,
            };
            if !same {
                return Err(format!("{name} at {ts} ms: ours {a:?}, theirs {b:?}"));
            }
        }
    }
    Ok(true)
}

/// Whether both refuse a query for the same reason; over a range, where several may be
/// found in another order, for one of the same class.
fn same_reason(theirs: &Refusal, ours: &Error, steps: Steps) -> bool {
    let class = match ours.kind {
        ErrorKind::Parse(_) => "bad_data",
        ErrorKind::Execution(_) | ErrorKind::DuplicateLabels { .. } => "execution",
        _ => return false,
    };
    let stem = |message: &str| -> String { message.chars().take(16).collect() };
    class == theirs.class
        && (class == "bad_data"
            || steps.len > 1
            || stem(&theirs.message) == stem(&ours.to_string()))
}

fn ask(prometheus: &Prometheus, query: &str, steps: Steps) -> Result<String, Refusal> {
    let time = |ts: i64| format!("{}.{:03}", ts / 1_000_000, ts / 1000 % 1000);
    if steps.len == 1 {
        let at = time(steps.start);
        return prometheus.query("/api/v1/query", &[("query", query), ("time", &at)]);
    }
    prometheus.query(
        "/api/v1/query_range",
        &[
            ("query", query),
            ("start", &time(steps.start)),
            ("end", &time(steps.end())),
            ("step", &time(steps.step)),
        ],
    )
}

/// Reads the API's vector or matrix.
fn points(data: &str) -> BTreeMap<String, Points> {
    let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let mut all: BTreeMap<String, Points> = BTreeMap::new();
    for one in data["result"].as_array().expect("a result") {
        let labels = one["metric"].as_object().expect("labels");
        let labels = Labels::from_pairs(
            labels
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().expect("a string"))),
        )
        .expect("labels");
        let at = all.entry(labels.to_string()).or_default();
        let single = one.get("value").cloned().into_iter();
        let several = one["values"].as_array().cloned().unwrap_or_default();
        for point in single.chain(several) {
            let ts = (point[0].as_f64().expect("a time") * 1000.0).round() as i64;
            let value = match point[1].as_str().expect("a value") {
                "+Inf" => f64::INFINITY,
                "-Inf" => f64::NEG_INFINITY,
                text => text.parse().expect("a number"),
            };
            at.insert(ts, value);
        }
    }
    all
}

/// Sends everything in the order of time, ten minutes a request.
fn send(prometheus: &Prometheus, series: &[(Labels, Vec<(i64, f64)>)]) {
    let width = 600_000_000;
    for from in (START..END + width).step_by(width as usize) {
        let part: Vec<_> = series
            .iter()
            .map(|(labels, samples)| {
                let inside = samples.iter().copied();
                let inside = inside.filter(|(ts, _)| (from..from + width).contains(ts));
                (labels, inside.collect::<Vec<_>>())
            })
            .filter(|(_, samples)| !samples.is_empty())
            .collect();
        if !part.is_empty() {
            prometheus.write(&part);
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}
