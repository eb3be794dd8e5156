//! Writes the services' logs: a line for a fault (two of a kind a step at most),
//! one for each span of a sampled request, and what operators would be told.

use super::StepClock;
use super::engine::History;
use super::faults::{COLLECTOR_ERRORS, Faults, WRITE_ERRORS};
use super::incidents::{Cause, Incident};
use super::plan::{Deploy, Maintenance};
use super::rng::Rng;
use super::topology::{BACKENDS, COLLECTORS, ENDPOINTS, FLINK, QUERY_API, ROUTER, STAGES};
use super::traces::Trace;

/// Lines of one kind that a step writes at most.
const PER_STEP: usize = 2;
/// A consumer lag, in messages at scale 1, that is worth a warning.
const LAG_WARNING: f64 = 500.0;

/// A line.
#[derive(Debug, Clone)]
pub(super) struct LogLine {
    /// µs, whole ms.
    pub(super) ts: i64,
    pub(super) level: &'static str,
    pub(super) service: &'static str,
    pub(super) message: String,
    pub(super) trace_id: Option<String>,
    pub(super) span_id: Option<String>,
    pub(super) event_id: Option<String>,
    pub(super) processing_time_ms: Option<f64>,
    pub(super) metadata: Vec<(&'static str, String)>,
}

/// What the logs tell of.
pub(super) struct Told<'a> {
    pub(super) seed: u64,
    pub(super) scale: f64,
    pub(super) clock: StepClock,
    pub(super) history: &'a History,
    pub(super) faults: &'a Faults,
    pub(super) incidents: &'a [Incident],
    pub(super) deploys: &'a [Deploy],
    pub(super) maintenance: &'a [Maintenance],
    pub(super) traces: &'a [Trace],
}

/// Writes all lines in time's order.
pub(super) fn write(told: &Told<'_>) -> Vec<LogLine> {
    let mut lines = Vec::new();
    let mut rng = Rng::new(told.seed, "logs");
    // The first step lies before the first day.
    for k in 1..told.clock.steps {
        fault_lines(told, k, &mut rng, &mut lines);
        warnings(told, k, &mut rng, &mut lines);
    }
    for trace in told.traces {
        request_lines(trace, &mut rng, &mut lines);
    }
    changes(told, &mut lines);
    let end = told.clock.at(told.clock.steps);
    lines.retain(|line| line.ts < end);
    lines.sort_by_key(|line| line.ts);
    lines
}

fn line(ts: i64, level: &'static str, service: &'static str, message: String) -> LogLine {
    LogLine {
        ts: ts / 1_000 * 1_000,
        level,
        service,
        message,
        trace_id: None,
        span_id: None,
        event_id: None,
        processing_time_ms: None,
        metadata: Vec::new(),
    }
}

fn fault_lines(told: &Told<'_>, k: usize, rng: &mut Rng, lines: &mut Vec<LogLine>) {
    let begin = told.clock.at(k) - told.clock.step;
    let mut add = |count: f64, make: &dyn Fn(&mut Rng, i64) -> LogLine| {
        for _ in 0..(count as usize).min(PER_STEP) {
            let ts = begin + (rng.uniform() * told.clock.step as f64) as i64;
            lines.push(make(rng, ts));
        }
    };
    for (c, collector) in COLLECTORS.iter().enumerate() {
        for (index, error_type) in COLLECTOR_ERRORS.iter().enumerate() {
            add(told.faults.collectors[c][index][k], &|rng, ts| {
                let (message, waited) = match index {
                    0 => ("Source API did not answer within 10 s", 10_000.0),
                    1 => (
                        "Connection to the source API was lost",
                        rng.between(40.0, 900.0),
                    ),
                    _ => (
                        "Broker did not acknowledge the batch",
                        rng.between(900.0, 3_000.0),
                    ),
                };
                LogLine {
                    processing_time_ms: Some(waited.round()),
                    metadata: vec![
                        ("error_type", (*error_type).to_owned()),
                        ("attempt", (1 + rng.below(3)).to_string()),
                    ],
                    ..line(ts, "ERROR", collector.service, message.into())
                }
            });
        }
        add(told.faults.rate_limited[c][k].min(1.0), &|_, ts| LogLine {
            metadata: vec![("error_type", "rate_limited".into())],
            ..line(
                ts,
                "WARN",
                collector.service,
                "Source API answered 429".into(),
            )
        });
    }
    for (b, backend) in BACKENDS.iter().enumerate() {
        for (index, error_type) in WRITE_ERRORS.iter().enumerate() {
            add(told.faults.writes[b][index][k], &|rng, ts| {
                let message = match index {
                    0 => "No connection: the pool is used up or the server refused",
                    1 => "Write timed out",
                    2 => "503 SlowDown: please reduce your request rate",
                    _ => "could not extend file: No space left on device",
                };
                LogLine {
                    metadata: vec![
                        ("error_type", (*error_type).to_owned()),
                        ("backend", backend.name.to_owned()),
                        ("attempt", (1 + rng.below(3)).to_string()),
                    ],
                    ..line(ts, "ERROR", ROUTER, message.into())
                }
            });
        }
    }
    for (e, endpoint) in ENDPOINTS.iter().enumerate() {
        let unavailable = told.faults.unavailable[e][k];
        for (count, status, message) in [
            (unavailable, "503", "Storage did not answer in time"),
            (
                told.faults.queries[e][k] - unavailable,
                "500",
                "Query failed",
            ),
        ] {
            add(count, &|rng, ts| LogLine {
                processing_time_ms: Some(rng.between(30.0, 5_000.0).round()),
                metadata: vec![
                    (
                        "error_type",
                        if status == "503" {
                            "unavailable"
                        } else {
                            "query_failed"
                        }
                        .into(),
                    ),
                    ("endpoint", endpoint.path.to_owned()),
                    ("status", status.to_owned()),
                ],
                ..line(ts, "ERROR", QUERY_API, message.into())
            });
        }
    }
    let minute = (60_000_000 / told.clock.step).max(1) as usize;
    if k.is_multiple_of(20 * minute) && told.history.failures[0][k] > 0.0 {
        add(1.0, &|rng, ts| LogLine {
            event_id: Some(format!("evt-{}", rng.below(900_000) + 100_000)),
            metadata: vec![("error_type", "schema_violation".into())],
            ..line(ts, "WARN", FLINK, "Message went to the dead letters".into())
        });
    }
}

