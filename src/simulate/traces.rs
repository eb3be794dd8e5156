//! Samples requests: the spans of one message's way, and of one query.
//!
//! Durations are drawn from the law of the step's time in each stage, so that
//! traces, histograms and logs tell the same story.

use super::StepClock;
use super::engine::History;
use super::queueing::Flow;
use super::rng::Rng;
use super::topology::{BACKENDS, COLLECTORS, ENDPOINTS, FLINK, QUERY_API, ROUTER};

/// A span; times in µs.
#[derive(Debug, Clone)]
pub(super) struct Span {
    pub(super) service: &'static str,
    pub(super) name: String,
    pub(super) span_id: String,
    /// Index of the parent in the trace; none for the root.
    pub(super) parent: Option<usize>,
    /// Whether the parent did not wait for it.
    pub(super) follows: bool,
    /// `server`, `client`, `consumer` or `internal`.
    pub(super) kind: &'static str,
    pub(super) start: i64,
    pub(super) duration: i64,
}

/// A sampled request.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    pub(super) trace_id: String,
    pub(super) spans: Vec<Span>,
    /// The collector, or none for a query.
    pub(super) collector: Option<usize>,
}

/// Samples one message an hour, during incidents one in five minutes,
/// and as many queries.
pub(super) fn sample(seed: u64, clock: StepClock, history: &History) -> Vec<Trace> {
    let minute = (60_000_000 / clock.step).max(1) as usize;
    let mut rng = Rng::new(seed, "traces");
    let mut traces = Vec::new();
    // The first step lies before the first day.
    for k in 1..clock.steps {
        let every = if history.incident[k].is_some() { 5 } else { 60 };
        if !k.is_multiple_of(every * minute) {
            continue;
        }
        let at = clock.at(k) - clock.step + (rng.uniform() * 0.5 * clock.step as f64) as i64;
        let c = [0, 0, 0, 0, 1, 1, 1, 2][rng.below(8)];
        if history.collectors[c][k].completions > 0.0 {
            traces.push(message(&mut rng, at, c, k, history));
        }
        let e = rng.below(ENDPOINTS.len());
        if history.endpoints[e][k].completions > 0.0 {
            traces.push(query(&mut rng, at, e, &history.endpoints[e][k]));
        }
    }
    traces
}

fn draw(rng: &mut Rng, flow: &Flow) -> i64 {
    let mean = if flow.completions > 0.0 {
        flow.mean_time()
    } else {
        flow.base_time
    };
    ((rng.gamma(flow.shape(), mean.max(1e-4)) * 1e6) as i64).max(50)
}

fn message(rng: &mut Rng, at: i64, c: usize, k: usize, history: &History) -> Trace {
    let mut spans = Vec::new();
    let collected = draw(rng, &history.collectors[c][k]);
    let mut span = |rng: &mut Rng, service, name: String, parent, kind, start, duration| {
        spans.push(Span {
            service,
            name,
            span_id: rng.hex(8),
            parent,
            follows: service == FLINK && kind == "consumer",
            kind,
            start,
            duration,
        });
    };
    let service = COLLECTORS[c].service;
    span(
        rng,
        service,
        "collect".into(),
        None,
        "server",
        at,
        collected,
    );
    let begin = at + collected + draw(rng, &history.topics[c][k]);
    let mut inner = Vec::new();
    let mut next = begin;
    for (stage, name) in ["validate", "transform", "enrich"].into_iter().enumerate() {
        let duration = draw(rng, &history.stages[stage][k]);
        inner.push((FLINK, name.to_owned(), "internal", next, duration));
        next += duration;
    }
    // Shipping goes to the time series, inventory to the tables, supplier files to objects.
    let backend = &BACKENDS[c];
    let duration = draw(rng, &history.backends[c][k]);
    let name = format!("write {}", backend.name);
    inner.push((ROUTER, name, "client", next, duration));
    let total = next + duration - begin;
    let topic = COLLECTORS[c].topic;
    let name = format!("process_event {topic}");
    span(rng, FLINK, name, Some(0), "consumer", begin, total);
    for (service, name, kind, start, duration) in inner {
        span(rng, service, name, Some(1), kind, start, duration);
    }
    Trace {
        trace_id: rng.hex(32),
        spans,
        collector: Some(c),
    }
}

fn query(rng: &mut Rng, at: i64, e: usize, flow: &Flow) -> Trace {
    let endpoint = &ENDPOINTS[e];
    let total = draw(rng, flow);
    let inner = (total as f64 * rng.between(0.65, 0.85)) as i64;
    let root = Span {
        service: QUERY_API,
        name: format!("GET {}", endpoint.path),
        span_id: rng.hex(8),
        parent: None,
        follows: false,
        kind: "server",
        start: at,
        duration: total,
    };
    let child = Span {
        service: QUERY_API,
        name: format!("SELECT {}", BACKENDS[endpoint.backend].name),
        span_id: rng.hex(8),
        parent: Some(0),
        follows: false,
        kind: "client",
        start: at + (total - inner) / 3,
        duration: inner,
    };
    Trace {
        trace_id: rng.hex(32),
        spans: vec![root, child],
        collector: None,
    }
}
