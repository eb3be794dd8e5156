//! Queries inside the arguments of a table function, run while the query around
//! them is planned: the columns of the result must be known then.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::catalog::{Session, TableFunctionArgs};
use datafusion::common::{
    DataFusionError, Result, ScalarValue, exec_err, plan_datafusion_err, plan_err,
};
use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::Expr;
use datafusion::prelude::SessionContext;

use crate::model::parse_timestamp;

/// The constant arguments of a table function.
pub(super) struct Arguments<'a> {
    pub(super) function: &'static str,
    pub(super) syntax: &'static str,
    exprs: &'a [Expr],
    session: &'a dyn Session,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(function: &super::Function, args: &TableFunctionArgs<'a, 'a>) -> Self {
        Self {
            function: function.name,
            syntax: function.syntax,
            exprs: args.exprs(),
            session: args.session(),
        }
    }

    /// Returns an argument's value; `None` where it is not given or NULL.
    pub(super) fn scalar(&self, at: usize) -> Result<Option<&'a ScalarValue>> {
        match self.exprs.get(at) {
            None => Ok(None),
            Some(Expr::Literal(scalar, _)) => Ok(Some(scalar).filter(|scalar| !scalar.is_null())),
            Some(other) => plan_err!(
                "{}: argument {} must be a constant, not {other}; usage: {}",
                self.function,
                at + 1,
                self.syntax
            ),
        }
    }

    pub(super) fn optional_text(&self, at: usize) -> Result<Option<&'a str>> {
        match self.scalar(at)? {
            None => Ok(None),
            Some(scalar) => match scalar.try_as_str() {
                Some(text) => Ok(text),
                None => plan_err!(
                    "{}: argument {} must be text, not {scalar}; usage: {}",
                    self.function,
                    at + 1,
                    self.syntax
                ),
            },
        }
    }

    pub(super) fn text(&self, at: usize) -> Result<&'a str> {
        self.optional_text(at)?.ok_or_else(|| {
            plan_datafusion_err!(
                "{}: argument {} is missing; usage: {}",
                self.function,
                at + 1,
                self.syntax
            )
        })
    }

    pub(super) fn at_most(&self, count: usize) -> Result<()> {
        if self.exprs.len() > count {
            return plan_err!(
                "{}: too many arguments; usage: {}",
                self.function,
                self.syntax
            );
        }
        Ok(())
    }

    /// Returns an instant in µs: text with or without a zone, or a timestamp.
    pub(super) fn time(&self, at: usize) -> Result<Option<i64>> {
        let Some(scalar) = self.scalar(at)? else {
            return Ok(None);
        };
        if let Some(Some(text)) = scalar.try_as_str() {
            let ts = parse_timestamp(text, chrono_tz::Tz::UTC);
            return ts
                .map(Some)
                .map_err(|error| DataFusionError::External(error.into()).context(self.function));
        }
        match scalar.cast_to(&DataType::Timestamp(TimeUnit::Microsecond, None))? {
            ScalarValue::TimestampMicrosecond(ts, _) => Ok(ts),
            other => exec_err!("{}: {other} is no time", self.function),
        }
    }

    /// Returns the session that plans the query around the call.
    pub(super) fn state(&self) -> Result<&'a SessionState> {
        match self.session.as_any().downcast_ref::<SessionState>() {
            Some(state) => Ok(state),
            None => exec_err!("{} needs a session that can plan SQL", self.function),
        }
    }

    /// Runs the query in an argument and returns all its rows.
    pub(super) fn rows(&self, at: usize) -> Result<RecordBatch> {
        let sql = self.text(at)?;
        let context = SessionContext::new_with_state(self.state()?.clone());
        run(context, sql)
            .map_err(|error| error.context(format!("{}: the query {sql:?}", self.function)))
    }
}

/// Runs on a thread and a runtime of its own: the caller may itself be a task
/// of a runtime, which must not be blocked from within.
fn run(context: SessionContext, sql: &str) -> Result<RecordBatch> {
    let read_only = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    let work = move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(DataFusionError::IoError)?;
        runtime.block_on(async {
            let frame = context.sql_with_options(sql, read_only).await?;
            let schema = frame.schema().inner().clone();
            let batches = frame.collect().await?;
            Ok(concat_batches(&schema, &batches)?)
        })
    };
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
