//! Sweeps as they are written.

use super::{Axis, MOST_POINTS, Parameter, SettingValue, Sweep, SweepError};
use crate::model::{did_you_mean, parse_duration};

impl Sweep {
    /// Reads `RULE.PARAMETER=VALUES; …`.
    ///
    /// Values are a list of values and of ranges (`1..20 step 1`, its last value
    /// among them); a part without a rule belongs to the rule before it.
    pub fn parse(text: &str) -> Result<Self, SweepError> {
        let mut axes: Vec<Axis> = Vec::new();
        let parts = text.split(';').map(str::trim).filter(|one| !one.is_empty());
        for part in parts {
            let no_values = || SweepError::NoValues { part: part.into() };
            let (left, values) = part.split_once('=').ok_or_else(no_values)?;
            let (rule, name) = match left.trim().rsplit_once('.') {
                Some((rule, name)) => (rule.trim().to_owned(), name.trim()),
                None => match axes.last() {
                    Some(before) => (before.rule.clone(), left.trim()),
                    None => return Err(SweepError::NoRule { part: part.into() }),
                },
            };
            if rule.is_empty() {
                return Err(SweepError::NoRule {
                    part: part.trim_start_matches('.').into(),
                });
            }
            let parameter = parameter(name)?;
            if axes
                .iter()
                .any(|axis| axis.rule == rule && axis.parameter == parameter)
            {
                return Err(SweepError::Repeated { rule, parameter });
            }
            let mut all = Vec::new();
            for item in values.split(',').map(str::trim) {
                if item.is_empty() {
                    return Err(no_values());
                }
                for value in range(item, parameter)? {
                    if !all.contains(&value) {
                        all.push(value);
                    }
                }
            }
            axes.push(Axis {
                rule,
                parameter,
                values: all,
            });
        }
        if axes.is_empty() {
            return Err(SweepError::Empty);
        }
        let points = axes.iter().try_fold(1_usize, |points, axis| {
            points.checked_mul(axis.values.len())
        });
        match points {
            Some(points) if points <= MOST_POINTS => Ok(Self { axes }),
            _ => Err(SweepError::TooMany),
        }
    }
}

fn parameter(name: &str) -> Result<Parameter, SweepError> {
    let all = Parameter::ALL;
    all.into_iter()
        .find(|one| one.as_str() == name)
        .ok_or_else(|| SweepError::UnknownParameter {
            name: name.into(),
            near: did_you_mean(name, all.map(Parameter::as_str)).map(str::to_owned),
        })
}

/// A value, or all values of a range.
fn range(item: &str, parameter: Parameter) -> Result<Vec<SettingValue>, SweepError> {
    let not_a_range = || SweepError::NotARange { text: item.into() };
    let Some((first, rest)) = item.split_once("..") else {
        return Ok(vec![value(item, parameter)?]);
    };
    let (last, step) = rest.split_once("step").ok_or_else(not_a_range)?;
    let [first, last, step] = [first, last, step].map(|text| value(text.trim(), parameter));
    let values = match (first?, last?, step?) {
        (SettingValue::Number(first), SettingValue::Number(last), SettingValue::Number(step)) => {
            numbers(first, last, step)
                .map(|all| all.into_iter().map(SettingValue::Number).collect())
        }
        (
            SettingValue::Duration(first),
            SettingValue::Duration(last),
            SettingValue::Duration(step),
        ) => durations(first, last, step)
            .map(|all| all.into_iter().map(SettingValue::Duration).collect()),
        _ => None,
    };
    let values: Vec<SettingValue> = values.ok_or_else(not_a_range)?;
    if values.len() > MOST_POINTS {
        return Err(SweepError::TooMany);
    }
    Ok(values)
}

fn value(text: &str, parameter: Parameter) -> Result<SettingValue, SweepError> {
    match parameter {
        Parameter::Threshold => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(SettingValue::Number(number)),
            _ => Err(SweepError::NotANumber { text: text.into() }),
        },
        Parameter::For | Parameter::KeepFiringFor => match parse_duration(text) {
            Ok(micros) => Ok(SettingValue::Duration(micros)),
            Err(_) => Err(SweepError::NotADuration { text: text.into() }),
        },
    }
}

/// The numbers of a range, its end among them even where decimals do not quite reach it; one more
/// than may be at most. `None` where it is no range.
fn numbers(first: f64, last: f64, step: f64) -> Option<Vec<f64>> {
    if step <= 0.0 || last < first {
        return None;
    }
    let count = ((last - first) / step + 1e-9).floor();
    let count = (count.min(MOST_POINTS as f64) as usize).saturating_add(1);
    // 0.1 three times is 0.3, not 0.30000000000000004.
    let rounded = |number: f64| format!("{number:.12e}").parse().unwrap_or(number);
    let numbers = (0..count).map(|i| rounded(first + i as f64 * step));
    Some(numbers.collect())
}

fn durations(first: i64, last: i64, step: i64) -> Option<Vec<i64>> {
    let span = last.checked_sub(first).filter(|span| *span >= 0)?;
    let count = usize::try_from(span.checked_div(step)?).ok()?;
    let all = (0..=count.min(MOST_POINTS)).map(|i| first + i as i64 * step);
    Some(all.collect())
}
