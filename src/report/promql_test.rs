use std::sync::Arc;

use arrow::array::{ArrayRef, StringViewArray, UInt64Array};
use arrow::error::ArrowError;

use super::{Block, Document, Finding, Provenance, Severity, Table};
use crate::model::Warning;
use crate::promql::script::{FileReport, Tally, Verdict};

/// Makes the document of PromQL test scripts: a row a script, the sum, and a
/// row for each stable eval that failed.
pub fn promql_test(scripts: &[FileReport]) -> Result<Document, ArrowError> {
    let tallies: Vec<Tally> = scripts.iter().map(FileReport::tally).collect();
    let names = scripts.iter().map(|script| script.name.as_str());
    let count = |count: fn(&Tally) -> usize| -> ArrayRef {
        let counts = tallies.iter().map(|tally| count(tally) as u64);
        Arc::new(UInt64Array::from_iter_values(counts))
    };
    let files = Table::from_columns(vec![
        (
            "file",
            Arc::new(StringViewArray::from_iter_values(names)) as _,
        ),
        ("evals", count(Tally::total)),
        ("passed", count(|tally| tally.passed)),
        ("failed", count(|tally| tally.stable - tally.passed)),
        ("stable", count(|tally| tally.stable)),
        ("native_histograms", count(|tally| tally.native)),
        ("experimental", count(|tally| tally.experimental)),
    ])?;
    let mut sum = Tally::default();
    for tally in tallies {
        sum.add(tally);
    }
    let finding = Finding::new(
        if sum.passed == sum.stable {
            Severity::Info
        } else {
            Severity::Critical
        },
        format!(
            "{} of {} stable evals passed; {} of native histograms and {} of experimental features are not supported",
            sum.passed, sum.stable, sum.native, sum.experimental
        ),
    );
    let mut blocks = vec![Block::Table(files), Block::Finding(finding)];
    if sum.passed < sum.stable {
        let mut failures = failures(scripts)?;
        failures.title = Some("Failures".to_owned());
        blocks.push(Block::Table(failures));
    }
    Ok(Document {
        title: "PromQL test scripts".to_owned(),
        provenance: Provenance {
            name: "test".to_owned(),
            ..Provenance::default()
        },
        blocks,
        warnings: scripts
            .iter()
            .filter(|script| script.evals.is_empty())
            .map(|script| {
                let text = format!("{} has no eval, so it tests nothing", script.name);
                Warning::new("empty-script", text)
            })
            .collect(),
    })
}

fn failures(scripts: &[FileReport]) -> Result<Table, ArrowError> {
    let mut columns: [Vec<String>; 4] = Default::default();
    for script in scripts {
        for eval in script.failures() {
            let (expected, actual) = match &eval.verdict {
                Verdict::Failed { expected, actual } => (expected.clone(), actual.clone()),
                Verdict::Unsupported { feature } => {
                    (String::new(), format!("{feature} is not supported"))
                }
                Verdict::Passed => continue,
            };
            columns[0].push(format!("{}:{}", script.name, eval.line));
            columns[1].push(eval.expression.clone());
            columns[2].push(expected);
            columns[3].push(actual);
        }
    }
    let names = ["place", "expression", "expected", "actual"];
    let arrays =
        columns.map(|texts| Arc::new(StringViewArray::from_iter_values(texts)) as ArrayRef);
    Table::from_columns(names.into_iter().zip(arrays).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promql::script::{Class, EvalReport};

    #[test]
    fn counts_and_shows_what_failed() {
        let eval = |line, class, verdict| EvalReport {
            line,
            expression: "up".to_owned(),
            class,
            verdict,
        };
        let unsupported = || Verdict::Unsupported {
            feature: "histograms".to_owned(),
        };
        let failed = Verdict::Failed {
            expected: "1".to_owned(),
            actual: "2".to_owned(),
        };
        let script = FileReport {
            name: "a.test".to_owned(),
            evals: vec![
                eval(3, Class::Stable, Verdict::Passed),
                eval(5, Class::Stable, failed),
                eval(7, Class::NativeHistogram, unsupported()),
            ],
        };
        let document = promql_test(&[script]).expect("a document");
        let tables: Vec<Vec<String>> = document
            .tables()
            .map(|table| {
                let cells = |column| table.cells(column).map(|cell| cell.plain());
                (0..table.columns.len()).flat_map(cells).collect()
            })
            .collect();
        assert_eq!(tables[0], ["a.test", "3", "1", "1", "2", "1", "0"]);
        assert_eq!(tables[1], ["a.test:5", "up", "1", "2"]);
        let finding = document.findings().next().expect("the sum");
        assert_eq!(finding.severity, Severity::Critical);
        assert!(finding.sentence.starts_with("1 of 2 stable evals passed"));
    }
}
