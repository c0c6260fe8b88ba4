//! `--where`: a SQL condition over the rows of a table.

use std::sync::Arc;

use arrow_array::{Int8Array, RecordBatch, cast::AsArray};
use arrow_schema::DataType as ArrowType;
use datafusion::{
    common::DFSchema,
    error::DataFusionError,
    logical_expr::{ExprSchemable, simplify::SimplifyContext, utils::split_conjunction_owned},
    optimizer::simplify_expressions::ExprSimplifier,
    physical_expr::PhysicalExpr,
    prelude::{SessionConfig, SessionContext},
};
use tidelake::{
    Predicate, TableSchema,
    sql::{self, predicate_of, to_predicate},
    types::arrow_schema,
};

use crate::report::{Failure, Result};

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
    parsed(text, schema).map_err(|error| Failure::from(error).while_doing(format!("understand --where `{text}`")))
}

fn parsed(text: &str, schema: &TableSchema) -> Result<RowFilter, sql::Error> {
    let arrow = arrow_schema(&schema.fields)?;
    let known = Arc::new(DFSchema::try_from(arrow.as_ref().clone())?);
    let config = SessionConfig::new().set_bool("datafusion.sql_parser.enable_ident_normalization", false);
    let context = SessionContext::new_with_config(config);
    let state = context.state();
    let facts = SimplifyContext::builder()
        .with_schema(Arc::clone(&known))
        .with_config_options(Arc::clone(state.config_options()))
        .with_query_execution_start_time(state.execution_props().query_execution_start_time)
        .build();
    // As the optimizer does with a query: types are made equal, and then casts go over to the literals, because a
    // cast of the column may fail where a comparison with it does not.
    let simplifier = ExprSimplifier::new(facts);
    let expr = simplifier.coerce(context.parse_sql_expr(text, &known)?, &known)?;
    let data_type = expr.get_type(known.as_ref())?;
    if data_type != ArrowType::Boolean {
        let message = format!("it is no condition, its values are of type {data_type}");
        return Err(DataFusionError::Plan(message).into());
    }
    let expr = simplifier.simplify(expr)?;
    if let Some(predicate) = to_predicate(&expr, schema) {
        return Ok(RowFilter::Exact(predicate));
    }
    let pushed = predicate_of(&split_conjunction_owned(expr.clone()), schema);
    Ok(RowFilter::Mixed { pushed, condition: context.create_physical_expr(expr, &known)? })
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
