//! How a budget is kept.

use arrow::error::ArrowError;

use super::columns::Columns;
use crate::alert::backtest::Breach;
use crate::report::{Block, Finding, Layout, Severity, Subject, Table};

/// What is said of a budget before any table; nothing where there is none.
pub(super) fn findings(breaches: Option<&[Breach]>) -> Vec<Block> {
    match breaches {
        None => Vec::new(),
        Some([]) => vec![Block::Paragraph("The budget is kept.".to_owned())],
        Some(breaches) => breaches.iter().map(finding).collect(),
    }
}

fn finding(breach: &Breach) -> Block {
    Block::Finding(Finding {
        subject: Subject {
            code: Some("budget"),
            ..Subject::default()
        },
        ..Finding::new(Severity::Critical, format!("budget: {}", breach.sentence))
    })
}

/// The limits that do not hold; for people nothing where all do.
pub(super) fn table(
    breaches: Option<&[Breach]>,
    layout: Layout,
) -> Result<Option<Table>, ArrowError> {
    let Some(breaches) = breaches.filter(|all| layout == Layout::Rows || !all.is_empty()) else {
        return Ok(None);
    };
    let mut columns = Columns::new(layout);
    columns.text("limit", breaches.iter().map(|breach| Some(&breach.what)));
    if layout == Layout::Rows {
        columns.count("line", breaches.iter().map(|breach| breach.place.line));
    }
    columns
        .text(
            "allowed",
            breaches.iter().map(|breach| Some(&breach.allowed)),
        )
        .text("actual", breaches.iter().map(|breach| Some(&breach.actual)));
    if layout == Layout::People {
        return columns
            .table("Limits of the budget that do not hold")
            .map(Some);
    }
    columns.text(
        "breach",
        breaches.iter().map(|breach| Some(&breach.sentence)),
    );
    columns.table("breaches").map(Some)
}
