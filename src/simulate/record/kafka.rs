use super::Run;
use crate::simulate::catalogue::MetricFile;
use crate::simulate::metrics::Recorder;
use crate::simulate::topology::{BATCHES, COLLECTORS, CONSUMER_GROUP};

/// Records the topics as the exporter sees them; `query_range` evaluates on
/// the step, so there is no offset.
pub(super) fn record(run: &Run<'_>, recorder: &mut Recorder) {
    let target = run.target(
        MetricFile::Kafka,
        "kafka",
        "kafka",
        vec!["kafka-0.kafka:7071".into()],
        0,
    );
    recorder.up(&target, 5);
    for (c, collector) in COLLECTORS.iter().enumerate() {
        let flows = &run.history.topics[c];
        let topic = [("topic", collector.topic)];
        let group = [("group", CONSUMER_GROUP), ("topic", collector.topic)];
        let appended: Vec<f64> = flows.iter().map(|f| f.arrivals).collect();
        let name = "kafka_topic_messages_in_total";
        recorder.counter(&target, name, &topic, 1, BATCHES, &appended);
        let consumed: Vec<f64> = flows.iter().map(|f| f.completions).collect();
        let name = "kafka_consumergroup_messages_consumed_total";
        recorder.counter(&target, name, &group, 1, BATCHES, &consumed);
        let lag = run.each(|k| flows[k].area / run.clock.seconds());
        recorder.gauge(&target, "kafka_consumergroup_lag", &group, 1, 5.0, &lag);
        let wait: Vec<f64> = flows.iter().map(|f| f.residence).collect();
        let name = "kafka_consumergroup_wait_seconds_total";
        recorder.counter(&target, name, &group, 1, 0.2, &wait);
    }
}
