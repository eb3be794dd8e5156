use super::*;
use crate::stats::random::Generator;
use proptest::prelude::*;

/// N. Gunther, "How to Scale in the Cloud" (slides, 2019): Tomcat on AWS, rows of 300 s:
/// throughput a second, concurrency, service and response time in seconds, utilisation.
const TOMCAT: [[f64; 5]; 10] = [
    [502.171674, 170.266663, 0.000912, 0.336740, 0.458120],
    [494.403035, 175.375000, 0.001043, 0.355975, 0.515420],
    [509.541751, 188.866669, 0.000885, 0.360924, 0.450980],
    [507.089094, 188.437500, 0.000910, 0.367479, 0.461700],
    [532.803039, 191.466660, 0.000880, 0.362905, 0.468860],
    [528.587722, 201.187500, 0.000914, 0.366283, 0.483160],
    [533.439054, 202.600006, 0.000892, 0.378207, 0.476080],
    [531.708059, 208.187500, 0.000909, 0.392556, 0.483160],
    [532.693783, 203.266663, 0.000894, 0.379749, 0.476020],
    [519.748550, 200.937500, 0.000895, 0.381078, 0.465260],
];

#[test]
fn tomcat_as_published() {
    let residuals: Vec<f64> = TOMCAT
        .iter()
        .map(|[rate, number, _, response, _]| little_residual(*number, *rate, *response))
        .collect();
    let least = residuals.iter().copied().fold(f64::INFINITY, f64::min);
    let most = residuals.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // -1.0 % to +3.8 %.
    assert!((least + 0.010).abs() < 5e-4, "{least}");
    assert!((most - 0.038).abs() < 5e-4, "{most}");
    for [rate, _, service, _, busy] in TOMCAT {
        // Service times are printed to the µs, which is 0.06 % of them.
        assert!(utilisation_residual(busy, rate, service).abs() <= 6e-4);
        assert!((service_demand(busy, rate) - service).abs() < 6e-7);
    }
}

#[test]
fn tomcat_as_windows() {
    let column = |f: fn(&[f64; 5]) -> f64| TOMCAT.iter().map(f).collect::<Vec<f64>>();
    let counts = column(|r| r[0] * 300.0);
    let sums = column(|r| r[0] * r[3] * 300.0);
    let (gauge, busy) = (column(|r| r[1]), column(|r| r[4]));
    let stage = Stage {
        step_seconds: 300.0,
        duration_sum: Some(&sums),
        duration_count: Some(&counts),
        in_flight: Some(&gauge),
        busy: Some(&busy),
        ..Stage::default()
    };
    let all = windows(&stage, 10);
    assert_eq!(all.len(), 1);
    let w = all[0];
    assert_eq!(w.seconds, 3000.0);
    assert!((w.time.unwrap() - 0.368).abs() < 0.001);
    let residual = w.residual.unwrap();
    assert!(
        residual.value.abs() < 0.015 && !residual.is_significant(),
        "{residual:?}"
    );
    let summary = summarise(&windows(&stage, 1));
    assert_eq!(
        (summary.reading, summary.windows),
        (Reading::Consistent, 10)
    );
}

/// Steps of an M/M/1 queue: arrivals, completions, Σ of the times in the system of those who
/// left, Σ of their service times, and the mean number inside.
fn queue(seed: u64, steps: usize, rate: impl Fn(usize) -> f64) -> [Vec<f64>; 5] {
    let mut random = Generator::new(seed);
    let mut out: [Vec<f64>; 5] = std::array::from_fn(|_| vec![0.0; steps]);
    let (mut now, mut free) = (0.0_f64, 0.0_f64);
    while (now as usize) < steps {
        now -= (1.0 - random.uniform()).ln() / rate(now as usize);
        let service = -0.01 * (1.0 - random.uniform()).ln();
        free = free.max(now) + service;
        let (from, to) = (now, free);
        if (from as usize) < steps {
            out[0][from as usize] += 1.0;
        }
        if (to as usize) < steps {
            out[1][to as usize] += 1.0;
            out[2][to as usize] += to - from;
            out[3][to as usize] += service;
        }
        let mut at = from;
        while at < to && (at as usize) < steps {
            let next = (at.floor() + 1.0).min(to);
            out[4][at as usize] += next - at;
            at = next;
        }
    }
    out
}

