use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewArray, UInt64Array};
use arrow::error::ArrowError;

use super::{Block, Document, Finding, Provenance, Severity, Table};
use crate::alert::unit_test::UnitTestReport;
use crate::model::Warning;

/// What a rule file holds.
#[derive(Debug)]
pub struct RuleFileCounts {
    /// The file, as the user named it.
    pub path: String,
    /// How many groups.
    pub groups: usize,
    /// How many recording rules.
    pub recording: usize,
    /// How many alerting rules.
    pub alerting: usize,
}

/// Makes the document of a check of rule files: a row a file, then what was found.
pub fn rules_check(
    files: &[RuleFileCounts],
    findings: Vec<Finding>,
) -> Result<Document, ArrowError> {
    let count =
        |count: fn(&RuleFileCounts) -> usize| numbers(files.iter().map(|file| count(file) as u64));
    let rows = Table::from_columns(vec![
        ("file", texts(files.iter().map(|file| file.path.as_str()))),
        ("groups", count(|file| file.groups)),
        ("recording", count(|file| file.recording)),
        ("alerting", count(|file| file.alerting)),
    ])?;
    let mut blocks = vec![Block::Table(rows)];
    blocks.extend(findings.into_iter().map(Block::Finding));
    Ok(document("Rule files", "rules check", blocks, Vec::new()))
}

/// Makes the document of rule unit tests: a row a file, then each difference.
pub fn rule_tests(files: &[UnitTestReport]) -> Result<Document, ArrowError> {
    let passed = |file: &UnitTestReport| file.tests.iter().filter(|test| test.passed()).count();
    let rows = Table::from_columns(vec![
        ("file", texts(files.iter().map(|file| file.path.as_str()))),
        (
            "tests",
            numbers(files.iter().map(|file| file.tests.len() as u64)),
        ),
        (
            "passed",
            numbers(files.iter().map(|file| passed(file) as u64)),
        ),
        (
            "failed",
            numbers(
                files
                    .iter()
                    .map(|file| (file.tests.len() - passed(file)) as u64),
            ),
        ),
    ])?;
    let tests: usize = files.iter().map(|file| file.tests.len()).sum();
    let good: usize = files.iter().map(passed).sum();
    let mut blocks = vec![Block::Table(rows)];
    let mut columns: [Vec<String>; 3] = Default::default();
    let mut warnings = Vec::new();
    for file in files {
        for test in &file.tests {
            for difference in &test.differences {
                columns[0].push(format!("{}:{}", file.path, test.place.line));
                columns[1].push(test.name.clone());
                columns[2].push(difference.to_string());
            }
        }
        for warning in &file.warnings {
            let text = format!("{}: {warning}", file.path);
            warnings.push(Warning::new("rule-test", text));
        }
    }
    blocks.push(Block::Finding(Finding::new(
        if good == tests {
            Severity::Info
        } else {
            Severity::Critical
        },
        format!("{good} of {tests} tests passed"),
    )));
    if good < tests {
        let arrays = columns.map(|column| texts(column.iter().map(String::as_str)));
        let mut failures = Table::from_columns(
            ["place", "test", "difference"]
                .into_iter()
                .zip(arrays)
                .collect(),
        )?;
        failures.title = Some("Failures".to_owned());
        blocks.push(Block::Table(failures));
    }
    Ok(document("Rule tests", "rules test", blocks, warnings))
}

fn document(title: &str, name: &str, blocks: Vec<Block>, warnings: Vec<Warning>) -> Document {
    Document {
        title: title.to_owned(),
        provenance: Provenance {
            name: name.to_owned(),
            ..Provenance::default()
        },
        blocks,
        warnings,
    }
}

fn texts<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringViewArray::from_iter_values(values))
}

fn numbers(values: impl Iterator<Item = u64>) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(values))
}
