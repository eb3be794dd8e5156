use proptest::prelude::*;

use super::*;
use crate::model::SpanKind;
use crate::stats::random::Generator;

/// A span of trace `t`; times in µs.
fn span(id: &str, parent: &str, service: &str, start: i64, end: i64) -> Span {
    Span {
        ts: start,
        trace_id: "t".into(),
        span_id: id.into(),
        parent_span_id: (!parent.is_empty()).then(|| parent.into()),
        service: Some(service.into()),
        name: id.into(),
        duration_ns: (end - start) * 1000,
        ..Span::default()
    }
}

fn operation<'a>(analysis: &'a Analysis, name: &str) -> &'a Operation {
    let found = analysis.operations.iter().find(|o| o.name == name);
    found.expect("it is there")
}

/// Own and queued time on critical paths, µs.
fn critical(analysis: &Analysis, name: &str) -> (i64, i64) {
    let o = operation(analysis, name);
    (o.critical_ns / 1000, o.critical_queued_ns / 1000)
}

#[test]
fn the_path_of_a_request() {
    // A calls B, then C and D at once; C ends last. E is within C.
    let spans = [
        span("A", "", "front", 0, 100),
        span("B", "A", "auth", 10, 30),
        span("C", "A", "cart", 40, 90),
        span("D", "A", "stock", 45, 70),
        span("E", "C", "db", 50, 80),
    ];
    let found = analyse(&spans, Extent::Request);
    assert_eq!((found.traces, found.spans), (1, 5));
    assert_eq!(found.mean_duration_ns, 100_000.0);
    assert_eq!(critical(&found, "A"), (30, 0));
    assert_eq!(critical(&found, "B"), (20, 0));
    assert_eq!(critical(&found, "C"), (20, 0));
    assert_eq!(critical(&found, "D"), (0, 0));
    assert_eq!(critical(&found, "E"), (30, 0));
    let a = operation(&found, "A");
    assert_eq!((a.self_ns, a.waiting_ns()), (30_000, 70_000));
    // A fifth off E's 30 µs shortens the trace by 6; off D's nothing.
    let saved = operation(&found, "E").what_if.unwrap();
    assert!((saved.saved_ns - 6000.0).abs() < 1e-6 && (saved.share - 0.06).abs() < 1e-9);
    assert_eq!(operation(&found, "D").what_if, None);
    // A's own 10 + 10 + 10 µs.
    assert!((operation(&found, "A").what_if.unwrap().saved_ns - 6000.0).abs() < 1e-6);
    let edges: Vec<_> = found
        .edges
        .iter()
        .map(|e| (&*e.caller, &*e.callee))
        .collect();
    let want = [
        ("cart", "db"),
        ("front", "auth"),
        ("front", "cart"),
        ("front", "stock"),
    ];
    assert_eq!(edges, want);
    assert_eq!(found.oddities, Oddities::default());
}

#[test]
fn a_shorter_span_lets_the_next_one_be_critical() {
    // C would end at 70 when it were gone; D ends at 88.
    let spans = [
        span("A", "", "a", 0, 100),
        span("C", "A", "c", 0, 90),
        span("D", "A", "d", 0, 88),
    ];
    let found = analyse(&spans, Extent::Request);
    // 90 µs become 72, but D's 88 stay: 2 are saved.
    let saved = operation(&found, "C").what_if.unwrap().saved_ns;
    assert!((saved - 2000.0).abs() < 1e-6, "{saved}");
}

#[test]
fn messages_continue_the_path_behind_their_producer() {
    let mut spans = [
        span("collect", "", "collector", 0, 50),
        span("consume", "collect", "flink", 200, 300),
        span("write", "consume", "router", 240, 290),
    ];
    spans[1].kind = Some(SpanKind::Consumer);
    let found = analyse(&spans, Extent::Everything);
    assert_eq!(found.mean_duration_ns, 300_000.0);
    assert_eq!(critical(&found, "collect"), (50, 0));
    assert_eq!(critical(&found, "consume"), (50, 150));
    assert_eq!(critical(&found, "write"), (50, 0));
    assert_eq!(operation(&found, "consume").queued_ns, 150_000);
    assert!((operation(&found, "collect").what_if.unwrap().saved_ns - 10_000.0).abs() < 1e-6);
    assert!((operation(&found, "write").what_if.unwrap().saved_ns - 10_000.0).abs() < 1e-6);
    assert!(found.edges[0].detached);
    let request = analyse(&spans, Extent::Request);
    assert_eq!(request.mean_duration_ns, 50_000.0);
    assert_eq!(critical(&request, "write"), (0, 0));
}

