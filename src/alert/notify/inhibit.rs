//! Inhibition: alerts that keep others back.
//!
//! For each rule, the alerts that match its source side are kept by the values of
//! its `equal` labels, apart by whether they match its target side too: those do
//! not inhibit a target that matches both sides. A lookup therefore looks at one
//! list, whose first unresolved alert decides; resolved ones are dropped when met.
//!
//! Source: `inhibit/inhibit.go`.

use std::collections::HashMap;

use super::alerts::{AlertId, Alerts};
use super::config::InhibitRule;
use crate::model::Labels;
use crate::promql::Matcher;

/// Alerts with the same values of a rule's `equal` labels.
type BucketId = u32;

/// What an alert is to the rules.
#[derive(Debug, Default)]
pub(super) struct Role {
    source_of: Vec<SourceRole>,
    target_of: Vec<TargetRole>,
}

#[derive(Debug)]
struct SourceRole {
    bucket: BucketId,
    two_sided: bool,
    /// Whether the bucket has it.
    listed: bool,
}

#[derive(Debug)]
struct TargetRole {
    rule: u32,
    bucket: BucketId,
    two_sided: bool,
}

#[derive(Debug, Default)]
struct Bucket {
    one_sided: Vec<AlertId>,
    two_sided: Vec<AlertId>,
}

/// The rules and the alerts that match their source side.
#[derive(Debug, Default)]
pub(super) struct Inhibitor {
    rules: Vec<InhibitRule>,
    bucket_ids: HashMap<(u32, Vec<u8>), BucketId>,
    buckets: Vec<Bucket>,
}

impl Inhibitor {
    pub(super) fn new(rules: Vec<InhibitRule>) -> Self {
        Self {
            rules,
            ..Self::default()
        }
    }

    /// Finds what an alert is to the rules.
    pub(super) fn role(&mut self, labels: &Labels) -> Role {
        let mut role = Role::default();
        for (number, rule) in self.rules.iter().enumerate() {
            let source = all_match(&rule.source, labels);
            let target = all_match(&rule.target, labels);
            if !source && !target {
                continue;
            }
            let mut values = Vec::new();
            for name in &rule.equal {
                values.extend_from_slice(labels.get(name).unwrap_or("").as_bytes());
                // No UTF-8 text has this byte.
                values.push(0xff);
            }
            let rule = number as u32;
            let fresh = self.bucket_ids.len() as BucketId;
            let bucket = *self.bucket_ids.entry((rule, values)).or_insert(fresh);
            if bucket == fresh {
                self.buckets.push(Bucket::default());
            }
            let two_sided = source && target;
            if source {
                role.source_of.push(SourceRole {
                    bucket,
                    two_sided,
                    listed: false,
                });
            }
            if target {
                role.target_of.push(TargetRole {
                    rule,
                    bucket,
                    two_sided,
                });
            }
        }
        role
    }

    /// Takes note of an alert that came.
    pub(super) fn update(&mut self, id: AlertId, alerts: &mut Alerts) {
        for role in &mut alerts.get_mut(id).role.source_of {
            if !role.listed {
                role.listed = true;
                let bucket = &mut self.buckets[role.bucket as usize];
                if role.two_sided {
                    bucket.two_sided.push(id);
                } else {
                    bucket.one_sided.push(id);
                }
            }
        }
    }

    /// Whether an alert is inhibited now: by which rule and which alert.
    pub(super) fn inhibits(
        &mut self,
        id: AlertId,
        alerts: &mut Alerts,
        now: i64,
    ) -> Option<(usize, AlertId)> {
        for at in 0..alerts.get(id).role.target_of.len() {
            let target = &alerts.get(id).role.target_of[at];
            let (rule, id, two_sided) = (target.rule, target.bucket, target.two_sided);
            let bucket = &mut self.buckets[id as usize];
            let mut source = first_active(&mut bucket.one_sided, alerts, id, now);
            if source.is_none() && !two_sided {
                source = first_active(&mut bucket.two_sided, alerts, id, now);
            }
            if let Some(source) = source {
                return Some((rule as usize, source));
            }
        }
        None
    }
}

/// The first alert that is not resolved; those before it are dropped.
fn first_active(
    ids: &mut Vec<AlertId>,
    alerts: &mut Alerts,
    bucket: BucketId,
    now: i64,
) -> Option<AlertId> {
    while let Some(&id) = ids.first() {
        let alert = alerts.get_mut(id);
        if !alert.is_resolved(now) {
            return Some(id);
        }
        for role in &mut alert.role.source_of {
            if role.bucket == bucket {
                role.listed = false;
            }
        }
        ids.swap_remove(0);
    }
    None
}

fn all_match(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|one| one.matches_in(labels))
}
