use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::bottleneck::topology::{Bindings, EdgeKind, Role, StageKind, System, check};
use crate::model::{Labels, METRIC_NAME, MetricType};

/// `name{label="value",…}`, as metrics are written.
fn series(text: &str) -> Described {
    let (name, labels) = text.split_once('{').unwrap_or((text, "}"));
    let labels = labels.trim_end_matches('}');
    let pairs = labels
        .split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(n, v)| (n.trim(), v.trim_matches('"')))
        .chain([(METRIC_NAME, name)]);
    Described {
        labels: Labels::from_pairs(pairs).unwrap(),
        metric_type: None,
    }
}

fn found(lines: &str) -> Discovery {
    let all: Vec<Described> = lines
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .map(series)
        .collect();
    let discovery = discover(&all, &[]);
    assert!(check(&discovery.system).is_empty());
    discovery
}

fn roles(discovery: &Discovery, stage: &str) -> Vec<&'static str> {
    let stage = &discovery.system.stages[stage];
    stage.roles.keys().map(|r| r.as_str()).collect()
}

fn edges(discovery: &Discovery) -> Vec<(&str, &str, EdgeKind)> {
    let edges = discovery.system.edges.iter();
    edges
        .map(|e| (e.from.as_str(), e.to.as_str(), e.kind))
        .collect()
}

#[test]
fn http_services_with_their_processes() {
    let discovery = found(
        r#"
        http_requests_total{service="shop",code="200",instance="10.0.0.1:80"}
        http_requests_total{service="shop",code="500",instance="10.0.0.1:80"}
        http_requests_total{service="shop",code="503",instance="10.0.0.1:80"}
        http_request_duration_seconds_sum{service="shop",instance="10.0.0.1:80"}
        http_request_duration_seconds_count{service="shop",instance="10.0.0.1:80"}
        http_requests_in_flight{service="shop",instance="10.0.0.1:80"}
        process_cpu_seconds_total{instance="10.0.0.1:9100"}
        up{job="shop",instance="10.0.0.1:80"}
        up{job="blackbox",instance="10.0.0.9:80"}
        something_else_total{service="shop"}
        "#,
    );
    assert_eq!(
        roles(&discovery, "shop"),
        [
            "arrivals",
            "in_flight",
            "latency_sum",
            "latency_count",
            "cpu",
            "errors",
            "up"
        ]
    );
    let Bindings::Many(errors) = &discovery.system.stages["shop"].roles[&Role::Errors] else {
        panic!("two codes");
    };
    assert_eq!(errors[0].labels["code"], "500");
    assert_eq!(
        discovery.system.stages.len(),
        1,
        "a target with only `up` is none"
    );
    assert_eq!(discovery.unknown, ["something_else_total"]);
    let cpu = &discovery.reasons[&("shop".to_owned(), Role::Cpu)];
    assert_eq!(cpu.confidence, "likely");
    assert!(cpu.why.contains("the only stage that runs there"));
}

#[test]
fn flink_kafka_and_their_edge() {
    let discovery = found(
        r#"
        flink_taskmanager_job_task_busyTimeMsPerSecond{task_name="enrich",host="tm0"}
        flink_taskmanager_job_task_numRecordsIn{task_name="enrich",host="tm0",subtask_index="0"}
        flink_taskmanager_job_task_numRecordsIn{task_name="enrich",host="tm0",subtask_index="1"}
        flink_taskmanager_Status_JVM_GarbageCollector_G1_Young_Generation_Time{host="tm0"}
        kafka_consumergroup_lag{consumergroup="enrich-v2",topic="orders",partition="0"}
        kafka_consumergroup_lag{consumergroup="enrich-v2",topic="orders",partition="1"}
        kafka_topic_partition_current_offset{topic="orders",partition="0"}
        kafka_log_size_bytes{topic="orders"}
        "#,
    );
    let enrich = &discovery.system.stages["enrich"];
    let busy = enrich.roles[&Role::Busy].iter().next().unwrap();
    assert_eq!(busy.scale, Some(1e-3));
    let gc = enrich.roles[&Role::Gc].iter().next().unwrap();
    assert_eq!((gc.scale, gc.counter), (Some(1e-3), Some(true)));
    assert_eq!(discovery.system.stages["orders"].kind, StageKind::Queue);
    assert_eq!(
        roles(&discovery, "orders"),
        ["partition_arrivals", "lag", "used"]
    );
    assert_eq!(edges(&discovery), [("orders", "enrich", EdgeKind::Flow)]);
}

