use std::time::Duration;

use super::terminal::Terminal;
use crate::store::{FileOutcome, LoadReport};

/// Kinds of dead letters that are shown.
const REASONS: usize = 5;
/// Warnings that are shown for a file.
const WARNINGS: usize = 5;

/// Says on standard error what a run has loaded, and what to do next.
pub(crate) fn show(terminal: &Terminal, report: &LoadReport, elapsed: Option<Duration>) {
    let known = report
        .files
        .iter()
        .filter(|f| f.outcome == FileOutcome::Known)
        .count();
    for file in &report.files {
        match &file.outcome {
            FileOutcome::Cut(reason) => terminal.warning(&format!(
                "{}: {reason}; kept are the {} before",
                file.name,
                plural(file.counts.good(), "record")
            )),
            FileOutcome::Unreadable(reason) => {
                terminal.warning(&format!("{}: {reason}", file.name));
            }
            FileOutcome::Read | FileOutcome::Known => {}
        }
        for warning in file.warnings.iter().take(WARNINGS) {
            terminal.warning(&format!("{}: {warning}", file.name));
        }
        if file.warnings.len() > WARNINGS {
            let more = plural((file.warnings.len() - WARNINGS) as u64, "more remark");
            terminal.warning(&format!("{}: and {more}", file.name));
        }
    }
    let counts = &report.counts;
    let mut parts = Vec::new();
    let records = [
        (counts.samples, "sample"),
        (counts.logs, "log record"),
        (counts.spans, "span"),
        (counts.events, "event"),
        (counts.job_runs, "job run"),
    ];
    for (count, what) in records {
        if count > 0 {
            parts.push(plural(count, what));
        }
    }
    if report.new_series > 0 {
        parts.push(format!("{} new series", thousands(report.new_series)));
    }
    if parts.is_empty() {
        parts.push("nothing new".to_owned());
    }
    let mut line = format!(
        "{} from {} ({})",
        parts.join(", "),
        plural((report.files.len() - known) as u64, "file"),
        bytes(report.bytes)
    );
    if known > 0 {
        line += &format!(", {known} already known");
    }
    if let Some(elapsed) = elapsed {
        line += &format!(" in {:.1} s", elapsed.as_secs_f64());
    }
    terminal.message(&line);
    if counts.rejects > 0 {
        terminal.message(&format!("{}:", plural(counts.rejects, "reject")));
        for (reason, count) in report.reasons.iter().take(REASONS) {
            terminal.message(&format!("{:>9}  {reason}", thousands(*count)));
        }
        if report.reasons.len() > REASONS {
            let more = plural((report.reasons.len() - REASONS) as u64, "more kind");
            terminal.message(&format!("           and {more}"));
        }
    }
    let next = if counts.rejects > 0 {
        "retrocast rejects list"
    } else if counts.samples > 0 {
        "retrocast metrics"
    } else if counts.logs > 0 {
        "retrocast report log-volume"
    } else {
        "retrocast report --list"
    };
    terminal.message(&format!("next: {next}"));
}

/// Writes a count with separators: `1,234,567`.
pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Writes a count and what is counted: `1 file`, `1,234 files`.
pub(crate) fn plural(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", thousands(count))
}

/// Writes bytes with a binary unit: `1.4 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_words() {
        assert_eq!(plural(0, "file"), "0 files");
        assert_eq!(plural(1, "file"), "1 file");
        assert_eq!(plural(1_234_567, "log record"), "1,234,567 log records");
    }
}
