//! Random numbers and random series, from a seed.

use retrocast::model::{Labels, stale_nan};

/// SplitMix64 (S. Vigna's public-domain generator).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub(super) fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

/// Two hours around midnight, where `evaluate_range` cuts, µs.
pub(super) const START: i64 = 1_700_002_800_000_000;
pub(super) const END: i64 = START + 2 * 3_600_000_000;
const SECOND: i64 = 1_000_000;

/// Series of counters, gauges and histogram buckets with every flaw history has.
pub(super) fn series(random: &mut Random) -> Vec<(Labels, Vec<(i64, f64)>)> {
    let mut all = Vec::new();
    for metric in ["requests_total", "errors_total", "temperature", "odd"] {
        for job in ["api", "db"] {
            for instance in ["a", "b", "c"] {
                let mut pairs = vec![("__name__", metric), ("job", job), ("instance", instance)];
                if instance == "c" && metric != "odd" {
                    pairs.push(("zone", "west"));
                }
                let labels = Labels::from_pairs(pairs).expect("labels");
                all.push((labels, history(random, metric)));
            }
        }
    }
    for instance in ["a", "b"] {
        let total = history(random, "requests_total");
        for (share, le) in [(0.2, "0.1"), (0.5, "0.5"), (0.9, "1"), (1.0, "+Inf")] {
            let labels = Labels::from_pairs([
                ("__name__", "latency_bucket"),
                ("instance", instance),
                ("job", "api"),
                ("le", le),
            ])
            .expect("labels");
            // Rounding makes some of them fall behind the bucket below.
            let samples = total
                .iter()
                .map(|(ts, value)| (*ts, (value * share * (0.97 + 0.03 * random.unit())).floor()))
                .collect();
            all.push((labels, samples));
        }
    }
    // The order in which a server meets them decides ties; ours is that of the labels.
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn history(random: &mut Random, metric: &str) -> Vec<(i64, f64)> {
    let interval = [15, 15, 30, 60][random.below(4)] * SECOND;
    let phase = random.below(interval as usize / 1000) as i64 * 1000;
    let mut value = random.below(1000) as f64;
    let mut samples = vec![(START, value)];
    let mut ts = START + interval + if random.chance(50) { 0 } else { phase };
    while ts < END {
        if random.chance(2) {
            // A gap, with a stale marker at its start or without one.
            if random.chance(60) {
                samples.push((ts, stale_nan()));
            }
            ts += interval * (1 + random.below(30) as i64);
            continue;
        }
        value = match metric {
            "temperature" => 20.0 + 10.0 * (random.unit() - 0.5),
            "odd" => match random.below(12) {
                0 => f64::INFINITY,
                1 => f64::NEG_INFINITY,
                2 => f64::NAN,
                3 => -0.0,
                4 => 1e5 * (random.unit() - 0.5),
                _ => random.below(5) as f64,
            },
            _ if random.chance(3) => random.below(5) as f64,
            _ => value + random.below(20) as f64,
        };
        let jitter = if random.chance(20) {
            random.below(2000) as i64 * 1000
        } else {
            0
        };
        samples.push((ts + jitter, value));
        ts += interval;
    }
    samples
}
