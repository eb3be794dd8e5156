//! Simulated metrics as observability has them: spiky, sparse, bounded, heavy-tailed.

use std::f64::consts::TAU;

use crate::stats::random::Generator;

/// Draws from the Poisson distribution (Knuth's product method, for small rates).
fn poisson(random: &mut Generator, rate: f64) -> f64 {
    let (limit, mut product, mut count) = ((-rate).exp(), random.uniform(), 0.0);
    while product > limit {
        product *= random.uniform();
        count += 1.0;
    }
    count
}

/// The next value of a metric, by its number.
type Next = Box<dyn FnMut(usize, &mut Generator) -> f64>;

/// Eight metrics of `steps` hourly values, each with its name.
pub(super) fn metrics(steps: usize, seed: u64) -> Vec<(&'static str, Vec<f64>)> {
    let day = |t: usize| (TAU * t as f64 / 24.0).sin();
    let mut random = Generator::new(seed);
    let u = random.uniform();
    let mut all = Vec::new();
    let mut add = |name, mut next: Next| {
        all.push((name, (0..steps).map(|t| next(t, &mut random)).collect()));
    };
    add(
        "bursts",
        Box::new(move |t, random| {
            let spiky = random.uniform() < 0.04;
            let burst = if spiky {
                (2.0 + random.normal()).exp()
            } else {
                0.0
            };
            10.0 * (1.0 + 0.5 * day(t)) * (0.2 * random.normal()).exp() + 10.0 * burst
        }),
    );
    add(
        "counts",
        Box::new(move |t, random| {
            let idle = random.uniform() < 0.6;
            let rate = (0.3 + 3.0 * u) * (1.0 + 0.5 * day(t));
            if idle { 0.0 } else { poisson(random, rate) }
        }),
    );
    add(
        "availability",
        Box::new(move |_, random| {
            let lost = (-6.0 + 1.2 * random.normal()).exp();
            let perfect = random.uniform() < 0.3;
            if perfect { 1.0 } else { (1.0 - lost).max(0.0) }
        }),
    );
    add(
        "latency",
        Box::new(move |t, random| {
            let tail = (1.0 - random.uniform()).powf(-1.0 / (1.5 + u));
            20.0 * (1.0 + 0.3 * day(t)) * tail
        }),
    );
    let mut level = 50.0 * u;
    add(
        "sawtooth",
        Box::new(move |_, random| {
            level += 1.5 + 0.7 * random.normal().abs();
            if level > 100.0 + 50.0 * u {
                level *= 0.3;
            }
            level
        }),
    );
    let mut base = 100.0;
    add(
        "regimes",
        Box::new(move |t, random| {
            if random.uniform() < 0.008 {
                base = 50.0 + 100.0 * random.uniform();
            }
            base + 10.0 * day(t) + 3.0 * random.normal()
        }),
    );
    let mut x = 0.0;
    add(
        "utilisation",
        Box::new(move |t, random| {
            x = 0.9 * x + 0.3 * random.normal();
            1.0 / (1.0 + (-(x + day(t) + 1.0_f64)).exp())
        }),
    );
    let mut free = 1000.0;
    add(
        "free",
        Box::new(move |_, random| {
            if random.uniform() < 0.2 {
                free -= 60.0 * random.uniform().powi(2);
            }
            if free <= 0.0 {
                free = if random.uniform() < 0.05 { 800.0 } else { 0.0 };
            }
            free
        }),
    );
    all
}
