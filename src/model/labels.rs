use std::fmt;

use xxhash_rust::xxh3::xxh3_64;

/// The label that holds a metric's name.
pub const METRIC_NAME: &str = "__name__";

/// The labels that name a scrape target; `target_id` is a hash of these.
pub const TARGET_LABELS: &[&str] = &[
    "job",
    "instance",
    "service",
    "host",
    "hostname",
    "node",
    "pod",
    "container",
    "namespace",
    "cluster",
];

/// A sorted set of label names and values, `__name__` among them.
///
/// An empty value means that the label is absent (as in Prometheus), so it is
/// never kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Labels(Vec<(Box<str>, Box<str>)>);

/// Why pairs do not make a label set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelsError {
    /// The same label name stands twice.
    #[error("label {0:?} is given twice")]
    Duplicate(String),
}

impl Labels {
    /// Builds a label set from pairs in any order.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Result<Self, LabelsError>
    where
        N: Into<Box<str>>,
        V: Into<Box<str>>,
    {
        let mut labels: Vec<(Box<str>, Box<str>)> = pairs
            .into_iter()
            .map(|(n, v)| (n.into(), v.into()))
            .collect();
        labels.sort_by(|a, b| a.0.cmp(&b.0));
        for pair in labels.windows(2) {
            if pair[0].0 == pair[1].0 {
                return Err(LabelsError::Duplicate(pair[0].0.to_string()));
            }
        }
        labels.retain(|(_, v)| !v.is_empty());
        Ok(Self(labels))
    }

    /// Returns the metric's name, or `""` where the set has none.
    pub fn metric(&self) -> &str {
        self.get(METRIC_NAME).unwrap_or("")
    }

    /// Returns a label's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .binary_search_by(|(n, _)| n.as_ref().cmp(name))
            .ok()
            .map(|i| self.0[i].1.as_ref())
    }

    /// Whether the set has no label at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over names and values in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(n, v)| (n.as_ref(), v.as_ref()))
    }

    /// Iterates over all labels but the metric's name.
    pub fn without_name(&self) -> impl Iterator<Item = (&str, &str)> {
        self.iter().filter(|(n, _)| *n != METRIC_NAME)
    }

    /// Returns the labels whose names are to be kept.
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|(n, _)| keep(n)).cloned().collect())
    }

    /// Returns the set with a label set to `value`; an empty one removes it.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut labels = self.0.clone();
        match labels.binary_search_by(|(n, _)| n.as_ref().cmp(name)) {
            Ok(i) if value.is_empty() => {
                labels.remove(i);
            }
            Ok(i) => labels[i].1 = value.into(),
            Err(_) if value.is_empty() => {}
            Err(i) => labels.insert(i, (name.into(), value.into())),
        }
        Self(labels)
    }

    /// Returns the 64-bit identity of the series: xxh3 of its sorted labels.
    pub fn series_id(&self) -> i64 {
        xxh3_64(&self.packed()).cast_signed()
    }

    /// Returns the 32-bit identity of the target (see [`TARGET_LABELS`]).
    pub fn target_id(&self) -> i32 {
        (xxh3_64(&self.pack(|n| TARGET_LABELS.contains(&n))) as u32).cast_signed()
    }

    /// Returns the set as bytes: names and values, each ended by the byte 0xff,
    /// which UTF-8 never has.
    pub(crate) fn packed(&self) -> Vec<u8> {
        self.pack(|_| true)
    }

    fn pack(&self, keep: impl Fn(&str) -> bool) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        for (name, value) in self.iter().filter(|(n, _)| keep(n)) {
            bytes.extend_from_slice(name.as_bytes());
            bytes.push(0xff);
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(0xff);
        }
        bytes
    }
}

impl fmt::Display for Labels {
    /// Writes the set as PromQL does: `name{a="b", c="d"}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric())?;
        let mut first = true;
        for (name, value) in self.without_name() {
            write!(f, "{}{name}={value:?}", if first { "{" } else { ", " })?;
            first = false;
        }
        if first {
            if self.metric().is_empty() {
                f.write_str("{}")?;
            }
            return Ok(());
        }
        f.write_str("}")
    }
}
