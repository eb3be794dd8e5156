//! Plans what people do to the system: campaigns, deploys, maintenance windows.

use super::SimulationOptions;
use super::incidents::{Cause, Incident};
use super::rng::Rng;
use crate::model::MICROS_PER_DAY;

const HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000_000;

/// A campaign; planned, so its load is no incident.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Campaign {
    /// Identity.
    pub(super) id: String,
    /// First instant, µs.
    pub(super) start: i64,
    /// First instant after it, µs.
    pub(super) end: i64,
    /// What it is called.
    pub(super) title: &'static str,
    /// Lift that marketing expects, as a share of the demand.
    pub(super) expected_lift: f64,
    /// Lift that comes.
    pub(super) lift: f64,
}

/// A new version of a service; its counters start again at 0.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deploy {
    /// Identity.
    pub(super) id: String,
    /// First instant, µs.
    pub(super) start: i64,
    /// First instant after it, µs.
    pub(super) end: i64,
    /// Service.
    pub(super) service: &'static str,
    /// Version.
    pub(super) version: String,
}

/// Planned work.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Maintenance {
    /// Identity.
    pub(super) id: String,
    /// First instant, µs.
    pub(super) start: i64,
    /// First instant after it, µs.
    pub(super) end: i64,
    /// Service.
    pub(super) service: &'static str,
    /// What is done.
    pub(super) title: &'static str,
}

const TITLES: [&str; 5] = [
    "Spring sale",
    "Free delivery weekend",
    "Newsletter offer",
    "Clearance week",
    "Loyalty days",
];

/// Campaigns of the long range and of the weeks after the end (planned, not
/// begun), the last two of them inside the exported days.
pub(super) fn campaigns(options: &SimulationOptions) -> Vec<Campaign> {
    let mut rng = Rng::new(options.seed, "campaigns");
    let mut campaigns = Vec::new();
    let mut add = |start: i64, days: i64, expected: f64, actual: f64| {
        let number = campaigns.len();
        campaigns.push(Campaign {
            id: format!("CMP-{}", number + 1),
            start,
            end: start + days * MICROS_PER_DAY,
            title: TITLES[number % TITLES.len()],
            expected_lift: expected,
            lift: expected * actual,
        });
    };
    let mut at = options.long_start() + 20 * MICROS_PER_DAY;
    while at + 15 * MICROS_PER_DAY < options.start {
        let expected = (rng.between(0.1, 0.3) * 20.0).round() / 20.0;
        add(at, 3 + rng.below(4) as i64, expected, rng.between(0.8, 1.2));
        at += (30 + rng.below(15) as i64) * MICROS_PER_DAY;
    }
    let days = i64::from(options.days);
    if days >= 14 {
        let day = options.start + days * 3 / 7 * MICROS_PER_DAY + 7 * HOUR;
        add(day, 3, 0.25, rng.between(0.85, 1.15));
        let day = options.start + days * 6 / 7 * MICROS_PER_DAY + 7 * HOUR;
        add(day, 2, 0.15, rng.between(0.85, 1.15));
    }
    add(options.end() + 17 * MICROS_PER_DAY + 7 * HOUR, 5, 0.3, 1.0);
    campaigns
}

/// One deploy in about two days, by day and away from incidents; the bad release
/// of the query API and its rollback stand at that incident's ends.
pub(super) fn deploys(options: &SimulationOptions, incidents: &[Incident]) -> Vec<Deploy> {
    const SERVICES: [&str; 6] = [
        "shipping-collector",
        "query-api",
        "flink-processing",
        "inventory-collector",
        "storage-router",
        "supplier-collector",
    ];
    let mut rng = Rng::new(options.seed, "deploys");
    let mut planned: Vec<(i64, &'static str)> = Vec::new();
    let mut day = 1;
    let mut turn = 0;
    while day < i64::from(options.days) {
        let at = options.start.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY
            + day * MICROS_PER_DAY
            + rng.between(9.5 * 60.0, 15.0 * 60.0) as i64 * MINUTE;
        let near = |i: &Incident| at > i.start - 4 * HOUR && at < i.end + 6 * HOUR;
        if at < options.end() && !incidents.iter().any(near) {
            planned.push((at, SERVICES[turn % SERVICES.len()]));
            turn += 1;
        }
        day += 1 + i64::from(rng.uniform() < 0.5);
    }
    for incident in incidents.iter().filter(|i| i.cause == Cause::SlowRelease) {
        planned.push((incident.start - 3 * MINUTE, "query-api"));
        planned.push((incident.end - 2 * MINUTE, "query-api"));
    }
    planned.sort_unstable();
    let mut versions = [20_usize; SERVICES.len()];
    let mut deploys = Vec::new();
    for (start, service) in planned {
        let Some(index) = SERVICES.iter().position(|s| *s == service) else {
            continue;
        };
        versions[index] += 1;
        deploys.push(Deploy {
            id: format!("DEP-{}", deploys.len() + 1),
            start,
            end: start + 2 * MINUTE,
            service,
            version: format!("1.{}.0", versions[index]),
        });
    }
    deploys
}

/// The weekly vacuum of postgres on Sunday, 02:00 to 03:00.
pub(super) fn maintenance(options: &SimulationOptions) -> Vec<Maintenance> {
    let first = options.start.div_euclid(MICROS_PER_DAY);
    (0..i64::from(options.days) + 1)
        .map(|day| (first + day) * MICROS_PER_DAY + 2 * HOUR)
        .filter(|&at| super::calendar::weekday(at) == 6)
        .filter(|&at| at >= options.start && at + HOUR <= options.end())
        .enumerate()
        .map(|(index, start)| Maintenance {
            id: format!("MNT-{}", index + 1),
            start,
            end: start + HOUR,
            service: "storage-router",
            title: "Weekly vacuum of postgres",
        })
        .collect()
}
