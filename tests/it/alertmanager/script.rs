//! The configuration and the stream of alerts.
//!
//! All that is sent, and every alert's end, lies on a grid of half a second from
//! the start; all timers but those of the route `late` put the groups' ticks in
//! the middle between. So a few milliseconds more or less decide nothing.

use super::random::Random;

/// µs in a millisecond.
pub(super) const MILLI: i64 = 1000;

/// How long the script takes, ms; no tick lies there.
pub(super) const LENGTH: i64 = 46_500;

/// What is sent.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// An alert with its labels, its start and its end (ms from the start).
    Alert(Vec<(&'static str, String)>, i64, i64),
    /// A silence for alerts with a label, to the end of the script.
    Silence(&'static str, &'static str),
    /// The end of the silence.
    Expire,
}

/// `webhook` is the address, `minute` the minute of the day that begins within the script.
pub(super) fn config(webhook: &str, minute: i64) -> String {
    let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let (from, to) = (clock(minute), clock(minute + 1));
    let receivers: String = [
        "rest", "group", "flap", "inhibit", "silence", "mute", "active", "first", "second", "late",
        "again", "end", "race", "random",
    ]
    .iter()
    .map(|name| {
        format!(
            "- name: {name}\n  webhook_configs: [{{url: 'http://{webhook}/', max_alerts: 0}}]\n"
        )
    })
    .collect();
    format!(
        "
route:
  receiver: rest
  group_by: [g]
  group_wait: 1250ms
  group_interval: 2500ms
  repeat_interval: 1h1s
  routes:
  - {{matchers: [s=group], receiver: group, repeat_interval: 6s}}
  - {{matchers: [s=flap], receiver: flap}}
  - {{matchers: [s=inhibit], receiver: inhibit, group_by: [alertname]}}
  - {{matchers: [s=silence], receiver: silence, repeat_interval: 11s}}
  - {{matchers: [s=mute], receiver: mute, mute_time_intervals: [minute], repeat_interval: 6s}}
  - {{matchers: [s=active], receiver: active, active_time_intervals: [minute], repeat_interval: 6s}}
  - {{matchers: [s=quiet], receiver: quiet, repeat_interval: 11s}}
  - {{matchers: [s=two], receiver: first, continue: true}}
  - {{matchers: ['s=~\"t.*\"'], receiver: second, group_by: ['...'], group_wait: 250ms}}
  - {{matchers: [s=late], receiver: late, group_wait: 5s, group_interval: 3s}}
  - {{matchers: [s=again], receiver: again}}
  - {{matchers: [s=end], receiver: end}}
  - {{matchers: [s=race], receiver: race, group_interval: 3s, repeat_interval: 6s}}
  - {{match: {{s: random}}, receiver: random, repeat_interval: 6s}}
inhibit_rules:
- {{source_matchers: [s=inhibit, severity=critical], target_matchers: [s=inhibit, 'severity=~\"critical|warning\"'], equal: [dc]}}
- {{source_match: {{s: random, alertname: a}}, target_match_re: {{s: random, alertname: 'b|c'}}, equal: [g]}}
time_intervals:
- name: minute
  time_intervals: [{{times: [{{start_time: '{from}', end_time: '{to}'}}]}}]
receivers:
- {{name: quiet, webhook_configs: [{{url: 'http://{webhook}/', send_resolved: false}}]}}
{receivers}"
    )
}

/// The script, in the order of time (ms); the minute begins at `boundary`.
pub(super) fn steps(boundary: i64, seed: u64) -> Vec<(i64, Step)> {
    let mut script = Script(Vec::new());
    // Two groups; new alerts join at the next tick; some resolved, all resolved; repeats.
    script.fires(500, "group a g=1");
    script.fires(1000, "group b g=1");
    script.fires(1000, "group c g=2");
    script.fires(6000, "group d g=1");
    script.resolves(12_500, "group a g=1", 500);
    script.resolves(30_000, "group b g=1", 1000);
    script.resolves(30_000, "group d g=1", 6000);
    script.fires(38_000, "group a g=1");
    // Shorter than group_wait: nothing is sent; then in a group that was told before.
    script.fires(2000, "flap a g=1");
    script.resolves(3000, "flap a g=1", 2000);
    script.fires(8000, "flap b g=1");
    script.fires(14_000, "flap c g=1");
    script.resolves(14_500, "flap c g=1", 14_000);
    script.resolves(20_000, "flap b g=1", 8000);
    // The source comes late; then it goes; a target is resolved while inhibited.
    script.fires(500, "inhibit low severity=warning dc=1");
    script.fires(500, "inhibit other severity=warning dc=2");
    script.fires(4000, "inhibit high severity=critical dc=1");
    script.fires(4000, "inhibit high2 severity=critical dc=1");
    script.fires(4500, "inhibit low2 severity=warning dc=1");
    script.resolves(9000, "inhibit low severity=warning dc=1", 500);
    script.resolves(16_000, "inhibit high severity=critical dc=1", 4000);
    script.resolves(20_000, "inhibit high2 severity=critical dc=1", 4000);
    // A silence in the middle.
    script.fires(500, "silence a g=1");
    script.fires(500, "silence b g=1");
    script.0.push((6000, Step::Silence("alertname", "a")));
    script.resolves(12_000, "silence b g=1", 500);
    script.0.push((24_000, Step::Expire));
    script.resolves(33_000, "silence a g=1", 500);
    // Around the boundary of a minute.
    for route in ["mute", "active"] {
        script.fires(boundary - 7000, &format!("{route} a g=1"));
        script.fires(boundary - 5000, &format!("{route} b g=2"));
        script.resolves(boundary - 1000, &format!("{route} b g=2"), boundary - 5000);
        script.fires(boundary + 500, &format!("{route} c g=1"));
        script.resolves(boundary + 4000, &format!("{route} a g=1"), boundary - 7000);
    }
    // An integration that does not tell of resolved alerts.
    script.fires(500, "quiet a g=1");
    script.fires(1000, "quiet b g=1");
    script.resolves(5000, "quiet a g=1", 500);
    script.fires(9000, "quiet c g=1");
    script.resolves(15_000, "quiet b g=1", 1000);
    script.resolves(15_000, "quiet c g=1", 9000);
    script.fires(22_000, "quiet a g=1");
    // Two routes; one groups by all labels.
    script.fires(1000, "two a g=1");
    script.fires(1500, "two b g=1");
    script.fires(1500, "three c g=1");
    script.resolves(8000, "two a g=1", 1000);
    // Older than group_wait: at once; in a waiting group too.
    script.alert(3000, "late a g=1", -60_000, 999_000);
    script.fires(7500, "late b g=2");
    script.alert(8500, "late c g=2", -60_000, 999_000);
    // Again after the group was empty: within its life (30 s), then after a sweep.
    script.fires(500, "again a g=1");
    script.resolves(6000, "again a g=1", 500);
    script.fires(11_000, "again a g=1");
    script.resolves(16_000, "again a g=1", 11_000);
    script.alert(18_500, "again a g=1", 11_000, 16_000);
    script.fires(38_000, "again a g=1");
    // Nobody renews it; then it is renewed; then it ends early.
    script.alert(500, "end a g=1", 500, 8000);
    script.alert(500, "end b g=1", 500, 9000);
    script.alert(7000, "end b g=1", 500, 19_000);
    script.alert(12_000, "end b g=1", 500, 15_000);
    script.alert(21_000, "end b g=1", 20_000, 26_000);
    // Repetitions due at the very tick.
    script.fires(500, "race a g=1");
    random(&mut script, seed);
    script.0.retain(|(at, _)| (0..LENGTH).contains(at));
    script.0.sort_by_key(|(at, _)| *at);
    script.0
}

/// Alerts that come and go as they like.
fn random(script: &mut Script, seed: u64) {
    let mut random = Random(seed);
    for name in ["a", "b", "c", "d", "e"] {
        for group in ["1", "2"] {
            let labels = format!("random {name} g={group}");
            let mut at = 500 * (1 + random.below(8) as i64);
            while at < LENGTH - 2000 {
                let length = 500 * (1 + random.below(24) as i64);
                if random.below(3) == 0 {
                    // Renewed, and at last left to end by itself.
                    script.alert(at, &labels, at, at + length / 1000 * 500 + 500);
                    script.alert(at + 500, &labels, at, at + length);
                } else {
                    script.fires(at, &labels);
                    script.resolves(at + length, &labels, at);
                }
                at += length + 500 * (1 + random.below(16) as i64);
            }
        }
    }
}

struct Script(Vec<(i64, Step)>);

impl Script {
    /// `group a g=1` has the labels `s="group"`, `alertname="a"` and `g="1"`.
    fn alert(&mut self, at: i64, text: &str, starts_at: i64, ends_at: i64) {
        let mut words = text.split(' ');
        let mut word = || words.next().expect("a word").to_owned();
        let mut labels = vec![("s", word()), ("alertname", word())];
        for (name, value) in words.filter_map(|word| word.split_once('=')) {
            let name = match name {
                "g" => "g",
                "dc" => "dc",
                _ => "severity",
            };
            labels.push((name, value.to_owned()));
        }
        self.0.push((at, Step::Alert(labels, starts_at, ends_at)));
    }

    fn fires(&mut self, at: i64, text: &str) {
        self.alert(at, text, at, 999_000);
    }

    fn resolves(&mut self, at: i64, text: &str, starts_at: i64) {
        self.alert(at, text, starts_at, at);
    }
}
