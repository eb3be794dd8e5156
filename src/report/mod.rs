//! From results to a neutral [`Document`], which `render` turns into bytes.
//!
//! A report is one SQL file whose header names its parameters, units and chart
//! ([`ReportFile`]); [`REPORTS`] holds those that are built in.

mod backtest;
mod cell;
mod chart;
mod document;
mod file;
mod forecast;
mod layout;
mod parameter;
mod placeholder;
mod promql;
mod promql_test;
mod registry;
mod rules;
mod run;
mod scatter;
mod table;
mod timeline;
mod unit;

pub use backtest::{
    BacktestResult, ChangeReview, ExplainSeries, SweepOutcome, SweepResult, Uncertainty,
};
pub use cell::Cell;
pub(crate) use cell::list_values;
pub use chart::{
    Chart, ChartBand, ChartError, ChartKind, ChartMark, ChartSeries, ChartSpec, ChartX,
};
pub use document::{Block, Document, Finding, Provenance, Severity, Subject};
pub use file::{BoundReport, ReportError, ReportFile, ReportProblem};
pub use forecast::{FEW, ForecastResult, ForecastSeries, ForecastTimes, forecast_rows};
pub use layout::Layout;
pub use parameter::{Param, ParamError, ParamKind, timestamp_literal};
pub use promql::PromqlResult;
pub use promql_test::promql_test;
pub use registry::{REPORTS, built_in, built_in_reports};
pub use rules::{RuleFileCounts, rule_tests, rules_check};
pub use run::{ReportRunError, run};
pub use scatter::{Scatter, ScatterAxis, ScatterPoint};
pub use table::{Column, ColumnKind, ColumnSpec, Table};
pub use timeline::{Mark, MarkKind, Timeline, TimelineRow};
pub use unit::Unit;