#[test]
fn clocks_that_differ_and_odd_parents() {
    // The server's clock is 500 µs ahead: its call is moved to the caller's middle.
    let mut spans = vec![
        span("call", "", "a", 0, 100),
        span("serve", "call", "b", 520, 580),
        span("query", "serve", "b", 530, 570),
    ];
    spans[0].kind = Some(SpanKind::Client);
    spans[1].kind = Some(SpanKind::Server);
    let found = analyse(&spans, Extent::Request);
    assert_eq!(found.oddities.moved, 1);
    assert_eq!(critical(&found, "call"), (40, 0));
    assert_eq!(critical(&found, "serve"), (20, 0));
    assert_eq!(critical(&found, "query"), (40, 0));
    // A child that ends after its parent, of the same service, is clipped.
    spans.push(span("late", "call", "a", 90, 130));
    // Parents that are not there, are oneself, or go round; a repeated identity.
    spans.push(span("orphan", "nobody", "c", 5, 6));
    spans.push(span("self", "self", "c", 5, 6));
    spans.push(span("x", "y", "c", 5, 9));
    spans.push(span("y", "x", "c", 6, 8));
    spans.push(span("below", "y", "c", 6, 8));
    spans.push(span("serve", "call", "b", 520, 580));
    spans.push(span("other root", "", "c", 3, 4));
    let found = analyse(&spans, Extent::Request);
    let want = Oddities {
        orphans: 1,
        duplicates: 1,
        cycles: 2,
        further_roots: 1,
        moved: 1,
        clipped: 1,
        negative: 0,
    };
    assert_eq!(found.oddities, want);
    assert_eq!((found.traces, found.spans), (1, 10));
    assert_eq!(found.mean_duration_ns, 100_000.0);
    assert_eq!(critical(&found, "late"), (10, 0));
    let path: i64 = found.operations.iter().map(|o| o.critical_ns).sum();
    assert_eq!(path, 100_000);
}

#[test]
fn deep_and_wide_traces_are_quick() {
    let deep: Vec<Span> = (0..20_000)
        .map(|k| {
            let parent = if k == 0 {
                String::new()
            } else {
                format!("{}", k - 1)
            };
            let mut span = span(&k.to_string(), &parent, "s", k, 50_000 - k);
            span.name = "step".into();
            span
        })
        .collect();
    let found = analyse(&deep, Extent::Everything);
    assert_eq!(found.operations[0].critical_ns, 50_000_000);
    let mut wide = vec![span("root", "", "s", 0, 100_000)];
    wide.extend((0..20_000).map(|k| span(&k.to_string(), "root", "s", k, k + 1)));
    assert_eq!(analyse(&wide, Extent::Request).traces, 1);
}

/// A random tree of calls, some to consumers.
fn random_trace(seed: u64, count: usize) -> Vec<Span> {
    let mut random = Generator::new(seed);
    let mut spans = vec![span("0", "", "s0", 0, 10_000)];
    for k in 1..count {
        let parent = random.below(k);
        let (from, length) = (spans[parent].ts, spans[parent].duration_ns / 1000);
        let start = from + random.below(length.max(1) as usize) as i64;
        let room = (from + length - start).max(1) as usize;
        let mut end = start + random.below(room) as i64;
        let consumer = random.below(6) == 0;
        if consumer {
            end += 5000;
        }
        let service = format!("s{}", random.below(4));
        let mut child = span(&k.to_string(), &parent.to_string(), &service, start, end);
        child.kind = consumer.then_some(SpanKind::Consumer);
        child.name = format!("op{}", random.below(5));
        spans.push(child);
    }
    spans
}

proptest! {
    #[test]
    fn paths_add_up_and_replays_agree(seed in any::<u64>(), count in 1_usize..60) {
        let spans = random_trace(seed, count);
        for extent in [Extent::Request, Extent::Everything] {
            let tree = Tree::new(spans.iter().collect(), &mut Oddities::default()).unwrap();
            let path = critical_path(&tree, extent);
            let sum: i64 = path.iter().map(|s| s.to - s.from).sum();
            prop_assert_eq!(sum, tree.duration(extent));
            for pair in path.windows(2) {
                prop_assert_eq!(pair[0].from, pair[1].to);
            }
            let found = analyse(&spans, extent);
            let critical: i64 = found
                .operations
                .iter()
                .map(|o| o.critical_ns + o.critical_queued_ns)
                .sum();
            prop_assert_eq!(critical as f64, found.mean_duration_ns);
            for o in &found.operations {
                prop_assert!(o.critical_ns <= o.total_ns && o.self_ns <= o.total_ns);
                // Nothing shorter saves nothing; a fifth saves at most a fifth of what is
                // critical.
                let same = tree.saved_by(extent, &o.service, &o.name, 1.0);
                prop_assert!(same.abs() < 1e-6, "{}", same);
                let less = tree.saved_by(extent, &o.service, &o.name, 0.8);
                prop_assert!(less <= 0.2 * o.self_ns as f64 + 1e-6);
            }
        }
        // The order of the input does not matter.
        let mut turned = spans.clone();
        turned.reverse();
        prop_assert_eq!(analyse(&spans, Extent::Everything), analyse(&turned, Extent::Everything));
    }

    #[test]
    fn nothing_panics(
        rows in proptest::collection::vec(
            (0_usize..8, 0_usize..10, 0_usize..3, any::<i64>(), any::<i64>(), 0_usize..6, any::<bool>()),
            0..24,
        ),
    ) {
        use SpanKind::{Client, Consumer, Internal, Producer, Server};
        let spans: Vec<Span> = rows
            .iter()
            .map(|&(id, parent, service, ts, duration_ns, kind, small)| Span {
                ts: if small { ts % 50 } else { ts },
                trace_id: (service % 2).to_string(),
                span_id: id.to_string(),
                parent_span_id: (parent < 9).then(|| parent.to_string()),
                service: (service > 0).then(|| service.to_string()),
                name: (id % 3).to_string(),
                kind: [Client, Server, Producer, Consumer, Internal].get(kind).copied(),
                duration_ns: if small { duration_ns % 50_000 } else { duration_ns },
                ..Span::default()
            })
            .collect();
        let _ = analyse(&spans, Extent::Request);
        let _ = analyse(&spans, Extent::Everything);
    }
}
