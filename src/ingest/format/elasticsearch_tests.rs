use super::*;
use crate::ingest::test_sink::TestSink;

const DUMP: &str = "{\"_index\":\"logs\",\"_id\":\"x\",\"_score\":1,\"_source\":{\"@timestamp\":\"2024-01-01T00:00:00.000Z\",\"message\":\"a\"}}\n";

fn summary(sink: &TestSink) -> Vec<String> {
    sink.logs
        .iter()
        .map(|log| format!("{} {:?} {:?}", log.ts, log.body, log.attributes))
        .collect()
}

fn attributes(pairs: &[(&str, &str)]) -> String {
    format!("{pairs:?}")
}

const T: i64 = 1_704_067_200_000_000;

#[test]
fn reads_elasticdump_lines() {
    let text = format!("{DUMP}{{\"_index\":\"logs\"}}\nbroken\n{DUMP}");
    let sink = TestSink::read(&Elasticsearch, &text);
    let expected = format!(
        "{T} Some(\"a\") {}",
        attributes(&[("_id", "x"), ("_index", "logs")])
    );
    assert_eq!(summary(&sink), [expected.clone(), expected]);
    let rejects = sink.reject_lines();
    assert!(
        rejects[0].starts_with("2: this has neither \"_source\""),
        "{}",
        rejects[0]
    );
    assert!(rejects[1].starts_with("3: no valid JSON"), "{}", rejects[1]);
}

#[test]
fn reads_pages_of_responses_and_warns() {
    let page = |from: u32| {
        format!(
            "{{\n\"took\":3,\"timed_out\":true,\"_shards\":{{\"total\":5,\"failed\":1}},\n\
             \"hits\":{{\"total\":{{\"value\":5,\"relation\":\"eq\"}},\"hits\":[\n\
             {{\"_index\":\"l\",\"_id\":\"{from}\",\"_source\":{{\"time\":1704067200,\"msg\":\"m\"}}}},\n\
             {{\"_index\":\"l\",\"_source\":{{\"msg\":\"no time\"}}}}\n]}}}}\n"
        )
    };
    let sink = TestSink::read(&Elasticsearch, page(1) + &page(2));
    assert_eq!(
        summary(&sink),
        [
            format!(
                "{T} Some(\"m\") {}",
                attributes(&[("_id", "1"), ("_index", "l")])
            ),
            format!(
                "{T} Some(\"m\") {}",
                attributes(&[("_id", "2"), ("_index", "l")])
            ),
        ]
    );
    let rejects = sink.reject_lines();
    assert!(
        rejects[0].starts_with("5: there is no time"),
        "{}",
        rejects[0]
    );
    assert!(
        rejects[1].starts_with("11: there is no time"),
        "{}",
        rejects[1]
    );
    let codes: Vec<_> = sink.warnings.iter().map(|w| w.code).collect();
    assert_eq!(
        codes,
        [
            "search-timed-out",
            "search-shards-failed",
            "incomplete-export"
        ]
    );
    assert!(
        sink.warnings[2]
            .message
            .contains("5 documents or more, but 4")
    );
}

#[test]
fn keeps_the_hits_before_a_broken_place() {
    let text = "{\"hits\":{\"hits\":[{\"_source\":{\"ts\":1704067200}},\n{\"_source\":";
    let (sink, result) = TestSink::try_read(&Elasticsearch, text, &ReadOptions::default());
    assert_eq!(sink.logs.len(), 1);
    assert!(
        matches!(result, Err(ReadError::Document { line: 2, .. })),
        "{result:?}"
    );
}

#[test]
fn reads_bulk_bodies() {
    let sink = TestSink::read(
        &Elasticsearch,
        "{\"index\":{\"_index\":\"l\",\"_id\":\"1\"}}\n{\"ts\":1704067200,\"msg\":\"a\"}\n\
         {\"delete\":{\"_id\":\"1\"}}\n{\"create\":{}}\n{\"ts\":1704067200,\"msg\":\"b\"}\n",
    );
    assert_eq!(
        summary(&sink),
        [
            format!(
                "{T} Some(\"a\") {}",
                attributes(&[("_id", "1"), ("_index", "l")])
            ),
            format!("{T} Some(\"b\") []"),
        ]
    );
    assert!(sink.rejects.is_empty());
}

#[test]
fn recognises_each_form() {
    let sniff = |text: &str| {
        let head = Head {
            bytes: text.as_bytes(),
            truncated: false,
            file_name: "x.json",
        };
        Elasticsearch.sniff(head).map(|s| s.why)
    };
    assert!(sniff(DUMP).is_some_and(|why| why.contains("_source")));
    assert!(sniff("{\"took\":1,\"_shards\":{},\"hits\":{\"hits\":[]}}").is_some());
    assert!(sniff("{\n \"hits\": {\"hits\":[]}}").is_some());
    assert!(sniff("{\"index\":{}}\n{\"a\":1}\n").is_some_and(|why| why.contains("bulk")));
    assert_eq!(sniff("{\"ts\":1,\"msg\":\"x\",\"hits\":3}\n"), None);
    assert_eq!(sniff("{\"ts\":1,\"index\":{\"a\":1}}\n"), None);
    assert_eq!(sniff("a,b\n"), None);
}

proptest::proptest! {
    #[test]
    fn never_panics(at in 0..DUMP.len(), with in "[{}\"\\[\\]:,é0-9.]{0,3}", response: bool) {
        let mut text = if response {
            format!("{{\"hits\":{{\"hits\":[{DUMP}]}}}}")
        } else {
            DUMP.to_owned()
        };
        text.replace_range(at..=at, &with);
        let _ = TestSink::try_read(&Elasticsearch, &text, &ReadOptions::default());
    }
}
