use super::*;
use crate::stats::random::Generator;
use proptest::prelude::*;

/// The least length of a segment, the penalty, the changes and the squares around means.
const RUPTURES: [(usize, f64, &[usize], f64); 4] = [
    (1, 6.0, &[30, 55, 90], 41.189539779047614),
    (5, 4.0, &[30, 55, 90], 41.189539779047614),
    (5, 1.0, &[7, 14, 30, 45, 55, 68, 89, 106], 33.94849574450549),
    (12, 2.0, &[30, 55, 90, 106], 39.048110969523805),
];

/// Σ of the squares around each segment's mean.
fn squares(values: &[f64], starts: &[usize]) -> f64 {
    let mut bounds = vec![0];
    bounds.extend(starts);
    bounds.push(values.len());
    bounds
        .windows(2)
        .map(|b| Segment::of(&values[b[0]..b[1]], b[0], |i| i))
        .map(|s| s.deviation * s.deviation * (s.end - s.start) as f64)
        .sum()
}

/// The optimum by dynamic programming over all segmentations.
fn optimum(
    n: usize,
    penalty: f64,
    minimum: usize,
    cost: impl Fn(usize, usize) -> f64,
) -> (f64, Vec<usize>) {
    let mut best = vec![(f64::INFINITY, 0); n + 1];
    best[0].0 = 0.0;
    for t in minimum..=n {
        for s in 0..=t - minimum {
            let value = best[s].0 + cost(s, t) + if s > 0 { penalty } else { 0.0 };
            if value < best[t].0 {
                best[t] = (value, s);
            }
        }
    }
    let mut starts = Vec::new();
    let mut at = best[n].1;
    while at > 0 {
        starts.push(at);
        at = best[at].1;
    }
    starts.reverse();
    (best[n].0, starts)
}

fn jumping(random: &mut Generator, n: usize) -> Vec<f64> {
    let (mut level, mut spread) = (0.0, 1.0);
    (0..n)
        .map(|_| {
            if random.below(25) == 0 {
                level = 4.0 * random.normal();
                spread = 0.2 + 2.0 * random.uniform();
            }
            level + spread * random.normal()
        })
        .collect()
}

fn autoregression(random: &mut Generator, n: usize, phi: f64) -> Vec<f64> {
    let mut x = random.normal() / (1.0 - phi * phi).sqrt();
    (0..n)
        .map(|_| {
            x = phi * x + random.normal();
            x
        })
        .collect()
}

#[test]
fn equals_ruptures() {
    // ruptures 1.1.10, `Pelt(model="l2", min_size, jump=1).fit(y).predict(pen)` and the cost's
    // `sum_of_costs`, on a series of a linear congruential generator.
    let mut state = 7_u64;
    let series: Vec<f64> = (0..120)
        .map(|t| {
            state = (state * 1_103_515_245 + 12345) % (1 << 31);
            let noise = ((state >> 16) % 2001) as f64 / 1000.0 - 1.0;
            let steps = [(30, 1.5), (55, -2.2), (90, 0.9)];
            noise + steps.iter().filter(|s| t >= s.0).map(|s| s.1).sum::<f64>()
        })
        .collect();
    for (minimum, penalty, starts, cost) in RUPTURES {
        let found = functional::changes(&series, penalty, minimum);
        assert_eq!(found, starts, "{minimum} {penalty}");
        assert!((squares(&series, &found) - cost).abs() < 1e-9);
    }
}

#[test]
fn a_jump_is_found_where_it_is() {
    let mut random = Generator::new(1);
    let mut held = 0;
    for _ in 0..300 {
        let mut series: Vec<f64> = (0..400).map(|_| random.normal()).collect();
        series[250..].iter_mut().for_each(|x| *x += 1.5);
        let found = Detector::mean(5).detect(&series);
        assert_eq!(found.changes.len(), 1, "{found:?}");
        let change = found.changes[0];
        assert!((change.after - change.before - 1.5).abs() < 0.6);
        held += usize::from(change.low <= 250 && 250 <= change.high);
    }
    // 95 % of 300, less three standard errors.
    assert!(held >= 273, "{held}");
}

#[test]
fn noise_is_rarely_cut() {
    // Series of 1,000 values in which nothing changes; at most 3 % have a change.
    let mut random = Generator::new(2);
    for phi in [0.0, 0.7, 0.95] {
        let cut = (0..200)
            .filter(|_| {
                let series = autoregression(&mut random, 1000, phi);
                !Detector::mean(5).detect(&series).changes.is_empty()
            })
            .count();
        assert!(cut <= 6, "{phi}: {cut}");
    }
    let cut = (0..200)
        .filter(|_| {
            let series = autoregression(&mut random, 1000, 0.0);
            !Detector::mean_variance(10)
                .detect(&series)
                .changes
                .is_empty()
        })
        .count();
    assert!(cut <= 6, "{cut}");
}

