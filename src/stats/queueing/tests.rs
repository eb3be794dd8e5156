use super::*;
use crate::stats::random::Generator;
use proptest::prelude::*;

#[track_caller]
fn assert_near(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance * want.abs(), "{got} {want}");
}

#[test]
fn erlang_equals_high_precision() {
    // mpmath 1.4.1 at 50 digits, by the sum over states.
    for (load, servers, b, c) in [
        (0.5, 1, 0.3333333333333333, 0.5),
        (10.0, 10, 0.21458234310734733, 1.0),
        (20.0, 30, 0.008457498340194705, 0.024950458104571097),
        (0.001, 5, 8.325004165278124e-18, 8.32666949917796e-18),
        (99.5, 100, 0.07284935675795028, 0.9401723348168937),
        (950.0, 1000, 0.0036492936889424097, 0.06825341537714143),
        (9990.0, 10_000, 0.007317186887268939, 0.8805417113739897),
        (
            99_500.25,
            100_000,
            0.0003819582202736201,
            0.0710283054592222,
        ),
        (
            999_000.0,
            1_000_000,
            0.0002874213757768679,
            0.22330339029134408,
        ),
        (7.3, 8, 0.196043286115187, 0.7359272312164109),
    ] {
        assert_near(erlang_b(load, servers), b, 1e-13);
        assert_near(erlang_c(load, servers), c, 1e-12);
    }
    assert_eq!(erlang_b(3.0, 0), 1.0);
    assert_eq!(erlang_b(0.0, 3), 0.0);
    assert_eq!(erlang_b(1e-300, 1000), 0.0);
    assert!(erlang_b(f64::NAN, 3).is_nan());
}

#[test]
fn county_hospital() {
    // F. Hillier and G. Lieberman, Introduction to Operations Research, 17.6: two patients
    // and three treatments an hour, one and two doctors.
    let one = Station::new(2.0, 1.0 / 3.0, 1).unwrap();
    let two = Station::new(2.0, 1.0 / 3.0, 2).unwrap();
    assert_near(one.mean_queue(), 4.0 / 3.0, 1e-14);
    assert_near(one.mean_number(), 2.0, 1e-14);
    assert_near(one.mean_wait(), 2.0 / 3.0, 1e-14);
    assert_near(one.mean_response(), 1.0, 1e-14);
    assert_near(two.mean_queue(), 1.0 / 12.0, 1e-14);
    assert_near(two.mean_number(), 0.75, 1e-14);
    assert_near(two.mean_wait(), 1.0 / 24.0, 1e-14);
    assert_near(two.mean_response(), 0.375, 1e-14);
    // As printed, to three digits: P(W_q > 0), P(W_q > 1/2 h), P(W_q > 1 h).
    for (station, printed) in [(one, [0.667, 0.404, 0.245]), (two, [0.167, 0.022, 0.003])] {
        for (time, share) in [0.0, 0.5, 1.0].into_iter().zip(printed) {
            assert!((station.wait_survival(time) - share).abs() < 6e-4);
        }
    }
    // P(W > t) of one doctor is e^(−t).
    assert_near(one.response_survival(1.7), (-1.7_f64).exp(), 1e-13);
    assert_near(one.response_quantile(0.9), 10.0_f64.ln(), 1e-12);
    assert_near(
        one.wait_quantile(0.9),
        (0.1_f64 / (2.0 / 3.0)).ln() / -1.0,
        1e-12,
    );
    assert_eq!(two.wait_quantile(0.5), 0.0);
}

#[test]
fn response_times_equal_integration() {
    // mpmath 1.4.1 at 50 digits, by quadrature of wait and service.
    for (rate, service, servers, time, want) in [
        (5.0, 0.15, 2, 0.5, 0.05217683495945128),
        (40.0, 0.2, 10, 0.7, 0.04218042932454665),
        (2.0, 0.5, 2, 1.0, 0.2255588053943545),
    ] {
        let station = Station::new(rate, service, servers).unwrap();
        assert_near(station.response_survival(time), want, 1e-12);
        assert_near(station.response_quantile(1.0 - want), time, 1e-9);
    }
}