fn warnings(told: &Told<'_>, k: usize, rng: &mut Rng, lines: &mut Vec<LogLine>) {
    let minute = (60_000_000 / told.clock.step).max(1) as usize;
    if !k.is_multiple_of(5 * minute) {
        return;
    }
    let at = told.clock.at(k);
    for (c, collector) in COLLECTORS.iter().enumerate() {
        let lag = told.history.topics[c][k].area / told.clock.seconds();
        if lag > LAG_WARNING * told.scale {
            lines.push(LogLine {
                metadata: vec![
                    ("topic", collector.topic.to_owned()),
                    ("lag", format!("{lag:.0}")),
                ],
                ..line(
                    at,
                    "WARN",
                    FLINK,
                    format!("Consumer lag of {} grows", collector.topic),
                )
            });
        }
    }
    for (s, stage) in STAGES.iter().enumerate() {
        if told.history.stages[s][k].blocked {
            lines.push(LogLine {
                metadata: vec![("stage", stage.name.to_owned())],
                ..line(
                    at,
                    "WARN",
                    FLINK,
                    format!("{} is backpressured", stage.name),
                )
            });
        }
    }
    let cause = told.history.incident[k]
        .and_then(|i| told.incidents.get(i))
        .map(|i| i.cause);
    if let Some(Cause::GcPressure(s)) = cause {
        let pause = rng.between(800.0, 4_000.0).round();
        lines.push(LogLine {
            processing_time_ms: Some(pause),
            metadata: vec![("stage", STAGES[s].name.to_owned())],
            ..line(at, "WARN", FLINK, "Long garbage collection".into())
        });
    }
    if let Some(Cause::RateLimit(b)) = cause {
        lines.push(LogLine {
            metadata: vec![("backend", BACKENDS[b].name.to_owned())],
            ..line(
                at,
                "WARN",
                ROUTER,
                "Backing off: the backend limits the rate".into(),
            )
        });
    }
}

fn request_lines(trace: &Trace, rng: &mut Rng, lines: &mut Vec<LogLine>) {
    let event = rng.below(900_000) + 100_000;
    for span in &trace.spans {
        // The root of the processing repeats what its parts say.
        if span.kind == "consumer" || (span.kind == "client" && span.service == QUERY_API) {
            continue;
        }
        let (message, event_id) = match (trace.collector, span.service) {
            (Some(c), ROUTER) => (format!("Stored a {}", COLLECTORS[c].subject), true),
            (Some(c), FLINK) => (
                format!("Done: {} {}", span.name, COLLECTORS[c].subject),
                true,
            ),
            (Some(c), _) => (format!("Collected a {}", COLLECTORS[c].subject), true),
            (None, _) => (format!("{} 200", span.name), false),
        };
        let mut metadata = Vec::new();
        if trace.collector == Some(0) && span.kind == "server" {
            let carrier = ["dhl", "fedex", "royal-mail", "ups"][rng.below(4)];
            metadata.push(("carrier", carrier.to_owned()));
        }
        lines.push(LogLine {
            trace_id: Some(trace.trace_id.clone()),
            span_id: Some(span.span_id.clone()),
            event_id: event_id.then(|| format!("evt-{event}")),
            processing_time_ms: Some((span.duration as f64 / 100.0).round() / 10.0),
            metadata,
            ..line(span.start + span.duration, "INFO", span.service, message)
        });
    }
}

fn changes(told: &Told<'_>, lines: &mut Vec<LogLine>) {
    for deploy in told.deploys {
        lines.push(LogLine {
            metadata: vec![("version", deploy.version.clone())],
            ..line(
                deploy.end,
                "INFO",
                deploy.service,
                format!("Started version {}", deploy.version),
            )
        });
    }
    for incident in told.incidents {
        if let Cause::CollectorDown(c) = incident.cause {
            let service = COLLECTORS[c].service;
            let message = "Out of memory: the process was killed";
            lines.push(line(incident.start, "FATAL", service, message.into()));
            let message = "Started after a crash";
            lines.push(line(incident.end, "INFO", service, message.into()));
        }
    }
    for window in told.maintenance {
        let message = format!("{} begins", window.title);
        lines.push(line(window.start, "INFO", window.service, message));
        let message = format!("{} ends", window.title);
        lines.push(line(window.end, "INFO", window.service, message));
    }
}
