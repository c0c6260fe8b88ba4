//! `--where`: a SQL condition over the rows of a table.

use std::sync::Arc;

use arrow_array::{Int8Array, RecordBatch, cast::AsArray};
use datafusion::{
    common::DFSchema,
    physical_expr::PhysicalExpr,
    prelude::{SessionConfig, SessionContext},
};
use tidelake::{
    Predicate, TableSchema,
    sql::{self, to_predicate},
    types::arrow_schema,
};

use crate::report::Result;

/// A condition, and how much of it a scan can test.
pub(crate) enum RowFilter {
    /// All of it.
    Exact(Predicate),
    /// `pushed` at most; every row is tested again.
    Mixed {
        /// What a scan may test.
        pushed: Predicate,
        /// The whole.
        condition: Arc<dyn PhysicalExpr>,
    },
}

/// From a condition as SQL has it behind WHERE.
pub(crate) fn parse_filter(text: &str, schema: &TableSchema) -> Result<RowFilter> {
    let parsed = || -> std::result::Result<RowFilter, sql::Error> {
        let arrow = arrow_schema(&schema.fields)?;
        let known = DFSchema::try_from(arrow.as_ref().clone())?;
        let config = SessionConfig::new().set_bool("datafusion.sql_parser.enable_ident_normalization", false);
        let context = SessionContext::new_with_config(config);
        let expr = context.parse_sql_expr(text, &known)?;
        if let Some(predicate) = to_predicate(&expr, schema) {
            return Ok(RowFilter::Exact(predicate));
        }
        let parts = datafusion::logical_expr::utils::split_conjunction_owned(expr.clone());
        let pushed = sql::predicate_of(&parts, schema);
        Ok(RowFilter::Mixed { pushed, condition: context.create_physical_expr(expr, &known)? })
    };
    parsed().map_err(|error| crate::report::Failure::from(error).while_doing(format!("understand --where `{text}`")))
}

impl RowFilter {
    /// The rows for which it is true.
    pub(crate) fn keep(&self, (rows, kinds): (RecordBatch, Int8Array)) -> Result<(RecordBatch, Int8Array)> {
        let keep = match self {
            Self::Exact(predicate) => tidelake::evaluate(predicate, &rows)?,
            Self::Mixed { condition, .. } => {
                let value = condition.evaluate(&rows).and_then(|value| value.into_array(rows.num_rows()));
                value.map_err(sql::Error::from)?.as_boolean().clone()
            }
        };
        let rows = arrow_select::filter::filter_record_batch(&rows, &keep).map_err(crate::output::arrow)?;
        let kinds = arrow_select::filter::filter(&kinds, &keep).map_err(crate::output::arrow)?;
        Ok((rows, Int8Array::from(kinds.to_data())))
    }
}