#[test]
fn littles_law_holds_on_a_queue_and_its_breaches_are_named() {
    // 3,600 steps of a second; the load rises from 40 to 85 %.
    let [arrivals, completions, sums, busy, number] =
        queue(1, 3600, |t| 40.0 + 45.0 * t as f64 / 3600.0);
    let stage = Stage {
        step_seconds: 1.0,
        arrivals: Some(&arrivals),
        completions: Some(&completions),
        duration_sum: Some(&sums),
        duration_count: Some(&completions),
        in_flight: Some(&number),
        busy: Some(&busy),
    };
    let read = |stage: &Stage<'_>| summarise(&windows(stage, 300));
    let found = read(&stage);
    assert_eq!(found.reading, Reading::Consistent);
    assert!(found.value.unwrap().abs() < 0.01);
    for w in windows(&stage, 300) {
        let residual = w.residual.unwrap();
        assert!(
            residual.value.abs() <= residual.edge + residual.half_width,
            "{w:?}"
        );
        assert!((w.service_demand.unwrap() - 0.01).abs() < 0.001);
    }
    // 50 ms more before the timer starts, 5 more inside at 100 a second.
    let outside: Vec<f64> = number
        .iter()
        .zip(&arrivals)
        .map(|(n, a)| n + 0.05 * a)
        .collect();
    let found = read(&Stage {
        in_flight: Some(&outside),
        ..stage
    });
    let Reading::WaitingOutsideTimer {
        seconds: Some(seconds),
    } = found.reading
    else {
        panic!("{found:?}");
    };
    assert!((seconds - 0.05).abs() < 0.003, "{seconds}");
    // One of three instances lacks the timer.
    let part: Vec<f64> = sums.iter().map(|s| s * 2.0 / 3.0).collect();
    let found = read(&Stage {
        duration_sum: Some(&part),
        ..stage
    });
    let Reading::MissingPart { factor } = found.reading else {
        panic!("{found:?}");
    };
    assert!((factor - 1.5).abs() < 0.02);
    let twice: Vec<f64> = sums.iter().map(|s| s * 2.0).collect();
    let found = read(&Stage {
        duration_sum: Some(&twice),
        ..stage
    });
    assert!(
        matches!(found.reading, Reading::CountedTwice { .. }),
        "{found:?}"
    );
    // Windows of one step hold fewer than ten times the time inside.
    let slow: Vec<f64> = sums.iter().map(|s| s * 40.0).collect();
    let found = summarise(&windows(
        &Stage {
            duration_sum: Some(&slow),
            ..stage
        },
        1,
    ));
    assert!(
        matches!(found.reading, Reading::WindowsTooShort { .. }),
        "{found:?}"
    );
    let found = read(&Stage {
        in_flight: None,
        ..stage
    });
    let absent = Reading::NotMeasured {
        gauge: false,
        timer: true,
    };
    assert_eq!(found.reading, absent);
}

#[test]
fn an_idle_gauge_is_named() {
    // The gauge is scraped when the stage has just finished: it sees a random part.
    let mut random = Generator::new(4);
    let rate = vec![50.0; 400];
    let sums = vec![200.0; 400];
    let gauge: Vec<f64> = (0..400).map(|_| random.uniform() * 2.0).collect();
    let stage = Stage {
        step_seconds: 60.0,
        completions: Some(&rate),
        duration_sum: Some(&sums),
        in_flight: Some(&gauge),
        ..Stage::default()
    };
    assert_eq!(
        summarise(&windows(&stage, 20)).reading,
        Reading::SampledGauge
    );
}

#[test]
fn bounds_of_the_classic_example() {
    // E. Lazowska et al., Quantitative System Performance (1984), 5.2: demands of 5, 4 and 3 s,
    // 15 s of thought: D = 12, D_max = 5, N* = 27/5.
    let bounds = Bounds::new(&[5.0, 4.0, 3.0], 15.0).unwrap();
    assert_eq!(bounds.knee(), 5.4);
    assert_eq!(bounds.throughput(2.0), 2.0 / 27.0);
    assert_eq!(bounds.throughput(20.0), 0.2);
    assert_eq!(bounds.response_time(2.0), 12.0);
    assert_eq!(bounds.response_time(20.0), 85.0);
    assert_eq!(Bounds::new(&[], 1.0), None);
    assert_eq!(Bounds::new(&[1.0, -1.0], 1.0), None);
}

proptest! {
    #[test]
    fn nothing_panics(
        columns in proptest::collection::vec(
            proptest::option::of(proptest::collection::vec(any::<f64>(), 0..30)), 6),
        step_seconds in any::<f64>(),
        length in any::<usize>(),
    ) {
        let at = |i: usize| columns[i].as_deref();
        let stage = Stage {
            step_seconds,
            arrivals: at(0),
            completions: at(1),
            duration_sum: at(2),
            duration_count: at(3),
            in_flight: at(4),
            busy: at(5),
        };
        let _ = summarise(&windows(&stage, length));
        let _ = summarise(&windows(&stage, length % 7));
    }
}