#[test]
fn meshes_tell_both_ends() {
    let ends = r#"source_workload="front",destination_workload="cart""#;
    let discovery = found(&format!(
        r#"
        istio_requests_total{{reporter="destination",response_code="200",{ends}}}
        istio_requests_total{{reporter="destination",response_code="503",{ends}}}
        istio_request_duration_milliseconds_sum{{reporter="source",{ends}}}
        istio_request_duration_milliseconds_sum{{reporter="destination",{ends}}}
        traces_service_graph_request_total{{client="front",server="db"}}
        traces_service_graph_request_total{{client="unknown",server="db"}}
        "#
    ));
    assert_eq!(
        roles(&discovery, "cart"),
        ["arrivals", "latency_sum", "errors"]
    );
    assert_eq!(
        edges(&discovery),
        [
            ("front", "cart", EdgeKind::Call),
            ("front", "db", EdgeKind::Call)
        ]
    );
    let edge = &discovery.system.edges[0].roles;
    let client = edge[&Role::ClientLatencySum].iter().next().unwrap();
    assert_eq!(
        (client.labels["reporter"].as_str(), client.scale),
        ("source", Some(1e-3))
    );
    assert!(edge.contains_key(&Role::LatencySum));
}

#[test]
fn databases_containers_and_hosts() {
    let discovery = found(
        r#"
        pg_stat_database_xact_commit{server="db1:5432",datname="a"}
        pg_stat_activity_count{server="db1:5432",state="active"}
        pg_stat_activity_count{server="db1:5432",state="idle"}
        pg_settings_max_connections{server="db1:5432"}
        redis_commands_processed_total{job="cache"}
        container_cpu_usage_seconds_total{container="cart",pod="cart-1",namespace="x"}
        container_cpu_usage_seconds_total{pod="cart-1",namespace="x"}
        kube_pod_container_resource_limits{container="cart",pod="cart-1",resource="cpu"}
        node_cpu_seconds_total{instance="n1:9100",cpu="0",mode="idle"}
        node_cpu_seconds_total{instance="n1:9100",cpu="0",mode="user"}
        node_filesystem_avail_bytes{instance="n1:9100",fstype="tmpfs",mountpoint="/run"}
        node_filesystem_avail_bytes{instance="n1:9100",fstype="ext4",mountpoint="/"}
        "#,
    );
    let kinds: BTreeMap<&str, StageKind> = discovery
        .system
        .stages
        .iter()
        .map(|(n, s)| (n.as_str(), s.kind))
        .collect();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [
            ("cache", StageKind::Store),
            ("cart", StageKind::Worker),
            ("db1:5432", StageKind::Store),
            ("n1:9100", StageKind::Host),
        ]
    );
    assert_eq!(
        roles(&discovery, "db1:5432"),
        ["completions", "pool_active", "pool_max"]
    );
    assert_eq!(roles(&discovery, "cart"), ["cpu", "cpu_limit"]);
    let host = &discovery.system.stages["n1:9100"].roles;
    assert_eq!(host[&Role::Cpu].iter().count(), 1);
    assert_eq!(
        host[&Role::Free].iter().next().unwrap().labels["fstype"],
        "ext4"
    );
}

