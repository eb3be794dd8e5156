use super::*;
use proptest::prelude::*;

/// Windows of 60 s of an M/M/c queue: arrivals, Σ time, timed, Σ service.
struct Queue {
    columns: [Vec<f64>; 4],
    servers: u64,
}

impl Queue {
    fn simulate(seed: u64, windows: usize, rate: f64, service: f64, servers: usize) -> Self {
        let mut random = Generator::new(seed);
        let mut columns: [Vec<f64>; 4] = std::array::from_fn(|_| vec![0.0; windows]);
        let mut free = vec![0.0_f64; servers];
        // An hour to warm up.
        let mut now = -3600.0;
        free.fill(now);
        loop {
            now -= (1.0 - random.uniform()).ln() / rate;
            if now >= 60.0 * windows as f64 {
                break;
            }
            let next = free.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
            let took = -service * (1.0 - random.uniform()).ln();
            *next = next.max(now) + took;
            let left = *next;
            if now >= 0.0 {
                columns[0][(now / 60.0) as usize] += 1.0;
            }
            let at = (left / 60.0) as usize;
            if left >= 0.0 && at < windows {
                columns[1][at] += left - now;
                columns[2][at] += 1.0;
                columns[3][at] += took;
            }
        }
        Self {
            columns,
            servers: servers as u64,
        }
    }

    fn period(&self) -> Period<'_> {
        let [arrivals, duration_sum, duration_count, service_sum] = &self.columns;
        Period {
            window_seconds: 60.0,
            arrivals,
            duration_sum,
            duration_count,
            service_sum: Some(service_sum),
            servers: Some(self.servers),
        }
    }
}

#[test]
fn a_slowed_step_is_not_load() {
    // Arrivals +4 %; service from 50 to 90 ms of four servers: W from closed form.
    let before = Queue::simulate(1, 400, 30.0, 0.05, 4);
    let after = Queue::simulate(2, 400, 31.2, 0.09, 4);
    let found = decompose(&before.period(), &after.period(), 7).unwrap();
    let closed = |rate, service| {
        crate::stats::queueing::Station::new(rate, service, 4)
            .unwrap()
            .mean_response()
    };
    let (w0, w1) = (closed(30.0, 0.05), closed(31.2, 0.09));
    let (arrivals, time) = (1.04_f64.ln(), (w1 / w0).ln());
    let mean = (w1 - w0) / time;
    let service = 0.04 / mean;
    let total = arrivals + time;
    // Within 5 % of the whole change of what was put in.
    for (part, truth) in [
        (found.arrivals, arrivals),
        (found.time, time),
        (found.service.unwrap(), service),
        (found.waiting.unwrap(), time - service),
        (found.total, total),
    ] {
        assert!((part.log - truth).abs() < 0.05 * total, "{part:?} {truth}");
        let (low, high) = part.interval.unwrap();
        assert!(low < part.log && part.log < high);
    }
    assert_eq!(found.driver, Driver::Service);
    assert!((found.arrivals_change() - 0.04).abs() < 0.01);
    let sum = found.arrivals.number + found.waiting.unwrap().number + found.service.unwrap().number;
    assert!((sum - (found.after.number() - found.before.number())).abs() < 1e-9);
}

#[test]
fn waiting_that_follows_from_arrivals_is_load() {
    // 76 % to 95 % busy.
    let before = Queue::simulate(3, 600, 30.4, 0.1, 4);
    let after = Queue::simulate(4, 600, 38.0, 0.1, 4);
    let found = decompose(&before.period(), &after.period(), 7).unwrap();
    assert_eq!(found.driver, Driver::Load, "{found:?}");
    // Without servers it is a longer wait, and the arrivals are told beside it.
    let blind = Period {
        servers: None,
        ..before.period()
    };
    let found = decompose(&blind, &after.period(), 7).unwrap();
    assert_eq!((found.driver, found.time_by_load), (Driver::Waiting, None));
}

#[test]
fn steady_arrivals_and_idle() {
    let before = Queue::simulate(5, 60, 30.0, 0.05, 4);
    let same = Queue::simulate(6, 60, 30.0, 0.05, 4);
    let more = Queue::simulate(7, 60, 45.0, 0.05, 12);
    let wide = Queue::simulate(8, 60, 30.0, 0.05, 12);
    let driver = |a: &Queue, b: &Queue| decompose(&a.period(), &b.period(), 1).unwrap().driver;
    assert_eq!(driver(&before, &same), Driver::Steady);
    assert_eq!(driver(&wide, &more), Driver::Arrivals);
    let idle = Period {
        arrivals: &[0.0; 60],
        ..before.period()
    };
    assert_eq!(
        decompose(&before.period(), &idle, 1),
        Err(DecompositionError::Idle { before: false })
    );
    let short = Period {
        arrivals: &before.columns[0][..3],
        service_sum: None,
        ..before.period()
    };
    let found = decompose(&short, &same.period(), 1).unwrap();
    assert_eq!((found.total.interval, found.service), (None, None));
}

proptest! {
    #[test]
    fn parts_add_up(
        rates in proptest::array::uniform2(0.1..1e4_f64),
        times in proptest::array::uniform2(0.1..1e4_f64),
        shares in proptest::array::uniform2(0.0..1.0_f64),
    ) {
        let state = |k: usize| State {
            arrival_rate: rates[k],
            time: times[k],
            service_time: Some(times[k] * shares[k]),
        };
        let [total, arrivals, time, waiting, service] = parts(&state(0), &state(1));
        let want = (rates[1] * times[1] / rates[0] / times[0]).ln();
        prop_assert!((total - want).abs() < 1e-9);
        prop_assert!((arrivals + waiting + service - total).abs() < 1e-9);
        prop_assert!((arrivals + time - total).abs() < 1e-9);
        let waits = times[1] * (1.0 - shares[1]) - times[0] * (1.0 - shares[0]);
        let mean = logarithmic_mean(times[0], times[1]);
        prop_assert!((waiting * mean - waits).abs() < 1e-6 * times[0].max(times[1]));
    }

    #[test]
    fn nothing_panics(
        columns in proptest::collection::vec(
            proptest::collection::vec(prop_oneof![any::<f64>(), 0.0..9.0_f64], 0..9), 8),
        window_seconds in any::<f64>(),
        servers in proptest::option::of(0_u64..99),
    ) {
        let period = |k: usize| Period {
            window_seconds,
            arrivals: &columns[k],
            duration_sum: &columns[k + 1],
            duration_count: &columns[k + 2],
            service_sum: (servers != Some(7)).then_some(columns[k + 3].as_slice()),
            servers,
        };
        let _ = decompose(&period(0), &period(4), 1);
    }
}
