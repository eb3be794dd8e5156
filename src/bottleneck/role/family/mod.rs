//! The tables: a file a family, each metric with its role.
//!
//! Names are those of the exporters' and libraries' own documentation; where
//! the JMX exporter's rules may be changed by its users, the names are those of
//! its example configurations, with `*` where they differ.

mod cadvisor;
mod flink;
mod grpc;
mod http;
mod jvm;
mod kafka;
mod mesh;
mod node_exporter;
mod postgres;
mod process;
mod redis;
mod sample;
mod spark;

use super::pattern::Family;

/// All families; the first that knows a metric says what it is.
pub(super) const FAMILIES: &[&Family] = &[
    &sample::COLLECTOR,
    &sample::PIPELINE,
    &sample::STORAGE,
    &flink::FLINK,
    &kafka::KAFKA,
    &spark::SPARK,
    &postgres::POSTGRES,
    &redis::REDIS,
    &mesh::MESH,
    &grpc::GRPC,
    &http::HTTP,
    &jvm::JVM,
    &cadvisor::CADVISOR,
    &process::PROCESS,
    &node_exporter::NODE,
];