#[test]
fn jvm_pools_and_spark() {
    let discovery = found(
        r#"
        jvm_gc_pause_seconds_sum{application="orders",action="end of minor GC"}
        jvm_memory_used_bytes{application="orders",area="heap"}
        jvm_memory_used_bytes{application="orders",area="nonheap"}
        jvm_memory_max_bytes{application="orders",area="heap"}
        hikaricp_connections_active{application="orders"}
        hikaricp_connections_max{application="orders"}
        hikaricp_connections_pending{application="orders"}
        metrics_executor_completedTasks_total{application_name="etl",executor_id="1"}
        metrics_executor_totalGCTime_seconds_total{application_name="etl",executor_id="1"}
        grpc_server_handled_total{service="pay",grpc_code="OK"}
        grpc_server_handled_total{service="pay",grpc_code="Unavailable"}
        "#,
    );
    assert_eq!(
        roles(&discovery, "orders"),
        [
            "gc",
            "memory",
            "memory_limit",
            "pool_active",
            "pool_max",
            "pool_waiting"
        ]
    );
    assert_eq!(roles(&discovery, "etl"), ["completions", "gc"]);
    assert_eq!(roles(&discovery, "pay"), ["completions", "errors"]);
}

#[test]
fn spans_give_edges_between_known_stages() {
    let lines = [
        series("http_requests_total{service=\"front\"}"),
        series("http_requests_total{service=\"cart\"}"),
    ];
    let call = |from: &str, to: &str| SpanCall {
        from: from.into(),
        to: to.into(),
        follows: false,
        count: 3,
    };
    let spans = [
        call("front", "cart"),
        call("cart", "cart"),
        call("cart", "elsewhere"),
    ];
    let discovery = discover(&lines, &spans);
    assert_eq!(edges(&discovery), [("front", "cart", EdgeKind::Call)]);
}

#[test]
fn types_that_disagree_are_told() {
    let mut one = series("http_requests_total{service=\"a\"}");
    one.metric_type = Some(MetricType::Gauge);
    let discovery = discover(&[one], &[]);
    assert_eq!(
        discovery.reasons[&("a".to_owned(), Role::Arrivals)].confidence,
        "unsure"
    );
    assert!(
        discovery
            .to_toml()
            .contains("# unsure: HTTP calls it http_requests_total")
    );
}

#[test]
fn bindings_take_their_series() {
    let discovery = found(
        "http_requests_total{service=\"a\",code=\"500\"}\nhttp_requests_total{service=\"b\",code=\"200\"}",
    );
    let errors = discovery.system.stages["a"].roles[&Role::Errors]
        .iter()
        .next()
        .unwrap();
    assert!(series_of(
        errors,
        &series("http_requests_total{service=\"a\",code=\"500\",x=\"y\"}").labels
    ));
    assert!(!series_of(
        errors,
        &series("http_requests_total{service=\"a\",code=\"200\"}").labels
    ));
    assert_eq!(
        tag_of(Role::Errors, &series("e{code=\"500\"}").labels).as_deref(),
        Some("500")
    );
    assert_eq!(tag_of(Role::Cpu, &series("e{code=\"500\"}").labels), None);
    assert!(is_counter("a_total", None) && !is_counter("a_total", Some(MetricType::Gauge)));
}

proptest! {
    #[test]
    fn any_series_give_a_file_that_reads_back(
        names in prop::collection::vec((0_usize..6, ".{0,6}", ".{0,6}", ".{0,6}"), 0..30),
    ) {
        #[derive(serde::Deserialize)]
        struct File {
            #[serde(default)]
            system: System,
        }
        const METRICS: [&str; 6] = [
            "http_requests_total", "up", "kafka_consumergroup_lag", "node_cpu_seconds_total",
            "istio_requests_total", "metrics_x_executor_cpuTime_Count",
        ];
        let all: Vec<Described> = names.iter().map(|(metric, a, b, c)| Described {
            labels: Labels::from_pairs([
                (METRIC_NAME, METRICS[*metric]), ("service", a), ("topic", a), ("group", b),
                ("instance", c), ("mode", "user"), ("reporter", "source"),
                ("source_workload", a), ("destination_workload", b),
            ]).unwrap(),
            metric_type: None,
        }).collect();
        let discovery = discover(&all, &[]);
        let text = discovery.to_toml();
        let read: File = toml::from_str(&text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?;
        prop_assert_eq!(&read.system, &discovery.system);
        let mut turned = all.clone();
        turned.reverse();
        prop_assert_eq!(discover(&turned, &[]), discovery);
    }
}