#[test]
fn noise_is_that_of_the_process_whatever_jumps() {
    let mut random = Generator::new(3);
    let mut series = autoregression(&mut random, 20_000, 0.6);
    for (t, x) in series.iter_mut().enumerate() {
        *x += if (t / 2000) % 2 == 0 { 0.0 } else { 30.0 };
    }
    let noise = Noise::of(&series);
    assert!((noise.autocorrelation - 0.6).abs() < 0.04, "{noise:?}");
    assert!((noise.deviation - 1.25).abs() < 0.08, "{noise:?}");
    assert!((3.6..6.2).contains(&noise.inflation), "{noise:?}");
}

#[test]
fn spikes_are_not_segments() {
    let mut random = Generator::new(4);
    let mut series: Vec<f64> = (0..600).map(|_| random.normal()).collect();
    for at in [100, 101, 333, 590, 0, 599] {
        series[at] = 1e6;
    }
    assert!(Detector::mean(5).detect(&series).changes.is_empty());
    // Five in a row are a level.
    series[400..405].fill(1000.0);
    let found = Detector::mean(5).detect(&series);
    let at: Vec<usize> = found.changes.iter().map(|c| c.index).collect();
    assert_eq!(at, [400, 405]);
}

#[test]
fn steps_without_noise_and_missing_values() {
    let mut series = vec![2.0; 50];
    series.extend([7.0; 50]);
    series[10] = f64::NAN;
    series[49] = f64::INFINITY;
    let found = Detector::mean(3).detect(&series);
    assert_eq!(found.changes.len(), 1);
    let change = found.changes[0];
    assert_eq!((change.index, change.before, change.after), (50, 2.0, 7.0));
    assert_eq!((found.segments[0].start, found.segments[0].end), (0, 49));
    assert!(Detector::mean(3).detect(&[5.0; 40]).changes.is_empty());
    assert!(Detector::mean(3).detect(&[f64::NAN; 4]).segments.is_empty());
    assert!(Detector::mean(3).detect(&[]).segments.is_empty());
}

#[test]
fn a_change_of_the_spread_is_found() {
    let mut random = Generator::new(5);
    for n in [600, 12_000] {
        let series: Vec<f64> = (0..n)
            .map(|t| random.normal() * if t < n / 2 { 1.0 } else { 3.0 })
            .collect();
        assert!(Detector::mean(10).detect(&series).changes.len() <= 1);
        let found = Detector::mean_variance(10).detect(&series);
        assert_eq!(found.changes.len(), 1, "{:?}", found.changes);
        assert!(found.changes[0].index.abs_diff(n / 2) < 12);
        assert!((found.segments[1].deviation - 3.0).abs() < 0.4);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn mean_changes_are_the_optimum(
        seed in any::<u64>(),
        n in 1_usize..140,
        minimum in 1_usize..9,
        penalty in 0.5_f64..30.0,
    ) {
        let series = jumping(&mut Generator::new(seed), n);
        let starts = functional::changes(&series, penalty, minimum);
        if n < minimum {
            prop_assert!(starts.is_empty());
            return Ok(());
        }
        let cost = |s, t| squares(&series[s..t], &[]);
        let (best, _) = optimum(n, penalty, minimum, cost);
        let got = squares(&series, &starts) + penalty * starts.len() as f64;
        prop_assert!((got - best).abs() <= 1e-8 * best.abs().max(1.0), "{got} {best}");
    }

    #[test]
    fn mean_and_variance_changes_are_the_optimum(
        seed in any::<u64>(),
        n in 4_usize..140,
        minimum in 2_usize..9,
        penalty in 0.5_f64..30.0,
    ) {
        let series = jumping(&mut Generator::new(seed), n);
        let noise = Noise::of(&series);
        prop_assume!(n >= 2 * minimum);
        let starts = pelt::changes(&series, penalty, minimum, &noise);
        let sums = pelt::Sums::new(&series, &noise);
        let (best, _) = optimum(n, penalty, minimum, |s, t| sums.cost(s, t));
        let mut bounds = vec![0];
        bounds.extend(&starts);
        bounds.push(n);
        let got = bounds.windows(2).map(|b| sums.cost(b[0], b[1])).sum::<f64>()
            + penalty * starts.len() as f64;
        prop_assert!((got - best).abs() <= 1e-8 * best.abs().max(1.0), "{got} {best}");
    }

    #[test]
    fn nothing_panics(
        values in prop_oneof![
            proptest::collection::vec(any::<f64>(), 0..60),
            proptest::collection::vec(-1e308..1e308_f64, 0..60),
            proptest::collection::vec(-1e-308..1e-308_f64, 0..60),
            proptest::collection::vec(prop_oneof![Just(0.0), Just(1.0), Just(f64::NAN)], 0..90),
        ],
        minimum in prop_oneof![0_usize..12, any::<usize>().prop_map(|m| m / 4)],
        penalty in any::<f64>(),
    ) {
        for change in [Change::Mean, Change::MeanVariance] {
            let found = Detector { change, minimum, penalty }.detect(&values);
            prop_assert_eq!(found.changes.len(), found.segments.len().saturating_sub(1));
            for c in &found.changes {
                prop_assert!(c.low <= c.index && c.index <= c.high && c.high < values.len());
            }
        }
    }
}
