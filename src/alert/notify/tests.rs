//! Traces worked out by hand.

mod laws;
mod measured;
mod traces;

use std::sync::Arc;

use super::*;
use crate::model::Labels;

const SECOND: i64 = 1_000_000;

/// An alert that comes at a second, fires since another and ends at a third.
fn alert(ts: i64, labels: &str, starts_at: i64, ends_at: i64) -> Received {
    Received {
        ts: ts * SECOND,
        labels: labels_of(labels),
        annotations: Arc::new([]),
        starts_at: starts_at * SECOND,
        ends_at: ends_at * SECOND,
    }
}

/// An alert that begins when it comes, and one that ends then.
fn fires(ts: i64, labels: &str) -> Received {
    alert(ts, labels, ts, ts + 86_400)
}

fn resolves(ts: i64, labels: &str, starts_at: i64) -> Received {
    alert(ts, labels, starts_at, ts)
}

/// `a=b c=d`; a word by itself is the alert's name.
fn labels_of(text: &str) -> Arc<Labels> {
    let pairs = text.split(' ').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or(("alertname", pair));
        (name, value)
    });
    Arc::new(Labels::from_pairs(pairs).expect("labels"))
}

fn config(text: &str) -> Config {
    Config::parse(text).unwrap_or_else(|error| panic!("{error}\n{}", error.excerpt))
}

/// Short names of a notification's alerts: their values, `!` if resolved.
fn shown(notification: &Notification) -> String {
    let alerts: Vec<String> = notification
        .alerts
        .iter()
        .map(|alert| {
            let values: Vec<&str> = alert.labels.iter().map(|(_, value)| value).collect();
            let mark = if alert.ends_at.is_some() { "!" } else { "" };
            format!("{}{mark}", values.join("/"))
        })
        .collect();
    format!(
        "{} {} {} [{}]",
        seconds(notification.ts),
        notification.receiver,
        notification.reason.as_str(),
        alerts.join(" ")
    )
}

fn seconds(ts: i64) -> String {
    format!("{}", ts as f64 / SECOND as f64)
}

fn run(config: &Config, received: &[Received], until: i64) -> Vec<String> {
    let outcome = simulate(
        config,
        &[],
        Options::default(),
        received.iter().cloned(),
        until * SECOND,
    );
    outcome.notifications.iter().map(shown).collect()
}
