//! Random rules over random series, by us and by `promtool test rules` of Prometheus 2.
//!
//! A test file whose expectations are wrong makes promtool print what its engine has:
//! counts, sums and times of ALERTS, ALERTS_FOR_STATE and of what rules record. Runs
//! where promtool is installed, and says so where it is not. `RETROCAST_SEED` is the
//! first seed and `RETROCAST_RULE_SETS` the number of sets.

use std::collections::BTreeSet;
use std::sync::Arc;

use retrocast::alert::evaluate::{Collected, Engine, Phase, RuleId, Scheduled, Settings, Ties};
use retrocast::alert::rule_file::parse;
use retrocast::model::{Labels, stale_nan};
use retrocast::promql::{MemorySource, Options, Query, Steps, Value, Version, evaluate};

const SECOND: i64 = 1_000_000;

struct Rng(u64);
impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let i = self.below(all.len());
        &all[i]
    }
}

fn expr(rng: &mut Rng, ordered: Option<usize>) -> String {
    let metrics = ["a", "b", "r0", "r1", "r2", "r3"];
    let known = &metrics[..ordered.map_or(6, |n| 2 + n.min(4))];
    let x = *rng.pick(known);
    let y = *rng.pick(known);
    let form = match rng.below(30) {
        17..=20 | 23..=25 if ordered.is_some() => 12,
        form => form,
    };
    match form {
        0..=6 => format!("{x} > 2"),
        7 => x.to_owned(),
        8 => format!("sum by (i) ({x})"),
        9 => format!("rate({x}[3m])"),
        10 => format!("{x} offset 1m"),
        11 => format!("absent({x})"),
        12 => format!("{x} and on (i) {y} > 1"),
        13 => format!("{x} or {y}"),
        14 => format!("count_over_time({x}[2m])"),
        15 => format!("max_over_time({x}[3m:1m]) > 3"),
        16 => format!("sum by (i) ({x}) / sum by (i) ({y})"),
        17 => r#"ALERTS{alertstate="firing"}"#.into(),
        18 => format!(r#"{x} unless on (i) ALERTS{{alertname="A0"}}"#),
        19 => "sum by (i) (ALERTS_FOR_STATE)".into(),
        20 => r#"sum by (i) ({__name__=~"r[01]"})"#.into(),
        21 => "vector(1)".into(),
        22 => "(time() % 300 < bool 120)".into(),
        23 => format!("{x} offset -1m"),
        24 => format!("{x} @ 300"),
        25 => format!("max_over_time({x}[3m] @ start())"),
        26 => format!("timestamp({x}) % 2 == 0"),
        27 => format!("changes({x}[4m]) > 1"),
        28 => format!("resets({x}[3m]) > 0"),
        _ => format!("{x} == {x} offset 2m"),
    }
}

/// Compares one set of rules: how many values and samples were equal, whether both fail at
/// the same instant, whether rules read each other in a circle.
fn one(seed: u64, dir: &std::path::Path) -> Result<(usize, usize, bool, bool), String> {
    let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..10 {
        rng.next();
    }
    let mut text = String::from("groups:\n");
    let groups = 1 + rng.below(2);
    let ordered = rng.below(2) == 0;
    let mut recorded = 0;
    for g in 0..groups {
        let limit = *rng.pick(&[0, 0, 0, 0, 0, 0, 2, 4]);
        text += &format!("- name: g{g}\n  interval: 1m\n  limit: {limit}\n  rules:\n");
        for _ in 0..1 + rng.below(5) {
            let e = expr(&mut rng, ordered.then_some(recorded));
            let mut n = rng.below(4);
            if rng.below(2) == 0 && !(ordered && recorded == 4) {
                if ordered {
                    n = recorded;
                    recorded += 1;
                }
                let labels = rng.pick(&["{}", "{}", "{sev: x}", "{j: k}"]);
                text += &format!("  - record: r{n}\n    expr: '{e}'\n    labels: {labels}\n");
            } else {
                let labels = rng.pick(&[
                    "{}",
                    "{}",
                    "{sev: x}",
                    "{j: k}",
                    "{v: '{{ $value }}'}",
                    "{w: 'x{{ $labels.i }}'}",
                    "{w: '{{ $labels.i }}'}",
                ]);
                let hold = rng.pick(&["0s", "30s", "1m", "2m"]);
                let keep = rng.pick(&["0s", "0s", "1m", "90s"]);
                text += &format!(
                    "  - alert: A{n}\n    expr: '{e}'\n    labels: {labels}\n    for: {hold}\n    keep_firing_for: {keep}\n"
                );
            }
        }
    }
    let interval = *rng.pick(&[15, 30, 60]);
    let eval = *rng.pick(&[15, 30, 45, 60]);
    let end = 40 * 60;
    let steps = end / interval;
    let mut test = format!(
        "rule_files: [rules.yml]\nevaluation_interval: {eval}s\ngroup_eval_order: [g0{}]\ntests:\n- interval: {interval}s\n  input_series:\n",
        if groups > 1 { ", g1" } else { "" }
    );
    let mut source = MemorySource::default();
    for (i, name) in ["a", "a", "a", "b", "b"].iter().enumerate() {
        let labels = Arc::new(
            Labels::from_pairs([
                ("__name__".to_owned(), (*name).to_owned()),
                ("i".to_owned(), i.to_string()),
            ])
            .expect("labels"),
        );
        let mut values = Vec::new();
        while values.len() < steps {
            let value = match rng.below(8) {
                0 => "_".to_owned(),
                1 => "stale".to_owned(),
                _ => rng.below(6).to_string(),
            };
            for _ in 0..1 + rng.below(8) {
                values.push(value.clone());
            }
        }
        for (k, value) in values.iter().enumerate() {
            let ts = (k * interval) as i64 * SECOND;
            match value.as_str() {
                "_" => {}
                "stale" => source.push(&labels, ts, stale_nan()),
                v => source.push(&labels, ts, v.parse().expect("a number")),
            }
        }
        test += &format!(
            "  - series: '{name}{{i=\"{i}\"}}'\n    values: '{}'\n",
            values.join(" ")
        );
    }
    let mut exprs = Vec::new();
    for metric in ["ALERTS", "ALERTS_FOR_STATE", "r0", "r1", "r2", "r3"] {
        exprs.push(format!("count_over_time({metric}[40m])"));
        exprs.push(format!("sum_over_time({metric}[40m])"));
        exprs.push(format!("count_over_time({metric}[40m:5s])"));
        exprs.push(format!("sum_over_time(timestamp({metric})[40m:5s])"));
    }
    test += "  promql_expr_test:\n";
    for e in &exprs {
        test += &format!(
            "  - expr: '{e}'\n    eval_time: {end}s\n    exp_samples: [{{labels: 'zzz', value: -1}}]\n"
        );
    }
    std::fs::write(dir.join("rules.yml"), &text).expect("a file");
    std::fs::write(dir.join("test.yml"), &test).expect("a file");
    let output = std::process::Command::new("promtool")
        .args([
            "--enable-feature=promql-at-modifier,promql-negative-offset",
            "test",
            "rules",
            "test.yml",
        ])
        .current_dir(dir)
        .output()
        .expect("promtool runs");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    // Ours.
    let options = Options {
        version: Version::V2,
        subquery_step: eval as i64 * SECOND,
        ..Options::default()
    };
    let file = parse("rules.yml", &text, &options).map_err(|e| format!("{e:?}\n{text}"))?;
    let scheduled: Vec<Scheduled> = file
        .groups
        .iter()
        .map(|group| Scheduled {
            group,
            phase: Phase::Zero,
        })
        .collect();
    let settings = Settings {
        options: options.clone(),
        interval: interval as i64 * SECOND,
        clock: Some(eval as i64 * SECOND),
        ties: Ties::InOrder,
        keep: true,
        ..Settings::default()
    };
    let mut engine = Engine::new(&scheduled, settings);
    let mut events = Collected::default();
    engine
        .run(&mut source, 0, end as i64 * SECOND + 1, &mut events)
        .expect("memory");
    let ids: Vec<RuleId> = engine.rules().map(|(id, _)| id).collect();
    let first_error = ids
        .iter()
        .filter_map(|id| engine.report(*id).errors.first.clone())
        .min();
    let stepped = ids.iter().any(|id| engine.report(*id).step_by_step);
    if let Some(line) = said.lines().find(|l| l.trim().starts_with("rule:")) {
        let Some((ts, text_)) = &first_error else {
            return Err(format!("promtool: {line}; we none\n{text}\n{test}"));
        };
        let time = line
            .split("time: ")
            .nth(1)
            .and_then(|rest| rest.split(',').next());
        let time = go_duration(time.unwrap_or_default());
        if time != *ts {
            return Err(format!(
                "promtool: {line}; we at {ts}: {text_}\n{text}\n{test}"
            ));
        }
        return Ok((0, 0, true, stepped));
    }
    let mut compared = 0;
    let mut samples = 0;
    for e in &exprs {
        // got: list after `expr: "<e>"`.
        let quoted = format!("expr: {e:?}, time: ");
        let at = said
            .find(&quoted)
            .ok_or_else(|| format!("no {quoted} in {said}\n{text}"))?;
        let rest = &said[at..];
        let query = Query::parse(e, &options).expect("a query");
        let ours = evaluate(
            &query,
            Steps::instant(end as i64 * SECOND),
            &mut engine.with_derived(&mut source),
            &options,
        );
        let line_end = rest.find('\n').expect("a line");
        if rest[..line_end].contains("err:") {
            if ours.is_ok() {
                return Err(format!("{}\n{text}", &rest[..line_end]));
            }
            continue;
        }
        let got_at = rest.find("got: ").expect("a result") + 5;
        let got_end = rest[got_at..].find('\n').unwrap_or(rest.len() - got_at) + got_at;
        let got: BTreeSet<String> = match &rest[got_at..got_end] {
            "nil" => BTreeSet::new(),
            list => list
                .replace(", {", "\n{")
                .split('\n')
                .map(str::to_owned)
                .collect(),
        };
        let Value::Vector(series) = ours.map_err(|e| format!("{e}\n{text}"))?.value else {
            panic!()
        };
        let mut mine = BTreeSet::new();
        for one in &series {
            let mut s = String::from("{");
            for (i, (n, v)) in one.labels.iter().enumerate() {
                if i > 0 {
                    s += ", ";
                }
                s += &format!("{n}={v:?}");
            }
            let v = one.values[0];
            s += &format!("}} {}", go_e(v));
            if e.starts_with("count_over_time") && !e.contains(':') {
                samples += v as usize;
            }
            mine.insert(s);
        }
        compared += mine.len();
        if mine != got {
            return Err(format!(
                "{e}\nours {mine:#?}\nprom {got:#?}\n{text}\n{test}"
            ));
        }
    }
    Ok((compared, samples, false, stepped))
}

fn go_e(v: f64) -> String {
    if v.is_nan() {
        return "NaN".into();
    }
    if v.is_infinite() {
        return if v > 0.0 {
            "+Inf".into()
        } else {
            "-Inf".into()
        };
    }
    let s = format!("{v:E}");
    let (m, e) = s.split_once('E').expect("an exponent");
    let e: i32 = e.parse().expect("a number");
    format!("{m}E{}{:02}", if e < 0 { '-' } else { '+' }, e.abs())
}

/// A duration as Go writes it (`1h2m3s`), µs.
fn go_duration(text: &str) -> i64 {
    let (mut seconds, mut number) = (0, 0);
    for c in text.chars() {
        if let Some(digit) = c.to_digit(10) {
            number = number * 10 + i64::from(digit);
            continue;
        }
        seconds += number
            * match c {
                'h' => 3600,
                'm' => 60,
                _ => 1,
            };
        number = 0;
    }
    seconds * SECOND
}

#[test]
fn promtool_gives_the_same() {
    let version = std::process::Command::new("promtool")
        .arg("--version")
        .output();
    let is_two = version.is_ok_and(|output| {
        let text = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&text).contains("version 2.42.")
    });
    if !is_two {
        eprintln!("skipped: no promtool of Prometheus 2.42 on this machine");
        return;
    }
    let number = |variable: &str, usual| {
        let text = std::env::var(variable).ok();
        text.and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(usual)
    };
    let from = number("RETROCAST_SEED", 1);
    let count = number("RETROCAST_RULE_SETS", 40);
    println!("RETROCAST_SEED={from} RETROCAST_RULE_SETS={count}");
    let folder = tempfile::tempdir().expect("a folder");
    let (mut series, mut samples, mut errors, mut circles) = (0, 0, 0, 0);
    let mut different = Vec::new();
    for seed in from..from + count {
        match one(seed, folder.path()) {
            Ok((values, count, failed, stepped)) => {
                series += values;
                samples += count;
                errors += usize::from(failed);
                circles += usize::from(stepped);
            }
            Err(text) => different.push(format!("seed {seed}: {text}")),
        }
    }
    println!(
        "{series} values over {samples} samples equal, {errors} sets fail at the same instant, \
         {circles} have circles, {} differ",
        different.len()
    );
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}