#[test]
fn general_stations() {
    // Pollaczek and Khinchine: M/G/1 is exact, W_q = λ E(S²)/(2 (1 − ρ)).
    for service_variation in [0.0, 0.3, 1.0, 4.0] {
        let station = Station::general(0.8, 1.0, 1, 1.0, service_variation).unwrap();
        let want = 0.8 * (1.0 + service_variation) / (2.0 * 0.2);
        assert_near(station.mean_wait(), want, 1e-14);
    }
    // Sakasegawa's approximation of the same, as in the operations management textbooks.
    let (servers, utilisation) = (5.0_f64, 0.9_f64);
    let station = Station::general(4.5, 1.0, 5, 0.5, 2.0).unwrap();
    let power = (2.0 * (servers + 1.0)).sqrt() - 1.0;
    let textbook = 1.25 * utilisation.powf(power) / (servers * (1.0 - utilisation));
    assert_near(station.mean_wait(), textbook, 0.03);
    // The distribution of wait and service has the mean it should, whichever way it is
    // computed.
    for (ca, cs) in [(1.0, 0.0), (0.5, 0.25), (1.0, 1.0), (2.0, 3.0), (0.1, 6.0)] {
        let station = Station::general(3.4, 1.0, 4, ca, cs).unwrap();
        let step = 0.01;
        let mean: f64 = (0..20_000)
            .map(|i| station.response_survival((f64::from(i) + 0.5) * step) * step)
            .sum();
        assert_near(mean, station.mean_response(), 5e-3);
    }
}

#[test]
fn finite_stations() {
    // M/M/1/K in closed form: P_K = (1 − ρ) ρ^K/(1 − ρ^(K+1)).
    for utilisation in [0.3, 0.9, 1.7_f64] {
        let station = FiniteStation::new(utilisation, 1.0, 1, 6).unwrap();
        let loss = (1.0 - utilisation) * utilisation.powi(6) / (1.0 - utilisation.powi(7));
        assert_near(station.loss, loss, 1e-13);
        assert_near(station.utilisation, utilisation * (1.0 - loss), 1e-13);
    }
    assert_near(
        FiniteStation::new(10.0, 1.0, 10, 10).unwrap().loss,
        erlang_b(10.0, 10),
        1e-13,
    );
    // With much room it is M/M/c.
    let wide = FiniteStation::new(4.0, 1.0, 6, 3000).unwrap();
    assert_near(
        wide.mean_response,
        Station::new(4.0, 1.0, 6).unwrap().mean_response(),
        1e-12,
    );
    assert!(FiniteStation::new(1e9, 1.0, 5, 100_000).unwrap().loss > 0.999);
    assert!(FiniteStation::new(1.0, 1.0, 5, 4).is_err());
}

#[test]
fn headroom_and_required_servers() {
    // M/M/1: W = S/(1 − ρ) ≤ 4 S at ρ ≤ 3/4.
    let found = headroom(0.1, 1, (1.0, 1.0), Objective::MeanResponse(0.4)).unwrap();
    assert_near(found.arrival_rate, 7.5, 1e-12);
    assert_near(found.utilisation, 0.75, 1e-12);
    // The classic of call centres: 100 calls in half an hour of 3 minutes each, 80 % within
    // 20 seconds: 14 agents (88.8 % and with 13 below).
    let objective = Objective::WaitQuantile {
        probability: 0.8,
        time: 20.0,
    };
    let agents = required_servers(100.0 / 1800.0, 180.0, (1.0, 1.0), objective).unwrap();
    assert_eq!(agents, 14);
    let level = 1.0
        - Station::new(100.0 / 1800.0, 180.0, 14)
            .unwrap()
            .wait_survival(20.0);
    assert!((level - 0.888).abs() < 5e-4, "{level}");
    assert_eq!(
        headroom(1.0, 3, (1.0, 1.0), Objective::MeanResponse(0.9)),
        Err(QueueError::Unreachable)
    );
    assert_eq!(
        required_servers(5.0, 1.0, (1.0, 1.0), Objective::MeanResponse(0.5)),
        Err(QueueError::Unreachable)
    );
    assert_eq!(
        required_servers(7.0, 1.0, (1.0, 1.0), Objective::Utilisation(0.7)),
        Ok(10)
    );
    assert!(matches!(
        Station::new(2.0, 1.0, 2),
        Err(QueueError::Unstable { .. })
    ));
}

