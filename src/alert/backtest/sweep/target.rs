//! Which rules a sweep is about, and their variants.

use super::{Axis, Parameter, Setting, SettingValue, Sweep, SweepError, SweepPoint};
use crate::alert::rule_file::{Group, Rule, RuleFile, RuleKind};
use crate::model::did_you_mean;
use crate::promql::Options;

/// A rule that is swept.
#[derive(Debug)]
pub(super) struct Target {
    /// The group, counted over all files, and the rule in it.
    pub(super) place: (usize, usize),
    /// The axes that concern it.
    axes: Vec<usize>,
}

impl Sweep {
    /// Lists the points of the grid, the last parameter's values the fastest.
    ///
    /// The errors are those of a sweep that does not fit the rules.
    pub fn points(
        &self,
        files: &[RuleFile],
        options: &Options,
    ) -> Result<Vec<SweepPoint>, SweepError> {
        let targets = self.targets(files, options)?;
        let written: Vec<Vec<SettingValue>> = self
            .axes
            .iter()
            .enumerate()
            .map(|(at, axis)| {
                let concerned = targets.iter().filter(|one| one.axes.contains(&at));
                concerned
                    .filter_map(|one| written(rule_at(files, one.place)?, axis.parameter, options))
                    .collect()
            })
            .collect();
        let points = self.grid().into_iter().map(|choice| {
            let all = self.axes.iter().zip(&choice);
            SweepPoint {
                is_current: all
                    .clone()
                    .zip(&written)
                    .all(|((axis, i), written)| written.iter().all(|v| *v == axis.values[*i])),
                settings: all
                    .map(|(axis, i)| Setting {
                        rule: axis.rule.clone(),
                        parameter: axis.parameter,
                        value: axis.values[*i],
                    })
                    .collect(),
            }
        });
        Ok(points.collect())
    }

    /// For each point the place of each axis' value.
    pub(super) fn grid(&self) -> Vec<Vec<usize>> {
        let mut grid = vec![Vec::new()];
        for axis in &self.axes {
            grid = grid
                .into_iter()
                .flat_map(|point| {
                    (0..axis.values.len()).map(move |i| {
                        let mut longer = point.clone();
                        longer.push(i);
                        longer
                    })
                })
                .collect();
        }
        grid
    }

    /// The rules that are swept, in their order.
    pub(super) fn targets(
        &self,
        files: &[RuleFile],
        options: &Options,
    ) -> Result<Vec<Target>, SweepError> {
        let mut targets: Vec<Target> = Vec::new();
        for (at, axis) in self.axes.iter().enumerate() {
            for place in named(files, axis)? {
                let rule = rule_at(files, place);
                let unfit = rule.filter(|rule| {
                    axis.parameter == Parameter::Threshold
                        && rule.query.threshold(options).is_none()
                });
                if let Some(rule) = unfit {
                    return Err(SweepError::NoThreshold {
                        rule: axis.rule.clone(),
                        expr: rule.query.text.trim().to_owned(),
                    });
                }
                match targets.iter_mut().find(|one| one.place == place) {
                    Some(target) => {
                        let mut axes = target.axes.iter().map(|at| &self.axes[*at]);
                        if axes.any(|other| other.parameter == axis.parameter) {
                            return Err(SweepError::Repeated {
                                rule: axis.rule.clone(),
                                parameter: axis.parameter,
                            });
                        }
                        target.axes.push(at);
                    }
                    None => targets.push(Target {
                        place,
                        axes: vec![at],
                    }),
                }
            }
        }
        targets.sort_by_key(|one| one.place);
        Ok(targets)
    }

    /// A rule with the values that a point gives to it.
    pub(super) fn variant(
        &self,
        rule: &Rule,
        target: &Target,
        point: &[usize],
        options: &Options,
    ) -> Rule {
        let mut variant = rule.clone();
        for at in &target.axes {
            let axis = &self.axes[*at];
            let value = axis.values[point[*at]];
            match (axis.parameter, value, &mut variant.kind) {
                (Parameter::Threshold, SettingValue::Number(number), _) => {
                    if let Some(query) = rule.query.with_threshold(number, options) {
                        variant.query = query;
                    }
                }
                (
                    Parameter::For,
                    SettingValue::Duration(micros),
                    RuleKind::Alerting { hold, .. },
                ) => {
                    *hold = micros;
                }
                (
                    Parameter::KeepFiringFor,
                    SettingValue::Duration(micros),
                    RuleKind::Alerting {
                        keep_firing_for, ..
                    },
                ) => *keep_firing_for = micros,
                _ => {}
            }
        }
        variant
    }
}

impl Target {
    /// What of a point concerns this rule.
    pub(super) fn choice(&self, point: &[usize]) -> Vec<usize> {
        self.axes.iter().map(|at| point[*at]).collect()
    }
}

/// All groups in their order.
pub(super) fn groups(files: &[RuleFile]) -> impl Iterator<Item = &Group> {
    files.iter().flat_map(|file| &file.groups)
}

fn rule_at(files: &[RuleFile], (group, rule): (usize, usize)) -> Option<&Rule> {
    groups(files).nth(group)?.rules.get(rule)
}

fn is_alert(rule: &Rule) -> bool {
    matches!(rule.kind, RuleKind::Alerting { .. })
}

/// The alerting rules of a name, or of `group/name`.
fn named(files: &[RuleFile], axis: &Axis) -> Result<Vec<(usize, usize)>, SweepError> {
    let find = |group: Option<&str>, name: &str| -> Vec<(usize, usize)> {
        let in_group = |one: &Group| group.is_none_or(|group| one.name == group);
        groups(files)
            .enumerate()
            .filter(|(_, one)| in_group(one))
            .flat_map(|(g, one)| {
                one.rules
                    .iter()
                    .enumerate()
                    .map(move |(r, rule)| (g, r, rule))
            })
            .filter(|(.., rule)| is_alert(rule) && rule.name == name)
            .map(|(g, r, _)| (g, r))
            .collect()
    };
    let mut found = find(None, &axis.rule);
    if found.is_empty() {
        // Groups and alerts may both have slashes in their names.
        for (at, _) in axis.rule.match_indices('/') {
            found.extend(find(Some(&axis.rule[..at]), &axis.rule[at + 1..]));
        }
    }
    if found.is_empty() {
        let all = groups(files).flat_map(|one| &one.rules);
        let names: Vec<&str> = all
            .filter(|one| is_alert(one))
            .map(|one| one.name.as_str())
            .collect();
        let name = axis.rule.rsplit('/').next().unwrap_or(&axis.rule);
        return Err(SweepError::UnknownRule {
            name: axis.rule.clone(),
            near: did_you_mean(name, names).map(str::to_owned),
        });
    }
    Ok(found)
}

/// The value that a rule file has.
fn written(rule: &Rule, parameter: Parameter, options: &Options) -> Option<SettingValue> {
    let RuleKind::Alerting {
        hold,
        keep_firing_for,
        ..
    } = &rule.kind
    else {
        return None;
    };
    Some(match parameter {
        Parameter::Threshold => SettingValue::Number(rule.query.threshold(options)?.number),
        Parameter::For => SettingValue::Duration(*hold),
        Parameter::KeepFiringFor => SettingValue::Duration(*keep_firing_for),
    })
}
