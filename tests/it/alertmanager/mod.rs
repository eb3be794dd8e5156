//! A scripted stream of alerts, through our simulation and a real Alertmanager.
//!
//! Runs where `RETROCAST_SLOW_TESTS` is set (it takes 50 to 85 s of mostly
//! waiting) and the package `prometheus-alertmanager` is installed (Debian 12 has
//! 0.25), and says so where not. `RETROCAST_SEED` repeats a run's random part.

mod random;
mod script;
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;

use retrocast::alert::notify::{
    Config, Notification, Options, Received, Release, Silence, parse_silences, simulate,
};
use retrocast::model::{Labels, format_timestamp};
use script::{LENGTH, MILLI, Step};
use server::{Alertmanager, now, sleep_until, webhook};

const SECOND: i64 = 1_000_000;
/// How far apart the two may be, µs.
const TOLERANCE: i64 = SECOND / 2;

/// A notification: when (µs from the start), its group, its alerts.
#[derive(Debug, PartialEq)]
struct Told {
    at: i64,
    group: String,
    alerts: Vec<String>,
}

#[test]
fn alertmanager_sends_the_same() {
    if std::env::var_os("RETROCAST_SLOW_TESTS").is_none() {
        eprintln!("skipped: RETROCAST_SLOW_TESTS is not set");
        return;
    }
    if !Alertmanager::is_installed() {
        eprintln!("skipped: no Alertmanager 0.25 on this machine");
        return;
    }
    let seed = std::env::var("RETROCAST_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or(2026);
    println!("RETROCAST_SEED={seed}");

    // A minute must begin 13 to 33 s after the start.
    let second = now().div_euclid(SECOND) % 60;
    let wait = if (23..=43).contains(&second) {
        0
    } else {
        (23 - second).rem_euclid(60)
    };
    let started_at = (now().div_euclid(SECOND) + wait + 1) * SECOND + 450 * MILLI;
    sleep_until(started_at);
    let start = started_at - 450 * MILLI + 3 * SECOND;
    let boundary = start.div_euclid(60 * SECOND) * 60 * SECOND + 60 * SECOND;
    let minute = boundary / SECOND / 60 % (24 * 60);

    let (address, payloads) = webhook();
    let text = script::config(&address, minute);
    let config = Config::parse(&text).unwrap_or_else(|error| panic!("{error}\n{}", error.excerpt));
    let server = Alertmanager::start(&text);
    assert!(now() < start, "Alertmanager took more than 2 s to start");

    let steps = script::steps((boundary - start) / MILLI, seed);
    let (received, silences) = send(&server, steps, start);
    sleep_until(start + LENGTH * MILLI);
    let payloads = std::mem::take(&mut *payloads.lock().expect("a list"));
    drop(server);

    let options = Options {
        release: Release::V0_25,
        started_at: Some(started_at + 100 * MILLI),
        ..Options::default()
    };
    let until = start + LENGTH * MILLI;
    let outcome = simulate(&config, &silences, options, received, until);
    let mut ours: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for one in &outcome.notifications {
        let list = ours.entry(one.receiver.to_string()).or_default();
        list.push(told(one, start));
    }
    let mut theirs: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    for (ts, payload) in &payloads {
        let receiver = payload["receiver"].as_str().expect("a receiver");
        let list = theirs.entry(receiver.to_owned()).or_default();
        list.push(read(*ts, payload, start));
    }
    // Which side wins the race is not ours to say.
    ours.remove("race");
    let race = theirs.remove("race").unwrap_or_default();
    compare(ours, theirs);
    check_race(&race);
}

/// Sends the script; returns the alerts with the times at which they were sent.
fn send(
    server: &Alertmanager,
    steps: Vec<(i64, Step)>,
    start: i64,
) -> (Vec<Received>, Vec<Silence>) {
    let mut received = Vec::new();
    let mut silence = (String::new(), 0, 0, "", "");
    for (at, step) in steps {
        sleep_until(start + at * MILLI);
        let sent = now();
        assert!(
            sent - start - at * MILLI < 100 * MILLI,
            "the machine is too slow for this script"
        );
        match step {
            Step::Alert(labels, starts_at, ends_at) => {
                let (starts_at, ends_at) = (start + starts_at * MILLI, start + ends_at * MILLI);
                let labels = Labels::from_pairs(labels).expect("labels");
                let map: BTreeMap<&str, &str> = labels.iter().collect();
                let body = serde_json::json!([{
                    "labels": map,
                    "startsAt": format_timestamp(starts_at, chrono_tz::Tz::UTC),
                    "endsAt": format_timestamp(ends_at, chrono_tz::Tz::UTC),
                }]);
                server.send("POST", "/api/v2/alerts", &body.to_string());
                received.push(Received {
                    ts: sent,
                    labels: Arc::new(labels),
                    annotations: Arc::new([]),
                    starts_at,
                    ends_at,
                });
            }
            Step::Silence(name, value) => {
                let (from, to) = (sent + 10 * MILLI, sent + 600 * SECOND);
                let body = serde_json::json!({
                    "matchers": [
                        {"name": name, "value": value, "isRegex": false, "isEqual": true},
                        {"name": "s", "value": "sil.*", "isRegex": true, "isEqual": true},
                    ],
                    "startsAt": format_timestamp(from, chrono_tz::Tz::UTC),
                    "endsAt": format_timestamp(to, chrono_tz::Tz::UTC),
                    "createdBy": "the test",
                    "comment": "in the middle",
                });
                let answer = server.send("POST", "/api/v2/silences", &body.to_string());
                let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
                let id = answer["silenceID"]
                    .as_str()
                    .expect("an identity")
                    .to_owned();
                silence = (id, from, to, name, value);
            }
            Step::Expire => {
                let path = format!("/api/v2/silence/{}", silence.0);
                server.send("DELETE", &path, "");
                silence.2 = sent;
            }
        }
    }
    // As the API writes it down in the end.
    let written = server.send("GET", "/api/v2/silences", "");
    let silences = parse_silences(&written).expect("what the API gives is read");
    let [one] = silences.as_slice() else {
        panic!("{written}");
    };
    assert!((one.ends_at - silence.2).abs() < TOLERANCE, "{written}");
    (received, silences)
}

fn told(one: &Notification, start: i64) -> Told {
    let mut alerts: Vec<String> = one
        .alerts
        .iter()
        .map(|alert| {
            let state = if alert.ends_at.is_some() {
                "resolved"
            } else {
                "firing"
            };
            format!("{state} {}", alert.labels)
        })
        .collect();
    alerts.sort();
    Told {
        at: one.ts - start,
        group: one.group_labels.to_string(),
        alerts,
    }
}

fn read(ts: i64, payload: &serde_json::Value, start: i64) -> Told {
    let labels = |value: &serde_json::Value| {
        let pairs = value.as_object().expect("labels").iter();
        let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
        Labels::from_pairs(pairs).expect("labels").to_string()
    };
    let mut alerts: Vec<String> = payload["alerts"]
        .as_array()
        .expect("alerts")
        .iter()
        .map(|alert| {
            let state = alert["status"].as_str().unwrap_or_default();
            format!("{state} {}", labels(&alert["labels"]))
        })
        .collect();
    alerts.sort();
    Told {
        at: ts - start,
        group: labels(&payload["groupLabels"]),
        alerts,
    }
}

/// Ticks lie a quarter or a half of a second apart; those of one instant have no order.
fn in_order(mut list: Vec<Told>) -> Vec<Told> {
    list.sort_by_key(|one| {
        (
            (one.at + 150 * MILLI).div_euclid(500 * MILLI),
            one.group.clone(),
        )
    });
    list
}

fn compare(mut ours: BTreeMap<String, Vec<Told>>, theirs: BTreeMap<String, Vec<Told>>) {
    let mut different = Vec::new();
    let (mut count, mut furthest) = (0, 0);
    for (receiver, list) in theirs {
        let own = in_order(ours.remove(&receiver).unwrap_or_default());
        let list = in_order(list);
        let same = |(a, b): (&Told, &Told)| {
            a.group == b.group && a.alerts == b.alerts && (a.at - b.at).abs() < TOLERANCE
        };
        if own.len() != list.len() || !own.iter().zip(&list).all(same) {
            different.push(format!("{receiver}:\n{}", beside(&own, &list)));
            continue;
        }
        count += list.len();
        for (a, b) in own.iter().zip(&list) {
            furthest = furthest.max((a.at - b.at).abs());
        }
    }
    for (receiver, own) in ours {
        different.push(format!("{receiver} alone ours:\n{}", beside(&own, &[])));
    }
    println!("{count} equal, at most {} ms apart", furthest / MILLI);
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(count > 60, "only {count} notifications");
}

fn beside(ours: &[Told], theirs: &[Told]) -> String {
    let mut lines = Vec::new();
    for (who, list) in [("ours  ", ours), ("theirs", theirs)] {
        for one in list {
            let at = one.at as f64 / SECOND as f64;
            lines.push(format!("  {who} {at:7.3} {} {:?}", one.group, one.alerts));
        }
    }
    lines.join("\n")
}

/// Between two repetitions lie `repeat_interval` or one `group_interval` more.
fn check_race(list: &[Told]) {
    let gaps: Vec<i64> = list
        .windows(2)
        .map(|pair| pair[1].at - pair[0].at)
        .collect();
    println!("repetitions due at a tick came after {gaps:?} µs");
    for gap in gaps {
        let near = |expected: i64| (gap - expected * SECOND).abs() < TOLERANCE;
        assert!(near(6) || near(9), "{gap} µs");
    }
}
