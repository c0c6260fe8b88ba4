//! `--where`: a SQL condition over the rows of a table.

use std::sync::Arc;

use arrow_array::{Int8Array, RecordBatch, cast::AsArray};
use arrow_schema::DataType as ArrowType;
use datafusion::{
    arrow::compute::and,
    common::DFSchema,
    error::DataFusionError,
    logical_expr::{
        ExprSchemable,
        simplify::SimplifyContext,
        utils::{conjunction, split_conjunction_owned},
    },
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
    /// Two conditions, both of which must be true.
    Mixed {
        /// What a scan can test.
        pushed: Predicate,
        /// What it cannot.
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
    let simplifier = ExprSimplifier::new(facts);
    // What compares a column with a value that is exactly of its type is taken as it is written.
    let (said, rest): (Vec<_>, Vec<_>) = split_conjunction_owned(context.parse_sql_expr(text, &known)?)
        .into_iter()
        .partition(|part| to_predicate(part, schema).is_some());
    let Some(rest) = conjunction(rest) else { return Ok(RowFilter::Exact(predicate_of(&said, schema))) };
    // The rest as the optimizer does it: types are made equal, and then casts go over to the literals, because a cast of
    // the column may fail where a comparison with it does not.
    let rest = simplifier.coerce(rest, &known)?;
    let data_type = rest.get_type(known.as_ref())?;
    if data_type != ArrowType::Boolean {
        let message = format!("it is no condition, its values are of type {data_type}");
        return Err(DataFusionError::Plan(message).into());
    }
    let rest = simplifier.simplify(rest)?;
    let parts: Vec<_> = said.into_iter().chain(split_conjunction_owned(rest.clone())).collect();
    let pushed = predicate_of(&parts, schema);
    if parts.iter().all(|part| to_predicate(part, schema).is_some()) {
        return Ok(RowFilter::Exact(pushed));
    }
    Ok(RowFilter::Mixed { pushed, condition: context.create_physical_expr(rest, &known)? })
}

impl RowFilter {
    /// The rows for which it is true.
    pub(crate) fn keep(&self, (rows, kinds): (RecordBatch, Int8Array)) -> Result<(RecordBatch, Int8Array)> {
        let keep = match self {
            Self::Exact(predicate) => tidelake::evaluate(predicate, &rows)?,
            Self::Mixed { pushed, condition } => {
                let value = condition.evaluate(&rows).and_then(|value| value.into_array(rows.num_rows()));
                let said = tidelake::evaluate(pushed, &rows)?;
                and(&said, value.map_err(sql::Error::from)?.as_boolean()).map_err(crate::output::arrow)?
            }
        };
        let rows = arrow_select::filter::filter_record_batch(&rows, &keep).map_err(crate::output::arrow)?;
        let kinds = arrow_select::filter::filter(&kinds, &keep).map_err(crate::output::arrow)?;
        Ok((rows, Int8Array::from(kinds.to_data())))
    }
}
