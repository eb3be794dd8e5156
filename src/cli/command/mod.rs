//! The verbs, one file each.

mod backtest;
mod forecast;
mod ingest;
mod metrics;
mod promql;
mod rejects;
mod report;
mod rules;
mod run;
mod simulate;
mod sniff;
mod sql;
mod store;
mod test;

use super::Context;
use super::error::CommandError;
use super::exit_code::Exit;

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Ingest(ingest::Args),
    Sniff(sniff::Args),
    Rejects(rejects::Args),
    Metrics(metrics::Args),
    Sql(sql::Args),
    Promql(promql::Args),
    Report(report::Args),
    Run(run::Args),
    Backtest(Box<backtest::Args>),
    Forecast(Box<forecast::Args>),
    Rules(rules::Args),
    Store(store::Args),
    Test(test::Args),
    Simulate(simulate::Args),
}

impl Command {
    /// Does it.
    pub(crate) fn run(&self, context: &Context) -> Result<Exit, CommandError> {
        match self {
            Self::Ingest(args) => ingest::run(args, context),
            Self::Sniff(args) => sniff::run(args, context),
            Self::Rejects(args) => rejects::run(args, context),
            Self::Metrics(args) => metrics::run(args, context),
            Self::Sql(args) => sql::run(args, context),
            Self::Promql(args) => promql::run(args, context),
            Self::Report(args) => report::run(args, context),
            Self::Run(args) => run::run(args, context),
            Self::Backtest(args) => backtest::run(args, context),
            Self::Forecast(args) => forecast::run(args, context),
            Self::Rules(args) => rules::run(args, context),
            Self::Store(args) => store::run(args, context),
            Self::Test(args) => test::run(args, context),
            Self::Simulate(args) => simulate::run(args, context),
        }
    }
}