#[test]
fn a_simulated_station_agrees_and_keeps_littles_law() {
    for (servers, rate) in [(1, 0.6), (4, 2.8)] {
        let (waits, responses, number) = simulate(&mut Generator::new(9), servers, rate);
        let station = Station::new(rate, 1.0, servers as u64).unwrap();
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        assert_near(mean(&waits), station.mean_wait(), 0.08);
        assert_near(mean(&responses), station.mean_response(), 0.05);
        // L = λW over the whole run, which begins and ends empty: exact.
        let (area, span) = number;
        let realised = waits.len() as f64 / span;
        assert_near(area / span, realised * mean(&responses), 1e-9);
        let late = responses.iter().filter(|r| **r > 3.0).count();
        let share = late as f64 / responses.len() as f64;
        assert!((share - station.response_survival(3.0)).abs() < 0.015);
    }
}

/// Waits and responses, and ∫ number dt with the time until all have left.
fn simulate(random: &mut Generator, servers: usize, rate: f64) -> (Vec<f64>, Vec<f64>, (f64, f64)) {
    let mut free = vec![0.0_f64; servers];
    let (mut now, mut waits, mut responses) = (0.0, Vec::new(), Vec::new());
    let mut steps = Vec::new();
    for _ in 0..200_000 {
        now -= (1.0 - random.uniform()).ln() / rate;
        let next = free.iter_mut().min_by(|a, b| a.total_cmp(b)).unwrap();
        let begin = next.max(now);
        *next = begin - (1.0 - random.uniform()).ln();
        waits.push(begin - now);
        responses.push(*next - now);
        steps.push((now, 1.0));
        steps.push((*next, -1.0));
    }
    steps.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut area, mut number) = (0.0, 0.0);
    for pair in steps.windows(2) {
        number += pair[0].1;
        area += number * (pair[1].0 - pair[0].0);
    }
    (waits, responses, (area, steps[steps.len() - 1].0))
}

proptest! {
    #[test]
    fn erlang_keeps_its_recursion(load in 1e-3..500.0_f64, servers in 1_u64..600) {
        let before = erlang_b(load, servers - 1);
        let want = load * before / (servers as f64 + load * before);
        let got = erlang_b(load, servers);
        prop_assert!((got - want).abs() <= 1e-12 * want, "{got} {want}");
    }

    #[test]
    fn more_load_waits_longer(load in 0.1..50.0_f64, spare in 1_u64..10, more in 0.0..0.9_f64) {
        let servers = load.ceil() as u64 + spare;
        let a = Station::new(load, 1.0, servers).unwrap();
        let b = Station::new(load + more, 1.0, servers).unwrap();
        prop_assert!(a.mean_wait() <= b.mean_wait());
        prop_assert!(a.response_survival(2.0) <= b.response_survival(2.0) + 1e-12);
    }

    #[test]
    fn nothing_panics(
        values in proptest::array::uniform4(any::<f64>()),
        servers in prop_oneof![0_u64..9, any::<u64>()],
        probability in -0.5..1.5_f64,
        time in any::<f64>(),
        small in proptest::array::uniform4(0.0..20.0_f64),
    ) {
        for [rate, service, ca, cs] in [values, small] {
            if let Ok(s) = Station::general(rate, service, servers.min(100_000), ca, cs) {
                let _ = (s.wait_survival(time), s.wait_quantile(probability));
                let _ = (s.response_survival(time), s.response_quantile(probability));
            }
            let _ = FiniteStation::new(rate, service, servers, servers % 5000);
            for objective in [
                Objective::MeanResponse(time),
                Objective::WaitQuantile { probability, time },
                Objective::Utilisation(probability),
            ] {
                let _ = headroom(service, servers.min(1000), (ca, cs), objective);
                let _ = required_servers(rate.min(1e3), service.min(1e3), (ca, cs), objective);
            }
        }
    }
}
